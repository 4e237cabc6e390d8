"""Questions to vectors: answers equal those of plain NumPy, for one query and many, however the search is cut."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firth.errors import FirthError, OptionError
from firth.spelling import UnknownWordError
from firth.vectors import Vectors, nearest_rows
from firth.vectors.nearest_rows import unit

rng = np.random.default_rng(11)
V, D = 300, 12
WORDS = [f"w{number}" for number in range(V)]
MATRIX = rng.normal(size=(V, D)).astype(np.float32)
OUTSIDE = rng.normal(size=(V, D)).astype(np.float32)
UNIT = MATRIX / np.linalg.norm(MATRIX.astype(np.float64), axis=1, keepdims=True)


@pytest.fixture(params=[False, True], ids=["as stored", "normalized"])
def vectors(request) -> Vectors:
    return Vectors(WORDS, MATRIX, range(V, 0, -1), OUTSIDE, {"seed": 1}, normalized=request.param)


@pytest.fixture(params=[40, 1 << 22], ids=["small blocks", "one block"])
def cut(request, monkeypatch):
    """The same answers are demanded of a search in many small blocks."""
    monkeypatch.setattr(nearest_rows, "_BLOCK_SCORES", request.param)
    monkeypatch.setattr(nearest_rows, "_QUERIES_AT_ONCE", 7 if request.param == 40 else 1024)


def ranking(query, without, n, scores=None):
    """Sort every cosine."""
    cosines = UNIT @ query / np.linalg.norm(query) if scores is None else scores
    order = [WORDS[place] for place in np.argsort(-cosines, kind="stable") if WORDS[place] not in without]
    return order[:n]


def named(answer):
    return [word for word, _ in answer]


def test_many_queries_are_answered_as_one_by_one(vectors, cut):
    queries = [[word] for word in WORDS[:50]]
    answers = vectors.most_similar(queries, n=6)
    assert len(answers) == 50
    for (word,), answer in zip(queries, answers, strict=True):
        assert named(answer) == ranking(UNIT[vectors.index[word]], {word}, 6)
        assert answer == vectors.most_similar(word, n=6)


def test_positive_less_negative_is_3cosadd_of_unit_vectors(vectors, cut):
    query = UNIT[3] + UNIT[9] - UNIT[20]
    answer = vectors.most_similar(["w3", "w9"], ["w20"], 8)
    assert named(answer) == ranking(query, {"w3", "w9", "w20"}, 8)
    best = vectors.index[answer[0][0]]
    assert answer[0][1] == pytest.approx(UNIT[best] @ query / np.linalg.norm(query), abs=1e-6)
    assert vectors.analogy("w20", "w3", "w9", 8) == answer
    assert vectors.most_similar([["w3", "w9"], ["w1", "w2"]], [["w20"], []], 8)[0] == answer


def test_3cosmul_multiplies_and_divides(vectors, cut):
    halves = (1 + UNIT @ UNIT[[3, 9, 20]].T) / 2
    scores = halves[:, 0] * halves[:, 1] / (halves[:, 2] + 1e-6)
    answer = vectors.most_similar(["w3", "w9"], ["w20"], 8, method="3cosmul")
    assert named(answer) == ranking(None, {"w3", "w9", "w20"}, 8, scores)
    assert answer[0][1] == pytest.approx(scores[vectors.index[answer[0][0]]])
    assert vectors.most_similar([["w3", "w9"]] * 70, [["w20"]] * 70, 8, method="3cosmul") == [answer] * 70


def test_restricting_and_excluding(vectors, cut):
    query = UNIT[250]
    every = ranking(query, {"w250"}, V)
    first = [word for word in every if int(word[1:]) < 100]
    assert named(vectors.most_similar("w250", n=5, restrict=100)) == first[:5]
    some = [every[7], every[2], every[40], "w250"]
    assert named(vectors.most_similar("w250", n=5, restrict=some)) == [every[2], every[7], every[40]]
    assert named(vectors.most_similar("w250", n=5, exclude=every[:3])) == every[3:8]
    both = vectors.most_similar("w250", n=5, restrict=100, exclude=[first[0], "nobody"], method="3cosmul")
    assert named(both) == first[1:6]
    assert named(vectors.most_similar_to(query, 3, exclude=every[:3], restrict=some)) == ["w250", every[7], every[40]]


def test_nearest_to_vectors(vectors, cut):
    assert vectors.most_similar_to(MATRIX[5], 1) == [("w5", 1.0)]
    answers = vectors.most_similar_to(MATRIX[5:8] * 3, 4)
    assert [answer[0][0] for answer in answers] == ["w5", "w6", "w7"]
    for wrong in (MATRIX[5, :3], np.full(D, np.nan), np.zeros((1, 2, D))):
        with pytest.raises(OptionError, match="12 finite numbers"):
            vectors.most_similar_to(wrong)


@given(st.lists(st.lists(st.integers(-2, 2), min_size=2, max_size=2), min_size=1, max_size=30), st.integers(1, 40))
@settings(max_examples=150)
def test_ties_stand_in_the_order_of_words_however_the_search_is_cut(numbers, n):
    matrix = np.array(numbers, dtype=np.float32)
    vectors = Vectors([f"w{row}" for row in range(len(matrix))], matrix)
    lengths = np.linalg.norm(matrix.astype(float), axis=1)
    cosines = np.round((matrix @ matrix[0]) / np.where(lengths * lengths[0] > 0, lengths * lengths[0], 1), 9)
    cosines[0] = -np.inf
    expected = [f"w{row}" for row in np.argsort(-cosines, kind="stable")[: min(n, len(matrix) - 1)]]
    with pytest.MonkeyPatch.context() as patch:
        for size in (1, 5, 1 << 20):
            patch.setattr(nearest_rows, "_BLOCK_SCORES", size)
            assert named(vectors.most_similar("w0", n=n)) == expected


def test_similarities_of_many_pairs(vectors):
    pairs = [("w1", "w2"), ("w3", "nobody"), ("w4", "w4")]
    expected = [UNIT[1] @ UNIT[2], 0, 1]
    assert vectors.similarities(pairs, "zero") == pytest.approx(expected, abs=1e-6)
    assert vectors.similarities(pairs, "skip") == pytest.approx([expected[0], 1], abs=1e-6)
    with pytest.raises(UnknownWordError, match="nobody"):
        vectors.similarities(pairs)


def test_unknown_words_of_a_query_are_an_error_or_skipped_or_zero(vectors):
    with pytest.raises(KeyError, match="nobody"):
        vectors.most_similar(["w1", "nobody"])
    for unknown in ("skip", "zero"):
        assert vectors.most_similar(["w1", "nobody"], unknown=unknown) == vectors.most_similar("w1")
    with pytest.raises(OptionError, match="error, skip, zero"):
        vectors.most_similar("w1", unknown="ignore")


def test_rank_and_closer_than_count_what_is_nearer(vectors):
    order = ranking(UNIT[0], {"w0"}, V)
    assert vectors.rank("w0", order[0]) == 1
    assert vectors.rank("w0", order[17]) == 18
    assert sorted(vectors.closer_than("w0", order[17])) == sorted(order[:17])


def test_the_odd_one_out_is_farthest_from_the_mean():
    vectors = Vectors(["cat", "dog", "cow", "car"], [[1, 0.1], [1, 0], [2, -0.1], [0.1, 1]])
    assert vectors.odd_one_out(["cat", "car", "dog", "cow"]) == "car"
    assert vectors.odd_one_out(["cat", "car", "dog", "bus"], unknown="skip") == "car"
    with pytest.raises(OptionError, match="at least two"):
        vectors.odd_one_out(["cat", "bus"], unknown="skip")


def test_predicted_outside_words_are_the_softmax_of_the_model(vectors):
    scores = OUTSIDE.astype(np.float64) @ MATRIX[5].astype(np.float64)
    chances = np.exp(scores) / np.exp(scores).sum()
    answer = vectors.predict_outside("w5", n=V)
    assert named(answer) == [WORDS[place] for place in np.argsort(-chances)]
    assert [chance for _, chance in answer] == pytest.approx(sorted(chances, reverse=True))
    mean = OUTSIDE.astype(np.float64) @ MATRIX[5:7].mean(axis=0)
    assert vectors.predict_outside(["w5", "w6"], n=1)[0][0] == WORDS[int(mean.argmax())]
    with pytest.raises(FirthError, match="no outside vectors"):
        Vectors(WORDS, MATRIX).predict_outside("w5")
    with pytest.raises(FirthError, match="tree"):
        Vectors(WORDS, MATRIX, None, OUTSIDE, {"objective": "hierarchical-softmax"}).predict_outside("w5")


def test_the_graph_holds_each_words_nearest(vectors, cut):
    graph = vectors.neighbours_graph(4)
    assert graph.places.shape == graph.cosines.shape == (V, 4)
    for row in (0, 150, 299):
        assert [WORDS[place] for place in graph.places[row]] == ranking(UNIT[row], {WORDS[row]}, 4)
        assert graph.cosines[row] == pytest.approx(UNIT[graph.places[row]] @ UNIT[row], abs=1e-6)
    assert Vectors(["a", "b"], [[1.0], [2.0]]).neighbours_graph(3).places.tolist() == [[1, -1, -1], [0, -1, -1]]


def test_searching_holds_no_second_copy_of_the_matrix():
    import tracemalloc

    matrix = rng.normal(size=(100_000, 40)).astype(np.float32)
    vectors = Vectors([f"w{row}" for row in range(len(matrix))], matrix)
    tracemalloc.start()
    vectors.most_similar("w7")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < matrix.nbytes / 2


def test_bad_arguments_are_named(vectors):
    for ask, said in [
        (lambda: vectors.most_similar(), "query is empty"),
        (lambda: vectors.most_similar("w1", method="cosine"), "3cosadd, 3cosmul"),
        (lambda: vectors.most_similar("w1", n=True), "at least 1"),
        (lambda: vectors.most_similar("w1", restrict=0), "restrict is 0"),
        (lambda: vectors.most_similar([["w1"], ["w2"]], [["w3"]]), "2 queries and negative 1"),
        (lambda: vectors.most_similar([["w1"]], "w"), "a list of lists of words"),
        (lambda: vectors.most_similar([["w1"], ["w2"]], ["w3", "w4"]), "a list of lists of words"),
        (lambda: vectors.most_similar("w1", restrict=[]), "restrict holds no words"),
    ]:
        with pytest.raises(OptionError, match=said):
            ask()
    assert vectors.most_similar("w1", n=np.int64(2)) == vectors.most_similar("w1", n=2)
    assert vectors.most_similar("w1", restrict=np.int64(5)) == vectors.most_similar("w1", restrict=5)
    assert vectors.most_similar(word for word in ["w1", "w2"]) == vectors.most_similar(["w1", "w2"])


def test_a_query_of_which_no_word_is_left_has_no_answers(vectors):
    assert vectors.most_similar("nobody", unknown="skip") == []
    answers = vectors.most_similar([["nobody"], ["w1"]], n=3, unknown="skip")
    assert answers == [[], vectors.most_similar("w1", n=3)]


def test_words_with_spaces_are_asked_for_between_quotes():
    from firth.vectors.questions import answer

    vectors = Vectors(["new york", "york", '"', '"a', 'b"', "city"], np.eye(6, 3) + 0.1)
    assert answer(vectors, ' "new york"  - york', 1).query == '"new york" - york'
    assert answer(vectors, '"a - "new york"', 1).words == vectors.most_similar('"a', "new york", 1)
    assert answer(vectors, '"new york" ~ york').cosine == vectors.similarity("new york", "york")
    assert answer(vectors, '"a ~ "').cosine == vectors.similarity('"a', '"')


def test_3cosmul_is_exact_beside_words_opposite_to_a_negative_one():
    rng = np.random.default_rng(7)
    matrix = rng.standard_normal((600, 10)).astype(np.float32)
    matrix[300:] = -matrix[5] + 1e-3 * matrix[300:]
    units = unit(matrix)
    scores = (1 + units @ units[9]) / 2 / ((1 + units @ units[5]) / 2 + 1e-6)
    scores[[5, 9]] = -np.inf
    answer = Vectors([str(row) for row in range(600)], matrix).most_similar("9", "5", 5, method="3cosmul")
    assert [int(word) for word, _ in answer] == np.argsort(-scores)[:5].tolist()


def test_3cosmul_takes_rows_that_point_the_same_way_in_their_order():
    matrix = np.random.default_rng(1).standard_normal((3000, 1)).astype(np.float32)
    same = (np.flatnonzero(matrix[1:, 0] * matrix[0, 0] > 0) + 1).tolist()
    opposite = str(int(np.argmax(matrix[:, 0] * matrix[0, 0] < 0)))
    answer = Vectors([str(row) for row in range(3000)], matrix).most_similar("0", opposite, 20, method="3cosmul")
    assert [int(word) for word, _ in answer] == same[:20]


def most_memory(ask):
    """Bytes that a question takes at most."""
    tracemalloc.start()
    try:
        ask()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_words_excluded_from_many_queries_are_not_kept_for_each():
    vectors = Vectors([str(row) for row in range(3000)], np.random.default_rng(1).standard_normal((3000, 4)))
    queries = [[str(row)] for row in range(500)]
    plain = most_memory(lambda: vectors.most_similar(queries))
    assert most_memory(lambda: vectors.most_similar(queries, exclude=vectors.words[1000:])) < plain + 5_000_000


def test_one_query_never_decodes_the_whole_matrix(tmp_path):
    matrix = np.random.default_rng(1).standard_normal((200_000, 20), dtype=np.float32)
    Vectors([str(row) for row in range(200_000)], matrix).save(tmp_path / "v.safetensors", dtype="int8")
    vectors = Vectors.load(tmp_path / "v.safetensors")
    vectors.most_similar("1", restrict=1)
    assert most_memory(lambda: vectors.most_similar("1")) < matrix.nbytes / 2
