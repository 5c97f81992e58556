"""Size × sparsity: concepts learned and errors left, for three notions, each gate, one neuron or a unit."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from geosae.analysis import LEARNER_NAMES, NOTIONS, Notion
from geosae.experiments import GATES, LEARNERS, Gate, Learner, Results, gate_name
from geosae.figures.heatmap import GAP, colour_bar, draw_heatmap
from geosae.figures.run.captions import (
    decimals,
    interval_phrase,
    method_name,
    sample_sentence,
    sheet_name,
    short_number,
)
from geosae.figures.run.measures import MEASURES, Measure
from geosae.figures.run.size_tables import SizeTables
from geosae.figures.save import Sheet
from geosae.figures.style import PAGE, blank, styled

FAMILY = "size-sparsity"
VALUE_LABELS: Mapping[Measure, str] = {"share": "share of concepts learned", "best_error": "mean error"}
COLOURS: Mapping[Measure, str] = {"share": "viridis", "best_error": "cividis"}
ENDINGS: Mapping[Measure, str] = {"share": "", "best_error": "-error"}
DEFINITIONS: Mapping[Measure, str] = {
    "share": "Share of concepts certified as learned on held-out points: by the chosen single neuron, the "
    "chosen unit of at most four neurons, and the chosen unit of any size",
    "best_error": "Mean over concepts of the decisive (greatest) graded error on held-out points: of the "
    "chosen single neuron, unit of at most four neurons, and unit of any size; colours end at 1",
}


def sheets(results: Results) -> list[Sheet]:
    """Return a sheet per world, pair of gates, and measure."""
    drawn: list[Sheet] = []
    for world in results.worlds:
        gates: list[Gate] = list(dict.fromkeys(row.gate for row in results.rows_of(world, "trained")))
        for start in range(0, len(gates), 2):
            part = f"-{start // 2 + 1}" if len(gates) > 2 else ""
            drawn += [_sheet(results, world, gates[start : start + 2], measure, part) for measure in MEASURES]
    return drawn


def _sheet(results: Results, world: str, gates: Sequence[Gate], measure: Measure, part: str) -> Sheet:
    tables = SizeTables(results, world, gates, measure)
    return Sheet(
        name=sheet_name(FAMILY, results, world) + ENDINGS[measure] + part,
        figure=size_sparsity(tables),
        title=f"Size × sparsity in {world}: {VALUE_LABELS[measure]}",
        caption=_caption(results, world, tables),
        alt=_alt(tables),
        world=world,
    )


def size_sparsity(tables: SizeTables) -> Figure:
    """Draw a row of maps per notion and a column per gate and learner, baselines set apart in each map."""
    columns: list[tuple[Gate, Learner]] = [(gate, learner) for gate in tables.gates for learner in LEARNERS]
    with styled():
        cells = [len(tables.sparsities(g)) + len(tables.strips(g)) for g in tables.gates]
        spans = [count + GAP for count in cells for _ in LEARNERS]
        side = min(0.3, (PAGE - 1.0) / sum(spans))
        height = len(NOTIONS) * (max(0.21, side * 0.9) * len(tables.widths) + 0.32) + 0.95
        figure = blank(PAGE, height)
        grid = figure.subplots(
            len(NOTIONS), len(columns), squeeze=False, width_ratios=spans, sharex="col", sharey=True
        )
        for i, notion in enumerate(NOTIONS):
            for j, (gate, learner) in enumerate(columns):
                ax: Axes = grid[i][j]
                _map(ax, tables, gate, learner, notion, last=i == len(NOTIONS) - 1)
                head = f"{gate_name(gate)}, {LEARNER_NAMES[learner]}\n" if i == 0 else ""
                if head or j == 0:
                    ax.set_title(head + notion, fontsize=7)
                if j == 0:
                    ax.set_ylabel("width d")
        every = [ax for row in grid for ax in row]
        colour_bar(figure, every, (0, 1), COLOURS[tables.measure], VALUE_LABELS[tables.measure])
    return figure


def _map(ax: Axes, tables: SizeTables, gate: Gate, learner: Learner, notion: Notion, *, last: bool) -> None:
    draw_heatmap(
        ax,
        tables.table(gate, learner, notion),
        [str(width) for width in tables.widths],
        [f"{short_number(s)}\n{decimals(tables.l0(gate, s), 1)}" for s in tables.sparsities(gate)],
        # The first words: the caption has the rest.
        baselines={
            method_name(method).split()[0]: tables.strip(gate, learner, notion, method)
            for method in tables.strips(gate)
        },
        column_label=_below(gate, len(tables.sparsities(gate))) if last else "",
        colours=COLOURS[tables.measure],
        text_size=5.2,
    )
    ax.tick_params(labelsize=5.5, labelbottom=last)


def _below(gate: Gate, columns: int) -> str:
    # Under few columns there is no room for words; the caption says what the two lines are.
    symbol = GATES[gate].symbol
    return f"{symbol} / mean L0" if columns > 2 else f"{symbol}\nL0"


def _caption(results: Results, world: str, tables: SizeTables) -> str:
    settings = "; ".join(gate_name(gate, sparsity) for gate, sparsity in tables.compared())
    methods = sorted({method_name(method) for gate in tables.gates for method in tables.strips(gate)})
    at = f" (at {settings}; shuffled labels: all)" if settings else ""
    apart = f" Set apart, per width: {', '.join(methods)}{at}." if methods else ""
    half = tables.widest()
    spread = f"half-widths up to {half:.2f}" if np.isfinite(half) else "none, with a single seed"
    return (
        f"{DEFINITIONS[tables.measure]}, by width d (rows) and sparsity (columns: the gate's parameter, "
        f"below it the measured mean L0); means over seeds.{apart} A dash: not run, or not defined in this "
        "world. "
        f"{interval_phrase(results)}: {spread}. {sample_sentence(results, world)}"
    )


def _alt(tables: SizeTables) -> str:
    parts = [
        f"{notion} {decimals(tables.best('neurons', notion))} by one neuron and "
        f"{decimals(tables.best('units', notion))} by a unit"
        for notion in NOTIONS
    ]
    return f"Heat maps of the {VALUE_LABELS[tables.measure]}; at best: " + "; ".join(parts) + "."
