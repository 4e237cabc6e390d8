"""Text to ids on disk, in two passes: the text is read once, in parallel; then ids are made final.

In the first pass each word gets a provisional id, in whatever order words first appear, and is counted; ids go to a
file as they come. When all words are counted, the vocabulary is known, and a second pass over that file alone turns
provisional ids into final ones. Nothing but the words themselves and one number a sentence stays in memory.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from firth.corpus.pieces import Piece, demand_room
from firth.corpus.report import Skipped
from firth.corpus.tokenizers import Tokenization
from firth.corpus.vocabulary import Vocabulary
from firth.errors import DataError
from firth.progress import Report, silent

if TYPE_CHECKING:
    import polars as pl

_IDS_PER_CHUNK = 1 << 20
INVALID = "lines of invalid UTF-8"
SkippedLines = tuple[str, int, int]
"""What was skipped, how many, and the place of the first in its piece."""
_LEFT_OUT = np.uint32(0xFFFFFFFF)


@dataclass(frozen=True)
class Digest:
    """What a worker makes of a piece: words as ids of its own, and what it skipped as (what, count, first line)."""

    piece: Piece
    ids: NDArray[np.uint32]
    words: list[str]
    counts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    skipped: list[SkippedLines]
    lines: int
    size: int
    were_lists: bool = False


@dataclass
class Reading:
    """What the first pass found.

    Attributes
    ----------
    words
        The different words, by provisional id.
    counts
        Occurrences of each, (len(words),) int64.
    lengths
        Words of each sentence, (sentences,) int64.
    skipped
        What was left out.
    size
        Bytes of text.
    were_lists
        Whether the text came as lists of words, which no tokenizer has touched.
    """

    words: list[str]
    counts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    skipped: list[Skipped]
    size: int
    were_lists: bool


def read_text(
    pieces: Iterable[Piece],
    tokenization: Tokenization,
    ids_file: IO[bytes],
    *,
    strict: bool = False,
    total: int = 0,
    report: Report = silent,
) -> Reading:
    """Cut pieces into words on all cores, number the words as they come, write the numbers.

    Parameters
    ----------
    pieces
        The text, in order.
    tokenization
        How lines become words.
    ids_file
        Takes the provisional ids, uint32 in the machine's byte order.
    strict
        Whether invalid UTF-8 is an error; otherwise its lines are skipped and counted.
    total
        What `Piece.done` will come to, for progress.
    report
        Called after each piece.

    Raises
    ------
    DataError
        A piece can't be read, or (`strict`) is no valid UTF-8.
    """
    tally = _Tally()
    for digest in _digested(pieces, tokenization):
        tally.add(digest).tofile(ids_file)
        if strict and INVALID in tally.skipped:
            raise DataError(
                f"{tally.skipped[INVALID].first} is not UTF-8 text: mend the file, or read it without strict"
            )
        report(digest.piece.done, total, f"{tally.tokens:,} words")
    return tally.reading()


def _digested(pieces: Iterable[Piece], tokenization: Tokenization) -> Iterator[Digest]:
    """Digest pieces on all cores, in order, with few of them in memory."""
    workers = min(os.cpu_count() or 1, 16)
    waiting: deque[Future[Digest]] = deque()
    largest = 0
    with ThreadPoolExecutor(workers, thread_name_prefix="firth-reader") as pool:
        try:
            for piece in pieces:
                largest = demand_room(piece, largest, workers)
                waiting.append(pool.submit(_digest, piece, tokenization))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _digest(piece: Piece, tokenization: Tokenization) -> Digest:
    """Cut a piece into words and number them."""
    import polars as pl

    lines = piece.content if isinstance(piece.content, pl.Series) else _lines(piece.content)
    if lines.dtype != pl.String:
        tokens, skipped = lines.drop_nulls(), _places({f"{piece.unit}s without a value": lines.is_null()})
        size = int(tokens.explode().str.len_bytes().sum())
        return replace(_numbered(piece, tokens, skipped, len(lines), size), were_lists=True)
    size = len(piece.content) if isinstance(piece.content, bytes) else int(lines.str.len_bytes().sum())
    split = tokenization.split(lines)
    if split is not None:
        digest = _numbered(piece, split, [], len(lines), size)
        if tokenization.splits_right(pl.Series(digest.words)):
            return digest
    tokens, skipped = _words_of(piece, lines, tokenization)
    return _numbered(piece, tokens, skipped, len(lines), size)


def _numbered(piece: Piece, tokens: pl.Series, skipped: list[SkippedLines], lines: int, size: int) -> Digest:
    """Give the words of a piece numbers of its own."""
    import polars as pl

    lengths = tokens.list.len().cast(pl.Int64).to_numpy()
    flat = tokens.filter(tokens.list.len() > 0).explode() if not lengths.all() else tokens.explode()
    if flat.null_count() or (flat == "").any():
        raise DataError(f"{piece.where}: among the {piece.unit}s up to {piece.done:,} one has an empty or missing word")
    codes = flat.cast(pl.Categorical(pl.Categories.random())).to_physical()
    places = codes.arg_unique()
    words = flat.gather(places).gather(codes.gather(places).arg_sort()).to_list()  # by code
    ids = codes.to_numpy()
    return Digest(piece, ids, words, np.bincount(ids, minlength=len(words)), lengths, skipped, lines, size)


def _lines(content: bytes) -> pl.Series:
    """The lines of a piece of a file; null where they are no UTF-8."""
    import polars as pl

    if b"\r\n" in content:
        content = content.replace(b"\r\n", b"\n")
    content = content.removesuffix(b"\n")
    try:
        whole = pl.Series([content], dtype=pl.Binary).cast(pl.String)  # checks as it casts, and copies nothing
    except pl.exceptions.ComputeError:
        return pl.Series([_decoded(line) for line in content.split(b"\n")], dtype=pl.String)
    return whole.str.split("\n").explode()


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


def _words_of(piece: Piece, lines: pl.Series, tokenization: Tokenization) -> tuple[pl.Series, list[SkippedLines]]:
    """Lists of words of the lines that have any, and what was skipped."""
    import polars as pl

    nothing = lines.is_null()
    tokens = tokenization(lines.fill_null("") if nothing.any() else lines)
    if nothing.any():  # a function may find words in nothing
        tokens = pl.select(pl.when(~nothing).then(tokens).otherwise(pl.lit([], dtype=pl.List(pl.String)))).to_series()
    empty = tokens.list.len() == 0
    if not empty.any():
        return tokens, []
    inside = np.zeros(len(lines), dtype=bool)  # whose other part is in another piece
    inside[0], inside[-1] = piece.starts_inside, inside[-1] or piece.ends_inside
    kept = pl.Series(inside)
    missing = INVALID if isinstance(piece.content, bytes) else f"{piece.unit}s without a value"
    blank = lines.str.strip_chars() == ""
    left_out = {
        missing: nothing,
        f"blank {piece.unit}s": empty & blank.fill_null(False) & ~kept,
        f"{piece.unit}s without a word": empty & ~blank.fill_null(True) & ~kept,
    }
    return tokens.filter(~empty | kept), _places(left_out)


def _places(left_out: dict[str, pl.Series]) -> list[SkippedLines]:
    """What was left out, how many, and where the first is."""
    return [(what, int(mask.sum()), int(mask.to_numpy().argmax())) for what, mask in left_out.items() if mask.any()]


class _Numbering(dict[str, int]):
    """Words and their numbers; a word that is asked for the first time gets the next number."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


