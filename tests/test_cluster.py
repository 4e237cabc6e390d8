"""Training on a Ray cluster, started here: the same text, as good vectors, the same bits twice, nothing lost.

Two raylets, one processor each; more join and leave. None of them does more than a real node would.
"""

import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from planted import planted_sentences, planted_text, separation, write_planted

import firth
from firth import Callback, Corpus, FirthError, OptionError, Vectors, Word2Vec
from firth.cli import main
from firth.compute.nodes import Nodes, connected
from firth.corpus import sharded
from firth.corpus.sharded import ShardedCorpus
from firth.training.cluster import Cluster, train_on_cluster
from firth.training.config import TrainingConfig
from firth.training.engine import train
from firth.training.members import Crew
from firth.training.parameters import first_parameters
from firth.training.trainer import EncodedText

ray = pytest.importorskip("ray", reason="ray is not installed: pip install 'firth[cluster]'")
pytestmark = pytest.mark.slow

STORE = 100 << 20
OPTIONS = {"dimensions": 8, "window": 3, "epochs": 20, "learning_rate": 0.05, "subsample": 0.0}
LONG = {**OPTIONS, "epochs": 250}


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two nodes; RAY_ADDRESS names it, so that it is what "auto" finds."""
    from ray.cluster_utils import Cluster as LocalCluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    made = LocalCluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False},
    )
    made.add_node(num_cpus=1, object_store_memory=STORE)
    before = os.environ.get("PYTHONPATH")
    os.environ["RAY_ADDRESS"] = made.address
    ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
    yield made
    ray.shutdown()
    made.shutdown()
    del os.environ["RAY_ADDRESS"]
    assert os.environ.get("PYTHONPATH") == before


@pytest.fixture(scope="module")
def planted():
    sentences = planted_sentences(sentences=2_000)
    topics = [[f"w{word}" for word in topic] for topic in planted_text(sentences=2_000)[1]]
    return Corpus.from_text(sentences, min_count=1), topics


def apart(vectors, topics):
    return separation(vectors.matrix, [np.array([vectors.index[word] for word in topic]) for topic in topics])


def gathered(corpus, nodes):
    """Ids and offsets of all parts, as one corpus has them."""
    parts = [nodes.get(part.ref) for part in corpus.parts]
    ids = np.concatenate([part[0] for part in parts])
    offsets = np.concatenate([[0], *[part[1][1:] + each.first for part, each in zip(parts, corpus.parts, strict=True)]])
    return ids, offsets


def digest(vectors):
    return hashlib.sha256(vectors.matrix.tobytes() + vectors.outside.tobytes()).hexdigest()


def write_texts(folder):
    """Files of several kinds; odd lines, sentences that lose words, bytes that are no UTF-8."""
    import polars as pl

    folder.mkdir()
    write_planted(folder / "a.txt", 1, 900)
    (folder / "b.txt").write_bytes(b"\xef\xbb\xbfone two\r\n\nw1 w2 \xff w3\n!!!\n" + b"w1 w2 w5 ein \xc3\xbc\n" * 40)
    packed = "\n".join(" ".join(each) for each in planted_sentences(3, 300))
    (folder / "c.txt.gz").write_bytes(gzip.compress(packed.encode()))
    table = [" ".join(each) for each in planted_sentences(4, 500)]
    pl.DataFrame({"text": [*table, None, ""]}).write_parquet(folder / "d.parquet", row_group_size=50)
    return folder


@pytest.mark.parametrize(
    "options",
    [
        {"min_count": 1},
        {"min_count": 30, "max_size": 20, "unknown": "UNK"},
        {"min_count": 2, "max_sentence": 5, "tokenizer": "whitespace", "drop": ["w1"]},
    ],
)
def test_nodes_read_what_one_machine_reads(options, cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(sharded, "PART_BYTES", 3_000)  # files are cut at whatever byte
    monkeypatch.setattr(sharded, "TREE", 2)
    texts = write_texts(tmp_path / "texts")
    nodes = Nodes(ray)
    told = []
    for column, source in ((None, texts), ("text", texts / "d.parquet"), (None, [texts / "b.txt", texts / "a.txt"])):
        here = Corpus.from_text(source, column=column, cache=False, **options)
        there = ShardedCorpus.from_text(
            source, nodes, column=column, report=lambda *given: told.append(given), **options
        )
        ids, offsets = gathered(there, nodes)
        assert len(there.parts) > 2
        assert there.vocabulary.words == here.vocabulary.words
        assert there.vocabulary.counts.tolist() == here.vocabulary.counts.tolist()
        np.testing.assert_array_equal(ids, here.ids)
        np.testing.assert_array_equal(offsets, here.offsets)
        assert (len(there), there.words, there.settings) == (len(here), here.words, here.settings)
        assert there.checksum() == here.checksum()
        same = ("tokens", "types", "kept_tokens", "kept_types", "names", "sentences", "megabytes")
        assert [getattr(there.report, name) for name in same] == [getattr(here.report, name) for name in same]
        counted = [[(each.what, each.count) for each in corpus.report.skipped] for corpus in (there, here)]
        assert counted[0] == counted[1]
    assert told[-1][0] == told[-1][1]


def test_what_nodes_can_not_read_is_one_sentence(cluster, tmp_path):
    nodes = Nodes(ray)
    (tmp_path / "bad.txt").write_bytes(b"a b c\n\xff\n")
    with pytest.raises(firth.DataError, match=r"bad.txt:2 is not UTF-8"):
        ShardedCorpus.from_text(tmp_path / "bad.txt", nodes, strict=True, min_count=1)
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(b"a b c\n" * 99)[:-20])
    with pytest.raises(firth.DataError, match="cut short"):
        ShardedCorpus.from_text(tmp_path / "cut.txt.gz", nodes)
    (tmp_path / "none.txt").write_text("!!!\n")
    with pytest.raises(firth.DataError, match=r"has no words \(1 lines without a word"):
        ShardedCorpus.from_text(tmp_path / "none.txt", nodes)
    with pytest.raises(OptionError, match="name some, or make a Corpus first"):
        ShardedCorpus.from_text("-", nodes)
    with pytest.raises(OptionError, match="lies on the nodes of a cluster"):
        Word2Vec(**OPTIONS).fit(ShardedCorpus.of(Corpus.from_text([["a", "b"]] * 9, min_count=1), nodes))


@pytest.mark.parametrize("deterministic", [False, True])
def test_two_replicas_learn_and_count_every_word(deterministic, cluster, planted, tmp_path):
    corpus, topics = planted
    model = Word2Vec(**OPTIONS | {"epochs": 8}, deterministic=deterministic)
    model.fit(corpus, cluster=Cluster("auto", sync="20kwords"), log=tmp_path / "log")
    assert apart(model.vectors, topics) > 0.5
    run = model.run_
    assert run.words == run.total_words == 8 * len(corpus.ids)
    assert run.epoch == 8
    assert model.vectors.words == corpus.vocabulary.words
    entries = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [entry["words"] for entry in entries] == sorted(entry["words"] for entry in entries)
    assert all(0 <= entry["sync_share"] <= 1 and entry["nodes"] == 2 for entry in entries)
    assert sum(name.startswith("words_per_second of ") for name in entries[-1]) == 2
    assert entries[-1]["loss"] < entries[0]["loss"]
    told = model.vectors.settings["provenance"]
    assert told["repeatable"] == deterministic
    assert told["cluster"]["sync"] == "20kwords"
    assert told["text_sha256"] == corpus.checksum()


@pytest.mark.parametrize(
    ("architecture", "objective"),
    [("cbow", "negative-sampling"), ("skip-gram", "hierarchical-softmax"), ("skip-gram", "softmax")],
)
def test_every_objective_learns_on_two_nodes(architecture, objective, cluster, planted):
    corpus, topics = planted
    rate = 0.05 if architecture == "skip-gram" else 0.15
    options = {**OPTIONS, "architecture": architecture, "objective": objective, "learning_rate": rate, "epochs": 6}
    model = Word2Vec(**options).fit(corpus, cluster=Cluster(sync="8kwords"))
    assert apart(model.vectors, topics) > 0.5
    assert model.run_.words == 6 * len(corpus.ids)


def test_the_same_number_of_replicas_gives_the_same_bits_twice(cluster, planted):
    corpus, _ = planted
    options = {**OPTIONS, "deterministic": True, "epochs": 2}
    digests = [
        digest(Word2Vec(**options).fit(corpus, cluster=Cluster("auto", 2, "5kwords", half)).vectors)
        for half in (True, True, False)
    ]
    assert digests[0] == digests[1] != digests[2]


def test_one_replica_learns_what_one_machine_does(cluster, planted):
    """The same draws at the same places: the same bits, where the learning rate is the same everywhere."""
    corpus, _ = planted
    config = TrainingConfig(**OPTIONS | {"epochs": 2}, threads=1, schedule="constant")
    text = EncodedText(np.asarray(corpus.ids), corpus.offsets, corpus.vocabulary.counts)
    here, there = (first_parameters(24, config) for _ in range(2))
    nodes = Nodes(ray)
    parts = ShardedCorpus.of(corpus, nodes).parts
    alone = train(text, config, here)
    run = train_on_cluster(nodes, Cluster(replicas=1), parts, text.counts, config, there)
    assert (run.words, run.pairs) == (alone.words, alone.pairs)
    np.testing.assert_array_equal(there.center[:-1], here.center[:-1])
    np.testing.assert_array_equal(there.outside[:-1], here.outside[:-1])


def test_what_is_held_out_is_measured_by_all(cluster, planted):
    corpus, _ = planted
    model = Word2Vec(**OPTIONS | {"epochs": 2}, held_out=0.1, patience=5).fit(corpus, cluster=Cluster(sync="4kwords"))
    run = model.run_
    losses = [entry["held_out_loss"] for entry in run.history if "held_out_loss" in entry]
    assert len(losses) == 2
    assert max(losses) < 4 * np.log(2)  # that of chance is 6 log 2


def test_words_that_are_frozen_stay_and_others_start_where_they_stood(cluster, planted):
    corpus, _ = planted
    start = Vectors(["w1", "w2"], np.ones((2, 8), np.float32))
    model = Word2Vec(**OPTIONS | {"epochs": 1}).fit(corpus, cluster=Cluster(sync="4kwords"), start=start, frozen=["w1"])
    assert (model.vectors["w1"] == 1).all()
    assert (model.vectors["w2"] != 1).any()


class Killing(Callback):
    """Does something at some of a run's exchanges, by their number."""

    sees_vectors = False

    def __init__(self, deeds):
        self.deeds, self.seen = deeds, 0

    def on_report(self, run):
        self.seen += 1
        if self.seen in self.deeds:
            self.deeds[self.seen]()


