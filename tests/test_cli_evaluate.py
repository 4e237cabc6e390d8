"""`firth evaluate`: one table with coverage, JSON with the same, warnings where little is covered, plain mistakes."""

import json

import numpy as np
import pytest

from firth import Vectors
from firth.cli import main
from firth.evaluation import evaluate_analogies, evaluate_similarity

PAIRS = "sun moon 7\nsun star 6\nmoon sea 4\nstar ship 3\nsea ship 8\nship comet 1\n"
QUESTIONS = ": sky\nsun moon star sea\nmoon sun star ship\n: gram1\nsun sky star skies\n"


def firth(capsys, *arguments):
    code = main([str(each) for each in arguments])
    return (code, *capsys.readouterr())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    matrix = np.random.default_rng(1).normal(size=(6, 4))
    Vectors(["sun", "moon", "star", "sea", "ship", "sky"], matrix, [60, 50, 40, 30, 20, 10]).save("v.safetensors")
    (tmp_path / "pairs.txt").write_text(PAIRS)
    (tmp_path / "questions.txt").write_text(QUESTIONS)
    return tmp_path


def test_one_table_holds_scores_intervals_and_coverage(capsys, folder):
    code, out, err = firth(
        capsys, "evaluate", "v.safetensors", "--similarity", "pairs.txt", "--analogies", "questions.txt", "--quiet"
    )
    vectors = Vectors.load("v.safetensors")
    pairs = evaluate_similarity(vectors, "pairs.txt")
    accuracy = evaluate_analogies(vectors, "questions.txt").total.accuracy
    assert code == 0
    rows = [line.split("  ") for line in out.splitlines()]
    cells = [[cell.strip() for cell in row if cell] for row in rows]
    assert cells[0] == ["test", "score", "95 % interval", "found", "of", "coverage", "unknown as 0"]
    interval = f"{pairs.interval[0]:.4f} to {pairs.interval[1]:.4f}"
    zero = f"{pairs.score_unknown_as_zero:.4f}"
    assert cells[1] == ["pairs.txt", f"{pairs.score:.4f}", interval, "5", "6", "83.3%", zero]
    assert cells[2][:5] == ["questions.txt", f"{accuracy:.2%}", "2", "3", "66.7%"]
    assert [row[0] for row in cells[3:7]] == ["semantic", "syntactic", "sky", "gram1"]
    assert cells[6] == ["gram1", "-", "0", "1", "low", "0.0%", "0.00%"]
    assert "3cosadd among the 6 most frequent words" in out
    assert "Spearman" in out
    assert "--restrict is 30,000 and there are 6 words: all of them may answer" in err


def test_json_holds_the_same_and_nothing_else_is_printed(capsys, folder):
    arguments = ("v.safetensors", "--similarity", "pairs.txt", "--analogies", "questions.txt", "--restrict", "5")
    code, out, err = firth(capsys, "evaluate", *arguments, "--method", "3cosmul", "--json", "--quiet")
    answer = json.loads(out)
    vectors = Vectors.load("v.safetensors")
    assert code == 0
    assert (answer["file"], answer["words"], answer["dimensions"]) == ("v.safetensors", 6, 4)
    assert answer["similarity"] == [evaluate_similarity(vectors, "pairs.txt").as_dict()]
    assert answer["analogies"] == [evaluate_analogies(vectors, "questions.txt", 5, "3cosmul").as_dict()]
    assert answer["analogies"][0]["restrict"] == 5
    assert [f"warning: {each}" for each in answer["warnings"]] == err.splitlines()


