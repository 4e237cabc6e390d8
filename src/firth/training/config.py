"""The options of a training run, as frozen dataclasses: the only place where options are validated."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from firth.errors import OptionError

LOSSES = ("negative-sampling", "softmax")
FIRST_STEPS = {"negative-sampling": 0.3, "softmax": 10.0}
"""A good first step for each loss: the assignment's; and for naive softmax, whose pull on a word is weaker by far (its
negatives share one probability), one at which 40,000 iterations get beyond the plateau at the start."""


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
        if self.loss not in LOSSES:
            raise OptionError(f"loss is {self.loss!r}: it must be one of {', '.join(LOSSES)}")
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
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
                raise OptionError(f"{name} is {value!r}: it must be a whole number from 1 to {largest:,}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed < 2**63:
            raise OptionError(f"seed is {self.seed!r}: it must be a whole number from 0 to 2^63 - 1")
        for name in ("step", "subsample"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise OptionError(f"{name} is {value!r}: it must be a number above 0")
        if not -1 <= self.negative_exponent <= 2:
            raise OptionError(f"negative_exponent is {self.negative_exponent!r}: it must be a number from -1 to 2")

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
