"""The engine's loop: epochs, threads, progress, callbacks, early stopping. It contains no mathematics."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from firth.compute.crew import available_threads, interrupts, run_threads
from firth.errors import FirthError
from firth.progress import Report, silent
from firth.training.config import TrainingConfig
from firth.training.plan import Plan, make_plans
from firth.training.schedule import learning_rate
from firth.training.trainer import EncodedText

REPORT_SECONDS = 0.5
"""Time between reports; there is one at the end of an epoch, too."""
MOST_TOLD_EPOCHS = 1_000
LARGEST = 1_000.0
"""No vector of a run that goes well has an element as large as this."""


@dataclass
class Parameters:
    """What is learned, with a row more than there are words (see `firth.training.kernels.state.Model`).

    Attributes
    ----------
    center, outside
        Shape (V + 1, W), float32, W being D rounded up to a multiple of 16.
    frozen
        Which words' rows stay as they are, shape (V,), bool.
    """

    center: NDArray[np.float32]
    outside: NDArray[np.float32]
    frozen: NDArray[np.bool_]


@dataclass
class TrainingRun:
    """Where a run stands; what callbacks are given.

    Attributes
    ----------
    config
        The options.
    epoch
        Epochs done.
    words, total_words
        Words of the text gone through, and to go through, in all epochs.
    loss
        Mean loss since the report before.
    rate
        The learning rate now.
    seconds
        Time spent in training.
    history
        One entry a report: epoch, words, loss, learning_rate, words_per_second, seconds; and at the end of an epoch
        held_out_loss, where a part of the text is held out.
    stopped
        Why the run ended early; empty where it did not.
    told
        When the last report was made, by `time.perf_counter`.
    """

    config: TrainingConfig
    total_words: int
    parameters: Parameters
    epoch: int = 0
    words: int = 0
    loss: float = math.nan
    rate: float = 0.0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    stopped: str = ""
    told: float = field(default_factory=time.perf_counter, repr=False)

    def stop(self, why: str) -> None:
        """End the run after the chunks at hand."""
        self.stopped = self.stopped or why

    def has_stopped(self) -> bool:
        """Whether the run has ended, or is about to end, early."""
        return bool(self.stopped)


class Callback:
    """What can be done while a run goes on; override what is wanted. Call `run.stop(why)` to end it."""

    def on_start(self, run: TrainingRun) -> None:
        """Before the first word."""

    def on_report(self, run: TrainingRun) -> None:
        """At every report, about twice a second."""

    def on_epoch(self, run: TrainingRun) -> None:
        """After each epoch."""

    def on_end(self, run: TrainingRun) -> None:
        """After the last word, or where the run was stopped."""


@dataclass
class _Tally:
    """What threads add up, under a lock; losses in the order in which chunks are done."""

    words: int = 0
    losses: float = 0.0
    pairs: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, words: int, loss: float, pairs: float) -> None:
        with self.lock:
            self.words += words
            self.losses += loss
            self.pairs += pairs


Learn = Callable[[Plan, int, int, int, tuple[float, float]], tuple[float, float]]
"""(plan, thread, epoch, chunk, rates) to the sum of the chunk's losses and their number."""


@dataclass(frozen=True)
class Engine:
    """The compiled kernels of one combination of options, ready to run.

    Attributes
    ----------
    learn
        Learns from one chunk.
    threads
        How many may call it at once.
    is_team
        Whether all threads work on the same chunk together, or each on its own.
    """

    learn: Learn
    threads: int
    is_team: bool


def thread_count(config: TrainingConfig) -> int:
    """Threads to use: as asked for, or as many as this process may run on."""
    return config.threads or available_threads()


