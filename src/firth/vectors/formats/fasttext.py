"""fastText's ``.bin``, read only: words, and the letter sequences from which unknown words get vectors.

A word's vector is the mean of its own row and the rows of its letter n-grams, which are hashed into buckets
(Bojanowski et al. 2017). Numbers in the file are little-endian.
"""

from __future__ import annotations

import mmap
import shutil
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from firth.errors import DataError, OptionError
from firth.vectors.formats.collecting import Policy, decode, kept_places, settings_of_reading
from firth.vectors.formats.streams import CHUNK, packing_of, unpacked
from firth.vectors.rows import Float32

if TYPE_CHECKING:
    from firth.vectors.vectors import Vectors

MAGIC = struct.pack("<i", 793712314)
_VERSIONS = (11, 12)
_LOSSES = {1: "hierarchical-softmax", 2: "negative-sampling", 3: "softmax", 4: "one-vs-all"}
_MODELS = {1: "cbow", 2: "skip-gram", 3: "supervised"}
_WORDS_AT_ONCE = 1 << 14


class _Options(NamedTuple):
    dimensions: int
    window: int
    epochs: int
    min_count: int
    negatives: int
    word_ngrams: int
    loss: int
    model: int
    bucket: int
    shortest: int
    longest: int
    update_rate: int
    subsample: float


