"""Hubness, isotropy and lengths come out as they must where the answer is known by construction."""

import json

import numpy as np
import pytest

from firth import DataError, OptionError, Vectors
from firth.evaluation import measure_geometry
from firth.evaluation.rank_correlation import spearman


def vectors(matrix, counts=None):
    return Vectors([f"w{row}" for row in range(len(matrix))], matrix, counts)


def test_a_word_that_is_nearest_to_all_others_is_the_hub():
    # The others stand at right angles to each other; w0 lies between them all.
    shape = measure_geometry(vectors(np.vstack([np.ones(8), np.eye(8)])), neighbors=1)
    assert shape.hubs[0] == ("w0", 8)
    times = np.array([8, 1, 0, 0, 0, 0, 0, 0, 0])  # w0's own nearest is the first of equals
    assert shape.hubness == pytest.approx(((times - 1) ** 3).mean() / times.std() ** 3)
    assert shape.never_near == pytest.approx(7 / 9)
    assert (shape.sample, shape.neighbors) == (9, 1)


def test_where_none_is_a_hub_hubness_is_zero():
    angles = np.arange(12) * np.pi / 6
    shape = measure_geometry(vectors(np.stack([np.cos(angles), np.sin(angles)], axis=1)), neighbors=2)
    assert (shape.hubness, shape.never_near) == (0, 0)
    assert shape.isotropy == pytest.approx(1, abs=1e-3)
    assert shape.mean_cosine == pytest.approx(-1 / 11)
    assert shape.effective_dimensions == pytest.approx(2)
    assert shape.first_direction == pytest.approx(0.5)


def test_isotropy_and_cosines_follow_their_formulas():
    matrix = np.random.default_rng(1).normal(size=(60, 5))
    matrix[:, 0] += 2
    shape = measure_geometry(vectors(matrix))
    matrix = matrix.astype(np.float32).astype(float)
    axes = np.linalg.eigh(matrix.T @ matrix)[1].T
    sums = [np.exp(matrix @ axis).sum() for axis in [*axes, *-axes]]
    assert shape.isotropy == pytest.approx(min(sums) / max(sums))
    units = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    assert shape.mean_cosine == pytest.approx((units @ units.T)[~np.eye(60, dtype=bool)].mean())
    variances = np.linalg.eigvalsh(np.cov(matrix.T))
    assert shape.effective_dimensions == pytest.approx(variances.sum() ** 2 / (variances**2).sum())
    assert shape.first_direction == pytest.approx(variances.max() / variances.sum())


def test_vectors_of_one_line_have_one_dimension_and_no_isotropy():
    shape = measure_geometry(vectors(np.outer(np.arange(1, 30), [60.0, 80.0])))
    assert shape.effective_dimensions == pytest.approx(1)
    assert shape.mean_cosine == pytest.approx(1)
    assert shape.isotropy == 0  # and no overflow on the way


def test_lengths_go_by_frequency_whatever_the_order_of_words():
    lengths = np.arange(1.0, 151.0)
    matrix = lengths[:, np.newaxis] * [3, 4]
    shape = measure_geometry(vectors(matrix, np.arange(150) + 1))
    assert shape.length_and_frequency == 1
    assert [(band.first, band.last, band.mean) for band in shape.lengths] == [(1, 100, 502.5), (101, 150, 127.5)]
    assert shape.lengths[1].deviation == pytest.approx(5 * np.std(lengths[:50]))
    counts = np.random.default_rng(1).integers(1, 50, 150)
    assert measure_geometry(vectors(matrix, counts)).length_and_frequency == spearman(lengths, counts)
    assert measure_geometry(vectors(matrix)).length_and_frequency is None


def test_a_sample_is_drawn_by_its_seed():
    many = vectors(np.random.default_rng(1).normal(size=(300, 4)))
    first, again, other = (measure_geometry(many, sample=50, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.hubs != other.hubs
    assert (first.sample, first.isotropy) == (50, other.isotropy)
    assert measure_geometry(many, sample=300).sample == measure_geometry(many, sample=301).sample == 300


def test_zero_vectors_and_two_words_are_no_reason_to_fail():
    shape = measure_geometry(vectors(np.zeros((2, 3))))
    assert (shape.mean_cosine, shape.effective_dimensions, shape.neighbors) == (0, 0, 1)
    assert json.loads(json.dumps(shape.as_dict()))["hubs"] == [["w0", 1], ["w1", 1]]


def test_what_can_not_be_measured_is_named():
    with pytest.raises(DataError, match="one vector"):
        measure_geometry(vectors(np.ones((1, 3))))
    with pytest.raises(OptionError, match="neighbors is 0"):
        measure_geometry(vectors(np.ones((3, 3))), neighbors=0)
    with pytest.raises(OptionError, match="sample is 1"):
        measure_geometry(vectors(np.ones((3, 3))), sample=1)
