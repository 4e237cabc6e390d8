"""A run on many machines as the machine sees it that leads it: from one exchange of all rows to the next.

In between, the rows of the most frequent words are exchanged several times more, since they change most. Either all
of that happens or, where a node is lost, none of it: then the others go back to the last exchange of all rows, and what
was learned since is learned again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from firth.compute.nodes import LostError, Nodes, Ref
from firth.errors import FirthError
from firth.progress import Warned
from firth.training.combining import Curvature, directions
from firth.training.engine import Callback, TrainingRun
from firth.training.epochs import REPORT_SECONDS, Watch, entry, note_held_out
from firth.training.members import OUTLINE_SECONDS, Crew, Member
from firth.training.replica import Exchange, Learned, Share, Stretch
from firth.training.schedule import learning_rate
from firth.training.sharing import Sharing

OFTEN, MANY = 4, 5
"""Exchanges of the most frequent words' rows to one of all rows, where there are many replicas: fewer need none."""
HOT = 16
"""They are so one in 16 of the words."""
LEAST_HOT = 1_000
SLICES = 8
"""An interval is handed out in so many slices a replica: who is fast gets more of them."""
SPARE = 0.25
"""A node may take so much longer than the first that is done, as a share of its time; then it stops where it is."""
SPARE_SECONDS = 0.05
MOST_FAILURES = 20
"""Times that an exchange may fail in a row."""
_FAILING = f"nodes were lost {MOST_FAILURES} times in a row: look at ray status, then use --resume"
Answer = TypeVar("Answer")


@dataclass
class Attempt:
    """What happens between two exchanges of all rows; it counts when the last of them is done."""

    sharing: Sharing
    words: int = 0
    losses: float = 0.0
    pairs: float = 0.0
    learning: float = 0.0
    handed: int = 0
    since: dict[int, int] = field(default_factory=dict)

    def note(self, member: Member, learned: Learned) -> None:
        """Take in what a replica did."""
        self.sharing.give_back(learned.undone)
        self.words += learned.words
        self.losses += learned.losses
        self.pairs += learned.pairs
        self.learning += learned.seconds
        self.since[member.number] = self.since.get(member.number, 0) + learned.words
        if learned.words:
            speed = learned.words / learned.seconds
            member.speed = speed if member.speed == 1.0 else (member.speed + speed) / 2.0


