"""Training curves: loss, unexplained variance, L0 and dead share against steps, with the range over seeds."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, MaxNLocator, NullLocator

from geosae.errors import InvalidInput
from geosae.experiments import LogLine
from geosae.figures.style import PAGE, colour, line, log_scale, panels, styled
from geosae.storage.arguments import checked_arguments
from geosae.validation import INCHES


@dataclass(frozen=True)
class Quantity:
    """A logged quantity: its label, how a line of the log is read, and whether its axis is logarithmic."""

    label: str
    read: Callable[[LogLine], float]
    logarithmic: bool


QUANTITIES = (
    Quantity("training loss", lambda line: line.loss, logarithmic=True),
    Quantity("FVU (unexplained variance)", lambda line: line.fvu, logarithmic=True),
    Quantity("L0 (neurons active per point)", lambda line: line.l0, logarithmic=False),
    Quantity("dead share", lambda line: line.dead_share, logarithmic=False),
)

Log = Sequence[LogLine]


@checked_arguments(width=INCHES)
def training_curves(logs: Mapping[str, Sequence[Log]], *, width: float = PAGE) -> Figure:
    """Draw a panel per logged quantity and a line per configuration: the mean over seeds, and their range.

    Parameters
    ----------
    logs
        For each label the logs of its seeds. Steps that not every seed has logged are left out of that
        label's line.
    width
        In inches.

    Raises
    ------
    InvalidInput
        If no log holds any of the quantities.

    Examples
    --------
    >>> log = [LogLine(0, loss=1.0), LogLine(10, loss=0.5)]
    >>> [ax.get_ylabel() for ax in training_curves({"Top-K": [log]}).axes]
    ['training loss']
    """
    lines = [line for runs in logs.values() for log in runs for line in log]
    quantities = [each for each in QUANTITIES if any(not math.isnan(each.read(line)) for line in lines)]
    if not quantities:
        raise InvalidInput(
            "the training logs hold none of loss, fvu, l0, dead_share",
            causes="a run of baselines only, or a log of another program",
        )
    across = min(2, len(quantities))
    down = -(-len(quantities) // across)
    with styled():
        figure, grid = panels(down, across, width=width, height=1.75 * down + 0.2 + 0.14 * -(-len(logs) // 4))
        axes = [ax for row in grid for ax in row]
        for ax, quantity in zip(axes, quantities, strict=False):
            _panel(ax, quantity, logs)
        for ax in axes[len(quantities) :]:
            ax.set_axis_off()
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(4, max(1, len(labels))))
    return figure


def _panel(ax: Axes, quantity: Quantity, logs: Mapping[str, Sequence[Log]]) -> None:
    positive = False
    for i, (name, runs) in enumerate(logs.items()):
        series = [
            {entry.step: number for entry in log if not math.isnan(number := quantity.read(entry))}
            for log in runs
        ]
        steps = sorted(set.intersection(*(set(s) for s in series))) if series else []
        values = np.array([[s[t] for t in steps] for s in series]).reshape(len(series), len(steps))
        # A line without points still stands in the legend, so that a missing run is seen.
        ax.plot(steps, values.mean(axis=0) if series else [], color=colour(i), ls=line(i), label=name)
        if steps and len(series) > 1:
            ax.fill_between(steps, values.min(axis=0), values.max(axis=0), color=colour(i), alpha=0.18, lw=0)
        positive |= bool(np.any(values > 0)) and not bool(np.any(values < 0))
    if quantity.logarithmic and positive:
        log_scale(ax, "y", nonpositive="mask")
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=6))
        ax.yaxis.set_major_formatter(FormatStrFormatter("%g"))
        ax.yaxis.set_minor_locator(NullLocator())
    else:
        ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.set_xlabel("step")
    ax.set_ylabel(quantity.label)
