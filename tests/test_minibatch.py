"""The compiled run is the theory, fast: replayed on the same draws, gradient-checked, resumed to the last bit."""

import dataclasses
import re

import numpy as np
import pytest
from planted import planted_text, separation

from firth import Checkpoints, FirthError, OptionError, theory
from firth.compute.crew import run_threads
from firth.compute.simd import aligned_rows
from firth.theory.sgd import annealed_step
from firth.training import sampling
from firth.training.config import LOSSES, MinibatchConfig
from firth.training.kernels import draws as drawing
from firth.training.kernels import minibatch_negative_sampling, minibatch_softmax
from firth.training.kernels.softmax import make_batch, make_shared
from firth.training.trainer import EncodedText, train_minibatch

TOLERANCE = {"negative-sampling": 1e-9, "softmax": 2e-5}
"""Relative: naive softmax works in float32."""


def apply_batch(loss, center, outside, draws, step, threads=1):
    """One step of the shipped kernel, in place; its loss."""
    if loss == "negative-sampling":
        workspace = minibatch_negative_sampling.make_workspace(center, draws)
        return minibatch_negative_sampling.apply_batch(center, outside, draws, step, workspace)
    words, dimensions = center.shape
    padded = [aligned_rows(words, dimensions) for _ in range(2)]
    padded[0][:, :dimensions], padded[1][:, :dimensions] = center, outside
    shared = make_shared(words, dimensions, draws.centers.size)
    losses = [0.0] * threads

    def work(i):
        batch = make_batch(dimensions, draws.outsides.size, draws.centers.size)
        losses[i] = minibatch_softmax.apply_batch(*padded, draws, step, batch, shared, (i, threads))

    run_threads(threads, work)
    center[:], outside[:] = padded[0][:, :dimensions], padded[1][:, :dimensions]
    assert set(losses) == {losses[0]}
    return losses[0]


def theory_batch(center, outside, draws, loss_name):
    """Mean loss and mean gradients of a batch, by the oracle."""
    loss, d_center, d_outside = 0.0, np.zeros_like(center), np.zeros_like(outside)
    for b, c in enumerate(draws.centers):
        pairs = iter(range(draws.pair_ends[b], draws.pair_ends[b + 1]))

        def pair(v, o, u, pairs=pairs):
            if loss_name == "softmax":
                return theory.naive_softmax_loss_and_gradients(v, o, u)
            return theory.negative_sampling_loss_and_gradients(v, o, u, draws.negatives[next(pairs)])

        window = draws.outsides[draws.pair_ends[b] : draws.pair_ends[b + 1]]
        window_loss, window_d_center, window_d_outside = theory.skip_gram_loss_and_gradients(
            c, window, center, outside, pair
        )
        loss += window_loss
        d_center += window_d_center
        d_outside += window_d_outside
    windows = draws.centers.size
    return loss / windows, d_center / windows, d_outside / windows


def make_problem(loss, dimensions=5, batch=7, negatives=4, seed=2):
    """A few words that often collide: repeated negatives, repeated centers, words on both sides."""
    text, _ = planted_text(seed, sentences=30)
    generator = np.random.default_rng(seed)
    center, outside = generator.normal(size=(2, text.counts.size, dimensions))
    table = sampling.alias_table(sampling.negative_probabilities(text.counts, 0.75))
    state = sampling.random_state(seed, sampling.BATCHES)
    source = drawing.Source(state, drawing.Text(text.ids, text.offsets), table, 3)
    draws = drawing.empty_draws(batch, 3, 0 if loss == "softmax" else negatives)
    return center, outside, source, draws


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dimensions", [1, 5, 8, 17])
def test_200_iterations_agree_with_theory_on_the_same_draws(loss, dimensions):
    center, outside, source, draws = make_problem(loss, dimensions)
    twin_center, twin_outside = center.copy(), outside.copy()
    for iteration in range(200):
        drawing.draw_batch(source, draws)
        step = annealed_step(0.3, iteration + 1, 120)
        kernel_loss = apply_batch(loss, center, outside, draws, step)
        twin_loss, d_center, d_outside = theory_batch(twin_center, twin_outside, draws, loss)
        twin_center -= step * d_center
        twin_outside -= step * d_outside
        assert kernel_loss == pytest.approx(twin_loss, rel=TOLERANCE[loss])
    floor = 1e-12 if loss == "negative-sampling" else 1e-5
    np.testing.assert_allclose(center, twin_center, rtol=1e-5, atol=floor)
    np.testing.assert_allclose(outside, twin_outside, rtol=1e-5, atol=floor)


