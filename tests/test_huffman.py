"""The tree is a code: prefix-free, complete, and as short as the entropy allows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth.training.huffman import NO_TREE, huffman_tree


def codes_of(counts):
    tree = huffman_tree(counts)
    return [tree.labels[tree.ends[w] : tree.ends[w + 1]].tolist() for w in range(len(counts))], tree


def paths_of(tree, words):
    return [tree.nodes[tree.ends[w] : tree.ends[w + 1]].tolist() for w in range(words)]


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=60))
def test_codes_are_prefix_free_and_complete_and_of_least_length(counts):
    codes, _ = codes_of(counts)
    assert sum(2.0 ** -len(code) for code in codes) == 1.0  # Kraft's sum
    for a in range(len(codes)):
        for b in range(len(codes)):
            assert a == b or codes[b][: len(codes[a])] != codes[a]
    weights = np.maximum(counts, 1)
    p = weights / weights.sum()
    entropy = -(p * np.log2(p)).sum()
    length = (p * [len(code) for code in codes]).sum()
    assert entropy - 1e-9 <= length < entropy + 1


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=40))
def test_paths_start_at_the_root_and_share_nodes_as_long_as_codes_agree(counts):
    codes, tree = codes_of(counts)
    paths = paths_of(tree, len(counts))
    below = {}
    for code, path in zip(codes, paths, strict=True):
        assert path[0] == 0
        assert len(set(path)) == len(path) == len(code)
        for depth, node in enumerate(path):
            assert below.setdefault(node, code[:depth]) == code[:depth]
    assert sorted(below) == list(range(len(counts) - 1))


def test_a_more_frequent_word_never_has_a_longer_path():
    counts = np.array([1000, 500, 400, 30, 20, 20, 3, 1, 1])
    codes, tree = codes_of(counts)
    lengths = [len(code) for code in codes]
    assert lengths == sorted(lengths)
    assert tree.depth == max(lengths)


def test_the_depth_of_skewed_counts_is_the_number_of_words_less_one():
    assert huffman_tree([2**i for i in range(30)]).depth == 29


def test_the_path_of_a_hand_made_tree():
    """Counts 4, 2, 1: the two rare words are merged first, under node 1; the root is node 0."""
    tree = huffman_tree([4, 2, 1])
    assert paths_of(tree, 3) == [[0], [0, 1], [0, 1]]
    labels = [tree.labels[tree.ends[w] : tree.ends[w + 1]].tolist() for w in range(3)]
    assert labels[0][0] == -labels[1][0] == -labels[2][0]
    assert labels[1][1] == -labels[2][1]


def test_no_tree_is_empty():
    assert NO_TREE.depth == 0
    assert NO_TREE.nodes.size == 0


@pytest.mark.parametrize("words", [2, 3, 17, 1000])
def test_every_word_has_a_path_and_labels_have_room_beyond_the_last(words):
    tree = huffman_tree(np.arange(1, words + 1))
    assert tree.ends.size == words + 1
    assert np.all(np.diff(tree.ends) > 0)
    assert tree.nodes.size == tree.ends[-1]
    assert tree.labels.size == tree.nodes.size + 16
