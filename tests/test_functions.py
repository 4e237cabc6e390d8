"""Sigmoid and softmax: values, limits, shapes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from firth import theory
from firth.theory import log_sigmoid, log_softmax, sigmoid, softmax

any_array = arrays(np.float64, array_shapes(min_dims=1, max_dims=3, max_side=4), elements=st.floats(-1e4, 1e4))


def test_sigmoid_has_its_known_values():
    assert np.allclose(sigmoid([[1, 2], [-1, -2]]), [[0.73105858, 0.88079708], [0.26894142, 0.11920292]], atol=1e-8)
    assert sigmoid(0.0) == 0.5


def test_a_number_gives_a_number():
    assert np.ndim(sigmoid(1.5)) == np.ndim(log_sigmoid(1.5)) == 0


@given(any_array)
def test_sigmoid_is_stable_symmetric_and_keeps_the_shape(x):
    assert sigmoid(x).shape == x.shape
    assert np.all((sigmoid(x) >= 0) & (sigmoid(x) <= 1))
    np.testing.assert_allclose(sigmoid(x) + sigmoid(-x), 1.0, rtol=1e-15)


@given(any_array)
def test_log_sigmoid_is_the_logarithm_where_that_can_be_formed_and_x_where_it_can_not(x):
    small = x[np.abs(x) < 30]
    np.testing.assert_allclose(log_sigmoid(small), np.log(1 / (1 + np.exp(-small))), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(log_sigmoid(x[x < -50]), x[x < -50])
    assert np.all(np.isfinite(log_sigmoid(x)))
    assert np.all(log_sigmoid(x) <= 0)


@given(any_array, st.floats(-1e3, 1e3))
def test_softmax_sums_to_one_and_does_not_see_a_shift(x, shift):
    np.testing.assert_allclose(softmax(x).sum(axis=-1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(softmax(x + shift), softmax(x), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(np.exp(log_softmax(x)), softmax(x), rtol=1e-9, atol=1e-300)


def test_softmax_of_thousands_does_not_overflow():
    np.testing.assert_allclose(softmax(np.array([1001.0, 1002.0])), [0.26894142, 0.73105858], atol=1e-8)
    np.testing.assert_allclose(softmax(np.array([[3.0, 4.0], [1.0, 2.0]])), [[0.26894142, 0.73105858]] * 2, atol=1e-8)
    assert log_softmax(np.array([-1e4, 1e4]))[0] == pytest.approx(-2e4)


def test_softmax_normalises_along_the_axis_asked_for():
    x = np.arange(12.0).reshape(3, 4)
    np.testing.assert_allclose(softmax(x, axis=0).sum(axis=0), 1.0)
    np.testing.assert_allclose(softmax(x, axis=0), softmax(x.T).T)


def test_softmax_takes_any_shape():
    assert theory.softmax(3.0) == 1.0
    assert theory.log_softmax(3.0) == 0.0
    assert theory.softmax([]).shape == (0,)
    assert theory.softmax(np.ones((2, 0))).shape == (2, 0)
    np.testing.assert_allclose(theory.softmax(np.ones((2, 3, 4)), axis=1), np.full((2, 3, 4), 1 / 3))
