"""Proofs about the sigmoid, the softmax and the cross-entropy: equations (1) to (6), (38) to (40)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from firth.course.proofs.proof import Bench, Finding, close, complex_step, proof, zero
from firth.course.proofs.symbols import named, symbols, sympy

POSITIVE, NEGATIVE = sympy.Symbol("p", positive=True), -sympy.Symbol("q", positive=True)
BOTH_SIDES = symbols([POSITIVE, NEGATIVE])
X = sympy.Symbol("x", real=True)
SIGMA = 1 / (1 + sympy.exp(-X))
SCORES = named("x", 4)
Y_HAT = [sympy.exp(each) / sum(sympy.exp(other) for other in SCORES) for each in SCORES]
FAR = np.array([-1e4, -40.0, -1.0, 0.0, 1.0, 40.0, 1e4])


def _sigmoid_of(x: float) -> float:
    """The sigmoid to many digits."""
    return float(sympy.N(1 / (1 + sympy.exp(-sympy.Rational(x))), 30))


def _log_sigmoid_of(x: float) -> float:
    return float(sympy.N(-sympy.log(1 + sympy.exp(-sympy.Rational(x))), 30))


@proof(1)
def _sigmoid(bench: Bench) -> Iterator[Finding]:
    yield zero("the two forms are equal", SIGMA - sympy.exp(X) / (1 + sympy.exp(X)))
    if not bench.numbers_only:
        code = bench.elementary.sigmoid(BOTH_SIDES)
        yield from bench.exact(
            "the code's is the sigmoid on both sides of 0", *(code - symbols([SIGMA.subs(X, x) for x in BOTH_SIDES]))
        )
    yield close("from -10,000 to 10,000", bench.formulas.sigmoid(FAR), [_sigmoid_of(x) for x in FAR])


@proof(2)
def _log_sigmoid(bench: Bench) -> Iterator[Finding]:
    for x in BOTH_SIDES:
        stated = sympy.Min(x, 0) - sympy.log(1 + sympy.exp(-sympy.Abs(x)))
        yield zero(f"equal for {x}", sympy.exp(stated) - SIGMA.subs(X, x))
    if not bench.numbers_only:
        code = bench.elementary.log_sigmoid(BOTH_SIDES)
        difference = [sympy.exp(mine) - SIGMA.subs(X, x) for mine, x in zip(code, BOTH_SIDES, strict=True)]
        yield from bench.exact("the code's is its logarithm on both sides of 0", *difference)
    yield close("from -10,000 to 10,000", bench.formulas.log_sigmoid(FAR), [_log_sigmoid_of(x) for x in FAR])


@proof(3)
def _derivatives(bench: Bench) -> Iterator[Finding]:
    yield zero("σ' = e^-x / (1 + e^-x)²", sympy.diff(SIGMA, X) - sympy.exp(-X) / (1 + sympy.exp(-X)) ** 2)
    yield zero("σ' = σ(1 - σ)", sympy.diff(SIGMA, X) - SIGMA * (1 - SIGMA))
    yield zero("(log σ)' = 1 - σ(x)", sympy.diff(sympy.log(SIGMA), X) - (1 - SIGMA))
    yield zero("1 - σ(x) = σ(-x)", 1 - SIGMA - SIGMA.subs(X, -X))
    x = bench.random.normal(size=6) * 3
    s = bench.formulas.sigmoid(x)
    yield close("σ' by the complex step", s * (1 - s), complex_step(lambda t: bench.complex.sigmoid(t).sum(), x))
    logs = complex_step(lambda t: bench.complex.log_sigmoid(t).sum(), x)
    yield close("(log σ)' by the complex step", bench.formulas.sigmoid(-x), logs)


@proof(38)
def _sigmoid_jacobian(bench: Bench) -> Iterator[Finding]:
    sigmas = [SIGMA.subs(X, each) for each in SCORES]
    stated = [[sigmas[i] * (1 - sigmas[i]) if i == j else 0 for j in range(4)] for i in range(4)]
    for i in range(4):
        differences = [sympy.diff(sigmas[i], SCORES[j]) - stated[i][j] for j in range(4)]
        yield zero(f"row {i} of the Jacobian", *differences)
    x = bench.random.normal(size=4)
    s = bench.formulas.sigmoid(x)
    rows = [complex_step(lambda t, i=i: bench.complex.sigmoid(t)[i], x) for i in range(4)]  # type: ignore[misc]
    yield close("the code's Jacobian", rows, np.diag(s * (1 - s)))


@proof(4)
def _softmax(bench: Bench) -> Iterator[Finding]:
    if not bench.numbers_only:
        code = bench.elementary.softmax(SCORES)
        yield from bench.exact("the code's is the softmax, whatever is subtracted", *(code - symbols(Y_HAT)))
    yield zero("its entries sum to 1", sum(Y_HAT) - 1)
    matrix = bench.random.normal(size=(3, 4))
    powers = np.exp(matrix)
    yield close("row by row", bench.formulas.softmax(matrix), powers / powers.sum(axis=1, keepdims=True))
    for far in ([1000.0, 1001.0], [[1001.0, 1002.0], [-1001.0, -1002.0]]):
        powers = np.exp(np.array(far) - np.max(far, axis=-1, keepdims=True))
        stated = powers / powers.sum(axis=-1, keepdims=True)
        yield close("at ±1,000", bench.formulas.softmax(np.array(far)), stated)


@proof(5)
def _log_softmax(bench: Bench) -> Iterator[Finding]:
    stated = [each - sympy.log(sum(sympy.exp(other) for other in SCORES)) for each in SCORES]
    yield zero("its exponential is ŷ", *[sympy.exp(each) - y for each, y in zip(stated, Y_HAT, strict=True)])
    if not bench.numbers_only:
        code = bench.elementary.log_softmax(SCORES)
        differences = [sympy.exp(mine) - y for mine, y in zip(code, Y_HAT, strict=True)]
        yield from bench.exact("the code's is the logarithm of ŷ, whatever is subtracted", *differences)
    x = bench.random.normal(size=(3, 4))
    yield close("row by row", np.exp(bench.formulas.log_softmax(x)), [np.exp(row) / np.exp(row).sum() for row in x])
    far = np.array([-1000.0, 0.0, 1000.0])
    yield close("at ±1,000", bench.formulas.log_softmax(far), [-2000.0, -1000.0, 0.0])


@proof(40)
def _shift(bench: Bench) -> Iterator[Finding]:
    a = sympy.Symbol("a", real=True)
    there = {each: each + a for each in SCORES}
    yield zero("e^a cancels", *[y.subs(there, simultaneous=True) - y for y in Y_HAT])
    x = bench.random.normal(size=5)
    yield close("the code's, moved by 300", bench.formulas.softmax(x + 300.0), bench.formulas.softmax(x), 1e-11)


@proof(39)
def _softmax_jacobian(bench: Bench) -> Iterator[Finding]:
    for i in range(4):
        stated = [Y_HAT[i] * ((1 if i == j else 0) - Y_HAT[j]) for j in range(4)]
        yield zero(f"row {i} of the Jacobian", *[sympy.diff(Y_HAT[i], SCORES[j]) - stated[j] for j in range(4)])
    x = bench.random.normal(size=4)
    y = bench.formulas.softmax(x)
    rows = [complex_step(lambda t, i=i: bench.complex.softmax(t)[i], x) for i in range(4)]  # type: ignore[misc]
    yield close("the code's Jacobian", rows, np.diag(y) - np.outer(y, y))


@proof(6)
def _cross_entropy(bench: Bench) -> Iterator[Finding]:
    for o in range(4):
        y = [1 if w == o else 0 for w in range(4)]
        entropy = -sum(y[w] * sympy.log(Y_HAT[w]) for w in range(4))
        yield zero(f"for o = {o}", entropy + sympy.log(Y_HAT[o]))
    u = bench.random.normal(size=(4, 3))
    v = bench.random.normal(size=3)
    for o in range(4):
        stated = -(np.eye(4)[o] * np.log(bench.formulas.softmax(u @ v))).sum()
        yield close(f"the code's loss, o = {o}", bench.formulas.naive_softmax(v, o, u)[0], stated)
