"""Every format by name: which files it is told by, what reads and writes it, and what it can not hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

import numpy as np

from firth.errors import DataError, OptionError
from firth.vectors.formats.binary import read_binary, write_binary
from firth.vectors.formats.collecting import Policy
from firth.vectors.formats.fasttext import MAGIC, read_fasttext
from firth.vectors.formats.folders import write_model2vec, write_sentence_transformers
from firth.vectors.formats.headers import header_of
from firth.vectors.formats.streams import packed, packing_of, unpacked
from firth.vectors.formats.tables import write_numpy, write_parquet, write_tensorboard
from firth.vectors.formats.text import read_text, write_text
from firth.vectors.kinds import is_native, refuse_pickles_and_pages, start_of
from firth.vectors.rows import DTYPES

if TYPE_CHECKING:
    from firth.vectors.vectors import Vectors

Spaces = Literal["error", "underscore", "skip"]
_WHITE = frozenset(" \t\n\r\v\f")
_UNICODE_WHITE = (
    _WHITE | frozenset("\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | frozenset(map(chr, range(0x2000, 0x200B)))
)


@dataclass(frozen=True)
class Format:
    """A format of files of vectors.

    Attributes
    ----------
    name
        What it is called.
    suffixes
        Endings of file names that mean it; none for a folder.
    holds
        Which of ``counts``, ``outside`` and ``settings`` it holds beside words and vectors.
    separators
        Letters that its words can't hold, as they separate words there.
    packs
        Whether it is written packed where the name of the file says so.
    what
        A line for people.
    read, write
        What reads and writes it, where it is read and written.
    """

    name: str
    what: str
    suffixes: tuple[str, ...] = ()
    holds: frozenset[str] = frozenset()
    separators: frozenset[str] = frozenset()
    packs: bool = False
    read: Callable[[Path, Policy], Vectors] | None = None
    write: Callable[[Path, Vectors], None] | None = None

    @property
    def reads(self) -> bool:
        """Whether it is read; Firth's own is, though not by this table."""
        return self.read is not None or self.name == "native"

    @property
    def writes(self) -> bool:
        """Whether it is written."""
        return self.write is not None or self.name == "native"


def _written_by(write: Callable[[IO[bytes], Vectors], None]) -> Callable[[Path, Vectors], None]:
    """From a writer to a stream to one to a file, whole or not at all, packed by its name."""

    def write_file(path: Path, vectors: Vectors) -> None:
        with packed(path) as stream:
            write(stream, vectors)

    return write_file


_ALL = [
    Format(
        "native", "Firth's own file (docs/format.md)", (".safetensors",), frozenset({"counts", "outside", "settings"})
    ),
    Format(
        "word2vec-text",
        "word2vec as text; also fastText's .vec, and what  spacy init vectors  reads",
        (".txt", ".vec", ".w2v"),
        separators=_WHITE,
        read=partial(read_text, header=True),
        packs=True,
        write=_written_by(partial(write_text, header=True)),
    ),
    Format(
        "word2vec-binary",
        "word2vec as binary, a line end after each word, as word2vec.c writes it",
        (".bin",),
        separators=_WHITE,
        read=read_binary,
        packs=True,
        write=_written_by(partial(write_binary, newline=True)),
    ),
    Format(
        "word2vec-binary-bare",
        "word2vec as binary without line ends, as gensim and Google News have it",
        separators=_WHITE,
        read=read_binary,
        packs=True,
        write=_written_by(partial(write_binary, newline=False)),
    ),
    Format(
        "glove",
        "GloVe's text, without a first line of sizes",
        (".glove",),
        separators=_WHITE,
        read=partial(read_text, header=False),
        packs=True,
        write=_written_by(partial(write_text, header=False)),
    ),
    Format("fasttext-bin", "fastText's .bin: words and letter sequences", read=read_fasttext),
    Format(
        "sentence-transformers",
        "a folder for SentenceTransformer: a StaticEmbedding",
        separators=_UNICODE_WHITE,
        write=write_sentence_transformers,
    ),
    Format("model2vec", "a folder for Model2Vec", separators=_UNICODE_WHITE, write=write_model2vec),
    Format(
        "tensorboard",
        "a folder of two TSVs for TensorBoard's projector",
        holds=frozenset({"counts"}),
        separators=_WHITE,
        write=write_tensorboard,
    ),
    Format("parquet", "a table of word, count, vector", (".parquet",), frozenset({"counts"}), write=write_parquet),
    Format("numpy", "X.npy, and X.words.txt beside it", (".npy",), separators=_WHITE, write=write_numpy),
]
FORMATS = {each.name: each for each in _ALL}


def format_named(name: str) -> Format:
    """Return the format of a name, or raise an `OptionError` that lists the names."""
    if name not in FORMATS:
        raise OptionError(f"format is {name!r}: it must be one of {', '.join(FORMATS)}")
    return FORMATS[name]


