"""The commands that draw: `firth plot words|map|neighbors|similarity|analogy|curves`, each into one PNG, SVG or PDF."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from firth.cli_corpus import Json, Quiet
from firth.cli_vectors import DuplicatesOption, File, From, InvalidOption, load_vectors
from firth.errors import DataError, OptionError
from firth.files import make_folder
from firth.output import print_json, printable, say
from firth.progress import progress
from firth.spelling import UnknownWordError, near_spellings

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from firth.vectors.vectors import Vectors

plot_app = typer.Typer(help="Draw words, relations and learning curves: PNG, SVG or PDF.", no_args_is_help=True)

_NAMED_UNKNOWN = 5

Words = Annotated[list[str] | None, typer.Argument(help="Words to draw.", metavar="[WORD]...")]
WordsFile = Annotated[
    Path | None,
    typer.Option("--words", help="A file of words; a line  name: word word  makes them a group.", metavar="PATH"),
]
Out = Annotated[Path, typer.Option("--out", "-o", help="The picture: .png, .svg or .pdf.", metavar="PATH")]
Size = Annotated[
    str | None, typer.Option(help="Width and height in inches, for example 12x9; grows for labels.", metavar="WxH")
]
Title = Annotated[str | None, typer.Option(help="Above the picture.")]
Layout = Annotated[str, typer.Option(help="pca, umap, tsne or auto.", metavar="NAME")]
Seed = Annotated[int, typer.Option(help="Of UMAP, t-SNE and clusters: the same seed, the same picture.")]


@plot_app.command("words")
def words_(
    file: File,
    words: Words = None,
    words_file: WordsFile = None,
    out: Out = Path("words.png"),
    layout: Layout = "pca",
    seed: Seed = 1,
    size: Size = None,
    title: Title = None,
    format_: From = None,
    duplicates: DuplicatesOption = "error",
    invalid: InvalidOption = "error",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Map a list of words, each beside its point, as CS224n does: on the plane in which they differ most."""
    from firth.plots.layout import chosen_method
    from firth.plots.word_map import word_map_figure

    inches = _checked(out, size)
    listed, groups = _listed(words, words_file)
    chosen = chosen_method(layout, len(listed))  # type: ignore[arg-type]  # validated there
    vectors = _load(file, format_, duplicates, invalid)
    figure = word_map_figure(
        listed,
        _rows(vectors, listed),
        title=title or f"{len(listed)} {'words' if len(listed) > 1 else 'word'} of {file.name}",
        subtitle=_described(vectors, chosen),
        groups=groups,
        layout=chosen,
        seed=seed,
        **inches,
    )
    _finish(out, figure, listed, {"words": listed, "layout": chosen}, quiet=quiet, as_json=as_json)