def train(
    text: EncodedText,
    config: TrainingConfig,
    parameters: Parameters,
    *,
    report: Report = silent,
    announce: Callable[[str], None] = lambda _: None,
    callbacks: Sequence[Callback] = (),
    should_stop: Callable[[], bool] = lambda: False,
) -> TrainingRun:
    """Learn vectors from a text, in place.

    Parameters
    ----------
    text
        Sentences as ids, and the counts that negatives, subsampling and the tree go by.
    config
        The options.
    parameters
        What to start from, and where the result is.
    report
        Told of words done, words in all, and a note with speed, loss and learning rate.
    announce
        Called with sentences worth telling.
    callbacks
        Called as the run goes on.
    should_stop
        Asked several times a second; True ends the run after the chunks at hand.

    Returns
    -------
    TrainingRun
        Finished, or `stopped`: also by KeyboardInterrupt, which is not raised again.

    Raises
    ------
    FirthError
        The run has diverged, or no window is left to learn from.
    """
    from firth.training.prepare import make_engine

    plan, held_out = make_plans(text.offsets, config)
    if plan.total == 0:
        raise FirthError("the text has no words of the vocabulary: give it more text, or lower min_count")
    run = TrainingRun(config, plan.total * config.epochs, parameters)
    engine = make_engine(text, config, parameters, announce)
    for callback in callbacks:
        callback.on_start(run)
    try:
        with interrupts(run.stop):
            pairs = _epochs(plan, held_out, engine, run, report, callbacks, should_stop)
    except KeyboardInterrupt:  # a second one, or from a handler of somebody's own
        run.stop("interrupted")
        pairs = math.nan
    for callback in callbacks:
        callback.on_end(run)
    if pairs == 0 and not run.stopped:
        raise FirthError("no sentence has two words left after subsampling: give it more text, or set subsample to 0")
    return run


def _epochs(
    plan: Plan,
    held_out: Plan,
    engine: Engine,
    run: TrainingRun,
    report: Report,
    callbacks: Sequence[Callback],
    should_stop: Callable[[], bool],
) -> float:
    """Go through all epochs; return how many losses were summed."""
    best, since_best, pairs = math.inf, 0, 0.0
    for epoch in range(run.config.epochs):
        pairs += _epoch(plan, epoch, engine, run, report, callbacks, should_stop)
        if run.has_stopped():
            break
        run.epoch = epoch + 1
        if held_out.total:
            loss = _measured(held_out, engine)
            if math.isnan(loss):
                raise FirthError("the held-out sentences have no two words left: hold out more, or set subsample to 0")
            run.history.append({**_entry(run, run.words / run.seconds), "held_out_loss": loss})
            best, since_best = (loss, 0) if loss < best else (best, since_best + 1)
            if run.config.patience and since_best >= run.config.patience:
                run.stop(f"the held-out loss has not become better for {since_best} epochs (best {best:.4f})")
        for callback in callbacks:
            callback.on_epoch(run)
        if run.has_stopped():
            break
    return pairs


def _measured(held_out: Plan, engine: Engine) -> float:
    """The held-out loss, measured beside the main thread, which Ctrl-C may interrupt."""
    losses: list[float] = []
    thread = threading.Thread(target=lambda: losses.append(held_out_loss(held_out, engine)), name="firth-held-out")
    thread.start()
    thread.join()
    return losses[0]


def held_out_loss(plan: Plan, engine: Engine) -> float:
    """Mean loss over a plan's pieces, with nothing learned and the same draws every time."""
    sums = [0.0, 0.0]
    for chunk in range(plan.chunks.size - 1):
        tally = _Tally()
        run_threads(engine.threads if engine.is_team else 1, _step(plan, -1, chunk, (0.0, 0.0), engine, tally))
        sums[0] += tally.losses
        sums[1] += tally.pairs
    return sums[0] / sums[1] if sums[1] else math.nan


def _step(
    plan: Plan, epoch: int, chunk: int, rates: tuple[float, float], engine: Engine, tally: _Tally
) -> Callable[[int], None]:
    """What one thread does for one chunk; of a team, the first thread tells the losses."""

    def work(thread: int) -> None:
        loss, pairs = engine.learn(plan, thread, epoch, chunk, rates)
        if thread == 0 or not engine.is_team:
            tally.add(int(plan.words[chunk + 1] - plan.words[chunk]), loss, pairs)

    return work


