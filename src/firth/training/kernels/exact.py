"""Exact minibatches: gradients of all windows of a batch at fixed vectors, summed row by row, applied once.

The same bits on any number of threads: what is drawn depends on places in the text alone, a window's gradient is made
by one thread in a fixed order, and then each row, which belongs to one thread, takes its changes in the order of the
text. Threads wait for each other after both halves of a batch.

A window leaves its vectors and a list of (row, vector, factor): the row is to change by factor · vector. Skip-gram
leaves a gradient for each word and target; CBOW leaves two vectors, the mean and what it learned.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from firth.compute.compiling import compiled
from firth.compute.simd import add_atomically, aligned_rows
from firth.training.kernels.meeting import meet
from firth.training.kernels.sentences import Rules, Stretch, draw_piece
from firth.training.kernels.state import MOST_VECTORS, Model, Room, flush
from firth.training.tiles import BLOCK, add_scaled, logistic, prefetch, scores, set_changes, set_products_in_turn


class Batches(NamedTuple):
    """Which pieces make a batch.

    Attributes
    ----------
    bounds
        Batch b is pieces bounds[b] to bounds[b + 1] - 1, int64.
    order
        The pieces, those of each batch from the longest to the shortest: threads take them in this order, so that none
        is left with much when the others are done. Shape (S,), int64.
    places
        How many words of its batch come before each piece, shape (S,), int64.
    """

    bounds: NDArray[np.int64]
    order: NDArray[np.int64]
    places: NDArray[np.int64]


class Changes(NamedTuple):
    """What the windows of a batch leave, by their place in it; P is the most words of a batch, S = 2C + M.

    Attributes
    ----------
    inputs, outputs
        How many rows of center and outside vectors a window changes, shape (P,), int32.
    rows
        The rows: of center vectors at places 0 to 2C - 1, of outside vectors from 2C; shape (P · S,), uint32.
    sources
        Row of `vectors` that belongs to each, shape (P · S,), int64.
    factors
        By what it is multiplied, shape (P · S,), float32.
    vectors
        Shape (P · S, W) for skip-gram, (2 P, W) for CBOW.
    losses, pairs, kept
        Of each piece of the batch, by the place of its first word, shape (P,).
    meeting
        Of the threads, as `meet` has it; its third place is the next piece to be taken. Shape (4,), int64.
    """

    inputs: NDArray[np.int32]
    outputs: NDArray[np.int32]
    rows: NDArray[np.uint32]
    sources: NDArray[np.int64]
    factors: NDArray[np.float32]
    vectors: NDArray[np.float32]
    losses: NDArray[np.float64]
    pairs: NDArray[np.int64]
    kept: NDArray[np.int64]
    meeting: NDArray[np.int64]


def make_changes(words: int, width: int, window: int, targets: int, by_mean: bool) -> Changes:
    """Make room for batches of up to `words` words, D being `width`, C `window`, and M `targets`."""
    slots = 2 * window + targets
    return Changes(
        inputs=np.zeros(words, np.int32),
        outputs=np.zeros(words, np.int32),
        rows=np.zeros(words * slots, np.uint32),
        sources=np.zeros(words * slots, np.int64),
        factors=np.ones(words * slots, np.float32),
        vectors=aligned_rows(words * (2 if by_mean else slots), width),
        losses=np.zeros(words),
        pairs=np.zeros(words, np.int64),
        kept=np.zeros(words, np.int64),
        meeting=np.zeros(4, np.int64),
    )


@compiled
def _apply(matrix: NDArray[np.float32], changes: Changes, words: int, first: int, thread: int, threads: int) -> None:
    """Add to the rows of a matrix that belong to this thread all that is to be added, in the order of the text."""
    counts = changes.inputs if first == 0 else changes.outputs
    rows, sources, factors, vectors = changes.rows, changes.sources, changes.factors, changes.vectors
    slots = rows.size // counts.size
    for place in range(words):
        for slot in range(place * slots + first, place * slots + first + counts[place]):
            row = rows[slot]
            if owner(row, threads) == thread:
                add_scaled(matrix, np.int64(row), factors[slot], vectors, sources[slot])


@compiled
def owner(row: np.uint32, threads: int) -> int:
    """The thread to which a row belongs."""
    mixed = (np.uint64(row) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    return np.int64((mixed * np.uint64(threads)) >> np.uint64(32))  # type: ignore[return-value]


@compiled
def learn(
    stretch: Stretch,
    batches: Batches,
    rates: NDArray[np.float32],
    model: Model,
    rules: Rules,
    room: Room,
    changes: Changes,
    team: tuple[int, int],
) -> None:
    """Learn from batches of pieces, each with its own rate.

    team: this thread's number and how many there are, all of which call this with the same arguments but for `room` and
    `team`. The first adds to its room's tally.
    """
    thread, threads = team
    starts, ends = stretch.starts, stretch.ends
    for b in range(rates.size):
        first, last = batches.bounds[b], batches.bounds[b + 1]
        words = batches.places[last - 1] + ends[last - 1] - starts[last - 1]
        s = first + add_atomically(changes.meeting, 2, 1)
        while s < last:
            taken = batches.order[s]
            _window_changes(stretch, taken, batches.places[taken], rates[b], model, rules, room, changes)
            s = first + add_atomically(changes.meeting, 2, 1)
        meet(changes.meeting, threads)
        _apply(model.center, changes, words, 0, thread, threads)
        _apply(model.outside, changes, words, 2 * rules.window, thread, threads)
        if thread == 0:
            changes.meeting[2] = 0
            for s in range(first, last):
                place = batches.places[s]
                room.tally[0] += changes.losses[place]
                room.tally[1] += changes.pairs[place]
                room.tally[2] += changes.kept[place]
        meet(changes.meeting, threads)


@compiled
def _window_changes(
    stretch: Stretch,
    s: int,
    first: int,
    rate: np.float32,
    model: Model,
    rules: Rules,
    room: Room,
    changes: Changes,
) -> None:
    """Leave the changes of piece s's windows at their places in the batch, where the piece's are from `first`."""
    begin, end, by_mean = stretch.starts[s], stretch.ends[s], rules.by_mean
    center, outside, tree, vectors = model.center, model.outside, model.tree, changes.vectors
    has_tree = tree.nodes.size > 0
    piece, losses, inputs, factors = room.piece, room.losses, room.inputs, room.factors
    words, sizes, columns = piece.words, piece.sizes, factors.shape[1]
    outputs, signs = (tree.nodes, tree.labels) if has_tree else (piece.targets.reshape(piece.targets.size), room.signs)
    center_targets, outside_targets = model.center_targets, model.outside_targets
    m, reach, slots = piece.targets.shape[1], 2 * rules.window, changes.rows.size // changes.inputs.size
    rows_of, sources, factors_of = changes.rows, changes.sources, changes.factors
    share, mean_row = np.ones(1, np.float32), np.zeros(1, np.uint32)
    for place in range(first, first + end - begin):
        changes.inputs[place] = changes.outputs[place] = 0
    kept = draw_piece(stretch, s, rules, piece)
    loss, pairs, full = 0.0, 0, 0
    base = first * (2 if by_mean else slots)
    for i in range(kept):
        if not has_tree:
            for ahead in range(0 if i == 0 else (i + 2) * m, min(i + 3, kept) * m):
                prefetch(outside, np.int64(outputs[ahead]))
        if i + reach // 2 + 1 < kept:
            prefetch(center, np.int64(words[i + reach // 2 + 1]))
        n, place = 0, first + piece.places[i] - begin
        for j in range(max(0, i - sizes[i]), min(kept, i + sizes[i] + 1)):
            inputs[n] = words[j]
            n += j != i
        if n == 0:
            continue
        start, first_sign = i * m, 0
        if has_tree:
            start = first_sign = tree.ends[words[i]]
            m = tree.ends[words[i] + 1] - start
        own = place * slots
        for a in range(n):
            rows_of[own + a] = center_targets[inputs[a]]
        for k in range(m):
            rows_of[own + reach + k] = outside_targets[outputs[start + k]]
        changes.inputs[place], changes.outputs[place] = n, m
        if by_mean:
            given = 1
            mean_row[0], share[0] = base, 1.0 / n
            set_products_in_turn(vectors, base, 1, share, (0, 0), center, inputs, 0, n)
            scores(vectors, mean_row, 1, outside, outputs, start, m, factors)
        else:
            given = n
            scores(center, inputs, n, outside, outputs, start, m, factors)
        step = 2 * MOST_VECTORS if columns == BLOCK else MOST_VECTORS // ((m + 15) // 16)
        for a in range(0, given, step):
            some = min(step, given - a)
            new = (some + 1) // 2 if columns == BLOCK else some * ((m + 15) // 16)
            if full + new > MOST_VECTORS:
                loss += flush(losses)
                full = 0
            logistic(factors, a, a + some, m, signs, first_sign, rate, losses)
            full += new
        pairs += given
        if by_mean:
            set_products_in_turn(vectors, base + 1, 1, factors, (columns, 1), outside, outputs, start, m)
            for a in range(n):
                sources[own + a] = base + 1
                factors_of[own + a] = share[0] if rules.divides else np.float32(1.0)
            for k in range(m):
                sources[own + reach + k] = base
                factors_of[own + reach + k] = factors[0, k]
            base += 2
        else:
            for a in range(n):
                sources[own + a] = base + a
            for k in range(m):
                sources[own + reach + k] = base + n + k
            if m <= BLOCK:
                set_changes(center, inputs, n, outside, outputs, start, m, factors, vectors, base)
            else:
                set_products_in_turn(vectors, base, n, factors, (columns, 1), outside, outputs, start, m)
                set_products_in_turn(vectors, base + n, m, factors, (1, columns), center, inputs, 0, n)
            base += n + m
    changes.losses[first] = loss + flush(losses)
    changes.pairs[first] = pairs
    changes.kept[first] = kept
