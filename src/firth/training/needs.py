"""What a run needs of memory and disk, estimated before anything is allocated."""

from __future__ import annotations

from dataclasses import dataclass

from firth.training.config import TrainingConfig
from firth.training.plan import BATCH_WORDS, LONGEST, LONGEST_EXACT, TREE_BATCH_WORDS

PROGRAM = 205_000_000
"""Bytes of Python, its libraries and the kernels, as measured on Linux."""
_OF_A_WORD = 400
"""Bytes of a word beside its vectors: its letters, its place in lists and tables, and what is drawn by."""
_OF_A_NODE = 500
"""Bytes of a word's path in the tree of hierarchical softmax, while it is made."""
_OF_A_PIECE = 96
"""Bytes of a sentence: where it starts and ends, and what that is worked out from."""
_OF_A_TRANSLATED = 17
"""Bytes of a word of the text where a text is put in terms of an older vocabulary."""
_OF_A_THREAD = 72_000_000
"""Address space that a thread reserves and hardly uses."""
_LANES, _SOFTMAX_WINDOWS, _SOFTMAX_WORDS = 16, 64, 256


@dataclass(frozen=True)
class Needs:
    """What a run needs, in bytes.

    Attributes
    ----------
    training
        Memory beside the program itself and the words: vectors, tables, room for threads.
    words
        Memory for the vocabulary and the sentences' places.
    text
        The text's ids, which are mapped: memory that the system takes back when it wants to.
    reserved
        Address space beyond all that.
    file
        Disk for the vectors.
    checkpoints
        Disk for two checkpoints and one that is being written.
    """

    training: int
    words: int
    text: int
    reserved: int
    file: int
    checkpoints: int

    @property
    def memory(self) -> int:
        """All memory that can't be taken back."""
        return PROGRAM + self.training + self.words


def needs_of(
    config: TrainingConfig, vocabulary: int, letters: int, sentences: int, words: int, threads: int, translates: bool
) -> Needs:
    """Estimate what a run needs.

    Parameters
    ----------
    config
        The options.
    vocabulary, letters
        V, and the bytes of all its words.
    sentences, words
        Of the text.
    threads
        How many.
    translates
        Whether the text is put in terms of an older vocabulary (`partial_fit`).
    """
    padded = -(-config.dimensions // _LANES) * _LANES
    vectors = 2 * (vocabulary + 1) * padded * 4
    stored = (1 if config.objective == "hierarchical-softmax" else 2) * vocabulary * config.dimensions * 4
    pieces = sentences + words // (LONGEST_EXACT if config.deterministic else LONGEST)
    training = vectors + threads * _room(config, padded) + _shared(config, padded, vocabulary, threads)
    training += pieces * _OF_A_PIECE + (words * _OF_A_TRANSLATED if translates else 0)
    training += vocabulary * _OF_A_NODE if config.objective == "hierarchical-softmax" else 0
    return Needs(
        training=training,
        words=vocabulary * _OF_A_WORD + 3 * letters,
        text=words * 4,
        reserved=(threads + 1) * _OF_A_THREAD + PROGRAM,
        file=stored + vocabulary * 16 + letters + 4_096,
        checkpoints=3 * (vectors + 1_000_000),
    )


def _targets(config: TrainingConfig) -> int:
    """The most targets of a window; a tree's paths are shorter than 64 nodes but for strange counts."""
    return {"negative-sampling": config.negatives + 1, "hierarchical-softmax": 64, "softmax": 1}[config.objective]


def _room(config: TrainingConfig, padded: int) -> int:
    """A thread's own."""
    longest = LONGEST_EXACT if config.deterministic else LONGEST
    piece = longest * (20 + 4 * (config.negatives + 1))
    copies = (2 * config.window + _targets(config) + 2) * padded * 4
    return piece + copies + (2 * config.window + 1) * (_targets(config) + _LANES) * 4


def _shared(config: TrainingConfig, padded: int, vocabulary: int, threads: int) -> int:
    """What exact minibatches, or the softmax, take beside."""
    if config.objective == "softmax":
        blocks = -(-vocabulary // _SOFTMAX_WORDS)
        one = (vocabulary + 3 * blocks + blocks * padded) * _SOFTMAX_WINDOWS * 4 + vocabulary * 4
        pairs = threads * _SOFTMAX_WINDOWS * 2 * config.window * 24
        return one * (1 if config.deterministic else threads) + pairs
    if not config.deterministic:
        return 0
    places = LONGEST_EXACT + (TREE_BATCH_WORDS if config.objective == "hierarchical-softmax" else BATCH_WORDS)
    slots = 2 * config.window + _targets(config)
    rows = 2 if config.architecture == "cbow" else slots
    return places * (slots * 16 + rows * padded * 4)
