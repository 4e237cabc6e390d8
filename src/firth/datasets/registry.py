"""Which data sets there are: what each is, where it comes from, its terms, and the checksum of every file.

Paths are relative to the folder named by FIRTH_DATA and to the ``data`` folder of the user cache, which have the same
layout. To add a data set, add an entry to `DATASETS`.
"""

from __future__ import annotations

from dataclasses import dataclass

_MB = 1_000_000


@dataclass(frozen=True)
class DataFile:
    """One file of a data set, pinned.

    Attributes
    ----------
    path
        Relative to the data folder, with forward slashes.
    size
        Bytes.
    sha256
        In hexadecimal.
    replaced_by
        Another file that serves in its place: where that is present, this one may be absent.
    """

    path: str
    size: int
    sha256: str
    replaced_by: str | None = None


@dataclass(frozen=True)
class Archive:
    """A zip file on the web, and the members taken out of it: (name in the archive, path in the data folder)."""

    url: str
    size_limit: int
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Dataset:
    """One data set.

    Attributes
    ----------
    name, description, source, licence
        For people.
    folder
        Where its files are, relative to the data folder.
    files
        Those that it consists of; none where it is built on this machine.
    unpinned
        (path, largest size in bytes) of files that are used where present; their readers check what they hold.
    archives
        Where to download from; none where people have to put the files there themselves.
    """

    name: str
    description: str
    source: str
    licence: str
    folder: str
    files: tuple[DataFile, ...] = ()
    unpinned: tuple[tuple[str, int], ...] = ()
    archives: tuple[Archive, ...] = ()


_DICTIONARY = "sst/dictionary.txt"

_SST = Dataset(
    name="sst",
    description="Stanford Sentiment Treebank: 11,855 sentences of film reviews with sentiments",
    source="https://nlp.stanford.edu/sentiment/ (Socher et al., EMNLP 2013)",
    licence="free for research; cite the paper",
    folder="sst",
    files=(
        DataFile(
            "sst/datasetSentences.txt", 1290263, "f7ae959a5ff0565eb860c3f2e600dde118bcb49aee63df8fa9b9a806da235553"
        ),
        DataFile("sst/datasetSplit.txt", 83764, "ad567db10ae5275963f1ac3dd5ec21214b1d688c7aab582e2616ef4b3f970a5a"),
        DataFile(
            "sst/sentiment_labels.txt", 3263577, "20cbb150106bf334304a6f2076644eb7e1d8e17c7cd3d2d347e72bcaa2b4d322"
        ),
        DataFile(
            "sst/trees/train.txt",
            2160058,
            "e2f3f41b0b1e6d4dddc0effe3bfc2d27ed8928079aa9a03d652311614fc5feb7",
            replaced_by=_DICTIONARY,
        ),
        DataFile(
            "sst/trees/dev.txt",
            280825,
            "0e9336aed6e4730e19f58d00a77b3f0297efdb755f7b5e598c98a05e3f97ea40",
            replaced_by=_DICTIONARY,
        ),
        DataFile(
            "sst/trees/test.txt",
            559614,
            "6e54806dee95cf80cd918e7dfb3f6770f6df24bf826f289a4d1f709e1c8f6761",
            replaced_by=_DICTIONARY,
        ),
    ),
    unpinned=((_DICTIONARY, 50 * _MB),),
    archives=(
        Archive(
            "https://nlp.stanford.edu/~socherr/stanfordSentimentTreebank.zip",
            50 * _MB,
            (
                ("stanfordSentimentTreebank/datasetSentences.txt", "sst/datasetSentences.txt"),
                ("stanfordSentimentTreebank/datasetSplit.txt", "sst/datasetSplit.txt"),
                ("stanfordSentimentTreebank/sentiment_labels.txt", "sst/sentiment_labels.txt"),
                ("stanfordSentimentTreebank/dictionary.txt", _DICTIONARY),
            ),
        ),
        Archive(
            "https://nlp.stanford.edu/sentiment/trainDevTestTrees_PTB.zip",
            10 * _MB,
            (
                ("trees/train.txt", "sst/trees/train.txt"),
                ("trees/dev.txt", "sst/trees/dev.txt"),
                ("trees/test.txt", "sst/trees/test.txt"),
            ),
        ),
    ),
)

_EVAL = Dataset(
    name="eval",
    description="word similarity (WordSim-353, SimLex-999, RG-65) and the Google analogy questions",
    source="Finkelstein et al. 2002; Hill et al. 2015; Rubenstein and Goodenough 1965; Mikolov et al. 2013",
    licence="free for research, cite the papers; questions-words.txt is Apache-2.0",
    folder="eval",
    files=(
        DataFile("eval/EN-WS-353-ALL.txt", 7405, "ce12919b240af45bdf46d243601eaca2b6212b159b5e7e9b435ee7ee40c5619c"),
        DataFile("eval/EN-SIMLEX-999.txt", 18024, "405394ffb7d25f6d0e3c041f87c9f27d29dc6b047506769953e85c4523b11685"),
        DataFile("eval/EN-RG-65.txt", 1210, "c243f3a91c3f5d8cf67f21a67f6fb80bde8b6bb060851a6a48e6f2d68ec98c9f"),
        DataFile(
            "eval/questions-words.txt", 603955, "8c29b3332afc46f3fb8be04cb5297bf96f39aa7131272dff57869b4485b22a36"
        ),
    ),
)

_ENWIKI = Dataset(
    name="enwiki-100mb",
    description="English Wikipedia paragraphs (2015), lower-cased words, one paragraph a line: 16,800,127 tokens",
    source="https://en.wikipedia.org/",
    licence="CC BY-SA 3.0 / GFDL",
    folder="corpora",
    files=(
        DataFile(
            "corpora/enwiki-100mb.txt.gz", 34087425, "590ac83caaf376926864a612471f1f31e04e0334de853ced3e8b2ccbe5a02abe"
        ),
    ),
)

_ZHWIKI = Dataset(
    name="zhwiki-12mb",
    description="Chinese Wikipedia paragraphs, not segmented, traditional and simplified characters mixed",
    source="https://zh.wikipedia.org/",
    licence="CC BY-SA 3.0 / GFDL",
    folder="corpora",
    files=(
        DataFile(
            "corpora/zhwiki-12mb.txt.gz", 5269566, "1beec96a56094378ee7b0e1af1d89e6782e8d5304ecac36607371238a5d49dac"
        ),
    ),
)

_PYTHON_DOCS = Dataset(
    name="python-docs",
    description="docstrings of the standard library, its language topics and the installed packages",
    source="this machine's Python",
    licence="that of each package",
    folder="python-docs",
)

DATASETS: dict[str, Dataset] = {entry.name: entry for entry in (_SST, _EVAL, _ENWIKI, _ZHWIKI, _PYTHON_DOCS)}
"""The data sets by name."""
