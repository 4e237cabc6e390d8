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


def test_the_unknown_word_counts_what_was_left_out_and_at_least_one():
    vocabulary = Vocabulary.from_sentences(SENTENCES, min_count=2, unknown="UNK")
    assert (vocabulary.words, vocabulary.counts.tolist()) == (["the", "UNK", "best"], [3, 2, 2])
    vocabulary = Vocabulary.from_sentences(SENTENCES, unknown="UNK")
    assert (vocabulary.words, vocabulary.counts.tolist()) == (["the", "best", "UNK", "film", "is"], [3, 2, 1, 1, 1])
    vocabulary = Vocabulary.from_sentences([["UNK", "UNK", "a", "b", "b", "b"]], min_count=2, unknown="UNK")
    assert (vocabulary.words, vocabulary.counts.tolist()) == (["UNK", "b"], [3, 3])


def test_unknown_words_are_left_out_or_become_the_stand_in():
    without = Vocabulary.from_sentences(SENTENCES, min_count=2)
    ids, offsets = without.encode([["a", "best", "film"], ["film"], ["the"]])
    assert (ids.tolist(), offsets.tolist()) == ([1, 0], [0, 1, 1, 2])
    ids, offsets = Vocabulary.from_sentences(SENTENCES, 2, "UNK").encode([["a", "best", "film"], ["film"], ["the"]])
    assert (ids.tolist(), offsets.tolist()) == ([1, 2, 1, 1, 0], [0, 3, 4, 5])
    assert (ids.dtype, offsets.dtype) == (np.uint32, np.int64)


COUNTED = {"the": 9, "zebra": 4, "Zebra": 4, "ä": 4, "電": 4, "😀": 4, "\uffff": 4, "film": 2, "rare": 1}


def chosen(**options):
    vocabulary = Vocabulary.from_counts(list(COUNTED), list(COUNTED.values()), **options)
    return dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True))


def test_words_of_one_count_are_in_the_order_of_their_code_points():
    assert list(chosen()) == ["the", "Zebra", "zebra", "ä", "電", "\uffff", "😀", "film", "rare"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"max_size": 3}, {"the": 9, "Zebra": 4, "zebra": 4}),
        ({"max_size": 99, "min_count": 5}, {"the": 9}),
        ({"keep": iter(["film", "rare", "absent"])}, {"film": 2, "rare": 1}),
        ({"keep": ["the", "film", "rare"], "min_count": 2}, {"the": 9, "film": 2}),
        ({"keep": ["the", "film"], "drop": ["the"]}, {"film": 2}),
        ({"drop": iter(["the", "absent"]), "max_size": 2}, {"Zebra": 4, "zebra": 4}),
        ({"max_size": 3, "unknown": "UNK"}, {"UNK": 23, "the": 9, "Zebra": 4}),
        ({"max_size": 1, "unknown": "UNK"}, {"UNK": 36}),
        ({"max_size": 2, "unknown": "the"}, {"the": 32, "Zebra": 4}),
        ({"drop": ["the"], "unknown": "the", "min_count": 4, "max_size": 3}, {"the": 28, "Zebra": 4, "zebra": 4}),
        ({"keep": ["film"], "unknown": "rare"}, {"rare": 34, "film": 2}),
        ({"min_count": 2, "unknown": "UNK", "keep": ["the", "zebra"]}, {"UNK": 23, "the": 9, "zebra": 4}),
    ],
)
def test_words_are_kept_and_dropped_as_told_and_the_unknown_one_counts_the_rest(options, expected):
    assert list(chosen(**options).items()) == list(expected.items())


