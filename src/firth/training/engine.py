"""The engine: a run from its first word to its last, its callbacks, its checkpoints. It contains no mathematics."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from firth.compute.crew import available_threads, interrupts
from firth.errors import FirthError
from firth.progress import Report, silent
from firth.training.checkpointing import RunCheckpoints
from firth.training.config import TrainingConfig
from firth.training.epochs import Watch, run_epochs
from firth.training.plan import Plan, demand_held_out, make_plans
from firth.training.trainer import EncodedText


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
    first_epoch
        Epochs of earlier runs that these vectors have been through, whose draws are not drawn again.
    epoch, chunk
        Epochs done, and chunks done of the one at hand.
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
    pairs
        How many losses were summed.
    best, since_best
        The least held-out loss, and the epochs since.
    stopped
        Why the run ended early; empty where it did not.
    by_request
        Whether somebody asked for that, so that a resumed run goes on; otherwise its own rules ended it.
    left
        Of a run on many machines: what is left, as [part of the text, first chunk, end].
    told
        When the last report was made, by `time.perf_counter`.
    """

    config: TrainingConfig
    total_words: int
    parameters: Parameters
    first_epoch: int = 0
    epoch: int = 0
    chunk: int = 0
    words: int = 0
    loss: float = math.nan
    rate: float = 0.0
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    pairs: float = 0.0
    best: float = math.inf
    since_best: int = 0
    stopped: str = ""
    by_request: bool = False
    left: list[list[int]] = field(default_factory=list)
    told: float = field(default_factory=time.perf_counter, repr=False)

    def stop(self, why: str, *, by_request: bool = False) -> None:
        """End the run after the chunks at hand; by_request: somebody asked for it, so a resumed run goes on."""
        if not self.stopped:
            self.stopped, self.by_request = why, by_request

    def has_stopped(self) -> bool:
        """Whether the run has ended, or is about to end, early."""
        return bool(self.stopped)


class Callback:
    """What can be done while a run goes on; override what is wanted. Call `run.stop(why)` to end it.

    Attributes
    ----------
    sees_vectors
        Whether it looks at the run's parameters: on a cluster these have to be fetched first.
    """

    sees_vectors = True

    def on_start(self, run: TrainingRun) -> None:
        """Before the first word."""

    def on_report(self, run: TrainingRun) -> None:
        """At every report, about twice a second."""

    def on_epoch(self, run: TrainingRun) -> None:
        """After each epoch."""

    def on_end(self, run: TrainingRun) -> None:
        """After the last word, or where the run was stopped."""


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
    abandon
        Lets the threads of a team go on without one that has failed; what they learn is of no use then.
    """

    learn: Learn
    threads: int
    is_team: bool
    abandon: Callable[[], None] = lambda: None


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
    checkpoints: RunCheckpoints | None = None,
    first_epoch: int = 0,
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
    checkpoints
        Where the run is kept, and gone on from; None keeps nothing.
    first_epoch
        Epochs that these vectors have been through, whose draws are not to be drawn again.

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

    plan, held_out = make_plans(text, config)
    demand_held_out(held_out.total, config)
    if plan.total == 0:
        raise FirthError("the text has no words of the vocabulary: give it more text, or lower min_count")
    run = TrainingRun(config, plan.total * config.epochs, parameters, first_epoch)
    if checkpoints is not None:
        checkpoints.begin(run)
    engine = make_engine(text.counts, config, parameters, announce)
    for callback in callbacks:
        callback.on_start(run)
    watch = Watch(report, callbacks, should_stop, checkpoints)
    try:
        with interrupts(partial(run.stop, by_request=True)):
            run_epochs(plan, held_out, engine, run, watch)
    except KeyboardInterrupt:  # a second one, or from a handler of somebody's own
        run.stop("interrupted", by_request=True)
    for callback in callbacks:
        callback.on_end(run)
    if run.pairs == 0 and not run.stopped:
        raise FirthError("no sentence has two words left after subsampling: give it more text, or set subsample to 0")
    return run
