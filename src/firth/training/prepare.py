"""From options to compiled kernels: the tables, every thread's room, and which kernel runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.training import sampling
from firth.training.config import TrainingConfig
from firth.training.engine import Engine, Parameters, thread_count
from firth.training.huffman import NO_TREE, huffman_tree
from firth.training.plan import LONGEST, LONGEST_EXACT, Plan, batch_words, gathered
from firth.training.trainer import EncodedText

Rates = tuple[float, float]
Arguments = Callable[[Plan, slice, int, np.uint64, Rates], tuple[Any, ...]]
"""(plan, pieces, thread, key of the epoch, rates) to what a kernel's `learn` is called with; beside what is made for a
team stands where its threads meet."""


def make_engine(
    text: EncodedText, config: TrainingConfig, parameters: Parameters, announce: Callable[[str], None]
) -> Engine:
    """Build what the options ask for, and compile it where that has not been done before.

    Parameters
    ----------
    text, config, parameters
        As for `firth.training.engine.train`.
    announce
        Told when something is being compiled.
    """
    from firth.compute.compiling import is_kept
    from firth.training.kernels import cbow, exact, skip_gram, softmax_windows, state
    from firth.training.kernels.meeting import FAILED
    from firth.training.kernels.sentences import Rules

    # Kernels are compiled for ids that are only read, as those of a corpus on disk are.
    text = dataclasses.replace(text, ids=text.ids.view())
    text.ids.flags.writeable = False
    words, by_mean = text.counts.size, config.architecture == "cbow"
    tree = huffman_tree(text.counts) if config.objective == "hierarchical-softmax" else NO_TREE
    negatives = config.negatives if config.objective == "negative-sampling" and words > 1 else 0
    own = np.arange(words, dtype=np.uint32)
    targets = np.where(parameters.frozen, np.uint32(words), own)
    model = state.Model(
        parameters.center,
        parameters.outside,
        targets,
        own if tree.nodes.size else targets,
        bool(parameters.frozen.any()),
        tree,
    )
    odds = sampling.training_odds(text.counts, config.subsample, config.subsample_rule, config.negative_exponent)
    rules = Rules(odds, config.window, config.shrink_window, by_mean, config.context_gradient == "mean")
    longest = LONGEST_EXACT if config.deterministic else LONGEST
    rooms = [
        state.make_room(config.dimensions, config.window, negatives, tree.depth, longest)
        for _ in range(thread_count(config))
    ]
    kernel: ModuleType
    if config.objective == "softmax":
        kernel, arguments, meeting = softmax_windows, *_softmax_arguments(text, config, model, rules, rooms)
    elif config.deterministic:
        kernel, arguments, meeting = exact, *_exact_arguments(text, config, model, rules, rooms)
    else:
        kernel, arguments = (cbow if by_mean else skip_gram), _online_arguments(text, model, rules, rooms)
        meeting = np.zeros(4, np.int64)
    if not is_kept(kernel.learn):
        announce("compiling the trainer for this processor (once; it takes some seconds)")
    nothing = np.zeros(0, np.int64)
    empty = Plan(nothing, nothing, np.zeros(1, np.int64), np.zeros(1, np.int64))
    kernel.learn(
        *arguments(empty, slice(0, 0), 0, np.uint64(0), (0.0, 0.0))
    )  # compiled, or loaded, before the clock runs

    def learn(plan: Plan, thread: int, epoch: int, chunk: int, rates: Rates) -> tuple[float, float]:
        tally = rooms[thread].tally
        tally[:] = 0.0
        pieces = slice(plan.chunks[chunk], plan.chunks[chunk + 1])
        key = np.uint64(sampling.epoch_key(config.seed, epoch))
        kernel.learn(*arguments(plan, pieces, thread, key, rates))
        return float(tally[state.LOSS]), float(tally[state.PAIRS])

    def abandon() -> None:
        meeting[FAILED] = 1

    return Engine(learn, len(rooms), config.deterministic, abandon)


def _online_arguments(text: EncodedText, model: Any, rules: Any, rooms: list[Any]) -> Arguments:
    from firth.training.kernels.sentences import Stretch

    def arguments(plan: Plan, pieces: slice, thread: int, key: np.uint64, rates: Rates) -> tuple[Any, ...]:
        return Stretch(text.ids, plan.starts[pieces], plan.ends[pieces], key), rates, model, rules, rooms[thread]

    return arguments


def _exact_arguments(
    text: EncodedText, config: TrainingConfig, model: Any, rules: Any, rooms: list[Any]
) -> tuple[Arguments, NDArray[np.int64]]:
    from firth.training.kernels.exact import Batches, make_changes
    from firth.training.kernels.sentences import Stretch

    words, by_mean = batch_words(config, text.counts), config.architecture == "cbow"
    most = rooms[0].output_targets.size
    changes = make_changes(words + LONGEST_EXACT, config.dimensions, config.window, most, by_mean)
    known: dict[tuple[int, int], Any] = {}  # the batches of each chunk are the same in every epoch

    def arguments(plan: Plan, pieces: slice, thread: int, key: np.uint64, rates: Rates) -> tuple[Any, ...]:
        starts, ends = plan.starts[pieces], plan.ends[pieces]
        place = int(starts[0]) if starts.size else 0, starts.size
        if place not in known:
            bounds = gathered(starts, ends, words)
            number = np.repeat(np.arange(bounds.size - 1), np.diff(bounds))
            before = np.cumsum(ends - starts) - (ends - starts)
            places = before - before[bounds[:-1]][number]
            known[place] = Batches(bounds, np.lexsort((starts - ends, number)), places)
        batches = known[place]
        steps = np.linspace(*rates, batches.bounds.size)[:-1].astype(np.float32)
        team = (thread, len(rooms))
        return Stretch(text.ids, starts, ends, key), batches, steps, model, rules, rooms[thread], changes, team

    return arguments, changes.meeting


def _softmax_arguments(
    text: EncodedText, config: TrainingConfig, model: Any, rules: Any, rooms: list[Any]
) -> tuple[Arguments, NDArray[np.int64]]:
    from firth.training.kernels.sentences import Stretch
    from firth.training.kernels.softmax import WINDOWS, make_batch, make_shared

    is_team = config.deterministic
    batches = [make_batch(config.dimensions, WINDOWS * 2 * config.window) for _ in rooms]
    shared = [make_shared(text.counts.size, config.dimensions) for _ in range(1 if is_team else len(rooms))]

    def arguments(plan: Plan, pieces: slice, thread: int, key: np.uint64, rates: Rates) -> tuple[Any, ...]:
        starts, ends = plan.starts[pieces], plan.ends[pieces]
        own, team = (shared[0], (thread, len(rooms))) if is_team else (shared[thread], (0, 1))
        batch = batches[thread]
        return Stretch(text.ids, starts, ends, key), rates, model, rules, rooms[thread], batch, own, team

    return arguments, shared[0].meeting