@plot_app.command("map")
def map_(
    file: File,
    n: Annotated[int, typer.Option("-n", help="How many words, the most frequent.")] = 2_000,
    out: Out = Path("map.png"),
    layout: Layout = "auto",
    clusters: Annotated[int | None, typer.Option(help="How many clusters; by default as many words suggest.")] = None,
    seed: Seed = 1,
    size: Size = None,
    title: Title = None,
    format_: From = None,
    duplicates: DuplicatesOption = "error",
    invalid: InvalidOption = "error",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Map the most frequent words, in clusters named by words in their middle; label what there is room for."""
    from firth.plots.clusters import name_clusters
    from firth.plots.layout import chosen_method, project
    from firth.plots.vocabulary_map import vocabulary_map_figure
    from firth.vectors.nearest_rows import unit

    inches = _checked(out, size)
    chosen = chosen_method(layout, n)  # type: ignore[arg-type]  # validated there
    vectors = _load(file, format_, duplicates, invalid)
    if not 1 <= n <= len(vectors):
        raise OptionError(f"-n is {n:,}: it must be from 1 to {len(vectors):,}, the number of words in {file}")
    listed, units = vectors.words[:n], unit(vectors.matrix[:n])
    with progress("drawing", quiet=quiet) as report:
        found = name_clusters(units, listed, clusters, seed=seed, report=report)
        places = project(units, chosen, seed, report, listed)
        figure = vocabulary_map_figure(
            listed,
            places,
            found,
            title=title or f"The {n:,} most frequent words of {file.name}",
            subtitle=_described(vectors, chosen),
            even=chosen != "pca",
            report=report,
            **inches,
        )
    sizes = np.bincount(found.labels).tolist()
    named = [{"name": name, "words": size} for name, size in zip(found.names, sizes, strict=True)]
    _finish(out, figure, listed, {"words": n, "layout": chosen, "clusters": named}, quiet=quiet, as_json=as_json)


@plot_app.command()
def neighbors(
    file: File,
    word: Annotated[str, typer.Argument(help="The word in the middle.", metavar="WORD")],
    n: Annotated[int, typer.Option("-n", help="How many neighbors.")] = 25,
    restrict: Annotated[int | None, typer.Option(help="Look among the first so many words only.")] = None,
    out: Out = Path("neighbors.png"),
    size: Size = None,
    title: Title = None,
    format_: From = None,
    duplicates: DuplicatesOption = "error",
    invalid: InvalidOption = "error",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw a word amid its nearest words: how near each is, to scale, and like ones side by side."""
    from firth.plots.neighborhood import MOST_NEIGHBORS, neighborhood_figure

    inches = _checked(out, size)
    if not 1 <= n <= MOST_NEIGHBORS:
        raise OptionError(
            f"-n is {n:,}: it must be from 1 to {MOST_NEIGHBORS}, more neighbors can't be drawn to be read"
        )
    vectors = _load(file, format_, duplicates, invalid)
    if len(vectors) == 1:
        raise DataError(f"{file} holds one word, which has no neighbors: give vectors of more")
    found = vectors.most_similar(word, n=n, restrict=restrict)
    listed = [word, *(each for each, _ in found)]
    figure = neighborhood_figure(
        word,
        listed[1:],
        _rows(vectors, listed),
        title=title or f"Neighbors of {word}",
        subtitle=f"{file.name}: {_described(vectors)}; lines join mutual nearest neighbors",
        **inches,
    )
    answer = {"word": word, "words": [{"word": each, "cosine": cosine} for each, cosine in found]}
    _finish(out, figure, listed, answer, quiet=quiet, as_json=as_json)


@plot_app.command()
def similarity(
    file: File,
    words: Words = None,
    words_file: WordsFile = None,
    out: Out = Path("similarity.png"),
    size: Size = None,
    title: Title = None,
    format_: From = None,
    duplicates: DuplicatesOption = "error",
    invalid: InvalidOption = "error",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw the cosines of every pair of a list of words, like words side by side."""
    from firth.plots.similarity import similarity_figure, similarity_order

    inches = _checked(out, size)
    listed, _ = _listed(words, words_file)
    vectors = _load(file, format_, duplicates, invalid)
    rows = _rows(vectors, listed)
    title = title or f"Cosines of {len(listed)} words"
    figure = similarity_figure(listed, rows, title=title, subtitle=f"{file.name}: {_described(vectors)}", **inches)
    order, cosines = similarity_order(rows, listed)
    answer = {"words": [listed[i] for i in order], "cosines": cosines.tolist()}
    _finish(out, figure, listed, answer, quiet=quiet, as_json=as_json)


@plot_app.command()
def analogy(
    file: File,
    pairs: Annotated[
        list[str] | None, typer.Argument(help="Pairs of words: man:woman king:queen.", metavar="[A:B]...")
    ] = None,
    words_file: Annotated[
        Path | None, typer.Option("--words", help="A file of pairs, two words or a:b a line.", metavar="PATH")
    ] = None,
    out: Out = Path("analogy.png"),
    size: Size = None,
    title: Title = None,
    format_: From = None,
    duplicates: DuplicatesOption = "error",
    invalid: InvalidOption = "error",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw pairs of words as arrows: of one relation these are parallel. Says how far they are."""
    from firth.plots.analogy import analogy_figure, offset_agreement

    inches = _checked(out, size)
    listed = _pairs(pairs, words_file)
    vectors = _load(file, format_, duplicates, invalid)
    both = _rows(vectors, [word for pair in listed for word in pair])
    first, second = both[::2], both[1::2]
    title = title or ", ".join(f"{a} → {b}" for a, b in listed[:3]) + ("" if len(listed) <= 3 else ", …")
    figure = analogy_figure(
        listed, first, second, title=title, subtitle=f"{file.name}: {_described(vectors)}", **inches
    )
    agreement = [None if np.isnan(each) else float(each) for each in offset_agreement(first, second)]
    answer = [{"pair": list(pair), "agreement": each} for pair, each in zip(listed, agreement, strict=True)]
    shown = [word for pair in listed for word in pair]
    _finish(out, figure, shown, {"pairs": answer}, quiet=quiet, as_json=as_json)


@plot_app.command()
def curves(
    logs: Annotated[list[Path], typer.Argument(help="What firth train --log wrote, one file a run.", metavar="LOG...")],
    along: Annotated[str, typer.Option(help="words, epoch or seconds.", metavar="NAME")] = "words",
    out: Out = Path("curves.png"),
    size: Size = None,
    title: Title = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Draw loss, scores, words/s and learning rate of runs as they went; --during of firth train adds the scores."""
    from firth.plots.curves import curves_figure, read_log

    inches = _checked(out, size)
    names = [path.stem for path in logs]
    runs = [read_log(path, str(path) if names.count(path.stem) > 1 else None) for path in logs]
    title = title or (runs[0].name if len(runs) == 1 else f"{len(runs)} runs")
    figure = curves_figure(runs, title=title, along=along, **inches)  # type: ignore[arg-type]  # validated there
    last = [{"name": run.name, "reports": len(run.entries), "last": run.last()} for run in runs]
    _finish(out, figure, [run.name for run in runs], {"runs": last}, quiet=quiet, as_json=as_json)


def _checked(out: Path, size: str | None) -> dict[str, Any]:
    """The size in inches, to be handed on; what is wrong with size or file is told before the work."""
    from firth.plots.style import demand_size, picture_format

    picture_format(out)
    if out.is_dir():
        raise OptionError(f"{out} is a folder: name a file in it")
    if not out.parent.is_dir():
        raise DataError(f"cannot write {out}: there is no folder {out.parent}; make it, or choose another place")
    make_folder(out.parent)
    if size is None:
        return {}
    try:
        width, height = (float(part) for part in size.lower().replace("×", "x").split("x"))
    except ValueError as error:
        raise OptionError(f"--size is {size!r}: give width and height in inches, as in 12x9") from error
    demand_size(width, height)
    return {"size": (width, height)}


def _listed(words: list[str] | None, path: Path | None) -> tuple[list[str], dict[str, list[str]] | None]:
    """The words asked for, each once, and those of a file by group if it has groups."""
    listed = list(words or [])
    groups: dict[str, list[str]] = {}
    for fields in [] if path is None else _lines(path):
        name = fields[0][:-1] if len(fields[0]) > 1 and fields[0].endswith(":") else ""
        members = fields[1:] if name else fields
        listed += members
        if name:
            groups.setdefault(name, []).extend(members)
    if not listed:
        raise OptionError("there are no words: give some, or a file of words with --words")
    return list(dict.fromkeys(listed)), groups or None


def _pairs(pairs: list[str] | None, path: Path | None) -> list[tuple[str, str]]:
    listed = [(pair.split(":"), "") for pair in pairs or []]
    if path is not None:
        listed += [(each[0].split(":") if len(each) == 1 else each, f" in {path}") for each in _lines(path)]
    for fields, where in listed:
        if len(fields) != 2 or not all(fields):
            raise OptionError(f"{':'.join(fields)!r}{where} is no pair of words: give pairs as  man:woman king:queen")
    if not listed:
        raise OptionError("there are no pairs: give some, as  man:woman king:queen, or a file of pairs with --words")
    return list(dict.fromkeys((fields[0], fields[1]) for fields, _ in listed))


def _lines(path: Path) -> list[list[str]]:
    """The words of each line that has some."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no text in UTF-8: give a file of words") from error
    fields = [line.split() for line in lines if line.strip()]
    if not fields:
        raise DataError(f"{path} has no words: give a file of words, as many a line as you like")
    return fields


def _load(file: Path, format_: str | None, duplicates: str, invalid: str) -> Vectors:
    from firth.errors import import_extra

    import_extra("matplotlib.figure", "lab")  # known to be missing before the work, not after it
    return load_vectors(file, format_, duplicates, invalid)


def _rows(vectors: Vectors, words: list[str]) -> NDArray[np.float32]:
    """The vectors of words; all words that have none are told at once."""
    rows, unknown = [], []
    for word in words:
        try:
            rows.append(vectors[word])
        except UnknownWordError:
            unknown.append(word)
    if len(unknown) == 1:
        raise UnknownWordError(unknown[0], vectors.words)
    if unknown:
        raise DataError(
            f"{len(unknown):,} of {len(words):,} words are not in the vocabulary: {_hints(unknown, vectors)}"
        )
    return np.array(rows)


def _hints(unknown: list[str], vectors: Vectors) -> str:
    hints = []
    for word in unknown[:_NAMED_UNKNOWN]:
        near = " or ".join(near_spellings(word, vectors.words, n=2))
        hints.append(f"{word!r} (did you mean {near}?)" if near else repr(word))
    return ", ".join(hints) + (", …" if len(unknown) > _NAMED_UNKNOWN else "")


_METHODS = {"pca": "principal components", "umap": "UMAP", "tsne": "t-SNE"}


def _described(vectors: Vectors, layout: str | None = None) -> str:
    how = f"{len(vectors):,} words, {vectors.dimensions} dimensions"
    return how if layout is None else f"{how}; {_METHODS[layout]}"


def _finish(
    out: Path, figure: Figure, texts: Iterable[str], answer: dict[str, Any], *, quiet: bool, as_json: bool
) -> None:
    """Write the picture, and say so; and which font is missing, if one is."""
    from firth.plots.fonts import missing_fonts
    from firth.plots.style import write_figure

    write_figure(out, figure)
    missing = missing_fonts(texts)
    if missing and not quiet:
        say(f"warning: {missing}")
    if as_json:
        print_json({"written": str(out), **answer, "missing_font": missing})
    else:
        print(f"written: {printable(str(out))}")  # noqa: T201
