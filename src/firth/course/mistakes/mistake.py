"""One entry of the gallery of wrong gradients: the wrong code, what is wrong with it, how it shows, and the mend."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from firth.course.mistakes.probes import PROBES, Outcome, observe
from firth.course.mistakes.right import RIGHT


@dataclass(frozen=True)
class Mistake:
    """A mistake that people make, as code that runs.

    Attributes
    ----------
    name
        What it is called, such as ``"repeats-dropped"``.
    title
        What it is, in a few words.
    function
        The function that it is made in, a key of `RIGHT`: an assignment's name such as ``"skipgram"``.
    wrong
        The wrong code, with the signature of that function.
    what_is_wrong
        Sentences: what the code does, and what it should.
    how_it_shows
        Sentences: which check finds it, and what that sees.
    mend
        Sentences: what to write instead.
    """

    name: str
    title: str
    function: str
    wrong: Callable[..., Any]
    what_is_wrong: str
    how_it_shows: str
    mend: str

    @property
    def right(self) -> Callable[..., Any]:
        """The function as it should be, with the same signature."""
        return RIGHT[self.function]

    @property
    def source(self) -> str:
        """The wrong code as a person would have written it, under the function's own name."""
        lines = textwrap.dedent(inspect.getsource(self.wrong))
        body = lines[re.search(r"^def ", lines, flags=re.MULTILINE).start() :]  # type: ignore[union-attr]
        return body.replace(self.wrong.__name__, self.function, 1).rstrip()

    def outcomes(self) -> list[Outcome]:
        """What the wrong code gives at each of the function's probes."""
        return _observed(self.function, self.wrong)

    def signature(self) -> frozenset[tuple[int, int]]:
        """Where the wrong code's outcomes are not the right ones.

        Extreme probes count only where no other shows the mistake: most code that is wrong overflows too, each in its
        own way.

        Returns
        -------
        set of (number of the probe, number of the part of its outcome); part -1 is the error raised
        """
        return _signature(self)

    def matches(self, outcomes: Sequence[Outcome]) -> bool:
        """Whether someone's outcomes at the function's probes are wrong exactly where and as this mistake's are.

        Parts that the mistake leaves right may be wrong by another one, so two mistakes in two gradients are both
        found.

        Parameters
        ----------
        outcomes
            ``observe(mistake.function, their_function)``.
        """
        mine, signature = self.outcomes(), self.signature()
        touched = {part for _, part in signature}
        ordinary = {
            (number, part)
            for number, probe in enumerate(PROBES[self.function])
            for part in touched
            if not probe.is_extreme and (part < 0) == (mine[number].error is not None)
        }
        return bool(signature) and all(
            outcomes[number].error == mine[number].error
            if part < 0
            else len(outcomes[number].parts) == len(mine[number].parts) and mine[number].agrees(outcomes[number], part)
            for number, part in ordinary | signature
        )


@cache
def _observed(function: str, candidate: Callable[..., Any]) -> list[Outcome]:
    return observe(function, candidate)


@cache
def _signature(mistake: Mistake) -> frozenset[tuple[int, int]]:
    ordinary: set[tuple[int, int]] = set()
    extreme: set[tuple[int, int]] = set()
    right_outcomes = _observed(mistake.function, mistake.right)
    for number, (wrong, right) in enumerate(zip(mistake.outcomes(), right_outcomes, strict=True)):
        found = extreme if PROBES[mistake.function][number].is_extreme else ordinary
        if wrong.error is not None:
            found.add((number, -1))
        found |= {(number, part) for part in range(len(wrong.parts)) if not wrong.agrees(right, part)}
    return frozenset(ordinary or extreme)


REGISTERED: list[Mistake] = []


def mistake(
    name: str, function: str, title: str, what_is_wrong: str, how_it_shows: str, mend: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Put the decorated wrong code into the gallery; the arguments are those of `Mistake`."""

    def register(wrong: Callable[..., Any]) -> Callable[..., Any]:
        sentences = (" ".join(text.split()) for text in (what_is_wrong, how_it_shows, mend))
        REGISTERED.append(Mistake(name, title, function, wrong, *sentences))
        return wrong

    return register
