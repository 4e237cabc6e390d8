"""Mistakes in negative sampling, equations (10) to (13): what is drawn, the loss and its gradients."""

# ruff: noqa: ARG001  # wrong code has the whole signature too

from __future__ import annotations

from typing import Any

import numpy as np

from firth.course.assignment import getNegativeSamples, sigmoid
from firth.course.mistakes.mistake import mistake
from firth.theory.functions import Floats, log_sigmoid

_FUNCTION = "negSamplingLossAndGradient"
Answer = tuple[float, Floats, Floats]


@mistake(
    "outside-word-kept",
    "getNegativeSamples",
    "the outside word kept among the negatives",
    "A pair can't be both observed and made up: one term pulls u_o towards v_c and another pushes it away.",
    "The negatives contain the outside word when it is drawn. It happens to frequent words most.",
    "Draw again where the outside word comes up: while drawn == outsideWordIdx.",
)
def _outside_word_kept(outsideWordIdx: int, dataset: Any, K: int) -> list[int]:
    return [dataset.sampleTokenIdx() for _ in range(K)]  # wrong


@mistake(
    "fewer-than-K",
    "getNegativeSamples",
    "the outside word left out, and none drawn in its place",
    "K words are drawn and the outside word is dropped from them, so that fewer than K negatives are left.",
    "The list is shorter than K whenever the outside word is drawn.",
    "Draw until there are K: while len(negatives) < K.",
)
def _fewer_than_k(outsideWordIdx: int, dataset: Any, K: int) -> list[int]:
    drawn = [dataset.sampleTokenIdx() for _ in range(K)]
    return [word for word in drawn if word != outsideWordIdx]  # wrong


@mistake(
    "repeats-dropped",
    _FUNCTION,
    "a negative drawn twice counts once in dJ/dU",
    "grad[negatives] += rows reads, adds and writes each row once: where an index comes up twice, the last row "
    "written stays and the others are lost. A loop with grad[k] = ... loses them too.",
    "The loss and dJ/dv_c are right, since they sum over all K. dJ/dU is too small by the factor n_k in the rows of "
    "words drawn n_k times. Without repeats nothing shows.",
    "Use np.add.at(grad, negatives, rows), or a loop with grad[k] += ..., equation (13).",
)
def _repeats_dropped(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any, K: int = 10) -> Answer:
    rows = np.array([outsideWordIdx, *getNegativeSamples(outsideWordIdx, dataset, K)])
    signs = np.array([1.0] + [-1.0] * K)
    scores = signs * (U[rows] @ v)
    d_scores = -signs * sigmoid(-scores)
    d_outside = np.zeros_like(U)
    d_outside[rows] += np.outer(d_scores, v)  # wrong
    return -log_sigmoid(scores).sum(), U[rows].T @ d_scores, d_outside


@mistake(
    "set-of-negatives",
    _FUNCTION,
    "a negative drawn twice counts once in everything",
    "The negatives are made a set. The sum in the loss has K terms, and a word drawn twice has two of them.",
    "The gradients agree with this loss, so that a gradient check passes; but the loss is not that of equation (10), "
    "and the published values don't come out.",
    "Keep the list as it was drawn, repeats and all.",
)
def _set_of_negatives(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any, K: int = 10) -> Answer:
    negatives = sorted(set(getNegativeSamples(outsideWordIdx, dataset, K)))  # wrong
    rows = np.array([outsideWordIdx, *negatives])
    signs = np.array([1.0] + [-1.0] * len(negatives))
    scores = signs * (U[rows] @ v)
    d_scores = -signs * sigmoid(-scores)
    d_outside = np.zeros_like(U)
    np.add.at(d_outside, rows, np.outer(d_scores, v))
    return -log_sigmoid(scores).sum(), U[rows].T @ d_scores, d_outside


