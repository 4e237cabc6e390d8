"""Sigmoid and softmax, and their logarithms, in the only forms that neither overflow nor lose small values.

Any shape; inputs of ±10,000 are as good as inputs of ±1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def sigmoid(x: ArrayLike) -> Floats:
    """Logistic function σ(x) = 1 / (1 + exp(-x)), equation (1).

    Only exp(-|x|) is formed, which lies in (0, 1] and can't overflow. The derivative is σ(x)(1 - σ(x)), equation (3),
    and the Jacobian of a vector is diagonal, equation (38).

    Parameters
    ----------
    x
        Any shape.

    Returns
    -------
    array of the shape of `x`, in [0, 1]
    """
    values = np.asarray(x, dtype=np.float64)
    small = np.exp(-np.abs(values))
    return _unwrapped(np.where(values >= 0, 1.0, small) / (1.0 + small))


def log_sigmoid(x: ArrayLike) -> Floats:
    """Logarithm of the sigmoid, log σ(x) = min(x, 0) - log(1 + exp(-|x|)), equation (2).

    Parameters
    ----------
    x
        Any shape.

    Returns
    -------
    array of the shape of `x`, at most 0; about x itself where x is very negative
    """
    values = np.asarray(x, dtype=np.float64)
    return _unwrapped(np.minimum(values, 0.0) - np.log1p(np.exp(-np.abs(values))))


def softmax(x: ArrayLike, axis: int = -1) -> Floats:
    """Softmax ŷ_i = exp(x_i) / Σ_j exp(x_j), equation (4).

    The largest score is subtracted first, which changes nothing, equation (40). The Jacobian is ŷ_i([i = j] - ŷ_j),
    equation (39).

    Parameters
    ----------
    x
        Scores, any shape; rows of a matrix are normalised one by one.
    axis
        The axis that sums to one.

    Returns
    -------
    array of the shape of `x`, in [0, 1]
    """
    scores = np.asarray(x, dtype=np.float64)
    exponentials = np.exp(scores - scores.max(axis=axis, keepdims=True, initial=-np.inf))
    return _unwrapped(exponentials / exponentials.sum(axis=axis, keepdims=True))


def log_softmax(x: ArrayLike, axis: int = -1) -> Floats:
    """Logarithm of the softmax, x_i - log Σ_j exp(x_j), equation (5), by log-sum-exp.

    Parameters
    ----------
    x
        Scores, any shape.
    axis
        The axis whose exponentials sum to one.

    Returns
    -------
    array of the shape of `x`, at most 0
    """
    scores = np.asarray(x, dtype=np.float64)
    shifted = scores - scores.max(axis=axis, keepdims=True, initial=-np.inf)
    return _unwrapped(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)))


def _unwrapped(values: NDArray[Any]) -> Floats:
    """Give a number back for a number, as NumPy's own functions do."""
    return values[()]