def format_of_name(path: Path) -> Format:
    """The format that the name of a file to be written asks for, .gz and .zst aside."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packing = suffixes.pop() if suffixes and suffixes[-1] in (".gz", ".zst") else ""
    for each in FORMATS.values():
        if suffixes and suffixes[-1] in each.suffixes:
            if packing and not each.packs:
                raise OptionError(f"{path}: {each.name} is written as it is; let the name not end in {packing}")
            return each
    known = ", ".join(suffix for each in FORMATS.values() for suffix in each.suffixes)
    raise OptionError(f"{path} does not tell its format: let its name end in one of {known}, or name the format")


def format_to_write(path: Path, name: str | None, dtype: str, spaces: str) -> Format:
    """The format to write a file in, by its own name or that of the file; all that can be told before is checked.

    Raises
    ------
    OptionError
        There is no such format, `dtype` or policy, or they don't fit together.
    """
    chosen = format_of_name(path) if name is None else format_named(name)
    if dtype not in DTYPES:
        raise OptionError(f"dtype is {dtype!r}: it must be one of {', '.join(DTYPES)}")
    if spaces not in ("error", "underscore", "skip"):
        raise OptionError(f"spaces is {spaces!r}: it must be one of error, underscore, skip")
    if chosen.name != "native":
        if not chosen.writes:
            raise OptionError(f"{chosen.name} is read and not written; choose another format")
        if dtype != "float32":
            raise OptionError(f"{chosen.name} has numbers of its own; dtype is for Firth's own format")
    return chosen


def format_of_file(path: Path) -> Format:
    """What a file is, by its content.

    Raises
    ------
    DataError
        It can't be read, is empty, a pickle, a web page, or nothing that Firth reads.
    """
    start = start_of(path)
    if is_native(start):
        return FORMATS["native"]
    if packing_of(start):
        with unpacked(path) as stream:
            start = stream.read(1 << 16)
        if not start:
            raise DataError(f"{path} holds nothing; copy or make it again")
        if is_native(start):
            raise DataError(f"{path} is a packed file of Firth's own, which is mapped as it lies: unpack it first")
    refuse_pickles_and_pages(path, start)
    if start.startswith(MAGIC):
        return FORMATS["fasttext-bin"]
    header = header_of(start)
    if header is not None:
        return FORMATS[
            "word2vec-text" if _looks_like_text(start[header.end :], header.dimensions) else "word2vec-binary"
        ]
    fields = start.partition(b"\n")[0].split()
    if len(fields) == 2:  # a header that lies; of GloVe's vectors, none has one number
        shown = b" ".join(fields)[:40].decode(errors="backslashreplace")
        raise DataError(
            f"{path}, line 1: {shown!r} is neither word2vec's numbers of words and dimensions nor a word and its vector"
        )
    if len(fields) > 2 and not any(b"\0" in field for field in fields):
        return FORMATS["glove"]
    raise DataError(f"{path} is no file of vectors that Firth knows, or is cut short or damaged; get a whole copy")


def _looks_like_text(records: bytes, dimensions: int) -> bool:
    """Whether the first record is a line of text: after its word come signs that numbers are written with."""
    line = records.partition(b"\n")[0]
    if records.startswith(b"\n"):
        return False
    numbers = line.rstrip().rsplit(None, min(dimensions, len(line)))[1:]
    return bool(numbers) and all(set(number) <= set(b"0123456789+-.eEnaifNAIFty_") for number in numbers)


def written_words(vectors: Vectors, format_: Format, spaces: Spaces) -> Vectors:
    """Vectors with words that a format can hold, by a policy for white space in words.

    Raises
    ------
    OptionError
        A word holds white space and the policy is ``"error"``, or two words would be one.
    """
    if not format_.separators:
        return vectors
    wrong = [word for word in vectors.words if not format_.separators.isdisjoint(word)]
    if not wrong:
        return vectors
    if spaces == "error":
        raise OptionError(
            f"{format_.name} can't hold words with white space, and {len(wrong):,} have some, such as {wrong[0]!r}: "
            "choose spaces='underscore' or spaces='skip' (--spaces)"
        )
    if spaces == "skip":
        refused = set(wrong)
        return vectors.subset([word for word in vectors.words if word not in refused])
    words = ["".join("_" if letter in format_.separators else letter for letter in word) for word in vectors.words]
    return type(vectors)(words, vectors.matrix, vectors.counts, vectors.outside, vectors.settings)


def losses(vectors: Vectors, format_: Format) -> list[str]:
    """What of these vectors a format can not hold, in words."""
    lost = []
    if "counts" not in format_.holds and np.any(vectors.counts):
        lost.append("counts")
    if "outside" not in format_.holds and vectors.has_outside:
        lost.append("outside vectors")
    if "settings" not in format_.holds and vectors.settings:
        lost.append("settings")
    if vectors.subwords is not None:
        lost.append("letter sequences, so unknown words get no vectors")
    return lost
