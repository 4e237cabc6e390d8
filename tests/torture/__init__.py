"""Firth, broken on purpose: killed, starved of disk, given damaged files and wrong options; what must hold, holds.

    PYTHONPATH=tests python -m torture --seed 1          everything, about 20 minutes (or  make torture)
    PYTHONPATH=tests python -m torture --short           a form of it that takes about a minute

Each part returns what it did (`Outcome.done`) and what went wrong (`Outcome.faults`, empty where all is well).
"""

from dataclasses import dataclass, field


@dataclass
class Outcome:
    """What a part did, by name, and a sentence for each thing that did not hold."""

    done: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def count(self, what: str, number: int = 1) -> None:
        self.done[what] = self.done.get(what, 0) + number

    def demand(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.faults.append(otherwise)
