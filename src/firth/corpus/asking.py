"""What is asked for when a text is to be read: how it is cut into words, and which of them are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from firth.corpus.tokenizers import Tokenization, Tokenizer
from firth.errors import OptionError


@dataclass(frozen=True)
class Asked:
    """The options of reading, validated.

    Attributes
    ----------
    tokenization
        How lines become words.
    column, strict, max_sentence
        As `Corpus.from_text` has them.
    choice
        Of `Vocabulary.from_counts`.
    """

    tokenization: Tokenization
    column: str | None
    strict: bool
    max_sentence: int | None
    choice: dict[str, Any]

    def settings(self, were_lists: bool = False) -> dict[str, Any]:
        """What a corpus says of how it was read; lists of words no tokenizer has touched."""
        names = ("lowercase", "nfkc", "digits")
        cut = {"tokenizer": self.tokenization.name, **{name: getattr(self.tokenization, name) for name in names}}
        if were_lists:
            cut = {"tokenizer": "given", "lowercase": False, "nfkc": False, "digits": "keep"}
        return {
            **cut,
            "column": self.column,
            "strict": self.strict,
            "max_sentence": self.max_sentence,
            **self.choice,
        }


def asked_for(
    *,
    tokenizer: Tokenizer = "words",
    lowercase: bool | None = None,
    nfkc: bool = False,
    digits: str = "keep",
    column: str | None = None,
    min_count: int = 5,
    max_size: int | None = None,
    keep: Iterable[str] | None = None,
    drop: Iterable[str] = (),
    unknown: str | None = None,
    max_sentence: int | None = None,
    strict: bool = False,
) -> Asked:
    """Validate the options of `Corpus.from_text`, where they are described.

    Raises
    ------
    OptionError
        One is not allowed.
    """
    given = Tokenization(tokenizer, tokenizer == "words" if lowercase is None else lowercase, nfkc, digits)
    for name, chosen in (("keep", keep), ("drop", drop)):
        if isinstance(chosen, str):
            raise OptionError(f"{name} is the string {chosen[:40]!r}: give a list of words")
    if max_sentence is not None and (type(max_sentence) is not int or max_sentence < 1):
        raise OptionError(f"max_sentence is {max_sentence!r}: it must be a whole number from 1, or None")
    choice = {
        "min_count": min_count,
        "max_size": max_size,
        "keep": None if keep is None else sorted(set(keep)),
        "drop": sorted(set(drop)),
        "unknown": unknown,
    }
    return Asked(given, column, strict, max_sentence, choice)
