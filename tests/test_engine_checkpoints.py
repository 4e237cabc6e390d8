"""Nothing lost: a run that is stopped or killed anywhere goes on from its checkpoint with the same bits."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from planted import planted_sentences
from twin import CELLS

from firth import Callback, Checkpoints, Corpus, DataError, FirthError, OptionError, Vectors, Word2Vec
from firth.checkpoints import read_snapshot
from firth.cli import main
from firth.files import held
from firth.training import checkpointing
from firth.training.checkpointing import Every, parse_every
from firth.training.config import TrainingConfig
from firth.training.schedule import learning_rate

OPTIONS = {"dimensions": 9, "window": 3, "epochs": 3, "subsample": 0.01, "held_out": 0.1}
RULES = [False, True]


def sentences(seed=1, count=400):
    return planted_sentences(seed, count)


@pytest.fixture(scope="module")
def corpus():
    return Corpus.from_text(sentences(), min_count=1)


def bits(model):
    other = model._nodes if model.vectors.outside is None else model.vectors.outside
    return model.vectors.matrix.tobytes() + other.tobytes()


class StopAfter(Callback):
    """Stops a run as a signal does, at its n-th report."""

    def __init__(self, reports):
        self.left = reports

    def on_report(self, run):
        self.left -= 1
        if self.left == 0:
            run.stop("asked to stop", by_request=True)


def gone_on_with(make, corpus, folder, every=2, words="500words", **given):
    """Fit in parts: stop at every second report, and go on in a new model; return the last, and how many there were."""
    for part in range(1_000):
        stop = StopAfter(every)
        model = make().fit(corpus, checkpoint=folder, every=words, resume=part > 0, callbacks=[stop], **given)
        if not model.run_.stopped:
            return model, part + 1
    raise AssertionError("it never ended")


@pytest.mark.parametrize("deterministic", RULES)
@pytest.mark.parametrize("cell", CELLS, ids="-".join)
def test_stopped_and_resumed_anywhere_the_bits_are_those_of_one_run(corpus, tmp_path, cell, deterministic):
    def make():
        options = {"architecture": cell[0], "objective": cell[1], "deterministic": deterministic}
        return Word2Vec(**OPTIONS, **options, threads=2 if deterministic else 1)

    whole = make().fit(corpus)
    parts, number = gone_on_with(make, corpus, tmp_path)
    assert number > 5
    assert bits(parts) == bits(whole)
    assert parts.vectors.settings == whole.vectors.settings
    assert parts.run_.words == parts.run_.total_words == whole.run_.words
    held_out = [model.history_["held_out_loss"].drop_nulls().to_list() for model in (whole, parts)]
    assert held_out[0] == held_out[1]
    assert len(held_out[0]) == 3
    words = parts.history_.filter(parts.history_["held_out_loss"].is_null())["words"].to_list()
    assert words == sorted(set(words))


@pytest.mark.parametrize("deterministic", RULES)
def test_frozen_words_a_start_and_more_text_are_gone_on_with_to_the_bit(corpus, tmp_path, deterministic):
    start = Word2Vec(dimensions=9, threads=1).fit(Corpus.from_text(sentences(2, 50), min_count=1)).vectors

    def make():
        return Word2Vec(**OPTIONS, deterministic=deterministic, threads=1)

    given = {"start": start, "frozen": ["w1", "w2"]}
    parts, number = gone_on_with(make, corpus, tmp_path / "a", **given)
    assert number > 5
    assert bits(parts) == bits(make().fit(corpus, **given))
    np.testing.assert_array_equal(parts.vectors["w1"], start["w1"])

    def updated(**kept):
        model = Word2Vec.from_vectors(start, **OPTIONS, deterministic=deterministic, threads=1)
        return model.partial_fit(corpus, frozen=["w3"], **kept)

    stopped = updated(checkpoint=tmp_path / "b", every="300words", callbacks=[StopAfter(4)])
    assert stopped.run_.stopped
    resumed = updated(checkpoint=tmp_path / "b", resume=True)
    assert resumed.run_.words == resumed.run_.total_words
    assert bits(resumed) == bits(updated())


def test_many_threads_count_every_word_and_the_rate_goes_on_where_it_was(tmp_path):
    text = Corpus.from_text(sentences(3, 3_000), min_count=1)
    options = {"dimensions": 8, "epochs": 4, "threads": 4, "subsample": 0.0}
    model, number = gone_on_with(lambda: Word2Vec(**options), text, tmp_path, every=3, words="3kwords")
    assert number > 5
    history = model.history_
    assert model.run_.words == 4 * len(text.ids) == history["words"][-1]
    rates = history["learning_rate"].to_list()
    assert rates == sorted(rates, reverse=True)
    config, total = TrainingConfig(**options), 4 * len(text.ids)
    assert rates == [learning_rate(config, words / total) for words in history["words"]]
    assert history["seconds"].is_sorted()
    read = Checkpoints(tmp_path).latest()[0]
    assert read.state["run"]["words"] == model.run_.total_words


def test_a_checkpoint_that_is_due_by_the_clock_is_written_without_ending_the_run(corpus, tmp_path):
    saved = []

    class Look(Callback):
        def on_report(self, run):
            saved.append({path.name for path in tmp_path.glob("checkpoint-*")})

    options = {**OPTIONS, "epochs": 400, "held_out": 0.0, "threads": 1}
    model = Word2Vec(**options).fit(corpus, checkpoint=tmp_path, every="0.05s", callbacks=[Look()])
    assert not model.run_.stopped
    assert bits(model) == bits(Word2Vec(**options).fit(corpus))
    assert max(map(len, saved)) == 2
    assert len(set().union(*saved)) > 3
    assert Checkpoints(tmp_path).latest()[0].iteration == model.run_.total_words


def test_a_run_that_is_done_is_not_done_again(corpus, tmp_path):
    first = Word2Vec(**OPTIONS, threads=1).fit(corpus, checkpoint=tmp_path)
    told = []
    again = Word2Vec(**OPTIONS, threads=1).fit(corpus, checkpoint=tmp_path, resume=True, announce=told.append)
    assert any("is done already" in sentence for sentence in told)
    assert bits(again) == bits(first)
    assert again.run_.history == first.run_.history


def test_an_early_stop_stays_one_when_resumed(corpus, tmp_path):
    options = {**OPTIONS, "epochs": 500, "patience": 2, "threads": 1, "learning_rate": 0.1}
    first = Word2Vec(**options).fit(corpus, checkpoint=tmp_path / "a")
    assert "held-out loss has not become better" in first.run_.stopped
    again = Word2Vec(**options).fit(corpus, checkpoint=tmp_path / "a", resume=True)
    assert (again.run_.stopped, again.run_.epoch) == (first.run_.stopped, first.run_.epoch)
    assert bits(again) == bits(first)
    parts = None
    for part in range(1_000):
        stop = StopAfter(2)
        kept = {"checkpoint": tmp_path / "b", "every": "1 kwords", "resume": part > 0}
        parts = Word2Vec(**options).fit(corpus, **kept, callbacks=[stop])
        if not parts.run_.by_request:
            break
    assert parts.run_.stopped == first.run_.stopped
    assert bits(parts) == bits(first)


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_damaged_newest_is_named_and_the_one_before_is_used(corpus, tmp_path):
    make = {**OPTIONS, "threads": 1}
    Word2Vec(**make).fit(corpus, checkpoint=tmp_path, every="500words", callbacks=[StopAfter(4)])
    newest, before = Checkpoints(tmp_path).paths()
    damage(newest)
    told = []
    model = Word2Vec(**make).fit(corpus, checkpoint=tmp_path, every="100words", resume=True, announce=told.append)
    assert any(f"{newest} is damaged" in sentence and "the one before is used" in sentence for sentence in told)
    assert any(f"resuming after {int(before.name[-10:]):,} of" in sentence for sentence in told)
    assert bits(model) == bits(Word2Vec(**make).fit(corpus))
    assert next(read_snapshot(path).iteration for path in Checkpoints(tmp_path).paths()) == model.run_.total_words


def test_where_all_are_damaged_it_is_said_and_nothing_is_trained(corpus, tmp_path):
    Word2Vec(**OPTIONS).fit(corpus, checkpoint=tmp_path, every="500words")
    for path in Checkpoints(tmp_path).paths():
        damage(path)
    with pytest.raises(DataError, match=r"every checkpoint in .* is damaged"):
        Word2Vec(**OPTIONS).fit(corpus, checkpoint=tmp_path, resume=True)


@pytest.mark.parametrize(
    ("changes", "given", "said"),
    [
        ({"dimensions": 8}, {}, "dimensions was 9 and is now 8"),
        ({"epochs": 4, "seed": 2}, {}, "epochs was 3 and is now 4; seed was 1 and is now 2"),
        ({}, {"frozen": ["w1"]}, "other words are frozen"),
        ({}, {"start": Vectors(["w1"], np.ones((1, 9)), outside=np.ones((1, 9)))}, "the vectors to start from are"),
    ],
)
def test_a_run_of_something_else_is_refused_and_says_what_differs(corpus, tmp_path, changes, given, said):
    Word2Vec(**OPTIONS).fit(corpus, checkpoint=tmp_path, every="1 kwords", callbacks=[StopAfter(2)])
    with pytest.raises(OptionError, match=said):
        Word2Vec(**{**OPTIONS, **changes}).fit(corpus, checkpoint=tmp_path, resume=True, **given)


def test_another_text_is_refused_and_says_how_it_was_read(tmp_path):
    Word2Vec(**OPTIONS).fit(Corpus.from_text(sentences(), min_count=1), checkpoint=tmp_path)
    smaller = Corpus.from_text(sentences(), min_count=1, max_size=20)
    with pytest.raises(OptionError, match="the text is another one; max_size was None and is now 20"):
        Word2Vec(**OPTIONS).fit(smaller, checkpoint=tmp_path, resume=True)
    with pytest.raises(OptionError, match="the text is another one; make it the same"):
        Word2Vec(**OPTIONS).fit(Corpus.from_text(sentences(9), min_count=1), checkpoint=tmp_path, resume=True)


def test_other_threads_may_go_on(corpus, tmp_path):
    options = {**OPTIONS, "deterministic": True}
    Word2Vec(**options, threads=1).fit(corpus, checkpoint=tmp_path, every="1 kwords", callbacks=[StopAfter(2)])
    model = Word2Vec(**options, threads=2).fit(corpus, checkpoint=tmp_path, resume=True)
    assert bits(model) == bits(Word2Vec(**options, threads=1).fit(corpus))


def test_checkpoints_of_an_earlier_run_are_never_written_over_unasked(corpus, tmp_path):
    Word2Vec(**OPTIONS).fit(corpus, checkpoint=tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.glob("checkpoint-*")}
    with pytest.raises(OptionError, match="holds checkpoints of an earlier run: go on from them"):
        Word2Vec(**OPTIONS).fit(corpus, checkpoint=tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.glob("checkpoint-*")} == before


def test_checkpoints_of_another_kind_of_run_are_refused(corpus, tmp_path):
    Checkpoints(tmp_path).save(3, {"x": np.zeros(3)}, {"seconds": 1.0})
    with pytest.raises(OptionError, match="of another kind of run"):
        Word2Vec(**OPTIONS).fit(corpus, checkpoint=tmp_path, resume=True)


def test_what_is_said_of_checkpoints_is_looked_at_before_the_text(tmp_path):
    with pytest.raises(OptionError, match="resume goes on from checkpoints: name their folder"):
        Word2Vec(**OPTIONS).fit("no-such-text", resume=True)
    with pytest.raises(OptionError, match="every is 'often'"):
        Word2Vec(**OPTIONS).fit("no-such-text", checkpoint=tmp_path, every="often")


def test_two_runs_never_share_a_folder(corpus, tmp_path):
    with held(tmp_path), pytest.raises(FirthError, match="another run is working in"):
        Word2Vec(**OPTIONS).fit(corpus, checkpoint=tmp_path)


def test_a_run_that_diverges_leaves_no_checkpoint_of_it(corpus, tmp_path):
    with pytest.raises(FirthError, match="diverged"):
        Word2Vec(**{**OPTIONS, "learning_rate": 1e6}).fit(corpus, checkpoint=tmp_path, every="1 words")
    assert not list(tmp_path.glob("checkpoint-*"))


def test_a_checkpoint_that_can_not_be_written_ends_no_run_but_one_that_is_asked_to_stop(corpus, tmp_path, monkeypatch):
    save, tries = Checkpoints.save, []

    def full(*arguments):
        tries.append(arguments)
        if len(tries) > 2:
            raise FirthError("cannot write it: No space left on device")
        return save(*arguments)

    monkeypatch.setattr(checkpointing.Checkpoints, "save", full)
    told = []
    model = Word2Vec(**OPTIONS, threads=1).fit(corpus, checkpoint=tmp_path, every="500words", announce=told.append)
    assert model.run_.words == model.run_.total_words
    assert told.count("cannot write it: No space left on device; the run goes on") == len(tries) - 2 > 3
    with pytest.raises(FirthError, match=r"No space left on device$"):
        Word2Vec(**OPTIONS, threads=1).fit(
            corpus, checkpoint=tmp_path, every="500words", resume=True, callbacks=[StopAfter(2)]
        )
    monkeypatch.undo()
    resumed = Word2Vec(**OPTIONS, threads=1).fit(corpus, checkpoint=tmp_path, resume=True)
    assert bits(resumed) == bits(model)


@pytest.mark.parametrize(
    ("text", "every"),
    [
        ("30s", Every(seconds=30.0)),
        ("5min", Every(seconds=300.0)),
        ("1.5 h", Every(seconds=5400.0)),
        ("10000000 words", Every(words=10_000_000)),
        ("10Mwords", Every(words=10_000_000)),
        ("0.5 kwords", Every(words=500)),
        (" 2 G words ", Every(words=2_000_000_000)),
    ],
)
def test_how_often_is_a_number_and_a_unit(text, every):
    assert parse_every(text) == every


@pytest.mark.parametrize(
    "text", ["", "5", "min", "5m", "0s", "-3s", "1e3s", "5 minutes", "0.4 words", "nan h", "9" * 400 + "s", 5, None]
)
def test_what_is_no_time_and_no_number_of_words_is_one_sentence(text):
    with pytest.raises(OptionError, match=r"every is .*: give a number and a unit, such as 30s, 5min"):
        parse_every(text)


def test_the_log_goes_on_as_if_nothing_had_happened(corpus, tmp_path):
    log = tmp_path / "log"
    model, _ = gone_on_with(lambda: Word2Vec(**OPTIONS, threads=1), corpus, tmp_path / "kept", log=log)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["words"] for line in lines] == [entry["words"] for entry in model.run_.history]
    assert lines[-1]["words"] == model.run_.total_words


# The command, in processes of its own.

LONG = ["--dimensions", "8", "--subsample", "0", "--min-count", "1", "--epochs", "100", "-q"]
KEPT = ["--checkpoint", "kept", "--every", "200kwords"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIRTH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "text.txt").write_text("\n".join(" ".join(each) for each in sentences(5, 4_000)) + "\n")
    return tmp_path


def command(*arguments):
    return [sys.executable, "-m", "firth", "train", "text.txt", "-o", "v.safetensors", *LONG, *arguments]


def begun(*arguments):
    """A run in a process of its own, once it has written a checkpoint (or ended)."""
    before = set(Path("kept").glob("checkpoint-*"))
    process = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    latest = time.monotonic() + 120
    while process.poll() is None and set(Path("kept").glob("checkpoint-*")) <= before:
        assert time.monotonic() < latest
        time.sleep(0.01)
    return process


@pytest.mark.slow
@pytest.mark.parametrize("rule", [["--deterministic", "--threads", "2"], ["--threads", "1"]], ids=" ".join)
def test_killed_at_random_moments_and_resumed_the_file_is_the_same(folder, rule):
    moments = random.Random(len(rule))
    kills = 0
    for _ in range(3):
        with begun(*rule, *KEPT, "--resume", "--log", "log") as process:
            time.sleep(moments.random() * 0.4)
            kills += process.poll() is None
            process.kill()
            process.communicate()
    assert kills > 0
    subprocess.run(command(*rule, *KEPT, "--resume", "--log", "log"), check=True, capture_output=True)
    parts = Path("v.safetensors").read_bytes()
    subprocess.run(command(*rule), check=True, capture_output=True)
    assert Path("v.safetensors").read_bytes() == parts
    words = [json.loads(line)["words"] for line in Path("log").read_text().splitlines()]
    assert words == sorted(set(words))
    assert not list(Path("kept").glob(".*.part"))
    assert len(list(Path("kept").glob("checkpoint-*"))) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_a_checkpoint_and_the_line_that_goes_on_from_it(folder, number, code):
    with begun("--threads", "1", *KEPT) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, "")
    assert "stopping with a checkpoint (once more stops at once)\n" in err
    last = err.splitlines()[-1]
    assert last.startswith("firth: stopped after ")
    assert not Path("v.safetensors").exists()
    stopped_at = int(last.split(" words")[0].rpartition(" ")[2].replace(",", ""))
    assert Checkpoints("kept").latest()[0].iteration == stopped_at
    rest = last.partition("go on with  ")[2]
    assert rest.endswith("--checkpoint kept --every 200kwords --resume")
    subprocess.run(rest.split(), check=True, capture_output=True)
    assert Vectors.load("v.safetensors").settings["words"] == 100 * 32_000


@pytest.mark.slow
def test_a_second_signal_leaves_at_once_and_harms_nothing(folder):
    with begun("--threads", "1", *KEPT) as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode in (130, 143)
    assert "--resume" in err.splitlines()[-1]
    assert not Path("v.safetensors").exists()
    assert not list(Path("kept").glob(".*.part"))
    assert Checkpoints("kept").latest()[1] == []


def test_a_damaged_checkpoint_is_named_where_nothing_else_is_told(capsys, folder):
    arguments = ["train", "text.txt", "-o", "v.safetensors", *LONG[:-3], "--epochs", "2", "-q", "--threads", "1", *KEPT]
    assert main([*arguments, "--every", "20kwords"]) == 0
    whole = Path("v.safetensors").read_bytes()
    newest = Checkpoints("kept").paths()[0]
    damage(newest)
    capsys.readouterr()
    assert main([*arguments, "--resume"]) == 0
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert told[0].startswith(f"checkpoint {newest} is damaged")
    assert Path("v.safetensors").read_bytes() == whole


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--resume"], 2, "--resume goes on from checkpoints: name their folder with --checkpoint"),
        (["--checkpoint", "kept", "--every", "5m"], 2, "every is '5m'"),
        (["--checkpoint", "text.txt"], 2, "--checkpoint is text.txt, which is a file"),
        (["--checkpoint", "text.txt/kept"], 1, "cannot write text.txt/kept"),
        (["--checkpoint", "old"], 2, "old holds checkpoints of an earlier run"),
    ],
)
def test_mistakes_are_one_sentence_before_the_text_is_read(capsys, folder, arguments, code, said):
    Checkpoints("old").save(1, {"x": np.zeros(1)}, {})
    assert main(["train", "no-such-text", "-o", "v.safetensors", *arguments]) == code
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
