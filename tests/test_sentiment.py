"""The sentiment test is fair: dev chooses, test is looked at once, and chance scores like chance."""

import json
import warnings

import numpy as np
import pytest

from firth import DataError, OptionError
from firth.evaluation import evaluate_sentiment, sentence_means
from firth.evaluation.sentiment import STRENGTHS

SIZES = {"train": 300, "dev": 100, "test": 200}


def planted(seed=0, noise=0.2, columns=6):
    """Five classes around five centers that a plane can tell apart."""
    generator = np.random.default_rng(seed)
    centers = generator.normal(size=(5, columns)) * 3
    labels = {split: generator.integers(0, 5, size) for split, size in SIZES.items()}
    features = {
        split: centers[classes] + noise * generator.normal(size=(len(classes), columns))
        for split, classes in labels.items()
    }
    return features, labels


def test_the_mean_counts_a_word_as_often_as_it_occurs_and_leaves_out_unknown_ones():
    matrix = np.array([[1.0, 0.0], [0.0, 3.0], [10.0, 10.0]])
    index = {"a": 0, "b": 1, "UNK": 2}
    means = sentence_means([["a", "a", "b", "zzz"], [], ["zzz"]], index, matrix)
    np.testing.assert_allclose(means, [[2 / 3, 1.0], [0, 0], [0, 0]])
    assert means.dtype == np.float64


def test_a_stand_in_takes_the_place_of_unknown_words():
    matrix = np.array([[1.0, 0.0], [10.0, 10.0]], dtype=np.float32)
    means = sentence_means([["a", "zzz"], []], {"a": 0, "UNK": 1}, matrix, unknown="UNK")
    np.testing.assert_allclose(means, [[5.5, 5.0], [0, 0]])


def test_no_sentences_give_no_rows():
    assert sentence_means([], {"a": 0}, np.ones((1, 4))).shape == (0, 4)


@pytest.mark.parametrize(
    ("index", "matrix", "unknown", "says"),
    [
        ({"a": 3}, np.ones((2, 2)), None, "row 3 for 'a'"),
        ({"a": -1}, np.ones((2, 2)), None, "row -1 for 'a'"),
        ({"a": 0}, np.ones(2), None, "matrix has shape"),
        ({"a": 0}, np.ones((2, 2)), "UNK", "'UNK', which has no vector"),
    ],
)
def test_vectors_that_do_not_fit_the_words_are_refused(index, matrix, unknown, says):
    with pytest.raises(OptionError, match=says):
        sentence_means([["a"]], index, matrix, unknown)


def test_separable_classes_are_told_apart():
    result = evaluate_sentiment(*planted())
    assert min(result.train, result.dev, result.test) > 0.98
    assert np.trace(result.confusion) == round(result.test * SIZES["test"])
    assert result.n == SIZES


def test_shuffled_labels_score_like_chance():
    features, labels = planted()
    shuffled = {split: np.random.default_rng(3).permutation(classes) for split, classes in labels.items()}
    assert evaluate_sentiment(features, shuffled).test < 0.35


def test_the_majority_is_that_of_train_scored_on_test():
    features = {split: np.arange(8.0).reshape(4, 2) for split in SIZES}
    labels = {"train": [2, 2, 2, 0], "dev": [0, 1, 2, 2], "test": [2, 0, 0, 0]}
    result = evaluate_sentiment(features, labels)
    assert result.majority_test == 0.25
    assert result.largest_class_test == 0.75


def test_rows_of_the_confusion_matrix_are_the_true_classes():
    x = np.array([[0.0], [1.0]] * 20)
    labels = {"train": [0, 1] * 20, "dev": [0, 1] * 20, "test": [4] * 40}
    confusion = evaluate_sentiment(dict.fromkeys(SIZES, x), labels).confusion
    assert confusion.tolist() == [[0] * 5] * 4 + [[20, 20, 0, 0, 0]]


