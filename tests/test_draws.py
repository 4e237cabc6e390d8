"""What the engine draws: statistics tested as statistics, and the kernel equal to its twin."""

import numpy as np
import pytest
from scipy.stats import chisquare

from firth.training import sampling
from firth.training.kernels.sentences import Rules, Stretch, draw_piece, empty_piece

ALPHA = 1e-4
COUNTS = np.array([40_000, 9_000, 700, 60, 30, 30, 2, 1])
NEGATIVES, WINDOW = 6, 5


def drawn(subsample, rule="word2vec", seed=1, repeats=40_000, words=None):
    """Draw a text that has every word `repeats` times, in turn; return (piece, kept, ids, odds, key)."""
    words = np.arange(COUNTS.size) if words is None else np.array(words)
    ids = np.tile(words, repeats).astype(np.uint32)
    odds = sampling.training_odds(COUNTS, subsample, rule, 0.75)
    key = np.uint64(sampling.epoch_key(seed, 0))
    stretch = Stretch(ids, np.array([0]), np.array([ids.size]), key)
    piece = empty_piece(ids.size, NEGATIVES)
    kept = draw_piece(stretch, 0, Rules(odds, WINDOW, True, False, True), piece)
    return piece, kept, ids, odds, int(key)


def test_the_kernel_draws_what_its_twin_draws():
    piece, kept, ids, odds, key = drawn(1e-3, repeats=300)
    place = 0
    for position, word in enumerate(ids.tolist()):
        window = sampling.draw_window(key, position, word, odds, WINDOW, NEGATIVES)
        if window.is_kept:
            assert piece.places[place] == position
            assert piece.words[place] == word
            assert piece.sizes[place] == window.size
            assert piece.targets[place].tolist() == [word, *window.negatives]
            place += 1
    assert place == kept


@pytest.mark.parametrize("rule", ["word2vec", "paper"])
def test_words_stay_as_often_as_the_formula_says(rule):
    piece, kept, _, _, _ = drawn(1e-2, rule)
    share = 1e-2 * COUNTS.sum() / COUNTS
    expected = np.minimum(1, np.sqrt(share) + (share if rule == "word2vec" else 0))
    stayed = np.bincount(piece.words[:kept], minlength=COUNTS.size)
    for count, probability in zip(stayed, expected, strict=True):
        if probability == 1:
            assert count == 40_000
        else:
            assert chisquare([count, 40_000 - count], [40_000 * probability, 40_000 * (1 - probability)]).pvalue > ALPHA


def test_sizes_of_windows_are_uniform_also_for_words_that_mostly_go():
    piece, kept, _, _, _ = drawn(1e-4, words=[0], repeats=4_000_000)
    assert 20_000 < kept < 200_000
    assert chisquare(np.bincount(piece.sizes[:kept], minlength=WINDOW + 1)[1:]).pvalue > ALPHA


@pytest.mark.parametrize("place", [1, 2, NEGATIVES])
@pytest.mark.parametrize("subsample", [0.0, 1e-3])
def test_negatives_follow_counts_to_the_three_quarters_without_the_word_itself(subsample, place):
    piece, kept, _, _, _ = drawn(subsample)
    weights = COUNTS**0.75
    for word in (0, 1, 5):
        negatives = piece.targets[:kept][piece.words[:kept] == word, place]
        counts = np.bincount(negatives, minlength=COUNTS.size)
        assert counts[word] == 0
        others = np.delete(weights, word)
        expected = others / others.sum() * counts.sum()
        assert chisquare(np.delete(counts, word), expected).pvalue > ALPHA


def test_negatives_do_not_depend_on_each_other_nor_on_the_size():
    piece, kept, _, _, _ = drawn(0.0, repeats=100_000, words=[7])
    first, second = (piece.targets[:kept, k] == 0 for k in (1, 2))
    table = np.array(
        [[np.sum(first & second), np.sum(first & ~second)], [np.sum(~first & second), np.sum(~first & ~second)]]
    )
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / table.sum()
    assert chisquare(table.ravel(), expected.ravel(), ddof=2).pvalue > ALPHA
    by_size = [first[piece.sizes[:kept] == size].mean() for size in range(1, WINDOW + 1)]
    assert np.ptp(by_size) < 0.02


def test_epochs_and_seeds_have_keys_of_their_own():
    keys = {sampling.epoch_key(seed, epoch) for seed in range(60) for epoch in range(-1, 60)}
    assert len(keys) == 60 * 61


def test_splitmix_gives_its_published_outputs():
    """The first outputs of SplitMix64 from state 1234567, as published with other implementations."""
    golden, state, outputs = 0x9E3779B97F4A7C15, 1234567, []
    for _ in range(3):
        state = (state + golden) % 2**64
        outputs.append(sampling.mixed(state))
    assert outputs == [6457827717110365317, 3203168211198807973, 9817491932198370423]
