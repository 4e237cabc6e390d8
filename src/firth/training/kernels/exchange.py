"""What a replica does with all of its rows at an exchange, each in one pass over memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from firth.compute.compiling import compiled


@compiled
def changes_of(
    learned: NDArray[np.float32], agreed: NDArray[np.float32], start: int, end: int, changes: NDArray[np.float32]
) -> None:
    """Write how rows start to end - 1 of `learned` differ from `agreed` to `changes`, from its first row on."""
    for row in range(start, end):
        for d in range(changes.shape[1]):
            changes[row - start, d] = learned[row, d] - agreed[row, d]


@compiled
def adopt(
    learned: NDArray[np.float32],
    agreed: NDArray[np.float32],
    start: int,
    end: int,
    changes: NDArray[np.float32],
) -> None:
    """Add changes, from their first row on, to rows start to end - 1 of `agreed`, and make `learned` the same."""
    for row in range(start, end):
        for d in range(agreed.shape[1]):
            agreed[row, d] += changes[row - start, d]
            learned[row, d] = agreed[row, d]
