"""A plane with labelled points: axes that the points fill, words beside their points, and what is wrong with them.

Where there is no room for a label the picture grows; where a picture may not show all, labels that fit are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from firth.errors import OptionError, import_extra
from firth.plots import style
from firth.plots.labels import ADJACENT, leader_end, overlaps, place_labels, place_what_fits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

Array = NDArray[np.float64]

MARKERS = "osD^vPX"
MARKER_LETTERS = "●■◆▲▼✚✖"
"""The same shapes as letters."""
LEFT, RIGHT, BOTTOM, TOP = 0.8, 0.2, 0.6, 1.0
"""Inches around the frame."""
_NEARLY_EQUAL = 1.5
_LABEL, _NOTE = "word label", "note"
_GROWTH = 1.25


def grown(draw: Callable[[float], Figure | None]) -> Figure:
    """Draw at scale 1 and, while there is no room for the labels, a quarter larger."""
    scale = 1.0
    while True:
        try:
            figure = draw(scale)
        except OptionError as error:
            if scale == 1.0:
                raise
            raise OptionError(
                f"there is no room for all labels in a picture of {style.LARGEST:g} inches: give fewer words"
            ) from error
        if figure is not None:
            return figure
        scale *= _GROWTH


def add_plane(
    figure: Figure,
    points: Array,
    names: Sequence[str] | None,
    *,
    margin: float = 0.58,
    equal: bool | None = None,
    legend: bool = False,
) -> Axes:
    """Add axes that the points fill.

    Parameters
    ----------
    figure
        Where to.
    points
        Shape (N, 2).
    names
        Of the axes; None for places whose coordinates mean nothing, without scales.
    margin
        What the frame reaches beyond the middle, as a share of the points' range: 0.5 ends at the outermost.
    equal
        Whether units are equal both ways; None: unless one way would be nearly empty.
    legend
        Whether to leave room for a legend above.
    """
    width, height = figure.get_size_inches()
    left, bottom = (LEFT, BOTTOM) if names else (RIGHT, RIGHT)
    top = TOP if legend else TOP - RIGHT
    room = np.array([width - left - RIGHT, height - bottom - top])
    axes = figure.add_axes((left / width, bottom / height, room[0] / width, room[1] / height))
    low, high = points.min(axis=0), points.max(axis=0)
    units = (high - low) / room
    units = np.where(units > 0, units, units.max() or 1.0)
    stretched = np.ones(2) if equal else units.max() / units
    if equal or (equal is None and stretched.max() < _NEARLY_EQUAL):
        units[:] = units.max()
    middle, half = (low + high) / 2, margin * units * room
    axes.set_xlim(middle[0] - half[0], middle[0] + half[0])
    axes.set_ylim(middle[1] - half[1], middle[1] + half[1])
    axes.set_axisbelow(True)
    if names is None:
        axes.set_xticks([])
        axes.set_yticks([])
        return axes
    notes = [f" (drawn {factor:.1f} times larger)" if factor >= _NEARLY_EQUAL else "" for factor in stretched]
    axes.set_xlabel(names[0] + notes[0])
    axes.set_ylabel(names[1] + notes[1])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.3g}")
    axes.grid(color=style.PALE, linewidth=0.5)
    axes.tick_params(labelsize=8, length=0)
    return axes


def add_label(
    axes: Axes, text: str, families: list[str], colour: str = style.INK, size: float = 11, weight: str = "normal"
) -> Text:
    """Add a word, to be moved to its place later."""
    return axes.text(0, 0, text, size=size, color=colour, family=families, weight=weight, zorder=4, gid=_LABEL)


def add_note(axes: Axes, at: tuple[float, float], text: str, families: list[str]) -> Text:
    """Add a small grey text in the plane, which labels keep off."""
    return axes.text(
        *at, text, size=8, color=style.GREY, family=families, ha="center", va="center", gid=_NOTE, zorder=1
    )


def haloed(text: Text, width: float = 2.5) -> Text:
    """Give a text a white edge, to be read over points."""
    effects = import_extra("matplotlib.patheffects", "lab")
    text.set_path_effects([effects.withStroke(linewidth=width, foreground="white")])
    return text


def place_all(
    figure: Figure,
    axes: Axes,
    points: Array,
    labels: list[Text],
    notes: Sequence[Text] = (),
    lines: Array | None = None,
) -> bool:
    """Move labels beside their points, off each other, notes and, if they can, lines; False where there is no room."""
    pixels = axes.transData.transform(points)
    sizes = _sizes(figure, labels)
    fixed = extents(figure, notes) if notes else None
    segments = None if lines is None else axes.transData.transform(lines.reshape(-1, 2)).reshape(-1, 4)
    boxes = place_labels(pixels, sizes, _window(axes), fixed=fixed, lines=segments)
    if boxes is None:
        return False
    _move(figure, axes, labels, boxes)
    back = axes.transData.inverted()
    for label, box, pixel in zip(labels, boxes, pixels, strict=True):
        end = leader_end(pixel, box)
        if np.hypot(*(end - pixel)) > ADJACENT:
            line = back.transform(np.array([pixel, end]))
            axes.plot(line[:, 0], line[:, 1], color=label.get_color(), linewidth=0.6, alpha=0.6, zorder=2)
    return True


def place_most(
    figure: Figure, axes: Axes, points: Array, labels: list[Text], dots: Array, taken: Sequence[Text] = ()
) -> int:
    """Move labels beside their points while there is room, the first ones first, and take the others away.

    Parameters
    ----------
    figure, axes
        Where they are.
    points
        Of the labels, shape (N, 2).
    labels
        N texts.
    dots
        All points that labels should leave to be seen, shape (M, 2).
    taken
        Texts that labels keep off.

    Returns
    -------
    int
        How many are left.
    """
    pixels = axes.transData.transform(points)
    fixed = extents(figure, taken) if taken else np.empty((0, 4))
    boxes = place_what_fits(pixels, _sizes(figure, labels), _window(axes), axes.transData.transform(dots), fixed)
    fits = ~np.isnan(boxes[:, 0])
    for label, kept in zip(labels, fits, strict=True):
        if not kept:
            label.remove()
    _move(figure, axes, [label for label, kept in zip(labels, fits, strict=True) if kept], boxes[fits])
    return int(fits.sum())


def place_middles(figure: Figure, axes: Axes, points: Array, labels: list[Text]) -> bool:
    """Move labels so that their middles are as near to their points as they can be; False where there is no room."""
    sizes = _sizes(figure, labels)
    boxes = place_labels(axes.transData.transform(points), sizes, _window(axes), centered=True)
    if boxes is None:
        return False
    _move(figure, axes, labels, boxes)
    return True


def label_faults(figure: Figure) -> list[str]:
    """What is wrong with the words of a picture as drawn: which overlap, and which the frame cuts.

    Parameters
    ----------
    figure
        From a function of `firth.plots` that draws words beside points.

    Returns
    -------
    list of str
        A sentence for each fault; empty for a picture that can be read.
    """
    axes = figure.axes[0]
    labels = [text for text in axes.texts if text.get_gid() == _LABEL]
    notes = [text for text in axes.texts if text.get_gid() == _NOTE]
    with style.sheet():
        boxes = extents(figure, [*labels, *notes])
        left, bottom, right, top = _window(axes)
    names = [text.get_text() for text in [*labels, *notes]]
    faults = [f"{names[i]!r} overlaps {names[j]!r}" for i, j in overlaps(boxes)]
    cut = (boxes[:, :2] < [left, bottom]).any(axis=1) | (boxes[:, 2:] > [right, top]).any(axis=1)
    return faults + [f"{names[i]!r} is cut by the frame" for i in np.flatnonzero(cut)]


def extents(figure: Figure, texts: Sequence[Text]) -> Array:
    """Left, bottom, right and top of texts in pixels, (N, 4), as they will be drawn."""
    canvas: Any = figure.canvas
    renderer = canvas.get_renderer()
    return np.array([text.get_window_extent(renderer).extents for text in texts]).reshape(-1, 4)


def _sizes(figure: Figure, labels: list[Text]) -> Array:
    boxes = extents(figure, labels)
    return boxes[:, 2:] - boxes[:, :2]


def _window(axes: Axes) -> Array:
    window = axes.get_window_extent()
    return np.array([*window.min, *window.max])


def _move(figure: Figure, axes: Axes, labels: list[Text], boxes: Array) -> None:
    back = axes.transData.inverted()
    at_origin = axes.transData.transform((0.0, 0.0))
    for label, extent, box in zip(labels, extents(figure, labels), boxes, strict=True):
        x, y = back.transform(at_origin + box[:2] - extent[:2])
        label.set_position((float(x), float(y)))
