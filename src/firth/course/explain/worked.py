"""The worked numbers of `firth explain`: each computed by the code that the page shows, when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from firth import theory
from firth.course import assignment
from firth.theory.sgd import annealed_step, smoothed_loss
from firth.training import sampling
from firth.training.huffman import huffman_tree

Numbers = list[tuple[str, str]]

V_C = np.array([1.0, 2.0])
U = np.array([[0.5, 0.0], [1.0, 0.5], [-0.5, 1.0]])


def number(value: Any) -> str:
    """A number or an array in a few digits."""
    array = np.asarray(value)
    if array.ndim:
        return "[" + ", ".join(number(each) for each in array) + "]"
    value = array.item() + 0
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def _given() -> Numbers:
    return [("given v_c", number(V_C)), ("u_0, u_1, u_2", number(U)), ("scores U v_c", number(U @ V_C))]


def _sigmoid() -> Numbers:
    s = theory.sigmoid(2.0)
    return [
        ("σ(0)", number(theory.sigmoid(0.0))),
        ("σ(2)", number(s)),
        ("1 - σ(2) = σ(-2)", f"{number(1 - s)} = {number(theory.sigmoid(-2.0))}"),
        ("slope at 2, σ(1 - σ)", number(s * (1 - s))),
        ("σ(-1000), log σ(-1000)", f"{number(theory.sigmoid(-1e3))}, {number(theory.log_sigmoid(-1e3))}"),
    ]


def _softmax() -> Numbers:
    x = np.array([1.0, 2.0, 3.0])
    return [
        ("softmax([1, 2, 3])", number(theory.softmax(x))),
        ("softmax([1001, 1002, 1003])", number(theory.softmax(x + 1000))),
        ("their sum", number(theory.softmax(x).sum())),
    ]


def _cross_entropy() -> Numbers:
    y_hat = np.array([0.2, 0.7, 0.1])
    y = np.array([0.0, 1.0, 0.0])
    return [
        ("ŷ and y", f"{number(y_hat)} and {number(y)}"),
        ("-Σ y log ŷ", number(-(y * np.log(y_hat)).sum())),
        ("-log 0.7", number(-np.log(0.7))),
    ]


def _naive() -> Numbers:
    loss, d_v, d_u = theory.naive_softmax_loss_and_gradients(V_C, 1, U)
    return [
        *_given(),
        ("ŷ", number(theory.softmax(U @ V_C))),
        ("J for o = 1, -log ŷ_1", number(loss)),
        ("dJ/dv_c", number(d_v)),
        ("dJ/dU", number(d_u)),
    ]


def _sampled() -> Numbers:
    loss, d_v, d_u = theory.negative_sampling_loss_and_gradients(V_C, 1, U, [2, 2])
    return [
        *_given(),
        ("σ(-2), for o = 1", number(theory.sigmoid(-2.0))),
        ("σ(1.5), for k = 2", number(theory.sigmoid(1.5))),
        ("J, with 2 drawn twice", number(loss)),
        ("dJ/dv_c", number(d_v)),
        ("dJ/du_1, -σ(-2) v_c", number(d_u[1])),
        ("dJ/du_2, 2 σ(1.5) v_c", number(d_u[2])),
        ("dJ/du_0, not drawn", number(d_u[0])),
    ]


def _tree() -> Numbers:
    tree = huffman_tree([5, 3, 2])
    paths = [slice(tree.ends[w], tree.ends[w + 1]) for w in range(3)]
    shares = [
        np.exp(-theory.hierarchical_softmax_loss_and_gradients(V_C, tree.nodes[p], tree.labels[p], U[:2])[0])
        for p in paths
    ]
    return [
        ("counts 5, 3, 2: path lengths", number(np.diff(tree.ends))),
        ("P of the three words", number(shares)),
        ("their sum", number(sum(shares))),
    ]


def _window() -> Numbers:
    centers = np.array([V_C, V_C, V_C])
    loss, d_v, _ = theory.skip_gram_loss_and_gradients(0, [1, 2], centers, U, theory.naive_softmax_loss_and_gradients)
    single = [theory.naive_softmax_loss_and_gradients(V_C, o, U)[0] for o in (1, 2)]
    return [
        *_given(),
        ("J of outside words 1 and 2", f"{number(single[0])} and {number(single[1])}"),
        ("J of the window", number(loss)),
        ("dJ/dV, zero but in row c = 0", number(d_v)),
    ]


def _context() -> Numbers:
    centers = np.array([[1.0, 2.0], [0.0, 0.0], [4.0, -1.0]])
    loss, d_v, _ = theory.cbow_loss_and_gradients([0, 2, 0], 1, centers, U, theory.naive_softmax_loss_and_gradients)
    return [
        ("v_0, v_1, v_2", number(centers)),
        ("m of the words 0, 2, 0", number(centers[[0, 2, 0]].mean(axis=0))),
        ("J for c = 1", number(loss)),
        ("dJ/dV: 2/3, 0 and 1/3 of dJ/dm", number(d_v)),
    ]


def _power() -> Numbers:
    shares = np.array([0.9, 0.09, 0.01])
    return [
        ("0.9, 0.09, 0.01 to the 3/4", number(shares**0.75)),
        ("drawn with", number(sampling.negative_probabilities(shares, 0.75))),
        ("times its share", number(sampling.negative_probabilities(shares, 0.75) / shares)),
    ]


def _subsample() -> Numbers:
    counts = np.array([50_000, 1_000, 100, 10])
    keep = sampling.keep_probabilities(counts, 1e-3)
    return [
        ("counts n", number(counts)),
        ("kept with t = 0.001", number(keep)),
        ("occurrences that stay", number(counts * keep)),
    ]


def _check() -> Numbers:
    right = theory.gradient_check(lambda x: (float((x**3).sum()), 3 * x**2), np.array([2.0]))
    wrong = theory.gradient_check(lambda x: (float((x**3).sum()), 2 * x**2), np.array([2.0]))
    return [
        ("x³ at 2: central difference", f"{right.numeric[0]:.10f}"),
        ("3x² passes", str(right.passed)),
        ("2x² passes", str(wrong.passed)),
    ]


def _descent() -> Numbers:
    end = theory.sgd(lambda x: (float(x**2), 2 * x), 0.5, 0.1, 20)
    steps = [annealed_step(0.3, t) for t in (1, 20_000, 20_001, 40_001)]
    return [
        ("x² from 0.5, 20 steps of 0.1", number(end)),
        ("0.8^20 · 0.5", number(0.8**20 * 0.5)),
        ("α at t = 1, 20000, 20001, 40001", number(steps)),
        ("smoothed: 10, then a loss of 20", number(smoothed_loss(10.0, 20.0))),
    ]


def _pmi() -> Numbers:
    counts = np.array([[8.0, 2.0], [2.0, 8.0]])
    pmi = np.log(counts * counts.sum() / np.outer(counts.sum(axis=1), counts.sum(axis=0)))
    x = pmi[0, 0] - np.log(2)
    slope = -8 * theory.sigmoid(-x) + 2 * 10 * 0.5 * theory.sigmoid(x)
    return [
        ("counts of pairs", number(counts)),
        ("PMI", number(pmi)),
        ("best score for K = 2, PMI - log 2", number(pmi - np.log(2))),
        ("slope of the expected loss there", number(np.round(slope, 12) + 0.0)),
    ]


def _batch() -> Numbers:
    centers = np.array([V_C, V_C, V_C])
    rows = {"a": 0, "b": 1, "c": 2}
    both = np.vstack([centers, U])

    class AlwaysTheSame:
        """A data set whose windows are all a with b and c around."""

        def sampleTokenIdx(self) -> int:
            return 0

        def getRandomContext(self, C: int = 5) -> tuple[str, list[str]]:  # noqa: ARG002
            return "a", ["b", "c"]

    before = theory.get_random_state()
    loss, gradient = assignment.word2vec_sgd_wrapper(assignment.skipgram, rows, both, AlwaysTheSame(), 1)
    theory.set_random_state(before)
    one, d_centers, _ = assignment.skipgram("a", 1, ["b", "c"], rows, centers, U, AlwaysTheSame())
    return [
        ("windows a batch", number(assignment.BATCH_SIZE)),
        ("J of one window", number(one)),
        ("mean of 50 such windows", number(loss)),
        ("dJ/dv_c of one window", number(d_centers[0])),
        ("row c of the batch's gradient", number(gradient[0])),
    ]


NUMBERS: dict[str, Callable[[], Numbers]] = {
    "sigmoid": _sigmoid,
    "softmax": _softmax,
    "cross-entropy": _cross_entropy,
    "naive-softmax": _naive,
    "negative-sampling": _sampled,
    "hierarchical-softmax": _tree,
    "skip-gram": _window,
    "cbow": _context,
    "unigram-power": _power,
    "subsampling": _subsample,
    "pmi": _pmi,
    "gradient-check": _check,
    "sgd": _descent,
    "batch": _batch,
}
"""From a topic's name to what computes its numbers."""
