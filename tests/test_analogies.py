"""Analogies: what is right by definition, both methods against a plain loop, and the figures that gensim gives."""

import json

import numpy as np
import pytest

from firth import DataError, OptionError, Vectors
from firth.datasets import status
from firth.evaluation import analogies, evaluate_analogies

GOOGLE = """: capitals
Athens Greece Oslo Norway
Oslo Norway Athens Greece
Athens Greece Rome Italy
: gram1-plural
cat cats dog dogs
"""


@pytest.fixture
def planted():
    """Capitals are their countries plus one direction, plurals their singulars plus another; dogs lie elsewhere."""
    places = {
        "Athens": [4, 0, 0, 1, 0],
        "Greece": [4, 0, 0, 0, 0],
        "Oslo": [0, 4, 0, 1, 0],
        "Norway": [0, 4, 0, 0, 0],
        "cat": [0, 0, 4, 0, 0],
        "cats": [0, 0, 4, 0, 2],
        "dog": [0, 1, 3, 0, 0],
        "dogs": [-1, 0, 0, -1, -1],
        "mouse": [0, 1, 3, 0, 1],
    }
    return Vectors(list(places), list(places.values()), range(20, 20 - len(places), -1))


def written(tmp_path, text=GOOGLE, name="questions.txt"):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def counts(score):
    return (score.questions, score.found, score.correct)


@pytest.mark.parametrize("method", ["3cosadd", "3cosmul"])
def test_sections_kinds_and_the_total_are_counted(tmp_path, planted, method):
    result = evaluate_analogies(planted, written(tmp_path), method=method)
    assert [(each.name, each.kind, *counts(each)) for each in result.sections] == [
        ("capitals", "semantic", 3, 2, 2),
        ("gram1-plural", "syntactic", 1, 1, 0),
    ]
    assert counts(result.semantic) == (3, 2, 2)
    assert counts(result.syntactic) == (1, 1, 0)
    assert counts(result.total) == (4, 3, 2)
    assert (result.name, result.method, result.restrict) == ("questions.txt", method, 9)
    assert result.total.accuracy == pytest.approx(2 / 3)
    assert result.total.accuracy_unknown_as_wrong == 0.5
    assert result.total.coverage == 0.75


def test_candidates_and_questions_are_those_of_the_most_frequent_words(tmp_path, planted):
    result = evaluate_analogies(planted, written(tmp_path), restrict=4)
    assert (result.restrict, counts(result.total)) == (4, (4, 2, 2))
    assert counts(result.syntactic) == (1, 0, 0)
    assert result.syntactic.accuracy is None
    backwards = Vectors(planted.words[::-1], planted.matrix[::-1], planted.counts[::-1])
    assert evaluate_analogies(backwards, written(tmp_path), restrict=4) == result
    unknown = Vectors(planted.words[::-1], planted.matrix[::-1])
    with pytest.raises(DataError, match="of 4 questions none has all its words among the 4 most frequent; raise"):
        evaluate_analogies(unknown, written(tmp_path), restrict=4)


def test_the_words_of_the_question_are_no_answers_in_any_spelling(tmp_path):
    words = {"king": [1, 0.1], "man": [1, 0], "KING": [1, 0.2], "queen": [0.9, 0.4], "woman": [1, 0.15]}
    vectors = Vectors(list(words), list(words.values()))
    path = written(tmp_path, ": family\nman king woman queen\nman king man king\n")
    # KING is nearest to the sum: an answer of its own, or king once more.
    assert counts(evaluate_analogies(vectors, path, fold_case=False).total) == (2, 2, 0)
    assert counts(evaluate_analogies(vectors, path).total) == (2, 2, 1)


def test_the_most_frequent_spelling_stands_for_a_word_and_any_spelling_is_right(tmp_path):
    rows = {
        "Rose": [1, 0, 0, 0],
        "rose": [0, 1, 0, 0],
        "day": [0, 0, 1, 0],
        "days": [0, 0, 1, 1],
        "Roses": [1, 0, 0, 1],
    }
    rows |= {"stood": [0, 1, 0, 1], "roses": [0, 0, 1, 0.5]}
    path = written(tmp_path, ": gram\nday days ROSE roses\n")
    for frequent, right in (([9, 3], 1), ([3, 9], 0)):
        vectors = Vectors(list(rows), list(rows.values()), [*frequent, 2, 2, 1, 1, 2])
        assert counts(evaluate_analogies(vectors, path).total) == (1, 1, right)


