"""How a text is cut up for training: pieces, chunks that are handed to threads, exact batches, a held-out part.

All of it depends on the text and the options alone, never on the number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firth.errors import OptionError
from firth.training.config import TrainingConfig
from firth.training.sampling import keep_probabilities
from firth.training.trainer import EncodedText

LONGEST = 10_000
"""Words of a piece; longer sentences are cut."""
LONGEST_EXACT = 320
"""The same for exact minibatches, whose pieces are shared out among threads."""
CHUNK_WORDS = 50_000
"""A thread takes so many words at a time: a hundredth of a second."""
CHUNK_WORDS_EXACT = 400_000
"""The threads of a team take so many together: a tenth of a second."""
CHUNK_WORDS_SOFTMAX = 4_000
"""With the softmax over 20,000 words, a quarter of a second."""
LEAST_CHUNKS = 64
"""Small texts are cut finer, so that every thread has something to do and progress is shown."""
BATCH_WORDS = 256
"""Words of an exact minibatch, at most."""
MOST_REPEATS = 2.0
"""Times that the most frequent word may be expected in one: its gradients, all at the same vectors, add up."""
TREE_BATCH_WORDS = 16
"""Words of an exact minibatch of hierarchical softmax, where every window has the root of the tree."""


@dataclass(frozen=True)
class Plan:
    """Pieces of the text, in its order.

    Attributes
    ----------
    ids
        The words that they are of, shape (T,), uint32, not to be written to.
    first
        Where these stand in the whole text, of which they may be a part: draws depend on that.
    starts, ends
        Positions among `ids` where they start and end, shape (S,), int64.
    chunks
        Pieces that are learned from at a stretch: chunk c is pieces chunks[c] to chunks[c + 1] - 1.
    words
        Words in all pieces before each chunk, and in all, shape (chunks + 1,), int64.
    """

    ids: NDArray[np.uint32]
    first: int
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    chunks: NDArray[np.int64]
    words: NDArray[np.int64]

    @property
    def total(self) -> int:
        """Words in all pieces."""
        return int(self.words[-1])


def cut(offsets: NDArray[np.int64], longest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where pieces start and end: the sentences of `offsets`, shape (S + 1,), those above `longest` words cut."""
    lengths = np.diff(offsets)
    parts = -(-lengths // longest)
    numbers = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    starts = np.repeat(offsets[:-1], parts) + numbers * longest
    ends = np.minimum(starts + longest, np.repeat(offsets[1:], parts))
    return starts.astype(np.int64), ends.astype(np.int64)


def gathered(starts: NDArray[np.int64], ends: NDArray[np.int64], words: int) -> NDArray[np.int64]:
    """Group pieces in their order: as few to a group as make at least `words` words. Shape (groups + 1,)."""
    before = np.concatenate(([0], np.cumsum(ends - starts)))
    bounds = [0]
    while bounds[-1] < starts.size:
        bounds.append(int(np.searchsorted(before, before[bounds[-1]] + words)))
        bounds[-1] = min(max(bounds[-1], bounds[-2] + 1), starts.size)
    return np.array(bounds, dtype=np.int64)


def batch_words(config: TrainingConfig, counts: NDArray[np.int64]) -> int:
    """Words of an exact minibatch: few enough that no row takes too many gradients at once.

    Parameters
    ----------
    config
        The options.
    counts
        Occurrences of each word, shape (V,).
    """
    if config.objective == "hierarchical-softmax":
        return TREE_BATCH_WORDS
    staying = np.maximum(counts, 1).astype(np.float64)
    if config.subsample:
        staying = staying * keep_probabilities(staying, config.subsample, config.subsample_rule)
    return int(np.clip(MOST_REPEATS * np.maximum(counts, 1).sum() / staying.max(), 8, BATCH_WORDS))


def make_plans(text: EncodedText, config: TrainingConfig, first: int = 0, finer: int = 1) -> tuple[Plan, Plan]:
    """The plan of what is learned from, and that of what is held out.

    Parameters
    ----------
    text
        The text, or a part of one.
    config
        The options.
    first
        Words of the text before this part.
    finer
        Chunks are smaller by this factor.
    """
    ids = text.ids.view()
    ids.flags.writeable = False  # kernels are compiled for ids that are only read, as those of a corpus on disk are
    starts, ends = cut(text.offsets, LONGEST_EXACT if config.deterministic else LONGEST)
    is_held = np.zeros(starts.size, dtype=bool)
    if config.held_out:
        # Spread evenly: piece s is held out where the multiple of the share passes a whole number.
        passed = np.floor(np.arange(starts.size + 1) * config.held_out)
        is_held = np.diff(passed) > 0
    most = CHUNK_WORDS_EXACT if config.deterministic else CHUNK_WORDS
    most = CHUNK_WORDS_SOFTMAX if config.objective == "softmax" else most
    held, learned = (_plan(ids, first, starts[part], ends[part], -(-most // finer)) for part in (is_held, ~is_held))
    return learned, held


def demand_held_out(words: int, config: TrainingConfig) -> None:
    """Refuse a held-out part, of so many words, that is nothing."""
    if config.held_out and not words:
        raise OptionError(f"held_out is {config.held_out:g}, which is not one sentence of this text: ask for more")


def _plan(ids: NDArray[np.uint32], first: int, starts: NDArray[np.int64], ends: NDArray[np.int64], most: int) -> Plan:
    lengths = ends - starts
    chunks = gathered(starts, ends, max(1, min(most, int(lengths.sum()) // LEAST_CHUNKS)))
    return Plan(ids, first, starts, ends, chunks, np.concatenate(([0], np.cumsum(lengths)))[chunks])


def no_plan() -> Plan:
    """A plan of nothing."""
    nothing = np.zeros(0, np.int64)
    return make_plans(EncodedText(nothing.astype(np.uint32), np.zeros(1, np.int64), nothing), TrainingConfig())[0]
