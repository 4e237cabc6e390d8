"""Reads the files that test word vectors: word pairs with scores, Google's analogy questions, BATS folders.

Every line is either used, blank, a comment or a header; others are an error that counts them and shows the first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Literal, NamedTuple

from firth.errors import DataError

Kind = Literal["semantic", "syntactic"]

_BATS_NAME = re.compile(r"[IDEL]\d\d\b.*\.txt")
_LONGEST_SHOWN = 60


class Pair(NamedTuple):
    """Two words and how similar people find them."""

    first: str
    second: str
    score: float


class Question(NamedTuple):
    """One analogy: a is to b as c is to what? BATS gives several right answers, of which any will do as b."""

    a: str
    b: tuple[str, ...]
    c: str
    answers: tuple[str, ...]


class Section(NamedTuple):
    """Questions on one relation between words."""

    name: str
    kind: Kind
    questions: list[Question]


def holds_analogies(path: Path) -> bool:
    """Whether a test is one of analogies: a folder, or a file whose first line begins a section (: name)."""
    return path.is_dir() or next((line for _, line in _lines(path)), "").startswith(":")


def read_pairs(path: Path) -> list[Pair]:
    """Read lines of ``word1 word2 score``, with tabs, commas or white space between.

    Blank lines and lines that begin with # are passed over, and so is a header: a first line of three or more
    fields, the last of which begins with a letter.

    Raises
    ------
    DataError
        The file can't be read, has lines that are not of that form, or has none that is.
    """
    pairs: list[Pair] = []
    malformed: list[tuple[int, str]] = []
    header_is_possible = True
    for number, line in _lines(path):
        if line.startswith("#"):
            continue
        fields = _fields(line)
        pair = _pair_of(fields)
        if pair is not None:
            pairs.append(pair)
        elif not (header_is_possible and _is_header(fields)):
            malformed.append((number, line))
        header_is_possible = False
    _demand_none(path, malformed, "word1 word2 score")
    if not pairs:
        raise DataError(f"{path} holds no line of the form word1 word2 score: name a file that does")
    return pairs


def read_analogies(path: Path) -> list[Section]:
    """Read a file of Google's form, or a folder of BATS files.

    In Google's form, a line ``: name`` begins a section and each other line holds the four words of a question;
    sections whose names begin with "gram" are syntactic. A BATS file holds a word and its answers, with slashes
    between, a line; each ordered pair of its lines is a question. I and D (inflections, derivations) are syntactic, E
    and L semantic.

    Raises
    ------
    DataError
        It can't be read, has lines that are not of that form, or holds no question.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*.txt") if _BATS_NAME.fullmatch(file.name))
        if not files:
            raise DataError(f"{path} holds no BATS file, such as I01 [noun - plural_reg].txt: name a folder that does")
        sections = [_read_bats_file(file) for file in files]
    else:
        sections = _read_google(path)
    if not any(section.questions for section in sections):
        raise DataError(f"{path} holds no question: name a file of sections (: name) and lines of four words")
    return sections


def _read_google(path: Path) -> list[Section]:
    sections: list[Section] = []
    malformed: list[tuple[int, str]] = []
    for number, line in _lines(path):
        if line.startswith(":"):
            name = line[1:].strip()
            sections.append(Section(name, "syntactic" if name.startswith("gram") else "semantic", []))
        elif len(words := line.split()) != 4:
            malformed.append((number, line))
        elif not sections:
            raise DataError(f"{path}, line {number}, is before the first section: begin with a line such as  : family")
        else:
            a, b, c, answer = words
            sections[-1].questions.append(Question(a, (b,), c, (answer,)))
    _demand_none(path, malformed, "the four words of a question")
    return sections


def _read_bats_file(path: Path) -> Section:
    entries: list[tuple[str, tuple[str, ...]]] = []
    malformed: list[tuple[int, str]] = []
    for number, line in _lines(path):
        word, *rest = line.split(maxsplit=1)
        answers = tuple(answer for each in rest for part in each.split("/") if (answer := part.strip()))
        if answers:
            entries.append((word, answers))
        else:
            malformed.append((number, line))
    _demand_none(path, malformed, "a word and its answers")
    questions = [Question(*one, *other) for one, other in permutations(entries, 2)]
    return Section(path.stem, "syntactic" if path.name[0] in "ID" else "semantic", questions)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the number and text of each line that is not blank."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; name a text file") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text (byte {error.start:,}): save it as UTF-8") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if stripped := line.strip():
            yield number, stripped


def _fields(line: str) -> list[str]:
    for separator in ("\t", ","):
        if separator in line:
            return [field.strip().strip('"') for field in line.split(separator)]
    return line.split()


def _pair_of(fields: list[str]) -> Pair | None:
    if len(fields) != 3 or not all(fields) or not _is_number(fields[2]):
        return None
    score = float(fields[2])
    return Pair(fields[0], fields[1], score) if math.isfinite(score) else None


def _is_header(fields: list[str]) -> bool:
    return len(fields) >= 3 and fields[-1][:1].isalpha() and not _is_number(fields[-1])


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _demand_none(path: Path, malformed: list[tuple[int, str]], wanted: str) -> None:
    if not malformed:
        return
    number, line = malformed[0]
    shown = line if len(line) <= _LONGEST_SHOWN else line[:_LONGEST_SHOWN] + "..."
    many = f"{len(malformed):,} lines are malformed, the first" if len(malformed) > 1 else "one line is malformed"
    raise DataError(f"{path}: {many}, line {number}, {shown!r}, is not {wanted}; mend or remove them")
