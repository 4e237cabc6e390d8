"""Mistakes in CBOW, equations (28) to (31): the mean on the way in, and on the way back."""

# ruff: noqa: ARG001  # wrong code has the whole signature too

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from firth.course.mistakes.mistake import mistake
from firth.theory.functions import Floats

Answer = tuple[float, Floats, Floats]
Loss = Callable[[Floats, int, Floats, Any], Answer]
Rows = Mapping[str, int]


@mistake(
    "mean-forgotten-on-the-way-back",
    "cbow",
    "each word gets the whole gradient of the mean",
    "m = 1/n Σ v_w, so each v_w has 1/n of the gradient of m. The original program leaves the n out, and steps n "
    "times too far.",
    "dJ/dV is n times what central differences give. A window of one word shows nothing.",
    "Divide by the number of words: gradient / len(outsideWords), equation (31).",
)
def _mean_forgotten_on_the_way_back(
    center: str, windowSize: int, words: Sequence[str], rows: Rows, V: Floats, U: Floats, dataset: Any, loss_of: Loss
) -> Answer:
    around = [rows[word] for word in words]
    loss, d_mean, d_U = loss_of(V[around].mean(axis=0), rows[center], U, dataset)
    d_V = np.zeros_like(V)
    for row in around:
        d_V[row] += d_mean  # wrong
    return loss, d_V, d_U


@mistake(
    "context-repeats-dropped",
    "cbow",
    "a word that stands in the window twice gets its share once",
    "grad[rows] += share writes each row once, so that a word in two places gets 1/n instead of 2/n.",
    "dJ/dV is too small in the rows of repeated words. Without a repeat nothing shows.",
    "Use np.add.at(grad, rows, share), or a loop with +=, equation (31).",
)
def _context_repeats_dropped(
    center: str, windowSize: int, words: Sequence[str], rows: Rows, V: Floats, U: Floats, dataset: Any, loss_of: Loss
) -> Answer:
    around = [rows[word] for word in words]
    loss, d_mean, d_U = loss_of(V[around].mean(axis=0), rows[center], U, dataset)
    d_V = np.zeros_like(V)
    d_V[around] += d_mean / len(around)  # wrong
    return loss, d_V, d_U


@mistake(
    "sum-for-mean",
    "cbow",
    "the context vectors summed, not averaged",
    "A sum grows with the window, so that wide windows give large scores. CBOW as defined here takes the mean.",
    "The gradients agree with this loss, so that a gradient check passes; the loss has another value wherever the "
    "window has more than one word.",
    "Take the mean, equation (28), and give 1/n back, equation (31).",
)
def _sum_for_mean(
    center: str, windowSize: int, words: Sequence[str], rows: Rows, V: Floats, U: Floats, dataset: Any, loss_of: Loss
) -> Answer:
    around = [rows[word] for word in words]
    loss, d_sum, d_U = loss_of(V[around].sum(axis=0), rows[center], U, dataset)  # wrong
    d_V = np.zeros_like(V)
    for row in around:
        d_V[row] += d_sum
    return loss, d_V, d_U


@mistake(
    "gradient-to-the-middle-word",
    "cbow",
    "the mean's gradient given to the middle word",
    "The middle word is predicted: its outside vector is in the loss, its center vector is not. The gradient of the "
    "mean belongs to the words around.",
    "Row c of dJ/dV is not zero and must be; the rows of the words around are zero and must not be.",
    "Give 1/n of it to each word around, equation (31).",
)
def _gradient_to_the_middle_word(
    center: str, windowSize: int, words: Sequence[str], rows: Rows, V: Floats, U: Floats, dataset: Any, loss_of: Loss
) -> Answer:
    around = [rows[word] for word in words]
    loss, d_mean, d_U = loss_of(V[around].mean(axis=0), rows[center], U, dataset)
    d_V = np.zeros_like(V)
    d_V[rows[center]] += d_mean  # wrong
    return loss, d_V, d_U
