"""A gallery of wrong gradients seen in the wild: each as code that runs, with how it shows and how to mend it.

`MISTAKES` holds them all. ``observe(function, candidate)`` calls someone's function with fixed arguments and draws, and
``recognise(function, outcomes)`` names the mistakes in what came out.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from firth.course.mistakes.mistake import REGISTERED, Mistake
from firth.course.mistakes.probes import PROBES, Outcome, Probe, observe
from firth.course.mistakes.right import RIGHT

for _room in ("functions", "naive_softmax", "negative_sampling", "windows", "context", "descent", "drawing"):
    importlib.import_module(f"firth.course.mistakes.{_room}")

MISTAKES: dict[str, Mistake] = {each.name: each for each in REGISTERED}
"""The gallery: from a mistake's name to it, function by function."""


def recognise(function: str, outcomes: Sequence[Outcome]) -> list[Mistake]:
    """Name the mistakes in a function by what it gave.

    Parameters
    ----------
    function
        The function that it should be, such as ``"negSamplingLossAndGradient"``; a key of `PROBES`.
    outcomes
        ``observe(function, candidate)``.

    Returns
    -------
    list of Mistake
        The one that explains most first; one whose traces another explains too is left out. Empty where the function
        is right, or wrong in a way that is not in the gallery.
    """
    found = [each for each in MISTAKES.values() if each.function == function and each.matches(outcomes)]
    found.sort(key=lambda each: -len(each.signature()))
    kept: list[Mistake] = []
    for each in found:
        if not any(each.signature() <= other.signature() for other in kept):
            kept.append(each)
    return kept


__all__ = ["MISTAKES", "PROBES", "RIGHT", "Mistake", "Outcome", "Probe", "observe", "recognise"]
