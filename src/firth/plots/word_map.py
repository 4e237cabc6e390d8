"""A map of words: their vectors projected onto the plane in which they differ most, each word beside its point.

The projection is the assignment's (principal components of the chosen words alone); no label overlaps another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.errors import OptionError
from firth.plots import fonts, style
from firth.plots.labels import ADJACENT, leader_end, overlaps, place_labels
from firth.plots.layout import checked_matrix, principal_components

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

MOST_WORDS = 100
_MARKERS = "osD^vPX"
_WIDTH, _HEIGHT = 10.0, 8.0
_LEFT, _RIGHT, _BOTTOM, _TOP = 0.8, 0.2, 0.6, 1.0
"""Inches around the frame."""
_NEARLY_EQUAL = 1.5
_LABEL = "word label"


def plot_word_map(
    words: Sequence[str],
    matrix: ArrayLike,
    path: str | Path,
    *,
    title: str,
    groups: Mapping[str, Sequence[str]] | None = None,
    subtitle: str = "",
) -> None:
    """Write a map of words as PNG.

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
    style.write_figure(path, word_map_figure(words, matrix, title=title, groups=groups, subtitle=subtitle))


def word_map_figure(
    words: Sequence[str],
    matrix: ArrayLike,
    *,
    title: str,
    groups: Mapping[str, Sequence[str]] | None = None,
    subtitle: str = "",
) -> Figure:
    """Draw what `plot_word_map` writes, and return the figure."""
    points, shares = principal_components(_checked(words, matrix))
    colour_of = _group_numbers(words, groups or {})
    scale = 1.0
    with style.sheet():
        families = fonts.font_families([*words, *(groups or {}), title, subtitle])
        while True:
            figure = style.new_figure(_WIDTH * scale, _HEIGHT * scale)
            style.add_titles(figure, title, subtitle, families)
            axes = _frame(figure, points, shares)
            _draw_points(axes, points, colour_of, [fonts.legible(name, families) for name in groups or {}], families)
            labels = [
                _draw_label(axes, fonts.legible(word, families), number, families)
                for word, number in zip(words, colour_of, strict=True)
            ]
            if _place(figure, axes, points, labels):
                return figure
            scale *= 1.25


def label_faults(figure: Figure) -> list[str]:
    """What is wrong with the labels of a word map as drawn: which overlap, and which the frame cuts.

    Parameters
    ----------
    figure
        From `word_map_figure`.

    Returns
    -------
    list of str
        A sentence for each fault; empty for a map that can be read.
    """
    axes = figure.axes[0]
    labels = [text for text in axes.texts if text.get_gid() == _LABEL]
    with style.sheet():
        boxes = _extents(figure, labels)
        frame = axes.get_window_extent()
    names = [text.get_text() for text in labels]
    faults = [f"{names[i]!r} overlaps {names[j]!r}" for i, j in overlaps(boxes)]
    cut = (boxes[:, :2] < frame.min).any(axis=1) | (boxes[:, 2:] > frame.max).any(axis=1)
    return faults + [f"{names[i]!r} is cut by the frame" for i in np.flatnonzero(cut)]


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


def _frame(figure: Figure, points: NDArray[np.float64], shares: tuple[float, float]) -> Axes:
    """Add axes that the points fill, with equal units both ways unless one way would be nearly empty."""
    width, height = figure.get_size_inches()
    room = np.array([width - _LEFT - _RIGHT, height - _BOTTOM - _TOP])
    axes = figure.add_axes((_LEFT / width, _BOTTOM / height, room[0] / width, room[1] / height))
    low, high = points.min(axis=0), points.max(axis=0)
    units = (high - low) / room
    units = np.where(units > 0, units, units.max() or 1.0)
    stretched = units.max() / units
    if stretched.max() < _NEARLY_EQUAL:
        units[:] = units.max()
    middle, half = (low + high) / 2, 0.58 * units * room
    axes.set_xlim(middle[0] - half[0], middle[0] + half[0])
    axes.set_ylim(middle[1] - half[1], middle[1] + half[1])
    notes = [f" (drawn {factor:.1f} times larger)" if factor >= _NEARLY_EQUAL else "" for factor in stretched]
    axes.set_xlabel(f"first principal component, {shares[0]:.0%} of the variance{notes[0]}")
    axes.set_ylabel(f"second principal component, {shares[1]:.0%} of the variance{notes[1]}")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.3g}")
    axes.set_axisbelow(True)
    axes.grid(color=style.PALE, linewidth=0.5)
    axes.tick_params(labelsize=8, length=0)
    return axes


def _draw_points(
    axes: Axes, points: NDArray[np.float64], colour_of: list[int | None], names: list[str], families: list[str]
) -> None:
    numbers = np.array([-1 if number is None else number for number in colour_of])
    for number, name in [*enumerate(names), (-1, "other words")]:
        chosen = points[numbers == number]
        colour, marker = (style.OKABE_ITO[number], _MARKERS[number]) if number >= 0 else (style.GREY, "o")
        if len(chosen):
            axes.scatter(
                chosen[:, 0], chosen[:, 1], s=34, c=colour, marker=marker, label=name, zorder=3, edgecolors="white",
                linewidths=0.6,
            )  # fmt: skip
    if names:
        _add_legend(axes, len(names) + 1, families)


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


def _draw_label(axes: Axes, text: str, number: int | None, families: list[str]) -> Text:
    colour = style.INK if number is None else style.readable(style.OKABE_ITO[number])
    return axes.text(0, 0, text, size=11, color=colour, family=families, zorder=4, gid=_LABEL)


def _place(figure: Figure, axes: Axes, points: NDArray[np.float64], labels: list[Text]) -> bool:
    """Move labels to where `place_labels` puts them, with leader lines; False where there is no room."""
    pixels = axes.transData.transform(points)
    extents = _extents(figure, labels)
    window = axes.get_window_extent()
    boxes = place_labels(pixels, extents[:, 2:] - extents[:, :2], np.array([*window.min, *window.max]))
    if boxes is None:
        return False
    back = axes.transData.inverted()
    at_origin = axes.transData.transform((0.0, 0.0))
    for label, extent, box, pixel in zip(labels, extents, boxes, pixels, strict=True):
        x, y = back.transform(at_origin + box[:2] - extent[:2])
        label.set_position((float(x), float(y)))
        end = leader_end(pixel, box)
        if np.hypot(*(end - pixel)) > ADJACENT:
            line = back.transform(np.array([pixel, end]))
            axes.plot(line[:, 0], line[:, 1], color=label.get_color(), linewidth=0.6, alpha=0.6, zorder=2)
    return True


def _extents(figure: Figure, labels: list[Text]) -> NDArray[np.float64]:
    """Left, bottom, right and top of texts in pixels, (N, 4), as they will be drawn."""
    canvas: Any = figure.canvas
    renderer = canvas.get_renderer()
    return np.array([label.get_window_extent(renderer).extents for label in labels])
