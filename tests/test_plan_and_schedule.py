"""How the text is cut up, and how the learning rate goes: the same for any number of threads."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firth import OptionError
from firth.training.config import TrainingConfig
from firth.training.plan import batch_words, cut, gathered, make_plans
from firth.training.schedule import learning_rate
from firth.training.trainer import EncodedText

lengths = st.lists(st.integers(0, 300), min_size=1, max_size=60)


@given(lengths, st.integers(1, 100))
def test_pieces_are_the_text_in_its_order_and_none_is_too_long(lengths, longest):
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    starts, ends = cut(offsets, longest)
    covered = [p for s, e in zip(starts, ends, strict=True) for p in range(s, e)]
    assert covered == list(range(offsets[-1]))
    assert np.all((ends - starts > 0) & (ends - starts <= longest))
    sentence = np.searchsorted(offsets, np.arange(offsets[-1]), side="right")
    assert all(sentence[s] == sentence[e - 1] for s, e in zip(starts, ends, strict=True))


@given(lengths, st.integers(1, 500))
def test_groups_hold_as_few_pieces_as_make_the_words_asked_for(lengths, words):
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    starts, ends = cut(offsets, 100)
    bounds = gathered(starts, ends, words)
    sizes = [int((ends - starts)[a:b].sum()) for a, b in itertools.pairwise(bounds)]
    assert bounds[0] == 0
    assert bounds[-1] == starts.size
    assert np.all(np.diff(bounds) > 0)
    assert all(size >= words for size in sizes[:-1])
    for a, b, size in zip(bounds[:-1], bounds[1:], sizes, strict=True):
        assert size - (ends[b - 1] - starts[b - 1]) < words or b - a == 1


def test_the_held_out_part_is_spread_evenly_and_never_learned_from():
    offsets = np.arange(0, 10_001, 10)
    plan, held_out = make_plans(text_of(offsets), TrainingConfig(held_out=0.05))
    assert held_out.total == 500
    assert plan.total == 9_500
    assert not set(plan.starts.tolist()) & set(held_out.starts.tolist())
    assert set(np.diff(held_out.starts)) == {200}


def text_of(offsets):
    return EncodedText(np.zeros(offsets[-1], np.uint32), offsets, np.array([offsets[-1]]))


@given(lengths)
def test_chunks_count_every_word_once(lengths):
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    plan, held_out = make_plans(text_of(offsets), TrainingConfig())
    assert plan.total == offsets[-1]
    assert held_out.total == 0
    assert np.all(np.diff(plan.words) > 0)


def test_exact_minibatches_are_smaller_where_one_word_is_frequent():
    config = TrainingConfig(deterministic=True, subsample=0.0)
    even = batch_words(config, np.full(10_000, 10))
    skewed = batch_words(config, np.array([1_000, 10, 10, 10]))
    assert even == 256
    assert skewed == 8
    tree = TrainingConfig(deterministic=True, objective="hierarchical-softmax")
    assert batch_words(tree, np.full(10_000, 10)) == 16


def test_the_rate_falls_linearly_to_a_tenth_or_to_what_is_asked_for():
    config = TrainingConfig(learning_rate=0.1)
    assert [learning_rate(config, p) for p in (0, 0.5, 1)] == pytest.approx([0.1, 0.055, 0.01])
    config = TrainingConfig(learning_rate=0.1, final_learning_rate=0.0)
    assert [learning_rate(config, p) for p in (0, 0.25, 1)] == pytest.approx([0.1, 0.075, 0.0])


def test_the_rate_rises_over_the_warm_up_and_stays_where_it_is_constant():
    config = TrainingConfig(learning_rate=0.1, warmup=0.2, final_learning_rate=0.0)
    assert [learning_rate(config, p) for p in (0, 0.1, 0.2, 0.6, 1)] == pytest.approx([0, 0.05, 0.1, 0.05, 0])
    config = TrainingConfig(learning_rate=0.1, warmup=0.5, schedule="constant")
    assert [learning_rate(config, p) for p in (0.25, 0.5, 0.9)] == pytest.approx([0.05, 0.1, 0.1])
    assert learning_rate(TrainingConfig(learning_rate=0.1, warmup=1.0), 1.0) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("architecture", "skipgram"), ("objective", "ns"), ("dimensions", 0), ("dimensions", 2.5), ("window", 0),
        ("negatives", -1), ("negatives", 0), ("negatives", 65), ("epochs", 0), ("epochs", True), ("threads", 0),
        ("learning_rate", float("nan")), ("learning_rate", 0.0), ("learning_rate", "fast"),
        ("final_learning_rate", 1.0), ("subsample", -1e-3), ("subsample", 2), ("subsample_rule", "none"),
        ("context_gradient", "sum"), ("schedule", "cosine"), ("warmup", 1.5), ("held_out", 0.9), ("patience", -1),
        ("negative_exponent", 3.0), ("seed", -1), ("deterministic", 1), ("shrink_window", "no"),
    ],
)  # fmt: skip
def test_an_option_out_of_range_is_named_with_what_is_allowed(option, value):
    with pytest.raises(OptionError, match=f"{option} is .*: it must be"):
        TrainingConfig(**{option: value})


def test_a_near_name_is_suggested():
    with pytest.raises(OptionError, match="did you mean skip-gram"):
        TrainingConfig(architecture="skipgram")


def test_patience_without_a_held_out_part_is_an_error():
    with pytest.raises(OptionError, match="set held_out"):
        TrainingConfig(patience=2)


@pytest.mark.parametrize("rate", [1e300, 10**400, 1e10, float("inf"), float("nan"), 0, -1, True, "1", None])
def test_a_rate_that_no_run_survives_is_refused_in_a_sentence(rate):
    with pytest.raises(OptionError, match=r"^learning_rate is .{1,80}: it must be a number above 0 to 1e\+09$"):
        TrainingConfig(learning_rate=rate)


def test_a_whole_number_is_a_rate_and_the_schedule_gives_floats():
    for schedule in ("linear", "constant"):
        config = TrainingConfig(learning_rate=1, final_learning_rate=0, schedule=schedule, warmup=0.25)
        rates = [learning_rate(config, progress) for progress in (0.0, 0.125, 0.25, 1.0)]
        assert [type(rate) for rate in rates] == [float] * 4
        assert rates == [0.0, 0.5, 1.0, 0.0 if schedule == "linear" else 1.0]


def test_whole_numbers_of_thousands_of_digits_are_mistakes_too():
    with pytest.raises(OptionError, match="epochs is a number of thousands of digits"):
        TrainingConfig(epochs=10**5_000)
    with pytest.raises(OptionError, match="seed is 1000"):
        TrainingConfig(seed=10**400)
