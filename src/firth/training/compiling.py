"""How kernels are compiled: lazily, without the global lock, and kept on disk for the next process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(function: Kernel) -> Kernel:
    """Compile a kernel when it is first called.

    Arithmetic keeps IEEE order (no fastmath), so the same draws give the same bits on every processor. Where neither
    the package's folder nor the user's cache can be written to, the kernel is compiled anew in each process.
    """
    try:
        return cast(Kernel, njit(cache=True, nogil=True, error_model="numpy")(function))
    except RuntimeError:
        return cast(Kernel, njit(nogil=True, error_model="numpy")(function))
