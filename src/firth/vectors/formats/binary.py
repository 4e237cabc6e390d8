"""word2vec's binary format: a header ``V D``, and for each word its bytes, a space, D float32 and perhaps a line end.

word2vec.c ends records with a line end, gensim and the Google News file do not: both are read, and can be written.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import numpy as np

from firth.errors import DataError
from firth.vectors.formats.collecting import Batch, Policy, batch_of, collect
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


def _batches(path: Path, stream: IO[bytes], start: bytes, header: Header, matrix: Float32 | None) -> Iterator[Batch]:
    """Yield batches; while one is looked at, a thread reads and cuts the next."""
    records = _Records(path, stream, start, header, matrix)
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(records.following)
        while (batch := ahead.result()) is not None:
            ahead = pool.submit(records.following)
            yield batch
    records.check_end()


class _Records:
    """What is left of a file, in a buffer that is used again and again: fresh memory is slower than the reading."""

    def __init__(self, path: Path, stream: IO[bytes], start: bytes, header: Header, matrix: Float32 | None) -> None:
        self.path, self.stream, self.header, self.matrix = path, stream, header, matrix
        self.found = 0
        self.buffer = np.empty(2 * max(CHUNK, 4 * header.dimensions + _LONGEST_WORD), dtype=np.uint8)
        self.used, self.filled = 0, len(start) - header.end
        self.buffer[: self.filled] = np.frombuffer(start, dtype=np.uint8)[header.end :]

    def following(self) -> Batch | None:
        """The next batch; None where the header promises no more."""
        from firth.vectors.formats.kernels import LONG_WORD, NO_WORD, split_binary

        words, dimensions, _ = self.header
        while self.found < words:
            room = min(max(1, CHUNK // (4 * dimensions)), words - self.found)
            starts, ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
            stop = self.found + room
            rows = np.empty((room, dimensions), dtype="<f4") if self.matrix is None else self.matrix[self.found : stop]
            held = self.buffer[self.used : self.filled]
            count, taken, status = split_binary(held, _LONGEST_WORD, starts, ends, rows.view(np.uint8))
            if status in (LONG_WORD, NO_WORD):
                problem = f"a word of over {_LONGEST_WORD:,} bytes" if status == LONG_WORD else "an empty word"
                raise DataError(
                    f"{self.path}, word {self.found + count + 1:,}: {problem} stands there; the file is damaged, or is "
                    "another format"
                )
            if count:
                self.found, self.used = self.found + count, self.used + taken
                return batch_of(held, starts[:count], ends[:count], b" ", rows[:count])
            if not self._read_more():
                raise DataError(
                    f"{self.path} is cut short: its header promises {words:,} words and it holds {self.found:,}; get a "
                    "whole copy"
                )
        return None

    def _read_more(self) -> int:
        left = self.filled - self.used
        self.buffer[:left] = self.buffer[self.used : self.filled].copy()
        read: int = cast(io.BufferedIOBase, self.stream).readinto(self.buffer[left:].data)
        self.used, self.filled = 0, left + read
        return read

    def check_end(self) -> None:
        """Refuse a file that goes on; line ends may."""
        rest = self.buffer[self.used : self.filled].tobytes() + self.stream.read(64)
        if rest.strip(b"\n"):
            raise DataError(
                f"{self.path} goes on after the last word that its header promises; it is damaged, or another format"
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
