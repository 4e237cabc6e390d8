"""The engine is the theory, fast: replayed on the same draws, gradient-checked, and the same bits on any threads."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from planted import planted_text, separation
from twin import CELLS, batches_of, drawn_windows, replay, window_gradients

from firth import FirthError
from firth.training.config import TrainingConfig
from firth.training.engine import train
from firth.training.huffman import huffman_tree
from firth.training.parameters import first_parameters
from firth.training.plan import make_plans
from firth.training.trainer import EncodedText

RULES = [False, True]
"""Online, and exact minibatches."""


def make_parameters(text, config, scale=0.5):
    """Vectors large enough that scores are not all near zero, on both sides."""
    parameters = first_parameters(text.counts.size, config)
    generator = np.random.default_rng(config.seed)
    for matrix in (parameters.center, parameters.outside):
        matrix[:-1, : config.dimensions] = generator.normal(scale=scale, size=(text.counts.size, config.dimensions))
    return parameters


def make_config(cell, **options):
    defaults = {"dimensions": 17, "window": 3, "negatives": 5, "subsample": 0.0, "epochs": 1, "threads": 1}
    constant = {"schedule": "constant", "learning_rate": 0.05}
    return TrainingConfig(architecture=cell[0], objective=cell[1], **{**defaults, **constant, **options})


def assert_replayed(text, config, parameters, tolerance=1e-5):
    """Train and replay; both must end with the same vectors and the same loss."""
    center, outside, loss = replay(text, config, parameters)
    run = train(text, config, parameters)
    got = [each[: text.counts.size, : config.dimensions] for each in (parameters.center, parameters.outside)]
    np.testing.assert_allclose(got[0], center, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(got[1], outside, rtol=tolerance, atol=tolerance)
    assert run.words == run.total_words
    assert config.held_out or run.words == text.ids.size
    padding = [each[:, config.dimensions :] for each in (parameters.center, parameters.outside)]
    assert not any(each.any() for each in padding)
    return run, loss


@pytest.mark.parametrize("deterministic", RULES)
@pytest.mark.parametrize("cell", CELLS, ids="-".join)
def test_500_windows_replayed_by_the_theory_on_the_same_draws(cell, deterministic):
    text, _ = planted_text(3, sentences=70)
    config = make_config(cell, deterministic=deterministic)
    run, loss = assert_replayed(text, config, make_parameters(text, config))
    reported = [entry["loss"] for entry in run.history]
    assert len(reported) == 1
    assert reported[0] == pytest.approx(loss, rel=1e-6)


@pytest.mark.parametrize("deterministic", RULES)
@pytest.mark.parametrize("cell", CELLS, ids="-".join)
@pytest.mark.parametrize(
    "options",
    [
        {"dimensions": 1, "window": 1, "negatives": 1},
        {"dimensions": 16, "negatives": 7, "window": 6},
        {"dimensions": 33, "negatives": 8, "shrink_window": False},
        {"dimensions": 100, "negatives": 64, "window": 2},
        {"dimensions": 8, "window": 40, "negatives": 12},
        {"subsample": 0.01, "subsample_rule": "paper", "negative_exponent": 0.0},
        {"context_gradient": "word2vec", "seed": 9},
        {"held_out": 0.3},
    ],
    ids=str,
)
def test_any_dimension_window_and_number_of_negatives_is_replayed(cell, deterministic, options):
    text, _ = planted_text(4, sentences=25, length=12)
    config = make_config(cell, deterministic=deterministic, learning_rate=0.01, **options)
    assert_replayed(text, config, make_parameters(text, config, scale=0.2))


@pytest.mark.parametrize("deterministic", RULES)
def test_windows_of_hundreds_of_words_have_a_true_loss(deterministic):
    text, _ = planted_text(7, sentences=1, length=320)
    config = make_config(
        CELLS[0], deterministic=deterministic, window=130, shrink_window=False, learning_rate=1e-4, dimensions=4
    )
    run, loss = assert_replayed(text, config, make_parameters(text, config, scale=0.2))
    assert run.loss == pytest.approx(loss, rel=1e-5) or len(run.history) > 1


def test_a_held_out_part_is_scored_and_not_learned_from_when_deterministic():
    text, _ = planted_text(8, sentences=400, length=20)
    config = make_config(CELLS[0], deterministic=True, held_out=0.01, threads=2, learning_rate=1e-30)
    parameters = make_parameters(text, config)
    before = parameters.center.copy(), parameters.outside.copy()
    run = train(text, config, parameters)
    assert np.isfinite(run.history[-1]["held_out_loss"])
    np.testing.assert_array_equal(parameters.center, before[0])
    np.testing.assert_array_equal(parameters.outside, before[1])


@pytest.mark.parametrize("deterministic", RULES)
@pytest.mark.parametrize("cell", CELLS, ids="-".join)
def test_frozen_words_stay_to_the_bit_and_all_others_learn_as_ever(cell, deterministic):
    text, _ = planted_text(5, sentences=40)
    config = make_config(cell, deterministic=deterministic)
    parameters = make_parameters(text, config)
    parameters.frozen[[2, 3, 11]] = True
    before = parameters.center[[2, 3, 11]].copy(), parameters.outside[[2, 3, 11]].copy()
    assert_replayed(text, config, parameters)
    np.testing.assert_array_equal(parameters.center[[2, 3, 11]], before[0])
    if cell[1] != "hierarchical-softmax":
        np.testing.assert_array_equal(parameters.outside[[2, 3, 11]], before[1])


def numeric_gradient(loss_of, x, step=1e-4):
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[place] += sign * step
            ends.append(loss_of(moved))
        gradient[place] = (ends[0] - ends[1]) / (2 * step)
    return gradient


@pytest.mark.parametrize("deterministic", RULES)
@pytest.mark.parametrize("cell", CELLS, ids="-".join)
def test_with_a_rate_of_one_the_kernel_steps_along_central_differences(cell, deterministic):
    """Words stand twice in a window, and negatives repeat; before minus after is the gradient, window by window."""
    ids = np.array([3, 1, 4, 1, 2], np.uint32)
    text = EncodedText(ids, np.array([0, 5], np.int64), np.bincount(ids))
    config = make_config(cell, dimensions=3, learning_rate=1.0, deterministic=deterministic, negatives=4)
    plan, _ = make_plans(text, config)
    tree = huffman_tree(text.counts) if cell[1] == "hierarchical-softmax" else None
    parameters = make_parameters(text, config, scale=1.0)
    x = np.stack([each[:5, :3].astype(np.float64) for each in (parameters.center, parameters.outside)])
    for windows in batches_of(text, config, plan):

        def loss_of(y, windows=windows):
            return sum(window_gradients(config, tree, y[0], y[1], window)[0] for window in windows)

        x -= numeric_gradient(loss_of, x)
    train(text, config, parameters)
    got = np.stack([each[:5, :3] for each in (parameters.center, parameters.outside)])
    np.testing.assert_allclose(got, x, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("deterministic", RULES)
@pytest.mark.parametrize("cell", CELLS, ids="-".join)
def test_it_learns_which_words_stand_together(cell, deterministic):
    text, topics = planted_text()
    rate = 0.05 if cell[0] == "skip-gram" else 0.1
    config = make_config(cell, dimensions=8, epochs=40, learning_rate=rate, deterministic=deterministic, threads=2)
    parameters = first_parameters(text.counts.size, config)
    run = train(text, config, parameters)
    assert separation(parameters.center[:-1, :8].astype(np.float64), topics) > 0.5
    assert len(run.history) >= 40
    assert run.history[-1]["loss"] < run.history[0]["loss"]


@pytest.mark.parametrize("cell", CELLS, ids="-".join)
def test_deterministic_runs_have_the_same_bits_on_1_2_and_8_threads(cell):
    text, _ = planted_text(6, sentences=300)
    digests = set()
    for threads in (1, 2, 8, 2):
        config = make_config(cell, deterministic=True, threads=threads, schedule="linear", epochs=2)
        parameters = first_parameters(text.counts.size, config)
        train(text, config, parameters)
        digests.add(hashlib.sha256(parameters.center.tobytes() + parameters.outside.tobytes()).hexdigest())
    assert len(digests) == 1


_ON_A_PROCESSOR = """
import hashlib, sys
import numpy as np
from planted import planted_text
from test_engine import make_config
from twin import CELLS
from firth.training.engine import train
from firth.training.parameters import first_parameters
text, _ = planted_text(6, sentences=60)
for cell in CELLS:
    for threads in (0, 1, 2, 8):  # 0: one thread, online
        options = {"deterministic": threads > 0, "threads": threads or 1, "subsample": 0.01, "negative_exponent": 0.7}
        config = make_config(cell, dimensions=20, schedule="linear", **options)
        parameters = first_parameters(text.counts.size, config)
        train(text, config, parameters)
        print(hashlib.sha256(parameters.center.tobytes() + parameters.outside.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_the_bits_do_not_depend_on_the_processor_or_on_threads(tmp_path):
    """Neither on what kernels are compiled for, nor on what NumPy makes of it."""
    if os.uname().machine != "x86_64":
        pytest.skip("names a processor of another family")
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    here = os.path.dirname(__file__)  # noqa: PTH120
    there = " ".join(name for name in __cpu_dispatch__ if __cpu_features__.get(name))
    older = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma,+bmi2,+lzcnt,+popcnt"}
    answers = []
    for target in ({}, {**older, "NPY_DISABLE_CPU_FEATURES": there}):
        cache = tmp_path / f"cache{len(answers)}"
        environment = {
            **os.environ,
            **target,
            "NUMBA_CACHE_DIR": str(cache),
            "PYTHONPATH": os.pathsep.join([here, *sys.path]),
        }
        answer = subprocess.run(
            [sys.executable, "-c", _ON_A_PROCESSOR], capture_output=True, text=True, env=environment, check=True
        )
        answers.append(answer.stdout.split())
    assert len(answers[0]) == 24
    assert answers[0] == answers[1]
    for cell in range(6):
        assert len(set(answers[0][4 * cell + 1 : 4 * cell + 4])) == 1


def test_a_one_word_vocabulary_is_learned_without_negatives():
    text = EncodedText(np.zeros(6, np.uint32), np.array([0, 6], np.int64), np.array([6], np.int64))
    config = make_config(("skip-gram", "negative-sampling"), dimensions=4)
    assert_replayed(text, config, make_parameters(text, config))


def test_a_text_of_one_word_sentences_is_an_error():
    text = EncodedText(np.array([1, 0, 1], np.uint32), np.arange(4), np.array([1, 2], np.int64))
    config = make_config(("skip-gram", "negative-sampling"))
    with pytest.raises(FirthError, match="no sentence has two words left"):
        train(text, config, first_parameters(2, config))


def test_a_negative_is_the_word_itself_only_where_there_is_no_other():
    """With one word 10^12 times as frequent as the other, negatives of the first must be the second."""
    text = EncodedText(np.array([0, 1, 0, 0], np.uint32), np.array([0, 4], np.int64), np.array([10**12, 1], np.int64))
    config = make_config(("skip-gram", "negative-sampling"), dimensions=4)
    windows = list(drawn_windows(text, config, 0, 4))
    assert all(negative != middle for middle, _, negatives in windows for negative in negatives)
    assert_replayed(text, config, make_parameters(text, config))
