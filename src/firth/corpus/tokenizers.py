r"""Tokenizers: lines of text to lists of words, by Polars, many lines at a time.

Each takes a Series of strings and gives a Series of lists of strings, as long. `NAMED` lists those that have a name;
any callable from string to list of strings is one too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from firth.errors import OptionError, import_extra

if TYPE_CHECKING:
    import polars as pl

Tokenizer = str | Callable[[str], Iterable[str]]

NAMED = ("words", "whitespace", "characters", "jieba")
DIGITS = ("keep", "fold")

# An emoji is one token with all that belongs to it: skin tones, variation selectors, joined emoji, flags, keycaps.
_EMOJI = (
    r"\p{Regional_Indicator}{2}"
    r"|[0-9#*]\x{FE0F}?\x{20E3}"
    r"|\p{Extended_Pictographic}[\p{Emoji_Modifier}\x{FE0F}]*(?:\x{200D}\p{Extended_Pictographic}[\p{Emoji_Modifier}\x{FE0F}]*)*"
)
# Joiners inside a word (zero width non-joiner and joiner) belong to it, as Persian and Indic scripts write them.
_LETTERS = r"[\p{L}\p{M}\p{N}_\x{200C}\x{200D}]+"
_WORD = rf"{_EMOJI}|{_LETTERS}(?:['’\-‐]{_LETTERS})*"
_CHARACTER = rf"{_EMOJI}|\S[\p{{M}}\x{{200C}}\x{{200D}}\x{{FE0F}}]*"
# Where Python's str.split cuts: Unicode white space and the four ASCII separators.
_NO_SPACE = r"[^\s\x1c-\x1f]+"
_NOT_SINGLE_SPACES = r"^ | $|  |[^\S ]|[\x1c-\x1f]"


@dataclass(frozen=True)
class Tokenization:
    """How lines become words; recorded with what was made of them, so that queries can be treated alike.

    Attributes
    ----------
    tokenizer
        One of `NAMED`, or a callable from string to strings.
    lowercase
        Turn words into lower case.
    nfkc
        Normalise to Unicode form NFKC first: full-width letters become plain ones, ligatures come apart.
    digits
        ``"keep"``, or ``"fold"``: every digit becomes 0.
    """

    tokenizer: Tokenizer = "words"
    lowercase: bool = True
    nfkc: bool = False
    digits: str = "keep"

    def __post_init__(self) -> None:
        if not callable(self.tokenizer) and self.tokenizer not in NAMED:
            raise OptionError(f"tokenizer is {self.tokenizer!r}: it must be one of {', '.join(NAMED)}, or a function")
        if self.digits not in DIGITS:
            raise OptionError(f"digits is {self.digits!r}: it must be one of {', '.join(DIGITS)}")
        if self.tokenizer == "jieba":
            import_extra("rjieba", "zh")

    @property
    def name(self) -> str:
        """The tokenizer's name; that of the function where it is one."""
        if isinstance(self.tokenizer, str):
            return self.tokenizer
        return f"{self.tokenizer.__module__}.{getattr(self.tokenizer, '__qualname__', type(self.tokenizer).__name__)}"

    def normalised(self, text: pl.Series) -> pl.Series:
        """Strings as the options say: NFKC, lower case, digits folded."""
        if self.nfkc:
            text = text.str.normalize("NFKC")
        if self.lowercase:
            text = text.str.to_lowercase()
        if self.digits == "fold":
            text = text.str.replace_all(r"\p{Nd}", "0")
        return text

    def __call__(self, lines: pl.Series) -> pl.Series:
        """Cut lines into words: a Series of lists, as long as `lines`, without empty words."""
        lines = self.normalised(lines)
        if self.tokenizer == "words":
            return lines.str.extract_all(_WORD)
        if self.tokenizer == "characters":
            return lines.str.extract_all(_CHARACTER)
        if self.tokenizer == "whitespace":
            # Splitting at single spaces is three times as fast as the pattern, and most text files have no other.
            if lines.str.contains(_NOT_SINGLE_SPACES).any() or (lines == "").any():
                return lines.str.extract_all(_NO_SPACE)
            return lines.str.split(" ")
        return _cut_by_function(lines, _jieba_words if self.tokenizer == "jieba" else self.tokenizer)


def _jieba_words(line: str) -> list[str]:
    words = import_extra("rjieba", "zh").cut(line)
    return [word for word in words if not word.isspace()]


def _cut_by_function(lines: pl.Series, function: Tokenizer) -> pl.Series:
    import polars as pl

    if isinstance(function, str):
        raise TypeError(function)
    cut = []
    for line in lines.to_list():
        words = function(line)
        if isinstance(words, str):
            raise OptionError(f"the tokenizer gave the string {words[:40]!r} for a line: it must give a list of words")
        cut.append([word for word in words if word])
    return pl.Series(cut, dtype=pl.List(pl.String))
