"""What storing, searching and loading vectors costs, and what smaller numbers lose.

    python benchmarks/vectors.py storage FILE     float16 and int8 beside float32: size, neighbors, WS-353, analogies
    python benchmarks/vectors.py search FILE      1,000 words' nearest at once, beside gensim's loop
    python benchmarks/vectors.py loading FOLDER   1,000,000 x 300 from each kind of file (about 6 GB are written)

FILE is a native file. Times are medians of --times runs, ours and the peer's in turn; loading, each in a
process of its own. Word sets are those of FIRTH_DATA. gensim is in the dependency group `bench`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from firth import Vectors

DTYPES = ("float32", "float16", "int8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("storage", "search", "loading"))
    parser.add_argument("path", type=Path)
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, NumPy {np.__version__}")
    {"storage": storage, "search": search, "loading": loading}[given.what](given.path, given.times)


def storage(path: Path, _: int) -> None:
    exact = Vectors.load(path)
    sample = [[word] for word in exact.words[:20_000:20]]
    neighbors = [{word for word, _ in answer} for answer in exact.most_similar(sample)]
    print(
        f"{len(exact):,} x {exact.dimensions}\n\ndtype     MB    cosine off by   same 10 nearest   WS-353   analogies"
    )
    for dtype in DTYPES:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "v.safetensors"
            exact.save(file, dtype=dtype)
            vectors = Vectors.load(file)
            found = vectors.most_similar(sample)
            same = np.mean(
                [len(ours & {word for word, _ in answer}) / 10 for ours, answer in zip(neighbors, found, strict=True)]
            )
            off = np.abs(cosines(vectors, sample) - cosines(exact, sample)).mean()
            megabytes = file.stat().st_size / 1e6
            scores = f"{ws353(vectors):.4f}   {analogies(vectors):.4f}"
            print(f"{dtype:8}{megabytes:5.1f}   {off:.1e}         {same:6.1%}            {scores}")


def cosines(vectors: Vectors, sample: list[list[str]]) -> np.ndarray:
    words = [word for (word,) in sample]
    return vectors.similarities(zip(words, reversed(words), strict=True))


def ws353(vectors: Vectors) -> float:
    lines = (Path(os.environ["FIRTH_DATA"]) / "eval" / "EN-WS-353-ALL.txt").read_text().lower().splitlines()
    rows = [line.split() for line in lines]
    rows = [(a, b, float(score)) for a, b, score in rows if a in vectors and b in vectors]
    given = np.array([score for _, _, score in rows])
    ranks = [each.argsort().argsort() for each in (given, vectors.similarities([(a, b) for a, b, _ in rows]))]
    return float(np.corrcoef(*ranks)[0, 1])


def analogies(vectors: Vectors) -> float:
    text = (Path(os.environ["FIRTH_DATA"]) / "eval" / "questions-words.txt").read_text().lower()
    rows = [line.split() for line in text.splitlines() if not line.startswith(":")]
    rows = [row for row in rows if all(word in vectors for word in row)]
    answers = vectors.most_similar([[b, c] for _, b, c, _ in rows], [[a] for a, *_ in rows], n=1)
    return float(np.mean([answer[0][0] == wanted for answer, (*_, wanted) in zip(answers, rows, strict=True)]))


def search(path: Path, times: int) -> None:
    from gensim.models import KeyedVectors

    vectors = Vectors.load(path)
    words = vectors.words[1000:2000]
    peer = KeyedVectors(vectors.dimensions)
    peer.add_vectors(vectors.words, vectors.matrix)
    peer.fill_norms()
    asked = [
        ("1,000 words, all at once", lambda: vectors.most_similar([[word] for word in words])),
        ("1,000 words, gensim's loop", lambda: [peer.most_similar(word) for word in words]),
        ("one word", lambda: vectors.most_similar("king")),
        ("one word, gensim", lambda: peer.most_similar("king")),
    ]
    answers = [ask() for _, ask in asked]
    seconds = [[timed(ask) for _, ask in asked] for _ in range(times)]
    medians = [statistics.median(column) for column in zip(*seconds, strict=True)]
    same = sum([w for w, _ in a] == [w for w, _ in b] for a, b in zip(*answers[:2], strict=True))
    print(f"{len(vectors):,} x {vectors.dimensions}; same neighbors in the same order: {same:,} of 1,000 words\n")
    for (name, _), median in zip(asked, medians, strict=True):
        print(f"{name:28}{1000 * median:10.2f} ms")
    ratios = [row[1] / row[0] for row in seconds]
    print(
        f"\ntimes as fast, at once: {medians[1] / medians[0]:.1f} (runs: {', '.join(f'{each:.1f}' for each in ratios)})"
    )


_OURS = """
import json, resource, sys, time
from firth import Vectors
start = time.perf_counter()
vectors = Vectors.load(sys.argv[1])
opened = time.perf_counter() - start
vectors.most_similar("word1234")
asked = time.perf_counter() - start - opened
print(json.dumps([opened, asked, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6]))
"""
_GENSIMS = """
import json, resource, sys, time
from gensim.models import KeyedVectors
start = time.perf_counter()
vectors = KeyedVectors.load_word2vec_format(sys.argv[1], binary=sys.argv[1].endswith(".bin"))
opened = time.perf_counter() - start
vectors.most_similar("word1234")
asked = time.perf_counter() - start - opened
print(json.dumps([opened, asked, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6]))
"""


def loading(folder: Path, times: int) -> None:
    size, dimensions = 1_000_000, 300
    rng = np.random.default_rng(1)
    files = [folder / name for name in ("big.safetensors", "big.bin", "big.txt")]
    if not all(file.exists() for file in files):
        matrix = rng.standard_normal((size, dimensions), dtype=np.float32)
        vectors = Vectors([f"word{row:x}" for row in range(size)], matrix)
        for file in files:
            vectors.save(file)
    print("file              MB     by       load s   first query s   peak GB")
    for file in files:
        with file.open("rb") as stream:  # into the page cache, for ours and the peer's alike
            while stream.read(1 << 24):
                pass
        programs = {"firth": _OURS} | ({} if file.suffix == ".safetensors" else {"gensim": _GENSIMS})
        runs: dict[str, list[list[float]]] = {name: [] for name in programs}
        for _ in range(times):
            for name, program in programs.items():
                answer = subprocess.run(
                    [sys.executable, "-c", program, str(file)], capture_output=True, check=True, text=True
                )
                runs[name].append(json.loads(answer.stdout))
        for name, rows in runs.items():
            load, ask, peak = (statistics.median(column) for column in zip(*rows, strict=True))
            print(f"{file.name:17}{file.stat().st_size / 1e6:6,.0f}   {name:7}{load:8.3f}   {ask:10.3f}   {peak:10.2f}")
        if len(runs) == 2:
            ratios = [theirs[0] / ours[0] for ours, theirs in zip(*runs.values(), strict=True)]
            print(
                f"{'':26}times as fast: {statistics.median(ratios):.1f} ({', '.join(f'{each:.1f}' for each in ratios)})"
            )


def timed(ask) -> float:
    start = time.perf_counter()
    ask()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
