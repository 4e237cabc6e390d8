"""`ShardedCorpus`: a text that the nodes of a Ray cluster read, count and encode, and that lies there in parts.

The words, their ids and the sentences are those that `Corpus.from_text` finds in the same files in the same order, only
that they lie in parts, each on the node that read it. Files are cut up where that can be done without reading them:
plain text at line ends, Parquet by rows; packed text is read whole by one node.
"""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from firth.compute.nodes import LostError, Nodes, Ref
from firth.corpus.asking import Asked, asked_for
from firth.corpus.corpus import Corpus, checksum_of
from firth.corpus.encoding import Reading, finish, read_text
from firth.corpus.pieces import Piece, is_standard_input, kind_of, text_pieces
from firth.corpus.report import ReadingReport, Skipped
from firth.corpus.sources import open_source
from firth.corpus.tables import TABLE_READERS, file_pieces
from firth.corpus.vocabulary import Vocabulary
from firth.errors import DataError, FirthError, OptionError
from firth.files import passing_folder
from firth.progress import Report, silent

if TYPE_CHECKING:
    from firth.corpus.tokenizers import Tokenization

PART_BYTES = 256 << 20
"""Files are gathered, or cut, into parts of about so many bytes."""
PART_WORDS = 8_000_000
PARTS = 16
"""A corpus that is there already is cut into so many parts, or more where they would be larger than `PART_WORDS`."""
LONG_SECONDS = 30.0
"""Without a part read for so long, it is said what may be the matter."""
TREE = 8
"""Counts are added up by so many at a time."""


@dataclass(frozen=True)
class FilePart:
    """A part of a file: bytes, or of Parquet rows, from `start` to before `end`; all of it where `end` is None."""

    path: Path
    start: int = 0
    end: int | None = None


@dataclass(frozen=True)
class Part:
    """Sentences as ids, on some node.

    Attributes
    ----------
    ref
        Stands for (ids, offsets), as a `Corpus` has them.
    first
        Words of the parts before it.
    words, sentences
        How many it has.
    """

    ref: Ref
    first: int
    words: int
    sentences: int