def processes_of_replicas():
    """The processes that hold replicas of this cluster, by Ray's name of them and by whose children they are."""
    found, address = [], ray.get_runtime_context().gcs_address.encode()
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                if (folder / "cmdline").read_bytes().startswith(b"ray::Replica"):
                    parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                    found += [int(folder.name)] * (address in Path("/proc", parent, "cmdline").read_bytes())
            except OSError:
                continue
    return found


def after(seconds, deed):
    threading.Timer(seconds, deed).start()


def kill_one(chance):
    os.kill(chance.choice(processes_of_replicas()), signal.SIGKILL)


@pytest.mark.parametrize("deterministic", [False, True])
def test_replicas_that_are_killed_are_replaced_and_nothing_is_lost(deterministic, cluster, planted):
    corpus, topics = planted
    chance, told = np.random.default_rng(deterministic), []
    deeds = {number: (lambda: after(chance.uniform(0, 0.05), lambda: kill_one(chance))) for number in (2, 5, 8)}
    options = {**OPTIONS, "epochs": 24, "deterministic": deterministic}
    killed = Word2Vec(**options).fit(
        corpus, cluster=Cluster(sync="20kwords"), callbacks=[Killing(deeds)], announce=told.append
    )
    assert sum("lost: " in each for each in told) >= 2
    assert killed.run_.words == killed.run_.total_words == 24 * len(corpus.ids)
    assert apart(killed.vectors, topics) > 0.5
    if deterministic:
        whole = Word2Vec(**options).fit(corpus, cluster=Cluster(sync="20kwords"))
        assert digest(whole.vectors) == digest(killed.vectors)


