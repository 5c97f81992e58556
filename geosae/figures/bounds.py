"""Bound against observation, claim by claim: how much room a theorem leaves on real instances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from geosae.errors import InvalidInput
from geosae.figures.style import FAINT, INK, MUTED, PAGE, RAISED, log_scale, panels, styled
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, INCHES
from geosae.verification import Evidence

TRAINED, CONSTRUCTED, BROKEN = "#0072B2", "#CC79A7", "#D55E00"
NOTHING = 1e-9
"""Values below this, and below this share of the largest, stand at the edge marked 0: they are rounding."""
HUGE = 1e200
"""Values beyond this are drawn there: axis limits must stay floats."""

BARS = 60
"""With more distinct points than this the slack bars are left out."""

Sense = Literal["<=", ">=", "=="]


@dataclass(frozen=True)
class Point:
    """One instance: what was observed, what the statement allows, and the room left (negative: violated)."""

    observed: float
    bound: float
    slack: float
    constructed: bool = False


def point(evidence: Evidence, constructed: bool = False) -> Point:
    """Return the point of an instance.

    Examples
    --------
    >>> from geosae.verification import Observed, compare
    >>> point(compare(Observed(2, "two"), 3, "upper"))
    Point(observed=2.0, bound=3.0, slack=1.0, constructed=False)
    """
    return Point(evidence.observed, evidence.bound, evidence.slack, constructed)


def sense(points: Sequence[Point]) -> Sense:
    """Return which side of the bound is allowed, read off the sign convention of the slacks.

    Slack is bound − observed for an upper bound and observed − bound for a lower one; where neither
    fits every instance, the statement is an equality (or of mixed kind).

    Examples
    --------
    >>> sense([Point(2.0, 3.0, 1.0)]), sense([Point(4.0, 3.0, 1.0)]), sense([Point(3.0, 3.0, 0.0)])
    ('<=', '>=', '==')
    """
    apart = [p for p in points if p.observed != p.bound and np.isfinite(p.slack)]
    if apart and all((p.slack > 0) == (p.observed < p.bound) for p in apart):
        return "<="
    if apart and all((p.slack > 0) == (p.observed > p.bound) for p in apart):
        return ">="
    return "=="


@checked_arguments(columns=COUNT, width=INCHES)
def bound_vs_observed(
    evidence: Mapping[str, Sequence[Evidence]],
    *,
    constructed: Mapping[str, Sequence[Evidence]] | None = None,
    senses: Mapping[str, Sense] | None = None,
    columns: int = 4,
    width: float = PAGE,
) -> Figure:
    """Draw a panel per claim: bounds across, observations up, the line where the bound is attained.

    The side that the statement forbids is shaded; a bar joins each instance to the line: its slack.
    Instances that coincide share a larger mark. Zeros, and what is nothing but rounding, stand at the
    edge marked 0.

    Parameters
    ----------
    evidence
        For each claim id its evidence on trained SAEs.
    constructed
        The same for constructed instances.
    senses
        Which side of the bound each claim allows, where it is known; else it is read off the slacks.
    columns
        Panels per row.
    width
        In inches.

    Raises
    ------
    InvalidInput
        If there is no evidence at all.

    Examples
    --------
    >>> from geosae.verification import Observed, compare
    >>> figure = bound_vs_observed({"S5": [compare(Observed(4, "four"), 16, "upper")]})
    >>> figure.axes[0].get_title(loc="left")
    'S5'
    """
    table = {key: [point(e) for e in values] for key, values in evidence.items()}
    for key, values in (constructed or {}).items():
        table.setdefault(key, []).extend(point(e, constructed=True) for e in values)
    table = {key: values for key, values in table.items() if values}
    if not table:
        raise InvalidInput("there is no evidence to draw", causes="no claim was checked in this run")
    across = min(columns, len(table))
    down = -(-len(table) // across)
    side = width / max(across, min(3, columns))
    with styled():
        figure, grid = panels(down, across, width=width, height=down * (side * 0.93 + 0.3) + 0.25)
        axes = [ax for row in grid for ax in row]
        for ax, (key, values) in zip(axes, table.items(), strict=False):
            _panel(ax, key, values, (senses or {}).get(key) or sense(values))
            ax.set_xlabel("bound")
        for ax in axes[len(table) :]:
            ax.set_axis_off()
        for row in grid:
            row[0].set_ylabel("observed")
        figure.legend(handles=_handles(table), loc="outside lower center", ncols=5)
    return figure


def _panel(ax: Axes, key: str, points: Sequence[Point], allowed: Sense) -> None:
    values = np.array([[p.bound, p.observed] for p in points])
    low, high, floor = _scale(ax, values)
    if allowed != "==":
        forbidden = [[low, low], [high, high], [low, high] if allowed == "<=" else [high, low]]
        ax.add_patch(Polygon(forbidden, closed=True, facecolor=FAINT, alpha=0.55, lw=0, zorder=0))
    ax.plot([low, high], [low, high], color=INK, lw=0.8, zorder=1)
    marks = _raised(values, floor)
    for constructed, tint, shape in ((False, TRAINED, "o"), (True, CONSTRUCTED, "D")):
        chosen = [i for i, p in enumerate(points) if p.constructed == constructed and p.slack >= 0]
        _marks(ax, marks[chosen], tint, shape)
    _marks(ax, marks[[i for i, p in enumerate(points) if not p.slack >= 0]], BROKEN, "X", 20)
    ax.set_title(key)
    least = min(p.slack for p in points)
    note = (
        f"n = {len(points)}, slack ≥ {least:.2g}" if abs(least) < HUGE else f"n = {len(points)}, slack huge"
    )
    ax.set_title(note, loc="right", fontsize=5.5, color=MUTED)
    ax.set_aspect("equal", adjustable="box")


def _marks(ax: Axes, marks: Float[np.ndarray, "m 2"], tint: str, shape: str, size: int = 7) -> None:
    if not len(marks):
        return
    spots, counts = np.unique(marks, axis=0, return_counts=True)
    # Bars of hundreds of instances would be one solid block.
    if len(spots) <= BARS:
        ax.vlines(spots[:, 0], spots[:, 1], spots[:, 0], color=tint, lw=0.6, alpha=0.5, zorder=2)
    ax.scatter(
        spots[:, 0], spots[:, 1], s=size + 5 * np.log2(counts), c=tint, marker=shape,
        edgecolors="white", linewidths=0.4 if len(spots) <= BARS else 0.0, zorder=3, clip_on=False,
    )  # fmt: skip


def _scale(ax: Axes, values: Float[np.ndarray, "m 2"]) -> tuple[float, float, float | None]:
    """Set both axes alike and return their ends and where zero is drawn (None: where it is)."""
    finite = _clipped(values[np.isfinite(values)])
    finite = finite if finite.size else np.ones(1)
    if finite.min() < 0 or len(np.unique(finite[finite > 0])) < 2:
        pad = 0.1 * (float(np.ptp(finite)) or 1.0)
        low, high, floor = float(finite.min()) - pad, float(finite.max()) + pad, None
        locators = [MaxNLocator(3), MaxNLocator(3)]
    else:
        positive = finite[finite > NOTHING * min(1.0, float(finite.max()))]
        spread = max(float(np.log10(positive.max()) - np.log10(positive.min())), 0.5)
        low = float(positive.min()) / 10 ** (0.12 * spread)
        high = float(positive.max()) * 10 ** (0.12 * spread)
        floor = None
        if len(positive) < len(finite):
            floor = low = low / 10 ** (0.15 * spread)
        log_scale(ax, "xy")
        subs = (1.0,) if spread > 1.9 else (1.0, 3.0) if spread > 1.3 else (1.0, 2.0, 5.0)
        locators = [LogLocator(subs=subs, numticks=4) if spread > 0.8 else MaxNLocator(3) for _ in "xy"]
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    for axis, locator in zip((ax.xaxis, ax.yaxis), locators, strict=True):
        axis.set_major_locator(locator)
        axis.set_minor_locator(NullLocator())
        # Nothing stands between the floor and the first value, nor a tick that would touch the 0.
        least = low if floor is None else low * (high / low) ** 0.1
        ticks = [t for t in locator.tick_values(low, high) if least <= t <= high]
        if floor is not None:
            axis.set_ticks([floor, *ticks], ["0", *(_tick(t) for t in ticks)])
        else:
            axis.set_ticks(ticks, [_tick(t) for t in ticks])
    return low, high, floor


def _raised(values: Float[np.ndarray, "m 2"], floor: float | None) -> Float[np.ndarray, "m 2"]:
    """Return the values inside the range of floats, none below the floor."""
    clipped = _clipped(values)
    return clipped if floor is None else np.maximum(clipped, floor)


def _clipped(values: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    return np.clip(values, -HUGE, HUGE)


def _tick(value: float) -> str:
    if value == 0 or 0.001 <= abs(value) < 10_000:
        return f"{value:g}" if value == round(value) else f"{value:.3g}"
    power = f"{np.log10(abs(value)):.0f}".translate(RAISED)
    return f"10{power}" if value > 0 else f"{value:.0e}"


def _handles(table: Mapping[str, Sequence[Point]]) -> list[Line2D]:
    every = [p for points in table.values() for p in points]
    handles = [Line2D([], [], color=INK, lw=0.8, label="bound attained")]
    handles.append(Line2D([], [], color=FAINT, lw=5, label="forbidden side"))
    if any(not p.constructed for p in every):
        handles.append(Line2D([], [], color=TRAINED, marker="o", ls="", label="trained SAE"))
    if any(p.constructed for p in every):
        handles.append(Line2D([], [], color=CONSTRUCTED, marker="D", ls="", label="constructed instance"))
    if any(not p.slack >= 0 for p in every):
        handles.append(Line2D([], [], color=BROKEN, marker="X", ls="", label="violated"))
    return handles
