"""The engine's naive softmax: windows of the text in batches of 64, for skip-gram and CBOW.

A thread of its own (a team of one, with a room of its own) learns online beside others; the threads of a team learn one
batch after another together, with the same bits however many they are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firth.compute.compiling import compiled
from firth.training.kernels import softmax
from firth.training.kernels.meeting import meet
from firth.training.kernels.sentences import Rules, Stretch, draw_piece
from firth.training.kernels.softmax import WINDOWS, Batch, Shared
from firth.training.kernels.state import KEPT, LOSS, PAIRS, Model, Room
from firth.training.tiles import add_scaled

softmax_step = softmax.step


@compiled
def _apply(
    model: Model, words: NDArray[np.int64], ends: NDArray[np.int64], rate: np.float32, batch: Batch, divides: bool
) -> None:
    """Step the vectors of each window's words along its gradient: words[ends[b]:ends[b + 1]] are those of window b."""
    for b in range(batch.ends[0]):
        n = ends[b + 1] - ends[b]
        scale = np.float32(-rate / n if divides else -rate)
        for a in range(ends[b], ends[b + 1]):
            add_scaled(model.center, np.int64(model.center_targets[words[a]]), scale, batch.d_inputs, b)


@compiled
def learn(
    stretch: Stretch,
    rates: tuple[float, float],
    model: Model,
    rules: Rules,
    room: Room,
    batch: Batch,
    shared: Shared,
    team: tuple[int, int],
) -> None:
    """Learn from a stretch of text, the rate going from the first of `rates` to the second; add to the room's tally.

    team: this thread's number and how many share `shared`, all of which call this with the same text.
    """
    starts, ends, by_mean = stretch.starts, stretch.ends, rules.by_mean
    piece, center = room.piece, model.center
    words, sizes, targets = piece.words, piece.sizes, model.outside_targets
    inputs, outsides, divides = batch.inputs, batch.outsides, rules.divides or not by_mean
    learners, learner_ends = np.zeros(outsides.shape[0], np.int64), np.zeros(WINDOWS + 1, np.int64)
    slope = (rates[1] - rates[0]) / max(1, ends[-1] - starts[0]) if starts.size else 0.0
    rate, windows, pairs, learning = np.float32(rates[0]), 0, 0, 0
    for s in range(starts.size + 1):
        kept = 0
        if s < starts.size:
            kept = draw_piece(stretch, s, rules, piece)
            room.tally[KEPT] += kept
        for i in range(max(1, kept)):
            first, last = max(0, i - sizes[i]), min(kept, i + sizes[i] + 1)
            n = max(0, last - first - 1)
            if n > 0:
                for d in range(inputs.shape[1]):
                    inputs[windows, d] = np.float32(0.0)
                for j in range(first, last):
                    if (j == i) == by_mean:
                        outsides[pairs, 0], outsides[pairs, 1] = windows, words[j]
                        pairs += 1
                    else:
                        learners[learning] = words[j]
                        learning += 1
                learner_ends[windows + 1] = learning
                share = np.float32(1.0 / (learning - learner_ends[windows]))
                for a in range(learner_ends[windows], learning):
                    add_scaled(inputs, windows, share, center, learners[a])
                windows += 1
            if windows == WINDOWS or (s == starts.size and windows > 0):
                batch.ends[0], batch.ends[1] = windows, pairs
                room.tally[LOSS] += softmax_step(model.outside, targets, rate, batch, shared, team)
                room.tally[PAIRS] += pairs
                if team[0] == 0:
                    _apply(model, learners, learner_ends, rate, batch, divides)
                meet(shared.meeting, team[1])
                windows, pairs, learning = 0, 0, 0
                if s < starts.size:
                    rate = np.float32(rates[0] + slope * (starts[s] - starts[0]))
