"""What a function gave in each case, the student's and those of the gallery of mistakes, in one form to compare."""

from __future__ import annotations

import contextlib
import io
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth import theory
from firth.course.grader.parts import Case, Part
from firth.course.grader.process import Answer, FailedError
from firth.course.grader.worker import Desk, packed, unpacked
from firth.files import passing_folder
from firth.theory.functions import Floats

RELATIVE, ABSOLUTE = 1e-5, 1e-6
WRONG_COUNT = "The function returns"
Component = NDArray[Any] | str | None
"""An array; None where None was returned; else what was returned instead, in words."""


@dataclass(frozen=True)
class Outcome:
    """What came of one case.

    Attributes
    ----------
    components
        One for each of the part's; empty where there is no answer.
    failure
        Why there is none, or None.
    skipped
        The function takes too few arguments to be asked this.
    evaluations
        How often it evaluated the function that it was given.
    changed
        Whether the same call gave something else the second time.
    """

    components: tuple[Component, ...] = ()
    failure: FailedError | None = None
    skipped: bool = False
    evaluations: int = 0
    changed: bool = False

    @property
    def error(self) -> str | None:
        """The name of the exception that was raised, or of what else went wrong."""
        if self.failure is None:
            return None
        return str(self.failure.detail.get("error", self.failure.kind))


def outcome_of(answer: Answer, part: Part, case: Case) -> Outcome:
    """Put a function's answer into the part's components."""
    if case.needs and answer.seen.get("passed", 0) < case.needs:
        return Outcome(skipped=True)
    first, *again = [_components(result, part) for result in answer.results]
    changed = any(not same(mine, theirs) for other in again for mine, theirs in zip(first, other, strict=True))
    return Outcome(first, evaluations=answer.seen.get("evaluations", 0), changed=changed)


def _components(result: Any, part: Part) -> tuple[Component, ...]:
    count = len(part.components)
    if count == 1:
        return (_component(result),)
    if isinstance(result, list) and len(result) == count:
        return tuple(_component(each) for each in result)
    if result is None:
        return (None,) * count
    returned = len(result) if isinstance(result, list) else 1
    wanted = ", ".join(part.components)
    return (f"{WRONG_COUNT} {returned} value{'s' if returned != 1 else ''} and must return {count}: {wanted}",) * count


def _component(value: Any) -> Component:
    if isinstance(value, list):
        numbers = [each for each in value if isinstance(each, np.ndarray)]
        if len(numbers) == len(value) and len({each.shape for each in numbers}) <= 1:
            return np.array(numbers)
        return "a list"
    if value is None or isinstance(value, np.ndarray):
        return value
    return f"a value of type {value}"


def is_right(value: Component, right: Floats) -> bool:
    """Whether a component is what it must be; a single number may stand in an array of one."""
    if isinstance(value, np.ndarray) and right.ndim == 0 and value.size == 1:
        value = value.reshape(())
    return close(value, right)


def close(value: Component, other: Component) -> bool:
    """Whether two components are the same but for rounding; infinite and not-a-number stand in the same places."""
    if not isinstance(value, np.ndarray) or not isinstance(other, np.ndarray):
        return False
    if value.shape != other.shape or value.dtype.kind not in "biuf":
        return False
    finite = np.isfinite(value)
    return bool(
        np.array_equal(finite, np.isfinite(other))
        and np.array_equal(value[~finite], other[~finite], equal_nan=True)
        and np.allclose(value[finite], other[finite], rtol=RELATIVE, atol=ABSOLUTE)
    )


def same(value: Component, other: Component) -> bool:
    """Whether two components are alike, those that are no numbers included."""
    return close(value, other) or (not isinstance(value, np.ndarray) and value == other)


def outcomes_here(function: Callable[..., Any], part: Part) -> list[Outcome]:
    """What one of Firth's own functions gives in each case; it is called in this process.

    What is printed is dropped, the random state is put back, and the working folder is an empty one.
    """
    before = theory.get_random_state()
    folder = passing_folder("grade")
    try:
        with (
            contextlib.chdir(folder),
            contextlib.redirect_stdout(io.StringIO()),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
        ):
            warnings.simplefilter("ignore")
            return [_outcome_here(function, part, case) for case in part.cases]
    finally:
        theory.set_random_state(before)
        shutil.rmtree(folder, ignore_errors=True)


def _outcome_here(function: Callable[..., Any], part: Part, case: Case) -> Outcome:
    arguments = Desk(case.request, [array.copy() for array in case.arrays]).arguments
    try:
        if "before" in case.request:
            place, value = case.request["before"]
            function(*arguments[:place], value, *arguments[place + 1 :])
        result = function(*arguments)
    except Exception as error:  # wrong code may raise, and raises the same in the student's file
        return Outcome(failure=FailedError("raised", {"error": type(error).__name__}))
    arrays: list[Any] = []
    return Outcome(_components(unpacked(packed(result, arrays), arrays), part))
