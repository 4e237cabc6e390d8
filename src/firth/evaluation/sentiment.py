"""Sentiment of sentences from the mean of their words' vectors: the assignment's test of word vectors.

A logistic regression is fitted on train for each of several strengths of regularisation; dev chooses one, and test is
looked at once, by the chosen one. Its accuracy means little without the one of always answering the same, which
stands beside it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.errors import DataError, OptionError, import_extra
from firth.progress import Report, silent

SPLITS = ("train", "dev", "test")
STRENGTHS = tuple(10.0 ** (exponent / 2) for exponent in range(-12, 3))
"""λ of the objective of `evaluate_sentiment`, from 1e-6 (hardly any) to 10 (nearly always the same answer)."""

_Features = dict[str, Any]
"""Dense, float64 of shape (sentences, D), or sparse."""
_Labels = dict[str, NDArray[np.int64]]


@dataclass(frozen=True)
class SentimentResult:
    """Accuracies, each a share from 0 to 1, and how they came about.

    Attributes
    ----------
    train, dev, test
        Accuracy of the chosen classifier.
    majority_test
        Share of test that has train's most frequent class: what always answering the same scores.
    largest_class_test
        Share of test's own most frequent class.
    regularisation
        The strength λ that was best on dev.
    by_regularisation
        (strength, accuracy on train, accuracy on dev), strengths rising.
    confusion : (classes, classes) int64 array
        Sentences of test: rows are the true class, columns the predicted one.
    n
        Sentences of each split.
    """

    train: float
    dev: float
    test: float
    majority_test: float
    largest_class_test: float
    regularisation: float
    by_regularisation: list[tuple[float, float, float]]
    confusion: NDArray[np.int64]
    n: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain numbers, lists and dicts, which JSON can hold."""
        plain = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {
            **plain,
            "by_regularisation": [list(row) for row in self.by_regularisation],
            "confusion": self.confusion.tolist(),
            "n": dict(self.n),
        }


def sentence_means(
    sentences: Iterable[Iterable[str]],
    index: Mapping[str, int],
    matrix: ArrayLike,
    unknown: str | None = None,
) -> NDArray[np.float64]:
    """Mean of the vectors of each sentence's words: ``s = (1/n) Σ_i v_i``.

    Parameters
    ----------
    sentences
        S sentences as words; gone through once. A word counts as often as it occurs.
    index
        The row of each word.
    matrix
        The vectors, shape (V, D).
    unknown
        The word whose vector stands for words without one; None leaves those out.

    Returns
    -------
    (S, D) float64 array
        Zeros where a sentence has no words left.

    Raises
    ------
    OptionError
        `matrix` is not two-dimensional, a row of `index` lies outside it, or `unknown` is not in `index`.
    """
    vectors = np.asarray(matrix, dtype=np.float64)
    if vectors.ndim != 2:
        raise OptionError(f"matrix has shape {vectors.shape}: it must be (words, dimensions)")
    outside = next((word for word, row in index.items() if not 0 <= row < len(vectors)), None)
    if outside is not None:
        raise OptionError(f"index gives row {index[outside]} for {outside!r}: matrix has {len(vectors)} rows")
    if unknown is not None and unknown not in index:
        raise OptionError(f"unknown is {unknown!r}, which has no vector: name a word that has, or None")
    stand_in = -1 if unknown is None else index[unknown]
    means = []
    for sentence in sentences:
        rows = [row for word in sentence if (row := index.get(word, stand_in)) >= 0]
        means.append(vectors[rows].mean(axis=0) if rows else np.zeros(vectors.shape[1]))
    return np.array(means, dtype=np.float64).reshape(len(means), vectors.shape[1])


