"""Where to put the labels of points so that none overlaps another: plain geometry, in pixels.

Each label takes the cheapest of many places around its point, cheap meaning near, off other points, and with a leader
line that crosses nothing; then labels move again in turn while that makes the whole cheaper. That two labels stay apart
is a condition and not a cost: where there is no place for one, there is no answer, and the caller makes more room.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ADJACENT = 16.0
"""Pixels up to which a label is taken to stand at its point; beyond, a leader line is drawn."""
_DIRECTIONS = 24
_NEAREST, _GROWTH = 7.0, 1.22
_POINT_RADIUS = 6.0
_COVERS_A_POINT, _CROSSES_A_LABEL, _CROSSES_A_LEADER, _COVERS_A_LINE = 60.0, 120.0, 80.0, 12.0
_ROUNDS = 12
_SMALL_RADIUS = 3.0
_BESIDE = np.array([[1, 0], [1, 0.7], [1, -0.7], [0, 1], [0, -1], [-1, 0], [-1, 0.7], [-1, -0.7]])
"""Places beside a point, in steps of half a label, in the order in which a reader looks for its word."""


def place_labels(
    points: Array,
    sizes: Array,
    frame: Array,
    gap: float = 3.0,
    *,
    fixed: Array | None = None,
    lines: Array | None = None,
    centered: bool = False,
) -> Array | None:
    """Boxes for the labels of points, none overlapping another, all within a frame.

    Parameters
    ----------
    points
        Shape (N, 2), pixels.
    sizes
        Widths and heights of the labels, shape (N, 2).
    frame
        Left, bottom, right, top.
    gap
        Pixels to keep free between labels and at the frame.
    fixed
        Boxes that no label may touch, shape (M, 4).
    lines
        Segments that labels should not cover, shape (L, 4): x and y of their ends.
    centered
        Labels stand on their points, not beside them.

    Returns
    -------
    (N, 4) array or None
        Left, bottom, right and top of each label; None where there was no room for one.
    """
    boxes = np.full((len(points), 4), np.nan)
    fixed = np.empty((0, 4)) if fixed is None else fixed
    lines = np.empty((0, 4)) if lines is None else lines
    # Wide labels are the hardest to fit and so go first.
    order = np.argsort(-sizes[:, 0], kind="stable")
    for _ in range(_ROUNDS):
        before = boxes.copy()
        for i in order:
            boxes[i] = np.nan
            best = _cheapest(i, points, sizes[i], boxes, frame, gap, fixed, lines, centered)
            if best is None:
                return None
            boxes[i] = best
        if np.array_equal(before, boxes):
            break
    return boxes


def place_what_fits(
    points: Array, sizes: Array, frame: Array, dots: Array, fixed: Array, gap: float = 2.0, most_covered: int = 2
) -> Array:
    """Boxes for as many labels as have room right beside their points, the first ones first.

    Parameters
    ----------
    points, sizes, frame, gap
        As in `place_labels`.
    dots
        Shape (M, 2): points that labels should not cover.
    fixed
        Boxes that no label may touch, shape (F, 4).
    most_covered
        How many dots a label may cover.

    Returns
    -------
    (N, 4) array
        Left, bottom, right and top of each label; NaN where there was no room.
    """
    boxes = np.full((len(points), 4), np.nan)
    taken = np.empty((len(fixed) + len(points), 4))
    taken[: len(fixed)], count = fixed, len(fixed)
    dots = dots[np.argsort(dots[:, 0], kind="stable")]  # so that those near a label are found fast
    targets = np.hstack([dots - _SMALL_RADIUS, dots + _SMALL_RADIUS])
    for i, (point, size) in enumerate(zip(points, sizes, strict=True)):
        middles = point + _BESIDE * (size / 2 + _SMALL_RADIUS + 1)
        candidates = np.hstack([middles - size / 2, middles + size / 2])
        inside = (candidates[:, :2] >= frame[:2] + gap).all(axis=1) & (candidates[:, 2:] <= frame[2:] - gap).all(axis=1)
        candidates = candidates[inside & ~_meet(candidates, taken[:count], gap).any(axis=1)]
        if not len(candidates):
            continue
        reach = candidates[:, 0].min() - _SMALL_RADIUS, candidates[:, 2].max() + _SMALL_RADIUS
        first, last = np.searchsorted(dots[:, 0], reach)
        covered = _meet(candidates, targets[first:last], 0.0).sum(axis=1)
        if covered.min() <= most_covered:
            boxes[i] = taken[count] = candidates[covered.argmin()]
            count += 1
    return boxes


def overlaps(boxes: Array, gap: float = 0.0) -> list[tuple[int, int]]:
    """Pairs of boxes, shape (N, 4), that share area or come closer than `gap`."""
    meet = _meet(boxes, boxes, gap)
    return [(int(i), int(j)) for i, j in zip(*np.nonzero(np.triu(meet, k=1)), strict=True)]


def leader_end(point: Array, box: Array) -> Array:
    """The spot of a box, shape (..., 4), that is nearest to a point."""
    return np.clip(point, box[..., :2], box[..., 2:])


def _cheapest(
    i: int,
    points: Array,
    size: Array,
    boxes: Array,
    frame: Array,
    gap: float,
    fixed: Array,
    lines: Array,
    centered: bool,
) -> Array | None:
    """Best free box for label i, given the boxes of the labels that are placed."""
    placed = np.flatnonzero(~np.isnan(boxes[:, 0]))
    obstacles = np.vstack([boxes[placed], fixed])
    around = _around(points[i], np.zeros(2) if centered else size, frame)
    if centered:
        middles = np.vstack([points[i], (around[:, :2] + around[:, 2:]) / 2])
        around = np.hstack([middles - size / 2, middles + size / 2])
    for candidates in (around, _all_over(size, frame, gap)):
        inside = (candidates[:, :2] >= frame[:2] + gap).all(axis=1) & (candidates[:, 2:] <= frame[2:] - gap).all(axis=1)
        candidates = candidates[inside]
        candidates = candidates[~_meet(candidates, obstacles, gap).any(axis=1)]
        if len(candidates):
            break
    else:
        return None
    if centered:
        from_point = (candidates[:, :2] + candidates[:, 2:]) / 2 - points[i]
        nearest: Array = candidates[np.hypot(*from_point.T).argmin()]
        return nearest
    starts, ends = np.broadcast_to(points[i], (len(candidates), 2)), leader_end(points[i], candidates)
    distance = np.linalg.norm(ends - starts, axis=1)
    # A reader looks for a word right of its point first, then above, and left last.
    centers = (candidates[:, :2] + candidates[:, 2:]) / 2 - points[i]
    taste = 1.5 * (centers[:, 0] < 0) + 1.0 * (centers[:, 1] < -1)
    dots = np.hstack([points - _POINT_RADIUS, points + _POINT_RADIUS])
    cost = distance + taste + _COVERS_A_POINT * _meet(candidates, dots, 0.0).sum(axis=1)
    if len(lines):
        cost += _COVERS_A_LINE * _cross_boxes(lines[:, :2], lines[:, 2:], candidates).sum(axis=0)
    if len(placed):
        other_starts, other_ends = points[placed], leader_end(points[placed], boxes[placed])
        cost += _CROSSES_A_LABEL * _cross_boxes(starts, ends, boxes[placed]).sum(axis=1)
        cost += _CROSSES_A_LABEL * _cross_boxes(other_starts, other_ends, candidates).sum(axis=0)
        cost += _CROSSES_A_LEADER * _cross(starts, ends, other_starts, other_ends).sum(axis=1)
    best: Array = candidates[np.argmin(cost)]
    return best


def _around(point: Array, size: Array, frame: Array) -> Array:
    """Boxes in rings around a point, (M, 4); each lies in its direction with the ring's distance between."""
    reach = np.hypot(*(frame[2:] - frame[:2]))
    distances = _NEAREST * _GROWTH ** np.arange(int(np.log(reach / _NEAREST) / np.log(_GROWTH)) + 1)
    angles = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    toward = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    # Divided by the larger part, a direction points at the edge of a square: labels touch their ring with a side.
    edge = toward / np.abs(toward).max(axis=1, keepdims=True)
    offsets = (edge * size / 2)[np.newaxis] + distances[:, np.newaxis, np.newaxis] * toward[np.newaxis]
    centers = point + offsets.reshape(-1, 2)
    return np.hstack([centers - size / 2, centers + size / 2])


