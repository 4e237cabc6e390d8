"""Mistakes that the gallery's probes don't tell apart, and the grader's cases do: other losses, other steps."""

# ruff: noqa: ARG001  # wrong code has the whole signature too

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from firth.course.assignment import naiveSoftmaxLossAndGradient
from firth.course.mistakes import MISTAKES, Mistake
from firth.theory.functions import Floats

Answer = tuple[float, Floats, Floats]
Function = Callable[[Floats], tuple[float, Floats]]
Postprocessing = Callable[[Floats], Floats] | None


def mistakes_in(function: str) -> list[Mistake]:
    """Every mistake in a function that there is a name for."""
    return [each for each in (*MISTAKES.values(), *MORE_MISTAKES) if each.function == function]


def _parentheses_forgotten(x: Floats) -> Floats:
    return np.asarray(1 / 1 + np.exp(-x))


def _derivative_for_sigmoid(x: Floats) -> Floats:
    s = 1 / (1 + np.exp(-x))
    return np.asarray(s * (1 - s))


def _loss_not_used(
    center: str, windowSize: int, words: Sequence[str], rows: Mapping[str, int], V: Floats, U: Floats,
    dataset: Any, word2vecLossAndGradient: Any = None,
) -> Answer:  # fmt: skip
    loss, d_V, d_U = 0.0, np.zeros_like(V), np.zeros_like(U)
    for word in words:
        one, d_v, d_u = naiveSoftmaxLossAndGradient(V[rows[center]], rows[word], U, dataset)
        loss += one
        d_V[rows[center]] += d_v
        d_U += d_u
    return loss, d_V, d_U


def _never_annealed(
    f: Function, x0: Floats, step: float, iterations: int, postprocessing: Postprocessing = None,
    useSaved: bool = False, PRINT_EVERY: int = 10,
) -> Floats:  # fmt: skip
    x = x0
    for _ in range(iterations):
        x = x - step * f(x)[1]
        if postprocessing is not None:
            x = postprocessing(x)
    return x


def _step_left_out(
    f: Function, x0: Floats, step: float, iterations: int, postprocessing: Postprocessing = None,
    useSaved: bool = False, PRINT_EVERY: int = 10,
) -> Floats:  # fmt: skip
    x = x0
    for _ in range(iterations):
        x = x - f(x)[1]
        if postprocessing is not None:
            x = postprocessing(x)
    return x


def _gradient_of_the_start(
    f: Function, x0: Floats, step: float, iterations: int, postprocessing: Postprocessing = None,
    useSaved: bool = False, PRINT_EVERY: int = 10,
) -> Floats:  # fmt: skip
    x = x0
    for iteration in range(iterations):
        x = x - step * 0.5 ** (iteration // 20_000) * f(x0)[1]
        if postprocessing is not None:
            x = postprocessing(x)
    return x


def _only_the_last_step(
    f: Function, x0: Floats, step: float, iterations: int, postprocessing: Postprocessing = None,
    useSaved: bool = False, PRINT_EVERY: int = 10,
) -> Floats:  # fmt: skip
    x = x0
    for iteration in range(iterations):
        x = x0 - step * 0.5 ** (iteration // 20_000) * f(x)[1]
        if postprocessing is not None:
            x = postprocessing(x)
    return x


MORE_MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "parentheses-forgotten",
        "1 / 1 + e^-x written for 1 / (1 + e^-x)",
        "sigmoid",
        _parentheses_forgotten,
        "Division comes before addition, so that this is 1 + e^-x.",
        "sigmoid(0) gives 2 and must give 0.5.",
        "Put the sum into parentheses: 1 / (1 + np.exp(-x)).",
    ),
    Mistake(
        "derivative-for-sigmoid",
        "the sigmoid's derivative returned",
        "sigmoid",
        _derivative_for_sigmoid,
        "σ(x)(1 - σ(x)) is the slope of the sigmoid, not its value.",
        "sigmoid(0) gives 0.25 and must give 0.5.",
        "Return 1 / (1 + np.exp(-x)).",
    ),
    Mistake(
        "loss-not-used",
        "naive softmax called whatever loss is given",
        "skipgram",
        _loss_not_used,
        "skipgram is told which loss to take by its last argument, and calls naiveSoftmaxLossAndGradient instead.",
        "With naive softmax nothing shows. With negative sampling the numbers are those of naive softmax.",
        "Call word2vecLossAndGradient(...) in the loop.",
    ),
    Mistake(
        "never-annealed",
        "the step never halved",
        "sgd",
        _never_annealed,
        "The step stays what it was at the start. It is to be halved after every 20,000 iterations.",
        "Up to iteration 20,000 nothing shows.",
        "Halve it: if iteration % 20000 == 0: step *= 0.5.",
    ),
    Mistake(
        "step-left-out",
        "the gradient subtracted without the step",
        "sgd",
        _step_left_out,
        "A gradient says which way is up and how steep, not how far to go. Whole gradients overshoot.",
        "With a step of 1 nothing shows; with another, x ends elsewhere.",
        "Write x = x - step * gradient.",
    ),
    Mistake(
        "gradient-of-the-start",
        "every gradient taken at x0",
        "sgd",
        _gradient_of_the_start,
        "f is evaluated at x0 again and again, so that all steps go the same way and past the minimum.",
        "One step is right; many are not.",
        "Evaluate f where x is now: loss, grad = f(x).",
    ),
    Mistake(
        "only-the-last-step",
        "every step taken from x0",
        "sgd",
        _only_the_last_step,
        "x is set to x0 minus one step each time, so that only the last step is left.",
        "One step is right; many are not.",
        "Go on from where x is: x = x - step * gradient.",
    ),
)
"""Beside the gallery's."""
