"""Vectors as text: a word and its numbers a line. word2vec and fastText (.vec) begin with ``V D``, GloVe does not.

The last D fields of a line are its numbers and all before them is the word, so words may hold spaces (as some of
GloVe's do). Fields are separated by spaces or tabs; no-break and other Unicode spaces belong to words.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from firth.errors import DataError
from firth.vectors.formats.collecting import Batch, Policy, batch_of, collect
from firth.vectors.formats.headers import Header, checked_header
from firth.vectors.formats.streams import CHUNK, unpacked
from firth.vectors.rows import Float32

if TYPE_CHECKING:
    from firth.vectors.vectors import Vectors

_WORKERS = 2
_LONGEST_LINE = 1 << 26
_ODD_NUMBERS = 1 << 12
_SHOWN = 40
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_text(path: Path, policy: Policy, *, header: bool) -> Vectors:
    """Read vectors from text.

    Parameters
    ----------
    path
        The file, packed or not.
    policy
        For duplicates and invalid UTF-8.
    header
        Whether the first line is ``V D``; otherwise D is the number of numbers at the end of the first line.

    Raises
    ------
    DataError
        A line is no word and D numbers, the file is cut short, or a policy refuses a word; the message names the line.
    """
    with unpacked(path) as stream:
        start = stream.read(CHUNK)
        if header:
            said, promised = checked_header(path, start, 2)
            batches = partial(_promised, path, _batches(path, stream, start, said), said)
            return collect(path, batches, policy, "line", 2, promised)
        mark = len(_BYTE_ORDER_MARK) if start.startswith(_BYTE_ORDER_MARK) else 0
        said = Header(0, _numbers_at_the_end(path, start[mark:]), mark)
        return collect(path, lambda _: _batches(path, stream, start, said), policy, "line", 1)


def _promised(path: Path, batches: Iterator[Batch], header: Header, _: Float32 | None) -> Iterator[Batch]:
    """Hold a file to its header: exactly so many words."""
    found = 0
    for batch in batches:
        found += len(batch.rows)
        if found > header.words:
            raise DataError(f"{path} goes on too long: its header promises {header.words:,} words; get a whole copy")
        yield batch
    if found < header.words:
        raise DataError(
            f"{path} is cut short: its header promises {header.words:,} words and it holds {found:,}; get a whole copy"
        )


def _batches(path: Path, stream: IO[bytes], start: bytes, header: Header) -> Iterator[Batch]:
    dimensions, used = header.dimensions, header.end
    line = 2 if header.words else 1
    with ThreadPoolExecutor(_WORKERS) as pool:
        pending: deque[Future[list[Batch]]] = deque()
        try:
            for piece in _pieces(path, stream, start[used:]):
                pending.append(pool.submit(_parsed, path, piece, dimensions, line))
                line += piece.count(b"\n")
                if len(pending) > _WORKERS:
                    yield from pending.popleft().result()
            while pending:
                yield from pending.popleft().result()
        finally:
            for each in pending:
                each.cancel()


def _pieces(path: Path, stream: IO[bytes], rest: bytes) -> Iterator[bytes]:
    """Cut what is left of a file after line ends."""
    parts = [rest]
    while True:
        cut = parts[-1].rfind(b"\n") + 1
        if cut:
            yield b"".join([*parts[:-1], parts[-1][:cut]])
            parts = [parts[-1][cut:]]
        if sum(map(len, parts)) > _LONGEST_LINE:
            raise DataError(f"{path} has a line of over {_LONGEST_LINE:,} bytes: it is no text of vectors")
        chunk = stream.read(CHUNK)
        if not chunk:
            break
        parts.append(chunk)
    if any(parts):
        raise DataError(
            f"{path} ends within a line, as if cut short: get a whole copy, or end its last line with a line end"
        )


def _parsed(path: Path, piece: bytes, dimensions: int, line: int) -> list[Batch]:
    from firth.vectors.formats.kernels import NO_WORD, TOO_FEW, split_text

    buffer = np.frombuffer(piece, dtype=np.uint8)
    odd = np.empty((max(_ODD_NUMBERS, dimensions), 4), dtype=np.int64)
    batches = []
    used = 0
    while used < len(piece):
        room = min(piece.count(b"\n", used), (len(piece) - used) // (2 * dimensions) + 1)
        starts, ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
        rows = np.empty((room, dimensions), dtype=np.float32)
        left = np.zeros(1, dtype=np.int64)
        count, taken, status = split_text(buffer[used:], starts, ends, rows, odd, left)
        _read_odd(path, piece, used, rows, odd[: left[0]], line)
        if status in (TOO_FEW, NO_WORD):
            wrong = piece[used + taken : piece.index(b"\n", used + taken)].decode(errors="backslashreplace")
            shown = repr(wrong if len(wrong) <= _SHOWN else wrong[:_SHOWN] + "...")
            raise DataError(
                f"{path}, line {line + count:,}: {shown} is no word and {dimensions:,} numbers; mend that line"
            )
        batch = batch_of(buffer[used:], starts[:count], ends[:count], b"\n", rows[:count])
        _refuse_numbers_in_words(path, batch, dimensions, line)
        batches.append(batch)
        line, used = line + count, used + taken
    return batches


def _refuse_numbers_in_words(path: Path, batch: Batch, dimensions: int, line: int) -> None:
    """A word may hold spaces, but one that ends in a number is a line with too many numbers."""
    if b" " not in batch.joined and b"\t" not in batch.joined:
        return
    for place, word in enumerate(batch.words):
        if (b" " in word or b"\t" in word) and _is_number(word.split()[-1]):
            raise DataError(f"{path}, line {line + place:,}: it has more than {dimensions:,} numbers; mend that line")


def _read_odd(
    path: Path, piece: bytes, base: int, rows: NDArray[np.float32], odd: NDArray[np.int64], line: int
) -> None:
    """Read the numbers that the kernel left: exactly, by Python, or refuse them."""
    for row, column, start, end in odd.tolist():
        field = piece[base + start : base + end]
        try:
            if b"_" in field:
                raise ValueError
            with np.errstate(over="ignore"):
                rows[row, column] = np.float32(float(field.decode("ascii")))
        except ValueError:
            shown = repr(field[:_SHOWN].decode(errors="backslashreplace"))
            raise DataError(
                f"{path}, line {line + row:,}: {shown} stands where a number must be; mend that line"
            ) from None


def _numbers_at_the_end(path: Path, start: bytes) -> int:
    """D of a file without a header: the first line's fields less the word, or its numbers if the word holds spaces."""
    line, newline, _ = start.partition(b"\n")
    fields = line.split()
    numbers = 0
    for field in reversed(fields[1:]):
        if not _is_number(field):
            break
        numbers += 1
    if not newline or not numbers:
        raise DataError(f"{path}, line 1: no word with numbers after it; this is no file of vectors that Firth knows")
    return numbers


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field


def write_text(stream: IO[bytes], vectors: Vectors, *, header: bool) -> None:
    """Write vectors as text, each number in the fewest digits from which it is read exactly."""
    import polars as pl

    if header:
        stream.write(f"{len(vectors)} {vectors.dimensions}\n".encode())
    for start, block in vectors.blocks():
        columns = [pl.Series("word", vectors.words[start : start + len(block)])]
        columns += [pl.Series(str(place), column) for place, column in enumerate(np.ascontiguousarray(block.T))]
        frame = pl.DataFrame(columns)
        frame.write_csv(stream, include_header=False, separator=" ", quote_style="never", line_terminator="\n")
