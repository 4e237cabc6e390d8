"""The process that a student's file runs in: imports it, calls its functions, sends plain numbers back.

It knows no right answer, so nothing that the file does to it can make a wrong number pass. It is started as a script
and needs NumPy and the standard library alone; `process.py` imports it for the frames and the stand-ins.

A frame is two lengths (8 bytes each, little-endian), a JSON header and the bytes of its arrays, one after another. The
header names each array's type and shape, and the nonce of the request that it answers. Nothing is ever pickled.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import importlib.abc
import os
import struct
import sys
from collections.abc import Callable, Sequence
from json import dumps, loads
from typing import IO, Any

import numpy as np
from numpy import asarray, frombuffer, generic, ndarray

MOST_BYTES = 64 * 2**20
"""The longest frame that is read."""
HANG_FILE = "hang.txt"
"""Where the line that a file hung at is written, beside the folder that it runs in."""
_MOST_LETTERS = 400


def write_frame(stream: IO[bytes], header: dict[str, Any], arrays: Sequence[ndarray[Any, Any]] = ()) -> None:
    """Write a header and arrays."""
    described = [{"dtype": each.dtype.str, "shape": list(each.shape)} for each in arrays]
    text = dumps({**header, "arrays": described}).encode()
    body = b"".join(each.tobytes() for each in arrays)
    stream.write(struct.pack("<QQ", len(text), len(body)) + text + body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], list[ndarray[Any, Any]]] | None:
    """Read what `write_frame` wrote; None at the end of the stream.

    Raises
    ------
    ValueError
        What stands there is no such frame.
    """
    lengths = stream.read(16)
    if not lengths:
        return None
    text_length, body_length = struct.unpack("<QQ", lengths.ljust(16, b"\xff"))
    if text_length + body_length > MOST_BYTES:
        raise ValueError("a frame is too long")
    header, body = loads(stream.read(text_length)), stream.read(body_length)
    if not isinstance(header, dict) or not isinstance(header.get("arrays"), list):
        raise ValueError("a frame has no header")
    arrays, at = [], 0
    for described in header["arrays"]:
        dtype, shape = np.dtype(str(described["dtype"])), tuple(int(length) for length in described["shape"])
        if dtype.kind not in "biufc" or any(length < 0 for length in shape) or len(shape) > 8:
            raise ValueError("an array is not of plain numbers")
        count = 1
        for length in shape:
            count *= length
        if at + count * dtype.itemsize > len(body):
            raise ValueError("a frame is cut short")
        arrays.append(frombuffer(body, dtype, count, at).reshape(shape))
        at += count * dtype.itemsize
    return header, arrays


def packed(value: Any, arrays: list[ndarray[Any, Any]], depth: int = 0) -> Any:
    """Describe a value by JSON; numbers go to `arrays`, and what is no number is named by its type."""
    if value is None:
        return {"none": True}
    if isinstance(value, bool | int | float | complex | generic | ndarray):
        with contextlib.suppress(Exception):
            array = asarray(value)
            if array.dtype.kind == "O" and isinstance(value, int):
                array = asarray(float(value))
            if array.dtype.kind in "biufc" and array.nbytes <= MOST_BYTES // 8:
                arrays.append(array)
                return {"array": len(arrays) - 1}
    if isinstance(value, ndarray):
        return {"other": f"ndarray, {value.dtype}, shape {value.shape}"[:_MOST_LETTERS]}
    if isinstance(value, list | tuple) and depth < 3 and len(value) <= 1_000:
        return {"list": [packed(each, arrays, depth + 1) for each in value], "type": type(value).__name__}
    return {"other": str(type(value).__name__)[:_MOST_LETTERS]}


def unpacked(described: Any, arrays: Sequence[Any]) -> Any:
    """Return what `packed` described: arrays, lists, None, and the name of the type of anything else."""
    if "array" in described:
        return arrays[int(described["array"])]
    if "list" in described:
        return [unpacked(each, arrays) for each in described["list"]]
    return None if described.get("none") else str(described["other"])


# What the functions under test are given instead of the real thing.


def made_up_loss(center: Any, outside: int, vectors: Any) -> tuple[float, Any, Any]:
    """A loss that is none of the assignment's, with its gradients: skip-gram must work with any."""
    scores = vectors @ center
    waves = np.cos(scores) / len(vectors)
    d_outside = np.outer(waves, center)
    d_outside[outside] += scores[outside] * center
    loss = scores[outside] ** 2 / 2 + np.sin(scores).sum() / len(vectors)
    return float(loss), waves @ vectors + scores[outside] * vectors[outside], d_outside


