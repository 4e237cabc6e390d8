"""How wrong numbers differ from the right ones: by sign or factor, in which rows, in their shape; and the numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.course.grader.outcomes import WRONG_COUNT, Component, close, is_right
from firth.course.grader.parts import Case, Pair, Part, Window
from firth.theory.functions import Floats

_MOST_NUMBERS = 5
Each = tuple[NDArray[Any], Case]
"""A component that is wrong, and the case that it is of."""


def shape_problem(value: Component, right: Floats, name: str) -> str:
    """Say what stands in the way of comparing numbers, if anything does."""
    if value is None:
        return f"{name} is None: not written yet."
    if isinstance(value, str) and value.startswith(WRONG_COUNT):
        return f"{value}."
    if isinstance(value, str):
        return f"{name} is no number or array: the function returns {value}."
    if value.dtype.kind == "c":
        return f"{name} is complex."
    if value.shape != right.shape and not (right.ndim == 0 and value.size == 1):
        says = f"{name} has the shape {value.shape} and must have {right.shape}"
        if value.size == right.size and close(np.reshape(value, right.shape), right):
            return f"{says}; its numbers are right. Use np.squeeze or .reshape{right.shape}."
        if value.ndim == 2 and close(value.T, right):
            return f"{says}; transposed, its numbers are right. Use .T."
        return f"{says}."
    return ""


def describe(wrong: Sequence[Each], part: Part, component: int) -> str:
    """Say how one component differs in all the cases where it is wrong."""
    name = part.components[component]
    values = np.concatenate([np.ravel(value).astype(np.float64) for value, _ in wrong])
    rights = np.concatenate([np.ravel(case.right[component]) for _, case in wrong])
    if not np.isfinite(values).all():
        return f"{name} is not finite (nan or inf): a logarithm of 0, a division by 0, or an overflow."
    if not values.any():
        return f"{name} is all zeros: not written yet, or never filled in."
    if np.allclose(values, -rights, rtol=1e-5, atol=1e-6):
        return f"{name} has the right size and the wrong sign everywhere."
    factor = _factor(values, rights)
    if factor is not None:
        return f"{name} is {factor:.6g} times what it must be."
    rows = _rows(wrong, component)
    return f"{name} differs {rows}." if rows else f"{name} has wrong numbers; no mistake known here gives these."


def _factor(values: Floats, rights: Floats) -> float | None:
    largest = int(np.abs(rights).argmax())
    if values.size < 2 or not rights[largest]:
        return None
    factor = float(values[largest] / rights[largest])
    return factor if np.allclose(values, factor * rights, rtol=1e-5, atol=1e-6) else None


def _rows(wrong: Sequence[Each], component: int) -> str:
    """In which rows of a matrix the numbers differ, in the words of the assignment."""
    differing: set[str] = set()
    right_rows: set[str] = set()
    for value, case in wrong:
        right = case.right[component]
        if right.ndim != 2 or not isinstance(case.given, Pair | Window):
            return ""
        off = np.logical_not(np.isclose(value, right, rtol=1e-5, atol=1e-6)).any(axis=1)
        for row in range(len(right)):
            (differing if off[row] else right_rows).add(_role(case.given, row))
    if len(differing) == 1 and not differing & right_rows:
        return f"only in {next(iter(differing))}"
    if len(differing) <= 2 and right_rows - differing:
        return f"in {' and '.join(sorted(differing))}, and is right in {' and '.join(sorted(right_rows - differing))}"
    return ""


def _role(given: Pair | Window, row: int) -> str:
    """What a row's word is in a case."""
    if isinstance(given, Window):
        if row == given.center:
            return "the center word's row"
        return "the rows of the words around it" if row in given.outside else "the rows of words that are not there"
    if row == given.outside:
        return "the outside word's row"
    if not given.negatives:
        return "the rows of the other words"
    times = Counter(given.negatives)[row]
    names = ("the rows of words that are not drawn", "the rows of words drawn once")
    return names[times] if times < 2 else "the rows of words drawn more than once"


def evidence(value: Component, case: Case, part: Part, component: int) -> tuple[str, ...]:
    """Show the numbers where they are furthest from the right ones."""
    right = case.right[component]
    if not isinstance(value, np.ndarray) or is_right(value, right) or value.dtype.kind not in "biuf":
        return ()
    if value.shape != right.shape:
        return ()
    if right.ndim < 2:
        return (part.components[component], f"  yours  {_numbers(value)}", f"  right  {_numbers(right)}")
    distance = np.abs(np.nan_to_num(value - right, nan=np.inf)).max(axis=1)
    row = int(distance.argmax())
    times = Counter(case.given.negatives)[row] if isinstance(case.given, Pair) else 0
    drawn = f", drawn {times} times" if times > 1 else ""
    label = f"{part.components[component]}[{row}]{drawn}"
    return (label, f"  yours  {_numbers(value[row])}", f"  right  {_numbers(right[row])}")


def _numbers(values: NDArray[Any]) -> str:
    flat = np.ravel(values)
    shown = "  ".join(f"{number:9.4g}" for number in flat[:_MOST_NUMBERS])
    return shown + ("  ..." if flat.size > _MOST_NUMBERS else "")
