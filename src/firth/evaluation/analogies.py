"""Word analogies: a is to b as c is to what? Answered by 3CosAdd or 3CosMul among the most frequent words.

A relation's questions are few words in many combinations. So the cosines of those words with every candidate are
taken once, as one matrix product, and each question adds (or multiplies) three rows of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from firth.datasets.evaluation_files import find_evaluation_file
from firth.errors import DataError, OptionError
from firth.evaluation.known_words import KnownWords
from firth.evaluation.question_files import Kind, Question, Section, read_analogies
from firth.progress import Report, silent
from firth.vectors.vectors import Vectors

Method = Literal["3cosadd", "3cosmul"]
METHODS: tuple[str, ...] = get_args(Method)

EPSILON = 0.001
"""Keeps the quotient of 3CosMul finite (Levy and Goldberg 2014)."""

_CELLS = 1 << 24
"""Cosines that are held in memory at once: 64 MB."""

_NARROWEST = 1024
"""Candidates at a time, at least: below that, the loop over questions takes longer than what it does."""

_Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class AnalogyScore:
    """Questions of one section, or of several together.

    Attributes
    ----------
    name
        Of the section; "semantic", "syntactic" or "total" for several.
    kind
        "semantic" or "syntactic"; None for the total.
    questions, found, correct
        Questions in all, those of them whose words are all known, and those answered rightly.
    """

    name: str
    kind: Kind | None
    questions: int
    found: int
    correct: int

    @property
    def accuracy(self) -> float | None:
        """Right answers as a share of the questions found, from 0 to 1; None where none was found."""
        return self.correct / self.found if self.found else None

    @property
    def accuracy_unknown_as_wrong(self) -> float | None:
        """Right answers as a share of all questions; None where there are none."""
        return self.correct / self.questions if self.questions else None

    @property
    def coverage(self) -> float | None:
        """Questions found as a share of all; None where there are none."""
        return self.found / self.questions if self.questions else None

    def as_dict(self) -> dict[str, Any]:
        """The same as plain numbers and strings, which JSON can hold."""
        return {
            "name": self.name,
            "kind": self.kind,
            "questions": self.questions,
            "found": self.found,
            "coverage": self.coverage,
            "correct": self.correct,
            "accuracy": self.accuracy,
            "accuracy_unknown_as_wrong": self.accuracy_unknown_as_wrong,
        }


@dataclass(frozen=True)
class AnalogyResult:
    """How many analogies are answered rightly, and among how many words the answers were sought.

    Attributes
    ----------
    name
        Of the file or folder, without those above it.
    method
        "3cosadd" or "3cosmul".
    restrict
        The number of words that were candidates; scores with different ones don't compare.
    sections
        In the order of the file.
    """

    name: str
    method: str
    restrict: int
    sections: tuple[AnalogyScore, ...]

    @property
    def semantic(self) -> AnalogyScore:
        """All semantic sections together."""
        return _together("semantic", "semantic", (each for each in self.sections if each.kind == "semantic"))

    @property
    def syntactic(self) -> AnalogyScore:
        """All syntactic sections together."""
        return _together("syntactic", "syntactic", (each for each in self.sections if each.kind == "syntactic"))

    @property
    def total(self) -> AnalogyScore:
        """All sections together: every question counts alike."""
        return _together("total", None, self.sections)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain numbers, strings, lists and dicts, which JSON can hold."""
        return {
            "name": self.name,
            "method": self.method,
            "restrict": self.restrict,
            "sections": [each.as_dict() for each in self.sections],
            "semantic": self.semantic.as_dict(),
            "syntactic": self.syntactic.as_dict(),
            "total": self.total.as_dict(),
        }


def evaluate_analogies(
    vectors: Vectors,
    path: str | Path,
    restrict: int = 30_000,
    method: str = "3cosadd",
    *,
    fold_case: bool = True,
    report: Report = silent,
) -> AnalogyResult:
    """Share of analogy questions "a is to b as c is to what?" whose answer comes out first.

    3CosAdd answers ``argmax_d cos(d, b) - cos(d, a) + cos(d, c)``, 3CosMul
    ``argmax_d cos'(d, b) cos'(d, c) / (cos'(d, a) + ε)`` with ``cos' = (1 + cos) / 2``. The candidates d are the
    `restrict` most frequent words but a, b and c. Questions with a word that is not among those are not asked.

    Parameters
    ----------
    vectors
        Those to test.
    path
        A file in the form of Google's questions-words.txt (``google-analogies`` names that one), or a folder of BATS
        files. In BATS, b is the first of a's answers that is known, and any of c's answers is right.
    restrict
        How many words, at least 1; all there are where there are fewer.
    method
        ``"3cosadd"`` or ``"3cosmul"``.
    fold_case
        Whether spellings that differ in case alone are one word; its most frequent spelling stands for it.
    report
        Told how many questions are done.

    Raises
    ------
    OptionError
        `restrict` or `method` is not allowed.
    DataError
        The file can't be read or has malformed lines, or the words of no question are known.

    References
    ----------
    Mikolov et al., Linguistic regularities in continuous space word representations, 2013; Levy and Goldberg,
    Linguistic regularities in sparse and explicit word representations, 2014; Gladkova et al., Analogy-based
    detection of morphological and semantic relations with word embeddings, 2016 (BATS).
    """
    if isinstance(restrict, bool) or not isinstance(restrict, int) or restrict < 1:
        raise OptionError(f"restrict is {restrict!r}: it must be a whole number from 1")
    if method not in METHODS:
        raise OptionError(f"method is {method!r}: it must be one of {', '.join(METHODS)}")
    where = find_evaluation_file(path)
    sections = read_analogies(where)
    known = KnownWords(vectors, restrict, fold_case=fold_case)
    scores = score_sections(known, sections, method, report)
    if not any(score.found for score in scores):
        total = sum(score.questions for score in scores)
        raise DataError(
            f"{where}: of {total:,} questions none has all its words among the {len(known):,} most frequent; raise "
            "restrict, or check that the file is in the vectors' language and spelling"
        )
    return AnalogyResult(where.name, method, len(known), tuple(scores))


