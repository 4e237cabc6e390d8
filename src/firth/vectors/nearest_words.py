"""Finding nearest words for many queries: words to rows and unit vectors, rows back to words.

`Asked` asks, `nearest_rows.py` finds rows; here words become rows, and rows words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Literal

import numpy as np

from firth.errors import OptionError
from firth.vectors.lookup import Lookup, Unknown, one_or_more
from firth.vectors.nearest_rows import Floats, Ids, best, nearest, unit
from firth.vectors.rows import Float32, Rows

Method = Literal["3cosadd", "3cosmul"]
Neighbors = list[tuple[str, float]]

_COSMUL_FLOOR = 1e-6
_SPARE = 8


class NearestWords(Lookup):
    """Nearest words of queries."""

    normalized = False

    def _answers(
        self,
        positive: Sequence[list[str]],
        negative: Sequence[list[str]],
        n: int,
        restrict: int | Iterable[str] | None,
        exclude: Iterable[str],
        method: str,
        unknown: Unknown,
    ) -> list[Neighbors]:
        if method not in ("3cosadd", "3cosmul"):
            raise OptionError(f"method is {method!r}: it must be one of 3cosadd, 3cosmul")
        known = dict.fromkeys(word for query in (*positive, *negative) for word in query)
        names, vectors = self._vectors_of(known, unknown)
        units = unit(vectors)
        place = {word: number for number, word in enumerate(names)}
        plus = [[place[word] for word in query if word in place] for query in positive]
        minus = [[place[word] for word in query if word in place] for query in negative]
        itself = [
            np.array([self.index[word] for word in dict.fromkeys(words) if word in self.index], dtype=np.int64)
            for words in ([*wanted, *unwanted] for wanted, unwanted in zip(positive, negative, strict=True))
        ]
        if method == "3cosmul":
            answers = self._products(units, plus, minus, n, restrict, exclude, itself)
        else:
            sums = _sums(units, plus) - _sums(units, minus)
            answers = self._nearest(unit(sums), n, restrict, exclude, itself)
        # Of a query whose words were all left out there is nothing that words could be near to.
        return [found if ours or theirs else [] for found, ours, theirs in zip(answers, plus, minus, strict=True)]

    def _nearest(
        self, queries: Floats, n: int, restrict: int | Iterable[str] | None, exclude: Iterable[str], itself: list[Ids]
    ) -> list[Neighbors]:
        rows, lengths = self._searched
        places, scores = nearest(
            rows,
            lengths,
            queries,
            min(checked_n(n), len(self)),
            among=self._among(restrict),
            left_out=itself or None,
            excluded=self._excluded(exclude),
        )
        return self._named(places, scores)

    def _products(
        self,
        units: Floats,
        plus: list[list[int]],
        minus: list[list[int]],
        n: int,
        restrict: int | Iterable[str] | None,
        exclude: Iterable[str],
        itself: list[Ids],
    ) -> list[Neighbors]:
        """Answers by 3CosMul: each block's cosines with every word of the queries are multiplied together.

        In float64: where a word is opposite to a negative one, a float32 cosine would be divided by its own error.
        """
        rows, _ = self._searched
        excluded = self._excluded(exclude)
        among, n = self._among(restrict), min(checked_n(n), len(self))
        answers: list[Neighbors] = []
        for start in range(0, len(plus), 64):
            chosen = range(start, min(start + 64, len(plus)))
            used = sorted({place for query in chosen for place in plus[query] + minus[query]})
            at = {place: number for number, place in enumerate(used)}
            terms = units[used]

            def score(
                span: slice | Ids, chosen: range = chosen, at: dict[int, int] = at, terms: Floats = terms
            ) -> Floats:
                block = rows.block(span.start, span.stop) if isinstance(span, slice) else rows.take(span)
                halves = _halves(terms, block)
                above = [halves[[at[place] for place in plus[query]]].prod(axis=0) for query in chosen]
                below = [halves[[at[place] for place in minus[query]]].prod(axis=0) for query in chosen]
                return np.round(np.array(above) / (np.array(below) + _COSMUL_FLOOR), 9)

            places, _ = best(
                len(self), len(chosen), n + _SPARE, score, among, itself[start : chosen.stop], excluded, np.float64
            )
            for query, row in zip(chosen, places, strict=True):
                found = row[row >= 0]
                over, under = np.split(_halves(units[plus[query] + minus[query]], rows.take(found)), [len(plus[query])])
                exact = np.round(over.prod(axis=0) / (under.prod(axis=0) + _COSMUL_FLOOR), 9)
                order = np.lexsort((found, -exact))[:n]
                answers += self._named(found[order][np.newaxis], exact[order][np.newaxis])
        return answers

    def _named(self, places: Ids, scores: Floats) -> list[Neighbors]:
        words = self.words
        return [
            [(words[place], score) for place, score in zip(row, values, strict=True) if place >= 0]
            for row, values in zip(places.tolist(), scores.tolist(), strict=True)
        ]

    def _excluded(self, exclude: Iterable[str]) -> Ids:
        rows = [self.index[word] for word in one_or_more(exclude) if word in self.index]
        return np.unique(np.array(rows, dtype=np.int64))

    def _among(self, restrict: int | Iterable[str] | None) -> int | Ids | None:
        if restrict is None:
            return None
        if isinstance(restrict, int | np.integer):
            return checked_n(restrict, "restrict")
        words = one_or_more(restrict)
        if not words:
            raise OptionError("restrict holds no words: give at least one to look among, or None for all")
        return np.unique(self._rows(words))

    @cached_property
    def _searched(self) -> tuple[Rows, Floats]:
        """What is searched, and its lengths: the vectors as they are stored, or a copy of length 1."""
        if not self.normalized:
            return self._center, self._lengths
        lengths = self._lengths
        units = np.empty(self._center.shape, dtype=np.float32)
        for start, block in self._center.blocks():
            units[start : start + len(block)] = unit(block)
        return Rows(units), np.where(lengths > 0, 1.0, 0.0)


def _halves(units: Floats, vectors: Float32) -> Floats:
    """(1 + cosine) / 2 of unit vectors, shape (terms, D), with vectors, (B, D); shape (terms, B)."""
    exact = vectors.astype(np.float64)
    lengths = np.sqrt(np.einsum("bd,bd->b", exact, exact))
    found: Floats = units @ exact.T
    found /= np.where(lengths > 0, lengths, 1)
    return (1 + np.round(found, 12)) / 2  # the same of rows that point the same way


def _sums(units: Floats, places: list[list[int]]) -> Floats:
    """The sum of each list's rows, shape (lists, D); zeros for an empty list."""
    sums = np.zeros((len(places), units.shape[1]))
    sizes = np.array([len(each) for each in places])
    if sizes.any():
        rows = units[[place for each in places for place in each]]
        sums[sizes > 0] = np.add.reduceat(rows, (np.cumsum(sizes) - sizes)[sizes > 0])
    return sums


def checked_n(n: object, name: str = "n") -> int:
    """A whole number of at least 1, or an error that names the argument."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise OptionError(f"{name} is {n!r}; it must be a whole number of at least 1")
    return int(n)
