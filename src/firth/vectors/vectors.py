"""`firth.Vectors`: words and their vectors, put together from what can be done with them.

`lookup.py` holds them, `queries.py` asks, `sentences.py` averages, `spaces.py` makes new ones; here they are saved
and loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from firth.errors import OptionError
from firth.vectors.exchange import Exchanging
from firth.vectors.lookup import Subwords
from firth.vectors.queries import Asked
from firth.vectors.rows import Dtype, Float32, Rows
from firth.vectors.sentences import Averaging
from firth.vectors.spaces import Reshaping

if TYPE_CHECKING:
    from firth.vectors.formats.collecting import Duplicates, Invalid
    from firth.vectors.formats.registry import Spaces


class Vectors(Asked, Averaging, Reshaping, Exchanging):
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
    normalized
        Hold a copy of the vectors at length 1 in memory, made at the first query: repeated queries to float16 or int8
        files are faster. Otherwise no second copy of the matrix is ever held.
    subwords
        Where unknown words get their vectors from.

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
        *,
        normalized: bool = False,
        subwords: Subwords | None = None,
    ) -> None:
        super().__init__(words, matrix, counts, outside, settings, subwords=subwords)
        self.normalized = normalized

    @classmethod
    def of_checked(
        cls, words: list[str], index: dict[str, int], matrix: Float32, settings: Mapping[str, Any]
    ) -> Vectors:
        """Hold words and rows that a reader has checked already, without doing it again."""
        vectors = cls.__new__(cls)
        counts = np.zeros(len(words), dtype=np.int64)
        vectors._hold(lambda: (words, index), Rows(matrix), counts, None, settings)
        return vectors

    def __deepcopy__(self, _: Any) -> Vectors:
        """Nothing in it changes, and a copy of the matrix would be large (scikit-learn copies what it clones)."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """For other processes: a mapped file goes there as numbers."""
        held = (self.words, self.matrix, self.counts, self.outside, self.settings)
        return _held_again, (type(self), held, self.normalized, self.subwords)

    def save(
        self,
        path: str | Path,
        format: str | None = None,  # noqa: A002  # the word for it
        *,
        dtype: Dtype = "float32",
        spaces: Spaces = "error",
    ) -> None:
        """Write to a file (or folder), whole or not at all.

        Parameters
        ----------
        path
            Where to; what stands there is replaced. Text and binary are packed where it ends in ``.gz`` or ``.zst``.
        format
            A name of `firth.vectors.formats.registry.FORMATS`; None goes by the name of the file: ``.safetensors`` is
            Firth's own format (docs/format.md), which alone holds everything.
        dtype
            In Firth's own format, how numbers are stored: ``"float32"``, exact; ``"float16"``, half the size;
            ``"int8"`` with a scale a row, a quarter of it.
        spaces
            Of formats that can't hold white space in words: an error, ``"underscore"`` in its place, or ``"skip"`` such
            words.

        Raises
        ------
        FirthError
            The file cannot be written.
        OptionError
            There is no such format or `dtype`, or it can't hold these words or numbers.
        """
        from firth.vectors.formats import registry
        from firth.vectors.native import write_native

        chosen = registry.format_to_write(Path(path), format, dtype, spaces)
        if chosen.write is None:
            write_native(path, self, dtype)
        else:
            chosen.write(Path(path), registry.written_words(self, chosen, spaces))

    @staticmethod
    def load(
        path: str | Path,
        format: str | None = None,  # noqa: A002  # the word for it
        *,
        vocabulary: str | Path | None = None,
        duplicates: Duplicates = "error",
        invalid: Invalid = "error",
        verify: bool = False,
        normalized: bool = False,
    ) -> Vectors:
        r"""Read vectors from a file; its format is told by its content.

        Firth's own files are mapped into memory and read where they are asked for, others are read whole.

        Parameters
        ----------
        path
            The file, plain or packed with gzip or Zstandard.
        format
            A name of `firth.vectors.formats.registry.FORMATS`, where the content alone leaves it open.
        vocabulary
            A file of word2vec.c's with the words' counts.
        duplicates
            Of words that are there twice: an error, or keep the ``"first"`` or the ``"last"``.
        invalid
            Words that are no UTF-8: an error, ``"replace"`` by U+FFFD, or ``"escape"`` as ``\xNN``.
        verify
            Of Firth's own files, check everything, the checksum too, which reads the file whole. Otherwise its
            structure is checked now, and words and numbers when they are first needed.
        normalized
            See `Vectors`.

        Raises
        ------
        DataError
            The file cannot be read, is damaged, or holds no vectors (a pickle: also a `ValueError`).
        OptionError
            There is no such format or policy.
        """
        from firth.vectors.kinds import is_native, start_of
        from firth.vectors.native import read_native

        path = Path(path)
        if format == "native" or (format is None and is_native(start_of(path, 16))):
            vectors = read_native(path, verify=verify)
        else:
            vectors = _read_other(path, format, duplicates, invalid)
        if vocabulary is not None:
            from firth.vectors.formats.counts import read_counts

            vectors.counts = read_counts(Path(vocabulary), vectors.words)
        vectors.normalized = normalized
        return vectors


def _read_other(path: Path, name: str | None, duplicates: Duplicates, invalid: Invalid) -> Vectors:
    """Read another tool's file."""
    from firth.vectors.formats import registry
    from firth.vectors.formats.collecting import Policy

    policy = Policy(duplicates, invalid)
    chosen = registry.format_of_file(path) if name is None else registry.format_named(name)
    if chosen.read is None:
        raise OptionError(f"{chosen.name} is written and not read; load the file it was made from")
    return chosen.read(path, policy)


def _held_again(kind: type[Vectors], held: tuple[Any, ...], normalized: bool, subwords: Subwords | None) -> Vectors:
    return kind(*held, normalized=normalized, subwords=subwords)
