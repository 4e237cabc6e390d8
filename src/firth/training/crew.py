"""Threads: how many, and running them side by side."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable


def available_threads() -> int:
    """As many threads as this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_threads(count: int, work: Callable[[int], None]) -> None:
    """Run work(0) … work(count - 1) side by side, and wait for all; the first failure is raised again."""
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(i,), name=f"firth-{i}") for i in range(1, count)]
    for thread in threads:
        thread.start()
    guarded(0)
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
