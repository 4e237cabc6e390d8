"""Skip-gram, online: window by window, each changes the vectors before the next is looked at.

A window is the word in its middle and those around it. As in the original program, the words around have the center
vectors and the middle word the outside vector: the same pairs as the other way round, in another order. The window's
scores are one small matrix product, (words around) x (targets); the targets are the middle word and its negatives,
drawn once for the window, or the inner nodes on the path to the middle word: both are pairs of a target and a label.
All gradients of a window are taken at the vectors that stood there before it.

Twin: `firth.theory`'s losses summed over the window, fed the same draws.
"""

from __future__ import annotations

import numpy as np

from firth.compute.compiling import compiled
from firth.training.kernels.sentences import Rules, Stretch, draw_piece
from firth.training.kernels.state import KEPT, LOSS, MOST_VECTORS, PAIRS, Model, Room, flush, merge_repeats
from firth.training.tiles import BLOCK, add_products, any_equal, copy_rows, logistic, prefetch, scores, update


@compiled
def learn(stretch: Stretch, rates: tuple[float, float], model: Model, rules: Rules, room: Room) -> None:
    """Learn from a stretch of text, the rate going from the first of `rates` to the second; add to the room's tally."""
    starts, ends = stretch.starts, stretch.ends
    center, outside, tree = model.center, model.outside, model.tree
    has_tree = tree.nodes.size > 0
    piece, tally, losses, inputs, factors = room.piece, room.tally, room.losses, room.inputs, room.factors
    words, sizes, reach, columns = piece.words, piece.sizes, rules.window, factors.shape[1]
    outputs, signs = (tree.nodes, tree.labels) if has_tree else (piece.targets.reshape(piece.targets.size), room.signs)
    m = piece.targets.shape[1]
    slope = (rates[1] - rates[0]) / max(1, ends[-1] - starts[0]) if starts.size else 0.0
    vectors = 0
    for s in range(starts.size):
        kept = draw_piece(stretch, s, rules, piece)
        tally[KEPT] += kept
        rate = np.float32(rates[0] + slope * (starts[s] - starts[0]))
        for i in range(kept):
            # Rows of the window after the next are asked for now, so that they are there when they are needed.
            if not has_tree:
                for place in range(0 if i == 0 else (i + 2) * m, min(i + 3, kept) * m):
                    prefetch(outside, np.int64(outputs[place]))
            if i + reach + 1 < kept:
                prefetch(center, np.int64(words[i + reach + 1]))
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
            scores(center, inputs, n, outside, outputs, start, m, factors)
            rows = 2 * MOST_VECTORS if columns == BLOCK else MOST_VECTORS // ((m + 15) // 16)
            for a in range(0, n, rows):
                some = min(rows, n - a)
                new = (some + 1) // 2 if columns == BLOCK else some * ((m + 15) // 16)
                if vectors + new > MOST_VECTORS:
                    tally[LOSS] += flush(losses)
                    vectors = 0
                logistic(factors, a, a + some, m, signs, first_sign, rate, losses)
                vectors += new
            tally[PAIRS] += n
            if any_equal(inputs, n):
                n = merge_repeats(inputs, n, factors)
            if m <= BLOCK and not model.has_frozen:
                update(center, inputs, n, outside, outputs, start, m, factors)
                continue
            for a in range(n):
                room.input_targets[a] = model.center_targets[inputs[a]]
            for k in range(m):
                room.output_targets[k] = model.outside_targets[outputs[start + k]]
            copy_rows(room.input_copies, center, inputs, 0, n)
            copy_rows(room.output_copies, outside, outputs, start, m)
            add_products(center, room.input_targets, n, factors, (columns, 1), room.output_copies, room.numbers, 0, m)
            add_products(outside, room.output_targets, m, factors, (1, columns), room.input_copies, room.numbers, 0, n)
    tally[LOSS] += flush(losses)
