"""Learning against interpretation: mutual-best rate, closed share and asymmetries against width."""

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes

from geosae.experiments import Baseline, Gate, Interval, Measures, Results, gate_name
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, in_octaves, legend_below
from geosae.figures.save import Sheet
from geosae.figures.style import INK, PAGE, panels, styled
from geosae.studies.grid_answers import agreement

FAMILY = "interpretation"
MEASURES: Mapping[str, Callable[[Measures[Interval]], Interval]] = {
    "mutual-best rate": lambda m: m.agreement.mutual,
    "closed share": lambda m: m.lattice.closed_objects,
    "asymmetry, concepts": lambda m: m.agreement.concept_asymmetry,
    "asymmetry, neurons": lambda m: m.agreement.neuron_asymmetry,
}
"""The label of each panel, and what it shows."""
GATES: tuple[Gate, ...] = ("relu", "topk")
KINDS: Mapping[Baseline, str] = {"trained": "", "untrained": ", untrained"}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet of a run with studies: the world with most widths (a hierarchy, in the paper)."""
    if not results.studies:
        return []
    world = world_of_most_widths(results)
    with styled():
        figure, grid = panels(1, len(MEASURES), width=PAGE, height=2.6)
        for ax, label in zip(grid[0], MEASURES, strict=True):
            _panel(ax, results, world, label)
            ax.set_title(label)
        legend_below(figure, grid[0], 4)
    data = results.dataset(results.cells_of(world)[0])
    caption = (
        "Share of concepts C whose best separating neuron f(C) has C as its own best concept, g(f(C)) = C "
        "(F2); share of concepts closed in the detection context, A″ = A; how far the error of f(C) on C "
        "lies above that neuron's on g(f(C)), a mean over concepts; and how far the error of a neuron on its "
        "best concept lies above that of the concept's best neuron, a mean over neurons. Errors are per "
        "point of the concept and can exceed 1; both maps are chosen on the other half: chance can give less "
        "than 0. "
        f"World {world}: n = {data.dim}, N = {data.size:,}, p = {len(data.names)}; "
        f"{len(results.plan.seeds)} seeds. {INTERVALS}."
    )
    alt = "Mutual-best rate, closed share and two asymmetries against width, a line per gate and sparsity."
    return [Sheet(FAMILY, figure, "Learning against interpretation", caption, alt)]


def world_of_most_widths(results: Results) -> str:
    """Return the world with most widths, then most concepts, among hierarchies where there are any."""

    def rank(world: str) -> tuple[int, int]:
        cells = results.cells_of(world)
        return len({result.cell.width for result in cells}), len(results.dataset(cells[0]).names)

    hierarchies = [w for w in results.worlds if _nested(results, w)]
    return max(hierarchies or results.worlds, key=rank)


def _nested(results: Results, world: str) -> bool:
    hierarchy = results.dataset(results.cells_of(world)[0]).hierarchy
    return int(hierarchy.sum()) > len(hierarchy)


def _panel(ax: Axes, results: Results, world: str, label: str) -> None:
    compared = sorted(results.plan.compared(world), key=str)
    series: dict[str, Series] = {}
    for baseline, words in KINDS.items():
        intervals = agreement(results, world, MEASURES[label], baseline)
        for gate, sparsity in (pair for pair in compared if pair[0] in GATES):
            points = [
                (setting.width, interval)
                for setting, interval in intervals.items()
                if (setting.gate, setting.sparsity) == (gate, sparsity)
            ]
            if points:
                series[gate_name(gate, sparsity) + words] = sorted(points, key=lambda point: point[0])
    # Errors are alarms per concept point: their differences have no natural ends.
    is_share = "asymmetry" not in label
    draw_series(ax, series, spread=0.02, within=(0.0, 1.0) if is_share else (-np.inf, np.inf))
    in_octaves(ax, sorted({row.width for row in results.rows_of(world, "trained")}))
    if is_share:
        ax.set_ylim(0, 1.02)
    else:
        ax.axhline(0, color=INK, lw=0.5)
    ax.set_xlabel("width d")
