"""The losses and gradients as `theory/README.md` states them, in SymPy, from nothing of the code.

Four words, three dimensions, two negatives that are one word drawn twice, and a window of up to two words on a side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from firth.course.proofs.formulas import Formulas
from firth.course.proofs.proof import Bench, Finding, central_differences, close, complex_step
from firth.course.proofs.symbols import Symbols, named, symbols, sympy

OUTSIDE, NEGATIVES = 1, [3, 3]
CENTER, WINDOW, DRAWN = 0, [1, 3, 1], {1: [2, 2], 3: [0, 2]}
CONTEXT, MIDDLE = [0, 2, 0], 1
NODES, LABELS = [0, 2], [1, -1]
PATHS = {0: ([0, 1], [1, 1]), 1: ([0, 1], [1, -1]), 2: ([0, 2], [-1, 1]), 3: ([0, 2], [-1, -1])}
"""Nodes and labels of each of four words in a balanced tree."""

VECTOR, CENTERS, OUTSIDES, INNER = named("v", 3), named("c", 4, 3), named("u", 4, 3), named("u", 3, 3)


def sigma(x: Any) -> Any:
    """The sigmoid by its definition."""
    return 1 / (1 + sympy.exp(-x))


Terms = tuple[Any, list[Any], list[list[Any]]]
Stated = Callable[[Sequence[Any], int, Symbols], Terms]
Pair = Callable[[Formulas], Callable[[Any, int, Any], Any]]


@dataclass(frozen=True, eq=False)
class Case:
    """A loss, its stated gradients, and how the code is asked for both.

    Attributes
    ----------
    arguments
        What the loss depends on.
    loss
        As stated, in the arguments' symbols.
    gradients
        As stated, one for each argument.
    call
        Takes formulas, and values in place of the arguments; returns loss and gradients.
    """

    arguments: tuple[Symbols, ...]
    loss: Any
    gradients: tuple[Symbols, ...]
    call: Callable[..., tuple[Any, ...]]
    _numeric: list[Any] = field(default_factory=list)

    @property
    def flat(self) -> list[Any]:
        """All symbols in a row."""
        return [each for argument in self.arguments for each in argument.ravel()]

    def split(self, flat: Any) -> list[Any]:
        """Numbers in a row, as the arguments' shapes."""
        bounds = np.cumsum([argument.size for argument in self.arguments])[:-1]
        return [
            part.reshape(argument.shape) for part, argument in zip(np.split(flat, bounds), self.arguments, strict=True)
        ]

    def stated(self, flat: Any) -> tuple[Any, ...]:
        """Loss and gradients as stated, at numbers."""
        if not self._numeric:
            everything = [self.loss, *[each for gradient in self.gradients for each in gradient.ravel()]]
            self._numeric.append(sympy.lambdify([self.flat], everything, "numpy", cse=True))
        values = np.array(self._numeric[0](flat), dtype=np.float64)
        return values[0], *self.split(values[1:])

    @cache  # noqa: B019  # cases live as long as the module
    def derivative(self, argument: int) -> tuple[Any, ...]:
        """The stated loss differentiated by SymPy, minus the stated gradient."""
        return tuple(
            sympy.diff(self.loss, variable) - stated
            for variable, stated in zip(self.arguments[argument].ravel(), self.gradients[argument].ravel(), strict=True)
        )


def loss_findings(bench: Bench, case: Case, what: str) -> Iterator[Finding]:
    """Hold the code's loss to the stated one, in symbols and in numbers."""
    if not bench.numbers_only:
        yield from bench.exact(
            f"{what}: the code's loss is the stated one", case.call(bench.symbolic, *case.arguments)[0] - case.loss
        )
    for _ in range(3):
        flat = bench.random.normal(size=len(case.flat))
        yield close(f"{what}: in numbers", case.call(bench.formulas, *case.split(flat))[0], case.stated(flat)[0])


def gradient_findings(
    bench: Bench, case: Case, argument: int, what: str, rows: Sequence[int] | None = None
) -> Iterator[Finding]:
    """Hold the stated gradient to the stated loss, and the code's gradient to the stated one.

    Parameters
    ----------
    bench
        What is proved, and with what.
    case
        The loss.
    argument
        By which argument it is differentiated.
    what
        Its name.
    rows
        Rows of the argument to look at; all by default.
    """
    shape = case.arguments[argument].shape
    places = np.arange(case.arguments[argument].size).reshape(shape)
    chosen = places.ravel() if rows is None else places[list(rows)].ravel()
    if not bench.numbers_only:
        derivative = case.derivative(argument)
        yield from bench.exact(f"{what} is the derivative of the loss", *[derivative[place] for place in chosen])
        code = case.call(bench.symbolic, *case.arguments)[1 + argument]
        stated = case.gradients[argument]
        yield from bench.exact(
            f"{what}: the code's is the stated one", *[code.ravel()[place] - stated.ravel()[place] for place in chosen]
        )
    flat = bench.random.normal(size=len(case.flat))
    values = case.split(flat)
    mine = np.asarray(case.call(bench.formulas, *values)[1 + argument])
    if mine.shape != shape:
        yield Finding(f"{what}: shape {mine.shape} for {shape}", False, float("inf"))
        return
    mine = mine.ravel()[chosen]
    yield close(f"{what}: in numbers", mine, case.stated(flat)[1 + argument].ravel()[chosen])

    def loss_at(formulas: Formulas) -> Callable[[Any], Any]:
        return lambda x: case.call(formulas, *values[:argument], x, *values[argument + 1 :])[0]

    central = central_differences(loss_at(bench.formulas), values[argument]).ravel()[chosen]
    yield close(f"{what}: by central differences", mine, central, 1e-8)
    stepped = complex_step(loss_at(bench.complex), values[argument]).ravel()[chosen]
    yield close(f"{what}: by the complex step", mine, stepped)


