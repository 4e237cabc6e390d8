"""Mistakes in the descent, equations (18) and (19), and in the gradient check itself, equation (17)."""

# ruff: noqa: ARG001  # wrong code has the whole signature too

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from firth.checkpoints import Checkpoints
from firth.course.assignment import SAVED_FOLDER
from firth.course.mistakes.mistake import mistake
from firth.theory.functions import Floats

Function = Callable[[Floats], tuple[float, Floats]]
Postprocessing = Callable[[Floats], Floats] | None


@mistake(
    "annealed-twice-on-resume",
    "sgd",
    "a resumed run halves its step once more",
    "The step is halved for the iterations behind at the resume, and again by a formula that counts them too. After "
    "each stop the run goes on with too small a step.",
    "A run that was stopped at iteration 20,000 and resumed ends elsewhere than one that was not.",
    "Make the step a function of the iteration alone: step * 0.5 ** ((iteration - 1) // 20000), equation (19).",
)
def _annealed_twice_on_resume(
    f: Function,
    x0: Floats,
    step: float,
    iterations: int,
    postprocessing: Postprocessing = None,
    useSaved: bool = False,
    PRINT_EVERY: int = 10,
) -> Floats:
    x, start, checkpoints = np.array(x0), 0, Checkpoints(SAVED_FOLDER)
    if useSaved and (found := checkpoints.latest()[0]) is not None:
        start, x = found.iteration, found.arrays["x"].copy()
        step *= 0.5 ** (start // 20_000)  # wrong
    for iteration in range(start + 1, iterations + 1):
        x = x - step * 0.5 ** ((iteration - 1) // 20_000) * f(x)[1]
        if postprocessing is not None:
            x = postprocessing(x)
        if useSaved and iteration % 5_000 == 0:
            checkpoints.save(iteration, {"x": x}, {})
    return x


@mistake(
    "annealing-forgotten-on-resume",
    "sgd",
    "a resumed run starts with the first step again",
    "The halvings so far are kept in a variable only, which is as at the start when the run is resumed. It goes on "
    "with too long a step.",
    "A run that was stopped at iteration 20,000 and resumed ends elsewhere than one that was not.",
    "Make the step a function of the iteration alone: step * 0.5 ** ((iteration - 1) // 20000), equation (19).",
)
def _annealing_forgotten_on_resume(
    f: Function,
    x0: Floats,
    step: float,
    iterations: int,
    postprocessing: Postprocessing = None,
    useSaved: bool = False,
    PRINT_EVERY: int = 10,
) -> Floats:
    x, start, checkpoints = np.array(x0), 0, Checkpoints(SAVED_FOLDER)
    if useSaved and (found := checkpoints.latest()[0]) is not None:
        start, x = found.iteration, found.arrays["x"].copy()
    for iteration in range(start + 1, iterations + 1):
        x = x - step * f(x)[1]
        if postprocessing is not None:
            x = postprocessing(x)
        if useSaved and iteration % 5_000 == 0:
            checkpoints.save(iteration, {"x": x}, {})
        if iteration % 20_000 == 0:
            step *= 0.5  # wrong
    return x


@mistake(
    "step-added",
    "sgd",
    "the gradient added, not subtracted",
    "The gradient points uphill. Descent goes against it.",
    "The loss grows from step to step, and x² from 0.5 never comes near 0.",
    "Write x = x - step * gradient, equation (18).",
)
def _step_added(
    f: Function,
    x0: Floats,
    step: float,
    iterations: int,
    postprocessing: Postprocessing = None,
    useSaved: bool = False,
    PRINT_EVERY: int = 10,
) -> Floats:
    x = np.array(x0)
    for iteration in range(1, iterations + 1):
        x = x + step * 0.5 ** ((iteration - 1) // 20_000) * f(x)[1]  # wrong
        if postprocessing is not None:
            x = postprocessing(x)
    return x


@mistake(
    "postprocessing-forgotten",
    "sgd",
    "postprocessing never applied",
    "What is asked for after each step, such as rows of length 1, is not done.",
    "With a postprocessing that scales x to length 1 the result has another length.",
    "Apply it after every step: x = postprocessing(x).",
)
def _postprocessing_forgotten(
    f: Function,
    x0: Floats,
    step: float,
    iterations: int,
    postprocessing: Postprocessing = None,
    useSaved: bool = False,
    PRINT_EVERY: int = 10,
) -> Floats:
    x = np.array(x0)
    for iteration in range(1, iterations + 1):
        x = x - step * 0.5 ** ((iteration - 1) // 20_000) * f(x)[1]  # wrong: the result is never postprocessed
    return x


@mistake(
    "one-sided-difference",
    "gradcheck_naive",
    "a difference to one side taken for the derivative",
    "(f(x + h) - f(x)) / h is off by h f''/2, central differences by h² f'''/6. With h = 1e-4 the first is off by more "
    "than the 1e-5 allowed.",
    "The check says no to right gradients of curved functions, such as 4 x³ of x⁴.",
    "Write (f(x + h) - f(x - h)) / (2 h), equation (17).",
)
def _one_sided_difference(f: Function, x: Floats, gradientText: str) -> bool:
    state, numpy_state, h = random.getstate(), np.random.get_state(), 1e-4

    def evaluate(at: Floats) -> Any:
        random.setstate(state)
        np.random.set_state(numpy_state)
        return f(at)

    here, gradient = evaluate(x)
    for place in np.ndindex(x.shape):
        ahead = x.copy()
        ahead[place] += h
        numeric = (evaluate(ahead)[0] - here) / h  # wrong
        if abs(numeric - gradient[place]) > 1e-5 * max(1, abs(numeric), abs(gradient[place])):
            return False
    return True


@mistake(
    "divided-by-h",
    "gradcheck_naive",
    "central differences divided by h",
    "From x - h to x + h it is 2h. Divided by h, every derivative comes out twice as large.",
    "The check says no to right gradients, and yes to gradients twice as large.",
    "Divide by 2 * h, equation (17).",
)
def _divided_by_h(f: Function, x: Floats, gradientText: str) -> bool:
    state, numpy_state, h = random.getstate(), np.random.get_state(), 1e-4

    def evaluate(at: Floats) -> Any:
        random.setstate(state)
        np.random.set_state(numpy_state)
        return f(at)

    gradient = evaluate(x)[1]
    for place in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[place] += h
        behind[place] -= h
        numeric = (evaluate(ahead)[0] - evaluate(behind)[0]) / h  # wrong
        if abs(numeric - gradient[place]) > 1e-5 * max(1, abs(numeric), abs(gradient[place])):
            return False
    return True


@mistake(
    "draws-not-repeated",
    "gradcheck_naive",
    "the random state not put back between evaluations",
    "A function that draws negatives draws others at x + h than at x - h, and the difference is one of draws, not of "
    "x.",
    "The check says no to right gradients of functions that draw, with differences in the millions.",
    "Call random.setstate(state) before every evaluation.",
)
def _draws_not_repeated(f: Callable[[Floats], Any], x: Floats, gradientText: str) -> bool:
    gradient, h = f(x)[1], 1e-4  # wrong: f draws anew below
    for place in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[place] += h
        behind[place] -= h
        numeric = (f(ahead)[0] - f(behind)[0]) / (2 * h)
        if abs(numeric - gradient[place]) > 1e-5 * max(1, abs(numeric), abs(gradient[place])):
            return False
    return True


@mistake(
    "x-not-put-back",
    "gradcheck_naive",
    "x left where the last difference was taken",
    "x is moved by h for each entry and not moved back, so that later entries are checked elsewhere, and the caller's "
    "x is changed.",
    "After the check x is not what it was.",
    "Put x[place] back after its two evaluations, or work on a copy.",
)
def _x_not_put_back(f: Function, x: Floats, gradientText: str) -> bool:
    state, numpy_state, h = random.getstate(), np.random.get_state(), 1e-4

    def evaluate(at: Floats) -> Any:
        random.setstate(state)
        np.random.set_state(numpy_state)
        return f(at)

    gradient = evaluate(x)[1].copy()
    for place in np.ndindex(x.shape):
        x[place] += h
        ahead = evaluate(x)[0]
        x[place] -= 2 * h  # wrong: nothing moves x back after the second evaluation
        numeric = (ahead - evaluate(x)[0]) / (2 * h)
        if abs(numeric - gradient[place]) > 1e-5 * max(1, abs(numeric), abs(gradient[place])):
            return False
    return True
