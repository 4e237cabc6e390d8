"""The gallery of mistakes: each is wrong, is told from the right function, and is recognised by its own name."""

import random

import numpy as np
import pytest

from firth.course import getNegativeSamples, sigmoid
from firth.course.mistakes import MISTAKES, PROBES, RIGHT, observe, recognise

EACH = pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)


def names_of(function, candidate):
    return [found.name for found in recognise(function, observe(function, candidate))]


def test_there_are_at_least_twenty_and_every_function_has_one():
    assert len(MISTAKES) >= 50
    assert {each.function for each in MISTAKES.values()} == set(PROBES) == set(RIGHT)


@EACH
def test_each_mistake_is_caught_and_named(mistake):
    assert names_of(mistake.function, mistake.wrong) == [mistake.name]


@EACH
def test_each_mistake_says_what_is_wrong_how_it_shows_and_the_mend(mistake):
    assert min(len(mistake.what_is_wrong), len(mistake.how_it_shows), len(mistake.mend)) >= 30
    assert mistake.source.startswith(f"def {mistake.function}(")
    assert "# wrong" in mistake.source


@pytest.mark.parametrize("function", PROBES)
def test_a_right_function_has_no_mistake(function):
    assert names_of(function, RIGHT[function]) == []
    assert all(outcome.error is None for outcome in observe(function, RIGHT[function]))


@pytest.mark.parametrize("function", PROBES)
def test_a_function_that_fails_or_gives_nonsense_has_no_mistake_that_can_be_named(function):
    def unwritten(*arguments):
        raise NotImplementedError

    assert names_of(function, unwritten) == []
    assert names_of(function, lambda *arguments: None) == []
    assert names_of(function, lambda *arguments: (1.0, 2.0, 3.0)) == []


def looped(v, o, U, dataset, K=10, center=1.0, add=True, factor_of_row=lambda v, u: v):
    """Negative sampling as a student writes it, with room for mistakes."""
    loss, d_v, d_U = -np.log(sigmoid(U[o] @ v)), -(1 - sigmoid(U[o] @ v)) * U[o], np.zeros(U.shape)
    d_U[o] = -(1 - sigmoid(U[o] @ v)) * factor_of_row(v, U[o])
    for k in getNegativeSamples(o, dataset, K):
        loss -= np.log(sigmoid(-U[k] @ v))
        d_v = d_v + center * sigmoid(U[k] @ v) * U[k]
        row = sigmoid(U[k] @ v) * factor_of_row(v, U[k])
        d_U[k] = d_U[k] + row if add else row
    return loss, d_v, d_U


def test_a_mistake_is_recognised_in_code_that_is_written_otherwise():
    def overwritten(v, o, U, dataset, K=10):
        return looped(v, o, U, dataset, K, add=False)

    assert "repeats-dropped" in names_of("negSamplingLossAndGradient", overwritten)


def test_two_mistakes_in_two_gradients_are_both_named():
    def twice_wrong(v, o, U, dataset, K=10):
        return looped(v, o, U, dataset, K, center=0.0, factor_of_row=lambda v, u: u)

    names = names_of("negSamplingLossAndGradient", twice_wrong)
    assert {"center-without-negatives", "u-for-v"} <= set(names)


def test_whoever_is_observed_the_random_state_and_the_folder_are_left_as_they_were(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    random.seed(2)
    np.random.seed(2)
    expected = random.random(), np.random.rand()
    random.seed(2)
    np.random.seed(2)
    observe("sgd", RIGHT["sgd"])
    observe("gradcheck_naive", RIGHT["gradcheck_naive"])
    assert (random.random(), np.random.rand()) == expected
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""