def test_a_lone_replica_that_is_killed_goes_on_from_what_its_driver_has(cluster, planted):
    corpus, topics = planted
    chance, told = np.random.default_rng(1), []
    deeds = {3: lambda: after(0.01, lambda: kill_one(chance))}
    model = Word2Vec(**OPTIONS).fit(
        corpus, cluster=Cluster(replicas=1, sync="20kwords"), callbacks=[Killing(deeds)], announce=told.append
    )
    assert any("going back from" in each for each in told)
    assert model.run_.words == model.run_.total_words
    assert apart(model.vectors, topics) > 0.5


def test_nodes_may_leave_and_join(cluster, planted):
    corpus, topics = planted
    third = cluster.add_node(num_cpus=1, object_store_memory=STORE)
    told, joined = [], []

    def leave():
        cluster.remove_node(third, allow_graceful=False)

    def join():
        joined.append(cluster.add_node(num_cpus=1, object_store_memory=STORE))

    model = Word2Vec(**LONG)
    killing = Killing({3: leave, 6: join})
    model.fit(corpus, cluster=Cluster(sync="20kwords"), callbacks=[killing], announce=told.append)
    cluster.remove_node(joined[0])
    assert "3 replicas on" in told[0]
    assert any("lost: " in each for each in told)
    assert any("going on with 2 replicas" in each for each in told)
    assert any("has joined: 3 replicas" in each for each in told)
    assert model.run_.words == model.run_.total_words == 250 * len(corpus.ids)
    assert {entry["nodes"] for entry in model.run_.history} == {2, 3}
    assert apart(model.vectors, topics) > 0.5


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_stopped_run_is_resumed(deterministic, cluster, planted, tmp_path):
    corpus, topics = planted
    options = {**OPTIONS, "epochs": 12, "deterministic": deterministic}
    cluster_used = Cluster(sync="20kwords")
    kept = {"checkpoint": tmp_path / "kept", "every": "30kwords"}
    stopping = Killing({4: lambda: model.run_.stop("enough", by_request=True)})
    stopping.on_start = lambda run: setattr(model, "run_", run)
    model = Word2Vec(**options)
    model.fit(corpus, cluster=cluster_used, callbacks=[stopping], **kept)
    assert 0 < model.run_.words < model.run_.total_words
    with pytest.raises(OptionError, match="cluster was"):
        Word2Vec(**options).fit(corpus, resume=True, **kept)
    model.fit(corpus, cluster=cluster_used, resume=True, **kept)
    assert model.run_.words == model.run_.total_words
    assert apart(model.vectors, topics) > 0.5
    if deterministic:
        assert digest(model.vectors) == digest(Word2Vec(**options).fit(corpus, cluster=cluster_used).vectors)


