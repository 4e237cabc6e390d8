"""The losses and their gradients: by hand, by central differences, by what they must be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth import theory
from firth.theory import (
    cbow_loss_and_gradients,
    gradient_check,
    hierarchical_softmax_loss_and_gradients,
    naive_softmax_loss_and_gradients,
    negative_sampling_loss_and_gradients,
    sigmoid,
    skip_gram_loss_and_gradients,
    softmax,
)
from firth.training.huffman import huffman_tree


@st.composite
def problems(draw):
    words, dimensions = draw(st.integers(2, 6)), draw(st.integers(1, 5))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    outside_index = draw(st.integers(0, words - 1))
    others = [w for w in range(words) if w != outside_index]
    negatives = draw(st.lists(st.sampled_from(others), max_size=6))
    v, u = generator.normal(size=dimensions), generator.normal(size=(words, dimensions))
    return v, outside_index, u, negatives


def losses_of(negatives):
    """The losses of one pair; that of hierarchical softmax leaves the last of V rows without a node."""
    return (
        naive_softmax_loss_and_gradients,
        lambda v, o, u: negative_sampling_loss_and_gradients(v, o, u, negatives),
        lambda v, o, u: hierarchical_softmax_loss_and_gradients(v, *paths_of(range(len(u)))[o], u),
    )


def paths_of(counts):
    """Nodes and labels of each word's path in the Huffman tree of the counts."""
    tree = huffman_tree(list(counts))
    places = [slice(*ends) for ends in zip(tree.ends, tree.ends[1:], strict=False)]
    return [(tree.nodes[place], tree.labels[place]) for place in places]


@given(problems())
def test_every_gradient_agrees_with_central_differences(problem):
    v, o, u, negatives = problem
    for loss in losses_of(negatives):
        assert gradient_check(lambda x, loss=loss: loss(x, o, u)[:2], v).passed
        assert gradient_check(lambda x, loss=loss: loss(v, o, x)[::2], u).passed


@given(problems())
def test_losses_are_positive_and_inputs_are_not_changed(problem):
    v, o, u, negatives = problem
    v_before, u_before = v.copy(), u.copy()
    for loss in losses_of(negatives):
        assert loss(v, o, u)[0] > 0
    np.testing.assert_array_equal(v, v_before)
    np.testing.assert_array_equal(u, u_before)


def test_naive_softmax_by_hand():
    v, u = np.array([1.0, 0.0]), np.array([[np.log(2), 5.0], [np.log(3), 7.0], [np.log(5), 9.0]])
    loss, d_v, d_u = naive_softmax_loss_and_gradients(v, 1, u)
    assert loss == pytest.approx(-np.log(0.3))
    np.testing.assert_allclose(d_u, [[0.2, 0], [-0.7, 0], [0.5, 0]], atol=1e-12)
    np.testing.assert_allclose(d_v, u.T @ [0.2, -0.7, 0.5])


def test_the_naive_softmax_gradient_of_the_outside_vectors_sums_to_zero_over_words():
    generator = np.random.default_rng(5)
    _, _, d_u = naive_softmax_loss_and_gradients(generator.normal(size=3), 2, generator.normal(size=(6, 3)))
    np.testing.assert_allclose(d_u.sum(axis=0), 0, atol=1e-12)


def test_naive_softmax_is_stable_for_scores_of_ten_thousand():
    loss, d_v, d_u = naive_softmax_loss_and_gradients(np.array([100.0]), 0, np.array([[-100.0], [100.0]]))
    assert loss == pytest.approx(2e4)
    np.testing.assert_allclose(d_v, [200.0])
    np.testing.assert_allclose(d_u, [[-100.0], [100.0]])


def test_negative_sampling_by_hand():
    v, u = np.array([2.0]), np.array([[0.5], [-1.0], [0.25]])
    loss, d_v, d_u = negative_sampling_loss_and_gradients(v, 0, u, [1, 2])
    assert loss == pytest.approx(-np.log(sigmoid(1.0)) - np.log(sigmoid(2.0)) - np.log(sigmoid(-0.5)))
    np.testing.assert_allclose(d_u[:, 0], [-2 * sigmoid(-1.0), 2 * sigmoid(-2.0), 2 * sigmoid(0.5)])
    np.testing.assert_allclose(d_v, [-0.5 * sigmoid(-1.0) - sigmoid(-2.0) + 0.25 * sigmoid(0.5)])


