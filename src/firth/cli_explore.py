"""The command `firth explore`: vectors as a page to search, ask and wander in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli_corpus import Json, Quiet
from firth.cli_vectors import DuplicatesOption, File, From, InvalidOption, Vocabulary, load_vectors
from firth.errors import DataError, OptionError
from firth.files import make_folder
from firth.output import print_json, printable
from firth.progress import progress
from firth.spelling import UnknownWordError

if TYPE_CHECKING:
    from firth.vectors.vectors import Vectors

_MEGABYTE = 1e6


def explore(
    file: File,
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write.", metavar="FILE")] = Path(
        "explorer.html"
    ),
    n: Annotated[
        int | None, typer.Option("-n", help="How many words, the most frequent.", show_default="20,000")
    ] = None,
    words: Annotated[
        Path | None, typer.Option(help="Show the words of a file instead, one a line.", metavar="PATH")
    ] = None,
    layout: Annotated[
        str,
        typer.Option(
            help="pca, umap, tsne, or auto: UMAP for 500 words or more where it is installed, pca otherwise.",
            metavar="NAME",
        ),
    ] = "auto",
    seed: Annotated[int, typer.Option(help="Seed of the layout and of the groups.")] = 1,
    title: Annotated[str | None, typer.Option(help="Above the page.", show_default="the name of FILE")] = None,
    format_: From = None,
    vocabulary: Vocabulary = None,
    duplicates: DuplicatesOption = "error",
    invalid: InvalidOption = "error",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write one HTML page to explore vectors with: a map, search, nearest words, analogies, the odd one out.

    It opens in any browser, needs no network, and sends nothing anywhere. See docs/explore.md.
    """
    from firth.plots.explorer.page import LAYOUTS, MOST_FREQUENT, write_explorer

    if n is not None and words is not None:
        raise OptionError("give -n or --words, not both")
    if n is not None and n < 1:
        raise OptionError(f"-n is {n:,}: it must be at least 1")
    if out.is_dir():
        raise OptionError(f"--out {out} is a folder: name the page in it, as in  {out / 'explorer.html'}")
    vectors = load_vectors(file, format_, duplicates, invalid, vocabulary)
    chosen = _words_of(words, vectors) if words is not None else n
    make_folder(out.parent)  # known to be missing or read-only before the layout, not after it
    with progress("placing words", quiet=quiet) as report:
        made = write_explorer(
            vectors,
            out,
            words=MOST_FREQUENT if chosen is None else chosen,
            layout=layout,  # type: ignore[arg-type]  # validated there
            seed=seed,
            title=title or file.stem,
            report=report,
        )
    if as_json:
        print_json({**made._asdict(), "path": str(made.path)})
        return
    size = f"{made.bytes / _MEGABYTE:.1f} MB"
    placed = f"placed by {LAYOUTS[made.layout]}, {size}: {printable(str(made.path))}"
    print(f"{made.words:,} {'word' if made.words == 1 else 'words'}, {placed}")  # noqa: T201


def _words_of(path: Path, vectors: Vectors) -> list[str]:
    """The words of a file, one a line; blank lines and words that were there before are passed over."""
    try:
        lines = path.read_bytes().decode("utf-8-sig").split("\n")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no text in UTF-8: save it as that") from error
    chosen: dict[str, None] = {}
    for number, line in enumerate(lines, start=1):
        word = line.strip()
        if not word:
            continue
        if word not in vectors.index:
            raise DataError(f"{path}, line {number}: {UnknownWordError(word, vectors.words)}")
        chosen[word] = None
    if not chosen:
        raise DataError(f"{path} holds no words: write one a line")
    return list(chosen)
