"""The same training on many machines, on Ray: what it is asked for, and its beginning and end; see `rounds.py`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.compute.crew import interrupts
from firth.compute.nodes import LostError, Nodes, Ref
from firth.corpus.sharded import Part
from firth.errors import FirthError, OptionError
from firth.progress import Report, silent
from firth.training.checkpointing import RunCheckpoints, parse_every
from firth.training.config import TrainingConfig
from firth.training.engine import Callback, Parameters, TrainingRun
from firth.training.epochs import Watch
from firth.training.members import Crew, Member
from firth.training.plan import demand_held_out
from firth.training.replica import Replica, Setting
from firth.training.rounds import Rounds

ROUNDS = 5
"""Exchanges of all rows in a run, for each replica, where nothing else is said: measured, see docs/scaling.md."""
SLOWEST = 50e6
"""Bytes a second of a network that is waited for."""
LEAST_WORDS, MOST_WORDS = 100_000, 50_000_000


@dataclass(frozen=True)
class Cluster:
    """Where to train, and how.

    Parameters
    ----------
    address
        Of a Ray cluster that this machine is part of: ``"auto"``, or host:port; ``"local"`` starts Ray here.
    replicas
        How many copies of the vectors learn side by side; None: one on every node, also on those that join later.
    sync
        How many words each learns from between two exchanges of all rows, such as ``"4Mwords"``; None: so many that a
        run has five exchanges for each replica.
    half
        Send changes as float16: half the traffic.

    Raises
    ------
    OptionError
        A value is not allowed.
    """

    address: str = "auto"
    replicas: int | None = None
    sync: str | None = None
    half: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.address, str) or not self.address.strip():
            raise OptionError("the address of the Ray cluster is empty: give auto, local, or host:port")
        if self.replicas is not None and (type(self.replicas) is not int or not 1 <= self.replicas <= 4_096):
            raise OptionError(f"replicas is {self.replicas!r}: it must be a whole number from 1 to 4,096")
        if self.sync is not None and parse_every(self.sync, "sync").words is None:
            raise OptionError(f"sync is {self.sync}: give words, such as 500kwords or 4Mwords")

    def described(self, config: TrainingConfig, nodes: Nodes, words: Sequence[int]) -> dict[str, Any]:
        """What must be the same for a run to be resumed, and for the same bits to come out, as JSON values."""
        parts = hashlib.sha256(np.array(words, "<i8").tobytes()).hexdigest()
        replicas = (self.replicas or len(nodes.alive())) if config.deterministic else None
        return {"replicas": replicas, "sync": self.sync, "half": self.half, "parts": parts}

    def interval(self, total_words: int, replicas: int) -> int:
        """Words of a replica between two exchanges of all rows."""
        if self.sync is not None:
            words = parse_every(self.sync, "sync").words
            assert words is not None
            return words
        return int(np.clip(total_words // (replicas * replicas * ROUNDS), LEAST_WORDS, MOST_WORDS))


def train_on_cluster(
    nodes: Nodes,
    cluster: Cluster,
    parts: Sequence[Part],
    counts: NDArray[np.int64],
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
    """Learn vectors on many machines, in place; as `firth.training.engine.train` otherwise.

    Parameters
    ----------
    nodes
        The cluster.
    cluster
        How it is used.
    parts
        The text, in parts.
    counts
        Occurrences of each word, shape (V,).
    config, parameters, report, announce, callbacks, should_stop, checkpoints, first_epoch
        As there.

    Raises
    ------
    FirthError
        As there; or no node is left; the sentence names the node.
    """
    setting = nodes.put(Setting(config, counts, parameters.frozen, tuple(parts), cluster.half))
    crew = Crew(nodes, partial(_started, nodes, setting), config, cluster.replicas, announce)
    crew.patience += 16.0 * counts.size * config.dimensions / SLOWEST
    try:
        crew.gather()
        words, held_out = crew.outlines(len(parts))
        total = sum(int(each[-1]) for each in words)
        if total == 0:
            raise FirthError("the text has no words of the vocabulary: give it more text, or lower min_count")
        demand_held_out(held_out, config)
        run = TrainingRun(config, total * config.epochs, parameters, first_epoch)
        if checkpoints is not None:
            checkpoints.begin(run)
        for callback in callbacks:
            callback.on_start(run)
        watch = Watch(report, callbacks, should_stop, checkpoints)
        _go(Rounds(nodes, cluster.interval, crew, words, run, watch, announce), run)
    except LostError as error:
        raise FirthError(f"the cluster was lost ({error}): look at ray status, then use --resume") from error
    finally:
        crew.end()
    for callback in callbacks:
        callback.on_end(run)
    if run.pairs == 0 and not run.stopped:
        raise FirthError("no sentence has two words left after subsampling: give it more text, or set subsample to 0")
    return run


def _go(rounds: Rounds, run: TrainingRun) -> None:
    try:
        with interrupts(partial(run.stop, by_request=True)):
            rounds.go()
    except KeyboardInterrupt:  # a second one, or from a handler of somebody's own
        rounds.return_to_saved()  # whose vectors are here
        run.stop("interrupted", by_request=True)


def _started(nodes: Nodes, setting: Ref, member: Member, processors: int) -> object:
    return nodes.actor(Replica, member.node, processors, setting, member.threads)
