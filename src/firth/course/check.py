"""`firth check`: every gradient against central differences, the assignment's published values, the SGD test.

Each check computes something by Firth and says how far it is from what it must be.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from firth import theory
from firth.course import assignment
from firth.theory.functions import Floats
from firth.theory.windows import LossAndGradients

PUBLISHED_TOLERANCE = 1e-6


@dataclass(frozen=True)
class CheckResult:
    """One line of the table.

    Attributes
    ----------
    group
        ``"gradients"``, ``"values"``, ``"published values"``, ``"descent"``, or ``"errors"`` where one was raised.
    name
        What is checked.
    passed
        Whether the difference is within what is allowed.
    difference
        The largest difference from what must come out (relative for gradients, absolute otherwise).
    allowed
        The largest difference that passes.
    """

    group: str
    name: str
    passed: bool
    difference: float
    allowed: float


def run_checks() -> list[CheckResult]:
    """Run every check; the global random state is left as it was found.

    Returns
    -------
    list of CheckResult, in the order of the table
    """
    before = theory.get_random_state()
    results: list[CheckResult] = []
    try:
        for checks in (_gradient_checks, _value_checks, _published_checks, _descent_checks):
            try:
                results.extend(checks())
            except Exception as error:
                # A formula that can't even be computed is a failed check, not a crash of the table.
                results.append(CheckResult("errors", f"{type(error).__name__}: {error}", False, np.inf, 0.0))
        return results
    finally:
        theory.set_random_state(before)


def _result(group: str, name: str, difference: float, allowed: float) -> CheckResult:
    return CheckResult(group, name, bool(difference <= allowed), float(difference), allowed)


def _gradient_checks() -> Iterator[CheckResult]:
    """Each gradient of each formula, at a point where no entry is special."""
    generator = np.random.default_rng(20130116)
    words, dimensions, center, outside = 7, 4, 5, 2
    center_vectors = generator.normal(size=(words, dimensions))
    outside_vectors = generator.normal(size=(words, dimensions))
    negatives = [6, 0, 6, 3, 6]  # 6 comes up three times and counts three times
    window = [2, 4, 2, 1]  # 2 stands there twice
    paths = _paths(words)

    x = generator.normal(size=5) * 3

    def sampled(v: Floats, o: int, u: Floats) -> tuple[float, Floats, Floats]:
        return theory.negative_sampling_loss_and_gradients(v, o, u, negatives)

    def along_path(v: Floats, o: int, u: Floats) -> tuple[float, Floats, Floats]:
        return theory.hierarchical_softmax_loss_and_gradients(v, *paths[o], u)

    def checked(name: str, f: Callable[[Floats], tuple[float, Floats]], at: Floats) -> CheckResult:
        report = theory.gradient_check(f, at)
        return _result("gradients", name, report.worst_difference, report.tolerance)

    def sigmoids(t: Floats) -> tuple[float, Floats]:
        return float(theory.sigmoid(t).sum()), theory.sigmoid(t) * (1 - theory.sigmoid(t))

    yield checked("sigmoid: σ' = σ(1 - σ)", sigmoids, x)
    yield checked("log-sigmoid: (log σ)' = σ(-x)", lambda t: (theory.log_sigmoid(t).sum(), theory.sigmoid(-t)), x)
    one_hot = np.eye(5)[1]
    yield checked("log-softmax: y - ŷ", lambda t: (float(theory.log_softmax(t)[1]), one_hot - theory.softmax(t)), x)
    losses = {
        "naive softmax": theory.naive_softmax_loss_and_gradients,
        "negative sampling": sampled,
        "hierarchical softmax": along_path,
    }
    for label, loss in losses.items():

        def pair(v: Floats, u: Floats, loss: LossAndGradients = loss) -> tuple[float, Floats, Floats]:
            return loss(v, outside, u)

        def skip_gram(v: Floats, u: Floats, loss: LossAndGradients = loss) -> tuple[float, Floats, Floats]:
            return theory.skip_gram_loss_and_gradients(center, window, v, u, loss)

        def cbow(v: Floats, u: Floats, loss: LossAndGradients = loss) -> tuple[float, Floats, Floats]:
            return theory.cbow_loss_and_gradients(window, outside, v, u, loss)

        for what, f, v in (
            (f"{label}: dJ/dv_c", pair, center_vectors[center]),
            (f"skip-gram, {label}: dJ/dV", skip_gram, center_vectors),
            (f"CBOW, {label}: dJ/dV", cbow, center_vectors),
        ):
            yield checked(what, lambda t, f=f: f(t, outside_vectors)[:2], v)  # type: ignore[misc]
            yield checked(f"{what[: what.index(':')]}: dJ/dU", lambda t, f=f, v=v: f(v, t)[::2], outside_vectors)  # type: ignore[misc]


def _paths(words: int) -> list[tuple[list[int], list[int]]]:
    """Nodes and labels of each word's path in a heap-shaped tree: place i's children are 2i + 1, left, and 2i + 2."""
    paths = []
    for word in range(words):
        nodes, labels, place = [], [], words - 1 + word
        while place > 0:
            labels.append(1 if place % 2 else -1)
            place = (place - 1) // 2
            nodes.append(place)
        paths.append((nodes, labels))
    return paths


def _value_checks() -> Iterator[CheckResult]:
    """Losses against their definitions, written out term by term for small numbers, and against their limits."""
    v, u = np.array([0.3, -0.7]), np.array([[0.1, 0.4], [-0.6, 0.2], [0.9, -0.5]])
    exponentials = [np.exp(row @ v) for row in u]
    naive = -np.log(exponentials[1] / sum(exponentials))
    sampled = -np.log(1 / (1 + np.exp(-u[1] @ v))) - 2 * np.log(1 / (1 + np.exp(u[0] @ v)))
    sampled -= np.log(1 / (1 + np.exp(u[2] @ v)))
    got_naive = theory.naive_softmax_loss_and_gradients(v, 1, u)[0]
    got_sampled = theory.negative_sampling_loss_and_gradients(v, 1, u, [0, 2, 0])[0]
    yield _result("values", "naive softmax: the loss is -log ŷ_o", abs(got_naive - naive), 1e-12)
    yield _result("values", "negative sampling: a word drawn twice counts twice", abs(got_sampled - sampled), 1e-12)
    path = -np.log(1 / (1 + np.exp(-u[0] @ v))) - np.log(1 / (1 + np.exp(u[2] @ v)))
    got_path = theory.hierarchical_softmax_loss_and_gradients(v, [0, 2], [1, -1], u)[0]
    yield _result("values", "hierarchical softmax: the loss is that of the path", abs(got_path - path), 1e-12)
    leaves = [theory.hierarchical_softmax_loss_and_gradients(v, *leaf, u)[0] for leaf in _paths(4)]
    total = sum(np.exp(-loss) for loss in leaves)
    yield _result("values", "hierarchical softmax: a tree's probabilities sum to 1", abs(total - 1.0), 1e-12)
    mean = (2 * u[0] + u[2]) / 3
    got_mean = theory.cbow_loss_and_gradients([0, 2, 0], 1, u, u, theory.naive_softmax_loss_and_gradients)[0]
    expected_mean = -np.log(np.exp(u[1] @ mean) / sum(np.exp(row @ mean) for row in u))
    yield _result("values", "CBOW: a word that stands twice counts twice", abs(got_mean - expected_mean), 1e-12)
    nothing = theory.cbow_loss_and_gradients([], 1, u, u, theory.naive_softmax_loss_and_gradients)[0]
    yield _result("values", "CBOW: a window without words costs nothing", abs(nothing), 0.0)
    far = np.array([-1e4, -1.0, 0.0, 1.0, 1e4])
    sigmoids = np.array([0.0, 0.2689414213699951, 0.5, 0.7310585786300049, 1.0])
    logs = np.array([-1e4, -1.3132616875182228, -0.6931471805599453, -0.31326168751822286, 0.0])
    yield _result("values", "sigmoid at ±10,000", _largest(theory.sigmoid(far) - sigmoids), 1e-12)
    yield _result("values", "log-sigmoid at ±10,000", _largest(theory.log_sigmoid(far) - logs), 1e-12)
    thousands = theory.softmax(np.array([[1001.0, 1002.0], [-1001.0, -1002.0]]))
    expected = np.array([[0.2689414213699951, 0.7310585786300049], [0.7310585786300049, 0.2689414213699951]])
    yield _result("values", "softmax at ±1,000", _largest(thousands - expected), 1e-12)


class _DummyDataset:
    """The assignment's five words, with its draws."""

    words = ("a", "b", "c", "d", "e")

    @property
    def rows(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.words)}

    def sampleTokenIdx(self) -> int:
        return random.randint(0, 4)

    def getRandomContext(self, C: int = 5) -> tuple[str, list[str]]:
        center = self.words[random.randint(0, 4)]
        return center, [self.words[random.randint(0, 4)] for _ in range(2 * C)]


