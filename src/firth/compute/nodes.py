"""Ray, where one machine is too small: how it is reached, which nodes there are, what went wrong on which.

It is an extra, loaded where it is asked for. Everything that Firth knows of Ray's own names is in this file.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from firth.errors import FirthError, OptionError, import_extra

LOCAL = "local"
"""The address that starts Ray on this machine alone."""
_CLIENT = "ray://"
_TALK = "talk"
ANSWER_SECONDS = 5.0
Ref = Any
"""A reference to what a task will have made, or has."""


class LostError(FirthError):
    """A node, or a process on it, is gone; what it was doing has to be done again."""


@dataclass(frozen=True)
class Node:
    """A machine of the cluster.

    Attributes
    ----------
    key
        Ray's own name of it.
    name
        What people call it.
    processors
        How many it lends.
    """

    key: str
    name: str
    processors: int


class Nodes:
    """A cluster that has been reached.

    Parameters
    ----------
    ray
        The module.
    """

    def __init__(self, ray: Any) -> None:
        self._ray = ray

    def alive(self) -> list[Node]:
        """The nodes that are there and lend processors, in an order that stays."""
        found = []
        for each in self._ray.nodes():
            processors = int(each["Resources"].get("CPU", 0)) if each["Alive"] else 0
            if processors:
                name = each.get("NodeName") or each["NodeManagerAddress"]
                found.append(Node(each["NodeID"], str(name), processors))
        names = [node.name for node in found]
        told = [f"{node.name}/{node.key[:6]}" if names.count(node.name) > 1 else node.name for node in found]
        return sorted(
            (replace(node, name=name) for node, name in zip(found, told, strict=True)), key=lambda node: node.key
        )

    def actor(self, kind: type, node: Node, processors: int, *given: Any) -> Any:
        """Start a process on a node that holds an object of a class; its methods run one after another."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        options = {
            "num_cpus": processors,
            "scheduling_strategy": NodeAffinitySchedulingStrategy(node.key, soft=False),
            "max_restarts": 0,
            # Products of small matrices have the same bits however many processors a node lends.
            "runtime_env": {"env_vars": {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}},
        }
        return self._ray.remote(concurrency_groups={_TALK: 1})(kind).options(**options).remote(*given)

    def task(self, work: Callable[..., Any], *given: Any, answers: int = 1) -> Any:
        """Do something on whichever node has a processor to lend; again where one is lost meanwhile."""
        options = {"num_returns": answers, "name": f"firth {work.__name__}"}
        return self._ray.remote(work).options(**options).remote(*given)

    def put(self, something: Any) -> Ref:
        """Lay something where all nodes can get it.

        Raises
        ------
        FirthError
            There is no room for it.
        """
        try:
            return self._ray.put(something)
        except self._ray.exceptions.RayError as error:
            raise FirthError(f"this node's object store has no room ({_short(error)}): give Ray more memory") from error

    def get(self, refs: Any, timeout: float | None = None) -> Any:
        """What was made: of one reference, or of a list of them.

        Raises
        ------
        LostError
            Who made it is gone, or does not answer in time.
        FirthError
            It failed; the sentence is that of the process that did.
        """
        errors = self._ray.exceptions
        try:
            return self._ray.get(refs, timeout=timeout)
        except errors.RayTaskError as error:
            cause = error.cause
            if isinstance(cause, FirthError):
                raise type(cause)(str(cause)) from error
            if isinstance(cause, errors.RayError):
                raise LostError(_short(cause)) from error
            raise FirthError(f"a node failed: {type(cause).__name__}: {_short(cause)}") from error
        except (errors.OutOfMemoryError, errors.ObjectStoreFullError) as error:
            raise FirthError(f"a node has too little memory: {_short(error)}") from error
        except errors.RayError as error:
            raise LostError(_short(error)) from error

    def done(self, refs: Sequence[Ref], seconds: float) -> list[Ref]:
        """Those that are done, or have failed, within so many seconds."""
        ready, _ = self._ray.wait(list(refs), num_returns=len(refs), timeout=seconds, fetch_local=False)
        return list(ready)

    def talk(self, method: Any, *given: Any) -> Ref:
        """Call an actor's method while another of its methods is at work."""
        return method.options(concurrency_group=_TALK).remote(*given)

    def end(self, actor: Any) -> None:
        """End a process, whatever it is doing."""
        with contextlib.suppress(Exception):
            self._ray.kill(actor)


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]


def fetched(ref: Ref) -> Any:
    """What a reference stands for, in a process on a node; arrays are mapped, not copied."""
    import ray

    return ray.get(ref)


@contextlib.contextmanager
def connected(address: str) -> Iterator[Nodes]:
    """Reach a cluster, and leave it in the end; one that this process has reached already stays so.

    Parameters
    ----------
    address
        ``"auto"`` or host:port of a running cluster that this machine is part of; ``"local"`` starts Ray here.

    Raises
    ------
    MissingExtraError
        Ray is not installed.
    OptionError
        There is no such cluster, or the address is of another kind.
    """
    if address.startswith(_CLIENT):
        raise OptionError(f"ray is {address}: run this on a node of the cluster (ray job submit does) with --ray auto")
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():
        _demand_answer(address, host, int(port))
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody who was not asked
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ray = import_extra("ray", "cluster")
    if ray.is_initialized():
        yield Nodes(ray)
        return
    local = {"include_dashboard": False} if address == LOCAL else {}
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, configure_logging=False, **local)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError, ray.exceptions.RayError) as error:
        raise _nobody(address, error) from error
    try:
        yield Nodes(ray)
    finally:
        ray.shutdown()


def _demand_answer(address: str, host: str, port: int) -> None:
    """See whether anybody listens there; Ray itself would try for minutes."""
    try:
        socket.create_connection((host, port), ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _nobody(address, error) from error


def _nobody(address: str, error: BaseException) -> OptionError:
    return OptionError(
        f"no Ray cluster answers at {address} ({_short(error)}): start one with ray start, or use the address local"
    )
