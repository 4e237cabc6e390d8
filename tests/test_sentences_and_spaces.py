"""Means of words, sentence vectors, subsets, merges and alignment, against the formulas written out."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from firth.errors import FirthError, OptionError
from firth.vectors import Vectors
from firth.vectors.sentences import principal_directions

MATRIX = np.array([[1.0, 0], [0, 2], [3, 3], [-1, 1]], dtype=np.float32)
VECTORS = Vectors(["the", "cat", "sat", "mat"], MATRIX, [900, 50, 40, 10], -MATRIX, {"seed": 1})


def test_a_mean_counts_words_as_often_as_they_stand():
    assert VECTORS.mean_vector(["the", "cat", "cat"]) == pytest.approx([1 / 3, 4 / 3])
    assert VECTORS.mean_vector(["the", "cat"], weights=[3, 1]) == pytest.approx([0.75, 0.5])
    assert VECTORS.mean_vector([]).tolist() == [0, 0]
    assert VECTORS.mean_vector(["the"], weights=[0]).tolist() == [0, 0]


def test_unknown_words_of_a_mean():
    with pytest.raises(KeyError, match="cat"):
        VECTORS.mean_vector(["catt"])
    assert VECTORS.mean_vector(["the", "nobody"], unknown="skip").tolist() == [1, 0]
    assert VECTORS.mean_vector(["the", "nobody"], unknown="zero").tolist() == [0.5, 0]
    assert VECTORS.mean_vector(["nobody", "the"], weights=[5, 1], unknown="skip").tolist() == [1, 0]
    assert VECTORS.mean_vector(["nobody", "the"], weights=[1, 1], unknown="zero").tolist() == [0.5, 0]


def test_sif_weighs_by_frequency():
    a = 1e-3
    the, cat = a / (a + 0.9), a / (a + 0.05)
    expected = (the * MATRIX[0] + cat * MATRIX[1]) / (the + cat)
    assert VECTORS.mean_vector(["the", "cat"], weights="sif") == pytest.approx(expected)
    assert VECTORS.sentence_vectors(["the cat"], weights="sif")[0] == pytest.approx(expected)
    with pytest.raises(FirthError, match="counts"):
        Vectors(["a"], [[1.0]]).mean_vector(["a"], weights="sif")


def test_sentences_are_strings_or_lists_of_words(monkeypatch):
    texts = ["the cat", ["sat", "the mat"], "", "nobody\tsat", "cat"]
    expected = [[0.5, 1], [3, 3], [0, 0], [3, 3], [0, 2]]
    assert VECTORS.sentence_vectors(texts).tolist() == expected
    assert VECTORS.sentence_vectors(iter(texts)).tolist() == expected
    monkeypatch.setattr("firth.vectors.sentences._WORDS_AT_ONCE", 1)
    assert VECTORS.sentence_vectors(texts).tolist() == expected
    assert VECTORS.sentence_vectors([]).shape == (0, 2)


def test_removed_components_are_gone():
    means = VECTORS.sentence_vectors(["the cat", "sat", "mat mat the"])
    largest = np.linalg.svd(means)[2][0]
    assert VECTORS.sentence_vectors(["the cat", "sat", "mat mat the"], remove_components=1) @ largest == pytest.approx(
        [0, 0, 0], abs=1e-6
    )
    with pytest.raises(OptionError, match="from 0 to 2"):
        VECTORS.sentence_vectors(["cat"], remove_components=3)
    with pytest.raises(OptionError, match="'sif', None, or a mapping"):
        VECTORS.sentence_vectors(["cat"], weights="tfidf")
    with pytest.raises(OptionError, match="2 numbers"):
        VECTORS.mean_vector(["the", "cat"], weights=[1])


def test_a_subset_keeps_everything_of_its_words():
    some = VECTORS.subset(["mat", "the"])
    assert some.words == ["mat", "the"]
    assert some.matrix.tolist() == [[-1, 1], [1, 0]]
    assert some.outside.tolist() == [[1, -1], [-1, 0]]
    assert some.counts.tolist() == [10, 900]
    assert some.settings == {"seed": 1}
    with pytest.raises(KeyError, match="mat"):
        VECTORS.subset(["matt"])


def test_merging_keeps_or_replaces_what_both_have():
    other = Vectors(["dog", "cat"], [[7.0, 7], [8, 8]], [5, 6], [[9.0, 9], [9, 9]])
    kept = VECTORS.merge(other)
    assert kept.words == ["the", "cat", "sat", "mat", "dog"]
    assert kept["cat"].tolist() == [0, 2]
    assert kept["dog"].tolist() == [7, 7]
    assert kept.counts.tolist() == [900, 50, 40, 10, 5]
    replaced = VECTORS.merge(other, on_conflict="replace")
    assert replaced["cat"].tolist() == [8, 8]
    assert replaced.outside[1].tolist() == [9, 9]
    assert replaced.counts.tolist() == [900, 6, 40, 10, 5]
    assert VECTORS.merge(Vectors(["dog"], [[1.0, 1]])).outside is None
    for wrong, said in [("error", "both have 1 words, such as 'cat'"), ("mean", "keep, replace, error")]:
        with pytest.raises(OptionError, match=said):
            VECTORS.merge(other, on_conflict=wrong)
    with pytest.raises(OptionError, match="2 dimensions and the others 1"):
        VECTORS.merge(Vectors(["a"], [[1.0]]))


def test_alignment_undoes_a_rotation():
    rng = np.random.default_rng(2)
    words = [f"w{row}" for row in range(50)]
    here = Vectors(words, rng.normal(size=(50, 6)), outside=rng.normal(size=(50, 6)))
    turn = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    there = Vectors([f"x{row}" for row in range(50)], here.matrix @ turn)
    pairs = [(f"w{row}", f"x{row}") for row in range(30)]
    aligned = here.align(there, pairs)
    assert aligned.matrix == pytest.approx(there.matrix, abs=1e-5)
    assert aligned.matrix @ aligned.outside.T == pytest.approx(here.matrix @ here.outside.T, abs=1e-4)
    same_names = Vectors(words, there.matrix)
    assert here.align(same_names).matrix == pytest.approx(there.matrix, abs=1e-5)
    with pytest.raises(OptionError, match="no words to align by"):
        here.align(there)


def test_one_text_is_no_list_of_texts_and_one_word_no_list_of_letters():
    vectors = Vectors(["king", "k", "i", "n", "g"], np.eye(5))
    with pytest.raises(OptionError, match="texts is one text"):
        vectors.sentence_vectors("king")
    turned = Vectors(vectors.words, np.roll(np.eye(5), 1, axis=1))
    assert vectors.align(turned, "king").matrix == pytest.approx(vectors.align(turned, ["king"]).matrix)


class Letters:
    """Letter sequences of which every word has the same vector."""

    def vector(self, word):
        return np.array([3, 4], dtype=np.float32)


def test_letter_sequences_go_along_when_vectors_are_merged_and_turned():
    ours = Vectors(["a", "b"], [[1, 0], [0, 1]], subwords=Letters())
    merged = ours.merge(Vectors(["c"], [[1, 1]]))
    assert merged["nobody"].tolist() == [3, 4]
    turned = ours.align(Vectors(["a", "b"], [[0, 1], [-1, 0]]))
    assert turned["a"] == pytest.approx([0, 1])
    assert turned["nobody"] == pytest.approx([-4, 3])


def test_no_more_components_are_removed_than_there_are_texts():
    vectors = Vectors(["a", "b"], [[1, 0], [0, 1]])
    with pytest.raises(OptionError, match="remove_components is 2 and there are only 1 texts"):
        vectors.sentence_vectors(["a b"], remove_components=2)


def test_principal_directions_are_those_of_the_singular_values_and_need_no_second_table():
    means = np.random.default_rng(2).standard_normal((20_000, 8)) * np.arange(8, 0, -1)
    expected = np.linalg.svd(means, full_matrices=False)[2][:3]
    tracemalloc.start()
    found = principal_directions(means, 3)
    assert tracemalloc.get_traced_memory()[1] < means.nbytes / 4
    tracemalloc.stop()
    assert np.abs(found @ expected.T) == pytest.approx(np.eye(3), abs=1e-9)
    assert principal_directions(means, 0).shape == (0, 8)
