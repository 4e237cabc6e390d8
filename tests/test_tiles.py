"""The words that kernels are written with, each against NumPy."""

import numpy as np
import pytest
from numba import njit

from firth.compute.simd import LANES, aligned_rows
from firth.training import tiles

SIZES = [(n, m) for n in (0, 1, 2, 3, 5, 6, 7, 10) for m in (1, 2, 5, 6, 7, 8, 9, 16, 17, 23)]


@njit
def scores(x, x_rows, n, y, y_rows, start, m, out):
    tiles.scores(x, x_rows, n, y, y_rows, start, m, out)


@njit
def update(x, x_rows, n, y, y_rows, start, m, factors):
    tiles.update(x, x_rows, n, y, y_rows, start, m, factors)


@njit
def set_changes(x, x_rows, n, y, y_rows, start, m, factors, out, first):
    tiles.set_changes(x, x_rows, n, y, y_rows, start, m, factors, out, first)


@njit
def add_products(target, rows, n, factors, steps, y, y_rows, start, m):
    tiles.add_products(target, rows, n, factors, steps, y, y_rows, start, m)


@njit
def products_in_turn(target, first, n, factors, steps, y, y_rows, start, m, adds):
    if adds:
        tiles.add_products_in_turn(target, first, n, factors, steps, y, y_rows, start, m)
    else:
        tiles.set_products_in_turn(target, first, n, factors, steps, y, y_rows, start, m)


@njit
def logistic(values, first, n, m, signs, start, rate, losses):
    tiles.logistic(values, first, n, m, signs, start, rate, losses)


@njit
def exponentiate(values, start, stop, shifts, totals, place):
    tiles.exponentiate(values, start, stop, shifts, totals, place)


@njit
def any_equal(numbers, n):
    return tiles.any_equal(numbers, n)


def rows_of(generator, width, rows=40):
    matrix = aligned_rows(rows, width)
    matrix[:, :width] = generator.normal(scale=0.5, size=(rows, width))
    return matrix


