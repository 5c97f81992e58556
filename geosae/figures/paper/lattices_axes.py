"""Soft recall and precision of learned lattices against width, sparsity, steps, spread and ε."""

from matplotlib.axes import Axes

from geosae.experiments import GATES, Results, gate_name
from geosae.figures.paper.lattices_sizes import arm_series, sizes
from geosae.figures.paper.lines import INTERVALS, draw_series, legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import PAGE, panels, styled
from geosae.studies.lattices import STUDY
from geosae.studies.lattices_records import AXES, Learning, Records, base_of, over_axis

FAMILY = "lattices-axes"
LABELS = {"width": "width d", "steps": "steps", "spread": "radius", "tolerance": "tolerance ε"}
SHOWN = ("soft recall", "exact recall", "soft precision")


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where nothing was varied."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    gates = list(dict.fromkeys(r.settings.gate for r in records))
    bases = [base for gate in gates if (base := base_of(records, gate)) is not None]
    axes = [axis for axis in AXES if any(len(over_axis(records, base, axis)) > 1 for base in bases)]
    if not bases or not axes:
        return []
    rows = [(base, name) for base in bases for name in SHOWN]
    with styled():
        figure, grid = panels(len(rows), len(axes), width=PAGE, height=1.15 * len(rows) + 0.7)
        for i, (row, (base, name)) in enumerate(zip(grid, rows, strict=True)):
            for ax, axis in zip(row, axes, strict=True):
                _draw(ax, records, base, axis, name, lowest=(i + 1) % len(SHOWN) == 0)
            row[0].set_ylabel(f"{gate_name(base.gate)}\n{name}")
        legend_below(figure, [ax for row in grid for ax in row], 5)
    caption = (
        f"One setting at a time around a base, at the truth {bases[0].truth}; soft recall and precision of "
        "the certified, Δ-stable family, exact recall of the whole certified context. Radius: of the balls, "
        "over the largest safe one; untrained SAEs do not depend on the steps. The base: "
        f"{sizes(bases, records)} permuted columns: of the trained context, same θ. {seeds_of(records)}. "
        f"{INTERVALS}."
    )
    alt = "Panels of soft recall, exact recall and soft precision by gate and by the setting that varies."
    return [Sheet(FAMILY, figure, "Learned lattices, one setting at a time", caption, alt)]


def _draw(ax: Axes, records: Records, base: Learning, axis: str, name: str, *, lowest: bool) -> None:
    curve = over_axis(records, base, axis)
    points = [(float(i), runs) for i, (_, runs) in enumerate(curve)]
    draw_series(ax, arm_series(points, name), within=(0.0, 1.0))
    ax.set_ylim(-0.06, 1.06)
    ax.set_yticks([0, 0.5, 1])
    ax.set_xlim(-0.3, len(curve) - 0.7)
    ax.set_xticks(range(len(curve)), [f"{value:g}" for value, _ in curve])
    if lowest:
        symbol = GATES[base.gate].symbol
        ax.set_xlabel(LABELS.get(axis, symbol))
