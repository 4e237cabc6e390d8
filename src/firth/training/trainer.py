"""The loop around the kernels: chunks of batches, progress, checkpoints, resume. It contains no mathematics."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.checkpoints import Checkpoints, Snapshot
from firth.compute.crew import available_threads, run_threads
from firth.errors import FirthError, OptionError
from firth.progress import Report, silent
from firth.theory.sgd import annealed_step, smoothed_loss
from firth.training import sampling
from firth.training.config import MinibatchConfig

REPORT_EVERY = 10
"""Iterations between losses that are kept and smoothed."""
CHECKPOINT_EVERY = 5_000
CHUNK_SECONDS = 0.1
"""How long the compiled loop runs before it comes back to show progress and to see whether to stop."""


@dataclass(frozen=True)
class EncodedText:
    """Sentences as word ids, with the count of each word.

    Attributes
    ----------
    ids
        Word of each position, shape (T,), uint32.
    offsets
        Where each sentence starts, and the end of the last, shape (S + 1,), int64.
    counts
        Occurrences of each word, shape (V,).
    """

    ids: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    counts: NDArray[np.int64]

    def identity(self) -> str:
        """SHA-256 of the text, by which a resumed run knows that it is the same."""
        digest = hashlib.sha256()
        for array in (self.ids, self.offsets, self.counts):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


@dataclass
class MinibatchRun:
    """Where a run stands.

    Attributes
    ----------
    iteration
        Batches done.
    center, outside
        The vectors, shape (V, D), float64.
    losses
        Mean loss of the batch at every 10th iteration.
    smoothed_losses
        The same, smoothed by equation (20).
    seconds
        Time spent in training, over all sessions of the run; compiling and drawing the text not counted.
    finished
        Whether all iterations are done; False where the run was asked to stop.
    """

    iteration: int
    center: NDArray[np.float64]
    outside: NDArray[np.float64]
    batches: NDArray[np.uint64]
    losses: list[float]
    smoothed_losses: list[float]
    seconds: float = 0.0
    finished: bool = False

    @property
    def reported_iterations(self) -> list[int]:
        """The iterations whose losses were kept."""
        return [REPORT_EVERY * (i + 1) for i in range(len(self.losses))]


def train_minibatch(
    text: EncodedText,
    config: MinibatchConfig,
    *,
    checkpoints: Checkpoints | None = None,
    resume: bool = False,
    report: Report = silent,
    announce: Callable[[str], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> MinibatchRun:
    """Train by the assignment's algorithm: one step along the mean gradient of each batch.

    The same text, options and seed give the same bits, stopped and resumed or not.

    Parameters
    ----------
    text
        What to learn from; at least two words in some sentence.
    config
        The options.
    checkpoints
        Where to keep a snapshot every 5,000 iterations and at a stop; None keeps none.
    resume
        Go on from the newest snapshot. Without it, the snapshots of earlier runs are removed.
    report
        Called with iterations done, in all, and the smoothed loss as a note.
    announce
        Called with sentences worth telling, for example of a damaged checkpoint that was passed over.
    should_stop
        Asked several times a second; True ends the run early, with a snapshot.

    Returns
    -------
    MinibatchRun

    Raises
    ------
    OptionError
        The run in `checkpoints` had other options or another text (the message names each difference), or it is
        already past the iterations asked for.
    FirthError
        There is nothing to learn from, a snapshot can't be written, or the run diverges.
    """
    identity = {"config": dataclasses.asdict(config), "text": text.identity()}
    snapshot = None
    if resume and checkpoints is not None:
        snapshot = _resumed(checkpoints, config, identity, announce)
    if checkpoints is not None and not resume:
        checkpoints.clear()
    train_chunk = _prepare(text, config, announce)
    run = _start(text, config, snapshot)

    saved_at, chunk = (snapshot.iteration if snapshot else -1), 1
    while run.iteration < config.iterations and not should_stop():
        until = min(config.iterations, (run.iteration // CHECKPOINT_EVERY + 1) * CHECKPOINT_EVERY)
        chunk = min(chunk, until - run.iteration)
        steps = [annealed_step(config.step, run.iteration + i + 1, config.anneal_every) for i in range(chunk)]
        started = time.perf_counter()
        losses = train_chunk(run, np.array(steps))
        elapsed = time.perf_counter() - started
        run.seconds += elapsed
        _note_losses(run, losses)
        _demand_numbers(run, losses, config.step)
        report(run.iteration, config.iterations, f"loss {run.smoothed_losses[-1]:.3f}" if run.smoothed_losses else "")
        if checkpoints is not None and run.iteration % CHECKPOINT_EVERY == 0:
            _save(checkpoints, run, identity)
            saved_at = run.iteration
        chunk = max(1, min(2 * chunk, int(chunk * CHUNK_SECONDS / max(elapsed, 1e-9))))
    if checkpoints is not None and saved_at != run.iteration:
        _save(checkpoints, run, identity)
    run.finished = run.iteration == config.iterations
    return run


TrainChunk = Callable[[MinibatchRun, NDArray[np.float64]], NDArray[np.float64]]


def _prepare(text: EncodedText, config: MinibatchConfig, announce: Callable[[str], None]) -> TrainChunk:
    """Draw the text, build the tables, compile the kernels; return what runs a chunk of batches."""
    from firth.compute.compiling import is_kept
    from firth.training.kernels import draws as drawing
    from firth.training.kernels import minibatch_negative_sampling, minibatch_softmax

    softmax = config.loss == "softmax"
    kernel: ModuleType = minibatch_softmax if softmax else minibatch_negative_sampling
    if not is_kept(kernel.train_batches):
        announce("compiling the trainer for this processor (once; it takes some seconds)")
    negatives = 0 if softmax else config.negatives
    keep = sampling.keep_probabilities(text.counts, config.subsample)
    text_state = sampling.random_state(config.seed, sampling.TEXT)
    drawn = drawing.subsample(drawing.Text(text.ids, text.offsets), keep, config.repetitions, text_state)
    if not drawing.has_window(drawn):
        raise FirthError("no sentence has two different words left after subsampling: give it more text")
    table = sampling.alias_table(sampling.negative_probabilities(text.counts, config.negative_exponent))

    def source(state: NDArray[np.uint64]) -> drawing.Source:
        return drawing.Source(state, drawn, table, config.window)

    if softmax:
        return _softmax_chunks(text.counts.size, config, source)
    draws = drawing.empty_draws(config.batch, config.window, negatives)
    workspace = kernel.make_workspace(np.empty((text.counts.size, config.dimensions)), draws)

    def train_chunk(run: MinibatchRun, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        losses = np.empty(steps.size)
        kernel.train_batches(run.center, run.outside, source(run.batches), draws, steps, losses, workspace)
        return losses

    nothing = np.zeros((text.counts.size, config.dimensions))
    train_chunk(MinibatchRun(0, nothing, nothing, text_state, [], []), np.empty(0))
    return train_chunk


def _softmax_chunks(words: int, config: MinibatchConfig, source: Callable[[NDArray[np.uint64]], Any]) -> TrainChunk:
    """What runs a chunk of batches on all processors: in float32, with the same bits however many there are."""
    from firth.compute.simd import aligned_rows
    from firth.training.kernels.draws import empty_draws
    from firth.training.kernels.minibatch_softmax import train_batches
    from firth.training.kernels.softmax import make_batch, make_shared

    threads, pairs = available_threads(), 2 * config.batch * config.window
    draws = [empty_draws(config.batch, config.window, 0) for _ in range(threads)]
    batches = [make_batch(config.dimensions, pairs, config.batch) for _ in range(threads)]
    shared = make_shared(words, config.dimensions, config.batch)
    vectors = aligned_rows(words, config.dimensions), aligned_rows(words, config.dimensions)

    def train_chunk(run: MinibatchRun, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        for padded, given in zip(vectors, (run.center, run.outside), strict=True):
            padded[:, : config.dimensions] = given
        states = [run.batches, *(run.batches.copy() for _ in range(threads - 1))]
        losses = [np.empty(steps.size) for _ in range(threads)]

        def work(i: int) -> None:
            team = (i, threads)
            train_batches(vectors, source(states[i]), draws[i], steps, losses[i], batches[i], shared, team)

        run_threads(threads, work)
        for padded, given in zip(vectors, (run.center, run.outside), strict=True):
            given[:] = padded[:, : config.dimensions]
        return losses[0]

    nothing = np.zeros((words, config.dimensions))
    train_chunk(MinibatchRun(0, nothing, nothing, np.ones(4, np.uint64), [], []), np.empty(0))
    return train_chunk


def _start(text: EncodedText, config: MinibatchConfig, snapshot: Snapshot | None) -> MinibatchRun:
    """Begin at the first iteration, or at a snapshot."""
    if snapshot is not None:
        arrays = {name: array.copy() for name, array in snapshot.arrays.items()}
        run = MinibatchRun(
            snapshot.iteration, arrays["center"], arrays["outside"], arrays["batches"], arrays["losses"].tolist(), []
        )
        run.seconds = snapshot.state["seconds"]
        for loss in run.losses:
            run.smoothed_losses.append(smoothed_loss(run.smoothed_losses[-1] if run.smoothed_losses else None, loss))
        return run
    center, outside = first_vectors(text.counts.size, config)
    return MinibatchRun(0, center, outside, sampling.random_state(config.seed, sampling.BATCHES), [], [])


def first_vectors(words: int, config: MinibatchConfig) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Center and outside vectors before the first iteration, shape (words, D): uniform in ±1/2D, and zero."""
    from firth.training.kernels.draws import fill_uniform

    center, outside = np.zeros((2, words, config.dimensions))
    fill_uniform(center, 0.5 / config.dimensions, sampling.random_state(config.seed, sampling.INITIAL))
    return center, outside


