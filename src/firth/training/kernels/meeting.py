"""Where the threads of a team wait for each other inside compiled code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firth.compute.compiling import compiled
from firth.compute.simd import add_atomically, give_way

FAILED = 3
"""Place of a meeting that is not 0 once a thread has failed; the others then end their work, which is thrown away."""
PATIENCE = 500
"""Times that a waiting thread looks before it lets others run."""


@compiled
def meet(meeting: NDArray[np.int64], threads: int) -> None:
    """Wait until all threads are here, or one has failed and will never come.

    meeting: how many have arrived, how often all have met, something of the kernel's own, and whether a thread has
    failed; shape (4,), int64, zeros at first.
    """
    if threads == 1:
        return
    met = add_atomically(meeting, 1, 0)
    if add_atomically(meeting, 0, 1) == threads - 1:
        add_atomically(meeting, 0, -threads)
        add_atomically(meeting, 1, 1)
        return
    looks = 0
    while add_atomically(meeting, 1, 0) == met and add_atomically(meeting, FAILED, 0) == 0:
        looks += 1
        if looks > PATIENCE:
            give_way()