@mistake(
    "negatives-sign-flipped",
    _FUNCTION,
    "the sign of the negatives' gradient flipped",
    "d(-log σ(-x))/dx = +σ(x): a drawn word is pushed away by descent. With a minus it is pulled in, like the "
    "outside word.",
    "The loss is right. dJ/dv_c fails the check, and dJ/dU fails in the negatives' rows, by twice their size.",
    "Write + σ(u_k · v_c) for the negatives, - σ(-u_o · v_c) for the outside word, equations (11) to (13).",
)
def _negatives_sign_flipped(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any, K: int = 10) -> Answer:
    rows = np.array([outsideWordIdx, *getNegativeSamples(outsideWordIdx, dataset, K)])
    signs = np.array([1.0] + [-1.0] * K)
    scores = signs * (U[rows] @ v)
    d_scores = -sigmoid(-scores)  # wrong
    d_outside = np.zeros_like(U)
    np.add.at(d_outside, rows, np.outer(d_scores, v))
    return -log_sigmoid(scores).sum(), U[rows].T @ d_scores, d_outside


@mistake(
    "one-minus-sigmoid-of-minus-x",
    _FUNCTION,
    "1 - σ(-x) taken for σ(-x)",
    "1 - σ(x) equals σ(-x), so 1 - σ(-x) is σ(x) again: the minus was applied twice. A pair that is told apart "
    "well gets a large step, and one that is not a small one.",
    "The loss is right, and all gradients have the right signs and the wrong sizes.",
    "Write either σ(-x) or 1 - σ(x), not both, equation (3).",
)
def _one_minus_sigmoid_of_minus_x(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any, K: int = 10) -> Answer:
    rows = np.array([outsideWordIdx, *getNegativeSamples(outsideWordIdx, dataset, K)])
    signs = np.array([1.0] + [-1.0] * K)
    scores = signs * (U[rows] @ v)
    d_scores = -signs * (1 - sigmoid(-scores))  # wrong
    d_outside = np.zeros_like(U)
    np.add.at(d_outside, rows, np.outer(d_scores, v))
    return -log_sigmoid(scores).sum(), U[rows].T @ d_scores, d_outside


@mistake(
    "logarithm-not-differentiated",
    _FUNCTION,
    "σ(x)(1 - σ(x)) where the logarithm's derivative belongs",
    "σ(x)(1 - σ(x)) is the derivative of σ. That of log σ has 1/σ(x) in front, by the chain rule, which leaves "
    "1 - σ(x).",
    "The loss is right, and all gradients are too small, most of all where |x| is large.",
    "Write d(-log σ(x))/dx = -(1 - σ(x)) = -σ(-x), equation (3).",
)
def _logarithm_not_differentiated(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any, K: int = 10) -> Answer:
    rows = np.array([outsideWordIdx, *getNegativeSamples(outsideWordIdx, dataset, K)])
    signs = np.array([1.0] + [-1.0] * K)
    scores = signs * (U[rows] @ v)
    d_scores = -signs * sigmoid(scores) * (1 - sigmoid(scores))  # wrong
    d_outside = np.zeros_like(U)
    np.add.at(d_outside, rows, np.outer(d_scores, v))
    return -log_sigmoid(scores).sum(), U[rows].T @ d_scores, d_outside


@mistake(
    "u-for-v",
    _FUNCTION,
    "dJ/dU made of u where v_c belongs",
    "The score u_k · v_c has the derivative v_c by u_k. Here u_k itself is used.",
    "The loss and dJ/dv_c are right; dJ/dU fails the check in every row that is not zero.",
    "Each row is its factor times the center vector: np.outer(d_scores, centerWordVec), equations (12) and (13).",
)
def _u_for_v(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any, K: int = 10) -> Answer:
    rows = np.array([outsideWordIdx, *getNegativeSamples(outsideWordIdx, dataset, K)])
    signs = np.array([1.0] + [-1.0] * K)
    scores = signs * (U[rows] @ v)
    d_scores = -signs * sigmoid(-scores)
    d_outside = np.zeros_like(U)
    np.add.at(d_outside, rows, d_scores[:, None] * U[rows])  # wrong
    return -log_sigmoid(scores).sum(), U[rows].T @ d_scores, d_outside


