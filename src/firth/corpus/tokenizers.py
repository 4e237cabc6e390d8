r"""Tokenizers: lines of text to lists of words, by Polars, many lines at a time.

Each takes a Series of strings and gives a Series of lists of strings, as long. `NAMED` lists those that have a name;
any callable from string to list of strings is one too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from firth.errors import OptionError, import_extra

if TYPE_CHECKING:
    import polars as pl

Tokenizer = str | Callable[[str], Iterable[str]]

NAMED = ("words", "whitespace", "characters", "jieba")
DIGITS = ("keep", "fold")
_SHOWN = 60

# An emoji is one token with all that belongs to it: skin tones, variation selectors, joined emoji, flags, keycaps. The
# signs that are text unless a variation selector says otherwise are emoji only with one.
_PICTURE = r"(?:[\p{Extended_Pictographic}--[©®™ℹ]]|[©®™ℹ]\x{FE0F})"
_ADORNED = r"[\p{M}\p{Emoji_Modifier}\x{E0020}-\x{E007F}]*"
_EMOJI = (
    rf"\p{{Regional_Indicator}}{{2}}{_ADORNED}"
    r"|[0-9#*]\x{FE0F}?\x{20E3}"
    rf"|{_PICTURE}{_ADORNED}(?:\x{{200D}}\p{{Extended_Pictographic}}{_ADORNED})*"
)
# Joiners (zero width non-joiner and joiner) belong to the word they stand in, as Persian and Indic scripts write them.
_FIRST = r"[\p{L}\p{N}_]"
_FURTHER = r"\p{L}\p{M}\p{N}_\x{200C}\x{200D}"
# Between letters these belong to the word: apostrophes, hyphens (soft and Hebrew and Armenian ones too), the middle dot
# of Catalan, geresh and gershayim of Hebrew, and the full-width forms.
_BETWEEN = r"['’\-‐‑·\x{AD}\x{58A}\x{5BE}\x{5F3}\x{5F4}\x{FF07}\x{FF0D}]"
_LETTERS = rf"{_FIRST}[{_FURTHER}]*"
_WORD = rf"{_EMOJI}|{_LETTERS}(?:{_BETWEEN}{_LETTERS})*"
# What is drawn upon or joined to the character before it: marks, skin tones, joiners, Hangul vowels and finals, tags.
_UPON = r"\p{M}\p{Emoji_Modifier}\x{200C}\x{200D}\x{1160}-\x{11FF}\x{D7B0}-\x{D7FF}\x{E0020}-\x{E007F}"
# Where Python's str.split cuts: Unicode white space and the four ASCII separators.
_SPACE = r"\s\x1c-\x1f"
_CHARACTER = rf"(?:{_EMOJI}|[^{_SPACE}])[{_UPON}]*"

_PLAIN_WORD = rf"{_FIRST}[{_FURTHER}--[\x{{20E3}}\x{{FE0F}}]]*"
_PLAIN_WORDS = rf"{_PLAIN_WORD}(?:{_BETWEEN}{_PLAIN_WORD})*"
# For each: the pattern of its tokens; the pattern of lines that splitting at a string cuts alike, as it does most lines
# of a cleaned text, in a third of the time; and that string.
_CUTS = {
    "words": (_WORD, rf"^{_PLAIN_WORDS}(?: {_PLAIN_WORDS})*$", " "),
    "whitespace": (rf"[^{_SPACE}]+", rf"^[^{_SPACE}]+(?: [^{_SPACE}]+)*$", " "),
    "characters": (_CHARACTER, rf"^[^{_SPACE}{_UPON}\p{{Extended_Pictographic}}\p{{Regional_Indicator}}]+$", ""),
}
_SPLIT_WORDS = {"words": rf"^{_PLAIN_WORDS}$", "whitespace": rf"^[^{_SPACE}]+$"}
"""The words that splitting lines at single spaces may give."""
_SAMPLE = 100
# What jieba, made for Chinese, would take apart: emoji, other scripts' words, marks from their letters.
_FOREIGN = r"[\p{L}\p{N}_--[\p{Han}\p{Hiragana}\p{Katakana}]]"
_FOREIGN_WORD = rf"{_FOREIGN}[{_UPON}{_FURTHER}--[\p{{Han}}\p{{Hiragana}}\p{{Katakana}}]]*"
_WHOLE = rf"(?:{_EMOJI})[{_UPON}]*|{_FOREIGN_WORD}(?:{_BETWEEN}{_FOREIGN_WORD})*|[^{_SPACE}][{_UPON}]+"


@dataclass(frozen=True)
class Tokenization:
    """How lines become words; recorded with what was made of them, so that queries can be treated alike.

    ``"words"`` are runs of letters, marks, digits and underscores in any script, whole with the apostrophes and hyphens
    between them, and emoji; other signs are left out, so 3.14 is two words. ``"whitespace"`` cuts where `str.split`
    does. ``"characters"`` are what a reader sees as one: a letter with its marks, an emoji with all its parts.
    ``"jieba"`` finds Chinese words, and leaves those of other scripts whole as ``"words"`` does.

    Attributes
    ----------
    tokenizer
        One of `NAMED`, or a callable from string to strings, which gets the line in its normal form.
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
        for option in ("lowercase", "nfkc"):
            if not isinstance(getattr(self, option), bool):
                raise OptionError(f"{option} is {getattr(self, option)!r}: it must be True or False")
        if self.tokenizer == "jieba":
            import_extra("rjieba", "zh")

    @property
    def name(self) -> str:
        """The tokenizer's name; that of the function where it is one."""
        if isinstance(self.tokenizer, str):
            return self.tokenizer
        return getattr(self.tokenizer, "__qualname__", type(self.tokenizer).__qualname__)

    def normalised(self, text: pl.Series) -> pl.Series:
        """Strings as the options say: NFKC, lower case, digits folded."""
        if self.nfkc:
            text = text.str.normalize("NFKC")
        if self.lowercase:
            text = text.str.to_lowercase()
        if self.digits == "fold":
            text = text.str.replace_all(r"\p{Nd}", "0")
        return text

    def split(self, lines: pl.Series) -> pl.Series | None:
        """Cut lines at single spaces, if that looks right: half the time of checking every line first.

        Parameters
        ----------
        lines
            Strings.

        Returns
        -------
        Series of lists of strings
            What calling gives if `splits_right` says so of its different words; None where it would not.
        """
        if self.tokenizer not in _SPLIT_WORDS or lines.null_count():
            return None
        lines = self.normalised(lines)
        if not lines.head(_SAMPLE).str.contains(_CUTS[str(self.tokenizer)][1]).all():
            return None
        return lines.str.split(" ")

    def splits_right(self, words: pl.Series) -> bool:
        """Whether `split` cut lines as calling would have, told by the different words that it gave."""
        return bool(words.str.contains(_SPLIT_WORDS[str(self.tokenizer)]).all())

    def __call__(self, lines: pl.Series) -> pl.Series:
        """Cut lines into words.

        Parameters
        ----------
        lines
            Strings; a missing one has no words.

        Returns
        -------
        Series of lists of strings
            As long as `lines`; no word is empty.

        Raises
        ------
        OptionError
            The tokenizer is a function that failed on a line, or gave something else than strings for it.
        """
        lines = lines.fill_null("")
        if self.tokenizer == "jieba":
            return self._cut_by_jieba(lines)
        lines = self.normalised(lines)
        if isinstance(self.tokenizer, str):
            return _cut_by_pattern(lines, *_CUTS[self.tokenizer])
        return _cut_by_function(lines, self.tokenizer, self.name)

    def _cut_by_jieba(self, lines: pl.Series) -> pl.Series:
        """Cut lines by jieba before they are turned into lower case: its dictionary has T恤 and not t恤."""
        import polars as pl

        words = _cut_by_jieba(replace(self, lowercase=False).normalised(lines))
        return words.list.eval(pl.element().str.to_lowercase()) if self.lowercase else words


