"""Word similarity: do vectors order pairs of words as people do? Spearman's correlation of cosines with scores.

Beside the score stand its bootstrap interval, how many of the pairs have vectors, and the score with the others as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.datasets.evaluation_files import find_evaluation_file
from firth.errors import DataError
from firth.evaluation.known_words import KnownWords
from firth.evaluation.question_files import Pair, read_pairs
from firth.evaluation.rank_correlation import bootstrap_interval, spearman
from firth.vectors.vectors import Vectors


@dataclass(frozen=True)
class SimilarityResult:
    """How well cosines order pairs of words.

    Attributes
    ----------
    name
        Of the file, without its folder.
    pairs, found
        Pairs in all, and those of them whose words both have vectors.
    score
        Spearman's correlation over the pairs found, from -1 to 1.
    interval
        Its 95 % bootstrap interval.
    score_unknown_as_zero
        The correlation over all pairs, with a cosine of 0 for those not found.
    """

    name: str
    pairs: int
    found: int
    score: float
    interval: tuple[float, float]
    score_unknown_as_zero: float

    @property
    def coverage(self) -> float:
        """Pairs found as a share of all, from 0 to 1."""
        return self.found / self.pairs

    def as_dict(self) -> dict[str, Any]:
        """The same as plain numbers, strings and lists, which JSON can hold."""
        return {
            "name": self.name,
            "pairs": self.pairs,
            "found": self.found,
            "coverage": self.coverage,
            "score": self.score,
            "interval": list(self.interval),
            "score_unknown_as_zero": self.score_unknown_as_zero,
        }


def evaluate_similarity(
    vectors: Vectors, path: str | Path, *, fold_case: bool = True, seed: int = 1, resamples: int = 2000
) -> SimilarityResult:
    """Spearman's correlation of the cosines of word pairs with people's scores.

    Parameters
    ----------
    vectors
        Those to test.
    path
        A file of lines ``word1 word2 score`` (tabs, commas or white space between; with or without a header), or one
        of the data set ``eval`` by name: ``ws353``, ``simlex999``, ``rg65``, ``EN-WS-353-ALL.txt``.
    fold_case
        Whether spellings that differ in case alone are one word; its most frequent spelling stands for it.
    seed, resamples
        Of the bootstrap interval.

    Raises
    ------
    DataError
        The file can't be read or has malformed lines, or fewer than 2 of its pairs are found.

    References
    ----------
    Finkelstein et al., Placing search in context: the concept revisited, 2002.
    """
    where = find_evaluation_file(path)
    pairs = read_pairs(where)
    known = KnownWords(vectors, fold_case=fold_case)
    people = np.array([pair.score for pair in pairs])
    cosines = cosines_of(known, pairs)
    found = ~np.isnan(cosines)
    if found.sum() < 2:
        raise DataError(
            f"{where}: of {len(pairs):,} pairs, {found.sum()} have both words among the vectors, and 2 are the least "
            "that can be ranked; check that the file is in the vectors' language and spelling"
        )
    return SimilarityResult(
        name=where.name,
        pairs=len(pairs),
        found=int(found.sum()),
        score=spearman(people[found], cosines[found]),
        interval=bootstrap_interval(people[found], cosines[found], seed=seed, resamples=resamples),
        score_unknown_as_zero=spearman(people, np.nan_to_num(cosines)),
    )


def cosines_of(known: KnownWords, pairs: Sequence[Pair]) -> NDArray[np.float64]:
    """Cosine of each pair, shape (pairs,); NaN where a word is not known."""
    cosines = np.full(len(pairs), np.nan)
    for number, pair in enumerate(pairs):
        first, second = known.place(pair.first), known.place(pair.second)
        if first is not None and second is not None:
            one, other = (known.unit_vectors(place, place + 1)[0] for place in (first, second))
            # Rounded, so that cosines which are equal but for the last bits share a rank.
            cosines[number] = round(float(one @ other), 12)
    return cosines
