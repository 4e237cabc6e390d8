"""A vocabulary counts right, orders by frequency, and turns sentences into ids and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from firth import DataError, OptionError, Vocabulary

SENTENCES = [["the", "is", "film", "the", "best"], [], ["best", "the"]]
TEXTS = some.lists(some.lists(some.sampled_from(["a", "b", "c", "ä", "電", "UNK"]), max_size=6), max_size=6)


def test_words_are_most_frequent_first_and_ties_in_their_own_order():
    vocabulary = Vocabulary.from_sentences(SENTENCES)
    assert vocabulary.words == ["the", "best", "film", "is"]
    assert vocabulary.counts.tolist() == [3, 2, 1, 1]
    assert vocabulary.counts.dtype == np.int64
    assert [vocabulary.id_of(word) for word in vocabulary.words] == [0, 1, 2, 3]
    assert len(vocabulary) == 4
    assert "film" in vocabulary
    assert "films" not in vocabulary


def test_rare_words_are_left_out():
    vocabulary = Vocabulary.from_sentences(iter(SENTENCES), min_count=2)
    assert dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)) == {"the": 3, "best": 2}


def test_the_unknown_word_is_added_once_whatever_the_least_count():
    vocabulary = Vocabulary.from_sentences(SENTENCES, min_count=2, unknown="UNK")
    assert vocabulary.words == ["the", "best", "UNK"]
    assert vocabulary.counts.tolist() == [3, 2, 1]
    assert Vocabulary.from_sentences([["UNK", "UNK", "a"]], unknown="UNK").counts.tolist() == [2, 1]


def test_unknown_words_are_left_out_or_become_the_stand_in():
    without = Vocabulary.from_sentences(SENTENCES, min_count=2)
    ids, offsets = without.encode([["a", "best", "film"], ["film"], ["the"]])
    assert (ids.tolist(), offsets.tolist()) == ([1, 0], [0, 1, 1, 2])
    ids, offsets = Vocabulary.from_sentences(SENTENCES, 2, "UNK").encode([["a", "best", "film"], ["film"], ["the"]])
    assert (ids.tolist(), offsets.tolist()) == ([2, 1, 2, 2, 0], [0, 3, 4, 5])
    assert (ids.dtype, offsets.dtype) == (np.uint32, np.int64)


@given(TEXTS)
def test_what_was_encoded_is_decoded_to_the_same_sentences(sentences):
    vocabulary = Vocabulary.from_sentences([*sentences, ["a"]])
    ids, offsets = vocabulary.encode(sentences)
    assert vocabulary.decode(ids, offsets) == sentences
    assert vocabulary.counts.sum() == len(ids) + 1


def test_no_sentences_encode_to_no_ids():
    ids, offsets = Vocabulary(["a"], [1]).encode([])
    assert (ids.tolist(), offsets.tolist(), ids.dtype) == ([], [0], np.uint32)


@pytest.mark.parametrize(
    ("ids", "offsets", "message"),
    [
        ([0, 2], [0, 2], "ids run from 0 to 2 but there are 2 words"),
        ([-1], [0, 1], "ids run from -1 to -1"),
        ([0, 1], [0, 1], "offsets must rise from 0 to 2"),
        ([0, 1], [1, 2], "offsets must rise"),
        ([0, 1], [0, 2, 1, 2], "offsets must rise"),
        ([], [], "offsets must rise"),
    ],
)
def test_ids_and_offsets_that_do_not_fit_are_an_error(ids, offsets, message):
    with pytest.raises(DataError, match=message):
        Vocabulary(["a", "b"], [2, 1]).decode(ids, offsets)


@pytest.mark.parametrize("min_count", [0, -1, 1.5, True, "2", None])
def test_a_least_count_that_is_no_count_is_an_error_that_names_it(min_count):
    with pytest.raises(OptionError, match=r"min_count is .*: it must be a whole number from 1"):
        Vocabulary.from_sentences(SENTENCES, min_count)


def test_a_least_count_that_leaves_no_word_names_the_most_frequent():
    with pytest.raises(OptionError, match="min_count is 4, which leaves no word: the most frequent, 'the', occurs 3"):
        Vocabulary.from_sentences(SENTENCES, 4)


@pytest.mark.parametrize("sentences", [[], [[]], iter([])])
def test_a_text_without_words_is_an_error(sentences):
    with pytest.raises(DataError, match="the text has no words"):
        Vocabulary.from_sentences(sentences, unknown="UNK")


@pytest.mark.parametrize(
    ("words", "counts", "unknown", "message"),
    [
        (["a", "b", "a"], [3, 2, 1], None, "the word 'a' stands twice"),
        (["a", "b"], [3], None, "has counts of shape"),
        (["a", "b"], [[3, 2]], None, "has counts of shape"),
        (["a", "b"], [3, 2], "UNK", "'UNK' is to stand for unknown words but is not in the vocabulary"),
    ],
)
def test_words_and_counts_that_do_not_fit_are_an_error(words, counts, unknown, message):
    with pytest.raises(DataError, match=message):
        Vocabulary(words, counts, unknown)


def test_an_unknown_word_is_a_key_error_that_names_near_spellings():
    with pytest.raises(KeyError) as caught:
        Vocabulary.from_sentences(SENTENCES).id_of("fillm")
    assert str(caught.value) == "the word 'fillm' is not in the vocabulary: did you mean film?"