@given(problems())
def test_a_word_drawn_n_times_counts_n_times(problem):
    v, o, u, negatives = problem
    loss, d_v, d_u = negative_sampling_loss_and_gradients(v, o, u, negatives)
    sums = list(negative_sampling_loss_and_gradients(v, o, u, []))
    for k in negatives:
        once = negative_sampling_loss_and_gradients(v, o, u, [k])
        nothing = negative_sampling_loss_and_gradients(v, o, u, [])
        sums = [total + one - none for total, one, none in zip(sums, once, nothing, strict=True)]
    assert loss == pytest.approx(sums[0])
    np.testing.assert_allclose(d_v, sums[1], atol=1e-9)
    np.testing.assert_allclose(d_u, sums[2], atol=1e-9)


def test_negative_sampling_is_stable_for_scores_of_ten_thousand():
    loss, d_v, d_u = negative_sampling_loss_and_gradients(np.array([100.0]), 0, np.array([[-100.0], [100.0]]), [1])
    assert loss == pytest.approx(2e4)
    np.testing.assert_allclose(d_v, [200.0])
    np.testing.assert_allclose(d_u, [[-100.0], [100.0]])


def test_hierarchical_softmax_by_hand():
    """σ(log 3) = 3/4 and σ(-log 4) = 1/5: left at node 2, then right at node 0, has the probability 3/4 · 4/5."""
    v, u = np.array([1.0, 0.0]), np.array([[-np.log(4), 5.0], [7.0, 7.0], [np.log(3), 9.0]])
    loss, d_v, d_u = hierarchical_softmax_loss_and_gradients(v, [2, 0], [1, -1], u)
    assert loss == pytest.approx(-np.log(0.6))
    np.testing.assert_allclose(d_u, [[0.2, 0], [0, 0], [-0.25, 0]], atol=1e-12)
    np.testing.assert_allclose(d_v, -0.25 * u[2] + 0.2 * u[0])


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=20), st.integers(0, 2**32))
def test_the_probabilities_of_a_tree_sum_to_one_and_their_gradients_to_zero(counts, seed):
    generator = np.random.default_rng(seed)
    v, u = generator.normal(size=3), generator.normal(size=(len(counts) - 1, 3)) * 3
    leaves = [hierarchical_softmax_loss_and_gradients(v, *path, u) for path in paths_of(counts)]
    assert sum(np.exp(-loss) for loss, _, _ in leaves) == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(sum(np.exp(-loss) * d_v for loss, d_v, _ in leaves), 0, atol=1e-12)
    np.testing.assert_allclose(sum(np.exp(-loss) * d_u for loss, _, d_u in leaves), 0, atol=1e-12)


def test_turning_the_other_way_at_a_node_has_the_rest_of_the_probability():
    v, u = np.array([0.3, -1.2]), np.array([[0.5, 0.1], [2.0, -0.4]])
    left, right = (hierarchical_softmax_loss_and_gradients(v, [0, 1], [1, label], u)[0] for label in (1, -1))
    assert np.exp(-left) + np.exp(-right) == pytest.approx(sigmoid(u[0] @ v))


@given(problems())
def test_negative_sampling_is_a_path_that_goes_left_at_the_word_and_right_at_the_negatives(problem):
    v, o, u, negatives = problem
    along_path = hierarchical_softmax_loss_and_gradients(v, [o, *negatives], [1] + [-1] * len(negatives), u)
    for mine, expected in zip(along_path, negative_sampling_loss_and_gradients(v, o, u, negatives), strict=True):
        np.testing.assert_array_equal(mine, expected)


def test_hierarchical_softmax_is_stable_for_scores_of_ten_thousand():
    u = np.array([[-100.0], [100.0]])
    loss, d_v, d_u = hierarchical_softmax_loss_and_gradients(np.array([100.0]), [0, 1], [1, -1], u)
    assert loss == pytest.approx(2e4)
    np.testing.assert_allclose(d_v, [200.0])
    np.testing.assert_allclose(d_u, [[-100.0], [100.0]])


def test_the_only_word_of_a_tree_is_certain():
    loss, d_v, d_u = hierarchical_softmax_loss_and_gradients(np.ones(2), [], [], np.ones((1, 2)))
    assert str(loss) == "0.0"
    assert not d_v.any()
    assert not d_u.any()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_window_is_the_sum_of_its_pairs_and_touches_only_the_center(which):
    generator = np.random.default_rng(11)
    center, outside = generator.normal(size=(6, 3)), generator.normal(size=(6, 3))
    pair = losses_of([5, 5, 3])[which]
    window = [1, 4, 1, 2]
    loss, d_center, d_outside = skip_gram_loss_and_gradients(2, window, center, outside, pair)
    singles = [pair(center[2], o, outside) for o in window]
    assert loss == pytest.approx(sum(single[0] for single in singles))
    np.testing.assert_allclose(d_center[2], sum(single[1] for single in singles))
    np.testing.assert_allclose(d_outside, sum(single[2] for single in singles))
    assert not np.delete(d_center, 2, axis=0).any()


