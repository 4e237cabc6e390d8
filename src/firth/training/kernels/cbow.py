"""CBOW, online: the mean of the vectors around a word predicts it, window by window.

The mean's gradient goes back to each of the n words around it divided by n, as it must for a mean; the original program
does not divide (nor does `Rules.divides` of False). Targets are those of skip-gram: the word in the middle and
negatives drawn for it, or the inner nodes on the path to it.

Twin: `firth.theory.cbow_loss_and_gradients`, fed the same draws. On the mean's gradient: Irsoy, Benton and Stratos,
"Corrected CBOW performs as well as skip-gram", 2021 (arXiv 2012.15332).
"""

from __future__ import annotations

import numpy as np

from firth.compute.compiling import compiled
from firth.training.kernels.sentences import Rules, Stretch, draw_piece
from firth.training.kernels.state import KEPT, LOSS, MOST_VECTORS, PAIRS, Model, Room, flush
from firth.training.tiles import BLOCK, add_products, add_scaled, logistic, prefetch, scores

MEAN, LEARNED = 0, 1
"""Rows of a room's `mean`."""


@compiled
def learn(stretch: Stretch, rates: tuple[float, float], model: Model, rules: Rules, room: Room) -> None:
    """Learn from a stretch of text, the rate going from the first of `rates` to the second; add to the room's tally."""
    starts, ends = stretch.starts, stretch.ends
    center, outside, tree, mean = model.center, model.outside, model.tree, room.mean
    has_tree = tree.nodes.size > 0
    piece, tally, losses, inputs, factors = room.piece, room.tally, room.losses, room.inputs, room.factors
    words, sizes, reach, columns = piece.words, piece.sizes, rules.window, factors.shape[1]
    outputs, signs = (tree.nodes, tree.labels) if has_tree else (piece.targets.reshape(piece.targets.size), room.signs)
    m = piece.targets.shape[1]
    slope = (rates[1] - rates[0]) / max(1, ends[-1] - starts[0]) if starts.size else 0.0
    share, mean_row, learned_row = np.zeros(1, np.float32), room.numbers[MEAN:], room.numbers[LEARNED:]
    center_targets, outside_targets = model.center_targets, model.outside_targets
    vectors = 0
    for s in range(starts.size):
        kept = draw_piece(stretch, s, rules, piece)
        tally[KEPT] += kept
        rate = np.float32(rates[0] + slope * (starts[s] - starts[0]))
        for i in range(kept):
            if not has_tree:
                for place in range(0 if i == 0 else (i + 2) * m, min(i + 3, kept) * m):
                    prefetch(outside, np.int64(outputs[place]))
            if i + reach + 2 < kept:
                prefetch(center, np.int64(words[i + reach + 2]))
            n = 0
            for j in range(max(0, i - sizes[i]), min(kept, i + sizes[i] + 1)):
                inputs[n] = words[j]
                n += j != i
            if n == 0:
                continue
            start, first_sign = i * m, 0
            if has_tree:
                start = first_sign = tree.ends[words[i]]
                m = tree.ends[words[i] + 1] - start
            for d in range(mean.shape[1]):
                mean[MEAN, d] = mean[LEARNED, d] = np.float32(0.0)
            share[0] = 1.0 / n
            add_products(mean, mean_row, 1, share, (0, 0), center, inputs, 0, n)
            scores(mean, mean_row, 1, outside, outputs, start, m, factors)
            new = 1 if columns == BLOCK else (m + 15) // 16
            if vectors + new > MOST_VECTORS:
                tally[LOSS] += flush(losses)
                vectors = 0
            logistic(factors, 0, 1, m, signs, first_sign, rate, losses)
            vectors += new
            tally[PAIRS] += 1
            add_products(mean, learned_row, 1, factors, (columns, 1), outside, outputs, start, m)
            for k in range(m):
                target = np.int64(outside_targets[outputs[start + k]])
                add_scaled(outside, target, factors[0, k], mean, MEAN)
            scale = share[0] if rules.divides else np.float32(1.0)
            for a in range(n):
                add_scaled(center, np.int64(center_targets[inputs[a]]), scale, mean, LEARNED)
    tally[LOSS] += flush(losses)
