"""The command `firth evaluate`: how good vectors are, on tests whose answers are known, and how they lie in space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from firth.cli_corpus import Json, Quiet
from firth.cli_vectors import File
from firth.errors import DataError
from firth.output import print_json, print_table, say
from firth.progress import progress

if TYPE_CHECKING:
    from firth.evaluation import AnalogyResult, AnalogyScore, Geometry, SimilarityResult
    from firth.vectors import Vectors

LOW_COVERAGE = 0.5
"""Scores with less of their test covered are told to be doubtful."""


def evaluate(
    file: File,
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
    geometry: Annotated[
        bool, typer.Option("--geometry", help="Measure hubs, isotropy, and lengths by frequency (instead of tests).")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Score vectors on word similarity and analogies; say how much of each test is covered.

    Without a test, on all of the data set eval that are here: ws353, simlex999, rg65, google-analogies.
    """
    from firth.vectors import Vectors

    vectors = Vectors.load(file)
    found = _Found()
    if similarity or analogies:
        found.score(vectors, similarity or [], analogies or [], restrict, method, quiet)
    elif not geometry:
        found.score_all(vectors, restrict, method, quiet)
    shape = _geometry(vectors, quiet) if geometry else None
    for warning in found.warnings:
        say(f"warning: {warning}")
    if as_json:
        print_json(
            {
                "file": str(file),
                "words": len(vectors),
                "dimensions": vectors.dimensions,
                "similarity": [each.as_dict() for each in found.pairs],
                "analogies": [each.as_dict() for each in found.questions],
                "geometry": None if shape is None else shape.as_dict(),
                "warnings": found.warnings,
            }
        )
        return
    if found.pairs or found.questions:
        _print_scores(found, method)
    if shape is not None:
        if found.pairs or found.questions:
            print()  # noqa: T201
        _print_geometry(shape)


@dataclass
class _Found:
    """Scores, and sentences that go with them."""

    pairs: list[SimilarityResult] = field(default_factory=list)
    questions: list[AnalogyResult] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def score(
        self,
        vectors: Vectors,
        similarity: Sequence[str | Path],
        analogies: Sequence[str | Path],
        restrict: int,
        method: str,
        quiet: bool,
    ) -> None:
        """Score vectors on these tests."""
        from firth.evaluation import evaluate_analogies, evaluate_similarity

        self.pairs += [evaluate_similarity(vectors, path) for path in similarity]
        for path in analogies:
            with progress("analogies", quiet=quiet) as report:
                self.questions.append(evaluate_analogies(vectors, path, restrict, method, report=report))
        self.warnings += _warnings(self.pairs, self.questions)
        if self.questions and restrict > len(vectors):
            self.warnings.append(
                f"--restrict is {restrict:,} and there are {len(vectors):,} words: all of them may answer, and scores "
                "compare with those of the same cut alone"
            )

    def score_all(self, vectors: Vectors, restrict: int, method: str, quiet: bool) -> None:
        """Score vectors on all tests that are here; those that don't fit them are warned of."""
        from firth.datasets.evaluation_files import tests_at_hand
        from firth.evaluation.question_files import holds_analogies

        here, absent = tests_at_hand()
        if not here:
            raise DataError(f"no test is on this machine, {absent}; or name a file, with --similarity or --analogies")
        not_scored: list[str] = [absent] if absent else []
        for path in here:
            found, is_analogies = _Found(), holds_analogies(path)
            try:
                found.score(
                    vectors, [] if is_analogies else [path], [path] if is_analogies else [], restrict, method, quiet
                )
            except DataError as error:
                not_scored.append(str(error))
            self.pairs += found.pairs
            self.questions += found.questions
            self.warnings += found.warnings
        if not (self.pairs or self.questions):
            raise DataError(f"none of the {len(here)} tests that are here can be scored; the last, {not_scored[-1]}")
        self.warnings += not_scored


def _geometry(vectors: Vectors, quiet: bool) -> Geometry:
    from firth.evaluation import measure_geometry

    with progress("geometry", quiet=quiet) as report:
        return measure_geometry(vectors, report=report)


def _print_scores(found: _Found, method: str) -> None:
    columns = ("test", "score", "95 % interval", "found", "of", "coverage", "unknown as 0")
    rows = [*map(_similarity_row, found.pairs), *(row for each in found.questions for row in _analogy_rows(each))]
    print_table(columns, rows, right=columns[1:])
    notes = ["similarity: Spearman's correlation of cosines with people's scores"] if found.pairs else []
    if found.questions:
        cut = f"{found.questions[0].restrict:,} most frequent words; scores with other cuts don't compare"
        notes.append(f"analogies: right answers by {method} among the {cut}")
    print("", *notes, sep="\n")  # noqa: T201


def _print_geometry(shape: Geometry) -> None:
    """Print how vectors lie in their space."""
    among = "all words" if shape.sample == shape.words else f"{shape.sample:,} words drawn with seed {shape.seed}"
    correlation = "counts are not known" if shape.length_and_frequency is None else f"{shape.length_and_frequency:.3f}"
    rows = [
        ("hubness", f"{shape.hubness:.2f}", f"skewness of being among the {shape.neighbors} nearest, {among}"),
        ("hubs", "", ", ".join(f"{word} {times}" for word, times in shape.hubs[:5])),
        ("never near", f"{shape.never_near:.1%}", "words that are among no other's nearest"),
        ("isotropy", f"{shape.isotropy:.3f}", "1: all directions are alike"),
        ("mean cosine", f"{shape.mean_cosine:.3f}", "of all pairs of words"),
        ("effective dimensions", f"{shape.effective_dimensions:.1f}", f"of {shape.dimensions}"),
        ("first direction", f"{shape.first_direction:.1%}", "of the variance"),
        ("length and frequency", correlation, "Spearman's correlation"),
        *(
            ("" if place else "mean length", f"{band.mean:.3f}", f"words {band.first:,} to {band.last:,} by frequency")
            for place, band in enumerate(shape.lengths)
        ),
    ]
    print_table(("", "", ""), rows)


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