@mistake(
    "log-of-underflowed-sigmoid",
    _FUNCTION,
    "the logarithm of a sigmoid that became 0",
    "σ(-800) is 0 in float64, and its logarithm is infinite, though log σ(-800) is just -800.",
    "With scores of thousands the loss is infinite. Small scores show nothing.",
    "Use log σ(x) = min(x, 0) - log(1 + e^-|x|), equation (2): np.minimum(x, 0) - np.log1p(np.exp(-abs(x))).",
)
def _log_of_underflowed_sigmoid(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any, K: int = 10) -> Answer:
    rows = np.array([outsideWordIdx, *getNegativeSamples(outsideWordIdx, dataset, K)])
    signs = np.array([1.0] + [-1.0] * K)
    scores = signs * (U[rows] @ v)
    d_scores = -signs * sigmoid(-scores)
    d_outside = np.zeros_like(U)
    np.add.at(d_outside, rows, np.outer(d_scores, v))
    return -np.log(sigmoid(scores)).sum(), U[rows].T @ d_scores, d_outside  # wrong


@mistake(
    "negatives-not-negated",
    _FUNCTION,
    "-log σ(x) taken for -log σ(-x) in the negatives' loss",
    "A drawn pair is to be told as drawn, with the probability 1 - σ(x) = σ(-x). Here the loss asks that it be told as "
    "observed.",
    "The loss is wrong, and the gradients, which are right for equation (10), fail the check against it.",
    "Write log σ(-u_k · v_c) for the negatives, equation (10).",
)
def _negatives_not_negated(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any, K: int = 10) -> Answer:
    rows = np.array([outsideWordIdx, *getNegativeSamples(outsideWordIdx, dataset, K)])
    signs = np.array([1.0] + [-1.0] * K)
    d_scores = -signs * sigmoid(-signs * (U[rows] @ v))
    d_outside = np.zeros_like(U)
    np.add.at(d_outside, rows, np.outer(d_scores, v))
    return -log_sigmoid(U[rows] @ v).sum(), U[rows].T @ d_scores, d_outside  # wrong


@mistake(
    "center-without-negatives",
    _FUNCTION,
    "the negatives left out of dJ/dv_c",
    "v_c stands in every term of the loss, so every negative adds σ(u_k · v_c) u_k to its gradient.",
    "The loss and dJ/dU are right; dJ/dv_c fails the check: it is that of the first term alone.",
    "Add the sum over the negatives, equation (11).",
)
def _center_without_negatives(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any, K: int = 10) -> Answer:
    rows = np.array([outsideWordIdx, *getNegativeSamples(outsideWordIdx, dataset, K)])
    signs = np.array([1.0] + [-1.0] * K)
    scores = signs * (U[rows] @ v)
    d_scores = -signs * sigmoid(-scores)
    d_outside = np.zeros_like(U)
    np.add.at(d_outside, rows, np.outer(d_scores, v))
    return -log_sigmoid(scores).sum(), d_scores[0] * U[outsideWordIdx], d_outside  # wrong


@mistake(
    "negatives-averaged",
    _FUNCTION,
    "the negatives' terms divided by K",
    "The K terms are summed, not averaged: with more negatives they weigh more.",
    "The loss is too small, and the gradients agree with it, so that a gradient check passes; the published values "
    "don't come out.",
    "Sum the K terms, equation (10).",
)
def _negatives_averaged(v: Floats, outsideWordIdx: int, U: Floats, dataset: Any, K: int = 10) -> Answer:
    rows = np.array([outsideWordIdx, *getNegativeSamples(outsideWordIdx, dataset, K)])
    signs = np.array([1.0] + [-1.0] * K)
    shares = np.array([1.0] + [1 / K] * K)  # wrong
    scores = signs * (U[rows] @ v)
    d_scores = -signs * sigmoid(-scores) * shares
    d_outside = np.zeros_like(U)
    np.add.at(d_outside, rows, np.outer(d_scores, v))
    return -(shares * log_sigmoid(scores)).sum(), U[rows].T @ d_scores, d_outside
