"""The command `firth train`: text in, a file of vectors out; stopped early, it writes the vectors so far."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli_corpus import (
    Column,
    Digits,
    Inputs,
    Json,
    Lowercase,
    MaxSize,
    Nfkc,
    NoCache,
    Quiet,
    Strict,
    Tokenizer,
    read_corpus,
    read_on_cluster,
)
from firth.cli_run import (
    READING,
    Checkpoint,
    CheckpointEvery,
    DryRun,
    Half,
    Ray,
    Replicas,
    Resume,
    Sync,
    before_it,
    cluster_asked,
    demand_checkpoints,
    demand_finished,
    demand_fitting,
    demand_writable,
    stop_request,
    tell_needs,
)
from firth.output import print_json, print_table, say, say_warnings
from firth.signals import StoppedError
from firth.training.checkpointing import DEFAULT_EVERY
from firth.training.config import (
    ARCHITECTURES,
    CONTEXT_GRADIENTS,
    OBJECTIVES,
    SCHEDULES,
    SUBSAMPLE_RULES,
    TrainingConfig,
)

if TYPE_CHECKING:
    from firth.corpus.corpus import Corpus
    from firth.corpus.sharded import ShardedCorpus
    from firth.during import EvaluationDuringTraining
    from firth.word2vec import Word2Vec

DEFAULTS = TrainingConfig()
FEWEST = 5
"""Words that occur less often are left out, where nothing else is said."""

_LEARNING, _BEFORE = "Learning", "Going on from vectors"


def _either(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def train(
    inputs: Inputs,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write, .safetensors.", metavar="FILE")],
    architecture: Annotated[
        str, typer.Option(help=f"{_either(ARCHITECTURES)}.", metavar="NAME", rich_help_panel=_LEARNING)
    ] = DEFAULTS.architecture,
    objective: Annotated[
        str, typer.Option(help=f"{_either(OBJECTIVES)}.", metavar="NAME", rich_help_panel=_LEARNING)
    ] = DEFAULTS.objective,
    dimensions: Annotated[
        int | None,
        typer.Option(
            help="D, the length of a vector.",
            show_default=f"{DEFAULTS.dimensions}, or that of --start or --update",
            rich_help_panel=_LEARNING,
        ),
    ] = None,
    window: Annotated[
        int, typer.Option(help="C, the most words of context on either side.", rich_help_panel=_LEARNING)
    ] = DEFAULTS.window,
    shrink_window: Annotated[
        bool,
        typer.Option(
            "--shrink-window/--no-shrink-window",
            help="Draw each window's size from 1 to C, or let it always be C.",
            rich_help_panel=_LEARNING,
        ),
    ] = DEFAULTS.shrink_window,
    negatives: Annotated[
        int, typer.Option(help="K, words drawn for each window (negative sampling).", rich_help_panel=_LEARNING)
    ] = DEFAULTS.negatives,
    negative_exponent: Annotated[
        float, typer.Option(help="Negatives are drawn by count to this power.", rich_help_panel=_LEARNING)
    ] = DEFAULTS.negative_exponent,
    subsample: Annotated[
        float,
        typer.Option(help="Share of the text above which words are thinned; 0 keeps all.", rich_help_panel=_LEARNING),
    ] = DEFAULTS.subsample,
    subsample_rule: Annotated[
        str,
        typer.Option(
            help=f"{_either(SUBSAMPLE_RULES)}: keep with sqrt(t/f) + t/f, or with sqrt(t/f).",
            metavar="NAME",
            rich_help_panel=_LEARNING,
        ),
    ] = DEFAULTS.subsample_rule,
    context_gradient: Annotated[
        str,
        typer.Option(
            help=f"cbow: {_either(CONTEXT_GRADIENTS)}: each word of a window gets its share of the gradient, or all.",
            metavar="NAME",
            rich_help_panel=_LEARNING,
        ),
    ] = DEFAULTS.context_gradient,
    epochs: Annotated[
        int, typer.Option(help="How often the text is gone through.", rich_help_panel=_LEARNING)
    ] = DEFAULTS.epochs,
    learning_rate: Annotated[
        float, typer.Option(help="Step of the descent at first.", rich_help_panel=_LEARNING)
    ] = DEFAULTS.learning_rate,
    final_learning_rate: Annotated[
        float | None,
        typer.Option(help="Step at the end.", show_default="a tenth of the first", rich_help_panel=_LEARNING),
    ] = DEFAULTS.final_learning_rate,
    schedule: Annotated[
        str, typer.Option(help=f"{_either(SCHEDULES)}.", metavar="NAME", rich_help_panel=_LEARNING)
    ] = DEFAULTS.schedule,
    warmup: Annotated[
        float, typer.Option(help="Share of all words over which the step rises from 0.", rich_help_panel=_LEARNING)
    ] = DEFAULTS.warmup,
    held_out: Annotated[
        float,
        typer.Option(
            help="Share of the sentences that are not learned from; their loss is measured after each epoch.",
            rich_help_panel=_LEARNING,
        ),
    ] = DEFAULTS.held_out,
    patience: Annotated[
        int,
        typer.Option(
            help="Stop when that loss has not become better for so many epochs; 0 never.", rich_help_panel=_LEARNING
        ),
    ] = DEFAULTS.patience,
    threads: Annotated[
        int | None, typer.Option(help="How many.", show_default="one a processor", rich_help_panel=_LEARNING)
    ] = DEFAULTS.threads,
    deterministic: Annotated[
        bool,
        typer.Option(
            "--deterministic",
            help="The same seed gives the same bits on any number of threads; slower.",
            rich_help_panel=_LEARNING,
        ),
    ] = DEFAULTS.deterministic,
    seed: Annotated[int, typer.Option(help="Seed of all randomness.", rich_help_panel=_LEARNING)] = DEFAULTS.seed,
    start: Annotated[
        Path | None,
        typer.Option(help="Vectors that words which have one begin with.", metavar="FILE", rich_help_panel=_BEFORE),
    ] = None,
    update: Annotated[
        Path | None,
        typer.Option(
            help="Vectors to go on from: all of them are kept, and those of words of this text learn more.",
            metavar="FILE",
            rich_help_panel=_BEFORE,
        ),
    ] = None,
    update_vocabulary: Annotated[
        bool,
        typer.Option("--update-vocabulary", help="With --update: add words that are new.", rich_help_panel=_BEFORE),
    ] = False,
    freeze_start: Annotated[
        bool,
        typer.Option(
            "--freeze-start",
            help="Vectors that come from --start or --update stay as they are.",
            rich_help_panel=_BEFORE,
        ),
    ] = False,
    freeze: Annotated[
        str,
        typer.Option(
            help="Words whose vectors stay as they are, with commas between.",
            metavar="A,B",
            rich_help_panel=_BEFORE,
        ),
    ] = "",
    tokenizer: Tokenizer = "words",
    lowercase: Lowercase = None,
    nfkc: Nfkc = False,
    digits: Digits = "keep",
    column: Column = None,
    min_count: Annotated[
        int | None,
        typer.Option(
            help="Words that occur less often are left out.",
            show_default=f"{FEWEST}; 1 with --update alone, which adds no words",
        ),
    ] = None,
    max_size: MaxSize = None,
    unknown: Annotated[
        str | None, typer.Option(help="A word that stands for all that are left out.", metavar="WORD")
    ] = None,
    max_sentence: Annotated[int | None, typer.Option(help="Cut sentences of more words than this.")] = None,
    strict: Strict = False,
    no_cache: NoCache = False,
    log: Annotated[Path | None, typer.Option(help="Write the history, a JSON object a line.", metavar="FILE")] = None,
    checkpoint: Checkpoint = None,
    every: CheckpointEvery = DEFAULT_EVERY,
    resume: Resume = False,
    dry_run: DryRun = False,
    ray: Ray = None,
    replicas: Replicas = None,
    sync: Sync = None,
    half: Half = False,
    during: Annotated[
        list[str] | None,
        typer.Option(
            help="A test to score the vectors by as they are learned: ws353, google-analogies, a file. Repeatable.",
            metavar="TEST",
        ),
    ] = None,
    during_every: Annotated[
        float, typer.Option(help="With --during: epochs between scores; 0.5 scores twice an epoch.", metavar="EPOCHS")
    ] = 1.0,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Learn word vectors from a text. Ctrl-C writes the vectors so far, or a checkpoint where --checkpoint is given."""
    given = dict(locals())
    options = {each.name: given[each.name] for each in dataclasses.fields(TrainingConfig)}
    options["dimensions"] = DEFAULTS.dimensions if dimensions is None else dimensions
    config = TrainingConfig(**options)
    demand_fitting(config, start, update, update_vocabulary, freeze_start)
    demand_checkpoints(checkpoint, every, resume, dry_run)
    demand_writable(out, log)
    cluster = cluster_asked(ray, replicas, sync, half, update)
    announce: Callable[[str], None] = say_warnings if quiet else say
    evaluation = _evaluation(during, during_every, announce)
    before = before_it(start, update)
    if before is not None and dimensions is None:
        options["dimensions"] = before.matrix.shape[1]
    reading = {name: given[name] for name in READING}
    if min_count is None:
        reading["min_count"] = 1 if update and not update_vocabulary else FEWEST
    with contextlib.ExitStack() as entered:
        corpus: Corpus | ShardedCorpus
        if cluster is None:
            corpus = read_corpus(inputs, quiet, **reading, cache=not no_cache)
        else:
            from firth.compute.nodes import connected

            corpus = read_on_cluster(entered.enter_context(connected(cluster.address)), inputs, quiet, **reading)
        frozen = [word.strip() for word in freeze.split(",") if word.strip()]
        if freeze_start and before is not None:
            frozen += before.words if update else [word for word in before.words if word in corpus.vocabulary]
        updated = before if update else None
        model = _model()(**options) if updated is None else _model().from_vectors(updated, **options)
        needed = model.needs(corpus, update_vocabulary=update_vocabulary)
        if tell_needs(needed, corpus, out, checkpoint, dry_run, as_json):
            return
        stop = entered.enter_context(stop_request(out, checkpoint))
        learning: dict[str, Any] = {
            "frozen": frozen,
            "show_progress": not quiet,
            "announce": announce,
            "callbacks": [] if evaluation is None else [evaluation],
            "log": log,
            "should_stop": stop,
            "checkpoint": checkpoint,
            "every": every,
            "resume": resume,
        }
        if updated is not None:
            model.partial_fit(corpus, update_vocabulary=update_vocabulary, **learning)
        else:
            model.fit(corpus, cluster=cluster, start=before, **learning)
        demand_finished(model.run_, checkpoint, stop)
        model.vectors.save(out)
    _tell(model, corpus, out, as_json, {} if evaluation is None else evaluation.scores)
    if model.run_.stopped and stop.signal_number is not None:
        raise StoppedError(f"stopped; the vectors so far are in {out}", stop.signal_number)


