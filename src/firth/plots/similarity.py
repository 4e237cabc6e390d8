"""A similarity matrix: the cosine of every pair of words, like words side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.errors import OptionError, import_extra
from firth.plots import fonts, style
from firth.plots.layout import checked_matrix
from firth.vectors.nearest_rows import unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_WORDS = 100
_BAR, _TITLES = 1.0, 0.9
"""Inches beside and above."""
_WRITTEN_OUT = 25
"""Up to so many words, each cell has its number."""


def similarity_order(matrix: ArrayLike, words: Sequence[str] | None = None) -> tuple[list[int], NDArray[np.float64]]:
    """Rows in an order that puts like ones side by side, and the cosines of all pairs in that order.

    Average linkage of cosine distances, its leaves ordered so that neighbors are as near as they can be (Bar-Joseph et
    al. 2001).

    Parameters
    ----------
    matrix
        Shape (N, D), finite.
    words
        What the rows stand for, to be named in errors.

    Returns
    -------
    order
        N numbers of rows.
    cosines
        float64 (N, N): row and column i are of row ``order[i]``; a row of zeros has cosine 0 with all.

    Raises
    ------
    OptionError, DataError
        As `firth.plots.layout.checked_matrix` does.
    MissingExtraError
        SciPy is not installed.
    """
    units = unit(checked_matrix(matrix, words))
    cosines = np.clip(np.round(units @ units.T, 9), -1.0, 1.0)
    cosines = (cosines + cosines.T) / 2
    if len(units) < 3:
        return list(range(len(units))), cosines
    hierarchy = import_extra("scipy.cluster.hierarchy", "lab")
    distances = (1 - cosines)[np.triu_indices(len(units), k=1)]
    order = hierarchy.leaves_list(hierarchy.linkage(distances, "average", optimal_ordering=True)).tolist()
    if order[0] > order[-1]:  # both directions are as good: begin with the end that was named first
        order.reverse()
    return order, cosines[np.ix_(order, order)]


def similarity_figure(
    words: Sequence[str],
    matrix: ArrayLike,
    *,
    title: str,
    subtitle: str = "",
    size: tuple[float, float] | None = None,
) -> Figure:
    """Draw the cosines of every pair of words.

    Parameters
    ----------
    words
        The N words, 2 to 100.
    matrix
        Their vectors, shape (N, D), finite.
    title, subtitle
        Above the picture.
    size
        Width and height in inches; None goes by the number of words.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    OptionError
        There are too few or too many words, or shapes do not fit together.
    DataError
        A vector holds a number that is not finite.
    MissingExtraError
        matplotlib or SciPy is not installed.
    """
    if not 2 <= len(words) <= MOST_WORDS:
        raise OptionError(
            f"the similarities of {len(words):,} words can't be drawn to be read: choose 2 to {MOST_WORDS}"
        )
    order, cosines = similarity_order(matrix, words)
    with style.sheet():
        families = fonts.font_families([*words, title, subtitle])
        names = [fonts.legible(words[i], families, 20) for i in order]
        side = float(np.clip(0.36 * len(words), 3.6, 15.0))
        letters = float(np.clip(0.62 * 72 * side / len(words), 4.0, 11.0))
        beside = max(0.9, 0.2 + style.widest(names, families, letters))
        width, height = size or (side + beside + _BAR, side + beside + _TITLES)
        figure = style.new_figure(width, height)
        style.add_titles(figure, title, subtitle, families)
        room = min(width - beside - _BAR, height - beside - _TITLES)
        if room < 0.5 or 72 * room / len(words) < letters:
            raise OptionError(f"size is {width:g} x {height:g} inches: too small for the names of {len(words)} words")
        left, bottom = beside, 0.15
        axes = figure.add_axes((left / width, bottom / height, room / width, room / height))
        shown = np.where(np.eye(len(words), dtype=bool), np.nan, cosines)
        low, high = np.floor(10 * float(np.nanmin(shown))) / 10, float(np.nanmax(shown))
        colours = import_extra("matplotlib", "lab").colormaps["Blues"].with_extremes(bad=style.PALE)
        image = axes.imshow(shown, cmap=colours, vmin=low, vmax=max(high, low + 1e-6), interpolation="nearest")
        points_a_cell = room / len(words) * 72
        places = np.arange(len(words))
        axes.set_xticks(places, names, family=families, size=letters, rotation=90, color=style.INK)
        axes.set_yticks(places, names, family=families, size=letters, color=style.INK)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        if len(words) <= _WRITTEN_OUT:
            for row, column in np.argwhere(~np.isnan(shown)):
                light = style.luminance(image.to_rgba(shown[row, column])[:3])
                number = f"{round(shown[row, column], 2) + 0.0:.2f}".replace("-", "−").replace("0.", ".")
                axes.text(
                    column, row, number, ha="center", va="center",
                    size=min(9.0, 0.36 * points_a_cell), color=style.ink_on(light),
                )  # fmt: skip
        bar = figure.add_axes(((left + room + 0.15) / width, bottom / height, 0.16 / width, room / height))
        figure.colorbar(image, cax=bar, label="cosine")
        bar.tick_params(length=0)
        for spine in bar.spines.values():
            spine.set_visible(False)
    return figure
