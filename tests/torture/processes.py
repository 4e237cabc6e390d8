"""The `firth` command in a process of its own, forked off a warm interpreter, that can be killed at any moment.

Forking takes milliseconds where starting takes seconds, so hundreds of runs fit into minutes. The process that forks
must have started no thread that lives on: it imports and compiles, and runs nothing of Polars.
"""

import io
import itertools
import mmap
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree"}


@dataclass
class Ended:
    """How a process ended: exit status (negative: the signal's number), what it wrote, how many files it touched."""

    code: int
    out: str
    err: str
    seconds: float
    events: int
    timed_out: bool = False

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL


def warm_up() -> None:
    """Import what runs import, and load the kernels that they use, so that forked processes need not."""
    import importlib

    names = ["firth.cli", "firth.corpus.corpus", "firth.word2vec", "firth.provenance", "firth.verification", "polars"]
    names += [
        "firth.evaluation",
        "firth.corpus.phrases",
        "firth.training.needs",
        "firth.limits",
        "firth.vectors.questions",
    ]
    names += ["pydantic", "firth.vectors.formats.registry", "firth.training.kernels.minibatch_negative_sampling"]
    names += ["firth.course.demo", "matplotlib.figure", "matplotlib.backends.backend_agg", "sklearn.linear_model"]
    for name in names:
        importlib.import_module(name)
    from planted import planted_text
    from twin import CELLS

    from firth.training.config import TrainingConfig
    from firth.training.engine import train
    from firth.training.parameters import first_parameters

    text, _ = planted_text(1, sentences=40)
    for (architecture, objective), deterministic in itertools.product(CELLS, (False, True)):
        config = TrainingConfig(
            architecture=architecture,
            objective=objective,
            deterministic=deterministic,
            dimensions=4,
            epochs=1,
            threads=1,
        )
        train(text, config, first_parameters(text.counts.size, config))


def command(arguments: Sequence[str]) -> Callable[[], int]:
    """The command, as something to do in a forked process."""

    def work() -> int:
        from firth.cli import main

        return main(list(arguments))

    return work


class Process:
    """A forked process that works in a folder.

    work: what it does; returns the exit status.
    folder: where it is; its cache, its temporary files and what it says go into folders inside.
    die_at: the number of the file operation before which it kills itself; None lets it live.
    first: done in the process before the work.
    """

    def __init__(
        self,
        work: Callable[[], int],
        folder: Path,
        *,
        die_at: int | None = None,
        first: Callable[[], None] = lambda: None,
        told: str = "told",
    ) -> None:
        self._said = [folder / f".{told}.{name}" for name in ("out", "err")]
        self._events = mmap.mmap(-1, 8)
        self._started = time.perf_counter()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os._exit(self._live(work, folder, die_at, first))

    def _live(self, work: Callable[[], int], folder: Path, die_at: int | None, first: Callable[[], None]) -> int:
        code = 70
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
            os.chdir(folder)
            os.environ["FIRTH_CACHE"] = str(folder / "cache")
            os.environ["TMPDIR"] = str(folder / "passing")
            (folder / "passing").mkdir(exist_ok=True)
            tempfile.tempdir = None
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for number, path in enumerate(self._said, 1):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), number)
            sys.stdin, sys.stdout, sys.stderr = (
                io.TextIOWrapper(
                    io.FileIO(number, mode, closefd=False), "utf-8", "backslashreplace", write_through=True
                )
                for number, mode in enumerate(("r", "w", "w"))
            )
            first()
            sys.addaudithook(self._hook(die_at))
            code = work()
            weakref.finalize._exitfunc()  # as at the end of an interpreter: folders that go with the process go
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except BaseException:
            traceback.print_exc()
        return code

    def _hook(self, die_at: int | None) -> Callable[[str, tuple], None]:
        def look(event: str, arguments: tuple) -> None:
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if not (writes or event in _EVENTS):
                return
            count = int.from_bytes(self._events[:8], "little") + 1
            self._events[:8] = count.to_bytes(8, "little")
            if count == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

        return look

    def ended(self, *, kill_after: float | None = None, timeout: float = 120.0) -> Ended:
        """Wait for the end; kill it after so many seconds, if it should be, or ask it to stop when time is out."""
        timed_out, asked = False, 0
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            lived = time.perf_counter() - self._started
            if pid:
                break
            if kill_after is not None and lived >= kill_after:
                os.kill(self.pid, signal.SIGKILL)
                kill_after = None
            if lived >= timeout and asked == 0:
                timed_out, asked = True, 1
                os.kill(self.pid, signal.SIGINT)
            if lived >= timeout + 30 and asked == 1:
                asked = 2
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.0005 if lived < 0.05 else 0.002)
        said = [path.read_text(errors="replace") if path.exists() else "" for path in self._said]
        events = int.from_bytes(self._events[:8], "little")
        return Ended(os.waitstatus_to_exitcode(status), said[0], said[1], lived, events, timed_out)


def run(arguments: Sequence[str], folder: Path, **options) -> Ended:
    """Run the command to its end."""
    return Process(command(arguments), folder, **options).ended()


def one_sentence(ended: Ended, most: int = 1) -> str:
    """What is wrong with how a command ended; nothing where it did its work, or failed in one sentence (or `most`)."""
    if "Traceback" in ended.err or "a fault of Firth" in ended.err:
        return f"a traceback: {ended.err.strip()[-600:]}"
    if ended.code == 0:
        return ""
    if ended.code < 0 or ended.code not in (1, 2, 130, 143):
        return f"exit status {ended.code}: {ended.err.strip()[-600:]}"
    lines = ended.err.strip().splitlines()
    sentences = [line for line in lines if line.startswith("firth: ")]
    if not 1 <= len(sentences) <= most or not lines[-1].startswith("firth: "):
        return f"not one sentence: {ended.err.strip()[-600:]!r}"
    return ""


def emptied(folder: Path) -> Path:
    """A new, empty folder there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def parts_in(folder: Path) -> list[Path]:
    """Files and folders that are half-written: those under temporary names, and those of processes that have ended."""
    return [*folder.rglob(".*.part"), *(folder / "passing").glob("firth-*")]
