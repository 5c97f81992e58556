"""Size × sparsity: concepts learned and errors left, for each notion, gate and kind of learner."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from geosae.analysis import LEARNER_NAMES, Notion
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
from geosae.figures.style import COLUMN, GREAT_IS_GOOD, PAGE, SMALL_IS_GOOD, blank, styled

FAMILY = "size-sparsity"
VALUE_LABELS: Mapping[Measure, str] = {
    "share": "share of concepts learned",
    "best_error": "mean error (colours end at 1)",
}
COLOURS: Mapping[Measure, str] = {"share": GREAT_IS_GOOD, "best_error": SMALL_IS_GOOD}
ENDINGS: Mapping[Measure, str] = {"share": "", "best_error": "-error"}
DEFINITIONS: Mapping[Measure, str] = {
    "share": "Share of concepts certified as learned on held-out points: by the chosen single neuron, the "
    "chosen unit of at most four neurons, and the chosen unit of any size",
    "best_error": "Mean over concepts of the decisive (greatest) graded error on held-out points: of the "
    "chosen single neuron, unit of at most four neurons, and unit of any size. Separation has s = max(m, a) "
    "per point of the concept: silence has 1, and errors may be greater; colours end at 1",
}


def sheets(results: Results) -> list[Sheet]:
    """Return a sheet per world, gate, and measure."""
    drawn: list[Sheet] = []
    for world in results.worlds:
        gates: list[Gate] = list(dict.fromkeys(row.gate for row in results.rows_of(world, "trained")))
        drawn += [_sheet(results, world, gate, measure) for gate in gates for measure in MEASURES]
    return drawn


def _sheet(results: Results, world: str, gate: Gate, measure: Measure) -> Sheet:
    tables = SizeTables(results, world, [gate], measure)
    return Sheet(
        name=f"{sheet_name(FAMILY, results, world)}{ENDINGS[measure]}-{gate}",
        figure=size_sparsity(tables, gate),
        title=f"Size × sparsity of {gate_name(gate)} in {world}: {VALUE_LABELS[measure]}",
        caption=_caption(results, world, tables),
        alt=_alt(tables),
        world=world,
    )


def size_sparsity(tables: SizeTables, gate: Gate) -> Figure:
    """Draw a row of maps per notion and a column per learner, baselines set apart in each map."""
    notions = tables.notions
    with styled():
        across = len(tables.sparsities(gate)) + len(tables.strips(gate)) + GAP
        side = min(0.34, (PAGE - 1.3) / (len(LEARNERS) * across))
        # Maps keep their cells' size, whatever the page could hold.
        width = max(COLUMN, min(PAGE, len(LEARNERS) * (side * across + 0.2) + 1.1))
        height = len(notions) * (max(0.21, side * 0.75) * len(tables.widths) + 0.28) + 0.95
        figure = blank(width, height)
        engine = figure.get_layout_engine()
        if isinstance(engine, ConstrainedLayoutEngine):
            # A map and its baselines belong together: more room between the panels than within.
            engine.set(w_pad=0.09)
        grid = figure.subplots(len(notions), len(LEARNERS), squeeze=False, sharex="col", sharey=True)
        for i, notion in enumerate(notions):
            for j, learner in enumerate(LEARNERS):
                ax: Axes = grid[i][j]
                _map(ax, tables, gate, learner, notion, last=i == len(notions) - 1)
                ax.set_title(f"{notion}, {LEARNER_NAMES[learner]}", fontsize=6.5)
                if j == 0:
                    ax.set_ylabel("width d", fontsize=6.5)
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
        f"below it the measured mean L0); means over seeds.{apart} Dark blue is good. A dash: not run, or "
        "nothing was chosen. "
        f"{interval_phrase(results)}: {spread}. {sample_sentence(results, world)}"
    )


def _alt(tables: SizeTables) -> str:
    parts = [
        f"{notion} {tables.best('neurons', notion):.2f} by one neuron and "
        f"{tables.best('units', notion):.2f} by a unit"
        for notion in tables.notions
        if math.isfinite(tables.best("neurons", notion)) and math.isfinite(tables.best("units", notion))
    ]
    return f"Heat maps of the {VALUE_LABELS[tables.measure]}; at best: {'; '.join(parts) or 'not known'}."
