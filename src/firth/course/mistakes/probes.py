"""Fixed calls of each function that a mistake can be made in, and what comes out of them.

Someone's function, the right one and a wrong one are called alike, with the same draws; mistakes are recognised by
where the outcomes differ.
"""

from __future__ import annotations

import contextlib
import io
import random
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from firth import theory
from firth.theory.functions import Floats

WORDS = ("a", "b", "c", "d", "e")
ROWS = {word: row for row, word in enumerate(WORDS)}
_RELATIVE, _ABSOLUTE = 1e-6, 1e-9


class DrawnInTurn:
    """A data set whose draws are known: negatives come from a list, in turn, and contexts from Python's `random`."""

    def __init__(self, draws: Sequence[int] = (3, 0, 3, 1, 4, 2, 2)) -> None:
        self._draws, self._next = draws, 0

    def sampleTokenIdx(self) -> int:
        """Draw the index of a word."""
        self._next += 1
        return self._draws[(self._next - 1) % len(self._draws)]

    def getRandomContext(self, C: int = 5) -> tuple[str, list[str]]:
        """Draw a center word and the words around it."""
        center = WORDS[random.randint(0, 4)]
        return center, [WORDS[random.randint(0, 4)] for _ in range(2 * C)]


@dataclass(frozen=True)
class Outcome:
    """What a call gave.

    Attributes
    ----------
    parts
        The values returned, each as an array; empty where an error was raised.
    error
        The name of the error's class; ``"NoneType"`` where None was given; None where neither.
    """

    parts: tuple[Floats, ...]
    error: str | None = None

    def agrees(self, other: Outcome, part: int) -> bool:
        """Whether one part is the same in both, but for rounding; infinite and not-a-number are one."""
        if part >= min(len(self.parts), len(other.parts)) or self.parts[part].shape != other.parts[part].shape:
            return False
        mine, theirs = self.parts[part], other.parts[part]
        finite = np.isfinite(mine)
        return bool(
            np.array_equal(finite, np.isfinite(theirs))
            and np.allclose(mine[finite], theirs[finite], rtol=_RELATIVE, atol=_ABSOLUTE)
        )


@dataclass(frozen=True)
class Probe:
    """One fixed call, or a few that belong together.

    Attributes
    ----------
    name
        What is special about it.
    call
        Takes the function; returns what it gave.
    is_extreme
        Whether it is there for overflow and underflow alone.
    """

    name: str
    call: Callable[[Callable[..., Any]], Any]
    is_extreme: bool = False


def observe(function: str, candidate: Callable[..., Any]) -> list[Outcome]:
    """Call someone's function at each probe of the function that it should be.

    The global random states are set before each call and put back at the end; the working folder is an empty one
    meanwhile, and what is printed or warned of is dropped.

    Parameters
    ----------
    function
        A key of `PROBES`, such as ``"skipgram"``.
    candidate
        Someone's function with its signature.
    """
    before = theory.get_random_state()
    outcomes = []
    try:
        for probe in PROBES[function]:
            random.seed(5)
            np.random.seed(5)
            with (
                tempfile.TemporaryDirectory(prefix="firth-probe-") as folder,
                contextlib.chdir(folder),
                contextlib.redirect_stdout(io.StringIO()),
                warnings.catch_warnings(),
            ):
                warnings.simplefilter("ignore")
                outcomes.append(_outcome(probe, candidate))
        return outcomes
    finally:
        theory.set_random_state(before)


def _outcome(probe: Probe, candidate: Callable[..., Any]) -> Outcome:
    try:
        answer = probe.call(candidate)
        parts = answer if isinstance(answer, tuple) else (answer,)
        if any(part is None for part in parts):  # which NumPy would take for not-a-number
            return Outcome((), "NoneType")
        return Outcome(tuple(np.array(part, dtype=np.float64) for part in parts))
    except Exception as error:  # whatever someone's code raises
        return Outcome((), type(error).__name__)


