"""Screening: the rows that may have the largest cosines with many queries, by products of 16-bit whole numbers.

Vectors of length 1 are rounded to multiples of 1/32767, which bounds how far a product of two can be from their cosine
(`off_by`). Processors multiply such numbers two to four times as fast as float32 ones, and the scores of a tile are
looked at while they are in registers. What is found is scored again by `nearest_rows.py`, in float64, which decides.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from firth.compute.compiling import compiled
from firth.compute.crew import available_threads
from firth.compute.simd import LANES, Emitter, word
from firth.vectors.rows import Rows

ONE = 32767
"""What stands for 1: squares of it, and sums of products of vectors of that length, fit into 32 bits."""
TILE = 64
"""Queries of a tile."""
_ROWS = 6
"""Rows of a tile."""
_NOTHING = -(1 << 31)
_BLOCK_NUMBERS = 1 << 23
_I16, _I32, _I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)


def off_by(dimensions: int) -> float:
    """By how much at most a screened score, over 32767², is off the cosine.

    With x and y of length 1 rounded to x + e and y + f, |e_i| and |f_i| at most h = 1/65534, it is off by
    |x·f + y·e + e·f|, at most 2 h √D + h² D; a row's length is the root of a float32 sum, off by D 2^-24 at most.
    """
    half = 0.5 / ONE
    return float(2 * half * np.sqrt(dimensions) + half * half * dimensions + (dimensions + 8) * 2.0**-24)


@word
def tile_scores(_: Any, queries: Any, tile: Any, rows: Any, row: Any, least: Any, scores: Any) -> Any:
    """Put the products of 6 rows with a tile's 64 queries into scores[6, 64]; return a bit for each row that has a hit.

    A hit is a product above that query's number in `least`.
    queries: int32 (T, P, 64) and rows: int32 (B, P), both two 16-bit numbers each; least: int32 (64 T,).
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, signature, arguments)
        queries, tile, rows, row, least, scores = e.arguments
        b, pairs = builder, e.width(rows)
        ints = ir.VectorType(_I32, LANES)
        shorts = ir.VectorType(_I16, 2 * LANES)
        longs = ir.VectorType(_I32, 2 * LANES)
        several = 4 if e.wide else 1
        hits = e.variable(_I64(0))
        first_query = b.gep(queries.data, [b.mul(b.mul(tile, pairs), _I64(TILE))])
        first_least = b.gep(least.data, [b.mul(tile, _I64(TILE))])
        starts = [b.gep(rows.data, [b.mul(b.add(row, _I64(i)), pairs)]) for i in range(_ROWS)]

        def wide(pointer: Any, place: Any) -> Any:
            return b.load(b.bitcast(b.gep(pointer, [place]), ints.as_pointer()), align=4)

        def doubled(vector: Any) -> Any:
            return b.sext(b.bitcast(vector, shorts), longs)

        with e.each(_I64(0), _I64(TILE), LANES * several) as column:
            sums = [[e.variable(ir.Constant(ints, [0] * LANES)) for _ in range(several)] for _ in range(_ROWS)]
            with e.each(_I64(0), pairs) as pair:
                place = b.add(b.mul(pair, _I64(TILE)), column)
                loaded = [doubled(wide(first_query, b.add(place, _I64(LANES * j)))) for j in range(several)]
                for i, start in enumerate(starts):
                    both = doubled(e.splat(b.load(b.gep(start, [pair]))))
                    for j, query in enumerate(loaded):
                        products = b.mul(both, query)
                        even = e.shuffle(products, products, list(range(0, 2 * LANES, 2)))
                        odd = e.shuffle(products, products, list(range(1, 2 * LANES, 2)))
                        b.store(b.add(b.load(sums[i][j]), b.add(even, odd)), sums[i][j])
            for i in range(_ROWS):
                above = None
                for j in range(several):
                    place = b.add(column, _I64(LANES * j))
                    total = b.load(sums[i][j])
                    here = b.gep(scores.data, [b.add(place, _I64(TILE * i))])
                    b.store(total, b.bitcast(here, ints.as_pointer()), align=4)
                    more = b.icmp_signed(">", total, wide(first_least, place))
                    above = more if above is None else b.or_(above, more)
                found = b.icmp_unsigned("!=", b.bitcast(above, _I16), _I16(0))
                b.store(b.or_(b.load(hits), b.shl(b.zext(found, _I64), _I64(i))), hits)
        return b.load(hits)

    return types.int64(queries, types.int64, rows, types.int64, least, scores), emit


