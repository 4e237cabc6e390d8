"""The neighborhood of a word: how near its nearest words are, to scale, and which of them belong together.

The distance from the middle is 1 - cosine; neighbors that are like each other stand side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.errors import OptionError, import_extra
from firth.plots import fonts, plane, style
from firth.plots.layout import checked_matrix
from firth.plots.similarity import similarity_order
from firth.vectors.nearest_rows import unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

MOST_NEIGHBORS = 60
_SIZE = (9.0, 9.0)
_STEPS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001)
"""Of the rings' cosines."""
_EVEN = 0.6
"""How much of the circle is shared out evenly, which leaves room for words."""


def neighborhood_figure(
    word: str,
    neighbors: Sequence[str],
    matrix: ArrayLike,
    *,
    title: str,
    subtitle: str = "",
    size: tuple[float, float] = _SIZE,
) -> Figure:
    """Draw a word in the middle of its neighbors.

    Parameters
    ----------
    word, neighbors
        The word, and N others, 1 to 60.
    matrix
        Shape (1 + N, D), finite: the vector of the word, then those of the neighbors.
    title, subtitle
        Above the picture.
    size
        Width and height in inches; they grow where there is no room for a label.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    OptionError
        There are no or too many neighbors, or shapes do not fit together.
    DataError
        A vector holds a number that is not finite.
    MissingExtraError
        matplotlib is not installed.
    """
    if not 1 <= len(neighbors) <= MOST_NEIGHBORS:
        raise OptionError(f"{len(neighbors):,} neighbors can't be drawn to be read: choose 1 to {MOST_NEIGHBORS}")
    words = [word, *neighbors]
    units = unit(checked_matrix(matrix, words))
    cosines = units[1:] @ units[0]
    angles = _angles(units[1:] - np.outer(cosines, units[0]))
    around = (1 - cosines)[:, np.newaxis] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = np.vstack([np.zeros(2), around])
    gap = _widest_gap(angles)
    links = np.array([[*around[i], *around[j]] for i, j in _mutual(units[1:])]).reshape(-1, 4)
    reach = float((1 - cosines).max()) or 1.0

    def draw(scale: float) -> Figure | None:
        figure = style.new_figure(size[0] * scale, size[1] * scale)
        style.add_titles(figure, title, subtitle, families)
        corners = 1.15 * reach * np.array([[-1.0, -1.0], [1.0, 1.0]])
        axes = plane.add_plane(figure, corners, None, margin=0.5, equal=True)
        notes = [
            plane.haloed(
                plane.add_note(axes, (gap[0] * (1 - cosine), gap[1] * (1 - cosine)), f"cosine {cosine:g}", families)
            )
            for cosine in _rings(axes, reach)
        ]
        for line in links:
            axes.plot(line[[0, 2]], line[[1, 3]], color=style.GREY, linewidth=0.9, alpha=0.6, zorder=1)
        axes.scatter(
            around[:, 0], around[:, 1], s=30, color=style.OKABE_ITO[0], edgecolors="white", linewidths=0.6, zorder=3
        )
        axes.scatter([0], [0], s=60, color=style.OKABE_ITO[1], marker="D", edgecolors="white", linewidths=0.8, zorder=3)
        labels = [plane.haloed(plane.add_label(axes, fonts.legible(each, families), families)) for each in words]
        labels[0].set(weight="bold", size=14, color=style.readable(style.OKABE_ITO[1]))
        return figure if plane.place_all(figure, axes, points, labels, notes, links) else None

    with style.sheet():
        families = fonts.font_families([*words, title, subtitle])
        return plane.grown(draw)


def _angles(differences: Array) -> Array:
    """Directions that put like neighbors side by side, the farther apart the less they are alike.

    `differences` are what the neighbors' vectors have that the word's has not, shape (N, D).
    """
    order, cosines = similarity_order(differences)
    if len(order) == 1:
        return np.array([0.25 * np.pi])
    # The circle closes: the last is beside the first.
    apart = 1 - np.append(np.diagonal(cosines, 1), cosines[-1, 0])
    steps = _EVEN / len(order) + (1 - _EVEN) * apart / (apart.sum() or 1.0)
    angles = np.empty(len(order))
    angles[order] = 2 * np.pi * (np.cumsum(steps) - steps) / steps.sum()
    return angles


def _rings(axes: Axes, reach: float) -> list[float]:
    """Draw rings at round cosines, three to seven, and return these."""
    patches = import_extra("matplotlib.patches", "lab")
    step = next((step for step in _STEPS if reach / step >= 3), None)
    if step is None:  # cosines that differ in their fifth digit need none
        return []
    cosines = [round(1 - number * step, 9) for number in range(1, int(1.02 * reach / step) + 1)]
    for cosine in cosines:
        axes.add_patch(patches.Circle((0, 0), 1 - cosine, fill=False, color=style.PALE, linewidth=0.8, zorder=0))
    return cosines


def _widest_gap(angles: Array) -> tuple[float, float]:
    """The direction in which there is most room between neighbors, for what is written on the rings."""
    rising = np.sort(angles)
    gaps = np.append(np.diff(rising), rising[0] + 2 * np.pi - rising[-1])
    widest = int(np.round(gaps, 6).argmax())
    middle = rising[widest] + gaps[widest] / 2
    return float(np.cos(middle)), float(np.sin(middle))


def _mutual(units: Array) -> list[tuple[int, int]]:
    """Pairs of neighbors that are each other's nearest among them, and not opposite."""
    if len(units) < 2:
        return []
    cosines = np.round(units @ units.T, 9)
    np.fill_diagonal(cosines, -np.inf)
    best = cosines.argmax(axis=1).tolist()
    return [(i, j) for i, j in enumerate(best) if i < j and best[j] == i and cosines[i, j] > 0]
