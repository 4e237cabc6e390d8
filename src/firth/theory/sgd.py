"""Stochastic gradient descent as the handout has it: a step halved now and then, a smoothed loss, runs that resume."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.theory.functions import Floats
from firth.theory.randomness import get_random_state, set_random_state

SMOOTHING = 0.95
"""Share of the old smoothed loss that stays at each report."""


class SnapshotLike(Protocol):
    """One moment of a run, as `firth.Checkpoints` returns it."""

    @property
    def iteration(self) -> int:
        """How many iterations it has behind it."""

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Its arrays by name."""

    @property
    def state(self) -> Mapping[str, Any]:
        """Whatever else it needs to go on (JSON values)."""


class CheckpointStore(Protocol):
    """Where snapshots go; `firth.Checkpoints(folder)` is one."""

    def save(self, iteration: int, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> object:
        """Keep a snapshot."""

    def clear(self) -> None:
        """Remove the snapshots of earlier runs."""

    def latest(self) -> tuple[SnapshotLike | None, list[str]]:
        """Return the newest whole snapshot, and a sentence for each damaged one passed over."""


def annealed_step(step: float, iteration: int, anneal_every: int = 20_000) -> float:
    """Step of the given iteration (counted from 1): halved after every `anneal_every` iterations, equation (19).

    A pure function of the iteration, so that a resumed run can't anneal twice.
    """
    return float(step * 0.5 ** ((iteration - 1) // anneal_every))


def smoothed_loss(smoothed: float | None, loss: float) -> float:
    """Exponentially smoothed loss, 0.95 old + 0.05 new; the first loss as it is, equation (20)."""
    return loss if smoothed is None else SMOOTHING * smoothed + (1 - SMOOTHING) * loss


def sgd(
    f: Callable[[Floats], tuple[float, Floats]],
    x0: ArrayLike,
    step: float,
    iterations: int,
    *,
    postprocess: Callable[[Floats], Floats] | None = None,
    report: Callable[[int, float], None] | None = None,
    report_every: int = 10,
    anneal_every: int = 20_000,
    checkpoints: CheckpointStore | None = None,
    checkpoint_every: int = 5_000,
    resume: bool = False,
) -> Floats:
    """Minimise a loss by stochastic gradient descent, x ← x - α dJ/dx, equation (18).

    Parameters
    ----------
    f
        Takes x; returns a loss and its gradient, of the shape of x.
    x0
        Where to start, any shape. It is not changed.
    step
        α at the start; halved after every `anneal_every` iterations.
    iterations
        How many steps in all, those of earlier runs included.
    postprocess
        Applied to x after each step, for example a row normalisation.
    report
        Called with the iteration and the smoothed loss every `report_every` iterations.
    report_every
        Iterations between reports; the loss is smoothed over those reported.
    anneal_every
        Iterations between halvings.
    checkpoints
        Where to keep x, the smoothed loss and the state of `random` and `numpy.random`: ``firth.Checkpoints(folder)``.
        Those of an earlier run are removed unless it is resumed.
    checkpoint_every
        Iterations between checkpoints.
    resume
        Go on from the newest of `checkpoints`; the result is that of a run which was never stopped, to the last bit.
        A damaged one is passed over with a warning.

    Returns
    -------
    x after the last step, of the shape of `x0`

    Raises
    ------
    ValueError
        An option is out of range; the checkpoint is of another problem, or past `iterations` already; the gradient has
        another shape than x; or the loss became infinite or NaN (the message names iteration and step).
    """
    if iterations < 0 or min(report_every, anneal_every, checkpoint_every) < 1 or not np.isfinite(step):
        raise ValueError("iterations must be at least 0, the *_every options at least 1, and step finite")
    x = np.array(x0, dtype=np.float64)
    start, smoothed = 0, None
    if resume:
        if checkpoints is None:
            raise ValueError("resume=True needs checkpoints=")
        snapshot, damaged = checkpoints.latest()
        for sentence in damaged:
            warnings.warn(sentence, stacklevel=2)
        if snapshot is not None:
            start, smoothed = snapshot.iteration, snapshot.state["smoothed_loss"]
            if snapshot.arrays["x"].shape != x.shape or start > iterations:
                raise ValueError(
                    f"the checkpoint holds x of shape {snapshot.arrays['x'].shape} at iteration {start}, which is no "
                    f"earlier stage of {iterations} iterations from shape {x.shape}: start anew with resume=False"
                )
            x = snapshot.arrays["x"].copy()
            set_random_state(snapshot.state["random_state"])
    elif checkpoints is not None:
        checkpoints.clear()
    for iteration in range(start + 1, iterations + 1):
        loss, gradient = f(x)
        if not np.isfinite(loss):
            raise ValueError(f"the loss is {loss} at iteration {iteration}: the step {step} is too large for this f")
        if np.shape(gradient) != x.shape:
            raise ValueError(f"x has shape {x.shape} and its gradient {np.shape(gradient)}: they must be equal")
        x = x - annealed_step(step, iteration, anneal_every) * np.asarray(gradient)
        if postprocess is not None:
            x = postprocess(x)
        if iteration % report_every == 0:
            smoothed = smoothed_loss(smoothed, float(loss))
            if report is not None:
                report(iteration, smoothed)
        if checkpoints is not None and iteration % checkpoint_every == 0:
            state = {"smoothed_loss": smoothed, "random_state": get_random_state()}
            checkpoints.save(iteration, {"x": x}, state)
    return x[()]
