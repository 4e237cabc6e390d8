"""The Stanford Sentiment Treebank: sentences, sentiments and splits.

Sentences come from ``datasetSentences.txt``, where accented letters are encoded twice (``clichÃ©``); that is undone.
Sentiments come from ``dictionary.txt`` and ``sentiment_labels.txt``, or from the roots of the trees where there is no
dictionary.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firth.datasets.places import locate
from firth.errors import DataError
from firth.progress import Report, silent

CUT_OFFS = (0.2, 0.4, 0.6, 0.8)
"""Upper ends, inclusive, of the classes 0 to 3; class 4 is above."""
_MIDPOINTS = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
_LEAST_AGREEMENT = 0.95
"""Of the classes from the dictionary with those of the trees, where both are there."""
_SPLITS = {1: "train", 2: "test", 3: "dev"}
_LEAF = re.compile(r"\([0-4] ([^()]+)\)")
_ROOT = re.compile(r"\(([0-4]) \S.*\)")


@dataclass(frozen=True)
class SentimentTreebank:
    """The treebank in memory.

    Attributes
    ----------
    sentences : list of list of str
        Lower-cased words, in the order of the file.
    scores : (sentences,) float64 array
        Sentiment from 0 (very negative) to 1 (very positive).
    labels : (sentences,) int8 array
        Class 0 to 4 of each, see `category_of`.
    splits : dict of str to int64 array
        Positions of the sentences of ``"train"``, ``"dev"`` and ``"test"``, rising.
    scores_from : str
        ``"dictionary.txt"``, or ``"trees"``: then scores are the classes' midpoints 0.1, 0.3, 0.5, 0.7 and 0.9.
    """

    sentences: list[list[str]]
    scores: NDArray[np.float64]
    labels: NDArray[np.int8]
    splits: dict[str, NDArray[np.int64]]
    scores_from: str


def category_of(score: float) -> int:
    """Class of a sentiment: 0 to 4 for at most 0.2, 0.4, 0.6, 0.8, or above.

    Parameters
    ----------
    score
        Sentiment from 0 to 1.
    """
    return int(np.searchsorted(CUT_OFFS, score))


def load_sst(folder: str | Path | None = None, report: Report = silent) -> SentimentTreebank:
    """Read the Stanford Sentiment Treebank.

    Parameters
    ----------
    folder
        Where ``datasetSentences.txt`` and the others are: a copy of your own, whose structure is checked but not its
        checksums. None finds it by `locate`, with checksums.
    report
        Told of a download's progress.

    Raises
    ------
    NotAvailableError
        It is not on this machine and could not be downloaded.
    DataError
        A file is missing or damaged, or a line is malformed; the message names the file and line.

    References
    ----------
    Socher et al., Recursive deep models for semantic compositionality over a sentiment treebank, EMNLP 2013.
    """
    place = locate("sst", report) if folder is None else Path(folder)
    texts = _read_sentences(place / "datasetSentences.txt")
    splits = _read_splits(place / "datasetSplit.txt", len(texts))
    if (place / "dictionary.txt").exists():
        scores = _scores_from_dictionary(place, texts)
        scores_from = "dictionary.txt"
        if all((place / "trees" / f"{name}.txt").exists() for name in splits):
            _demand_agreement(place / "dictionary.txt", scores, _scores_from_trees(place / "trees", texts, splits))
    else:
        scores = _scores_from_trees(place / "trees", texts, splits)
        scores_from = "trees"
    labels = np.searchsorted(CUT_OFFS, scores).astype(np.int8)
    return SentimentTreebank([text.lower().split(" ") for text in texts], scores, labels, splits, scores_from)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (file:line, text), split at newlines alone: some words hold other characters that Unicode ends lines at."""
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = "is missing" if isinstance(error, FileNotFoundError) else f"can't be read ({error.strerror})"
        raise DataError(f"{path} {reason}: put the file there, or run  firth data fetch sst") from error
    if content.endswith(b"\n"):
        content = content[:-1]
    for number, line in enumerate(content.split(b"\n"), start=1):
        try:
            yield f"{path}:{number}", line.removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{path}:{number} is not UTF-8 text: the file is damaged, get a whole copy") from error


def _records(path: Path, header: str, separator: str) -> Iterator[tuple[str, str, str]]:
    """Yield (file:line, left, right) of the lines after the header, cut at the last separator."""
    lines = _lines(path)
    where, first = next(lines)
    if first != header:
        raise DataError(f"{where} must be {header!r}: this is not the treebank's {path.name}, get a whole copy")
    for where, line in lines:
        left, found, right = line.rpartition(separator)
        if not (found and left and right):
            raise _malformed(where, line, f"two fields with {separator!r} between them")
        yield where, left, right


def _malformed(where: str, line: str, expected: str) -> DataError:
    shown = line if len(line) <= 60 else line[:57] + "..."
    return DataError(f"{where} has {shown!r} where {expected} should be: get a whole copy of the file")


