"""Phrases over word ids: finding candidates, counting them exactly in bounded memory, and joining the learned ones.

A candidate is two words of a sentence that stand side by side, or with up to `LONGEST_GAP` connector words and nothing
else between them. It is one int64 key, so that counting is sorting. `firth.corpus.phrases` says what these mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from firth.corpus.vocabulary import Vocabulary
from firth.errors import DataError, OptionError
from firth.progress import Report, silent

LONGEST_GAP = 3
STRETCH = 1 << 20
"""Ids worked on at once, give or take a sentence: few enough for the processor's cache."""
WAITING = 1 << 22
"""Candidates gathered before they are sorted into those counted already."""
_BARRED = -1
_FILTER_BITS = 22


class Encoded(Protocol):
    """Text as word ids: sentence s is ``ids[offsets[s]:offsets[s + 1]]``. The ids may lie on disk, memory-mapped."""

    @property
    def ids(self) -> NDArray[Any]:
        """(N,) word ids."""

    @property
    def offsets(self) -> NDArray[np.int64]:
        """(S + 1,) sentence boundaries, from 0 to N."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The words."""


class Candidates(NamedTuple):
    """C candidates: places of the first word and of the last (int64, (C,), both rising), and the keys (int64, (C,))."""

    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    keys: NDArray[np.int64]


class Pruned(NamedTuple):
    """What was dropped while counting, because there were more different candidates than `max_pairs`.

    Attributes
    ----------
    pairs
        Candidates dropped; one that came back and was dropped again counts twice.
    occurrences
        Their occurrences, together.
    most
        The most occurrences that one of them had; 0 where nothing was dropped.
    """

    pairs: int
    occurrences: int
    most: int


