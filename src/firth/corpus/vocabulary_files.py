"""Vocabulary files: Parquet, tab-separated text, and what word2vec.c's ``-save-vocab`` writes.

What a file is shows in its content, never in its name. All are UTF-8, lines end in a newline, and each line's count
follows its word, so that any of them can be read without Firth.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from firth.errors import DataError, OptionError
from firth.files import write_whole

_ENDINGS = (".parquet", ".tsv")
_PARQUET_MAGIC = b"PAR1"
_HEADER = "word\tcount"
# Only a vocabulary that has a word for unknown ones has this column, and "true" in it once.
_HEADER_WITH_UNKNOWN = "word\tcount\tunknown"
_DIGEST = "firth.sha256"
_MOST = 2**63 - 1
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"}
_MEANINGS = {escape: character for character, escape in _ESCAPES.items()}
_TO_ESCAPE = re.compile(r"[\\\t\n\r\0]")
_ESCAPED = re.compile(r"\\.?", re.DOTALL)
_SENTENCE_END = "</s>"
_SHOWN = 60


class Content(NamedTuple):
    """What a vocabulary file holds.

    Attributes
    ----------
    words
        V distinct words.
    counts
        (V,) occurrences of each.
    unknown
        The word that stands for all others, or None.
    """

    words: list[str]
    counts: NDArray[np.int64]
    unknown: str | None


def write(path: Path, content: Content) -> None:
    """Write a vocabulary as Parquet or tab-separated text, by the path's ending, whole or not at all.

    Raises
    ------
    OptionError
        The path ends otherwise.
    DataError
        A word is not Unicode text.
    FirthError
        The file can't be written.
    """
    ending = path.suffix.lower()
    if ending not in _ENDINGS:
        raise OptionError(f"cannot save a vocabulary as {path}: its name must end in {' or '.join(_ENDINGS)}")
    try:
        rows = _rows_of(content).encode()
    except UnicodeEncodeError as error:
        place = slice(max(0, error.start - _SHOWN // 2), error.start + _SHOWN // 2)
        raise DataError(
            f"cannot save a word of the vocabulary, near {error.object[place]!r}: half a surrogate pair is no text"
        ) from error
    write_whole(path, rows if ending == ".tsv" else _parquet_of(content, rows))


def read(path: Path) -> Content:
    """Read a vocabulary file of any of the three kinds.

    Raises
    ------
    DataError
        The file can't be read, is empty, damaged or something else; the message names the line.
    """
    try:
        payload = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"cannot read the vocabulary {path}: {reason}") from error
    if not payload:
        raise DataError(f"{path} is empty: give a file with a vocabulary")
    if payload.startswith(_PARQUET_MAGIC) and not payload.startswith(_PARQUET_MAGIC + b" "):  # or it is a word
        return _read_parquet(path, payload)
    return _read_text(path, payload)


def _rows_of(content: Content) -> str:
    words = content.words
    if _TO_ESCAPE.search("".join(words)):
        words = [_TO_ESCAPE.sub(lambda match: _ESCAPES[match[0]], word) for word in words]
    counts = content.counts.tolist()
    if content.unknown is None:
        lines = map("{}\t{}\n".format, words, counts)
        return f"{_HEADER}\n{''.join(lines)}"
    marks = ["true" if word == content.unknown else "false" for word in content.words]
    lines = map("{}\t{}\t{}\n".format, words, counts, marks)
    return f"{_HEADER_WITH_UNKNOWN}\n{''.join(lines)}"


def _parquet_of(content: Content, rows: bytes) -> bytes:
    """Bytes of a Parquet file that carries a digest of the rows: Parquet alone does not notice a changed byte."""
    import polars as pl

    written = io.BytesIO()
    table = pl.DataFrame(
        {"word": content.words, "count": content.counts}, schema={"word": pl.String, "count": pl.Int64}
    )
    if content.unknown is not None:
        table = table.with_columns(unknown=pl.col("word") == content.unknown)
    table.write_parquet(written, metadata={_DIGEST: hashlib.sha256(rows).hexdigest()})
    return written.getvalue()


def _read_parquet(path: Path, payload: bytes) -> Content:
    import polars as pl

    try:
        metadata = pl.read_parquet_metadata(io.BytesIO(payload))
        table = pl.read_parquet(io.BytesIO(payload))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        first = str(error).partition("\n")[0]
        raise DataError(f"{path} is a damaged Parquet file: {first}; write it again") from error
    kinds = table.schema
    if kinds.get("word") != pl.String or not kinds.get("count", pl.Null()).is_integer():
        there = ", ".join(f"{name} ({kind})" for name, kind in kinds.items())
        raise DataError(
            f"{path} is no vocabulary: it needs the columns word (text) and count (whole numbers), has {there}"
        )
    for column in (table["word"].is_null(), table["word"] == "", table["count"].is_null(), table["count"] < 0):
        if column.any():
            row = column.arg_true()[0] + 1
            raise DataError(f"{path}, row {row}: a word is missing or its count is not a whole number from 0")
    repeated = ~table["word"].is_first_distinct()
    if repeated.any():
        row = repeated.arg_true()[0] + 1
        raise DataError(f"{path}, row {row}: the word {table['word'][row - 1]!r} stands twice")
    unknown = table["word"].filter(table["unknown"]).to_list() if kinds.get("unknown") == pl.Boolean else []
    if len(unknown) > 1:
        raise DataError(f"{path}: both {unknown[0]!r} and {unknown[1]!r} stand for unknown words; mark one")
    content = Content(table["word"].to_list(), table["count"].to_numpy().astype(np.int64), next(iter(unknown), None))
    if _DIGEST in metadata and metadata[_DIGEST] != hashlib.sha256(_rows_of(content).encode()).hexdigest():
        raise DataError(f"{path} is damaged: its words or counts are not those that were written; write it again")
    return content


def _read_text(path: Path, payload: bytes) -> Content:
    if b"\0" in payload:
        line = payload.count(b"\n", 0, payload.index(b"\0")) + 1
        raise DataError(f"{path}, line {line}: this is a binary file and no vocabulary")
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        line = payload.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}, line {line}: the text is not UTF-8; mend or remove that line") from error
    lines = text.split("\n")
    if lines.pop():
        raise DataError(f"{path}, line {len(lines) + 1}: the file ends within a line, as if cut off; write it again")
    header = lines[0].removeprefix("\ufeff").removesuffix("\r") if lines else ""
    if header == _HEADER_WITH_UNKNOWN:
        return _collected(path, _tabbed(path, lines, columns=3))
    if header == _HEADER:
        return _collected(path, _tabbed(path, lines, columns=2))
    return _collected(path, _spaced(path, lines))


def _tabbed(path: Path, lines: list[str], columns: int) -> Iterator[tuple[int, str, str, bool]]:
    """Yield (line number, word, count, is the unknown one) of each line after the header."""
    for number, line in enumerate(lines[1:], start=2):
        fields = line.removesuffix("\r").split("\t")
        mark = fields[2:]
        if len(fields) != columns or mark not in ([], ["true"], ["false"]):
            raise _bad_line(path, number, line, lines[0].strip("\ufeff\r").replace("\t", ", "))
        word = fields[0]
        if "\\" in word:
            escapes = _ESCAPED.findall(word)
            if not all(escape in _MEANINGS for escape in escapes):
                wrong = next(escape for escape in escapes if escape not in _MEANINGS)
                raise DataError(f"{path}, line {number}: {wrong} stands for nothing; a backslash is written \\\\")
            word = _ESCAPED.sub(lambda match: _MEANINGS[match[0]], word)
        yield number, word, fields[1], mark == ["true"]


def _spaced(path: Path, lines: list[str]) -> Iterator[tuple[int, str, str, bool]]:
    """Yield the same of a file of word2vec.c, which counts ends of lines as a word and writes it even with count 0."""
    for number, line in enumerate(lines, start=1):
        word, _, count = line.removesuffix("\r").rpartition(" ")
        if not word or not count or " " in word or "\t" in word:
            raise _bad_line(path, number, line, "a word and its count, with one space between")
        if word != _SENTENCE_END or count != "0":
            yield number, word, count, False


def _collected(path: Path, rows: Iterator[tuple[int, str, str, bool]]) -> Content:
    places: dict[str, int] = {}
    counts = []
    unknown = None
    for number, word, count, is_unknown in rows:
        if not (count.isascii() and count.isdigit()) or len(count) > 19 or int(count) > _MOST:
            shown = f"{count!r:.{_SHOWN}}"
            raise DataError(
                f"{path}, line {number}: {shown} is no count; it must be a whole number from 0 to 2**63 - 1"
            )
        if not word:
            raise DataError(f"{path}, line {number}: the word is empty; remove that line")
        if word in places:
            raise DataError(f"{path}, line {number}: the word {word!r} stands twice; keep one of its lines")
        if is_unknown and unknown is not None:
            raise DataError(f"{path}, line {number}: both {unknown!r} and {word!r} stand for unknown words; mark one")
        places[word] = number
        counts.append(int(count))
        unknown = word if is_unknown else unknown
    return Content(list(places), np.array(counts, dtype=np.int64), unknown)


def _bad_line(path: Path, number: int, line: str, wanted: str) -> DataError:
    return DataError(f"{path}, line {number}: {line!r:.{_SHOWN}} is no line of a vocabulary; it must hold {wanted}")
