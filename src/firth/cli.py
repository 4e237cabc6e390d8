"""The `firth` command: parse, call, print. Answers go to standard output; progress, notes and errors to standard error.

Exit status: 0 on success, 2 on bad usage, 130 or 143 where a signal ended the work, 1 otherwise.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from firth import __version__
from firth.cli_bench import bench
from firth.cli_compare import compare
from firth.cli_corpus import Json, Quiet, data_app, phrases
from firth.cli_course import course_app, grade
from firth.cli_evaluate import evaluate
from firth.cli_explain import check_proofs, explain
from firth.cli_explore import explore
from firth.cli_plot import plot_app
from firth.cli_probe import probe
from firth.cli_run import resume_command
from firth.cli_train import train
from firth.cli_vectors import convert, describe, query
from firth.cli_verify import verify
from firth.errors import FirthError
from firth.output import print_json, print_table, printable, say
from firth.progress import progress
from firth.signals import StoppedError, StopRequest, lost_signals_repeated
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
app.add_typer(data_app, name="data")
app.add_typer(plot_app, name="plot")
app.add_typer(course_app, name="course")
app.command("phrases")(phrases)
app.command("train")(train)
app.command("evaluate")(evaluate)
app.command("compare")(compare)
app.command("probe")(probe)
app.command("convert")(convert)
app.command("describe")(describe)
app.command("query")(query)
app.command("verify")(verify)
app.command("explore")(explore)
app.command("bench")(bench)
app.command("grade")(grade)
app.command("explain")(explain)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status.

    Parameters
    ----------
    arguments
        What follows ``firth``; None takes it from the command line.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _stop)  # as Ctrl-C does: what is half done is cleared away on the way out
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for a terminal that has no letter σ
    try:
        with lost_signals_repeated():
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
    except BaseException as error:
        if type(error).__name__ != "PanicException" or debug:  # what Polars raises when it fails is no Exception
            raise
        what = " ".join(str(error).split())[:200]
        return _fail(f"Polars failed ({what}): close other programs, or run it again with --debug and report it", 1)


def _stop(number: int, _: FrameType | None) -> None:
    raise StoppedError("stopped; no file is left half-written", number)


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
        say(f"firth: {printable(sentence)}")  # what was typed, or stands in a file, may hold control characters
    return code


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

    stop = StopRequest(
        say,
        "stopping with a checkpoint (once more stops at once)",
        "stopped at once; the checkpoints written so far are whole, and --resume goes on from the last",
    )
    try:
        finished = run_demo(
            out,
            config,
            dataset=dataset,
            words=tuple(word.strip() for word in words.split(",") if word.strip()),
            resume=resume,
            stage=partial(progress, quiet=quiet),
            announce=say,
            stop=stop,
        )
    except KeyboardInterrupt:
        raise StoppedError(f"stopped: go on with  {resume_command()}", signal.SIGINT) from None
    if finished.report is None:
        raise StoppedError(
            f"stopped at iteration {finished.run.iteration:,} with a checkpoint: go on with  {resume_command()}",
            stop.signal_number or signal.SIGINT,
        )
    if as_json:
        print_json(finished.report)
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
    print_table(("", ""), rows)


@app.command()
def check(
    proofs: Annotated[
        bool, typer.Option("--proofs", help="Prove every numbered equation instead, in symbols and in numbers.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Check every gradient, the assignment's published values, and the descent; exit 1 if one fails."""
    if proofs:
        check_proofs(quiet=quiet, as_json=as_json)
        return
    from firth.course.check import run_checks

    results = run_checks()
    failed = [result for result in results if not result.passed]
    if as_json:
        checks = [{**asdict(result), "difference": _finite(result.difference)} for result in results]
        print_json({"passed": not failed, "checks": checks})
    else:
        rows = [
            (each.group, each.name, f"{each.difference:.1e}", f"{each.allowed:.0e}", "ok" if each.passed else "FAILED")
            for each in results
        ]
        print_table(("group", "check", "difference", "allowed", ""), rows, right=("difference", "allowed"))
    if failed:
        raise FirthError(f"{len(failed)} of {len(results)} checks failed, the first: {failed[0].name}")
    if not as_json:
        print(f"\nall {len(results)} checks passed")  # noqa: T201


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