def test_a_killed_driver_is_resumed(cluster, tmp_path):
    write_planted(tmp_path / "text.txt", 0, 2_000)
    command = [
        sys.executable,
        "-m",
        "firth",
        "train",
        str(tmp_path / "text.txt"),
        "-o",
        str(tmp_path / "v.safetensors"),
    ]
    command += ["--ray", cluster.address, "--sync", "20kwords", "--checkpoint", str(tmp_path / "kept"), "--resume"]
    command += ["--every", "40kwords", "--epochs", "150", "--dimensions", "8", "--min-count", "1"]
    command += ["--learning-rate", "0.05", "--subsample", "0", "--window", "3", "--json", "-q"]
    for _ in range(2):
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before = newest(tmp_path)
        while newest(tmp_path) == before:
            assert running.poll() is None
            time.sleep(0.02)
        running.kill()
        running.wait()
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "resuming after" not in ended.stdout
    answer = json.loads(ended.stdout)
    assert answer["words"] == answer["total_words"]
    vectors = Vectors.load(tmp_path / "v.safetensors")
    assert apart(vectors, [[f"w{word}" for word in topic] for topic in planted_text(sentences=2_000)[1]]) > 0.5


def newest(folder):
    return max((path.name for path in folder.glob("kept/*") if not path.name.startswith(".")), default="")


def test_the_command_trains_on_a_cluster(cluster, tmp_path, capsys):
    write_planted(tmp_path / "text.txt", 0, 2_000)
    given = ["train", str(tmp_path / "text.txt"), "-o", str(tmp_path / "v.safetensors"), "--ray", cluster.address]
    small = ["--epochs", "3", "--dimensions", "8", "--min-count", "1"]
    assert main([*given, *small, "--half", "--sync", "20kwords", "--deterministic"]) == 0
    told = capsys.readouterr()
    assert "2 replicas on" in told.err
    assert "on 2 nodes" in told.err
    assert main(["describe", "--reproduce", str(tmp_path / "v.safetensors")]) == 0
    command = capsys.readouterr().out
    assert "--ray auto --half --replicas 2 --sync 20kwords" in command
    assert main([*given, *small, "--dry-run"]) == 0
    assert "16,000 in 2,000 sentences" in capsys.readouterr().out
    assert main([*given[:-2], "--replicas", "2"]) == 2
    assert "--replicas is about a cluster: name its address with --ray" in capsys.readouterr().err


