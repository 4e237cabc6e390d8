"""The options of a training run, as frozen dataclasses: the only place where options are validated."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from firth.errors import OptionError

ARCHITECTURES = ("skip-gram", "cbow")
OBJECTIVES = ("negative-sampling", "softmax", "hierarchical-softmax")
SUBSAMPLE_RULES = ("word2vec", "paper")
CONTEXT_GRADIENTS = ("mean", "word2vec")
SCHEDULES = ("linear", "constant")
LOSSES = ("negative-sampling", "softmax")
FIRST_STEPS = {"negative-sampling": 0.3, "softmax": 10.0}
"""A good first step for each loss: the assignment's; and for naive softmax, whose pull on a word is weaker by far (its
negatives share one probability), one at which 40,000 iterations get beyond the plateau at the start."""


LARGEST_STEP = 1e9
"""Of the engine: far above any step that a run survives, and far below what float32 can hold."""


def _shown(value: object) -> str:
    """A wrong value, as short as a sentence can hold; Python refuses to write out the longest numbers."""
    try:
        text = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:40]}... ({len(text):,} characters)"


def _demand_choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        near = get_close_matches(str(value), allowed, 1, 0.5)
        raise OptionError(
            f"{name} is {_shown(value)}: it must be one of {', '.join(allowed)}"
            + (f" (did you mean {near[0]}?)" if near else "")
        )


def _demand_whole(name: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise OptionError(f"{name} is {_shown(value)}: it must be a whole number from {least} to {most:,}")


def _demand_number(name: str, value: object, least: float, most: float, *, above: bool = False) -> None:
    """From least (above it, where `above`) to most."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and least <= value <= most) or (above and value == least):  # type: ignore[operator]
        lower = f"above {least:g}" if above else f"from {least:g}"
        raise OptionError(f"{name} is {_shown(value)}: it must be a number {lower} to {most:g}")


def _demand_seed(seed: object) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise OptionError(f"seed is {_shown(seed)}: it must be a whole number from 0 to 2^63 - 1")


@dataclass(frozen=True)
class TrainingConfig:
    """The options of `firth.Word2Vec` and `firth train`.

    Attributes
    ----------
    architecture
        ``"skip-gram"`` or ``"cbow"``.
    objective
        ``"negative-sampling"``, ``"softmax"`` (over the whole vocabulary) or ``"hierarchical-softmax"``.
    dimensions
        D, the length of a vector.
    window
        C, the largest number of words on either side that belong to a window.
    shrink_window
        Draw each window's size from 1 to C, so that near words count more; otherwise it is always C.
    negatives
        K, words drawn for each window (negative sampling only).
    negative_exponent
        Negatives are drawn in proportion to count to this power, equation (21).
    subsample
        t of equation (22); 0 keeps every word.
    subsample_rule
        ``"word2vec"`` keeps a word of frequency f with probability sqrt(t/f) + t/f, as the original program and those
        after it do; ``"paper"`` with sqrt(t/f).
    context_gradient
        CBOW: ``"mean"``, the true gradient, of which each of the n words of a window gets one n-th; ``"word2vec"``,
        all of it for each, as the original program does.
    epochs
        How often the text is gone through.
    learning_rate
        Step of the descent at first.
    final_learning_rate
        Step at the end, where the schedule is linear; None makes it a tenth of `learning_rate`.
    schedule
        ``"linear"`` in words over all epochs, or ``"constant"``.
    warmup
        Share of all words over which the rate rises from 0 to `learning_rate`.
    held_out
        Share of the text's sentences that are not learned from; their mean loss is measured after each epoch.
    patience
        Stop when that loss has not become better for so many epochs; 0 never stops early.
    threads
        How many; None takes as many as there are processors.
    deterministic
        Exact minibatches instead of lock-free threads: the same seed gives the same bits on any number of threads.
    seed
        Of all that is drawn.
    """

    architecture: str = "skip-gram"
    objective: str = "negative-sampling"
    dimensions: int = 100
    window: int = 5
    shrink_window: bool = True
    negatives: int = 5
    negative_exponent: float = 0.75
    subsample: float = 1e-4
    subsample_rule: str = "word2vec"
    context_gradient: str = "mean"
    epochs: int = 5
    learning_rate: float = 0.025
    final_learning_rate: float | None = None
    schedule: str = "linear"
    warmup: float = 0.0
    held_out: float = 0.0
    patience: int = 0
    threads: int | None = None
    deterministic: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        _demand_choice("architecture", self.architecture, ARCHITECTURES)
        _demand_choice("objective", self.objective, OBJECTIVES)
        _demand_choice("subsample_rule", self.subsample_rule, SUBSAMPLE_RULES)
        _demand_choice("context_gradient", self.context_gradient, CONTEXT_GRADIENTS)
        _demand_choice("schedule", self.schedule, SCHEDULES)
        _demand_whole("dimensions", self.dimensions, 1, 10_000)
        _demand_whole("window", self.window, 1, 1_000)
        _demand_whole("negatives", self.negatives, 1, 64)
        _demand_whole("epochs", self.epochs, 1, 1_000_000)
        _demand_whole("patience", self.patience, 0, 1_000_000)
        if self.threads is not None:
            _demand_whole("threads", self.threads, 1, 1_024)
        _demand_number("negative_exponent", self.negative_exponent, -1, 2)
        _demand_number("subsample", self.subsample, 0, 1)
        _demand_number("learning_rate", self.learning_rate, 0, LARGEST_STEP, above=True)
        if self.final_learning_rate is not None:
            _demand_number("final_learning_rate", self.final_learning_rate, 0, self.learning_rate)
        _demand_number("warmup", self.warmup, 0, 1)
        _demand_number("held_out", self.held_out, 0, 0.5)
        _demand_seed(self.seed)
        for name in ("shrink_window", "deterministic"):
            if not isinstance(getattr(self, name), bool):
                raise OptionError(f"{name} is {_shown(getattr(self, name))}: it must be True or False")
        if self.patience and not self.held_out:
            raise OptionError("patience needs a loss to watch: set held_out to a share of the text, such as 0.01")


