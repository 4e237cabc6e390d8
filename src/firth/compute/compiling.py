"""How kernels are compiled: lazily, without the global lock, and kept on disk for the next process."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

_FEATURES = ("avx", "avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl", "neon", "sve", "sve2")
Kernel = TypeVar("Kernel", bound=Callable[..., Any])


class _Cache(FunctionCache):  # type: ignore[misc]
    """Numba's cache, but for two things.

    Numba keeps a kernel until its own file changes, though other files' code is compiled into it: here, until any file
    of its room or of this one changes. And a full disk is let pass: what could not be kept is compiled anew next time.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        digest = _source_digest(room_of(function))
        # In the name too: an index is written before its code, and what another process reads in between would be the
        # code of an older source.
        name = f"{self._impl.filename_base}-{digest[:12]}"
        self._cache_file = IndexDataCacheFile(self._cache_path, name, digest)

    def is_empty(self) -> bool:
        """Whether nothing that is still valid is kept."""
        return not self._cache_file._load_index()

    def save_overload(self, signature: Any, compiled_code: Any) -> None:
        with contextlib.suppress(OSError):
            super().save_overload(signature, compiled_code)


def compiled(function: Kernel) -> Kernel:
    """Compile a kernel when it is first called.

    Arithmetic keeps its order (no fastmath), so the same draws give the same bits in every run. Where neither
    the package's folder nor the user's cache can be written to, the kernel is compiled anew in each process.
    """
    kernel = njit(nogil=True, error_model="numpy")(function)
    with contextlib.suppress(RuntimeError):  # no folder for a cache
        kernel._cache = _Cache(function)
    return cast(Kernel, kernel)


def processor() -> dict[str, Any]:
    """The processor that kernels are compiled for: its name, and which of the features that matter here it has."""
    from llvmlite.binding import get_host_cpu_name
    from numba.core import config
    from numba.core.codegen import get_host_cpu_features

    name, told = config.CPU_NAME or get_host_cpu_name(), config.CPU_FEATURES
    features = get_host_cpu_features() if told is None else told
    return {"name": str(name), "features": [each for each in _FEATURES if f"+{each}" in features.split(",")]}


def is_kept(kernel: Any) -> bool:
    """Whether a kernel's machine code is on disk already, so that it starts without being compiled."""
    return isinstance(kernel._cache, _Cache) and not kernel._cache.is_empty()


_HERE = Path(__file__).parent


def room_of(function: Callable[..., Any]) -> Path:
    """The room (folder beside this one) that a function's file lies in; its own folder where that is elsewhere."""
    path = Path(function.__code__.co_filename)
    inside = path.is_relative_to(_HERE.parent) and path.parent != _HERE.parent
    return _HERE.parent / path.relative_to(_HERE.parent).parts[0] if inside else path.parent


@lru_cache
def _source_digest(room: Path) -> str:
    """SHA-256 of the source files of a room and of this one."""
    digest = hashlib.sha256()
    for path in sorted({*room.rglob("*.py"), *_HERE.rglob("*.py")}):
        digest.update(path.read_bytes())
    return digest.hexdigest()
