"""Places on a plane for vectors: principal components, UMAP or t-SNE.

Principal components show the vectors themselves and are what a picture of few words needs; UMAP and t-SNE keep
neighbors together and are for thousands. The same vectors and seed give the same places.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.errors import DataError, MissingExtraError, OptionError, import_extra
from firth.progress import Report, silent
from firth.vectors.nearest_rows import nearest, unit
from firth.vectors.rows import Float32, Rows, lengths_of

Method = Literal["pca", "umap", "tsne", "auto"]
METHODS = ("pca", "umap", "tsne", "auto")
MANY = 500
"""From so many vectors on, ``"auto"`` is UMAP."""
_FEWEST = 5
"""With fewer vectors each is every other's neighbor, and only their principal components say something."""
_NEIGHBORS = 15
_PERPLEXITY = 30.0
_AT_ONCE = 2_048
_LARGEST_SEED = 2**32 - 1


def project(
    matrix: ArrayLike,
    method: Method = "auto",
    seed: int = 1,
    report: Report = silent,
    words: Sequence[str] | None = None,
) -> Float32:
    """Places on a plane for the rows of a matrix.

    Parameters
    ----------
    matrix
        Shape (N, D), finite, N and D at least 1.
    method
        ``"pca"``, the first two principal components of the rows as they are; ``"umap"`` (McInnes et al. 2018) or
        ``"tsne"`` (van der Maaten and Hinton 2008), which keep together what has large cosines, and for fewer than 5
        rows are ``"pca"``; ``"auto"``: see `chosen_method`.
    seed
        Of UMAP and t-SNE, from 0 to 2³² - 1. The same input gives the same places on the same machine.
    report
        Told how far the work is.
    words
        What the rows stand for, to be named in errors.

    Returns
    -------
    float32 array of shape (N, 2)

    Raises
    ------
    OptionError
        There is no such method, a seed out of range, or `matrix` is no matrix.
    DataError
        A number is not finite.
    MissingExtraError
        UMAP was asked for and is not installed, or t-SNE and scikit-learn is not.
    """
    vectors = checked_matrix(matrix, words)
    demand_seed(seed)
    chosen = chosen_method(method, len(vectors))
    if chosen == "umap":
        places = _umap(unit(vectors), seed, report)
    elif chosen == "tsne":
        places = _tsne(unit(vectors), seed, report)
    else:
        places = principal_components(vectors)[0].astype(np.float32)
    return np.ascontiguousarray(places, dtype=np.float32)


def chosen_method(method: Method, rows: int) -> Literal["pca", "umap", "tsne"]:
    """Which method `project` takes for so many rows.

    ``"auto"`` is UMAP from 500 rows on where it is installed, principal components otherwise.

    Raises
    ------
    OptionError
        There is no such method.
    """
    if method not in METHODS:
        raise OptionError(f"layout is {method!r}: it must be one of {', '.join(METHODS)}")
    if method == "auto":
        return "umap" if rows >= MANY and _has_umap() else "pca"
    return "pca" if rows < _FEWEST else method


def demand_seed(seed: int) -> None:
    """Refuse a seed that some of the libraries would not take.

    Raises
    ------
    OptionError
        It is not from 0 to 2³² - 1.
    """
    if not 0 <= seed <= _LARGEST_SEED:
        raise OptionError(f"seed is {seed}: it must be from 0 to {_LARGEST_SEED:,}")


def checked_matrix(matrix: ArrayLike, words: Sequence[str] | None = None) -> NDArray[np.float64]:
    """The matrix in float64, if it is one of finite numbers with a row for each word.

    Raises
    ------
    OptionError
        It is not of two dimensions, is empty, or has not one row a word.
    DataError
        A number is not finite; the message names the word.
    """
    vectors = np.asarray(matrix, dtype=np.float64)
    if words is not None and (vectors.ndim != 2 or len(vectors) != len(words) or vectors.shape[1] == 0):
        raise OptionError(f"matrix has shape {vectors.shape} for {len(words)} words: give one row for each word")
    if vectors.ndim != 2 or 0 in vectors.shape:
        raise OptionError(f"matrix has shape {vectors.shape}: it must be (words, dimensions), each at least 1")
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        row = int(finite.argmin())
        which = f"row {row}" if words is None else f"the vector of {words[row]!r}"
        raise DataError(f"{which} holds a value that is not a finite number: mend the vectors")
    return vectors


