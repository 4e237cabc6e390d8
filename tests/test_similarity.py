"""Word similarity: ranks with ties, intervals, every form of file, and the figures that gensim gives."""

import json

import numpy as np
import pytest

from firth import DataError, OptionError, Vectors
from firth.datasets import status
from firth.datasets.evaluation_files import SHORT_NAMES, find_evaluation_file
from firth.evaluation import evaluate_similarity
from firth.evaluation.rank_correlation import bootstrap_interval, spearman

ANGLES = {"east": 0.0, "northeast": 0.8, "north": 1.6, "west": 3.1}


@pytest.fixture
def compass():
    """Words whose cosine is that of the angle between them; lengths differ and mean nothing."""
    matrix = [[length * np.cos(angle), length * np.sin(angle)] for length, angle in enumerate(ANGLES.values(), start=1)]
    return Vectors(list(ANGLES), matrix)


def written(tmp_path, text, name="pairs.txt"):
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


def test_spearman_is_pearsons_correlation_of_the_ranks_and_ties_share_theirs():
    # Ranks 1, 2.5, 2.5, 4 and 2, 1, 3, 4: covariance 3, variances 4.5 and 5.
    assert spearman([10, 20, 20, 30], [5, 1, 6, 7]) == pytest.approx(3 / np.sqrt(4.5 * 5))
    assert spearman([1, 2, 3], [1, 10, 100]) == 1.0
    assert spearman([1, 2, 3], [3, 2, 1]) == -1.0


def test_what_orders_nothing_correlates_with_nothing():
    assert spearman([1, 1, 1], [1, 2, 3]) == 0.0


@pytest.mark.parametrize(("x", "y"), [([1], [1]), ([1, 2], [1, 2, 3]), ([[1, 2]], [[1, 2]])])
def test_what_is_not_two_lists_of_equal_length_is_an_error(x, y):
    with pytest.raises(OptionError, match="give two lists"):
        spearman(x, y)


@pytest.mark.parametrize("different", [3, 10, 1000])
def test_spearman_is_scipys(different):
    stats = pytest.importorskip("scipy.stats")
    generator = np.random.default_rng(5)
    for _ in range(20):
        x, y = generator.integers(different, size=(2, 40))
        assert spearman(x, x + y) == pytest.approx(stats.spearmanr(x, x + y).statistic, abs=1e-12)


def test_the_interval_is_that_of_correlations_taken_one_by_one():
    generator = np.random.default_rng(3)
    x = generator.integers(6, size=15)
    y = x + generator.integers(9, size=15)
    draws = np.random.default_rng(8).integers(15, size=(200, 15))
    one_by_one = [spearman(x[rows], y[rows]) for rows in draws]
    interval = bootstrap_interval(x, y, seed=8, resamples=200, level=0.9)
    assert interval == pytest.approx(tuple(np.quantile(one_by_one, [0.05, 0.95])), abs=1e-12)


def test_the_interval_covers_the_true_correlation_about_as_often_as_it_says():
    generator = np.random.default_rng(2)
    truth = 6 / np.pi * np.arcsin(0.6 / 2)  # Spearman's for normal variables whose Pearson correlation is 0.6
    covered = 0
    for seed in range(200):
        x, noise = generator.normal(size=(2, 100))
        low, high = bootstrap_interval(x, 0.6 * x + 0.8 * noise, seed=seed, resamples=300)
        covered += low <= truth <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_resamples_are_the_same_for_one_seed_and_not_for_another():
    x, y = np.random.default_rng(1).normal(size=(2, 3000))  # more than are held in memory at once
    assert bootstrap_interval(x, y, seed=4, resamples=500) == bootstrap_interval(x, y, seed=4, resamples=500)
    assert bootstrap_interval(x, y, seed=4, resamples=500) != bootstrap_interval(x, y, seed=5, resamples=500)


def test_a_model_that_orders_pairs_as_people_do_scores_1(tmp_path, compass):
    path = written(tmp_path, "east northeast 9\neast north 5.5\neast west 1\n")
    result = evaluate_similarity(compass, path)
    assert (result.name, result.pairs, result.found, result.coverage) == ("pairs.txt", 3, 3, 1.0)
    assert result.score == result.score_unknown_as_zero == 1.0
    low, high = result.interval
    assert 0.0 <= low <= high == 1.0