def score_sections(
    known: KnownWords, sections: Sequence[Section], method: str = "3cosadd", report: Report = silent
) -> list[AnalogyScore]:
    """The score of each section among the known words; the checks of `evaluate_analogies` are left to the caller."""
    total = sum(len(section.questions) for section in sections)
    scores: list[AnalogyScore] = []
    candidates = known.unit_vectors().astype(np.float32)
    done = 0
    for section in sections:
        asked = [found for question in section.questions if (found := _places_of(known, question))]
        correct = _count_correct(known, candidates, asked, method)
        scores.append(AnalogyScore(section.name, section.kind, len(section.questions), len(asked), correct))
        done += len(section.questions)
        report(done, total, section.name)
    return scores


class _Asked(NamedTuple):
    """A question whose words are known, as places among the candidates."""

    a: int
    b: int
    c: int
    answers: frozenset[int]


def is_asked(known: KnownWords, question: Question) -> bool:
    """Whether all words of a question are known, so that it is asked."""
    return _places_of(known, question) is not None


def _places_of(known: KnownWords, question: Question) -> _Asked | None:
    a, c = known.place(question.a), known.place(question.c)
    b = next((place for word in question.b if (place := known.place(word)) is not None), None)
    answers = frozenset(place for word in question.answers if (place := known.place(word)) is not None)
    return _Asked(a, b, c, answers) if a is not None and b is not None and c is not None and answers else None


def _count_correct(known: KnownWords, candidates: _Float32, asked: Sequence[_Asked], method: str) -> int:
    first = known.first_spellings
    answered = _answers(known, candidates, asked, method)
    return sum(
        place is not None and first[place] in question.answers for place, question in zip(answered, asked, strict=True)
    )


def _answers(known: KnownWords, candidates: _Float32, asked: Sequence[_Asked], method: str) -> list[int | None]:
    """Place of the best candidate for each question, the more frequent of equals; None where there is no candidate."""
    words = sorted({place for question in asked for place in question[:3]})
    row_of = {place: row for row, place in enumerate(words)}
    best: list[int | None] = [None] * len(asked)
    largest = [-np.inf] * len(asked)
    width = max(_NARROWEST, _CELLS // max(1, len(words)))
    for start in range(0, len(candidates) if asked else 0, width):
        end = min(start + width, len(candidates))
        combine, factors, divisors = _factors(candidates[words] @ candidates[start:end].T, method)
        scores = np.empty(end - start, dtype=np.float32)
        for number, question in enumerate(asked):
            combine(factors[row_of[question.b]], factors[row_of[question.c]], out=scores)
            combine(scores, divisors[row_of[question.a]], out=scores)
            for word in question[:3]:
                for place in known.spellings[word]:
                    if start <= place < end:
                        scores[place - start] = -np.inf
            place = int(scores.argmax())
            if scores[place] > largest[number]:
                best[number], largest[number] = start + place, float(scores[place])
    return best


def _factors(cosines: _Float32, method: str) -> tuple[np.ufunc, _Float32, _Float32]:
    """What to combine the rows of b, c and a by, the rows for b and c, and those for a: their opposites."""
    if method == "3cosadd":
        return np.add, cosines, -cosines
    shifted: _Float32 = np.maximum((1 + cosines) / 2, 0)  # rounding can take a cosine below -1
    return np.multiply, shifted, np.reciprocal(shifted + np.float32(EPSILON))


def _together(name: str, kind: Kind | None, scores: Iterable[AnalogyScore]) -> AnalogyScore:
    counts = [(each.questions, each.found, each.correct) for each in scores]
    questions, found, correct = (sum(column) for column in zip((0, 0, 0), *counts, strict=True))
    return AnalogyScore(name, kind, questions, found, correct)
