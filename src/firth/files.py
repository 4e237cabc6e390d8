"""Files are written whole or not at all.

A file is written beside its target under a temporary name, flushed to the disk, and renamed over the target in one
step, so a reader sees the old file or the new one and never a part. Only the standard library is used.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO

from firth.errors import FirthError

_PART = re.compile(r"\.(?P<name>.+)\.(?P<pid>\d+)@(?P<node>[0-9a-f]{8})\.[0-9a-f]{8}\.part")
_PASSING = re.compile(r"firth-(?P<name>.+)-(?P<pid>\d+)@(?P<node>[0-9a-f]{8})-.+")
_GIVEN_UP = 7 * 24 * 3600.0
"""Seconds after which a part is swept that another machine, or container, left: nothing else tells whether it lives."""


def write_whole(path: str | Path, payload: bytes) -> None:
    """Write `payload` to `path`, whole or not at all: see `whole_file`."""
    with whole_file(path) as stream:
        stream.write(payload)


@contextlib.contextmanager
def whole_file(path: str | Path) -> Iterator[IO[bytes]]:
    """Write a file whole or not at all: temporary file, fsync, rename, fsync of the folder.

    Yields
    ------
    stream
        To write to; it takes the place of `path` when the block ends, and is gone if the block fails.

    Raises
    ------
    FirthError
        The file could not be written (no room, no permission); whatever stood at `path` is still there, unchanged. Or
        it is a device or a pipe, which must not be replaced.
    """
    target = Path(path)
    if target.is_symlink():
        target = Path(os.path.realpath(target))  # what it points to is replaced, and the link stays
    part = _part_of(target)
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            raise FirthError(f"cannot write {path}: it is a device or a pipe, which would be replaced; name a file")
        _sweep(target.parent, _PART, target.name)
        with part.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise write_error(target, error) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def make_folder(path: str | Path) -> Path:
    """Create a folder (and those above it), check that it can be written to, and sweep what a killed run left.

    Raises
    ------
    FirthError
        The folder can't be made or written to.
    """
    folder = Path(path)
    probe = _part_of(folder / "probe")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
        _sweep(folder, _PART)
    except OSError as error:
        raise write_error(folder, error) from error
    return folder


@contextlib.contextmanager
def whole_folder(path: str | Path, *, replace: bool = True) -> Iterator[Path]:
    """Make a folder whole or not at all: the block fills a temporary one, which then takes the place of `path`.

    Parameters
    ----------
    path
        Where the folder is to be.
    replace
        Whether a folder that stands there is replaced; otherwise it stays, and the new one goes.

    Yields
    ------
    Path
        The folder to fill; gone if the block fails.

    Raises
    ------
    FirthError
        A folder or a file in it can't be written; whatever stood at `path` is still there, unchanged.
    """
    target = Path(path)
    make_folder(target.parent)
    part, old = _part_of(target), _part_of(target)
    try:
        part.mkdir()
        yield part
        if target.exists() and replace:
            target.rename(old)
        try:
            part.rename(target)
        except OSError:
            if replace or not target.is_dir():
                raise
        _sync_folder(target.parent)
    except OSError as error:
        raise write_error(target, error) from error
    finally:
        for left in (part, old):
            shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def held(folder: str | Path) -> Iterator[None]:
    """Hold a folder for one run while the block runs; the system lets go of it however the process ends.

    Raises
    ------
    FirthError
        Another process holds it, or it can't be written to.
    """
    lock = make_folder(folder) / ".lock"
    try:
        import fcntl
    except ImportError:  # no such locks on Windows: there, runs are not kept apart
        yield
        return
    with contextlib.ExitStack() as opened:
        try:
            fcntl.flock(opened.enter_context(lock.open("wb")), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another run is working in {folder}: wait for it, or choose another folder"
            raise FirthError(message) from None
        except OSError as error:
            raise write_error(lock, error) from error
        yield


def passing_folder(name: str) -> Path:
    """Make a folder among the system's temporary ones; those of the same name that killed processes left are swept.

    Raises
    ------
    FirthError
        It can't be made.
    """
    try:
        _sweep(Path(tempfile.gettempdir()), _PASSING, name)
        return Path(tempfile.mkdtemp(prefix=f"firth-{name}-{os.getpid()}@{_node()}-"))
    except OSError as error:
        raise write_error(Path("a temporary folder"), error) from error


def _part_of(target: Path) -> Path:
    """A temporary name beside the target, which is swept once this process has ended."""
    return target.with_name(f".{target.name}.{os.getpid()}@{_node()}.{secrets.token_hex(4)}.part")


@lru_cache
def _node() -> str:
    """Which machine or container this is: process numbers mean nothing in another, and a folder may be shared."""
    try:
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        space = ""
    return hashlib.sha256(f"{platform.node()} {space}".encode()).hexdigest()[:8]


def _sweep(folder: Path, names: re.Pattern[str], name: str | None = None) -> None:
    """Remove what killed processes left half-written in a folder: under any name, or one."""
    for left in folder.iterdir() if folder.is_dir() else ():
        match = names.fullmatch(left.name)
        if match is None or (name is not None and match["name"] != name):
            continue
        with contextlib.suppress(OSError):  # another process may sweep too; and what is another user's stays
            status = left.lstat()
            here = match["node"] == _node()
            if _is_running(int(match["pid"])) if here else time.time() - status.st_mtime < _GIVEN_UP:
                continue
            if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
                continue
            if stat.S_ISDIR(status.st_mode):
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink()


def write_error(path: Path, error: OSError) -> FirthError:
    """Turn the system's error into a sentence about the file or folder that could not be written."""
    reason = error.strerror or str(error)
    return FirthError(
        f"cannot write {path}: {reason}; nothing half-written is left, so mend that or choose another place"
    )


def sha256_of(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut (systems without folder handles, such as Windows, need no call)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
