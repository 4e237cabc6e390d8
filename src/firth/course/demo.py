"""`firth demo`: the assignment from text to picture, sentiment scores and report.

Text, vocabulary, training with checkpoints, then the files in one folder; the report is written last, with a checksum
of each of the others.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import firth
from firth.checkpoints import Checkpoints
from firth.corpus import Corpus, Vocabulary
from firth.datasets import NotAvailableError, load_python_docs, load_sst
from firth.datasets.sst import SentimentTreebank
from firth.errors import OptionError, import_extra
from firth.files import held, make_folder, sha256_of, write_whole
from firth.plots.word_map import MOST_WORDS
from firth.progress import Report, silent
from firth.signals import StopRequest
from firth.spelling import UnknownWordError
from firth.training.config import MinibatchConfig
from firth.training.trainer import EncodedText, MinibatchRun, first_vectors, train_minibatch
from firth.vectors.vectors import Vectors

DATASETS = ("auto", "sst", "python-docs")
MIN_COUNT = 5
"""Rarer words of python-docs, mostly names of one package, are left out."""
EXPLORED_WORDS = 2_000
"""The most frequent words, for the explorer."""
CLASSES = ("very negative", "negative", "neutral", "positive", "very positive")

WordGroups = dict[str, tuple[str, ...]]

SST_WORDS: WordGroups = {
    "praise": ("great", "cool", "brilliant", "wonderful", "well", "amazing", "worth", "sweet", "enjoyable"),
    "criticism": ("boring", "bad", "dumb", "annoying"),
    "people": ("female", "male", "queen", "king", "man", "woman"),
    "weather": ("rain", "snow", "hail"),
    "drinks": ("coffee", "tea"),
}
"""The assignment's words."""

PYTHON_DOCS_WORDS: WordGroups = {
    "types": ("int", "float", "str", "bytes", "list", "dict", "tuple", "set"),
    "files": ("file", "path", "directory", "folder", "filename"),
    "network": ("socket", "server", "client", "http", "url"),
    "time": ("day", "month", "year", "hour", "minute"),
    "numbers": ("matrix", "array", "vector", "sum", "mean"),
}

Stage = Callable[[str], AbstractContextManager[Report]]
"""Opens the progress of one stage of the work."""


@dataclass(frozen=True)
class DemoText:
    """What the run learns from, and what it shows.

    Attributes
    ----------
    dataset
        Name of the data set.
    corpus
        Its sentences as word ids, with the vocabulary.
    groups
        Words for the picture, by what they have in common.
    treebank
        The labelled sentences; None where there are none, and so no sentiment task.
    """

    dataset: str
    corpus: Corpus
    groups: WordGroups
    treebank: SentimentTreebank | None


@dataclass(frozen=True)
class Demo:
    """What became of the run: where training stands and, when it is finished, the report."""

    run: MinibatchRun
    report: dict[str, Any] | None


def run_demo(
    out: str | Path,
    config: MinibatchConfig,
    *,
    dataset: str = "auto",
    words: tuple[str, ...] = (),
    resume: bool = False,
    stage: Stage = lambda _: nullcontext(silent),
    announce: Callable[[str], None] = lambda _: None,
    stop: StopRequest | None = None,
) -> Demo:
    """Train on the treebank (or python-docs), then write pictures, vectors and report into a folder.

    Parameters
    ----------
    out
        The folder.
    config
        Options of the training.
    dataset
        ``"sst"``, ``"python-docs"``, or ``"auto"``: the treebank where it can be had, python-docs otherwise.
    words
        Words for the picture, instead of the data set's own.
    resume
        Go on from the last checkpoint in the folder.
    stage
        Opens the progress of a stage of the work.
    announce
        Called with sentences worth telling.
    stop
        Can end the training early, with a checkpoint; None lets nothing end it.

    Returns
    -------
    Demo

    Raises
    ------
    FirthError
        Data are missing or damaged, an option is wrong, a file can't be written, an extra is not installed.
    """
    for module in ("matplotlib.figure", "sklearn.linear_model"):
        import_extra(module, "lab")  # known to be missing before the training, not after it
    text = load_text(dataset, stage, announce)
    groups = text.groups if not words else {"": tuple(dict.fromkeys(words))}
    _demand_words([word for group in groups.values() for word in group], text.corpus.vocabulary)
    encoded = EncodedText(text.corpus.ids, text.corpus.offsets, text.corpus.vocabulary.counts)
    folder = make_folder(out)
    with held(folder / "checkpoints"):
        with stop or nullcontext(), stage(f"training on {text.dataset}") as report:
            run = train_minibatch(
                encoded,
                config,
                checkpoints=Checkpoints(folder / "checkpoints"),
                resume=resume,
                report=report,
                announce=announce,
                should_stop=stop or (lambda: False),
            )
        if not run.finished:
            return Demo(run, None)
        return Demo(run, _write_results(folder, config, text, groups, run, announce))


