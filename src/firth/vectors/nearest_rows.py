"""Exact search: the rows with the largest cosines with each of many queries, in blocks of matrix products.

No copy of the matrix is made. A block's scores are compared with each query's worst candidate so far, so that all but
a few are passed over in one comparison; the few that are left are scored again in float64, which decides. How far the
first scores may be off is known, so where a row that was passed over might belong to the answer, more are kept.

Once so much has been multiplied that loading compiled code pays, `screening.py` finds the candidates.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firth.vectors.rows import Float32, Rows

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
Scores = NDArray[np.floating[Any]]

_SPARE = 6
"""Candidates kept beyond those asked for: float32 may order near equals wrongly."""
_BLOCK_SCORES = 1 << 22
_BLOCK_ROWS = 1 << 15
"""At most, as rows of smaller numbers are decoded a block at a time."""
_QUERIES_AT_ONCE = 1024
_MOST_SCREENED = 256
"""Of candidates a query: a heap of more is slow."""
_WORTH_LOADING = 4_000_000_000
_multiplied = 0
"""Numbers that matrix products have multiplied; of over `_WORTH_LOADING` more, compiled code takes less time."""


def unit(vectors: NDArray[Any]) -> Floats:
    """Scale each row to length 1 in float64; a row of zeros stays."""
    exact = vectors.astype(np.float64)
    lengths = np.sqrt(np.einsum("vd,vd->v", exact, exact))[:, np.newaxis]
    units: Floats = np.divide(exact, lengths, out=np.zeros_like(exact), where=lengths > 0)
    return units


def cosines(rows: Rows, lengths: Floats, queries: Float32, places: slice | Ids) -> Float32:
    """Cosines of unit queries, shape (Q, D), with some rows, shape (Q, B); 0 with a row of zeros."""
    block = rows.block(places.start, places.stop) if isinstance(places, slice) else rows.take(places)
    sizes = lengths[places]
    usual = (sizes > 1e-30) & (sizes < 1e30)
    if usual.all():
        inverse = (1 / sizes).astype(np.float32)
        if len(queries) > block.shape[1]:  # fewer numbers to scale
            return np.asarray(queries @ (block * inverse[:, np.newaxis]).T)
        scores: Float32 = queries @ block.T
        scores *= inverse
        return scores
    rest = np.flatnonzero(~usual)
    block = np.where(usual[:, np.newaxis], block, 0)
    scores = queries @ block.T
    scores *= np.where(usual, 1 / np.where(usual, sizes, 1), 0).astype(np.float32)
    there = rest + places.start if isinstance(places, slice) else places[rest]
    scores[:, rest] = queries @ unit(rows.take(there)).astype(np.float32).T
    return scores


def nearest(
    rows: Rows,
    lengths: Floats,
    queries: Floats,
    n: int,
    *,
    among: int | Ids | None = None,
    left_out: list[Ids] | None = None,
    excluded: Ids | None = None,
) -> tuple[Ids, Floats]:
    """Find the `n` rows with the largest cosine with each query.

    Parameters
    ----------
    rows, lengths
        The vectors, (V, D), and their lengths, (V,).
    queries
        Shape (Q, D), of length 1 or 0.
    n
        How many for each.
    among
        Look among the first so many rows, or among these (rising); None for all.
    left_out
        For each query, rows that are no answer to it.
    excluded
        Rows that are no answer to any, rising.

    Returns
    -------
    places, cosines
        Shape (Q, n), best first, equals in the order of rows; where fewer are left, places end in -1.
    """
    places = np.full((len(queries), n), -1, dtype=np.int64)
    scores = np.full((len(queries), n), -np.inf)
    total = len(among) if isinstance(among, np.ndarray) else min(rows.shape[0], among or rows.shape[0])
    waiting, keep = np.arange(len(queries)), n + _SPARE
    while waiting.size:
        unsure = []
        at_once = max(1, min(_QUERIES_AT_ONCE, _BLOCK_SCORES // keep))
        for start in range(0, waiting.size, at_once):
            chosen = waiting[start : start + at_once]
            out = None if left_out is None else [left_out[query] for query in chosen.tolist()]
            found, passed_over = _candidates(
                rows, lengths, queries[chosen], min(keep, total), total, among, out, excluded
            )
            width = min(n, found.shape[1])
            exact = _rescored(rows, queries[chosen], found)
            order = np.lexsort((found, -exact), axis=1)[:, :width]
            places[chosen, :width] = np.take_along_axis(found, order, axis=1)
            scores[chosen, :width] = np.take_along_axis(exact, order, axis=1)
            unsure.append(chosen[(passed_over >= scores[chosen, n - 1]) & (passed_over > -np.inf)])
        waiting, keep = np.concatenate(unsure), 8 * keep
    scores[places < 0] = 0
    return places, scores


def _candidates(
    rows: Rows,
    lengths: Floats,
    queries: Floats,
    keep: int,
    total: int,
    among: int | Ids | None,
    left_out: list[Ids] | None,
    excluded: Ids | None,
) -> tuple[Ids, Floats]:
    """At least `keep` candidates for each query, -1 where there are fewer, and what no other row's cosine exceeds."""
    global _multiplied
    work = len(queries) * total * rows.shape[1]
    common = np.zeros(0, dtype=np.int64) if excluded is None else excluded
    most_out = len(common) + (max(map(len, left_out), default=0) if left_out else 0)
    screens = len(queries) >= 16 and keep + most_out < min(_MOST_SCREENED, total) and not isinstance(among, np.ndarray)
    if screens and max(_multiplied, work // 8) > _WORTH_LOADING:
        from firth.vectors.screening import off_by, screened

        found, least = screened(rows, lengths, queries, keep + most_out, total)
        found[np.isin(found, common)] = -1
        if left_out:
            owners = np.repeat(np.arange(len(left_out)), [len(each) for each in left_out]) * rows.shape[0]
            keys = found + rows.shape[0] * np.arange(len(found))[:, np.newaxis]
            found[np.isin(keys, owners + np.concatenate(left_out))] = -1
        slack = off_by(rows.shape[1])
    else:
        _multiplied += work
        single = queries.astype(np.float32)
        found, single_least = best(
            rows.shape[0], len(queries), keep, partial(cosines, rows, lengths, single), among, left_out, common
        )
        least = single_least.astype(np.float64)
        slack = (2 * rows.shape[1] + 8) * 2.0**-24  # roundings of float32, each at most 2^-24: a product, a length
    least += slack + 1e-9  # cosines are rounded to 9 digits
    # A vector of zeros is as far from every row, and both ways keep the first rows of equals.
    least[~queries.any(axis=1)] = -np.inf
    return found, least


def _rescored(rows: Rows, queries: Floats, found: Ids) -> Floats:
    """Cosines in float64, rounded where float32 numbers leave no more digits; -inf for no row."""
    exact = np.empty(found.shape)
    step = max(1, _BLOCK_SCORES // (len(found) * rows.shape[1]))
    for start in range(0, found.shape[1], step):
        some = found[:, start : start + step]
        vectors = rows.take(some.ravel()).astype(np.float64)
        lengths = np.sqrt(np.einsum("vd,vd->v", vectors, vectors)).reshape(some.shape)
        products = (vectors.reshape(*some.shape, -1) @ queries[:, :, np.newaxis])[:, :, 0]
        exact[:, start : start + step] = np.divide(products, lengths, out=products, where=lengths > 0)
    np.clip(np.round(exact, 9), -1.0, 1.0, out=exact)
    exact[found < 0] = -np.inf
    return exact


def best(
    size: int,
    queries: int,
    keep: int,
    score: Callable[[slice | Ids], Scores],
    among: int | Ids | None,
    left_out: list[Ids] | None,
    excluded: Ids,
    dtype: type[np.floating[Any]] = np.float32,
) -> tuple[Ids, Scores]:
    """Find the places with the largest scores for each query.

    Parameters
    ----------
    size
        How many rows there are.
    queries
        How many queries.
    keep
        How many to find for each.
    score
        From rows, as a slice or places, to scores of shape (queries, B).
    among, left_out, excluded
        As in `nearest`.
    dtype
        Of scores.

    Returns
    -------
    places
        Shape (queries, at most keep), best first, -1 where there are fewer.
    least
        Shape (queries,): no other place scores more; -inf where there are no others.
    """
    total = len(among) if isinstance(among, np.ndarray) else min(size, size if among is None else among)
    step = max(keep, min(_BLOCK_ROWS, _BLOCK_SCORES // queries))
    candidates = _Candidates(queries, keep, dtype)
    out_query, out_place = _pairs(left_out, among)
    out_of_all = np.flatnonzero(np.isin(among, excluded)) if isinstance(among, np.ndarray) else excluded
    for start in range(0, total, step):
        stop = min(start + step, total)
        scores = score(among[start:stop] if isinstance(among, np.ndarray) else slice(start, stop))
        low, high = np.searchsorted(out_place, [start, stop])
        scores[out_query[low:high], out_place[low:high] - start] = -np.inf
        low, high = np.searchsorted(out_of_all, [start, stop])
        scores[:, out_of_all[low:high] - start] = -np.inf
        candidates.add(scores, start)
    found = candidates.places()[:, : min(keep, total)]
    least = candidates.least if keep < total else np.full(queries, -np.inf, dtype=dtype)
    return (np.where(found >= 0, among[found], -1) if isinstance(among, np.ndarray) else found), least


def _pairs(left_out: list[Ids] | None, among: int | Ids | None) -> tuple[Ids, Ids]:
    """(query, position among the rows looked at) of everything left out, by rising position."""
    if not left_out:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    query = np.repeat(np.arange(len(left_out)), [len(each) for each in left_out])
    place = np.concatenate(left_out).astype(np.int64)
    if isinstance(among, np.ndarray):
        position = np.minimum(np.searchsorted(among, place), len(among) - 1)
        there = among[position] == place
        query, place = query[there], position[there]
    order = np.argsort(place, kind="stable")
    return query[order], place[order]


class _Candidates:
    """The best of the scores seen so far, for each query.

    Scores that beat a query's worst candidate wait until twice as many rows have been seen as at the last sorting:
    sorting is dear, and the worst candidate gets better ever more slowly.
    """

    def __init__(self, queries: int, keep: int, dtype: type[np.floating[Any]]) -> None:
        self.scores: Scores = np.full((queries, keep), -np.inf, dtype=dtype)
        self.rows = np.full((queries, keep), -1, dtype=np.int64)
        self.least: Scores = np.full(queries, -np.inf, dtype=dtype)
        self.waiting: list[tuple[Ids, Ids, Scores]] = []
        self.waiting_size = 0
        self.sorted_at = 0

    def add(self, scores: Scores, start: int) -> None:
        """Look at the scores of the rows from `start` on, shape (queries, B)."""
        keep = self.scores.shape[1]
        # Later rows must be better than the worst; what is surely reached by the first block may be just reached.
        if start == 0 and scores.shape[1] >= 8 * keep:
            better = scores >= _surely_reached(scores, keep)[:, np.newaxis]
        else:
            better = scores > self.least[:, np.newaxis]
        query, column = np.divmod(np.flatnonzero(better), scores.shape[1])
        self.waiting.append((query, column + start, scores[query, column]))
        self.waiting_size += query.size
        seen = start + scores.shape[1]
        if seen >= 2 * self.sorted_at or self.waiting_size > _BLOCK_SCORES:
            self._sort()
            self.sorted_at = seen

    def places(self) -> Ids:
        """Rows of the best scores, best first, equals in the order of rows; -1 where there are fewer."""
        self._sort()
        return self.rows

    def _sort(self) -> None:
        if not self.waiting_size:
            return
        query, row, score = (np.concatenate(parts) for parts in zip(*self.waiting, strict=True))
        self.waiting, self.waiting_size = [], 0
        queries, keep = self.scores.shape
        counts = np.bincount(query, minlength=queries)
        order = np.argsort(query, kind="stable")
        query, row, score = query[order], row[order], score[order]
        nth = keep + np.arange(query.size) - np.repeat(np.cumsum(counts) - counts, counts)
        scores = np.full((queries, keep + int(counts.max())), -np.inf, dtype=score.dtype)
        rows = np.full(scores.shape, -1, dtype=np.int64)
        scores[:, :keep], rows[:, :keep] = self.scores, self.rows
        scores[query, nth], rows[query, nth] = score, row
        # A stable sort keeps the first rows of equals; a partition would keep any of them.
        order = np.argsort(-scores, axis=1, kind="stable")[:, :keep]
        self.scores, self.rows = np.take_along_axis(scores, order, axis=1), np.take_along_axis(rows, order, axis=1)
        self.rows[np.isneginf(self.scores)] = -1
        self.least = self.scores[:, -1]


def _surely_reached(scores: Scores, keep: int) -> Scores:
    """For each query a score that at least `keep` columns reach: the keep-th largest of the maxima of groups."""
    groups = 4 * keep
    width = scores.shape[1] // groups
    maxima = scores[:, : groups * width].reshape(len(scores), groups, width).max(axis=2)
    reached: Scores = np.partition(maxima, groups - keep, axis=1)[:, groups - keep]
    return reached
