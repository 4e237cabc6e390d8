"""The CS224n word2vec assignment under its own names, its checks, and the demo run.

The functions are thin over `firth.theory`; they consume Python's `random` in the assignment's order, so that its
published values come out.
"""

from firth.course.assignment import (
    getNegativeSamples,
    gradcheck_naive,
    naiveSoftmaxLossAndGradient,
    negSamplingLossAndGradient,
    normalizeRows,
    sgd,
    sigmoid,
    skipgram,
    softmax,
    word2vec_sgd_wrapper,
)
from firth.course.treebank import StanfordSentiment

__all__ = [
    "StanfordSentiment",
    "getNegativeSamples",
    "gradcheck_naive",
    "naiveSoftmaxLossAndGradient",
    "negSamplingLossAndGradient",
    "normalizeRows",
    "sgd",
    "sigmoid",
    "skipgram",
    "softmax",
    "word2vec_sgd_wrapper",
]
