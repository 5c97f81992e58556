"""Means with intervals against a quantity: what the figures of the studies draw with."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from geosae.experiments import Results
from geosae.experiments.jobs import Record
from geosae.figures.style import colour, line, marker
from geosae.studies.numbers import Mean

INTERVALS = "Bars: 95 % Student-t intervals of the mean over seeds"

Series = Sequence[tuple[float | int, Mean]]


def draw_series(
    ax: Axes,
    series: Mapping[str, Series],
    *,
    first: int = 0,
    spread: float = 0.0,
    within: tuple[float, float] = (-np.inf, np.inf),
) -> None:
    """Draw a line per label through its means, with the intervals as bars.

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
        known = [(x, m) for x, m in points if m.count and np.isfinite(m.value)]
        if not known:
            continue
        shift = 1 + spread * (i - (count - 1) / 2)
        xs = [x * shift for x, _ in known]
        means = [m.value for _, m in known]
        ends = [
            [m.value - max(m.low, within[0]) if np.isfinite(m.low) else 0.0 for _, m in known],
            [min(m.high, within[1]) - m.value if np.isfinite(m.high) else 0.0 for _, m in known],
        ]
        k = first + i
        ax.errorbar(
            xs, means, yerr=ends, color=colour(k), marker=marker(k), ls=line(k), label=label, lw=1.0, ms=3.2,
            elinewidth=0.7, capsize=0, mec="white", mew=0.3,
        )  # fmt: skip


def in_octaves(ax: Axes, values: Sequence[float | int]) -> None:
    """Set a logarithmic x axis whose ticks are these values."""
    ax.set_xscale("log")
    ax.set_xticks([float(v) for v in values], [f"{v:g}" for v in values])
    ax.minorticks_off()


def legend_below(figure: Figure, axes: Sequence[Axes], columns: int = 4) -> None:
    """Put one legend for all axes below the figure, each label once."""
    found: dict[str, Artist] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            found.setdefault(str(label), handle)
    if found:
        figure.legend(
            list(found.values()), list(found), loc="outside lower center", ncols=min(columns, len(found))
        )


def seeds_of(records: Sequence[Record]) -> str:
    """Return how many seeds records have, in words.

    Examples
    --------
    >>> seeds_of([{"settings": {"seed": 0}}, {"settings": {"seed": 1}}, {"settings": {"seed": 1}}])
    '2 seeds'
    """
    count = len({int(r["settings"]["seed"]) for r in records})
    return f"{count} seed{'s' if count != 1 else ''}"


def sizes_of(results: Results, worlds: Sequence[str]) -> str:
    """Return the dimension, points and concepts of worlds, and the number of seeds, for a caption."""
    parts: list[str] = []
    for world in worlds:
        record = next(r for r in results.cells if r["cell"]["world"] == world)
        data = results.dataset(record)
        parts.append(f"{world}: n = {data.dim}, N = {data.size:,}, p = {len(data.names)}")
    return f"{'; '.join(parts)}; {len(results.plan.seeds)} seeds."


def values_of(records: Sequence[Record], key: str) -> list[float | int]:
    """Return the different values of a numeric setting, in order.

    Examples
    --------
    >>> values_of([{"settings": {"k": 4}}, {"settings": {"k": 1}}, {"settings": {"seed": 0}}], "k")
    [1, 4]
    """
    return sorted({r["settings"][key] for r in records if key in r["settings"]})
