"""The functions that the gallery's mistakes are made in, as they should be: the assignment's, and a few beyond it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from firth import theory
from firth.course import assignment
from firth.theory.functions import Floats
from firth.training import sampling


def cbow(
    currentCenterWord: str,
    windowSize: int,  # noqa: ARG001
    outsideWords: Sequence[str],
    word2Ind: Mapping[str, int],
    centerWordVectors: Floats,
    outsideVectors: Floats,
    dataset: Any,
    word2vecLossAndGradient: assignment.LossAndGradient = assignment.naiveSoftmaxLossAndGradient,
) -> tuple[float, Floats, Floats]:
    """CBOW with the arguments of the assignment's `skipgram`: see `firth.theory.cbow_loss_and_gradients`."""
    return theory.cbow_loss_and_gradients(
        [word2Ind[word] for word in outsideWords],
        word2Ind[currentCenterWord],
        centerWordVectors,
        outsideVectors,
        lambda center, outside, vectors: word2vecLossAndGradient(center, outside, vectors, dataset),
    )


def negativeProbabilities(counts: Sequence[float], exponent: float = 0.75) -> Floats:
    """Probability that each word is drawn as a negative, equation (21)."""
    return sampling.negative_probabilities(counts, exponent)


def keepProbabilities(counts: Sequence[float], threshold: float) -> Floats:
    """Probability that an occurrence of each word stays in the text, one minus equation (22)."""
    return sampling.keep_probabilities(counts, threshold)


def subsampledWindows(ids: Sequence[int], keep: Sequence[float], windowSize: int) -> list[tuple[int, list[int]]]:
    """Windows of a text that is thinned first: (word in the middle, words around it).

    A word that is left out makes room: the words that stay move together, and windows reach further.

    Parameters
    ----------
    ids
        The text.
    keep
        Probability that an occurrence of each word stays.
    windowSize
        Most words on either side.
    """
    kept = [word for word in ids if random.random() < keep[word]]
    return [
        (word, kept[max(0, place - windowSize) : place] + kept[place + 1 : place + 1 + windowSize])
        for place, word in enumerate(kept)
    ]


RIGHT: dict[str, Callable[..., Any]] = {
    "sigmoid": assignment.sigmoid,
    "softmax": assignment.softmax,
    "normalizeRows": assignment.normalizeRows,
    "naiveSoftmaxLossAndGradient": assignment.naiveSoftmaxLossAndGradient,
    "getNegativeSamples": assignment.getNegativeSamples,
    "negSamplingLossAndGradient": assignment.negSamplingLossAndGradient,
    "skipgram": assignment.skipgram,
    "word2vec_sgd_wrapper": assignment.word2vec_sgd_wrapper,
    "cbow": cbow,
    "sgd": assignment.sgd,
    "gradcheck_naive": assignment.gradcheck_naive,
    "negativeProbabilities": negativeProbabilities,
    "keepProbabilities": keepProbabilities,
    "subsampledWindows": subsampledWindows,
}
"""From a function's name to the function as it should be."""
