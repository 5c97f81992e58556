"""Approximation error against the number of half-spaces: at best, and in trained units."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

from geosae.experiments import Baseline, Results
from geosae.figures.paper.lines import legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import INK, MUTED, PAGE, colour, log_scale, marker, panels, styled
from geosae.studies.approximation import STUDY
from geosae.studies.approximation_errors import (
    Records,
    UnitError,
    UnitJob,
    bodies_in,
    body_of,
    facets_of,
    lower_bound,
    oracle_curve,
    plateau,
    unit_errors,
    units_of,
)
from geosae.studies.numbers import of_kind

FAMILY = "approximation"
LABELS: Mapping[Baseline, str] = {
    "trained": "units, trained",
    "untrained": "units, untrained",
    "frozen_decoder": "units, frozen decoder",
}
HUES = (1, 3, 4)
TICKS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
EXACT = 1e-9
"""An excess below this is rounding: the polyhedron is the body."""


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    bodies = bodies_in(records)
    if not bodies:
        return []
    across = 4
    down = -(-len(bodies) // across)
    with styled():
        figure, grid = panels(down, across, width=PAGE, height=1.75 * down + 0.35)
        axes = [ax for row in grid for ax in row]
        for i, (ax, (body, dim)) in enumerate(zip(axes, bodies, strict=False)):
            _panel(ax, records, body, dim)
            if i % across == 0:
                ax.set_ylabel("error / vol(C)")
        for ax in axes[len(bodies) :]:
            ax.set_axis_off()
        legend_below(figure, axes[: len(bodies)], 5)
    units = of_kind(records, UnitJob, UnitError)
    l1, steps, points = (
        (units[0].settings.l1, units[0].settings.steps, units[0].settings.points) if units else (0, 0, 0)
    )
    widths = ", ".join(f"{d:g}" for d in sorted({r.settings.width for r in units}))
    caption = (
        "Error against the number of half-spaces. Lines: volume of the best circumscribed polyhedron of m "
        "facets found (least possible for the disk) outside the concept, over the concept's volume; grey: "
        "for balls, what none goes below, of order m^(−2/(r−1)) (A2); dashed: the irreducible error of "
        "A1; dotted: the error of the empty unit, the whole box; dash-dotted: the facets of a polytope, from "
        "which on it is exact. Points: closure units of |M| neurons, one "
        f"per SAE, false alarms in the box and misses together; ReLU, λ = {l1:g}, "
        f"{steps} steps, d = {widths}. 2r copies of the concept stand around the origin; n = r, "
        f"N = {points:,} points; {seeds_of(units)}: every SAE is drawn, in place of intervals."
    )
    alt = "Log–log plots of error against number of half-spaces, one panel per body and dimension."
    return [Sheet(FAMILY, figure, "Approximation error against unit size", caption, alt)]


def _panel(ax: Axes, records: Records, body: str, dim: int) -> None:
    curve = [(m, e) for m, e in oracle_curve(records, body, dim) if e > EXACT]
    log_scale(ax, "xy")
    if curve:
        xs, ys = np.array(curve).T
        if body == "ball":
            ax.plot(xs, lower_bound(dim, xs.tolist()), color=MUTED, lw=2.4, alpha=0.45, label="lower bound")
        ax.plot(xs, ys, color=colour(0), marker="o", ms=2.8, lw=1.0, label="best polyhedra")
    level = plateau(body_of(body, dim))
    if level > 1e-9:
        ax.axhline(level, color=INK, ls="--", lw=0.8, label="irreducible error")
    for i, (baseline, label) in enumerate(LABELS.items(), start=1):
        points = unit_errors(records, body, dim, baseline)
        # Untrained ones lie beneath: hollow, so that both stay visible where they meet.
        ax.plot(
            [m for m, _ in points], [e for _, e in points], marker(i), ls="", ms=2.6, mew=0.5, alpha=0.8,
            mec=colour(HUES[i - 1]), mfc=colour(HUES[i - 1]) if i == 1 else "none", label=label, zorder=4 - i,
        )  # fmt: skip
    facets = facets_of(body, dim)
    if facets is not None:
        ax.axvline(facets, color=MUTED, ls="-.", lw=0.8, label="exact from here")
    empty = [r.result.nothing for r in units_of(records, body, dim)]
    if empty:
        ax.axhline(empty[0], color=MUTED, ls=":", lw=0.8, label="empty unit")
    last = max([m for m, _ in curve] + [m for b in LABELS for m, _ in unit_errors(records, body, dim, b)])
    ax.set_xlim(0.8, 1.25 * last)
    ax.set_xticks([m for m in TICKS if m <= last][:: 3 if last > 256 else 2 if last > 64 else 1])
    ax.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    ax.xaxis.set_minor_locator(NullLocator())
    wide = bool(curve and empty) and empty[0] > 300 * min(e for _, e in curve)
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0), numticks=8))
    if not wide:
        ax.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    ax.yaxis.set_minor_locator(NullLocator())
    if curve and empty:
        ax.set_ylim(min([e for _, e in curve]) / 1.6, 1.6 * empty[0])
    ax.set_title(f"{body}, r = {dim}")
    ax.set_xlabel("half-spaces m, |M|")
