"""The `firth` command: parse, call, print. Answers go to standard output; progress, notes and errors to standard error.

Exit status: 0 on success, 2 on bad usage, 130 or 143 where a signal ended the work, 1 otherwise.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from firth import __version__
from firth.errors import DataError, FirthError
from firth.progress import progress
from firth.signals import StoppedError, StopRequest
from firth.training.config import FIRST_STEPS, LOSSES, MinibatchConfig

DEFAULTS = MinibatchConfig()

app = typer.Typer(
    name="firth",
    help="Train, check and explore word vectors.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="List, fetch and verify the data sets.", no_args_is_help=True)
app.add_typer(data_app, name="data")

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status.

    Parameters
    ----------
    arguments
        What follows ``firth``; None takes it from the command line.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for a terminal that has no letter σ
    try:
        code = app(args=[each for each in given if each != "--debug"], standalone_mode=False, prog_name="firth")
        sys.stdout.flush()
        if code == 128 + signal.SIGINT:  # what typer makes of a KeyboardInterrupt
            return _fail("stopped; no file is left half-written", code)
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        # The reader has left, as in  firth data list | head -1: nobody is there to be told.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except StoppedError as stopped:
        return _fail(str(stopped), stopped.exit_code)
    except Exception as error:
        if debug:
            raise
        return _fail(*_sentence(error))


def _sentence(error: Exception) -> tuple[str, int]:
    """What to tell a person of an error, and the exit status."""
    if isinstance(error, FirthError):
        return str(error), error.exit_code
    if hasattr(error, "format_message"):  # the parser's own errors, which typer does not export
        message, context = error.format_message().rstrip("."), getattr(error, "ctx", None)
        hint = f" (see {context.command_path} --help)" if message and context is not None else ""
        return message + hint, getattr(error, "exit_code", 2)
    if isinstance(error, MemoryError):
        return "there is not enough memory for this: ask for less, or close other programs", 1
    if isinstance(error, OSError):
        return f"{error.filename or 'reading or writing failed'}: {error.strerror or error}", 1
    return f"a fault of Firth ({type(error).__name__}: {error}): run it again with --debug and report what it shows", 1


def _fail(sentence: str, code: int) -> int:
    if sentence:
        _say(f"firth: {sentence}")
    return code


def _say(sentence: str) -> None:
    """Print to standard error; a note that nobody can read is no reason to fail."""
    with contextlib.suppress(OSError):
        print(sentence, file=sys.stderr, flush=True)  # noqa: T201


def _print_json(answer: Any) -> None:
    print(json.dumps(answer, indent=2, ensure_ascii=False))  # noqa: T201


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """Print a table; in a pipe, as wide as it needs to be."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*[Text(cell) for cell in row])
    console = Console(width=None if sys.stdout.isatty() else 10_000)
    with console.capture() as captured:
        console.print(table)
    print("\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n")))  # noqa: T201


