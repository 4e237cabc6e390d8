"""Mistakes in the sums over a window and over a batch, equations (14) to (16) and (28) to (31)."""

# ruff: noqa: ARG001  # wrong code has the whole signature too

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from firth.course.mistakes.mistake import mistake
from firth.theory.functions import Floats

Answer = tuple[float, Floats, Floats]
Loss = Callable[[Floats, int, Floats, Any], Answer]
Rows = Mapping[str, int]


@mistake(
    "center-gradient-overwritten",
    "skipgram",
    "dJ/dv_c of the last word alone",
    "The row of the center word is set anew for each outside word, so that only the last one's gradient is left. The "
    "loss is a sum over the window, and so is its gradient.",
    "With one outside word nothing shows. With several, row c of dJ/dV fails the check; the loss and dJ/dU are right.",
    "Add: gradCenterVecs[c] += gradCenter, equation (15).",
)
def _center_gradient_overwritten(
    center: str, windowSize: int, words: Sequence[str], rows: Rows, V: Floats, U: Floats, dataset: Any, loss_of: Loss
) -> Answer:
    loss, d_V, d_U = 0.0, np.zeros_like(V), np.zeros_like(U)
    for word in words:
        pair_loss, d_v, d_u = loss_of(V[rows[center]], rows[word], U, dataset)
        loss += pair_loss
        d_V[rows[center]] = d_v  # wrong
        d_U += d_u
    return loss, d_V, d_U


@mistake(
    "outside-gradient-overwritten",
    "skipgram",
    "dJ/dU of the last word alone",
    "The matrix is set anew for each outside word, so that only the last one's gradient is left.",
    "With one outside word nothing shows. With several, dJ/dU fails the check; the loss and dJ/dV are right.",
    "Add: gradOutsideVectors += gradOutside, equation (15).",
)
def _outside_gradient_overwritten(
    center: str, windowSize: int, words: Sequence[str], rows: Rows, V: Floats, U: Floats, dataset: Any, loss_of: Loss
) -> Answer:
    loss, d_V, d_U = 0.0, np.zeros_like(V), np.zeros_like(U)
    for word in words:
        pair_loss, d_v, d_u = loss_of(V[rows[center]], rows[word], U, dataset)
        loss += pair_loss
        d_V[rows[center]] += d_v
        d_U = d_u  # wrong
    return loss, d_V, d_U


@mistake(
    "center-gradient-in-every-row",
    "skipgram",
    "dJ/dv_c added to every row of dJ/dV",
    "gradCenterVecs += gradCenter adds a vector to a matrix, and NumPy adds it to each row. No center vector but v_c "
    "stands in the loss.",
    "All rows of dJ/dV but that of the center word must be zero, and are not.",
    "Name the row: gradCenterVecs[c] += gradCenter, equation (16).",
)
def _center_gradient_in_every_row(
    center: str, windowSize: int, words: Sequence[str], rows: Rows, V: Floats, U: Floats, dataset: Any, loss_of: Loss
) -> Answer:
    loss, d_V, d_U = 0.0, np.zeros_like(V), np.zeros_like(U)
    for word in words:
        pair_loss, d_v, d_u = loss_of(V[rows[center]], rows[word], U, dataset)
        loss += pair_loss
        d_V += d_v  # wrong
        d_U += d_u
    return loss, d_V, d_U


@mistake(
    "center-and-outside-exchanged",
    "skipgram",
    "the outside words' center vectors, predicting the center word",
    "Skip-gram as the assignment has it predicts the outside words from the center word. Here each outside word "
    "predicts the center word, as the original program does it.",
    "The gradients agree with this loss, so that a gradient check passes; but the loss has another value, and dJ/dV is "
    "not zero but in row c.",
    "Take V[c] as the vector and the outside word as the index, equation (14).",
)
def _center_and_outside_exchanged(
    center: str, windowSize: int, words: Sequence[str], rows: Rows, V: Floats, U: Floats, dataset: Any, loss_of: Loss
) -> Answer:
    loss, d_V, d_U = 0.0, np.zeros_like(V), np.zeros_like(U)
    for word in words:
        pair_loss, d_v, d_u = loss_of(V[rows[word]], rows[center], U, dataset)  # wrong
        loss += pair_loss
        d_V[rows[word]] += d_v
        d_U += d_u
    return loss, d_V, d_U


@mistake(
    "written-into-outside-row",
    "skipgram",
    "dJ/dv_c written into the row of the outside word",
    "The gradient of the center vector belongs to row c. Here it goes to the row of the word that was predicted.",
    "Row c of dJ/dV is zero and must not be, and other rows are not zero and must be.",
    "Write gradCenterVecs[word2Ind[currentCenterWord]] += gradCenter, equation (15).",
)
def _written_into_outside_row(
    center: str, windowSize: int, words: Sequence[str], rows: Rows, V: Floats, U: Floats, dataset: Any, loss_of: Loss
) -> Answer:
    loss, d_V, d_U = 0.0, np.zeros_like(V), np.zeros_like(U)
    for word in words:
        pair_loss, d_v, d_u = loss_of(V[rows[center]], rows[word], U, dataset)
        loss += pair_loss
        d_V[rows[word]] += d_v  # wrong
        d_U += d_u
    return loss, d_V, d_U


