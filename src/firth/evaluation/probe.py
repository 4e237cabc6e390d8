"""A probe: what a linear classifier can tell from sentences' vectors, beside what it can tell without them.

One row a weighting. Its regularisation is chosen on dev, and test is looked at once by what was chosen; the majority
class and a bag of words, fitted alike, stand below as baselines.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.errors import DataError, OptionError
from firth.evaluation.features import (
    WEIGHTS,
    Sentences,
    bags_of_words,
    in_known_words,
    possible_weights,
    sentence_features,
)
from firth.evaluation.sentiment import SPLITS, STRENGTHS, evaluate_sentiment
from firth.progress import Report, silent
from firth.vectors.vectors import Vectors

_CELLS = 1 << 22
_BAG_STRENGTHS = STRENGTHS[4:12]
"""From 1e-4 to 10^-0.5: others are slow for so many columns, and never best."""

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ProbeRow:
    """How one kind of features does.

    Attributes
    ----------
    name
        One of `firth.evaluation.features.WEIGHTS`, ``"bag of words"`` or ``"majority"``.
    dev, accuracy
        Shares answered rightly on dev and on test, from 0 to 1.
    interval
        95 % bootstrap interval of `accuracy`.
    macro_f1, macro_f1_interval
        Mean over classes of ``2 TP / (2 TP + FP + FN)`` on test, and its interval.
    regularisation
        λ of `evaluate_sentiment`, the best on dev; None for the majority.
    confusion
        Sentences of test: rows are the true class, columns the predicted one.
    """

    name: str
    dev: float
    accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    macro_f1_interval: tuple[float, float]
    regularisation: float | None
    confusion: list[list[int]]


@dataclass(frozen=True)
class ProbeResult:
    """What was found of one task.

    Attributes
    ----------
    name
        Of the task.
    classes
        Their names.
    n
        Sentences of each split.
    coverage
        Share of the words' occurrences that have a vector.
    without_words
        Sentences none of whose words has one.
    rows
        Those of the vectors first, then baselines.
    """

    name: str
    classes: tuple[str, ...]
    n: dict[str, int]
    coverage: float
    without_words: int
    rows: tuple[ProbeRow, ...]

    @property
    def chosen(self) -> ProbeRow:
        """The row of the vectors that is best on dev, the first of equals."""
        return max((row for row in self.rows if row.name in WEIGHTS), key=lambda row: row.dev)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain numbers, lists and dicts, which JSON can hold."""
        return {**dataclasses.asdict(self), "chosen": self.chosen.name}


def probe(
    vectors: Vectors,
    sentences: Sentences,
    labels: Sequence[int] | _Ints,
    splits: Mapping[str, _Ints],
    classes: Sequence[str],
    *,
    name: str = "",
    weights: Sequence[str] | None = None,
    baselines: bool = True,
    split_unknown: bool = True,
    seed: int = 1,
    resamples: int = 2000,
    report: Report = silent,
) -> ProbeResult:
    """Classify sentences by logistic regression on their vectors.

    Parameters
    ----------
    vectors
        Of words.
    sentences
        S sentences as words.
    labels
        The class of each, as its place in `classes`.
    splits
        Places of the sentences of ``"train"``, ``"dev"`` and ``"test"``.
    classes
        Their names.
    name
        Of the task.
    weights
        Of `firth.evaluation.features.WEIGHTS`; None for all that the vectors allow.
    baselines
        Whether to fit a bag of words, too.
    split_unknown
        Whether to take words without a vector apart, see `in_known_words`.
    seed, resamples
        Of the bootstrap intervals.
    report
        Told how many rows are done.

    Raises
    ------
    OptionError
        A split is missing, there are no such weights.
    DataError
        No word of the sentences has a vector, or train has one class only.
    MissingExtraError
        scikit-learn is not installed.
    """
    y = np.asarray(labels, dtype=np.int64)
    missing = [split for split in SPLITS if split not in splits]
    if missing:
        raise OptionError(f"splits lacks {missing[0]!r}: give {', '.join(SPLITS)}")
    places = {split: np.asarray(splits[split], dtype=np.int64) for split in SPLITS}
    chosen = possible_weights(vectors) if weights is None else tuple(weights)
    words = in_known_words(vectors, sentences) if split_unknown else [list(sentence) for sentence in sentences]
    coverage, without = _coverage(vectors, words)
    if not coverage:
        raise DataError(
            "no word of the sentences has a vector: check that they are in the vectors' language, and cut alike"
        )
    y_of = {split: y[rows] for split, rows in places.items()}
    rows = [_majority(y_of, len(classes), seed, resamples)]
    todo = [*chosen, *(["bag of words"] if baselines else [])]
    for number, kind in enumerate(todo):
        report(number, len(todo), kind)
        bags = kind == "bag of words"
        x = (
            bags_of_words(sentences, places["train"])
            if bags
            else sentence_features(vectors, words, kind, places["train"])
        )
        x_of = {split: x[rows] for split, rows in places.items()}
        found = evaluate_sentiment(x_of, y_of, classes=len(classes), strengths=_BAG_STRENGTHS if bags else STRENGTHS)
        rows.insert(-1, _row(kind, found.dev, found.confusion, found.regularisation, seed, resamples))
    report(len(todo), len(todo), "done")
    return ProbeResult(
        name, tuple(classes), {split: len(rows) for split, rows in places.items()}, coverage, without, tuple(rows)
    )


def macro_f1(confusion: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Mean over classes of ``2 TP / (2 TP + FP + FN)``, for confusion matrices of shape (..., classes, classes).

    Classes that are neither true nor predicted anywhere are left out of the mean, as scikit-learn does.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1).astype(np.float64)
    both = (confusion.sum(axis=-1) + confusion.sum(axis=-2)).astype(np.float64)
    scores = np.divide(2 * hits, both, out=np.zeros_like(hits), where=both > 0)
    return np.asarray(scores.sum(axis=-1) / np.maximum((both > 0).sum(axis=-1), 1))


def _coverage(vectors: Vectors, sentences: Sentences) -> tuple[float, int]:
    known = [sum(word in vectors for word in sentence) for sentence in sentences]
    return sum(known) / max(1, sum(map(len, sentences))), known.count(0)


def _majority(y: Mapping[str, _Ints], classes: int, seed: int, resamples: int) -> ProbeRow:
    if not y["train"].size:
        raise OptionError("train has no sentence: give some")
    most = int(np.bincount(y["train"]).argmax())
    confusion = np.zeros((classes, classes), dtype=np.int64)
    confusion[:, most] = np.bincount(y["test"], minlength=classes)
    return _row("majority", float(np.mean(y["dev"] == most)), confusion, None, seed, resamples)


def _row(name: str, dev: float, confusion: _Ints, regularisation: float | None, seed: int, resamples: int) -> ProbeRow:
    """Both scores and their intervals: drawing sentences again is drawing cells of the confusion matrix again."""
    total = int(confusion.sum())
    generator = np.random.default_rng(seed)
    step = max(1, _CELLS // confusion.size)
    drawn = []
    for start in range(0, resamples, step):
        cells = generator.multinomial(total, confusion.ravel() / total, min(step, resamples - start))
        again = cells.reshape(-1, *confusion.shape)
        drawn.append(np.stack([np.trace(again, axis1=1, axis2=2) / total, macro_f1(again)]))
    accuracies, scores = (_interval(values) for values in np.concatenate(drawn, axis=1))
    accuracy = float(np.trace(confusion) / total)
    return ProbeRow(
        name, dev, accuracy, accuracies, float(macro_f1(confusion)), scores, regularisation, confusion.tolist()
    )


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
