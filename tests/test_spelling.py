"""An unknown word is one sentence that names near spellings."""

import pytest

from firth import FirthError
from firth.spelling import UnknownWordError, near_spellings

WORDS = ["the", "movie", "brilliant", "wonderful", "wonder", "Queen", "film", "films", "firm"]


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("wonderfull", "wonderful"),
        ("briliant", "brilliant"),
        ("brillaint", "brilliant"),
        ("moive", "movie"),
        ("queen", "Queen"),
        ("QUEEN", "Queen"),
    ],
)
def test_the_word_meant_comes_first(word, near):
    assert near_spellings(word, WORDS)[0] == near


def test_letter_case_makes_no_difference():
    assert near_spellings("QUEEN", ["queer", "Queen"]) == ["Queen", "queer"]


def test_at_most_n_come_back_nearest_first():
    assert near_spellings("film", WORDS, n=2) == ["film", "films"]
    assert len(near_spellings("film", WORDS, n=1)) == 1


def test_of_equally_near_words_the_more_frequent_comes_first():
    assert near_spellings("bet", ["bat", "but"]) == ["bat", "but"]
    assert near_spellings("bet", ["but", "bat"]) == ["but", "bat"]


@pytest.mark.parametrize("word", ["", "tap", "zqxj", "x" * 1000, "電影"])
def test_where_nothing_is_near_nothing_comes_back(word):
    assert near_spellings(word, WORDS) == []


def test_near_words_are_found_among_many_that_share_some_letters():
    many = [f"mov{number}" for number in range(5000)]
    assert "movie" in near_spellings("moviee", [*many, "movie"])


def test_the_error_is_a_key_error_whose_text_is_a_plain_sentence():
    error = UnknownWordError("brillant", WORDS)
    assert isinstance(error, KeyError)
    assert isinstance(error, FirthError)
    assert str(error) == "the word 'brillant' is not in the vocabulary: did you mean brilliant?"
    assert error.near == ["brilliant"]


def test_the_error_says_so_where_nothing_is_near():
    assert str(UnknownWordError("zqxj", WORDS)).endswith("not in the vocabulary, and no word is spelled like it")