@mistake(
    "window-averaged",
    "skipgram",
    "the window's sum divided by its words",
    "The loss of a window is a sum. A mean makes words in large windows count less than words in small ones.",
    "The gradients agree with this loss, so that a gradient check passes; loss and gradients are too small by the "
    "number of words, and the published values don't come out.",
    "Sum, and divide by nothing, equation (14).",
)
def _window_averaged(
    center: str, windowSize: int, words: Sequence[str], rows: Rows, V: Floats, U: Floats, dataset: Any, loss_of: Loss
) -> Answer:
    loss, d_V, d_U = 0.0, np.zeros_like(V), np.zeros_like(U)
    for word in words:
        pair_loss, d_v, d_u = loss_of(V[rows[center]], rows[word], U, dataset)
        loss += pair_loss / len(words)  # wrong
        d_V[rows[center]] += d_v / len(words)
        d_U += d_u / len(words)
    return loss, d_V, d_U


@mistake(
    "words-of-a-window-made-a-set",
    "skipgram",
    "a word that stands in the window twice counts once",
    "The outside words are made a set. A word that stands there twice is predicted twice.",
    "With a repeated word loss and gradients are too small. Without one nothing shows.",
    "Go through the list as it is, equation (14).",
)
def _words_of_a_window_made_a_set(
    center: str, windowSize: int, words: Sequence[str], rows: Rows, V: Floats, U: Floats, dataset: Any, loss_of: Loss
) -> Answer:
    loss, d_V, d_U = 0.0, np.zeros_like(V), np.zeros_like(U)
    for word in sorted(set(words)):  # wrong
        pair_loss, d_v, d_u = loss_of(V[rows[center]], rows[word], U, dataset)
        loss += pair_loss
        d_V[rows[center]] += d_v
        d_U += d_u
    return loss, d_V, d_U


@mistake(
    "written-into-wrong-half",
    "word2vec_sgd_wrapper",
    "the two gradients written into each other's half",
    "The first half of the rows are the center vectors. Here their gradient goes into the second half, and the outside "
    "vectors' into the first.",
    "The loss is right, and the check fails nearly everywhere.",
    "grad[:N/2] += gradCenter / batchsize, grad[N/2:] += gradOutside / batchsize.",
)
def _written_into_wrong_half(
    model: Callable[..., Answer], rows: Rows, vectors: Floats, dataset: Any, windowSize: int, loss_of: Loss
) -> tuple[float, Floats]:
    half, loss, gradient = len(vectors) // 2, 0.0, np.zeros_like(vectors)
    for _ in range(50):
        size = random.randint(1, windowSize)
        center, words = dataset.getRandomContext(size)
        one, d_V, d_U = model(center, size, words, rows, vectors[:half], vectors[half:], dataset, loss_of)
        loss += one / 50
        gradient[half:] += d_V / 50  # wrong
        gradient[:half] += d_U / 50
    return loss, gradient


@mistake(
    "batch-mean-forgotten",
    "word2vec_sgd_wrapper",
    "the gradient summed over the batch, the loss averaged",
    "The loss of a batch is the mean of its 50 windows, and so is its gradient. Without the division the step is 50 "
    "times too long.",
    "The loss is right, and every entry of the gradient is 50 times what central differences give.",
    "Divide both by the batch size.",
)
def _batch_mean_forgotten(
    model: Callable[..., Answer], rows: Rows, vectors: Floats, dataset: Any, windowSize: int, loss_of: Loss
) -> tuple[float, Floats]:
    half, loss, gradient = len(vectors) // 2, 0.0, np.zeros_like(vectors)
    for _ in range(50):
        size = random.randint(1, windowSize)
        center, words = dataset.getRandomContext(size)
        one, d_V, d_U = model(center, size, words, rows, vectors[:half], vectors[half:], dataset, loss_of)
        loss += one / 50
        gradient[:half] += d_V  # wrong
        gradient[half:] += d_U
    return loss, gradient


@mistake(
    "outside-half-left-out",
    "word2vec_sgd_wrapper",
    "the outside vectors' half left zero",
    "Both halves of the vectors stand in the loss. With one half zero the outside vectors never learn.",
    "The check fails in the second half of the rows, where the gradient is zero.",
    "Fill in both halves: grad[N/2:] += gradOutside / batchsize.",
)
def _outside_half_left_out(
    model: Callable[..., Answer], rows: Rows, vectors: Floats, dataset: Any, windowSize: int, loss_of: Loss
) -> tuple[float, Floats]:
    half, loss, gradient = len(vectors) // 2, 0.0, np.zeros_like(vectors)
    for _ in range(50):
        size = random.randint(1, windowSize)
        center, words = dataset.getRandomContext(size)
        one, d_V, _ = model(center, size, words, rows, vectors[:half], vectors[half:], dataset, loss_of)
        loss += one / 50
        gradient[:half] += d_V / 50  # wrong
    return loss, gradient
