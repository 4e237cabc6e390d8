"""A map of words: their vectors projected onto the plane in which they differ most, each word beside its point.

The projection is the assignment's (principal components of the chosen words alone); no label overlaps another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.errors import OptionError
from firth.plots import fonts, plane, style
from firth.plots.layout import Method, checked_matrix, chosen_method, principal_components, project

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_WORDS = 100
_SIZE = (10.0, 8.0)
_ORDERS = ("first", "second")


def plot_word_map(
    words: Sequence[str],
    matrix: ArrayLike,
    path: str | Path,
    *,
    title: str,
    groups: Mapping[str, Sequence[str]] | None = None,
    subtitle: str = "",
    layout: Method = "pca",
    seed: int = 1,
    size: tuple[float, float] = _SIZE,
) -> None:
    """Write a map of words as PNG, SVG or PDF.

    Parameters
    ----------
    words
        The N words to show, at most 100. Letters that no installed font has are shown as code points, ‹4F60›, and long
        words are cut in the middle.
    matrix
        Their vectors, shape (N, D): row i is that of ``words[i]``.
    path
        Where to; what stands there is replaced.
    title, subtitle
        Above the picture.
    groups
        Words by group, at most 7, each shown in a colour and shape of its own; words in none are grey. Words that are
        not shown are passed over.
    layout, seed
        See `firth.plots.layout.project`.
    size
        Width and height in inches; both grow where there is no room for a label.

    Raises
    ------
    OptionError
        Shapes do not fit together, there are no or too many words or groups, or a word is in two groups.
    DataError
        A vector holds a value that is not a finite number.
    MissingExtraError
        matplotlib is not installed.
    FirthError
        The file can't be written.
    """
    style.write_figure(
        path,
        word_map_figure(
            words, matrix, title=title, groups=groups, subtitle=subtitle, layout=layout, seed=seed, size=size
        ),
    )


def word_map_figure(
    words: Sequence[str],
    matrix: ArrayLike,
    *,
    title: str,
    groups: Mapping[str, Sequence[str]] | None = None,
    subtitle: str = "",
    layout: Method = "pca",
    seed: int = 1,
    size: tuple[float, float] = _SIZE,
) -> Figure:
    """Draw what `plot_word_map` writes, and return the figure."""
    vectors = _checked(words, matrix)
    chosen = chosen_method(layout, len(words))
    points, shares = principal_components(vectors)
    if chosen != "pca":
        points = project(vectors, chosen, seed, words=words).astype(np.float64)
    names = [
        f"{order} principal component, {share:.0%} of the variance"
        for order, share in zip(_ORDERS, shares, strict=True)
    ]
    colour_of = _group_numbers(words, groups or {})

    def draw(scale: float) -> Figure | None:
        figure = style.new_figure(size[0] * scale, size[1] * scale)
        style.add_titles(figure, title, subtitle, families)
        axes = plane.add_plane(figure, points, names if chosen == "pca" else None, legend=bool(groups))
        _draw_points(axes, points, colour_of, [fonts.legible(name, families) for name in groups or {}], families)
        labels = [
            plane.add_label(axes, fonts.legible(word, families), families, _colour(number))
            for word, number in zip(words, colour_of, strict=True)
        ]
        return figure if plane.place_all(figure, axes, points, labels) else None

    with style.sheet():
        families = fonts.font_families([*words, *(groups or {}), title, subtitle])
        return plane.grown(draw)


def _checked(words: Sequence[str], matrix: ArrayLike) -> NDArray[np.float64]:
    if not 1 <= len(words) <= MOST_WORDS:
        raise OptionError(f"a map of {len(words):,} words can't be drawn to be read: choose 1 to {MOST_WORDS}")
    return checked_matrix(matrix, words)


def _group_numbers(words: Sequence[str], groups: Mapping[str, Sequence[str]]) -> list[int | None]:
    if len(groups) > len(style.OKABE_ITO):
        raise OptionError(f"{len(groups)} groups can't be told apart by colour: give at most {len(style.OKABE_ITO)}")
    number_of: dict[str, int] = {}
    for number, members in enumerate(groups.values()):
        for word in members:
            if number_of.setdefault(word, number) != number:
                raise OptionError(f"the word {word!r} is in two groups: leave it in one")
    return [number_of.get(word) for word in words]


def _draw_points(
    axes: Axes, points: NDArray[np.float64], colour_of: list[int | None], names: list[str], families: list[str]
) -> None:
    numbers = np.array([-1 if number is None else number for number in colour_of])
    for number, name in [*enumerate(names), (-1, "other words")]:
        chosen = points[numbers == number]
        colour, marker = (style.OKABE_ITO[number], plane.MARKERS[number]) if number >= 0 else (style.GREY, "o")
        if len(chosen):
            axes.scatter(
                chosen[:, 0], chosen[:, 1], s=34, c=colour, marker=marker, label=name, zorder=3, edgecolors="white",
                linewidths=0.6,
            )  # fmt: skip
    if names:
        _add_legend(axes, len(names) + 1, families)


def _colour(number: int | None) -> str:
    return style.INK if number is None else style.readable(style.OKABE_ITO[number])


def _add_legend(axes: Axes, columns: int, families: list[str]) -> None:
    """Add one row above the frame, smaller where it would be wider than the frame."""
    size = 9.5
    while True:
        legend = axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, frameon=False, borderaxespad=0.1,
            handletextpad=0.1, columnspacing=1.4, prop={"family": families, "size": size},
        )  # fmt: skip
        if legend.get_window_extent().width <= axes.get_window_extent().width or size < 4:
            return
        size *= 0.9