def principal_components(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Coordinates on the first two principal components, (N, 2), and the share of the variance each explains.

    A component's sign is free; the row farthest from the middle is put on the positive side.
    """
    centered = vectors - vectors.mean(axis=0)
    # The triangle of Q R has the singular values and right vectors of the whole, and is small.
    _, singular, right = np.linalg.svd(np.linalg.qr(centered, mode="r"), full_matrices=False)
    singular[singular <= np.finfo(float).eps * max(vectors.shape) * np.linalg.norm(vectors)] = 0.0
    coordinates = np.zeros((len(vectors), 2))
    columns = min(2, len(singular))
    coordinates[:, :columns] = centered @ np.where(singular > 0, right.T, 0.0)[:, :columns]
    farthest = np.abs(coordinates).argmax(axis=0)
    coordinates *= np.where(coordinates[farthest, [0, 1]] < 0, -1.0, 1.0)
    variance = np.zeros(2)
    variance[:columns] = singular[:columns] ** 2
    total = float((singular**2).sum())
    shares = variance / total if total else variance
    return coordinates, (float(shares[0]), float(shares[1]))


def _has_umap() -> bool:
    try:
        with _quiet():
            import_extra("umap", "lab")
    except MissingExtraError:
        return False
    return True


def _umap(units: NDArray[np.float64], seed: int, report: Report) -> Any:
    """UMAP, with exact nearest neighbors instead of its own approximate ones, whose order hangs on threads."""
    with _quiet():
        umap = import_extra("umap", "lab")
        single, count = units.astype(np.float32), min(_NEIGHBORS, len(units) - 1)
        places, distances = _neighbors(Rows(single), units, count, report)
        report(0, 0, "preparing")
        model = umap.UMAP(
            n_neighbors=count,
            metric="cosine",
            init=_start(units, 10.0, seed),
            random_state=seed,
            n_jobs=1,
            precomputed_knn=(places, distances),
            force_approximation_algorithm=True,  # otherwise small matrices get their neighbors computed once more
            tqdm_kwds={"disable": False, "file": _Epochs(report), "bar_format": "{n_fmt}/{total_fmt}", "miniters": 1},
        )
        return model.fit_transform(single)


def _neighbors(rows: Rows, units: NDArray[np.float64], count: int, report: Report) -> tuple[NDArray[np.int32], Float32]:
    """The nearest rows of each row, itself among them, and 1 - cosine: (N, count) each."""
    lengths = lengths_of(rows)
    places = np.empty((len(units), count), dtype=np.int32)
    distances = np.empty((len(units), count), dtype=np.float32)
    for start in range(0, len(units), _AT_ONCE):
        report(start, len(units), "nearest neighbors")
        found, cosines = nearest(rows, lengths, units[start : start + _AT_ONCE], count)
        places[start : start + _AT_ONCE] = found
        distances[start : start + _AT_ONCE] = np.maximum(0.0, 1.0 - cosines)
    return places, distances


def _tsne(units: NDArray[np.float64], seed: int, report: Report) -> Any:
    """t-SNE on one thread: on several, its sums have no fixed order."""
    with _quiet():
        manifold = import_extra("sklearn.manifold", "lab")
        threads = import_extra("threadpoolctl", "lab")
        report(0, 0, "t-SNE")
        perplexity = min(_PERPLEXITY, (len(units) - 1) / 3)
        with threads.threadpool_limits(1):
            model = manifold.TSNE(init=_start(units, 1e-4, seed), perplexity=perplexity, random_state=seed)
            return model.fit_transform(units.astype(np.float32))


def _start(units: NDArray[np.float64], size: float, seed: int) -> Float32:
    """Places to begin with: the principal components, in ±size, a little apart where they are the same."""
    places = principal_components(units)[0]
    places *= size / (np.abs(places).max() or 1.0)
    places += np.random.default_rng(seed).normal(scale=1e-4 * size, size=places.shape)
    return np.ascontiguousarray(places, dtype=np.float32)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings of libraries, which are about options nobody here has set."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class _Epochs:
    """What UMAP writes its progress bar to: bars of the form 12/200 become reports."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def write(self, text: str) -> None:
        for done, total in re.findall(r"(\d+)/(\d+)", text):
            self._report(int(done), int(total), "UMAP")

    def flush(self) -> None:
        """Nothing waits."""
