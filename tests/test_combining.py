"""What replicas have changed, put together: the sum where rows are used little, and never beyond the goal."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted import planted_text

from firth import theory
from firth.training import combining
from firth.training.combining import Directions, Examples, combine, damping, directions
from firth.training.config import TrainingConfig
from firth.training.plan import make_plans
from firth.training.replica import Rows, Stretch, added, blocks, packed
from firth.training.sharing import Sharing

D = 5


def some_curvature(seed=0):
    half = np.random.default_rng(seed).normal(size=(D, D))
    return half @ half.T / D


@given(st.floats(0, 50), st.integers(1, 64))
def test_damping_lies_between_the_mean_and_the_sum(y, replicas):
    factor = float(damping(np.array([y]), replicas)[0])
    assert 1 / replicas - 1e-12 <= factor <= 1 + 1e-9
    steps = np.exp(-y * np.arange(replicas))
    assert factor == pytest.approx(steps.mean(), rel=1e-4)


@pytest.mark.parametrize("replicas", [2, 4, 16])
def test_replicas_together_end_where_one_machine_would(replicas):
    """Rows that descend a quadratic: R intervals one after another, and R beside each other put together, agree."""
    curvature, goal = some_curvature(), np.linspace(-1, 1, D)
    along = directions(curvature)
    start, uses = np.zeros(D), np.array([0.01, 0.5, 5.0, 200.0])
    for rate in (0.001, 0.1):
        left = [
            along.vectors @ np.diag(np.exp(-combining.TOGETHER * each * rate * along.values)) @ along.vectors.T
            for each in uses
        ]
        change = np.stack([(np.eye(D) - each) @ (goal - start) for each in left])
        total = (replicas * change).astype(np.float32)
        combine(total, uses * rate, along, replicas)
        wanted = np.stack([(np.eye(D) - np.linalg.matrix_power(each, replicas)) @ (goal - start) for each in left])
        np.testing.assert_allclose(total, wanted, rtol=0.02, atol=2e-5)


def test_one_replica_and_rare_words_are_left_as_they_are():
    along = directions(some_curvature())
    total = np.ones((3, D), np.float32)
    combine(total, np.array([1e3, 1.0, 0.0]), along, 1)
    np.testing.assert_array_equal(total, 1)
    combine(total, np.array([0.0, 1e-9, 0.0]), along, 8)
    np.testing.assert_array_equal(total, 1)
    combine(total, np.full(3, 1e9), Directions(np.full(D, 1.0), np.eye(D)), 8)
    np.testing.assert_allclose(total, 1 / 8, rtol=1e-6)


def numeric_hessian(loss, x, step=1e-4):
    answer = np.zeros((x.size, x.size))
    for i, j in itertools.product(range(x.size), repeat=2):
        for si, sj in itertools.product((1, -1), repeat=2):
            moved = x.copy()
            moved[i] += si * step
            moved[j] += sj * step
            answer[i, j] += si * sj * loss(moved) / (4 * step**2)
    return answer


@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_the_curvature_of_a_center_vector_is_the_hessian_of_the_loss(architecture, monkeypatch):
    """One window, seen again and again: the estimate is then the second derivative of the theory's loss."""
    ids, negatives = np.array([0, 1], np.uint32), 3
    counts = np.array([5, 4, 3, 2])
    config = TrainingConfig(
        architecture=architecture, dimensions=3, window=1, subsample=0.0, negatives=negatives, shrink_window=False
    )
    plan = make_plans(planted_text()[0].__class__(ids, np.array([0, 2]), counts), config)[0]
    generator = np.random.default_rng(1)
    center, outside = generator.normal(size=(2, 4, 3)).astype(np.float32)
    examples = Examples(counts, config)
    drawn = np.array([[2, 3, 2]])
    monkeypatch.setattr(
        Examples,
        "_outputs",
        lambda _, middles, draw: (
            np.repeat(np.arange(middles.size), 4),
            np.concatenate([middles[:, None], np.repeat(drawn, middles.size, axis=0)], axis=1).reshape(-1),
        ),
    )
    found = examples.curvature(plan, center, outside, (1,))

    def loss(vector, word):
        scores = outside.astype(float) @ vector
        return -np.log(theory.sigmoid(scores[word])) - np.log(theory.sigmoid(-scores[drawn[0]])).sum()

    drawn_windows = np.random.default_rng((1,)).integers(0, 2, combining.SAMPLE)
    share = drawn_windows.mean()  # of windows whose middle is word 1, around which stands word 0
    wanted = (1 - share) * numeric_hessian(lambda v: loss(v, 0), center[1].astype(float))
    wanted += share * numeric_hessian(lambda v: loss(v, 1), center[0].astype(float))
    np.testing.assert_allclose(found.center, wanted, atol=1e-5)


