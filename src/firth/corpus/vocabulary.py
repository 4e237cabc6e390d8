"""The vocabulary: the words of a text with their counts, and the way from words to ids and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.corpus import vocabulary_files
from firth.errors import DataError, OptionError
from firth.spelling import UnknownWordError

_MOST = np.iinfo(np.int64).max


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
        A word is empty or occurs twice, the lengths differ, a count is not a whole number from 0, or `unknown` is not
        one of the words.
    """

    def __init__(self, words: Sequence[str], counts: ArrayLike, unknown: str | None = None) -> None:
        self.words: list[str] = list(words)
        self.counts: NDArray[np.int64] = _counts_of(self.words, counts)
        self.index: dict[str, int] = dict(zip(self.words, range(len(self.words)), strict=True))
        self.unknown = unknown
        if len(self.index) != len(self.words):
            raise _repeated(self.words)
        if "" in self.index:
            raise DataError("a word of the vocabulary is the empty string: leave empty words out")
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
        min_count, unknown
            As in `from_counts`.

        Returns
        -------
        Vocabulary
            Most frequent first, ties in the order of the words.

        Raises
        ------
        OptionError
            `min_count` is not a whole number from 1, or is so large that it leaves no word.
        DataError
            The text has no words, or one is empty.
        """
        counter: Counter[str] = Counter()
        for sentence in sentences:
            counter.update(sentence)
        return cls.from_counts(list(counter), list(counter.values()), min_count=min_count, unknown=unknown)

    @classmethod
    def from_counts(
        cls,
        words: Sequence[str],
        counts: ArrayLike,
        *,
        min_count: int = 1,
        max_size: int | None = None,
        keep: Iterable[str] | None = None,
        drop: Iterable[str] = (),
        unknown: str | None = None,
    ) -> Vocabulary:
        """Choose and order the words of a text that has been counted.

        Parameters
        ----------
        words
            V distinct words, in any order.
        counts
            (V,) occurrences of each.
        min_count
            Words that occur less often are left out.
        max_size
            How many words to have at most, `unknown` among them: the most frequent. None sets no bound.
        keep
            The only words to have, where they are frequent enough; None has all.
        drop
            Words to leave out, however frequent.
        unknown
            A word that stands for all that are left out, and is there whatever the other options say. Its count is how
            often they and it occur, and at least 1: the CS224n assignment, which leaves no word out, adds ``"UNK"``
            with count 1. It takes its place by count and spelling like any other. None: no word stands for others.

        Returns
        -------
        Vocabulary
            Most frequent first, ties in the order of the words' code points: the same on every run and machine.

        Raises
        ------
        OptionError
            `min_count` or `max_size` is not a whole number from 1, a word list is a string, or no word is left.
        DataError
            The text has no words, a word is empty or occurs twice, or the counts do not fit.
        """
        _demand_whole_number("min_count", min_count)
        if max_size is not None:
            _demand_whole_number("max_size", max_size)
        words = list(words)
        kept = None if keep is None else _word_set("keep", keep)
        dropped = _word_set("drop", drop)
        occurrences = _counts_of(words, counts)
        if not occurrences.any():
            raise DataError("the text has no words: give one that has")
        places = np.flatnonzero(occurrences >= min_count)
        if len(places) < len(words) and len(set(words)) < len(words):  # the constructor finds it where all are chosen
            raise _repeated(words)
        chosen = [words[place] for place in places.tolist()]
        if kept is not None or dropped:
            wanted = np.array([(kept is None or word in kept) and word not in dropped for word in chosen], dtype=bool)
            places = places[wanted]
            chosen = [words[place] for place in places.tolist()]
        if not chosen:
            raise _no_word_left(words, occurrences, min_count, kept, dropped)
        ordered, remaining = _most_frequent_first(chosen, occurrences[places])
        if unknown is not None:
            own = ordered.index(unknown) if unknown in ordered else len(ordered)
            room = None if max_size is None else max_size - 1
            ordered = [*ordered[:own], *ordered[own + 1 :]][:room]
            remaining = np.delete(remaining, slice(own, own + 1))[:room]
            rest = max(1, int(occurrences.sum() - remaining.sum()))
            ordered, remaining = _most_frequent_first([*ordered, unknown], np.append(remaining, rest))
        return cls(ordered[:max_size], remaining[:max_size], unknown)

    @classmethod
    def load(cls, path: str | Path, unknown: str | None = None) -> Vocabulary:
        """Read a vocabulary that `save` or word2vec.c's ``-save-vocab`` wrote; the file's content says which.

        Parameters
        ----------
        path
            The file.
        unknown
            The word that stands for all others; None takes the one that the file names, if any.

        Returns
        -------
        Vocabulary
            Most frequent first, whatever the order in the file.

        Raises
        ------
        DataError
            The file can't be read or is damaged (the message names file and line), or has no word `unknown`.
        """
        words, counts, named = vocabulary_files.read(Path(path))
        return cls(*_most_frequent_first(words, _counts_of(words, counts)), named if unknown is None else unknown)

    def save(self, path: str | Path) -> None:
        r"""Write the vocabulary to a file that people and other tools can read.

        Parameters
        ----------
        path
            The file, by its ending: ``.parquet`` (columns word and count, and unknown where a word stands for
            others), or ``.tsv`` (the same under a header, a word a line, with tab, newline, carriage return, NUL and
            backslash in words as ``\t``, ``\n``, ``\r``, ``\0`` and ``\\``).

        Raises
        ------
        OptionError
            The path has another ending.
        DataError
            A word is not Unicode text.
        FirthError
            The file can't be written.
        """
        vocabulary_files.write(Path(path), vocabulary_files.Content(self.words, self.counts, self.unknown))

    def merge(self, *others: Vocabulary) -> Vocabulary:
        """Join vocabularies: the words of all, with their counts added.

        Parameters
        ----------
        others
            The vocabularies to add to this one.

        Returns
        -------
        Vocabulary
            A new one, most frequent first; its `unknown` is theirs.

        Raises
        ------
        OptionError
            They do not agree in `unknown`.
        """
        parts = [self, *others]
        for other in others:
            if other.unknown != self.unknown:
                raise OptionError(
                    "vocabularies to merge must have one word for unknown ones: "
                    f"it is {self.unknown!r} in one and {other.unknown!r} in another"
                )
        index = {word: place for place, word in enumerate(dict.fromkeys(chain.from_iterable(p.words for p in parts)))}
        counts = np.zeros(len(index), dtype=np.int64)
        for part in parts:
            places = np.fromiter(map(index.__getitem__, part.words), dtype=np.int64, count=len(part))
            counts[places] += part.counts
        return type(self)(*_most_frequent_first(list(index), counts), self.unknown)

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


def _counts_of(words: Sequence[str], counts: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(counts)
    if given.shape != (len(words),):
        raise DataError(f"a vocabulary of {len(words)} words has counts of shape {given.shape}")
    if given.size and (given.dtype.kind not in "iu" or given.min() < 0 or given.max() > _MOST):
        raise DataError("a vocabulary's counts must be whole numbers from 0 to 2**63 - 1")
    return given.astype(np.int64)


def _most_frequent_first(words: list[str], counts: NDArray[np.int64]) -> tuple[list[str], NDArray[np.int64]]:
    """Order by count, then by code points: only words of one count are compared, which most comparisons spares."""
    order = np.argsort(-counts, kind="stable")
    falling = counts[order]
    ordered = [words[place] for place in order.tolist()]
    bounds = np.concatenate(([0], np.flatnonzero(np.diff(falling)) + 1, [len(falling)]))
    shared = np.flatnonzero(np.diff(bounds) > 1)
    for start, end in zip(bounds[shared].tolist(), bounds[shared + 1].tolist(), strict=True):
        ordered[start:end] = sorted(ordered[start:end])
    return ordered, falling


def _demand_whole_number(option: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise OptionError(f"{option} is {value!r}: it must be a whole number from 1")


def _word_set(option: str, words: Iterable[str]) -> frozenset[str]:
    if isinstance(words, str):
        raise OptionError(f"{option} is the string {words!r}: give a list of words")
    return frozenset(words)


def _repeated(words: Sequence[str]) -> DataError:
    twice = next(word for word, count in Counter(words).items() if count > 1)
    return DataError(f"the word {twice!r} stands twice in a vocabulary: each may stand once")


def _no_word_left(
    words: Sequence[str],
    counts: NDArray[np.int64],
    min_count: int,
    kept: frozenset[str] | None,
    dropped: frozenset[str],
) -> OptionError:
    wanted = [
        (-count, word)
        for word, count in zip(words, counts.tolist(), strict=True)
        if count and (kept is None or word in kept) and word not in dropped
    ]
    if not wanted:
        return OptionError("keep and drop leave no word of the text: keep words that occur in it, or drop fewer")
    count, word = min(wanted)
    return OptionError(
        f"min_count is {min_count:,}, which leaves no word: the most frequent, {word!r}, occurs {-count:,} times"
    )
