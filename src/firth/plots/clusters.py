"""Clusters of words, and names for them: spherical k-means, each cluster named by its central frequent words.

Vectors are compared by their cosines (Dhillon and Modha 2001: "Concept decompositions for large sparse text data").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.errors import OptionError
from firth.plots.layout import checked_matrix, demand_seed
from firth.progress import Report, silent
from firth.vectors.nearest_rows import unit

_MOST_CLUSTERS = 24
_ROUNDS, _STARTS = 60, 3
_LOOKED_AT = 10
_FUNCTION_WORDS = 100
"""The so many most frequent words of a text are mostly "the", "of" and the like, and name nothing."""


@dataclass(frozen=True)
class Clusters:
    """Words in clusters, the largest cluster first.

    Attributes
    ----------
    labels
        int64 (N,): the cluster of each word, from 0.
    names
        For each cluster, its central frequent words, joined by " · ".
    words
        For each cluster, those words, the best first.
    centers
        float64 (clusters, D), of length 1: the direction of the mean of the words' unit vectors.
    """

    labels: NDArray[np.int64]
    names: list[str]
    words: list[list[str]]
    centers: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.names)


def name_clusters(
    matrix: ArrayLike,
    words: Sequence[str],
    clusters: int | None = None,
    *,
    words_a_name: int = 2,
    seed: int = 1,
    report: Report = silent,
) -> Clusters:
    """Put words into clusters by their vectors' cosines, and name each by words in its middle.

    Parameters
    ----------
    matrix
        Shape (N, D), finite: the vectors.
    words
        The N words, the most frequent first.
    clusters
        How many at most: fewer where fewer directions are different. None chooses, by N, 1 to 24.
    words_a_name
        How many words name a cluster, where it has so many.
    seed
        The same input and seed give the same clusters.
    report
        Told how far the work is.

    Returns
    -------
    Clusters

    Raises
    ------
    OptionError
        Shapes do not fit together, a number is less than 1, or a seed out of range.
    DataError
        A vector holds a number that is not finite.
    """
    units = unit(checked_matrix(matrix, words))
    demand_seed(seed)
    if clusters is not None and clusters < 1:
        raise OptionError(f"clusters is {clusters}: it must be at least 1")
    if words_a_name < 1:
        raise OptionError(f"words_a_name is {words_a_name}: it must be at least 1")
    wanted = clusters or min(_MOST_CLUSTERS, max(1, round(np.sqrt(len(units) / 8))))
    labels, centers = _best_clusters(units, min(wanted, len(units)), seed, report)
    order = np.argsort(-np.bincount(labels, minlength=len(centers)), kind="stable")
    labels, centers = np.argsort(order)[labels], centers[order]
    scores = units @ centers.T
    named = [
        _central_words(words, np.flatnonzero(labels == number), scores, number, words_a_name)
        for number in range(len(centers))
    ]
    return Clusters(labels, [" · ".join(each) for each in named], named, centers)


def _best_clusters(
    units: NDArray[np.float64], wanted: int, seed: int, report: Report
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The best of a few runs of k-means, by the sum of cosines with the own center."""
    generator = np.random.default_rng(seed)
    best: tuple[float, NDArray[np.int64], NDArray[np.float64]] | None = None
    for start in range(_STARTS):
        report(start, _STARTS, "clusters")
        labels, centers = _k_means(units, _spread_out(units, wanted, generator))
        score = round(float(np.einsum("nd,nd->", units, centers[labels])), 9)
        if best is None or score > best[0]:
            best = score, labels, centers
    report(_STARTS, _STARTS, "clusters")
    assert best is not None
    return best[1], best[2]


def _spread_out(units: NDArray[np.float64], wanted: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """First centers, far from each other: k-means++ (Arthur and Vassilvitskii 2007), at most as many as differ."""
    chosen = [int(generator.integers(len(units)))]
    distance = np.full(len(units), np.inf)
    while len(chosen) < wanted:
        distance = np.minimum(distance, np.maximum(0.0, 1.0 - units @ units[chosen[-1]]))
        distance[distance < 1e-9] = 0.0
        total = distance.sum()
        if total == 0:
            break
        # The last position would be one with no chance, where rounding puts the draw beyond the sum.
        drawn = np.searchsorted(np.cumsum(distance), generator.random() * total, side="right")
        chosen.append(int(min(drawn, np.flatnonzero(distance)[-1])))
    return units[chosen]


def _k_means(units: NDArray[np.float64], centers: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Move centers to the mean direction of what is nearest to them until nothing changes; the empty ones go."""
    labels = np.full(len(units), -1)
    for _ in range(_ROUNDS):
        moved = (units @ centers.T).argmax(axis=1)
        if np.array_equal(moved, labels):
            break
        kept, labels = np.unique(moved, return_inverse=True)
        order = np.argsort(labels, kind="stable")
        starts = np.searchsorted(labels[order], np.arange(len(kept)))
        centers = unit(np.add.reduceat(units[order], starts, axis=0))
    return labels.astype(np.int64), centers


def _central_words(
    words: Sequence[str], members: NDArray[np.int64], scores: NDArray[np.float64], number: int, count: int
) -> list[str]:
    """Words that say what a cluster is: near its center, far from other centers, frequent, and no function words."""
    own = scores[members, number]
    others = np.delete(scores[members], number, axis=1).max(axis=1, initial=0.0)
    frequency = np.log(len(words) + 1) - np.log(members + 1.0)
    central = own + 0.5 * (own - others) + 0.08 * frequency
    wordlike = np.array([_names_something(words[i]) for i in members])
    if 2 * wordlike.sum() < len(members):  # years and other numbers, which are what the cluster is about
        wordlike[:] = True
    function = members < min(_FUNCTION_WORDS, len(words) // 20)
    order = np.lexsort((members, -np.round(central, 9), function, ~wordlike))
    chosen: list[str] = []
    for word in (words[i] for i in members[order[: count * _LOOKED_AT]]):
        if not any(_same_stem(word, other) for other in chosen):
            chosen.append(word)
    return chosen[:count]


def _same_stem(a: str, b: str) -> bool:
    """Whether two words begin alike, as inflections of one do: "book" and "books" say no more than one of them."""
    shared = next((place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return shared >= 4 and 2 * shared >= min(len(a), len(b))


def _names_something(word: str) -> bool:
    """Whether a word has letters, and more than two of them where letters are no words themselves, as in Chinese."""
    letters = sum(letter.isalpha() for letter in word)
    return letters == len(word) and (letters > 2 or (letters > 0 and ord(word[0]) > 0x2E80))