@pytest.mark.parametrize("objective", ["negative-sampling", "hierarchical-softmax", "softmax"])
@pytest.mark.parametrize("architecture", ["skip-gram", "cbow"])
def test_rows_are_used_as_often_as_the_kernels_use_them(architecture, objective):
    """Counted in the draws of the twin: windows, words around, targets and inner nodes."""
    from twin import drawn_windows

    from firth.training.huffman import huffman_tree

    text, _ = planted_text(3, sentences=600, length=40)
    config = TrainingConfig(architecture=architecture, objective=objective, window=3, subsample=0.02, negatives=2)
    inputs, outputs = np.zeros((2, text.counts.size))
    tree = huffman_tree(text.counts)
    for start, end in itertools.pairwise(text.offsets.tolist()):
        for middle, around, targets in windows_of(drawn_windows(text, config, start, end)):
            np.add.at(inputs, around, 1)
            times = len(around) if architecture == "skip-gram" else 1
            if objective == "hierarchical-softmax":
                np.add.at(outputs, tree.nodes[tree.ends[middle] : tree.ends[middle + 1]], times)
            else:
                np.add.at(outputs, targets if objective == "negative-sampling" else [middle], times)
    uses = Examples(text.counts, config).uses
    words = text.ids.size
    assert uses.center.sum() * words == pytest.approx(inputs.sum(), rel=0.08)
    assert uses.outside.sum() * words == pytest.approx(outputs.sum(), rel=0.08)
    assert np.corrcoef(uses.center, inputs)[0, 1] > 0.8
    assert np.corrcoef(uses.outside, outputs)[0, 1] > 0.8


def windows_of(drawn):
    for window in drawn:
        middle, around, targets = window[0], list(window[1]), list(window[2])
        yield middle, around, [middle, *targets]


def test_changes_come_back_as_they_were_sent():
    changes = np.zeros((6, 4), np.float32)
    changes[[1, 4]] = [[1, 2, 3, 4], [5, 6, 7, 8]]
    for idle, half in itertools.product((0.0, 1.0), (False, True)):
        rows = packed(changes, idle, half)
        assert (rows.places is None) == (idle == 0.0)
        assert rows.values.dtype == (np.float16 if half else np.float32)
        total = np.ones((6, 4), np.float32)
        added(total, Rows(*rows))
        np.testing.assert_array_equal(total, changes + 1)


@given(st.integers(1, 9), st.integers(1, 200), st.integers(0, 200))
def test_blocks_cover_every_row_once(replicas, hot, others):
    for rows in {hot, hot + others}:
        found = np.zeros(rows, int)
        for place in range(replicas):
            for block in blocks(place, replicas, rows, hot):
                found[block] += 1
        assert (found == 1).all()


@given(st.lists(st.integers(0, 7), min_size=1, max_size=6), st.integers(1, 5), st.randoms(use_true_random=False))
def test_every_chunk_is_handed_out_once(chunks, replicas, chance):
    words = [np.arange(count + 1) * 10 for count in chunks]
    sharing, seen = Sharing(words, 2), []
    while sharing.left:
        epochs = sharing.epoch + 1
        taken = sharing.copy().take(0, 25, epochs)
        assert sharing.take(0, 25, epochs) == taken
        assert all(part < epochs * len(words) for part, _, _ in taken)
        for replica in range(1, replicas):
            taken += sharing.take(replica, chance.choice([1, 15, 300]), epochs)
        undone = []
        for part, first, last in taken:
            until = chance.randint(first, last)
            seen += [(part, chunk) for chunk in range(first, until)]
            undone += [Stretch(part, until, last)] * (until < last)
        sharing.give_back(tuple(undone))
        assert sharing.words_left(2) == 10 * (2 * sum(chunks) - len(seen))
        assert sharing.chunks_done == len(seen)
    assert sharing.epoch == 2
    assert sorted(seen) == [(part, chunk) for part, count in enumerate(chunks * 2) for chunk in range(count)]


def test_a_replica_stays_with_its_part_and_in_the_end_helps_others():
    words = [np.arange(11) * 10, np.arange(11) * 10]
    sharing = Sharing(words)
    assert sharing.take(0, 30, 1) == (Stretch(0, 0, 3),)
    assert sharing.take(1, 30, 1) == (Stretch(1, 0, 3),)
    assert sharing.take(0, 70, 1) == (Stretch(0, 3, 10),)
    assert sharing.take(0, 20, 1) == (Stretch(1, 3, 5),)
