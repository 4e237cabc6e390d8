"""What the kernels draw: random bits, the subsampled text, batches of windows with their negatives.

The generator's twin, in plain Python, is `firth.training.sampling`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from firth.compute.compiling import compiled
from firth.training.sampling import AliasTable


class Text(NamedTuple):
    """Sentences end to end.

    Attributes
    ----------
    ids
        Word of each position, shape (T,), uint32.
    offsets
        Where each sentence starts, and the end of the last, shape (S + 1,), int64.
    """

    ids: NDArray[np.uint32]
    offsets: NDArray[np.int64]


class Draws(NamedTuple):
    """One batch of B windows, at most 2C outside words each, K negatives for each outside word.

    Attributes
    ----------
    centers
        Center word of each window, shape (B,), int32.
    pair_ends
        Window b owns pairs pair_ends[b] to pair_ends[b + 1] - 1; shape (B + 1,), int32.
    outsides
        Outside word of each pair, shape (2BC,), int32; only the first pair_ends[B] count.
    negatives
        Words drawn for each pair, shape (2BC, K), int32.
    """

    centers: NDArray[np.int32]
    pair_ends: NDArray[np.int32]
    outsides: NDArray[np.int32]
    negatives: NDArray[np.int32]


class Source(NamedTuple):
    """Where batches are drawn from.

    Attributes
    ----------
    state
        Of the random generator, shape (4,), uint64.
    text
        The subsampled text.
    table
        Of the negatives.
    window
        C, the largest window.
    """

    state: NDArray[np.uint64]
    text: Text
    table: AliasTable
    window: int


def empty_draws(batch: int, window: int, negatives: int) -> Draws:
    """Make room for the draws of a batch."""
    pairs = 2 * batch * window
    return Draws(
        np.zeros(batch, np.int32),
        np.zeros(batch + 1, np.int32),
        np.zeros(pairs, np.int32),
        np.zeros((pairs, negatives), np.int32),
    )


@compiled
def next_random(state: NDArray[np.uint64]) -> np.uint64:
    """Return the next 64 bits of xoshiro256++, and move `state`, shape (4,), on."""
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    total = s0 + s3
    result: np.uint64 = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
    s2 ^= s0
    s3 ^= s1
    state[1] = s1 ^ s2
    state[0] = s0 ^ s3
    state[2] = s2 ^ (s1 << np.uint64(17))
    state[3] = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
    return result


@compiled
def random_fraction(state: NDArray[np.uint64]) -> float:
    """Draw uniformly from [0, 1), in steps of 2^-53."""
    return np.float64(next_random(state) >> np.uint64(11)) * 2.0**-53


@compiled
def random_below(state: NDArray[np.uint64], bound: int) -> int:
    """Draw uniformly from 0 to bound - 1 (no value is off by more than bound / 2^53 of its share)."""
    return np.int64(random_fraction(state) * bound)  # type: ignore[return-value]


@compiled
def draw_negative(state: NDArray[np.uint64], table: AliasTable, outside: int) -> int:
    """Draw a word from the alias table, again where it is the outside word itself."""
    while True:
        scaled = random_fraction(state) * table.keep.size
        cell = np.int64(scaled)
        word = cell if scaled - cell < table.keep[cell] else np.int64(table.other[cell])
        if word != outside:
            return word  # type: ignore[return-value]


@compiled
def fill_uniform(matrix: NDArray[np.float64], half_width: float, state: NDArray[np.uint64]) -> None:
    """Fill a matrix with draws from [-half_width, half_width)."""
    for row in range(matrix.shape[0]):
        for column in range(matrix.shape[1]):
            matrix[row, column] = (2.0 * random_fraction(state) - 1.0) * half_width


@compiled
def subsample(text: Text, keep: NDArray[np.float64], repetitions: int, state: NDArray[np.uint64]) -> Text:
    """Go through the text `repetitions` times, leaving words out at random, and drop sentences of less than two words.

    `keep` holds each word's probability to stay, shape (V,).
    """
    sentences = text.offsets.size - 1
    expected = 0.0
    for word in text.ids:
        expected += keep[word]
    ids = np.empty(np.int64(expected * repetitions * 1.1) + 1024, np.uint32)
    offsets = np.empty(sentences * repetitions + 1, np.int64)
    offsets[0] = 0
    kept_sentences, end = 0, 0
    for _ in range(repetitions):
        for sentence in range(sentences):
            start = end
            for position in range(text.offsets[sentence], text.offsets[sentence + 1]):
                word = text.ids[position]
                if keep[word] >= 1.0 or random_fraction(state) < keep[word]:
                    if end == ids.size:
                        ids = np.concatenate((ids, np.empty(ids.size, np.uint32)))
                    ids[end] = word
                    end += 1
            if end - start < 2:
                end = start
            else:
                kept_sentences += 1
                offsets[kept_sentences] = end
    return Text(ids[:end].copy(), offsets[: kept_sentences + 1].copy())


@compiled
def has_window(text: Text) -> bool:
    """Whether any sentence has two different words, so that drawing a window comes to an end."""
    for sentence in range(text.offsets.size - 1):
        for position in range(text.offsets[sentence] + 1, text.offsets[sentence + 1]):
            if text.ids[position] != text.ids[position - 1]:
                return True
    return False


@compiled
def draw_batch(source: Source, draws: Draws) -> None:
    """Draw a batch: for each window its size from 1 to `window`, a sentence, a center word, then the negatives.

    Words equal to the center word are left out of its window; a window without any other word is drawn again, at the
    same size, as the assignment does.
    """
    state, text = source.state, source.text
    pair = 0
    for b in range(draws.centers.size):
        size = 1 + random_below(state, source.window)
        first = pair
        while pair == first:
            sentence = random_below(state, text.offsets.size - 1)
            start, end = text.offsets[sentence], text.offsets[sentence + 1]
            middle = start + random_below(state, end - start)
            center = text.ids[middle]
            draws.centers[b] = center
            for position in range(max(start, middle - size), min(end, middle + size + 1)):
                if text.ids[position] != center:
                    draws.outsides[pair] = text.ids[position]
                    pair += 1
        draws.pair_ends[b + 1] = pair
        for p in range(first, pair):
            for k in range(draws.negatives.shape[1]):
                draws.negatives[p, k] = draw_negative(state, source.table, draws.outsides[p])
