"""What is drawn at random is drawn as documented: statistics tested as statistics, kernels against their twins."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import chisquare

from firth.training import sampling
from firth.training.kernels import draws as drawing

ALPHA = 1e-4
"""A right generator fails one seeded test in ten thousand; the seeds are fixed, so these either pass or do not."""


def test_the_generator_gives_the_reference_outputs_of_xoshiro256_plus_plus():
    """The first outputs from the state (1, 2, 3, 4), as published with other implementations."""
    state = np.array([1, 2, 3, 4], np.uint64)
    expected = [41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205]
    assert [sampling.next_random(state) for _ in expected] == expected


def test_the_compiled_generator_equals_its_twin():
    state = sampling.random_state(7, sampling.BATCHES)
    twin = state.copy()
    assert [int(drawing.next_random(state)) for _ in range(200)] == [sampling.next_random(twin) for _ in range(200)]
    np.testing.assert_array_equal(state, twin)
    assert [drawing.random_fraction(state) for _ in range(50)] == [sampling.random_fraction(twin) for _ in range(50)]


def test_seeds_and_streams_have_states_of_their_own():
    states = {sampling.random_state(seed, stream).tobytes() for seed in range(100) for stream in range(3)}
    assert len(states) == 300


def test_random_below_is_uniform():
    state = sampling.random_state(1, 0)
    counts = np.bincount([drawing.random_below(state, 7) for _ in range(70_000)], minlength=7)
    assert counts.size == 7
    assert chisquare(counts).pvalue > ALPHA


@pytest.mark.parametrize("weights", [[1], [3, 1], [0, 5, 0, 1], [1e-9, 1, 1e9], list(range(1, 200))])
def test_an_alias_table_holds_exactly_the_distribution_it_was_made_of(weights):
    table = sampling.alias_table(weights)
    implied = table.keep.copy()
    np.add.at(implied, table.other, 1 - table.keep)
    np.testing.assert_allclose(implied / len(weights), np.array(weights) / np.sum(weights), atol=1e-12)
    assert np.all((table.keep >= 0) & (table.keep <= 1 + 1e-12))


def test_negatives_follow_counts_to_the_three_quarters_and_are_never_the_outside_word():
    counts = np.array([900, 90, 10, 500, 77])
    probabilities = sampling.negative_probabilities(counts, 0.75)
    table, state = sampling.alias_table(probabilities), sampling.random_state(3, 2)
    drawn = np.bincount([drawing.draw_negative(state, table, 1) for _ in range(50_000)], minlength=5)
    assert drawn[1] == 0
    others = np.delete(probabilities, 1)
    assert chisquare(np.delete(drawn, 1), others / others.sum() * 50_000).pvalue > ALPHA


def test_the_three_quarters_power_lifts_rare_words():
    """The handout's example: 0.9, 0.09 and 0.01 become 0.92, 0.16 and 0.032 before they are scaled to sum to one."""
    powered = np.array([0.9, 0.09, 0.01]) ** 0.75
    np.testing.assert_allclose(sampling.negative_probabilities([90, 9, 1], 0.75), powered / powered.sum())
    np.testing.assert_allclose(powered, [0.92, 0.16, 0.032], atol=0.005)


@pytest.mark.parametrize("exponent", [-1.0, -0.3, 0.0, 0.5, 0.75, 1.0, 1.7, 2.0, 1e-9])
def test_any_power_is_that_of_the_formula(exponent):
    counts = np.array([1, 2, 3, 7, 1_000_003, 2**40])
    powered = np.array([math.pow(count, exponent) for count in counts])
    np.testing.assert_allclose(sampling.negative_probabilities(counts, exponent), powered / powered.sum(), rtol=1e-13)


_TABLES = """
import hashlib, sys
import numpy as np
from firth.training import sampling
counts = np.arange(1, 50_000) ** 2
digest = hashlib.sha256()
for exponent in (0.75, 0.3, -0.5, 1.9):
    for table in sampling.training_odds(counts, 1e-4, "word2vec", exponent):
        digest.update(table.tobytes())
    digest.update(sampling.negative_probabilities(counts, exponent).tobytes())
print(digest.hexdigest())
"""