def load_text(dataset: str, stage: Stage, announce: Callable[[str], None]) -> DemoText:
    """Load the text to learn from.

    Raises
    ------
    OptionError
        There is no such choice.
    DataError
        The data set is missing (and was asked for by name), or damaged.
    """
    if dataset not in DATASETS:
        raise OptionError(f"dataset is {dataset!r}: it must be one of {', '.join(DATASETS)}")
    if dataset != "python-docs":
        try:
            with stage("loading sst") as report:
                treebank = load_sst(report=report)
            corpus = Corpus.from_text(treebank.sentences, min_count=1, unknown="UNK")
            return DemoText("sst", corpus, SST_WORDS, treebank)
        except NotAvailableError as error:
            if dataset == "sst":
                raise
            announce(str(error))
            announce("training on python-docs instead: the docstrings of this machine's Python; no sentiment task")
    with stage("reading python-docs") as report:
        sentences = load_python_docs(report)
    corpus = Corpus.from_text(sentences, min_count=MIN_COUNT)
    return DemoText("python-docs", corpus, _words_present(PYTHON_DOCS_WORDS, corpus.vocabulary), None)


def _words_present(groups: WordGroups, vocabulary: Vocabulary) -> WordGroups:
    """Return those that this machine's Python has; its most frequent words, long ones first, where it has too few."""
    present = {name: tuple(word for word in group if word in vocabulary) for name, group in groups.items()}
    if sum(map(len, present.values())) >= 8:
        return {name: group for name, group in present.items() if group}
    return {"": tuple(sorted(vocabulary.words, key=lambda word: len(word) < 5)[:24])}


def _demand_words(words: list[str], vocabulary: Vocabulary) -> None:
    try:
        for word in words:
            vocabulary.id_of(word)
    except UnknownWordError as error:
        raise OptionError(f"words: {error}") from error
    if not 2 <= len(words) <= MOST_WORDS:
        raise OptionError(f"words: {len(words)} different words can't be drawn to be compared: give 2 to {MOST_WORDS}")


