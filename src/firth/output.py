"""What the command shows: answers on standard output, sentences on standard error."""

from __future__ import annotations

import contextlib
import json
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

from firth.progress import Warned


def say(sentence: str) -> None:
    """Print to standard error; a note that nobody can read is no reason to fail."""
    with contextlib.suppress(OSError):
        print(sentence, file=sys.stderr, flush=True)  # noqa: T201


def say_warnings(sentence: str) -> None:
    """Print to standard error what is told even where no progress is shown."""
    if isinstance(sentence, Warned):
        say(sentence)


def print_json(answer: Any) -> None:
    """Print an answer for programs."""
    print(json.dumps(answer, indent=2, ensure_ascii=False))  # noqa: T201


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """Text with what commands the terminal written out: control characters, line ends, turns of the direction."""
    return "".join(_shown(letter) for letter in text)


def _shown(letter: str) -> str:
    if unicodedata.category(letter) == "Cc":
        return f"\\x{ord(letter):02x}"
    return f"\\u{ord(letter):04x}" if letter in _TURNING or letter in "\u2028\u2029" else letter


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """Print a table; in a pipe, as wide as it needs to be."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*[Text(printable(cell)) for cell in row])
    console = Console(width=None if sys.stdout.isatty() else 10_000)
    with console.capture() as captured:
        console.print(table)
    print("\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n")))  # noqa: T201
