"""From options to compiled kernels: the tables, every thread's room, and which kernel runs."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.training import sampling
from firth.training.config import TrainingConfig
from firth.training.engine import Engine, Parameters, thread_count
from firth.training.huffman import NO_TREE, huffman_tree
from firth.training.plan import LONGEST, LONGEST_EXACT, Plan, batch_words, gathered, no_plan

Rates = tuple[float, float]
Arguments = Callable[[Plan, slice, int, np.uint64, Rates], tuple[Any, ...]]
"""(plan, pieces, thread, key of the epoch, rates) to what a kernel's `learn` is called with; beside what is made for a
team stands where its threads meet."""


def make_engine(
    counts: NDArray[np.int64], config: TrainingConfig, parameters: Parameters, announce: Callable[[str], None]
) -> Engine:
    """Build what the options ask for, and compile it where that has not been done before.

    Parameters
    ----------
    counts
        Occurrences of each word, that negatives, subsampling and the tree go by, shape (V,).
    config, parameters
        As for `firth.training.engine.train`.
    announce
        Told when something is being compiled.
    """
    from firth.compute.compiling import is_kept
    from firth.training.kernels import cbow, exact, skip_gram, softmax_windows, state
    from firth.training.kernels.meeting import FAILED
    from firth.training.kernels.sentences import Rules

    words, by_mean = counts.size, config.architecture == "cbow"
    tree = huffman_tree(counts) if config.objective == "hierarchical-softmax" else NO_TREE
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
    odds = sampling.training_odds(counts, config.subsample, config.subsample_rule, config.negative_exponent)
    rules = Rules(odds, config.window, config.shrink_window, by_mean, config.context_gradient == "mean")
    longest = LONGEST_EXACT if config.deterministic else LONGEST
    rooms = [
        state.make_room(config.dimensions, config.window, negatives, tree.depth, longest)
        for _ in range(thread_count(config))
    ]
    kernel: ModuleType
    if config.objective == "softmax":
        kernel, arguments, meeting = softmax_windows, *_softmax_arguments(words, config, model, rules, rooms)
    elif config.deterministic:
        kernel, arguments, meeting = exact, *_exact_arguments(counts, config, model, rules, rooms)
    else:
        kernel, arguments = (cbow if by_mean else skip_gram), _online_arguments(model, rules, rooms)
        meeting = np.zeros(4, np.int64)
    if not is_kept(kernel.learn):
        announce("compiling the trainer for this processor (once; it takes some seconds)")
    # Compiled, or loaded, before the clock runs.
    kernel.learn(*arguments(no_plan(), slice(0, 0), 0, np.uint64(0), (0.0, 0.0)))

    def learn(plan: Plan, thread: int, epoch: int, chunk: int, rates: Rates) -> tuple[float, float]:
        tally = rooms[thread].tally
        tally[:] = 0.0
        pieces = slice(plan.chunks[chunk], plan.chunks[chunk + 1])
        key = np.uint64(sampling.place_key(sampling.epoch_key(config.seed, epoch), plan.first))
        kernel.learn(*arguments(plan, pieces, thread, key, rates))
        return float(tally[state.LOSS]), float(tally[state.PAIRS])

    def abandon() -> None:
        meeting[FAILED] = 1

    return Engine(learn, len(rooms), config.deterministic, abandon)


def _online_arguments(model: Any, rules: Any, rooms: list[Any]) -> Arguments:
    from firth.training.kernels.sentences import Stretch

    def arguments(plan: Plan, pieces: slice, thread: int, key: np.uint64, rates: Rates) -> tuple[Any, ...]:
        return Stretch(plan.ids, plan.starts[pieces], plan.ends[pieces], key), rates, model, rules, rooms[thread]

    return arguments


def _exact_arguments(
    counts: NDArray[np.int64], config: TrainingConfig, model: Any, rules: Any, rooms: list[Any]
) -> tuple[Arguments, NDArray[np.int64]]:
    from firth.training.kernels.exact import Batches, make_changes
    from firth.training.kernels.sentences import Stretch

    words, by_mean = batch_words(config, counts), config.architecture == "cbow"
    most = rooms[0].output_targets.size
    changes = make_changes(words + LONGEST_EXACT, config.dimensions, config.window, most, by_mean)
    known: dict[tuple[int, int, int], Any] = {}  # the batches of each chunk are the same in every epoch

    def arguments(plan: Plan, pieces: slice, thread: int, key: np.uint64, rates: Rates) -> tuple[Any, ...]:
        starts, ends = plan.starts[pieces], plan.ends[pieces]
        place = plan.first, int(starts[0]) if starts.size else 0, starts.size
        if place not in known:
            bounds = gathered(starts, ends, words)
            number = np.repeat(np.arange(bounds.size - 1), np.diff(bounds))
            before = np.cumsum(ends - starts) - (ends - starts)
            places = before - before[bounds[:-1]][number]
            known[place] = Batches(bounds, np.lexsort((starts - ends, number)), places)
        batches = known[place]
        steps = np.linspace(*rates, batches.bounds.size)[:-1].astype(np.float32)
        team = (thread, len(rooms))
        return Stretch(plan.ids, starts, ends, key), batches, steps, model, rules, rooms[thread], changes, team

    return arguments, changes.meeting


def _softmax_arguments(
    words: int, config: TrainingConfig, model: Any, rules: Any, rooms: list[Any]
) -> tuple[Arguments, NDArray[np.int64]]:
    from firth.training.kernels.sentences import Stretch
    from firth.training.kernels.softmax import WINDOWS, make_batch, make_shared

    is_team = config.deterministic
    batches = [make_batch(config.dimensions, WINDOWS * 2 * config.window) for _ in rooms]
    shared = [make_shared(words, config.dimensions) for _ in range(1 if is_team else len(rooms))]

    def arguments(plan: Plan, pieces: slice, thread: int, key: np.uint64, rates: Rates) -> tuple[Any, ...]:
        starts, ends = plan.starts[pieces], plan.ends[pieces]
        own, team = (shared[0], (thread, len(rooms))) if is_team else (shared[thread], (0, 1))
        batch = batches[thread]
        return Stretch(plan.ids, starts, ends, key), rates, model, rules, rooms[thread], batch, own, team

    return arguments, shared[0].meeting
