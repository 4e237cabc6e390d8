"""What a proof is: an equation, and findings about it from symbols and from numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from firth import theory
from firth.course.equations import EQUATIONS, Equation
from firth.course.proofs.formulas import Formulas
from firth.course.proofs.symbols import DEFINITIONS, all_zero, is_zero, on_complex_numbers, on_symbols
from firth.theory.functions import Floats

ROUNDING = 1e-12


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    what
        In a few words.
    passed
        Whether it is as the equation says.
    difference
        The largest difference in numbers; None where it was decided exactly, in symbols.
    """

    what: str
    passed: bool
    difference: float | None = None


class Bench:
    """What proofs work with: the formulas on floats, on symbols, on complex numbers, and random numbers.

    Parameters
    ----------
    formulas
        The functions that are proved right or wrong.
    numbers_only
        Leave out what is decided in symbols: quick, and enough to find most mistakes.
    """

    def __init__(self, formulas: Formulas, numbers_only: bool = False) -> None:
        self.formulas, self.numbers_only = formulas, numbers_only
        self.random = np.random.default_rng(20130116)

    @cached_property
    def symbolic(self) -> Formulas:
        """The formulas on SymPy's expressions; they call each other's definitions where those are proved."""
        return self._each(lambda function: on_symbols(function, **DEFINITIONS))

    @cached_property
    def elementary(self) -> Formulas:
        """The formulas on SymPy's expressions, down to the code of the sigmoid and the softmax."""
        return self._each(on_symbols)

    @cached_property
    def complex(self) -> Formulas:
        """The formulas on complex numbers."""
        return self._each(on_complex_numbers)

    def _each(self, bound: Callable[[Any], Any]) -> Formulas:
        return replace(
            self.formulas, **{field.name: bound(getattr(self.formulas, field.name)) for field in fields(Formulas)}
        )

    def exact(self, what: str, *expressions: Any) -> Iterator[Finding]:
        """A finding that expressions are 0, decided in symbols."""
        if not self.numbers_only:
            yield Finding(what, all_zero(expressions))


def zero(what: str, *expressions: Any) -> Finding:
    """A finding that expressions are exactly 0."""
    return Finding(what, all(is_zero(each) for each in expressions))


def true(what: str, passed: Any) -> Finding:
    """A finding that is decided exactly."""
    return Finding(what, bool(passed))


def close(what: str, mine: Any, stated: Any, allowed: float = ROUNDING) -> Finding:
    """A finding that numbers are equal but for rounding: |mine - stated| / max(1, |stated|) is at most `allowed`."""
    mine, stated = np.asarray(mine, dtype=np.float64), np.asarray(stated, dtype=np.float64)
    if mine.shape != stated.shape:
        return Finding(f"{what}: shape {mine.shape} for {stated.shape}", False, float("inf"))
    with np.errstate(all="ignore"):
        differences = np.abs(mine - stated) / np.maximum(1.0, np.abs(stated))
    largest = float(np.nan_to_num(differences, nan=np.inf, posinf=np.inf).max(initial=0.0))
    return Finding(what, largest <= allowed, largest)


def complex_step(f: Callable[[Any], Any], x: Floats, step: float = 1e-30) -> Floats:
    """Derivatives of a function that takes complex numbers, Im f(x + ih) / h entry by entry, equation (43).

    Nothing is subtracted, so nothing cancels: they are right to the last bits.

    Parameters
    ----------
    f
        Takes an array of the shape of `x`, complex; returns a number.
    x
        Where.
    step
        h; it can be as small as numbers are.
    """
    derivatives = np.empty(x.shape)
    for place in np.ndindex(x.shape):
        point = x.astype(np.complex128)
        point[place] += 1j * step
        derivatives[place] = np.imag(f(point)) / step
    return derivatives


def central_differences(f: Callable[[Any], Any], x: Floats) -> Floats:
    """Central differences of a function with a step of 1e-5, equation (17)."""
    return theory.gradient_check(lambda point: (f(point), np.zeros_like(point)), x, step=1e-5).numeric


@dataclass(frozen=True)
class Proof:
    """A proof of one equation.

    Attributes
    ----------
    stated
        The equation.
    findings
        Takes a `Bench`; yields what was found.
    """

    stated: Equation
    findings: Callable[[Bench], Iterable[Finding]]


@dataclass(frozen=True)
class ProofResult:
    """A line of the table.

    Attributes
    ----------
    proof
        What was proved, or not.
    findings
        What was found.
    seconds
        How long it took.
    """

    proof: Proof
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether there were findings, and all of them are as the equation says."""
        return bool(self.findings) and all(each.passed for each in self.findings)

    @property
    def difference(self) -> float | None:
        """The largest difference in numbers, or None where all was decided in symbols."""
        differences = [each.difference for each in self.findings if each.difference is not None]
        return max(differences, default=None)


PROOFS: dict[int, Proof] = {}
"""From an equation's number to its proof."""


Findings = Callable[[Bench], Iterable[Finding]]


def proof(number: int) -> Callable[[Findings], Findings]:
    """Register the decorated function as the proof of an equation."""

    def register(findings: Findings) -> Findings:
        PROOFS[number] = Proof(EQUATIONS[number], findings)
        return findings

    return register


def prove(each: Proof, bench: Bench) -> ProofResult:
    """Run one proof; what can't be computed is a proof that failed."""
    start = time.perf_counter()
    findings: list[Finding] = []
    try:
        with np.errstate(all="ignore"):
            findings.extend(each.findings(bench))
    except Exception as error:  # whatever wrong code raises
        findings.append(Finding(f"{type(error).__name__}: {error}", False))
    return ProofResult(each, tuple(findings), time.perf_counter() - start)
