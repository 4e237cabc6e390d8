"""`firth demo` on a tiny treebank: its files, its errors, and that nothing is lost when it is stopped or killed."""

import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tiny

from firth import Checkpoints, Vectors
from firth.cli import main
from firth.corpus import Vocabulary
from firth.course import demo
from firth.datasets import NotAvailableError
from firth.errors import DataError, MissingExtraError
from firth.files import held
from firth.training import trainer
from firth.training.config import MinibatchConfig

FILES = {"word_vectors.png", "loss.png", "confusion.png", "explorer.html", "vectors.safetensors", "report.json"}
TINY = str(Path(tiny.__file__))


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `firth demo` in this process on the tiny treebank: exit status, standard output, standard error."""
    monkeypatch.setattr(demo, "load_sst", lambda report=None: tiny.tiny_treebank())

    def run(out, *options):
        code = main(["demo", "--out", str(out), *tiny.OPTIONS, *options])
        return (code, *capsys.readouterr())

    return run


def command(out, iterations, *options, checkpoint_every=500):
    """The same as a process of its own."""
    return [
        *(sys.executable, TINY, str(checkpoint_every), "demo", "--out", str(out), *tiny.OPTIONS),
        *("--iterations", str(iterations), *options),
    ]


def files_in(folder):
    return {path.name for path in folder.iterdir() if path.is_file()}


def test_it_writes_its_files_and_says_what_came_out(run, tmp_path):
    code, out, err = run(tmp_path / "out", "--iterations", "300")
    assert code == 0
    assert files_in(tmp_path / "out") == FILES
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["dataset"] == "sst"
    assert report["vocabulary_size"] == len({w for s in tiny.tiny_treebank().sentences for w in s} | {"UNK"})
    assert report["iterations"] == 300
    assert report["training_seconds"] > 0
    assert {"train", "dev", "test", "majority_test"} <= report["sentiment"].keys()
    assert report["options"]["dimensions"] == 4
    for name, entry in report["files"].items():
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == entry["sha256"]
    vectors = Vectors.load(tmp_path / "out" / "vectors.safetensors")
    assert vectors.matrix.shape == vectors.outside.shape == (report["vocabulary_size"], 4)
    assert vectors.settings["final_loss"] == report["final_loss"]
    assert f"{report['final_loss']:.2f} (smoothed)" in out
    assert "300 of 300" in err


def test_the_vectors_tell_the_planted_sentiments_apart(run, tmp_path):
    code, out, _ = run(tmp_path, "--iterations", "3000", "--quiet", "--json")
    report = json.loads(out)
    assert code == 0
    assert report == json.loads((tmp_path / "report.json").read_text())
    assert report["sentiment"]["test"] > 0.9 > 0.5 > report["sentiment"]["majority_test"]
    assert report["sentiment"]["untrained_test"] < 0.9


def test_the_same_seed_gives_the_same_files_and_another_seed_does_not(run, tmp_path):
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert run(tmp_path / name, "--iterations", "100", "--seed", seed)[0] == 0
    a, b, c = ((tmp_path / name / "vectors.safetensors").read_bytes() for name in "abc")
    assert a == b != c
    for name in ("word_vectors.png", "explorer.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_softmax_trains_too(run, tmp_path):
    code, out, _ = run(tmp_path, "--iterations", "3000", "--loss", "softmax", "--step", "0.3", "--json")
    assert code == 0
    assert json.loads(out)["sentiment"]["test"] > 0.8


def test_a_finished_run_can_be_given_more_iterations(run, tmp_path):
    assert run(tmp_path / "more", "--iterations", "100")[0] == 0
    code, _, err = run(tmp_path / "more", "--iterations", "200", "--resume")
    assert code == 0
    assert "resuming at iteration 100" in err
    assert run(tmp_path / "whole", "--iterations", "200")[0] == 0
    more, whole = (tmp_path / name / "vectors.safetensors" for name in ("more", "whole"))
    assert more.read_bytes() == whole.read_bytes()


def test_resuming_with_other_options_names_them(run, tmp_path):
    assert run(tmp_path, "--iterations", "100")[0] == 0
    before = (tmp_path / "report.json").read_bytes()
    code, _, err = run(tmp_path, "--iterations", "100", "--window", "2", "--resume")
    assert code == 2
    assert "window was 5 and is now 2" in err
    assert (tmp_path / "report.json").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("great,wonderfull", 2, "the word 'wonderfull' is not in the vocabulary: did you mean 'wonderful'"),
        ("great", 2, "1 different words can't be drawn"),
        ("great,great", 2, "1 different words can't be drawn"),
    ],
)
def test_wrong_words_are_refused_before_anything_is_made(run, tmp_path, words, code, said):
    assert run(tmp_path / "out", "--words", words)[0] == code
    assert not (tmp_path / "out").exists()
    assert said.replace("'wonderful'", "wonderful") in run(tmp_path / "out", "--words", words)[2]


def test_chosen_words_are_drawn(run, tmp_path):
    assert run(tmp_path, "--iterations", "50", "--words", "great, rain ,coffee")[0] == 0
    assert (tmp_path / "word_vectors.png").read_bytes().startswith(b"\x89PNG")


def test_a_missing_treebank_falls_back_on_python_docs_and_says_so(run, tmp_path, monkeypatch):
    def missing(report=None):
        raise NotAvailableError("sst is not here")

    sentences = [["the", "file", "has", "a", "path", "in", "its", "directory"], ["a", "list", "or", "a", "dict"]] * 20
    monkeypatch.setattr(demo, "load_sst", missing)
    monkeypatch.setattr(demo, "load_python_docs", lambda report: sentences)
    (tmp_path / "confusion.png").write_bytes(b"of an earlier run")
    code, out, err = run(tmp_path, "--dataset", "auto", "--iterations", "50")
    assert code == 0
    assert "sst is not here" in err
    assert "python-docs instead" in err
    assert "sentiment" in out
    assert json.loads((tmp_path / "report.json").read_text())["sentiment"] is None
    assert files_in(tmp_path) == FILES - {"confusion.png"}
    code, _, err = run(tmp_path, "--dataset", "sst", "--iterations", "50")
    assert (code, err) == (1, "firth: sst is not here\n")


def test_a_damaged_treebank_is_an_error_and_never_replaced_by_another_text(run, tmp_path, monkeypatch):
    def damaged(report=None):
        raise DataError("datasetSentences.txt is damaged")

    monkeypatch.setattr(demo, "load_sst", damaged)
    code, _, err = run(tmp_path / "out", "--dataset", "auto")
    assert (code, err) == (1, "firth: datasetSentences.txt is damaged\n")
    assert not (tmp_path / "out").exists()


def test_a_missing_extra_is_told_before_training(run, tmp_path, monkeypatch):
    def missing(module, extra):
        raise MissingExtraError(f"{module} is not installed: run  pip install 'firth[{extra}]'")

    monkeypatch.setattr(demo, "import_extra", missing)
    code, _, err = run(tmp_path / "out")
    assert code == 1
    assert "pip install 'firth[lab]'" in err
    assert not (tmp_path / "out").exists()


def test_an_out_that_can_not_be_written_is_named(run, tmp_path):
    (tmp_path / "file").write_text("in the way")
    code, _, err = run(tmp_path / "file" / "out", "--iterations", "50")
    assert code == 1
    assert f"cannot write {tmp_path / 'file' / 'out'}" in err
    assert err.count("\n") == 1
    assert (tmp_path / "file").read_text() == "in the way"


def on_a_full_disk(folder, room, **environment):
    """Run the command where no file can grow beyond `room` bytes."""

    def full():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    arguments = command(folder / "out", 100)
    return subprocess.run(
        arguments, capture_output=True, text=True, preexec_fn=full, env=os.environ | environment, check=False
    )


@pytest.mark.parametrize("room", [0, 3_000, 20_000])
def test_a_full_disk_leaves_nothing_half_written(tmp_path, room):
    answer = on_a_full_disk(tmp_path, room)
    assert answer.returncode == 1
    assert answer.stderr.splitlines()[-1].startswith("firth: cannot write")
    assert "Traceback" not in answer.stderr
    assert not list(tmp_path.rglob("*.part"))
    assert not (tmp_path / "out" / "report.json").exists()


@pytest.mark.slow
def test_kernels_that_can_not_be_kept_are_no_error(tmp_path):
    answer = on_a_full_disk(tmp_path, 12_000, NUMBA_CACHE_DIR=str(tmp_path / "numba"))
    assert "compiling the trainer" in answer.stderr
    assert answer.stderr.splitlines()[-1].startswith(f"firth: cannot write {tmp_path / 'out'}")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_leaves_a_checkpoint_and_says_how_to_go_on(tmp_path, number, code):
    process = subprocess.Popen(command(tmp_path, 10**9), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: list((tmp_path / "checkpoints").glob("checkpoint-*")))
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    last = err.splitlines()[-1]
    assert last.startswith("firth: stopped at iteration ")
    assert last.endswith(f"--out {tmp_path} {' '.join(tiny.OPTIONS)} --iterations 1000000000 --resume")
    stopped_at = int(last.split()[4].replace(",", ""))
    resumed = subprocess.run(command(tmp_path, stopped_at + 1, "--resume"), capture_output=True, text=True, check=True)
    assert f"resuming at iteration {stopped_at:,}" in resumed.stderr


@pytest.mark.slow
def test_a_run_killed_at_ten_random_moments_ends_with_the_same_bits(tmp_path):
    iterations = 60_000
    started = time.monotonic()
    subprocess.run(command(tmp_path / "whole", iterations), capture_output=True, check=True)
    seconds = time.monotonic() - started
    kills = random.Random(5)
    for _ in range(10):
        process = subprocess.Popen(command(tmp_path / "killed", iterations, "--resume"), stderr=subprocess.PIPE)
        time.sleep(kills.uniform(0.2, 0.9) * seconds)
        process.kill()
        process.communicate()
    subprocess.run(command(tmp_path / "killed", iterations, "--resume"), capture_output=True, check=True)
    for name in FILES - {"report.json"}:
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert not list((tmp_path / "killed").rglob("*.part"))


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.needs_sst
def test_the_assignments_run_on_the_real_treebank(capsys, tmp_path):
    assert main(["demo", "--out", str(tmp_path), "--dataset", "sst", "--json", "--quiet"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["vocabulary_size"] == 19_539
    assert report["iterations"] == 40_000
    assert 9.3 <= report["final_loss"] <= 9.9
    assert report["sentiment"]["majority_test"] == pytest.approx(0.2308, abs=1e-4)
    assert report["sentiment"]["largest_class_test"] == pytest.approx(0.2864, abs=1e-4)
    assert {"train", "dev", "test", "untrained_test"} <= report["sentiment"].keys()
    vectors = Vectors.load(tmp_path / "vectors.safetensors")
    assert len(vectors) == 19_539
    assert all(word in vectors for group in demo.SST_WORDS.values() for word in group)


def test_two_runs_in_one_folder_are_kept_apart(run, tmp_path):
    with held(tmp_path / "checkpoints"):
        code, _, err = run(tmp_path, "--iterations", "50")
    assert code == 1
    assert err.splitlines()[-1].startswith(f"firth: another run is working in {tmp_path / 'checkpoints'}")
    assert run(tmp_path, "--iterations", "50")[0] == 0


def test_an_interrupt_after_training_says_how_to_go_on_and_leaves_no_old_report(run, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    assert run(tmp_path, "--iterations", "50")[0] == 0
    monkeypatch.setattr(demo, "_sentiment", interrupted)
    code, _, err = run(tmp_path, "--iterations", "60")
    assert code == 130
    assert "stopped: go on with" in err
    assert err.rstrip().endswith("--resume")
    assert not (tmp_path / "report.json").exists()


def test_a_stop_before_the_first_iteration_leaves_a_checkpoint_too(tmp_path):
    text = trainer.EncodedText(*Vocabulary.from_sentences([["a", "b"]]).encode([["a", "b"]]), np.array([1, 1]))
    config = MinibatchConfig(iterations=3, subsample=1.0)
    checkpoints = Checkpoints(tmp_path)
    stopped = trainer.train_minibatch(text, config, checkpoints=checkpoints, should_stop=lambda: True)
    assert stopped.iteration == 0
    assert checkpoints.latest()[0].iteration == 0
    assert trainer.train_minibatch(text, config, checkpoints=checkpoints, resume=True).finished


def test_more_words_than_a_picture_holds_are_refused_before_training(run, tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "MOST_WORDS", 3)
    code, _, err = run(tmp_path / "out", "--words", "great,rain,coffee,tea")
    assert code == 2
    assert "give 2 to 3" in err
    assert not (tmp_path / "out").exists()
