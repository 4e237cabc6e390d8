"""The same twice: what `--deterministic` promises of the saved file, and what is promised of every run's numbers."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from planted import planted_sentences, write_planted

from firth import Corpus, Vectors, Word2Vec
from firth.vectors.native import content_checksum

OPTIONS = ["--deterministic", "--dimensions", "30", "--min-count", "1", "--subsample", "1e-2", "--epochs", "30", "-q"]


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIRTH_CACHE", str(tmp_path / "cache"))
    write_planted(tmp_path / "text.txt", 5, sentences=2_500)
    return tmp_path


def started(out, *arguments, **environment):
    command = [sys.executable, "-m", "firth", "train", "text.txt", "-o", out, *OPTIONS, *arguments]
    return subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)


def saved(out, *arguments, **environment):
    """SHA-256 of the words, counts and vectors of a file that the command saved, as `firth verify` tells it."""
    assert started(out, *arguments, **environment).wait(timeout=600) == 0
    return content_checksum(Vectors.load(out, verify=True))


@pytest.mark.slow
def test_saved_vectors_have_one_checksum_whatever_the_threads_the_repeat_the_kill_and_the_processor(text):
    found = {
        f"{threads} threads, time {repeat}": saved("v.safetensors", "--threads", str(threads))
        for threads in (1, 2, 8)
        for repeat in (1, 2, 3)
    }
    found["killed and resumed"] = _killed_and_resumed()
    if os.uname().machine == "x86_64":
        older = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma,+bmi2,+lzcnt,+popcnt"}
        found["haswell"] = saved("v.safetensors", "--threads", "2", **older, NUMBA_CACHE_DIR=str(text / "compiled"))
        assert Vectors.load("v.safetensors").settings["provenance"]["processor"]["name"] == "haswell"
    assert len(set(found.values())) == 1, found
    assert saved("other.safetensors", "--seed", "2") not in found.values()


def _killed_and_resumed():
    kept = ["--checkpoint", "kept", "--every", "20kwords", "--resume", "--threads", "2"]
    moments, kills = random.Random(3), 0
    while kills < 3:
        process = started("killed.safetensors", *kept)
        before = set(Path("kept").glob("checkpoint-*"))
        while process.poll() is None and set(Path("kept").glob("checkpoint-*")) <= before:
            time.sleep(0.005)
        time.sleep(moments.random() * 0.05)
        if process.poll() is not None:
            break
        process.kill()
        process.wait()
        kills += 1
    assert kills
    return saved("killed.safetensors", *kept)


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_words_counted_are_those_of_the_text_times_the_epochs_exactly(threads, deterministic):
    corpus = Corpus.from_text(planted_sentences(7, sentences=1_203, length=7), min_count=1)
    options = {"threads": threads, "deterministic": deterministic, "dimensions": 5, "subsample": 1e-2}
    model = Word2Vec(epochs=3, **options).fit(corpus)
    assert len(corpus.ids) == 1_203 * 7
    assert model.run_.words == model.run_.total_words == 3 * 1_203 * 7
    assert model.vectors.settings["words"] == model.history_["words"][-1] == 3 * 1_203 * 7


@pytest.mark.slow
def test_the_command_tells_as_many_words(text):
    command = [sys.executable, "-m", "firth", "train", "text.txt", "-o", "v.safetensors", *OPTIONS, "--json"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert told["words"] == told["total_words"] == 30 * 2_500 * 8
