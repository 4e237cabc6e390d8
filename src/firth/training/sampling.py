"""What is drawn at random, and how: readable twins of what the kernels do.

Every draw comes from xoshiro256++ (Blackman and Vigna, 2019). One seed gives independent streams: the state of stream
s is four outputs of SplitMix64 started at seed + s · 2^32 · (golden ratio constant), so streams never share a
state. The streams of a run are INITIAL (first vectors), TEXT (which words are left out) and BATCHES (windows and
negatives).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

INITIAL, TEXT, BATCHES = 0, 1, 2

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


class AliasTable(NamedTuple):
    """Walker's alias method: draw a word in two look-ups, whatever the distribution.

    Attributes
    ----------
    keep
        Shape (V,), float64: the probability that cell i gives word i.
    other
        Shape (V,), int32: the word that cell i gives otherwise.
    """

    keep: NDArray[np.float64]
    other: NDArray[np.int32]


def random_state(seed: int, stream: int) -> NDArray[np.uint64]:
    """Return the first state, shape (4,), of one of a seed's streams.

    Parameters
    ----------
    seed
        From 0 to 2^63 - 1.
    stream
        `INITIAL`, `TEXT` or `BATCHES`.
    """
    counter = (seed + stream * (_GOLDEN << 32)) & _MASK
    words = []
    for _ in range(4):
        counter = (counter + _GOLDEN) & _MASK
        mixed = ((counter ^ (counter >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        words.append(mixed ^ (mixed >> 31))
    return np.array(words, dtype=np.uint64)


def next_random(state: NDArray[np.uint64]) -> int:
    """Return the next 64 random bits of xoshiro256++ and move `state`, shape (4,), on. Twin of the kernels' own."""
    s0, s1, s2, s3 = (int(word) for word in state)
    total = (s0 + s3) & _MASK
    result = ((((total << 23) | (total >> 41)) & _MASK) + s0) & _MASK
    s2 ^= s0
    s3 ^= s1
    state[1], state[0] = s1 ^ s2, s0 ^ s3
    state[2] = s2 ^ ((s1 << 17) & _MASK)
    state[3] = ((s3 << 45) | (s3 >> 19)) & _MASK
    return result


def random_fraction(state: NDArray[np.uint64]) -> float:
    """Draw uniformly from [0, 1): the upper 53 bits over 2^53. Twin of the kernels' own."""
    return (next_random(state) >> 11) * 2.0**-53


def keep_probabilities(counts: ArrayLike, subsample: float) -> NDArray[np.float64]:
    """Probability min(1, sqrt(t N / n)) that an occurrence stays in the text: one minus equation (22).

    Parameters
    ----------
    counts
        n of each word, shape (V,); N is their sum.
    subsample
        t.

    Returns
    -------
    array of shape (V,)
    """
    counts = np.asarray(counts, dtype=np.float64)
    return np.asarray(np.minimum(1.0, np.sqrt(subsample * counts.sum() / counts)))


def negative_probabilities(counts: ArrayLike, exponent: float) -> NDArray[np.float64]:
    """Probability n^exponent / Σ n^exponent that a word is drawn as a negative, equation (21).

    Parameters
    ----------
    counts
        n of each word, shape (V,).
    exponent
        3/4 in the paper.

    Returns
    -------
    array of shape (V,) that sums to 1
    """
    weights = np.asarray(counts, dtype=np.float64) ** exponent
    return np.asarray(weights / weights.sum())


def alias_table(probabilities: ArrayLike) -> AliasTable:
    """Build the alias table of a distribution (Vose, 1991).

    Parameters
    ----------
    probabilities
        Shape (V,), not negative; scaled to sum to 1.

    Returns
    -------
    AliasTable
        Word w comes up with probability (keep[w] + Σ over cells i with other[i] = w of (1 - keep[i])) / V.
    """
    weights = np.asarray(probabilities, dtype=np.float64)
    keep = weights / weights.sum() * weights.size
    other = np.arange(weights.size, dtype=np.int32)
    small = [int(i) for i in np.flatnonzero(keep < 1.0)]
    large = [int(i) for i in np.flatnonzero(keep >= 1.0)]
    while small and large:
        receiver, giver = small.pop(), large[-1]
        other[receiver] = giver
        keep[giver] -= 1.0 - keep[receiver]
        if keep[giver] < 1.0:
            small.append(large.pop())
    keep[small + large] = 1.0  # what rounding left over
    return AliasTable(keep, other)
