"""The command `firth probe`: what a linear classifier can tell from sentences' vectors, on SST or a labelled table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli_corpus import Json, Quiet
from firth.cli_evaluate import LOW_COVERAGE
from firth.cli_vectors import File
from firth.errors import OptionError, import_extra
from firth.output import print_json, print_table, say
from firth.progress import progress

if TYPE_CHECKING:
    from firth.corpus.labelled import LabelledTexts
    from firth.corpus.tokenizers import Tokenization
    from firth.evaluation import ProbeResult
    from firth.vectors.vectors import Vectors

_NEEDS = {
    "both": "these vectors have no outside vectors of words",
    "sif": "it weighs words by their counts, which these vectors do not have",
}


def probe(
    file: File,
    table: Annotated[
        Path | None,
        typer.Argument(
            help="Texts and labels: .csv, .tsv, .jsonl or .parquet.",
            metavar="[TABLE]",
            show_default="the Stanford Sentiment Treebank",
        ),
    ] = None,
    dev: Annotated[
        Path | None, typer.Option(help="A table to choose by.", metavar="TABLE", show_default="a tenth of the rows")
    ] = None,
    test: Annotated[
        Path | None, typer.Option(help="A table to test by.", metavar="TABLE", show_default="a tenth of the rows")
    ] = None,
    text: Annotated[str, typer.Option(help="The column that holds the texts.", metavar="NAME")] = "text",
    label: Annotated[str, typer.Option(help="The column that holds the labels.", metavar="NAME")] = "label",
    seed: Annotated[int, typer.Option(help="Of the rows that are drawn, and of the intervals.")] = 1,
    classes: Annotated[
        int | None, typer.Option(help="Of the treebank: 5 or 2.", show_default="first 5, then 2")
    ] = None,
    weights: Annotated[
        str,
        typer.Option(
            help="mean, unit, both, sif, tfidf: with commas between.",
            show_default="all that the vectors allow",
            metavar="A,B",
        ),
    ] = "",
    tokenizer: Annotated[
        str | None,
        typer.Option(
            help="How texts of a table become words: words, whitespace, characters or jieba.",
            metavar="NAME",
            show_default="as the vectors were made",
        ),
    ] = None,
    split_unknown: Annotated[
        bool,
        typer.Option("--split-unknown/--no-split-unknown", help="Take words without a vector apart: well-acted."),
    ] = True,
    baselines: Annotated[
        bool, typer.Option("--baselines/--no-baselines", help="Fit a bag of words beside the vectors.")
    ] = True,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Tell classes of sentences from the mean of their words' vectors: accuracy and macro F1, with baselines.

    Logistic regression; its regularisation is chosen on dev, and test is looked at once for each row.
    """
    from firth.evaluation import probe as probe_vectors
    from firth.evaluation.features import WEIGHTS, possible_weights
    from firth.vectors.vectors import Vectors

    import_extra("sklearn.linear_model", "lab")
    chosen = _chosen_weights(weights)
    if table is None and (dev or test or tokenizer):
        raise OptionError("--dev, --test and --tokenizer go with a table of your own: name it after the vectors")
    if table is not None and classes is not None:
        raise OptionError("--classes is the treebank's: of a table, all labels are classes")
    vectors = Vectors.load(file)
    if table is None:
        tasks = _treebank(classes, quiet)
    else:
        from firth.corpus.labelled import read_labelled

        cut = _cut(vectors, tokenizer)
        tasks = [read_labelled(table, dev=dev, test=test, text=text, label=label, seed=seed, cut=cut)]
    results = []
    for task in tasks:
        with progress(f"probing {task.name}", quiet=quiet) as report:
            results.append(
                probe_vectors(
                    vectors,
                    task.sentences,
                    task.labels,
                    task.splits,
                    task.classes,
                    name=task.name,
                    weights=chosen,
                    baselines=baselines,
                    split_unknown=split_unknown,
                    seed=seed,
                    report=report,
                )
            )
    warnings = [_warning(each) for each in results if each.coverage < LOW_COVERAGE]
    if chosen is None:
        warnings += [f"{name} is left out: {_NEEDS[name]}" for name in WEIGHTS if name not in possible_weights(vectors)]
    for warning in warnings:
        say(f"warning: {warning}")
    if as_json:
        drawn = list(tasks[0].drawn)
        answer = {"file": str(file), "drawn": drawn, "seed": seed, "warnings": warnings}
        print_json({**answer, "tasks": [each.as_dict() for each in results]})
        return
    for number, (task, result) in enumerate(zip(tasks, results, strict=True)):
        if number:
            print()  # noqa: T201
        _print(task, result, seed)


def _chosen_weights(weights: str) -> list[str] | None:
    from firth.evaluation.features import WEIGHTS

    chosen = list(dict.fromkeys(name.strip() for name in weights.split(",") if name.strip()))
    unknown = next((name for name in chosen if name not in WEIGHTS), None)
    if unknown is not None:
        raise OptionError(f"--weights names {unknown!r}: there are {', '.join(WEIGHTS)}")
    return chosen or None


def _treebank(classes: int | None, quiet: bool) -> list[LabelledTexts]:
    from firth.corpus.labelled import treebank_texts
    from firth.datasets import load_sst

    if classes not in (None, 2, 5):
        raise OptionError(f"--classes is {classes}: the treebank has 5, or 2 without its neutral sentences")
    with progress("loading sst", quiet=quiet) as report:
        treebank = load_sst(report=report)
    return [treebank_texts(treebank, each) for each in ((5, 2) if classes is None else (classes,))]


def _cut(vectors: Vectors, tokenizer: str | None) -> Tokenization:
    """Texts are cut as the vectors' own text was, as far as that is known."""
    from firth.corpus.tokenizers import NAMED, Tokenization

    reading = vectors.settings.get("reading")
    known = reading if isinstance(reading, dict) else {}
    name = tokenizer or known.get("tokenizer")
    options = {each: known[each] for each in ("lowercase", "nfkc", "digits") if each in known}
    if tokenizer is None and name not in NAMED:
        return Tokenization(**options)
    return Tokenization(str(name), **options)


def _warning(result: ProbeResult) -> str:
    return f"{result.name}: {result.coverage:.0%} of its words have a vector, less than half, so scores say little"


def _print(task: LabelledTexts, result: ProbeResult, seed: int) -> None:
    sizes = ", ".join(f"{split} {size:,}" for split, size in result.n.items())
    drawn = f" ({' and '.join(task.drawn)} drawn with seed {seed})" if task.drawn else ""
    none = "1 sentence has none" if result.without_words == 1 else f"{result.without_words:,} sentences have none"
    without = f", {none}" if result.without_words else ""
    print(f"{result.name}: {len(result.classes)} classes, {sizes}{drawn}")  # noqa: T201
    print(f"{result.coverage:.1%} of the words have a vector{without}\n")  # noqa: T201
    columns = ("", "dev", "test", "95 % interval", "macro F1", "95 % interval ", "regularisation")
    rows = [
        (
            row.name,
            f"{row.dev:.4f}",
            f"{row.accuracy:.4f}",
            f"{row.interval[0]:.4f} to {row.interval[1]:.4f}",
            f"{row.macro_f1:.4f}",
            f"{row.macro_f1_interval[0]:.4f} to {row.macro_f1_interval[1]:.4f}",
            ("" if row.regularisation is None else f"{row.regularisation:.1g}")
            + ("  best on dev" if row is result.chosen and len(result.rows) > 2 else ""),
        )
        for row in result.rows
    ]
    print_table(columns, rows, right=columns[1:6])
