"""A relation between words as arrows: man to woman, king to queen, on a plane that shows whether these are parallel.

The horizontal axis is the mean of the pairs' offsets; the vertical one, across it, is where the pairs differ most.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.errors import DataError, OptionError
from firth.plots import fonts, plane, style
from firth.plots.layout import checked_matrix
from firth.vectors.nearest_rows import unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

MOST_PAIRS = 40
_SIZE = (10.0, 8.0)


def offset_agreement(first: ArrayLike, second: ArrayLike) -> Array:
    """How far pairs of words show one relation: the cosine of each pair's offset with the mean of the others'.

    ``cos(b_i - a_i, Σ_{j ≠ i} (b_j - a_j))`` with a and b of length 1: 1 where all offsets are parallel, about 0 where
    they have nothing in common. A pair does not count for itself, which would make any agree with the mean.

    Parameters
    ----------
    first, second
        Shape (P, D), finite: the vectors a and b of P pairs.

    Returns
    -------
    float64 array of shape (P,); NaN for a single pair
    """
    offsets = unit(checked_matrix(second)) - unit(checked_matrix(first))
    if len(offsets) == 1:
        return np.array([np.nan])
    others = offsets.sum(axis=0) - offsets
    agreement: Array = np.einsum("pd,pd->p", unit(offsets), unit(others))
    return agreement


def relation_plane(first: ArrayLike, second: ArrayLike) -> tuple[Array, Array]:
    """Places of pairs of words on the plane that shows their relation.

    Parameters
    ----------
    first, second
        Shape (P, D), finite: the vectors of P pairs.

    Returns
    -------
    first, second
        float64 (P, 2): along the mean offset of the unit vectors, and across it in the direction in which the pairs'
        middles differ most. To scale: nothing is stretched.

    Raises
    ------
    DataError
        The offsets have no mean direction.
    """
    a, b = unit(checked_matrix(first)), unit(checked_matrix(second))
    relation = (b - a).mean(axis=0)
    length = float(np.linalg.norm(relation))
    if length < 1e-9:
        raise DataError("the pairs have no offset in common: their mean is zero; give other pairs")
    along = relation / length
    middles = (a + b) / 2
    # Of a single pair only its own direction is left, seen from the origin.
    centered = middles - middles.mean(axis=0) if len(middles) > 1 else middles
    centered = centered - np.outer(centered @ along, along)
    across = np.linalg.svd(centered, full_matrices=False)[2][0]
    across = across - (across @ along) * along
    size = float(np.linalg.norm(across))
    across = across / size if size > 1e-9 else np.zeros_like(across)
    if (centered @ across)[np.abs(centered @ across).argmax()] < 0:
        across = -across
    axes = np.stack([along, across], axis=1)
    return a @ axes, b @ axes


def analogy_figure(
    pairs: Sequence[tuple[str, str]],
    first: ArrayLike,
    second: ArrayLike,
    *,
    title: str,
    subtitle: str = "",
    size: tuple[float, float] = _SIZE,
) -> Figure:
    """Draw pairs of words as arrows.

    Parameters
    ----------
    pairs
        P pairs, 1 to 40; a word may be in several.
    first, second
        The vectors of the first and the second words, shape (P, D), finite.
    title, subtitle
        Above the picture; how far the offsets agree is added to the subtitle.
    size
        Width and height in inches; they grow where there is no room for a label.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    OptionError
        There are no or too many pairs, or shapes do not fit together.
    DataError
        A vector holds a number that is not finite, or the offsets have no mean direction.
    MissingExtraError
        matplotlib is not installed.
    """
    if not 1 <= len(pairs) <= MOST_PAIRS:
        raise OptionError(f"{len(pairs):,} pairs can't be drawn to be read: choose 1 to {MOST_PAIRS}")
    a = checked_matrix(first, [pair[0] for pair in pairs])
    b = checked_matrix(second, [pair[1] for pair in pairs])
    tails, heads = relation_plane(a, b)
    place_of = {
        word: place
        for pair, *ends in zip(pairs, tails, heads, strict=True)
        for word, place in zip(pair, ends, strict=True)
    }
    points = np.array(list(place_of.values()))
    agreement = offset_agreement(a, b)
    note = (
        "one pair: its arrow lies along its own offset"
        if len(pairs) == 1
        else (f"offset of each pair with that of the others: mean cosine {agreement.mean():.2f}")
    )

    def draw(scale: float) -> Figure | None:
        figure = style.new_figure(size[0] * scale, size[1] * scale)
        style.add_titles(figure, title, "; ".join(filter(None, (subtitle, note))), families)
        axes = plane.add_plane(
            figure, points, ("along the mean offset", "across it, where the pairs differ most"), equal=True
        )
        for tail, head in zip(tails, heads, strict=True):
            arrow = {
                "arrowstyle": "-|>",
                "color": style.OKABE_ITO[0],
                "linewidth": 1.4,
                "shrinkA": 3,
                "shrinkB": 3,
                "alpha": 0.75,
            }
            axes.annotate("", head, tail, arrowprops=arrow, zorder=2)
        ends = {word: word in {pair[1] for pair in pairs} for word in place_of}
        for is_head, marker, colour in ((False, "o", style.OKABE_ITO[0]), (True, "s", style.OKABE_ITO[1])):
            chosen = np.array([place for word, place in place_of.items() if ends[word] == is_head]).reshape(-1, 2)
            axes.scatter(
                chosen[:, 0],
                chosen[:, 1],
                s=26,
                marker=marker,
                color=colour,
                edgecolors="white",
                linewidths=0.6,
                zorder=3,
            )
        labels = [
            plane.haloed(
                plane.add_label(
                    axes, fonts.legible(word, families), families, style.readable(style.OKABE_ITO[ends[word]])
                )
            )
            for word in place_of
        ]
        return figure if plane.place_all(figure, axes, points, labels, lines=np.hstack([tails, heads])) else None

    with style.sheet():
        families = fonts.font_families([*place_of, title, subtitle])
        return plane.grown(draw)