@compiled
def round_rows(rows: Any, lengths: Any, start: int, stop: int, out: Any) -> None:
    """Put rows `start` to `stop`, at length 32767, into `out` as whole numbers; zeros for a row of zeros.

    rows: float32 (B, D); lengths: float64 (B,); out: int16 (at least B, at least D).
    """
    for row in range(start, stop):
        scale = ONE / lengths[row] if lengths[row] > 0.0 else 0.0
        for column in range(rows.shape[1]):
            out[row, column] = np.rint(rows[row, column] * scale)


@compiled
def screen_tiles(
    queries: Any, rows: Any, count: int, first: int, tiles: Any, scores: Any, places: Any, least: Any
) -> None:
    """Look through rows for some tiles of queries, and keep the best for each query.

    Parameters
    ----------
    queries, rows
        As in `tile_scores`; rows are padded to a multiple of 6.
    count, first
        How many rows count, and the place of the first.
    tiles
        int64: which tiles.
    scores, places
        int32 (64 T, keep): a heap a query, the worst in front, and the places of its scores.
    least
        int32 (64 T,): that worst one.
    """
    found = np.empty((_ROWS, TILE), dtype=np.int32)
    for tile in tiles:
        for row in range(0, count, _ROWS):
            hits = tile_scores(queries, tile, rows, row, least, found)
            if hits == 0:
                continue
            for i in range(min(_ROWS, count - row)):
                if hits >> i & 1:
                    for j in range(TILE):
                        query = tile * TILE + j
                        if found[i, j] > least[query]:
                            _replace_worst(scores[query], places[query], found[i, j], first + row + i)
                            least[query] = scores[query, 0]


@compiled
def _replace_worst(scores: Any, places: Any, score: int, place: int) -> None:
    """Put a score where the worst of a heap stood, and let it sink to its place."""
    here, size = 0, len(scores)
    while True:
        child = 2 * here + 1
        if child >= size:
            break
        if child + 1 < size and scores[child + 1] < scores[child]:
            child += 1
        if scores[child] >= score:
            break
        scores[here], places[here] = scores[child], places[child]
        here = child
    scores[here], places[here] = score, place


def screened(
    rows: Rows, lengths: NDArray[np.float64], queries: NDArray[np.float64], keep: int, stop: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the rows with the largest screened scores.

    Parameters
    ----------
    rows, lengths
        The vectors, (V, D), and their lengths, (V,).
    queries
        Shape (Q, D), of length 1 or 0.
    keep
        How many to find for each.
    stop
        Look among the first so many rows.

    Returns
    -------
    places
        Shape (Q, keep), in no order; -1 where there are fewer rows.
    least
        Shape (Q,): no other row scored more, in units of cosines; -inf where there are no others.
    """
    count, dimensions = queries.shape
    tiles, pairs = -(-count // TILE), -(-dimensions // 2)
    padded = np.zeros((tiles * TILE, 2 * pairs))
    padded[:count, :dimensions] = queries * ONE
    packed = np.ascontiguousarray(
        np.rint(padded).astype(np.int16).view(np.int32).reshape(tiles, TILE, pairs).transpose(0, 2, 1)
    )
    scores = np.full((tiles * TILE, keep), _NOTHING, dtype=np.int32)
    places = np.full((tiles * TILE, keep), -1, dtype=np.int32)
    least = np.full(tiles * TILE, _NOTHING, dtype=np.int32)
    least[count:] = -_NOTHING - 1  # queries that only fill a tile find nothing
    step = max(1, _BLOCK_NUMBERS // dimensions)
    whole = np.zeros((-(-min(step, stop) // _ROWS) * _ROWS, 2 * pairs), dtype=np.int16)
    threads = available_threads()
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, stop, step):
            block = rows.block(start, min(start + step, stop))
            size = len(block)
            cuts = np.linspace(0, size, threads + 1).astype(int).tolist()
            sizes = lengths[start : start + size]
            rounding = [pool.submit(round_rows, block, sizes, *span, whole) for span in pairwise(cuts)]
            for each in rounding:
                each.result()
            shares = [np.arange(number, tiles, threads) for number in range(min(threads, tiles))]
            searches = [
                pool.submit(screen_tiles, packed, whole.view(np.int32), size, start, share, scores, places, least)
                for share in shares
            ]
            for search in searches:
                search.result()
    floor = np.where(places[:count, 0] < 0, -np.inf, least[:count] / float(ONE) ** 2)
    return places[:count].astype(np.int64), floor