def _numbers(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(20130116 + seed).normal(size=shape)


def _pair(rows: int, columns: int, outside: int, scale: float = 1.0) -> Callable[[Callable[..., Any]], Any]:
    """A call of one of the two losses of a pair."""
    return lambda f: f(_numbers(columns) * scale, outside, _numbers(rows, columns, seed=1), DrawnInTurn())


def _sampled(rows: int, columns: int, outside: int, draws: Sequence[int], scale: float = 1.0) -> Callable[..., Any]:
    return lambda f: f(
        _numbers(columns) * scale, outside, _numbers(rows, columns, seed=1), DrawnInTurn(draws), len(draws)
    )


def _plain_loss(center: Floats, outside: int, vectors: Floats, _: Any) -> tuple[float, Floats, Floats]:
    """A loss whose gradients are right and unlike for every word, so that a window's mistakes don't hide in it."""
    return theory.naive_softmax_loss_and_gradients(center, outside, vectors)


def _window(words: str, center: str = "c") -> Callable[[Callable[..., Any]], Any]:
    return lambda f: f(center, 3, list(words), ROWS, _numbers(5, 3), _numbers(5, 3, seed=1), DrawnInTurn(), _plain_loss)


def _skipgram(*arguments: Any) -> tuple[float, Floats, Floats]:
    """The right skip-gram, for batches."""
    center, _, words, rows, centers, outsides, dataset, loss = arguments
    return theory.skip_gram_loss_and_gradients(
        rows[center], [rows[word] for word in words], centers, outsides, lambda v, o, u: loss(v, o, u, dataset)
    )


def _batch(f: Callable[..., Any]) -> Any:
    loss, gradient = f(_skipgram, ROWS, _numbers(10, 3), DrawnInTurn(), 2, _plain_loss)
    return loss, gradient[:5], gradient[5:]


def _parabola(x: Floats) -> tuple[float, Floats]:
    return float(np.sum(x**2)), 2 * x


def _slope(x: Floats) -> tuple[float, Floats]:
    """Its gradient is 1 everywhere, so that a run's end is the sum of its steps."""
    return 1.0, np.ones_like(x)


def _resumed(f: Callable[..., Any]) -> Any:
    f(_slope, np.zeros(1), 0.25, 20_000, None, True, 1_000_000)
    return f(_slope, np.zeros(1), 0.25, 20_010, None, True, 1_000_000)


def _noisy(x: Floats) -> tuple[float, Floats]:
    target = random.gauss(0, 1) + np.random.normal()
    return float(np.sum((x - target) ** 2)), 2 * (x - target)


def _left_as_it_was(f: Callable[..., Any]) -> Any:
    x = _numbers(3)
    f(_parabola, x, "parabola")
    return x


_TEXT = [0, 1, 0, 2, 0, 3, 0, 4, 1, 0, 2, 3] * 3

PROBES: dict[str, tuple[Probe, ...]] = {
    "sigmoid": (
        Probe("numbers around 0", lambda f: f(np.array([-2.0, -0.5, 0.0, 0.5, 2.0]))),
        Probe("±1,000", lambda f: f(np.array([-1000.0, 1000.0])), True),
    ),
    "softmax": (
        Probe("a vector", lambda f: f(np.array([0.3, -0.2, 1.1]))),
        Probe("a matrix, row by row", lambda f: f(_numbers(2, 3))),
        Probe("scores of 1,000", lambda f: f(np.array([1000.0, 1001.0])), True),
        Probe("rows far apart", lambda f: f(np.array([[1001.0, 1002.0], [-1001.0, -1002.0]])), True),
    ),
    "normalizeRows": (
        Probe("a matrix", lambda f: f(_numbers(4, 3))),
        Probe("a row of zeros", lambda f: f(np.array([[3.0, 4.0], [0.0, 0.0]]))),
    ),
    "naiveSoftmaxLossAndGradient": (
        Probe("5 words, 3 dimensions", _pair(5, 3, 1)),
        Probe("as many words as dimensions", _pair(4, 4, 2)),
        Probe("scores of thousands", _pair(5, 3, 2, 1000.0), True),
    ),
    "getNegativeSamples": (
        Probe("the outside word is drawn too", lambda f: f(3, DrawnInTurn(), 8)),
        Probe("a word is drawn twice", lambda f: f(1, DrawnInTurn(), 6)),
    ),
    "negSamplingLossAndGradient": (
        Probe("no word is drawn twice", _sampled(5, 3, 1, (3, 0, 4))),
        Probe("one word is drawn three times", _sampled(5, 3, 1, (3, 0, 3, 3, 4))),
        Probe("the outside word is drawn too", _sampled(5, 3, 3, (3, 0, 3, 1, 4, 2, 2))),
        Probe("scores of thousands", _sampled(5, 3, 2, (3, 1, 4), 1000.0), True),
    ),
    "skipgram": (
        Probe("one word", _window("a")),
        Probe("four words, one of them twice", _window("abea")),
        Probe("the center word among them", _window("bcd")),
    ),
    "cbow": (
        Probe("one word", _window("a")),
        Probe("three words", _window("abe")),
        Probe("four words, one of them twice", _window("abea")),
    ),
    "word2vec_sgd_wrapper": (Probe("50 windows", _batch),),
    "sgd": (
        Probe("downhill", lambda f: f(_parabola, np.array([0.5, -1.5]), 0.01, 50)),
        Probe("postprocessing", lambda f: f(_slope, np.array([3.0, 4.0]), 0.1, 3, lambda x: x / np.linalg.norm(x))),
        Probe("annealing", lambda f: f(_slope, np.zeros(1), 0.25, 20_010, None, False, 1_000_000)),
        Probe("stopped at 20,000 and resumed", _resumed),
    ),
    "gradcheck_naive": (
        Probe("a right gradient", lambda f: f(lambda x: (float(np.sum(x**4)), 4 * x**3), _numbers(3), "right")),
        Probe("a wrong gradient", lambda f: f(lambda x: (float(np.sum(x**2)), x), _numbers(3), "wrong")),
        Probe("a function that draws", lambda f: f(_noisy, _numbers(3), "noisy")),
        Probe("the last entry is wrong", lambda f: f(_wrong_at_the_end, _numbers(2, 3), "wrong at the end")),
        Probe("x is left as it was", _left_as_it_was),
        Probe("a gradient half as large", lambda f: f(lambda x: (float(np.sum(x**2)), 4 * x), _numbers(3), "twice")),
    ),
    "negativeProbabilities": (Probe("0.9, 0.09, 0.01", lambda f: f([0.9, 0.09, 0.01])),),
    "keepProbabilities": (Probe("counts of 9,000, 900 and 1", lambda f: f([9000, 900, 1], 1e-3)),),
    "subsampledWindows": (Probe("half of one word is left out", lambda f: _flat(f(_TEXT, [0.5, 1, 1, 1, 1], 2))),),
}
"""From a function's name to the calls that mistakes in it are recognised by."""


def _wrong_at_the_end(x: Floats) -> tuple[float, Floats]:
    gradient = 2 * x
    gradient[-1, -1] += 1.0
    return float(np.sum(x**2)), gradient


def _flat(windows: Sequence[tuple[int, Sequence[int]]]) -> list[float]:
    """Windows as one list of numbers, -1 after each."""
    return [float(number) for center, around in windows for number in (center, *around, -1)]
