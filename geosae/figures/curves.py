"""Training curves: loss, unexplained variance, L0 and dead share against steps, with the range over seeds."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, MaxNLocator, NullLocator

from geosae.errors import InvalidInput
from geosae.figures.style import PAGE, colour, line, panels, styled

QUANTITIES: dict[str, tuple[str, bool]] = {
    "loss": ("training loss", True),
    "fvu": ("FVU (unexplained variance)", True),
    "l0": ("L0 (neurons active per point)", False),
    "dead_share": ("dead share", False),
}
"""Key in the log → (label, drawn on a log axis)."""

Log = Sequence[Mapping[str, float | int | None]]


def training_curves(logs: Mapping[str, Sequence[Log]], *, width: float = PAGE) -> Figure:
    """Draw a panel per logged quantity and a line per configuration: the mean over seeds, and their range.

    Parameters
    ----------
    logs
        For each label the logs of its seeds; an entry of a log has `step` and some of loss, fvu, l0,
        dead_share. Steps that not every seed has logged are left out of that label's line.
    width
        In inches.

    Raises
    ------
    InvalidInput
        If no log holds any of the quantities.

    Examples
    --------
    >>> log = [{"step": 0, "loss": 1.0}, {"step": 10, "loss": 0.5}]
    >>> [ax.get_ylabel() for ax in training_curves({"Top-K": [log]}).axes]
    ['training loss']
    """
    held = {
        k
        for runs in logs.values()
        for log in runs
        for entry in log
        for k, v in entry.items()
        if v is not None
    }
    keys = [key for key in QUANTITIES if key in held]
    if not keys:
        raise InvalidInput(
            "the training logs hold none of loss, fvu, l0, dead_share",
            causes="a run of baselines only, or a log of another program",
        )
    across = min(2, len(keys))
    down = -(-len(keys) // across)
    with styled():
        figure, grid = panels(down, across, width=width, height=1.75 * down + 0.2 + 0.14 * -(-len(logs) // 4))
        axes = [ax for row in grid for ax in row]
        for ax, key in zip(axes, keys, strict=False):
            _panel(ax, key, logs)
        for ax in axes[len(keys) :]:
            ax.set_axis_off()
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(4, max(1, len(labels))))
    return figure


def _panel(ax: Axes, key: str, logs: Mapping[str, Sequence[Log]]) -> None:
    label, logarithmic = QUANTITIES[key]
    positive = False
    for i, (name, runs) in enumerate(logs.items()):
        series = [
            {int(e["step"] or 0): float(e[key] or 0) for e in log if e.get(key) is not None} for log in runs
        ]
        steps = sorted(set.intersection(*(set(s) for s in series))) if series else []
        values = np.array([[s[t] for t in steps] for s in series]).reshape(len(series), len(steps))
        # A line without points still stands in the legend, so that a missing run is seen.
        ax.plot(steps, values.mean(axis=0) if series else [], color=colour(i), ls=line(i), label=name)
        if steps and len(series) > 1:
            ax.fill_between(steps, values.min(axis=0), values.max(axis=0), color=colour(i), alpha=0.18, lw=0)
        positive |= bool(np.any(values > 0)) and not bool(np.any(values < 0))
    if logarithmic and positive:
        ax.set_yscale("log", nonpositive="mask")
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=6))
        ax.yaxis.set_major_formatter(FormatStrFormatter("%g"))
        ax.yaxis.set_minor_locator(NullLocator())
    else:
        ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.set_xlabel("step")
    ax.set_ylabel(label)
