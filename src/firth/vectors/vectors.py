"""`firth.Vectors`: words and their vectors, put together from what can be done with them.

`lookup.py` holds them, `queries.py` asks, `sentences.py` averages, `spaces.py` makes new ones; here they are saved
and loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from firth.errors import DataError
from firth.vectors.lookup import Subwords
from firth.vectors.queries import Asked
from firth.vectors.rows import Dtype
from firth.vectors.sentences import Averaging
from firth.vectors.spaces import Reshaping


class Vectors(Asked, Averaging, Reshaping):
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

    def save(self, path: str | Path, dtype: Dtype = "float32") -> None:
        """Write everything to one file, whole or not at all; the format is that of docs/format.md.

        Parameters
        ----------
        path
            Where to; what stands there is replaced.
        dtype
            How numbers are stored: ``"float32"``, exact; ``"float16"``, half the size; ``"int8"`` with a scale a row,
            a quarter of it.

        Raises
        ------
        FirthError
            The file cannot be written.
        OptionError
            There is no such `dtype`, or a number is too large for it.
        """
        from firth.vectors.native import write_native

        write_native(path, self, dtype)

    @staticmethod
    def load(path: str | Path, *, verify: bool = False, normalized: bool = False) -> Vectors:
        """Open what `save` wrote: the file is mapped into memory, and read where it is asked for.

        Parameters
        ----------
        path
            The file.
        verify
            Check everything in it, its checksum too, which reads it whole. Otherwise its structure is checked now, and
            words and numbers when they are first needed.
        normalized
            See `Vectors`.

        Raises
        ------
        DataError
            The file cannot be read, is damaged, or is not one that `save` wrote (a pickle: also a `ValueError`).
        """
        from firth.vectors.kinds import is_native, refuse_pickles_and_pages, start_of
        from firth.vectors.native import read_native

        path = Path(path)
        start = start_of(path)
        if not is_native(start):
            refuse_pickles_and_pages(path, start)
            raise DataError(
                f"{path} is not a vectors file that Firth wrote, or is cut short or damaged at its start; "
                "copy or make it again"
            )
        return read_native(path, verify=verify, normalized=normalized)
