"""`firth train`: text in, a file of vectors out, also where it is stopped early; mistakes are told before the work."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise

import pytest
from planted import TOPIC_SIZE, planted_text, separation

from firth import Vectors, signals
from firth.cli import main
from firth.signals import StoppedError, StopRequest

SMALL = ("--dimensions", "16", "--window", "3", "--subsample", "0", "--min-count", "1", "--threads", "1")
LEARNS = (*SMALL, "--epochs", "30", "--learning-rate", "0.1")


def firth(capsys, *arguments):
    code = main([str(each) for each in arguments])
    return (code, *capsys.readouterr())


def written(path, text):
    ids, bounds = text.ids.tolist(), text.offsets.tolist()
    lines = [" ".join(f"w{each}" for each in ids[a:b]) for a, b in pairwise(bounds)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where text.txt holds two topics whose words never stand together."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIRTH_CACHE", str(tmp_path / "cache"))
    written(tmp_path / "text.txt", planted_text()[0])
    return tmp_path


@pytest.fixture
def before(capsys, folder):
    """Vectors of text.txt but for its last 24 words, in before.safetensors."""
    assert firth(capsys, "train", "text.txt", "-o", "before.safetensors", *SMALL, "--max-size", "20", "-q")[0] == 0
    return Vectors.load("before.safetensors")


def topic_words():
    return [[f"w{each}" for each in topic] for topic in planted_text()[1]]


def test_what_is_trained_separates_the_topics_and_the_table_says_what_was_done(capsys, folder):
    code, out, err = firth(capsys, "train", "text.txt", "-o", "v.safetensors", *LEARNS)
    assert code == 0
    shown = dict(line.split("  ", 1) for line in out.splitlines()[1:])
    assert shown["words"].strip() == "96,000 in 30 epochs"
    assert shown["vocabulary"].strip() == "24 words"
    assert shown["training"].strip().endswith("words/s")
    assert 0 < float(shown["loss"]) < 4
    assert shown["written"].strip() == "v.safetensors"
    assert "reading: " in err
    assert "training: 96,000 of 96,000" in err
    assert "learning rate" in err
    vectors = Vectors.load("v.safetensors")
    rows = [[vectors.index[word] for word in words] for words in topic_words()]
    assert len(rows[0]) == TOPIC_SIZE
    assert separation(vectors.matrix, rows) > 0.5
    assert vectors.outside is not None


def test_the_answer_as_json_and_the_log_hold_the_same_run(capsys, folder):
    arguments = ("train", "text.txt", "-o", "v.safetensors", *SMALL, "--epochs", "2", "--log", "log", "--json", "-q")
    code, out, err = firth(capsys, *arguments)
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert (answer["words"], answer["vocabulary"], answer["stopped"]) == (6_400, 24, None)
    assert answer["settings"]["epochs"] == 2
    assert answer["settings"] == Vectors.load("v.safetensors").settings
    assert answer["words_per_second"] == pytest.approx(answer["words"] / answer["seconds"])
    assert answer["reading"]["tokens"] == 3_200
    history = [json.loads(line) for line in (folder / "log").read_text().splitlines()]
    assert history[-1]["words"] == 6_400
    assert history[-1]["loss"] == answer["loss"]


def test_every_option_of_learning_reaches_the_run(capsys, folder):
    options = {
        "architecture": "cbow",
        "objective": "negative-sampling",
        "dimensions": 9,
        "window": 2,
        "shrink_window": False,
        "negatives": 3,
        "negative_exponent": 0.5,
        "subsample": 0.5,
        "subsample_rule": "paper",
        "context_gradient": "word2vec",
        "epochs": 3,
        "learning_rate": 0.05,
        "final_learning_rate": 0.01,
        "schedule": "constant",
        "warmup": 0.1,
        "held_out": 0.1,
        "patience": 3,
        "threads": 1,
        "deterministic": True,
        "seed": 5,
    }
    flags = {True: "--{}", False: "--no-{}"}
    arguments = []
    for name, value in options.items():
        dashed = name.replace("_", "-")
        arguments += [flags[value].format(dashed)] if isinstance(value, bool) else [f"--{dashed}", value]
    assert firth(capsys, "train", "text.txt", "-o", "v.safetensors", *arguments, "-q")[0] == 0
    settings = Vectors.load("v.safetensors").settings
    assert {name: settings[name] for name in options} == options


def test_reading_options_reach_the_corpus(capsys, folder):
    (folder / "more.txt").write_text("A1 b a1 b c\n" * 9)
    arguments = ("--tokenizer", "whitespace", "--digits", "fold", "--lowercase", "--min-count", "10", "--unknown", "?")
    code, out, _ = firth(
        capsys,
        "train",
        "more.txt",
        "-o",
        "v.safetensors",
        *arguments,
        "--max-sentence",
        "2",
        "--subsample",
        "0",
        "--json",
        "-q",
    )
    assert code == 0
    assert set(Vectors.load("v.safetensors").words) == {"a0", "b", "?"}
    assert json.loads(out)["reading"]["sentences"] == 27


def test_hierarchical_softmax_leaves_no_outside_vectors(capsys, folder):
    code, *_ = firth(
        capsys, "train", "text.txt", "-o", "v.safetensors", *SMALL, "--objective", "hierarchical-softmax", "-q"
    )
    assert code == 0
    assert Vectors.load("v.safetensors").outside is None


def test_the_same_seed_gives_the_same_file_on_two_threads(capsys, folder):
    for name in ("a.safetensors", "b.safetensors"):
        options = (*SMALL[:-1], "2", "--deterministic", "--seed", "3", "-q")
        assert firth(capsys, "train", "text.txt", "-o", name, *options)[0] == 0
    assert (folder / "a.safetensors").read_bytes() == (folder / "b.safetensors").read_bytes()


def test_start_takes_over_vectors_and_freeze_start_keeps_them(capsys, before):
    arguments = ("train", "text.txt", "-o", "v.safetensors", "--start", "before.safetensors", *SMALL[2:], "-q")
    assert firth(capsys, *arguments, "--freeze-start")[0] == 0
    after = Vectors.load("v.safetensors")
    assert (len(before), len(after)) == (20, 24)
    assert all((after[word] == before[word]).all() for word in before.words)
    assert firth(capsys, *arguments)[0] == 0
    moved = Vectors.load("v.safetensors")
    assert not any((moved[word] == before[word]).all() for word in before.words)


def test_words_named_by_freeze_stay(capsys, before):
    arguments = ("train", "text.txt", "-o", "v.safetensors", "--start", "before.safetensors", *SMALL[2:], "-q")
    assert firth(capsys, *arguments, "--freeze", f"{before.words[0]}, {before.words[2]}")[0] == 0
    after = Vectors.load("v.safetensors")
    assert [(after[word] == before[word]).all() for word in before.words[:3]] == [True, False, True]


def test_update_goes_on_and_adds_words_only_where_asked(capsys, folder, before):
    (folder / "new.txt").write_text(f"{before.words[0]} fresh {before.words[1]} fresh\n" * 40)
    arguments = (
        "train",
        "new.txt",
        "-o",
        "v.safetensors",
        "--update",
        "before.safetensors",
        *SMALL[4:6],
        "--threads",
        "1",
        "-q",
    )
    assert firth(capsys, *arguments)[0] == 0
    same = Vectors.load("v.safetensors")
    assert same.words == before.words
    assert same.counts[0] == before.counts[0] + 40
    assert not (same[before.words[0]] == before[before.words[0]]).all()
    assert firth(capsys, *arguments, "--update-vocabulary", "--freeze-start")[0] == 0
    grown = Vectors.load("v.safetensors")
    assert grown.words == [*before.words, "fresh"]
    assert (grown.matrix[:20] == before.matrix).all()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--window", "0"), 2, "window is 0"),
        (("--negatives", "-1"), 2, "negatives is -1"),
        (("--dimensions", "0"), 2, "dimensions is 0"),
        (("--epochs", "0"), 2, "epochs is 0"),
        (("--learning-rate", "nan"), 2, "learning_rate is nan"),
        (("--learning-rate", "fast"), 2, "Invalid value for '--learning-rate'"),
        (("--architecture", "skipgram"), 2, "did you mean skip-gram?"),
        (("--objective", "softmin"), 2, "did you mean softmax?"),
        (("--patience", "1"), 2, "patience needs a loss to watch"),
        (("--threads", "0"), 2, "threads is 0"),
        (("--update-vocabulary",), 2, "--update-vocabulary adds words to the vectors of --update"),
        (("--freeze-start",), 2, "--freeze-start keeps the vectors of --start or --update"),
        (("--start", "a", "--update", "b"), 2, "choose one"),
        (("--update", "a", "--objective", "hierarchical-softmax"), 2, "use --start"),
        (("--start", "none.safetensors"), 1, "none.safetensors"),
        (("--start", "text.txt"), 1, "text.txt"),
        (("-o", "vectors.txt"), 2, "let the name end in that"),
        (("-o", "no/folder/v.safetensors"), 1, "cannot write no/folder/v.safetensors: there is no folder no/folder"),
        (("-o", "is.safetensors"), 2, "is.safetensors is a folder"),
        (("--log", "no/log"), 1, "cannot write no/log"),
    ],
)
def test_mistakes_are_one_sentence_before_the_text_is_read(capsys, folder, arguments, code, said):
    (folder / "is.safetensors").mkdir()
    output = () if "-o" in arguments else ("-o", "v.safetensors")
    found, out, err = firth(capsys, "train", "no-such-text.txt", *output, *arguments)
    assert (found, out) == (code, "")
    assert said in err
    assert err.startswith("firth: ")
    assert err.count("\n") == 1
    assert not (folder / "v.safetensors").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--min-count", "9999"), 2, "min_count"),
        (("--tokenizer", "word"), 2, "tokenizer is 'word'"),
        (("--max-sentence", "0"), 2, "max_sentence is 0"),
        (("--min-count", "1", "--max-size", "1", "--objective", "hierarchical-softmax"), 2, "needs two words"),
        (("--freeze", "nonsense"), 2, "frozen names 'nonsense'"),
    ],
)
def test_mistakes_that_the_text_shows_are_one_sentence(capsys, folder, arguments, code, said):
    found, out, err = firth(capsys, "train", "text.txt", "-o", "v.safetensors", *arguments, "-q")
    assert (found, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1
    assert not (folder / "v.safetensors").exists()


def test_vectors_of_other_dimensions_are_refused_where_dimensions_are_given(capsys, before):
    code, _, err = firth(
        capsys, "train", "text.txt", "-o", "v.safetensors", "--start", "before.safetensors", "--dimensions", "9", "-q"
    )
    assert code == 2
    assert "dimensions is 9, and the vectors to start from have 16" in err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_told_before_the_text_is_read(capsys, folder):
    (folder / "locked").mkdir(mode=0o500)
    code, _, err = firth(capsys, "train", "no-such-text.txt", "-o", "locked/v.safetensors")
    assert code == 1
    assert "cannot write locked: Permission denied" in err


def endless(folder):
    """A training that goes on until it is stopped, once it has begun to learn."""
    text = folder / "text.txt"
    text.write_text(text.read_text() * 1_000)
    command = [sys.executable, "-m", "firth", "train", "text.txt", "-o", "v.safetensors", *SMALL]
    command += ["--epochs", "1000000", "--log", "log", "-q"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    log, latest = folder / "log", time.monotonic() + 120
    while not (log.exists() and log.read_text().count("\n") > 1):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < latest
        time.sleep(0.02)
    return process


def finished(process):
    """What a process printed, once it has ended; one that goes on regardless is ended."""
    try:
        return process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_writes_the_vectors_so_far_and_says_so(folder, number, code):
    with endless(folder) as process:
        process.send_signal(number)
        out, err = finished(process)
    assert process.returncode == code
    assert "stopped     asked to stop" in out
    assert err.splitlines() == [
        "stopping: the vectors so far are written to v.safetensors (once more stops at once)",
        "firth: stopped; the vectors so far are in v.safetensors",
    ]
    vectors = Vectors.load(folder / "v.safetensors")
    assert len(vectors) == 24
    assert 0 < vectors.settings["words"] < 3_200_000_000


@pytest.mark.slow
def test_a_second_stop_leaves_at_once_and_nothing_half_written(folder):
    with endless(folder) as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, err = finished(process)
    assert process.returncode == 143
    assert err.endswith("firth: stopped at once; v.safetensors is not written, and no file is left half-written\n")
    assert {each.name for each in folder.iterdir()} <= {"text.txt", "log", "cache"}


def test_what_a_stop_says_is_given(monkeypatch):
    monkeypatch.setattr(signals, "ONE_REQUEST_SECONDS", 0.0)
    said = []
    with StopRequest(said.append, "at the next corner", "here and now") as stop:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(StoppedError, match="here and now"):
            signal.raise_signal(signal.SIGINT)
    assert stop()
    assert said == ["at the next corner"]
