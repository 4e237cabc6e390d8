"""What all pictures share: colours, titles, and how a figure becomes a file.

Figures are made without pyplot, so nothing here touches a program's own figures or screen, and a user's matplotlibrc
changes none of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from firth.errors import OptionError, import_extra
from firth.files import write_whole
from firth.plots.fonts import FONT, legible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
"""Colours that people with any colour vision tell apart (Okabe & Ito 2008), here by contrast with white."""
INK, GREY, PALE = "#222222", "#6B6B6B", "#D9D9D9"
DOTS_PER_INCH = 150
SMALLEST, LARGEST = 3.0, 60.0
"""Inches of a picture's side."""
_SETTINGS = {
    "font.family": [FONT],
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.linewidth": 0.8,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "text.parse_math": False,
    "svg.hashsalt": "firth",
}

_NO_DATES: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""What would make files of the same figure differ."""


@contextmanager
def sheet() -> Iterator[None]:
    """Draw with the settings of this file, whatever the user's own are."""
    with import_extra("matplotlib.style", "lab").context(["default", _SETTINGS]):
        yield


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure, sizes in inches, that belongs to no window.

    Raises
    ------
    OptionError
        A side is shorter than 3 inches, or longer than 60.
    """
    demand_size(width, height)
    figure: Figure = import_extra("matplotlib.figure", "lab").Figure(figsize=(width, height), dpi=DOTS_PER_INCH)
    import_extra("matplotlib.backends.backend_agg", "lab").FigureCanvasAgg(figure)
    return figure


def demand_size(width: float, height: float) -> None:
    """Refuse a picture too small or too large, sizes in inches.

    Raises
    ------
    OptionError
        A side is shorter than 3 inches, or longer than 60.
    """
    if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
        raise OptionError(f"size is {width:g} x {height:g} inches: each side must be {SMALLEST:g} to {LARGEST:g}")


def write_figure(path: str | Path, figure: Figure) -> None:
    """Write a figure, whole or not at all, as PNG, SVG or PDF; the same figure gives the same bytes.

    Raises
    ------
    OptionError
        The name ends in something else.
    FirthError
        The file can't be written.
    """
    kind = picture_format(path)
    stream = BytesIO()
    with sheet(), warnings.catch_warnings():
        # Subsetting old fonts for a PDF tells of tables that no reader of it needs.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="fontTools")
        figure.savefig(stream, format=kind, metadata=_NO_DATES[kind])
    write_whole(path, stream.getvalue())


def picture_format(path: str | Path) -> Literal["png", "svg", "pdf"]:
    """What kind of picture a file's name asks for.

    Raises
    ------
    OptionError
        None that is written.
    """
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in ("png", "svg", "pdf"):
        raise OptionError(f"{path} is no name of a picture: let it end in .png, .svg or .pdf")
    return suffix  # type: ignore[return-value]  # one of the three


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


def widest(texts: Iterable[str], families: list[str], size: float) -> float:
    """Width in inches of the widest of some texts."""
    figure = new_figure(SMALLEST, SMALLEST)
    renderer = import_extra("matplotlib.backends.backend_agg", "lab").FigureCanvasAgg(figure).get_renderer()
    drawn = [figure.text(0, 0, text, family=families, size=size) for text in texts]
    return max((text.get_window_extent(renderer).width for text in drawn), default=0.0) / DOTS_PER_INCH


def readable(colour: str, contrast: float = 4.5) -> str:
    """Darken a colour until text in it has the contrast on white that WCAG 2 asks for."""
    colors = import_extra("matplotlib.colors", "lab")
    red, green, blue = colors.to_rgb(colour)
    while 1.05 / (luminance((red, green, blue)) + 0.05) < contrast:
        red, green, blue = 0.95 * red, 0.95 * green, 0.95 * blue
    darkened: str = colors.to_hex((red, green, blue))
    return darkened


def ink_on(background: float) -> str:
    """Black or white, whichever has the greater contrast with a background of this luminance."""
    return "white" if 1.05 / (background + 0.05) > (background + 0.05) / 0.066 else INK


def luminance(rgb: Iterable[float]) -> float:
    """Relative luminance of an sRGB colour, 0 for black and 1 for white (WCAG 2)."""
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
