"""Files are written whole or not at all.

A file is written beside its target under a temporary name, flushed to the disk, and renamed over the target in one
step, so a reader sees the old file or the new one and never a part. Only the standard library is used.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from firth.errors import FirthError

_PART = re.compile(r"\..+\.(?P<pid>\d+)\.[0-9a-f]{8}\.part")


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
        The file could not be written (no room, no permission); whatever stood at `path` is still there, unchanged.
    """
    target = Path(path)
    part = _part_of(target)
    try:
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
        for part in folder.glob(".*.part"):
            match = _PART.fullmatch(part.name)
            if match and not _is_running(int(match["pid"])):
                if part.is_dir() and not part.is_symlink():
                    shutil.rmtree(part, ignore_errors=True)
                else:
                    part.unlink(missing_ok=True)
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


def _part_of(target: Path) -> Path:
    """A temporary name beside the target, which `make_folder` sweeps once this process has ended."""
    return target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}.part")


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
