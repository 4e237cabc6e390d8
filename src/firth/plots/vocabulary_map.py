"""A map of thousands of words: a point each, clusters by colour and shape and named, words as far as there is room.

Which words are labelled is decided by room alone: the first ones, which are the most frequent, come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.errors import OptionError
from firth.plots import fonts, plane, style
from firth.plots.clusters import Clusters
from firth.plots.layout import checked_matrix
from firth.progress import Report, silent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE = (14.0, 11.0)
_MOST_LABELS = 4_000


def vocabulary_map_figure(
    words: Sequence[str],
    places: ArrayLike,
    clusters: Clusters,
    *,
    title: str,
    subtitle: str = "",
    even: bool = False,
    size: tuple[float, float] = _SIZE,
    report: Report = silent,
) -> Figure:
    """Draw a map of many words with their clusters.

    Parameters
    ----------
    words
        The N words, the most frequent first.
    places
        Shape (N, 2), from `firth.plots.layout.project`.
    clusters
        Of the words, from `firth.plots.clusters.name_clusters`.
    title, subtitle
        Above the picture; how many words are labelled is added to the subtitle.
    even
        Spread the places out, each coordinate half way to its rank: for UMAP and t-SNE, whose distances mean little and
        whose far islands leave a picture empty. What lies left of something stays there.
    size
        Width and height in inches; they grow where the names of clusters have no room. A larger picture labels more
        words.
    report
        Told how far the work is.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    OptionError
        Shapes do not fit together.
    DataError
        A place is not finite.
    MissingExtraError
        matplotlib is not installed.
    """
    points = checked_matrix(places, words)
    if points.shape[1] != 2 or clusters.labels.shape != (len(words),):
        raise OptionError(
            f"places have shape {points.shape} and clusters {clusters.labels.shape} for {len(words):,} words: give a "
            "place with two coordinates and a cluster for each word"
        )
    if even:
        points = _spread_out(points)
    middles = _middles(points, clusters)
    looks = _looks(middles)
    shown = range(min(len(words), _MOST_LABELS))

    def draw(scale: float) -> Figure | None:
        figure = style.new_figure(size[0] * scale, size[1] * scale)
        axes = plane.add_plane(figure, points, None, margin=0.53, equal=False if even else None)
        for number, (colour, marker) in enumerate(looks):
            chosen = points[clusters.labels == number]
            axes.scatter(
                chosen[:, 0], chosen[:, 1], s=16, marker=plane.MARKERS[marker], color=style.OKABE_ITO[colour],
                edgecolors="white", linewidths=0.3, zorder=2, gid=f"cluster {number}",
            )  # fmt: skip
        names = [
            plane.haloed(
                plane.add_label(
                    axes, f"{plane.MARKER_LETTERS[marker]} {fonts.legible(name, families, 60)}", families,
                    style.readable(style.OKABE_ITO[colour], 5.5), 12, "bold",
                )
            )
            for name, (colour, marker) in zip(clusters.names, looks, strict=True)
        ]  # fmt: skip
        report(0, 0, "placing labels")
        if not plane.place_middles(figure, axes, middles, names):
            return None
        labels = [plane.add_label(axes, fonts.legible(words[i], families), families, size=7) for i in shown]
        labelled = plane.place_most(figure, axes, points[: len(labels)], labels, points, names)
        note = f"{labelled:,} of {len(words):,} words are labelled"
        style.add_titles(figure, title, "; ".join(filter(None, (subtitle, note))), families)
        return figure

    with style.sheet():
        families = fonts.font_families([*words, title, subtitle])
        return plane.grown(draw)


def _spread_out(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each coordinate half way between where it is, in 0 to 1, and its rank; equal ones stay equal."""
    spread = np.empty_like(points)
    for axis in (0, 1):
        values, which = np.unique(points[:, axis], return_inverse=True)
        ranks = np.searchsorted(np.sort(points[:, axis]), values) / max(1, len(points) - 1)
        span = values[-1] - values[0]
        spread[:, axis] = ((values - values[0]) / (span or 1.0) / 2 + ranks / 2)[which]
    return spread


def _middles(points: NDArray[np.float64], clusters: Clusters) -> NDArray[np.float64]:
    """For each cluster the point of a word of it that is nearest to the medians: these may lie outside its words."""
    middles = np.empty((len(clusters), 2))
    for number in range(len(clusters)):
        own = points[clusters.labels == number]
        middles[number] = own[np.hypot(*(own - np.median(own, axis=0)).T).argmin()]
    return middles


def _looks(middles: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Colour and shape for each cluster, no two the same; what has the same colour or shape lies far apart."""
    looks: list[tuple[int, int]] = []
    # The last of the seven colours, yellow, is too pale for small points on white.
    every = [(colour, marker) for colour in range(6) for marker in range(len(plane.MARKERS))]
    for middle in middles:
        away = np.hypot(*(middles[: len(looks)] - middle).T)

        def alone(look: tuple[int, int], away: NDArray[np.float64] = away) -> float:
            near = [each for each, other in zip(away, looks, strict=True) if look[0] == other[0] or look[1] == other[1]]
            return float(min(near, default=np.inf))

        looks.append(
            max((look for look in every if look not in looks), key=alone, default=every[len(looks) % len(every)])
        )
    return looks
