"""The three losses of word2vec for one center vector and the word that it must predict, with their exact gradients.

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

    It is the cross-entropy with the one-hot y of o, equation (6). Its gradients are dJ/dv_c = Uᵀ(ŷ - y), equation (8),
    and dJ/dU = (ŷ - y) v_cᵀ, equation (9); equation (41) is the same with words in columns.

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
    center_vector, outside_vectors = _checked_vectors(center_vector, outside_vectors)
    outside_index = int(checked_rows([outside_index], len(outside_vectors))[0])
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
    n_k times counts n_k times; no other row is touched, equation (35). J is the negative logarithm of the likelihood of
    equation (32). Its expectation over a text, equation (36), is least at shifted PMI, equation (37).

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
    center_vector, outside_vectors = _checked_vectors(center_vector, outside_vectors)
    words = len(outside_vectors)
    rows = np.concatenate((checked_rows([outside_index], words), checked_rows(negative_indices, words)))
    signs = np.full(rows.size, -1.0)
    signs[0] = 1.0
    return _logistic_loss_and_gradients(center_vector, rows, signs, outside_vectors)


def hierarchical_softmax_loss_and_gradients(
    center_vector: Floats, nodes: ArrayLike, labels: ArrayLike, outside_vectors: Floats
) -> tuple[float, Floats, Floats]:
    """Hierarchical softmax, J = -Σ_j log σ(b_j u_{n_j}ᵀ v_c), equation (24).

    Its gradients are dJ/dv_c = -Σ_j b_j σ(-b_j u_{n_j}ᵀ v_c) u_{n_j}, equation (26), and
    dJ/du_n = -Σ_{j: n_j = n} b_j σ(-b_j u_nᵀ v_c) v_c, equation (27). The probabilities e^-J of all words of a tree,
    equation (23), sum to 1, equation (25); at v_c = 0 they are 2^-L, equation (44).

    Parameters
    ----------
    center_vector
        v_c, shape (D,).
    nodes
        n_j, the rows of the inner nodes on the path from the root to the word that is predicted, shape (L,). A path of
        no nodes, that of a tree's only word, costs nothing.
    labels
        b_j, which way the path goes on from each node: +1 or -1, shape (L,).
    outside_vectors
        U, one row an inner node: shape (V - 1, D) for a binary tree of V words.

    Returns
    -------
    loss
        J, a float.
    d_center_vector
        dJ/dv_c, shape (D,), float64.
    d_outside_vectors
        dJ/dU, of the shape of U; zero but for the rows of the nodes.

    Raises
    ------
    ValueError
        Shapes don't fit together, a node is not a row, or a label is neither +1 nor -1.

    References
    ----------
    Morin, Bengio, "Hierarchical probabilistic neural network language model", 2005; for word2vec: Mikolov et al., 2013.
    """
    center_vector, outside_vectors = _checked_vectors(center_vector, outside_vectors)
    rows = checked_rows(nodes, len(outside_vectors))
    signs = np.asarray(labels, dtype=np.float64)
    if signs.shape != rows.shape or (np.abs(signs) != 1.0).any():
        raise ValueError(f"labels must be +1 or -1, one for each of the {rows.size} nodes, not {labels!r}")
    return _logistic_loss_and_gradients(center_vector, rows, signs, outside_vectors)


def _logistic_loss_and_gradients(
    center_vector: Floats, rows: NDArray[np.intp], signs: Floats, outside_vectors: Floats
) -> tuple[float, Floats, Floats]:
    """Return -Σ_j log σ(s_j u_{r_j}ᵀ v_c) and its gradients: equations (10) and (24), which differ in r and s alone."""
    signed_scores = signs * (outside_vectors[rows] @ center_vector)
    d_scores = -signs * sigmoid(-signed_scores)
    d_center_vector = outside_vectors[rows].T @ d_scores
    d_outside_vectors = np.zeros_like(outside_vectors)
    # `d_outside_vectors[rows] += ...` would keep one of a row's repeats and drop the rest; add.at adds them all.
    np.add.at(d_outside_vectors, rows, np.outer(d_scores, center_vector))
    return float((-log_sigmoid(signed_scores)).sum()), d_center_vector, d_outside_vectors


def checked_rows(indices: ArrayLike, count: int) -> NDArray[np.intp]:
    """Return indices as an array, if they are whole numbers from 0 to count - 1."""
    rows = np.asarray(indices)
    if rows.size == 0:
        return np.empty(0, dtype=np.intp)
    if rows.ndim != 1 or rows.dtype.kind not in "iu" or rows.min() < 0 or rows.max() >= count:
        raise ValueError(
            f"indices must be a list of whole numbers from 0 to {count} exclusive, which is how many rows there are, "
            f"not {indices!r}"
        )
    return rows.astype(np.intp)


def _checked_vectors(center_vector: Floats, outside_vectors: Floats) -> tuple[Floats, Floats]:
    """Return the vectors as float64, if they fit together."""
    center, outside = np.asarray(center_vector, dtype=np.float64), np.asarray(outside_vectors, dtype=np.float64)
    if center.ndim != 1 or outside.ndim != 2 or outside.shape[1:] != center.shape:
        raise ValueError(
            f"center_vector has shape {center.shape} and outside_vectors {outside.shape}: they must be (D,) and "
            "(rows, D)"
        )
    return center, outside
