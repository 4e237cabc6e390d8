"""How vectors lie in their space: hubs, isotropy, and lengths against frequencies. No test file is needed.

None of these figures is better or worse by itself; they tell why searches go wrong, and compare models of one text.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.errors import DataError, OptionError
from firth.evaluation.rank_correlation import spearman
from firth.progress import Report, silent
from firth.vectors.nearest_rows import unit
from firth.vectors.vectors import Vectors

SAMPLE = 10_000
_HUBS = 10
_FIRST_BAND = 100

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LengthBand:
    """Lengths of the vectors of the words between two ranks of frequency, 1 being the most frequent word."""

    first: int
    last: int
    mean: float
    deviation: float


@dataclass(frozen=True)
class Geometry:
    """How vectors lie in their space.

    Attributes
    ----------
    words, dimensions
        V and D.
    sample, neighbors, seed
        Hubs were looked for among so many words (drawn with the seed where they are not all), so many nearest words
        of each.
    hubness
        Skewness of N_k, how often a word is among the k nearest of others: 0 where none is a hub, beyond 3 few words
        are nearest to very many.
    hubs
        The words that are it most often, with how often.
    never_near
        Share of the words that are among no other word's nearest.
    isotropy
        ``min Z(c) / max Z(c)`` over the principal directions c and their opposites, with ``Z(c) = Σ_w exp(c · v_w)``:
        1 where all directions are alike.
    mean_cosine
        Of all pairs of different words: 0 where they are spread all around.
    effective_dimensions
        ``(Σ λ)² / Σ λ²`` of the variances λ along the principal directions: D where all are alike.
    first_direction
        Share of the variance along the first of them.
    length_and_frequency
        Spearman's correlation of the vectors' lengths with the words' counts; None where counts are not known.
    lengths
        By ranks of frequency; of the words' order, where counts are not known.
    """

    words: int
    dimensions: int
    sample: int
    neighbors: int
    seed: int
    hubness: float
    hubs: tuple[tuple[str, int], ...]
    never_near: float
    isotropy: float
    mean_cosine: float
    effective_dimensions: float
    first_direction: float
    length_and_frequency: float | None
    lengths: tuple[LengthBand, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain numbers, lists and dicts, which JSON can hold."""
        return {**dataclasses.asdict(self), "hubs": [list(each) for each in self.hubs]}


def measure_geometry(
    vectors: Vectors, *, neighbors: int = 10, sample: int = SAMPLE, seed: int = 1, report: Report = silent
) -> Geometry:
    """Measure hubness, isotropy, and how lengths go with frequencies.

    Parameters
    ----------
    vectors
        At least two.
    neighbors
        k of the hubs, at least 1.
    sample
        Hubs are looked for among so many words, at least 2, drawn at random; among all where there are fewer.
    seed
        Of the draw.
    report
        Told how much is done.

    Raises
    ------
    OptionError
        `neighbors` or `sample` is too small.
    DataError
        There is one vector only.

    References
    ----------
    Radovanović et al., Hubs in space: popular nearest neighbors in high-dimensional data, 2010; Mu and Viswanath,
    All-but-the-top: simple and effective postprocessing for word representations, 2018.
    """
    for name, value, least in (("neighbors", neighbors, 1), ("sample", sample, 2)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise OptionError(f"{name} is {value!r}: it must be a whole number from {least}")
    if len(vectors) < 2:
        raise DataError("there is one vector: geometry needs two at least")
    rows = sampled(np.arange(len(vectors)), sample, seed)
    report(0, 3, "hubs")
    near = _occurrences(vectors, rows, neighbors)
    report(1, 3, "directions")
    isotropy, mean_cosine, variances = _directions(vectors)
    report(2, 3, "lengths")
    correlation, bands = _lengths(vectors)
    report(3, 3, "lengths")
    centered = near - near.mean()
    spread = near.std()
    most = np.argsort(-near, kind="stable")[:_HUBS].tolist()
    total = variances.sum()
    return Geometry(
        words=len(vectors),
        dimensions=vectors.dimensions,
        sample=len(rows),
        neighbors=min(neighbors, len(rows) - 1),
        seed=seed,
        hubness=float((centered**3).mean() / spread**3) if spread else 0.0,
        hubs=tuple((vectors.words[rows[place]], int(near[place])) for place in most),
        never_near=float(np.mean(near == 0)),
        isotropy=isotropy,
        mean_cosine=mean_cosine,
        effective_dimensions=float(total**2 / (variances**2).sum()) if total else 0.0,
        first_direction=float(variances.max() / total) if total else 0.0,
        length_and_frequency=correlation,
        lengths=bands,
    )


def sampled(rows: NDArray[np.int64], sample: int, seed: int) -> NDArray[np.int64]:
    """So many of the rows, drawn without replacement, in their order; all where there are fewer."""
    if len(rows) <= sample:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, sample, replace=False))


def _occurrences(vectors: Vectors, rows: NDArray[np.int64], neighbors: int) -> NDArray[np.int64]:
    """How often each of some words is among the nearest of the others of them."""
    words = [vectors.words[row] for row in rows.tolist()]
    part = vectors if len(rows) == len(vectors) else Vectors(words, vectors.matrix[rows])
    places = part.neighbours_graph(min(neighbors, len(rows) - 1)).places
    return np.bincount(places[places >= 0], minlength=len(rows))


def _directions(vectors: Vectors) -> tuple[float, float, _Floats]:
    """Isotropy, mean cosine, and the variance along each principal direction."""
    size, dimensions = len(vectors), vectors.dimensions
    products, total, units, there = np.zeros((dimensions, dimensions)), np.zeros(dimensions), np.zeros(dimensions), 0
    for _, block in vectors.blocks():
        exact, directions = block.astype(np.float64), unit(block)
        products += exact.T @ exact
        total += exact.sum(axis=0)
        units += directions.sum(axis=0)
        there += int(exact.any(axis=1).sum())
    axes = np.linalg.eigh(products)[1]
    both = np.hstack([axes, -axes])  # which of the two an eigenvector is, is arbitrary
    sums = np.full(2 * dimensions, -np.inf)
    for _, block in vectors.blocks():
        along = block.astype(np.float64) @ both
        largest = np.maximum(sums, along.max(axis=0))
        sums = largest + np.log(np.exp(sums - largest) + np.exp(along - largest).sum(axis=0))
    covariance = products / size - np.outer(total, total) / size**2
    variances = np.maximum(np.linalg.eigvalsh(covariance), 0)
    return float(np.exp(sums.min() - sums.max())), float((units @ units - there) / (size * (size - 1))), variances


def _lengths(vectors: Vectors) -> tuple[float | None, tuple[LengthBand, ...]]:
    lengths = np.concatenate([np.linalg.norm(block.astype(np.float64), axis=1) for _, block in vectors.blocks()])
    order = np.argsort(-vectors.counts, kind="stable")
    bands, first, last = [], 0, _FIRST_BAND
    while first < len(lengths):
        chosen = lengths[order[first:last]]
        bands.append(LengthBand(first + 1, first + len(chosen), float(chosen.mean()), float(chosen.std())))
        first, last = last, last * 10
    return spearman(lengths, vectors.counts) if vectors.counts.any() else None, tuple(bands)
