"""Training on several Ray nodes beside one process, all on this machine: speed, quality, exchanges, and lost nodes.

    python benchmarks/cluster.py wiki.txt.gz --nodes 1 2 4 --evaluate ../eval     # ratios, medians, exchanges
    python benchmarks/cluster.py wiki.txt.gz --faults 5                           # kill replicas, raylets, drivers
    python benchmarks/cluster.py wiki.txt.gz --model                              # the cost model, fitted and checked

Every node is a raylet with one processor and one thread. The process beside them has as many threads as there are
processors. An exchange is everything between learning and learning, waiting for others included.
"""

import argparse
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import numpy as np

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
import ray
from ray.cluster_utils import Cluster as LocalCluster

from firth import Callback, Corpus, Vectors, Word2Vec
from firth.evaluation import evaluate_analogies, evaluate_similarity
from firth.training.cluster import Cluster

STORE = 400 << 20


class Here:
    """So many nodes on this machine."""

    def __init__(self, nodes):
        head = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}
        self.cluster = LocalCluster(initialize_head=True, head_node_args=head)
        self.others = [self.cluster.add_node(num_cpus=1, object_store_memory=STORE) for _ in range(nodes - 1)]

    def __enter__(self):
        ray.init(address=self.cluster.address, log_to_driver=False, logging_level="ERROR")
        return self

    def __exit__(self, *_):
        ray.shutdown()
        self.cluster.shutdown()


def scores(vectors, folder):
    if folder is None:
        return {}
    return {
        "analogies": evaluate_analogies(vectors, folder / "questions-words.txt").total.accuracy,
        "WS-353": evaluate_similarity(vectors, folder / "EN-WS-353-ALL.txt").score,
        "SimLex": evaluate_similarity(vectors, folder / "EN-SIMLEX-999.txt").score,
    }


def measured(model, given, words):
    """What one run came to."""
    run = model.run_
    rounds = [entry for entry in run.history if "sync_share" in entry]
    seconds = np.diff([0.0, *(entry["seconds"] for entry in rounds)])
    size = 8.0 * len(model.vectors) * given.dimensions / 1e6
    return {
        "words_per_second": run.words / run.seconds,
        "rounds": len(rounds),
        "exchange_seconds": median(s * entry["sync_share"] for s, entry in zip(seconds[1:], rounds[1:], strict=True))
        if len(rounds) > 1
        else 0.0,
        "megabytes": size,
        "whole": run.words == words * given.epochs,
        **scores(model.vectors, given.evaluate),
    }


def compare(corpus, given):
    results = {}
    options = {"dimensions": given.dimensions, "epochs": given.epochs}
    for seed in range(7, 7 + given.repeats):
        for nodes in [0, *given.nodes]:
            model = Word2Vec(**options, seed=seed)
            if nodes == 0:
                model.fit(corpus)
            else:
                with Here(nodes):
                    model.fit(corpus, cluster=Cluster(sync=given.sync, half=given.half))
            one = measured(model, given, len(corpus.ids))
            results.setdefault(nodes, []).append(one)
            shown = {name: round(value, 4) for name, value in one.items()}
            print(f"{f'{nodes} nodes' if nodes else 'one process'}, seed {seed}: {json.dumps(shown)}", flush=True)
    alone = median(each["words_per_second"] for each in results[0])
    for nodes, runs in results.items():
        middle = {name: median(each[name] for each in runs) for name in runs[0]}
        ratio = middle.pop("words_per_second") / alone
        told = ", ".join(f"{name} {value:.4g}" for name, value in middle.items())
        print(f"{f'{nodes} nodes' if nodes else 'one process'}: {ratio:.2f} of one process' speed; {told}")


ROUNDS = 5
"""Exchanges of all rows that a run needs for each replica, for vectors as good (docs/scaling.md)."""


def sent(nodes, words, dimensions, half):
    """Bytes that a replica sends at an exchange of all rows, and as many it receives: changes, what comes of them."""
    return 2 * (nodes - 1) / nodes * 2 * words * dimensions * (2 if half else 4)


def costs(nodes, words, dimensions, half):
    """What an exchange is made of, where all nodes share two processors: rounds of messages, bytes, numbers."""
    return [nodes / 2, nodes * sent(nodes, words, dimensions, half), nodes * 2 * words * dimensions]