def evaluate_sentiment(
    features: Mapping[str, ArrayLike],
    labels: Mapping[str, ArrayLike],
    *,
    classes: int = 5,
    strengths: Sequence[float] = STRENGTHS,
    report: Report = silent,
) -> SentimentResult:
    """Accuracy of a logistic regression on sentence features.

    Minimises ``(1/n) Σ_i -log softmax(W x_i + b)[y_i] + (λ/2) |W|²`` on train. Features are standardised by train's
    mean and deviation first, so that λ weighs all alike and a grid of λ fits vectors of any length. Of the strengths
    given the one with the highest accuracy on dev is chosen, the stronger of equals.

    Parameters
    ----------
    features
        For each of ``"train"``, ``"dev"`` and ``"test"``, shape (sentences, D); of a matrix of SciPy's that is sparse,
        columns are taken as they are.
    labels
        For each of them the classes, shape (sentences,), whole numbers from 0 to ``classes - 1``.
    classes
        How many classes there are.
    strengths
        The λ to try, rising.
    report
        Told how many strengths have been tried.

    Raises
    ------
    OptionError
        A split is missing or empty, or shapes do not fit together.
    DataError
        A feature is not a number, a label is not a class, or train has one class only.
    MissingExtraError
        scikit-learn is not installed.

    References
    ----------
    CS224n, assignment 1 (2017), part 4: sentiment analysis with word vectors.
    """
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 2:
        raise OptionError(f"classes is {classes!r}: it must be a whole number from 2")
    y = {split: _labels_of(split, labels, classes) for split in SPLITS}
    x = _standardised({split: _features_of(split, features, len(y[split])) for split in SPLITS})
    if len(np.unique(y["train"])) < 2:
        raise DataError("train has sentences of one class only: there is nothing to tell apart")
    # Matrices this small are 30 times faster on one thread, and the last bits no longer hang on how many there are.
    with import_extra("threadpoolctl", "lab").threadpool_limits(1):
        classifier, strength, tried = _chosen_on_dev(x, y, strengths, report)
        predicted = np.asarray(classifier.predict(x["test"]), dtype=np.int64)
    confusion = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(confusion, (y["test"], predicted), 1)
    majority = np.bincount(y["train"]).argmax()
    train, dev = next((train, dev) for tried_strength, train, dev in tried if tried_strength == strength)
    return SentimentResult(
        train=train,
        dev=dev,
        test=float(np.trace(confusion) / confusion.sum()),
        majority_test=float(np.mean(y["test"] == majority)),
        largest_class_test=float(np.bincount(y["test"]).max() / len(y["test"])),
        regularisation=strength,
        by_regularisation=tried,
        confusion=confusion,
        n={split: len(y[split]) for split in SPLITS},
    )


def _chosen_on_dev(
    x: _Features, y: _Labels, strengths: Sequence[float], report: Report
) -> tuple[Any, float, list[tuple[float, float, float]]]:
    """Fit every strength on train; return the classifier that is best on dev, its strength, and all accuracies."""
    linear_model = import_extra("sklearn.linear_model", "lab")
    best: tuple[Any, float, float] | None = None
    tried = []
    for done, strength in enumerate(strengths, start=1):
        # scikit-learn weighs the sum of the losses by C where the objective here takes their mean.
        classifier = linear_model.LogisticRegression(C=1 / (strength * len(y["train"])), tol=1e-5, max_iter=10_000)
        classifier.fit(x["train"], y["train"])
        train, dev = (float(np.mean(classifier.predict(x[split]) == y[split])) for split in ("train", "dev"))
        tried.append((strength, train, dev))
        if best is None or dev >= best[2]:
            best = classifier, strength, dev
        report(done, len(strengths), f"dev {dev:.3f}")
    assert best is not None
    return best[0], best[1], tried


def _standardised(x: _Features) -> _Features:
    """Give every column of train mean 0 and deviation 1, and move the other splits alike."""
    if any(map(_is_sparse, x.values())):
        return x  # moved, a sparse matrix would not be sparse any more
    mean, deviation = x["train"].mean(axis=0), x["train"].std(axis=0)
    # A column that is constant but for rounding would be blown up to noise.
    deviation[deviation <= 1e-12 * np.abs(mean)] = 1.0
    if any(array.shape[1] != len(mean) for array in x.values()):
        sizes = ", ".join(f"{array.shape[1]} ({split})" for split, array in x.items())
        raise OptionError(f"features have {sizes} columns: the splits must have equally many")
    return {split: (array - mean) / deviation for split, array in x.items()}


def _is_sparse(matrix: Any) -> bool:
    return hasattr(matrix, "tocsr")


def _features_of(split: str, features: Mapping[str, ArrayLike], sentences: int) -> Any:
    if split not in features:
        raise OptionError(f"features lack the split {split!r}: give {', '.join(SPLITS)}")
    given: Any = features[split]
    array = given if _is_sparse(given) else np.asarray(given, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] == 0:
        raise OptionError(f"features[{split!r}] has shape {array.shape}: it must be (sentences, dimensions)")
    if array.shape[0] != sentences:
        raise OptionError(
            f"features[{split!r}] has {array.shape[0]:,} rows and labels[{split!r}] {sentences:,}: make them equal"
        )
    if _is_sparse(array):
        return array
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if bad.size:
        raise DataError(
            f"row {bad[0]} of features[{split!r}] holds a value that is not a finite number: mend the vectors"
        )
    return array


def _labels_of(split: str, labels: Mapping[str, ArrayLike], classes: int) -> NDArray[np.int64]:
    if split not in labels:
        raise OptionError(f"labels lack the split {split!r}: give {', '.join(SPLITS)}")
    array = np.asarray(labels[split])
    if array.ndim != 1 or array.size == 0:
        raise OptionError(f"labels[{split!r}] has shape {array.shape}: it must be (sentences,), with at least one")
    if array.dtype.kind not in "iu":
        raise DataError(
            f"labels[{split!r}] has the type {array.dtype}: classes are whole numbers from 0 to {classes - 1}"
        )
    bad = np.flatnonzero((array < 0) | (array >= classes))
    if bad.size:
        raise DataError(f"label {bad[0]} of {split!r} is {array[bad[0]]}: classes are 0 to {classes - 1}")
    return array.astype(np.int64)
