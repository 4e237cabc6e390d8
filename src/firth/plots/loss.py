"""The loss of a run over its iterations: the smoothed curve, raw losses behind it, and where the step was halved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firth.errors import DataError, OptionError
from firth.plots import fonts, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_HALVINGS = 10


def plot_loss(
    iterations: ArrayLike,
    smoothed: ArrayLike,
    path: str | Path,
    *,
    raw: ArrayLike | None = None,
    title: str,
    subtitle: str = "",
    anneal_every: int | None = None,
) -> None:
    """Write a run's loss as PNG.

    Parameters
    ----------
    iterations
        Shape (R,), rising: when a loss was reported.
    smoothed
        The smoothed loss then, shape (R,).
    path
        Where to; what stands there is replaced.
    raw
        The loss of the batch then, shape (R,); its most extreme hundredth may fall outside the picture.
    title, subtitle
        Above the picture.
    anneal_every
        Iterations after which the step is halved, again and again; marked where given.

    Raises
    ------
    OptionError
        Shapes do not fit together, nothing was reported, or iterations do not rise.
    DataError
        A loss is not a finite number.
    MissingExtraError
        matplotlib is not installed.
    FirthError
        The file can't be written.
    """
    figure = loss_figure(iterations, smoothed, raw=raw, title=title, subtitle=subtitle, anneal_every=anneal_every)
    style.write_figure(path, figure)


def loss_figure(
    iterations: ArrayLike,
    smoothed: ArrayLike,
    *,
    raw: ArrayLike | None = None,
    title: str,
    subtitle: str = "",
    anneal_every: int | None = None,
) -> Figure:
    """Draw what `plot_loss` writes, and return the figure."""
    at = _checked("iterations", iterations)
    if len(at) == 0 or (np.diff(at) <= 0).any():
        raise OptionError("iterations must rise, and there must be at least one")
    curve = _checked("smoothed", smoothed, len(at))
    noise = None if raw is None else _checked("raw", raw, len(at))
    if anneal_every is not None and anneal_every < 1:
        raise OptionError(f"anneal_every is {anneal_every}: it must be at least 1, or None")
    with style.sheet():
        figure = style.new_figure(10, 5.6)
        style.add_titles(figure, title, subtitle, fonts.font_families([title, subtitle]))
        axes = figure.add_axes((0.075, 0.11, 0.825, 0.735))
        _set_range(axes, at, curve, noise)
        if noise is not None:
            axes.plot(at, noise, color=style.OKABE_ITO[5], linewidth=0.5, alpha=0.45, label="each batch", zorder=2)
        axes.plot(at, curve, color=style.OKABE_ITO[0], linewidth=2, label="smoothed", zorder=3)
        axes.plot(at[-1:], curve[-1:], "o", color=style.OKABE_ITO[0], markersize=6, zorder=4, clip_on=False)
        axes.annotate(
            f"{curve[-1]:.4g}", (at[-1], curve[-1]), (9, 0), textcoords="offset points", va="center", size=12,
            weight="bold", color=style.OKABE_ITO[0], annotation_clip=False,
        )  # fmt: skip
        if anneal_every is not None:
            _mark_halvings(axes, anneal_every, at[-1])
        if noise is not None:
            # The mark of thin, pale batches would not be seen in the legend.
            for line in axes.legend(loc="upper right", frameon=False, bbox_to_anchor=(1, 0.93)).get_lines():
                line.set(linewidth=2.5, alpha=1)
    return figure


def _checked(name: str, values: ArrayLike, expected: int | None = None) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or (expected is not None and len(array) != expected):
        needed = "one-dimensional" if expected is None else f"({expected},), one for each iteration"
        raise OptionError(f"{name} has shape {array.shape}: it must be {needed}")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise DataError(f"{name} {bad[0]} is {array[bad[0]]}: only finite numbers can be drawn")
    return array


def _set_range(
    axes: Axes, at: NDArray[np.float64], curve: NDArray[np.float64], noise: NDArray[np.float64] | None
) -> None:
    """Show all of the smoothed curve and all but the extremes of the noise; orders of magnitude need a log scale."""
    low, high = curve.min(), curve.max()
    if noise is not None:
        low, high = min(low, np.quantile(noise, 0.005)), max(high, np.quantile(noise, 0.995))
    if low > 0 and high > 30 * low:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
        axes.set_ylim(low / 1.2, high * 1.5)
    else:
        margin = 0.05 * (high - low) or max(0.05 * abs(high), 1e-3)
        axes.set_ylim(low - margin, high + 3 * margin)
    axes.set_xlim((0, at[-1]) if at[-1] > 0 else (at[0] - 1, at[-1] + 1))
    axes.set_xlabel("iteration")
    axes.set_ylabel("loss of a window")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value == round(value) else "")
    axes.grid(axis="y", color=style.PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _mark_halvings(axes: Axes, every: int, last: float) -> None:
    """Mark where the step was halved; where that was often, say so instead."""
    above = axes.get_xaxis_transform()
    halvings = int((last - 1) // every)
    if halvings > _MOST_HALVINGS:
        note = f"step halved every {every:,} iterations"
        axes.text(0.99, 0.97, note, transform=axes.transAxes, ha="right", va="top", size=9, color=style.GREY)
        return
    for number in range(1, halvings + 1):
        axes.axvline(number * every, color=style.GREY, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
        label = "step halved" if number == 1 else f"× 1/{2**number}"
        axes.annotate(
            label, (number * every, 1), (4, -3), xycoords=above, textcoords="offset points", va="top", size=9,
            color=style.GREY,
        )  # fmt: skip