def test_a_window_without_words_costs_nothing():
    matrix = np.ones((3, 2))
    loss, d_center, d_outside = skip_gram_loss_and_gradients(1, [], matrix, matrix, naive_softmax_loss_and_gradients)
    assert loss == 0
    assert not d_center.any()
    assert not d_outside.any()


def test_cbow_by_hand():
    """Words 0, 2, 0 have the mean 1; word 1 is predicted with probability 3/10."""
    center, u = np.array([[1.2], [50.0], [0.6]]), np.log([[2.0], [3.0], [5.0]])
    loss, d_center, d_outside = cbow_loss_and_gradients([0, 2, 0], 1, center, u, naive_softmax_loss_and_gradients)
    d_mean = 0.2 * np.log(2) - 0.7 * np.log(3) + 0.5 * np.log(5)
    assert loss == pytest.approx(-np.log(0.3))
    np.testing.assert_allclose(d_center, [[2 / 3 * d_mean], [0], [1 / 3 * d_mean]])
    np.testing.assert_allclose(d_outside, [[0.2], [-0.7], [0.5]])


@given(problems(), st.lists(st.integers(0, 4), min_size=1, max_size=6), st.integers(0, 2**32))
def test_every_gradient_of_a_cbow_window_agrees_with_central_differences(problem, window, seed):
    v, o, u, negatives = problem
    center = np.random.default_rng(seed).normal(size=(5, v.size))
    for loss in losses_of(negatives):
        assert gradient_check(lambda x, loss=loss: cbow_loss_and_gradients(window, o, x, u, loss)[:2], center).passed
        assert gradient_check(lambda x, loss=loss: cbow_loss_and_gradients(window, o, center, x, loss)[::2], u).passed


@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_words_of_a_cbow_window_share_the_gradient_of_their_mean(which):
    generator = np.random.default_rng(12)
    center, outside = generator.normal(size=(6, 3)), generator.normal(size=(6, 3))
    before = center.copy()
    one = losses_of([5, 5, 3])[which]
    loss, d_center, d_outside = cbow_loss_and_gradients(iter([1, 4, 1, 0]), 2, center, outside, one)
    mean_loss, d_mean, d_outside_of_mean = one((2 * center[1] + center[4] + center[0]) / 4, 2, outside)
    assert loss == pytest.approx(mean_loss)
    np.testing.assert_allclose(d_center, np.outer([1 / 4, 2 / 4, 0, 0, 1 / 4, 0], d_mean))
    np.testing.assert_allclose(d_outside, d_outside_of_mean)
    np.testing.assert_array_equal(center, before)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_window_of_one_word_is_the_same_to_cbow_and_skip_gram(which):
    generator = np.random.default_rng(13)
    center, outside = generator.normal(size=(6, 3)), generator.normal(size=(6, 3))
    one = losses_of([5, 5, 3])[which]
    cbow = cbow_loss_and_gradients([4], 2, center, outside, one)
    for mine, expected in zip(cbow, skip_gram_loss_and_gradients(4, [2], center, outside, one), strict=True):
        np.testing.assert_array_equal(mine, expected)


def test_a_cbow_window_without_words_costs_nothing():
    loss, d_center, d_outside = cbow_loss_and_gradients(
        [], 1, np.ones((3, 2), int), np.ones((2, 2), int), naive_softmax_loss_and_gradients
    )
    assert loss == 0
    assert (d_center.shape, d_outside.shape) == ((3, 2), (2, 2))
    assert d_center.dtype == d_outside.dtype == np.float64
    assert not d_center.any()
    assert not d_outside.any()


@pytest.mark.parametrize("indices", [[0, 3], [-1], [0.5, 1.0], [True, False, True]])
def test_context_words_that_are_not_rows_are_refused(indices):
    with pytest.raises(ValueError, match="whole numbers from 0 to 3 exclusive"):
        cbow_loss_and_gradients(indices, 1, np.ones((3, 2)), np.ones((3, 2)), naive_softmax_loss_and_gradients)


def test_the_gradient_is_zero_where_the_model_predicts_the_data():
    """Over a batch whose words are spread as the model expects them, naive softmax is at its optimum."""
    v, u = np.array([0.4, -0.2]), np.array([[0.0, 0.0], [1.0, 0.5], [-1.0, 2.0]])
    expected = softmax(u @ v)
    d_u = sum(p * naive_softmax_loss_and_gradients(v, o, u)[2] for o, p in enumerate(expected))
    np.testing.assert_allclose(d_u, 0, atol=1e-15)