def test_cosines_that_differ_in_their_last_bits_alone_share_a_rank(tmp_path):
    one = np.random.default_rng(1).normal(size=30).astype(np.float32)
    vectors = Vectors(["a", "b", "c", "d"], [one, 3 * one, 7 * one, -one])
    path = written(tmp_path, "a b 1\nb c 1\nc a 1\na a 1\na d 0\n")
    assert evaluate_similarity(vectors, path).score == 1.0


def test_pairs_without_vectors_are_left_out_of_one_score_and_are_0_in_the_other(tmp_path, compass):
    path = written(tmp_path, "east northeast 9\neast west 1\neast up 10\ndown north 8\nnortheast west 0\n")
    result = evaluate_similarity(compass, path)
    assert (result.pairs, result.found, result.coverage) == (5, 3, 0.6)
    cosines = [np.cos(0.8), np.cos(3.1), np.cos(2.3)]
    assert result.score == pytest.approx(spearman([9, 1, 0], cosines))
    assert result.score_unknown_as_zero == pytest.approx(spearman([9, 1, 10, 8, 0], [*cosines[:2], 0, 0, cosines[2]]))
    assert result.score_unknown_as_zero != result.score


@pytest.mark.parametrize(
    "text",
    [
        "east northeast 9\neast  north   5.5\n east west 1 \n",
        "east\tnortheast\t9\neast\tnorth\t5.5\neast\twest\t1",
        "east,northeast,9\r\neast, north, 5.5\r\neast,west,1e0\r\n",
        'Word 1,Word 2,Human (mean)\neast,"northeast",9\neast,north,5.5\neast,west,1\n',
        "word1 word2 SimLex999\neast northeast 9\neast north 5.5\neast west 1\n",
        "\ufeff# a comment\n\none\tother\tscore\neast\tnortheast\t9\neast\tnorth\t5.5\n\neast\twest\t-1\n",
    ],
)
def test_tabs_commas_spaces_headers_and_comments_are_read_alike(tmp_path, compass, text):
    result = evaluate_similarity(compass, written(tmp_path, text))
    assert (result.pairs, result.found, result.score) == (3, 3, 1.0)


def test_words_may_hold_spaces_where_tabs_or_commas_stand_between(tmp_path):
    vectors = Vectors(["new york", "town", "sea"], [[1, 0], [1, 0.1], [0, 1]])
    result = evaluate_similarity(vectors, written(tmp_path, "New York\ttown\t9\nnew york,sea,1\n"))
    assert (result.found, result.score) == (2, 1.0)


def test_case_is_folded_to_the_most_frequent_spelling(tmp_path):
    vectors = Vectors(["paris", "Paris", "France", "sea"], [[0, 1], [1, 0], [1, 0.1], [0, 1]], [2, 7, 5, 5])
    path = written(tmp_path, "PARIS france 9\nparis sea 1\n")
    assert evaluate_similarity(vectors, path).score == 1.0
    path.write_text("paris France 9\nparis sea 1\n")
    assert evaluate_similarity(vectors, path, fold_case=False).score == -1.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a b 1\na b\na b c\n", r"2 lines are malformed, the first, line 2, 'a b', is not word1 word2 score"),
        ("one other score\na b c\na b 1\n", r"one line is malformed, line 2, 'a b c'"),
        ("a b 1\na b nan\n", r"line 2, 'a b nan'"),
        ("nan b nan\na b 1\n", r"line 1, 'nan b nan'"),
        ("a b 3.9x\na b 1\n", r"line 1, 'a b 3.9x'"),
        ("a,b,1\n,b,1\n", r"line 2, ',b,1'"),
        ("a b 1 2\n", r"line 1, 'a b 1 2'"),
        ("a b " + "long" * 99 + " 1\n", r"line 1, 'a b (long)+\.\.\.'"),
        ("\n# nothing\n", "holds no line of the form word1 word2 score"),
        ("one other score\n", "holds no line of the form word1 word2 score"),
        ("up down 1\nin out 2\n", "of 2 pairs, 0 have both words among the vectors"),
        ("east north 1\nin out 2\n", "of 2 pairs, 1 have both words among the vectors"),
    ],
)
def test_a_file_that_can_not_be_used_is_named_with_what_is_wrong(tmp_path, compass, text, said):
    with pytest.raises(DataError, match=r"pairs\.txt") as caught:
        evaluate_similarity(compass, written(tmp_path, text))
    caught.match(said)


