"""Names the mistakes in wrong numbers: those of the gallery that give the same ones, alone or two together.

The gallery's wrong functions are called with what the student's was called with. Source is never looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from firth.course.grader.more_mistakes import mistakes_in
from firth.course.grader.outcomes import Component, Outcome, close, is_right, outcomes_here
from firth.course.grader.parts import Part
from firth.course.mistakes import Mistake
from firth.theory.functions import Floats


@dataclass(frozen=True)
class Match:
    """Mistakes that explain components.

    Attributes
    ----------
    mistakes
        One, or two that come together.
    components
        Which components they explain.
    besides
        What is wrong besides, such as a flipped sign; empty where nothing is.
    """

    mistakes: tuple[Mistake, ...]
    components: frozenset[int]
    besides: str = ""


class Gallery:
    """The gallery's mistakes in one function, and what they give in the cases of a part.

    Parameters
    ----------
    part
        The function.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
        self._found: list[tuple[Mistake, list[Outcome]]] | None = None

    @property
    def _entries(self) -> list[tuple[Mistake, list[Outcome]]]:
        """The mistakes with their outcomes, worked out when something is wrong and not before."""
        if self._found is None:
            ours = mistakes_in(self._part.function)
            self._found = [(each, outcomes_here(each.wrong, self._part)) for each in ours]
        return self._found

    def recognise(self, outcomes: Sequence[Outcome], failing: Iterable[int], cases: Iterable[int]) -> list[Match]:
        """Find the mistakes that explain the components that fail, the ones that explain most first.

        Parameters
        ----------
        outcomes
            What the student's function gave, case by case.
        failing
            Which components are wrong.
        cases
            Which cases to look at.
        """
        seen = [number for number in cases if not outcomes[number].skipped]
        if any((failure := outcomes[number].failure) and failure.kind != "raised" for number in seen):
            return []  # a process that ended is no wrong number
        left, matches = set(failing), []
        everything = range(len(self._part.components))
        ranked: list[tuple[int, int, int, Mistake, frozenset[int]]] = []
        for mistake, theirs in self._entries:
            wrong = {each for each in everything if self._is_wrong(theirs, each, seen)}
            agreeing = {each for each in everything if _agree(outcomes, theirs, each, seen)}
            if wrong & agreeing & left:
                ranked.append((-len(agreeing), len(wrong), len(ranked), mistake, frozenset(wrong & agreeing & left)))
        for *_, mistake, explained in sorted(ranked, key=lambda each: each[:3]):
            if explained & left:
                matches.append(Match((mistake,), explained & left))
                left -= explained
        for component in sorted(left):
            together = self._together(outcomes, component, seen)
            if together is not None:
                matches.append(together)
        return matches

    def _is_wrong(self, outcomes: Sequence[Outcome], component: int, cases: Iterable[int]) -> bool:
        return any(
            outcomes[number].failure is not None
            or not is_right(outcomes[number].components[component], self._part.cases[number].right[component])
            for number in cases
        )

    def _together(self, outcomes: Sequence[Outcome], component: int, cases: Sequence[int]) -> Match | None:
        """Two mistakes in one component: a flipped sign beside another, or two whose differences or factors combine."""
        mine = _stacked([outcomes[number] for number in cases], component)
        if mine is None:
            return None
        right = np.concatenate([np.ravel(self._part.cases[number].right[component]) for number in cases])
        entries = []
        for mistake, theirs in self._entries:
            wrong = _stacked([theirs[number] for number in cases], component)
            if wrong is not None and wrong.shape == right.shape == mine.shape and not close(wrong, right):
                entries.append((mistake, wrong))
        for mistake, wrong in entries:
            if close(mine, -wrong) and not close(wrong, -right):
                return Match((mistake,), frozenset([component]), "Besides, the sign is wrong everywhere.")
        for (one, its), (other, others) in combinations(entries, 2):
            if any(close(mine, both) for both in _combined(right, its, others)):
                return Match((one, other), frozenset([component]))
        return None


def _combined(right: Floats, one: Floats, other: Floats) -> Iterator[Floats]:
    """What two mistakes give together, where each is a sum on top of the right numbers, or a factor of them."""
    yield one + other - right
    there = np.abs(right) > 1e-9
    if np.allclose(one[~there], 0) and np.allclose(other[~there], 0):
        yield np.where(there, one * other / np.where(there, right, 1.0), 0.0)


def _agree(outcomes: Sequence[Outcome], theirs: Sequence[Outcome], component: int, cases: Iterable[int]) -> bool:
    for number in cases:
        mine, wrong = outcomes[number], theirs[number]
        if mine.error != wrong.error:
            return False
        if mine.failure is None and not close(_one_number(mine.components[component]), wrong.components[component]):
            return False
    return True


def _one_number(value: Component) -> Component:
    return value.reshape(()) if isinstance(value, np.ndarray) and value.shape == (1,) else value


def _stacked(outcomes: Sequence[Outcome], component: int) -> Floats | None:
    """A component of all cases in one vector; None where it is not all finite numbers."""
    values = []
    for outcome in outcomes:
        value = outcome.components[component] if outcome.components else None
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf" or not np.isfinite(value).all():
            return None
        values.append(np.ravel(value).astype(np.float64))
    return np.concatenate(values)
