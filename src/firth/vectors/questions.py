"""Questions as people type them, and their answers.

``king`` asks for the nearest words, ``king - man + woman`` too, ``king ~ queen`` for the cosine, and
``? breakfast cereal dinner lunch`` for the odd one out. Signs stand between spaces, so that words may hold them; a word
that holds spaces itself is asked for between double quotes: ``"new york" - york``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from firth.errors import OptionError

if TYPE_CHECKING:
    from firth.vectors.vectors import Vectors

SIGNS = ("+", "-", "~", "?")
_FIELDS = re.compile(r'(?<!\S)"([^\s"]+(?:\s+[^\s"]+)+)"(?!\S)|(\S+)')
"""Words of a question: between double quotes where they hold white space, otherwise what stands between it."""


@dataclass(frozen=True)
class Answer:
    """An answer.

    Attributes
    ----------
    query
        The question, as it was asked.
    kind
        ``"nearest"``, ``"similarity"`` or ``"odd-one-out"``.
    words
        (word, cosine) of nearest words, the best first; the odd one out alone, with 0.
    cosine
        Of a similarity.
    """

    query: str
    kind: str
    words: list[tuple[str, float]]
    cosine: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The answer for programs."""
        answer: dict[str, Any] = {"query": self.query, "kind": self.kind}
        if self.kind == "similarity":
            return {**answer, "cosine": self.cosine}
        if self.kind == "odd-one-out":
            return {**answer, "word": self.words[0][0]}
        return {**answer, "words": [{"word": word, "cosine": cosine} for word, cosine in self.words]}


def answer(vectors: Vectors, query: str, n: int = 10, restrict: int | None = None) -> Answer:
    """Answer a question.

    Parameters
    ----------
    vectors
        Whom to ask.
    query
        The question.
    n, restrict
        Of nearest words: how many, and among the first how many.

    Raises
    ------
    OptionError
        It is no question; the message shows how to ask.
    UnknownWordError
        A word has no vector.
    """
    fields = [quoted or plain for quoted, plain in _FIELDS.findall(query)]
    shown = " ".join(query.split())
    if fields[:1] == ["?"]:
        return Answer(shown, "odd-one-out", [(vectors.odd_one_out(fields[1:]), 0.0)])
    if "~" in fields:
        if len(fields) != 3 or fields[1] != "~":
            raise OptionError(f"{shown!r} is no question: the cosine of two words is asked for as  king ~ queen")
        return Answer(shown, "similarity", [], vectors.similarity(fields[0], fields[2]))
    wanted: list[str] = []
    unwanted: list[str] = []
    sign = "+"
    for place, field in enumerate(fields):
        if field not in SIGNS:
            (wanted if sign == "+" else unwanted).append(field)
            sign = "+"
        elif field == "?" or place + 1 == len(fields) or fields[place + 1] in SIGNS:
            raise OptionError(
                f"{shown!r} is no question: after {field!r} a word must follow, as in  king - man + woman"
            )
        else:
            sign = field
    if not fields:
        raise OptionError("the question is empty: ask for a word, as in  king")
    return Answer(shown, "nearest", vectors.most_similar(wanted, unwanted, n, restrict=restrict))
