"""Proofs about what is drawn, and what that estimates: equations (21), (22), (33), (34), (36), (37) and (45)."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from firth.course.mistakes.probes import DrawnInTurn
from firth.course.proofs.proof import Bench, Finding, close, proof, true, zero
from firth.course.proofs.symbols import sympy

COUNTS = sympy.symbols("n_0:4", positive=True)
THREE_QUARTERS = sympy.Rational(3, 4)


@proof(21)
def _power(bench: Bench) -> Iterator[Finding]:
    powers = [n**THREE_QUARTERS for n in COUNTS]
    stated = [power / sum(powers) for power in powers]
    yield true("they sum to 1", sympy.simplify(sum(stated) - 1) == 0)
    counts = bench.random.integers(1, 1000, size=4)
    numbers = [float(each.subs(dict(zip(COUNTS, map(int, counts), strict=True)))) for each in stated]
    yield close("the code's", bench.formulas.negative_probabilities(counts, 0.75), numbers)
    given = np.array([0.9, 0.09, 0.01])
    yield true(
        "0.9, 0.09, 0.01 become 0.92, 0.16, 0.032", [f"{n**0.75:.2g}" for n in given] == ["0.92", "0.16", "0.032"]
    )
    scaled = bench.formulas.negative_probabilities(given, 0.75)
    yield true("and, scaled, 0.83, 0.15, 0.028", [f"{each:.2g}" for each in scaled] == ["0.83", "0.15", "0.028"])


@proof(34)
def _rare_words_gain(bench: Bench) -> Iterator[Finding]:
    powers = [n**THREE_QUARTERS for n in COUNTS]
    ratio = (powers[0] / sum(powers)) / (powers[1] / sum(powers))
    yield true("the sum cancels", sympy.simplify(ratio - (COUNTS[0] / COUNTS[1]) ** THREE_QUARTERS) == 0)
    excess = sympy.Symbol("s", positive=True)
    rarer = 1 / (1 + excess)  # n_a/n_b below 1
    gain = sympy.simplify(rarer**THREE_QUARTERS / rarer)
    yield true("it gains", sympy.simplify(gain**4 - 1).is_positive)
    p = bench.formulas.negative_probabilities([16.0, 81.0], 0.75)
    yield close("16 and 81: 8/27", p[0] / p[1], 8 / 27)


@proof(22)
def _subsampling(bench: Bench) -> Iterator[Finding]:
    t, total, n = sympy.symbols("t N n", positive=True)
    yield zero("it is 0 where n/N = t", (1 - sympy.sqrt(t * total / n)).subs(n, t * total))
    counts, threshold = np.array([9000, 900, 99, 1]), 1e-3
    left_out = np.maximum(0.0, 1 - np.sqrt(threshold * counts.sum() / counts))
    yield close("the code's, one minus it", bench.formulas.keep_probabilities(counts, threshold), 1 - left_out)
    text, keep, size = [0, 1, 0, 2, 3, 0, 1, 2] * 20, [0.4, 0.8, 1.0, 1.0], 2
    state = random.getstate()
    try:
        random.seed(11)
        windows = bench.formulas.subsampled_windows(text, keep, size)
        random.seed(11)
        kept = [word for word in text if random.random() < keep[word]]
    finally:
        random.setstate(state)
    stated = [
        (word, [kept[j] for j in range(max(0, i - size), min(len(kept), i + size + 1)) if j != i])
        for i, word in enumerate(kept)
    ]
    yield true("words are left out before windows are cut", [(c, list(around)) for c, around in windows] == stated)


@proof(45)
def _occurrences_that_stay(bench: Bench) -> Iterator[Finding]:
    t, total, n = sympy.symbols("t N n", positive=True)
    yield true("n (1 - P)", sympy.simplify(n * sympy.sqrt(t * total / n) - sympy.sqrt(t * total * n)) == 0)
    counts = np.array([9000, 900, 99])
    stay = counts * bench.formulas.keep_probabilities(counts, 1e-3)
    yield close("the code's", stay, np.sqrt(1e-3 * counts.sum() * counts))


@proof(33)
def _drawn_again(bench: Bench) -> Iterator[Finding]:
    k, o, refusals = sympy.symbols("P_k P_o R", positive=True)
    after = k * (1 - o ** (refusals + 1)) / (1 - o)  # Σ over r <= R of P(o)^r P(k)
    yield true("no refusal", sympy.simplify(after.subs(refusals, 0) - k) == 0)
    yield true(
        "one refusal more", sympy.simplify(after.subs(refusals, refusals + 1) - after - o ** (refusals + 1) * k) == 0
    )
    yield true("in the limit", sympy.simplify(after.subs(o ** (refusals + 1), 0) - k / (1 - o)) == 0)
    cycle = [0, 1, 1, 2, 2, 2, 3, 3, 3, 3]  # 0.1, 0.2, 0.3, 0.4
    for outside, rest in ((1, 8), (3, 6)):
        drawn = bench.formulas.negatives(outside, DrawnInTurn(cycle), 3 * rest)
        shares = np.bincount(drawn, minlength=4) / max(1, len(drawn))
        stated = np.array([0.1, 0.2, 0.3, 0.4])
        stated[outside] = 0.0
        yield close(f"of a cycle of draws, o = {outside}", shares, stated / stated.sum())
        yield true("there are K", len(drawn) == 3 * rest)


N_WC, N_W, N_C, N, K, SCORE = sympy.symbols("n_wc n_w n_c N K x", positive=True)


@proof(36)
def _expected_loss(bench: Bench) -> Iterator[Finding]:
    one = 1 / (1 + sympy.exp(-SCORE))
    loss = -N_WC * sympy.log(one) - K * N_W * N_C / N * sympy.log(1 - one)
    slope = -N_WC * (1 - one) + K * N_W * N_C / N * one
    yield true("its slope", sympy.simplify(sympy.diff(loss, SCORE) - slope) == 0)
    curvature = sympy.simplify(sympy.diff(loss, SCORE, 2) - (N_WC + K * N_W * N_C / N) * one * (1 - one))
    yield true("it is convex", curvature == 0)
    counts = np.array([[4.0, 2.0], [1.0, 3.0]])  # of two words w with two contexts c
    v, u = bench.random.normal(size=(2, 1)), bench.random.normal(size=(2, 1))
    p = counts.sum(axis=0) / counts.sum()
    twice = np.vstack([u, u])  # here o may be drawn too: as a row of its own
    direct, stated = 0.0, 0.0
    for w in range(2):
        x = u[:, 0] * v[w, 0]
        stated += float((counts[w] * np.log1p(np.exp(-x)) + 3 * counts[w].sum() * p * np.log1p(np.exp(x))).sum())
        for c in range(2):
            alone = bench.formulas.negative_sampling(v[w], c, twice, [])[0]
            with_one = [bench.formulas.negative_sampling(v[w], c, twice, [2 + k])[0] for k in range(2)]
            drawn = sum(p[k] * (with_one[k] - alone) for k in range(2))
            direct += counts[w, c] * (alone + 3 * drawn)
    yield close("summed over a table of counts, K = 3", direct, stated, 1e-11)


@proof(37)
def _pmi(bench: Bench) -> Iterator[Finding]:
    one = 1 / (1 + sympy.exp(-SCORE))
    slope = -N_WC * (1 - one) + K * N_W * N_C / N * one
    best = sympy.log(N_WC * N / (N_W * N_C)) - sympy.log(K)
    yield true("the slope is 0 there", sympy.simplify(slope.subs(SCORE, best)) == 0)
    counts, negatives = np.array([[4.0, 2.0], [1.0, 3.0]]), 3
    p = counts.sum(axis=0) / counts.sum()
    x = np.log(counts * counts.sum() / np.outer(counts.sum(axis=1), counts.sum(axis=0))) - np.log(negatives)
    v = np.eye(2)  # with v_w the w-th unit vector, U = xᵀ gives every score its best value
    twice, gradient = np.vstack([x.T, x.T]), np.zeros((2, 2))
    for w in range(2):
        for c in range(2):
            alone = bench.formulas.negative_sampling(v[w], c, twice, [])[2]
            drawn = sum(p[k] * (bench.formulas.negative_sampling(v[w], c, twice, [2 + k])[2] - alone) for k in range(2))
            both = alone + negatives * drawn
            gradient += counts[w, c] * (both[:2] + both[2:])
    yield close("the code's expected gradient is 0 there", gradient, np.zeros((2, 2)))
