"""A matrix as it is stored, float32, float16, or int8 with a scale a row, read in float32 a block at a time.

A file that is memory-mapped is never read whole for this: a block or some rows are decoded when they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from firth.errors import OptionError

Float32 = NDArray[np.float32]
Dtype = Literal["float32", "float16", "int8"]

DTYPES: Final = ("float32", "float16", "int8")
_LARGEST_FLOAT16 = 65504.0
_BLOCK_NUMBERS = 1 << 22


class Rows:
    """V stored vectors of D numbers.

    Parameters
    ----------
    stored
        Shape (V, D): float32, float16 or int8.
    scale
        Shape (V,), float32, for int8 alone: row i is ``scale[i] * stored[i]``.
    """

    def __init__(self, stored: NDArray[Any], scale: Float32 | None = None) -> None:
        self.stored = stored
        self.scale = scale
        self.shape: tuple[int, int] = stored.shape

    @property
    def dtype(self) -> str:
        """How numbers are stored: ``"float32"``, ``"float16"`` or ``"int8"``."""
        return str(self.stored.dtype)

    def block(self, start: int, stop: int) -> Float32:
        """Rows `start` to `stop`; a view where they are stored as float32."""
        return self._decoded(slice(start, stop))

    def take(self, places: NDArray[np.integer[Any]]) -> Float32:
        """The rows of these places, in their order."""
        return self._decoded(places)

    def whole(self) -> Float32:
        """All rows; the stored ones themselves where they are float32."""
        return self._decoded(slice(None))

    def blocks(self) -> Iterator[tuple[int, Float32]]:
        """Yield (first row, rows) over all rows, a few megabytes at a time."""
        step = max(1, _BLOCK_NUMBERS // self.shape[1])
        for start in range(0, self.shape[0], step):
            yield start, self.block(start, start + step)

    def _decoded(self, chosen: slice | NDArray[np.integer[Any]]) -> Float32:
        with np.errstate(over="ignore", invalid="ignore"):  # damage, which is said where lengths are taken
            numbers: Float32 = self.stored[chosen].astype(np.float32, copy=False)
            if self.scale is not None:
                numbers *= self.scale[chosen][:, np.newaxis]
        return numbers


def stored_as(matrix: Float32, dtype: str) -> Rows:
    """Store a matrix as `dtype`: float16 keeps 11 bits of each number; int8 keeps 1/127 of each row's largest one.

    Raises
    ------
    OptionError
        There is no such `dtype`, or a number is too large for it.
    """
    if dtype == "float32":
        return Rows(matrix)
    if dtype == "float16":
        largest = float(max(matrix.max(), -matrix.min()))
        if largest > _LARGEST_FLOAT16:
            raise OptionError(f"float16 holds numbers up to 65,504 and here is {largest:g}; choose int8 or float32")
        return Rows(matrix.astype(np.float16))
    if dtype == "int8":
        scale = np.maximum(matrix.max(axis=1), -matrix.min(axis=1)) / np.float32(127)
        with np.errstate(over="ignore"):
            scale = np.where(np.isinf(scale * np.float32(127)), np.nextafter(scale, np.float32(0)), scale)
            quotients = matrix / np.where(scale > 0, scale, 1)[:, np.newaxis]
        return Rows(np.clip(np.rint(quotients), -127, 127).astype(np.int8), scale.astype(np.float32))
    raise OptionError(f"dtype is {dtype!r}: it must be one of {', '.join(DTYPES)}")


def lengths_of(rows: Rows) -> NDArray[np.float64]:
    """Euclidean length of each row, shape (V,); not finite where a number of the row is not."""
    lengths = np.empty(rows.shape[0])
    for start, block in rows.blocks():
        with np.errstate(over="ignore", invalid="ignore"):
            squares = np.einsum("vd,vd->v", block, block).astype(np.float64)
        # Squares of float32 numbers may overflow or vanish in float32, though not in float64.
        unsure = np.flatnonzero(~((squares > 1e-20) & (squares < 1e30)))
        if unsure.size:
            with np.errstate(invalid="ignore"):
                exact = block[unsure].astype(np.float64)
                squares[unsure] = np.einsum("vd,vd->v", exact, exact)
        lengths[start : start + len(block)] = np.sqrt(squares)
    return lengths
