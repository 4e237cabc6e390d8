"""The mathematics of word2vec in NumPy float64, one function per formula: the oracle that fast code is held to.

Every function returns the loss and its exact gradients; README.md beside this file derives them, with the numbered
equations that the docstrings cite. This room imports NumPy and the standard library alone.
"""

from firth.theory.functions import log_sigmoid, log_softmax, sigmoid, softmax
from firth.theory.gradcheck import GradientReport, gradient_check
from firth.theory.losses import (
    hierarchical_softmax_loss_and_gradients,
    naive_softmax_loss_and_gradients,
    negative_sampling_loss_and_gradients,
)
from firth.theory.randomness import get_random_state, set_random_state
from firth.theory.sgd import sgd
from firth.theory.windows import cbow_loss_and_gradients, skip_gram_loss_and_gradients

__all__ = [
    "GradientReport",
    "cbow_loss_and_gradients",
    "get_random_state",
    "gradient_check",
    "hierarchical_softmax_loss_and_gradients",
    "log_sigmoid",
    "log_softmax",
    "naive_softmax_loss_and_gradients",
    "negative_sampling_loss_and_gradients",
    "set_random_state",
    "sgd",
    "sigmoid",
    "skip_gram_loss_and_gradients",
    "softmax",
]
