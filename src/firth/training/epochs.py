"""The engine's epochs: threads go through the text a stretch at a time, are reported on, and pause for checkpoints."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from firth.compute.crew import beside, run_threads, started
from firth.errors import FirthError
from firth.progress import Report
from firth.training.config import TrainingConfig
from firth.training.schedule import learning_rate

if TYPE_CHECKING:
    from firth.training.checkpointing import RunCheckpoints
    from firth.training.engine import Callback, Engine, Parameters, TrainingRun
    from firth.training.plan import Plan

REPORT_SECONDS = 0.5
"""Time between reports; there is one at the end of an epoch, too."""
MOST_TOLD_EPOCHS = 1_000
LARGEST = 1_000.0
"""No vector of a run that goes well has an element as large as this."""


@dataclass(frozen=True)
class Watch:
    """Who is told of a run, and who may stop it; see `firth.training.engine.train`."""

    report: Report
    callbacks: Sequence[Callback]
    should_stop: Callable[[], bool]
    checkpoints: RunCheckpoints | None


def run_epochs(plan: Plan, held_out: Plan, engine: Engine, run: TrainingRun, watch: Watch) -> None:
    """Go through all epochs that are left.

    Parameters
    ----------
    plan, held_out
        What is learned from, and what is not.
    engine
        The kernels.
    run
        Where it stands; changed.
    watch
        Who is told.
    """
    while run.epoch < run.config.epochs and not run.has_stopped():
        _go_through(plan, engine, run, watch)
        if run.has_stopped():
            break
        run.epoch, run.chunk = run.epoch + 1, 0
        if held_out.total:
            _measure(held_out, engine, run)
        for callback in watch.callbacks:
            callback.on_epoch(run)
        if watch.checkpoints is not None and watch.checkpoints.is_due(run.words):
            watch.checkpoints.save(run)
    if watch.checkpoints is not None:
        watch.checkpoints.save(run)


def _measure(held_out: Plan, engine: Engine, run: TrainingRun) -> None:
    """Measure the held-out loss, beside the main thread."""
    note_held_out(run, beside(lambda: held_out_loss(held_out, engine), "firth-held-out"))


def note_held_out(run: TrainingRun, loss: float) -> None:
    """Keep the held-out loss, and end a run that no longer makes it better."""
    if math.isnan(loss):
        raise FirthError("the held-out sentences have no two words left: hold out more, or set subsample to 0")
    run.history.append({**entry(run, run.words / run.seconds), "held_out_loss": loss})
    run.best, run.since_best = (loss, 0) if loss < run.best else (run.best, run.since_best + 1)
    if run.config.patience and run.since_best >= run.config.patience:
        run.stop(f"the held-out loss has not become better for {run.since_best} epochs (best {run.best:.4f})")


def held_out_loss(plan: Plan, engine: Engine) -> float:
    """Mean loss over a plan's pieces, with nothing learned and the same draws every time."""
    sums = [0.0, 0.0]
    for chunk in range(plan.chunks.size - 1):
        tally = Tally()
        work = chunk_work(plan, -1, chunk, (0.0, 0.0), engine, tally)
        run_threads(engine.threads if engine.is_team else 1, work, engine.abandon)
        sums[0] += tally.losses
        sums[1] += tally.pairs
    return sums[0] / sums[1] if sums[1] else math.nan


@dataclass
class Tally:
    """What threads add up, under a lock; losses in the order in which chunks are done."""

    words: int = 0
    losses: float = 0.0
    pairs: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, words: int, loss: float, pairs: float) -> None:
        """Add what one chunk came to."""
        with self.lock:
            self.words += words
            self.losses += loss
            self.pairs += pairs


def chunk_work(
    plan: Plan, epoch: int, chunk: int, rates: tuple[float, float], engine: Engine, tally: Tally
) -> Callable[[int], None]:
    """What one thread does for one chunk; of a team, the first thread tells the losses."""

    def work(thread: int) -> None:
        loss, pairs = engine.learn(plan, thread, epoch, chunk, rates)
        if thread == 0 or not engine.is_team:
            tally.add(int(plan.words[chunk + 1] - plan.words[chunk]), loss, pairs)

    return work


def _go_through(plan: Plan, engine: Engine, run: TrainingRun, watch: Watch) -> None:
    """Go through what is left of the epoch, with a pause where a checkpoint is due."""
    last, checkpoints = plan.chunks.size - 1, watch.checkpoints
    while True:
        until = last if checkpoints is None else checkpoints.until(plan, run)
        _Stretch(plan, until, engine, run, watch).go()
        if run.has_stopped() or run.chunk == last:
            return
        if checkpoints is not None:
            checkpoints.save(run)


