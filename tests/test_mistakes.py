"""The gallery of mistakes: each is wrong, is told from the right function, and is recognised by its own name."""

import pytest

from firth.course.mistakes import MISTAKES, PROBES, RIGHT, observe, recognise

EACH = pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)


def test_there_are_at_least_twenty_and_every_function_has_one():
    assert len(MISTAKES) >= 20
    assert {each.function for each in MISTAKES.values()} == set(PROBES) == set(RIGHT)


@EACH
def test_each_mistake_is_caught_and_named(mistake):
    assert [found.name for found in recognise(mistake.function, mistake.outcomes())] == [mistake.name]


@pytest.mark.parametrize("function", PROBES)
def test_a_right_function_has_no_mistake(function):
    assert recognise(function, observe(function, RIGHT[function])) == []
    assert all(outcome.error is None for outcome in observe(function, RIGHT[function]))
