"""Skip-gram with negative sampling, the mean gradient of a batch applied once.

Twin: `firth.theory.negative_sampling_loss_and_gradients` summed by `skip_gram_loss_and_gradients`, fed the same draws.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from firth.compute.compiling import compiled
from firth.training.kernels.draws import Draws, Source, draw_batch


class Workspace(NamedTuple):
    """Room that a batch needs, zero between batches.

    Attributes
    ----------
    d_center
        Gradient of the center vectors, shape (V, D).
    d_outside
        Gradient of the outside vectors, shape (V, D).
    touched
        Rows whose gradient is not zero, of d_center then d_outside, shape (B + 2BC(K + 1),), int32.
    is_touched
        Whether row w of d_center (0) or d_outside (1) is among them, shape (2, V).
    """

    d_center: NDArray[np.float64]
    d_outside: NDArray[np.float64]
    touched: NDArray[np.int32]
    is_touched: NDArray[np.bool_]


def make_workspace(center: NDArray[np.float64], draws: Draws) -> Workspace:
    """Make room for batches of the size of `draws` over matrices of the shape of `center`."""
    rows = draws.centers.size + draws.outsides.size * (1 + draws.negatives.shape[1])
    return Workspace(
        np.zeros_like(center),
        np.zeros_like(center),
        np.zeros(rows, np.int32),
        np.zeros((2, center.shape[0]), np.bool_),
    )


@compiled
def _touch(row: int, side: int, count: int, workspace: Workspace) -> int:
    """Note that a gradient's row is not zero any more; return how many such rows there are."""
    if workspace.is_touched[side, row]:
        return count
    workspace.is_touched[side, row] = True
    workspace.touched[count] = row
    return count + 1


@compiled
def _apply(
    matrix: NDArray[np.float64],
    gradient: NDArray[np.float64],
    rows: NDArray[np.int32],
    is_touched: NDArray[np.bool_],
    scale: float,
) -> None:
    """Subtract scale · gradient from the rows that have one, and make it zero again."""
    for row in rows:
        is_touched[row] = False
        for d in range(matrix.shape[1]):
            matrix[row, d] -= scale * gradient[row, d]
            gradient[row, d] = 0.0


@compiled
def apply_batch(
    center: NDArray[np.float64], outside: NDArray[np.float64], draws: Draws, step: float, workspace: Workspace
) -> float:
    """Take one step along the mean gradient of a batch; return its mean loss.

    center, outside: (V, D), changed in place. Equations (10) to (16), (18).
    """
    windows, negatives, dimensions = draws.centers.size, draws.negatives.shape[1], center.shape[1]
    d_center, d_outside = workspace.d_center, workspace.d_outside
    center_rows = 0
    for b in range(windows):
        center_rows = _touch(draws.centers[b], 0, center_rows, workspace)
    rows = center_rows
    loss = 0.0
    for b in range(windows):
        c = draws.centers[b]
        # -log σ(x) = max(-x, 0) + log(1 + e^-|x|): the factors 1 + e^-|x|, each in (1, 2], are multiplied up, so
        # that a pair takes one logarithm instead of K + 1.
        for p in range(draws.pair_ends[b], draws.pair_ends[b + 1]):
            factors = 1.0
            for k in range(negatives + 1):
                sign = 1.0 if k == 0 else -1.0
                w = draws.outsides[p] if k == 0 else draws.negatives[p, k - 1]
                score = 0.0
                for d in range(dimensions):
                    score += center[c, d] * outside[w, d]
                signed = sign * score
                small = np.exp(-abs(signed))
                factors *= 1.0 + small
                loss += max(-signed, 0.0)
                d_score = -sign * (small if signed >= 0.0 else 1.0) / (1.0 + small)
                if factors > 1e300:
                    loss += np.log(factors)
                    factors = 1.0
                rows = _touch(w, 1, rows, workspace)
                for d in range(dimensions):
                    d_center[c, d] += d_score * outside[w, d]
                    d_outside[w, d] += d_score * center[c, d]
            loss += np.log(factors)
    _apply(center, d_center, workspace.touched[:center_rows], workspace.is_touched[0], step / windows)
    _apply(outside, d_outside, workspace.touched[center_rows:rows], workspace.is_touched[1], step / windows)
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
