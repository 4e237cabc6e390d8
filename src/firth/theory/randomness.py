"""The state of the global random generators, taken and put back, as plain JSON values.

A function that draws at random has a gradient only while its draws stay the same, and a run goes on from a checkpoint
only if its draws do. Both need the state of Python's `random` and of NumPy's legacy `numpy.random`.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np


def get_random_state() -> dict[str, Any]:
    """Return the state of `random` and `numpy.random` as values that JSON can hold."""
    version, integers, next_gaussian = random.getstate()
    name, key, position, has_gaussian, cached_gaussian = np.random.get_state(legacy=True)
    return {
        "random": [version, list(integers), next_gaussian],
        "numpy.random": [name, np.asarray(key).tolist(), int(position), int(has_gaussian), float(cached_gaussian)],
    }


def set_random_state(state: dict[str, Any]) -> None:
    """Put back what `get_random_state` returned."""
    version, integers, next_gaussian = state["random"]
    random.setstate((version, tuple(integers), next_gaussian))
    name, key, *rest = state["numpy.random"]
    np.random.set_state((name, np.array(key, dtype=np.uint32), *rest))
