"""Two models or more side by side: whether words have the same neighbors, and which have moved.

Neighbors need no common space. Movement is measured after turning one model onto the other (orthogonal Procrustes).
Models may differ in vocabulary, order and dimensions: what is compared are the words that all have.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.errors import DataError, OptionError
from firth.evaluation.geometry import sampled
from firth.progress import Report, silent
from firth.spelling import UnknownWordError
from firth.vectors.vectors import Vectors

RESTRICT = 20_000
SAMPLE = 5_000
_AT_ONCE = 1_000

Neighbors = list[tuple[str, float]]


@dataclass(frozen=True)
class WordChange:
    """How a word stands in two models.

    Attributes
    ----------
    cosine
        Of its two vectors, after the first model is turned onto the second: 1 where it has not moved.
    overlap
        Share of its nearest words that are the same; None where there are no other words.
    neighbors
        Its nearest words in each model.
    """

    word: str
    cosine: float
    overlap: float | None
    neighbors: tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Comparison:
    """How alike two models are.

    Attributes
    ----------
    words, dimensions
        Of each model.
    shared, compared, sample, neighbors, seed
        Words that both have; those of them that are compared, the most frequent ones of the first model; those of them,
        drawn with the seed where they are not all, whose nearest words are looked for, and how many of these.
    overlap
        Mean share of a word's nearest words that are the same in both; None where one word is shared.
    cosine
        Mean cosine of the words' two vectors, after the first model is turned onto the second.
    changed
        The words with the smallest cosine, the most changed first.
    """

    words: tuple[int, int]
    dimensions: tuple[int, int]
    shared: int
    compared: int
    sample: int
    neighbors: int
    seed: int
    overlap: float | None
    cosine: float
    changed: tuple[WordChange, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain numbers, lists and dicts, which JSON can hold."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Stability:
    """How alike several models are, such as those of one text and different seeds.

    Attributes
    ----------
    models, shared, compared, sample, neighbors, seed
        How many models; the rest as in `Comparison`, for the words that all have.
    overlap
        Mean of `pairs`; None where one word is shared.
    pairs
        (i, j, mean overlap) for each two models.
    least_stable, most_stable
        Words with their mean overlap over all pairs.
    """

    models: int
    shared: int
    compared: int
    sample: int
    neighbors: int
    seed: int
    overlap: float | None
    pairs: tuple[tuple[int, int, float | None], ...]
    least_stable: tuple[tuple[str, float], ...]
    most_stable: tuple[tuple[str, float], ...]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain numbers, lists and dicts, which JSON can hold."""
        return dataclasses.asdict(self)


def compare(
    first: Vectors,
    second: Vectors,
    *,
    neighbors: int = 10,
    changed: int = 10,
    restrict: int | None = RESTRICT,
    sample: int = SAMPLE,
    seed: int = 1,
    report: Report = silent,
) -> Comparison:
    """Compare two models by the words that both have.

    The overlap of a word w is ``|N_1(w) ∩ N_2(w)| / k`` of its k nearest words among those compared. Its cosine is that
    of ``x R`` and ``y``, R being the rotation that brings the unit vectors of all words compared nearest to each other
    (`Vectors.align`); the vectors of the smaller dimension get zeros at their end.

    Parameters
    ----------
    first, second
        The models.
    neighbors
        k, at least 1; all there are where there are fewer.
    changed
        How many of the words that changed most are told.
    restrict
        Compare so many words, the most frequent of the first model that both have, or all (None). Rare words change
        most, because chance has placed them.
    sample
        Look for the nearest words of so many, drawn at random.
    seed
        Of the draw.
    report
        Told how much is done.

    Raises
    ------
    OptionError
        A number is too small.
    DataError
        No word is shared.

    References
    ----------
    Hamilton et al., Diachronic word embeddings reveal statistical laws of semantic change, 2016; Wendlandt et al.,
    Factors influencing the surprising instability of word embeddings, 2018.
    """
    _demand_whole(neighbors=(neighbors, 1), changed=(changed, 0), sample=(sample, 1))
    models, shared = _common([first, second], restrict)
    one, other = models
    cosines = _aligned_cosines(one, other)
    rows = sampled(np.arange(len(one)), sample, seed)
    places = _nearest(models, rows, neighbors, report)
    order = np.argsort(cosines, kind="stable")[:changed]
    near = _nearest(models, order, neighbors, silent)
    overlaps = _overlaps(near[0], near[1])
    return Comparison(
        words=(len(first), len(second)),
        dimensions=(first.dimensions, second.dimensions),
        shared=shared,
        compared=len(one),
        sample=len(rows),
        neighbors=min(neighbors, len(one) - 1),
        seed=seed,
        overlap=_mean(_overlaps(places[0], places[1])),
        cosine=float(cosines.mean()),
        changed=tuple(
            WordChange(
                one.words[row],
                float(cosines[row]),
                float(overlaps[place]) if len(one) > 1 else None,
                (_named(one, near[0][place]), _named(one, near[1][place])),
            )
            for place, row in enumerate(order.tolist())
        ),
    )