def test_options_may_be_given_several_times_and_each_test_has_its_rows(capsys, folder):
    (folder / "more.txt").write_text("sun moon 7\nsun star 6\n")
    repeated = ["--similarity", "pairs.txt", "--similarity", "more.txt"]
    code, out, _ = firth(capsys, "evaluate", "v.safetensors", *repeated, "--json")
    assert code == 0
    assert [each["name"] for each in json.loads(out)["similarity"]] == ["pairs.txt", "more.txt"]
    _, out, _ = firth(capsys, "evaluate", "v.safetensors", *repeated)
    assert "analogies" not in out


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--similarity", PAIRS + "up down 1\n" * 4, ""),
        ("--similarity", PAIRS + "up down 1\n" * 5, "t.txt: 5 of 11 pairs are found, less than half"),
        ("--analogies", ": one\nsun moon star sea\nup down in out\n", ""),
        ("--analogies", ": one\nsun moon star sea\nup down in out\na b c d\n", "t.txt: 1 of 3 questions are found"),
        ("--analogies", QUESTIONS, "t.txt: less than half of the questions are found in 1 of 2 sections"),
    ],
)
def test_coverage_under_half_carries_a_warning(capsys, folder, option, text, said):
    (folder / "t.txt").write_text(text)
    code, _, err = firth(capsys, "evaluate", "v.safetensors", option, "t.txt", "--restrict", "6", "--quiet")
    assert code == 0
    assert (said in err) if said else (err == "")
    assert err.count("\n") == bool(said)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("none.safetensors", "--similarity", "pairs.txt"), 1, "none.safetensors"),
        (("pairs.txt", "--similarity", "pairs.txt"), 1, "pairs.txt"),
        (("v.safetensors", "--similarity", "ws354"), 1, "no file ws354, and no test of that name: the names are ws353"),
        (("v.safetensors", "--similarity", "questions.txt"), 1, "line 1, ': sky', is not word1 word2 score"),
        (("v.safetensors", "--analogies", "pairs.txt"), 1, "line 1, 'sun moon 7', is not the four words"),
        (("v.safetensors", "--analogies", "."), 1, "holds no BATS file"),
        (("v.safetensors", "--analogies", "questions.txt", "--restrict", "0"), 2, "restrict is 0"),
        (("v.safetensors", "--analogies", "questions.txt", "--restrict", "2"), 1, "among the 2 most frequent; raise"),
        (("v.safetensors", "--analogies", "questions.txt", "--method", "cos"), 2, "method is 'cos'"),
    ],
)
def test_mistakes_are_one_sentence_and_nothing_is_printed(capsys, folder, arguments, code, said):
    found, out, err = firth(capsys, "evaluate", *arguments, "--quiet")
    assert (found, out) == (code, "")
    assert said in err
    assert err.startswith("firth: ")
    assert err.count("\n") == 1


def test_names_of_tests_without_the_data_say_where_to_put_them(capsys, folder, monkeypatch):
    monkeypatch.setenv("FIRTH_DATA", str(folder))
    monkeypatch.setenv("FIRTH_CACHE", str(folder))
    code, _, err = firth(capsys, "evaluate", "v.safetensors", "--analogies", "google-analogies")
    assert code == 1
    assert "into the folder eval of the folder that FIRTH_DATA names" in err


@pytest.fixture
def named_tests(folder, monkeypatch):
    """A data set eval of two tests, made of the words here."""
    from firth.datasets import evaluation_files
    from firth.datasets.places import FileCheck

    (folder / "EN-WS-353-ALL.txt").write_text(PAIRS)
    (folder / "questions-words.txt").write_text(QUESTIONS)
    checks = [
        FileCheck(folder / file, "ready" if (folder / file).exists() else "missing", f"{file} is missing: put it there")
        for file in evaluation_files.SHORT_NAMES.values()
    ]
    monkeypatch.setattr(evaluation_files, "verify", lambda name: checks)
    return folder


def test_without_a_test_those_that_are_here_are_taken_and_others_named(capsys, named_tests):
    code, out, err = firth(capsys, "evaluate", "v.safetensors", "--json", "--quiet")
    answer = json.loads(out)
    assert code == 0
    assert [each["name"] for each in answer["similarity"]] == ["EN-WS-353-ALL.txt"]
    assert [each["name"] for each in answer["analogies"]] == ["questions-words.txt"]
    assert "not found: simlex999, rg65 (EN-SIMLEX-999.txt is missing: put it there)" in err
    assert answer["geometry"] is None


def test_a_test_that_does_not_fit_is_warned_of_and_none_is_an_error(capsys, named_tests):
    (named_tests / "EN-WS-353-ALL.txt").write_text("auf ab 3\nein aus 2\n")
    code, out, err = firth(capsys, "evaluate", "v.safetensors", "--quiet")
    assert code == 0
    assert "questions-words.txt" in out
    assert "EN-WS-353-ALL.txt: of 2 pairs, 0 have both words" in err
    (named_tests / "questions-words.txt").write_text(": one\nauf ab ein aus\n")
    code, out, err = firth(capsys, "evaluate", "v.safetensors", "--quiet")
    assert (code, out) == (1, "")
    assert "none of the 2 tests that are here can be scored; the last, " in err


def test_without_any_test_it_is_said_where_they_belong(capsys, folder, monkeypatch):
    monkeypatch.setenv("FIRTH_DATA", str(folder))
    monkeypatch.setenv("FIRTH_CACHE", str(folder))
    code, out, err = firth(capsys, "evaluate", "v.safetensors")
    assert (code, out) == (1, "")
    assert "no test is on this machine, not found: ws353, simlex999, rg65, google-analogies (" in err
    assert "into the folder eval" in err


def test_geometry_is_measured_alone_or_beside_tests(capsys, folder):
    code, out, _ = firth(capsys, "evaluate", "v.safetensors", "--geometry")
    assert code == 0
    assert out.startswith("\nhubness")
    assert "of 4" in out
    code, out, _ = firth(capsys, "evaluate", "v.safetensors", "--geometry", "--similarity", "pairs.txt")
    assert "pairs.txt" in out
    assert "isotropy" in out
    _, out, _ = firth(capsys, "evaluate", "v.safetensors", "--geometry", "--json", "--quiet")
    assert json.loads(out)["geometry"]["words"] == 6