def _version(wanted: bool) -> None:
    if wanted:
        print(f"firth {__version__}")  # noqa: T201
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    pass


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for what it makes.")] = Path("firth-demo"),
    dataset: Annotated[
        str, typer.Option(help="sst, python-docs, or auto: the treebank where it can be had.", metavar="NAME")
    ] = "auto",
    loss: Annotated[str, typer.Option(help=" or ".join(LOSSES) + ".", metavar="NAME")] = DEFAULTS.loss,
    iterations: Annotated[int, typer.Option(help="Batches in all.")] = DEFAULTS.iterations,
    dimensions: Annotated[int, typer.Option(help="D, the length of a vector.")] = DEFAULTS.dimensions,
    window: Annotated[int, typer.Option(help="C, the largest window; each is drawn from 1 to C.")] = DEFAULTS.window,
    negatives: Annotated[int, typer.Option(help="K, negatives for each outside word.")] = DEFAULTS.negatives,
    batch: Annotated[int, typer.Option(help="Windows a batch.")] = DEFAULTS.batch,
    step: Annotated[
        float | None,
        typer.Option(
            help="Step of the descent at first.",
            show_default=", ".join(f"{step} for {name}" for name, step in FIRST_STEPS.items()),
        ),
    ] = None,
    anneal_every: Annotated[int, typer.Option(help="Iterations until the step is halved.")] = DEFAULTS.anneal_every,
    repetitions: Annotated[int, typer.Option(help="How often the text is subsampled.")] = DEFAULTS.repetitions,
    subsample: Annotated[float, typer.Option(help="Share of the text above which words are thinned.")] = (
        DEFAULTS.subsample
    ),
    negative_exponent: Annotated[float, typer.Option(help="Negatives are drawn by count to this power.")] = (
        DEFAULTS.negative_exponent
    ),
    seed: Annotated[int, typer.Option(help="Seed of all randomness: the same seed, the same vectors.")] = DEFAULTS.seed,
    words: Annotated[str, typer.Option(help="Words for the picture, with commas between.", metavar="A,B,...")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in --out.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Train word vectors as the CS224n assignment does; picture them and tell sentiment by them."""
    step = FIRST_STEPS.get(loss, DEFAULTS.step) if step is None else step
    options = {name: value for name, value in locals().items() if name in MinibatchConfig.__dataclass_fields__}
    config = MinibatchConfig(**options)
    from firth.course.demo import run_demo

    stop = StopRequest(_say)
    try:
        finished = run_demo(
            out,
            config,
            dataset=dataset,
            words=tuple(word.strip() for word in words.split(",") if word.strip()),
            resume=resume,
            stage=partial(progress, quiet=quiet),
            announce=_say,
            stop=stop,
        )
    except KeyboardInterrupt:
        raise StoppedError(f"stopped: go on with  {_resume_command()}", signal.SIGINT) from None
    if finished.report is None:
        raise StoppedError(
            f"stopped at iteration {finished.run.iteration:,} with a checkpoint: go on with  {_resume_command()}",
            stop.signal_number or signal.SIGINT,
        )
    if as_json:
        _print_json(finished.report)
    else:
        _print_demo(finished.report, out)


def _print_demo(report: dict[str, Any], out: Path) -> None:
    rows = [
        ("data set", f"{report['dataset']}, {report['sentences']:,} sentences, {report['vocabulary_size']:,} words"),
        ("training", f"{report['iterations']:,} iterations in {report['training_seconds']:.1f} s"),
    ]
    if report["final_loss"] is not None:
        rows.append(("loss", f"{report['final_loss']:.2f} (smoothed)"))
    if sentiment := report["sentiment"]:
        rows.append(
            (
                "sentiment",
                f"{sentiment['test']:.1%} of test right (dev {sentiment['dev']:.1%}, train {sentiment['train']:.1%})",
            )
        )
        untrained, majority = f"{sentiment['untrained_test']:.1%}", f"{sentiment['majority_test']:.1%}"
        rows.append(("", f"{untrained} by untrained vectors, {majority} by always the commonest class of train"))
    else:
        rows.append(("sentiment", f"left out: {report['dataset']} has no labels"))
    rows += [("written", str(out / name)) for name in [*report["files"], "report.json"]]
    _print_table(("", ""), rows)


def _resume_command() -> str:
    """How this command was called, with --resume."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        command = [sys.executable, "-m", "firth"]
    else:
        command = ["firth" if shutil.which("firth") == str(called) else str(called)]
    return shlex.join([*command, *[each for each in sys.argv[1:] if each != "--resume"], "--resume"])


@app.command()
def check(as_json: Json = False) -> None:
    """Check every gradient, the assignment's published values, and the descent; exit 1 if one fails."""
    from firth.course.check import run_checks

    results = run_checks()
    failed = [result for result in results if not result.passed]
    if as_json:
        checks = [{**asdict(result), "difference": _finite(result.difference)} for result in results]
        _print_json({"passed": not failed, "checks": checks})
    else:
        rows = [
            (each.group, each.name, f"{each.difference:.1e}", f"{each.allowed:.0e}", "ok" if each.passed else "FAILED")
            for each in results
        ]
        _print_table(("group", "check", "difference", "allowed", ""), rows, right=("difference", "allowed"))
    if failed:
        raise FirthError(f"{len(failed)} of {len(results)} checks failed, the first: {failed[0].name}")
    if not as_json:
        print(f"\nall {len(results)} checks passed")  # noqa: T201


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


@data_app.command("list")
def data_list(as_json: Json = False) -> None:
    """Say which data sets there are, and which of them are here."""
    from firth.datasets import DATASETS, status

    states = [status(name) for name in DATASETS]
    if as_json:
        _print_json(
            [
                {
                    "name": each.name,
                    "state": each.state,
                    "place": each.place,
                    "folder": str(each.folder) if each.folder else None,
                    "problem": each.problem,
                    "description": DATASETS[each.name].description,
                    "source": DATASETS[each.name].source,
                    "licence": DATASETS[each.name].licence,
                }
                for each in states
            ]
        )
        return
    rows = [(each.name, each.state, each.place, DATASETS[each.name].description) for each in states]
    _print_table(("name", "state", "where", "what"), rows)
    for each in states:
        if each.problem:
            _say(f"{each.name}: {each.problem}")


@data_app.command("fetch")
def data_fetch(
    name: Annotated[str, typer.Argument(help="A data set of  firth data list.")],
    quiet: Quiet = False,
) -> None:
    """Bring a data set onto this machine, checksums checked; print the folder it is in."""
    from firth.datasets import fetch

    with progress(f"fetching {name}", quiet=quiet) as report:
        folder = fetch(name, report)
    print(folder)  # noqa: T201


@data_app.command("verify")
def data_verify(
    names: Annotated[list[str] | None, typer.Argument(help="Data sets; all that are here where none is named.")] = None,
    as_json: Json = False,
) -> None:
    """Check every file of data sets against its checksum; exit 1 if one is damaged or missing."""
    from firth.datasets import DATASETS, status, verify

    chosen = names or [name for name in DATASETS if status(name).place in ("FIRTH_DATA", "cache")]
    if not chosen:
        raise DataError("no data set is here to be verified: see  firth data list")
    checks = [(name, each) for name in chosen for each in verify(name)]
    bad = [each for _, each in checks if each.state != "ready"]
    if as_json:
        _print_json(
            [
                {"name": name, "path": str(each.path), "state": each.state, "problem": each.problem}
                for name, each in checks
            ]
        )
    else:
        rows = [
            (name, "unpinned" if each.state == "ready" and each.problem else each.state, str(each.path))
            for name, each in checks
        ]
        _print_table(("name", "state", "file"), rows)
    if bad:
        raise DataError(f"{bad[0].problem}" + (f" ({len(bad) - 1} more)" if len(bad) > 1 else ""))