def stability(
    models: Sequence[Vectors],
    *,
    neighbors: int = 10,
    told: int = 10,
    restrict: int | None = RESTRICT,
    sample: int = SAMPLE,
    seed: int = 1,
    report: Report = silent,
) -> Stability:
    """Mean overlap of the words' neighbors over all pairs of models: how much of them is chance.

    Parameters
    ----------
    models
        At least two, for example of one text and different seeds.
    told
        How many of the least and the most stable words are told.
    neighbors, restrict, sample, seed, report
        As in `compare`.

    Raises
    ------
    OptionError
        There are fewer than two models, or a number is too small.
    DataError
        No word is shared by all.
    """
    if len(models) < 2:
        raise OptionError("stability is that of two models at least: give more")
    _demand_whole(neighbors=(neighbors, 1), told=(told, 0), sample=(sample, 1))
    common, shared = _common(models, restrict)
    rows = sampled(np.arange(len(common[0])), sample, seed)
    places = _nearest(common, rows, neighbors, report)
    overlaps = {(i, j): _overlaps(places[i], places[j]) for i, j in combinations(range(len(models)), 2)}
    means = np.mean(list(overlaps.values()), axis=0)
    order = np.argsort(means, kind="stable").tolist() if len(common[0]) > 1 else []
    words = [common[0].words[row] for row in rows.tolist()]

    def named(chosen: list[int]) -> tuple[tuple[str, float], ...]:
        return tuple((words[place], float(means[place])) for place in chosen)

    return Stability(
        models=len(models),
        shared=shared,
        compared=len(common[0]),
        sample=len(rows),
        neighbors=min(neighbors, len(common[0]) - 1),
        seed=seed,
        overlap=_mean(means),
        pairs=tuple((i, j, _mean(values)) for (i, j), values in overlaps.items()),
        least_stable=named(order[:told]),
        most_stable=named(order[::-1][:told]),
    )


def neighbors_side_by_side(
    models: Sequence[Vectors], words: Iterable[str], n: int = 10
) -> dict[str, list[Neighbors | None]]:
    """The nearest words of some words in each model, among all of its own words.

    Returns
    -------
    dict of str to list
        For each word, its neighbors in each model; None for a model that does not have the word.

    Raises
    ------
    UnknownWordError
        No model has a word.
    """
    side_by_side: dict[str, list[Neighbors | None]] = {}
    for word in words:
        if not any(word in model for model in models):
            raise UnknownWordError(word, list(dict.fromkeys(each for model in models for each in model.words)))
        side_by_side[word] = [model.most_similar(word, n=n) if word in model else None for model in models]
    return side_by_side


def _demand_whole(**numbers: tuple[int, int]) -> None:
    for name, (value, least) in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise OptionError(f"{name} is {value!r}: it must be a whole number from {least}")


def _common(models: Sequence[Vectors], restrict: int | None) -> tuple[list[Vectors], int]:
    """The models cut down to the words compared, in one order, and how many words all of them have."""
    if restrict is not None:
        _demand_whole(restrict=(restrict, 1))
    first = models[0]
    order = np.argsort(-first.counts, kind="stable").tolist()
    words = [first.words[row] for row in order if all(first.words[row] in other.index for other in models[1:])]
    if not words:
        raise DataError("the models share no word: compare models of one language and spelling")
    chosen = words[:restrict]
    return [Vectors(chosen, model.matrix[[model.index[word] for word in chosen]]) for model in models], len(words)


def _aligned_cosines(one: Vectors, other: Vectors) -> NDArray[np.float64]:
    """Cosine of each word's two vectors after the first model is turned onto the second, shape (V,)."""
    width = max(one.dimensions, other.dimensions)
    turned = _widened(one, width).align(_widened(other, width))
    return np.concatenate(
        [np.clip(_cosines(block, other.matrix[start : start + len(block)]), -1, 1) for start, block in turned.blocks()]
    )


def _cosines(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> NDArray[np.float64]:
    x, y = ours.astype(np.float64), theirs.astype(np.float64)
    products: NDArray[np.float64] = np.einsum("vd,vd->v", x[:, : y.shape[1]], y)
    ours_long, theirs_long = np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1)
    lengths = ours_long * theirs_long
    unchanged = ((ours_long == 0) & (theirs_long == 0)).astype(np.float64)  # zero in both: such a word has not moved
    cosines: NDArray[np.float64] = np.divide(products, lengths, out=unchanged, where=lengths > 0)
    return cosines


def _widened(vectors: Vectors, width: int) -> Vectors:
    missing = width - vectors.dimensions
    return Vectors(vectors.words, np.pad(vectors.matrix, ((0, 0), (0, missing)))) if missing else vectors


def _nearest(
    models: Sequence[Vectors], rows: NDArray[np.int64], neighbors: int, report: Report
) -> list[NDArray[np.int64]]:
    """The nearest words of some rows in each model, shape (rows, k) each, as rows."""
    count = min(neighbors, len(models[0]) - 1)
    total = len(models) * len(rows)
    found = []
    for number, model in enumerate(models):
        places = np.empty((len(rows), count), dtype=np.int64)
        for start in range(0, len(rows) if count else 0, _AT_ONCE):
            words = [[model.words[row]] for row in rows[start : start + _AT_ONCE].tolist()]
            answers = model.most_similar(words, n=count)
            places[start : start + len(words)] = [[model.index[word] for word, _ in answer] for answer in answers]
            report(number * len(rows) + start + len(words), total, "nearest words")
        found.append(places)
    return found


def _overlaps(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of each row's places that are in both, shape (rows,); no places, no rows."""
    if not one.shape[1]:
        return np.zeros(0)
    both: NDArray[np.float64] = (one[:, :, np.newaxis] == other[:, np.newaxis, :]).any(axis=2).mean(axis=1)
    return both


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if values.size else None


def _named(vectors: Vectors, places: NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(vectors.words[place] for place in places.tolist())
