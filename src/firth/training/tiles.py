"""Small matrix products over rows of vectors, in explicit vectors: the words that kernels are written with.

`scores` and `update` are the two halves of a window's step; `add_products` is the general product; `logistic` and
`exponentiate` turn scores into gradients and losses. Each is emitted where it is called.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from firth.compute.simd import CACHE_LINE, LANES, Emitter, constant, switch, tiles, word, zeros

BLOCK = 8
"""Scores of a row are laid out in blocks of 8."""
_F32, _I8, _I32, _I64 = ir.FloatType(), ir.IntType(8), ir.IntType(32), ir.IntType(64)
_V16 = ir.VectorType(_F32, LANES)
_I16 = ir.VectorType(_I32, LANES)


@word
def scores(_: Any, x: Any, x_rows: Any, n: Any, y: Any, y_rows: Any, start: Any, m: Any, out: Any) -> Any:
    """out[a, k] = x[x_rows[a]] · y[y_rows[start + k]] for a < n, k < m; the rest of the last block of 8 is zero.

    x: (., W), y: (., W), x_rows, y_rows: uint32, out: (N + 1, a multiple of 8).
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        e = Emitter(context, builder, signature, arguments)
        x, x_rows, n, y, y_rows, start, m, out = e.arguments
        b, width, stride = builder, e.width(x), e.width(out)

        def block_of(k: Any, count: int) -> None:
            ys = [e.row(y, y_rows, b.add(b.add(start, k), _I64(j))) for j in range(count)]

            def tile(a: Any, size: int) -> None:
                xs = [e.row(x, x_rows, b.add(a, _I64(i))) for i in range(size)]
                sums = [[e.variable(zeros()) for _ in ys] for _ in xs]
                with e.each(_I64(0), width, LANES) as q:
                    loaded = [e.load(row, q) for row in xs]
                    for j, row in enumerate(ys):
                        other = e.load(row, q)
                        for i, one in enumerate(loaded):
                            b.store(e.fma(one, other, b.load(sums[i][j])), sums[i][j])
                for i in range(0, size, 2):
                    vectors: list[Any] = []
                    for row_sums in sums[i : i + 2]:
                        vectors += [b.load(place) for place in row_sums] + [None] * (BLOCK - count)
                    added = e.add_across(vectors + [None] * (LANES - len(vectors)))
                    for half in range(min(2, size - i)):
                        lanes = e.shuffle(added, added, list(range(BLOCK * half, BLOCK * half + BLOCK)))
                        place = b.add(b.mul(b.add(a, _I64(i + half)), stride), k)
                        e.store(lanes, out.data, place)

            tiles(b, n, ((4, 2, 1) if count <= 6 else (2, 1)) if e.wide else (1,), tile)

        with e.each(_I64(0), m, BLOCK) as k:
            left = b.sub(m, k)
            least = b.select(b.icmp_signed("<", left, _I64(BLOCK)), left, _I64(BLOCK))
            switch(b, least, BLOCK, lambda count: block_of(k, count))

    return types.void(x, x_rows, n, y, y_rows, start, m, out), emit


@word
def update(_: Any, x: Any, x_rows: Any, n: Any, y: Any, y_rows: Any, start: Any, m: Any, factors: Any) -> Any:
    """x[a] += Σ_k f[a, k] y[k] and y[k] += Σ_a f[a, k] x[a] for a < n, k < m, both from what stood there before.

    One pass over the rows. m is at most 8, and rows of x are all different; those of y may repeat.
    Rows and shapes as for `scores`.
    """
    return types.void(x, x_rows, n, y, y_rows, start, m, factors), _update(in_place=True)


@word
def set_changes(
    _: Any, x: Any, x_rows: Any, n: Any, y: Any, y_rows: Any, start: Any, m: Any, factors: Any, out: Any, first: Any
) -> Any:
    """Put what `update` would add into rows first to first + n + m - 1 of `out`, those of x before those of y.

    m is at most 8; rows may repeat. out: (., W).
    """
    return types.void(x, x_rows, n, y, y_rows, start, m, factors, out, first), _update(in_place=False)


