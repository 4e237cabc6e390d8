"""Learning curves: what `firth train --log` wrote of one run or several, one panel a quantity.

A log has a JSON object a line. Losses, words/s and the learning rate are drawn, and under ``"evaluation"`` the score of
each test, where there are such.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from firth.errors import DataError, OptionError, import_extra
from firth.plots import fonts, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_RUNS = 7
AXES = ("words", "epoch", "seconds")
_PANELS = {"loss": "loss", "words_per_second": "million words a second", "learning_rate": "learning rate"}
_DASHES = (
    "-",
    (0, (5, 1.5)),
    (0, (1.5, 1.5)),
    (0, (6, 1.5, 1.5, 1.5)),
    (0, (9, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
    (0, (1, 3)),
)
_MARKERS = "osD^vPX"
_WIDTH, _PANEL, _TOP, _BOTTOM = 10.0, 2.3, 1.25, 0.65
_FEW = 40
"""Up to so many points each has a mark."""
_SCORE, _HELD_OUT = "evaluation", "held_out_loss"


@dataclass(frozen=True)
class Run:
    """What a log says of a run.

    Attributes
    ----------
    name
        Of the run, for the legend.
    entries
        One a line of the log; scores under ``"evaluation"`` are there as ``"evaluation: test"``.
    """

    name: str
    entries: list[dict[str, float]]

    def curve(self, along: str, quantity: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The entries that have both numbers, in the log's order: x, y."""
        both = [(entry[along], entry[quantity]) for entry in self.entries if along in entry and quantity in entry]
        x, y = np.array(both, dtype=np.float64).reshape(-1, 2).T
        return x, y

    def last(self) -> dict[str, float]:
        """The last number of everything there are numbers of."""
        return {name: number for entry in self.entries for name, number in entry.items()}

    def quantities(self) -> list[str]:
        """What there are numbers of."""
        return list(dict.fromkeys(name for entry in self.entries for name in entry))


def read_log(path: str | Path, name: str | None = None) -> Run:
    """Read what `firth train --log` wrote.

    Parameters
    ----------
    path
        The file. Its last line may be half written, as of a run that goes on.
    name
        Of the run; by default that of the file.

    Raises
    ------
    DataError
        The file can't be read, or a line is no JSON object with numbers; the message names the line.
    """
    path = Path(path)
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    entries = [
        _entry(line, f"{path}, line {number}") for number, line in enumerate(lines[:-1], start=1) if line.strip()
    ]
    with contextlib.suppress(DataError):  # without a line end it may be half a line
        entries += [_entry(line, "") for line in lines[-1:] if line.strip()]
    if not any("words" in entry for entry in entries):
        raise DataError(f"{path} has no line of a training's history: give a file that  firth train --log  wrote")
    return Run(name or path.stem, entries)


def _entry(line: bytes, where: str) -> dict[str, float]:
    wrong = DataError(f"{where} is no JSON object with numbers: give a file that  firth train --log  wrote")
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise wrong from error
    if not isinstance(given, dict):
        raise wrong
    scores = given.pop(_SCORE, None) or {}
    if not isinstance(scores, dict):
        raise wrong
    given.update({f"{_SCORE}: {name}": score for name, score in scores.items()})
    return {name: float(number) for name, number in given.items() if _is_number(number, wrong)}


def _is_number(number: Any, wrong: DataError) -> bool:
    """Whether there is a number; null stands for none, and anything else is wrong."""
    if number is None:
        return False
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise wrong
    return True


