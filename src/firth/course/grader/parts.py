"""What is asked of each function, how many points it gives, and the right answers, which are those of `firth.theory`.

The points of the assignment, 12 for `word2vec.py` and 4 for `sgd.py`, are handed out check by check. Inputs are drawn
from a seed, so that answers can't be written into a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from firth import theory
from firth.course.grader.worker import made_up_loss, made_up_model, objective, postprocessed
from firth.theory.functions import Floats
from firth.theory.sgd import annealed_step

K = 10
BATCH_SIZE = 50
ITERATIONS = 20_100  # the step is halved on the way


@dataclass(frozen=True)
class Pair:
    """A center vector, the outside word's row, the outside vectors, and the negatives (none: softmax)."""

    center: Floats
    outside: int
    vectors: Floats
    negatives: tuple[int, ...] = ()
    draws: tuple[int, ...] = ()


@dataclass(frozen=True)
class Window:
    """A center word's row, those of the words around it, and both matrices."""

    center: int
    outside: tuple[int, ...]
    centers: Floats
    vectors: Floats
    size: int


@dataclass(frozen=True)
class Descent:
    """Where a descent starts, on what, and how far it goes."""

    kind: str
    start: Floats
    step: float
    iterations: int
    postprocess: bool


@dataclass(frozen=True)
class Case:
    """One call of a function.

    Attributes
    ----------
    given
        What it is called with, in our words.
    request, arrays
        The same for the process that calls it.
    right
        What must come out, one array a component.
    needs
        How many arguments the function must take for this case to be asked.
    """

    given: Any
    request: dict[str, Any]
    arrays: list[Floats]
    right: tuple[Floats, ...]
    needs: int = 0


@dataclass(frozen=True)
class CheckPlan:
    """Points for one component being right in some cases; what is `advice` alone costs nothing."""

    title: str
    points: int
    component: int
    cases: tuple[int, ...]
    advice: bool = False


@dataclass(frozen=True)
class Part:
    """One function of the assignment.

    Attributes
    ----------
    function, aliases
        Its name in the assignment, and others that it goes by.
    module
        The file that it is in.
    components
        What it returns.
    checks, cases
        What points are given for, and what it is called with.
    given
        Whether the assignment gives it as it is to be.
    """

    function: str
    aliases: tuple[str, ...]
    module: str
    components: tuple[str, ...]
    checks: tuple[CheckPlan, ...]
    cases: tuple[Case, ...]
    given: bool = False

    @property
    def points(self) -> int:
        """Points to be had."""
        return sum(check.points for check in self.checks)


def assignment_parts(seed: int) -> tuple[Part, ...]:
    """All parts, their inputs drawn from a seed."""
    generator = np.random.default_rng([224, seed])
    return (
        _sigmoid(generator),
        _naive_softmax(generator),
        _negative_sampling(generator),
        _skip_gram(generator),
        _sgd(generator),
        _sampler(generator),
        _wrapper(generator),
    )


def _request(*arguments: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"arguments": list(arguments), **more}


def _array(index: int) -> dict[str, Any]:
    return {"array": index}


def _value(value: Any) -> dict[str, Any]:
    return {"value": value}


def _stand_in(name: str, **more: Any) -> dict[str, Any]:
    return {"stand_in": name, **more}


def _as_arrays(values: Sequence[Any]) -> tuple[Floats, ...]:
    return tuple(np.asarray(value, dtype=np.float64) for value in values)


def _sigmoid(generator: np.random.Generator) -> Part:
    inputs = [generator.normal(size=7) * 2, generator.normal(size=(3, 4)), np.array(generator.normal())]
    inputs += [np.array([-1000.0, -800.0, 0.0, 800.0, 1000.0])]
    cases = [Case(x, _request(_array(0)), [x], _as_arrays([theory.sigmoid(x)])) for x in inputs]
    checks = (
        CheckPlan("numbers, vectors, matrices", 1, 0, (0, 1, 2)),
        CheckPlan("numbers as large as 1000", 0, 0, (3,), advice=True),
    )
    return Part("sigmoid", (), "word2vec", ("value",), checks, tuple(cases))


