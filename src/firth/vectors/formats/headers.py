"""The first line of word2vec's formats, ``V D``: how many words, how many numbers each."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from firth.errors import DataError
from firth.vectors.formats.streams import packing_of

_MOST_DIMENSIONS = 1_000_000
_LONGEST = 64


class Header(NamedTuple):
    """V, D, and where the records begin."""

    words: int
    dimensions: int
    end: int


def header_of(start: bytes) -> Header | None:
    """Read a header ``V D`` at the start of a file; None where there is no such line."""
    line, newline, _ = start[: _LONGEST + 1].removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    fields = line.split()
    if not newline or len(fields) != 2 or not all(field.isdigit() for field in fields):
        return None
    return Header(int(fields[0]), int(fields[1]), start.index(b"\n") + 1)


def checked_header(path: Path, start: bytes, smallest_number: int) -> tuple[Header, tuple[int, int] | None]:
    """Read a header, and check that the file can hold what it promises.

    Parameters
    ----------
    path
        The file, for errors.
    start
        Its first bytes.
    smallest_number
        Bytes that a number takes at least.

    Returns
    -------
    header
        What it says.
    promised
        V and D, if the file is large enough for them; None where that can't be known, as it is packed.

    Raises
    ------
    DataError
        There is no header, or it lies.
    """
    header = header_of(start)
    if header is None:
        raise DataError(f"{path}, line 1: word2vec's formats begin with two numbers, of words and of dimensions")
    words, dimensions, end = header
    if words < 1 or not 1 <= dimensions <= _MOST_DIMENSIONS:
        raise DataError(
            f"{path}, line 1: {words:,} words of {dimensions:,} dimensions can't be; both must be at least 1, and "
            f"dimensions at most {_MOST_DIMENSIONS:,}"
        )
    with path.open("rb") as raw:
        if packing_of(raw.read(4)):
            return header, None
    size = path.stat().st_size
    if words * (dimensions * smallest_number + 2) > size - end + 1:
        raise DataError(
            f"{path}, line 1: it promises {words:,} words of {dimensions:,} dimensions, which {size:,} bytes can't "
            "hold; the file is cut short or damaged, so get a whole copy"
        )
    return header, (words, dimensions)
