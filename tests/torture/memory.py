"""A long run whose memory, threads and open files stay as they were."""

import json
import os
import signal
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from torture import Outcome
from torture.processes import Process, command, emptied
from torture.scenes import LEARN, write_text

MOST_MORE = 8_000
"""Kilobytes that a run may come to take: its history grows by a line an epoch, and two a second."""


def begin(folder: Path, seconds: float) -> Process:
    """Start the run, and beside it what watches it, which writes what it saw to a file and ends."""
    place = emptied(folder / "long")
    write_text(place / "text.txt", 50_000)

    def watch() -> int:
        more = ["--epochs", "1000000", "--threads", "2", "--checkpoint", "kept", "--every", "5s", "--log", "log"]
        run = Process(command([*LEARN, *more]), place, told="long")
        seen, began = [], time.monotonic()
        while time.monotonic() - began < seconds:
            time.sleep(min(1.0, seconds / 40))
            seen.append(_look(run.pid))
        os.kill(run.pid, signal.SIGINT)
        ended = run.ended(timeout=seconds + 240)
        (place / "seen.json").write_text(json.dumps({"seen": seen, "code": ended.code, "err": ended.err}))
        return 0

    return Process(watch, place, told="watch")


def _look(pid: int) -> tuple[int, int, int]:
    """Kilobytes in memory, threads, open files; zeros where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        told = dict(line.split(":", 1) for line in status.splitlines())
        return int(told["VmRSS"].split()[0]), int(told["Threads"]), len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except (OSError, KeyError):
        return 0, 0, 0


def judge(folder: Path, process: Process, seconds: float, tell: Callable[[str], None]) -> Outcome:
    """Wait for its end, and hold its last tenth against one near its beginning."""
    outcome = Outcome()
    ended = process.ended(timeout=seconds + 300)
    told = folder / "long" / "seen.json"
    if ended.code or not told.exists():
        outcome.faults.append(f"the long run was not watched to its end: {ended.err}")
        return outcome
    found = json.loads(told.read_text())
    seen = found["seen"]
    tenth = len(seen) // 10
    early, late = seen[2 * tenth : 3 * tenth], seen[-tenth:]
    kilobytes = [round(statistics.median(row[0] for row in rows)) for rows in (early, late)]
    outcome.demand(found["code"] == 130, f"the long run: exit status {found['code']}: {found['err'][-300:]}")
    outcome.demand(min(row[0] for row in seen[tenth:]) > 0, "the long run ended too soon")
    outcome.demand(kilobytes[1] - kilobytes[0] < MOST_MORE, f"memory grows from {kilobytes[0]} to {kilobytes[1]} KB")
    for column, what in ((1, "threads"), (2, "open files")):
        most = [max(row[column] for row in rows) for rows in (early, late)]
        outcome.demand(most[1] <= most[0] + 2, f"{what} grow from {most[0]} to {most[1]}")
    outcome.done = {
        "the long run: seconds": round(seconds),
        "the long run: KB of memory after a fifth of it": kilobytes[0],
        "the long run: KB of memory at its end": kilobytes[1],
        "the long run: lines of its log": sum(1 for _ in (folder / "long" / "log").open()),
    }
    tell(f"the long run: {kilobytes[0]:,} KB, {kilobytes[1]:,} KB at its end")
    return outcome
