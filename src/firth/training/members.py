"""The replicas of a run: which nodes they are on, who answers, who is lost, who takes the place of whom."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.compute.nodes import LostError, Node, Nodes, Ref
from firth.errors import FirthError
from firth.progress import Warned
from firth.training.config import TrainingConfig

START_SECONDS = 120.0
"""A replica that has not started by then never will: its node lends its processors to others."""
OUTLINE_SECONDS = 3_600.0
"""Cutting the whole text up, which goes to the nodes for that, takes no longer."""
ANSWER_SECONDS = 20.0
"""Whether it is there at all, a replica says at once."""
SILENT_SECONDS = 120.0
"""One that takes longer for what others have done, or for an exchange, counts as lost."""
LOOK_SECONDS = 2.0
"""How often it is looked for nodes that have joined."""
POLL_SECONDS = 0.05


@dataclass(eq=False)
class Member:
    """A replica: its place among all, where it runs, and how fast it was last.

    Attributes
    ----------
    number
        No other replica has had it.
    node
        Where it is.
    threads
        How many it learns with.
    actor
        Its process.
    speed
        Words a second.
    version
        Exchanges of all rows that it has been through.
    """

    number: int
    node: Node
    threads: int
    actor: Any = None
    speed: float = 1.0
    version: int = -1


class Crew:
    """All replicas of a run.

    Parameters
    ----------
    nodes
        The cluster.
    start
        Starts the process of a replica, for which so many processors are reserved.
    config
        The options.
    wanted
        How many replicas; None: one on every node, also on those that join later.
    announce
        Told sentences worth telling.
    """

    def __init__(
        self,
        nodes: Nodes,
        start: Callable[[Member, int], Any],
        config: TrainingConfig,
        wanted: int | None,
        announce: Callable[[str], None],
    ) -> None:
        self.members: list[Member] = []
        self._nodes, self._start, self._config, self._wanted = nodes, start, config, wanted
        self._announce = announce
        self.patience = SILENT_SECONDS
        self._is_open = wanted is None and not config.deterministic
        self._numbers, self._looked = 0, time.monotonic()
        self._joining: dict[Member, Ref] = {}

    def gather(self) -> None:
        """Start all replicas, and wait until they have.

        Raises
        ------
        FirthError
            There is no node, or one does not start.
        """
        there = self._nodes.alive()
        if not there:
            raise FirthError("the Ray cluster has no node that lends processors: look at ray status")
        count = self._wanted or len(there)
        each = -(-count // len(there))
        places = [there[number % len(there)] for number in range(count)]
        lent = [node.processors // each for node in places]  # none, where replicas outnumber processors
        members = [
            self._member(node, max(1, share), min(share, self._config.threads or share))
            for node, share in zip(places, lent, strict=True)
        ]
        names = ", ".join(dict.fromkeys(member.node.name for member in members))
        self._announce(
            f"{count} replicas on {len(set(places))} nodes: {names}" if count > 1 else f"1 replica on {names}"
        )
        late = self._await_start(members)
        if late:
            self.end()
            names = ", ".join(member.node.name for member in late)
            raise FirthError(
                f"no replica could start on {names} in {START_SECONDS:.0f} s: other programs have its processors (look "
                "at ray status), or Firth is not installed there"
            )
        self.members = members

    def outlines(self, parts: int) -> tuple[list[NDArray[np.int64]], int]:
        """Of each part of the text: words before each chunk and in all; and the words held out of all parts."""
        groups = [list(range(k, parts, len(self.members))) for k in range(len(self.members))]
        asked = [each.actor.outlines.remote(group) for each, group in zip(self.members, groups, strict=True)]
        words: list[NDArray[np.int64]] = [np.zeros(1, np.int64)] * parts
        held_out = 0
        for each, group, ref in zip(self.members, groups, asked, strict=True):
            for part, (of_part, held) in zip(group, self.answer(each, ref, OUTLINE_SECONDS), strict=True):
                words[part], held_out = of_part, held_out + held
        return words, held_out

    def joined(self) -> list[Member]:
        """Replicas on nodes that have joined, now members; they have no vectors yet."""
        if self._is_open and time.monotonic() - self._looked > LOOK_SECONDS:
            self._looked = time.monotonic()
            known = {member.node.key for member in [*self.members, *self._joining]}
            self._invite([self._member(node, node.processors) for node in self._nodes.alive() if node.key not in known])
        done = set(self._nodes.done(list(self._joining.values()), 0.0)) if self._joining else set()
        new = []
        for member, ref in list(self._joining.items()):
            if ref in done:
                del self._joining[member]
                try:
                    self._nodes.get(ref)
                except FirthError:
                    continue
                new.append(member)
                self._announce(f"{member.node.name} has joined: {len(self.members) + len(new)} replicas")
        self._add(new)
        return new

    def ask(self, members: Sequence[Member], what: str, *given: Any) -> None:
        """Have replicas do something, and wait for it.

        Raises
        ------
        LostError
            One is gone.
        FirthError
            One failed; the sentence names its node.
        """
        asked = {each.number: getattr(each.actor, what).remote(*given) for each in members}
        for each in members:
            answer = self.answer(each, asked[each.number])
            if what in ("commit", "restore"):
                each.version = answer if what == "commit" else given[0]

    def answered(self, members: Sequence[Member], asked: Mapping[int, Ref]) -> list[Member]:
        """Those of whom an answer has come, or will not come."""
        done = set(self._nodes.done([asked[each.number] for each in members], POLL_SECONDS))
        return [each for each in members if asked[each.number] in done]

    def answer(self, member: Member, ref: Ref, patience: float | None = None) -> Any:
        """What a replica answers to what takes no time to learn; a failure is told with its node's name."""
        try:
            return self._nodes.get(ref, patience or self.patience)
        except FirthError as error:
            raise type(error)(f"node {member.node.name}: {error}") from error

    def words_under_way(self, members: Sequence[Member]) -> int:
        """Words that replicas have done of what they are at."""
        refs = [self._nodes.talk(each.actor.talk_words) for each in members]
        try:
            return sum(self._nodes.get(self._nodes.done(refs, POLL_SECONDS)))
        except FirthError:
            return 0

    def silent(self, members: Sequence[Member]) -> list[Member]:
        """Those that do not answer at all, whatever they are at."""
        refs = {each.number: self._nodes.talk(each.actor.talk_version) for each in members}
        found = []
        for each in members:
            try:
                self._nodes.get(refs[each.number], ANSWER_SECONDS)
            except FirthError:
                found.append(each)
        return found

    def survey(self) -> tuple[list[Member], int]:
        """Ask all who is there; return who is not, no longer members, and the newest version of the others."""
        # Asked behind all that they still have to do, a commit perhaps, which must not come after the answer.
        refs = {each.number: each.actor.talk_version.remote() for each in self.members}
        waiting, end = list(self.members), time.monotonic() + self.patience
        while waiting and time.monotonic() < end:
            for each in waiting:
                self._nodes.talk(each.actor.talk_hurry)
            done = self.answered(waiting, refs)
            waiting = [each for each in waiting if each not in done]
        lost = list(waiting)
        for each in self.members:
            try:
                if each not in waiting:
                    each.version = self._nodes.get(refs[each.number], ANSWER_SECONDS)
            except FirthError:
                lost.append(each)
        for each in lost:
            self._nodes.end(each.actor)
        self.members = [each for each in self.members if each not in lost]
        return lost, max((each.version for each in self.members), default=-1)

    def replace(self, lost: Sequence[Member]) -> list[Member]:
        """Start others for those that are lost, where they were; return those that are members already.

        Where the same bits are asked for, or nobody is left, they are waited for, on other nodes if need be. Otherwise
        the rest goes on, and they join when they have started.

        Raises
        ------
        FirthError
            Nobody is left, or the same bits are asked for and there are too few nodes.
        """
        there = {node.key: node for node in self._nodes.alive()}
        at_home = [each for each in lost if each.node.key in there]
        if self.members and not self._config.deterministic:
            self._announce(Warned(f"going on with {len(self.members)} replicas"))
            self._invite([self._member(there[each.node.key], each.threads) for each in at_home])
            return []
        new = [self._member(there[each.node.key], each.threads, number=each.number) for each in at_home]
        away = [each for each in lost if each not in at_home]
        for each, node in zip(away, itertools.cycle(there.values()), strict=False):
            # On a node that is not its own it makes do with what is left: Ray lends no processor twice.
            new.append(self._member(node, each.threads, 0, each.number))
        late = self._await_start(new)
        new = [each for each in new if each not in late]
        if not self.members and not new:
            raise FirthError("every node of the cluster is lost: start it again, then use --resume")
        if self._config.deterministic and len(new) < len(lost):
            raise FirthError(
                "nodes were lost, and the same bits need as many replicas: start them again, then use --resume"
            )
        self._add(new)
        self.members.sort(key=lambda each: each.number)  # the same bits need the same places
        return new

    def end(self) -> None:
        """End all processes."""
        for member in [*self.members, *self._joining]:
            self._nodes.end(member.actor)

    def _invite(self, new: Sequence[Member]) -> None:
        """Let replicas join once they have started."""
        for each in new:
            self._joining[each] = self._nodes.talk(each.actor.talk_version)

    def _add(self, new: Sequence[Member]) -> None:
        speeds = [each.speed for each in self.members if each.speed > 1.0]
        for each in new:
            each.speed = sum(speeds) / len(speeds) if speeds else 1.0
        self.members = [*self.members, *new]

    def _member(self, node: Node, threads: int, reserved: int | None = None, number: int | None = None) -> Member:
        member = Member(self._numbers if number is None else number, node, self._config.threads or threads)
        self._numbers += number is None
        member.actor = self._start(member, min(member.threads, node.processors) if reserved is None else reserved)
        return member

    def _await_start(self, members: Sequence[Member]) -> list[Member]:
        """Wait for replicas to start; return, and end, those that don't."""
        refs = {each.number: self._nodes.talk(each.actor.talk_version) for each in members}
        end, late = time.monotonic() + START_SECONDS, []
        for each in members:
            try:
                self._nodes.get(refs[each.number], max(0.1, end - time.monotonic()))
            except LostError:
                late.append(each)
                self._nodes.end(each.actor)
        return late