def _naive_softmax(generator: np.random.Generator) -> Part:
    def case(words: int, dimensions: int, outside: int, scale: float = 1.0) -> Case:
        center, vectors = generator.normal(size=dimensions), scale * generator.normal(size=(words, dimensions))
        if scale != 1.0:
            vectors[outside] = -scale * center  # an unlikely word
        right = _as_arrays(theory.naive_softmax_loss_and_gradients(center, outside, vectors))
        request = _request(_array(0), _value(outside), _array(1), _stand_in("dataset"))
        return Case(Pair(center, outside, vectors), request, [center, vectors], right)

    # As many words as dimensions, too: there a transposed matrix has the right shape.
    cases = (case(8, 5, 3), case(6, 3, 0), case(4, 4, 2), case(8, 6, 2, 1000.0))
    checks = (
        CheckPlan("loss", 1, 0, (0, 1, 2)),
        CheckPlan("gradCenterVec", 1, 1, (0, 1, 2)),
        CheckPlan("gradOutsideVecs", 2, 2, (0, 1, 2)),
        CheckPlan("loss where scores are in the thousands", 0, 0, (3,), advice=True),
    )
    components = ("loss", "gradCenterVec", "gradOutsideVecs")
    aliases = ("naive_softmax_loss_and_gradient",)
    return Part("naiveSoftmaxLossAndGradient", aliases, "word2vec", components, checks, cases)


def negatives_of(draws: Sequence[int], outside: int, count: int) -> tuple[int, ...]:
    """The first draws that are not the outside word."""
    return tuple([row for row in draws if row != outside][:count])


def _negative_sampling(generator: np.random.Generator) -> Part:
    words, dimensions = 15, 4

    def case(outside: int, draws: Sequence[int], count: int = K, scale: float = 1.0) -> Case:
        center, vectors = generator.normal(size=dimensions), scale * generator.normal(size=(words, dimensions))
        negatives = negatives_of(draws, outside, count)
        right = _as_arrays(theory.negative_sampling_loss_and_gradients(center, outside, vectors, negatives))
        arguments = [_array(0), _value(outside), _array(1), _stand_in("dataset")]
        more: dict[str, Any] = {"draws": [int(each) for each in draws]}
        if count != K:
            arguments.append(_value(count))
            more["optional"] = 1
        given = Pair(center, outside, vectors, negatives, tuple(int(each) for each in draws))
        needs = len(arguments) if count != K else 0
        return Case(given, _request(*arguments, **more), [center, vectors], right, needs)

    def others(outside: int, count: int) -> list[int]:
        return [int(row) for row in generator.permutation([row for row in range(words) if row != outside])[:count]]

    first, second, third, fourth = (int(row) for row in generator.permutation(words)[:4])
    a, b, c, d, *_ = others(second, 4)
    e, f, g, h, i = others(third, 5)
    cases = (
        case(first, others(first, 14)),
        case(second, [a, b, a, c, a, b, d, a, c, d, b, c]),
        case(third, [e, third, f, e, third, third, g, h, e, i, third, f, g, h, e, f]),
        case(fourth, others(fourth, 14), 4),
        case(first, others(first, 14), scale=1000.0),
    )
    checks = (
        CheckPlan("loss", 1, 0, (0, 1, 2, 3)),
        CheckPlan("gradCenterVec", 1, 1, (0, 1, 2, 3)),
        CheckPlan("gradOutsideVecs, each word drawn once", 1, 2, (0, 3)),
        CheckPlan("gradOutsideVecs, words drawn more than once", 1, 2, (1, 2)),
        CheckPlan("loss where scores are in the thousands", 0, 0, (4,), advice=True),
    )
    components = ("loss", "gradCenterVec", "gradOutsideVecs")
    aliases = ("neg_sampling_loss_and_gradient",)
    return Part("negSamplingLossAndGradient", aliases, "word2vec", components, checks, cases)


def _skip_gram(generator: np.random.Generator) -> Part:
    letters = "cafebd"
    rows = {letter: row for row, letter in enumerate(letters)}

    def case(center: str, around: str, dimensions: int) -> Case:
        centers = generator.normal(size=(len(letters), dimensions))
        vectors = generator.normal(size=(len(letters), dimensions))
        outside = tuple(rows[letter] for letter in around)
        size = (len(around) + 1) // 2
        arguments = [_value(center), _value(size), _value(list(around)), _value(rows), _array(0), _array(1)]
        request = _request(*arguments, _stand_in("dataset"), _stand_in("loss"))
        given = Window(rows[center], outside, centers, vectors, size)
        right = theory.skip_gram_loss_and_gradients(rows[center], outside, centers, vectors, made_up_loss)
        return Case(given, request, [centers, vectors], _as_arrays(right))

    cases = (case("e", "bdfa", 4), case("b", "acaeb", 3), case("d", "f", 5))
    checks = (
        CheckPlan("loss", 1, 0, (0, 1, 2)),
        CheckPlan("gradCenterVecs", 1, 1, (0, 1, 2)),
        CheckPlan("gradOutsideVectors", 1, 2, (0, 1, 2)),
    )
    components = ("loss", "gradCenterVecs", "gradOutsideVectors")
    return Part("skipgram", ("skip_gram",), "word2vec", components, checks, cases)


