"""Proofs about checking and descent: equations (17) to (20), (43) and (46)."""

from __future__ import annotations

import contextlib
import io
import random
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from firth.course.proofs.proof import Bench, Finding, close, complex_step, proof, true, zero
from firth.course.proofs.symbols import named, on_symbols, sympy
from firth.theory.functions import Floats

H, ALPHA = sympy.symbols("h alpha", positive=True)
TAYLOR = sympy.symbols("f0:8", real=True)
"""The value and derivatives of any function at a point; its Taylor polynomial stands for it up to order 7."""


def _near(distance: Any) -> Any:
    return sum(each * distance**order / sympy.factorial(order) for order, each in enumerate(TAYLOR))


@proof(17)
def _central(bench: Bench) -> Iterator[Finding]:
    error = sympy.expand((_near(H) - _near(-H)) / (2 * H) - TAYLOR[1])
    yield zero("the first error is f''' h²/6", error.coeff(H, 0), error.coeff(H, 1), error.coeff(H, 2) - TAYLOR[3] / 6)
    one_sided = sympy.expand((_near(H) - _near(0)) / H - TAYLOR[1])
    yield zero("to one side it is f'' h/2", one_sided.coeff(H, 0), one_sided.coeff(H, 1) - TAYLOR[2] / 2)
    check, x = bench.formulas.gradient_check, bench.random.normal(size=(2, 3))

    def noisy(point: Floats) -> tuple[float, Floats]:
        target = random.gauss(0, 1)
        return float(((point - target) ** 2).sum()), 2 * (point - target)

    def wrong_at_the_end(point: Floats) -> tuple[float, Floats]:
        gradient = 2 * point
        gradient[-1, -1] += 0.001
        return float((point**2).sum()), gradient

    before = x.copy()
    state, numpy_state = random.getstate(), np.random.get_state()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield true("a right gradient passes", check(lambda t: (float((t**4).sum()), 4 * t**3), x, "right"))
            yield true("x is left as it was", np.array_equal(x, before))
            yield true("draws are repeated", check(noisy, before.copy(), "noisy"))
            yield true("one wrong entry fails", not check(wrong_at_the_end, before.copy(), "wrong"))
            for factor in (0.5, 2.0, -1.0):
                scaled = check(lambda t, a=factor: (float((t**2).sum()), a * 2 * t), before.copy(), "scaled")
                yield true(f"{factor} times the gradient fails", not scaled)
    finally:
        random.setstate(state)
        np.random.set_state(numpy_state)


@proof(43)
def _complex_step(bench: Bench) -> Iterator[Finding]:
    error = sympy.expand(sympy.im(sympy.expand(_near(sympy.I * H))) / H - TAYLOR[1])
    yield zero("the first error is -f''' h²/6", error.coeff(H, 0), error.coeff(H, 1), error.coeff(H, 2) + TAYLOR[3] / 6)
    x = bench.random.normal(size=5)
    yield close("of sin, at h = 1e-30", complex_step(lambda t: np.sin(t).sum(), x), np.cos(x), 1e-15)


def _sgd(bench: Bench, *arguments: Any) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return bench.formulas.sgd(*arguments)


@proof(18)
def _step(bench: Bench) -> Iterator[Finding]:
    a, b, x0, n = sympy.symbols("a b x_0 n", positive=True)
    closed = b + (1 - ALPHA * a) ** n * (x0 - b)  # of J = a/2 (x - b)²
    stepped = closed - ALPHA * a * (closed - b)
    yield zero("n = 0", closed.subs(n, 0) - x0)
    yield true("n to n + 1", sympy.simplify(stepped - closed.subs(n, n + 1)) == 0)

    def quadratic(x: Floats) -> tuple[float, Floats]:
        return float(0.35 * ((x - 2.0) ** 2).sum()), 0.7 * (x - 2.0)

    start = np.array([0.5, -1.5])
    yield close(
        "60 steps of the code", _sgd(bench, quadratic, start, 0.1, 60, None, False, 1000), 2 + 0.93**60 * (start - 2)
    )
    ends = _sgd(bench, quadratic, start, 0.1, 3, lambda x: x / np.linalg.norm(x), False, 1000)
    yield close("postprocessing after each step", np.linalg.norm(ends), 1.0)


@proof(19)
def _annealing(bench: Bench) -> Iterator[Finding]:
    for t in (1, 20_000, 20_001, 40_000, 40_001, 100_000):
        stated = ALPHA * sympy.Rational(1, 2) ** sympy.floor(sympy.Rational(t - 1, 20_000))
        if not bench.numbers_only:
            mine = on_symbols(bench.formulas.annealed_step)(ALPHA, t)
            yield from bench.exact(f"t = {t:,}", sympy.nsimplify(mine, rational=True) - stated)
        yield close(f"t = {t:,}, in numbers", bench.formulas.annealed_step(0.3, t), float(stated.subs(ALPHA, 0.3)))

    def slope(x: Floats) -> tuple[float, Floats]:
        return 1.0, np.ones_like(x)

    stated_end = -(20_000 * 0.25 + 10 * 0.125)
    yield close("20,010 steps", _sgd(bench, slope, np.zeros(1), 0.25, 20_010, None, False, 10**6), [stated_end])
    with tempfile.TemporaryDirectory(prefix="firth-proof-") as folder, contextlib.chdir(folder):
        _sgd(bench, slope, np.zeros(1), 0.25, 20_000, None, True, 10**6)
        resumed = _sgd(bench, slope, np.zeros(1), 0.25, 20_010, None, True, 10**6)
    yield close("stopped at 20,000 and resumed", resumed, [stated_end])


@proof(20)
def _smoothing(bench: Bench) -> Iterator[Finding]:
    s, loss, n = sympy.symbols("s J n", positive=True)
    share = sympy.Rational(95, 100)
    closed = loss + share**n * (s - loss)
    yield true(
        "after n equal losses J: J + 0.95^n (s - J)",
        sympy.simplify(share * closed + (1 - share) * loss - closed.subs(n, n + 1)) == 0,
    )
    yield close("the first", bench.formulas.smoothed_loss(None, 3.25), 3.25)
    value = 10.0
    for _ in range(30):
        value = bench.formulas.smoothed_loss(value, 4.0)
    yield close("the 31st", value, 4.0 + 0.95**30 * 6.0)


@proof(46)
def _rows_of_length_one(bench: Bench) -> Iterator[Finding]:
    row = named("x", 3)
    length = sympy.sqrt(sum(each**2 for each in row))
    yield true("the length becomes 1", sympy.simplify(sum((each / length) ** 2 for each in row) - 1) == 0)
    matrix = bench.random.normal(size=(4, 3))
    stated = [each / np.sqrt((each**2).sum()) for each in matrix]
    yield close("the code's", bench.formulas.normalize_rows(matrix), stated)
    yield close("a row of zeros stays", bench.formulas.normalize_rows(np.zeros((1, 3))), np.zeros((1, 3)))
