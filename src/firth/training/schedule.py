"""The learning rate as a pure function of progress, the share of all words over all epochs that are done."""

from __future__ import annotations

from firth.training.config import TrainingConfig


def learning_rate(config: TrainingConfig, progress: float) -> float:
    """The step at a moment of a run.

    It rises from 0 over the first `warmup` of the run, then stays, or falls linearly to `final_learning_rate`. Words
    are counted over all threads together, so any number of threads gives the same schedule.

    Parameters
    ----------
    config
        The options.
    progress
        From 0 to 1.
    """
    first = float(config.learning_rate)
    if progress < config.warmup:
        return first * progress / config.warmup
    if config.schedule == "constant":
        return first
    final = first / 10 if config.final_learning_rate is None else config.final_learning_rate
    left = (1.0 - progress) / (1.0 - config.warmup) if config.warmup < 1.0 else 1.0
    return final + (first - final) * max(0.0, left)
