"""From what a function gave to what is told of it: which checks pass, and one finding for each cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from firth.course.grader.differences import describe, evidence, shape_problem
from firth.course.grader.findings import Finding, failure_finding, is_unwritten
from firth.course.grader.matching import Gallery, Match
from firth.course.grader.outcomes import Outcome, is_right
from firth.course.grader.parts import CheckPlan, Part
from firth.course.grader.process import Limits


def passes(check: CheckPlan, part: Part, outcomes: Sequence[Outcome]) -> bool:
    """Whether a component is right in all of a check's cases, the second time too."""
    return all(
        outcomes[number].skipped
        or (
            outcomes[number].failure is None
            and not outcomes[number].changed
            and is_right(outcomes[number].components[check.component], part.cases[number].right[check.component])
        )
        for number in check.cases
    )


def unwritten(part: Part, outcomes: Sequence[Outcome]) -> bool:
    """Whether nothing has been written into a function yet."""
    required = [outcomes[number] for number in required_cases(part) if not outcomes[number].skipped]
    if all(outcome.failure is not None and is_unwritten(outcome.failure) for outcome in required):
        return True
    if any(outcome.failure is not None for outcome in required):
        return False
    values = [value for outcome in required for value in outcome.components]
    numbers = [value for value in values if isinstance(value, np.ndarray)]
    others = [value for value in values if not isinstance(value, np.ndarray)]
    nothing = all(value is None or value == "a value of type ellipsis" for value in others)
    if nothing and not any(value.any() for value in numbers):
        return True
    return part.function == "sgd" and not any(outcome.evaluations for outcome in required)


def required_cases(part: Part) -> list[int]:
    """Cases of the checks that count."""
    return sorted({number for check in part.checks if not check.advice for number in check.cases})


def explain(part: Part, outcomes: Sequence[Outcome], limits: Limits) -> dict[int, Finding]:
    """Find the causes of the checks that fail.

    Returns
    -------
    dict of int to Finding
        By the number of the check. Checks that fail for one cause have the same finding.
    """
    failing = {
        number: check
        for number, check in enumerate(part.checks)
        if not check.advice and not passes(check, part, outcomes)
    }
    if failing and unwritten(part, outcomes):
        return dict.fromkeys(failing, Finding("unfinished", "Not written yet."))
    gallery = Gallery(part)
    found: dict[int, Finding] = {}
    components = {check.component for check in failing.values()}
    for match in gallery.recognise(outcomes, components, required_cases(part)) if failing else []:
        finding = _of_match(match)
        for number, check in failing.items():
            if check.component in match.components:
                found[number] = finding
    for number, check in failing.items():
        finding = found.get(number) or _of_check(check, part, outcomes, limits)
        found[number] = finding if number not in found else replace(finding, evidence=_shown(check, part, outcomes))
    return _shared(found)


def advice(part: Part, outcomes: Sequence[Outcome]) -> list[Finding]:
    """What is worth knowing of a function that is right where it must be."""
    found = []
    for check in part.checks:
        if check.advice and not passes(check, part, outcomes):
            cases = [*required_cases(part), *check.cases]
            matches = Gallery(part).recognise(outcomes, [check.component], cases)
            if matches:
                found.append(_of_match(matches[0]))
            else:
                mend = "e^x overflows above 709. Subtract the largest score first; the softmax of utils.utils does."
                mend = mend if part.function.startswith("naive") else ""
                says = f"The {check.title}: other numbers come out than should."
                found.append(Finding("difference", says, mend, evidence=_shown(check, part, outcomes)))
    if part.function == "sgd" and (wasted := _evaluations(part, outcomes)):
        found.append(wasted)
    return found


def _evaluations(part: Part, outcomes: Sequence[Outcome]) -> Finding | None:
    given = part.cases[1].given
    times = outcomes[1].evaluations / given.iterations if outcomes[1].failure is None else 0
    if times < 2:
        return None
    return Finding(
        "difference",
        f"f is evaluated {times:g} times in each iteration, which takes {times:g} times as long.",
        "Take both at once: loss, grad = f(x).",
    )


def _of_match(match: Match) -> Finding:
    if len(match.mistakes) == 1:
        mistake = match.mistakes[0]
        says = " ".join(filter(None, (f"{_sentence(mistake.title)} {mistake.what_is_wrong}", match.besides)))
        return Finding("mistake", says, mistake.mend, (mistake.name,))
    one, other = match.mistakes
    says = f"Two mistakes at once. {_sentence(one.title)} And: {_sentence(other.title)}"
    return Finding("mistake", says, f"{one.mend} And: {other.mend}", (one.name, other.name))


def _sentence(title: str) -> str:
    return f"{title[0].upper()}{title[1:]}."


def _of_check(check: CheckPlan, part: Part, outcomes: Sequence[Outcome], limits: Limits) -> Finding:
    """A finding for a check that the gallery has no name for."""
    asked = [(number, outcomes[number]) for number in check.cases if not outcomes[number].skipped]
    for _, outcome in asked:
        if outcome.failure is not None:
            return failure_finding(outcome.failure, limits, part.function)
    wrong = [
        (outcome.components[check.component], part.cases[number])
        for number, outcome in asked
        if not is_right(outcome.components[check.component], part.cases[number].right[check.component])
    ]
    if not wrong:
        return Finding(
            "difference",
            "The first call is right; the second, with the same arguments, gives something else.",
            "Change no argument in place (such as `outsideVectors -= ...`), and keep nothing between calls.",
        )
    name = part.components[check.component]
    for value, case in wrong:
        if problem := shape_problem(value, case.right[check.component], name):
            return Finding("unfinished" if value is None else "shape", problem)
    numbers = [(value, case) for value, case in wrong if isinstance(value, np.ndarray)]
    return Finding("difference", describe(numbers, part, check.component), evidence=_shown(check, part, outcomes))


def _shown(check: CheckPlan, part: Part, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    for number in check.cases:
        if outcomes[number].components:
            lines = evidence(outcomes[number].components[check.component], part.cases[number], part, check.component)
            if lines:
                return lines
    return ()


def _shared(found: dict[int, Finding]) -> dict[int, Finding]:
    """Give checks that fail for the same cause one finding, with the numbers of the last: gradients say more."""
    last: dict[Finding, Finding] = {}
    for finding in found.values():
        last[replace(finding, evidence=())] = finding
    return {number: last[replace(finding, evidence=())] for number, finding in found.items()}
