r"""Phrases: words that stand together far more often than chance has it, found in a text and joined to one word.

The words a and b of "new york" become the one word "new_york" where their score exceeds the threshold. With n a count,
N the number of words of the text, and p = n / N:

- ``"default"``: (n_ab - min_count) / (n_a n_b) × N, as word2phrase has it (Mikolov et al. 2013, equation 6)
- ``"npmi"``: ln(p_ab / (p_a p_b)) / -ln p_ab, from -1 to 1 (Bouma 2009)

Connector words may stand inside a phrase, never at its ends: up to three between two other words ("bank of america").
Such a phrase is scored by the counts of its outer words and of the whole. Phrases lie within one sentence. They are
joined from left to right; where two share a word the left one wins, so a word joined to the one before it is not joined
again in the same pass. The next pass counts the joined text anew, which is how "new_york_city" comes about.

File format, version 1, in UTF-8: the line ``firth-phrases 1 <SHA-256 of the rest>\n``; a line of JSON that holds the
settings and what was pruned in each pass; then one JSON object a line for each phrase (``words``, ``score``,
``occurrences``, ``pass``), passes in order, best first. Keys are sorted and no times are written: equal content gives
equal bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from firth.corpus.phrase_counts import (
    LONGEST_GAP,
    Coding,
    Encoded,
    Joiner,
    PairCounts,
    Pruned,
    Words,
    check_arrays,
    count_words,
    joined_stretches,
    score,
    stretches,
)
from firth.corpus.vocabulary import Vocabulary
from firth.errors import DataError, OptionError
from firth.files import write_whole
from firth.progress import Report, silent

ENGLISH_CONNECTOR_WORDS = frozenset(
    ("a", "an", "the", "of", "with", "without", "at", "from", "to", "in", "for", "by", "on", "and", "or")
)
"""Words that may stand inside an English phrase."""

Scoring = Literal["default", "npmi"]
_THRESHOLDS: dict[str, float] = {"default": 10.0, "npmi": 0.5}
_MAGIC = b"firth-phrases 1 "


class JoinedText(NamedTuple):
    """A text whose phrases were joined; itself `Encoded`."""

    ids: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    vocabulary: Vocabulary


class Phrase(NamedTuple):
    """A phrase: its words (of which earlier passes may have joined some), score, and occurrences when it was found."""

    words: tuple[str, ...]
    score: float
    occurrences: int


@dataclass(frozen=True)
class PhraseSettings:
    """How phrases are found; `Phrases.learn` says what each option means.

    Raises
    ------
    OptionError
        An option has a value that is not allowed.
    """

    passes: int = 1
    min_count: int = 5
    threshold: float | None = None
    scoring: str = "default"
    connector_words: Iterable[str] = ()
    delimiter: str = "_"
    max_pairs: int = 10_000_000

    def __post_init__(self) -> None:
        for name in ("passes", "min_count", "max_pairs"):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise OptionError(f"{name} is {number!r}: it must be a whole number from 1")
        if self.scoring not in _THRESHOLDS:
            raise OptionError(f"scoring is {self.scoring!r}: it must be one of {', '.join(get_args(Scoring))}")
        if isinstance(self.connector_words, str):
            raise OptionError(f"connector_words is the text {self.connector_words!r}: give a list of words")
        connectors = tuple(self.connector_words)
        if not all(isinstance(word, str) for word in connectors):
            raise OptionError(f"connector_words is {connectors!r}: give a list of words")
        object.__setattr__(self, "connector_words", tuple(sorted(set(connectors))))
        if not isinstance(self.delimiter, str) or any(character.isspace() for character in self.delimiter):
            raise OptionError(f"delimiter is {self.delimiter!r}: it must be text without white space")
        threshold = _THRESHOLDS[self.scoring] if self.threshold is None else self.threshold
        least, most = (0.0, math.inf) if self.scoring == "default" else (-1.0, 1.0)
        if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not least <= threshold < most:
            limits = "a number from 0" if most == math.inf else f"from {least:g} and below {most:g}"
            raise OptionError(f"threshold is {threshold!r}: for scoring {self.scoring!r} it must be {limits}")
        object.__setattr__(self, "threshold", float(threshold))


class Phrases:
    """The phrases of a text, pass by pass.

    Parameters
    ----------
    settings
        How they were found.
    passes
        The phrases found in each pass, best first; fewer passes than asked for where one found nothing.
    pruned
        What was dropped in each pass to bound the memory; None for nothing.

    Raises
    ------
    DataError
        A phrase is not one that these settings can find.
    """

    def __init__(
        self, settings: PhraseSettings, passes: Iterable[Iterable[Phrase]], pruned: Iterable[Pruned] | None = None
    ) -> None:
        self.settings = settings
        self.passes = tuple(tuple(phrases) for phrases in passes)
        self.pruned = tuple(Pruned(0, 0, 0) for _ in self.passes) if pruned is None else tuple(pruned)
        self._connectors = frozenset(settings.connector_words)
        for words, _, _ in self._all():
            inner, outer = words[1:-1], {words[0], words[-1]}
            if len(words) < 2 or len(inner) > LONGEST_GAP or outer & self._connectors or set(inner) - self._connectors:
                raise DataError(f"{' '.join(words)!r} can't be a phrase with these connector words")
        self._joined = [{phrase.words: self._join(phrase.words) for phrase in phrases} for phrases in self.passes]

    @classmethod
    def learn(
        cls,
        text: Encoded,
        *,
        passes: int = 1,
        min_count: int = 5,
        threshold: float | None = None,
        scoring: Scoring = "default",
        connector_words: Iterable[str] = (),
        delimiter: str = "_",
        max_pairs: int = 10_000_000,
        report: Report = silent,
    ) -> Phrases:
        """Find the phrases of a text.

        Give a text that rare words have not been removed from: their neighbors would seem to stand together.

        Parameters
        ----------
        text
            Word ids, sentence boundaries, vocabulary. The vocabulary's unknown word is never part of a phrase.
        passes
            How often to join and count again.
        min_count
            Phrases, and words in them, that occur less often are left out; what ``"default"`` discounts.
        threshold
            A phrase's score must exceed it; None for 10 (``"default"``) or 0.5 (``"npmi"``).
        scoring
            ``"default"`` or ``"npmi"``.
        connector_words
            Words that may stand inside a phrase, such as `ENGLISH_CONNECTOR_WORDS`.
        delimiter
            What stands between the words of a joined phrase.
        max_pairs
            Where there are more different candidates, the rarest are dropped and `pruned` says so. Each takes 16 bytes
            of memory (and while counting as much again).
        report
            Told of the progress, in words.

        Raises
        ------
        OptionError
            An option has a value that is not allowed.
        DataError
            The text's arrays do not fit together.

        Notes
        -----
        Time is linear in the text. Memory is bounded, but for the vocabulary and the longest sentence.
        """
        settings = PhraseSettings(passes, min_count, threshold, scoring, connector_words, delimiter, max_pairs)
        learned = cls(settings, ())
        words = Words(text.vocabulary)
        counts = count_words(text)
        joiners: list[Joiner] = []
        for number in range(1, passes + 1):
            note = f"pass {number} of {passes}"

            def report_pass(done: int, total: int, _: str = "", number: int = number, note: str = note) -> None:
                report((number - 1) * total + done, passes * total, note)

            found, pruned = _find(joined_stretches(text, joiners, report_pass), words, counts, settings)
            learned = cls(settings, (*learned.passes, found), (*learned.pruned, pruned))
            if not found:
                break
            joiners.append(learned._joiner(number - 1, words))
            joined = [words.index[word] for word in learned._joined[-1].values()]
            counts = np.append(counts, np.zeros(len(words.words) - len(counts), np.int64))
            counts[joined] = np.maximum(counts[joined], min_count)  # may be that frequent now: counted in the next pass
        report(passes * len(text.ids), passes * len(text.ids), "")
        return learned

    def join(self, text: Encoded, *, out: NDArray[np.uint32] | None = None, report: Report = silent) -> JoinedText:
        """Join the phrases in encoded text.

        Parameters
        ----------
        text
            Word ids, sentence boundaries, vocabulary.
        out
            (N,) uint32, where to write the ids, for example a memory map; None for memory.
        report
            Told of the progress, in words.

        Returns
        -------
        JoinedText
            The ids (the first of `out`), boundaries, and the vocabulary of the joined text: its words with their
            counts in it, most frequent first, ties in the order of the words. Words that no longer occur alone are
            left out, but for the unknown one, whose count is 1 then.

        Raises
        ------
        DataError
            The text's arrays do not fit together.
        """
        check_arrays(text)
        words = Words(text.vocabulary)
        joiners = [self._joiner(number, words) for number in range(len(self.passes))]
        ids = np.empty(len(text.ids), np.uint32) if out is None else out
        offsets = np.zeros(len(text.offsets), np.int64)
        counts = np.zeros(len(words.words), np.int64)
        end = sentence = 0
        for piece, bounds in joined_stretches(text, joiners, report):
            counts += np.bincount(piece, minlength=len(counts))
            offsets[sentence + 1 : sentence + len(bounds)] = end + bounds[1:]
            ids[end : end + len(piece)] = piece
            end, sentence = end + len(piece), sentence + len(bounds) - 1
        vocabulary, places = words.ordered(counts)
        ids = ids[:end]
        for first, last in stretches(offsets):
            part = slice(offsets[first], offsets[last])
            ids[part] = places[ids[part]]
        return JoinedText(ids, offsets, vocabulary)

    def apply(self, words: Sequence[str]) -> list[str]:
        """Join the phrases in one sentence, given as words: the same as `join` does on encoded text."""
        if isinstance(words, str):
            raise OptionError(f"words is the text {words[:30]!r}: split it into a list of words")
        joined = list(words)
        for phrases in self._joined:
            joined = list(self._apply_pass(joined, phrases))
        return joined

    def table(self) -> list[tuple[str, float, int]]:
        """Phrases of all passes as (joined phrase, score, count), best first."""
        rows = [(self._join(words), score, count) for words, score, count in self._all()]
        return sorted(rows, key=lambda row: (-row[1], row[0]))

    def save(self, path: str | Path) -> None:
        """Write to a file, whole or not at all; the module's docstring gives the format.

        Raises
        ------
        FirthError
            The file cannot be written.
        """
        head = asdict(self.settings) | {"pruned": [pruned._asdict() for pruned in self.pruned]}
        lines = [head] + [
            phrase._asdict() | {"pass": number}
            for number, phrases in enumerate(self.passes, start=1)
            for phrase in phrases
        ]
        text = "".join([json.dumps(line, sort_keys=True, ensure_ascii=False) + "\n" for line in lines])
        rest = text.encode(errors="surrogatepass")
        write_whole(path, _MAGIC + hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)

    @classmethod
    def load(cls, path: str | Path) -> Phrases:
        """Read what `save` wrote.

        Raises
        ------
        DataError
            The file is missing, damaged, or not a file of phrases; the message names it.
        """
        try:
            magic, _, rest = Path(path).read_bytes().partition(b"\n")
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror or error}; check the path and permissions") from error
        if not magic.startswith(_MAGIC):
            raise DataError(f"{path} is no file of phrases (version 1) of Firth: give one that  firth phrases  wrote")
        if magic[len(_MAGIC) :] != hashlib.sha256(rest).hexdigest().encode():
            raise DataError(f"{path} is damaged (its SHA-256 checksum does not fit): copy or make it again")
        try:
            head, *lines = [json.loads(line) for line in rest.decode(errors="surrogatepass").split("\n")[:-1]]
            pruned = [Pruned(**entry) for entry in head.pop("pruned")]
            passes: list[list[Phrase]] = [[] for _ in pruned]
            for line in lines:
                passes[line["pass"] - 1].append(Phrase(tuple(line["words"]), line["score"], line["occurrences"]))
            return cls(PhraseSettings(**head), passes, pruned)
        except (ValueError, KeyError, TypeError, LookupError, AttributeError, DataError) as error:
            raise DataError(f"{path} has contents that no version 1 file has ({error}): make it again") from error

    def __len__(self) -> int:
        return sum(map(len, self.passes))

    def __repr__(self) -> str:
        return f"Phrases({len(self):,} phrases in {len(self.passes)} passes)"

    def _all(self) -> Iterator[Phrase]:
        for phrases in self.passes:
            yield from phrases

    def _join(self, words: tuple[str, ...]) -> str:
        return self.settings.delimiter.join(words)

    def _apply_pass(self, words: list[str], phrases: dict[tuple[str, ...], str]) -> Iterator[str]:
        place = 0
        while place < len(words):
            after = place + 1
            while after < len(words) and after <= place + LONGEST_GAP and words[after] in self._connectors:
                after += 1
            joined = phrases.get(tuple(words[place : after + 1]))
            yield words[place] if joined is None else joined
            place = place + 1 if joined is None else after + 1

    def _joiner(self, number: int, words: Words) -> Joiner:
        """Make a pass ready for text whose words are `words`, and add to these what it joins."""
        known = {
            phrase: joined
            for phrase, joined in self._joined[number].items()
            if all(word in words.index for word in phrase)
        }
        connectors = words.ids_of(self._connectors)
        for joined in known.values():
            words.add(joined)
        outer = words.ids_of({phrase[place] for phrase in known for place in (0, -1)})
        coding = Coding(len(words.words), outer, connectors)
        keys = [coding.key_of([words.index[word] for word in phrase]) for phrase in known]
        ids = [words.index[joined] for joined in known.values()]
        return Joiner(coding, np.array(keys, np.int64), np.array(ids, np.int64))


def _find(
    text: Iterable[tuple[NDArray[Any], NDArray[np.int64]]],
    words: Words,
    expected: NDArray[np.int64],
    settings: PhraseSettings,
) -> tuple[list[Phrase], Pruned]:
    """One pass: count words and candidates, and keep the candidates whose score exceeds the threshold.

    `expected` says which words can reach `min_count`; no other is looked at.
    """
    connectors = words.ids_of(settings.connector_words)
    possible = expected >= settings.min_count
    if words.unknown is not None:
        possible[words.index[words.unknown]] = False
    coding = Coding(len(expected), np.flatnonzero(possible), connectors)
    counts = np.zeros(len(expected), np.int64)
    pairs = PairCounts(settings.max_pairs)
    for ids, offsets in text:
        counts += np.bincount(ids, minlength=len(counts))
        pairs.add(coding.candidates(ids, offsets).keys)
    pairs.settle()
    frequent = pairs.counts >= settings.min_count
    keys, together = pairs.keys[frequent], pairs.counts[frequent]
    first, last = coding.outer_ids_of(keys)
    scores = score(together, counts[first], counts[last], int(counts.sum()), settings.min_count, settings.scoring)
    assert settings.threshold is not None
    best = np.flatnonzero(scores > settings.threshold)
    found = [
        Phrase(tuple(words.words[place] for place in coding.ids_of(key)), score, count)
        for key, score, count in zip(keys[best].tolist(), scores[best].tolist(), together[best].tolist(), strict=True)
    ]
    return sorted(found, key=lambda phrase: (-phrase.score, phrase.words)), pairs.pruned
