"""Vectors: looking up, comparing, finding the nearest, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from firth.errors import FirthError, OptionError
from firth.vectors import Vectors

WORDS = ["queen", "king", "rain", "snow"]
MATRIX = np.array([[1.0, 0.0], [3.0, 4.0], [0.0, 2.0], [-1.0, 0.0]])


@pytest.fixture
def vectors() -> Vectors:
    return Vectors(WORDS, MATRIX, counts=[4, 3, 2, 1], outside=-MATRIX, settings={"seed": 7, "shape": (1, 2)})


def test_a_collection_of_words_is_asked_like_one(vectors):
    assert len(vectors) == 4
    assert list(vectors) == WORDS
    assert "king" in vectors
    assert "kings" not in vectors
    assert 3 not in vectors
    assert vectors.index == {"queen": 0, "king": 1, "rain": 2, "snow": 3}
    assert vectors["king"].dtype == np.float32
    assert vectors["king"].tolist() == [3.0, 4.0]
    assert vectors.counts.dtype == np.int64
    assert vectors.counts.tolist() == [4, 3, 2, 1]
    assert vectors.settings == {"seed": 7, "shape": [1, 2]}


def test_similarity_is_the_cosine(vectors):
    assert vectors.similarity("queen", "king") == pytest.approx(0.6)
    assert vectors.similarity("king", "rain") == pytest.approx(0.8)
    assert vectors.similarity("queen", "snow") == -1.0
    assert vectors.similarity("king", "king") == 1.0


def test_the_most_similar_are_ranked_by_cosine_without_the_query(vectors):
    answer = vectors.most_similar("king")
    assert [word for word, _ in answer] == ["rain", "queen", "snow"]
    assert [cosine for _, cosine in answer] == pytest.approx([0.8, 0.6, -0.6])
    assert vectors.most_similar("king", n=1) == answer[:1]


def test_the_most_similar_agree_with_sorting_every_cosine():
    rng = np.random.default_rng(3)
    words = [f"w{i}" for i in range(200)]
    vectors = Vectors(words, rng.normal(size=(200, 7)))
    expected = sorted(words[1:], key=lambda word: -vectors.similarity("w0", word))[:20]
    assert [word for word, _ in vectors.most_similar("w0", n=20)] == expected


def test_equal_cosines_stand_in_the_order_of_the_words():
    vectors = Vectors(["q", "a", "b", "c", "d"], [[1, 1], [2, 2], [1, 0], [0, 1], [3, 3]])
    assert [word for word, _ in vectors.most_similar("q", n=3)] == ["a", "d", "b"]


def test_a_zero_vector_has_cosine_zero_with_everything():
    vectors = Vectors(["zero", "one", "minus"], [[0, 0], [1, 0], [-1, 0]])
    assert vectors.similarity("zero", "one") == 0.0
    assert vectors.similarity("zero", "zero") == 0.0
    assert vectors.most_similar("zero") == [("one", 0.0), ("minus", 0.0)]
    assert vectors.most_similar("one") == [("zero", 0.0), ("minus", -1.0)]


def test_lengths_that_overflow_float32_when_squared_do_not_matter():
    vectors = Vectors(["big", "bigger", "small"], [[1e30, 0], [2e30, 2e30], [0, 1e-30]])
    assert vectors.most_similar("big") == [("bigger", pytest.approx(0.5**0.5)), ("small", 0.0)]


def test_a_single_word_has_no_neighbors():
    assert Vectors(["alone"], [[1.0]]).most_similar("alone", n=5) == []


def test_an_unknown_word_is_a_key_error_that_names_near_spellings(vectors):
    for ask in (
        lambda: vectors["kinng"],
        lambda: vectors.similarity("king", "kinng"),
        lambda: vectors.most_similar("kinng"),
    ):
        with pytest.raises(KeyError, match="king") as caught:
            ask()
        assert isinstance(caught.value, FirthError)
        assert not str(caught.value).startswith(("'", '"'))


def test_n_below_one_is_refused(vectors):
    with pytest.raises(OptionError, match="at least 1"):
        vectors.most_similar("king", n=0)


def test_side_by_side_is_center_then_outside(vectors):
    assert vectors.side_by_side().tolist() == np.hstack([MATRIX, -MATRIX]).tolist()
    assert vectors.side_by_side().dtype == np.float32
    with pytest.raises(FirthError, match="no outside vectors"):
        Vectors(WORDS, MATRIX).side_by_side()


def test_a_looked_up_vector_cannot_be_changed_in_place(vectors):
    with pytest.raises(ValueError, match="read-only"):
        vectors["king"][0] = 1.0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"words": []}, "no words"),
        ({"words": ["a", "b", "a", "c"]}, "'a' is there twice"),
        ({"words": ["a", "", "b", "c"]}, "non-empty"),
        ({"words": ["a", 3, "b", "c"]}, "strings"),
        ({"words": ["a", "\ud800", "b", "c"]}, "Unicode"),
        ({"words": ["a", "b"]}, "4 rows for 2 words"),
        ({"matrix": np.zeros(4)}, "must be"),
        ({"matrix": np.zeros((4, 0))}, "must be"),
        ({"matrix": np.where(MATRIX == 4.0, np.nan, MATRIX)}, "'king'"),
        ({"matrix": np.where(MATRIX == 4.0, 1e300, MATRIX)}, "'king'"),
        ({"outside": np.zeros((4, 3))}, "columns"),
        ({"counts": [1, 2, 3]}, "counts"),
        ({"counts": [1, 2, 3, -4]}, "counts"),
        ({"counts": [1.5, 2, 3, 4]}, "counts"),
        ({"settings": {"a": {1}}}, "JSON"),
        ({"settings": {"a": float("nan")}}, "JSON"),
        ({"settings": {"a": "\ud800"}}, "JSON"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, sentence):
    with pytest.raises(OptionError, match=sentence):
        Vectors(**{"words": WORDS, "matrix": MATRIX, **arguments})


def test_the_light_rooms_import_nothing_heavy():
    code = (
        "import sys, firth.vectors, firth.evaluation, firth.plots; "
        "heavy = {'matplotlib', 'sklearn', 'scipy', 'numba', 'polars', 'firth.training'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
