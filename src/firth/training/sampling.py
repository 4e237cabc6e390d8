"""What is drawn at random, and how: readable twins of what the kernels do.

*Streams.* First vectors, and the assignment's batches, come from xoshiro256++ (Blackman and Vigna, 2019). One seed
gives independent streams: the state of stream s is four outputs of SplitMix64 started at
seed + s · 2^32 · (golden ratio constant), so streams never share a state. They are INITIAL (first vectors), TEXT (which
words are left out) and BATCHES (windows and negatives).

*Counters.* What the engine draws at position p of epoch e depends on the seed, e and p alone: SplitMix64 (Steele, Lea
and Flood, 2014) from a state that is itself a mix of the three. So it is the same on any number of threads, in any
order, after any stop.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

INITIAL, TEXT, BATCHES = 0, 1, 2

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


class Window(NamedTuple):
    """What is drawn for a position of the text.

    Attributes
    ----------
    is_kept
        Whether the word stays in the text at all (equation (22)).
    size
        How many words on either side belong to the window, from 1 to C.
    negatives
        The K words drawn, none of them the word itself; empty where the word is not kept.
    """

    is_kept: bool
    size: int
    negatives: list[int]


class Odds(NamedTuple):
    """Probabilities as the engine compares them with random bits, in units of 2^-32.

    Attributes
    ----------
    keep
        That an occurrence of a word stays in the text, shape (V,), uint32.
    cells
        The alias table, shape (V,), uint64: cell i gives word i with the probability in the upper 32 bits, otherwise
        the word in the lower 32.
    """

    keep: NDArray[np.uint32]
    cells: NDArray[np.uint64]


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


def mixed(state: int) -> int:
    """Return the 64 bits that SplitMix64 makes of a state. Twin of the kernels' own."""
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 31)


def epoch_key(seed: int, epoch: int) -> int:
    """The number that keys all draws of an epoch (from 0)."""
    return mixed((mixed((seed + _GOLDEN) & _MASK) + epoch * _GOLDEN) & _MASK)


def place_key(key: int, first: int) -> int:
    """The key under which place p of a part of the text, with `first` words before it, draws what p + first does."""
    return (key + first * _GOLDEN) & _MASK


def draw_window(key: int, position: int, word: int, odds: Odds, window: int, negatives: int) -> Window:
    """Draw what belongs to one position of the text. Twin of the kernels' own.

    With z = mixed(key + position · golden), the upper 32 bits decide whether the word stays, the lower 32 the window's
    size; the negatives come from SplitMix64 going on from state z, 64 bits each: the upper 32 choose the alias table's
    cell, the lower 32 which of its two words. A negative equal to the word is drawn again, 64 times at most; then the
    cell's neighbor is taken.
    """
    words = odds.keep.size
    state = mixed((key + position * _GOLDEN) & _MASK)
    if state >> 32 > int(odds.keep[word]):
        return Window(False, 0, [])
    size = 1 + ((state & 0xFFFFFFFF) * window >> 32)
    drawn = []
    for _ in range(negatives):
        for _ in range(64):
            state = (state + _GOLDEN) & _MASK
            bits = mixed(state)
            cell = (bits >> 32) * words >> 32
            cut, other = divmod(int(odds.cells[cell]), 1 << 32)
            negative = cell if bits & 0xFFFFFFFF <= cut else other
            if negative != word:
                break
        else:
            negative = (word + 1) % words
        drawn.append(negative)
    return Window(True, size, drawn)


def training_odds(counts: ArrayLike, subsample: float, rule: str, exponent: float) -> Odds:
    """The tables that the engine draws from.

    Parameters
    ----------
    counts
        n of each word, shape (V,).
    subsample, rule
        As for `keep_probabilities`; 0 keeps every word.
    exponent
        As for `negative_probabilities`.
    """
    at_least_one = np.maximum(np.asarray(counts), 1)
    keep = keep_probabilities(at_least_one, subsample, rule) if subsample else np.ones(at_least_one.size)
    table = alias_table(negative_probabilities(at_least_one, exponent))
    cells = _in_units(table.keep).astype(np.uint64) << np.uint64(32) | table.other.astype(np.uint64)
    return Odds(_in_units(keep), cells)


def _in_units(probabilities: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Probabilities in units of 2^-32, so that 32 random bits are at most the number that often."""
    return np.asarray(np.clip(np.rint(probabilities * 2.0**32) - 1, 0, 2**32 - 1).astype(np.uint32))


def keep_probabilities(counts: ArrayLike, subsample: float, rule: str = "paper") -> NDArray[np.float64]:
    """Probability min(1, sqrt(t N / n)) that an occurrence stays in the text: one minus equation (22).

    Of a frequent word's n occurrences sqrt(t N n) stay, equation (45).

    Parameters
    ----------
    counts
        n of each word, shape (V,); N is their sum.
    subsample
        t.
    rule
        ``"paper"`` for the formula above; ``"word2vec"`` for the original program's, sqrt(t N / n) + t N / n, which
        keeps somewhat more.

    Returns
    -------
    array of shape (V,)
    """
    ratio = subsample * np.sum(counts, dtype=np.float64) / np.asarray(counts, dtype=np.float64)
    return np.asarray(np.minimum(1.0, np.sqrt(ratio) + (ratio if rule == "word2vec" else 0.0)))


def negative_probabilities(counts: ArrayLike, exponent: float) -> NDArray[np.float64]:
    """Probability n^exponent / Σ n^exponent that a word is drawn as a negative, equation (21).

    With an exponent below 1 rare words gain, equation (34).

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
    weights = _power(np.asarray(counts, dtype=np.float64), exponent)
    return np.asarray(weights / math.fsum(weights.tolist()))


def _power(numbers: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Numbers to a power, by products and square roots alone.

    IEEE 754 fixes the bits of these; those of NumPy's own power depend on the processor. With the exponent written as
    i + Σ b_k 2^-k, x^exponent = x^i · Π x^(b_k 2^-k), where each x^(2^-k) is the square root of the one before.
    """
    whole = math.floor(exponent)
    fraction, root = exponent - whole, numbers
    power = np.ones_like(numbers)
    for _ in range(abs(whole)):
        power = power * numbers if whole > 0 else power / numbers
    while fraction:
        root, fraction = np.sqrt(root), 2.0 * fraction
        if fraction >= 1.0:
            power, fraction = power * root, fraction - 1.0
    return power


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
    keep = weights / math.fsum(weights.tolist()) * weights.size
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
