"""What reading a text came to: how much there was, how much is kept, what was skipped and why."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Skipped:
    """Something that was left out.

    Attributes
    ----------
    what
        For example ``"lines of invalid UTF-8"``.
    count
        How many of them.
    first
        Where the first was, for example ``"texts/a.txt:812"``.
    """

    what: str
    count: int
    first: str = ""

    def __str__(self) -> str:
        return f"{self.count:,} {self.what}" + (f", first {self.first}" if self.first else "")


@dataclass(frozen=True)
class ReadingReport:
    """What reading a text came to.

    Attributes
    ----------
    source
        What was read.
    sentences
        Sentences of the corpus.
    tokens
        Words of the text, counted as often as they occur.
    types
        Different words of the text.
    kept_tokens, kept_types
        Those that are in the vocabulary.
    skipped
        What was left out, and why.
    seconds
        From the first byte read to the corpus on disk.
    megabytes
        Text read, unpacked, in millions of bytes.
    from_cache
        Whether the corpus was there already; then the numbers are those of its making.
    names
        Of the files, folders and patterns that were read, without the folders they are in.
    """

    source: str
    sentences: int
    tokens: int
    types: int
    kept_tokens: int
    kept_types: int
    skipped: tuple[Skipped, ...]
    seconds: float
    megabytes: float
    from_cache: bool = False
    names: tuple[str, ...] = ()

    @property
    def coverage(self) -> float:
        """Share of the text's words that are in the vocabulary."""
        return self.kept_tokens / self.tokens if self.tokens else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        speed = self.megabytes / self.seconds if self.seconds else 0.0
        return {**dataclasses.asdict(self), "coverage": self.coverage, "megabytes_per_second": speed}

    @staticmethod
    def from_dict(answer: dict[str, Any]) -> ReadingReport:
        """What `as_dict` gave, as a report again."""
        names = [field.name for field in dataclasses.fields(ReadingReport)]
        values = {name: answer[name] for name in names}
        skipped = tuple(Skipped(**each) for each in values["skipped"])
        return ReadingReport(**{**values, "skipped": skipped, "names": tuple(values["names"])})

    def rows(self) -> list[tuple[str, str]]:
        """Lines of a table for people."""
        speed = f", {self.megabytes / self.seconds:.0f} MB/s" if self.seconds else ""
        rows = [
            ("text", self.source),
            ("sentences", f"{self.sentences:,}"),
            ("words", f"{self.tokens:,}, {self.types:,} different"),
            ("kept", f"{self.kept_tokens:,} ({self.coverage:.1%}), {self.kept_types:,} different"),
            (
                "read",
                f"{self.megabytes:.1f} MB in {self.seconds:.2f} s{speed}"
                + (" (an earlier time)" if self.from_cache else ""),
            ),
        ]
        return rows + [("skipped" if not place else "", str(each)) for place, each in enumerate(self.skipped)]
