"""The losses and their gradients: by hand, by central differences, by what they must be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth import theory
from firth.theory import (
    gradient_check,
    naive_softmax_loss_and_gradients,
    negative_sampling_loss_and_gradients,
    sigmoid,
    skip_gram_loss_and_gradients,
    softmax,
)


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
    return (
        naive_softmax_loss_and_gradients,
        lambda v, o, u: negative_sampling_loss_and_gradients(v, o, u, negatives),
    )


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


@pytest.mark.parametrize("which", [0, 1])
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


@pytest.mark.parametrize(
    ("center", "index", "outside", "negatives", "message"),
    [
        (np.ones(2), 3, np.ones((3, 2)), [0], "whole numbers from 0 to V = 3"),
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


def test_without_negatives_only_the_pair_counts():
    loss, _, d_outside = theory.negative_sampling_loss_and_gradients(np.ones(2), 0, np.ones((3, 2)), [])
    assert loss == pytest.approx(-theory.log_sigmoid(2.0))
    assert not d_outside[1:].any()