@pytest.mark.parametrize("loss", LOSSES)
def test_with_a_step_of_one_before_minus_after_is_the_gradient(loss):
    center, outside, source, draws = make_problem(loss)
    drawing.draw_batch(source, draws)

    def loss_and_kernel_gradient(x):
        after = x.copy()
        apply_batch(loss, after[0], after[1], draws, 1.0)
        return theory_batch(x[0], x[1], draws, loss)[0], x - after

    report = theory.gradient_check(loss_and_kernel_gradient, np.stack([center, outside]))
    assert report.passed, report


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_and_the_gradient_are_right_for_scores_of_thousands(loss):
    center, outside, source, draws = make_problem(loss)
    drawing.draw_batch(source, draws)
    center, outside = 60 * center, 60 * outside
    expected_loss, d_center, d_outside = theory_batch(center, outside, draws, loss)
    before = center.copy(), outside.copy()
    got = apply_batch(loss, center, outside, draws, 1.0)
    assert got == pytest.approx(expected_loss, rel=TOLERANCE[loss])
    floor = 1e-9 if loss == "negative-sampling" else 5e-3  # scores of thousands are known to 1e-4 in float32
    np.testing.assert_allclose(before[0] - center, d_center, rtol=TOLERANCE[loss], atol=floor)
    np.testing.assert_allclose(before[1] - outside, d_outside, rtol=TOLERANCE[loss], atol=floor)


def test_many_negatives_do_not_overflow_the_product_of_factors():
    center, outside, source, draws = make_problem("negative-sampling", negatives=1000, batch=2)
    drawing.draw_batch(source, draws)
    center[:], outside[:] = 0.0, 0.0
    workspace = minibatch_negative_sampling.make_workspace(center, draws)
    loss = minibatch_negative_sampling.apply_batch(center, outside, draws, 0.1, workspace)
    assert loss == pytest.approx(draws.pair_ends[-1] / 2 * 1001 * np.log(2))


def test_naive_softmax_gives_the_same_bits_on_any_number_of_threads():
    results = set()
    for threads in (1, 2, 3, 8):
        center, outside, source, draws = make_problem("softmax", 17)
        drawing.draw_batch(source, draws)
        loss = apply_batch("softmax", center, outside, draws, 1.0, threads)
        results.add((loss, center.tobytes(), outside.tobytes()))
    assert len(results) == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_it_learns_which_words_stand_together(loss):
    text, topics = planted_text()
    config = MinibatchConfig(
        loss=loss, dimensions=6, window=3, negatives=5, iterations=1500, subsample=1.0, repetitions=1
    )
    run = train_minibatch(text, config)
    assert run.finished
    assert separation(np.hstack([run.center, run.outside]), topics) > 0.5
    assert run.smoothed_losses[-1] < run.smoothed_losses[0]
    assert run.reported_iterations[-1] == 1500


def test_the_smoothed_loss_follows_the_handout():
    text, _ = planted_text()
    run = train_minibatch(text, MinibatchConfig(iterations=35, subsample=1.0))
    expected = run.losses[0]
    for loss in run.losses[1:]:
        expected = 0.95 * expected + 0.05 * loss
    assert len(run.losses) == 3
    assert run.smoothed_losses[-1] == pytest.approx(expected)


