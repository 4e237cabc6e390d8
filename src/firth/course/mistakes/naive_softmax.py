"""Mistakes in the naive softmax loss and its two gradients, equations (7) to (9)."""

# ruff: noqa: ARG001  # wrong code has the whole signature too

from __future__ import annotations

from typing import Any

import numpy as np

from firth.course.assignment import softmax
from firth.course.mistakes.mistake import mistake
from firth.theory.functions import Floats, log_softmax

_FUNCTION = "naiveSoftmaxLossAndGradient"
Answer = tuple[float, Floats, Floats]


@mistake(
    "true-word-forgotten",
    _FUNCTION,
    "the -1 of the true word forgotten",
    "The gradient of the scores is ŷ - y, and y is 1 at the outside word. Here ŷ alone is used, so that the true word "
    "is pushed away like all the others.",
    "Both gradients fail the check. The rows of dJ/dU must sum to zero, and sum to v_c.",
    "Subtract it once: d_scores = y_hat.copy(); d_scores[outsideWordIdx] -= 1, equations (8) and (9).",
)
def _true_word_forgotten(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any) -> Answer:
    log_y_hat = log_softmax(U @ v)
    d_scores = np.exp(log_y_hat)  # wrong
    return -log_y_hat[outsideWordIdx], U.T @ d_scores, np.outer(d_scores, v)


@mistake(
    "transposed",
    _FUNCTION,
    "U(ŷ - y) taken for Uᵀ(ŷ - y)",
    "dJ/dv_c is a sum of the rows of U, weighted by ŷ - y. U(ŷ - y) sums its columns, which has no meaning.",
    "With more words than dimensions NumPy refuses the product. With as many it computes, and the check of dJ/dv_c "
    "fails: so check a gradient where V = D as well.",
    "Write U.T @ (y_hat - y), or (y_hat - y) @ U, equation (8).",
)
def _transposed(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any) -> Answer:
    log_y_hat = log_softmax(U @ v)
    d_scores = np.exp(log_y_hat)
    d_scores[outsideWordIdx] -= 1
    return -log_y_hat[outsideWordIdx], U @ d_scores, np.outer(d_scores, v)  # wrong


@mistake(
    "uphill",
    _FUNCTION,
    "y - ŷ taken for ŷ - y",
    "This is the gradient of the log-likelihood, which is to rise. The loss is its negative, and descent subtracts: "
    "with this sign every step makes the loss larger.",
    "Every entry of both gradients fails the check, each by twice its size, and the loss grows from step to step.",
    "Write ŷ - y: the gradient of what is to become small, equations (8) and (9).",
)
def _uphill(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any) -> Answer:
    log_y_hat = log_softmax(U @ v)
    d_scores = -np.exp(log_y_hat)  # wrong
    d_scores[outsideWordIdx] += 1
    return -log_y_hat[outsideWordIdx], U.T @ d_scores, np.outer(d_scores, v)


@mistake(
    "outside-gradient-from-outside",
    _FUNCTION,
    "dJ/dU made of u where v_c belongs",
    "The score of word w is u_w · v_c, so its derivative by u_w is v_c. Here u_w itself is used.",
    "dJ/dU fails the check in every row, while dJ/dv_c passes.",
    "Each row is (ŷ_w - y_w) v_c: np.outer(d_scores, centerWordVec), equation (9).",
)
def _outside_gradient_from_outside(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any) -> Answer:
    log_y_hat = log_softmax(U @ v)
    d_scores = np.exp(log_y_hat)
    d_scores[outsideWordIdx] -= 1
    return -log_y_hat[outsideWordIdx], U.T @ d_scores, d_scores[:, None] * U  # wrong


@mistake(
    "only-the-true-row",
    _FUNCTION,
    "dJ/dU filled in for the true word alone",
    "Every outside vector stands in the softmax's denominator, so every row has a gradient: ŷ_w v_c for the others.",
    "dJ/dU fails the check in all rows but the outside word's, where it is zero and should not be.",
    "Fill in all rows at once: np.outer(d_scores, centerWordVec), equation (9).",
)
def _only_the_true_row(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any) -> Answer:
    log_y_hat = log_softmax(U @ v)
    d_scores = np.exp(log_y_hat)
    d_scores[outsideWordIdx] -= 1
    d_outside = np.zeros_like(U)
    d_outside[outsideWordIdx] = d_scores[outsideWordIdx] * v  # wrong
    return -log_y_hat[outsideWordIdx], U.T @ d_scores, d_outside


@mistake(
    "loss-of-changed-probabilities",
    _FUNCTION,
    "ŷ changed in place before the loss is taken",
    "d_scores = y_hat is a second name, not a copy. After -= 1 the probability of the true word is negative, and so "
    "its logarithm is not a number.",
    "The loss is nan, while both gradients pass.",
    "Take the loss first, or copy: d_scores = y_hat.copy().",
)
def _loss_of_changed_probabilities(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any) -> Answer:
    y_hat = softmax(U @ v)
    d_scores = y_hat  # wrong
    d_scores[outsideWordIdx] -= 1
    return -np.log(y_hat[outsideWordIdx]), U.T @ d_scores, np.outer(d_scores, v)


@mistake(
    "log-of-underflowed-softmax",
    _FUNCTION,
    "the logarithm of a probability that became 0",
    "e^-800 is 0 in float64. The probability of an unlikely word becomes 0, and its logarithm infinite.",
    "With scores of thousands the loss is infinite, though it is a few thousand. Small scores show nothing.",
    "Take the logarithm before the exponential: log ŷ_o = x_o - log Σ exp(x_j), equation (5).",
)
def _log_of_underflowed_softmax(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any) -> Answer:
    d_scores = softmax(U @ v)
    loss = -np.log(d_scores[outsideWordIdx])  # wrong
    d_scores[outsideWordIdx] -= 1
    return loss, U.T @ d_scores, np.outer(d_scores, v)


@mistake(
    "minus-log-forgotten",
    _FUNCTION,
    "the probability itself returned as the loss",
    "The loss is -log ŷ_o. A probability grows where the prediction gets better, so descent on it would unlearn.",
    "The loss has another value than -log ŷ_o, and both gradients fail the check: they are those of another loss.",
    "Return -log_y_hat[outsideWordIdx], equation (7).",
)
def _minus_log_forgotten(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any) -> Answer:
    y_hat = softmax(U @ v)
    loss = y_hat[outsideWordIdx]  # wrong
    d_scores = y_hat.copy()
    d_scores[outsideWordIdx] -= 1
    return loss, U.T @ d_scores, np.outer(d_scores, v)
