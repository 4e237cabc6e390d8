"""Words and their vectors: look one up, compare two, find the nearest, save and load.

Holds the result of training and nothing of how it came about but the run's settings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.errors import FirthError, OptionError

Float32 = NDArray[np.float32]


class Vectors:
    """Words and their vectors.

    Parameters
    ----------
    words
        V different, non-empty words; row i of the matrices belongs to word i.
    matrix
        Shape (V, D), finite: the center vectors. Kept as float32; not copied when it is that already.
    counts
        Shape (V,), at least 0: how often each word was seen in training. Zeros, meaning not known, where left out.
    outside
        Shape (V, D), finite: the outside vectors, where they were kept.
    settings
        How the vectors were made: anything that JSON can hold.

    Attributes
    ----------
    words : list of str
    index : dict of str to int, the row of each word
    matrix : float32 array of shape (V, D), read-only
    outside : float32 array of shape (V, D), read-only, or None
    counts : int64 array of shape (V,), read-only
    settings : dict

    Raises
    ------
    OptionError
        Shapes do not fit together, a word is there twice, a number is not finite.
    """

    def __init__(
        self,
        words: Sequence[str],
        matrix: ArrayLike,
        counts: ArrayLike | None = None,
        outside: ArrayLike | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.words = list(words)
        self.index = _index_of(self.words)
        self.matrix = _matrix(matrix, self.words, "matrix")
        self.outside = None if outside is None else _matrix(outside, self.words, "outside")
        if self.outside is not None and self.outside.shape != self.matrix.shape:
            raise OptionError(
                f"outside has {self.outside.shape[1]} columns and matrix {self.matrix.shape[1]}; they must agree"
            )
        self.counts = _counts(counts, len(self.words))
        self.settings = _settings(settings)

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __getitem__(self, word: str) -> Float32:
        """Return the center vector of a word, shape (D,), read-only.

        Raises
        ------
        UnknownWordError
            The word has no vector (a `KeyError`).
        """
        vector: Float32 = self.matrix[self._row(word)]
        return vector

    def __repr__(self) -> str:
        return f"Vectors({len(self):,} words, {self.matrix.shape[1]} dimensions)"

    def similarity(self, a: str, b: str) -> float:
        """Cosine of the angle between the center vectors of two words.

        ``a · b / (|a| |b|)``, between -1 and 1; 0 where either vector is zero.

        Raises
        ------
        UnknownWordError
            One of the words has no vector.
        """
        rows = [self._row(a), self._row(b)]
        lengths = self._lengths[rows]
        if not lengths.all():
            return 0.0
        first, second = self.matrix[rows].astype(np.float64) / lengths[:, np.newaxis]
        return float(np.clip(first @ second, -1.0, 1.0))

    def most_similar(self, word: str, n: int = 10) -> list[tuple[str, float]]:
        """The words whose center vectors have the largest cosine with a word's, largest first.

        Parameters
        ----------
        word
            The query, itself left out of the answer.
        n
            How many, at least 1; all there are where there are fewer.

        Returns
        -------
        list of (word, cosine)
            Equal cosines stand in the order of `words`. A zero vector has cosine 0 with everything.

        Raises
        ------
        UnknownWordError
            The word has no vector.
        OptionError
            `n` is below 1.
        """
        if not isinstance(n, int) or n < 1:
            raise OptionError(f"n is {n!r}; it must be a whole number of at least 1")
        row = self._row(word)
        cosines = self._cosines(row)
        cosines[row] = -np.inf
        n = min(n, len(self) - 1)
        if n == 0:
            return []
        smallest_kept = np.partition(cosines, -n)[-n]
        candidates = np.flatnonzero(cosines >= smallest_kept)
        best = candidates[np.argsort(-cosines[candidates], kind="stable")][:n]
        return [(self.words[i], float(cosines[i])) for i in best if i != row]

    def side_by_side(self) -> Float32:
        """Center and outside vectors beside each other, shape (V, 2D).

        Raises
        ------
        FirthError
            The outside vectors were not kept.
        """
        if self.outside is None:
            raise FirthError("these vectors have no outside vectors beside the center vectors; use .matrix alone")
        return np.hstack([self.matrix, self.outside])

    def save(self, path: str | Path) -> None:
        """Write everything to one file, whole or not at all; the format is that of `firth.vectors.native`.

        Raises
        ------
        FirthError
            The file cannot be written.
        """
        from firth.vectors.native import write_native

        write_native(path, self)

    @staticmethod
    def load(path: str | Path) -> Vectors:
        """Read what `save` wrote, and check all of it.

        Raises
        ------
        DataError
            The file cannot be read, is damaged, or is not one that `save` wrote (a pickle: also a `ValueError`).
        """
        from firth.vectors.native import read_native

        return read_native(path)

    def _row(self, word: str) -> int:
        row = self.index.get(word)
        if row is None:
            from firth.spelling import UnknownWordError

            raise UnknownWordError(str(word), self.words)
        return row

    @cached_property
    def _lengths(self) -> NDArray[np.float64]:
        # Squares of float32 numbers overflow float32, not float64.
        squares = np.einsum("vd,vd->v", self.matrix, self.matrix, dtype=np.float64)
        lengths: NDArray[np.float64] = np.sqrt(squares)
        return lengths

    def _cosines(self, row: int) -> NDArray[np.float64]:
        length = self._lengths[row]
        if length == 0.0:
            return np.zeros(len(self))
        unit = (self.matrix[row] / length).astype(np.float32)
        cosines = np.zeros(len(self))
        np.divide(self.matrix @ unit, self._lengths, out=cosines, where=self._lengths > 0.0)
        return np.clip(cosines, -1.0, 1.0, out=cosines)


def _index_of(words: list[str]) -> dict[str, int]:
    if not words:
        raise OptionError("there are no words; give at least one")
    index: dict[str, int] = {}
    for row, word in enumerate(words):
        if not isinstance(word, str) or not word:
            raise OptionError(f"word {row} is {word!r}; words must be non-empty strings")
        if index.setdefault(word, row) != row:
            raise OptionError(f"the word {word!r} is there twice (rows {index[word]} and {row}); leave one out")
        if not word.isascii():
            _check_unicode(word, row)
    return index


def _check_unicode(word: str, row: int) -> None:
    try:
        word.encode()
    except UnicodeEncodeError as error:
        raise OptionError(f"word {row}, {word!r}, is not valid Unicode; read its text as UTF-8") from error


def _matrix(numbers: ArrayLike, words: list[str], name: str) -> Float32:
    try:
        with np.errstate(over="ignore"):
            matrix = np.ascontiguousarray(numbers, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise OptionError(f"{name} must hold numbers, one row a word: {error}") from error
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise OptionError(f"{name} has shape {np.shape(numbers)}; it must be (words, dimensions)")
    if matrix.shape[0] != len(words):
        raise OptionError(f"{name} has {matrix.shape[0]:,} rows for {len(words):,} words; give one row a word")
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        raise OptionError(f"the {name} row of {words[int(finite.argmin())]!r} holds a number that is not finite")
    return _read_only(matrix)


def _counts(counts: ArrayLike | None, size: int) -> NDArray[np.int64]:
    if counts is None:
        return _read_only(np.zeros(size, dtype=np.int64))
    given = np.asarray(counts)
    if given.shape != (size,) or not np.issubdtype(given.dtype, np.integer) or (given < 0).any():
        raise OptionError(f"counts must be {size:,} whole numbers of at least 0, one a word")
    return _read_only(np.ascontiguousarray(given, dtype=np.int64))


def _settings(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """Through JSON and back, so that what is saved and what is loaded are equal."""
    try:
        text = json.dumps(dict(settings or {}), allow_nan=False, ensure_ascii=False)
        plain: dict[str, Any] = json.loads(text.encode())
    except (TypeError, ValueError) as error:
        raise OptionError(f"settings must be what JSON can hold: {error}") from error
    return plain


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
