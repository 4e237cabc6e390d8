"""Proofs about the losses of one pair: equations (7) to (13), (23) to (27), (32), (35), (41) and (44)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from firth.course.proofs import cases
from firth.course.proofs.cases import INNER, OUTSIDES, PATHS, VECTOR, gradient_findings, loss_findings, sigma
from firth.course.proofs.proof import Bench, Finding, close, complex_step, proof, true, zero
from firth.course.proofs.symbols import sympy


@proof(7)
def _naive_loss(bench: Bench) -> Iterator[Finding]:
    case = cases.naive_softmax()
    scores = [sum(u * v for u, v in zip(row, VECTOR, strict=True)) for row in OUTSIDES]
    second = -scores[cases.OUTSIDE] + sympy.log(sum(sympy.exp(score) for score in scores))
    yield zero("-log ŷ_o is the difference of the two terms", case.loss - second)
    yield from loss_findings(bench, case, "J")
    far = bench.formulas.naive_softmax(np.array([100.0]), 0, np.array([[-100.0], [100.0]]))
    yield close("a score of -10,000", far[0], 2e4)


@proof(8)
def _naive_center(bench: Bench) -> Iterator[Finding]:
    yield from gradient_findings(bench, cases.naive_softmax(), 0, "dJ/dv_c")


@proof(9)
def _naive_outside(bench: Bench) -> Iterator[Finding]:
    yield from gradient_findings(bench, cases.naive_softmax(), 1, "dJ/dU")


@proof(41)
def _columns(bench: Bench) -> Iterator[Finding]:
    columns = sympy.Matrix(OUTSIDES.tolist()).T  # D by V
    vector = sympy.Matrix(list(VECTOR))
    scores = columns.T * vector
    total = sum(sympy.exp(score) for score in scores)
    loss = -sympy.log(sympy.exp(scores[cases.OUTSIDE]) / total)
    d_scores = sympy.Matrix([sympy.exp(s) / total - (1 if w == cases.OUTSIDE else 0) for w, s in enumerate(scores)])
    d_vector, d_columns = columns * d_scores, vector * d_scores.T
    yield zero("dJ/dv_c", *[sympy.diff(loss, v) - d for v, d in zip(vector, d_vector, strict=True)])
    yield zero("dJ/dU", *[sympy.diff(loss, u) - d for u, d in zip(columns, d_columns, strict=True)])
    v, u = bench.random.normal(size=3), bench.random.normal(size=(4, 3))
    _, mine_v, mine_u = bench.formulas.naive_softmax(v, 2, u)
    factors = np.exp(u @ v) / np.exp(u @ v).sum() - np.eye(4)[2]
    yield close("the code's dJ/dv_c", mine_v, u.T @ factors)
    yield close("the code's dJ/dU, transposed", np.asarray(mine_u).T, np.outer(v, factors))


@proof(32)
def _likelihood(bench: Bench) -> Iterator[Finding]:
    scores = [sum(u * v for u, v in zip(row, VECTOR, strict=True)) for row in OUTSIDES]
    likelihood = sigma(scores[cases.OUTSIDE])
    for k in cases.NEGATIVES:
        likelihood *= 1 - sigma(scores[k])
    yield zero("(10) is its negative logarithm", sympy.exp(-cases.negative_sampling().loss) - likelihood)
    v, u, negatives = bench.random.normal(size=3), bench.random.normal(size=(5, 3)), [4, 0, 4]
    s = bench.formulas.sigmoid(u @ v)
    stated = s[1] * (1 - s[4]) * (1 - s[0]) * (1 - s[4])
    yield close("e^-J of the code", np.exp(-bench.formulas.negative_sampling(v, 1, u, negatives)[0]), stated)


@proof(10)
def _sampled_loss(bench: Bench) -> Iterator[Finding]:
    yield from loss_findings(bench, cases.negative_sampling(), "J")
    far = bench.formulas.negative_sampling(np.array([100.0]), 0, np.array([[-100.0], [100.0]]), [1])
    yield close("scores of ±10,000", far[0], 2e4)


@proof(11)
def _sampled_center(bench: Bench) -> Iterator[Finding]:
    yield from gradient_findings(bench, cases.negative_sampling(), 0, "dJ/dv_c")


@proof(12)
def _sampled_outside(bench: Bench) -> Iterator[Finding]:
    yield from gradient_findings(bench, cases.negative_sampling(), 1, "dJ/du_o", [cases.OUTSIDE])


@proof(13)
def _sampled_negatives(bench: Bench) -> Iterator[Finding]:
    others = [row for row in range(4) if row != cases.OUTSIDE]
    yield from gradient_findings(bench, cases.negative_sampling(), 1, "dJ/du_k", others)
    v, u = bench.random.normal(size=3), bench.random.normal(size=(5, 3))
    for repeats in (1, 2, 5):
        row = bench.formulas.negative_sampling(v, 0, u, [3] * repeats)[2][3]
        yield close(f"drawn {repeats} times", row, repeats * bench.formulas.sigmoid(u[3:4] @ v)[0] * v)


@proof(35)
def _rows(bench: Bench) -> Iterator[Finding]:
    def touched(gradient: object) -> list[int]:
        return [int(row) for row in np.flatnonzero((np.asarray(gradient) != 0).any(axis=1))]

    naive, sampled = cases.naive_softmax(), cases.negative_sampling()
    yield true("as stated", touched(naive.gradients[1]) == [0, 1, 2, 3] and touched(sampled.gradients[1]) == [1, 3])
    v, u = bench.random.normal(size=3), bench.random.normal(size=(50, 3))
    yield true("naive softmax: all 50", len(touched(bench.formulas.naive_softmax(v, 7, u)[2])) == 50)
    rows = touched(bench.formulas.negative_sampling(v, 7, u, [3, 40, 3, 11])[2])
    yield true("negative sampling: 4 of 50", rows == [3, 7, 11, 40])


@proof(23)
def _path(bench: Bench) -> Iterator[Finding]:
    scores = [sum(u * v for u, v in zip(row, VECTOR, strict=True)) for row in INNER]
    for word, (nodes, labels) in PATHS.items():
        probability = sympy.Integer(1)
        for node, label in zip(nodes, labels, strict=True):
            probability *= sigma(scores[node]) if label > 0 else 1 - sigma(scores[node])
        if not bench.numbers_only:
            loss = bench.symbolic.hierarchical_softmax(VECTOR, nodes, labels, INNER)[0]
            yield from bench.exact(f"word {word}: e^-J of the code", sympy.exp(-loss) - probability)
    v, u = bench.random.normal(size=3), bench.random.normal(size=(3, 3))
    s = 1 / (1 + np.exp(-u @ v))
    stated = [s[0] * s[1], s[0] * (1 - s[1]), (1 - s[0]) * s[2], (1 - s[0]) * (1 - s[2])]
    yield close("in numbers", [np.exp(-bench.formulas.hierarchical_softmax(v, *PATHS[w], u)[0]) for w in PATHS], stated)


@proof(24)
def _tree_loss(bench: Bench) -> Iterator[Finding]:
    yield from loss_findings(bench, cases.hierarchical_softmax(), "J")


@proof(25)
def _tree_sum(bench: Bench) -> Iterator[Finding]:
    scores = [sum(u * v for u, v in zip(row, VECTOR, strict=True)) for row in INNER]
    total = sum(
        sigma(labels[0] * scores[nodes[0]]) * sigma(labels[1] * scores[nodes[1]]) for nodes, labels in PATHS.values()
    )
    yield zero("as stated", total - 1)
    if not bench.numbers_only:
        losses = [bench.symbolic.hierarchical_softmax(VECTOR, *PATHS[word], INNER)[0] for word in PATHS]
        yield from bench.exact("of the code", sum(sympy.exp(-loss) for loss in losses) - 1)
    v, u = bench.random.normal(size=3), bench.random.normal(size=(3, 3)) * 3
    losses = [bench.formulas.hierarchical_softmax(v, *PATHS[word], u)[0] for word in PATHS]
    yield close("in numbers", np.exp(-np.array(losses)).sum(), 1.0)


@proof(26)
def _tree_center(bench: Bench) -> Iterator[Finding]:
    yield from gradient_findings(bench, cases.hierarchical_softmax(), 0, "dJ/dv_c")


@proof(27)
def _tree_nodes(bench: Bench) -> Iterator[Finding]:
    yield from gradient_findings(bench, cases.hierarchical_softmax(), 1, "dJ/du_n")
    v, u = bench.random.normal(size=2), bench.random.normal(size=(3, 2))
    for labels in product((1, -1), repeat=2):
        mine = bench.formulas.hierarchical_softmax(v, [2, 0], list(labels), u)[2]
        stepped = complex_step(lambda x, b=labels: bench.complex.hierarchical_softmax(v, [2, 0], list(b), x)[0], u)  # type: ignore[misc]
        yield close(f"ways {labels}", mine, stepped)


@proof(44)
def _kraft(bench: Bench) -> Iterator[Finding]:
    total = sympy.Integer(0)
    for nodes, labels in PATHS.values():
        probability = sympy.Integer(1)
        for node, label in zip(nodes, labels, strict=True):
            probability *= sigma(label * sum(u * 0 for u in INNER[node]))
        total += probability
    yield zero("(25) at v_c = 0, where every way has 1/2", total - 1)
    from firth.training.huffman import huffman_tree

    counts = np.sort(bench.random.integers(1, 1000, size=40))[::-1]
    lengths = np.diff(huffman_tree(counts).ends)
    yield close("a Huffman tree's", (0.5**lengths).sum(), 1.0, 0.0)
    u = bench.random.normal(size=(3, 3))
    losses = [bench.formulas.hierarchical_softmax(np.zeros(3), *PATHS[word], u)[0] for word in PATHS]
    yield close("the code's", losses, np.full(4, 2 * np.log(2)))


@proof(48)
def _entropy(bench: Bench) -> Iterator[Finding]:
    from firth.training.huffman import huffman_tree

    t = sympy.Symbol("t", positive=True)
    gap = t - 1 - sympy.log(t)  # Gibbs: log t <= t - 1, with t = 2^-L / P, weighted by P
    yield zero("t - 1 - log t is 0 at 1, and so is its slope", gap.subs(t, 1), sympy.diff(gap, t).subs(t, 1))
    yield true("and it is convex", sympy.diff(gap, t, 2).is_positive)
    for size in (2, 5, 60):
        shares = np.sort(bench.random.pareto(1.0, size=size) + 0.01)[::-1]
        counts = np.maximum(1, np.rint(shares * 1000)).astype(np.int64)
        p = counts / counts.sum()
        mean, entropy = (p * np.diff(huffman_tree(counts).ends)).sum(), -(p * np.log2(p)).sum()
        yield true(f"{size} words", entropy - 1e-12 <= mean < entropy + 1)
