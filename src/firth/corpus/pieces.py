"""A piece of text on its way into a corpus, and how files are opened for theirs."""

from __future__ import annotations

import codecs
import re
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from firth.errors import DataError
from firth.limits import demand_address_space

if TYPE_CHECKING:
    import polars as pl

PIECE_BYTES = 16 << 20
LONGEST_PIECE = 64 << 20
"""A line longer than this goes into several pieces (and is still one sentence)."""


_LONGEST_WORD = 1 << 20
_SPACE = re.compile(rb"[\t\x0b-\r\x1c-\x20]|\xe3\x80\x80")  # the last is the ideographic space


@dataclass(frozen=True)
class Piece:
    """A stretch of the text.

    Attributes
    ----------
    where
        The file it is from, for people.
    content
        Bytes of lines, a Series of strings (one a sentence), or a Series of lists of words.
    starts_inside, ends_inside
        Whether its first line began in the piece before, and whether its last goes on in the next.
    done
        Bytes (of files) or sentences read so far, this piece's among them.
    unit
        What its sentences are called: ``"line"``, ``"row"`` or ``"sentence"``.
    """

    where: str
    content: bytes | pl.Series
    starts_inside: bool = False
    ends_inside: bool = False
    done: int = 0
    unit: str = "line"


def kind_of(path: Path) -> str:
    """The suffix that tells the kind of a file: of ``reviews.csv.gz`` that is ``.csv``."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _OPENERS:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def is_standard_input(path: Path) -> bool:
    """Whether a path stands for standard input."""
    return str(path) == "-"


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Open a file: yield its text, unpacked by its suffix, and the file itself, which tells how far reading is."""
    opener = _OPENERS.get(path.suffix.lower())
    try:
        with path.open("rb", buffering=1 << 20) as raw:
            if opener is None:
                yield raw, raw
                return
            with opener(raw) as stream:
                yield stream, raw
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise unreadable(path, error) from error
    except Exception as error:
        if type(error).__name__ == "ZstdError":  # of one module or another, by the version of Python
            raise unreadable(path, error) from error
        raise


def text_pieces(path: Path, before: int = 0, limits: tuple[int, int] | None = None) -> Iterator[Piece]:
    """Cut a text file after the last line end of every few megabytes; inside a line only where it is very long.

    Parameters
    ----------
    path
        The file, or ``-`` for standard input.
    before
        Bytes of the files before this one, for progress.
    limits
        Of a file that is not packed: lines that begin at the first of these bytes or later, and before the second.

    Raises
    ------
    DataError
        The file can't be read, is cut short, or is no text.
    """
    if is_standard_input(path):
        if sys.stdin is None:
            raise DataError("standard input is closed: name a file, or pipe a text in")
        yield from _cut("standard input", sys.stdin.buffer, None, before)
        return
    with opened(path) as (stream, raw):
        if limits is None:
            yield from _cut(str(path), stream, raw if raw.seekable() else None, before)
            return
        start, end = (_line_start(raw, place) for place in limits)
        raw.seek(start)
        yield from _cut(
            f"{path} from byte {start}" if start else str(path), _Limited(raw, end - start), None, before, start == 0
        )


def _line_start(stream: IO[bytes], place: int) -> int:
    """Where the first line begins that begins at a place or later."""
    if place == 0:
        return 0
    stream.seek(place - 1)
    stream.readline()
    return stream.tell()


class _Limited:
    """The next so many bytes of a stream."""

    def __init__(self, stream: IO[bytes], left: int) -> None:
        self._stream, self._left = stream, left

    def read(self, size: int) -> bytes:
        content = self._stream.read(min(size, self._left))
        self._left -= len(content)
        return content


_RESERVED, _LEAST = 64, 1 << 30
"""Address space that cutting takes: so many bytes for each of text, most of them only reserved; and for its threads."""


def demand_room(piece: Piece, largest: int, workers: int) -> int:
    """Look whether pieces as large as this fit, where none before was; return the size of the largest."""
    text = len(piece.content) if isinstance(piece.content, bytes) else int(piece.content.estimated_size())
    if text > largest:
        at_once = workers if text > PIECE_BYTES // 2 else 1  # a smaller one is the last of its file
        demand_address_space(_LEAST + _RESERVED * text * at_once, "reading this text")
    return max(text, largest)


def unreadable(path: Path, error: Exception) -> DataError:
    """The sentence for a file that can't be read."""
    if isinstance(error, EOFError):
        return DataError(f"{path} is cut short: its packed data end too early; get a whole copy")
    reason = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
    return DataError(f"cannot read {path}: {reason}")


def _cut(
    name: str, stream: IO[bytes] | _Limited, raw: IO[bytes] | None, before: int, first: bool = True
) -> Iterator[Piece]:
    rest, inside = b"", False
    while chunk := stream.read(PIECE_BYTES):
        if first and b"\0" in chunk[:4096]:
            raise DataError(f"{name} is a binary file, not text: give a text file, or unpack it first")
        if first:
            chunk = chunk.removeprefix(codecs.BOM_UTF8)
        first = False
        done = before + (raw.tell() if raw else 0)
        cut = chunk.rfind(b"\n") + 1
        if cut:
            yield Piece(name, rest + chunk[:cut], inside, False, done)
            rest, inside = chunk[cut:], False
            continue
        rest += chunk
        if len(rest) >= LONGEST_PIECE:
            cut = _place_inside(rest)
            yield Piece(name, rest[:cut], inside, True, done)
            rest, inside = rest[cut:], True
    if rest or inside:
        yield Piece(name, rest, inside, False, before + (raw.tell() if raw else 0))


def _place_inside(line: bytes) -> int:
    """Where to cut a line that is too long: after its last white space, or at least between two letters."""
    end = max((match.end() for match in _SPACE.finditer(line, max(len(line) - _LONGEST_WORD, 1))), default=0)
    if not end:
        end = len(line) - 1
        while end > 1 and line[end] & 0xC0 == 0x80:
            end -= 1
    return end


def _open_gzip(raw: IO[bytes]) -> IO[bytes]:
    import gzip

    return cast(IO[bytes], gzip.GzipFile(fileobj=raw))


def _open_bzip2(raw: IO[bytes]) -> IO[bytes]:
    import bz2

    return cast(IO[bytes], bz2.BZ2File(raw))


def _open_zstandard(raw: IO[bytes]) -> IO[bytes]:
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdFile
    else:
        from backports.zstd import ZstdFile
    return cast(IO[bytes], ZstdFile(raw))


_OPENERS = {".gz": _open_gzip, ".bz2": _open_bzip2, ".zst": _open_zstandard}
