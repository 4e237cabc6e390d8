"""The command `firth compare`: models side by side, by their words' neighbors and by how far words have moved."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli_corpus import Json, Quiet
from firth.errors import OptionError
from firth.output import print_json, print_table, printable
from firth.progress import progress

if TYPE_CHECKING:
    from firth.evaluation.comparing import Comparison, Neighbors, Stability

_SHOWN_NEIGHBORS = 4
_UNKNOWN = ("not known", None)


def compare(
    files: Annotated[list[str], typer.Argument(help="Two files of vectors or more.", metavar="FILE FILE...")],
    words: Annotated[
        str | None,
        typer.Option(help="Show the nearest words of these side by side: a,b or further arguments.", metavar="A,B"),
    ] = None,
    neighbors: Annotated[int, typer.Option("--neighbors", "-n", help="How many nearest words of each.")] = 10,
    changed: Annotated[int, typer.Option(help="How many of the words that changed most to show.")] = 10,
    restrict: Annotated[
        int, typer.Option(help="Compare the N most frequent words that all files have; 0 compares all.", metavar="N")
    ] = 20_000,
    sample: Annotated[
        int, typer.Option(help="Look for the neighbors of so many words, drawn at random.", metavar="N")
    ] = 5_000,
    seed: Annotated[int, typer.Option(help="Of that draw.")] = 1,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Compare models: whether words have the same neighbors, and which have changed.

    Two files: the mean overlap of neighbors, and the words that have moved most after one model is turned onto the
    other. Three or more, such as one text and several seeds: the mean overlap of each two. With --words, the nearest
    words of some in each file.
    """
    from firth.evaluation.comparing import compare as compare_two
    from firth.evaluation.comparing import neighbors_side_by_side, stability
    from firth.vectors.vectors import Vectors

    paths, asked = _files_and_words(files, words)
    models = [Vectors.load(path) for path in paths]
    answer: dict[str, Any] = {
        "files": [str(path) for path in paths],
        "words": None,
        "comparison": None,
        "stability": None,
    }
    if asked:
        side_by_side = neighbors_side_by_side(models, asked, neighbors)
        if as_json:
            print_json({**answer, "words": side_by_side})
        else:
            _print_side_by_side(paths, side_by_side)
        return
    limit = restrict or None
    with progress("comparing", quiet=quiet) as report:
        if len(models) == 2:
            pair = compare_two(
                *models,
                neighbors=neighbors,
                changed=changed,
                restrict=limit,
                sample=sample,
                seed=seed,
                report=report,
            )
        else:
            several = stability(
                models, neighbors=neighbors, told=changed, restrict=limit, sample=sample, seed=seed, report=report
            )
    if as_json:
        found = {"comparison": pair.as_dict()} if len(models) == 2 else {"stability": several.as_dict()}
        print_json({**answer, **found})
    elif len(models) == 2:
        _print_comparison(pair)
    else:
        _print_stability(paths, several)


def _files_and_words(given: Sequence[str], words: str | None) -> tuple[list[Path], list[str]]:
    """Tell files from words: with --words, arguments that look like no file are words, too."""
    chosen = [word.strip() for word in (words or "").split(",") if word.strip()]
    if words is not None and not chosen:
        raise OptionError("--words names no word: give some, for example  --words king,queen")
    further = [each for each in given if chosen and not Path(each).exists() and not set(each) & set("./\\")]
    paths = [Path(each) for each in given if each not in further]
    if len(paths) < 2:
        raise OptionError(f"{len(paths)} file of vectors is given: name two or more to compare")
    return paths, [*chosen, *further]


def _print_side_by_side(paths: Sequence[Path], side_by_side: dict[str, list[Neighbors | None]]) -> None:
    for number, (word, found) in enumerate(side_by_side.items()):
        known = [{neighbor for neighbor, _ in each} for each in found if each is not None]
        in_all = set.intersection(*known) if len(known) == len(found) else set()
        print("\n" * bool(number) + f"{printable(word)}: {_summary(found, in_all)}")  # noqa: T201
        columns = [cell for path in paths for cell in (str(path), "")]
        rows = [
            [cell for neighbor in row for cell in _cells(neighbor, in_all)]
            for row in zip_longest(*[[_UNKNOWN] if each is None else each for each in found])
        ]
        print_table(columns, rows)


def _summary(found: Sequence[Neighbors | None], in_all: set[str]) -> str:
    unknown = sum(each is None for each in found)
    if unknown:
        return f"not known to {unknown} of {len(found)}"
    return f"{len(in_all)} of {max(len(each or []) for each in found)} neighbors are in all (=)"


def _cells(neighbor: tuple[str, float | None] | None, in_all: set[str]) -> tuple[str, str]:
    if neighbor is None:
        return "", ""
    word, cosine = neighbor
    return f"{'=' if word in in_all else ' '} {word}", "" if cosine is None else f"{cosine:.4f}"


def _print_comparison(found: Comparison) -> None:
    rows = [
        *_compared_rows(found),
        ("neighbors in both", _share(found.overlap), f"of the {found.neighbors} nearest"),
        ("mean cosine", f"{found.cosine:.4f}", "after the first is turned onto the second"),
    ]
    print_table(("", "", ""), rows)
    if found.changed:
        print("\nchanged most:")  # noqa: T201
        columns = ("word", "cosine", "in both", "nearest in the first", "nearest in the second")
        changes = [
            (
                each.word,
                f"{each.cosine:.4f}",
                _share(each.overlap),
                *(", ".join(near[:_SHOWN_NEIGHBORS]) for near in each.neighbors),
            )
            for each in found.changed
        ]
        print_table(columns, changes, right=columns[1:3])


def _print_stability(paths: Sequence[Path], found: Stability) -> None:
    rows = [
        *_compared_rows(found),
        ("neighbors in both", _share(found.overlap), f"of the {found.neighbors} nearest, mean of all pairs"),
        *(("", _share(overlap), f"{paths[i]}, {paths[j]}") for i, j, overlap in found.pairs),
        *(
            (name, "", ", ".join(f"{word} {overlap:.0%}" for word, overlap in words))
            for name, words in (("least stable", found.least_stable), ("most stable", found.most_stable))
            if words
        ),
    ]
    print_table(("", "", ""), rows)


def _compared_rows(found: Comparison | Stability) -> list[tuple[str, str, str]]:
    which = "all of them" if found.compared == found.shared else "the most frequent of the first file"
    drawn = "all of them" if found.sample == found.compared else f"drawn with seed {found.seed}"
    return [
        ("shared words", f"{found.shared:,}", ""),
        ("compared", f"{found.compared:,}", which),
        ("neighbors looked for", f"{found.sample:,}", drawn),
    ]


def _share(overlap: float | None) -> str:
    return "-" if overlap is None else f"{overlap:.1%}"
