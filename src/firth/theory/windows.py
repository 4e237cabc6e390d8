"""Losses of one context window: a word predicts the words around it (skip-gram), or they predict it (CBOW)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from firth.theory.functions import Floats
from firth.theory.losses import checked_rows

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


def cbow_loss_and_gradients(
    context_indices: Iterable[int],
    center_index: int,
    center_vectors: Floats,
    outside_vectors: Floats,
    loss_and_gradients: LossAndGradients,
) -> tuple[float, Floats, Floats]:
    """CBOW, J(m, c, U) where m = 1/n Σ_i v_{w_i} is the mean of the window's n context words, equations (28) and (29).

    Its gradients are dJ/dU at m, equation (30), and dJ/dv_w = n_w/n dJ/dm, equation (31), where a word that stands in
    the window n_w times counts n_w times. The original program leaves out the n, equation (42).

    Parameters
    ----------
    context_indices
        w_i, the rows of the words around the middle one; a word that stands there twice counts twice. A window without
        any has no mean, predicts nothing and costs nothing.
    center_index
        c, the middle word, which is predicted.
    center_vectors
        V, shape (V, D), one row a word.
    outside_vectors
        U, shape (V, D), one row a word; for hierarchical softmax (V - 1, D), one row an inner node.
    loss_and_gradients
        The loss of one prediction, for example `naive_softmax_loss_and_gradients`; for hierarchical softmax a function
        that looks up the word's path and hands it on.

    Returns
    -------
    loss
        The window's loss, a float.
    d_center_vectors
        Shape (V, D), zero but for the rows of the context words.
    d_outside_vectors
        Of the shape of U.

    Raises
    ------
    ValueError
        A context index is not that of a row.

    References
    ----------
    Mikolov et al., "Efficient estimation of word representations in vector space", 2013.
    """
    centers = np.asarray(center_vectors, dtype=np.float64)
    rows = checked_rows(list(context_indices), len(centers))
    d_center_vectors = np.zeros_like(centers)
    if rows.size == 0:
        return 0.0, d_center_vectors, np.zeros_like(outside_vectors, dtype=np.float64)
    loss, d_mean, d_outside_vectors = loss_and_gradients(centers[rows].mean(axis=0), center_index, outside_vectors)
    np.add.at(d_center_vectors, rows, d_mean / rows.size)
    return loss, d_center_vectors, d_outside_vectors