def _all_over(size: Array, frame: Array, gap: float) -> Array:
    """Boxes side by side over the whole frame, (M, 4): the last resort of a crowded map."""
    left, bottom, right, top = frame
    x, y = np.meshgrid(
        np.arange(left + gap, right - gap - size[0], size[0] / 2 + gap),
        np.arange(bottom + gap, top - gap - size[1], size[1] + gap),
    )
    corners = np.stack([x.ravel(), y.ravel()], axis=1)
    return np.hstack([corners, corners + size])


def _meet(a: Array, b: Array, gap: float) -> NDArray[np.bool_]:
    """Whether boxes a (M, 4) and b (N, 4) come closer than `gap`: (M, N)."""
    first, second = a[:, np.newaxis], b[np.newaxis]
    below = first[..., :2] < second[..., 2:] + gap
    above = first[..., 2:] > second[..., :2] - gap
    return np.asarray((below & above).all(axis=2))


def _cross(a: Array, b: Array, c: Array, d: Array) -> NDArray[np.bool_]:
    """Whether segments a-b (M) and c-d (N) cross: (M, N)."""

    def side(p: Array, q: Array, r: Array) -> Array:
        return np.asarray((q - p)[..., 0] * (r - p)[..., 1] - (q - p)[..., 1] * (r - p)[..., 0])

    a, b, c, d = a[:, np.newaxis], b[:, np.newaxis], c[np.newaxis], d[np.newaxis]
    return np.asarray((side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0))


def _cross_boxes(starts: Array, ends: Array, boxes: Array) -> NDArray[np.bool_]:
    """Whether segments (M) pass through boxes (N): (M, N), by clipping the segment at the box's sides."""
    start, along = starts[:, np.newaxis], (ends - starts)[:, np.newaxis]
    safe = np.where(np.abs(along) < 1e-9, 1e-9, along)
    enter = (boxes[np.newaxis, :, :2] - start) / safe
    leave = (boxes[np.newaxis, :, 2:] - start) / safe
    first = np.minimum(enter, leave).max(axis=2)
    last = np.maximum(enter, leave).min(axis=2)
    return np.asarray((first < last) & (last > 0) & (first < 1))
