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


@compiled
def to_half(bits: NDArray[np.uint32], numbers: NDArray[np.float32], halves: NDArray[np.uint16]) -> None:
    """Round float32 numbers, given as numbers and as their bits, to float16, to nearest, ties to even; as bits.

    Numbers below 2^-14 are rounded by adding 0.5, whose last place is that of the smallest float16; the others by
    adding half of the last place that stays. What is too large becomes infinite.
    """
    half_bits = np.uint32(0x3F000000)
    for row in range(bits.shape[0]):
        for d in range(bits.shape[1]):
            positive = bits[row, d] & np.uint32(0x7FFFFFFF)
            sign = (bits[row, d] >> np.uint32(16)) & np.uint32(0x8000)
            shifted = np.float32(abs(numbers[row, d]) + np.float32(0.5)).view(np.uint32) - half_bits
            rounded = (positive + np.uint32(0xC8000FFF) + ((positive >> np.uint32(13)) & np.uint32(1))) >> np.uint32(13)
            found = shifted if positive < np.uint32(0x38800000) else rounded
            found = np.uint32(0x7C00) if positive >= np.uint32(0x477FF000) else found
            halves[row, d] = np.uint16(found | sign)


@compiled
def from_half(halves: NDArray[np.uint16], bits: NDArray[np.uint32], numbers: NDArray[np.float32]) -> None:
    """Write float16 numbers, given as bits, as float32: their exponent and fraction moved into place, times 2^112."""
    for row in range(halves.shape[0]):
        for d in range(halves.shape[1]):
            half = np.uint32(halves[row, d])
            bits[row, d] = ((half & np.uint32(0x7FFF)) << np.uint32(13)) | ((half & np.uint32(0x8000)) << np.uint32(16))
    for row in range(halves.shape[0]):
        for d in range(halves.shape[1]):
            numbers[row, d] *= np.float32(5.192296858534828e33)
