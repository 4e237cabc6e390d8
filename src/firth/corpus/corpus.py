"""`Corpus`: a text as word ids on disk, memory-mapped, with its vocabulary and a report of how it was read."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import itertools
import json
import shutil
import time
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import firth
from firth.corpus.asking import Asked, asked_for
from firth.corpus.encoding import finish, read_text
from firth.corpus.report import ReadingReport, Skipped
from firth.corpus.sources import Source, open_source
from firth.corpus.tokenizers import Tokenizer
from firth.corpus.vocabulary import Vocabulary
from firth.datasets.places import cache_folder
from firth.errors import DataError, FirthError, OptionError
from firth.files import make_folder, passing_folder, sha256_of, whole_folder, write_whole
from firth.progress import Report, silent

_HEADER_BYTES = 128
FORMAT, VERSION = "firth-corpus", 2
_FILES = ("ids.npy", "offsets.npy", "vocabulary.parquet")
_OWN_FILES = {*_FILES, "corpus.json"}


class Corpus:
    """Sentences as word ids, with the vocabulary that they are ids of.

    Made by `from_text` or `load`.

    Attributes
    ----------
    ids : (N,) uint32 array
        The words of all sentences, one after another, memory-mapped.
    offsets : (S + 1,) int64 array
        Sentence s is ``ids[offsets[s]:offsets[s + 1]]``; one whose words were all left out is empty.
    vocabulary : Vocabulary
        Word of each id.
    settings : dict
        How the text was cut into words and which of them were kept.
    report : ReadingReport
        What reading it came to.
    folder : Path
        Where it is.
    """

    def __init__(
        self,
        ids: NDArray[np.uint32],
        offsets: NDArray[np.int64],
        vocabulary: Vocabulary,
        settings: dict[str, Any],
        report: ReadingReport,
        folder: Path,
    ) -> None:
        self.ids = ids
        self.offsets = offsets
        self.vocabulary = vocabulary
        self.settings = settings
        self.report = report
        self.folder = folder

    @classmethod
    def from_text(
        cls,
        source: Any,
        *,
        tokenizer: Tokenizer = "words",
        lowercase: bool | None = None,
        nfkc: bool = False,
        digits: str = "keep",
        column: str | None = None,
        min_count: int = 5,
        max_size: int | None = None,
        keep: Iterable[str] | None = None,
        drop: Iterable[str] = (),
        unknown: str | None = None,
        max_sentence: int | None = None,
        strict: bool = False,
        cache: bool = True,
        folder: str | Path | None = None,
        report: Report = silent,
    ) -> Corpus:
        """Read a text, count its words, and encode it.

        Parameters
        ----------
        source
            A path, a pattern, a folder, ``"-"`` (standard input), or several; plain or packed (.gz, .bz2, .zst) text
            with one sentence a line, or tables (.csv, .tsv, .jsonl, .parquet); a Polars or pandas column or table; a
            Hugging Face data set; any iterable of strings or of lists of words, which is gone through once.
        tokenizer
            ``"words"``, ``"whitespace"``, ``"characters"``, ``"jieba"`` or a function from string to list of words.
            Lists of words are taken as they are.
        lowercase
            Turn words into lower case; None does for the tokenizer ``"words"`` alone.
        nfkc
            Normalise to Unicode form NFKC first.
        digits
            ``"keep"``, or ``"fold"``: every digit becomes 0.
        column
            Of tables: the column that holds the text.
        min_count
            Words that occur less often are left out, before windows are formed.
        max_size
            Keep the most frequent so many words.
        keep, drop
            The only words to keep; words to leave out.
        unknown
            A word that stands for all that are left out; None leaves no trace of them.
        max_sentence
            Cut sentences that have more words than this; None keeps them whole, however long.
        strict
            Make invalid UTF-8 an error; otherwise such lines are skipped, counted and reported.
        cache
            Keep the corpus for the next time the same files are read with the same options.
        folder
            Keep it in this folder instead. Without either it is removed when the process ends.
        report
            Told of the progress.

        Raises
        ------
        DataError
            The text is missing, damaged, empty or no text; the message names the file and line.
        OptionError
            An option is not allowed, or leaves no word.
        FirthError
            The corpus can't be written.
        """
        asked = asked_for(
            tokenizer=tokenizer,
            lowercase=lowercase,
            nfkc=nfkc,
            digits=digits,
            column=column,
            min_count=min_count,
            max_size=max_size,
            keep=keep,
            drop=drop,
            unknown=unknown,
            max_sentence=max_sentence,
            strict=strict,
        )
        text = open_source(source, column)
        target, is_kept = _place(text, asked.settings(), callable(tokenizer), cache, folder)
        if is_kept and folder is None and (found := _found(target)) is not None:
            return found
        make_folder(target.parent)
        try:
            # A corpus of the same key that another process has finished meanwhile is as good, and may be in use.
            with whole_folder(target, replace=folder is not None) as part:
                vocabulary, offsets, settings, told = _build(part, text, asked, report)
        except BaseException:
            if not is_kept:
                shutil.rmtree(target.parent, ignore_errors=True)
            raise
        corpus = cls(_mapped(target), offsets, vocabulary, settings, told, target)
        if not is_kept:
            weakref.finalize(corpus, shutil.rmtree, target.parent, ignore_errors=True)
        return corpus

    @classmethod
    def load(cls, folder: str | Path) -> Corpus:
        """Open a corpus that was made before, and check that it is whole.

        Raises
        ------
        DataError
            There is none, or a file of it is missing or damaged.
        """
        place = Path(folder)
        try:
            described = json.loads((place / "corpus.json").read_bytes())
            if (described["format"], described["version"]) != (FORMAT, VERSION):
                raise DataError(f"{place} holds a corpus of another version of Firth: make it again")
            if described.pop("sha256") != _digest(described):
                raise ValueError("its checksum does not match")
            for name in _FILES:
                if sha256_of(place / name) != described["files"][name]:
                    raise DataError(f"{place / name} is damaged: make the corpus again")
            return cls(
                _mapped(place),
                np.load(place / "offsets.npy"),
                Vocabulary.load(place / "vocabulary.parquet"),
                described["settings"],
                ReadingReport.from_dict(described["report"]),
                place,
            )
        except FileNotFoundError as error:
            raise DataError(f"{error.filename} is missing: {place} holds no corpus, or a part of one") from error
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"{place / 'corpus.json'} is damaged or can't be read: make the corpus again") from error

    @property
    def words(self) -> int:
        """Words of all sentences."""
        return len(self.ids)

    def checksum(self) -> str:
        """SHA-256 of the words, their counts and the sentences: the same for the same text, wherever it was read."""
        return checksum_of(self.vocabulary, len(self.ids), len(self), [self.offsets], [np.asarray(self.ids)])

    def sentences(self) -> Iterator[list[str]]:
        """Go through the sentences, as lists of words; again as often as one likes."""
        words = self.vocabulary.words
        for start, end in zip(self.offsets[:-1].tolist(), self.offsets[1:].tolist(), strict=True):
            yield [words[place] for place in self.ids[start:end].tolist()]

    def __len__(self) -> int:
        """How many sentences there are."""
        return len(self.offsets) - 1

    def __repr__(self) -> str:
        return f"Corpus({len(self):,} sentences, {len(self.ids):,} words, {len(self.vocabulary):,} different)"


def checksum_of(
    vocabulary: Vocabulary,
    words: int,
    sentences: int,
    offsets: Iterable[NDArray[np.int64]],
    ids: Iterable[NDArray[np.uint32]],
) -> str:
    """The checksum of a corpus, whose offsets and ids may come part by part."""
    encoded = [word.encode(errors="surrogatepass") for word in vocabulary.words]
    digest = hashlib.sha256()
    for array in itertools.chain(
        (
            np.array([len(encoded), words, sentences], "<i8"),
            np.fromiter(map(len, encoded), "<i8", len(encoded)),
            np.frombuffer(b"".join(encoded), np.uint8),
            vocabulary.counts.astype("<i8", copy=False),
        ),
        (each.astype("<i8", copy=False) for each in offsets),
        (each.astype("<u4", copy=False) for each in ids),
    ):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _digest(described: dict[str, Any]) -> str:
    """SHA-256 of what describes a corpus."""
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _mapped(folder: Path) -> NDArray[np.uint32]:
    """The ids, memory-mapped (where there are any: nothing can't be)."""
    path = folder / "ids.npy"
    ids: NDArray[np.uint32] = np.load(path, mmap_mode="r" if path.stat().st_size > _HEADER_BYTES else None)
    return ids


def _place(
    text: Source, settings: dict[str, Any], by_function: bool, cache: bool, folder: str | Path | None
) -> tuple[Path, bool]:
    """Where the corpus goes, and whether it stays there."""
    if folder is not None:
        target = Path(folder).resolve()
        if target.exists() and (not target.is_dir() or {each.name for each in target.iterdir()} - _OWN_FILES):
            raise OptionError(f"folder is {folder}, which holds something else: give an empty or a new one")
        return target, True
    if cache and text.identity is not None and not by_function:
        told = json.dumps([VERSION, firth.__version__, text.identity, settings])
        try:
            return make_folder(cache_folder() / "corpora") / hashlib.sha256(told.encode()).hexdigest()[:32], True
        except FirthError:
            pass  # a cache that can't be written to is done without
    return passing_folder("corpus") / "corpus", False


def _found(target: Path) -> Corpus | None:
    """A whole corpus made before; None where there is none, or a damaged one."""
    try:
        corpus = Corpus.load(target)
    except DataError:
        shutil.rmtree(target, ignore_errors=True)  # damaged, if there is one
        return None
    corpus.report = dataclasses.replace(corpus.report, from_cache=True)
    return corpus


def _build(
    part: Path, text: Source, asked: Asked, report: Report
) -> tuple[Vocabulary, NDArray[np.int64], dict[str, Any], ReadingReport]:
    """Read the text and fill the folder; what describes it is written last."""
    started = time.perf_counter()
    provisional = part / "provisional.bin"
    with provisional.open("wb") as ids_file:
        reading = read_text(
            text.pieces(), asked.tokenization, ids_file, strict=asked.strict, total=text.total, report=report
        )
    settings = asked.settings(reading.were_lists)
    skipped = [Skipped(what, len(paths), paths[0]) for what, paths in text.skipped_files.items()] + reading.skipped
    if not reading.words:
        why = f" ({'; '.join(map(str, skipped))})" if skipped else ""
        raise DataError(f"{text.description} has no words{why}: give a text that has")
    vocabulary = Vocabulary.from_counts(reading.words, reading.counts, **asked.choice)
    encoded = finish(provisional, reading, vocabulary, part / "ids.npy", asked.max_sentence)
    provisional.unlink()
    stream = io.BytesIO()
    np.save(stream, encoded.offsets)
    write_whole(part / "offsets.npy", stream.getvalue())
    vocabulary.save(part / "vocabulary.parquet")
    told = ReadingReport(
        source=text.description,
        sentences=len(encoded.offsets) - 1,
        tokens=int(reading.counts.sum()),
        types=len(reading.words),
        kept_tokens=encoded.kept_tokens,
        kept_types=len(vocabulary),
        skipped=tuple(skipped),
        seconds=time.perf_counter() - started,
        megabytes=reading.size / 1e6,
        names=text.names,
    )
    checksums = {"ids.npy": encoded.sha256, **{name: sha256_of(part / name) for name in _FILES[1:]}}
    described = {
        "format": FORMAT,
        "version": VERSION,
        "settings": settings,
        "report": told.as_dict(),
        "files": checksums,
    }
    described["sha256"] = _digest(described)
    write_whole(part / "corpus.json", json.dumps(described, indent=1).encode())
    return vocabulary, encoded.offsets, settings, told
