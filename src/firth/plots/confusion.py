"""A confusion matrix: for each true class, how its members were classified."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from firth.errors import OptionError, import_extra
from firth.plots import fonts, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CLASSES = 30
_CELL = 1.05
"""Inches."""


def plot_confusion(
    confusion: ArrayLike, class_names: Sequence[str], path: str | Path, *, title: str, subtitle: str = ""
) -> None:
    """Write a confusion matrix as PNG: colour is the share of the true class, numbers are counts and shares.

    Parameters
    ----------
    confusion
        Counts, shape (classes, classes): rows are the true class, columns the predicted one.
    class_names
        One for each class.
    path
        Where to; what stands there is replaced.
    title, subtitle
        Above the picture.

    Raises
    ------
    OptionError
        The matrix is not square, not of whole numbers from 0, or has another size than there are names.
    MissingExtraError
        matplotlib is not installed.
    FirthError
        The file can't be written.
    """
    style.write_figure(path, confusion_figure(confusion, class_names, title=title, subtitle=subtitle))


def confusion_figure(confusion: ArrayLike, class_names: Sequence[str], *, title: str, subtitle: str = "") -> Figure:
    """Draw what `plot_confusion` writes, and return the figure."""
    counts = np.asarray(confusion)
    size = len(class_names)
    if counts.shape != (size, size) or not 1 <= size <= MOST_CLASSES:
        raise OptionError(
            f"confusion has shape {counts.shape} for {size} class names: give one row and one column for each of "
            f"1 to {MOST_CLASSES} names"
        )
    if counts.dtype.kind not in "iu" or (counts < 0).any():
        raise OptionError("confusion must hold whole numbers from 0: how often each class was taken for each")
    of_class = counts.sum(axis=1)
    shares = counts / np.maximum(of_class, 1)[:, np.newaxis]
    with style.sheet():
        families = fonts.font_families([title, subtitle, *class_names])
        names = [textwrap.fill(fonts.legible(name, families), 13) for name in class_names]
        across = max(_CELL * size, 4.2)
        width, height = across + 1.7 + 1.1, across + 0.95 + 0.75
        figure = style.new_figure(width, height)
        style.add_titles(figure, title, subtitle, families)
        axes = figure.add_axes((1.7 / width, 0.75 / height, across / width, across / height))
        colours = import_extra("matplotlib", "lab").colormaps["Blues"]
        image = axes.imshow(shares, cmap=colours, vmin=0, vmax=float(shares.max()) or 1.0)
        _name_axes(axes, names, [f"{name}\n(n = {n:,})" for name, n in zip(names, of_class, strict=True)], families)
        for row, column in np.ndindex(size, size):
            background = style.luminance(image.to_rgba(shares[row, column])[:3])
            ink = style.ink_on(background)
            axes.text(column, row - 0.1, f"{counts[row, column]:,}", ha="center", va="center", color=ink, size=12)
            axes.text(column, row + 0.2, f"{shares[row, column]:.0%}", ha="center", va="center", color=ink, size=8.5)
        bar = figure.add_axes(((1.7 + across + 0.15) / width, 0.75 / height, 0.16 / width, across / height))
        figure.colorbar(image, cax=bar, format=lambda share, _: f"{share:.0%}", label="share of the true class")
        bar.tick_params(length=0)
        for spine in bar.spines.values():
            spine.set_visible(False)
    return figure


def _name_axes(axes: Axes, columns: list[str], rows: list[str], families: list[str]) -> None:
    places = np.arange(len(columns))
    axes.set_xticks(places, columns, family=families, color=style.INK, size=9.5)
    axes.set_yticks(places, rows, family=families, color=style.INK)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.tick_params(length=0)
    axes.set_xticks(places[1:] - 0.5, minor=True)
    axes.set_yticks(places[1:] - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
