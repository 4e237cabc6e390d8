"""One measurement of `firth bench`, in a process of its own: trains once, and prints speed, memory and quality as JSON.

Run as ``python -m firth.benchmark_run TASK``, TASK being what `firth.benchmark` writes as JSON.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.errors import FirthError

if TYPE_CHECKING:
    from firth.vectors.vectors import Vectors

TESTS = {"ws353": "WS-353", "simlex999": "SimLex-999", "google-analogies": "Google analogies"}
"""What quality is measured by, and its name for people."""
CANDIDATES = 30_000
"""Words that may answer an analogy, the most frequent."""


def run(task: dict[str, Any]) -> dict[str, float | None]:
    """Train once.

    Parameters
    ----------
    task
        tool, corpus (a folder), text (a plain file), counted (a file of its words' counts), tests, and settings by the
        names of `TrainingConfig`.

    Returns
    -------
    dict
        seconds of training alone; peak_megabytes of this process until the training's end; and a score for each test,
        None where too few of its words are known.
    """
    measure = _firth if task["tool"].startswith("firth") else _gensim
    vectors, seconds, peak = measure(task)
    return {"seconds": seconds, "peak_megabytes": peak, **{test: _score(vectors, test) for test in task["tests"]}}


def _firth(task: dict[str, Any]) -> tuple[Vectors, float, float | None]:
    from firth.corpus.corpus import Corpus
    from firth.word2vec import Word2Vec

    settings = {**task["settings"], "deterministic": task["tool"] == "firth deterministic"}
    corpus = Corpus.load(task["corpus"])
    model = Word2Vec(**settings).fit(corpus)
    return model.vectors, model.run_.seconds, peak_megabytes()


def _gensim(task: dict[str, Any]) -> tuple[Vectors, float, float | None]:
    word2vec = importlib.import_module("gensim.models.word2vec")
    settings, counted = task["settings"], json.loads(Path(task["counted"]).read_bytes())
    model = word2vec.Word2Vec(
        vector_size=settings["dimensions"],
        window=settings["window"],
        negative=settings["negatives"],
        sample=settings["subsample"],
        alpha=settings["learning_rate"],
        epochs=settings["epochs"],
        seed=settings["seed"],
        workers=settings["threads"],
        sg=int(settings["architecture"] == "skip-gram"),
        min_count=1,
    )
    model.build_vocab_from_freq(counted["counts"], corpus_count=counted["sentences"])
    if task["tool"] == "gensim":
        source = {"corpus_file": task["text"]}
    else:
        source = {"corpus_iterable": word2vec.LineSentence(task["text"])}
    total = {"total_examples": counted["sentences"], "total_words": counted["tokens"]}
    started = time.perf_counter()
    model.train(**source, **total, epochs=settings["epochs"])
    seconds, peak = time.perf_counter() - started, peak_megabytes()
    from firth.vectors.vectors import Vectors  # not before: its memory is none of gensim's

    order = model.wv.index_to_key
    return Vectors(order, model.wv.vectors, [model.wv.get_vecattr(word, "count") for word in order]), seconds, peak


def peak_megabytes() -> float | None:
    """The most memory that this process has had, in millions of bytes; None where the system doesn't tell."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux's getrusage counts what the process was forked from as well
        peaks = [line.split() for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        if peaks:
            return int(peaks[0][1]) * 1024 / 1e6
    try:
        resource = importlib.import_module("resource")
    except ImportError:
        return None
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def _score(vectors: Vectors, test: str) -> float | None:
    from firth.evaluation import evaluate_analogies, evaluate_similarity

    with contextlib.suppress(FirthError):  # a small text may know none of a test's words
        if test == "google-analogies":
            return evaluate_analogies(vectors, test, CANDIDATES).total.accuracy
        return evaluate_similarity(vectors, test, resamples=1).score
    return None


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.argv[1]))))  # noqa: T201
