"""The vectors before and after a run: drawn or taken over at first, laid out for kernels, packed at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from firth.errors import OptionError
from firth.training import sampling
from firth.training.config import TrainingConfig
from firth.training.engine import Parameters

BLOCK = 4_096
"""Rows that are drawn or moved at a time."""


def first_parameters(words: int, config: TrainingConfig) -> Parameters:
    """Center vectors uniform in ±1/(2 √D), so that their length does not depend on D; outside vectors zero.

    The original program draws from ±1/2D; so short, vectors take longer to get going, which shows where epochs are few.

    Parameters
    ----------
    words
        V.
    config
        The options.
    """
    from firth.compute.simd import aligned_rows
    from firth.training.kernels.draws import fill_uniform

    center, outside = (aligned_rows(words + 1, config.dimensions) for _ in range(2))
    state = sampling.random_state(config.seed, sampling.INITIAL)
    drawn = np.empty((BLOCK, config.dimensions))
    for start in range(0, words, BLOCK):
        block = drawn[: min(BLOCK, words - start)]
        fill_uniform(block, 0.5 / config.dimensions**0.5, state)
        center[start : start + len(block), : config.dimensions] = block
    return Parameters(center, outside, np.zeros(words, dtype=bool))


def started_from(
    parameters: Parameters,
    words: Sequence[str],
    index: Mapping[str, int],
    center: NDArray[np.float32],
    outside: NDArray[np.float32] | None,
    config: TrainingConfig,
) -> int:
    """Take over the vectors of words that are known already; return how many.

    Parameters
    ----------
    parameters
        Changed in place.
    words
        The words to learn.
    index, center, outside
        Row of each known word, and their vectors, shape (known, D).
    config
        The options.

    Raises
    ------
    OptionError
        The known vectors have another dimension.
    """
    if center.shape[1] != config.dimensions:
        raise OptionError(
            f"dimensions is {config.dimensions}, and the vectors to start from have {center.shape[1]}: make them equal"
        )
    pairs = [(row, index[word]) for row, word in enumerate(words) if word in index]
    rows, known = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    parameters.center[rows, : config.dimensions] = center[known]
    if outside is not None:
        parameters.outside[rows, : config.dimensions] = outside[known]
    return len(pairs)


def compact(parameters: Parameters, words: int, dimensions: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Center and outside vectors without padding, shape (words, dimensions), in the same memory as before."""
    center, outside = (_compact(each, words, dimensions) for each in (parameters.center, parameters.outside))
    return center, outside


def _compact(matrix: NDArray[np.float32], words: int, dimensions: int) -> NDArray[np.float32]:
    if dimensions == matrix.shape[1]:
        return matrix[:words]
    flat = matrix.reshape(-1)
    for start in range(0, words, BLOCK):
        end = min(start + BLOCK, words)
        block = matrix[start:end, :dimensions].copy()  # what is written next may lie over what is read
        flat[start * dimensions : end * dimensions] = block.reshape(-1)
    return flat[: words * dimensions].reshape(words, dimensions)
