"""The vocabulary: the words of a text with their counts, and the way from words to ids and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.errors import DataError, OptionError
from firth.spelling import UnknownWordError


class Vocabulary:
    """The words of a text, most frequent first; a word's id is its place.

    Parameters
    ----------
    words
        V distinct words, most frequent first.
    counts
        (V,) occurrences of each.
    unknown
        The word that stands for all others in `encode`; None leaves them out.

    Attributes
    ----------
    words : list of str
        The words; ``words[i]`` has id i.
    counts : (V,) int64 array
        Occurrences of each word in the text.
    index : dict of str to int
        Id of each word.
    unknown : str or None
        The word that stands for all others.

    Raises
    ------
    DataError
        A word occurs twice, the lengths differ, or `unknown` is not one of the words.
    """

    def __init__(self, words: Sequence[str], counts: ArrayLike, unknown: str | None = None) -> None:
        self.words: list[str] = list(words)
        self.counts: NDArray[np.int64] = np.asarray(counts, dtype=np.int64)
        self.index: dict[str, int] = {word: place for place, word in enumerate(self.words)}
        self.unknown = unknown
        if self.counts.shape != (len(self.words),):
            raise DataError(f"a vocabulary of {len(self.words)} words has counts of shape {self.counts.shape}")
        if len(self.index) != len(self.words):
            twice = next(word for place, word in enumerate(self.words) if self.index[word] != place)
            raise DataError(f"the word {twice!r} stands twice in a vocabulary: each may stand once")
        if unknown is not None and unknown not in self.index:
            raise DataError(f"the word {unknown!r} is to stand for unknown words but is not in the vocabulary")

    @classmethod
    def from_sentences(
        cls, sentences: Iterable[Iterable[str]], min_count: int = 1, unknown: str | None = None
    ) -> Vocabulary:
        """Count the words of a text.

        Parameters
        ----------
        sentences
            Sentences as words; gone through once.
        min_count
            Words that occur less often are left out.
        unknown
            A word to add with count 1 (unless the text has it), whatever `min_count` is, as the CS224n assignment adds
            ``"UNK"``; it takes its place by count and spelling like any other. None adds none.

        Returns
        -------
        Vocabulary
            Most frequent first, ties in the order of the words.

        Raises
        ------
        OptionError
            `min_count` is not a whole number from 1, or is so large that it leaves no word.
        DataError
            The text has no words.
        """
        if isinstance(min_count, bool) or not isinstance(min_count, int) or min_count < 1:
            raise OptionError(f"min_count is {min_count!r}: it must be a whole number from 1")
        counter: Counter[str] = Counter()
        for sentence in sentences:
            counter.update(sentence)
        if not counter:
            raise DataError("the text has no words: give one that has")
        kept = {word: count for word, count in counter.items() if count >= min_count}
        if not kept:
            word, count = min(counter.items(), key=_most_frequent_first)
            raise OptionError(
                f"min_count is {min_count:,}, which leaves no word: the most frequent, {word!r}, occurs {count:,} times"
            )
        if unknown is not None:
            kept[unknown] = max(1, counter[unknown])
        ordered = sorted(kept.items(), key=_most_frequent_first)
        return cls([word for word, _ in ordered], [count for _, count in ordered], unknown)

    def id_of(self, word: str) -> int:
        """Id of a word.

        Raises
        ------
        UnknownWordError
            (a `KeyError`) The word is not there; the message names near spellings.
        """
        try:
            return self.index[word]
        except KeyError:
            raise UnknownWordError(word, self.words) from None

    def encode(self, sentences: Iterable[Iterable[str]]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """Turn sentences into ids.

        Words that are not in the vocabulary become `unknown`, or are left out where there is none.

        Parameters
        ----------
        sentences
            S sentences as words; gone through once.

        Returns
        -------
        ids : (N,) uint32 array
            The ids of all sentences, one after another.
        offsets : (S + 1,) int64 array
            Sentence s is ``ids[offsets[s]:offsets[s + 1]]``; a sentence may come out empty.
        """
        find = self.index.get
        stand_in = -1 if self.unknown is None else self.index[self.unknown]
        offsets = [0]
        pieces: list[NDArray[np.int64]] = []
        for sentence in sentences:
            places = np.array([find(word, stand_in) for word in sentence], dtype=np.int64)
            pieces.append(places[places >= 0])
            offsets.append(offsets[-1] + len(pieces[-1]))
        ids = np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)
        return ids.astype(np.uint32), np.array(offsets, dtype=np.int64)

    def decode(self, ids: ArrayLike, offsets: ArrayLike) -> list[list[str]]:
        """Turn what `encode` gave back into sentences.

        Parameters
        ----------
        ids
            (N,) word ids.
        offsets
            (S + 1,) sentence boundaries.

        Raises
        ------
        DataError
            An id is not that of a word, or the boundaries do not fit.
        """
        places = np.asarray(ids, dtype=np.int64)
        ends = np.asarray(offsets, dtype=np.int64)
        if places.size and not 0 <= places.min() <= places.max() < len(self.words):
            raise DataError(f"ids run from {places.min()} to {places.max()} but there are {len(self.words):,} words")
        if not len(ends) or ends[0] != 0 or ends[-1] != len(places) or (np.diff(ends) < 0).any():
            raise DataError(f"offsets must rise from 0 to {len(places):,}, the number of ids")
        words = [self.words[place] for place in places.tolist()]
        bounds = ends.tolist()
        return [words[start:end] for start, end in pairwise(bounds)]

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __repr__(self) -> str:
        return f"Vocabulary({len(self.words):,} words, {int(self.counts.sum()):,} occurrences)"


def _most_frequent_first(entry: tuple[str, int]) -> tuple[int, str]:
    return -entry[1], entry[0]
