"""Fonts for words of any script: which families to draw with, and what is shown, and said, of letters none has."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Any

from firth.errors import import_extra

FONT = "DejaVu Sans"
LONGEST_TEXT = 30
_PREFERRED = ("Noto Sans", "Source Han Sans", "WenQuanYi", "PingFang", "Hiragino", "Microsoft YaHei", "Malgun")
_REGIONS = {"HIRAGANA": "JP", "KATAKANA": "JP", "HANGUL": "KR"}
"""Fonts of Chinese letters draw some of them as one country does; without such letters, as China does (SC)."""
_EAST_ASIAN = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH")
_SHOWN_LETTERS = 5


def font_families(texts: Iterable[str]) -> list[str]:
    """Font families, ours first, that between them have as many letters of the texts as installed fonts allow."""
    families = [FONT]
    missing = _letters_in(texts) - _letters_of(FONT)
    if not missing:
        return families
    region = next(
        (code for script, code in _REGIONS.items() if any(_name(each).startswith(script) for each in missing)), "SC"
    )
    for name in sorted(
        _installed(), key=lambda name: (not name.startswith(_PREFERRED), not name.endswith(region), name)
    ):
        found = missing & _letters_of(name)
        if found:
            families.append(name)
            missing -= found
        if not missing:
            break
    return families


def missing_fonts(texts: Iterable[str]) -> str | None:
    """A sentence that names a font to install, where no installed one has some letters of the texts; else None."""
    texts = list(texts)
    have: set[int] = set().union(*(_letters_of(name) for name in font_families(texts)))
    missing = sorted(_letters_in(texts) - have)
    if not missing:
        return None
    scripts = dict.fromkeys(_font_for(code) for code in missing if not 0xD800 <= code < 0xE000)
    letters = ", ".join(
        f"{chr(code)}" if chr(code).isprintable() else f"‹{code:04X}›" for code in missing[:_SHOWN_LETTERS]
    )
    more = f" and {len(missing) - _SHOWN_LETTERS:,} more" if len(missing) > _SHOWN_LETTERS else ""
    install = f"install {' and '.join(scripts)}" if scripts else "no font has such"
    return f"no installed font has {letters}{more}, shown as code points: {install}"


def legible(text: str, families: list[str], longest: int = LONGEST_TEXT) -> str:
    """The text as the fonts can show it: letters that none has as code points, ‹4F60›; long texts cut in the middle."""
    have = set().union(*(_letters_of(name) for name in families))
    shown = []
    for letter in _plain(text):
        if ord(letter) in have:
            shown.append(letter)
        elif shown and shown[-1].endswith("›"):
            shown[-1] = f"{shown[-1][:-1]}·{ord(letter):04X}›"
        else:
            shown.append(f"‹{ord(letter):04X}›")
    whole = "".join(shown)
    if len(whole) <= longest:
        return whole
    return f"{whole[: longest * 2 // 3]}…{whole[len(whole) - longest // 3 :]}"


def _font_for(code: int) -> str:
    name = _name(code)
    if name.startswith(_EAST_ASIAN):
        return "Noto Sans CJK (package fonts-noto-cjk on Debian and Ubuntu)"
    script = name.partition(" ")[0]
    if (
        unicodedata.category(chr(code))[0] in "LM"
        and script.isalpha()
        and script not in ("MATHEMATICAL", "LATIN", "SQUARED")
    ):
        return f"Noto Sans {script.title()}"
    return "Noto Sans Symbols 2"


def _name(code: int) -> str:
    return unicodedata.name(chr(code), "")


def _letters_in(texts: Iterable[str]) -> set[int]:
    return {ord(letter) for text in texts for letter in _plain(text)}


def _plain(text: str) -> str:
    """The text on one line, without marks that have no shape of their own."""
    kept = (" " if unicodedata.category(letter)[0] == "Z" else letter for letter in text)
    return "".join(letter for letter in kept if unicodedata.category(letter) != "Cf")


@cache
def _installed() -> tuple[str, ...]:
    """Upright families; fonts installed since matplotlib made its list, which it keeps for ever, are added to it."""
    module = import_extra("matplotlib.font_manager", "lab")
    listed = {entry.fname for entry in module.fontManager.ttflist}
    for path in sorted(set(module.findSystemFonts()) - listed):
        try:
            module.fontManager.addfont(path)
        except (OSError, RuntimeError, ValueError):  # a file that only looks like a font
            continue
    _letters_of.cache_clear()
    upright = [each for each in module.fontManager.ttflist if each.style == "normal" and each.weight in (400, "normal")]
    # The "last resort" font of several systems has a box for every letter there is, and is no help to a reader.
    return tuple(sorted({each.name for each in upright if not each.name.lower().lstrip(".").startswith("last")}))


@cache
def _letters_of(family: str) -> frozenset[int]:
    """Code points a font family has; none for a font that can't be read. Controls and half letters never count."""
    manager = import_extra("matplotlib.font_manager", "lab")
    try:
        path = manager.findfont(manager.FontProperties(family=[family]), fallback_to_default=False)
        charmap: dict[int, Any] = manager.get_font(path).get_charmap()
    except (OSError, RuntimeError, ValueError):
        return frozenset()
    return frozenset(code for code in charmap if unicodedata.category(chr(code)) not in ("Cc", "Cs"))
