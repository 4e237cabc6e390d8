"""The commands that teach: `firth check --proofs` and `firth explain`."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from firth.cli_corpus import Json
from firth.errors import FirthError
from firth.output import print_json, print_table, printable
from firth.progress import progress


def check_proofs(*, quiet: bool, as_json: bool) -> None:
    """Prove every numbered equation; one line each."""
    from firth.course.proofs import run_proofs

    with progress("proving", quiet=quiet) as report:
        results = run_proofs(report=report)
    failed = [each for each in results if not each.passed]
    if as_json:
        print_json({"passed": not failed, "proofs": [_as_json(each) for each in results]})
    else:
        rows = [
            (
                f"({each.proof.stated.number})",
                each.proof.stated.statement,
                each.proof.stated.how,
                "exact" if each.difference is None else f"{each.difference:.0e}",
                f"{each.seconds * 1000:.0f} ms",
                "proved" if each.passed else "FAILED",
            )
            for each in results
        ]
        print_table(("", "equation", "by", "in numbers", "time", ""), rows, right=("", "in numbers", "time"))
        for each in failed:
            wrong = [one.what for one in each.findings if not one.passed]
            print(f"\n({each.proof.stated.number}) is not proved: {printable('; '.join(wrong))}")  # noqa: T201
    if failed:
        numbers = ", ".join(f"({each.proof.stated.number})" for each in failed)
        raise FirthError(f"{len(failed)} of {len(results)} equations are not proved: {numbers}")
    if not as_json:
        seconds = sum(each.seconds for each in results)
        print(f"\nall {len(results)} equations proved in {seconds:.1f} s")  # noqa: T201


def _as_json(each: Any) -> dict[str, Any]:
    return {
        "equation": each.proof.stated.number,
        "statement": each.proof.stated.statement,
        "by": each.proof.stated.how,
        "functions": list(each.proof.stated.functions),
        "passed": each.passed,
        "seconds": each.seconds,
        "findings": [
            {
                "what": one.what,
                "passed": one.passed,
                "difference": one.difference if one.difference is None or one.difference < float("inf") else None,
                "exact": one.difference is None,
            }
            for one in each.findings
        ],
    }


def explain(
    topic: Annotated[
        str | None, typer.Argument(help="Such as negative-sampling, or mistakes; without one, all are listed.")
    ] = None,
    name: Annotated[str | None, typer.Argument(help="After mistakes: one of them.")] = None,
    as_json: Json = False,
) -> None:
    """Explain a topic: its formula, how it is derived, the code that computes it, and a worked number."""
    from firth.course.explain import page_of, table_of_contents

    page = table_of_contents() if topic is None else page_of(topic, name)
    if as_json:
        print_json(page.as_json())
        return
    page.show(sys.stdout)