@dataclass
class _Tally:
    """Words, counts and lengths over all pieces so far."""

    index: _Numbering = field(default_factory=_Numbering)
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1 << 16, np.int64))
    lengths: list[NDArray[np.int64]] = field(default_factory=list)
    skipped: dict[str, Skipped] = field(default_factory=dict)
    tokens: int = 0
    size: int = 0
    were_lists: bool = False
    where: str = ""
    line: int = 0

    def add(self, digest: Digest) -> NDArray[np.uint32]:
        """Take a digest in; return its words' ids over all pieces."""
        index = self.index
        places = np.fromiter(map(index.__getitem__, digest.words), np.uint32, count=len(digest.words))
        while len(index) > len(self.counts):
            self.counts = np.concatenate([self.counts, np.zeros_like(self.counts)])
        self.counts[places] += digest.counts
        lengths = digest.lengths
        if digest.piece.starts_inside and self.lengths and len(lengths):
            self.lengths[-1][-1] += lengths[0]
            lengths = lengths[1:]
        if len(lengths):
            self.lengths.append(lengths.copy())
        if digest.piece.where != self.where:
            self.where, self.line = digest.piece.where, 0
        for what, count, first in digest.skipped:
            known = self.skipped.get(what) or Skipped(what, 0, f"{self.where}:{self.line + first + 1}")
            self.skipped[what] = Skipped(what, known.count + count, known.first)
        self.line += digest.lines - digest.piece.ends_inside
        self.tokens += len(digest.ids)
        self.size += digest.size
        self.were_lists |= digest.were_lists
        return np.take(places, digest.ids, mode="clip") if len(places) else digest.ids

    def reading(self) -> Reading:
        lengths = np.concatenate(self.lengths) if self.lengths else np.empty(0, np.int64)
        words = list(self.index)
        return Reading(
            words, self.counts[: len(words)], lengths, list(self.skipped.values()), self.size, self.were_lists
        )