def made_up_model(center: int, outside: Sequence[int], centers: Any, vectors: Any) -> tuple[float, Any, Any]:
    """A model with its gradients, for the wrapper that averages a batch of them."""
    loss, d_centers, d_outside = 0.0, np.zeros(centers.shape), np.zeros(vectors.shape)
    for place, row in enumerate(outside, 1):
        pair_loss, d_center, d_pair = made_up_loss(centers[center], row, vectors)
        loss += place * pair_loss
        d_centers[center] += place * d_center
        d_outside += place * d_pair
    return loss, d_centers, d_outside


def objective(kind: str, x: Any) -> tuple[float, Any]:
    """A loss of one array, with its gradient, to descend on."""
    if kind == "slope":
        return 1.0, np.ones_like(x)
    return float(np.sum(x**2 + np.cos(x))), 2 * x - np.sin(x)


def postprocessed(x: Any) -> Any:
    """What is done to x after a step."""
    return x / (1.0 + 0.1 * np.abs(x)) + 0.01


class StandInDataset:
    """Draws what it is told to, and keeps count."""

    def __init__(self, draws: Sequence[int], contexts: Sequence[tuple[str, list[str]]]) -> None:
        self.drawn = 0
        self.asked: list[int] = []
        self._draws, self._contexts = list(draws), list(contexts)

    def sampleTokenIdx(self) -> int:
        """The next draw; they begin again after the last."""
        self.drawn += 1
        return self._draws[(self.drawn - 1) % len(self._draws)]

    def getRandomContext(self, C: int = 5) -> tuple[str, list[str]]:
        """The next context; they begin again after the last."""
        self.asked.append(int(C))
        center, words = self._contexts[(len(self.asked) - 1) % len(self._contexts)]
        return center, list(words)


class Desk:
    """What one call is given, and what was seen of it."""

    def __init__(self, request: dict[str, Any], arrays: list[ndarray[Any, Any]]) -> None:
        self.dataset = StandInDataset(request.get("draws", [0]), request.get("contexts", []))
        self.evaluations = 0
        self.arguments = [self._argument(described, arrays) for described in request["arguments"]]

    def _argument(self, described: dict[str, Any], arrays: list[ndarray[Any, Any]]) -> Any:
        if "array" in described:
            array = arrays[described["array"]]
            return array if array.ndim else array[()]  # a number is given as one
        if "stand_in" not in described:
            return described["value"]
        stand_ins: dict[str, Any] = {
            "dataset": self.dataset,
            "loss": _loss,
            "model": _model,
            "postprocess": postprocessed,
            "objective": self._objective(described.get("kind", "")),
        }
        return stand_ins[described["stand_in"]]

    def _objective(self, kind: str) -> Callable[[Any], tuple[float, Any]]:
        def f(x: Any) -> tuple[float, Any]:
            self.evaluations += 1
            return objective(kind, x)

        return f


# The parameters have the assignment's names, because some call by them.
# ruff: noqa: ARG001, ARG002
def _loss(
    centerWordVec: Any, outsideWordIdx: Any, outsideVectors: Any, dataset: Any = None, *_: Any, **__: Any
) -> tuple[float, Any, Any]:
    return made_up_loss(centerWordVec, outsideWordIdx, outsideVectors)


def _model(
    currentCenterWord: Any,
    windowSize: Any,
    outsideWords: Any,
    word2Ind: Any,
    centerWordVectors: Any,
    outsideVectors: Any,
    dataset: Any = None,
    word2vecLossAndGradient: Any = None,
) -> tuple[float, Any, Any]:
    rows = [word2Ind[word] for word in outsideWords]
    return made_up_model(word2Ind[currentCenterWord], rows, centerWordVectors, outsideVectors)


def _right_sigmoid(x: Any) -> Any:
    small = np.exp(-np.abs(x))
    return np.where(np.asarray(x) >= 0, 1.0, small)[()] / (1.0 + small)


# The work itself.