# The values that the assignment publishes: loss, row c of dJ/dV, dJ/dU.
_NAIVE_LOSS = 11.16610900153398
_NAIVE_CENTER = np.array([-1.26947339, -1.36873189, 2.45158957])
_NAIVE_OUTSIDE = np.array(
    [
        [-0.41045956, 0.18834851, 1.43272264],
        [0.38202831, -0.17530219, -1.33348241],
        [0.07009355, -0.03216399, -0.24466386],
        [0.09472154, -0.04346509, -0.33062865],
        [-0.13638384, 0.06258276, 0.47605228],
    ]
)
_SAMPLED_LOSS = 16.15119285363322
_SAMPLED_CENTER = np.array([-4.54650789, -1.85942252, 0.76397441])
_SAMPLED_OUTSIDE = np.array(
    [
        [-0.69148188, 0.31730185, 2.41364029],
        [-0.22716495, 0.10423969, 0.79292674],
        [-0.45528438, 0.20891737, 1.58918512],
        [-0.31602611, 0.14501561, 1.10309954],
        [-0.80620296, 0.36994417, 2.81407799],
    ]
)


def _published_checks() -> Iterator[CheckResult]:
    """The assignment's own test, draw for draw."""
    dataset = _DummyDataset()
    random.seed(31415)
    np.random.seed(9265)
    vectors = assignment.normalizeRows(np.random.randn(10, 3))
    for name, loss in (
        ("naive softmax", assignment.naiveSoftmaxLossAndGradient),
        ("negative sampling", assignment.negSamplingLossAndGradient),
    ):

        def batch(x: Floats, loss: assignment.LossAndGradient = loss) -> tuple[float, Floats]:
            return assignment.word2vec_sgd_wrapper(assignment.skipgram, dataset.rows, x, dataset, 5, loss)

        report = theory.gradient_check(batch, vectors)
        yield _result("gradients", f"batch of 50 windows, {name}", report.worst_difference, report.tolerance)
    center_vectors, outside_vectors = vectors[:5], vectors[5:]
    for name, window, words, loss, expected in (
        (
            "naive softmax",
            3,
            ["a", "b", "e", "d", "b", "c"],
            assignment.naiveSoftmaxLossAndGradient,
            (_NAIVE_LOSS, _NAIVE_CENTER, _NAIVE_OUTSIDE),
        ),
        (
            "negative sampling",
            1,
            ["a", "b"],
            assignment.negSamplingLossAndGradient,
            (_SAMPLED_LOSS, _SAMPLED_CENTER, _SAMPLED_OUTSIDE),
        ),
    ):
        got_loss, got_center, got_outside = assignment.skipgram(
            "c", window, words, dataset.rows, center_vectors, outside_vectors, dataset, loss
        )
        d_center = np.zeros((5, 3))
        d_center[2] = expected[1]
        for what, difference in (
            ("loss", abs(got_loss - expected[0])),
            ("dJ/dV", _largest(got_center - d_center)),
            ("dJ/dU", _largest(got_outside - expected[2])),
        ):
            yield _result("published values", f"skip-gram, {name}: {what}", difference, PUBLISHED_TOLERANCE)


def _descent_checks() -> Iterator[CheckResult]:
    """The assignment's test of SGD: the minimum of x² is found from three sides."""
    for start in (0.5, 0.0, -1.5):
        end = theory.sgd(lambda x: (float(np.sum(x**2)), 2 * x), start, 0.01, 1_000)
        yield _result("descent", f"x² from {start}, step 0.01, 1,000 iterations", abs(float(end)), 1e-6)


def _largest(differences: Floats) -> float:
    """The largest absolute difference; infinite where one is not a number."""
    return float(np.nan_to_num(np.abs(differences), nan=np.inf).max())
