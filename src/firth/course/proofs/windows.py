"""Proofs about windows and batches: equations (14) to (16), (28) to (31), (42) and (47)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from firth import theory
from firth.course.mistakes.probes import ROWS, WORDS, DrawnInTurn
from firth.course.proofs import cases
from firth.course.proofs.cases import (
    CENTER,
    CENTERS,
    CONTEXT,
    MIDDLE,
    OUTSIDES,
    PAIRS,
    gradient_findings,
    loss_findings,
)
from firth.course.proofs.proof import Bench, Finding, central_differences, close, proof, true, zero
from firth.course.proofs.symbols import symbols, sympy
from firth.theory.functions import Floats

_OTHERS = [row for row in range(4) if row != CENTER]


@proof(14)
def _window(bench: Bench) -> Iterator[Finding]:
    for pair in PAIRS:
        yield from loss_findings(bench, cases.skip_gram(pair), pair)


@proof(15)
def _window_gradients(bench: Bench) -> Iterator[Finding]:
    for pair in PAIRS:
        yield from gradient_findings(bench, cases.skip_gram(pair), 1, f"{pair}: dJ/dU")
        yield from gradient_findings(bench, cases.skip_gram(pair), 0, f"{pair}: dJ/dv_c", [CENTER])


@proof(16)
def _other_centers(bench: Bench) -> Iterator[Finding]:
    for pair in PAIRS:
        case = cases.skip_gram(pair)
        free = case.loss.free_symbols
        yield true(f"{pair}: no other center vector is in the loss", not free & set(CENTERS[_OTHERS].ravel()))
        yield from gradient_findings(bench, case, 0, f"{pair}: dJ/dv_w", _OTHERS)
    centers, inner = bench.random.normal(size=(4, 3)), bench.random.normal(size=(3, 3))

    def along_path(vector: Floats, word: int, nodes: Floats) -> Any:
        return bench.formulas.hierarchical_softmax(vector, *cases.PATHS[word], nodes)

    d_centers, d_inner = bench.formulas.skip_gram(CENTER, cases.WINDOW, centers, inner, along_path)[1:]
    stated = sum(along_path(centers[CENTER], word, inner)[1] for word in cases.WINDOW)
    yield close("hierarchical softmax: 4 words, 3 nodes", d_centers, np.outer(np.eye(4)[CENTER], stated))
    yield true("hierarchical softmax: a row for each node", d_inner.shape == (3, 3))


@proof(28)
def _mean(bench: Bench) -> Iterator[Finding]:
    seen: list[Any] = []

    def spy(vector: Any, _: int, outside: Any) -> Any:
        seen.append(vector)
        return 0.0, np.zeros(3), np.zeros_like(outside)

    stated = [sum(CENTERS[word, d] for word in CONTEXT) / sympy.Integer(len(CONTEXT)) for d in range(3)]
    if not bench.numbers_only:
        bench.symbolic.cbow(CONTEXT, MIDDLE, CENTERS, OUTSIDES, spy)
        yield from bench.exact("the code's mean", *(symbols(seen[-1]) - symbols(stated)))
    v, u = bench.random.normal(size=(4, 3)), bench.random.normal(size=(4, 3))
    bench.formulas.cbow(CONTEXT, MIDDLE, v, u, spy)
    yield close("in numbers", seen[-1], (2 * v[0] + v[2]) / 3)


@proof(29)
def _cbow_loss(bench: Bench) -> Iterator[Finding]:
    for pair in PAIRS:
        yield from loss_findings(bench, cases.cbow(pair), pair)


@proof(30)
def _cbow_outside(bench: Bench) -> Iterator[Finding]:
    for pair in PAIRS:
        yield from gradient_findings(bench, cases.cbow(pair), 1, f"{pair}: dJ/dU")


@proof(31)
def _cbow_centers(bench: Bench) -> Iterator[Finding]:
    for pair in PAIRS:
        yield from gradient_findings(bench, cases.cbow(pair), 0, f"{pair}: dJ/dv_w")
    v, u = np.ones((4, 3)), np.ones((4, 3))
    loss, d_centers, d_outside = bench.formulas.cbow([], MIDDLE, v, u, bench.formulas.naive_softmax)
    yield true("a window without words costs nothing", loss == 0 and not d_centers.any() and not d_outside.any())


@proof(42)
def _original(bench: Bench) -> Iterator[Finding]:
    case = cases.cbow("naive softmax")
    mean = [sum(CENTERS[word, d] for word in CONTEXT) / sympy.Integer(len(CONTEXT)) for d in range(3)]
    d_mean = PAIRS["naive softmax"][0](mean, MIDDLE, OUTSIDES)[1]
    for row in range(4):
        step = [CONTEXT.count(row) * each for each in d_mean]
        derivative = [sympy.diff(case.loss, CENTERS[row, d]) for d in range(3)]
        yield zero(f"row {row}", *[len(CONTEXT) * mine - each for mine, each in zip(derivative, step, strict=True)])
    v, u = bench.random.normal(size=(4, 3)), bench.random.normal(size=(4, 3))
    d_centers = bench.formulas.cbow(CONTEXT, MIDDLE, v, u, bench.formulas.naive_softmax)[1]
    d_mean_there = bench.formulas.naive_softmax(v[CONTEXT].mean(axis=0), MIDDLE, u)[1]
    yield close("in numbers", len(CONTEXT) * np.asarray(d_centers), np.outer([2, 0, 1, 0], d_mean_there))


@proof(47)
def _batch(bench: Bench) -> Iterator[Finding]:
    a, b, x, count = sympy.symbols("a b x B", positive=True)
    mean = (a * sympy.sin(x) + b * sympy.cos(x)) / count
    yield zero(
        "a mean's derivative is the mean of derivatives",
        sympy.diff(mean, x) - (a * sympy.cos(x) - b * sympy.sin(x)) / count,
    )
    x0 = bench.random.normal(size=(10, 3))

    def skip_gram(*arguments: Any) -> Any:
        center, _, words, rows, centers, outsides, _, loss = arguments
        around = [rows[word] for word in words]
        return theory.skip_gram_loss_and_gradients(
            rows[center], around, centers, outsides, lambda v, o, u: loss(v, o, u, None)
        )

    def pair(v: Floats, o: int, u: Floats, _: Any) -> Any:
        return theory.naive_softmax_loss_and_gradients(v, o, u)

    state = random.getstate()
    try:

        def batch(at: Floats) -> Any:
            random.seed(3)
            return bench.formulas.batch(skip_gram, ROWS, at, DrawnInTurn(), 2, pair)

        loss, gradient = batch(x0)
        random.seed(3)
        total = np.zeros_like(x0)
        losses = 0.0
        for _ in range(50):
            size = random.randint(1, 2)
            center = WORDS[random.randint(0, 4)]
            around = [WORDS[random.randint(0, 4)] for _ in range(2 * size)]
            one = skip_gram(center, size, around, ROWS, x0[:5], x0[5:], None, pair)
            losses += one[0]
            total += np.vstack(one[1:])
        yield close("the mean of 50 losses", loss, losses / 50, 1e-11)
        yield close("the mean of 50 gradients", gradient, total / 50, 1e-11)
        yield close("by central differences", gradient, central_differences(lambda at: batch(at)[0], x0), 1e-8)
    finally:
        random.setstate(state)
