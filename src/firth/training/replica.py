"""One node's part of a run on many: the local engine over its share of the text, and its part in every exchange.

All replicas hold the same *agreed* vectors. Each learns from them apart, on its threads; then rows r, r + R, … of what
each has changed go to replica r, which puts them together (see `firth.training.combining`) and hands the result to all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from firth.compute.crew import run_threads
from firth.compute.nodes import fetched
from firth.corpus.sharded import Part
from firth.errors import FirthError
from firth.training.combining import Curvature, Directions, Examples, combine
from firth.training.config import TrainingConfig
from firth.training.engine import Parameters
from firth.training.epochs import Tally, chunk_work, diverged, is_sound
from firth.training.kernels.exchange import adopt, changes_of, from_half, to_half
from firth.training.plan import Plan, make_plans
from firth.training.prepare import make_engine
from firth.training.schedule import learning_rate
from firth.training.trainer import EncodedText

FINER = 2
"""Chunks are smaller than on one machine, so that threads, and nodes, are done at the same time."""
IDLE = 0.2
"""Where more rows than this are expected not to have changed, those that have are sent with their places."""
LEAST_ROWS = 10_000
"""Fewer are not worth a thread of their own."""
_PLANS = 4
"""Parts of the text that are held at once."""


class Stretch(NamedTuple):
    """Chunks of a part, from the first to before the last; parts are numbered as in `firth.training.sharing`."""

    part: int
    first: int
    last: int


class Setting(NamedTuple):
    """What all replicas of a run know."""

    config: TrainingConfig
    counts: NDArray[np.int64]
    frozen: NDArray[np.bool_]
    parts: tuple[Part, ...]
    half: bool


class Share(NamedTuple):
    """What a replica is to learn before the next exchange.

    Attributes
    ----------
    first_epoch
        Epochs before this run, whose draws are not drawn again.
    stretches
        The text.
    progress
        Of the whole run at the beginning and at the end, of which the learning rate is a function.
    sees_curvature
        Whether it is to be said how curved the loss is, at the beginning.
    """

    first_epoch: int
    stretches: tuple[Stretch, ...]
    progress: tuple[float, float]
    sees_curvature: bool


class Learned(NamedTuple):
    """What came of it: words, sum and number of losses, seconds, what was left undone, and how curved the loss is."""

    words: int
    losses: float
    pairs: float
    seconds: float
    undone: tuple[Stretch, ...]
    curvature: Curvature | None


class Exchange(NamedTuple):
    """How changes are put together.

    Attributes
    ----------
    place, replicas
        Whose rows they are, see `blocks`.
    rows, hot
        How many rows are exchanged, and how many are exchanged oftener.
    often, seldom
        Words that each replica has learned from since the exchange before: of the `hot` most frequent words' rows
        `often`, of the others `seldom`; times the learning rate.
    learners
        Replicas that have learned something.
    center, outside
        Of the curvatures.
    """

    place: int
    replicas: int
    rows: int
    hot: int
    often: float
    seldom: float
    learners: int
    center: Directions
    outside: Directions


class Rows(NamedTuple):
    """Changes of a block of rows: of all, where `places` is None, or of those alone that have changed."""

    places: NDArray[np.uint32] | None
    values: NDArray[Any]


Changes = tuple[tuple[Rows, Rows], ...]
"""Of center and outside vectors, block by block."""


def blocks(place: int, replicas: int, rows: int, hot: int) -> tuple[slice, ...]:
    """The rows that a replica puts together: of frequent words, and of the others where it is their turn."""
    bounds = [(0, hot), (hot, rows)] if rows > hot else [(0, rows)]
    return tuple(
        slice(start + (end - start) * place // replicas, start + (end - start) * (place + 1) // replicas)
        for start, end in bounds
    )


def packed(changes: NDArray[np.float32], idle: float, half: bool) -> Rows:
    """Changes as they are sent: rows that have not changed are left out, where so many are idle that it is worth it."""
    places = np.flatnonzero(changes.any(axis=1)).astype(np.uint32) if idle > IDLE else None
    kept = changes if places is None else changes[places]
    if not half:
        return Rows(places, kept)
    halves = np.empty(kept.shape, np.uint16)
    to_half(kept.view(np.uint32), kept, halves)
    return Rows(places, halves.view(np.float16))


def widened(values: NDArray[Any]) -> NDArray[np.float32]:
    """Changes as float32."""
    if values.dtype == np.float32:
        return values
    numbers = np.empty(values.shape, np.float32)
    from_half(values.view(np.uint16), numbers.view(np.uint32), numbers)
    return numbers


def added(total: NDArray[np.float32], rows: Rows) -> None:
    """Add changes to rows."""
    if rows.places is None:
        total += widened(rows.values)
    else:
        total[rows.places] += widened(rows.values)


class Replica:
    """Vectors that learn on one node.

    Parameters
    ----------
    setting
        What all replicas know.
    threads
        How many learn at once.
    """

    def __init__(self, setting: Setting, threads: int) -> None:
        from dataclasses import replace

        from firth.compute.simd import aligned_rows

        self._setting, config = setting, replace(setting.config, threads=threads)
        words = setting.counts.size
        self._parameters = Parameters(
            aligned_rows(words + 1, config.dimensions), aligned_rows(words + 1, config.dimensions), setting.frozen
        )
        self._config = config
        self._engine = make_engine(setting.counts, config, self._parameters, lambda _: None)
        self._examples = Examples(setting.counts, config)
        self._plans: dict[int, tuple[Plan, Plan]] = {}
        self._agreed: list[NDArray[np.float32]] = []
        self._kept: list[NDArray[np.float32]] = []
        # Written to now: memory that has not been is slow the first time.
        self._changed = [np.full((words, config.dimensions), 0.5, np.float32) for _ in range(2)]
        self._totals = [np.full((words, config.dimensions), 0.5, np.float32) for _ in range(2)]
        self._since = [0, 0]
        self._version = -1
        self._words_done, self._is_hurried = 0, False

    def outlines(self, parts: Sequence[int]) -> list[tuple[NDArray[np.int64], int]]:
        """Of some parts: words before each chunk and in all, and words held out."""
        return [(learned.words, held_out.total) for learned, held_out in map(self._plans_of, parts)]

    def restore(self, version: int, center: NDArray[np.float32], outside: NDArray[np.float32]) -> None:
        """Begin from vectors that were agreed on, shape (V, D)."""
        self._agreed = [np.array(center), np.array(outside)]
        self._version, self._kept, self._since = version, [], [0, 0]
        self._take_agreed(center.shape[0])

    def agreed(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The vectors that all replicas agreed on last."""
        return self._agreed[0], self._agreed[1]

    def talk_version(self) -> int:
        """How many exchanges of all rows these vectors have been through."""
        return self._version

    def talk_words(self) -> int:
        """Words of the share at hand that are done."""
        return self._words_done

    def talk_hurry(self) -> None:
        """Let the share at hand end with the chunks that have been begun."""
        self._is_hurried = True

    def roll_back(self) -> None:
        """Forget what was learned and exchanged since the last exchange of all rows."""
        for agreed, kept in zip(self._agreed, self._kept, strict=False):
            agreed[: len(kept)] = kept
        self._kept, self._since = [], [0, 0]
        self._take_agreed(self._agreed[0].shape[0])

    def learn(self, share: Share, hot: int, *exchanged: Changes) -> Learned:
        """Take over what was exchanged, of the `hot` first rows; then learn from a share."""
        if exchanged:
            if not self._kept:
                self._kept = [agreed[:hot].copy() for agreed in self._agreed]
            self._adopt(hot, hot, exchanged)
        began, tally = time.perf_counter(), Tally()
        self._words_done, self._is_hurried = 0, False
        curvature = self._curvature(share) if share.sees_curvature and share.stretches else None
        undone = self._go_through(share, tally)
        if tally.pairs and not (np.isfinite(tally.losses) and is_sound(self._parameters)):
            raise FirthError(diverged(self._config))
        self._since = [since + tally.words for since in self._since]
        seconds = time.perf_counter() - began
        return Learned(tally.words, tally.losses, tally.pairs, seconds, undone, curvature)

    def changes(self, rows: int, hot: int, replicas: int) -> Any:
        """What was learned since the last exchange, for each replica what it puts together; see `blocks`."""
        for learned, agreed, changes in zip(self._matrices(), self._agreed, self._changed, strict=True):
            self._on_all_threads(changes_of, learned, agreed, slice(0, rows), changes)
        made = [self._changes(rows, hot, place, replicas) for place in range(replicas)]
        self._since = [0, 0 if rows > hot else self._since[1]]
        return tuple(made)

    def combine(self, exchange: Exchange, *changes: Changes) -> Changes:
        """Put together what all replicas changed in some rows."""
        answer = []
        for number, block in enumerate(blocks(exchange.place, exchange.replicas, exchange.rows, exchange.hot)):
            words, pair = exchange.seldom if number else exchange.often, []
            for which, along in enumerate((exchange.center, exchange.outside)):
                total = self._totals[which][block]
                total[:] = 0.0
                for each in changes:
                    added(total, each[number][which])
                combine(total, self._examples.uses[which][block] * words, along, exchange.learners)
                is_idle = all(each[number][which].places is not None for each in changes)
                pair.append(packed(total, float(is_idle), self._setting.half))
            answer.append((pair[0], pair[1]))
        return tuple(answer)

    def commit(self, version: int, hot: int, *exchanged: Changes) -> int:
        """Take over an exchange of all rows; from here on there is no way back behind it."""
        if exchanged:
            self._adopt(self._setting.counts.size, hot, exchanged)
        else:  # alone
            for agreed, learned in zip(self._agreed, self._matrices(), strict=True):
                agreed[:] = learned
        self._kept, self._version = [], version
        return version

    def held_out(self, parts: Sequence[int]) -> tuple[float, float]:
        """Sum and number of losses over what is held out of some parts; nothing is learned."""
        total = Tally()
        for part in parts:
            plan = self._plans_of(part)[1]
            for chunk in range(plan.chunks.size - 1):
                work = chunk_work(plan, -1, chunk, (0.0, 0.0), self._engine, total)
                run_threads(self._engine.threads if self._engine.is_team else 1, work, self._engine.abandon)
        return total.losses, total.pairs

    def _matrices(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What is learned, without the padding, shape (V, D)."""
        words, dimensions = self._setting.counts.size, self._config.dimensions
        return self._parameters.center[:words, :dimensions], self._parameters.outside[:words, :dimensions]

    def _take_agreed(self, rows: int) -> None:
        for learned, agreed in zip(self._matrices(), self._agreed, strict=True):
            learned[:rows] = agreed[:rows]

    def _adopt(self, rows: int, hot: int, exchanged: Sequence[Changes]) -> None:
        for place, changes in enumerate(exchanged):
            for block, pair in zip(blocks(place, len(exchanged), rows, hot), changes, strict=True):
                for agreed, learned, each in zip(self._agreed, self._matrices(), pair, strict=True):
                    if each.places is None:
                        self._on_all_threads(adopt, learned, agreed, block, widened(each.values))
                    else:  # rows that nobody has changed are as they were agreed on
                        places = each.places + np.uint32(block.start)
                        agreed[places] += widened(each.values)
                        learned[places] = agreed[places]

    def _on_all_threads(self, kernel: Any, learned: Any, agreed: Any, block: slice, changes: Any) -> None:
        rows, threads = block.stop - block.start, self._config.threads or 1
        threads = threads if rows > LEAST_ROWS else 1

        def work(thread: int) -> None:
            start, end = (block.start + rows * each // threads for each in (thread, thread + 1))
            kernel(learned, agreed, start, end, changes[start - block.start : end - block.start])

        run_threads(threads, work)

    def _changes(self, rows: int, hot: int, place: int, replicas: int) -> Changes:
        answer = []
        for number, block in enumerate(blocks(place, replicas, rows, hot)):
            idle = [float(np.exp(-each[block] * self._since[number]).mean()) for each in self._examples.uses]
            pair = [
                packed(each[block], share, self._setting.half) for each, share in zip(self._changed, idle, strict=True)
            ]
            answer.append((pair[0], pair[1]))
        return tuple(answer)

    def _curvature(self, share: Share) -> Curvature:
        stretch = share.stretches[0]
        plan = self._plans_of(stretch.part)[0]
        seed = (self._config.seed, share.first_epoch, stretch.part, stretch.first)
        return self._examples.curvature(plan, *self._matrices(), seed)

    def _plans_of(self, part: int) -> tuple[Plan, Plan]:
        number = part % len(self._setting.parts)
        if number not in self._plans:
            while len(self._plans) >= _PLANS:
                self._plans.pop(next(iter(self._plans)))
            own = self._setting.parts[number]
            ids, offsets = fetched(own.ref)
            text = EncodedText(ids, offsets, self._setting.counts)
            self._plans[number] = make_plans(text, self._config, own.first, FINER)
        return self._plans[number]

    def _go_through(self, share: Share, tally: Tally) -> tuple[Stretch, ...]:
        """Learn from a share with all threads; return what was not begun, where it was hurried."""
        engine, stretches = self._engine, [list(each) for each in share.stretches]
        plans = {part: self._plans_of(part)[0] for part, _, _ in share.stretches}
        total = sum(int(plans[part].words[last] - plans[part].words[first]) for part, first, last in share.stretches)
        taken, at = 0, 0

        def take() -> Callable[[int], None] | None:
            nonlocal taken, at
            with tally.lock:
                while at < len(stretches) and stretches[at][1] == stretches[at][2]:
                    at += 1
                if at == len(stretches) or self._is_hurried:
                    return None
                part, chunk = stretches[at][:2]
                plan = plans[part]
                stretches[at][1] += 1
                before, taken = taken, taken + int(plan.words[chunk + 1] - plan.words[chunk])
                self._words_done = tally.words
            first, last = share.progress
            ends = (first + (last - first) * words / total for words in (before, taken))
            start, end = (learning_rate(self._config, progress) for progress in ends)
            epoch = share.first_epoch + part // len(self._setting.parts)
            return chunk_work(plan, epoch, chunk, (start, end), engine, tally)

        def work_alone(thread: int) -> None:
            while (work := take()) is not None:
                work(thread)

        def hurry() -> None:
            self._is_hurried = True

        if engine.is_team:
            while (work := take()) is not None:
                run_threads(engine.threads, work, engine.abandon)
        else:
            run_threads(engine.threads, work_alone, hurry)
        return tuple(Stretch(*each) for each in stretches if each[1] < each[2])
