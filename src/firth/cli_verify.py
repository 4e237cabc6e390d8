"""The command `firth verify`: whether a file, a folder of checkpoints or a corpus is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firth.cli_corpus import Json
from firth.errors import FirthError
from firth.output import print_json, print_table, say


def verify(
    paths: Annotated[
        list[Path], typer.Argument(help="Vectors of any format, checkpoints, folders of either.", metavar="PATH...")
    ],
    as_json: Json = False,
) -> None:
    """Read files to their last byte and hold them to their checksums; exit 1 if one is damaged.

    Other tools' formats carry no checksum: of these it is said that they can be read and that their numbers are finite.
    The SHA-256 of vectors is of words, counts and numbers alone: equal vectors have the same on any machine.
    """
    from firth.verification import verify as verified

    found, damaged = [], []
    for path in paths:
        try:
            found += verified(path)
        except FirthError as error:
            damaged.append((path, error))
    if as_json:
        whole = [{"whole": True, **each.as_dict()} for each in found]
        print_json(whole + [{"whole": False, "path": str(path), "why": str(why)} for path, why in damaged])
    elif found:
        answer = {True: "whole", False: "can be read whole, its numbers are finite (this format carries no checksum)"}
        rows = [(str(each.path), answer[each.has_checksum], each.what, each.sha256 or "") for each in found]
        print_table(("", "", "", "sha256 of the content"), rows)
    for _, other in damaged[:-1]:
        say(f"firth: {other}")
    if damaged:
        raise damaged[-1][1]
