"""What the engine's kernels share: the vectors, a thread's own room, and the sum of losses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from firth.compute.compiling import compiled
from firth.compute.simd import LANES, aligned_rows
from firth.training.huffman import Tree
from firth.training.kernels.sentences import Piece, empty_piece
from firth.training.tiles import BLOCK

LOSS, PAIRS, KEPT = 0, 1, 2
"""Places of a tally: sum of losses, number of losses, words that stayed in the text."""
MOST_VECTORS = 56
"""Vectors of scores whose factors, each from 1 to 2, are multiplied up before a logarithm is taken: 16 lanes of at most
2^56 make 2^896, which float64 holds."""


class Model(NamedTuple):
    """What is learned. The last row of each matrix takes what frozen words would have learned.

    Attributes
    ----------
    center
        Shape (V + 1, W), float32, W being D rounded up to a multiple of 16; what that adds stays zero.
    outside
        Vectors of words, or of the tree's inner nodes; shape (V + 1, W).
    center_targets, outside_targets
        Row that is changed where a word (or node) learns: its own, or V where it is frozen; shape (V,), uint32.
    has_frozen
        Whether any of them is V.
    tree
        Of hierarchical softmax; empty for other objectives.
    """

    center: NDArray[np.float32]
    outside: NDArray[np.float32]
    center_targets: NDArray[np.uint32]
    outside_targets: NDArray[np.uint32]
    has_frozen: bool
    tree: Tree


class Room(NamedTuple):
    """What a thread needs beside the model. C is the largest window, M the most targets of a window.

    Attributes
    ----------
    piece
        The text at hand.
    inputs
        Rows of the window's words, shape (2C + 16,), uint32.
    input_targets, output_targets
        Rows that the window's words, and its targets, change, shape (2C,) and (M,), uint32.
    signs
        +1 for the word itself, -1 for its negatives, shape (K + 17,), float32.
    factors
        Scores, then factors of the update, shape (2C + 1, a multiple of 8 from M).
    input_copies, output_copies
        Copies of rows, shape (2C, W) and (M, W).
    mean
        CBOW: the mean of a window's vectors, and what it learns, shape (2, W).
    numbers
        0, 1, 2, …, uint32: rows of copies.
    losses
        As `firth.training.tiles.logistic` has it.
    tally
        See `LOSS`, `PAIRS` and `KEPT`; shape (3,), float64.
    """

    piece: Piece
    inputs: NDArray[np.uint32]
    input_targets: NDArray[np.uint32]
    output_targets: NDArray[np.uint32]
    signs: NDArray[np.float32]
    factors: NDArray[np.float32]
    input_copies: NDArray[np.float32]
    output_copies: NDArray[np.float32]
    mean: NDArray[np.float32]
    numbers: NDArray[np.uint32]
    losses: NDArray[np.float32]
    tally: NDArray[np.float64]


def make_room(width: int, window: int, negatives: int, depth: int, longest: int) -> Room:
    """Make room for a thread.

    Parameters
    ----------
    width, window, negatives
        D, C and K; K is 0 where `depth` counts.
    depth
        Of the tree, 0 without one.
    longest
        Words of the longest piece.
    """
    most = max(negatives + 1, depth)
    columns = BLOCK if most <= BLOCK else -(-most // LANES) * LANES
    inputs = 2 * window
    losses = np.zeros((2, LANES), np.float32)
    losses[1] = 1.0
    signs = np.full(negatives + 17, -1.0, np.float32)
    signs[0] = 1.0
    return Room(
        piece=empty_piece(longest, negatives),
        inputs=np.zeros(inputs + LANES, np.uint32),
        input_targets=np.zeros(inputs, np.uint32),
        output_targets=np.zeros(most, np.uint32),
        signs=signs,
        factors=np.zeros((inputs + 1, columns), np.float32),
        input_copies=aligned_rows(inputs, width),
        output_copies=aligned_rows(most, width),
        mean=aligned_rows(2, width),
        numbers=np.arange(max(inputs, most), dtype=np.uint32),
        losses=losses,
        tally=np.zeros(3),
    )


@compiled
def flush(losses: NDArray[np.float32]) -> float:
    """Return the sum of losses, Σ max(-s, 0) + log Π (1 + exp(-|s|)), and start it anew. losses: (2, 16)."""
    linear, product = 0.0, 1.0
    for lane in range(losses.shape[1]):
        linear += losses[0, lane]
        product *= losses[1, lane]
        losses[0, lane], losses[1, lane] = 0.0, 1.0
    return float(linear + np.log(product))


@compiled
def merge_repeats(inputs: NDArray[np.uint32], n: int, factors: NDArray[np.float32]) -> int:
    """Make one row of a word that stands in a window twice, its factors added up; return how many rows are left.

    inputs: (n,); factors: (n, columns).
    """
    left = 0
    for a in range(n):
        place = 0
        while place < left and inputs[place] != inputs[a]:
            place += 1
        for k in range(factors.shape[1]):
            factors[place, k] = factors[a, k] + (factors[place, k] if place < left else np.float32(0.0))
        inputs[place] = inputs[a]
        left = max(left, place + 1)
    return left