def test_where_every_word_belongs_to_the_question_nothing_is_right(tmp_path):
    vectors = Vectors(["a", "b", "c"], np.eye(3))
    assert counts(evaluate_analogies(vectors, written(tmp_path, ": s\na b c a\n")).total) == (1, 1, 0)


def noisy_grid(rows=40, seed=4):
    """Words x0..., y0... with y_i near x_i plus one direction, so that some questions come out right and some wrong."""
    generator = np.random.default_rng(seed)
    base = generator.normal(size=(rows, 12))
    matrix = np.vstack([base, base + 1.5 * generator.normal(size=12) + 0.9 * generator.normal(size=(rows, 12))])
    words = [f"x{i}" for i in range(rows)] + [f"y{i}" for i in range(rows)]
    order = generator.permutation(2 * rows)
    pairs = [(f"x{i}", f"y{i}") for i in range(rows)]
    questions = [(*one, *other) for one in pairs for other in pairs if one != other]
    return Vectors([words[i] for i in order], matrix[order].astype(np.float32)), questions


def plainly(vectors, questions, method):
    """The definition, one question and one candidate after the other."""
    matrix = vectors.matrix.astype(np.float64)
    cosines = (matrix @ matrix.T) / np.outer(*2 * [np.linalg.norm(matrix, axis=1)])
    right = 0
    for question in questions:
        a, b, c, answer = (vectors.index[word] for word in question)
        scores = {}
        for d in set(range(len(vectors))) - {a, b, c}:
            if method == "3cosadd":
                scores[d] = cosines[d, b] - cosines[d, a] + cosines[d, c]
            else:
                near_a, near_b, near_c = ((1 + cosines[d, word]) / 2 for word in (a, b, c))
                scores[d] = near_b * near_c / (near_a + 0.001)
        right += max(scores, key=scores.get) == answer
    return right


@pytest.mark.parametrize("method", ["3cosadd", "3cosmul"])
@pytest.mark.parametrize("cells", [1 << 24, 1])
def test_the_batched_answers_are_those_of_the_definition(tmp_path, monkeypatch, method, cells):
    vectors, questions = noisy_grid()
    monkeypatch.setattr(analogies, "_CELLS", cells)
    monkeypatch.setattr(analogies, "_NARROWEST", 32)  # with 80 candidates: three blocks
    path = written(tmp_path, ": grid\n" + "\n".join(" ".join(question) for question in questions))
    expected = plainly(vectors, questions, method)
    assert 0.1 < expected / len(questions) < 0.9
    assert evaluate_analogies(vectors, path, method=method).total.correct == expected


def test_the_two_methods_differ(tmp_path):
    vectors, questions = noisy_grid()
    path = written(tmp_path, ": grid\n" + "\n".join(" ".join(question) for question in questions))
    assert len({evaluate_analogies(vectors, path, method=method).total.correct for method in analogies.METHODS}) == 2


def test_a_zero_vector_is_no_error(tmp_path, planted):
    matrix = planted.matrix.copy()
    matrix[planted.index["Oslo"]] = 0
    result = evaluate_analogies(Vectors(planted.words, matrix), written(tmp_path), method="3cosmul")
    assert result.total.found == 3


def bats(tmp_path, planted_answers="Greece/Hellas"):
    written(tmp_path, f"Athens\t{planted_answers}\nOslo Norge/Norway\nRome\tItaly\n", "B/3_Enc/E01 [capitals].txt")
    written(tmp_path, "cat\tcats\ndog\tdogs\n", "B/1_Infl/I01 [noun - plural].txt")
    written(tmp_path, "this is no BATS file\n", "B/README.txt")
    return tmp_path / "B"


def test_each_ordered_pair_of_lines_of_a_bats_file_is_a_question(tmp_path, planted):
    result = evaluate_analogies(planted, bats(tmp_path))
    assert [(each.name, each.kind, *counts(each)) for each in result.sections] == [
        ("I01 [noun - plural]", "syntactic", 2, 2, 1),
        ("E01 [capitals]", "semantic", 6, 2, 2),
    ]


