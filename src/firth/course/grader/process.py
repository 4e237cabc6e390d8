"""A student's file in a process of its own, within limits: time, memory, how many processes; nothing is left running.

The limits keep accidents in. They are no wall against malice: the file runs with the rights of who grades it.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import re
import secrets
import shutil
import signal
import site
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from firth.course.grader import worker
from firth.errors import FirthError, OptionError
from firth.files import passing_folder
from firth.theory.functions import Floats

STARTING_SECONDS = 60.0
"""What Python and NumPy may take to start, on a slow disk."""
MOST_PROCESSES = 32
WATCH_SECONDS = 0.1
_KEPT_VARIABLES = re.compile(r"PATH|PYTHONPATH|VIRTUAL_ENV|LANG|LC_\w+|(DY)?LD_LIBRARY_PATH|SYSTEMROOT|TZ")


@dataclass(frozen=True)
class Limits:
    """What a function of the file may take.

    Attributes
    ----------
    seconds
        Time for one function, the import of its file included.
    megabytes
        Memory beyond what Python and NumPy take themselves.
    """

    seconds: float = 10.0
    megabytes: int = 1024

    def check(self) -> None:
        """Raise an OptionError where a limit is no limit."""
        if not (math.isfinite(self.seconds) and 0.1 <= self.seconds <= 86_400):
            raise OptionError(f"--timeout is {self.seconds}: give seconds from 0.1 to 86400")
        if not 16 <= self.megabytes <= 2**20:
            raise OptionError(f"--memory is {self.megabytes}: give megabytes from 16 to {2**20}")


@dataclass(frozen=True)
class Answer:
    """What a function returned: numbers as arrays, what is none as None, tuples and lists as lists."""

    results: list[Any]
    seen: Mapping[str, int]


class FailedError(Exception):
    """The file did not come to an answer.

    Attributes
    ----------
    kind
        ``"raised"``, ``"time"``, ``"memory"``, ``"processes"``, ``"exited"``, ``"crashed"`` or ``"garbled"``.
    detail
        Of an exception: its type, message, file, line, the line's text. Of the rest: what is known of these.
    """

    def __init__(self, kind: str, detail: Mapping[str, Any]) -> None:
        super().__init__(kind)
        self.kind = kind
        self.detail = detail


class StudentProcess:
    """One process with the student's files in a folder of their own; a context, after which all of it is gone.

    Parameters
    ----------
    files
        What is put into the folder: bytes by path within it.
    limits
        What the process may take.
    """

    def __init__(self, files: Mapping[str, bytes], limits: Limits) -> None:
        self._files, self._limits = files, limits
        self._marker = f"FIRTH_GRADE={secrets.token_hex(16)}"
        self._frames: queue.Queue[Any] = queue.Queue(maxsize=1)  # who floods the pipe waits there
        self._deadline = math.inf

    def __enter__(self) -> StudentProcess:
        self._root = passing_folder("grade")
        try:
            self._folder = self._root / "work"
            for name, content in self._files.items():
                path = self._folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _start(self) -> None:
        command = [sys.executable, "-P", "-B", "-X", "utf8", worker.__file__]
        self._process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            env=self._environment(),
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self._deadline = time.monotonic() + STARTING_SECONDS
        memory = self._limits.megabytes * 2**20
        try:
            request = {"do": "limit", "folder": str(self._folder), "seconds": self._limits.seconds, "memory": memory}
            self._ask(request, ())
        except FailedError as error:
            raise FirthError(f"the process to grade in could not be started ({error.kind}): try again") from error
        self._deadline = time.monotonic() + self._limits.seconds

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if _KEPT_VARIABLES.fullmatch(name.upper())}
        name, value = self._marker.split("=")
        kept |= {name: value, "HOME": str(self._root), "TMPDIR": str(self._root), "MPLBACKEND": "Agg"}
        kept |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        if site.ENABLE_USER_SITE:
            kept["PYTHONUSERBASE"] = site.getuserbase()  # NumPy may be installed there, and HOME is another now
        return kept

    def load(self, module: str) -> list[str]:
        """Import one of the files.

        Returns
        -------
        list of str
            The names in it that can be called.

        Raises
        ------
        FailedError
            It can't be imported.
        """
        header, _ = self._ask({"do": "load", "module": module}, ())
        names = header.get("names")
        if not isinstance(names, list):
            raise FailedError("garbled", {})
        return [str(name) for name in names]

    def call(self, request: Mapping[str, Any], arrays: Sequence[Floats]) -> Answer:
        """Call a function twice with the same arguments.

        Raises
        ------
        FailedError
            There is no answer.
        """
        header, found = self._ask({"do": "call", **request}, arrays)
        try:
            results = [worker.unpacked(each, found) for each in header["results"]]
            seen = {str(name): int(count) for name, count in header["seen"].items()}
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            raise FailedError("garbled", {}) from error
        if len(results) != (1 if request.get("once") else 2):
            raise FailedError("garbled", {})
        return Answer(results, seen)

    def _ask(self, request: dict[str, Any], arrays: Sequence[Floats]) -> tuple[dict[str, Any], list[Any]]:
        nonce = secrets.token_hex(16)
        stream = self._process.stdin
        assert stream is not None
        with contextlib.suppress(OSError):  # a process that has gone is seen below
            worker.write_frame(stream, {**request, "nonce": nonce}, arrays)
        frame = self._next_frame()
        if frame is None or frame[0].get("nonce") != nonce:
            raise FailedError("garbled", {})
        header, found = frame
        if failure := header.get("failure"):
            detail = self._with_text(failure) if isinstance(failure, dict) else {}
            kind = "memory" if str(detail.get("error")) in {"MemoryError", "_ArrayMemoryError"} else "raised"
            raise FailedError(kind, detail)
        return header, found

    def _next_frame(self) -> Any:
        watched = time.monotonic()
        while True:
            with contextlib.suppress(queue.Empty):
                frame = self._frames.get(timeout=WATCH_SECONDS)
                if frame is _END:
                    raise self._ended()
                return frame
            now = time.monotonic()
            if now > self._deadline:
                raise FailedError("time", self._hung_at())
            if self._process.poll() is not None and self._frames.empty():
                raise self._ended()
            if now - watched >= WATCH_SECONDS:
                watched = now
                self._watch()

    def _watch(self) -> None:
        members = list(_processes_of(self._process.pid))
        if len(members) > MOST_PROCESSES:
            raise FailedError("processes", {"count": len(members)})
        if sum(memory for _, memory in members) > (self._limits.megabytes + 512) * 2**20:
            raise FailedError("memory", {})

    def _ended(self) -> FailedError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1.0)
        code = self._process.returncode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                number = signal.Signals(-code)
                return FailedError("time" if number.name == "SIGXCPU" else "crashed", {"signal": number.name})
        return FailedError("exited", {"code": code})

    def _hung_at(self) -> dict[str, Any]:
        """The innermost line of the student's own at which a time-out found the process."""
        with contextlib.suppress(OSError):
            trace = (self._root / worker.HANG_FILE).read_text(errors="replace")[:100_000]
            for name, line, function in re.findall(r'File "(.*)", line (\d+) in (.*)', trace):
                path = Path(name)
                for folder in (self._folder, self._folder.resolve()):
                    if path.is_relative_to(folder):
                        where = {"file": path.relative_to(folder).as_posix(), "line": int(line), "function": function}
                        return self._with_text(where)
        return {}

    def _with_text(self, detail: Mapping[str, Any]) -> dict[str, Any]:
        """Cut what is told to a readable length, and add the text of the line that is named, as it was handed in."""
        detail = {
            name: value if isinstance(value, int) else str(value)[:400] for name, value in detail.items() if value
        }
        lines = self._files.get(str(detail.get("file")), b"").decode(errors="replace").splitlines()
        line = detail.get("line")
        there = isinstance(line, int) and 0 < line <= len(lines)
        return {**detail, "text": lines[line - 1].strip()[:400] if there else ""}  # type: ignore[operator]

    def _listen(self) -> None:
        """Put frames into the queue, from a thread: a pipe can't be waited for in the same way on every system."""
        stream = self._process.stdout
        assert stream is not None
        try:
            while (frame := worker.read_frame(stream)) is not None:
                self._frames.put(frame)
            self._frames.put(_END)
        except Exception:
            self._frames.put(None)  # whatever stands there, it is no frame
        finally:
            stream.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if hasattr(self, "_process"):
            _kill_all(self._process, self._marker.encode())
            self._close()
        shutil.rmtree(self._root, ignore_errors=True)

    def _close(self) -> None:
        """Close the pipes; the listener closes its own, which a process that got away may hold open for long."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        for _ in range(20):
            while not self._frames.empty():
                self._frames.get()
            self._listener.join(0.05)
            if not self._listener.is_alive():
                break


_END = object()


def _processes_of(session: int, marker: bytes | None = None) -> Iterator[tuple[int, int]]:
    """Yield the number and the memory of each process of a session, and of those that carry the marker.

    Empty where the system has no /proc.
    """
    try:
        entries = [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    except OSError:
        return
    page = os.sysconf("SC_PAGE_SIZE")
    for number in entries:
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = Path(f"/proc/{number}/stat").read_bytes().rpartition(b")")[2].split()
            if fields[0] == b"Z":
                continue
            if int(fields[3]) == session or (marker and marker in Path(f"/proc/{number}/environ").read_bytes()):
                yield number, int(fields[21]) * page


def _kill_all(process: subprocess.Popen[bytes], marker: bytes) -> None:
    """End the process and whatever it started, also what has left its group."""
    for _ in range(100):
        if hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        left = [number for number, _ in _processes_of(process.pid, marker) if number != process.pid]
        for number in left:
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)
        if not left:
            break
        time.sleep(0.01)
    process.wait()
