"""The checkpoints of the engine's runs: when one is due, what is in it, and how a run goes on from one.

A checkpoint is taken between chunks, when no thread is at work. What is drawn depends on places in the text alone, so
the parameters and the place are all that a run needs to go on with the same bits.
"""

from __future__ import annotations

import dataclasses
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from firth.checkpoints import Checkpoints, Snapshot
from firth.errors import DataError, FirthError, OptionError
from firth.progress import Warned

if TYPE_CHECKING:
    from firth.training.engine import TrainingRun
    from firth.training.plan import Plan

DEFAULT_EVERY = "5min"
KIND = "firth train"
_EVERY = re.compile(r"(\d+(?:\.\d+)?) ?(?:(s|min|h)|([kMG]?) ?words)")
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
_WORDS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}
_MOST = 1e15
_FREE = ("threads",)
"""Options that may change when a run is resumed: they say who does the work, not what is done."""
_REMEMBERED = ("epoch", "chunk", "words", "loss", "rate", "seconds", "pairs", "best", "since_best", "left")


@dataclasses.dataclass(frozen=True)
class Every:
    """How often a checkpoint is written: after so many seconds, or so many words; the other is None."""

    seconds: float | None = None
    words: int | None = None


def parse_every(text: str, name: str = "every") -> Every:
    """Understand how often a checkpoint is to be written.

    The grammar is a number and a unit: s, min or h; or words, with k, M or G before it for thousands, millions or
    thousands of millions. So ``"30s"``, ``"5min"``, ``"2h"``, ``"10000000 words"``, ``"10Mwords"``, ``"1.5 Gwords"``.

    Raises
    ------
    OptionError
        It is something else, or nothing.
    """
    match = _EVERY.fullmatch(text.strip()) if isinstance(text, str) else None
    if match and match[2] and 0 < (seconds := float(match[1]) * _SECONDS[match[2]]) <= _MOST:
        return Every(seconds=seconds)
    if match and not match[2] and 1 <= (words := float(match[1]) * _WORDS[match[3]]) <= _MOST:
        return Every(words=round(words))
    shown = repr(text)[:60]
    raise OptionError(f"{name} is {shown}: give a number and a unit, such as 30s, 5min, 2h, 500kwords or 10Mwords")