def _epoch(
    plan: Plan,
    epoch: int,
    engine: Engine,
    run: TrainingRun,
    report: Report,
    callbacks: Sequence[Callback],
    should_stop: Callable[[], bool],
) -> float:
    """Go through the text once; return how many losses were summed."""
    tally, before = _Tally(), _Tally()
    done, started, words_before, seconds_before = threading.Event(), time.perf_counter(), run.words, run.seconds
    chunks = iter(range(plan.chunks.size - 1))
    failures: list[BaseException] = []

    def rates(chunk: int) -> tuple[float, float]:
        ends = ((epoch * plan.total + int(plan.words[c])) / run.total_words for c in (chunk, chunk + 1))
        first, last = (learning_rate(run.config, progress) for progress in ends)
        return first, last

    def work(thread: int) -> None:
        try:
            while not run.stopped:
                with tally.lock:
                    chunk = next(chunks, None)
                if chunk is None:
                    return
                _step(plan, epoch, chunk, rates(chunk), engine, tally)(thread)
        except BaseException as failure:
            failures.append(failure)
            run.stop("a thread failed")

    def lead() -> None:
        try:
            if engine.is_team:
                for chunk in chunks:
                    if run.stopped:
                        return
                    run_threads(engine.threads, _step(plan, epoch, chunk, rates(chunk), engine, tally))
            else:
                run_threads(engine.threads, work)
        except BaseException as failure:
            failures.append(failure)
        finally:
            done.set()

    def show() -> None:
        nonlocal before
        run.told = time.perf_counter()
        with tally.lock:
            now = _Tally(tally.words, tally.losses, tally.pairs)
        run.words, run.seconds = words_before + now.words, seconds_before + time.perf_counter() - started
        run.rate = learning_rate(run.config, run.words / run.total_words)
        if now.pairs > before.pairs:
            run.loss = (now.losses - before.losses) / (now.pairs - before.pairs)
        if now.pairs:
            demand_sound(run)
        speed = run.words / run.seconds
        if now.words > before.words:
            run.history.append(_entry(run, speed))
        note = f"{speed / 1e6:.2f} M words/s, loss {run.loss:.4f}, learning rate {run.rate:.5f}"
        report(run.words, run.total_words, note)
        for callback in callbacks:
            callback.on_report(run)
        before = now

    leader = threading.Thread(target=lead, name="firth-training")
    leader.start()
    try:
        while not done.wait(0.05):
            if should_stop():
                run.stop("asked to stop")
            if time.perf_counter() - run.told >= REPORT_SECONDS:
                show()
    except KeyboardInterrupt:
        run.stop("interrupted")
    except BaseException:
        run.stop("failed")
        raise
    finally:
        leader.join()
    if failures:
        raise failures[0]
    if should_stop():
        run.stop("asked to stop")
    # A text of a few words may be gone through a million times: a thousand of them are told, and those at their time.
    ends_told = (epoch + 1) % -(-run.config.epochs // MOST_TOLD_EPOCHS) == 0 or epoch + 1 == run.config.epochs
    if run.has_stopped() or ends_told or time.perf_counter() - run.told >= REPORT_SECONDS:
        show()
    else:
        run.words, run.seconds = words_before + tally.words, seconds_before + time.perf_counter() - started
    return tally.pairs


def _entry(run: TrainingRun, speed: float) -> dict[str, float]:
    return {
        "epoch": run.words / (run.total_words / run.config.epochs),
        "words": run.words,
        "loss": run.loss,
        "learning_rate": run.rate,
        "words_per_second": speed,
        "seconds": run.seconds,
    }


def demand_sound(run: TrainingRun) -> None:
    """End a run that has diverged: a loss that is no number, or vectors that have grown out of all bounds."""
    words = run.parameters.center.shape[0] - 1
    rows = slice(0, words, max(1, words // 1_000))
    with np.errstate(invalid="ignore"):
        sizes = [np.abs(each[rows]).max() for each in (run.parameters.center, run.parameters.outside)]
    if not (math.isfinite(run.loss) and all(size < LARGEST for size in sizes)):  # no comparison holds for NaN
        raise FirthError(
            f"the run has diverged after {run.words:,} words: learning_rate {run.config.learning_rate:g} is too large, "
            "lower it"
        )