class _Stretch:
    """Chunks of one epoch, from where the run stands to a given one, unless it is stopped or paused before.

    When `go` returns, all chunks that were begun are done, and no others; so the run stands between two of them.
    """

    def __init__(self, plan: Plan, until: int, engine: Engine, run: TrainingRun, watch: Watch) -> None:
        self.plan, self.until, self.engine, self.run, self.watch = plan, until, engine, run, watch
        self.next, self.is_paused, self.is_done = run.chunk, False, threading.Event()
        self.tally, self.told = Tally(), Tally()
        self.words_before, self.seconds_before, self.started = run.words, run.seconds, time.perf_counter()
        self.failures: list[BaseException] = []

    def go(self) -> None:
        """Set the threads to work, report on them, and wait until they are done."""
        run, watch = self.run, self.watch
        leader = started(self._lead, "firth-training")
        try:
            while not self.is_done.wait(0.05):
                self._look_around()
        except KeyboardInterrupt:
            run.stop("interrupted", by_request=True)
        finally:
            self.is_paused = True
            leader.join()
        if self.failures:
            raise self.failures[0]
        if watch.should_stop():
            run.stop("asked to stop", by_request=True)
        run.chunk = self.next
        epochs, is_last = run.config.epochs, run.chunk == self.plan.chunks.size - 1
        # A text of a few words may be gone through a million times: a thousand of them are told, and at their time.
        ends_told = (run.epoch + 1) % -(-epochs // MOST_TOLD_EPOCHS) == 0 or run.epoch + 1 == epochs
        is_due = watch.checkpoints is not None and watch.checkpoints.is_due(self.words_before + self.tally.words)
        if run.has_stopped() or ends_told or not is_last or is_due or self._is_report_due():
            self._show()
        else:
            self._advance(self.tally)
        run.pairs += self.tally.pairs

    def _look_around(self) -> None:
        """What the main thread does while others work."""
        watch = self.watch
        if watch.should_stop():
            self.run.stop("asked to stop", by_request=True)
        if self._is_report_due():
            self._show()
        if watch.checkpoints is not None and watch.checkpoints.is_due(self.run.words):
            self.is_paused = True

    def _is_report_due(self) -> bool:
        return time.perf_counter() - self.run.told >= REPORT_SECONDS

    def _lead(self) -> None:
        """Let all threads take chunks, one each or all of them the same."""
        try:
            if self.engine.is_team:
                while (chunk := self._take()) is not None:
                    run_threads(self.engine.threads, self._work_on(chunk), self.engine.abandon)
            else:
                run_threads(self.engine.threads, self._work_alone, self._pause)
        except BaseException as failure:
            self.failures.append(failure)
        finally:
            self.is_done.set()

    def _work_alone(self, thread: int) -> None:
        while (chunk := self._take()) is not None:
            self._work_on(chunk)(thread)

    def _work_on(self, chunk: int) -> Callable[[int], None]:
        run, plan = self.run, self.plan
        ends = ((run.epoch * plan.total + int(plan.words[c])) / run.total_words for c in (chunk, chunk + 1))
        first, last = (learning_rate(run.config, progress) for progress in ends)
        return chunk_work(plan, run.first_epoch + run.epoch, chunk, (first, last), self.engine, self.tally)

    def _take(self) -> int | None:
        """The next chunk, or None where there is none or the run is to end or to pause."""
        with self.tally.lock:
            if self.next >= self.until or self.is_paused or self.run.stopped:
                return None
            self.next += 1
            return self.next - 1

    def _pause(self) -> None:
        self.is_paused = True

    def _advance(self, now: Tally) -> None:
        run = self.run
        run.words = self.words_before + now.words
        run.seconds = self.seconds_before + time.perf_counter() - self.started

    def _show(self) -> None:
        run, watch, before = self.run, self.watch, self.told
        run.told = time.perf_counter()
        with self.tally.lock:
            now = Tally(self.tally.words, self.tally.losses, self.tally.pairs)
        self._advance(now)
        run.rate = learning_rate(run.config, run.words / run.total_words)
        if now.pairs > before.pairs:
            run.loss = (now.losses - before.losses) / (now.pairs - before.pairs)
        if now.pairs:
            demand_sound(run)
        speed = run.words / run.seconds
        if now.words > before.words:
            run.history.append(entry(run, speed))
        note = f"{speed / 1e6:.2f} M words/s, loss {run.loss:.4f}, learning rate {run.rate:.5f}"
        watch.report(run.words, run.total_words, note)
        for callback in watch.callbacks:
            callback.on_report(run)
        self.told = now


def entry(run: TrainingRun, speed: float) -> dict[str, float]:
    """What is kept of a report."""
    return {
        "epoch": run.words / (run.total_words / run.config.epochs),
        "words": run.words,
        "loss": run.loss,
        "learning_rate": run.rate,
        "words_per_second": speed,
        "seconds": run.seconds,
    }


def demand_sound(run: TrainingRun) -> None:
    """End a run that has diverged."""
    if not (math.isfinite(run.loss) and is_sound(run.parameters)):
        raise FirthError(diverged(run.config, f" after {run.words:,} words"))


def diverged(config: TrainingConfig, when: str = "") -> str:
    """The sentence about a run that has."""
    return f"the run has diverged{when}: learning_rate {config.learning_rate:g} is too large, lower it"


def is_sound(parameters: Parameters) -> bool:
    """Whether vectors are numbers that have not grown out of all bounds; a thousand are looked at."""
    words = parameters.center.shape[0] - 1
    rows = slice(0, words, max(1, words // 1_000))
    with np.errstate(invalid="ignore"):
        sizes = [np.abs(each[rows]).max() for each in (parameters.center, parameters.outside)]
    return all(size < LARGEST for size in sizes)  # no comparison holds for NaN