def _read_sentences(path: Path) -> list[str]:
    texts: list[str] = []
    for where, number, text in _records(path, "sentence_index\tsentence", "\t"):
        if number != str(len(texts) + 1):
            raise _malformed(where, number, f"sentence index {len(texts) + 1}")
        if not all(text.split(" ")):
            raise _malformed(where, text, "a sentence with single spaces between its words")
        texts.append(_decoded_once(text))
    if not texts:
        raise DataError(f"{path} has no sentences: get a whole copy of the file")
    return texts


def _decoded_once(text: str) -> str:
    """Undo a second UTF-8 encoding, where there is one."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _read_splits(path: Path, sentences: int) -> dict[str, NDArray[np.int64]]:
    positions: dict[str, list[int]] = {"train": [], "dev": [], "test": []}
    expected = 0
    for where, number, label in _records(path, "sentence_index,splitset_label", ","):
        expected += 1
        if number != str(expected) or expected > sentences:
            raise _malformed(where, number, f"one of the sentence indices 1 to {sentences:,} in order")
        if label not in ("1", "2", "3"):
            raise _malformed(where, label, "1 (train), 2 (test) or 3 (dev)")
        positions[_SPLITS[int(label)]].append(expected - 1)
    if expected != sentences:
        raise DataError(f"{path} places {expected:,} of {sentences:,} sentences: get a whole copy of the file")
    return {name: np.array(places, dtype=np.int64) for name, places in positions.items()}


def _scores_from_trees(folder: Path, texts: list[str], splits: dict[str, NDArray[np.int64]]) -> NDArray[np.float64]:
    scores = np.full(len(texts), np.nan)
    for name, places in splits.items():
        path = folder / f"{name}.txt"
        trees = list(_lines(path)) if len(places) else []
        if len(trees) != len(places):
            raise DataError(f"{path} has {len(trees):,} trees for {len(places):,} sentences: get a whole copy")
        for (where, tree), place in zip(trees, places.tolist(), strict=True):
            root = _ROOT.fullmatch(tree)
            if root is None or tree.count("(") != tree.count(")"):
                raise _malformed(where, tree, "a tree such as (3 (2 It) (4 works))")
            if " ".join(_LEAF.findall(tree)) != texts[place]:
                raise _malformed(where, tree, f"the tree of sentence {place + 1}")
            scores[place] = _MIDPOINTS[int(root[1])]
    return scores


def _scores_from_dictionary(folder: Path, texts: list[str]) -> NDArray[np.float64]:
    path = folder / "dictionary.txt"
    score_of_id = _read_scores(folder / "sentiment_labels.txt")
    phrase_ids = _read_phrase_ids(path)
    scores = np.full(len(texts), np.nan)
    loosely: dict[str, str] | None = None
    for place, text in enumerate(texts):
        phrase_id = phrase_ids.get(text.replace("-LRB-", "(").replace("-RRB-", ")"))
        if phrase_id is None:
            if loosely is None:
                loosely = {_loose(phrase): number for phrase, number in phrase_ids.items()}
            phrase_id = loosely.get(_loose(text))
        if phrase_id is None:
            raise DataError(
                f"{path} lacks sentence {place + 1} of datasetSentences.txt: get a whole copy, or remove it and "
                "sentiments come from the trees"
            )
        if phrase_id not in score_of_id:
            raise DataError(f"{folder / 'sentiment_labels.txt'} lacks phrase id {phrase_id}: get a whole copy")
        scores[place] = score_of_id[phrase_id]
    return scores


def _demand_agreement(path: Path, scores: NDArray[np.float64], tree_scores: NDArray[np.float64]) -> None:
    """Refuse a dictionary, which no checksum pins, if the trees give the sentences other classes."""
    agreeing = np.mean(np.searchsorted(CUT_OFFS, scores) == np.searchsorted(CUT_OFFS, tree_scores))
    if agreeing < _LEAST_AGREEMENT:
        raise DataError(
            f"{path} gives {agreeing:.0%} of the sentences the class that the trees give them, too few for the "
            "treebank's own: get a whole copy, or remove it and sentiments come from the trees"
        )


def _read_phrase_ids(path: Path) -> dict[str, str]:
    phrase_ids: dict[str, str] = {}
    for where, line in _lines(path):
        phrase, _, number = line.rpartition("|")
        if not phrase or not number.isdecimal():
            raise _malformed(where, line, "a phrase, '|' and its id")
        phrase_ids[_decoded_once(phrase)] = number
    return phrase_ids


def _read_scores(path: Path) -> dict[str, float]:
    scores: dict[str, float] = {}
    for where, number, value in _records(path, "phrase ids|sentiment values", "|"):
        try:
            scores[number] = float(value)
        except ValueError:
            raise _malformed(where, value, "a number from 0 to 1") from None
        if not 0 <= scores[number] <= 1:
            raise _malformed(where, value, "a number from 0 to 1")
    return scores


def _loose(text: str) -> str:
    """Form in which spellings of one sentence agree: lower-case ASCII, brackets and slashes plain, no accents."""
    plain = text.lower().replace("-lrb-", "(").replace("-rrb-", ")").replace("\\/", "/").replace("\\*", "*")
    return " ".join(unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode("ascii").split())