class _NoFirth(importlib.abc.MetaPathFinder):
    """Keeps a file from importing the answers."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] == "firth":
            raise ImportError("Firth can't be imported here: the assignment is to write these functions")


class _Student:
    """The file, once it is imported."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.module: Any = None

    def load(self, name: str) -> dict[str, Any]:
        sys.path.insert(0, self.folder)
        sys.meta_path.insert(0, _NoFirth())
        self.module = importlib.import_module(name)
        return {"names": sorted(each for each in vars(self.module) if callable(getattr(self.module, each)))}

    def call(
        self, request: dict[str, Any], arrays: list[ndarray[Any, Any]], answer: list[ndarray[Any, Any]]
    ) -> dict[str, Any]:
        """Call a function twice with the same arguments: what changed them, or kept something, shows the second time.

        Long calls are made ``once``.
        """
        function = getattr(self.module, request["function"])
        if request.get("right_sigmoid"):
            self.module.sigmoid = _right_sigmoid
        given = [array.copy() for array in arrays]
        results, seen = [], None
        for time in range(1 if request.get("once") else 2):
            if "before" in request:  # what an earlier run left behind is part of the case, and of no other
                os.mkdir(f"{self.folder}/run-{time}")  # noqa: PTH102
                os.chdir(f"{self.folder}/run-{time}")
            desk = Desk(request, given)
            arguments = desk.arguments
            if "optional" in request:
                arguments = arguments[: most_positional(function, len(arguments), request["optional"])]
            if "before" in request:
                place, value = request["before"]
                function(*arguments[:place], value, *arguments[place + 1 :])
            results.append(packed(function(*arguments), answer))
            seen = seen or {
                "drawn": desk.dataset.drawn,
                "evaluations": desk.evaluations,
                "passed": len(arguments),
            }
        return {"results": results, "seen": seen}

    def failure(self, error: BaseException) -> dict[str, Any]:
        """What went wrong, and at which line of the file."""
        text = ""
        with contextlib.suppress(BaseException):
            text = str(error)[:_MOST_LETTERS]
        found: dict[str, Any] = {"error": type(error).__name__, "message": text, "file": None, "line": None}
        if isinstance(error, SyntaxError) and error.filename and self._is_theirs(error.filename):
            found["message"] = str(error.msg)[:_MOST_LETTERS]
            found |= {"file": os.path.relpath(error.filename, self.folder), "line": error.lineno}
            return found
        trace = error.__traceback__
        while trace is not None:
            name = trace.tb_frame.f_code.co_filename
            if self._is_theirs(name):
                found |= {"file": os.path.relpath(name, self.folder), "line": trace.tb_lineno}
                found["function"] = trace.tb_frame.f_code.co_name
            trace = trace.tb_next
        return found

    def _is_theirs(self, name: str) -> bool:
        inside = os.path.realpath(name).startswith(os.path.realpath(self.folder) + os.sep)
        return os.path.isabs(name) and inside  # noqa: PTH117  # "<string>" and the like are no files


def most_positional(function: Any, most: int, optional: int) -> int:
    """How many of the arguments a function takes by place: the last `optional` ones may be too many for it."""
    import inspect

    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # there is none to be had
        return most
    for count in range(most, most - optional - 1, -1):
        with contextlib.suppress(TypeError):
            signature.bind(*range(count))
            return count
    return most - optional


def _limit(seconds: float, memory: int) -> None:
    """Set the limits of this process, which its children inherit."""
    try:
        import resource
    except ImportError:  # Windows: the time limit alone, kept by the other side
        return
    wanted = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": MOST_BYTES, "RLIMIT_CPU": int(seconds) + 10}
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/statm") as status:  # noqa: PTH123
            pages = int(status.read().split()[0])
        wanted["RLIMIT_AS"] = pages * resource.getpagesize() + memory
        wanted["RLIMIT_NPROC"] = _threads_of_user() + 64
    for name, value in wanted.items():
        with contextlib.suppress(OSError, ValueError, AttributeError):
            resource.setrlimit(getattr(resource, name), (value, value))


def _threads_of_user() -> int:
    """How many threads this user has: the system's limit counts them all."""
    count = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if entry.stat().st_uid == os.getuid():
                    count += len(os.listdir(f"/proc/{entry.name}/task"))  # noqa: PTH208
    return count


def main() -> None:
    """Answer requests until there are no more."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)  # nothing to read from, and what is printed goes nowhere
    student: _Student | None = None
    while (frame := read_frame(requests)) is not None:
        request, arrays = frame
        answer: list[ndarray[Any, Any]] = []
        header: dict[str, Any] = {"nonce": request["nonce"]}
        try:
            if request["do"] == "limit":
                os.chdir(request["folder"])
                student = _Student(request["folder"])
                _limit(request["seconds"], request["memory"])
                hang = open(os.path.join(os.path.dirname(request["folder"]), HANG_FILE), "w")  # noqa: PTH118, PTH120, PTH123, SIM115
                faulthandler.dump_traceback_later(max(0.05, request["seconds"] * 0.9), file=hang)
            elif student is not None and request["do"] == "load":
                header |= student.load(request["module"])
            elif student is not None:
                header |= student.call(request, arrays, answer)
        except BaseException as error:  # SystemExit too: the other side is told of all
            answer = []
            header |= {"failure": student.failure(error) if student else {"error": str(error)}}
        write_frame(answers, header, answer)


if __name__ == "__main__":
    main()
