"""Approximation error against the number of half-spaces: at best, and in trained units."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

from geosae.experiments import Results
from geosae.experiments.studies.approximation import bodies_in, body_of, oracle_curve, plateau, trained_curve
from geosae.experiments.studies.numbers import Mean, select
from geosae.experiments.studies.study import Record
from geosae.figures.paper.lines import INTERVALS, draw_series, legend_below, seeds_of, values_of
from geosae.figures.save import Sheet
from geosae.figures.style import INK, MUTED, PAGE, colour, panels, styled

FAMILY = "approximation"


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = results.studies.get("approximation", ())
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
    trained = select(records, part="trained")
    one = trained[0]["settings"] if trained else {"points": 0, "steps": 0}
    widths = ", ".join(f"{v:g}" for v in values_of(trained, "width"))
    caption = (
        "Error against the number of half-spaces. Best: volume of the best circumscribed polyhedron found "
        "(least "
        "possible for the disk) outside the concept, over the concept's volume; grey: the order m^(−2/(r−1)) "
        "of "
        "A2 through the last point, for balls; dashed: the irreducible error of A1; dotted: the error of the "
        "empty unit, the whole box. Trained: the closure "
        "unit in "
        f"ReLU SAEs of width d = {widths}, false alarms and misses together. n = r, N = {one['points']:,} "
        "points; "
        f"{seeds_of(trained)}. {INTERVALS}."
    )
    alt = "Log–log plots of error against number of half-spaces, one panel per body and dimension."
    return [Sheet(FAMILY, figure, "Approximation error against unit size", caption, alt)]


def _panel(ax: Axes, records: Sequence[Record], body: str, dim: int) -> None:
    curve = [(m, e) for m, e in oracle_curve(records, body, dim) if e > 0]
    ax.set_xscale("log")
    ax.set_yscale("log")
    if curve:
        xs, ys = np.array(curve).T
        if body == "ball":
            guide = ys[-1] * (xs / xs[-1]) ** (-2.0 / (dim - 1))
            ax.plot(xs, guide, color=MUTED, lw=2.2, alpha=0.45, label="slope −2/(r−1)")
        ax.plot(xs, ys, color=colour(0), marker="o", ms=2.8, lw=1.0, label="best polyhedra")
    level = plateau(body_of(body, dim))
    if level > 1e-9:
        ax.axhline(level, color=INK, ls="--", lw=0.8, label="irreducible error")
    trained: list[tuple[float, Mean]] = [(d, error) for d, _, error in trained_curve(records, body, dim)]
    draw_series(ax, {"trained ReLU units": trained}, first=5, within=(1e-9, np.inf))
    empty = [r["result"]["nothing"] for r in select(records, part="trained", body=body, dim=dim)]
    if empty:
        ax.axhline(empty[0], color=MUTED, ls=":", lw=0.8, label="empty unit")
    sizes = sorted({m for m, _ in curve})
    ax.set_xticks([m for m in (4, 8, 16, 32, 64, 128, 512) if sizes and sizes[0] <= m <= sizes[-1]])
    ax.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=6))
    ax.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    ax.yaxis.set_minor_locator(NullLocator())
    if curve and empty:
        ax.set_ylim(min([e for _, e in curve]) / 1.6, 1.6 * empty[0])
    ax.set_title(f"{body}, r = {dim}")
    ax.set_xlabel("half-spaces m, width d")
