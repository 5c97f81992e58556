"""Size × sparsity: concepts learned and errors left, for three notions, each gate, one neuron or a unit."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from geosae.experiments import GATES, Results, gate_name
from geosae.figures.heatmap import GAP, colour_bar, draw_heatmap
from geosae.figures.run.size_tables import SizeTables
from geosae.figures.run.words import LEARNERS, NOTIONS, baseline_name, level, plain, setting, sheet_name
from geosae.figures.save import Sheet
from geosae.figures.style import PAGE, blank, styled

FAMILY = "size-sparsity"
LABELS = {"share": "share of concepts learned", "best_error": "mean error"}
COLOURS = {"share": "viridis", "best_error": "cividis"}
ENDINGS = {"share": "", "best_error": "-error"}
WORDS = {
    "share": "Share of concepts that some neuron (left of each pair) or the concept's closure unit (right) "
    "learns "
    "on held-out points",
    "best_error": "Mean over concepts of the decisive (greatest) graded error on held-out points: of the "
    "best "
    "single neuron (left of each pair) and of the concept's closure unit (right); colours end at 1",
}


def sheets(results: Results) -> list[Sheet]:
    """Return a sheet per world, pair of gates, and measure."""
    found: list[Sheet] = []
    for world in results.worlds:
        gates = list(dict.fromkeys(str(r["gate"]) for r in results.rows_of(world, "trained")))
        for start in range(0, len(gates), 2):
            part = f"-{start // 2 + 1}" if len(gates) > 2 else ""
            for measure, ending in ENDINGS.items():
                tables = SizeTables(results, world, gates[start : start + 2], measure)
                name = sheet_name(FAMILY, results, world) + ending + part
                title = f"Size × sparsity in {world}: {LABELS[measure]}"
                found.append(
                    Sheet(
                        name,
                        size_sparsity(tables),
                        title,
                        _caption(results, world, tables),
                        _alt(tables),
                        world,
                    )
                )
    return found


def size_sparsity(tables: SizeTables) -> Figure:
    """Draw a row of maps per notion and a column per gate and learner, baselines set apart in each map."""
    columns = [(gate, who) for gate in tables.gates for who in LEARNERS]
    with styled():
        cells = [len(tables.sparsities(g)) + len(tables.baselines(g)) for g in tables.gates]
        spans = [count + GAP for count in cells for _ in LEARNERS]
        side = min(0.3, (PAGE - 1.0) / sum(spans))
        height = len(NOTIONS) * (max(0.21, side * 0.9) * len(tables.widths) + 0.32) + 0.95
        figure = blank(PAGE, height)
        grid = figure.subplots(
            len(NOTIONS), len(columns), squeeze=False, width_ratios=spans, sharex="col", sharey=True
        )
        for i, notion in enumerate(NOTIONS):
            for j, (gate, who) in enumerate(columns):
                ax: Axes = grid[i][j]
                _map(ax, tables, gate, who, notion, last=i == len(NOTIONS) - 1)
                head = f"{gate_name(gate)}, {LEARNERS[who]}\n" if i == 0 else ""
                if head or j == 0:
                    ax.set_title(head + notion, fontsize=7)
                if j == 0:
                    ax.set_ylabel("width d")
        every = [ax for row in grid for ax in row]
        colour_bar(figure, every, (0, 1), COLOURS[tables.measure], LABELS[tables.measure])
    return figure


def _map(ax: Axes, tables: SizeTables, gate: str, who: str, notion: str, *, last: bool) -> None:
    draw_heatmap(
        ax,
        tables.table(gate, who, notion),
        [str(width) for width in tables.widths],
        [f"{plain(s)}\n{tables.l0(gate, s):.1f}" for s in tables.sparsities(gate)],
        # The first words: the caption has the rest.
        baselines={
            baseline_name(b).split()[0]: tables.strip(gate, who, notion, b) for b in tables.baselines(gate)
        },
        column_label=_below(gate, len(tables.sparsities(gate))) if last else "",
        colours=COLOURS[tables.measure],
        text_size=5.2,
    )
    ax.tick_params(labelsize=5.5, labelbottom=last)


def _below(gate: str, columns: int) -> str:
    # Under few columns there is no room for words; the caption says what the two lines are.
    symbol = GATES[gate].symbol
    return f"{symbol} / mean L0" if columns > 2 else f"{symbol}\nL0"


def _caption(results: Results, world: str, tables: SizeTables) -> str:
    at = "; ".join(gate_name(g, s) for g, s in tables.compared())
    kinds: Sequence[str] = sorted({baseline_name(b) for g in tables.gates for b in tables.baselines(g)})
    apart = (
        f" Set apart, per width: {', '.join(kinds)}{f' (at {at}; shuffled labels: all)' if at else ''}."
        if kinds
        else ""
    )
    half = tables.widest()
    spread = f"half-widths up to {half:.2f}" if np.isfinite(half) else "none, with a single seed"
    return (
        f"{WORDS[tables.measure]}, by width d (rows) and sparsity (columns: the gate's parameter, below it "
        "the "
        f"measured mean L0); means over seeds.{apart} A dash: not run, or not defined in this world. A "
        "concept that "
        "no neuron detects has the empty unit, which fires everywhere: detection by units costs nothing "
        "(D1, D3). "
        f"{level(results)}: {spread}. {setting(results, world)}"
    )


def _alt(tables: SizeTables) -> str:
    parts = [
        f"{notion} {tables.best('neurons', notion):.2f} by one neuron and "
        f"{tables.best('units', notion):.2f} by a unit"
        for notion in NOTIONS
    ]
    return f"Heat maps of the {LABELS[tables.measure]}; at best: " + "; ".join(parts) + "."