def _sgd(generator: np.random.Generator) -> Part:
    def case(
        kind: str, start: Any, step: float, iterations: int, postprocess: bool = False, stopped_at: int = 0
    ) -> Case:
        given = Descent(kind, np.asarray(start, dtype=np.float64), step, iterations, postprocess)
        arguments = [_stand_in("objective", kind=kind), _array(0), _value(step), _value(iterations)]
        arguments += [_stand_in("postprocess") if postprocess else _value(None)]
        arguments += [_value(bool(stopped_at)), _value(10**9)]
        if kind == "slope":  # the gradient is 1 everywhere: the end is the start less all steps
            right = given.start - sum(annealed_step(step, iteration) for iteration in range(1, iterations + 1))
        else:
            after = postprocessed if postprocess else None
            right = theory.sgd(lambda x: objective(kind, x), given.start, step, iterations, postprocess=after)
        more: dict[str, Any] = {"before": [3, stopped_at]} if stopped_at else {}
        request = _request(*arguments, optional=2, once=iterations > 1_000, **more)
        return Case(given, request, [given.start], _as_arrays([right]), 6 if stopped_at else 0)

    cases = (
        case("bowl", generator.normal(size=5), 0.2, 1),
        case("bowl", generator.normal(size=(3, 4)), 0.1, 30),
        case("bowl", 0.5 + generator.uniform(), 0.05, 30),
        case("bowl", generator.normal(size=(3, 4)), 0.1, 5, postprocess=True),
        case("slope", generator.normal(size=3), 1e-3, ITERATIONS),
        case("slope", generator.normal(size=3), 1e-3, 20_010, stopped_at=20_000),
    )
    checks = (
        CheckPlan("one step against the gradient", 1, 0, (0,)),
        CheckPlan("many steps, each from the new x", 1, 0, (1, 2)),
        CheckPlan("postprocessing after each step", 1, 0, (3,)),
        CheckPlan("step halved every 20,000 iterations", 1, 0, (4,)),
        CheckPlan("a run stopped and resumed (useSaved)", 0, 0, (5,), advice=True),
    )
    return Part("sgd", (), "sgd", ("x",), checks, cases)


def _sampler(generator: np.random.Generator) -> Part:
    def case(outside: int, count: int) -> Case:
        draws = tuple(int(row) for row in generator.integers(0, 5, size=60))
        negatives = negatives_of(draws, outside, count)
        request = _request(_value(outside), _stand_in("dataset"), _value(count), draws=list(draws))
        return Case(
            Pair(np.zeros(1), outside, np.zeros((5, 1)), negatives, draws), request, [], _as_arrays([negatives])
        )

    checks = (CheckPlan("never the outside word, in the order drawn", 0, 0, (0, 1)),)
    aliases = ("get_negative_samples",)
    return Part("getNegativeSamples", aliases, "word2vec", ("indices",), checks, (case(2, K), case(0, 6)), given=True)


def _wrapper(generator: np.random.Generator) -> Part:
    letters = "abcde"
    rows = {letter: row for row, letter in enumerate(letters)}
    vectors = generator.normal(size=(10, 3))
    contexts = [
        (letters[generator.integers(5)], [letters[row] for row in generator.integers(0, 5, size=2 * size)])
        for size in generator.integers(1, 6, size=BATCH_SIZE)
    ]
    loss, gradient = 0.0, np.zeros_like(vectors)
    for center, around in contexts:
        window = made_up_model(rows[center], [rows[word] for word in around], vectors[:5], vectors[5:])
        loss += window[0] / BATCH_SIZE
        gradient += np.vstack(window[1:]) / BATCH_SIZE
    arguments = [_stand_in("model"), _value(rows), _array(0), _stand_in("dataset"), _value(5), _stand_in("loss")]
    request = _request(*arguments, contexts=contexts)
    case = Case(None, request, [vectors], _as_arrays([loss, gradient]))
    checks = (CheckPlan("loss of a batch", 0, 0, (0,)), CheckPlan("gradient of a batch", 0, 1, (0,)))
    return Part("word2vec_sgd_wrapper", (), "word2vec", ("loss", "grad"), checks, (case,), given=True)
