"""Gradient checks find wrong gradients; SGD goes downhill, anneals once, and resumes to the last bit."""

import random

import numpy as np
import pytest

from firth import Checkpoints
from firth.theory import get_random_state, gradient_check, set_random_state, sgd
from firth.theory.sgd import annealed_step, smoothed_loss


def quadratic(x):
    return float(np.sum(x**2)), 2 * x


def noisy(x):
    target = random.gauss(0, 1) + np.random.normal(size=3)
    return float(np.sum((x - target) ** 2)), 2 * (x - target)


@pytest.mark.parametrize("point", [np.array(123.456), np.arange(3.0), np.arange(20.0).reshape(4, 5)])
def test_a_right_gradient_passes(point):
    report = gradient_check(quadratic, point)
    assert report.passed
    np.testing.assert_allclose(report.numeric, report.analytic, rtol=1e-6, atol=1e-6)


def test_a_wrong_entry_is_named():
    def wrong(x):
        gradient = 2 * x
        gradient[1, 0] *= -1
        return float(np.sum(x**2)), gradient

    report = gradient_check(wrong, np.ones((2, 2)))
    assert not report.passed
    assert report.worst_index == (1, 0)
    assert report.analytic[1, 0] == -2
    assert report.numeric[1, 0] == pytest.approx(2)
    assert "FAILED: at [1, 0]" in str(report)


def test_a_gradient_that_is_not_a_number_fails():
    assert not gradient_check(lambda x: (float(x.sum()), np.full_like(x, np.nan)), np.ones(2)).passed


def test_a_gradient_of_another_shape_is_an_error():
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        gradient_check(lambda x: (0.0, np.zeros(3)), np.ones(2))


def test_random_draws_are_the_same_at_each_evaluation_and_x_is_left_alone():
    x = np.zeros(3)
    assert gradient_check(noisy, x).passed
    np.testing.assert_array_equal(x, 0)


def test_the_random_state_goes_through_json_and_back():
    import json

    random.seed(3)
    np.random.seed(4)
    random.gauss(0, 1)
    np.random.normal()
    state = json.loads(json.dumps(get_random_state()))
    expected = [random.gauss(0, 1), random.random(), np.random.normal(), np.random.rand()]
    set_random_state(state)
    assert [random.gauss(0, 1), random.random(), np.random.normal(), np.random.rand()] == expected


@pytest.mark.parametrize("start", [0.5, 0.0, -1.5])
def test_sgd_finds_the_minimum_of_a_parabola(start):
    assert abs(sgd(quadratic, start, 0.01, 1000)) <= 1e-6


def test_the_step_is_halved_after_every_20000_iterations():
    steps = [annealed_step(0.3, t) for t in (1, 20_000, 20_001, 40_000, 40_001)]
    assert steps == [0.3, 0.3, 0.15, 0.15, 0.075]
    ends = sgd(lambda x: (1.0, np.ones(())), 0.0, 1.0, 6, anneal_every=2)
    assert ends == -(1 + 1 + 0.5 + 0.5 + 0.25 + 0.25)


def test_the_loss_is_smoothed_and_reported_every_ten_iterations():
    losses = iter(range(1, 31))
    seen = []
    sgd(lambda x: (next(losses), 0 * x), 0.0, 0.1, 30, report=lambda i, loss: seen.append((i, loss)))
    first, second = 10.0, 0.95 * 10 + 0.05 * 20
    assert seen == [(10, first), (20, pytest.approx(second)), (30, pytest.approx(0.95 * second + 0.05 * 30))]
    assert smoothed_loss(None, 0.0) == 0.0


def test_postprocess_is_applied_after_each_step():
    def onto_sphere(x):
        return x / np.linalg.norm(x)

    end = sgd(lambda x: (float(x[0]), np.array([1.0, 0.0])), [0.6, 0.8], 0.1, 500, postprocess=onto_sphere)
    np.testing.assert_allclose(end, [-1, 0], atol=1e-6)


def test_the_start_is_not_changed():
    start = np.ones(2)
    sgd(quadratic, start, 0.1, 5)
    np.testing.assert_array_equal(start, 1)


@pytest.mark.parametrize("stopped_at", [0, 1, 4, 5, 14, 20, 29])
def test_a_run_that_was_stopped_and_resumed_ends_with_the_same_bits(tmp_path, stopped_at):
    def run(**options):
        seen = []
        end = sgd(noisy, np.zeros(3), 0.1, options.pop("iterations", 30), anneal_every=8, checkpoint_every=5,
                  report=lambda *line: seen.append(line), report_every=2, **options)  # fmt: skip
        return end, seen[-1:]

    random.seed(1)
    np.random.seed(1)
    expected = run()
    random.seed(1)
    np.random.seed(1)
    run(checkpoints=Checkpoints(tmp_path), iterations=stopped_at)
    if stopped_at >= 5:  # with nothing saved yet, the start's random state is the caller's to set again
        random.seed(99)
        np.random.seed(99)
    else:
        random.seed(1)
        np.random.seed(1)
    end, last = run(checkpoints=Checkpoints(tmp_path), resume=True)
    np.testing.assert_array_equal(end, expected[0])
    assert last == expected[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"iterations": -1}, "at least 0"), ({"report_every": 0}, "at least 1"), ({"resume": True}, "checkpoints=")],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        sgd(quadratic, 1.0, 0.1, **{"iterations": 3, **options})


def test_a_loss_that_is_not_a_number_stops_the_run_and_names_the_step():
    losses = iter([1.0, 1.0, float("nan")])
    with pytest.raises(ValueError, match=r"iteration 3: the step 0.1"):
        sgd(lambda x: (next(losses), x), 1.0, 0.1, 10)


def test_a_new_run_is_never_resumed_from_an_older_one(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    sgd(quadratic, np.ones(2), 0.01, 100, checkpoints=checkpoints, checkpoint_every=10)
    sgd(quadratic, np.full(2, -7.0), 0.01, 20, checkpoints=checkpoints, checkpoint_every=10)
    resumed = sgd(quadratic, np.full(2, -7.0), 0.01, 110, checkpoints=checkpoints, resume=True)
    np.testing.assert_array_equal(resumed, sgd(quadratic, np.full(2, -7.0), 0.01, 110))


@pytest.mark.parametrize(("start", "iterations"), [(np.ones(3), 30), (np.ones(2), 5)])
def test_a_checkpoint_of_another_problem_or_past_the_end_is_refused(tmp_path, start, iterations):
    checkpoints = Checkpoints(tmp_path)
    sgd(quadratic, np.ones(2), 0.01, 10, checkpoints=checkpoints, checkpoint_every=10)
    with pytest.raises(ValueError, match="start anew with resume=False"):
        sgd(quadratic, start, 0.01, iterations, checkpoints=checkpoints, resume=True)


def test_a_damaged_checkpoint_is_passed_over_with_a_warning(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    sgd(quadratic, np.ones(2), 0.01, 20, checkpoints=checkpoints, checkpoint_every=10)
    newest = max(tmp_path.iterdir())
    newest.write_bytes(newest.read_bytes()[:-1])
    with pytest.warns(UserWarning, match=newest.name):
        sgd(quadratic, np.ones(2), 0.01, 20, checkpoints=checkpoints, resume=True)


def test_a_gradient_of_another_shape_is_refused_by_sgd():
    with pytest.raises(ValueError, match="its gradient"):
        sgd(lambda x: (1.0, np.ones((2, 3))), np.ones(3), 0.1, 2)


def test_a_distance_of_zero_is_refused():
    with pytest.raises(ValueError, match="step is 0"):
        gradient_check(quadratic, np.ones(2), step=0)
