"""Run everything that breaks Firth on purpose, and print what was done and what did not hold."""

import argparse
import os
import platform
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from torture import Outcome, faults, flips, kills, memory, options
from torture.processes import warm_up

FULL = {
    "kills": 200,
    "full disks": 20,
    "two at once": 40,
    "clocks": 20,
    "flips": 1_000,
    "options": 1_000,
    "memory": 600,
}
SHORT = {"kills": 16, "full disks": 4, "two at once": 4, "clocks": 1, "flips": 80, "options": 40, "memory": 20}


def main() -> int:
    """Do the parts that are asked for; exit status 1 where anything did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="a small form of everything, in about a minute")
    parser.add_argument("--only", nargs="+", choices=[*FULL, "read-only folders"], help="some parts")
    given = parser.parse_args()
    sizes = SHORT if given.short else FULL
    began = time.monotonic()

    def tell(sentence: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {sentence}", flush=True)

    folder = Path(tempfile.mkdtemp(prefix="firth-torture-"))
    try:
        outcome = _do(folder, sizes, given.seed, given.only, tell)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    machine = (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    )
    print(f"\nseed {given.seed}, {time.monotonic() - began:.0f} s, {machine}\n")
    for what, number in outcome.done.items():
        print(f"{number:>9,}  {what}")
    print(f"{len(outcome.faults):>9,}  faults")
    for fault in outcome.faults:
        print(f"FAULT {fault}")
    return 1 if outcome.faults else 0


def _do(folder: Path, sizes: dict[str, int], seed: int, only: list[str] | None, tell: Callable[[str], None]) -> Outcome:
    warm_up()
    tell("kernels are loaded")
    outcome = Outcome()
    long_run = memory.begin(folder, sizes["memory"]) if not only or "memory" in only else None
    parts: dict[str, Callable[..., Outcome]] = {
        "kills": lambda *given: kills.kill_all(folder, *given),
        "full disks": lambda *given: faults.fill_disks(folder, *given),
        "two at once": lambda *given: faults.two_at_once(folder, *given),
        "clocks": lambda *given: faults.clocks(folder, *given),
        "options": lambda *given: options.try_all(folder, *given),
    }
    for name, part in parts.items():
        if not only or name in only:
            _add(outcome, part(random.Random(f"{seed} {name}"), sizes[name], tell))
    if not only or "read-only folders" in only:
        _add(outcome, faults.read_only(folder, random.Random(seed), tell))
    if long_run is not None:
        _add(outcome, memory.judge(folder, long_run, sizes["memory"], tell))
    if not only or "flips" in only:  # last: reading a corpus starts threads, and forking is over
        _add(outcome, flips.flip_all(folder, random.Random(f"{seed} flips"), sizes["flips"], tell))
    return outcome


def _add(outcome: Outcome, more: Outcome) -> None:
    for what, number in more.done.items():
        outcome.count(what, number)
    outcome.faults.extend(more.faults)


if __name__ == "__main__":
    sys.exit(main())