def _model() -> type[Word2Vec]:
    from firth.word2vec import Word2Vec

    return Word2Vec


def _evaluation(
    tests: list[str] | None, every: float, announce: Callable[[str], None]
) -> EvaluationDuringTraining | None:
    """What scores the vectors while they are learned."""
    from firth.during import EvaluationDuringTraining

    return EvaluationDuringTraining(tests, every, announce=announce) if tests else None


def _tell(model: Word2Vec, corpus: Corpus | ShardedCorpus, out: Path, as_json: bool, scores: dict[str, float]) -> None:
    """What was learned, how fast, and where it is."""
    run, vectors = model.run_, model.vectors
    speed = run.words / run.seconds if run.seconds else 0.0
    loss = None if math.isnan(run.loss) else run.loss
    held_out = next((entry["held_out_loss"] for entry in reversed(run.history) if "held_out_loss" in entry), None)
    if as_json:
        print_json(
            {
                "file": str(out),
                "words": run.words,
                "total_words": run.total_words,
                "vocabulary": len(vectors),
                "seconds": run.seconds,
                "words_per_second": speed,
                "loss": loss,
                "held_out_loss": held_out,
                "evaluation": scores or None,
                "stopped": run.stopped or None,
                "settings": vectors.settings,
                "reading": corpus.report.as_dict(),
            }
        )
        return
    of_all = "" if run.words == run.total_words else f" of {run.total_words:,}"
    rows = [
        ("words", f"{run.words:,}{of_all} in {run.epoch} epochs"),
        ("vocabulary", f"{len(vectors):,} words"),
        ("training", f"{run.seconds:.1f} s, {speed:,.0f} words/s"),
        ("loss", "-" if loss is None else f"{loss:.4f}"),
        *([] if held_out is None else [("held-out loss", f"{held_out:.4f}")]),
        *[(name, f"{score:.4f}") for name, score in scores.items()],
        *([("stopped", run.stopped)] if run.stopped else []),
        ("written", str(out)),
    ]
    print_table(("", ""), rows)