def _cut_by_pattern(lines: pl.Series, pattern: str, plain: str, separator: str) -> pl.Series:
    import polars as pl

    is_plain = lines.str.contains(plain)
    if is_plain.all():
        return lines.str.split(separator)
    if not is_plain.any():
        return lines.str.extract_all(pattern)
    split = lines.filter(is_plain).str.split(separator)
    matched = lines.filter(~is_plain).str.extract_all(pattern)
    places = pl.concat([is_plain.arg_true(), (~is_plain).arg_true()])
    return pl.concat([split, matched]).gather(places.arg_sort())


def _cut_by_jieba(lines: pl.Series) -> pl.Series:
    import polars as pl

    cut = import_extra("rjieba", "zh").cut
    found = []
    for line, wholes in zip(lines.to_list(), lines.str.extract_all(_WHOLE).to_list(), strict=True):
        words = cut(line)
        if not set(wholes).issubset(words):
            words = _mended(line, words, wholes)
        found.append([word for word in words if not word.isspace()])
    return pl.Series(lines.name, found, dtype=pl.List(pl.String))


def _mended(line: str, words: list[str], wholes: list[str]) -> list[str]:
    """The words of a line, joined again where a cut fell inside one of the parts that are to stay whole."""
    inside: set[int] = set()
    end = 0
    for whole in wholes:
        start = line.index(whole, end)
        end = start + len(whole)
        inside.update(range(start + 1, end))
    mended: list[str] = []
    place = 0
    for word in words:
        if place in inside:
            mended[-1] += word
        else:
            mended.append(word)
        place += len(word)
    return mended


def _cut_by_function(lines: pl.Series, function: Callable[[str], Iterable[str]], name: str) -> pl.Series:
    import polars as pl

    found = []
    for line in lines.to_list():
        try:
            words = function(line)
            cut = words if isinstance(words, str | bytes) else list(words)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise OptionError(f"the tokenizer {name} failed on the line {line[:_SHOWN]!r}: {reason}") from error
        if isinstance(cut, str | bytes) or not all(isinstance(word, str) for word in cut):
            raise OptionError(
                f"the tokenizer {name} gave {cut!r:.{_SHOWN}} for the line {line[:_SHOWN]!r}: "
                "it must give a list of strings"
            )
        found.append([word for word in cut if word])
    try:
        return pl.Series(lines.name, found, dtype=pl.List(pl.String))
    except UnicodeEncodeError as error:
        raise OptionError(
            f"the tokenizer {name} gave {error.object[:_SHOWN]!r}, which has half a surrogate pair: "
            "it must give words that are Unicode text"
        ) from error
