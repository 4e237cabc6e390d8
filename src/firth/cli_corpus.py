"""The commands about text: `firth data list|fetch|verify|describe` and `firth phrases`."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.errors import DataError, OptionError
from firth.output import print_json, print_table, say
from firth.progress import Report, progress

if TYPE_CHECKING:
    from firth.compute.nodes import Nodes
    from firth.corpus.corpus import Corpus
    from firth.corpus.phrases import Phrases
    from firth.corpus.sharded import ShardedCorpus

data_app = typer.Typer(help="List, fetch and verify data sets; describe a text.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Inputs = Annotated[
    list[str],
    typer.Argument(help="Text files, tables, folders, patterns, or - for standard input.", metavar="INPUT..."),
]
Tokenizer = Annotated[str, typer.Option(help="words, whitespace, characters or jieba.", metavar="NAME")]
Lowercase = Annotated[
    bool | None, typer.Option("--lowercase/--no-lowercase", help="Lower case; by default with words alone.")
]
Nfkc = Annotated[bool, typer.Option("--nfkc", help="Normalise to Unicode form NFKC.")]
Digits = Annotated[str, typer.Option(help="keep, or fold: every digit becomes 0.", metavar="NAME")]
Column = Annotated[str | None, typer.Option(help="Of tables: the column that holds the text.", metavar="NAME")]
Strict = Annotated[bool, typer.Option("--strict", help="Make invalid UTF-8 an error.")]
MaxSize = Annotated[int | None, typer.Option(help="Keep the most frequent so many words.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Read anew, and keep nothing for the next time.")]


@data_app.command("list")
def data_list(as_json: Json = False) -> None:
    """Say which data sets there are, and which of them are here."""
    from firth.datasets import DATASETS, status

    states = [status(name) for name in DATASETS]
    if as_json:
        print_json(
            [
                {
                    "name": each.name,
                    "state": each.state,
                    "place": each.place,
                    "folder": str(each.folder) if each.folder else None,
                    "problem": each.problem,
                    "description": DATASETS[each.name].description,
                    "source": DATASETS[each.name].source,
                    "licence": DATASETS[each.name].licence,
                }
                for each in states
            ]
        )
        return
    rows = [(each.name, each.state, each.place, DATASETS[each.name].description) for each in states]
    print_table(("name", "state", "where", "what"), rows)
    for each in states:
        if each.problem:
            say(f"{each.name}: {each.problem}")


@data_app.command("fetch")
def data_fetch(
    name: Annotated[str, typer.Argument(help="A data set of  firth data list.")],
    quiet: Quiet = False,
) -> None:
    """Bring a data set onto this machine, checksums checked; print the folder it is in."""
    from firth.datasets import fetch

    with progress(f"fetching {name}", quiet=quiet) as report:
        folder = fetch(name, report)
    print(folder)  # noqa: T201


@data_app.command("verify")
def data_verify(
    names: Annotated[list[str] | None, typer.Argument(help="Data sets; all that are here where none is named.")] = None,
    as_json: Json = False,
) -> None:
    """Check every file of data sets against its checksum; exit 1 if one is damaged or missing."""
    from firth.datasets import DATASETS, status, verify

    chosen = names or [name for name in DATASETS if status(name).place in ("FIRTH_DATA", "cache")]
    if not chosen:
        raise DataError("no data set is here to be verified: see  firth data list")
    checks = [(name, each) for name in chosen for each in verify(name)]
    bad = [each for _, each in checks if each.state != "ready"]
    if as_json:
        print_json(
            [
                {"name": name, "path": str(each.path), "state": each.state, "problem": each.problem}
                for name, each in checks
            ]
        )
    else:
        rows = [
            (name, "unpinned" if each.state == "ready" and each.problem else each.state, str(each.path))
            for name, each in checks
        ]
        print_table(("name", "state", "file"), rows)
    if bad:
        raise DataError(f"{bad[0].problem}" + (f" ({len(bad) - 1} more)" if len(bad) > 1 else ""))


@data_app.command("describe")
def data_describe(
    inputs: Inputs,
    tokenizer: Tokenizer = "words",
    lowercase: Lowercase = None,
    nfkc: Nfkc = False,
    digits: Digits = "keep",
    column: Column = None,
    min_count: Annotated[int, typer.Option(help="Words that occur less often are left out.")] = 5,
    max_size: MaxSize = None,
    strict: Strict = False,
    no_cache: NoCache = False,
    top: Annotated[int, typer.Option(help="How many of the most frequent words to show.")] = 10,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Read a text and say what is in it: sentences, words, what is kept, what was skipped and why."""
    corpus = read_corpus(
        inputs,
        quiet,
        tokenizer=tokenizer,
        lowercase=lowercase,
        nfkc=nfkc,
        digits=digits,
        column=column,
        min_count=min_count,
        max_size=max_size,
        strict=strict,
        cache=not no_cache,
    )
    words, counts = corpus.vocabulary.words[: max(top, 0)], corpus.vocabulary.counts.tolist()
    most_frequent = list(zip(words, counts, strict=False))
    if as_json:
        print_json({**corpus.report.as_dict(), "settings": corpus.settings, "most_frequent": most_frequent})
        return
    rows = corpus.report.rows()
    if most_frequent:
        rows.append(("most frequent", ", ".join(f"{word} {count:,}" for word, count in most_frequent)))
    print_table(("", ""), rows)