def _stated_softmax(vector: Sequence[Any], word: int, outside: Symbols) -> Terms:
    scores = [sum(u * v for u, v in zip(row, vector, strict=True)) for row in outside]
    total = sum(sympy.exp(score) for score in scores)
    factors = [sympy.exp(score) / total - (1 if w == word else 0) for w, score in enumerate(scores)]
    d_vector = [sum(factors[w] * outside[w, d] for w in range(4)) for d in range(3)]
    return -sympy.log(sympy.exp(scores[word]) / total), d_vector, [[factor * v for v in vector] for factor in factors]


def _stated_sampled(vector: Sequence[Any], word: int, outside: Symbols, negatives: Sequence[int]) -> Terms:
    scores = [sum(u * v for u, v in zip(row, vector, strict=True)) for row in outside]
    loss = -sympy.log(sigma(scores[word])) - sum(sympy.log(sigma(-scores[k])) for k in negatives)
    d_vector = [
        -sigma(-scores[word]) * outside[word, d] + sum(sigma(scores[k]) * outside[k, d] for k in negatives)
        for d in range(3)
    ]
    factors = [negatives.count(w) * sigma(scores[w]) for w in range(4)]
    factors[word] = -sigma(-scores[word])
    return loss, d_vector, [[factor * v for v in vector] for factor in factors]


@cache
def naive_softmax() -> Case:
    """Equations (7) to (9)."""
    loss, d_vector, d_outsides = _stated_softmax(list(VECTOR), OUTSIDE, OUTSIDES)
    return Case(
        (VECTOR, OUTSIDES),
        loss,
        (symbols(d_vector), symbols(d_outsides)),
        lambda formulas, v, u: formulas.naive_softmax(v, OUTSIDE, u),
    )


@cache
def negative_sampling() -> Case:
    """Equations (10) to (13)."""
    loss, d_vector, d_outsides = _stated_sampled(list(VECTOR), OUTSIDE, OUTSIDES, NEGATIVES)
    return Case(
        (VECTOR, OUTSIDES),
        loss,
        (symbols(d_vector), symbols(d_outsides)),
        lambda formulas, v, u: formulas.negative_sampling(v, OUTSIDE, u, NEGATIVES),
    )


@cache
def hierarchical_softmax() -> Case:
    """Equations (24), (26) and (27)."""
    scores = {n: sum(u * v for u, v in zip(INNER[n], VECTOR, strict=True)) for n in NODES}
    path = list(zip(NODES, LABELS, strict=True))
    factors = {n: -b * sigma(-b * scores[n]) for n, b in path}
    return Case(
        (VECTOR, INNER),
        -sum(sympy.log(sigma(b * scores[n])) for n, b in path),
        (
            symbols([sum(factors[n] * INNER[n, d] for n in NODES) for d in range(3)]),
            symbols([[factors.get(n, 0) * v for v in VECTOR] for n in range(3)]),
        ),
        lambda formulas, v, u: formulas.hierarchical_softmax(v, NODES, LABELS, u),
    )


PAIRS: dict[str, tuple[Stated, Pair]] = {
    "naive softmax": (_stated_softmax, lambda formulas: formulas.naive_softmax),
    "negative sampling": (
        lambda vector, word, outside: _stated_sampled(vector, word, outside, DRAWN[word]),
        lambda formulas: lambda v, o, u: formulas.negative_sampling(v, o, u, DRAWN[o]),
    ),
}


@cache
def skip_gram(pair: str) -> Case:
    """Equations (14) to (16), with a loss of `PAIRS`."""
    stated, code = PAIRS[pair]
    terms = [stated(list(CENTERS[CENTER]), word, OUTSIDES) for word in WINDOW]
    d_centers = [[sum(term[1][d] for term in terms) if row == CENTER else 0 for d in range(3)] for row in range(4)]
    d_outsides = [[sum(term[2][row][d] for term in terms) for d in range(3)] for row in range(4)]
    return Case(
        (CENTERS, OUTSIDES),
        sum(term[0] for term in terms),
        (symbols(d_centers), symbols(d_outsides)),
        lambda formulas, v, u: formulas.skip_gram(CENTER, WINDOW, v, u, code(formulas)),
    )


@cache
def cbow(pair: str) -> Case:
    """Equations (28) to (31), with a loss of `PAIRS`."""
    stated, code = PAIRS[pair]
    mean = [sum(CENTERS[word, d] for word in CONTEXT) / sympy.Integer(len(CONTEXT)) for d in range(3)]
    loss, d_mean, d_outsides = stated(mean, MIDDLE, OUTSIDES)
    shares = [sympy.Rational(CONTEXT.count(row), len(CONTEXT)) for row in range(4)]
    return Case(
        (CENTERS, OUTSIDES),
        loss,
        (symbols([[share * each for each in d_mean] for share in shares]), symbols(d_outsides)),
        lambda formulas, v, u: formulas.cbow(CONTEXT, MIDDLE, v, u, code(formulas)),
    )
