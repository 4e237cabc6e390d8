"""Making vectors of vectors: some of the words, two vocabularies in one, one space turned onto another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from firth.errors import OptionError
from firth.vectors.lookup import Lookup, Subwords, one_or_more
from firth.vectors.nearest_rows import Floats, unit
from firth.vectors.rows import Float32, Rows

Conflict = Literal["keep", "replace", "error"]


class Reshaping(Lookup):
    """New vectors made of these."""

    def subset(self, words: Iterable[str]) -> Self:
        """The vectors of some words, in the order given; outside vectors and counts go with them.

        Raises
        ------
        UnknownWordError
            A word has no vector.
        OptionError
            No words are given, or one twice.
        """
        words = one_or_more(words)
        rows = self._rows(words)
        outside = None if self.outside is None else self.outside[rows]
        return type(self)(
            words, self._center.take(rows), self.counts[rows], outside, self.settings, subwords=self.subwords
        )

    def merge(self, other: Lookup, on_conflict: Conflict = "keep") -> Self:
        """These vectors and those of another model's words; the spaces should be one, see `align`.

        Parameters
        ----------
        other
            Vectors of the same dimension. Its new words follow these, in their order.
        on_conflict
            A word that both have: keep this vector, take the other's (``"replace"``), or an error.

        Returns
        -------
        Vectors
            With outside vectors where both have them; counts are kept or taken with the vectors. Other words get
            vectors from these letter sequences, where there are some.

        Raises
        ------
        OptionError
            Dimensions differ, or both have a word and `on_conflict` is ``"error"``.
        """
        if on_conflict not in ("keep", "replace", "error"):
            raise OptionError(f"on_conflict is {on_conflict!r}: it must be one of keep, replace, error")
        if self.dimensions != other.dimensions:
            raise OptionError(
                f"these vectors have {self.dimensions} dimensions and the others {other.dimensions}; they must agree"
            )
        shared = [word for word in other.words if word in self.index]
        if shared and on_conflict == "error":
            raise OptionError(f"both have {len(shared):,} words, such as {shared[0]!r}: choose keep or replace")
        new = np.array([row for word, row in other.index.items() if word not in self.index], dtype=np.int64)
        here, there = self._rows(shared), other._rows(shared)

        def joined(ours: NDArray[Any], theirs: NDArray[Any]) -> NDArray[Any]:
            rows = np.concatenate([ours, theirs[new]])
            if on_conflict == "replace":
                rows[here] = theirs[there]
            return rows

        both = self.outside is not None and other.outside is not None
        return type(self)(
            [*self.words, *[other.words[row] for row in new.tolist()]],
            joined(self.matrix, other.matrix),
            joined(self.counts, other.counts),
            joined(self.outside, other.outside) if both else None,  # type: ignore[arg-type]  # neither is None
            self.settings,
            subwords=self.subwords,
        )

    def align(self, other: Lookup, words: Iterable[str] | Iterable[tuple[str, str]] | None = None) -> Self:
        """Turn these vectors onto another model's: for change of words over time, or between languages.

        Orthogonal Procrustes (Schönemann 1966): the rotation R that minimises ``|X R - Y|``, with the unit vectors of
        words of both in X and Y, is ``R = U Vᵀ`` of the singular value decomposition ``Xᵀ Y = U Σ Vᵀ``. Lengths and
        cosines within these vectors stay as they are.

        Parameters
        ----------
        other
            Vectors of the same dimension.
        words
            Words that mean the same in both, or pairs (word here, word there); None for all words that both have.

        Returns
        -------
        Vectors
            These vectors times R; outside vectors too, so that their products with center vectors stay.

        Raises
        ------
        UnknownWordError
            A word has no vector.
        OptionError
            Dimensions differ, or no words are shared.
        """
        if self.dimensions != other.dimensions:
            raise OptionError(
                f"these vectors have {self.dimensions} dimensions and the others {other.dimensions}; they must agree"
            )
        given = [word for word in self.words if word in other.index] if words is None else _listed(words)
        pairs = [(each, each) if isinstance(each, str) else each for each in given]
        if not pairs:
            raise OptionError("there are no words to align by: give pairs of words that mean the same")
        ours = unit(self._center.take(self._rows(a for a, _ in pairs)))
        theirs = unit(other._center.take(other._rows(b for _, b in pairs)))
        left, _, right = np.linalg.svd(ours.T @ theirs)
        turn = left @ right
        outside = None if self._outside is None else _turned(self._outside, turn)
        subwords = None if self.subwords is None else _Turned(self.subwords, turn)
        return type(self)(
            self.words, _turned(self._center, turn), self.counts, outside, self.settings, subwords=subwords
        )


@dataclass(frozen=True)
class _Turned:
    """Vectors of letter sequences, times a rotation."""

    subwords: Subwords
    turn: Floats

    def vector(self, word: str) -> Float32:
        return np.asarray(self.subwords.vector(word) @ self.turn, dtype=np.float32)


def _listed(words: Iterable[str] | Iterable[tuple[str, str]]) -> list[str] | list[tuple[str, str]]:
    return [words] if isinstance(words, str) else list(words)  # type: ignore[return-value]  # one kind or the other


def _turned(rows: Rows, turn: Floats) -> NDArray[np.float32]:
    turned = np.empty(rows.shape, dtype=np.float32)
    for start, block in rows.blocks():
        turned[start : start + len(block)] = block @ turn
    return turned