def phrases(
    inputs: Inputs,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the text with its phrases joined, a sentence a line.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Write the phrases, to be applied to other texts.")] = None,
    apply: Annotated[Path | None, typer.Option(help="Apply phrases saved before, instead of finding new ones.")] = None,
    passes: Annotated[int, typer.Option(help="Two find new_york_city.")] = 1,
    min_count: Annotated[int, typer.Option(help="Phrases that occur less often are left out.")] = 5,
    threshold: Annotated[
        float | None,
        typer.Option(help="A phrase's score must exceed it.", show_default="10 for default, 0.5 for npmi"),
    ] = None,
    scoring: Annotated[str, typer.Option(help="default or npmi.", metavar="NAME")] = "default",
    connectors: Annotated[
        str, typer.Option(help="Words that may stand inside a phrase, with commas; english for a list.", metavar="A,B")
    ] = "",
    tokenizer: Tokenizer = "words",
    lowercase: Lowercase = None,
    nfkc: Nfkc = False,
    digits: Digits = "keep",
    column: Column = None,
    strict: Strict = False,
    no_cache: NoCache = False,
    top: Annotated[int, typer.Option(help="How many phrases to show.")] = 20,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Find phrases such as new_york in a text: words that stand together far more often than chance has it."""
    from firth.corpus.phrases import ENGLISH_CONNECTOR_WORDS, Phrases

    found = None if apply is None else Phrases.load(apply)
    if found is not None and out is None:
        raise OptionError("--apply joins phrases in a text: name a file for it with --out")
    if out is not None and (str(out) == "-" or out.suffix in (".gz", ".bz2", ".zst")):
        raise OptionError(f"--out is {out}: the text is written plain, so name a .txt file")
    corpus = read_corpus(
        inputs,
        quiet,
        tokenizer=tokenizer,
        lowercase=lowercase,
        nfkc=nfkc,
        digits=digits,
        column=column,
        min_count=1,  # words left out would make neighbors of those around them
        strict=strict,
        cache=not no_cache,
    )
    if found is None:
        words = [word.strip() for word in connectors.split(",") if word.strip()]
        with progress("finding phrases", quiet=quiet) as report:
            found = Phrases.learn(
                corpus,
                passes=passes,
                min_count=min_count,
                threshold=threshold,
                scoring=scoring,  # type: ignore[arg-type]  # validated there
                connector_words=ENGLISH_CONNECTOR_WORDS if words == ["english"] else words,
                report=report,
            )
    if save is not None:
        found.save(save)
    if out is not None:
        with progress("joining phrases", quiet=quiet) as report:
            _write_joined(found, corpus, out, report)
    table = found.table()
    for number, dropped in enumerate(found.pruned, start=1):
        if dropped.pairs:
            say(f"pass {number}: to bound the memory, {dropped.pairs:,} rare candidates were dropped while counting")
    if as_json:
        pruned = [each._asdict() for each in found.pruned]
        print_json({"phrases": len(found), "table": table[: max(top, 0)], "pruned": pruned})
        return
    rows = [(phrase, f"{score:,.2f}", f"{count:,}") for phrase, score, count in table[: max(top, 0)]]
    print_table(("phrase", "score", "count"), rows, right=("score", "count"))
    print(f"\n{len(found):,} phrases" + (f", joined in {out}" if out else ""))  # noqa: T201


def read_corpus(inputs: list[str], quiet: bool, **options: Any) -> Corpus:
    """Read a text, with a progress bar; options are those of `Corpus.from_text`."""
    from firth.corpus.corpus import Corpus

    with progress("reading", quiet=quiet) as report:
        source = inputs[0] if len(inputs) == 1 else [Path(each) for each in inputs]
        return Corpus.from_text(source, report=report, **options)


def read_on_cluster(nodes: Nodes, inputs: list[str], quiet: bool, **options: Any) -> ShardedCorpus:
    """Read a text on the nodes of a cluster, with a progress bar."""
    from firth.corpus.sharded import ShardedCorpus

    with progress("reading", quiet=quiet) as report:
        return ShardedCorpus.from_text([Path(each) for each in inputs], nodes, report=report, **options)


def _write_joined(found: Phrases, corpus: Corpus, out: Path, report: Report) -> None:
    from firth.files import whole_file

    joined = found.join(corpus, report=report)
    words, ids, bounds = joined.vocabulary.words, joined.ids, joined.offsets.tolist()
    with whole_file(out) as stream:
        for start, end in pairwise(bounds):
            stream.write((" ".join([words[place] for place in ids[start:end].tolist()]) + "\n").encode())
