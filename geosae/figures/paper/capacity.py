"""Capacity: concepts against neurons, levels against the budget K, patterns against the bound."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from geosae.experiments import Results, gate_name
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, in_octaves, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import INK, PAGE, colour, log_scale, marker, panels, styled
from geosae.studies.capacity import (
    STUDY,
    CellsJob,
    CountJob,
    DepthJob,
    NeuronsJob,
    Patterns,
    Records,
    Separated,
)
from geosae.studies.numbers import mean_over_seeds, of_kind

FAMILY = "capacity"


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    if not records:
        return []
    with styled():
        figure, grid = panels(2, 2, width=PAGE, height=4.6)
        axes = [ax for row in grid for ax in row]
        for ax, draw in zip(axes, (_neurons, _count, _depth, _cells), strict=True):
            draw(ax, records)
            ax.legend(fontsize=6.2, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    job = records[0].settings
    count = min(_concepts(records), default=0)
    cell_widths = sorted({r.settings.width for r in of_kind(records, CellsJob, Patterns)})
    caption = (
        f"Above, left: concepts ({count} orthonormal features in R^{count}) that single neurons separate "
        "exactly on held-out points; the line is d, which they cannot pass (S5), up to all concepts. Right: "
        f"concepts ({count} balls in R³) that Top-K units separate within ε = 0.1; the line is d again, "
        "which units may pass (S6). Below, left: levels of a chain of features that Top-K units separate "
        "within 0.1, against the budget K; the line is K, which exact separation cannot pass (S7). Right: "
        "activation patterns on 40 000 points of the plane against the bound (cells of G3 for ReLU; for "
        f"Top-K sets of at most K = 2 neurons, after G4); d = {', '.join(f'{d:g}' for d in cell_widths)}. "
        f"N = {job.points:,} points (half to train on), {job.steps} steps; {seeds_of(records)}. "
        f"{INTERVALS}."
    )
    alt = (
        "Four panels: concepts by neurons and by units against width, levels against K, patterns and bounds."
    )
    return [Sheet(FAMILY, figure, "Capacity and depth", caption, alt)]


def _concepts(records: Records) -> list[int]:
    """Return the numbers of concepts in the worlds that have a number of their own."""
    jobs = [r.settings for r in records]
    return [job.concepts for job in jobs if isinstance(job, NeuronsJob | CountJob)]


def _neurons(ax: Axes, records: Records) -> None:
    jobs = of_kind(records, NeuronsJob, Separated)
    widths = sorted({r.settings.width for r in jobs})
    series: dict[str, Series] = {}
    for gate, sparsity in dict.fromkeys((r.settings.gate, r.settings.sparsity) for r in jobs):
        of_gate = [r for r in jobs if (r.settings.gate, r.settings.sparsity) == (gate, sparsity)]
        series[gate_name(gate, sparsity)] = [
            (d, mean_over_seeds([r for r in of_gate if r.settings.width == d], lambda s: s.neurons_exact))
            for d in widths
        ]
    draw_series(ax, series, spread=0.05, within=(0.0, np.inf))
    _bound(ax, widths, _concepts(records))
    ax.set_ylabel("separated by one neuron")


def _bound(ax: Axes, widths: Sequence[int], concepts: Sequence[int]) -> None:
    """Draw the line d up to the number of concepts."""
    top = float(max(concepts, default=1))
    ends = sorted({*(float(w) for w in widths), top})
    ax.plot(ends, [min(w, top) for w in ends], color=INK, lw=0.8, label="d, at most p")
    ax.set_ylim(-0.4, top + 0.6)
    in_octaves(ax, widths)
    ax.set_xlabel("width d")


def _count(ax: Axes, records: Records) -> None:
    jobs = of_kind(records, CountJob, Separated)
    widths = sorted({r.settings.width for r in jobs})
    series: dict[str, Series] = {}
    for k in sorted({r.settings.k for r in jobs}):
        of_budget = [r for r in jobs if r.settings.k == k]
        series[f"units, K = {k}"] = [
            (d, mean_over_seeds([r for r in of_budget if r.settings.width == d], lambda s: s.units))
            for d in widths
            if d >= k
        ]
    draw_series(ax, series, spread=0.05, within=(0.0, np.inf))
    _bound(ax, widths, _concepts(records))
    ax.set_ylabel("separated by units")


def _depth(ax: Axes, records: Records) -> None:
    jobs = of_kind(records, DepthJob, Separated)
    budgets = sorted({r.settings.k for r in jobs})
    series: dict[str, Series] = {}
    for depth in sorted({r.settings.depth for r in jobs}):
        of_depth = [r for r in jobs if r.settings.depth == depth]
        series[f"{depth} levels"] = [
            (k, mean_over_seeds([r for r in of_depth if r.settings.k == k], lambda s: s.units))
            for k in budgets
        ]
    draw_series(ax, series, spread=0.05, within=(0.0, np.inf))
    ax.plot(budgets, budgets, color=INK, lw=0.8, label="K")
    in_octaves(ax, budgets)
    ax.set_xlabel("budget K")
    ax.set_ylabel("levels separated")


def _cells(ax: Axes, records: Records) -> None:
    jobs = of_kind(records, CellsJob, Patterns)
    for i, (label, is_topk) in enumerate((("ReLU", False), ("Top-K", True))):
        counts = [r.result for r in jobs if (r.settings.k > 0) == is_topk]
        xs, ys = [c.bound for c in counts], [c.patterns for c in counts]
        ax.plot(xs, ys, marker(i), color=colour(i), label=label, ls="", mec="white", mew=0.3)
    bounds = sorted({float(r.result.bound) for r in jobs})
    ax.plot(bounds, bounds, color=INK, lw=0.8, label="bound")
    log_scale(ax, "xy")
    ax.set_xlabel("bound on patterns")
    ax.set_ylabel("patterns found")