def test_the_strength_is_the_best_on_dev_and_the_strongest_of_equals():
    features, labels = planted(noise=4.0)
    result = evaluate_sentiment(features, labels)
    best = max(dev for _, _, dev in result.by_regularisation)
    assert result.regularisation == max(strength for strength, _, dev in result.by_regularisation if dev == best)
    assert (result.regularisation, result.train, result.dev) in result.by_regularisation
    assert tuple(strength for strength, _, _ in result.by_regularisation) == STRENGTHS
    assert best > min(dev for _, _, dev in result.by_regularisation)


def test_the_test_split_changes_nothing_but_its_own_score():
    features, labels = planted(noise=4.0)
    before = evaluate_sentiment(features, labels)
    features["test"] = 1e3 * features["test"] + 7
    labels["test"] = np.roll(labels["test"], 1)
    after = evaluate_sentiment(features, labels)
    assert after.by_regularisation == before.by_regularisation
    assert (after.regularisation, after.train, after.dev) == (before.regularisation, before.train, before.dev)
    assert after.test != before.test


def test_the_test_split_is_predicted_once(monkeypatch):
    from sklearn.linear_model import LogisticRegression

    seen = []
    predict = LogisticRegression.predict
    monkeypatch.setattr(LogisticRegression, "predict", lambda self, x: seen.append(len(x)) or predict(self, x))
    evaluate_sentiment(*planted())
    assert seen.count(SIZES["test"]) == 1


def test_the_length_and_place_of_the_vectors_make_no_difference():
    features, labels = planted(noise=4.0)
    moved = {split: 1e-4 * array - 5 for split, array in features.items()}
    assert evaluate_sentiment(moved, labels).as_dict() == evaluate_sentiment(features, labels).as_dict()


def test_constant_columns_are_harmless():
    features, labels = planted()
    with_constants = {
        split: np.hstack([array, np.full((len(array), 2), [0.0, 0.1])]) for split, array in features.items()
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert evaluate_sentiment(with_constants, labels).test > 0.98


def test_the_result_is_json():
    result = evaluate_sentiment(*planted())
    read = json.loads(json.dumps(result.as_dict()))
    assert read["test"] == result.test
    assert read["confusion"] == result.confusion.tolist()
    assert len(read["by_regularisation"]) == len(STRENGTHS)


def without(split):
    def change(features, labels):
        del features[split], labels[split]

    return change


def test_progress_is_reported():
    calls = []
    evaluate_sentiment(*planted(), report=lambda done, total, note: calls.append((done, total)))
    assert calls[-1] == (len(STRENGTHS), len(STRENGTHS))


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        (without("dev"), OptionError, "lack the split 'dev'"),
        (lambda x, y: x.update(dev=x["dev"][1:]), OptionError, "99 rows"),
        (lambda x, y: x.update(dev=x["dev"][:, 1:]), OptionError, r"5 \(dev\)"),
        (lambda x, y: x.update(dev=x["dev"][0]), OptionError, "has shape"),
        (lambda x, y: y.update(test=np.array([], dtype=int)), OptionError, "at least one"),
        (lambda x, y: x["test"].__setitem__((7, 2), np.nan), DataError, r"row 7 of features\['test'\]"),
        (lambda x, y: y["train"].__setitem__(3, 5), DataError, "label 3 of 'train' is 5"),
        (lambda x, y: y["train"].__setitem__(3, -1), DataError, "label 3 of 'train' is -1"),
        (lambda x, y: y.update(train=y["train"] / 5), DataError, "whole numbers"),
        (lambda x, y: y["train"].fill(2), DataError, "one class only"),
    ],
)
def test_what_can_not_be_evaluated_is_named(change, error, says):
    features, labels = planted()
    change(features, labels)
    with pytest.raises(error, match=says):
        evaluate_sentiment(features, labels)


def test_without_scikit_learn_the_install_line_is_given(monkeypatch):
    import sys

    from firth import MissingExtraError

    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'firth\[lab\]'"):
        evaluate_sentiment(*planted())
