"""Grades a submission: every function in a process of its own, points check by check, a finding for each cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from firth.course.grader.explain import advice, explain, passes
from firth.course.grader.findings import Finding, failure_finding
from firth.course.grader.outcomes import Outcome, outcome_of
from firth.course.grader.parts import Part, assignment_parts
from firth.course.grader.process import FailedError, Limits, StudentProcess
from firth.course.grader.submission import Submission, read_submission
from firth.errors import OptionError
from firth.progress import Report, silent


@dataclass(frozen=True)
class Check:
    """One line of the table: points for one thing being right."""

    title: str
    points: int
    of: int
    passed: bool
    finding: Finding | None = None


@dataclass(frozen=True)
class PartGrade:
    """One function of the assignment.

    Attributes
    ----------
    function, file
        Its name, and the file that it is in.
    given
        Whether the assignment gives it: no points, but it must be right.
    checks
        What points were given for.
    advice
        What is worth knowing, and costs nothing.
    remark
        How it was graded, where that was not as usual.
    """

    function: str
    file: str
    given: bool
    checks: tuple[Check, ...]
    advice: tuple[Finding, ...] = ()
    remark: str = ""

    @property
    def points(self) -> int:
        """Points given."""
        return sum(check.points for check in self.checks)

    @property
    def of(self) -> int:
        """Points to be had."""
        return sum(check.of for check in self.checks)

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def findings(self) -> list[Finding]:
        """Each cause once, in the order of the checks."""
        return list(dict.fromkeys(check.finding for check in self.checks if check.finding is not None))


@dataclass(frozen=True)
class Grade:
    """What a submission is given.

    Attributes
    ----------
    path
        What was graded.
    seed
        The seed of the inputs.
    parts
        Function by function.
    """

    path: str
    seed: int
    parts: tuple[PartGrade, ...]

    @property
    def points(self) -> int:
        """Points given."""
        return sum(part.points for part in self.parts)

    @property
    def of(self) -> int:
        """Points to be had."""
        return sum(part.of for part in self.parts)

    @property
    def passed(self) -> bool:
        """Whether everything is right, what the assignment gives included."""
        return all(part.passed for part in self.parts)

    def as_json(self) -> dict[str, Any]:
        """The same as values that JSON can hold."""
        parts = []
        for part in self.parts:
            checks = [{**asdict(check), "finding": _as_json(check.finding)} for check in part.checks]
            parts.append(
                {
                    "function": part.function,
                    "file": part.file,
                    "given": part.given,
                    "points": part.points,
                    "of": part.of,
                    "passed": part.passed,
                    "remark": part.remark,
                    "checks": checks,
                    "advice": [_as_json(finding) for finding in part.advice],
                }
            )
        summary = {"path": self.path, "points": self.points, "of": self.of, "passed": self.passed, "seed": self.seed}
        return {**summary, "parts": parts}


def _as_json(finding: Finding | None) -> dict[str, Any] | None:
    return None if finding is None else asdict(finding)


def grade(
    work: str | Path | Submission, *, limits: Limits | None = None, seed: int = 1, report: Report = silent
) -> Grade:
    """Grade a student's ``word2vec.py`` and ``sgd.py``.

    The files are run: with the rights of the caller, apart from this process, within limits. Nothing that they print is
    shown, nothing that they write is kept.

    Parameters
    ----------
    work
        A folder, a zip file or a Python file: see `read_submission`; or what that returned.
    limits
        Time and memory of each function; None takes the defaults of `Limits`.
    seed
        Of the inputs: the same seed, the same inputs and the same grade.
    report
        Told which function is being run.

    Returns
    -------
    Grade

    Raises
    ------
    DataError
        There is nothing to grade.
    OptionError
        A limit or the seed is out of range.
    """
    limits = limits or Limits()
    limits.check()
    if not 0 <= seed < 2**63:
        raise OptionError(f"--seed is {seed}: give a whole number from 0 to {2**63 - 1}")
    submission = work if isinstance(work, Submission) else read_submission(work)
    grader = _Grader(submission, limits)
    parts = assignment_parts(seed)
    graded = []
    for number, part in enumerate(parts):
        report(number, len(parts), part.function)
        result = grader.part(part)
        if result is not None:
            graded.append(result)
    report(len(parts), len(parts), "")
    return Grade(str(submission.path), seed, tuple(graded))


class _Grader:
    """One submission, part by part; remembers what its files hold."""

    def __init__(self, submission: Submission, limits: Limits) -> None:
        self._submission, self._limits = submission, limits
        self._names: dict[str, list[str] | Finding] = {}
        self._sigmoid_failed = False

    def part(self, part: Part) -> PartGrade | None:
        """Grade one function; None for what the assignment gives and this file does without."""
        module = self._module_of(part)
        names = self._names_in(module) if module else Finding("missing", f"There is no {part.module}.py.")
        if isinstance(names, Finding):
            return None if part.given else self._lost(part, module, names)
        name = next((each for each in (part.function, *part.aliases) if each in names), None)
        if name is None:
            says = f"There is no function {part.function} in {self._shown(module)}."
            return None if part.given else self._lost(part, module, Finding("missing", says))
        outcomes = self._outcomes(part, module, name)
        graded = self._graded(part, module, outcomes)
        if part.function == "sigmoid":
            self._sigmoid_failed = not graded.passed
        elif self._sigmoid_failed and not graded.passed and part.function.startswith("negSampling"):
            again = self._graded(part, module, self._outcomes(part, module, name, right_sigmoid=True))
            if again.points > graded.points:
                remark = "Graded with a right sigmoid in place of yours, so that one mistake costs its points once."
                return replace(again, remark=remark)
        return graded

    def _module_of(self, part: Part) -> str:
        """The file that a function is in; sgd may stand in word2vec.py where there is no sgd.py."""
        if part.module in self._submission.modules:
            return part.module
        names = self._names_in("word2vec") if "word2vec" in self._submission.modules else []
        return "word2vec" if part.module == "sgd" and isinstance(names, list) and "sgd" in names else ""

    def _names_in(self, module: str) -> list[str] | Finding:
        """What can be called in a file, or why it can't be imported."""
        if module not in self._names:
            try:
                with StudentProcess(self._submission.files, self._limits) as process:
                    self._names[module] = process.load(module)
            except FailedError as failure:
                finding = failure_finding(failure, self._limits, f"The import of {self._shown(module)}")
                self._names[module] = self._named(finding)
        return self._names[module]

    def _outcomes(self, part: Part, module: str, name: str, right_sigmoid: bool = False) -> list[Outcome]:
        """Ask a function all cases, in one process; once that is gone, the cases that are left share its fate."""
        outcomes: list[Outcome] = []
        try:
            with StudentProcess(self._submission.files, self._limits) as process:
                process.load(module)
                for case in part.cases:
                    request = {**case.request, "function": name, "right_sigmoid": right_sigmoid}
                    try:
                        outcomes.append(outcome_of(process.call(request, case.arrays), part, case))
                    except FailedError as failure:
                        if not (failure.kind in {"raised", "memory"} and failure.detail.get("error")):
                            raise
                        outcomes.append(Outcome(failure=failure))
        except FailedError as failure:
            outcomes += [Outcome(failure=failure)] * (len(part.cases) - len(outcomes))
        return outcomes

    def _graded(self, part: Part, module: str, outcomes: Sequence[Outcome]) -> PartGrade:
        found = explain(part, outcomes, self._limits)
        checks = []
        for number, check in enumerate(part.checks):
            if not check.advice:
                passed = passes(check, part, outcomes)
                finding = None if passed else self._named(found[number])
                checks.append(Check(check.title, check.points if passed else 0, check.points, passed, finding))
        right = all(check.passed for check in checks)
        told = [self._named(finding) for finding in advice(part, outcomes)] if right else []
        return PartGrade(part.function, self._shown(module), part.given, tuple(checks), tuple(told))

    def _lost(self, part: Part, module: str, finding: Finding) -> PartGrade:
        checks = [Check(each.title, 0, each.points, False, finding) for each in part.checks if not each.advice]
        return PartGrade(part.function, self._shown(module or part.module), part.given, tuple(checks))

    def _shown(self, module: str) -> str:
        return self._submission.shown(f"{module}.py")

    def _named(self, finding: Finding) -> Finding:
        """The finding with the file's name as the student knows it."""
        return replace(finding, file=self._submission.shown(finding.file)) if finding.file else finding
