"""The commands of the assignment: `firth grade` and `firth course new|pack`."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli_corpus import Json, Quiet
from firth.output import print_json, printable, say
from firth.progress import progress

if TYPE_CHECKING:
    from rich.console import Console

    from firth.course.grader import Finding, Grade, PartGrade

WIDTH = 80
_INDENT = 6

course_app = typer.Typer(help="The assignment: begin it, and pack it up to hand in.", no_args_is_help=True)


def grade(
    path: Annotated[
        Path, typer.Argument(help="A folder with word2vec.py and sgd.py, a zip of it, or a file.", metavar="PATH")
    ],
    timeout: Annotated[float, typer.Option(help="Seconds that each function may take.", metavar="SECONDS")] = 10.0,
    memory: Annotated[int, typer.Option(help="Megabytes that each function may take.", metavar="MB")] = 1024,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the inputs: the same seed, the same inputs.")] = 1,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Grade a word2vec.py: 16 points, and what is wrong with the rest. Runs the file, with your rights.

    Exit status 0 for full marks, 1 below.
    """
    from firth.course.grader import Limits, read_submission
    from firth.course.grader import grade as grade_work

    limits = Limits(timeout, memory)
    limits.check()
    submission = read_submission(path)
    if not quiet:
        limited = f"at most {timeout:g} s and {memory} MB"
        say(f"running {printable(str(path))} with your rights: each function in a process of its own, {limited} each")
    with progress("grading", quiet=quiet) as report:
        answer = grade_work(submission, limits=limits, seed=seed, report=report)
    if as_json:
        print_json(answer.as_json())
    else:
        _print_grade(answer)
    if not answer.passed:
        raise typer.Exit(1)


@course_app.command("new")
def course_new(
    folder: Annotated[Path, typer.Argument(help="Where to write it.", metavar="DIR")],
    force: Annotated[bool, typer.Option("--force", help="Write over files that stand there.")] = False,
) -> None:
    """Write the empty assignment: what to derive, what to program, and how to check it."""
    from firth.course.workbook import new_course

    new_course(folder, force=force)
    print(f"The assignment is in {folder}. Begin with {folder / 'README.md'}, then:\n")  # noqa: T201
    print(f"    cd {folder}\n    make check      # or: firth grade .")  # noqa: T201


@course_app.command("pack")
def course_pack(
    folder: Annotated[Path, typer.Argument(help="Where the work is.", metavar="DIR")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The zip file.", metavar="FILE", show_default="submission.zip in DIR"),
    ] = None,
    no_written: Annotated[bool, typer.Option("--no-written", help="Go without the written part.")] = False,
    as_json: Json = False,
) -> None:
    """Make the zip file to hand in; say what is in it and what is not."""
    from firth.course.workbook import pack
    from firth.files import sha256_of

    packed = pack(folder, out, written=not no_written)
    if as_json:
        print_json(
            {
                "path": str(packed.path),
                "files": packed.files,
                "left_out": packed.left_out,
                "untouched": packed.untouched,
                "sha256": sha256_of(packed.path),
            }
        )
        return
    lines = [f"packed: {packed.path}", f"  with      {', '.join(packed.files)}"]
    if packed.left_out:
        lines.append(f"  without   {', '.join(packed.left_out)}")
    lines.append(f"  sha256    {sha256_of(packed.path)}")
    print("\n".join(printable(line) for line in lines))  # noqa: T201
    for name in packed.untouched:
        say(f"note: {name} is as it was given; nothing has been written into it")


def _print_grade(answer: Grade) -> None:
    """Show the grade on 80 columns; in colour on a terminal alone."""
    from rich.console import Console

    console = Console(width=WIDTH, highlight=False, emoji=False, markup=False, soft_wrap=True)
    console.print()
    told = False
    known: set[Finding] = set()
    for part in answer.parts:
        if not part.given or not part.passed:
            told = _print_part(console, part, known)
            known.update(part.findings)
    if not told:
        console.print()
    bold = "bold green" if answer.passed else "bold"
    console.print(f"{'':{_INDENT - 2}}{answer.points} of {answer.of} points", style=bold, end="")
    console.print(f"  {_closing(answer)}")
    advice = [(part, finding) for part in answer.parts for finding in part.advice]
    if advice:
        console.print("\n    Worth knowing, and costs nothing:")
    for part, finding in advice:
        console.print(f"\n    {part.function}", style="bold")
        _print_finding(console, finding)
    console.print()