def test_the_tables_have_the_same_bits_whatever_numpy_makes_of_the_processor():
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    there = [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]
    if not there:
        pytest.skip("NumPy has nothing to choose from here")
    digests = set()
    for disabled in ("", " ".join(there)):
        environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": disabled}
        run = [sys.executable, "-W", "error", "-c", _TABLES]
        answer = subprocess.run(run, capture_output=True, text=True, env=environment, check=True)
        digests.add(answer.stdout)
    assert len(digests) == 1


def test_subsampling_keeps_each_word_as_often_as_the_formula_says():
    generator = np.random.default_rng(4)
    ids = generator.choice(5, p=[0.6, 0.3, 0.07, 0.02, 0.01], size=40_000).astype(np.uint32)
    counts = np.bincount(ids)
    keep = sampling.keep_probabilities(counts, 1e-2)
    np.testing.assert_allclose(keep, np.minimum(1, np.sqrt(1e-2 * 40_000 / counts)))
    text = drawing.Text(ids, np.arange(0, 40_001, 40, dtype=np.int64))
    kept = drawing.subsample(text, keep, 3, sampling.random_state(5, 1))
    expected = 3 * counts * keep
    z = (np.bincount(kept.ids, minlength=5) - expected) / np.sqrt(np.maximum(3 * counts * keep * (1 - keep), 1))
    assert np.all(np.abs(z) < 4)


def test_subsampling_drops_sentences_of_fewer_than_two_words_and_keeps_order():
    text = drawing.Text(np.array([3, 1, 2, 0, 1], np.uint32), np.array([0, 1, 1, 3, 5], np.int64))
    kept = drawing.subsample(text, np.ones(4), 2, sampling.random_state(5, 1))
    assert kept.ids.tolist() == [1, 2, 0, 1, 1, 2, 0, 1]
    assert kept.offsets.tolist() == [0, 2, 4, 6, 8]


def make_source(window=3, seed=9):
    ids = np.array([4, 2, 2, 7, 5, 4, 1, 6, 3, 7, 7, 7, 2], np.uint32)
    text = drawing.Text(ids, np.array([0, 6, 9, 11, 13], np.int64))
    table = sampling.alias_table(np.ones(8))
    return drawing.Source(sampling.random_state(seed, sampling.BATCHES), text, table, window)


def test_windows_hold_the_neighbours_without_the_center_word_and_sizes_are_uniform():
    source = make_source()
    draws = drawing.empty_draws(1, 3, 2)
    sentences = [
        source.text.ids[start:end].tolist()
        for start, end in zip(source.text.offsets[:-1], source.text.offsets[1:], strict=True)
    ]
    expected = expected_windows(sentences)
    seen = dict.fromkeys(expected, 0)
    for _ in range(30_000):
        drawing.draw_batch(source, draws)
        seen[int(draws.centers[0]), tuple(draws.outsides[: draws.pair_ends[1]].tolist())] += 1
    assert chisquare(list(seen.values()), np.array(list(expected.values())) * 30_000).pvalue > ALPHA


def expected_windows(sentences):
    """Share of each (center, context): sizes 1 to 3 alike; within a size, sentences alike, then positions alike."""
    shares = {}
    for size in (1, 2, 3):
        of_size = {}
        for sentence in sentences:
            for middle, center in enumerate(sentence):
                around = sentence[max(0, middle - size) : middle] + sentence[middle + 1 : middle + size + 1]
                context = tuple(word for word in around if word != center)
                if context:
                    of_size[center, context] = of_size.get((center, context), 0) + 1 / len(sentence)
        total = sum(of_size.values())
        for window, weight in of_size.items():
            shares[window] = shares.get(window, 0) + weight / total / 3
    return shares


def test_a_batch_is_laid_out_window_after_window():
    source = make_source()
    draws = drawing.empty_draws(20, 3, 4)
    drawing.draw_batch(source, draws)
    assert draws.pair_ends[0] == 0
    assert np.all(np.diff(draws.pair_ends) >= 1)
    pairs = draws.pair_ends[-1]
    assert np.all(draws.negatives[:pairs] != draws.outsides[:pairs, None])


def test_text_in_which_nothing_stands_beside_another_word_is_recognised():
    offsets = np.array([0, 3, 5], np.int64)
    assert not drawing.has_window(drawing.Text(np.array([1, 1, 1, 2, 2], np.uint32), offsets))
    assert drawing.has_window(drawing.Text(np.array([1, 1, 1, 2, 1], np.uint32), offsets))