def fit_model(corpus, given):
    """Fit what a message, a byte and a number cost to exchanges of two nodes; see what it says of four."""
    measurements = []
    for nodes, dimensions, half in itertools.product((2, 4), (50, 100, 200), (False, True)):
        model = Word2Vec(dimensions=dimensions, epochs=2, seed=7)
        with Here(nodes):
            model.fit(corpus, cluster=Cluster(sync="2Mwords", half=half))
        given.dimensions = dimensions
        seconds = measured(model, given, len(corpus.ids))["exchange_seconds"]
        measurements.append(((nodes, len(model.vectors), dimensions, half), seconds))
        print(f"{nodes} nodes, D {dimensions}, {'float16' if half else 'float32'}: {seconds:.3f} s", flush=True)
    two = [each for each in measurements if each[0][0] == 2]
    terms = np.array([costs(*setting) for setting, _ in two])
    fitted, *_ = np.linalg.lstsq(terms, np.array([seconds for _, seconds in two]), rcond=None)
    print(f"messages {fitted[0]:.3f} s, {fitted[1] * 1e9:.2f} ns a byte, {fitted[2] * 1e9:.2f} ns a number")
    for setting, seconds in measurements:
        print(f"{setting}: measured {seconds:.3f} s, model {np.dot(costs(*setting), fitted):.3f} s")
    predict(*fitted)


def predict(message, byte, number, words=100e9, speed=25e6, vocabulary=1_000_000, dimensions=300):
    """100 billion words once, on nodes of 16 threads and a network of their own, in float16.

    A byte and a number cost one processor twice what they cost here, where two nodes share two processors.
    """
    print("GB/s  nodes  exchange s  N for a tenth  exchanges then  needed  minutes with these  node hours")
    for rate in (1.0, 3.0, 10.0):
        for nodes in (1, 2, 4, 8, 16, 32, 64, 128, 256):
            size = sent(nodes, vocabulary, dimensions, True)
            work = size * (2 * byte + 1e-9 / rate) + 2 * vocabulary * dimensions * 2 * number
            seconds = message + work if nodes > 1 else 0.0
            interval = 9 * seconds * speed
            exchanges = words / (nodes * interval) if interval else 0.0
            needed = ROUNDS * nodes if nodes > 1 else 0
            minutes = (words / (nodes * speed) + needed * seconds) / 60
            print(
                f"{rate:4g}  {nodes:5}  {seconds:10.2f}  {interval / 1e6:11.0f} M  {exchanges:14.1f}  {needed:6}"
                f"  {minutes:18.1f}  {minutes * nodes / 60:10.1f}"
            )


class At(Callback):
    """Do something soon after one of the exchanges."""

    sees_vectors = False

    def __init__(self, number, deed):
        self.number, self.deed, self.seen = number, deed, 0

    def on_report(self, run):
        self.seen += 1
        if self.seen == self.number:
            threading.Timer(random.uniform(0, 0.8), self.deed).start()


def replicas():
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


def break_things(corpus, given):
    options = {"dimensions": given.dimensions, "epochs": given.epochs}
    using = Cluster(sync=given.sync or "1Mwords", half=given.half)
    for what in ("a replica", "a raylet"):
        for number in range(1, given.faults + 1):
            told = []
            with Here(3 if what == "a raylet" else 2) as here:

                def kill(here=here, what=what):
                    if what == "a raylet":
                        here.cluster.remove_node(here.others.pop(), allow_graceful=False)
                    else:
                        os.kill(random.choice(replicas()), signal.SIGKILL)

                model = Word2Vec(**options)
                model.fit(corpus, cluster=using, callbacks=[At(random.randint(1, 5), kill)], announce=told.append)
            whole = model.run_.words == model.run_.total_words == given.epochs * len(corpus.ids)
            lost = [each for each in told if "lost: " in each]
            shown = {name: round(value, 4) for name, value in scores(model.vectors, given.evaluate).items()}
            print(f"{what} killed, {number}: words add up: {whole}; {len(lost)} told; {shown}", flush=True)
    with tempfile.TemporaryDirectory() as folder, Here(2) as here:
        for number in range(1, given.faults + 1):
            kept, out = Path(folder) / f"kept{number}", Path(folder) / f"{number}.safetensors"
            command = [sys.executable, "-m", "firth", "train", given.text, "-o", str(out), "--json", "-q", "--resume"]
            command += ["--ray", here.cluster.address, "--checkpoint", str(kept), "--every", "2Mwords"]
            command += ["--sync", using.sync, "--epochs", str(given.epochs), "--dimensions", str(given.dimensions)]
            running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            while running.poll() is None and not list(kept.glob("[!.]*")):
                time.sleep(0.1)
            time.sleep(random.uniform(0, 6))
            ended = running.poll()
            running.kill()
            running.wait()
            answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            whole = answer["words"] == answer["total_words"]
            shown = {name: round(value, 4) for name, value in scores(Vectors.load(out), given.evaluate).items()}
            when = "killed" if ended is None else "it had ended"
            print(f"the driver {when}, {number}: words add up: {whole}; {shown}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text")
    parser.add_argument("--nodes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--dimensions", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sync")
    parser.add_argument("--half", action="store_true")
    parser.add_argument("--evaluate", type=Path, metavar="FOLDER")
    parser.add_argument("--faults", type=int, default=0)
    parser.add_argument("--model", action="store_true")
    given = parser.parse_args()
    corpus = Corpus.from_text(given.text)
    (break_things if given.faults else fit_model if given.model else compare)(corpus, given)


main()
