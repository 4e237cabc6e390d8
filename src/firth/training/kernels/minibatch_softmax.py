"""Skip-gram with naive softmax over the whole vocabulary, the mean gradient of a batch applied once.

One softmax a window serves all its outside words: with m of them, J = Σ_o -log ŷ_o, dJ/dv_c = Uᵀ(m ŷ - Σ_o y_o) and
dJ/dU = (m ŷ - Σ_o y_o) v_cᵀ. The vocabulary is gone through in blocks, with the running maximum of online softmax, so
each exponential is formed once and never overflows.

Twin: `firth.theory.naive_softmax_loss_and_gradients` summed by `skip_gram_loss_and_gradients`, fed the same draws.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from firth.training.compiling import compiled
from firth.training.kernels.draws import Draws, Source, draw_batch

BLOCK = 64
"""Words a block."""
LANES = 8
"""Sums run in this many lanes side by side, in an order of their own, so that they vectorise on any processor."""
_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it rounds a number to an integer that stands in the low bits


class Workspace(NamedTuple):
    """Room that a batch needs; nothing of it outlasts a batch.

    B is the number of windows, and D' the dimension, each rounded up to a multiple of `LANES`; what they add is zero.

    Attributes
    ----------
    exponentials
        exp(score - maximum so far) of each word and window, shape (V, B).
    block_maxima
        The maximum so far at each block, shape (⌈V / BLOCK⌉, B).
    totals
        Sum of exponentials of each window, and (row 1) its number of outside words, shape (2, B).
    centers
        Center vectors of the windows, one a row, shape (B, D').
    columns
        The same, one a column, shape (D, B).
    d_columns
        Their gradients, shape (D, B).
    """

    exponentials: NDArray[np.float64]
    block_maxima: NDArray[np.float64]
    totals: NDArray[np.float64]
    centers: NDArray[np.float64]
    columns: NDArray[np.float64]
    d_columns: NDArray[np.float64]


def make_workspace(center: NDArray[np.float64], draws: Draws) -> Workspace:
    """Make room for batches of the size of `draws` over matrices of the shape of `center`."""
    words, dimensions = center.shape
    windows = -(-draws.centers.size // LANES) * LANES
    return Workspace(
        np.zeros((words, windows)),
        np.zeros((-(-words // BLOCK), windows)),
        np.zeros((2, windows)),
        np.zeros((windows, -(-dimensions // LANES) * LANES)),
        np.zeros((dimensions, windows)),
        np.zeros((dimensions, windows)),
    )


@compiled
def weighted_sum(weights: NDArray[np.float64], rows: NDArray[np.float64], result: NDArray[np.float64]) -> None:
    """Set result to Σ_i weights[i] · rows[i]; weights: (N,), rows: (N, M, LANES), result: (M, LANES).

    Eight sums with names of their own: LLVM makes one vector of them and keeps it in a register.
    """
    for j in range(result.shape[0]):
        s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
        for i in range(rows.shape[0]):
            weight = weights[i]
            s0 += weight * rows[i, j, 0]
            s1 += weight * rows[i, j, 1]
            s2 += weight * rows[i, j, 2]
            s3 += weight * rows[i, j, 3]
            s4 += weight * rows[i, j, 4]
            s5 += weight * rows[i, j, 5]
            s6 += weight * rows[i, j, 6]
            s7 += weight * rows[i, j, 7]
        result[j, 0], result[j, 1], result[j, 2], result[j, 3] = s0, s1, s2, s3
        result[j, 4], result[j, 5], result[j, 6], result[j, 7] = s4, s5, s6, s7


@compiled
def exponentiate(x: NDArray[np.float64], scaled: NDArray[np.float64], bits: NDArray[np.int64]) -> None:
    """Replace each x, at most 0, by exp(x), to about two units in the last place.

    x = n ln 2 + r with |r| ≤ ln 2 / 2; exp(r) is a polynomial and 2^n is written into the exponent's bits. Plain loops
    without a branch, which LLVM turns into vector instructions. `bits` is a view of `scaled` of the same shape (B,).
    """
    for i in range(x.size):
        x[i] = max(x[i], -708.0)
        scaled[i] = x[i] * _LOG2_E + _ROUND
    for i in range(x.size):
        n = scaled[i] - _ROUND
        r = (x[i] - n * _LN2_HIGH) - n * _LN2_LOW
        p = 1.0 / 6227020800.0
        p = p * r + 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        x[i] = p * r + 1.0
    for i in range(x.size):
        bits[i] = (bits[i] + 1023) << 52
    for i in range(x.size):
        x[i] *= scaled[i]


@compiled
def _scores_and_exponentials(outside: NDArray[np.float64], workspace: Workspace) -> None:
    """Fill `exponentials`, `block_maxima` and the first row of `totals`."""
    words, windows = workspace.exponentials.shape
    columns = workspace.columns.reshape((outside.shape[1], windows // LANES, LANES))
    score_lanes = workspace.exponentials.reshape((words, windows // LANES, LANES))
    scaled = np.empty(windows)
    bits = scaled.view(np.int64)
    maxima = np.full(windows, -np.inf)
    totals = workspace.totals[0]
    totals[:] = 0.0
    for block in range(workspace.block_maxima.shape[0]):
        first, last = block * BLOCK, min((block + 1) * BLOCK, words)
        before = maxima.copy()
        for w in range(first, last):
            scores = workspace.exponentials[w]
            weighted_sum(outside[w], columns, score_lanes[w])
            for b in range(windows):
                maxima[b] = max(maxima[b], scores[b])
        for b in range(windows):
            totals[b] *= np.exp(before[b] - maxima[b])
        workspace.block_maxima[block] = maxima
        for w in range(first, last):
            scores = workspace.exponentials[w]
            for b in range(windows):
                scores[b] -= maxima[b]
            exponentiate(scores, scaled, bits)
            for b in range(windows):
                totals[b] += scores[b]


@compiled
def _softmax_gradient_step(outside: NDArray[np.float64], scale: float, workspace: Workspace) -> None:
    """Add Uᵀ m ŷ to `d_columns`, and step U along (m ŷ) v_cᵀ: the dense part of equations (8) and (9)."""
    words, windows = workspace.exponentials.shape
    dimensions = outside.shape[1]
    maxima = workspace.block_maxima[-1]
    factors = np.empty(windows)
    centers = workspace.centers.reshape((windows, workspace.centers.shape[1] // LANES, LANES))
    d_row = np.empty(workspace.centers.shape[1])
    d_row_lanes = d_row.reshape((d_row.size // LANES, LANES))
    for w in range(words):
        if w % BLOCK == 0:
            for b in range(windows):
                before = workspace.block_maxima[w // BLOCK, b]
                factors[b] = workspace.totals[1, b] * np.exp(before - maxima[b]) / workspace.totals[0, b]
        expected = workspace.exponentials[w]
        for b in range(windows):
            expected[b] *= factors[b]
        for d in range(dimensions):
            weight = outside[w, d]
            for b in range(windows):
                workspace.d_columns[d, b] += weight * expected[b]
        weighted_sum(expected, centers, d_row_lanes)
        for d in range(dimensions):
            outside[w, d] -= scale * d_row[d]


@compiled
def apply_batch(
    center: NDArray[np.float64], outside: NDArray[np.float64], draws: Draws, step: float, workspace: Workspace
) -> float:
    """Take one step along the mean gradient of a batch; return its mean loss.

    center, outside: (V, D), changed in place. Equations (7) to (9), (14) to (16), (18).
    """
    windows, dimensions = draws.centers.size, center.shape[1]
    for b in range(windows):
        for d in range(dimensions):
            workspace.columns[d, b] = workspace.centers[b, d] = center[draws.centers[b], d]
        workspace.totals[1, b] = draws.pair_ends[b + 1] - draws.pair_ends[b]
    _scores_and_exponentials(outside, workspace)
    workspace.d_columns[:] = 0.0
    loss = 0.0
    for b in range(windows):
        loss += workspace.totals[1, b] * (np.log(workspace.totals[0, b]) + workspace.block_maxima[-1, b])
        for p in range(draws.pair_ends[b], draws.pair_ends[b + 1]):
            for d in range(dimensions):
                loss -= outside[draws.outsides[p], d] * workspace.centers[b, d]
                workspace.d_columns[d, b] -= outside[draws.outsides[p], d]
    scale = step / windows
    _softmax_gradient_step(outside, scale, workspace)
    for b in range(windows):
        for p in range(draws.pair_ends[b], draws.pair_ends[b + 1]):
            for d in range(dimensions):
                outside[draws.outsides[p], d] += scale * workspace.centers[b, d]
    for b in range(windows):
        for d in range(dimensions):
            center[draws.centers[b], d] -= scale * workspace.d_columns[d, b]
    return loss / windows


@compiled
def train_batches(
    center: NDArray[np.float64],
    outside: NDArray[np.float64],
    source: Source,
    draws: Draws,
    steps: NDArray[np.float64],
    losses: NDArray[np.float64],
    workspace: Workspace,
) -> None:
    """Draw and apply a batch for each of `steps`; put its mean loss, before the step, into `losses`."""
    for i in range(steps.size):
        draw_batch(source, draws)
        losses[i] = apply_batch(center, outside, draws, steps[i], workspace)
