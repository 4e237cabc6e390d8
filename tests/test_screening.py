"""Nearest rows are exactly the nearest, however they were looked for."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from firth.vectors import nearest_rows
from firth.vectors.nearest_rows import nearest, unit
from firth.vectors.rows import Rows, lengths_of, stored_as
from firth.vectors.screening import ONE, off_by, screened


def by_hand(matrix, queries, n, stop=None, left_out=None):
    """The definition, in float64: largest cosines, rounded to 9 digits, equals in the order of rows."""
    cosines = np.round(queries @ unit(matrix).T, 9)[:, :stop]
    for row, out in enumerate(left_out or []):
        cosines[row, out[out < cosines.shape[1]]] = -np.inf
    return np.argsort(-cosines, axis=1, kind="stable")[:, :n]


@pytest.fixture(params=["blocks", "screening"])
def way(request, monkeypatch):
    monkeypatch.setattr(nearest_rows, "_WORTH_LOADING", float("inf") if request.param == "blocks" else -1)
    return request.param


def made(rows=3000, dimensions=37, seed=1):
    return np.random.default_rng(seed).standard_normal((rows, dimensions)).astype(np.float32)


def found(matrix, queries, n, **options):
    rows = Rows(matrix)
    return nearest(rows, lengths_of(rows), queries, n, **options)[0]


@pytest.mark.parametrize("dimensions", [1, 2, 37, 100, 301])
def test_both_ways_find_the_nearest_rows(way, dimensions):
    matrix = made(1501, dimensions)
    queries = unit(made(150, dimensions, 2))
    assert (found(matrix, queries, 10) == by_hand(matrix, queries, 10)).all()


def test_equals_stand_in_the_order_of_rows_though_there_are_more_than_are_kept(way):
    matrix = made()
    matrix[500:900:2] = matrix[0]
    queries = np.repeat(unit(matrix[:1]), 30, axis=0)
    assert (found(matrix, queries, 10) == [0, *range(500, 518, 2)]).all()


def test_rows_that_16_bits_can_not_tell_apart_are_told_apart(way):
    rng = np.random.default_rng(3)
    center = rng.standard_normal(50)
    matrix = (center + 1e-5 * rng.standard_normal((2000, 50))).astype(np.float32)
    queries = unit(center + 1e-5 * rng.standard_normal((40, 50)))
    assert (found(matrix, queries, 5) == by_hand(matrix, queries, 5)).all()


def test_rows_of_zeros_and_of_numbers_near_the_limits_count_as_they_are(way):
    matrix = made()
    matrix[10] = 0
    matrix[20] *= np.float32(1e37)
    matrix[30] *= np.float32(1e-42)
    queries = unit(matrix[:60])
    assert (found(matrix, queries, 12) == by_hand(matrix, queries, 12)).all()
    assert (found(matrix, queries, 1)[[20, 30], 0] == [20, 30]).all()
    assert (found(matrix, queries, 4)[10] == range(4)).all()


@pytest.mark.parametrize("stop", [20, 300])
def test_what_is_left_out_and_beyond_the_cut_is_no_answer(way, stop):
    matrix = made()
    queries = unit(matrix[:100])
    out = [np.array([row, *range(row % 7)]) for row in range(100)]
    out = [np.unique(each) for each in out]
    places = found(matrix, queries, 9, among=stop, left_out=out)
    expected = by_hand(matrix, queries, 9, stop, out)
    for row in range(100):
        left = stop - (out[row] < stop).sum()
        assert (places[row, :left] == expected[row, :left]).all()
        assert (places[row, left:] == -1).all()


@pytest.mark.parametrize("cut", [None, 300, np.arange(2, 3000, 7)])
def test_what_is_excluded_from_all_is_no_answer_to_any(way, cut):
    matrix = made()
    queries, excluded = unit(matrix[:100]), np.arange(0, 3000, 30)
    left = np.setdiff1d(np.arange(3000)[cut if isinstance(cut, np.ndarray) else slice(cut)], excluded)
    expected = left[by_hand(matrix[left], queries, 9)]
    assert (found(matrix, queries, 9, among=cut, excluded=excluded) == expected).all()


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_smaller_numbers_are_found_as_they_are_stored(way, dtype):
    rows = stored_as(made(), dtype)
    queries = unit(made(80, seed=4))
    places = nearest(rows, lengths_of(rows), queries, 6)[0]
    assert (places == by_hand(rows.whole(), queries, 6)).all()


def test_screened_scores_are_as_near_to_cosines_as_is_said():
    worst = 0.0
    for dimensions in (1, 3, 100, 300):
        matrix, queries = made(64, dimensions), unit(made(64, dimensions, 5))
        rows = Rows(matrix)
        for query in range(64):
            least = screened(rows, lengths_of(rows), queries[query : query + 1], 63, 64)[1]
            off = abs(least[0] - np.sort(queries[query] @ unit(matrix).T)[1])
            assert off <= off_by(dimensions)
            worst = max(worst, off / off_by(dimensions))
    assert worst > 0.1


def test_no_product_of_unit_vectors_overflows():
    spike, flat = np.zeros((2, 64)), np.full((2, 64), 1 / 8)
    spike[0, 0], spike[1, 0], flat[1] = 1, -1, -1 / 8
    for vectors in (spike, flat):
        rows = Rows(vectors.astype(np.float32))
        places, least = screened(rows, lengths_of(rows), vectors, 1, 2)
        assert places[:, 0].tolist() == [0, 1]
        assert least == pytest.approx([1, 1], abs=off_by(64))
    assert ONE**2 < 2**31


@pytest.mark.slow
def test_processors_without_wide_registers_screen_the_same():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import numpy as np; from test_screening import made;"
        "from firth.vectors.rows import Rows, lengths_of; from firth.vectors.screening import screened;"
        "from firth.vectors.nearest_rows import unit; rows = Rows(made()); q = unit(made(100, seed=6));"
        "p, least = screened(rows, lengths_of(rows), q, 20, 2900); print(np.sort(p).sum(0).tolist(), least.sum())"
    )
    answers = set()
    for target in ({}, {"NUMBA_CPU_NAME": "haswell"}, {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}):
        command = [sys.executable, "-c", code, str(Path(__file__).parent)]
        done = subprocess.run(command, env=os.environ | target, capture_output=True, text=True, check=True)
        answers.add(done.stdout)
    assert len(answers) == 1
