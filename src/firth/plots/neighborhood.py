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
from firth.vectors.search import unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

MOST_NEIGHBORS = 60
_SIZE = (9.0, 9.0)
_EVEN = 0.7
"""How far angles are moved toward even ones, which leave room for words."""


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
    reach = float((1 - cosines).max()) or 1.0

    def draw(scale: float) -> Figure | None:
        figure = style.new_figure(size[0] * scale, size[1] * scale)
        style.add_titles(figure, title, subtitle, families)
        axes = plane.add_plane(figure, 1.15 * reach * np.array([[-1.0, -1.0], [1.0, 1.0]]), None, margin=0.5)
        axes.set_aspect("equal", adjustable="datalim")
        notes = [
            plane.haloed(plane.add_note(axes, (0.0, -(1 - cosine)), f"cosine {cosine:g}", families))
            for cosine in _rings(axes, reach)
        ]
        _draw_links(axes, points, units)
        axes.scatter(
            around[:, 0], around[:, 1], s=30, color=style.OKABE_ITO[0], edgecolors="white", linewidths=0.6, zorder=3
        )
        axes.scatter(
            [0], [0], s=110, color=style.OKABE_ITO[1], marker="D", edgecolors="white", linewidths=0.8, zorder=3
        )
        labels = [plane.haloed(plane.add_label(axes, fonts.legible(each, families), families)) for each in words]
        labels[0].set(weight="bold", size=14, color=style.readable(style.OKABE_ITO[1]))
        return figure if plane.place_all(figure, axes, points, labels, notes) else None

    with style.sheet():
        families = fonts.font_families([*words, title, subtitle])
        return plane.grown(draw)


def _angles(differences: Array) -> Array:
    """Directions on the plane in which the neighbors differ most, moved toward even ones without a change of order."""
    differences = unit(differences)
    _, _, right = np.linalg.svd(differences, full_matrices=False)
    plane_of = np.zeros((differences.shape[1], 2))
    plane_of[:, : min(2, len(right))] = right[:2].T
    largest = np.abs(plane_of).argmax(axis=0)
    plane_of *= np.where(plane_of[largest, [0, 1]] < 0, -1.0, 1.0)
    x, y = np.round(differences @ plane_of, 9).T
    angles = np.arctan2(y, x)
    order = np.argsort(angles, kind="stable")
    even = np.empty(len(angles))
    even[order] = 2 * np.pi * np.arange(len(angles)) / len(angles)
    even += np.mean(angles) - np.mean(even)
    moved: Array = _EVEN * even + (1 - _EVEN) * angles
    return moved


def _rings(axes: Axes, reach: float) -> list[float]:
    """Draw rings at round cosines, two to five, and return these."""
    patches = import_extra("matplotlib.patches", "lab")
    step = next(
        step for step in (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 1e-3, 1e-4, 1e-6, 1e-9) if reach / step >= 2 or step == 1e-9
    )
    cosines = [round(1 - number * step, 9) for number in range(1, int(1.02 * reach / step) + 1)]
    for cosine in cosines:
        axes.add_patch(patches.Circle((0, 0), 1 - cosine, fill=False, color=style.PALE, linewidth=0.8, zorder=0))
    return cosines


def _draw_links(axes: Axes, points: Array, units: Array) -> None:
    """Join each neighbor with the neighbor that it is most like, if it is more like that than like the word."""
    cosines = units[1:] @ units[1:].T
    np.fill_diagonal(cosines, -np.inf)
    to_word = units[1:] @ units[0]
    for i, row in enumerate(cosines):
        j = int(np.round(row, 9).argmax())
        if len(row) > 1 and row[j] > to_word[i]:
            ends = points[[i + 1, j + 1]]
            axes.plot(ends[:, 0], ends[:, 1], color=style.GREY, linewidth=0.9, alpha=0.55, zorder=1)
