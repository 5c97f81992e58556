"""Means with their intervals, one row per method: a result beside its baselines."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from geosae.errors import InvalidInput
from geosae.experiments import UNKNOWN, Interval
from geosae.figures.style import FAINT, PAGE, colour, marker, panels, styled
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, INCHES


@checked_arguments(columns=COUNT, width=INCHES)
def interval_dots(
    table: Mapping[str, Mapping[str, Mapping[str, Interval]]],
    *,
    value_label: str = "",
    limits: Mapping[str, tuple[float | int, float | int]] | None = None,
    columns: int = 3,
    outer_labels: bool = False,
    width: float = PAGE,
) -> Figure:
    """Draw a panel per entry, a row per group, and in each row a dot with interval per method.

    Parameters
    ----------
    table
        panel → row → method → interval. Methods keep one colour and marker in all panels; the interval of
        one value, or of none, has no bar.
    value_label
        Of the value axes.
    limits
        Of the value axes of the panels that it names.
    columns
        Panels per row.
    outer_labels
        Whether only the last row of panels has the label of the value axes: where all panels share it.

    Raises
    ------
    InvalidInput
        If the table is empty.

    Examples
    --------
    >>> trained, untrained = Interval(0.9, 0.8, 1.0, n=3), Interval(0.4, 0.0, 1.0, n=1)
    >>> table = {"detection": {"d = 8": {"trained": trained, "untrained": untrained}}}
    >>> len(interval_dots(table).axes)
    1
    """
    rows = list(dict.fromkeys(row for panel in table.values() for row in panel))
    methods = list(dict.fromkeys(m for panel in table.values() for row in panel.values() for m in row))
    if not rows or not methods:
        raise InvalidInput("there is nothing to draw: the table has no rows")
    across = min(columns, len(table))
    down = -(-len(table) // across)
    with styled():
        margin = 0.45 if outer_labels else 0.62
        height = down * ((0.09 * len(methods) + 0.09) * len(rows) + margin) + 0.25 + 0.62 - margin
        figure, grid = panels(down, across, width=width, height=height)
        axes = [ax for line in grid for ax in line]
        for i, (ax, (title, panel)) in enumerate(zip(axes, table.items(), strict=False)):
            for j, method in enumerate(methods):
                intervals = [panel.get(row, {}).get(method, UNKNOWN) for row in rows]
                _draw(ax, intervals, _offset(j, len(methods)), j, method)
            ax.set_title(title)
            ax.set_xlabel(value_label if not outer_labels or i + across >= len(table) else "")
            ax.set_yticks(range(len(rows)), rows if i % across == 0 else [""] * len(rows))
            _rule(ax, len(rows), (limits or {}).get(title))
        for ax in axes[len(table) :]:
            ax.set_axis_off()
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(5, len(labels)))
    return figure


def _rule(ax: Axes, rows: int, limits: tuple[float | int, float | int] | None) -> None:
    """Set the frame: rows from the top, divided by lines, and a little air at the ends of the values."""
    ax.set_ylim(rows - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    for edge in np.arange(rows - 1) + 0.5:
        ax.axhline(float(edge), color=FAINT, lw=0.5)
    ax.spines["left"].set_visible(False)
    if limits is not None:
        pad = 0.03 * (limits[1] - limits[0])
        ax.set_xlim(limits[0] - pad, limits[1] + pad)


def _offset(index: int, count: int) -> float:
    return 0.72 * ((index + 0.5) / count - 0.5)


def _draw(ax: Axes, intervals: Sequence[Interval], offset: float, index: int, label: str) -> None:
    heights = np.arange(len(intervals)) + offset
    bars = [
        [(interval.low, y), (interval.high, y)]
        for interval, y in zip(intervals, heights, strict=True)
        if interval.is_bounded
    ]
    lines = LineCollection(bars, colors=colour(index), linewidths=1.0)
    lines.set_in_layout(False)
    ax.add_collection(lines)
    means = [interval.mean for interval in intervals]
    ax.plot(
        means, heights, marker(index), color=colour(index), ms=3.4, ls="", label=label, mec="white", mew=0.3
    )
