"""The Huffman tree of hierarchical softmax: frequent words have short paths.

Word w's path goes from the root through inner nodes n_1 … n_L; at each the model says left or right. With label +1 for
left and -1 for right, p(w | v) = Π_j σ(label_j · u_{n_j}ᵀ v), and these p sum to 1 over the words.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Tree(NamedTuple):
    """The paths of all words, end to end.

    Attributes
    ----------
    ends
        Word w's path is places ends[w] to ends[w + 1] - 1 of the others; shape (V + 1,), int64.
    nodes
        Inner nodes, numbered from 0 (the root) to V - 2, shape (ends[V],), uint32.
    labels
        +1 where the path goes left, -1 where right, shape (ends[V] + 16,), float32; the last 16 mean nothing.
    """

    ends: NDArray[np.int64]
    nodes: NDArray[np.uint32]
    labels: NDArray[np.float32]

    @property
    def depth(self) -> int:
        """Length of the longest path."""
        return int(np.diff(self.ends).max(initial=0))


NO_TREE = Tree(np.zeros(1, np.int64), np.zeros(0, np.uint32), np.zeros(0, np.float32))
"""Of objectives that need none."""


def huffman_tree(counts: ArrayLike) -> Tree:
    """Build the tree with the least mean path length, each word weighing its count.

    The expected length is at least the entropy H of the counts and below H + 1 (in bits), equation (48). Ties go to the
    words that come later, which are the rarer ones.

    Parameters
    ----------
    counts
        Occurrences of each word, shape (V,), at least two words; a count of 0 weighs as 1.

    Returns
    -------
    Tree

    References
    ----------
    Huffman, "A method for the construction of minimum-redundancy codes", 1952; for word2vec: Mikolov et al., 2013.
    """
    weights = np.maximum(np.asarray(counts, dtype=np.int64), 1)
    words = weights.size
    order = np.lexsort((-np.arange(words), weights)).tolist()  # lightest first
    leaves = [int(weights[word]) for word in order]
    inner: list[int] = []
    parents = [0] * (2 * words - 1)
    goes_left = [False] * (2 * words - 1)
    next_leaf = next_inner = 0
    for made in range(words - 1):
        total = 0
        for side in (False, True):
            if next_leaf < words and (next_inner >= made or leaves[next_leaf] <= inner[next_inner]):
                child, weight = order[next_leaf], leaves[next_leaf]
                next_leaf += 1
            else:
                child, weight = words + next_inner, inner[next_inner]
                next_inner += 1
            parents[child], goes_left[child] = made, side
            total += weight
        inner.append(total)
    return _paths(words, parents, goes_left)


def _paths(words: int, parents: list[int], goes_left: list[bool]) -> Tree:
    """Collect every word's path; inner node i, made in the i-th merge, gets number V - 2 - i, so that the root is 0."""
    root = words - 2
    lengths = np.zeros(words + 1, np.int64)
    nodes: list[int] = []
    labels: list[float] = []
    for word in range(words):
        start, at = len(nodes), word
        while True:
            parent = parents[at]
            nodes.append(root - parent)
            labels.append(1.0 if goes_left[at] else -1.0)
            at = words + parent
            if parent == root:
                break
        nodes[start:] = nodes[start:][::-1]
        labels[start:] = labels[start:][::-1]
        lengths[word + 1] = len(nodes) - start
    return Tree(np.cumsum(lengths), np.array(nodes, np.uint32), np.array(labels + [1.0] * 16, np.float32))