@dataclass(frozen=True)
class MinibatchConfig:
    """The assignment's run: the mean gradient of a batch of random windows is applied once an iteration.

    Attributes
    ----------
    loss
        ``"negative-sampling"`` or ``"softmax"`` (the naive one, over the whole vocabulary).
    dimensions
        D, the length of a vector.
    window
        C, the largest window; each window's own size is drawn from 1 to C.
    negatives
        K, words drawn for each outside word (negative sampling only).
    batch
        Windows a batch.
    step
        Step of the first iteration.
    anneal_every
        Iterations after which the step is halved, again and again.
    iterations
        Batches in all.
    repetitions
        How often the text is gone through when it is subsampled.
    subsample
        t of equation (22): a word that makes up more than t of the text is left out with probability 1 - sqrt(t/f).
    negative_exponent
        Negatives are drawn in proportion to count to this power, equation (21).
    seed
        Of all random streams.
    """

    loss: str = "negative-sampling"
    dimensions: int = 10
    window: int = 5
    negatives: int = 10
    batch: int = 50
    step: float = 0.3
    anneal_every: int = 20_000
    iterations: int = 40_000
    repetitions: int = 30
    subsample: float = 1e-5
    negative_exponent: float = 0.75
    seed: int = 1

    def __post_init__(self) -> None:
        _demand_choice("loss", self.loss, LOSSES)
        at_most = {
            "dimensions": 10_000,
            "window": 1_000,
            "negatives": 1_000,
            "batch": 100_000,
            "anneal_every": 2**62,
            "iterations": 2**62,
            "repetitions": 10_000,
        }
        for name, largest in at_most.items():
            _demand_whole(name, getattr(self, name), 1, largest)
        _demand_seed(self.seed)
        for name in ("step", "subsample"):
            _demand_number(name, getattr(self, name), 0, sys.float_info.max, above=True)
        _demand_number("negative_exponent", self.negative_exponent, -1, 2)

    def differences(self, other: dict[str, Any]) -> list[str]:
        """Say where these options differ from those of another run, `iterations` left aside.

        Parameters
        ----------
        other
            The other run's options by name.

        Returns
        -------
        list of phrases such as ``"dimensions was 10 and is now 20"``
        """
        mine = dataclasses.asdict(self)
        names = [name for name in mine if name != "iterations" and mine[name] != other.get(name)]
        return [f"{name} was {other.get(name)} and is now {mine[name]}" for name in names]