def _write_results(
    folder: Path,
    config: MinibatchConfig,
    text: DemoText,
    groups: WordGroups,
    run: MinibatchRun,
    announce: Callable[[str], None],
) -> dict[str, Any]:
    """Write the files, the report last; an earlier run's report and what this run does not make are removed first."""
    for name in ("report.json", "loss.png", "confusion.png"):
        (folder / name).unlink(missing_ok=True)
    final_loss = run.smoothed_losses[-1] if run.smoothed_losses else None
    settings = {
        **dataclasses.asdict(config),
        "architecture": "skip-gram",
        "dataset": text.dataset,
        "final_loss": final_loss,
        "firth": firth.__version__,
    }
    vocabulary = text.corpus.vocabulary
    vectors = Vectors(vocabulary.words, run.center, vocabulary.counts, run.outside, settings)
    vectors.save(folder / "vectors.safetensors")
    _draw_training(folder, config, text, groups, run, vectors)
    sentiment = None
    if text.treebank is not None:
        announce("learning to tell the sentiment of sentences")
        sentiment = _sentiment(folder, config, text.treebank, vectors)
    announce("writing the explorer")
    _write_explorer(folder, text.dataset, groups, vectors)
    made = ["vectors.safetensors", "word_vectors.png"]
    made += ["loss.png"] if run.losses else []
    made += ["confusion.png"] if sentiment else []
    made += ["explorer.html"]
    report = {
        "dataset": text.dataset,
        "vocabulary_size": len(vocabulary),
        "iterations": run.iteration,
        "final_loss": final_loss,
        "training_seconds": round(run.seconds, 3),
        "sentiment": sentiment,
        "sentences": len(text.corpus),
        "options": dataclasses.asdict(config),
        "firth": firth.__version__,
        "files": {name: {"sha256": sha256_of(folder / name)} for name in made},
    }
    write_whole(folder / "report.json", json.dumps(report, indent=2).encode() + b"\n")
    return report


def _draw_training(
    folder: Path, config: MinibatchConfig, text: DemoText, groups: WordGroups, run: MinibatchRun, vectors: Vectors
) -> None:
    from firth import plots

    words = [word for group in groups.values() for word in group]
    made_by = f"skip-gram, {config.loss}, {config.dimensions} dimensions, {run.iteration:,} iterations"
    plots.plot_word_map(
        words,
        vectors.side_by_side()[[vectors.index[word] for word in words]],
        folder / "word_vectors.png",
        title=f"Word vectors from {_NAMES[text.dataset]}",
        subtitle=f"{made_by}; center and outside vectors side by side",
        groups=groups if len(groups) > 1 else None,
    )
    if run.losses:
        plots.plot_loss(
            run.reported_iterations,
            run.smoothed_losses,
            folder / "loss.png",
            raw=run.losses,
            title="Mean loss of a window",
            subtitle=f"{made_by}; smoothed by 0.95 old + 0.05 new",
            anneal_every=config.anneal_every,
        )


def _write_explorer(folder: Path, dataset: str, groups: WordGroups, vectors: Vectors) -> None:
    """Write the page with the picture's words among the most frequent; of rare words so little text knows nothing.

    Their places are principal components, so that they are the same whatever is installed.
    """
    from firth.plots.explorer import write_explorer

    pictured = (word for group in groups.values() for word in group)
    words = list(dict.fromkeys([*vectors.words[:EXPLORED_WORDS], *pictured]))
    title = f"Word vectors from {_NAMES[dataset]}"
    write_explorer(vectors, folder / "explorer.html", words=words, layout="pca", title=title)


def _sentiment(folder: Path, config: MinibatchConfig, treebank: SentimentTreebank, vectors: Vectors) -> dict[str, Any]:
    """Scores of the trained vectors, and of those they started from: without the second, the first says little."""
    from firth import plots
    from firth.evaluation.sentiment import SentimentResult, evaluate_sentiment, sentence_means

    def scores(matrix: NDArray[Any]) -> SentimentResult:
        features = sentence_means(treebank.sentences, vectors.index, matrix)
        return evaluate_sentiment(
            {name: features[places] for name, places in treebank.splits.items()},
            {name: treebank.labels[places] for name, places in treebank.splits.items()},
        )

    result = scores(vectors.side_by_side())
    untrained = scores(np.hstack(first_vectors(len(vectors), config)))
    plots.plot_confusion(
        result.confusion,
        CLASSES,
        folder / "confusion.png",
        title="Sentiment of the test sentences",
        subtitle=f"{result.test:.1%} right; untrained vectors {untrained.test:.1%}; "
        f"always the commonest class of train {result.majority_test:.1%}",
    )
    return {**result.as_dict(), "untrained_test": untrained.test, "labels_from": treebank.scores_from}


_NAMES = {"sst": "the Stanford Sentiment Treebank", "python-docs": "Python's docstrings"}
