"""The assignment's functions under its own names and signatures, thin over `firth.theory`.

Random numbers come from Python's `random`, drawn in the assignment's order: the window, the center word, its context,
then K negatives for each outside word in turn.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth import theory
from firth.checkpoints import Checkpoints
from firth.theory.functions import Floats

BATCH_SIZE = 50
SAVED_FOLDER = "saved_params"
"""Where `sgd(..., useSaved=True)` keeps its checkpoints, below the working folder."""

sigmoid = theory.sigmoid
softmax = theory.softmax


class Dataset(Protocol):
    """What the assignment asks of a data set."""

    def sampleTokenIdx(self) -> int:
        """Draw the index of a word in proportion to count^(3/4)."""

    def getRandomContext(self, C: int = 5) -> tuple[str, list[str]]:
        """Draw a center word and the words at most `C` away from it."""


LossAndGradient = Callable[[Floats, int, Floats, Any], tuple[float, Floats, Floats]]
Word2vecModel = Callable[..., tuple[float, Floats, Floats]]


def normalizeRows(x: ArrayLike) -> Floats:
    """Scale each row of a matrix to unit Euclidean length, equation (46); a row of zeros stays as it is.

    Parameters
    ----------
    x
        Shape (N, D).

    Returns
    -------
    array of shape (N, D)
    """
    matrix = np.asarray(x, dtype=np.float64)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.where(lengths > 0, lengths, 1.0)


def naiveSoftmaxLossAndGradient(
    centerWordVec: Floats,
    outsideWordIdx: int,
    outsideVectors: Floats,
    dataset: Dataset | None,  # noqa: ARG001
) -> tuple[float, Floats, Floats]:
    """Naive softmax loss of one pair: see `firth.theory.naive_softmax_loss_and_gradients`.

    Parameters
    ----------
    centerWordVec
        Shape (D,).
    outsideWordIdx
        Row of the outside word.
    outsideVectors
        Shape (V, D).
    dataset
        Not used; here so that both losses are called alike.

    Returns
    -------
    loss, gradCenterVec of shape (D,), gradOutsideVecs of shape (V, D)
    """
    return theory.naive_softmax_loss_and_gradients(centerWordVec, outsideWordIdx, outsideVectors)


def getNegativeSamples(outsideWordIdx: int, dataset: Dataset, K: int) -> list[int]:
    """Draw K words, none of them the outside word: where that comes up, draw again, equation (33)."""
    negatives: list[int] = []
    while len(negatives) < K:
        drawn = dataset.sampleTokenIdx()
        if drawn != outsideWordIdx:
            negatives.append(drawn)
    return negatives


def negSamplingLossAndGradient(
    centerWordVec: Floats, outsideWordIdx: int, outsideVectors: Floats, dataset: Dataset, K: int = 10
) -> tuple[float, Floats, Floats]:
    """Negative-sampling loss of one pair: see `firth.theory.negative_sampling_loss_and_gradients`.

    Parameters
    ----------
    centerWordVec
        Shape (D,).
    outsideWordIdx
        Row of the outside word.
    outsideVectors
        Shape (V, D).
    dataset
        Where the negatives are drawn.
    K
        How many are drawn; one drawn twice counts twice.

    Returns
    -------
    loss, gradCenterVec of shape (D,), gradOutsideVecs of shape (V, D)
    """
    negatives = getNegativeSamples(outsideWordIdx, dataset, K)
    return theory.negative_sampling_loss_and_gradients(centerWordVec, outsideWordIdx, outsideVectors, negatives)


def skipgram(
    currentCenterWord: str,
    windowSize: int,  # noqa: ARG001
    outsideWords: Sequence[str],
    word2Ind: Mapping[str, int],
    centerWordVectors: Floats,
    outsideVectors: Floats,
    dataset: Dataset,
    word2vecLossAndGradient: LossAndGradient = naiveSoftmaxLossAndGradient,
) -> tuple[float, Floats, Floats]:
    """Skip-gram loss of one window: see `firth.theory.skip_gram_loss_and_gradients`.

    Parameters
    ----------
    currentCenterWord
        The word in the middle.
    windowSize
        Not used: `outsideWords` says all.
    outsideWords
        The words around it.
    word2Ind
        Row of each word.
    centerWordVectors, outsideVectors
        Shape (V, D) each.
    dataset
        Handed on to the loss.
    word2vecLossAndGradient
        The loss of one pair.

    Returns
    -------
    loss, gradCenterVecs, gradOutsideVectors, both of shape (V, D)
    """
    return theory.skip_gram_loss_and_gradients(
        word2Ind[currentCenterWord],
        [word2Ind[word] for word in outsideWords],
        centerWordVectors,
        outsideVectors,
        lambda center, outside, vectors: word2vecLossAndGradient(center, outside, vectors, dataset),
    )


def word2vec_sgd_wrapper(
    word2vecModel: Word2vecModel,
    word2Ind: Mapping[str, int],
    wordVectors: Floats,
    dataset: Dataset,
    windowSize: int,
    word2vecLossAndGradient: LossAndGradient = naiveSoftmaxLossAndGradient,
) -> tuple[float, Floats]:
    """Mean loss and mean gradient of a batch of 50 random windows, equation (47).

    Parameters
    ----------
    word2vecModel
        `skipgram`, or a function with its signature.
    word2Ind
        Row of each word.
    wordVectors
        Shape (2V, D): the first half of the rows are center vectors, the second half outside vectors.
    dataset
        Where windows and negatives are drawn.
    windowSize
        Largest window; each window's own size is drawn from 1 to this.
    word2vecLossAndGradient
        The loss of one pair.

    Returns
    -------
    loss, gradient of shape (2V, D)
    """
    half = wordVectors.shape[0] // 2
    loss, gradient = 0.0, np.zeros_like(wordVectors, dtype=np.float64)
    for _ in range(BATCH_SIZE):
        window = random.randint(1, windowSize)
        center_word, context = dataset.getRandomContext(window)
        window_loss, d_center_vectors, d_outside_vectors = word2vecModel(
            center_word,
            window,
            context,
            word2Ind,
            wordVectors[:half],
            wordVectors[half:],
            dataset,
            word2vecLossAndGradient,
        )
        loss += window_loss / BATCH_SIZE
        gradient[:half] += d_center_vectors / BATCH_SIZE
        gradient[half:] += d_outside_vectors / BATCH_SIZE
    return loss, gradient


def gradcheck_naive(f: Callable[[Floats], tuple[float, Floats]], x: ArrayLike, gradientText: str) -> bool:
    """Print and return whether a gradient agrees with central differences: see `firth.theory.gradient_check`.

    Parameters
    ----------
    f
        Takes an array of the shape of `x`; returns loss and gradient.
    x
        Where to check.
    gradientText
        What is checked, for the message.

    Returns
    -------
    True where every relative difference, with h = 1e-4, is at most 1e-5
    """
    report = theory.gradient_check(f, x, step=1e-4, tolerance=1e-5)
    print(f"{gradientText}: {report}")  # noqa: T201
    return report.passed


def sgd(
    f: Callable[[Floats], tuple[float, Floats]],
    x0: ArrayLike,
    step: float,
    iterations: int,
    postprocessing: Callable[[Floats], Floats] | None = None,
    useSaved: bool = False,
    PRINT_EVERY: int = 10,
) -> NDArray[np.float64]:
    """Minimise by stochastic gradient descent: see `firth.theory.sgd`.

    Parameters
    ----------
    f
        Takes x; returns loss and gradient.
    x0
        Where to start.
    step
        Step size, halved every 20,000 iterations.
    iterations
        How many steps in all.
    postprocessing
        Applied to x after each step.
    useSaved
        Keep a checkpoint every 5,000 iterations in the folder ``saved_params``, and go on from the newest there; one of
        another problem is an error.
    PRINT_EVERY
        Iterations between prints of the smoothed loss.

    Returns
    -------
    x after the last step
    """
    return theory.sgd(
        f,
        x0,
        step,
        iterations,
        postprocess=postprocessing,
        report=lambda iteration, loss: print(f"iteration {iteration}: {loss:.6f}"),  # noqa: T201
        report_every=PRINT_EVERY,
        checkpoints=Checkpoints(SAVED_FOLDER) if useSaved else None,
        resume=useSaved,
    )
