"""Sums over one context window: a word and the words around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from firth.theory.functions import Floats

LossAndGradients = Callable[[Floats, int, Floats], tuple[float, Floats, Floats]]
"""A loss of one (center, outside) pair: (center_vector, outside_index, outside_vectors) to the loss and gradients."""


def skip_gram_loss_and_gradients(
    center_index: int,
    outside_indices: Iterable[int],
    center_vectors: Floats,
    outside_vectors: Floats,
    loss_and_gradients: LossAndGradients,
) -> tuple[float, Floats, Floats]:
    """Skip-gram, the sum of J(v_c, o, U) over the window's outside words o, equation (14).

    The gradients are sums too, equation (15); dJ/dv_w = 0 for every w other than c, equation (16).

    Parameters
    ----------
    center_index
        c, the row of the center word.
    outside_indices
        Rows of the words around it; a word that stands there twice counts twice.
    center_vectors
        V, shape (V, D), one row a word.
    outside_vectors
        U, shape (V, D), one row a word.
    loss_and_gradients
        The loss of one pair, for example `naive_softmax_loss_and_gradients`; for negative sampling a function that
        draws its negatives and hands them on.

    Returns
    -------
    loss
        The window's loss, a float.
    d_center_vectors
        Shape (V, D), zero but for row c.
    d_outside_vectors
        Shape (V, D).
    """
    loss = 0.0
    d_center_vectors = np.zeros_like(center_vectors, dtype=np.float64)
    d_outside_vectors = np.zeros_like(outside_vectors, dtype=np.float64)
    for outside_index in outside_indices:
        pair_loss, d_center_vector, d_outside = loss_and_gradients(
            center_vectors[center_index], outside_index, outside_vectors
        )
        loss += pair_loss
        d_center_vectors[center_index] += d_center_vector
        d_outside_vectors += d_outside
    return loss, d_center_vectors, d_outside_vectors