def _note_losses(run: MinibatchRun, losses: NDArray[np.float64]) -> None:
    """Move the run on by a chunk, keeping every 10th loss."""
    for loss in losses.tolist():
        run.iteration += 1
        if run.iteration % REPORT_EVERY == 0:
            run.smoothed_losses.append(smoothed_loss(run.smoothed_losses[-1] if run.smoothed_losses else None, loss))
            run.losses.append(loss)


def _demand_numbers(run: MinibatchRun, losses: NDArray[np.float64], step: float) -> None:
    """End a run that has diverged, before it is saved."""
    with np.errstate(over="ignore", invalid="ignore"):
        sums = losses.sum(), run.center.sum(), run.outside.sum()
    if not np.isfinite(sums).all():
        raise FirthError(f"the run has diverged by iteration {run.iteration:,}: the step {step} is too large, lower it")


def _save(checkpoints: Checkpoints, run: MinibatchRun, identity: dict[str, Any]) -> None:
    arrays = {"center": run.center, "outside": run.outside, "batches": run.batches, "losses": np.array(run.losses)}
    checkpoints.save(run.iteration, arrays, {**identity, "seconds": run.seconds})


def _resumed(
    checkpoints: Checkpoints, config: MinibatchConfig, identity: dict[str, Any], announce: Callable[[str], None]
) -> Snapshot | None:
    """Return the newest snapshot if it is of the same run; None where there is none."""
    snapshot, damaged = checkpoints.latest()
    for sentence in damaged:
        announce(sentence)
    if snapshot is None:
        announce(f"no checkpoint in {checkpoints.folder} yet: starting from the beginning")
        return None
    differences = config.differences(snapshot.state["config"])
    if snapshot.state["text"] != identity["text"]:
        differences.append("the text is another one")
    if differences:
        raise OptionError(
            f"cannot resume the run in {checkpoints.folder}: {'; '.join(differences)}; "
            "give the same options, or start anew without --resume"
        )
    if snapshot.iteration > config.iterations:
        raise OptionError(
            f"the run in {checkpoints.folder} is at iteration {snapshot.iteration:,} already, past --iterations "
            f"{config.iterations:,}: ask for more, or start anew without --resume"
        )
    announce(f"resuming at iteration {snapshot.iteration:,}")
    return snapshot
