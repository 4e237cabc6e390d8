"""Spearman's rank correlation, ties included, and how far it might have come out otherwise: a bootstrap interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.errors import OptionError

_CELLS = 1 << 20
"""Resamples times observations that are held in memory at once."""


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Rank correlation ``ρ = Σ_i (r_i - r̄)(s_i - s̄) / sqrt(Σ_i (r_i - r̄)² Σ_i (s_i - s̄)²)``.

    r and s are the ranks of `x` and `y`, 1 for the smallest; equal values share the mean of their ranks.

    Parameters
    ----------
    x, y
        Shape (n,), finite, n at least 2.

    Returns
    -------
    float
        Between -1 and 1; 0 where all of `x` or all of `y` are equal, which orders nothing.

    Raises
    ------
    OptionError
        They are not two lists of the same length, of at least 2.

    References
    ----------
    Spearman, The proof and measurement of association between two things, 1904.
    """
    first, second = _grouped(x, y)
    return float(_correlations(first, second, np.ones((1, len(first)), dtype=np.int64))[0])


def bootstrap_interval(
    x: ArrayLike, y: ArrayLike, *, seed: int = 1, resamples: int = 2000, level: float = 0.95
) -> tuple[float, float]:
    """Percentile interval of `spearman`: n of the n observations are drawn with replacement, again and again.

    Parameters
    ----------
    x, y
        Shape (n,), finite, n at least 2.
    seed
        Of the draws: the same seed, the same interval.
    resamples
        How often to draw.
    level
        The share of the resamples' correlations between the two ends.

    Raises
    ------
    OptionError
        `x` and `y` are not two lists of the same length, of at least 2.

    References
    ----------
    Efron and Tibshirani, An introduction to the bootstrap, 1993, chapter 13.
    """
    first, second = _grouped(x, y)
    n = len(first)
    generator = np.random.default_rng(seed)
    found: list[NDArray[np.float64]] = []
    at_once = max(1, _CELLS // n)
    for done in range(0, resamples, at_once):
        size = min(at_once, resamples - done)
        drawn = generator.integers(n, size=(size, n)) + n * np.arange(size)[:, np.newaxis]
        times = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        found.append(_correlations(first, second, times))
    low, high = np.quantile(np.concatenate(found), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _grouped(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each value's number among the different ones, smallest first: all that ranks depend on."""
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if first.ndim != 1 or first.shape != second.shape or len(first) < 2:
        raise OptionError(f"x and y have shapes {first.shape} and {second.shape}: give two lists of 2 or more numbers")
    return np.unique(first, return_inverse=True)[1], np.unique(second, return_inverse=True)[1]


def _correlations(x: NDArray[np.int64], y: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.float64]:
    """Correlations of R resamples, in which observation i is there ``times[r, i]`` times; `times` is (R, n)."""
    centered = [_ranks(groups, times) - (len(x) + 1) / 2 for groups in (x, y)]
    covariance, *variances = (
        np.einsum("rn,rn,rn->r", times, one, other)
        for one, other in ((centered[0], centered[1]), (centered[0], centered[0]), (centered[1], centered[1]))
    )
    scale = np.sqrt(variances[0] * variances[1])  # one root: exactly 1 for equal ranks
    correlations: NDArray[np.float64] = np.divide(covariance, scale, out=np.zeros_like(scale), where=scale > 0)
    return np.clip(correlations, -1.0, 1.0, out=correlations)


def _ranks(groups: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.float64]:
    """Rank of each observation in each resample, shape (R, n): the mean rank of those with its value."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    sizes = np.add.reduceat(times[:, order], starts, axis=1)
    ranks: NDArray[np.float64] = (np.cumsum(sizes, axis=1) - (sizes - 1) / 2)[:, groups]
    return ranks
