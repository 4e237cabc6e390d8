"""A test that is read once and scored again and again, while the vectors change: quality as a run goes on.

Scores are those of `evaluate_similarity` and `evaluate_analogies`, without intervals and sections.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firth.datasets.evaluation_files import find_evaluation_file
from firth.errors import DataError, FirthError
from firth.evaluation.analogies import is_asked, score_sections
from firth.evaluation.known_words import KnownWords, Worded
from firth.evaluation.question_files import holds_analogies, read_analogies, read_pairs
from firth.evaluation.rank_correlation import spearman
from firth.evaluation.similarity import cosines_of

RESTRICT = 30_000
"""Words that may answer an analogy."""


class RepeatedTest:
    """One test of word vectors.

    Parameters
    ----------
    path
        As of `evaluate_similarity` and `evaluate_analogies`; which of the two it is for is told by its first line.

    Attributes
    ----------
    name
        Of the file or folder.

    Raises
    ------
    DataError
        It can't be read or has malformed lines.
    """

    def __init__(self, path: str | Path) -> None:
        self._where = find_evaluation_file(path)
        self.name = self._where.name
        self._is_analogies = holds_analogies(self._where)
        self._sections = read_analogies(self._where) if self._is_analogies else []
        self._pairs = [] if self._is_analogies else read_pairs(self._where)
        self._known: KnownWords | None = None

    def bind(self, vectors: Worded) -> float:
        """Say what is tested: a matrix that may change in place, but not its words; return the test's coverage.

        Raises
        ------
        DataError
            Too few of the test's words are known for a score.
        """
        self._known = KnownWords(vectors, RESTRICT if self._is_analogies else None)
        found, asked, least = self._coverage(self._known)
        if found < least:
            raise DataError(
                f"{self._where}: of {asked:,} {'questions' if self._is_analogies else 'pairs'}, {found} have all their "
                "words in the vocabulary, too few for a score; name a test in the text's language and spelling"
            )
        return found / asked

    def score(self) -> float:
        """The score of the vectors as they are now: Spearman's correlation, or the share of right answers."""
        if self._known is None:
            raise FirthError("this test does not know what to score: call bind first")
        if self._is_analogies:
            scores = score_sections(self._known, self._sections)
            return sum(each.correct for each in scores) / sum(each.found for each in scores)
        people = np.array([pair.score for pair in self._pairs])
        cosines = cosines_of(self._known, self._pairs)
        found = np.isfinite(cosines)
        return spearman(people[found], cosines[found])

    def _coverage(self, known: KnownWords) -> tuple[int, int, int]:
        """How many pairs or questions are known, of how many, and the least that make a score."""
        if not self._is_analogies:
            places = [
                known.place(pair.first) is not None and known.place(pair.second) is not None for pair in self._pairs
            ]
            return sum(places), len(places), 2
        questions = [question for section in self._sections for question in section.questions]
        return sum(is_asked(known, question) for question in questions), len(questions), 1
