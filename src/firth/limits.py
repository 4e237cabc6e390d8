"""What this machine has to give: memory and disk, as the system, a container and `ulimit` allow it."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from firth.errors import FirthError

_SYSTEM = Path("/")


def memory_free(root: Path = _SYSTEM) -> int | None:
    """Bytes of memory that are free: of the machine (swap too), or of the container, if that has less; None: not known.

    Parameters
    ----------
    root
        Where /proc and /sys are.
    """
    return min((free for free in (_of_machine(root), _of_container(root)) if free is not None), default=None)


def address_space_free(root: Path = _SYSTEM) -> int | None:
    """Bytes that this process may still map under ``ulimit -v``; None where there is no such limit."""
    try:
        resource = importlib.import_module("resource")
    except ImportError:  # Windows has no such limit
        return None
    limit: int = resource.getrlimit(resource.RLIMIT_AS)[0]
    pages = _text(root / "proc/self/statm").split()
    if limit == resource.RLIM_INFINITY or not pages:
        return None
    return max(0, limit - int(pages[0]) * os.sysconf("SC_PAGE_SIZE"))


def demand_memory(needed: int, mapped: int = 0) -> None:
    """Refuse what can't fit, before anything is allocated.

    Parameters
    ----------
    needed
        Bytes that will be used, beside what is in use now.
    mapped
        Address space that is only reserved, in bytes.

    Raises
    ------
    FirthError
        It can't fit; the message has both numbers.
    """
    for free, which, reserved in (
        (memory_free(), "are free", 0),
        (address_space_free(), "are left of what ulimit -v allows", mapped),
    ):
        if free is not None and needed + reserved > free:
            raise FirthError(
                f"this needs {size(needed + reserved)} more memory, and {size(free)} {which}: lower dimensions, or "
                "keep fewer words (min_count, max_size)"
            )


def demand_address_space(needed: int, what: str) -> None:
    """Refuse what ``ulimit -v`` leaves no room for: Polars would end the interpreter in the midst of it.

    Parameters
    ----------
    needed
        Bytes, most of them only reserved.
    what
        What needs them.

    Raises
    ------
    FirthError
        It can't fit; the message has both numbers.
    """
    free = address_space_free()
    if free is not None and needed > free:
        raise FirthError(
            f"{what} needs {size(needed)} more memory, and {size(free)} are left of what ulimit -v allows: raise that"
        )


def demand_disk(needed: Mapping[Path, int]) -> None:
    """Refuse what the disk has no room for.

    Parameters
    ----------
    needed
        Bytes that are to be written to each folder; folders on the same disk share its room.

    Raises
    ------
    FirthError
        A disk has less; the message names the folder, and has both numbers.
    """
    of_disk: dict[int, int] = {}
    for folder, amount in needed.items():
        place = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
        disk = place.stat().st_dev
        of_disk[disk] = of_disk.get(disk, 0) + amount
        free = shutil.disk_usage(place).free
        if of_disk[disk] > free:
            raise FirthError(
                f"this needs {size(of_disk[disk])} of disk, and {size(free)} are free where {folder} is: make room, or "
                "choose another place"
            )


def size(count: int) -> str:
    """Bytes for people, such as ``"1.2 GB"``."""
    if count >= 1e9:
        return f"{count / 1e9:,.1f} GB"
    return f"{count / 1e6:,.0f} MB" if count >= 1e7 else f"{count / 1e6:.1f} MB"


def _of_machine(root: Path) -> int | None:
    told = dict(line.split(":", 1) for line in _text(root / "proc/meminfo").splitlines() if ":" in line)
    if "MemAvailable" in told:
        return sum(int(told.get(name, "0 kB").split()[0]) * 1024 for name in ("MemAvailable", "SwapFree"))
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows
        return None


def _of_container(root: Path) -> int | None:
    """What the narrowest of the control groups that this process is in leaves; text that is cached counts as free."""
    groups = dict(line.split(":", 2)[1:] for line in _text(root / "proc/self/cgroup").splitlines() if ":" in line)
    free: list[int] = []
    for controller, names in (
        ("", ("memory.max", "memory.current", "")),
        ("memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")),
    ):
        top = root / "sys/fs/cgroup" / controller
        group = Path(groups.get(controller, "/").lstrip("/"))
        for each in (group, *group.parents):
            limit, used = (_text(top / each / name).strip() for name in names[:2])
            if not (limit.isdigit() and used.isdigit()):
                continue
            told = dict(line.split() for line in _text(top / each / "memory.stat").splitlines())
            cached = sum(int(told.get(f"{names[2]}{kind}_file", "0")) for kind in ("active", "inactive"))
            free.append(max(0, int(limit) - int(used) + min(cached, int(used))))
    return min(free, default=None)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
