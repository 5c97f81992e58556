"""Learning against interpretation: mutual-best rate and closed share against width and sparsity."""

from geosae.experiments import Results, gate_name
from geosae.experiments.studies.grid_answers import closed_shares, mutual_rates
from geosae.experiments.studies.numbers import mean_of
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, in_octaves, legend_below
from geosae.figures.save import Sheet
from geosae.figures.style import PAGE, panels, styled

FAMILY = "interpretation"
MEASURES = {"mutual-best rate": mutual_rates, "closed share": closed_shares}
GATES = ("relu", "topk")


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet of a run with studies: the world with most widths (a hierarchy, in the paper)."""
    if not results.studies:
        return []
    world = max(results.worlds, key=lambda w: len({r["cell"]["width"] for r in results.records_of(w)}))
    widths = sorted({int(r["cell"]["width"]) for r in results.records_of(world)})
    with styled():
        figure, grid = panels(1, 2, width=PAGE, height=2.5)
        for ax, (label, read) in zip(grid[0], MEASURES.items(), strict=True):
            series: dict[str, Series] = {}
            for (gate, sparsity, width), values in sorted(read(results, world).items()):
                if gate in GATES:
                    points = series.setdefault(gate_name(gate, sparsity), [])
                    series[gate_name(gate, sparsity)] = [*points, (float(width), mean_of(values))]
            draw_series(ax, series, spread=0.03, within=(0.0, 1.0))
            in_octaves(ax, widths)
            ax.set_ylim(0, 1.02)
            ax.set_xlabel("width d")
            ax.set_ylabel(label)
        legend_below(figure, grid[0], 4)
    record = results.records_of(world)[0]
    data = results.dataset(record)
    caption = (
        "Left: share of concepts C whose best separating neuron f(C) has C as its own best concept, g(f(C)) "
        "= C "
        "(F2). Right: share of concepts closed in the detection context, A″ = A. "
        f"World {world}: n = {data.dim}, N = {data.size:,}, p = {len(data.names)}; "
        f"{len(results.plan.seeds)} seeds. {INTERVALS}."
    )
    alt = "Lines of mutual-best rate and closed share against width, one per gate and sparsity."
    return [Sheet(FAMILY, figure, "Learning against interpretation", caption, alt)]
