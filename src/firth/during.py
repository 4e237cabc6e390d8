"""Quality as a run goes on: a callback that scores the vectors while they are learned, for curves over a run.

It reads what is being learned and changes nothing. Joins training and evaluation, which don't know each other.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from firth.errors import FirthError, OptionError
from firth.evaluation.repeated import RepeatedTest
from firth.training.engine import Callback, TrainingRun

_LOW_COVERAGE = 0.5


@dataclass(frozen=True)
class _Learned:
    """The center vectors of a run, as they are at the moment."""

    words: Sequence[str]
    counts: NDArray[np.int64]
    matrix: NDArray[np.float32]


class EvaluationDuringTraining(Callback):
    """Scores the vectors now and then, and adds an entry with ``"evaluation"`` to the history.

    Parameters
    ----------
    tests
        Files or names, as of `evaluate_similarity` and `evaluate_analogies` (30,000 words may answer).
    every
        Epochs between evaluations; less than 1 for several an epoch. They wait for the next report, which is there
        twice a second. There is one at the end, too.
    announce
        Told, at the end, how often and how long it took.

    Attributes
    ----------
    scores : dict of str to float
        The last scores, by the tests' names.
    seconds : float
        Time spent on evaluations.
    times : int
        How many there were.

    Raises
    ------
    OptionError
        There are no tests, two of one name, or `every` is no number above 0.
    DataError
        A test can't be read.

    Examples
    --------
    >>> model = firth.Word2Vec().fit(corpus, callbacks=[EvaluationDuringTraining(["ws353"])])
    >>> model.history_["evaluation"].drop_nulls()
    """

    def __init__(
        self,
        tests: Sequence[str | Path],
        every: float = 1.0,
        *,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        if isinstance(every, bool) or not isinstance(every, int | float) or not 0 < every < math.inf:
            raise OptionError(f"every is {every!r}: it must be a number of epochs above 0")
        if isinstance(tests, str | Path) or not tests:
            raise OptionError("tests names no test: give a list, for example ['ws353']")
        self._every = every
        self._announce = announce
        self._tests = [RepeatedTest(each) for each in tests]
        names = [each.name for each in self._tests]
        if len(set(names)) < len(names):
            raise OptionError(f"tests names {max(names, key=names.count)} twice: scores go by the file's name")
        self._words: tuple[Sequence[str], NDArray[np.int64]] | None = None
        self.scores: dict[str, float] = {}
        self.seconds, self.times = 0.0, 0
        self._next = self._last = 0

    def know(self, words: Sequence[str], counts: NDArray[np.int64]) -> None:
        """Say which words the rows stand for; `Word2Vec` does."""
        self._words = words, counts

    def on_start(self, run: TrainingRun) -> None:
        """Find the tests' words.

        Raises
        ------
        DataError
            Too few of a test's words are in the vocabulary.
        """
        if self._words is None:
            raise FirthError("the evaluation does not know the words of the rows: call know(words, counts) first")
        words, counts = self._words
        learned = _Learned(words, counts, run.parameters.center[: len(words), : run.config.dimensions])
        for test in self._tests:
            coverage = test.bind(learned)
            if coverage < _LOW_COVERAGE:
                self._announce(f"warning: {test.name}: {coverage:.0%} is found in the vocabulary, so it says little")
        self.scores, self.seconds, self.times, self._last = {}, 0.0, 0, -1
        self._next = run.words + self._interval(run)

    def on_report(self, run: TrainingRun) -> None:
        """Score the vectors, if it is time."""
        if run.words >= self._next:
            self._evaluate(run)
            interval = self._interval(run)
            self._next = run.words - run.words % interval + interval

    on_epoch = on_report

    def on_end(self, run: TrainingRun) -> None:
        """Score the vectors as they have come out."""
        if run.words != self._last:
            self._evaluate(run)
        shown = ", ".join(f"{name} {score:.4f}" for name, score in self.scores.items())
        self._announce(f"evaluated {self.times} times in {self.seconds:.2f} s; at the end {shown}")

    def _interval(self, run: TrainingRun) -> int:
        return max(1, round(self._every * run.total_words / run.config.epochs))

    def _evaluate(self, run: TrainingRun) -> None:
        started = time.perf_counter()
        self.scores = {test.name: test.score() for test in self._tests}
        took = time.perf_counter() - started
        self.seconds, self.times, self._last = self.seconds + took, self.times + 1, run.words
        entry: dict[str, Any] = {
            "epoch": run.words / (run.total_words / run.config.epochs),
            "words": run.words,
            "loss": run.loss,
            "learning_rate": run.rate,
            "words_per_second": run.words / run.seconds if run.seconds else 0.0,
            "seconds": run.seconds,
            "evaluation": self.scores,
            "evaluation_seconds": took,
        }
        cast(list[dict[str, Any]], run.history).append(entry)