def test_in_bats_any_answer_is_right_and_the_first_known_one_is_asked_with(tmp_path, planted):
    assert counts(evaluate_analogies(planted, bats(tmp_path, "Hellas/cat/Greece")).semantic) == (6, 2, 1)
    assert counts(evaluate_analogies(planted, bats(tmp_path, "Hellas/Greece/cat")).semantic) == (6, 2, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (": s\na b c\na b c d e\na b c d\n", r"2 lines are malformed, the first, line 2, 'a b c', is not the four"),
        ("a b c d\n: s\n", "line 1, is before the first section: begin with a line such as  : family"),
        (": s\n\n", "holds no question"),
        ("", "holds no question"),
        (": s\na b c d\n", "of 1 questions none has all its words among the 9 most frequent"),
    ],
)
def test_a_file_that_can_not_be_used_is_named_with_what_is_wrong(tmp_path, planted, text, said):
    with pytest.raises(DataError, match=r"questions\.txt.*" + said):
        evaluate_analogies(planted, written(tmp_path, text))


def test_a_folder_that_can_not_be_used_is_named_with_what_is_wrong(tmp_path, planted):
    with pytest.raises(DataError, match="holds no BATS file"):
        evaluate_analogies(planted, tmp_path)
    written(tmp_path, "Athens Greece\nOslo\nRome /\n", "E01 [capitals].txt")
    with pytest.raises(DataError, match=r"E01 \[capitals\]\.txt: 2 lines .* line 2, 'Oslo', is not a word and its"):
        evaluate_analogies(planted, tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"restrict": 0}, "restrict is 0: it must be a whole number from 1"),
        ({"restrict": 2.5}, "restrict is 2.5"),
        ({"restrict": True}, "restrict is True"),
        ({"method": "3CosAdd"}, "method is '3CosAdd': it must be one of 3cosadd, 3cosmul"),
    ],
)
def test_options_are_checked_before_anything_is_read(planted, options, said):
    with pytest.raises(OptionError, match=said):
        evaluate_analogies(planted, "no such file", **options)


def test_progress_is_reported_in_questions(tmp_path, planted):
    seen = []
    evaluate_analogies(planted, written(tmp_path), report=lambda *each: seen.append(each))
    assert seen == [(3, 4, "capitals"), (4, 4, "gram1-plural")]


def test_a_result_can_be_written_as_json(tmp_path, planted):
    result = evaluate_analogies(planted, written(tmp_path), restrict=4)
    plain = json.loads(json.dumps(result.as_dict()))
    assert plain == result.as_dict()
    assert plain["restrict"] == 4
    assert plain["syntactic"]["accuracy"] is None
    assert plain["total"]["correct"] == 2
    with pytest.raises(AttributeError):
        result.restrict = 5


def test_googles_questions_are_read_whole():
    found = status("eval")
    if found.state != "ready":
        pytest.skip(f"the data set eval is not here: set FIRTH_DATA ({found.problem})")
    words = ["athens", "greece", "oslo", "norway", "cat", "cats", "dog", "dogs"]
    result = evaluate_analogies(Vectors(words, np.eye(8)), "google-analogies")
    assert len(result.sections) == 14
    assert (result.semantic.questions, result.syntactic.questions) == (8869, 10675)
    assert (result.semantic.found, result.syntactic.found) == (2, 2)


@pytest.mark.parametrize("fold_case", [True, False])
@pytest.mark.parametrize("restrict", [100, 70])
def test_figures_are_gensims(tmp_path, restrict, fold_case):
    models = pytest.importorskip("gensim.models", reason="gensim is not installed: pip install --group bench")
    vectors, questions = noisy_grid()
    words = [word.upper() if row % 7 == 0 else word for row, word in enumerate(vectors.words)]
    extra = [word.title() if word.islower() else word.lower() for word in words[::4]]
    words, matrix = [*words, *extra], np.vstack([vectors.matrix, vectors.matrix[: len(extra)] + 0.1])
    keyed = models.KeyedVectors(12)
    keyed.add_vectors(words, matrix)
    halves = [questions[: len(questions) // 3], questions[len(questions) // 3 :]]
    path = written(
        tmp_path, "\n".join(line for half in halves for line in [": part", *(" ".join(each) for each in half)])
    )
    ours = evaluate_analogies(Vectors(words, matrix), path, restrict=restrict, fold_case=fold_case)
    score, sections = keyed.evaluate_word_analogies(str(path), restrict_vocab=restrict, case_insensitive=fold_case)
    assert ours.total.accuracy == pytest.approx(score, abs=5e-5)
    for mine, theirs in zip([*ours.sections, ours.total], sections, strict=True):
        assert (mine.correct, mine.found - mine.correct) == (len(theirs["correct"]), len(theirs["incorrect"]))
    assert 0.05 < score < 0.95
