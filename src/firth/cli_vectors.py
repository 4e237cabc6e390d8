"""The commands about vectors: `firth describe`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from firth.cli_corpus import Json
from firth.output import print_json, print_table

if TYPE_CHECKING:
    from firth.vectors.vectors import Vectors

_SHOWN_WORDS = 10


def describe(
    file: Annotated[Path, typer.Argument(help="A file of vectors.", metavar="FILE")],
    as_json: Json = False,
) -> None:
    """Say what is in a file of vectors: how many, how long, how stored, and how they were made."""
    from firth.vectors.vectors import Vectors

    answer = _description(Vectors.load(file), file)
    if as_json:
        print_json(answer)
        return
    settings = answer.pop("settings")
    rows = [(name.replace("_", " "), _shown(value)) for name, value in answer.items()]
    rows += [(f"settings: {name}", _shown(value)) for name, value in settings.items()]
    print_table(("", ""), rows)


def _description(vectors: Vectors, file: Path) -> dict[str, Any]:
    seen = int(vectors.counts.sum())
    return {
        "file": str(file),
        "bytes": file.stat().st_size,
        "words": len(vectors),
        "dimensions": vectors.dimensions,
        "stored_as": vectors.dtype,
        "outside_vectors": vectors.has_outside,
        "words_of_text": seen or None,
        "first_words": vectors.words[:_SHOWN_WORDS],
        "settings": vectors.settings,
    }


def _shown(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