def _print_part(console: Console, part: PartGrade, known: Collection[Finding]) -> bool:
    """Show one function; return whether more than its line was shown, which ends with a blank one.

    A cause that was told before, such as a file that can't be read, is not told again.
    """
    mark, style = _mark(part)
    of = "given" if part.given else f"{part.points} of {part.of}"
    console.print(f"  {mark} ", style=style, end="")
    findings = part.findings
    alone = len(findings) == 1 and part.points == 0 and all(check.finding for check in part.checks)
    note = ""
    if alone and findings[0].kind == "unfinished":
        note = "not written yet"
    elif alone and findings[0] in known:
        note = "for the same reason"
    title = part.function + (f"  {note}" if note else "")
    console.print(f"{title:<{WIDTH - _INDENT - 10}}{of:>8}", style="" if part.passed else "bold")
    if part.passed or note:
        return False
    if not alone:
        for check in part.checks:
            mark, style = (_marks()[0], "green") if check.passed else (_marks()[1], "red")
            console.print(f"      {mark} ", style=style, end="")
            points = f"{check.points} of {check.of}" if check.of else ""
            console.print(f"{check.title:<{WIDTH - _INDENT - 14}}{points:>8}")
    if part.remark:
        _print_wrapped(console, part.remark, style="italic")
    for finding in findings:
        _print_finding(console, finding)
    console.print()
    return True


def _print_finding(console: Console, finding: Finding) -> None:
    from firth.course.mistakes import MISTAKES

    console.print()
    _print_wrapped(console, finding.says)
    if finding.line is not None:
        console.print(f"\n{'':{_INDENT}}{printable(finding.file)}, line {finding.line}", style="cyan")
        if finding.text:
            shown = textwrap.shorten(printable(finding.text), WIDTH - _INDENT - 6, placeholder=" ...")
            console.print(f"{'':{_INDENT}}  {shown}", style="dim")
    if finding.evidence:
        console.print()
        for line in finding.evidence:
            console.print(f"{'':{_INDENT}}{line}", style="dim")
    if finding.mend:
        console.print()
        _print_wrapped(console, finding.mend, lead=f"{_marks()[3]} ", style="green")
    for name in finding.mistakes:
        if name in MISTAKES:
            console.print(f"{'':{_INDENT}}  firth explain mistakes {name}", style="cyan")


def _print_wrapped(console: Console, text: str, lead: str = "", style: str = "") -> None:
    indent = " " * _INDENT
    lines = textwrap.wrap(
        printable(text),
        WIDTH - 2,
        initial_indent=indent + lead,
        subsequent_indent=indent + " " * len(lead),
        break_long_words=True,
        break_on_hyphens=False,
    )
    console.print("\n".join(lines), style=style)


def _mark(part: PartGrade) -> tuple[str, str]:
    if part.passed:
        return _marks()[0], "green"
    unfinished = all(finding.kind in {"unfinished", "missing"} for finding in part.findings)
    return (_marks()[2], "yellow") if unfinished else (_marks()[1], "red")


def _marks() -> tuple[str, str, str, str]:
    """Right, wrong, not written, what to do; plain letters where the terminal has no others."""
    marks = ("✓", "✗", "○", "→")
    try:
        "".join(marks).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return ("+", "x", "o", ">")
    return marks


def _closing(answer: Grade) -> str:
    if answer.passed:
        return "All of it is right. Well done!"
    wrong = [part for part in answer.parts if not part.passed]
    begun = [part for part in wrong if any(finding.kind not in {"unfinished", "missing"} for finding in part.findings)]
    first = (begun or wrong)[0].function
    if answer.points == answer.of:
        return f"Yours is right; {first}, which was given, has been changed."
    return f"Next: {first}."
