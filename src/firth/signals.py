"""Stopping on request: the first Ctrl-C (or SIGTERM) asks work to end at a safe moment, the second ends it at once."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ONE_REQUEST_SECONDS = 0.2
"""The same signal again within this time is the same request: `timeout` sends it to a process and to its group."""


class StoppedError(BaseException):
    """The work ended because it was asked to; `exit_code` is 128 plus the signal's number, as in any shell.

    Like KeyboardInterrupt it is no `Exception`, so that nothing on the way takes it for a failure.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


class StopRequest:
    """Whether somebody asked to stop: call it to know.

    Signals ask while it is entered as a context (in the main thread: signals reach no other); those that the process
    was started to ignore stay ignored.

    Parameters
    ----------
    announce
        Called with `first` when the first signal comes.
    first, second
        What is told at the first signal, and at the second.

    Attributes
    ----------
    signal_number
        The signal that asked, or None.
    """

    def __init__(
        self,
        announce: Callable[[str], None] = lambda _: None,
        first: str = "stopping (once more stops at once)",
        second: str = "stopped at once; no file is left half-written",
    ) -> None:
        self.signal_number: int | None = None
        self._asked = -math.inf
        self._announce = announce
        self._first, self._second = first, second
        self._before: dict[signal.Signals, Any] = {}

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.signal_number is not None

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            caught = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._ask) for number in caught}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, _: FrameType | None) -> None:
        now, before = time.monotonic(), self._asked
        self._asked = now
        if number == self.signal_number and now - before < ONE_REQUEST_SECONDS:
            return
        if self():
            raise StoppedError(self._second, number)
        self.signal_number = number
        self._announce(self._first)


@contextmanager
def lost_signals_repeated() -> Iterator[None]:
    """Send a signal again whose exception went nowhere.

    A compiler, as UMAP's, calls back into Python, where an exception can't be raised: a Ctrl-C in the seconds before
    would be reported and forgotten.
    """
    before, timers = sys.unraisablehook, []

    def look(lost: sys.UnraisableHookArgs) -> None:
        if isinstance(lost.exc_value, StoppedError):
            number = lost.exc_value.exit_code - 128
        elif issubclass(lost.exc_type, KeyboardInterrupt):
            number = signal.SIGINT
        else:
            before(lost)
            return
        timers.append(threading.Timer(1.5 * ONE_REQUEST_SECONDS, signal.raise_signal, [number]))
        timers[-1].start()

    sys.unraisablehook = look
    try:
        yield
    finally:
        sys.unraisablehook = before
        for timer in timers:
            timer.cancel()
