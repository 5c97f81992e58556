"""Means with intervals against a quantity: what the figures of the studies draw with."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from geosae.experiments import Results
from geosae.experiments.interval import Interval
from geosae.experiments.jobs import StudyRecord
from geosae.figures.style import colour, line, log_scale, marker

INTERVALS = "Bars: 95 % Student-t intervals of the mean over seeds"

Series = Sequence[tuple[float | int, Interval]]
"""Positions on the x axis, each with a mean over seeds."""


def draw_series(
    ax: Axes,
    series: Mapping[str, Series],
    *,
    first: int = 0,
    spread: float = 0.0,
    within: tuple[float, float] = (-np.inf, np.inf),
) -> None:
    """Draw a line per label through its means, with the intervals as bars; one value has none.

    Parameters
    ----------
    first
        Index of the first line's colour, marker and dashes.
    spread
        Moves each line sideways by so much of the axis' (logarithmic) unit, so that bars do not hide another.
    within
        The quantity's range, to which intervals are cut.
    """
    count = max(1, len(series))
    for i, (label, points) in enumerate(series.items()):
        drawable = [(x, interval) for x, interval in points if interval.n]
        if not drawable:
            continue
        shift = 1 + spread * (i - (count - 1) / 2)
        xs = [x * shift for x, _ in drawable]
        means = [m.mean for _, m in drawable]
        ends = [
            [m.mean - max(m.low, within[0]) if m.is_bounded else 0.0 for _, m in drawable],
            [min(m.high, within[1]) - m.mean if m.is_bounded else 0.0 for _, m in drawable],
        ]
        k = first + i
        ax.errorbar(
            xs, means, yerr=ends, color=colour(k), marker=marker(k), ls=line(k), label=label, lw=1.0, ms=3.2,
            elinewidth=0.7, capsize=0, mec="white", mew=0.3,
        )  # fmt: skip


def in_octaves(ax: Axes, values: Sequence[float | int]) -> None:
    """Set a logarithmic x axis whose ticks are these values."""
    log_scale(ax, "x")
    ax.set_xticks([float(v) for v in values], [f"{v:g}" for v in values])
    ax.minorticks_off()


def legend_below(figure: Figure, axes: Sequence[Axes], columns: int = 4) -> None:
    """Put one legend for all axes below the figure, each label once."""
    handles: dict[str, Artist] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            handles.setdefault(str(label), handle)
    if handles:
        figure.legend(
            list(handles.values()),
            list(handles),
            loc="outside lower center",
            ncols=min(columns, len(handles)),
        )


def seeds_of(records: Sequence[StudyRecord[Any, Any]]) -> str:
    """Return how many seeds records have, in words.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> seeds_of([StudyRecord(SimpleNamespace(seed=seed), None) for seed in (0, 1, 1)])
    '2 seeds'
    """
    count = len({record.settings.seed for record in records})
    return f"{count} seed{'s' if count != 1 else ''}"


def sizes_of(results: Results, worlds: Sequence[str]) -> str:
    """Return the dimension, points and concepts of worlds, and the number of seeds, for a caption."""
    parts: list[str] = []
    for world in worlds:
        data = results.dataset(next(r for r in results.cells if r.cell.world == world))
        parts.append(f"{world}: n = {data.dim}, N = {data.size:,}, p = {len(data.names)}")
    return f"{'; '.join(parts)}; {len(results.plan.seeds)} seeds."