@given(
    some.dictionaries(some.sampled_from("abcdefgUé電"), some.integers(0, 5), min_size=1).filter(
        lambda d: any(d.values())
    ),
    some.integers(1, 3),
    some.none() | some.integers(1, 5),
    some.none() | some.sets(some.sampled_from("abcdefU")),
    some.sets(some.sampled_from("abU")),
    some.sampled_from([None, "U", "電"]),
)
def test_choosing_equals_a_plain_reference(counts, min_count, max_size, keep, drop, unknown):
    left = {w: n for w, n in counts.items() if n >= min_count and (keep is None or w in keep) and w not in drop}
    options = {"min_count": min_count, "max_size": max_size, "keep": keep, "drop": drop, "unknown": unknown}
    if not left:
        with pytest.raises(OptionError, match=r"leaves? no word"):
            Vocabulary.from_counts(list(counts), list(counts.values()), **options)
        return
    expected = sorted(((w, n) for w, n in left.items() if w != unknown), key=lambda entry: (-entry[1], entry[0]))
    if unknown is None:
        expected = expected[:max_size]
    else:
        expected = expected[: None if max_size is None else max_size - 1]
        rest = sum(counts.values()) - sum(n for _, n in expected)
        expected = sorted([*expected, (unknown, max(1, rest))], key=lambda entry: (-entry[1], entry[0]))
    vocabulary = Vocabulary.from_counts(list(counts), list(counts.values()), **options)
    assert list(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_count": 0}, "min_count is 0: it must be a whole number from 1"),
        ({"max_size": 0}, "max_size is 0: it must be a whole number from 1"),
        ({"max_size": 2.0}, "max_size is 2.0: it must be"),
        ({"keep": "film"}, "keep is the string 'film': give a list of words"),
        ({"drop": "film"}, "drop is the string 'film': give a list of words"),
        ({"keep": ["absent"]}, "keep and drop leave no word of the text"),
        ({"keep": []}, "keep and drop leave no word of the text"),
        ({"drop": COUNTED}, "keep and drop leave no word of the text"),
        ({"min_count": 10}, "min_count is 10, which leaves no word: the most frequent, 'the', occurs 9 times"),
        ({"min_count": 5, "drop": ["the"]}, "leaves no word: the most frequent, 'Zebra', occurs 4 times"),
    ],
)
def test_options_that_are_wrong_or_leave_no_word_are_an_error(options, message):
    with pytest.raises(OptionError, match=message):
        chosen(**options)


@pytest.mark.parametrize(
    ("words", "counts", "message"),
    [
        ([], [], "the text has no words"),
        (["a"], [0], "the text has no words"),
        (["a", "b", "a"], [3, 2, 1], "the word 'a' stands twice"),
        (["a", "b", "b"], [3, 1, 1], "the word 'b' stands twice"),
        (["a", "b"], [3], "a vocabulary of 2 words has counts of shape"),
        (["a", ""], [3, 5], "a word of the vocabulary is the empty string"),
    ],
)
@pytest.mark.parametrize("min_count", [1, 2])
def test_counted_words_that_do_not_fit_are_an_error(words, counts, message, min_count):
    with pytest.raises(DataError, match=message):
        Vocabulary.from_counts(words, counts, min_count=min_count)


@given(some.lists(some.dictionaries(some.sampled_from("abcdé電"), some.integers(0, 2**40)), min_size=1))
def test_merged_vocabularies_have_all_words_and_the_sums_of_their_counts(parts):
    vocabularies = [Vocabulary(list(part), list(part.values())) for part in parts]
    merged = vocabularies[0].merge(*vocabularies[1:])
    total = {word: sum(part.get(word, 0) for part in parts) for part in parts for word in part}
    expected = sorted(total.items(), key=lambda entry: (-entry[1], entry[0]))
    assert list(zip(merged.words, merged.counts.tolist(), strict=True)) == expected
    assert [len(vocabulary) for vocabulary in vocabularies] == [len(part) for part in parts]


def test_merged_vocabularies_must_agree_in_the_unknown_word():
    with_unknown = Vocabulary(["a", "UNK"], [2, 1], "UNK")
    merged = with_unknown.merge(Vocabulary(["UNK", "b"], [3, 1], "UNK"))
    assert (merged.words, merged.counts.tolist(), merged.unknown) == (["UNK", "a", "b"], [4, 2, 1], "UNK")
    with pytest.raises(OptionError, match="one word for unknown ones: it is 'UNK' in one and None in another"):
        with_unknown.merge(Vocabulary(["UNK", "b"], [3, 1]))


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
        (["a", ""], [3, 2], None, "a word of the vocabulary is the empty string"),
        (["a", "b"], [3, -2], None, "counts must be whole numbers from 0"),
        (["a", "b"], [3, 2.5], None, "counts must be whole numbers from 0"),
        (["a", "b"], [3, 2**63], None, "counts must be whole numbers from 0"),
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
