"""Progress of long work, on standard error.

Work that takes long accepts a `report(done, total, note)` function and calls it now and then; it knows nothing of
terminals. This file makes such functions: a live bar in a terminal, a line every few seconds elsewhere.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Report = Callable[[int, int, str], None]
"""Called with the work done, the work in all (0 while unknown) and a short note to show beside them."""

SECONDS_BETWEEN_LINES = 5.0


class Warned(str):
    """A sentence that is told even where no progress is shown."""

    __slots__ = ()


def silent(done: int, total: int, note: str = "") -> None:
    """Report nothing."""


@contextmanager
def progress(description: str, *, quiet: bool = False) -> Iterator[Report]:
    """Show the progress of one piece of work while the block runs.

    Parameters
    ----------
    description
        What is being done, for example ``"training"``.
    quiet
        Show nothing.

    Yields
    ------
    report
        To be called as ``report(done, total, note)``.
    """
    if quiet:
        yield silent
    elif sys.stderr.isatty():
        with _live_bar(description) as report:
            yield report
    else:
        yield _lines(description)


@contextmanager
def _live_bar(description: str) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=Console(stderr=True),
    )
    with bar:
        task = bar.add_task(description, total=None, note="")

        def report(done: int, total: int, note: str = "") -> None:
            bar.update(task, completed=done, total=total or None, note=note)

        yield report


def _lines(description: str) -> Report:
    shown = time.monotonic()
    first: tuple[float, int] | None = None

    def report(done: int, total: int, note: str = "") -> None:
        nonlocal shown, first
        now = time.monotonic()
        first = first or (now, done)  # what came before the first report, such as compiling, foretells nothing
        if now - shown < SECONDS_BETWEEN_LINES and not (total and done >= total):
            return
        shown = now
        of_total = f" of {total:,}" if total else ""
        since, before = first
        left = f", {(now - since) * (total - done) / (done - before):.0f} s left" if before < done < total else ""
        print(f"{description}: {done:,}{of_total}{', ' + note if note else ''}{left}", file=sys.stderr, flush=True)  # noqa: T201

    return report
