"""Learning against interpretation: mutual-best rate, closed share and asymmetries against width."""

from matplotlib.axes import Axes

from geosae.experiments import Results, gate_name
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, in_octaves, legend_below
from geosae.figures.save import Sheet
from geosae.figures.style import PAGE, panels, styled
from geosae.studies.grid_answers import reading

FAMILY = "interpretation"
MEASURES = {
    "mutual": "mutual-best rate",
    "closed_objects": "closed share",
    "concept_asymmetry": "asymmetry, concepts",
    "neuron_asymmetry": "asymmetry, neurons",
}
GATES = ("relu", "topk")


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet of a run with studies: the world with most widths (a hierarchy, in the paper)."""
    if not results.studies:
        return []
    world = world_shown(results)
    with styled():
        figure, grid = panels(1, len(MEASURES), width=PAGE, height=2.6)
        for ax, (measure, label) in zip(grid[0], MEASURES.items(), strict=True):
            _panel(ax, results, world, measure)
            ax.set_title(label)
        legend_below(figure, grid[0], 4)
    record = results.records_of(world)[0]
    data = results.dataset(record)
    caption = (
        "Share of concepts C whose best separating neuron f(C) has C as its own best concept, g(f(C)) = C "
        "(F2); share of concepts closed in the detection context, A″ = A; how far the error of f(C) on C "
        "lies above the least error of that neuron, a mean over concepts; and how far the error of a neuron "
        "on its best concept lies above the least error on that concept, a mean over neurons. "
        f"World {world}: n = {data.dim}, N = {data.size:,}, p = {len(data.names)}; "
        f"{len(results.plan.seeds)} seeds. {INTERVALS}."
    )
    alt = "Mutual-best rate, closed share and two asymmetries against width, a line per gate and sparsity."
    return [Sheet(FAMILY, figure, "Learning against interpretation", caption, alt)]


def world_shown(results: Results) -> str:
    """Return the world with most widths, then most concepts, among hierarchies where there are any."""

    def rank(world: str) -> tuple[int, int]:
        records = results.records_of(world)
        return len({r["cell"]["width"] for r in records}), len(results.dataset(records[0]).names)

    hierarchies = [w for w in results.worlds if _nested(results, w)]
    return max(hierarchies or results.worlds, key=rank)


def _nested(results: Results, world: str) -> bool:
    hierarchy = results.dataset(results.records_of(world)[0]).hierarchy
    return int(hierarchy.sum()) > len(hierarchy)


def _panel(ax: Axes, results: Results, world: str, measure: str) -> None:
    settings = sorted(results.plan.compared(world), key=str)
    series: dict[str, Series] = {}
    for kind, words in (("trained", ""), ("untrained", ", untrained")):
        found = reading(results, world, measure, kind)
        for gate, sparsity in (s for s in settings if s[0] in GATES):
            points = [(w, m) for (g, s, w), m in sorted(found.items(), key=str) if (g, s) == (gate, sparsity)]
            if points:
                series[gate_name(gate, sparsity) + words] = sorted(points, key=lambda p: p[0])
    draw_series(ax, series, spread=0.02, within=(0.0, 1.0))
    in_octaves(ax, sorted({int(r["width"]) for r in results.rows_of(world, "trained")}))
    ax.set_ylim(0, 1.02 if "asymmetry" not in measure else None)
    ax.set_xlabel("width d")