class ShardedCorpus:
    """A corpus in parts, which lie on the nodes of a cluster; otherwise as `Corpus`.

    Attributes
    ----------
    parts : list of Part
        In the order of the text.
    vocabulary, settings, report
        As there.
    """

    def __init__(
        self,
        nodes: Nodes,
        parts: Sequence[tuple[Ref, int, int]],
        vocabulary: Vocabulary,
        settings: dict[str, Any],
        report: ReadingReport,
    ) -> None:
        firsts = itertools.accumulate((words for _, words, _ in parts), initial=0)
        self._nodes = nodes
        self.parts = [Part(ref, first, *size) for (ref, *size), first in zip(parts, firsts, strict=False)]
        self.vocabulary, self.settings, self.report = vocabulary, settings, report

    @classmethod
    def from_text(cls, source: Any, nodes: Nodes, *, report: Report = silent, **options: Any) -> ShardedCorpus:
        """Count and encode files on the nodes of a cluster, each of which must find them under the same names.

        Parameters
        ----------
        source
            Paths, patterns or folders.
        nodes
            The cluster.
        report
            Told of parts read and encoded.
        options
            As for `Corpus.from_text`, but for cache and folder: the corpus lies in the nodes' memory.

        Raises
        ------
        DataError, OptionError
            As there; also where the source is no file.
        """
        asked = asked_for(**options)
        try:
            parts, vocabulary, told, were_lists = _read_on(nodes, source, asked, report)
        except LostError as error:
            message = f"the cluster was lost while it read ({error}): look at ray status, and run it again"
            raise FirthError(message) from error
        return cls(nodes, parts, vocabulary, asked.settings(were_lists), told)

    @classmethod
    def of(cls, corpus: Corpus, nodes: Nodes) -> ShardedCorpus:
        """Lay a corpus out for the nodes of a cluster."""
        ids, offsets = np.asarray(corpus.ids), corpus.offsets
        count = max(PARTS, -(-ids.size // PART_WORDS))
        bounds = np.unique(np.searchsorted(offsets, np.linspace(0, ids.size, count + 1)))
        parts = []
        for start, end in itertools.pairwise(bounds.tolist()):
            of_part = offsets[start : end + 1]
            ref = nodes.put((ids[of_part[0] : of_part[-1]], of_part - of_part[0]))
            parts.append((ref, int(of_part[-1] - of_part[0]), end - start))
        return cls(nodes, parts, corpus.vocabulary, corpus.settings, corpus.report)

    @property
    def words(self) -> int:
        """Words of all sentences."""
        return sum(part.words for part in self.parts)

    def __len__(self) -> int:
        """How many sentences there are."""
        return sum(part.sentences for part in self.parts)

    def checksum(self) -> str:
        """As `Corpus.checksum`, and the same for the same text; the parts are fetched, one after another."""

        def offsets() -> Iterator[NDArray[np.int64]]:
            yield np.zeros(1, np.int64)
            for part in self.parts:
                yield self._nodes.get(part.ref)[1][1:] + part.first

        ids = (self._nodes.get(part.ref)[0] for part in self.parts)
        return checksum_of(self.vocabulary, self.words, len(self), offsets(), ids)


def _read_on(
    nodes: Nodes, source: Any, asked: Asked, report: Report
) -> tuple[list[tuple[Ref, int, int]], Vocabulary, ReadingReport, bool]:
    """The parts as (reference, words, sentences), the vocabulary, the report, and whether lists of words were read."""
    started = time.perf_counter()
    text = open_source(source, asked.column)
    if not text.paths or any(map(is_standard_input, text.paths)):
        raise OptionError(f"{text.description}: the nodes of a cluster read files; name some, or make a Corpus first")
    groups = list(_grouped(part for path in text.paths for part in _cut(path.resolve(), asked.column)))
    given = asked.tokenization, asked.column, asked.strict
    read = [nodes.task(_read, group, *given, answers=3) for group in groups]
    _await(nodes, [told for told, _, _ in read], report, 0, 2 * len(groups))
    readings: list[Reading] = nodes.get([told for told, _, _ in read])
    words, counts = nodes.get(_added_up(nodes, [counted for _, counted, _ in read]))
    skipped = [Skipped(what, len(paths), paths[0]) for what, paths in text.skipped_files.items()]
    skipped += _together([each for reading in readings for each in reading.skipped])
    if not words:
        why = f" ({'; '.join(map(str, skipped))})" if skipped else ""
        raise DataError(f"{text.description} has no words{why}: give a text that has")
    vocabulary = Vocabulary.from_counts(words, counts, **asked.choice)
    laid_out = nodes.put((vocabulary.words, vocabulary.counts, vocabulary.unknown))
    encoded = [
        nodes.task(_encode, told, counted, ids, laid_out, asked.max_sentence, answers=2) for told, counted, ids in read
    ]
    _await(nodes, [size for size, _ in encoded], report, len(groups), 2 * len(groups))
    sizes: list[tuple[int, int, int]] = nodes.get([size for size, _ in encoded])
    told = ReadingReport(
        source=text.description,
        sentences=sum(sentences for _, sentences, _ in sizes),
        tokens=int(counts.sum()),
        types=len(words),
        kept_tokens=sum(kept for _, _, kept in sizes),
        kept_types=len(vocabulary),
        skipped=tuple(skipped),
        seconds=time.perf_counter() - started,
        megabytes=sum(reading.size for reading in readings) / 1e6,
        names=text.names,
    )
    parts = [(ref, size[0], size[1]) for (_, ref), size in zip(encoded, sizes, strict=True)]
    return parts, vocabulary, told, any(reading.were_lists for reading in readings)


def _await(nodes: Nodes, refs: list[Ref], report: Report, before: int, total: int) -> None:
    """Wait until all are done, or one has failed, and tell of it."""
    waiting, moved = list(refs), time.monotonic()
    while waiting:
        done = nodes.done(waiting, 0.2)
        nodes.get(done)
        moved = time.monotonic() if done else moved
        waiting = [each for each in waiting if each not in done]
        is_long = time.monotonic() - moved > LONG_SECONDS
        note = (
            "; other programs may have the processors: see ray status" if is_long and len(waiting) == len(refs) else ""
        )
        report(before + len(refs) - len(waiting), total, f"parts{note}")


def _cut(path: Path, column: str | None) -> Iterator[FilePart]:
    """Cut a file up, where that can be done without reading it."""
    if column is not None and kind_of(path) in TABLE_READERS:
        if path.suffix.lower() != ".parquet":
            yield FilePart(path)
            return
        import polars as pl

        try:
            rows = int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
        except (pl.exceptions.PolarsError, OSError):
            yield FilePart(path)  # who reads it says what is wrong
            return
        count = max(1, min(rows, -(-path.stat().st_size * 4 // PART_BYTES)))  # its text is packed
        bounds = [rows * each // count for each in range(count + 1)]
    else:
        size = path.stat().st_size
        if path.suffix.lower() in {".gz", ".bz2", ".zst"} or size <= PART_BYTES:
            yield FilePart(path)
            return
        count = -(-size // PART_BYTES)
        bounds = [size * each // count for each in range(count + 1)]
    yield from (FilePart(path, *each) for each in itertools.pairwise(bounds))


def _grouped(parts: Iterator[FilePart]) -> Iterator[list[FilePart]]:
    """Gather small files."""
    group: list[FilePart] = []
    size = 0
    for part in parts:
        own = part.path.stat().st_size if part.end is None else PART_BYTES
        if group and size + own > PART_BYTES:
            yield group
            group, size = [], 0
        group.append(part)
        size += own
    if group:
        yield group


def _pieces(parts: Sequence[FilePart], column: str | None) -> Iterator[Piece]:
    for part in parts:
        kind = kind_of(part.path)
        limits = (part.start, part.end) if part.end is not None else None
        if not part.path.exists():
            raise DataError(f"there is no file {part.path} on this node: every node must find it under this name")
        if kind in TABLE_READERS and column is not None:
            yield from file_pieces(part.path, kind, column, 0, limits)
        else:
            yield from text_pieces(part.path, 0, limits)


Counted = tuple[list[str], NDArray[np.int64]]


def _read(
    parts: list[FilePart], tokenization: Tokenization, column: str | None, strict: bool
) -> tuple[Reading, Counted, NDArray[np.uint32]]:
    """Read a part on a node; return the reading without its words, these with their counts, and provisional ids."""
    folder = passing_folder("reading")
    try:
        with (folder / "ids").open("wb") as stream:
            reading = read_text(_pieces(parts, column), tokenization, stream, strict=strict)
        ids = np.fromfile(folder / "ids", np.uint32)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return replace(reading, words=[], counts=reading.counts[:0]), (reading.words, reading.counts), ids


def _added_up(nodes: Nodes, counted: list[Ref]) -> Ref:
    """Add counts up, a few at a time."""
    while len(counted) > 1:
        groups = [counted[start : start + TREE] for start in range(0, len(counted), TREE)]
        counted = [nodes.task(_merge, *group) for group in groups]
    return counted[0]


def _merge(*counted: Counted) -> Counted:
    index: dict[str, int] = {}
    total = np.zeros(sum(len(words) for words, _ in counted), np.int64)
    for words, counts in counted:
        total[[index.setdefault(word, len(index)) for word in words]] += counts
    return list(index), total[: len(index)]


def _encode(
    reading: Reading,
    counted: Counted,
    ids: NDArray[np.uint32],
    laid_out: tuple[list[str], NDArray[np.int64], str | None],
    max_sentence: int | None,
) -> tuple[tuple[int, int, int], tuple[NDArray[np.uint32], NDArray[np.int64]]]:
    """Turn provisional ids into final ones; return words, sentences and words kept, and (ids, offsets)."""
    folder = passing_folder("encoding")
    try:
        ids.tofile(folder / "provisional")
        whole = replace(reading, words=counted[0], counts=counted[1])
        encoded = finish(folder / "provisional", whole, Vocabulary(*laid_out), folder / "ids.npy", max_sentence)
        final = np.load(folder / "ids.npy")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return (final.size, encoded.offsets.size - 1, encoded.kept_tokens), (final, encoded.offsets)


def _together(skipped: list[Skipped]) -> list[Skipped]:
    """One entry for each reason, with the first place."""
    found: dict[str, Skipped] = {}
    for each in skipped:
        known = found.get(each.what)
        found[each.what] = replace(known, count=known.count + each.count) if known else each
    return list(found.values())
