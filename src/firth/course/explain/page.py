"""A page of explanation: 80 columns, with bold headings in a terminal and plain text elsewhere."""

from __future__ import annotations

import ast
import inspect
import os
import shutil
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from firth.output import printable

WIDTH = 80


@dataclass(frozen=True)
class Section:
    """A heading, and what stands below it.

    Attributes
    ----------
    heading
        A word or two.
    lines
        Paragraphs; those that begin with two spaces are formulas and are shown as they are.
    code
        Shown as it is, but for lines that are too long.
    rows
        Pairs, shown as a table.
    """

    heading: str
    lines: Sequence[str] = ()
    code: str = ""
    rows: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Page:
    """What `firth explain` shows.

    Attributes
    ----------
    name
        What it was asked for as.
    title
        One line.
    sections
        In the order shown.
    fields
        What only programs are told.
    """

    name: str
    title: str
    sections: tuple[Section, ...]
    fields: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The page for programs."""
        sections = [
            {
                "heading": each.heading,
                "lines": list(each.lines),
                "code": each.code,
                "rows": [list(row) for row in each.rows],
            }
            for each in self.sections
        ]
        return {"name": self.name, "title": self.title, **self.fields, "sections": sections}

    def show(self, stream: TextIO) -> None:
        """Print the page, at most 80 columns wide; bold headings where the stream is a terminal."""
        is_terminal = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        columns = min(WIDTH, shutil.get_terminal_size().columns) if stream.isatty() else WIDTH
        stream.write("\n".join(self.lines(max(40, columns), is_terminal)) + "\n")

    def lines(self, width: int = WIDTH, is_terminal: bool = False) -> list[str]:
        """The page line by line."""
        bold, faint, end = ("\x1b[1m", "\x1b[2m", "\x1b[0m") if is_terminal else ("", "", "")
        shown = [f"{bold}{line}{end}" for line in textwrap.wrap(self.title, width)]
        for section in self.sections:
            shown += ["", f"{bold}{section.heading}{end}"]
            for line in section.lines:
                shown += _wrapped(line, width)
            if section.rows:
                longest = min(max(len(left) for left, _ in section.rows), width // 2)
                for left, right in section.rows:
                    shown += _row(left, right, longest, width)
            if section.code:
                shown += [f"{faint}{line}{end}" for line in _folded(section.code, width - 2)]
        return [line if is_terminal else printable(line) for line in shown]


def _wrapped(line: str, width: int) -> list[str]:
    """A paragraph, or a formula with what does not fit on the line below it."""
    if not line.startswith("  "):
        return textwrap.wrap(line, width)
    return textwrap.wrap(line, width, initial_indent="  ", subsequent_indent="      ", break_long_words=False)


def _row(left: str, right: str, longest: int, width: int) -> list[str]:
    start = f"  {left.ljust(longest)}  "
    if len(start) > longest + 4:  # too long for its column: a line of its own
        return [start.rstrip(), *_below(right, longest, width)]
    lines = textwrap.wrap(right, max(20, width - len(start)), break_long_words=False) or [""]
    return [(start + lines[0]).rstrip(), *[" " * len(start) + line for line in lines[1:]]]


def _below(right: str, longest: int, width: int) -> list[str]:
    indent = " " * (longest + 4)
    return textwrap.wrap(right, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False)


def _folded(code: str, width: int) -> list[str]:
    """Code indented by two, with long lines broken at a space and their rest indented deeper."""
    folded = []
    for line in code.splitlines():
        indent = " " * (len(line) - len(line.lstrip()))
        code_alone, mark, why = line.partition("  # wrong")
        if mark and len(line) > width:  # a mark that does not fit beside its line stands above it
            folded.append(f"  {indent}# wrong{why or ':'}")
            line = code_alone
        deeper = indent + ("# " if line.lstrip().startswith("#") else " " * 8)
        lines = textwrap.wrap(
            line,
            width,
            subsequent_indent=deeper,
            break_long_words=False,
            break_on_hyphens=False,
            replace_whitespace=False,
        )
        folded += ["  " + each for each in lines or [""]]
    return folded


def code_of(function: Callable[..., Any]) -> str:
    """The source of a function without its docstring, which explains what this page does."""
    source = textwrap.dedent(inspect.getsource(function))
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef)
    first, lines = definition.body[0], source.splitlines()
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(definition.body) > 1:
        del lines[first.lineno - 1 : first.end_lineno]
    return "\n".join(lines)


def place_of(function: Callable[..., Any]) -> str:
    """Where a function is written: file and line."""
    path = Path(inspect.getsourcefile(function) or "")
    parts = path.parts[path.parts.index("firth") :] if "firth" in path.parts else path.parts[-1:]
    package = max(place for place, part in enumerate(parts) if part == "firth")
    return f"{'/'.join(parts[package:])}:{inspect.getsourcelines(function)[1]}"
