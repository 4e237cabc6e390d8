"""The two losses of word2vec for one center word c and one outside word o, with their exact gradients.

V is the vocabulary size, D the dimension, K the number of negatives. Gradients have the sign of d loss / d parameter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.theory.functions import Floats, log_sigmoid, log_softmax, sigmoid


def naive_softmax_loss_and_gradients(
    center_vector: Floats, outside_index: int, outside_vectors: Floats
) -> tuple[float, Floats, Floats]:
    """Naive softmax, J = -log softmax(U v_c)[o], equation (7).

    Its gradients are dJ/dv_c = Uᵀ(ŷ - y), equation (8), and dJ/dU = (ŷ - y) v_cᵀ, equation (9).

    Parameters
    ----------
    center_vector
        v_c, shape (D,).
    outside_index
        o, the row of the outside word.
    outside_vectors
        U, shape (V, D), one row a word.

    Returns
    -------
    loss
        J, a float.
    d_center_vector
        dJ/dv_c, shape (D,), float64.
    d_outside_vectors
        dJ/dU, shape (V, D); no row is zero in general.

    Raises
    ------
    ValueError
        Shapes don't fit together, or an index is not that of a row.

    References
    ----------
    Mikolov et al., "Efficient estimation of word representations in vector space", 2013.
    """
    center_vector, outside_index, outside_vectors = _checked(center_vector, outside_index, outside_vectors)
    log_probabilities = log_softmax(outside_vectors @ center_vector)
    d_scores = np.exp(log_probabilities)
    d_scores[outside_index] -= 1.0
    d_center_vector = outside_vectors.T @ d_scores
    d_outside_vectors = np.outer(d_scores, center_vector)
    return float(-log_probabilities[outside_index]), d_center_vector, d_outside_vectors


def negative_sampling_loss_and_gradients(
    center_vector: Floats, outside_index: int, outside_vectors: Floats, negative_indices: ArrayLike
) -> tuple[float, Floats, Floats]:
    """Negative sampling, J = -log σ(u_oᵀ v_c) - Σ_k log σ(-u_kᵀ v_c), equation (10).

    Its gradients are dJ/dv_c = -σ(-u_oᵀ v_c) u_o + Σ_k σ(u_kᵀ v_c) u_k, equation (11),
    dJ/du_o = -σ(-u_oᵀ v_c) v_c, equation (12), and dJ/du_k = n_k σ(u_kᵀ v_c) v_c, equation (13), where a word drawn
    n_k times counts n_k times.

    Parameters
    ----------
    center_vector
        v_c, shape (D,).
    outside_index
        o, the row of the outside word.
    outside_vectors
        U, shape (V, D), one row a word.
    negative_indices
        Rows of the K drawn words, shape (K,), repeats allowed. Draw again where o itself comes up.

    Returns
    -------
    loss
        J, a float.
    d_center_vector
        dJ/dv_c, shape (D,), float64.
    d_outside_vectors
        dJ/dU, shape (V, D); zero but for the rows of o and of the negatives.

    Raises
    ------
    ValueError
        Shapes don't fit together, or an index is not that of a row.

    References
    ----------
    Mikolov et al., "Distributed representations of words and phrases and their compositionality", 2013.
    """
    center_vector, outside_index, outside_vectors = _checked(center_vector, outside_index, outside_vectors)
    rows = np.concatenate(([outside_index], _rows(negative_indices, len(outside_vectors))))
    signs = np.full(rows.size, -1.0)
    signs[0] = 1.0
    signed_scores = signs * (outside_vectors[rows] @ center_vector)
    d_scores = -signs * sigmoid(-signed_scores)
    d_center_vector = outside_vectors[rows].T @ d_scores
    d_outside_vectors = np.zeros_like(outside_vectors)
    # `d_outside_vectors[rows] += ...` would keep one of a row's repeats and drop the rest; add.at adds them all.
    np.add.at(d_outside_vectors, rows, np.outer(d_scores, center_vector))
    return float(-log_sigmoid(signed_scores).sum()), d_center_vector, d_outside_vectors


def _checked(center_vector: Floats, outside_index: int, outside_vectors: Floats) -> tuple[Floats, int, Floats]:
    """Return the arguments as float64 and int, if they fit together."""
    center, outside = np.asarray(center_vector, dtype=np.float64), np.asarray(outside_vectors, dtype=np.float64)
    if center.ndim != 1 or outside.ndim != 2 or outside.shape[1:] != center.shape:
        raise ValueError(
            f"center_vector has shape {center.shape} and outside_vectors {outside.shape}: they must be (D,) and (V, D)"
        )
    return center, int(_rows([outside_index], len(outside))[0]), outside


def _rows(indices: ArrayLike, words: int) -> NDArray[np.intp]:
    """Return indices as an array, if they are whole numbers from 0 to words - 1."""
    rows = np.asarray(indices)
    if rows.size == 0:
        return np.empty(0, dtype=np.intp)
    if rows.ndim != 1 or rows.dtype.kind not in "iu" or rows.min() < 0 or rows.max() >= words:
        raise ValueError(f"indices must be a list of whole numbers from 0 to V = {words} exclusive, not {indices!r}")
    return rows.astype(np.intp)