def vectors_of(run):
    return run.center.tobytes() + run.outside.tobytes() + np.array(run.losses).tobytes()


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    text, _ = planted_text()
    config = MinibatchConfig(iterations=50, subsample=1.0)
    assert vectors_of(train_minibatch(text, config)) == vectors_of(train_minibatch(text, config))
    assert vectors_of(train_minibatch(text, dataclasses.replace(config, seed=2))) != vectors_of(
        train_minibatch(text, config)
    )


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("asked", [1, 2, 5])
def test_a_run_that_was_stopped_and_resumed_ends_with_the_same_bits(tmp_path, loss, asked, monkeypatch):
    monkeypatch.setattr("firth.training.trainer.CHECKPOINT_EVERY", 40)
    text, _ = planted_text()
    config = MinibatchConfig(loss=loss, iterations=130, subsample=1.0, anneal_every=50)
    times = iter(range(asked + 1))
    stopped = train_minibatch(
        text, config, checkpoints=Checkpoints(tmp_path), should_stop=lambda: next(times, asked) >= asked
    )
    assert not stopped.finished
    said = []
    resumed = train_minibatch(text, config, checkpoints=Checkpoints(tmp_path), resume=True, announce=said.append)
    assert resumed.finished
    assert said[0] == f"resuming at iteration {stopped.iteration:,}"
    assert vectors_of(resumed) == vectors_of(train_minibatch(text, config))


def test_resume_refuses_another_text_or_other_options_and_names_them(tmp_path):
    text, _ = planted_text()
    config = MinibatchConfig(iterations=10, subsample=1.0)
    checkpoints = Checkpoints(tmp_path)
    train_minibatch(text, config, checkpoints=checkpoints)
    with pytest.raises(OptionError, match="dimensions was 10 and is now 7"):
        train_minibatch(text, dataclasses.replace(config, dimensions=7), checkpoints=checkpoints, resume=True)
    with pytest.raises(OptionError, match="text is another one"):
        train_minibatch(planted_text(1)[0], config, checkpoints=checkpoints, resume=True)
    with pytest.raises(OptionError, match="at iteration 10 already"):
        train_minibatch(text, dataclasses.replace(config, iterations=5), checkpoints=checkpoints, resume=True)
    longer = train_minibatch(text, dataclasses.replace(config, iterations=20), checkpoints=checkpoints, resume=True)
    assert vectors_of(longer) == vectors_of(train_minibatch(text, dataclasses.replace(config, iterations=20)))


def test_a_new_run_removes_the_snapshots_of_an_old_one(tmp_path):
    text, _ = planted_text()
    train_minibatch(text, MinibatchConfig(iterations=30, subsample=1.0), checkpoints=Checkpoints(tmp_path))
    train_minibatch(text, MinibatchConfig(iterations=20, subsample=1.0), checkpoints=Checkpoints(tmp_path))
    assert Checkpoints(tmp_path).latest()[0].iteration == 20


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("step", [1e4, 1e300])
def test_a_run_that_diverges_ends_and_names_the_step(loss, step, tmp_path):
    text, _ = planted_text()
    config = MinibatchConfig(loss=loss, step=step, iterations=3_000, subsample=1.0)
    with pytest.raises(FirthError, match=f"the step {re.escape(str(step))} is too large"):
        train_minibatch(text, config, checkpoints=Checkpoints(tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_text_without_windows_is_an_error_not_an_endless_loop():
    text = EncodedText(np.array([1, 1, 0], np.uint32), np.array([0, 2, 3], np.int64), np.array([1, 2], np.int64))
    with pytest.raises(FirthError, match="give it more text"):
        train_minibatch(text, MinibatchConfig(iterations=1, subsample=1.0))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("loss", "hinge"), ("dimensions", 0), ("dimensions", 2.5), ("window", -1), ("negatives", 0), ("batch", True),
        ("iterations", 0), ("step", 0.0), ("step", float("nan")), ("subsample", -1.0), ("seed", -1), ("seed", 2**63),
        ("negative_exponent", float("inf")), ("negative_exponent", 3.0),
    ],
)  # fmt: skip
def test_options_out_of_range_are_named(option, value):
    with pytest.raises(OptionError, match=f"{option} is"):
        MinibatchConfig(**{option: value})