@dataclass(frozen=True)
class Encoded:
    """What the second pass made.

    Attributes
    ----------
    offsets
        Sentence s is ``ids[offsets[s]:offsets[s + 1]]``, shape (S + 1,), int64.
    sha256
        Of the file of ids.
    kept_tokens
        Words of the text that are in the vocabulary, by themselves and not as its unknown word.
    """

    offsets: NDArray[np.int64]
    sha256: str
    kept_tokens: int


def finish(
    provisional: Path, reading: Reading, vocabulary: Vocabulary, ids_path: Path, max_sentence: int | None
) -> Encoded:
    """Turn provisional ids into the vocabulary's, leaving out words that are not in it.

    Parameters
    ----------
    provisional
        The file that `read_text` wrote.
    reading
        What it returned.
    vocabulary
        The words to keep.
    ids_path
        Takes the ids, as a ``.npy`` file of uint32.
    max_sentence
        Cut sentences with more words than this, after leaving words out; None keeps them whole.
    """
    final = np.array([vocabulary.index.get(word, _LEFT_OUT) for word in reading.words], dtype=np.uint32)
    in_vocabulary = final != _LEFT_OUT
    kept_tokens = int(reading.counts[in_vocabulary].sum())
    if vocabulary.unknown is not None:
        final[~in_vocabulary] = vocabulary.index[vocabulary.unknown]
    written = int(reading.counts[final != _LEFT_OUT].sum())
    with ids_path.open("wb") as stream:
        target = _Checksummed(stream)
        target.write(_npy_header(written))
        kept_ends = _write_final(provisional, final, np.cumsum(reading.lengths), target)
        stream.flush()
        os.fsync(stream.fileno())
    offsets = np.concatenate([[0], kept_ends])
    if max_sentence is not None:
        offsets = _cut_long(offsets, max_sentence)
    return Encoded(offsets, target.sha256(), kept_tokens)


def _write_final(
    provisional: Path, final: NDArray[np.uint32], ends: NDArray[np.int64], target: _Checksummed
) -> NDArray[np.int64]:
    """Write the final ids; return where each sentence ends among them."""
    kept_ends = ends.copy()
    read = written = first = 0
    # While one chunk is checksummed and written, the next is computed.
    with provisional.open("rb") as source, ThreadPoolExecutor(1) as writer:
        last_write: Future[None] | None = None
        while len(chunk := np.fromfile(source, np.uint32, _IDS_PER_CHUNK)):
            ids = np.take(final, chunk, mode="clip")  # several times as fast as final[chunk], which checks bounds
            keep = ids != _LEFT_OUT
            last = int(np.searchsorted(ends, read + len(chunk), side="right"))
            before = np.cumsum(keep, dtype=np.int32)
            kept_ends[first:last] = written + np.where(ends[first:last] > read, before[ends[first:last] - read - 1], 0)
            ids = ids[keep]
            if last_write is not None:
                last_write.result()
            last_write = writer.submit(target.write, ids.data)
            read, written, first = read + len(chunk), written + len(ids), last
        if last_write is not None:
            last_write.result()
    kept_ends[first:] = written  # sentences without words at the end
    return kept_ends


class _Checksummed:
    """A file that is written to, and the SHA-256 of what was."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()

    def write(self, payload: bytes | memoryview) -> None:
        self._stream.write(payload)
        self._digest.update(payload)

    def sha256(self) -> str:
        return self._digest.hexdigest()


def _cut_long(offsets: NDArray[np.int64], longest: int) -> NDArray[np.int64]:
    """Add an offset after every `longest` words of a sentence."""
    lengths = np.diff(offsets)
    parts = np.maximum(1, -(-lengths // longest))
    part = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    starts = np.repeat(offsets[:-1], parts) + part * longest
    return np.concatenate([starts, offsets[-1:]])


def _npy_header(length: int) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<u4", "fortran_order": False, "shape": (length,)})
    return stream.getvalue()
