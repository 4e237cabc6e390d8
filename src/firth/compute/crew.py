"""Threads: how many, running them side by side, and what Ctrl-C does to the main one meanwhile."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from firth.errors import FirthError

Answer = TypeVar("Answer")


def available_threads() -> int:
    """As many threads as this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_threads(count: int, work: Callable[[int], None], abandon: Callable[[], None] = lambda: None) -> None:
    """Run work(0) … work(count - 1) side by side, and wait for all; the first failure is raised again.

    None begins before all are there, so that threads which wait for each other never wait for one that can't be had.

    Parameters
    ----------
    count
        How many; work(0) is done by the calling thread.
    work
        What to do, given a number.
    abandon
        Called where one has failed, so that others end too.

    Raises
    ------
    FirthError
        The system does not give so many threads.
    """
    failures: list[BaseException] = []
    begin, complete = threading.Event(), False

    def guarded(number: int) -> None:
        begin.wait()
        if not complete:
            return
        try:
            work(number)
        except BaseException as failure:
            failures.append(failure)
            abandon()

    threads: list[threading.Thread] = []
    try:
        threads.extend(started(partial(guarded, number), f"firth-{number}") for number in range(1, count))
        complete = True
    except FirthError:
        raise FirthError(f"only {len(threads) + 1} of {count} threads can be had here: ask for fewer threads") from None
    finally:
        begin.set()
    guarded(0)
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def started(work: Callable[[], None], name: str) -> threading.Thread:
    """Start a thread.

    Raises
    ------
    FirthError
        The system does not give one.
    """
    thread = threading.Thread(target=work, name=name)
    try:
        thread.start()
    except (RuntimeError, MemoryError) as error:
        raise FirthError("the system gives no further thread: close other programs, or raise its limit") from error
    return thread


def beside(work: Callable[[], Answer], name: str) -> Answer:
    """Do something beside the main thread, which Ctrl-C may interrupt; what it raises is raised here."""
    answers: list[Answer] = []
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            answers.append(work())
        except BaseException as failure:
            failures.append(failure)

    started(guarded, name).join()
    if failures:
        raise failures[0]
    return answers[0]


@contextmanager
def interrupts(stop_run: Callable[[str], None]) -> Iterator[None]:
    """Let the first Ctrl-C stop the run; an exception could be raised, and lost, wherever the main thread just is."""

    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop_run("interrupted")

    is_main = threading.current_thread() is threading.main_thread()
    if not (is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler):
        yield
        return
    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
