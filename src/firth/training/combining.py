"""What replicas have changed, put together so that it is nearly what one machine would have learned.

R replicas start an interval from the same row x, learn apart, and end at x + δ_1 … x + δ_R. Their mean forgets most of
what they learned: a rare word, used by one of them, moves an R-th of its way. Their sum overshoots where rows have all
but reached their goal: a frequent word is used thousands of times by each, and each has gone the whole way.

Near a goal x*, a row that is used m times at learning rate η follows the mean gradient of its examples, whose slope is
their curvature H: after the interval x - x* is z(x - x*) with z = exp(-m η H). One after another, R intervals leave
z^R. So each replica's change is δ = (1 - z)(x* - x), all of them together ought to be (1 - z^R)(x* - x), and

    Δ = f(m η H) Σ_r δ_r,    f(y) = (1 - exp(-R y)) / (R (1 - exp(-y))),

which is the sum where a row is used little (f → 1) and the mean where it is used much (f → 1/R), direction by
direction: f is taken of H's eigenvalues. A row's examples are the other matrix's rows, which all rows share: so one H,
D x D, serves all words, and only m is the word's own. Both matrices move at once, and what one has explained is no
longer left for the other: their common slope is the sum of the two, nearly twice that of either (`TOGETHER`).

For negative sampling and hierarchical softmax an example adds σ(1 - σ) u uᵀ to the curvature of its input vector h, and
σ(1 - σ) h hᵀ to that of its output vector u; both are estimated from windows of the text itself. For softmax, H is that
of the words drawn by their frequency.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from firth.training import sampling
from firth.training.config import TrainingConfig
from firth.training.huffman import Tree, huffman_tree
from firth.training.plan import Plan

SAMPLE = 256
"""Windows that one replica estimates the curvature from."""
SMALL = 0.02
"""Where R m η H is below this, the sum is taken as it is: f is above 0.99."""
TOGETHER = 2.0
BLOCK = 1_024


class Uses(NamedTuple):
    """How often a row is used for a word of text, on average, as an input and as an output; each (V,), float64."""

    center: NDArray[np.float64]
    outside: NDArray[np.float64]


class Curvature(NamedTuple):
    """Mean curvature of a use, of input and of output rows, shape (D, D), float64."""

    center: NDArray[np.float64]
    outside: NDArray[np.float64]


class Directions(NamedTuple):
    """Eigenvalues, the largest last, shape (D,), and eigenvectors as columns, shape (D, D), of a curvature; float64."""

    values: NDArray[np.float64]
    vectors: NDArray[np.float64]


class Examples:
    """Draws windows of a text as the engine does, to see how curved the loss is, and how often rows are used.

    Parameters
    ----------
    counts
        Occurrences of each word, shape (V,).
    config
        The options.
    """

    def __init__(self, counts: NDArray[np.int64], config: TrainingConfig) -> None:
        self._config = config
        at_least = np.maximum(counts, 1).astype(np.float64)
        rule = config.subsample_rule
        self._keep = sampling.keep_probabilities(at_least, config.subsample, rule) if config.subsample else None
        kept = at_least / at_least.sum() * (1.0 if self._keep is None else self._keep)
        self._tree = huffman_tree(counts) if config.objective == "hierarchical-softmax" else None
        self._negatives = config.negatives if config.objective == "negative-sampling" and counts.size > 1 else 0
        chances = sampling.negative_probabilities(at_least, config.negative_exponent)
        self._cumulative = np.cumsum(chances)
        around = config.window + 1.0 if config.shrink_window else 2.0 * config.window
        windows = kept if config.architecture == "cbow" else kept * around
        outputs = windows + self._negatives * windows.sum() * chances
        if self._tree is not None:
            outputs = _under(self._tree, windows)
        self.uses = Uses(kept * around, outputs)

    def curvature(
        self, plan: Plan, center: NDArray[np.float32], outside: NDArray[np.float32], seed: tuple[int, ...]
    ) -> Curvature:
        """Estimate the curvature from windows of a plan.

        Parameters
        ----------
        plan
            The text at hand.
        center, outside
            The vectors, shape (V or more, D).
        seed
            The same gives the same windows.
        """
        draw = np.random.default_rng(seed)
        middles, around, number = self._windows(plan, draw)
        scale = np.ones(middles.size)
        if self._config.architecture == "cbow":
            inputs = np.einsum("nw,nwd->nd", around >= 0, center[around].astype(np.float64)) / number[:, None]
            scale = 1.0 / number if self._config.context_gradient == "word2vec" else number**-2.0
        else:
            inputs = center[around[:, 0]].astype(np.float64)
        example, rows = self._outputs(middles, draw)
        outputs, given = outside[rows].astype(np.float64), inputs[example]
        weights = np.ones(rows.size)
        if self._config.objective != "softmax":
            likely = 1.0 / (1.0 + np.exp(-np.clip(np.einsum("nd,nd->n", given, outputs), -30.0, 30.0)))
            weights = likely * (1.0 - likely)
        of_inputs = (outputs * (weights * scale[example])[:, None]).T @ outputs / max(1, middles.size)
        if self._config.objective == "softmax":
            mean = (outputs * scale[example, None]).mean(axis=0) if rows.size else np.zeros(outputs.shape[1])
            of_inputs -= np.outer(mean, mean)
        return Curvature(of_inputs, (given * weights[:, None]).T @ given / max(1, rows.size))

    def _windows(
        self, plan: Plan, draw: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Words in the middle, words around each (-1 where there is none; one of them first), and how many."""
        reach = self._config.window
        if not plan.total:
            return np.zeros(0, np.int64), np.zeros((0, 2 * reach), np.int64), np.zeros(0)
        before = np.cumsum(plan.ends - plan.starts)
        chosen = np.sort(draw.integers(0, plan.total, SAMPLE))
        piece = np.searchsorted(before, chosen, side="right")
        places = plan.ends[piece] - (before[piece] - chosen)
        sizes = draw.integers(1, reach + 1, SAMPLE) if self._config.shrink_window else np.full(SAMPLE, reach)
        steps = np.array([step for far in range(1, reach + 1) for step in (-far, far)])
        around = places[:, None] + steps
        inside = (np.abs(steps) <= sizes[:, None]) & (around >= plan.starts[piece, None])
        inside &= around < plan.ends[piece, None]
        words = np.where(inside, plan.ids[np.where(inside, around, places[:, None])].astype(np.int64), -1)
        middles = plan.ids[places].astype(np.int64)
        if self._keep is not None:
            words[(words >= 0) & (draw.random(words.shape) > self._keep[words])] = -1
            words[draw.random(SAMPLE) > self._keep[middles]] = -1
        order = np.argsort(np.where(words >= 0, draw.random(words.shape), 2.0), axis=1)
        words = np.take_along_axis(words, order, axis=1)
        kept = words[:, 0] >= 0
        return middles[kept], words[kept], (words[kept] >= 0).sum(axis=1).astype(np.float64)

    def _outputs(
        self, middles: NDArray[np.int64], draw: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Output rows of each example, as (number of the example, row)."""
        if self._tree is not None:
            starts, lengths = self._tree.ends[middles], np.diff(self._tree.ends)[middles]
            example = np.repeat(np.arange(middles.size), lengths)
            inside = np.arange(example.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            return example, self._tree.nodes[starts[example] + inside].astype(np.int64)
        drawn = np.searchsorted(self._cumulative, draw.random((middles.size, self._negatives)) * self._cumulative[-1])
        rows = np.concatenate([middles[:, None], drawn], axis=1)
        return np.repeat(np.arange(middles.size), rows.shape[1]), rows.reshape(-1)


def _under(tree: Tree, windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """How often inner nodes are used: once for each window of a word under them."""
    uses = np.zeros(windows.size)
    np.add.at(uses, tree.nodes, np.repeat(windows, np.diff(tree.ends)))
    return uses


def directions(curvature: NDArray[np.float64]) -> Directions:
    """The eigenvalues of a curvature, none of them below 0, and its eigenvectors."""
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2.0)
    return Directions(np.maximum(values, 0.0), vectors)


def combine(total: NDArray[np.float32], steps: NDArray[np.float64], along: Directions, replicas: int) -> None:
    """What replicas changed together, in place of their sum: Δ = f(m η H) Σ_r δ_r, see above.

    Parameters
    ----------
    total
        The sum of their changes, shape (rows, D); changed in place.
    steps
        m η of each row, the uses by one replica times the learning rate, shape (rows,).
    along
        Of the curvature H.
    replicas
        R.
    """
    for start in range(0, len(total) if replicas > 1 else 0, BLOCK):
        rows = slice(start, start + BLOCK)
        # Directions in which the sum is right as it is are left out: for rare words, that is nearly all.
        slopes = TOGETHER * along.values
        curved = np.count_nonzero(steps[rows].max() * slopes > SMALL / replicas)
        if curved:
            vectors = along.vectors[:, -curved:].astype(np.float32)
            less = damping(steps[rows, None] * slopes[-curved:], replicas) - 1.0
            total[rows] += ((total[rows] @ vectors) * less.astype(np.float32)) @ vectors.T


def damping(y: NDArray[np.float64], replicas: int) -> NDArray[np.float64]:
    """f(y) = (1 - exp(-R y)) / (R (1 - exp(-y))) for y from 0: from 1, the sum, down to 1/R, the mean."""
    safe = np.maximum(y, 1e-6)  # where f differs from 1 by less than R millionths
    return np.asarray((1.0 - np.exp(-replicas * safe)) / (replicas * (1.0 - np.exp(-safe))))
