"""The command `firth evaluate`: how good vectors are, on tests whose answers are known, with coverage beside scores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli_corpus import Json, Quiet
from firth.errors import OptionError
from firth.output import print_json, print_table, say
from firth.progress import progress

if TYPE_CHECKING:
    from firth.evaluation import AnalogyResult, AnalogyScore, SimilarityResult

LOW_COVERAGE = 0.5
"""Scores with less of their test covered are told to be doubtful."""


def evaluate(
    file: Annotated[Path, typer.Argument(help="Vectors, as Firth saves them (.safetensors).", metavar="FILE")],
    similarity: Annotated[
        list[str] | None,
        typer.Option(help="Lines of word1 word2 score: a file, or ws353, simlex999, rg65. Repeatable.", metavar="PATH"),
    ] = None,
    analogies: Annotated[
        list[str] | None,
        typer.Option(help="Google's format, a BATS folder, or google-analogies. Repeatable.", metavar="PATH"),
    ] = None,
    restrict: Annotated[
        int, typer.Option(help="Analogies: words that may answer, the N most frequent.", metavar="N")
    ] = 30_000,
    method: Annotated[str, typer.Option(help="Analogies: 3cosadd or 3cosmul.", metavar="NAME")] = "3cosadd",
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Score vectors on word similarity and analogies; say how much of each test is covered."""
    if not similarity and not analogies:
        raise OptionError("name a test, for example  --similarity ws353  or  --analogies google-analogies")
    from firth.evaluation import evaluate_analogies, evaluate_similarity
    from firth.vectors import Vectors

    vectors = Vectors.load(file)
    pairs = [evaluate_similarity(vectors, path) for path in similarity or []]
    questions = []
    for path in analogies or []:
        with progress("analogies", quiet=quiet) as report:
            questions.append(evaluate_analogies(vectors, path, restrict, method, report=report))
    warnings = list(_warnings(pairs, questions))
    if questions and restrict > len(vectors):
        warnings.append(
            f"--restrict is {restrict:,} and there are {len(vectors):,} words: all of them may answer, and scores "
            "compare with those of the same cut alone"
        )
    for warning in warnings:
        say(f"warning: {warning}")
    if as_json:
        print_json(
            {
                "file": str(file),
                "words": len(vectors),
                "dimensions": vectors.matrix.shape[1],
                "similarity": [each.as_dict() for each in pairs],
                "analogies": [each.as_dict() for each in questions],
                "warnings": warnings,
            }
        )
        return
    columns = ("test", "score", "95 % interval", "found", "of", "coverage", "unknown as 0")
    rows = [*map(_similarity_row, pairs), *(row for each in questions for row in _analogy_rows(each))]
    print_table(columns, rows, right=columns[1:])
    notes = ["similarity: Spearman's correlation of cosines with people's scores"] if pairs else []
    if questions:
        cut = f"{questions[0].restrict:,} most frequent words; scores with other cuts don't compare"
        notes.append(f"analogies: right answers by {method} among the {cut}")
    print("", *notes, sep="\n")  # noqa: T201


def _similarity_row(result: SimilarityResult) -> tuple[str, ...]:
    low, high = result.interval
    return (
        result.name,
        f"{result.score:.4f}",
        f"{low:.4f} to {high:.4f}",
        f"{result.found:,}",
        f"{result.pairs:,}",
        _coverage(result.coverage),
        f"{result.score_unknown_as_zero:.4f}",
    )


def _analogy_rows(result: AnalogyResult) -> list[tuple[str, ...]]:
    parts = [each for each in (result.semantic, result.syntactic) if each.questions]
    return [
        _analogy_row(result.name, result.total),
        *(_analogy_row(f"  {each.name}", each) for each in (*parts, *result.sections)),
    ]


def _analogy_row(name: str, score: AnalogyScore) -> tuple[str, ...]:
    return (
        name,
        _accuracy(score.accuracy),
        "",
        f"{score.found:,}",
        f"{score.questions:,}",
        _coverage(score.coverage),
        _accuracy(score.accuracy_unknown_as_wrong),
    )


def _accuracy(share: float | None) -> str:
    return "-" if share is None else f"{share:.2%}"


def _coverage(share: float | None) -> str:
    return "-" if share is None else f"{'low  ' if share < LOW_COVERAGE else ''}{share:.1%}"


def _warnings(pairs: list[SimilarityResult], questions: list[AnalogyResult]) -> Iterator[str]:
    """Sentences on scores that less than half of a test stands behind."""
    doubt = "less than half, so the score says little of the test"
    for each in pairs:
        if each.coverage < LOW_COVERAGE:
            yield f"{each.name}: {each.found:,} of {each.pairs:,} pairs are found, {doubt}"
    for result in questions:
        total = result.total
        low = sum(each.coverage is not None and each.coverage < LOW_COVERAGE for each in result.sections)
        if total.coverage is not None and total.coverage < LOW_COVERAGE:
            yield f"{result.name}: {total.found:,} of {total.questions:,} questions are found, {doubt}"
        elif low:
            where = f"{low} of {len(result.sections)} sections"
            yield f"{result.name}: less than half of the questions are found in {where}, so their scores say little"