def test_a_failure_names_its_node(cluster, planted):
    with pytest.raises(FirthError, match=r"node \d+\.\d+\.\d+\.\d+/\w+: the run has diverged: learning_rate"):
        Word2Vec(**OPTIONS | {"learning_rate": 1e6}).fit(planted[0], cluster=Cluster(sync="4kwords"))
    with pytest.raises(FirthError, match="no sentence has two words left"):
        Word2Vec(**OPTIONS).fit(Corpus.from_text([["a"], ["b"]] * 40, min_count=1), cluster="auto")


def test_nodes_that_have_no_room_are_told(cluster, planted, monkeypatch):
    from firth.training import members

    class Sleeper:
        def ready(self):
            return True

    monkeypatch.setattr(members, "START_SECONDS", 3.0)
    taken = [ray.remote(num_cpus=1)(Sleeper).options(scheduling_strategy="SPREAD").remote() for _ in range(2)]
    ray.get([each.ready.remote() for each in taken])
    with pytest.raises(FirthError, match=r"no replica could start on .*: other programs have its processors"):
        Word2Vec(**OPTIONS).fit(planted[0], cluster="auto")
    for each in taken:
        ray.kill(each)


def test_a_silent_node_counts_as_lost(cluster, planted, monkeypatch):
    """A process that is stopped, not killed, neither works nor answers."""
    from firth.training import members

    monkeypatch.setattr(members, "SILENT_SECONDS", 2.0)
    monkeypatch.setattr(members, "ANSWER_SECONDS", 1.0)
    corpus, topics = planted
    told, stopped = [], []

    def stop():
        stopped.append(processes_of_replicas()[0])
        os.kill(stopped[0], signal.SIGSTOP)

    try:
        model = Word2Vec(**OPTIONS).fit(
            corpus, cluster=Cluster(sync="20kwords"), callbacks=[Killing({3: stop})], announce=told.append
        )
    finally:
        for process in stopped:
            os.kill(process, signal.SIGKILL)
    assert any("lost: " in each for each in told)
    assert model.run_.words == model.run_.total_words
    assert apart(model.vectors, topics) > 0.5


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"address": ""}, "address of the Ray cluster is empty"),
        ({"replicas": 0}, "replicas is 0"),
        ({"replicas": True}, "replicas is True"),
        ({"sync": "5min"}, "give words"),
        ({"sync": "many"}, "sync is 'many'"),
    ],
)
def test_wrong_options_are_told(given, sentence):
    with pytest.raises(OptionError, match=sentence):
        Cluster(**given)


def test_addresses_where_nobody_answers_are_told_at_once():
    began = time.monotonic()
    for address in ("127.0.0.1:9", "nowhere.invalid:6379"):
        with pytest.raises(OptionError, match="no Ray cluster answers at"), connected(address):
            pass
    with pytest.raises(OptionError, match="run this on a node of the cluster"), connected("ray://x:10001"):
        pass
    assert time.monotonic() - began < 60


def test_without_the_extra_the_pip_line_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(firth.errors.MissingExtraError, match=r"pip install 'firth\[cluster\]'"), connected("auto"):
        pass


def test_shares_go_by_speed_and_stragglers_are_hurried(cluster, planted):
    """One replica is slowed down by processes beside it: the other learns more, and nobody waits for long."""
    corpus, _ = planted
    shares = []

    class Watching(Callback):
        def on_report(self, run):
            if len(shares) == 2:
                busy = processes_of_replicas()[0]
                os.kill(busy, signal.SIGSTOP)
                after(0.5, lambda: os.kill(busy, signal.SIGCONT))
            shares.append(run.words)

    model = Word2Vec(**OPTIONS).fit(corpus, cluster=Cluster(sync="20kwords"), callbacks=[Watching()])
    assert model.run_.words == model.run_.total_words


def test_a_crew_without_nodes_says_so():
    class Empty:
        def alive(self):
            return []

    with pytest.raises(FirthError, match="has no node that lends processors"):
        Crew(Empty(), None, TrainingConfig(), None, print).gather()
