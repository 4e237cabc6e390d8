"""What the engine draws for a piece of text: the words that stay, their windows' sizes, their negatives.

Twin: `firth.training.sampling.draw_window`, position by position.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from firth.compute.compiling import compiled
from firth.training.sampling import Odds

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


class Stretch(NamedTuple):
    """The text at hand.

    Attributes
    ----------
    ids
        The whole text, shape (T,), uint32.
    starts, ends
        Where the pieces start and end that are to be learned from, shape (S,), int64.
    key
        Of the epoch, see `firth.training.sampling.epoch_key`.
    """

    ids: NDArray[np.uint32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    key: np.uint64


class Piece(NamedTuple):
    """A piece of text as it is learned from: room for L words, of which the kernel says how many stayed.

    Attributes
    ----------
    words
        Shape (L,), uint32.
    places
        Position of each in the text, shape (L,), int64.
    sizes
        Words on either side that belong to its window, shape (L,), int64.
    targets
        The word itself, and its K negatives, shape (L, K + 1), uint32.
    """

    words: NDArray[np.uint32]
    places: NDArray[np.int64]
    sizes: NDArray[np.int64]
    targets: NDArray[np.uint32]


class Rules(NamedTuple):
    """How windows are drawn.

    Attributes
    ----------
    odds
        Of words to stay and to be drawn as negatives.
    window
        C, the largest window.
    shrinks
        Whether a window's size is drawn from 1 to C, or always C.
    by_mean
        CBOW: the mean of a window's words predicts the middle one. Otherwise skip-gram.
    divides
        CBOW: whether each of a window's n words gets one n-th of their mean's gradient, or all of it.
    """

    odds: Odds
    window: int
    shrinks: bool
    by_mean: bool
    divides: bool


def empty_piece(longest: int, negatives: int) -> Piece:
    """Make room for pieces of up to `longest` words."""
    return Piece(
        np.zeros(longest, np.uint32),
        np.zeros(longest, np.int64),
        np.zeros(longest, np.int64),
        np.zeros((longest, negatives + 1), np.uint32),
    )


@compiled
def mixed(state: np.uint64) -> np.uint64:
    """Return the 64 bits that SplitMix64 makes of a state."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@compiled
def draw_piece(stretch: Stretch, s: int, rules: Rules, piece: Piece) -> int:
    """Draw everything for piece s of a stretch; return how many words stayed.

    Negatives of many windows are drawn in a row, so that the processor waits for the
    alias table's cells side by side.
    """
    keep, cells = rules.odds.keep, rules.odds.cells
    words, places, sizes, targets = piece.words, piece.places, piece.sizes, piece.targets
    negatives, vocabulary, window = targets.shape[1] - 1, np.uint64(cells.size), np.uint64(rules.window)
    ids, key = stretch.ids, stretch.key
    kept = 0
    for position in range(stretch.starts[s], stretch.ends[s]):
        word = ids[position]
        state = mixed(key + np.uint64(position) * _GOLDEN)
        if (state >> _HALF) > np.uint64(keep[word]):
            continue
        words[kept], places[kept], targets[kept, 0] = word, position, word
        sizes[kept] = np.int64(((state & _LOW) * window) >> _HALF) + 1 if rules.shrinks else rules.window
        for k in range(negatives):
            for _ in range(64):
                state += _GOLDEN
                bits = mixed(state)
                number = ((bits >> _HALF) * vocabulary) >> _HALF
                cell = cells[number]
                negative = np.uint32(number if (bits & _LOW) <= (cell >> _HALF) else cell & _LOW)
                if negative != word:
                    break
            else:
                negative = np.uint32((word + np.uint32(1)) % vocabulary)
            targets[kept, k + 1] = negative
        kept += 1
    return kept