class Coding:
    """Candidates as numbers: ``(code of the connectors between) * E**2 + (first word) * E + (last word)``.

    Parameters
    ----------
    size
        V, the number of words.
    outer
        (E,) ids of the words that a candidate may begin and end with.
    connectors
        (K,) ids of the words that may stand between, and nowhere else, should they be in `outer` too.

    Raises
    ------
    OptionError
        There are so many connector words that the numbers don't fit into 63 bits.
    """

    def __init__(self, size: int, outer: NDArray[np.int64], connectors: NDArray[np.int64]) -> None:
        self.outer = outer
        self.connectors = connectors
        self.base = len(connectors) + 1
        if self.base**LONGEST_GAP * max(len(outer), 1) ** 2 >= 2**63:
            raise OptionError(
                f"connector_words holds {len(connectors):,} words of the text, which is too many to count their "
                f"phrases among {len(outer):,} others: give fewer, or a larger min_count"
            )
        self.kinds = np.full(size, _BARRED, np.int64)
        self.kinds[outer] = np.arange(len(outer))
        self.kinds[connectors] = _BARRED - 1 - np.arange(len(connectors))

    def candidates(self, ids: NDArray[Any], offsets: NDArray[np.int64]) -> Candidates:
        """Find every candidate of some sentences.

        Parameters
        ----------
        ids
            (T,) word ids.
        offsets
            (S + 1,) sentence boundaries, from 0 to T.
        """
        kinds = self.kinds[ids]
        starts, stops = self._neighbors(kinds)
        fits = (kinds[starts] >= 0) & (kinds[stops] >= 0) & (stops - starts <= LONGEST_GAP + 1)
        ends = np.zeros(len(ids) + 1, bool)
        ends[offsets] = True
        for step in range(1, LONGEST_GAP + 2):
            fits &= ~ends[np.minimum(starts + step, stops)]
            if self.base == 1:
                break
        starts, stops = starts[fits], stops[fits]
        keys = kinds[starts] * len(self.outer) + kinds[stops]
        if self.base > 1:
            keys += self._codes(kinds, starts, stops) * len(self.outer) ** 2
        return Candidates(starts, stops, keys)

    def key_of(self, ids: Sequence[int]) -> int:
        """Key of a phrase: an outer word, up to three connectors, an outer word."""
        code = 0
        for connector in ids[1:-1]:
            code = code * self.base + _BARRED - int(self.kinds[connector])
        size = len(self.outer)
        return (code * size + int(self.kinds[ids[0]])) * size + int(self.kinds[ids[-1]])

    def ids_of(self, key: int) -> list[int]:
        """Word ids of a key's phrase."""
        rest, last = divmod(key, len(self.outer))
        code, first = divmod(rest, len(self.outer))
        ids = [int(self.outer[last])]
        while code > 0:
            code, connector = divmod(code, self.base)
            ids.append(int(self.connectors[connector - 1]))
        return [int(self.outer[first]), *reversed(ids)]

    def outer_ids_of(self, keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ids of the first and of the last word of each key's phrase."""
        size = len(self.outer)
        return self.outer[keys // size % size], self.outer[keys % size]

    def _neighbors(self, kinds: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Places of each word that is no connector, and of the next such word, across sentences too."""
        places = np.arange(len(kinds)) if self.base == 1 else np.flatnonzero(kinds >= _BARRED)
        return places[:-1], places[1:]

    def _codes(
        self, kinds: NDArray[np.int64], starts: NDArray[np.int64], stops: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        codes = np.zeros(len(starts), np.int64)
        for step in range(1, LONGEST_GAP + 1):
            longer = np.flatnonzero(stops - starts > step)
            codes[longer] = codes[longer] * self.base + _BARRED - kinds[starts[longer] + step]
        return codes


class PairCounts:
    """Exact counts of keys, kept sorted; the rarest are dropped when there are more than `max_pairs` different ones."""

    def __init__(self, max_pairs: int) -> None:
        self.keys = np.empty(0, np.int64)
        self.counts = np.empty(0, np.int64)
        self.pruned = Pruned(0, 0, 0)
        self._max_pairs = max_pairs
        self._waiting: list[NDArray[np.int64]] = []

    def add(self, keys: NDArray[np.int64]) -> None:
        """Count each of `keys` once more."""
        self._waiting.append(keys)
        if sum(map(len, self._waiting)) >= WAITING:
            self.settle()

    def settle(self) -> None:
        """Bring `keys` and `counts` up to what was added."""
        added = np.concatenate([np.empty(0, np.int64), *self._waiting])
        self._waiting.clear()
        added.sort()
        firsts = np.flatnonzero(np.diff(added, prepend=-1))
        self._merge(added[firsts], np.diff(firsts, append=len(added)))
        if len(self.keys) > self._max_pairs:
            self._prune()

    def _merge(self, keys: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        places = np.searchsorted(self.keys, keys)
        known = np.zeros(len(keys), bool)
        inside = np.flatnonzero(places < len(self.keys))
        known[inside] = self.keys[places[inside]] == keys[inside]
        self.counts[places[known]] += counts[known]
        self.keys = np.insert(self.keys, places[~known], keys[~known])
        self.counts = np.insert(self.counts, places[~known], counts[~known])

    def _prune(self) -> None:
        surplus = len(self.counts) - self._max_pairs
        limit = int(np.partition(self.counts, surplus - 1)[surplus - 1])
        kept = self.counts > limit
        before = self.pruned
        dropped = self.counts[~kept]
        self.pruned = Pruned(
            before.pairs + len(dropped), before.occurrences + int(dropped.sum()), max(before.most, limit)
        )
        self.keys, self.counts = self.keys[kept], self.counts[kept]


class Joiner:
    """One pass over text: learned phrases, each to be replaced by one id.

    Parameters
    ----------
    coding
        How candidates become keys; its outer words are those of the phrases.
    keys
        (P,) keys of the phrases.
    joined
        (P,) the id of each as one word.
    """

    def __init__(self, coding: Coding, keys: NDArray[np.int64], joined: NDArray[np.int64]) -> None:
        order = np.argsort(keys)
        self._coding = coding
        self._keys = keys[order]
        self._joined = joined[order]
        self._maybe = np.zeros(1 << _FILTER_BITS, bool)
        self._maybe[_hashes(keys)] = True

    def join(self, ids: NDArray[Any], offsets: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Join phrases in some sentences, from left to right; where two share a word, the left one wins.

        Phrases share at most an outer word, so of a run in which each shares one with the next, every other is joined,
        starting with the first.
        """
        starts, stops, joined = self._found(ids, offsets)
        if not len(starts):
            return ids, offsets
        order = np.arange(len(starts))
        run_starts = np.concatenate([[True], starts[1:] != stops[:-1]])
        taken = (order - np.maximum.accumulate(np.where(run_starts, order, 0))) % 2 == 0
        starts, stops = starts[taken], stops[taken]
        replaced = ids.copy()
        replaced[starts] = joined[taken]
        kept = np.ones(len(ids), bool)
        for step in range(1, LONGEST_GAP + 2):
            kept[np.minimum(starts + step, stops)] = False
        return replaced[kept], offsets - np.searchsorted(np.flatnonzero(~kept), offsets)

    def _found(
        self, ids: NDArray[Any], offsets: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """First and last places of the phrases that occur, and their ids as one word."""
        starts, stops, keys = self._coding.candidates(ids, offsets)
        # a table of hashes tells most keys apart in one look-up, where bisection takes 16
        likely = np.flatnonzero(self._maybe[_hashes(keys)])
        keys = keys[likely]
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        exact = self._keys[places] == keys
        found = likely[exact]
        return starts[found], stops[found], self._joined[places[exact]]


def stretches(offsets: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Cut sentences into stretches (first, end) of about `STRETCH` ids; a longer sentence is a stretch of its own."""
    first, sentences = 0, len(offsets) - 1
    while first < sentences:
        end = int(np.searchsorted(offsets, offsets[first] + STRETCH, side="right")) - 1
        end = min(max(end, first + 1), sentences)
        yield first, end
        first = end


def _hashes(keys: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Multiplicative hashing (Knuth, TAOCP 6.4), to `_FILTER_BITS` bits."""
    return (keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - _FILTER_BITS)


class Words:
    """A vocabulary's words, with the phrases joined so far after them."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.words = list(vocabulary.words)
        self.index = dict(vocabulary.index)
        self.unknown = vocabulary.unknown

    def add(self, word: str) -> None:
        """Give a word an id, unless it has one."""
        if word not in self.index:
            self.index[word] = len(self.words)
            self.words.append(word)

    def ids_of(self, words: Iterable[str]) -> NDArray[np.int64]:
        """Ids of those of `words` that are here, rising."""
        return np.array(sorted(self.index[word] for word in words if word in self.index), np.int64)

    def ordered(self, counts: NDArray[np.int64]) -> tuple[Vocabulary, NDArray[np.uint32]]:
        """Make the vocabulary of the words that occur, and a table from the ids here to the ids there."""
        if self.unknown is not None:
            counts[self.index[self.unknown]] = max(1, counts[self.index[self.unknown]])
        listed = counts.tolist()
        kept = sorted((-listed[place], self.words[place], place) for place in np.flatnonzero(counts).tolist())
        order = np.array([place for _, _, place in kept], np.int64)
        places = np.zeros(len(counts), np.uint32)
        places[order] = np.arange(len(order), dtype=np.uint32)
        return Vocabulary([word for _, word, _ in kept], counts[order], self.unknown), places


def check_arrays(text: Encoded) -> None:
    """Raise `DataError` where sentence boundaries and ids do not fit together."""
    offsets = np.asarray(text.offsets)
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(text.ids) or (np.diff(offsets) < 0).any():
        raise DataError(f"offsets must rise from 0 to {len(text.ids):,}, the number of ids")


def count_words(text: Encoded) -> NDArray[np.int64]:
    """Count each word, after checking that the text's arrays fit together."""
    check_arrays(text)
    counts = np.zeros(len(text.vocabulary), np.int64)
    for ids, _ in joined_stretches(text, (), silent):
        counts += np.bincount(ids, minlength=len(counts))
    return counts


def joined_stretches(
    text: Encoded, joiners: Sequence[Joiner], report: Report
) -> Iterator[tuple[NDArray[Any], NDArray[np.int64]]]:
    """The text stretch by stretch, as ids and boundaries, joined by each of `joiners` in turn."""
    for first, end in stretches(text.offsets):
        offsets = np.asarray(text.offsets[first : end + 1])
        report(int(offsets[0]), len(text.ids), "")
        ids, offsets = np.array(text.ids[offsets[0] : offsets[-1]], np.uint32), offsets - offsets[0]
        if len(ids) and int(ids.max()) >= len(text.vocabulary):
            raise DataError(f"id {ids.max():,} is in the text but there are {len(text.vocabulary):,} words")
        for joiner in joiners:
            ids, offsets = joiner.join(ids, offsets)
        yield ids, offsets
    report(len(text.ids), len(text.ids), "")


def score(
    together: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    total: int,
    min_count: int,
    scoring: str,
) -> NDArray[np.float64]:
    """Score candidates; the docstring of `firth.corpus.phrases` gives the formulas.

    Parameters
    ----------
    together, first, last
        (C,) occurrences of the whole candidate, of its first word and of its last.
    total
        N, words of the text.
    min_count
        What ``"default"`` discounts.
    scoring
        ``"default"`` or ``"npmi"``.
    """
    apart = first.astype(np.float64) * last
    if scoring == "default":
        return (together - min_count) / apart * total
    return np.log(together / apart * total) / -np.log(together / total)