class RunCheckpoints:
    """The checkpoints of one run.

    Parameters
    ----------
    folder
        Where they are.
    every
        As `parse_every` has it.
    resume
        Go on from the newest that is whole; where there is none, begin.
    identity
        What must be the same for a run to go on: options, the text's checksum, and so on; JSON values.
    announce
        Told sentences worth telling.
    """

    def __init__(
        self,
        folder: str | Path,
        every: str,
        resume: bool,
        identity: dict[str, Any],
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.folder = Path(folder)
        self._every = parse_every(every)
        self._resume = resume
        self._identity = identity
        self._announce = announce
        self._checkpoints = Checkpoints(folder)
        self._place: tuple[int, int, str] | None = None
        self._words, self._time = 0, time.monotonic()

    def begin(self, run: TrainingRun) -> None:
        """Take the run on from the newest checkpoint, or see that there is none that it would write over.

        Raises
        ------
        OptionError
            The folder's checkpoints are of another run (each difference is named), or of this one and it is not to be
            resumed.
        DataError
            All of them are damaged.
        """
        if self._resume:
            self._take_on(run)
        else:
            demand_none(self._checkpoints)
        self._words, self._time = run.words, time.monotonic()

    def until(self, plan: Plan, run: TrainingRun) -> int:
        """The chunk of this epoch before which the next checkpoint is due, as far as that is known beforehand."""
        last = plan.chunks.size - 1
        if self._every.words is None:
            return last
        wanted = self._words + self._every.words - run.epoch * plan.total
        return min(last, max(run.chunk + 1, int(np.searchsorted(plan.words, wanted))))

    def is_due(self, words: int) -> bool:
        """Whether it is time for a checkpoint, after so many words."""
        if self._every.seconds is not None:
            return time.monotonic() - self._time >= self._every.seconds
        assert self._every.words is not None
        return words - self._words >= self._every.words

    def save(self, run: TrainingRun) -> None:
        """Write a checkpoint, unless the newest is of this place already; no thread may be at work.

        One that can't be written is no reason to end hours of work: it is told, and tried again when the next is due.

        Raises
        ------
        FirthError
            It can't be written, and the run was asked to stop, so that it would be lost; those that are there stay.
        """
        ended = "" if run.by_request else run.stopped
        place = run.epoch, run.chunk, ended
        if place != self._place:
            history = np.frombuffer(json.dumps(run.history).encode(), np.uint8)
            arrays: dict[str, NDArray[Any]] = {
                "center": run.parameters.center,
                "outside": run.parameters.outside,
                "history": history,
            }
            remembered = {name: getattr(run, name) for name in _REMEMBERED}
            state = {"kind": KIND, "identity": self._identity, "run": remembered, "ended": ended}
            try:
                self._checkpoints.save(run.words, arrays, state)
                self._place = place
            except FirthError as error:
                if run.by_request:
                    raise
                self._announce(Warned(f"{error}; the run goes on"))
        self._words, self._time = run.words, time.monotonic()

    def _take_on(self, run: TrainingRun) -> None:
        try:
            snapshot, damaged = self._checkpoints.latest()
        except DataError:
            message = (
                f"every checkpoint in {self.folder} is damaged: remove them, or choose another folder, to begin anew"
            )
            raise DataError(message) from None
        for sentence in damaged:
            self._announce(Warned(f"{sentence}: the one before is used"))
        if snapshot is None:
            self._announce(f"no checkpoint in {self.folder} yet: starting from the beginning")
            return
        self._demand_same(snapshot)
        try:
            for name in ("center", "outside"):
                getattr(run.parameters, name)[:] = snapshot.arrays[name]
            run.history[:] = json.loads(bytes(snapshot.arrays["history"]))
            for name in _REMEMBERED:
                setattr(run, name, type(getattr(run, name))(snapshot.state["run"][name]))
            run.stopped = str(snapshot.state["ended"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"the checkpoints in {self.folder} don't fit this run: choose another folder") from error
        self._place = run.epoch, run.chunk, run.stopped
        done = run.words == run.total_words or run.stopped
        self._announce(
            f"the run in {self.folder} is done already, after {run.words:,} words"
            if done
            else f"resuming after {run.words:,} of {run.total_words:,} words"
        )

    def _demand_same(self, snapshot: Snapshot) -> None:
        """Refuse to go on from a run of something else, and say what is different."""
        if snapshot.state.get("kind") != KIND:
            raise OptionError(f"the checkpoints in {self.folder} are of another kind of run: choose another folder")
        if found := differences(snapshot.state["identity"], self._identity):
            raise OptionError(
                f"can't resume the run in {self.folder}: {'; '.join(found)}; make it the same, or choose another folder"
            )


def demand_none(checkpoints: Checkpoints) -> None:
    """Refuse a folder that holds checkpoints: they may be all that is left of long work."""
    if checkpoints.paths():
        raise OptionError(
            f"{checkpoints.folder} holds checkpoints of an earlier run: go on from them with --resume (in Python, "
            "resume=True), or choose another folder"
        )


def differences(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Say where what a run was begun with differs from what it is to be resumed with.

    Parameters
    ----------
    was, now
        With the keys options and reading (settings by name), text, start and frozen (checksums), and others, which are
        told as they are. Settings of reading matter where they lead to another text.

    Returns
    -------
    list of phrases such as ``"dimensions was 10 and is now 20"``
    """
    told = {"text": "the text is another one", "start": "the vectors to start from are others"}
    told["frozen"] = "other words are frozen"
    phrases = []
    for name in now:
        if name == "options":
            phrases += _changes(was.get(name, {}), now[name], _FREE)
        elif name != "reading" and was.get(name) != now[name] and (name != "frozen" or was.get("text") == now["text"]):
            phrases.append(told.get(name, f"{name} was {was.get(name)} and is now {now[name]}"))
    if was.get("text") != now["text"]:
        phrases += _changes(was.get("reading", {}), now["reading"], ())
    return phrases


def _changes(was: dict[str, Any], now: dict[str, Any], free: tuple[str, ...]) -> list[str]:
    names = [name for name in now if name not in free and was.get(name) != now[name]]
    return [f"{name} was {was.get(name)} and is now {now[name]}" for name in names]
