"""The command `firth bench`: Firth beside its peers on the same text, in one run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from firth.cli_corpus import Json, Quiet
from firth.errors import OptionError
from firth.files import make_folder, write_whole
from firth.output import print_json, say
from firth.progress import progress

Each = TypeVar("Each")


def bench(
    file: Annotated[
        Path, typer.Argument(help="A text, one sentence a line, words parted by white space.", metavar="FILE")
    ],
    dimensions: Annotated[str, typer.Option(help="D, with commas between several.", metavar="N,N")] = "100",
    threads: Annotated[str, typer.Option(help="With commas between several.", metavar="N,N")] = "1",
    architectures: Annotated[str, typer.Option(help="skip-gram, cbow.", metavar="A,B")] = "skip-gram",
    peers: Annotated[str, typer.Option(help="gensim, gensim-iterable, or none.", metavar="A,B")] = "gensim",
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="Measure Firth's deterministic mode too.")
    ] = False,
    repeats: Annotated[int, typer.Option(help="How often; medians are told.")] = 3,
    seeds: Annotated[str, typer.Option(help="Taken in turn, one a repeat.", metavar="N,N")] = "1,2,3",
    epochs: Annotated[int, typer.Option(help="How often the text is gone through.")] = 5,
    window: Annotated[int, typer.Option(help="C, the most words of context on either side.")] = 5,
    negatives: Annotated[int, typer.Option(help="K, words drawn as negatives.")] = 5,
    subsample: Annotated[float, typer.Option(help="Share of the text above which words are thinned.")] = 1e-4,
    learning_rate: Annotated[float, typer.Option(help="Step of the descent at first.")] = 0.025,
    min_count: Annotated[int, typer.Option(help="Words that occur less often are left out.")] = 5,
    out: Annotated[Path | None, typer.Option(help="Write benchmark.md and benchmark.json.", metavar="FOLDER")] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Measure Firth and gensim on one text: speed, memory and quality."""
    from firth.benchmark import BenchmarkPlan, as_markdown, benchmark

    plan = BenchmarkPlan(
        dimensions=_several("dimensions", dimensions, int),
        threads=_several("threads", threads, int),
        architectures=_several("architectures", architectures, str),
        peers=() if peers.strip() == "none" else _several("peers", peers, str),
        deterministic=deterministic,
        repeats=repeats,
        seeds=_several("seeds", seeds, int),
        epochs=epochs,
        window=window,
        negatives=negatives,
        subsample=subsample,
        learning_rate=learning_rate,
        min_count=min_count,
    )
    if out is not None:
        make_folder(out)
    with progress("measuring", quiet=quiet) as report:
        answer: dict[str, Any] = benchmark(file, plan, report)
    page = as_markdown(answer)
    if out is not None:
        write_whole(out / "benchmark.md", page.encode())
        write_whole(out / "benchmark.json", json.dumps(answer, indent=2).encode())
        say(f"written: {out / 'benchmark.md'} and {out / 'benchmark.json'}")
    if as_json:
        print_json(answer)
    else:
        print(page.rstrip())  # noqa: T201


def _several(name: str, given: str, kind: Callable[[str], Each]) -> tuple[Each, ...]:
    """What stands between commas."""
    try:
        return tuple(kind(each.strip()) for each in given.split(",") if each.strip())
    except ValueError:
        raise OptionError(f"--{name} is {given!r}: give whole numbers with commas between, such as 1,2") from None