@pytest.mark.parametrize("width", [1, 16, 50, 112, 300])
def test_scores_are_dot_products_and_the_rest_of_a_block_is_zero(width):
    generator = np.random.default_rng(width)
    x, y = rows_of(generator, width), rows_of(generator, width)
    for n, m in SIZES:
        x_rows = generator.integers(0, 40, n + 1).astype(np.uint32)
        y_rows = generator.integers(0, 40, m + 3).astype(np.uint32)
        out = np.full((n + 1, -(-m // 8) * 8 + 8), 7.0, np.float32)
        scores(x, x_rows, n, y, y_rows, 3, m, out)
        expected = x[x_rows[:n]].astype(np.float64) @ y[y_rows[3:]].astype(np.float64).T
        np.testing.assert_allclose(out[:n, :m], expected, rtol=1e-5, atol=1e-5)
        assert np.all(out[:n, m : -(-m // 8) * 8] == 0)
        assert np.all(out[n:] == 7)
        assert np.all(out[:, -(-m // 8) * 8 :] == 7)


def test_lanes_are_added_in_the_documented_tree():
    """Products of 16 lanes, then i with i + 8, i + 4, i + 2, i + 1, each sum rounded to float32."""
    generator = np.random.default_rng(1)
    x, y = aligned_rows(8, 16), aligned_rows(8, 16)
    x[:] = generator.normal(size=x.shape) * 10.0 ** generator.integers(-6, 6, x.shape)
    y[:] = generator.normal(size=y.shape)
    rows, out = np.arange(8, dtype=np.uint32), np.zeros((9, 8), np.float32)
    scores(x, rows, 8, y, rows, 0, 8, out)
    lanes = x[:, None, :] * y[None, :, :]
    for distance in (8, 4, 2, 1):
        lanes = lanes[..., :distance] + lanes[..., distance : 2 * distance]
    np.testing.assert_array_equal(out[:8], lanes[..., 0])


@pytest.mark.parametrize("width", [7, 16, 112, 272])
def test_an_update_takes_both_sides_from_what_stood_there_before(width):
    generator = np.random.default_rng(width)
    for n in (1, 2, 5, 10):
        for m in range(1, 9):
            x, y = rows_of(generator, width), rows_of(generator, width)
            x_rows = generator.permutation(40)[:n].astype(np.uint32)
            y_rows = generator.integers(0, 5, m).astype(np.uint32)  # rows repeat
            factors = generator.normal(scale=0.1, size=(n + 1, 8)).astype(np.float32)
            d_x, d_y = np.zeros_like(x), np.zeros_like(y)
            d_x[x_rows] = factors[:n, :m] @ y[y_rows]
            np.add.at(d_y, y_rows, factors[:n, :m].T @ x[x_rows])
            out = np.ones((n + m + 3, x.shape[1]), np.float32)
            set_changes(x, x_rows, n, y, y_rows, 0, m, factors, out, 2)
            np.testing.assert_allclose(out[2 : 2 + n], factors[:n, :m] @ y[y_rows], atol=1e-5)
            np.testing.assert_allclose(out[2 + n : -1], factors[:n, :m].T @ x[x_rows], atol=1e-5)
            assert np.all(out[:2] == 1)
            assert np.all(out[-1] == 1)
            expected = x + d_x, y + d_y
            update(x, x_rows, n, y, y_rows, 0, m, factors)
            np.testing.assert_allclose(x, expected[0], atol=1e-5)
            np.testing.assert_allclose(y, expected[1], atol=1e-5)


def test_products_are_added_row_by_row_also_where_rows_repeat():
    generator = np.random.default_rng(2)
    y = rows_of(generator, 112)
    for n, m in SIZES:
        target = rows_of(generator, 112)
        rows = generator.integers(0, 4, n + 1).astype(np.uint32)
        y_rows = generator.integers(0, 40, m + 2).astype(np.uint32)
        factors = generator.normal(size=(30, 24)).astype(np.float32)
        expected = target.astype(np.float64)
        np.add.at(expected, rows[:n], factors[:n, :m].astype(np.float64) @ y[y_rows[2:]])
        add_products(target, rows, n, factors, (24, 1), y, y_rows, 2, m)
        np.testing.assert_allclose(target, expected, atol=2e-4)


@pytest.mark.parametrize("adds", [True, False])
def test_products_in_turn_take_a_matrix_as_it_is_or_transposed(adds):
    generator = np.random.default_rng(3)
    y, numbers = rows_of(generator, 80), np.arange(40, dtype=np.uint32)
    factors = generator.normal(size=(30, 30)).astype(np.float32)
    for n, m in SIZES:
        for steps, matrix in (((30, 1), factors), ((1, 30), factors.T)):
            target = rows_of(generator, 80)
            expected = target.astype(np.float64)
            expected[4 : 4 + n] = matrix[:n, :m].astype(np.float64) @ y[1 : 1 + m] + (
                expected[4 : 4 + n] if adds else 0
            )
            products_in_turn(target, 4, n, factors, steps, y, numbers, 1, m, adds)
            np.testing.assert_allclose(target, expected, atol=2e-4)


@pytest.mark.parametrize(("n", "m", "columns"), [(1, 6, 8), (3, 6, 8), (10, 8, 8), (5, 11, 16), (4, 40, 48)])
@pytest.mark.parametrize("scale", [0.1, 3.0, 40.0])
def test_the_logistic_step_is_the_gradient_and_the_loss_is_true(n, m, columns, scale):
    generator = np.random.default_rng(n * m)
    values = generator.normal(scale=scale, size=(n + 1, columns)).astype(np.float32)
    signs = generator.choice([-1.0, 1.0], size=m + 20).astype(np.float32)
    losses = np.zeros((2, LANES), np.float32)
    losses[1] = 1.0
    signed = values[:n, :m].astype(np.float64) * signs[4 : 4 + m]
    expected = 0.5 * signs[4 : 4 + m] / (1 + np.exp(signed))
    logistic(values, 0, n, m, signs, 4, np.float32(0.5), losses)
    np.testing.assert_allclose(values[:n, :m], expected, rtol=2e-6, atol=1e-30)
    total = losses[0].sum(dtype=np.float64) + np.log(losses[1].astype(np.float64)).sum()
    assert total == pytest.approx(np.logaddexp(0, -signed).sum(), rel=1e-6)


def test_exponentials_are_right_and_never_overflow():
    generator = np.random.default_rng(4)
    values = aligned_rows(50, 32)
    values[:] = generator.normal(scale=300, size=values.shape)
    before = values.astype(np.float64)
    shifts, totals = aligned_rows(3, 32), aligned_rows(3, 32)
    exponentiate(values, 10, 50, shifts, totals, 1)
    np.testing.assert_array_equal(shifts[1], before[10:].max(axis=0))
    expected = np.exp(np.maximum(before[10:] - before[10:].max(axis=0), -87.0))
    np.testing.assert_allclose(values[10:], expected, rtol=1e-5)
    np.testing.assert_allclose(totals[1], expected.sum(axis=0), rtol=1e-5)
    np.testing.assert_array_equal(values[:10], before[:10])
    assert not shifts[[0, 2]].any()


@pytest.mark.parametrize("n", [0, 1, 2, 9, 16, 17, 33, 50])
def test_any_equal_finds_a_pair_wherever_it_stands(n):
    numbers = np.concatenate([np.random.default_rng(n).permutation(100)[:n], np.full(16, 7)]).astype(np.uint32)
    assert not any_equal(numbers, n)
    for a in range(n):
        for b in range(a + 1, n):
            paired = numbers.copy()
            paired[b] = paired[a]
            assert any_equal(paired, n)