def curves_figure(
    runs: Sequence[Run],
    *,
    title: str,
    subtitle: str = "",
    along: Literal["words", "epoch", "seconds"] = "words",
    size: tuple[float, float] | None = None,
) -> Figure:
    """Draw the learning curves of runs.

    Parameters
    ----------
    runs
        1 to 7, of different names; each has a colour, and a dash of its own for those who see none.
    title, subtitle
        Above the picture.
    along
        What is on the horizontal axis.
    size
        Width and height in inches; None goes by the number of panels.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    OptionError
        There are no or too many runs, two of one name, or no such axis.
    DataError
        No run has anything that can be drawn.
    MissingExtraError
        matplotlib is not installed.
    """
    if not 1 <= len(runs) <= MOST_RUNS:
        raise OptionError(f"{len(runs)} runs can't be told apart by colour: give 1 to {MOST_RUNS}")
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        raise OptionError(f"two runs are named {max(names, key=names.count)}: let their names differ")
    if along not in AXES:
        raise OptionError(f"along is {along!r}: it must be one of {', '.join(AXES)}")
    panels = _panels(runs, along)
    if not panels:
        raise DataError(f"the logs have nothing to draw along {along}: choose another of {', '.join(AXES)}")
    width, height = size or (_WIDTH, _TOP + _BOTTOM + _PANEL * len(panels))
    with style.sheet():
        families = fonts.font_families([*names, *(quantity for panel in panels for quantity in panel), title, subtitle])
        figure = style.new_figure(width, height)
        style.add_titles(figure, title, subtitle, families)
        room = (height - _TOP - _BOTTOM) / len(panels)
        if room < 0.9:
            raise OptionError(f"size is {width:g} x {height:g} inches: too small for {len(panels)} panels")
        for place, quantities in enumerate(panels):
            bottom = height - _TOP - (place + 1) * room
            axes = figure.add_axes(
                (1.0 / width, (bottom + 0.12) / height, (width - 1.25) / width, (room - 0.24) / height)
            )
            for number, run in enumerate(runs):
                _draw(axes, run, number, quantities, along)
            last = place + 1 == len(panels)
            _finish(axes, _panel_name(quantities, families), along if last else None, families)
        _add_legend(figure, [fonts.legible(name, families) for name in names], panels, families)
    return figure


def _panels(runs: Sequence[Run], along: str) -> list[list[str]]:
    """The quantities of each panel, of those that a run has: the losses together, the scores of a test alone."""
    there = dict.fromkeys(
        quantity for run in runs for quantity in run.quantities() if len(run.curve(along, quantity)[0])
    )
    losses = [quantity for quantity in ("loss", _HELD_OUT) if quantity in there]
    scores = [[quantity] for quantity in there if quantity.startswith(f"{_SCORE}: ")]
    rest = [[quantity] for quantity in _PANELS if quantity in there and quantity != "loss"]
    return [panel for panel in (losses, *scores, *rest) if panel]


def _panel_name(quantities: list[str], families: list[str]) -> str:
    name = _PANELS.get(quantities[0], "held-out loss" if quantities[0] == _HELD_OUT else quantities[0])
    return fonts.legible(name.removeprefix(f"{_SCORE}: "), families)


def _draw(axes: Axes, run: Run, number: int, quantities: list[str], along: str) -> None:
    for quantity in quantities:
        x, y = run.curve(along, quantity)
        if not len(x):
            continue
        x, y = (x / 1e6 if along == "words" else x), (y / 1e6 if quantity == "words_per_second" else y)
        colour = style.OKABE_ITO[number]
        if quantity == _HELD_OUT:
            axes.plot(
                x,
                y,
                color=colour,
                marker=_MARKERS[number],
                markerfacecolor="white",
                linewidth=0.7,
                markersize=6,
                zorder=4,
            )
            continue
        mark = _MARKERS[number] if len(x) <= (_FEW if quantity.startswith(_SCORE) else 1) else None
        axes.plot(x, y, color=colour, linestyle=_DASHES[number], linewidth=1.7, marker=mark, markersize=4.5, zorder=3)


def _finish(axes: Axes, name: str, along: str | None, families: list[str]) -> None:
    axes.set_ylabel(name, family=families)
    axes.margins(x=0.01, y=0.12)
    axes.set_xlim(left=0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.4g}")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.4g}" if along else "")
    axes.set_xlabel({"words": "million words", None: ""}.get(along, along or ""))
    axes.grid(color=style.PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", length=0)
    axes.yaxis.set_label_coords(-0.075, 0.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _add_legend(figure: Figure, names: list[str], panels: list[list[str]], families: list[str]) -> None:
    """Add one row between titles and panels; nothing for one run without a second loss."""
    lines = import_extra("matplotlib.lines", "lab")
    handles = [
        lines.Line2D([], [], color=style.OKABE_ITO[n], linestyle=_DASHES[n], linewidth=2) for n in range(len(names))
    ]
    shown = list(names)
    if _HELD_OUT in panels[0]:
        handles.append(lines.Line2D([], [], color=style.GREY, marker="o", markerfacecolor="white", linewidth=0.7))
        shown.append("held-out loss")
    if len(shown) == 1:
        return
    height = figure.get_size_inches()[1]
    size = 9.5
    while True:
        legend = figure.legend(
            handles, shown, loc="upper left", bbox_to_anchor=(0.02, 1 - 0.75 / height), ncols=len(shown), frameon=False,
            prop={"family": families, "size": size}, handlelength=3.2, columnspacing=1.6, borderaxespad=0,
        )  # fmt: skip
        if size < 4 or legend.get_window_extent().width <= 0.96 * figure.bbox.width:
            return
        legend.remove()
        size *= 0.9
