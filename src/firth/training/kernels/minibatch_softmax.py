"""Skip-gram with naive softmax over the whole vocabulary, the mean gradient of a batch applied once.

The step itself is that of `firth.training.kernels.softmax`; here are the assignment's batches, and the steps of the
center vectors. The threads of a team draw the same batches, each from a state of its own.

Twin: `firth.theory.naive_softmax_loss_and_gradients` summed by `skip_gram_loss_and_gradients`, fed the same draws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firth.compute.compiling import compiled
from firth.training.kernels import softmax
from firth.training.kernels.draws import Draws, Source, draw_batch
from firth.training.kernels.meeting import meet
from firth.training.kernels.softmax import Batch, Shared
from firth.training.tiles import add_scaled

softmax_step = softmax.step


@compiled
def apply_batch(
    center: NDArray[np.float32],
    outside: NDArray[np.float32],
    draws: Draws,
    step: float,
    batch: Batch,
    shared: Shared,
    team: tuple[int, int],
) -> float:
    """Take one step along the mean gradient of a batch; return its mean loss.

    center, outside: (V, W), changed in place. Equations (7) to (9), (14) to (16), (18).
    """
    windows = draws.centers.size
    batch.ends[0], batch.ends[1] = windows, draws.pair_ends[windows]
    for b in range(windows):
        for d in range(center.shape[1]):
            batch.inputs[b, d] = center[draws.centers[b], d]
        for p in range(draws.pair_ends[b], draws.pair_ends[b + 1]):
            batch.outsides[p, 0], batch.outsides[p, 1] = b, draws.outsides[p]
    rate = np.float32(step / windows)
    words = shared.numbers[: shared.probabilities.shape[0]]
    loss = softmax_step(outside, words, rate, batch, shared, team)
    if team[0] == 0:
        for b in range(windows):
            add_scaled(center, np.int64(draws.centers[b]), -rate, batch.d_inputs, b)
    meet(shared.meeting, team[1])
    return loss / windows


@compiled
def train_batches(
    vectors: tuple[NDArray[np.float32], NDArray[np.float32]],
    source: Source,
    draws: Draws,
    steps: NDArray[np.float64],
    losses: NDArray[np.float64],
    batch: Batch,
    shared: Shared,
    team: tuple[int, int],
) -> None:
    """Draw and apply a batch for each of `steps`; put its mean loss, before the step, into `losses`.

    vectors: center and outside, each (V, W).
    """
    for i in range(steps.size):
        draw_batch(source, draws)
        losses[i] = apply_batch(vectors[0], vectors[1], draws, steps[i], batch, shared, team)
