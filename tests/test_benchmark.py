"""`firth bench`: what it counts, what it compares, and that a measurement is one of the tool that it names."""

import json

import pytest

from firth import benchmark as benchmark_module
from firth.benchmark import BenchmarkPlan, as_markdown, benchmark, ratios
from firth.cli import main

SPEEDS = {"firth": [8.0, 2.0, 4.0], "firth deterministic": [8.0, 8.0, 8.0], "gensim": [40.0, 10.0, 80.0]}


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the cat sat on the mat\nthe dog sat on the log\nonce\n" * 40)
    return path


@pytest.fixture
def measured(monkeypatch):
    """Tasks, in the order in which they were given to processes that were not started."""
    tasks = []

    def instead(task):
        tasks.append(task)
        count = sum(each["tool"] == task["tool"] and bool(each["tests"]) for each in tasks) - 1
        seconds = SPEEDS[task["tool"]][count % 3]
        return {"seconds": seconds, "peak_megabytes": 100.0 + count, **dict.fromkeys(task["tests"], count / 10)}

    monkeypatch.setattr(benchmark_module, "_measured", instead)
    monkeypatch.setattr(benchmark_module, "_tests", lambda: (["ws353"], []))
    monkeypatch.setattr(benchmark_module, "_is_installed", lambda name: True)
    return tasks


def test_speed_is_the_median_of_all_words_of_the_vocabulary_times_epochs_a_second(text, measured):
    plan = BenchmarkPlan(epochs=2, repeats=3, min_count=41, threads=(2,))
    answer = benchmark(text, plan)
    assert (answer["text"]["tokens"], answer["text"]["words"], answer["text"]["vocabulary"]) == (520, 320, 3)
    ours, theirs = answer["results"]
    assert ours["words_per_second"] == 320 * 2 / 4
    assert (ours["slowest"], ours["fastest"]) == (320 * 2 / 8, 320 * 2 / 2)
    assert theirs["words_per_second"] == 320 * 2 / 40
    assert ours["peak_megabytes"] == 101
    assert ours["ws353"] == pytest.approx(0.1)
    assert ours["simlex999"] is None
    assert [each["speed"] for each in answer["ratios"]] == [10.0]


def test_tools_take_turns_on_each_seed_after_machine_code_is_made(text, measured):
    benchmark(text, BenchmarkPlan(repeats=2, seeds=(7, 8), deterministic=True))
    told = [(each["tool"], each["settings"]["seed"]) for each in measured if each["tests"]]
    tools = ("firth", "firth deterministic", "gensim")
    assert told == [(tool, seed) for seed in (7, 8) for tool in tools]
    assert [each["tool"] for each in measured if not each["tests"]] == list(tools[:2])
    assert not any(each["tests"] for each in measured[:2])


def test_every_combination_is_compared_with_itself_alone(text, measured):
    plan = BenchmarkPlan(dimensions=(5, 6), threads=(1, 2), architectures=("skip-gram", "cbow"), repeats=1)
    answer = benchmark(text, plan)
    assert len(answer["results"]) == 16
    assert len(ratios(answer["results"])) == 8


def test_the_page_begins_with_ratios_and_has_quality_beside_speed(text, measured):
    answer = benchmark(text, BenchmarkPlan(min_count=41, deterministic=True))
    page = as_markdown(json.loads(json.dumps(answer)))
    assert page.index("**10.0 times**") < page.index("words/s")
    assert "| firth deterministic / firth | skip-gram | 100 | 1 | **0.5 times** | +0.000 | - | - |" in page
    assert "| gensim | skip-gram | 100 | 1 | 0.00 M | 0.00 to 0.00 M | 101 | 0.100 | - | - |" in page
    assert "epochs 5, window 5, negatives 5, subsample 0.0001, learning rate 0.025, min count 41, repeats 3" in page
    assert f"{answer['machine']['cores']} cores" in page
    assert "numba" in page


def test_a_missing_peer_is_one_line_that_says_how_to_install_it(text, capsys, monkeypatch):
    monkeypatch.setattr(benchmark_module, "_is_installed", lambda name: False)
    assert main(["bench", str(text), "-q"]) == 1
    assert capsys.readouterr().err.startswith("firth: gensim is not installed: run  pip install gensim")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--dimensions", "ten"), 2, "--dimensions is 'ten': give whole numbers"),
        (("--dimensions", "0"), 2, "dimensions is 0"),
        (("--threads", ","), 2, "threads is empty"),
        (("--repeats", "0"), 2, "repeats is 0"),
        (("--peers", "glove"), 2, "peers is 'glove'"),
        (("--architectures", "cbov"), 2, "did you mean cbow?"),
        (("--seeds", "-1"), 2, "seed is -1"),
        (("--peers", "none"), 1, "there is no file no-such-text.txt"),
    ],
)
def test_mistakes_are_one_sentence(capsys, tmp_path, monkeypatch, arguments, code, said):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "no-such-text.txt", *arguments, "-q"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.slow
def test_firth_alone_is_measured_and_what_is_left_out_is_said(text, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("FIRTH_DATA", str(tmp_path))
    options = ["--peers", "none", "--repeats", "1", "--epochs", "1", "--subsample", "0", "--dimensions", "8"]
    assert main(["bench", str(text), *options, "--out", str(tmp_path / "out"), "-q"]) == 0
    page = capsys.readouterr().out
    answer = json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert page.strip() == (tmp_path / "out" / "benchmark.md").read_text().strip()
    assert "Left out: quality (WS-353, SimLex-999, Google analogies): set FIRTH_DATA" in page
    (result,) = answer["results"]
    assert result["words_per_second"] == pytest.approx(answer["text"]["words"] / result["runs"][0]["seconds"])
    assert result["peak_megabytes"] is None or result["peak_megabytes"] > 20


@pytest.mark.slow
@pytest.mark.parametrize("peer", ["gensim", "gensim-iterable"])
def test_gensim_learns_the_same_words(text, peer):
    pytest.importorskip("gensim", reason="gensim is not installed: pip install --group bench")
    answer = benchmark(text, BenchmarkPlan(peers=(peer,), repeats=1, epochs=1, subsample=0.0, dimensions=(8,)))
    ours, theirs = answer["results"]
    assert theirs["tool"] == peer
    assert ours["runs"][0]["seconds"] > 0
    assert theirs["runs"][0]["seconds"] > 0
