"""word2vec's binary format: a header ``V D``, and for each word its bytes, a space, D float32 and perhaps a line end.

word2vec.c ends records with a line end, gensim and the Google News file do not: both are read, and can be written.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from firth.errors import DataError
from firth.vectors.formats.collecting import Batch, Policy, collect
from firth.vectors.formats.headers import Header, checked_header
from firth.vectors.formats.streams import CHUNK, unpacked
from firth.vectors.rows import Float32

if TYPE_CHECKING:
    from firth.vectors.vectors import Vectors

_LONGEST_WORD = 1 << 16


def read_binary(path: Path, policy: Policy) -> Vectors:
    """Read word2vec's binary format.

    Raises
    ------
    DataError
        The file is cut short or damaged, or a policy refuses a word in it; the message names the word.
    """
    with unpacked(path) as stream:
        start = stream.read(CHUNK)
        header, promised = checked_header(path, start, 4)
        return collect(path, partial(_batches, path, stream, start, header), policy, "word", 1, promised)


def _batches(path: Path, stream: IO[bytes], held: bytes, header: Header, matrix: Float32 | None) -> Iterator[Batch]:
    from firth.vectors.formats.kernels import LONG_WORD, NO_WORD, split_binary

    words, dimensions, used = header
    found = 0
    at_once = max(1, CHUNK // (4 * dimensions))
    while found < words:
        room = min(at_once, words - found)
        starts, ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
        rows = np.empty((room, dimensions), dtype="<f4") if matrix is None else matrix[found : found + room]
        buffer = np.frombuffer(held, dtype=np.uint8)[used:]
        count, taken, status = split_binary(buffer, _LONGEST_WORD, starts, ends, rows.view(np.uint8))
        if status in (LONG_WORD, NO_WORD):
            problem = f"a word of over {_LONGEST_WORD:,} bytes" if status == LONG_WORD else "an empty word"
            raise DataError(
                f"{path}, word {found + count + 1:,}: {problem} stands there; the file is damaged, or is another format"
            )
        if count:
            base = used
            spans = zip((starts[:count] + base).tolist(), (ends[:count] + base).tolist(), strict=True)
            yield Batch([held[start:stop] for start, stop in spans], rows[:count])
            found, used = found + count, used + taken
        if found < words and count < room:
            more = stream.read(max(CHUNK, 4 * dimensions))
            if not more:
                raise DataError(
                    f"{path} is cut short: its header promises {words:,} words and it holds {found:,}; get a whole copy"
                )
            held, used = held[used:] + more, 0
    _check_end(path, held[used:], stream)


def _check_end(path: Path, rest: bytes, stream: IO[bytes]) -> None:
    rest += stream.read(64)
    if rest.strip(b"\n"):
        raise DataError(
            f"{path} goes on after the last word that its header promises; it is damaged, or another format"
        )


def write_binary(stream: IO[bytes], vectors: Vectors, *, newline: bool) -> None:
    """Write word2vec's binary format, with or without a line end after each record."""
    stream.write(f"{len(vectors)} {vectors.dimensions}\n".encode())
    end = b"\n" if newline else b""
    encoded = [word.encode() + b" " for word in vectors.words]
    for start, block in vectors.blocks():
        rows = block.astype("<f4", copy=False)
        here = encoded[start : start + len(rows)]
        stream.write(b"".join([part for word, row in zip(here, rows, strict=True) for part in (word, row.data, end)]))