class LetterNgrams:
    """Vectors of letter n-grams.

    Parameters
    ----------
    buckets
        float32 of shape (buckets, D); n-grams are hashed into them.
    shortest, longest
        Letters of an n-gram, ``<`` and ``>`` around the word among them.
    """

    def __init__(self, buckets: Float32, shortest: int, longest: int) -> None:
        self.buckets = buckets
        self.shortest = shortest
        self.longest = longest

    def vector(self, word: str) -> Float32:
        """The mean of the word's n-grams' vectors, shape (D,); zeros where it has none."""
        sums, counts = self.sums([word.encode(errors="surrogatepass")])
        return np.asarray(sums[0] / max(counts[0], 1), dtype=np.float32)

    def sums(self, words: list[bytes]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The sums of words' n-grams' vectors, shape (N, D), and how many there are, shape (N,)."""
        from firth.vectors.formats.kernels import add_ngrams

        sums = np.zeros((len(words), self.buckets.shape[1]))
        counts = np.zeros(len(words), dtype=np.int64)
        if len(self.buckets) and self.longest:
            text = b"".join([b"" if word == b"</s>" else b"<" + word + b">" for word in words])
            ends = np.cumsum([0 if word == b"</s>" else len(word) + 2 for word in words])
            starts = np.concatenate([[0], ends[:-1]])
            lengths = (self.shortest, self.longest)
            add_ngrams(np.frombuffer(text, dtype=np.uint8), starts, ends, lengths, self.buckets, sums, counts)
        return sums, counts


def read_fasttext(path: Path, policy: Policy) -> Vectors:
    """Read a fastText model: the vectors of its words, with subwords for unknown ones.

    Raises
    ------
    DataError
        The file is cut short, damaged, quantized, or of a version that is not known.
    """
    try:
        return _Reader(path, _mapped(path)).vectors(policy)
    except (struct.error, IndexError) as error:
        raise DataError(f"{path} is cut short; get a whole copy") from error
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _mapped(path: Path) -> mmap.mmap:
    """The file, mapped; of a packed one, what is in it, in a nameless file that goes when it is no longer used."""
    with path.open("rb") as stream:
        if not packing_of(stream.read(4)):
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    with unpacked(path) as packed_stream, tempfile.TemporaryFile() as plain:
        shutil.copyfileobj(packed_stream, plain, CHUNK)
        plain.flush()
        return mmap.mmap(plain.fileno(), 0, access=mmap.ACCESS_READ)


class _Reader:
    def __init__(self, path: Path, content: mmap.mmap) -> None:
        self.path, self.content, self.place = path, content, 0
        self.buckets_kept = -1

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self.content, self.place)
        self.place += struct.calcsize(layout)
        return values

    def damaged(self, problem: str) -> DataError:
        return DataError(f"{self.path} is damaged: {problem}; get a whole copy")

    def vectors(self, policy: Policy) -> Vectors:
        from firth.vectors.vectors import Vectors

        magic, version = self.take("<ii")
        if struct.pack("<i", magic) != MAGIC or version not in _VERSIONS:
            raise DataError(f"{self.path} is of version {version} of fastText's format; versions 11 and 12 are read")
        options = _Options(*self.take("<12id"))
        if not (1 <= options.dimensions <= 1_000_000 and options.bucket >= 0 and 0 <= options.longest <= 1000):
            raise self.damaged("its options can't be")
        encoded, counts = self.words()
        if self.buckets_kept > 0 or self.take("<b")[0]:
            raise DataError(
                f"{self.path} is quantized (.ftz), which loses most of each number; give the .bin that it was made of"
            )
        rows = self.matrix(options.dimensions)
        words, strange = decode(self.path, encoded, policy, "word", 1)
        if len(rows) < len(words):
            raise self.damaged(f"it has {len(words):,} words and {len(rows):,} rows")
        longest = 0 if version == 11 and options.model == 3 else options.longest
        ngrams = LetterNgrams(rows[len(words) :], options.shortest, longest)
        matrix = np.empty((len(words), options.dimensions), dtype=np.float32)
        for start in range(0, len(words), _WORDS_AT_ONCE):
            chosen = slice(start, min(start + _WORDS_AT_ONCE, len(words)))
            sums, sizes = ngrams.sums(encoded[chosen])
            with np.errstate(over="ignore", invalid="ignore"):  # refused below
                matrix[chosen] = (sums + rows[chosen]) / (1 + sizes)[:, np.newaxis]
        outside = self.outside(options, len(words))
        settings: dict[str, Any] = {
            "architecture": _MODELS.get(options.model, "unknown"),
            "objective": _LOSSES.get(options.loss, "unknown"),
            **{name: getattr(options, name) for name in ("window", "epochs", "min_count", "negatives", "subsample")},
        }
        places = kept_places(self.path, words, policy, "word", 1)
        settings |= settings_of_reading(self.path, policy, strange, len(words) - len(places))
        if len(places) < len(words):
            words = [words[place] for place in places]
            matrix, counts = matrix[places], counts[places]
            outside = None if outside is None else outside[places]
        try:
            subwords = ngrams if len(ngrams.buckets) and longest else None
            return Vectors(words, matrix, counts, outside, settings, subwords=subwords)
        except OptionError as error:
            raise self.damaged(str(error)) from error

    def words(self) -> tuple[list[bytes], NDArray[np.int64]]:
        size, words, labels = self.take("<iii")
        self.take("<q")
        self.buckets_kept = self.take("<q")[0]
        if size != words + labels or words < 1 or labels < 0 or size * 10 > len(self.content):
            raise self.damaged("its numbers of words can't be")
        found, counts = [], []
        for _ in range(size):
            end = self.content.find(b"\0", self.place, self.place + (1 << 16))
            if end < 0:
                raise self.damaged("a word does not end")
            word = self.content[self.place : end]
            self.place = end + 1
            count, kind = self.take("<qb")
            if kind == 0:
                found.append(word)
                counts.append(count)
        if len(found) != words or not all(found) or min(counts) < 0:
            raise self.damaged("its words are not those that it promises")
        return found, np.array(counts, dtype=np.int64)

    def matrix(self, dimensions: int) -> Float32:
        height, width = self.take("<qq")
        if width != dimensions or height < 1 or height * width * 4 > len(self.content) - self.place:
            raise self.damaged(f"it promises {height:,} rows of {width:,} numbers, which it can't hold")
        rows = np.frombuffer(self.content, "<f4", height * width, self.place).reshape(height, width)
        self.place += rows.nbytes
        return rows

    def outside(self, options: _Options, words: int) -> Float32 | None:
        """The output matrix; one row a word unless it belongs to labels or to a tree."""
        if self.take("<b")[0]:
            return None
        rows = self.matrix(options.dimensions)
        if self.place != len(self.content):
            raise self.damaged("it goes on after its end")
        return rows if options.loss in (2, 3) and options.model in (1, 2) and len(rows) == words else None
