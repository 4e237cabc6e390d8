"""Words and their rows: what every question to vectors begins with.

`Lookup` holds words, center vectors, outside vectors, counts and settings, in memory or in a file that is mapped into
it; of such a file, words are decoded and numbers are checked when they are first needed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.errors import DataError, FirthError, OptionError
from firth.spelling import UnknownWordError
from firth.vectors.rows import Float32, Rows, lengths_of

Unknown = Literal["error", "skip", "zero"]
"""What becomes of words without a vector in a list: an error, left out, or a vector of zeros."""


class Subwords(Protocol):
    """Vectors of letter sequences, from which unknown words get vectors."""

    def vector(self, word: str) -> Float32:
        """The vector of a word that has no row, shape (D,)."""


class Lookup:
    """Words and their vectors, to be looked up: see `firth.Vectors`."""

    def __init__(
        self,
        words: Sequence[str],
        matrix: ArrayLike,
        counts: ArrayLike | None = None,
        outside: ArrayLike | None = None,
        settings: Mapping[str, Any] | None = None,
        *,
        subwords: Subwords | None = None,
    ) -> None:
        words = list(words)
        index = index_of(words)
        center = _matrix(matrix, words, "matrix")
        outer = None if outside is None else _matrix(outside, words, "outside")
        if outer is not None and outer.shape != center.shape:
            raise OptionError(f"outside has {outer.shape[1]} columns and matrix {center.shape[1]}; they must agree")
        self._hold(
            lambda: (words, index),
            Rows(center),
            _counts(counts, len(words)),
            None if outer is None else Rows(outer),
            settings,
            subwords=subwords,
        )

    def _hold(
        self,
        read_words: Callable[[], tuple[list[str], dict[str, int]]],
        center: Rows,
        counts: NDArray[np.int64],
        outside: Rows | None,
        settings: Mapping[str, Any] | None,
        *,
        where: str = "",
        subwords: Subwords | None = None,
    ) -> None:
        """Set what is held; `where` names the file that is to blame for what is found wrong later."""
        self._read_words = read_words
        self._center = center
        self._outside = outside
        self.counts = counts
        self.settings = plain_settings(settings)
        self.subwords = subwords
        self._where = where

    @cached_property
    def _words_and_index(self) -> tuple[list[str], dict[str, int]]:
        return self._read_words()

    @property
    def words(self) -> list[str]:
        """The words, in the order of rows."""
        return self._words_and_index[0]

    @property
    def index(self) -> dict[str, int]:
        """The row of each word."""
        return self._words_and_index[1]

    @cached_property
    def matrix(self) -> Float32:
        """The center vectors, float32 of shape (V, D), read-only; of a float32 file that is mapped, the file itself."""
        self._check_numbers()
        return _read_only(self._center.whole())

    @cached_property
    def outside(self) -> Float32 | None:
        """The outside vectors, float32 of shape (V, D), read-only, or None."""
        if self._outside is None:
            return None
        if self._where:
            self._refuse_not_finite(self.words, lengths_of(self._outside)[:, np.newaxis])
        return _read_only(self._outside.whole())

    @property
    def dimensions(self) -> int:
        """D, the length of a vector."""
        return self._center.shape[1]

    @property
    def has_outside(self) -> bool:
        """Whether the outside vectors were kept."""
        return self._outside is not None

    @property
    def dtype(self) -> str:
        """How the numbers are stored: ``"float32"``, ``"float16"`` or ``"int8"``."""
        return self._center.dtype

    def __len__(self) -> int:
        return self._center.shape[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __getitem__(self, word: str) -> Float32:
        """Return the center vector of a word, float32 of shape (D,), read-only.

        A word without a row gets a vector from its letter sequences where these are known (fastText's ``.bin``).

        Raises
        ------
        UnknownWordError
            The word has no vector (a `KeyError`); the message names near spellings.
        """
        row = self.index.get(word)
        if row is None and self.subwords is not None and isinstance(word, str) and word:
            vector = self.subwords.vector(word)
            self._refuse_not_finite([word], vector[np.newaxis])
            return _read_only(vector)
        row = self._row(word)
        vector = self._center.block(row, row + 1)[0]
        self._refuse_not_finite([word], vector[np.newaxis])
        return _read_only(vector)

    def __repr__(self) -> str:
        stored = "" if self.dtype == "float32" else f", {self.dtype}"
        return f"{type(self).__name__}({len(self):,} words, {self.dimensions} dimensions{stored})"

    def blocks(self) -> Iterator[tuple[int, Float32]]:
        """Yield (first row, center vectors) over all rows, a few megabytes at a time, decoded to float32."""
        self._check_numbers()
        return self._center.blocks()

    def side_by_side(self) -> Float32:
        """Center and outside vectors beside each other, shape (V, 2D).

        Raises
        ------
        FirthError
            The outside vectors were not kept.
        """
        return np.hstack([self.matrix, self._kept_outside()])

    def _kept_outside(self) -> Float32:
        if self.outside is None:
            raise FirthError("these vectors have no outside vectors beside the center vectors; use .matrix alone")
        return self.outside

    def _row(self, word: str) -> int:
        row = self.index.get(word)
        if row is None:
            raise UnknownWordError(str(word), self.words)
        return row

    def _rows(self, words: Iterable[str]) -> NDArray[np.int64]:
        return np.array([self._row(word) for word in words], dtype=np.int64)

    def _vectors_of(self, words: Iterable[str], unknown: Unknown = "error") -> tuple[list[str], Float32]:
        """Words, less those that are skipped, and their vectors, shape (N, D)."""
        if unknown not in ("error", "skip", "zero"):
            raise OptionError(f"unknown is {unknown!r}: it must be one of error, skip, zero")
        words = one_or_more(words)
        rows = np.array([self.index.get(word, -1) for word in words], dtype=np.int64)
        vectors = self._center.take(np.maximum(rows, 0))
        vectors[rows < 0] = 0
        self._refuse_not_finite(words, vectors)
        if (rows < 0).any():
            if self.subwords is not None or unknown == "error":
                for place in np.flatnonzero(rows < 0).tolist():
                    vectors[place] = self[words[place]]
            elif unknown == "skip":
                words = [word for word, row in zip(words, rows.tolist(), strict=True) if row >= 0]
                vectors = vectors[rows >= 0]
        return words, vectors

    @cached_property
    def _lengths(self) -> NDArray[np.float64]:
        lengths = lengths_of(self._center)
        if not np.isfinite(lengths).all():
            self._refuse_not_finite(self.words, lengths[:, np.newaxis])
        return lengths

    def _check_numbers(self) -> None:
        """Refuse a mapped file with center vectors that are not finite; what is not mapped was checked before."""
        if self._where:
            _ = self._lengths

    def _refuse_not_finite(self, words: list[str], numbers: NDArray[np.floating[Any]]) -> None:
        """Name the first of these words among whose numbers, shape (N, ...), one is not finite."""
        finite = np.isfinite(numbers).all(axis=1)
        if not finite.all():
            word = words[int(finite.argmin())]
            where = self._where or "the file that these vectors were read from"
            raise DataError(f"{where} is damaged: the vector of {word!r} holds a number that is not finite")


def one_or_more(words: str | Iterable[str]) -> list[str]:
    """A list of words; one word is a list of one."""
    return [words] if isinstance(words, str) else list(words)


def index_of(words: list[str]) -> dict[str, int]:
    """The row of each word.

    Raises
    ------
    OptionError
        There are no words, or one is empty, no string, no valid Unicode or there twice.
    """
    if not words:
        raise OptionError("there are no words; give at least one")
    try:
        valid = "".join(words).isascii() or bool("\n".join(words).encode())
    except (TypeError, UnicodeEncodeError):
        valid = False
    index = dict(zip(words, range(len(words)), strict=True)) if valid else {}
    if len(index) < len(words) or "" in index:
        _refuse(words)
    return index


def _refuse(words: list[str]) -> None:
    """Name the word that is wrong."""
    index: dict[str, int] = {}
    for row, word in enumerate(words):
        if not isinstance(word, str) or not word:
            raise OptionError(f"word {row} is {word!r}; words must be non-empty strings")
        if index.setdefault(word, row) != row:
            raise OptionError(f"the word {word!r} is there twice (rows {index[word]} and {row}); leave one out")
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
    for start, block in Rows(matrix).blocks():
        finite = np.isfinite(block).all(axis=1)
        if not finite.all():
            word = words[start + int(finite.argmin())]
            raise OptionError(f"the {name} row of {word!r} holds a number that is not finite")
    return _read_only(matrix)


def _counts(counts: ArrayLike | None, size: int) -> NDArray[np.int64]:
    if counts is None:
        return _read_only(np.zeros(size, dtype=np.int64))
    given = np.asarray(counts)
    if given.shape != (size,) or not np.issubdtype(given.dtype, np.integer) or (given < 0).any():
        raise OptionError(f"counts must be {size:,} whole numbers of at least 0, one a word")
    return _read_only(np.ascontiguousarray(given, dtype=np.int64))


def plain_settings(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """Through JSON and back, so that what is saved and what is loaded are equal.

    Raises
    ------
    OptionError
        JSON can't hold them.
    """
    try:
        text = json.dumps(dict(settings or {}), allow_nan=False, ensure_ascii=False)
        plain: dict[str, Any] = json.loads(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise OptionError(f"settings must be what JSON can hold: {error}") from error
    return plain


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