def _update(in_place: bool) -> Callable[..., None]:
    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        e = Emitter(context, builder, signature, arguments)
        x, x_rows, n, y, y_rows, start, m, factors, *others = e.arguments
        b, width, stride = builder, e.width(x), e.width(factors)

        def place_of_change(row: Any) -> Any:
            out, first = others
            return b.gep(out.data, [b.mul(b.add(first, row), width)])

        def block_of(count: int) -> None:
            ys = [e.row(y, y_rows, b.add(start, _I64(j))) for j in range(count)]
            y_targets = ys if in_place else [place_of_change(b.add(n, _I64(j))) for j in range(count)]
            lanes = LANES if e.wide else 8

            def slices(q: Any, size: int) -> None:
                places = [b.add(q, _I64(lanes * i)) for i in range(size)]
                befores = [[e.load(row, place, lanes) for place in places] for row in ys]
                changes = [[e.variable(zeros(lanes)) for _ in places] for _ in ys]
                with e.each(_I64(0), n) as a:
                    row = e.row(x, x_rows, a)
                    x_target = row if in_place else place_of_change(a)
                    own = b.gep(factors.data, [b.mul(a, stride)])
                    olds = [e.load(row, place, lanes) for place in places]
                    news = list(olds) if in_place else [zeros(lanes) for _ in places]
                    for j in range(count):
                        factor = e.splat(b.load(b.gep(own, [_I64(j)])), lanes)
                        for i in range(size):
                            news[i] = e.fma(factor, befores[j][i], news[i])
                            b.store(e.fma(factor, olds[i], b.load(changes[j][i])), changes[j][i])
                    for new, place in zip(news, places, strict=True):
                        e.store(new, x_target, place)
                for row, parts in zip(y_targets, changes, strict=True):
                    for variable, place in zip(parts, places, strict=True):
                        change = b.load(variable)
                        if in_place:
                            change = b.fadd(e.load(row, place, lanes), change)
                        e.store(change, row, place)

            sizes = (2, 1) if e.wide and count <= 6 else (1,)
            tiles(b, width, tuple(lanes * size for size in sizes), lambda q, size: slices(q, size // lanes))

        switch(b, m, BLOCK, block_of)

    return emit


@word
def add_products(
    _: Any, target: Any, rows: Any, n: Any, factors: Any, steps: Any, y: Any, y_rows: Any, start: Any, m: Any
) -> Any:
    """target[rows[a]] += Σ_k f(a, k) y[y_rows[start + k]] for a < n, k < m, in the order of k.

    f(a, k) stands in `factors` (float32, flat) at a · steps[0] + k · steps[1], so that a matrix can be used as it is or
    transposed. Rows of the target may repeat, and are not rows of y. rows, y_rows: uint32; target, y: (., W).
    """
    return types.void(target, rows, n, factors, steps, y, y_rows, start, m), _products(in_turn=False)


@word
def add_products_in_turn(
    _: Any, target: Any, first: Any, n: Any, factors: Any, steps: Any, y: Any, y_rows: Any, start: Any, m: Any
) -> Any:
    """As `add_products`, to rows first, first + 1, … of the target: several are worked on at once."""
    return types.void(target, first, n, factors, steps, y, y_rows, start, m), _products(in_turn=True)


@word
def set_products_in_turn(
    _: Any, target: Any, first: Any, n: Any, factors: Any, steps: Any, y: Any, y_rows: Any, start: Any, m: Any
) -> Any:
    """As `add_products_in_turn`, whatever stood there before."""
    return types.void(target, first, n, factors, steps, y, y_rows, start, m), _products(in_turn=True, adds=False)


def _products(in_turn: bool, adds: bool = True) -> Callable[..., None]:
    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        e = Emitter(context, builder, signature, arguments)
        target, rows, n, factors, steps, y, y_rows, start, m = e.arguments
        b, width = builder, e.width(target)
        by_row, by_term = b.extract_value(steps, 0), b.extract_value(steps, 1)

        def tile(a: Any, size: int) -> None:
            places = [b.add(a, _I64(i)) for i in range(size)]
            if in_turn:
                targets = [b.gep(target.data, [b.mul(b.add(rows, place), width)]) for place in places]
            else:
                targets = [e.row(target, rows, place) for place in places]
            owns = [b.gep(factors.data, [b.mul(place, by_row)]) for place in places]

            def strip(q: Any, vectors: int) -> None:
                spots = [b.add(q, _I64(LANES * i)) for i in range(vectors)]
                sums = [[e.variable(e.load(row, spot) if adds else zeros()) for spot in spots] for row in targets]
                with e.each(_I64(0), m) as k:
                    row, step = e.row(y, y_rows, b.add(start, k)), b.mul(k, by_term)
                    loaded = [e.load(row, spot) for spot in spots]
                    for own, row_sums in zip(owns, sums, strict=True):
                        factor = e.splat(b.load(b.gep(own, [step])))
                        for vector, place in zip(loaded, row_sums, strict=True):
                            b.store(e.fma(factor, vector, b.load(place)), place)
                for row, row_sums in zip(targets, sums, strict=True):
                    for place, spot in zip(row_sums, spots, strict=True):
                        e.store(b.load(place), row, spot)

            tiles(b, width, tuple(LANES * i for i in (4, 2, 1)), lambda q, size: strip(q, size // LANES))

        tiles(b, n, (6, 4, 2, 1) if in_turn and e.wide else (1,), tile)

    return emit


@word
def exponentiate(_: Any, values: Any, start: Any, stop: Any, shifts: Any, totals: Any, place: Any) -> Any:
    """Replace values[w, b] by exp(values[w, b] - shift_b) for start ≤ w < stop, the shift being the largest of them.

    values: (., B), B a multiple of 16; shifts[place, b] and totals[place, b], (., B), are set to the shift and the sum.
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        e = Emitter(context, builder, signature, arguments)
        values, start, stop, shifts, totals, place = e.arguments
        b, width = builder, e.width(values)
        with e.each(_I64(0), width, LANES) as q:
            largest, total = e.variable(constant(-math.inf)), e.variable(zeros())
            with e.each(start, stop) as w:
                value = e.load(values.data, b.add(b.mul(w, width), q))
                b.store(e.call("maxnum", value, b.load(largest)), largest)
            shift = b.load(largest)
            with e.each(start, stop) as w:
                spot = b.add(b.mul(w, width), q)
                power = _exponential(e, b.fsub(e.load(values.data, spot), shift))
                e.store(power, values.data, spot)
                b.store(b.fadd(b.load(total), power), total)
            spot = b.add(b.mul(place, width), q)
            e.store(shift, shifts.data, spot)
            e.store(b.load(total), totals.data, spot)

    return types.void(values, start, stop, shifts, totals, place), emit


@word
def scale_columns(_: Any, values: Any, start: Any, stop: Any, factors: Any, place: Any) -> Any:
    """values[w, b] *= factors[place, b] for w from start to stop - 1; both (., B), B a multiple of 16."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        e = Emitter(context, builder, signature, arguments)
        values, start, stop, factors, place = e.arguments
        b, width = builder, e.width(values)
        with e.each(_I64(0), width, LANES) as q:
            factor = e.load(factors.data, b.add(b.mul(place, width), q))
            with e.each(start, stop) as w:
                spot = b.add(b.mul(w, width), q)
                e.store(b.fmul(factor, e.load(values.data, spot)), values.data, spot)

    return types.void(values, start, stop, factors, place), emit


@word
def logistic(_: Any, values: Any, first: Any, n: Any, m: Any, signs: Any, start: Any, rate: Any, losses: Any) -> Any:
    """Replace scores s by rate · sign · σ(-sign · s), the descent along -log σ(sign · s), and add up these losses.

    values: (N + 1, a multiple of 8), of which rows from first to n - 1 and m columns count; signs: +1 or -1, from
    `start`, with room for 16 beyond the last.
    losses: (2, 16): Σ max(-sign · s, 0), and Π (1 + exp(-|s|)), lane by lane: log of the product of row 1 plus the sum
    of row 0 is the loss. Each lane of row 1 at most doubles with every vector of 16: two rows make one where there
    are 8 columns, otherwise a row makes m / 16.
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        e = Emitter(context, builder, signature, arguments)
        values, first, n, m, signs, start, rate, losses = e.arguments
        b, stride = builder, e.width(values)
        rates = e.splat(rate)
        linear, product = (e.variable(e.load(losses.data, _I64(place))) for place in (0, LANES))
        zero, one = zeros(), constant(1.0)
        columns = ir.Constant(_I16, list(range(LANES)))

        def step(place: Any, sign: Any, counts: Any) -> None:
            score = b.fmul(sign, e.load(values.data, place))
            small = _exponential(e, b.fneg(e.call("fabs", score)))
            above = b.fadd(one, small)
            share = b.fdiv(b.select(b.fcmp_ordered(">=", score, zero), small, one), above)
            gradient = b.fmul(b.fmul(rates, sign), share)
            e.store(b.select(counts, gradient, zero), values.data, place)
            lost = e.call("maxnum", b.fneg(score), zero)
            b.store(b.fadd(b.load(linear), b.select(counts, lost, zero)), linear)
            b.store(b.fmul(b.load(product), b.select(counts, above, one)), product)

        def doubled(vector: Any) -> Any:
            return e.shuffle(vector, vector, [*range(BLOCK), *range(BLOCK)])

        narrow = b.icmp_signed("==", stride, _I64(BLOCK))
        with b.if_else(narrow) as (two_rows, one_row):
            with two_rows:  # a vector is two rows
                sign = doubled(e.load(signs.data, start, BLOCK))
                limit = e.splat(b.trunc(m, _I32))
                rows = ir.Constant(_I16, [0] * BLOCK + [1] * BLOCK)
                inside = b.icmp_signed("<", ir.Constant(_I16, [*range(BLOCK), *range(BLOCK)]), limit)
                with e.each(first, n, 2) as a:
                    left = e.splat(b.trunc(b.sub(n, a), _I32))
                    step(b.mul(a, stride), sign, b.and_(inside, b.icmp_signed("<", rows, left)))
            with one_row, e.each(first, n) as a, e.each(_I64(0), m, LANES) as k:
                left = e.splat(b.trunc(b.sub(m, k), _I32))
                step(b.add(b.mul(a, stride), k), e.load(signs.data, b.add(start, k)), b.icmp_signed("<", columns, left))
        e.store(b.load(linear), losses.data, _I64(0))
        e.store(b.load(product), losses.data, _I64(LANES))

    return types.void(values, first, n, m, signs, start, rate, losses), emit


def _exponential(e: Emitter, x: Any) -> Any:
    """exp(x) for x from -87 to 0 (smaller ones count as -87), to about 1e-7 relative.

    x = i ln 2 + r with |r| ≤ ln 2 / 2; exp(r) by its series to r^6, and i goes into the exponent's bits.
    """
    b = e.b
    x = e.call("maxnum", x, constant(-87.0))
    shifted = e.fma(x, constant(1.4426950408889634), constant(_ROUND))
    whole = b.fsub(shifted, constant(_ROUND))
    rest = e.fma(whole, constant(-0.693359375), x)
    rest = e.fma(whole, constant(2.12194440e-4), rest)
    series = constant(1 / 720)
    for divisor in (120, 24, 6, 2, 1, 1):
        series = e.fma(series, rest, constant(1 / divisor))
    bits = b.shl(b.bitcast(shifted, _I16), ir.Constant(_I16, [23] * LANES))
    return b.bitcast(b.add(b.bitcast(series, _I16), bits), _V16)


_ROUND = 12582912.0  # 1.5 * 2^23: adding it rounds a number to an integer that stands in the low bits


@word
def copy_rows(_: Any, target: Any, y: Any, y_rows: Any, start: Any, m: Any) -> Any:
    """target[k] = y[y_rows[start + k]] for k < m; target, y: (., W), y_rows: uint32."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        e = Emitter(context, builder, signature, arguments)
        target, y, y_rows, start, m = e.arguments
        width = e.width(target)
        with e.each(_I64(0), m) as k:
            to, of = builder.gep(target.data, [builder.mul(k, width)]), e.row(y, y_rows, builder.add(start, k))
            with e.each(_I64(0), width, LANES) as q:
                e.store(e.load(of, q), to, q)

    return types.void(target, y, y_rows, start, m), emit


@word
def add_scaled(_: Any, target: Any, row: Any, factor: Any, y: Any, y_row: Any) -> Any:
    """target[row] += factor · y[y_row]; target, y: (., W), factor: float32."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        e = Emitter(context, builder, signature, arguments)
        target, row, factor, y, y_row = e.arguments
        width = e.width(target)
        to, of = (builder.gep(a.data, [builder.mul(r, width)]) for a, r in ((target, row), (y, y_row)))
        factors = e.splat(factor)
        with e.each(_I64(0), width, LANES) as q:
            e.store(e.fma(factors, e.load(of, q), e.load(to, q)), to, q)

    return types.void(target, types.int64, types.float32, y, types.int64), emit


@word
def any_equal(_: Any, numbers: Any, n: Any) -> Any:
    """Whether two of the first n numbers are equal; numbers: uint32, with room for 16 beyond the last."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, signature, arguments)
        numbers, n = e.arguments
        b = builder
        columns, bits = ir.Constant(_I16, list(range(LANES))), ir.VectorType(ir.IntType(1), LANES)
        found = cgutils.alloca_once_value(b, ir.Constant(bits, [0] * LANES))

        def load(place: Any) -> Any:
            return b.load(b.bitcast(b.gep(numbers.data, [place]), _I16.as_pointer()), align=4)

        with cgutils.for_range_slice(b, _I64(0), n, _I64(LANES)) as (first, _):
            own = load(first)
            with cgutils.for_range_slice(b, _I64(1), b.sub(n, first), _I64(1)) as (distance, _):
                other = b.add(first, distance)
                inside = b.icmp_signed("<", columns, e.splat(b.trunc(b.sub(n, other), _I32)))
                equal = b.and_(inside, b.icmp_unsigned("==", own, load(other)))
                b.store(b.or_(b.load(found), equal), found)
        return b.icmp_unsigned("!=", b.bitcast(b.load(found), ir.IntType(LANES)), ir.IntType(LANES)(0))

    return types.boolean(numbers, n), emit


@word
def prefetch(_: Any, matrix: Any, row: Any) -> Any:
    """Ask for a row of a float32 matrix, to be read and written soon; any integer is allowed as its number."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        e = Emitter(context, builder, signature, arguments)
        matrix, row = e.arguments
        kind = ir.FunctionType(ir.VoidType(), [_I8.as_pointer(), _I32, _I32, _I32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        start = builder.gep(matrix.data, [builder.mul(row, e.width(matrix))])
        with e.each(_I64(0), e.width(matrix), CACHE_LINE // 4) as place:
            line = builder.bitcast(builder.gep(start, [place]), _I8.as_pointer())
            builder.call(function, [line, _I32(1), _I32(3), _I32(1)])

    return types.void(matrix, types.int64), emit
