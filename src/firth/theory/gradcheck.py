"""Gradient checks by central differences, public so that people can check objectives of their own.

Is the gradient that a function returns that of the loss it returns?
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from firth.theory.functions import Floats


@dataclass(frozen=True)
class GradientReport:
    """What `gradient_check` found.

    Attributes
    ----------
    passed
        Whether every relative difference is at most the tolerance.
    worst_index
        Index of the entry of `x` that differs most.
    worst_difference
        Its relative difference, |numeric - analytic| / max(1, |numeric|, |analytic|).
    analytic
        The gradient that `f` returned, of the shape of `x`.
    numeric
        The central differences, of the shape of `x`.
    tolerance
        What was allowed.
    """

    passed: bool
    worst_index: tuple[int, ...]
    worst_difference: float
    analytic: Floats
    numeric: Floats
    tolerance: float

    def __str__(self) -> str:
        return (
            f"gradient check {'passed' if self.passed else 'FAILED'}: at {list(self.worst_index)} the gradient is "
            f"{self.analytic[self.worst_index]:.9g}, central differences give {self.numeric[self.worst_index]:.9g} "
            f"(relative difference {self.worst_difference:.1e}, allowed {self.tolerance:.0e})"
        )


def gradient_check(
    f: Callable[[Floats], tuple[float, Floats]], x: ArrayLike, step: float = 1e-4, tolerance: float = 1e-5
) -> GradientReport:
    """Compare a gradient with central differences, (f(x + h) - f(x - h)) / 2h entry by entry, equation (17).

    The random state (`random` and `numpy.random`) is put back before each evaluation, so a function that draws samples
    draws the same ones each time. Evaluates `f` twice an entry of `x`.

    Parameters
    ----------
    f
        Takes an array of the shape of `x`; returns its loss and its gradient.
    x
        Where to check; any shape. It is not changed.
    step
        h, the distance to either side.
    tolerance
        Largest relative difference |numeric - analytic| / max(1, |numeric|, |analytic|) that passes.

    Returns
    -------
    GradientReport

    Raises
    ------
    ValueError
        The gradient has another shape than `x`, `x` is empty, or `step` is not above 0.
    """
    if not step > 0:
        raise ValueError(f"step is {step}: it must be above 0")
    point = np.array(x, dtype=np.float64)
    # The states themselves, not their JSON form: they are put back for every entry.
    python_state, numpy_state = random.getstate(), np.random.get_state()

    def evaluate() -> tuple[float, Floats]:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        loss, gradient = f(point)
        return float(loss), gradient

    analytic = np.array(evaluate()[1], dtype=np.float64)
    if analytic.shape != point.shape or point.size == 0:
        raise ValueError(f"x has shape {point.shape} and its gradient {analytic.shape}: they must be equal, not empty")
    numeric = np.empty_like(point)
    for index in np.ndindex(point.shape):
        here = point[index]
        point[index] = here + step
        ahead, _ = evaluate()
        point[index] = here - step
        behind, _ = evaluate()
        point[index] = here
        numeric[index] = (ahead - behind) / (2 * step)
    scale = np.maximum(1.0, np.maximum(np.abs(numeric), np.abs(analytic)))
    difference = np.abs(numeric - analytic) / scale
    difference = np.where(np.isfinite(difference), difference, np.inf)
    worst_index = tuple(int(i) for i in np.unravel_index(int(difference.argmax()), difference.shape))
    worst_difference = float(difference[worst_index])
    return GradientReport(worst_difference <= tolerance, worst_index, worst_difference, analytic, numeric, tolerance)