@pytest.mark.parametrize("kind", [np.int8, np.float16, np.float32])
def test_losses_are_computed_in_float64_whatever_they_are_given(kind):
    center, outside = np.array([100, 3], kind), np.array([[100, 1], [-90, 2], [5, 5]], kind)
    given = theory.negative_sampling_loss_and_gradients(center, 1, outside, [0, 2, 2])
    wide = theory.negative_sampling_loss_and_gradients(center.astype(float), 1, outside.astype(float), [0, 2, 2])
    for mine, expected in zip(given, wide, strict=True):
        np.testing.assert_array_equal(mine, expected)
    given = theory.naive_softmax_loss_and_gradients(center, 1, outside)
    wide = theory.naive_softmax_loss_and_gradients(center.astype(float), 1, outside.astype(float))
    assert given[0] == wide[0]
    given = theory.hierarchical_softmax_loss_and_gradients(center, [1, 0], np.array([1, -1], kind), outside)
    wide = theory.hierarchical_softmax_loss_and_gradients(center.astype(float), [1, 0], [1, -1], outside.astype(float))
    for mine, expected in zip(given, wide, strict=True):
        np.testing.assert_array_equal(mine, expected)
    given = theory.cbow_loss_and_gradients([0, 1, 2], 1, outside, outside, naive_softmax_loss_and_gradients)
    wide = theory.cbow_loss_and_gradients(
        [0, 1, 2], 1, outside.astype(float), outside.astype(float), naive_softmax_loss_and_gradients
    )
    for mine, expected in zip(given, wide, strict=True):
        np.testing.assert_array_equal(mine, expected)


@pytest.mark.parametrize(
    ("center", "index", "outside", "negatives", "message"),
    [
        (np.ones(2), 3, np.ones((3, 2)), [0], "whole numbers from 0 to 3 exclusive"),
        (np.ones(2), -1, np.ones((3, 2)), [0], "whole numbers from 0"),
        (np.ones(2), 0, np.ones((3, 2)), [1, 3], "whole numbers from 0"),
        (np.ones(2), 0, np.ones((3, 2)), [0.9, 2.7], "whole numbers from 0"),
        (np.ones(2), 0, np.ones((3, 2)), [True, False], "whole numbers from 0"),
        (np.ones((2, 1)), 0, np.ones((3, 2)), [1], "they must be"),
        (np.ones(2), 0, np.ones((3, 4)), [1], "they must be"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(center, index, outside, negatives, message):
    with pytest.raises(ValueError, match=message):
        theory.negative_sampling_loss_and_gradients(center, index, outside, negatives)


@pytest.mark.parametrize(
    ("center", "nodes", "labels", "outside", "message"),
    [
        (np.ones(2), [0, 2], [1, -1], np.ones((2, 2)), "whole numbers from 0 to 2 exclusive"),
        (np.ones(2), [-1], [1], np.ones((2, 2)), "whole numbers from 0"),
        (np.ones(2), [0.0, 1.0], [1, -1], np.ones((2, 2)), "whole numbers from 0"),
        (np.ones(2), [0, 1], [1, 0], np.ones((2, 2)), r"labels must be \+1 or -1"),
        (np.ones(2), [0, 1], [1, np.nan], np.ones((2, 2)), r"labels must be \+1 or -1"),
        (np.ones(2), [0, 1], [1], np.ones((2, 2)), "one for each of the 2 nodes"),
        (np.ones(2), [0, 1], 1, np.ones((2, 2)), "one for each of the 2 nodes"),
        (np.ones(2), [], [1], np.ones((2, 2)), "one for each of the 0 nodes"),
        (np.ones((2, 1)), [0], [1], np.ones((2, 2)), "they must be"),
        (np.ones(2), [0], [1], np.ones((2, 3)), "they must be"),
    ],
)
def test_paths_that_do_not_fit_are_refused(center, nodes, labels, outside, message):
    with pytest.raises(ValueError, match=message):
        hierarchical_softmax_loss_and_gradients(center, nodes, labels, outside)


def test_without_negatives_only_the_pair_counts():
    loss, _, d_outside = theory.negative_sampling_loss_and_gradients(np.ones(2), 0, np.ones((3, 2)), [])
    assert loss == pytest.approx(-theory.log_sigmoid(2.0))
    assert not d_outside[1:].any()
