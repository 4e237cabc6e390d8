"""Explicit vectors for kernels: the only file that emits LLVM IR.

Training works on rows of float32 whose length is a multiple of 16 (see `aligned_rows`). LLVM turns a vector of 16
floats into whatever the processor has: one AVX-512 register, two of AVX2, four of NEON.

Bits do not depend on the processor: a product and its sum are always one fused operation, sums run in the order of the
rows, and the 16 lanes of a dot product are added in one fixed tree, lane i with i + 8, then + 4, + 2, + 1. How many
rows are worked on at once does depend on it, and changes no sum.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

LANES = 16
CACHE_LINE = 64

_F32, _I32, _I64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)


def aligned_rows(rows: int, width: int) -> NDArray[np.float32]:
    """Zeros of shape (rows, width rounded up to a multiple of 16), each row starting at a cache line."""
    padded = -(-width // LANES) * LANES
    raw = np.zeros(rows * padded * 4 + CACHE_LINE, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE
    return raw[start : start + rows * padded * 4].view(np.float32).reshape(rows, padded)


def word(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make of a function that types its arguments, and returns what emits IR, something that kernels can call.

    The first argument is Numba's; kernels leave it out.
    """
    return cast(Callable[..., Any], intrinsic(function))


class Emitter:
    """A builder of IR with the few operations that kernels need."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        self.b = builder
        self.wide = "+avx512f" in context.codegen().magic_tuple()[2]
        self.arguments = [
            context.make_array(kind)(context, builder, value) if isinstance(kind, types.Array) else value
            for kind, value in zip(signature.args, arguments, strict=True)
        ]

    def row(self, array: Any, rows: Any, place: Any) -> Any:
        """Pointer to the row of a matrix whose number stands at a place of `rows`."""
        number = self.b.zext(self.b.load(self.b.gep(rows.data, [place])), _I64)
        return self.b.gep(array.data, [self.b.mul(number, self.width(array))])

    def width(self, array: Any) -> Any:
        """Length of a matrix's rows."""
        return self.b.extract_value(array.shape, 1)

    def load(self, pointer: Any, place: Any, lanes: int = LANES) -> Any:
        """The vector that stands at a place."""
        kind = ir.VectorType(_F32, lanes)
        return self.b.load(self.b.bitcast(self.b.gep(pointer, [place]), kind.as_pointer()), align=4)

    def store(self, vector: Any, pointer: Any, place: Any) -> None:
        """Put a vector at a place."""
        self.b.store(vector, self.b.bitcast(self.b.gep(pointer, [place]), vector.type.as_pointer()), align=4)

    def splat(self, number: Any, lanes: int = LANES) -> Any:
        """A vector of one number, float or integer, that is known when the kernel runs."""
        undefined = ir.Constant(ir.VectorType(number.type, lanes), ir.Undefined)
        first = self.b.insert_element(undefined, number, _I32(0))
        return self.b.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(_I32, lanes), [0] * lanes))

    def call(self, name: str, *arguments: Any) -> Any:
        """Call one of LLVM's elementwise functions, such as fma or fabs."""
        kind = arguments[0].type
        function_type = ir.FunctionType(kind, [kind] * len(arguments))
        full = f"llvm.{name}.v{kind.count}f32"
        return self.b.call(cgutils.get_or_insert_function(self.b.module, function_type, full), list(arguments))

    def fma(self, x: Any, y: Any, z: Any) -> Any:
        """X · y + z, rounded once."""
        return self.call("fma", x, y, z)

    def shuffle(self, a: Any, b: Any, lanes: list[int]) -> Any:
        """A vector of lanes of two others; those of the second are numbered after those of the first."""
        return self.b.shuffle_vector(a, b, ir.Constant(ir.VectorType(_I32, len(lanes)), lanes))

    @contextmanager
    def each(self, start: Any, stop: Any, step: int = 1) -> Iterator[Any]:
        """A loop; stop is not reached."""
        with cgutils.for_range_slice(self.b, start, stop, _I64(step)) as (index, _):
            yield index

    def variable(self, value: Any) -> Any:
        """A place for a value that changes, in a register where there are enough."""
        place = cgutils.alloca_once(self.b, value.type)
        self.b.store(value, place)
        return place

    def add_across(self, vectors: list[Any]) -> Any:
        """The sums of 16 vectors' lanes, one vector; None stands for zeros. See `_TREE` for the order."""
        level = [vectors[4 * (i % 4) + i // 4] for i in range(LANES)]
        for low in _TREE:
            high = [lane + distance for lane, distance in zip(low, _distances(low), strict=True)]
            level = [self._pair(level[i], level[i + 1], low, high) for i in range(0, len(level), 2)]
        return level[0] if level[0] is not None else zeros()

    def _pair(self, a: Any, b: Any, low: list[int], high: list[int]) -> Any:
        if a is None and b is None:
            return None
        a, b = (zeros() if each is None else each for each in (a, b))
        return self.b.fadd(self.shuffle(a, b, low), self.shuffle(a, b, high))


def constant(number: float, lanes: int = LANES) -> Any:
    """A vector of one number."""
    return ir.Constant(ir.VectorType(_F32, lanes), [number] * lanes)


def zeros(lanes: int = LANES) -> Any:
    """A vector of zeros."""
    return constant(0.0, lanes)


_TREE = [
    [*range(8), *range(16, 24)],  # lane i + lane i + 8
    [*range(4), *range(8, 12), *range(16, 20), *range(24, 28)],  # + 4
    [lane for q in range(0, 16, 4) for lane in (q, q + 1, 16 + q, 17 + q)],  # + 2
    [lane for q in range(0, 16, 4) for lane in (q, q + 2, 16 + q, 18 + q)],  # + 1
]
"""Lanes of two vectors (16 to 31 are the second's) that make the lower halves at each level of the tree."""


def _distances(low: list[int]) -> list[int]:
    """How far from each lower lane its partner is: the smallest gap that the lower lanes leave."""
    taken = set(low)
    distance = next(d for d in (8, 4, 2, 1) if all(lane + d not in taken for lane in low))
    return [distance] * len(low)


def tiles(b: Any, count: Any, sizes: tuple[int, ...], tile: Callable[[Any, int], None]) -> None:
    """Cut 0 to count into tiles, as many of each size as fit, the largest first."""
    start = _I64(0)
    for size in sizes:
        stop = b.sub(count, b.urem(b.sub(count, start), _I64(size)))
        with cgutils.for_range_slice(b, start, stop, _I64(size)) as (index, _):
            tile(index, size)
        start = stop


def switch(b: Any, value: Any, largest: int, case: Callable[[int], None]) -> None:
    """Emit one case for each value from 1 to largest."""
    after = b.append_basic_block("after")
    choice = b.switch(value, after)
    for number in range(1, largest + 1):
        block = b.append_basic_block(f"case{number}")
        choice.add_case(_I64(number), block)
        b.position_at_end(block)
        case(number)
        b.branch(after)
    b.position_at_end(after)


@word
def add_atomically(_: Any, numbers: Any, place: Any, amount: Any) -> Any:
    """Add to a number that threads share, as one step, and return what stood there; an amount of 0 reads it.

    numbers: int64.
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        numbers, place, amount = Emitter(context, builder, signature, arguments).arguments
        return builder.atomic_rmw("add", builder.gep(numbers.data, [place]), amount, "seq_cst")

    return types.int64(numbers, types.int64, types.int64), emit


give_way = types.ExternalFunction("SwitchToThread" if sys.platform == "win32" else "sched_yield", types.int32())
"""Let another thread run on this processor."""
