"""Naive softmax over the whole vocabulary, as matrix products: many windows at once, the vocabulary block by block.

One softmax a window serves all its m outside words: J = Σ_o -log ŷ_o has dJ/dv_c = Uᵀ(m ŷ - Σ_o y_o) and
dJ/dU = (m ŷ - Σ_o y_o) v_cᵀ. Each block of words keeps its own largest score, so no exponential overflows; the blocks
are brought to one scale when all are done. Gradients of all windows are taken at the same vectors.

Several threads may share a room: blocks are dealt out among them and added up in their order, so the bits do not depend
on how many there are. The vectors of a window are those of `firth.theory`: skip-gram predicts from the middle word's
vector, CBOW predicts it from the mean of the others'.

Twin: `firth.theory.naive_softmax_loss_and_gradients` summed over the window, fed the same draws.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from firth.compute.compiling import compiled
from firth.compute.simd import LANES, aligned_rows
from firth.training.kernels.meeting import meet
from firth.training.tiles import add_products_in_turn, exponentiate, scale_columns, set_products_in_turn

WINDOWS = 64
"""Windows that the engine puts together."""
WORDS = 256
"""Words of a block."""


class Batch(NamedTuple):
    """Up to B windows, B a multiple of 16: what each predicts from, and what it predicts. A thread's own.

    Attributes
    ----------
    inputs
        Vectors that windows predict from, shape (B, W), float32; zero for windows that are not there.
    outsides
        Pairs of a window and a word it is to predict, shape (pairs, 2), int64.
    ends
        How many windows and how many pairs there are, shape (2,), int64.
    d_inputs
        Gradients of the inputs, shape (B, W).
    columns, d_columns
        Inputs and their gradients, a window a column, shape (W, B).
    shares
        m, the number of words that each window predicts, shape (1, B).
    """

    inputs: NDArray[np.float32]
    outsides: NDArray[np.int64]
    ends: NDArray[np.int64]
    d_inputs: NDArray[np.float32]
    columns: NDArray[np.float32]
    d_columns: NDArray[np.float32]
    shares: NDArray[np.float32]


class Shared(NamedTuple):
    """What the threads of a team share.

    Attributes
    ----------
    probabilities
        Scores, exponentials, then m ŷ - Σ_o y_o of each word and window, shape (V, B), float32.
    shifts, totals
        Largest score, and sum of exponentials, of each block and window, shape (blocks, B), float32.
    scales
        What makes m ŷ of exponentials, of each block and window, shape (blocks, B), float32.
    parts
        Part of `d_columns` that each block gives, shape (blocks · W, B), float32.
    numbers
        0, 1, 2, …, uint32.
    meeting
        Where threads wait for each other, see `firth.training.kernels.meeting`.
    """

    probabilities: NDArray[np.float32]
    shifts: NDArray[np.float32]
    totals: NDArray[np.float32]
    scales: NDArray[np.float32]
    parts: NDArray[np.float32]
    numbers: NDArray[np.uint32]
    meeting: NDArray[np.int64]


def make_batch(width: int, pairs: int, windows: int = WINDOWS) -> Batch:
    """Make room for windows of `width` dimensions that predict at most `pairs` words together."""
    columns = -(-windows // LANES) * LANES
    inputs = aligned_rows(columns, width)
    padded = inputs.shape[1]
    return Batch(
        inputs,
        np.zeros((pairs, 2), np.int64),
        np.zeros(2, np.int64),
        aligned_rows(columns, width),
        aligned_rows(padded, columns),
        aligned_rows(padded, columns),
        aligned_rows(1, columns),
    )


def make_shared(words: int, width: int, windows: int = WINDOWS) -> Shared:
    """Make room for a vocabulary of `words` words of `width` dimensions."""
    blocks, padded = -(-words // WORDS), -(-width // LANES) * LANES
    return Shared(
        aligned_rows(words, windows),
        aligned_rows(blocks, windows),
        aligned_rows(blocks, windows),
        aligned_rows(blocks, windows),
        aligned_rows(blocks * padded, windows),
        np.arange(max(words, padded, windows + LANES), dtype=np.uint32),
        np.zeros(4, np.int64),
    )


@compiled
def step(
    outside: NDArray[np.float32],
    targets: NDArray[np.uint32],
    rate: np.float32,
    batch: Batch,
    shared: Shared,
    team: tuple[int, int],
) -> float:
    """Take one step of the outside vectors along the batch's gradient, leave `d_inputs`, and return the summed loss.

    outside: (V or more, W); targets: (V,), where a frozen word has a number other than its own. The threads of a team
    call this with batches of the same content.
    """
    thread, threads = team
    words, width, most = targets.size, outside.shape[1], batch.inputs.shape[0]
    inputs, columns, shares, numbers = batch.inputs, batch.columns, batch.shares, shared.numbers
    probabilities, shifts, totals, parts = shared.probabilities, shared.shifts, shared.totals, shared.parts
    scales = shared.scales
    windows, pairs = batch.ends[0], batch.ends[1]
    for b in range(most):
        shares[0, b] = np.float32(0.0)
        for d in range(width):
            columns[d, b] = inputs[b, d] if b < windows else np.float32(0.0)
    loss = 0.0
    for p in range(pairs):
        b, o = batch.outsides[p]
        shares[0, b] += np.float32(1.0)
        for d in range(width):
            loss -= np.float64(outside[o, d]) * np.float64(inputs[b, d])
    for block in range(thread, shifts.shape[0], threads):
        first, last = block * WORDS, min(words, (block + 1) * WORDS)
        set_products_in_turn(
            probabilities, first, last - first, outside[first:], (width, 1), columns, numbers, 0, width
        )
        exponentiate(probabilities, first, last, shifts, totals, block)
    meet(shared.meeting, threads)
    largest, sums = np.full(most, -np.inf), np.zeros(most)
    for block in range(shifts.shape[0]):
        for b in range(most):
            largest[b] = max(largest[b], np.float64(shifts[block, b]))
    for block in range(shifts.shape[0]):
        for b in range(most):
            sums[b] += np.float64(totals[block, b]) * np.exp(np.float64(shifts[block, b]) - largest[b])
    for b in range(windows):
        loss += np.float64(shares[0, b]) * (np.log(sums[b]) + largest[b])
    for b in range(most):
        for d in range(width):
            batch.d_inputs[b, d] = -rate * inputs[b, d] if b < windows else np.float32(0.0)
    for block in range(thread, shifts.shape[0], threads):
        first, last = block * WORDS, min(words, (block + 1) * WORDS)
        for b in range(most):
            scale = np.exp(np.float64(shifts[block, b]) - largest[b]) / sums[b]
            scales[block, b] = np.float32(np.float64(shares[0, b]) * scale)
        scale_columns(probabilities, first, last, scales, block)
        for p in range(pairs):
            b, o = batch.outsides[p]
            if first <= o < last:
                probabilities[o, b] -= np.float32(1.0)
        set_products_in_turn(
            parts, block * width, width, outside[first:], (1, width), probabilities, numbers, first, last - first
        )
        for w in range(first, last):
            if targets[w] != w:
                for b in range(most):
                    probabilities[w, b] = np.float32(0.0)
        add_products_in_turn(
            outside, first, last - first, probabilities[first:], (most, 1), batch.d_inputs, numbers, 0, most
        )
    meet(shared.meeting, threads)
    for d in range(width):
        for b in range(most):
            batch.d_columns[d, b] = np.float32(0.0)
        for block in range(shifts.shape[0]):
            for b in range(most):
                batch.d_columns[d, b] += parts[block * width + d, b]
    for b in range(windows):
        for d in range(width):
            batch.d_inputs[b, d] = batch.d_columns[d, b]
    return loss
