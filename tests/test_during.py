"""Scores while vectors are learned: the right ones, at the right times, in the history, and with nothing changed."""

import json

import numpy as np
import pytest
from planted import planted_text

from firth import Corpus, DataError, FirthError, OptionError, Vectors, Word2Vec
from firth.cli import main
from firth.during import EvaluationDuringTraining
from firth.evaluation import evaluate_analogies, evaluate_similarity
from firth.training.engine import Parameters, TrainingRun, train
from firth.training.parameters import first_parameters

OPTIONS = {"dimensions": 20, "window": 3, "epochs": 6, "learning_rate": 0.05, "subsample": 0.0, "deterministic": True}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIRTH_CACHE", str(tmp_path / "cache"))
    text, topics = planted_text()
    first, second = [[f"w{word}" for word in topic] for topic in topics]
    pairs = [f"{a} {b} {score}" for a, b, score in zip(first, first[1:], range(11), strict=False)]
    pairs += [f"{a} {b} -{score}" for score, (a, b) in enumerate(zip(first, second, strict=True))]
    (tmp_path / "pairs.txt").write_text("\n".join([*pairs, "up down 3"]) + "\n")
    (tmp_path / "questions.txt").write_text(
        ": one\n"
        + "".join(f"{a} {b} {c} {d}\n" for a, b, c, d in zip(first, second, first[1:], second[1:], strict=False))
    )
    lines = [
        " ".join(f"w{word}" for word in text.ids[start:end].tolist())
        for start, end in zip(text.offsets[:-1], text.offsets[1:], strict=True)
    ]
    (tmp_path / "text.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def corpus():
    return Corpus.from_text("text.txt", min_count=1, cache=False)


def test_the_last_scores_are_those_of_the_vectors_that_come_out(folder):
    evaluation = EvaluationDuringTraining(["pairs.txt", "questions.txt"])
    model = Word2Vec(**OPTIONS).fit(corpus(), callbacks=[evaluation])
    assert evaluation.scores == {
        "pairs.txt": evaluate_similarity(model.vectors, "pairs.txt").score,
        "questions.txt": evaluate_analogies(model.vectors, "questions.txt").total.accuracy,
    }
    assert evaluation.scores["pairs.txt"] > 0.3
    entries = [entry for entry in model.run_.history if "evaluation" in entry]
    assert [entry["epoch"] for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert entries[-1]["evaluation"] == evaluation.scores
    assert entries[0]["evaluation"] != evaluation.scores
    assert evaluation.times == 6
    assert evaluation.seconds == pytest.approx(sum(entry["evaluation_seconds"] for entry in entries))


def test_scores_are_a_column_of_the_history(folder):
    model = Word2Vec(**OPTIONS).fit(corpus(), callbacks=[EvaluationDuringTraining(["pairs.txt"], 3)])
    column = model.history_["evaluation"].drop_nulls()
    assert [list(each) for each in column.to_list()] == [["pairs.txt"]] * 2


@pytest.mark.parametrize("deterministic", [True, False])
def test_the_vectors_are_the_same_bits_with_and_without(folder, deterministic):
    options = {**OPTIONS, "deterministic": deterministic, "threads": 1}
    plain = Word2Vec(**options).fit(corpus()).vectors
    scored = Word2Vec(**options).fit(corpus(), callbacks=[EvaluationDuringTraining(["pairs.txt"], 0.1)]).vectors
    assert scored.matrix.tobytes() == plain.matrix.tobytes()
    assert scored.outside.tobytes() == plain.outside.tobytes()


@pytest.mark.parametrize(("every", "times"), [(1, 6), (2, 3), (4, 2), (100, 1)])
def test_evaluations_are_as_often_as_asked_and_one_is_at_the_end(folder, every, times):
    evaluation = EvaluationDuringTraining(["pairs.txt"], every)
    model = Word2Vec(**OPTIONS).fit(corpus(), callbacks=[evaluation])
    words = [entry["words"] for entry in model.run_.history if "evaluation" in entry]
    assert len(words) == times
    assert words[-1] == model.run_.total_words


def test_several_an_epoch_come_with_the_reports_between(folder, monkeypatch):
    evaluation, asked = EvaluationDuringTraining(["pairs.txt"], 0.25), []
    monkeypatch.setattr(evaluation, "_evaluate", lambda run: asked.append(run.words))
    words = [f"w{word}" for word in range(24)]
    evaluation.know(words, np.ones(24, np.int64))
    matrix = np.zeros((25, 32), np.float32)
    run = TrainingRun(Word2Vec(**OPTIONS)._config(), 600, Parameters(matrix, matrix, np.zeros(24, bool)))
    evaluation.on_start(run)
    for run.words in (10, 25, 30, 49, 60, 100):
        evaluation.on_report(run)
    assert asked == [25, 60, 100]


def test_going_on_from_vectors_is_scored_by_all_their_words(folder):
    model = Word2Vec(**OPTIONS).fit(corpus())
    evaluation = EvaluationDuringTraining(["pairs.txt"])
    model.partial_fit([["w1", "w2", "new"]] * 20, update_vocabulary=True, callbacks=[evaluation])
    assert evaluation.scores == {"pairs.txt": evaluate_similarity(model.vectors, "pairs.txt").score}


def test_the_command_writes_scores_to_its_log_and_its_answer(capsys, folder):
    arguments = ["train", "text.txt", "-o", "v.safetensors", "--min-count", "1", "--epochs", "3", "--dimensions", "16"]
    during = ["--during", "pairs.txt", "--during", "questions.txt", "--during-every", "1", "--log", "log.jsonl"]
    assert main([*arguments, *during, "--json"]) == 0
    out, err = capsys.readouterr()
    entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    scored = [entry for entry in entries if "evaluation" in entry]
    assert [entry["epoch"] for entry in scored] == [1, 2, 3]
    assert scored[-1]["evaluation"] == json.loads(out)["evaluation"]
    assert set(scored[0]["evaluation"]) == {"pairs.txt", "questions.txt"}
    assert (
        scored[-1]["evaluation"]["pairs.txt"] == evaluate_similarity(Vectors.load("v.safetensors"), "pairs.txt").score
    )
    assert "evaluated 3 times in " in err


def test_little_coverage_is_told_before_the_training(folder):
    (folder / "few.txt").write_text("w1 w2 3\nw1 w3 4\n" + "up down 2\n" * 3)
    said = []
    Word2Vec(**OPTIONS).fit(corpus(), callbacks=[EvaluationDuringTraining(["few.txt"], announce=said.append)])
    assert said[0] == "warning: few.txt: 40% is found in the vocabulary, so it says little"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--during", "nothing.txt"], 1, "there is no file nothing.txt"),
        (["--during", "bad.txt"], 1, "line 2, 'w1 w2', is not word1 word2 score"),
        (["--during", "foreign.txt"], 1, "of 2 pairs, 0 have all their words in the vocabulary"),
        (["--during", "pairs.txt", "--during", "pairs.txt"], 2, "names pairs.txt twice"),
        (["--during", "pairs.txt", "--during-every", "0"], 2, "every is 0.0"),
        (["--during", "pairs.txt", "--during-every", "nan"], 2, "every is nan"),
    ],
)
def test_what_can_not_be_scored_is_told_before_the_training(capsys, folder, arguments, code, said):
    (folder / "bad.txt").write_text("w1 w2 3\nw1 w2\n")
    (folder / "foreign.txt").write_text("auf ab 3\nein aus 4\n")
    assert main(["train", "text.txt", "-o", "v.safetensors", "--min-count", "1", "-q", *arguments]) == code
    out, err = capsys.readouterr()
    assert said in err
    assert (out, err.count("\n")) == ("", 1)
    assert not (folder / "v.safetensors").exists()


def test_a_list_of_tests_is_demanded_and_so_are_words(folder):
    with pytest.raises(OptionError, match="give a list"):
        EvaluationDuringTraining("pairs.txt")
    text, _ = planted_text()
    config = Word2Vec(**OPTIONS)._config()
    with pytest.raises(FirthError, match="call know"):
        train(text, config, first_parameters(24, config), callbacks=[EvaluationDuringTraining(["pairs.txt"])])
    with pytest.raises(DataError, match="no file nothing"):
        EvaluationDuringTraining(["nothing"])
