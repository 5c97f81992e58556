"""Capacity: concepts against neurons, levels against the budget K, patterns against the bound."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from geosae.experiments import Results
from geosae.experiments.studies.numbers import Mean, mean_of, per_seed, select
from geosae.experiments.studies.study import Record
from geosae.figures.paper.lines import INTERVALS, draw_series, in_octaves, seeds_of, values_of
from geosae.figures.save import Sheet
from geosae.figures.style import INK, PAGE, colour, marker, panels, styled

FAMILY = "capacity"


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = results.studies.get("capacity", ())
    if not records:
        return []
    with styled():
        figure, grid = panels(1, 3, width=PAGE, height=2.6)
        _count(grid[0][0], select(records, part="count"))
        _depth(grid[0][1], select(records, part="depth"))
        _cells(grid[0][2], select(records, part="cells"))
        for ax in grid[0]:
            ax.legend(fontsize=5.8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    one = records[0]["settings"]
    caption = (
        "Left: concepts (balls in R³) that units separate within ε = 0.1, against the width d; the line is "
        "d, "
        "which single neurons cannot pass (S5). Middle: levels of a chain of features that units separate "
        "within "
        "0.1, against the budget K; the line is K, which exact separation cannot pass (S7). Right: "
        "activation "
        "patterns on 40 000 points of the plane against the bound (cells of G3 for ReLU; for Top-K sets of "
        "at most K neurons, after G4). "
        f"N = {one['points']:,} points (half to train on); {seeds_of(records)}. {INTERVALS}."
    )
    alt = (
        "Three panels: separated concepts against width, separated levels against K, patterns against bounds."
    )
    return [Sheet(FAMILY, figure, "Capacity and depth", caption, alt)]


def _means(records: Sequence[Record], key: str, value: float | int, measure: str) -> tuple[float, Mean]:
    rows = select(records, **{key: value})
    return float(value), mean_of(list(per_seed(rows, lambda r: r[measure]).values()))


def _count(ax: Axes, records: Sequence[Record]) -> None:
    widths = values_of(records, "width")
    series = {
        f"units, K = {k}": [_means(select(records, k=k), "width", w, "units") for w in widths if w >= k]
        for k in values_of(records, "k")
    }
    draw_series(ax, series, spread=0.05, within=(0.0, np.inf))
    concepts = values_of(records, "concepts")
    top = float(concepts[-1]) if concepts else 1.0
    ax.plot([w for w in widths if w <= top], [w for w in widths if w <= top], color=INK, lw=0.8, label="d")
    ax.set_ylim(-0.4, top + 0.4)
    in_octaves(ax, widths)
    ax.set_xlabel("width d")
    ax.set_ylabel("concepts separated")


def _depth(ax: Axes, records: Sequence[Record]) -> None:
    budgets = values_of(records, "k")
    series = {
        f"{depth} levels": [_means(select(records, depth=depth), "k", k, "units") for k in budgets]
        for depth in values_of(records, "depth")
    }
    draw_series(ax, series, spread=0.05, within=(0.0, np.inf))
    ax.plot(budgets, budgets, color=INK, lw=0.8, label="K")
    in_octaves(ax, budgets)
    ax.set_xlabel("budget K")
    ax.set_ylabel("levels separated")


def _cells(ax: Axes, records: Sequence[Record]) -> None:
    for i, (label, topk) in enumerate((("ReLU", False), ("Top-K", True))):
        rows = [r for r in records if bool(r["settings"]["k"]) == topk]
        xs, ys = [r["result"]["bound"] for r in rows], [r["result"]["patterns"] for r in rows]
        ax.plot(xs, ys, marker(i), color=colour(i), label=label, ls="", mec="white", mew=0.3)
    bounds = sorted({float(r["result"]["bound"]) for r in records})
    ax.plot(bounds, bounds, color=INK, lw=0.8, label="bound")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("bound on patterns")
    ax.set_ylabel("patterns found")
