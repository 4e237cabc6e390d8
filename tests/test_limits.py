"""What a run needs is known before it begins, and one that can't fit says so in one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from firth import Corpus, FirthError, Word2Vec, limits
from firth.cli import main
from firth.training.config import TrainingConfig
from firth.training.needs import needs_of

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where text.txt is, of 2,000 different words."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIRTH_CACHE", str(tmp_path / "cache"))
    words = np.random.default_rng(1).integers(0, 2_000, (3_000, 10))
    (tmp_path / "text.txt").write_text("\n".join(" ".join(f"w{word}" for word in row) for row in words) + "\n")
    return tmp_path


def train(capsys, *arguments):
    code = main(["train", "text.txt", "-o", "v.safetensors", "--min-count", "1", "-q", *arguments])
    return (code, *capsys.readouterr())


def test_a_dry_run_says_what_is_needed_and_writes_nothing(capsys, folder):
    code, out, err = train(capsys, "--dry-run", "--json", "--dimensions", "50", "--checkpoint", "kept")
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert (answer["words"], answer["sentences"], answer["vocabulary"]) == (30_000, 3_000, 2_000)
    assert answer["text_sha256"] == Corpus.from_text("text.txt", min_count=1).checksum()
    assert answer["memory"] > 2 * 2_000 * 64 * 4
    assert answer["disk"] > answer["file"] + 3 * 2 * 2_000 * 64 * 4
    assert not (folder / "v.safetensors").exists()
    assert not (folder / "kept").exists()
    shown = train(capsys, "--dry-run")[1]
    assert "2,000 words" in shown
    assert "memory      about " in shown
    assert train(capsys, "--dimensions", "50")[0] == 0
    size = (folder / "v.safetensors").stat().st_size
    assert size <= answer["file"] <= 1.05 * size + 5_000


def test_checkpoints_need_no_more_than_was_said(folder):
    corpus = Corpus.from_text("text.txt", min_count=1)
    model = Word2Vec(dimensions=50, epochs=1)
    needed = model.needs(corpus)
    model.fit(corpus, checkpoint="kept", every="5 kwords")
    sizes = [path.stat().st_size for path in Path("kept").glob("checkpoint-*")]
    assert len(sizes) == 2
    assert 3 * max(sizes) <= needed.checkpoints <= 3 * max(sizes) + 4_000_000


def test_what_does_not_fit_into_memory_is_refused_in_a_sentence(capsys, folder, monkeypatch):
    monkeypatch.setattr(limits, "memory_free", lambda: 10_000_000)
    code, out, err = train(capsys, "--dimensions", "1000")
    assert (code, out) == (1, "")
    assert "firth: this needs 17 MB more memory, and 10 MB are free: lower dimensions, or keep fewer words" in err
    assert err.count("\n") == 1
    with pytest.raises(FirthError, match="more memory, and 10 MB are free"):
        Word2Vec(dimensions=1_000).fit(Corpus.from_text("text.txt", min_count=1))
    assert train(capsys, "--dimensions", "10")[0] == 0


def test_what_the_disk_has_no_room_for_is_refused_before_the_training(capsys, folder, monkeypatch):
    class Usage:
        free = 1_000_000

    monkeypatch.setattr(limits.shutil, "disk_usage", lambda _: Usage)
    code, _, err = train(capsys, "--dimensions", "100")
    assert code == 1
    assert "this needs 1.6 MB of disk, and 1.0 MB are free where . is: make room" in err
    assert train(capsys, "--dimensions", "10")[0] == 0
    code, _, err = train(capsys, "--dimensions", "10", "--checkpoint", "kept")
    assert code == 1
    assert "are free where kept is" in err


def test_folders_on_one_disk_share_its_room(tmp_path, monkeypatch):
    class Usage:
        free = 100

    monkeypatch.setattr(limits.shutil, "disk_usage", lambda _: Usage)
    limits.demand_disk({tmp_path: 60})
    with pytest.raises(FirthError, match=r"0\.0 MB of disk"):
        limits.demand_disk({tmp_path: 60, tmp_path / "not" / "there": 60})


def files(root, **contents):
    for name, content in contents.items():
        path = root / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def test_the_machine_and_the_narrowest_container_bound_the_memory(tmp_path):
    assert limits.memory_free(tmp_path) is None or sys.platform != "win32"
    files(tmp_path, proc__meminfo="MemTotal: 9 kB\nMemAvailable:   1000 kB\nSwapFree: 24 kB\n")
    assert limits.memory_free(tmp_path) == 1_024 * 1_024
    files(
        tmp_path,
        proc__self__cgroup="0::/outer/inner\n",
        sys__fs__cgroup__outer__memory_DOT_max="500000\n",
        sys__fs__cgroup__outer__memory_DOT_current="300000\n",
        sys__fs__cgroup__outer__memory_DOT_stat="active_file 1000\ninactive_file 500\nanon 7\n",
        sys__fs__cgroup__outer__inner__memory_DOT_max="max\n",
        sys__fs__cgroup__outer__inner__memory_DOT_current="300000\n",
    )
    assert limits.memory_free(tmp_path) == 201_500
    files(
        tmp_path,
        proc__self__cgroup="4:memory:/old\n",
        sys__fs__cgroup__memory__old__memory_DOT_limit_in_bytes="100000\n",
        sys__fs__cgroup__memory__old__memory_DOT_usage_in_bytes="90000\n",
        sys__fs__cgroup__memory__old__memory_DOT_stat="total_inactive_file 2000\n",
    )
    assert limits.memory_free(tmp_path) == 12_000


@pytest.mark.parametrize(
    ("options", "more"),
    [
        ({"dimensions": 200}, 1.7),
        ({"objective": "softmax", "dimensions": 300}, 1.5),
        ({"deterministic": True, "window": 1_000, "dimensions": 10_000}, 100.0),
    ],
)
def test_what_takes_more_is_known_to(options, more):
    size = {"vocabulary": 10_000, "letters": 60_000, "sentences": 9, "words": 99, "threads": 2, "translates": False}
    plain = needs_of(TrainingConfig(dimensions=100), **size)
    assert needs_of(TrainingConfig(**options), **size).training > more * plain.training


_MEASURED = """
import sys
from firth import Corpus, Word2Vec
from firth.benchmark_run import peak_megabytes
corpus = Corpus.load(sys.argv[1])
model = Word2Vec(epochs=1, threads=2, **eval(sys.argv[2]))
needed = model.needs(corpus)
model.fit(corpus).vectors.save(sys.argv[3])
print(peak_megabytes() * 1e6, needed.memory + needed.text)
"""


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"dimensions": 600},
        {"dimensions": 300, "deterministic": True},
        {"dimensions": 100, "objective": "hierarchical-softmax"},
    ],
    ids=str,
)
def test_the_peak_is_what_was_estimated(tmp_path, options):
    """With 40,000 words; compiled before, since compiling takes memory of its own."""
    words = np.random.default_rng(1).permutation(np.arange(200_000) % 40_000).reshape(-1, 10)
    sentences = [[f"w{word}" for word in row] for row in words.tolist()]
    Corpus.from_text(sentences, min_count=1, folder=tmp_path / "corpus")
    run = [sys.executable, "-c", _MEASURED, str(tmp_path / "corpus"), str(options), str(tmp_path / "v.safetensors")]
    for _ in range(2):
        answer = subprocess.run(run, capture_output=True, text=True, check=True)
    peak, estimate = map(float, answer.stdout.split())
    assert 0.8 < estimate / peak < 1.25


@LINUX
@pytest.mark.slow
def test_a_limit_of_the_shell_is_one_sentence(folder):
    script = (
        f"ulimit -v 2500000; exec {sys.executable} -m firth train text.txt -o v.safetensors --min-count 1 -q "
        "--dimensions 10000 --window 200 --deterministic"
    )
    answer = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=os.environ, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("firth: this needs ")
    assert "are left of what ulimit -v allows" in answer.stderr
    assert answer.stderr.count("\n") == 1
