"""What all pictures share: colours, fonts, titles, and how a figure becomes a file.

Figures are made without pyplot, so nothing here touches a program's own figures or screen, and a user's matplotlibrc
changes none of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firth.errors import import_extra
from firth.files import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
"""Colours that people with any colour vision tell apart (Okabe & Ito 2008), here by contrast with white."""
INK, GREY, PALE = "#222222", "#6B6B6B", "#D9D9D9"
DOTS_PER_INCH = 150
LONGEST_TEXT = 30
_FONT = "DejaVu Sans"
_PREFERRED_FONTS = ("Noto Sans", "Source Han Sans", "WenQuanYi", "PingFang", "Hiragino", "Microsoft YaHei", "Malgun")
_SETTINGS = {
    "font.family": [_FONT],
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.linewidth": 0.8,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "text.parse_math": False,
}


@contextmanager
def sheet() -> Iterator[None]:
    """Draw with the settings of this file, whatever the user's own are."""
    with import_extra("matplotlib.style", "lab").context(["default", _SETTINGS]):
        yield


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure, sizes in inches, that belongs to no window."""
    figure: Figure = import_extra("matplotlib.figure", "lab").Figure(figsize=(width, height), dpi=DOTS_PER_INCH)
    import_extra("matplotlib.backends.backend_agg", "lab").FigureCanvasAgg(figure)
    return figure


def write_figure(path: str | Path, figure: Figure) -> None:
    """Write a figure as PNG, whole or not at all; the same figure gives the same bytes.

    Raises
    ------
    FirthError
        The file can't be written.
    """
    stream = BytesIO()
    with sheet():
        figure.savefig(stream, format="png", metadata={"Software": None})
    write_whole(path, stream.getvalue())


def add_titles(figure: Figure, title: str, subtitle: str, families: list[str]) -> None:
    """Write title and subtitle at the top left, smaller where they are long; they take the uppermost 0.7 inches."""
    width, height = figure.get_size_inches()
    renderer = import_extra("matplotlib.backends.backend_agg", "lab").FigureCanvasAgg(figure).get_renderer()
    for text, below, size, weight, colour in ((title, 0.16, 14, "bold", INK), (subtitle, 0.47, 9.5, "normal", GREY)):
        written = figure.text(
            0.2 / width, 1 - below / height, legible(text, families, 160), size=size, weight=weight, color=colour,
            va="top", family=families,
        )  # fmt: skip
        needed = written.get_window_extent(renderer).width / DOTS_PER_INCH
        written.set_fontsize(size * min(1.0, (width - 0.4) / max(needed, 1e-9)))


def readable(colour: str, contrast: float = 4.5) -> str:
    """Darken a colour until text in it has the contrast on white that WCAG 2 asks for."""
    colors = import_extra("matplotlib.colors", "lab")
    red, green, blue = colors.to_rgb(colour)
    while 1.05 / (luminance((red, green, blue)) + 0.05) < contrast:
        red, green, blue = 0.95 * red, 0.95 * green, 0.95 * blue
    darkened: str = colors.to_hex((red, green, blue))
    return darkened


def luminance(rgb: Iterable[float]) -> float:
    """Relative luminance of an sRGB colour, 0 for black and 1 for white (WCAG 2)."""
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def font_families(texts: Iterable[str]) -> list[str]:
    """Font families, ours first, that between them have as many letters of the texts as installed fonts allow."""
    families = [_FONT]
    missing = {ord(letter) for text in texts for letter in _plain(text)} - _letters_of(_FONT)
    if not missing:
        return families
    manager = import_extra("matplotlib.font_manager", "lab").fontManager
    # The "last resort" font of several systems has a box for every letter there is, and is no help to a reader.
    upright = [entry for entry in manager.ttflist if entry.style == "normal" and entry.weight in (400, "normal")]
    names = {entry.name for entry in upright if not entry.name.lower().lstrip(".").startswith("last")}
    for name in sorted(names, key=lambda name: (not name.startswith(_PREFERRED_FONTS), name)):
        found = missing & _letters_of(name)
        if found:
            families.append(name)
            missing -= found
        if not missing:
            break
    return families


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


def _plain(text: str) -> str:
    """The text on one line, without marks that have no shape of their own."""
    kept = (" " if unicodedata.category(letter)[0] == "Z" else letter for letter in text)
    return "".join(letter for letter in kept if unicodedata.category(letter) != "Cf")


def _letters_of(family: str) -> set[int]:
    """Code points a font family has; none for a font that can't be read. Controls and half letters never count."""
    manager = import_extra("matplotlib.font_manager", "lab")
    try:
        path = manager.findfont(manager.FontProperties(family=[family]), fallback_to_default=False)
        charmap: dict[int, Any] = manager.get_font(path).get_charmap()
    except (OSError, RuntimeError, ValueError):
        return set()
    return {code for code in charmap if unicodedata.category(chr(code)) not in ("Cc", "Cs")}
