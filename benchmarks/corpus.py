"""How fast a text is counted and encoded, beside gensim's vocabulary scan of the same file, in one run.

    python benchmarks/corpus.py FILE [--tokenizer NAME] [--times 10] [--repeats 3] [--json OUT]

Every measurement is a process of its own, so that its peak memory is its own too. gensim is left out, and said, where
it is not installed (``pip install --group bench``). ``--times N`` measures a text N times as long as well: the lines of
FILE over and over, in another order each time.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

_FIRTH = """
import json, resource, sys, time
from firth import Corpus
import polars
started = time.perf_counter()
corpus = Corpus.from_text(sys.argv[1], tokenizer=sys.argv[2], cache=False)
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps([seconds, peak, corpus.report.tokens, len(corpus.vocabulary)]))
"""
_GENSIM = """
import json, resource, sys, time
from gensim.models import Word2Vec
from gensim.models.word2vec import LineSentence
model = Word2Vec(min_count=5, max_final_vocab=None)
started = time.perf_counter()
words, _ = model.scan_vocab(LineSentence(sys.argv[1], max_sentence_length=10**9))
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps([seconds, peak, words, 0]))
"""


def measured(code: str, *arguments: str) -> list[float]:
    """Seconds, peak memory in GB, words and vocabulary size of one run in a process of its own."""
    answer = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    seconds, peak, words, size = json.loads(answer.stdout.splitlines()[-1])
    return [seconds, peak, words, size]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--tokenizer", default="whitespace")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    has_gensim = (
        subprocess.run([sys.executable, "-c", "import gensim"], capture_output=True, check=False).returncode == 0
    )
    measured(_FIRTH, str(options.file), options.tokenizer)  # reads the file into the system's cache
    runs: dict[str, list[list[float]]] = {"firth": [], "gensim": []}
    for _ in range(options.repeats):
        runs["firth"].append(measured(_FIRTH, str(options.file), options.tokenizer))
        if has_gensim:
            runs["gensim"].append(measured(_GENSIM, str(options.file)))
    if options.times > 1:
        with tempfile.TemporaryDirectory() as folder:
            longer = Path(folder) / "longer.txt.gz"
            write_longer(options.file, longer, options.times)
            runs[f"firth, {options.times} times the text"] = [measured(_FIRTH, str(longer), options.tokenizer)]
    show(runs, options.file, options.tokenizer, has_gensim)
    if options.json:
        options.json.write_text(json.dumps({"file": str(options.file), "tokenizer": options.tokenizer, "runs": runs}))


def write_longer(source: Path, target: Path, times: int) -> None:
    opener = gzip.open if source.suffix == ".gz" else open
    with opener(source, "rb") as stream:
        lines = stream.readlines()
    shuffled = random.Random(1)
    with gzip.open(target, "wb", compresslevel=1) as stream:
        for _ in range(times):
            shuffled.shuffle(lines)
            stream.writelines(lines)


def show(runs: dict[str, list[list[float]]], file: Path, tokenizer: str, has_gensim: bool) -> None:
    print(f"{file.name}, tokenizer {tokenizer}, min_count 5; {platform.machine()}, {os.cpu_count()} cores")
    medians = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in runs.items() if rows
    }
    if has_gensim:
        ratio = medians["gensim"][0] / medians["firth"][0]
        print(f"counting AND encoding is {ratio:.1f} times as fast as gensim's counting alone")
    else:
        print("gensim is not installed: measured without it")
    print("| | seconds | words/s | peak memory | words | vocabulary |\n|---|---|---|---|---|---|")
    for name, (seconds, peak, words, size) in medians.items():
        speed = f"{words / seconds / 1e6:.1f} M"
        print(f"| {name} | {seconds:.2f} | {speed} | {peak:.2f} GB | {words:,.0f} | {size or '-':} |")


if __name__ == "__main__":
    main()
