"""How kernels are compiled: lazily, without the global lock, and kept on disk for the next process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit
from numba.core.caching import FunctionCache

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


class _ForgivingCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache, which lets a full disk pass: machine code that could not be kept is compiled anew next time."""

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
        kernel._cache = _ForgivingCache(function)
    return cast(Kernel, kernel)


def is_kept(kernel: Any) -> bool:
    """Whether a kernel's machine code is on disk already, so that it starts without being compiled."""
    folder = kernel.stats.cache_path
    return folder is not None and any(Path(folder).glob(f"{Path(kernel.__code__.co_filename).stem}.*.nbi"))
