"""Capacity: concepts against neurons, levels against the budget K, patterns against the bound."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from geosae.experiments import Results, gate_name
from geosae.experiments.jobs import Record
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, in_octaves, seeds_of, values_of
from geosae.figures.save import Sheet
from geosae.figures.style import INK, PAGE, colour, marker, panels, styled
from geosae.studies.numbers import Mean, mean_of, per_seed, select

FAMILY = "capacity"


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = results.studies.get("capacity", ())
    if not records:
        return []
    with styled():
        figure, grid = panels(2, 2, width=PAGE, height=4.6)
        axes = [ax for row in grid for ax in row]
        for ax, (part, draw) in zip(axes, PANELS.items(), strict=True):
            draw(ax, select(records, part=part))
            ax.legend(fontsize=6.2, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    one = records[0]["settings"]
    count = next(iter(values_of(records, "concepts")), 0)
    caption = (
        f"Above, left: concepts ({count} orthonormal features in R^{count}) that single neurons separate "
        "exactly on held-out points; the line is d, which they cannot pass (S5), up to all concepts. Right: "
        f"concepts ({count} balls in R³) that Top-K units separate within ε = 0.1; the line is d again, "
        "which units may pass (S6). Below, left: levels of a chain of features that Top-K units separate "
        "within 0.1, against the budget K; the line is K, which exact separation cannot pass (S7). Right: "
        "activation patterns on 40 000 points of the plane against the bound (cells of G3 for ReLU; for "
        f"Top-K sets of at most K = 2 neurons, after G4); d = {_listed(records, 'cells')}. "
        f"N = {one['points']:,} points (half to train on), {one['steps']} steps; {seeds_of(records)}. "
        f"{INTERVALS}."
    )
    alt = (
        "Four panels: concepts by neurons and by units against width, levels against K, patterns and bounds."
    )
    return [Sheet(FAMILY, figure, "Capacity and depth", caption, alt)]


def _listed(records: Sequence[Record], part: str) -> str:
    return ", ".join(f"{v:g}" for v in values_of(select(records, part=part), "width"))


def _neurons(ax: Axes, records: Sequence[Record]) -> None:
    widths = values_of(records, "width")
    series: dict[str, Series] = {
        gate_name(gate, sparsity): [
            _means(select(records, gate=gate, sparsity=sparsity), "width", w, "neurons_exact") for w in widths
        ]
        for gate, sparsity in dict.fromkeys(
            (r["settings"]["gate"], r["settings"]["sparsity"]) for r in records
        )
    }
    draw_series(ax, series, spread=0.05, within=(0.0, np.inf))
    _bound(ax, records, widths)
    ax.set_ylabel("separated by one neuron")


def _bound(ax: Axes, records: Sequence[Record], widths: Sequence[float | int]) -> None:
    """Draw the line d up to the number of concepts."""
    top = max([float(c) for c in values_of(records, "concepts")], default=1.0)
    ends = sorted({*(float(w) for w in widths), top})
    ax.plot(ends, [min(w, top) for w in ends], color=INK, lw=0.8, label="d, at most p")
    ax.set_ylim(-0.4, top + 0.6)
    in_octaves(ax, widths)
    ax.set_xlabel("width d")


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
    _bound(ax, records, widths)
    ax.set_ylabel("separated by units")


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


PANELS: Mapping[str, Callable[[Axes, Sequence[Record]], None]] = {
    "neurons": _neurons,
    "count": _count,
    "depth": _depth,
    "cells": _cells,
}