def test_what_is_no_text_file_is_an_error(tmp_path, compass):
    with pytest.raises(DataError, match=r"there is no file .*none\.txt, and no test of that name"):
        evaluate_similarity(compass, tmp_path / "none.txt")
    with pytest.raises(DataError, match="cannot read"):
        evaluate_similarity(compass, tmp_path)
    (tmp_path / "pairs.txt").write_bytes(b"caf\xe9 th\xe9 3\n")
    with pytest.raises(DataError, match=r"pairs\.txt is not UTF-8 text \(byte 3\)"):
        evaluate_similarity(compass, tmp_path / "pairs.txt")


def test_a_result_can_be_written_as_json(tmp_path, compass):
    result = evaluate_similarity(compass, written(tmp_path, "east north 9\neast up 5.5\neast west 1\n"))
    plain = json.loads(json.dumps(result.as_dict()))
    assert plain == result.as_dict()
    assert plain["coverage"] == pytest.approx(2 / 3)
    with pytest.raises(AttributeError):
        result.score = 1.0


def needs_eval():
    found = status("eval")
    if found.state != "ready":
        pytest.skip(f"the data set eval is not here: set FIRTH_DATA ({found.problem})")


@pytest.mark.parametrize(("name", "pairs"), [("ws353", 353), ("simlex999", 999), ("EN-RG-65.txt", 65)])
def test_the_known_tests_are_found_by_name_and_read_whole(compass, name, pairs):
    needs_eval()
    with pytest.raises(DataError, match=f"of {pairs} pairs, 0 have both words"):
        evaluate_similarity(Vectors(["zzz"], [[1.0]]), name)


def test_a_file_that_is_there_comes_before_a_name(tmp_path, monkeypatch, compass):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "east northeast 9\neast north 5.5\n", "ws353")
    assert evaluate_similarity(compass, "ws353").pairs == 2


def test_names_are_listed_where_there_is_none_and_the_folder_where_the_data_are_missing(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="no test of that name: the names are ws353, simlex999, rg65, google-analogies"):
        find_evaluation_file("ws535")
    monkeypatch.setenv("FIRTH_DATA", str(tmp_path))
    monkeypatch.setenv("FIRTH_CACHE", str(tmp_path))
    for name in SHORT_NAMES:
        with pytest.raises(DataError, match="into the folder eval of the folder that FIRTH_DATA names"):
            find_evaluation_file(name)


@pytest.mark.parametrize("fold_case", [True, False])
def test_figures_are_gensims(tmp_path, fold_case):
    models = pytest.importorskip("gensim.models", reason="gensim is not installed: pip install --group bench")
    generator = np.random.default_rng(6)
    words = [f"{letter}{number}" for number in range(60) for letter in "wW"][:90]
    keyed = models.KeyedVectors(8)
    keyed.add_vectors(words, generator.normal(size=(90, 8)).astype(np.float32))
    lines = [f"w{a}\tW{b}\t{score / 10}" for a, b, score in generator.integers(60, size=(120, 3))]
    path = written(tmp_path, "\n".join(lines))
    ours = evaluate_similarity(Vectors(words, keyed.vectors), path, fold_case=fold_case)
    left_out, as_zero = (
        keyed.evaluate_word_pairs(str(path), case_insensitive=fold_case, dummy4unknown=dummy) for dummy in (False, True)
    )
    assert ours.score == pytest.approx(left_out[1][0], abs=5e-5)
    assert ours.score_unknown_as_zero == pytest.approx(as_zero[1][0], abs=5e-5)
    assert 100 * (1 - ours.coverage) == pytest.approx(left_out[2])
    assert 0 < ours.coverage < 1
