"""Mistakes in the sigmoid, the softmax and the scaling of rows: most of them are right for small numbers."""

from __future__ import annotations

import numpy as np

from firth.course.mistakes.mistake import mistake
from firth.theory.functions import Floats


@mistake(
    "sigmoid-overflow",
    "sigmoid",
    "a sigmoid written as e^x / (1 + e^x)",
    "e^x / (1 + e^x) equals the sigmoid on paper. For x above 709 e^x is infinite in float64, and infinite by infinite "
    "is not a number.",
    "sigmoid([-1000, 1000]) gives [0, nan] and must give [0, 1]. Small numbers show nothing.",
    "Form e^-|x| only, which can't overflow: 1 / (1 + e^-|x|) where x >= 0, and e^-|x| / (1 + e^-|x|) elsewhere, "
    "equation (1).",
)
def _sigmoid_overflow(x: Floats) -> Floats:
    exponential = np.exp(x)
    return np.asarray(exponential / (1 + exponential))  # wrong


@mistake(
    "sigmoid-mirrored",
    "sigmoid",
    "the sign in the sigmoid's exponent forgotten",
    "1 / (1 + e^x) is σ(-x) = 1 - σ(x): the probability of the other answer.",
    "It falls where the sigmoid rises: sigmoid(2) gives 0.12 and must give 0.88. Only sigmoid(0) is right.",
    "Write e^-x: σ(x) = 1 / (1 + e^-x), equation (1).",
)
def _sigmoid_mirrored(x: Floats) -> Floats:
    return 1 / (1 + np.exp(np.clip(x, -700, 700)))  # wrong


@mistake(
    "softmax-overflow",
    "softmax",
    "a softmax without the maximum subtracted",
    "e^1000 is infinite in float64, and infinite by infinite is not a number. Adding a constant to all scores changes "
    "no probability, so nothing is lost by making the largest score 0.",
    "softmax([1000, 1001]) gives [nan, nan] and must give [0.27, 0.73]. Small scores show nothing.",
    "Subtract the row's maximum first: x = x - x.max(axis=-1, keepdims=True), equation (4).",
)
def _softmax_overflow(x: Floats) -> Floats:
    exponentials = np.exp(x)  # wrong
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


@mistake(
    "softmax-common-maximum",
    "softmax",
    "one maximum subtracted from all rows",
    "The maximum of the whole matrix is subtracted, not each row's own. Rows far below it become all zeros, and zero "
    "by zero is not a number.",
    "For the rows [1001, 1002] and [-1001, -1002] the second comes out as nan.",
    "Take the maximum along the row and keep the axis: x.max(axis=-1, keepdims=True).",
)
def _softmax_common_maximum(x: Floats) -> Floats:
    exponentials = np.exp(x - x.max())  # wrong
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


@mistake(
    "softmax-common-sum",
    "softmax",
    "all rows of a matrix normalised together",
    "The sum runs over the whole matrix, so that all its entries together are one distribution. Each row is one.",
    "For a matrix of two rows each row sums to less than 1. A vector shows nothing.",
    "Sum along the row and keep the axis: exponentials.sum(axis=-1, keepdims=True), equation (4).",
)
def _softmax_common_sum(x: Floats) -> Floats:
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum())  # wrong


@mistake(
    "rows-of-zeros-divided",
    "normalizeRows",
    "a row of zeros divided by its length",
    "A row of zeros has the length 0, and zero by zero is not a number. One such row makes every later loss nan.",
    "normalizeRows([[3, 4], [0, 0]]) has nan in its second row, which must stay zeros.",
    "Divide by 1 where the length is 0: x / np.where(lengths > 0, lengths, 1).",
)
def _rows_of_zeros_divided(x: Floats) -> Floats:
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    return np.asarray(x / lengths)  # wrong


@mistake(
    "squared-lengths",
    "normalizeRows",
    "rows divided by the square of their length",
    "The sum of the squares is the squared length: its root was forgotten.",
    "The rows that come out don't have the length 1: [3, 4] becomes [0.12, 0.16] and must become [0.6, 0.8].",
    "Take the root: np.sqrt((x ** 2).sum(axis=1, keepdims=True)).",
)
def _squared_lengths(x: Floats) -> Floats:
    squares = (x**2).sum(axis=1, keepdims=True)  # wrong
    return np.asarray(x / np.where(squares > 0, squares, 1.0))
