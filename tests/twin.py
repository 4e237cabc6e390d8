"""The engine in plain NumPy: the documented draws, `firth.theory`'s losses, window by window or in batches."""

from itertools import pairwise

import numpy as np

from firth import theory
from firth.training import sampling
from firth.training.config import TrainingConfig
from firth.training.engine import Parameters
from firth.training.huffman import huffman_tree
from firth.training.plan import batch_words, gathered, make_plans
from firth.training.trainer import EncodedText

CELLS = [
    (architecture, objective)
    for architecture in ("skip-gram", "cbow")
    for objective in ("negative-sampling", "hierarchical-softmax", "softmax")
]
SOFTMAX_WINDOWS = 64


def drawn_windows(text: EncodedText, config: TrainingConfig, start, end, epoch=0):
    """(middle word, words around, negatives) of each window of a piece, by the documented draws."""
    odds = sampling.training_odds(text.counts, config.subsample, config.subsample_rule, config.negative_exponent)
    key = sampling.epoch_key(config.seed, epoch)
    negatives = config.negatives if config.objective == "negative-sampling" and text.counts.size > 1 else 0
    kept = []
    for position in range(start, end):
        word = int(text.ids[position])
        window = sampling.draw_window(key, position, word, odds, config.window, negatives)
        if window.is_kept:
            kept.append((word, window.size if config.shrink_window else config.window, window.negatives))
    for i, (word, size, drawn) in enumerate(kept):
        around = [kept[j][0] for j in range(max(0, i - size), min(len(kept), i + size + 1)) if j != i]
        if around:
            yield word, around, drawn


def window_gradients(config, tree, center, outside, window):
    """Loss, number of losses, and gradients of one window at fixed vectors."""
    middle, around, negatives = window

    def loss_of_target(vector, word, vectors):
        if config.objective == "softmax":
            return theory.naive_softmax_loss_and_gradients(vector, word, vectors)
        if config.objective == "negative-sampling":
            return theory.negative_sampling_loss_and_gradients(vector, word, vectors, negatives)
        path = slice(tree.ends[word], tree.ends[word + 1])
        return theory.hierarchical_softmax_loss_and_gradients(vector, tree.nodes[path], tree.labels[path], vectors)

    if config.architecture == "cbow":
        loss, d_center, d_outside = theory.cbow_loss_and_gradients(around, middle, center, outside, loss_of_target)
        if config.context_gradient == "word2vec":
            d_center = d_center * len(around)
        return loss, 1, d_center, d_outside
    if config.objective == "softmax":
        return_ = theory.skip_gram_loss_and_gradients(middle, around, center, outside, loss_of_target)
        return return_[0], len(around), return_[1], return_[2]
    loss, d_center, d_outside = 0.0, np.zeros_like(center), np.zeros_like(outside)
    for word in around:  # the words around have the center vectors, as in the original program
        pair_loss, d_vector, d_vectors = loss_of_target(center[word], middle, outside)
        loss += pair_loss
        d_center[word] += d_vector
        d_outside += d_vectors
    return loss, len(around), d_center, d_outside


def replay(text: EncodedText, config: TrainingConfig, parameters: Parameters):
    """Go through the text once at a constant rate; return center and outside vectors, and the mean loss.

    parameters: float32 and padded, as the engine has them; left as they are.
    """
    words, dimensions = text.counts.size, config.dimensions
    center, outside = (each[:words, :dimensions].astype(np.float64) for each in (parameters.center, parameters.outside))
    tree = huffman_tree(text.counts) if config.objective == "hierarchical-softmax" else None
    plan, _ = make_plans(text, config)
    losses, number = 0.0, 0
    for batch in batches_of(text, config, plan):
        total = [np.zeros_like(center), np.zeros_like(outside)]
        for window in batch:
            loss, count, d_center, d_outside = window_gradients(config, tree, center, outside, window)
            losses, number = losses + loss, number + count
            total[0] += d_center
            total[1] += d_outside
        total[0][parameters.frozen] = 0.0
        if tree is None:
            total[1][parameters.frozen] = 0.0
        center -= config.learning_rate * total[0]
        outside -= config.learning_rate * total[1]
    return center, outside, losses / number


def batches_of(text, config, plan):
    """Windows in the groups that share their gradient's vectors: one, or a batch."""
    for chunk in range(plan.chunks.size - 1):
        pieces = slice(plan.chunks[chunk], plan.chunks[chunk + 1])
        starts, ends = plan.starts[pieces], plan.ends[pieces]
        if config.objective == "softmax":
            windows = [w for s, e in zip(starts, ends, strict=True) for w in drawn_windows(text, config, s, e)]
            for first in range(0, len(windows), SOFTMAX_WINDOWS):
                yield windows[first : first + SOFTMAX_WINDOWS]
            continue
        bounds = np.arange(starts.size + 1)
        if config.deterministic:
            bounds = gathered(starts, ends, batch_words(config, text.counts))
        for first, last in pairwise(bounds):
            windows = [w for s in range(first, last) for w in drawn_windows(text, config, starts[s], ends[s])]
            if config.deterministic:
                yield windows
            else:
                yield from ([window] for window in windows)