class Rounds:
    """The run as the machine sees it that leads it."""

    def __init__(
        self,
        nodes: Nodes,
        interval: Callable[[int, int], int],
        crew: Crew,
        words: list[NDArray[np.int64]],
        run: TrainingRun,
        watch: Watch,
        announce: Callable[[str], None],
    ) -> None:
        self.nodes, self.crew, self.run, self.watch = nodes, crew, run, watch
        self.interval_of = interval
        self.words, self.announce = words, announce
        self.vocabulary = run.parameters.center.shape[0] - 1
        self.hot = min(self.vocabulary, max(LEAST_HOT, self.vocabulary // HOT))
        self.version = 0
        self.sharing = self._sharing(run.left if run.words else None)
        # Intervals end with an epoch where something is measured there, and where who watches must change no bit.
        watched = any(each.sees_vectors for each in watch.callbacks)
        self.epochs_end = run.config.deterministic or bool(run.config.held_out) or watched
        self.saved = self._place()

    def go(self) -> None:
        """Go through all epochs that are left."""
        run, checkpoints = self.run, self.watch.checkpoints
        if run.epoch == run.config.epochs or run.has_stopped():
            return
        self._begin(self.crew.members)
        while run.epoch < run.config.epochs and not run.has_stopped():
            before = run.epoch
            self._interval()
            if run.epoch > before:
                self._end_epoch()
            is_due = checkpoints is not None and checkpoints.is_due(run.words)
            if is_due or run.has_stopped() or run.epoch == run.config.epochs or len(self.crew.members) == 1:
                self._fetch()
            if checkpoints is not None and is_due:
                checkpoints.save(run)
            self._unless_lost(lambda: self._begin(self.crew.joined()))
        if checkpoints is not None:
            checkpoints.save(run)

    def _end_epoch(self) -> None:
        run = self.run
        if run.config.held_out:
            epoch = run.epoch
            losses, pairs = self._unless_lost(self._held_out)
            if run.epoch < epoch:  # every node was lost meanwhile: the epoch is gone through again
                return
            note_held_out(run, losses / pairs if pairs else math.nan)
        if self.epochs_end:
            self._fetch()
        for callback in self.watch.callbacks:
            callback.on_epoch(run)

    def _held_out(self) -> tuple[float, float]:
        """Sum and number of losses over what is held out, each replica measuring some parts."""
        members = self.crew.members
        groups = [list(range(k, len(self.words), len(members))) for k in range(len(members))]
        refs = [member.actor.held_out.remote(group) for member, group in zip(members, groups, strict=True)]
        sums = [self.crew.answer(*each, OUTLINE_SECONDS) for each in zip(members, refs, strict=True)]
        return math.fsum(each[0] for each in sums), math.fsum(each[1] for each in sums)

    def _unless_lost(self, work: Callable[[], Answer]) -> Answer:
        """Do something with the replicas; where one is lost, with the others."""
        for _ in range(MOST_FAILURES):
            try:
                return work()
            except LostError as error:
                self._recover(str(error), None)
        raise FirthError(_FAILING)

    def _begin(self, members: Sequence[Member]) -> None:
        """Give replicas the vectors: the newest that another has, or those that this process has."""
        if not members:
            return
        has_them = [each for each in self._current() if each not in members]
        if has_them:
            center, outside = has_them[0].actor.agreed.options(num_returns=2).remote()
        else:
            parameters, dimensions = self.run.parameters, self.run.config.dimensions
            center = self.nodes.put(np.ascontiguousarray(parameters.center[:-1, :dimensions]))
            outside = self.nodes.put(np.ascontiguousarray(parameters.outside[:-1, :dimensions]))
        self.crew.ask(members, "restore", self.version, center, outside)

    def _current(self) -> list[Member]:
        """Replicas that hold the vectors agreed on last."""
        return [each for each in self.crew.members if each.version == self.version]

    def _fetch(self) -> None:
        """Bring the vectors here."""
        center, outside = self._unless_lost(
            lambda: self.crew.answer(self._current()[0], self._current()[0].actor.agreed.remote())
        )
        dimensions = self.run.config.dimensions
        self.run.parameters.center[:-1, :dimensions] = center
        self.run.parameters.outside[:-1, :dimensions] = outside
        self.saved = self._place()

    def _sharing(self, left: list[list[int]] | None) -> Sharing:
        copied = None if left is None else [list(each) for each in left]
        return Sharing(self.words, self.run.config.epochs, copied, self.run.config.deterministic)

    def _place(self) -> tuple[int, int, int, float, list[list[int]]]:
        run = self.run
        return run.epoch, run.chunk, run.words, run.pairs, [list(each) for each in self.sharing.left]

    def _interval(self) -> None:
        """Go on to the next exchange of all rows, as often as it takes."""
        for _ in range(MOST_FAILURES):
            attempt, began = Attempt(self.sharing.copy()), time.perf_counter()
            try:
                self._try(attempt)
            except LostError as error:
                self.run.seconds += time.perf_counter() - began
                if self._recover(str(error), attempt):
                    return
                continue
            self._accept(attempt, time.perf_counter() - began)
            return
        raise FirthError(_FAILING)

    def _try(self, attempt: Attempt) -> None:
        members = list(self.crew.members)
        alone, often = len(members) == 1, OFTEN if len(members) >= MANY else 1
        # As many intervals as fit into what is left of the epoch, all of the same length.
        left = attempt.sharing.words_left(self._epochs_at_hand())
        interval = left / max(1, round(left / len(members) / self.interval_of(self.run.total_words, len(members))))
        exchanged: list[Ref] = []
        for number in range(often):
            learned = self._learn(members, interval / often, attempt, exchanged)
            is_over = not attempt.sharing.words_left(self._epochs_at_hand())
            is_last = number == often - 1 or is_over or self._is_stopping()
            if not alone:
                exchanged = self._combine(members, self.vocabulary if is_last else self.hot, attempt, learned)
            if is_last:
                break
        self.crew.ask(members, "commit", self.version + 1, self.hot, *exchanged)

    def _epochs_at_hand(self) -> int:
        """Epochs of which the next interval may be."""
        return self.run.epoch + 1 if self.epochs_end else self.run.config.epochs

    def _is_stopping(self) -> bool:
        return self.run.has_stopped() and not self.run.config.deterministic

    def _learn(
        self, members: list[Member], words: float, attempt: Attempt, exchanged: list[Ref]
    ) -> dict[int, list[Learned]]:
        """Let all replicas learn from so many words together; return what came of it, by their numbers.

        Each gets a slice, and another when it is about to be done: a fast one learns from more. Where the same bits are
        asked for, each gets its whole share at once.
        """
        fixed = self.run.config.deterministic
        slices, ahead = (len(members), 1) if fixed else (len(members) * SLICES, 2)
        learned: dict[int, list[Learned]] = {each.number: [] for each in members}
        asked: dict[int, list[Ref]] = {each.number: [] for each in members}
        size, left, hurried = words / slices, words, set[int]()
        epochs = self._epochs_at_hand()
        began, idle_since, heard = time.monotonic(), math.inf, time.monotonic()
        while True:
            for _ in range(ahead):
                for member in members:
                    refs, is_first = asked[member.number], not (learned[member.number] or asked[member.number])
                    is_over = left <= 0 or member.number in hurried or self._is_stopping()
                    if len(refs) < ahead and (is_first or not is_over):
                        stretches = () if is_over else attempt.sharing.take(member.number, min(size, left), epochs)
                        left = left - self._size(stretches) if stretches else 0.0
                        share = self._share(stretches, attempt, words, is_first and len(members) > 1)
                        refs.append(member.actor.learn.remote(share, self.hot, *(exchanged if is_first else [])))
                        began, idle_since = time.monotonic(), math.inf
            working = [each for each in members if asked[each.number]]
            if not working:
                return learned
            for member in self.crew.answered(working, {each.number: asked[each.number][0] for each in working}):
                came = self.crew.answer(member, asked[member.number].pop(0))
                heard = time.monotonic()
                undone = self._size(came.undone)
                left, attempt.handed = left + undone, attempt.handed - undone
                attempt.note(member, came)
                learned[member.number].append(came)
            working = [each for each in working if asked[each.number]]
            self._look_around(working, attempt.words)
            now = time.monotonic()
            idle_since = min(idle_since, now) if len(working) < len(members) else math.inf
            is_late = now - idle_since > SPARE_SECONDS + SPARE * (idle_since - began) or self.run.has_stopped()
            if working and is_late and not fixed:
                for member in working:
                    hurried.add(member.number)
                    self.nodes.talk(member.actor.talk_hurry)
            if working and now - heard > self.crew.patience:
                heard = now
                if silent := self.crew.silent(working):
                    for member in silent:
                        self.nodes.end(member.actor)
                    raise LostError(f"no answer in {self.crew.patience:.0f} s")

    def _share(self, stretches: tuple[Stretch, ...], attempt: Attempt, words: float, sees_curvature: bool) -> Share:
        """What a replica is asked to learn, with its place in the run's schedule."""
        run, before = self.run, attempt.handed
        attempt.handed += self._size(stretches)
        # Slices are done one after another, more or less; shares that are fixed, beside each other.
        fixed = attempt.words, attempt.words + words
        ends = [run.words + each for each in (fixed if run.config.deterministic else (before, attempt.handed))]
        start, end = (min(1.0, each / run.total_words) for each in ends)
        return Share(run.first_epoch, stretches, (start, end), sees_curvature)

    def _size(self, stretches: Sequence[tuple[int, int, int]]) -> int:
        return sum(self.sharing.size(*each) for each in stretches)

    def _look_around(self, working: list[Member], words: int) -> None:
        """What is done meanwhile: see whether to stop, and report."""
        run = self.run
        if self.watch.should_stop():
            run.stop("asked to stop", by_request=True)
        if time.perf_counter() - run.told < REPORT_SECONDS:
            return
        run.told = time.perf_counter()
        words += self.crew.words_under_way(working)
        speed = sum(each.speed for each in self.crew.members)
        count = len({each.node.key for each in self.crew.members})
        names = f"{count} node{'s' if count > 1 else ''}"
        note = f"{speed / 1e6:.2f} M words/s on {names}, loss {run.loss:.4f}, learning rate {run.rate:.5f}"
        self.watch.report(min(run.words + words, run.total_words), run.total_words, note)

    def _combine(
        self, members: list[Member], rows: int, attempt: Attempt, learned: dict[int, list[Learned]]
    ) -> list[Ref]:
        """Have what all changed put together, each replica some of the rows."""
        run, count = self.run, len(members)
        made = [each.actor.changes.options(num_returns=count).remote(rows, self.hot, count) for each in members]
        words = [sum(each.words for each in learned[member.number]) for member in members]
        curved = [each.curvature for several in learned.values() for each in several if each.curvature is not None]
        none = np.zeros((run.config.dimensions, run.config.dimensions))
        curvature = Curvature(*(np.mean([each[which] for each in curved] or [none], axis=0) for which in (0, 1)))
        learners = max(1, sum(each > 0 for each in words))
        rate = learning_rate(run.config, min(1.0, (run.words + attempt.words) / run.total_words))
        often = rate * sum(words) / learners
        seldom = rate * sum(attempt.since.values()) / max(1, sum(each > 0 for each in attempt.since.values()))
        along = directions(curvature.center), directions(curvature.outside)
        refs = []
        for place, member in enumerate(members):
            exchange = Exchange(place, count, rows, self.hot, often, seldom, learners, *along)
            refs.append(member.actor.combine.remote(exchange, *(changes[place] for changes in made)))
        return refs

    def _accept(self, attempt: Attempt, seconds: float) -> None:
        """Count what was learned."""
        run = self.run
        self.version += 1
        self.sharing = attempt.sharing
        run.words += attempt.words
        run.pairs += attempt.pairs
        run.seconds += seconds
        run.epoch, run.chunk, run.left = self.sharing.epoch, self.sharing.chunks_done, self.sharing.left
        run.rate = learning_rate(run.config, run.words / run.total_words)
        if attempt.pairs:
            run.loss = attempt.losses / attempt.pairs
        if attempt.words:
            share = 1.0 - attempt.learning / max(seconds * len(self.crew.members), 1e-9)
            told = entry(run, run.words / run.seconds)
            rates: dict[str, float] = {}
            for member in self.crew.members:
                name = f"words_per_second of {member.node.name}"
                rates[name] = rates.get(name, 0.0) + member.speed
            run.history.append({**told, "nodes": len(self.crew.members), "sync_share": max(0.0, share), **rates})
        if any(each.sees_vectors and type(each).on_report is not Callback.on_report for each in self.watch.callbacks):
            self._fetch()
        for callback in self.watch.callbacks:
            callback.on_report(run)

    def _recover(self, why: str, attempt: Attempt | None, times: int = 0) -> bool:
        """Go on with the nodes that are left; True where the attempt had come to its end before one was lost."""
        lost, newest = self.crew.survey()
        names = ", ".join(each.node.name for each in lost) or "an answer"
        self.announce(Warned(f"lost: {names} ({why}); going on from {self.run.words:,} words"))
        is_done = attempt is not None and newest > self.version
        if is_done and attempt is not None:
            self._accept(attempt, 0.0)
        self.crew.replace(lost)
        if not self._current():
            self.announce(Warned(f"every node was lost: going back from {self.run.words:,} to {self.saved[2]:,} words"))
            self.return_to_saved()
        current = self._current()
        try:
            self.crew.ask(current, "roll_back")
            self._begin([each for each in self.crew.members if each not in current])
        except LostError as error:
            if times == MOST_FAILURES:
                raise FirthError(_FAILING) from error
            return self._recover(str(error), None, times + 1) or is_done
        return is_done

    def return_to_saved(self) -> None:
        """Go back to the vectors that this process has."""
        run = self.run
        run.epoch, run.chunk, words, run.pairs, left = self.saved
        run.words, run.left = words, [list(each) for each in left]
        self.sharing = self._sharing(left if words else None)
