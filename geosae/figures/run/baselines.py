"""Trained SAEs beside their baselines, with intervals over seeds, at the sparsities where all were run."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geosae.analysis import LEARNER_NAMES, Notion
from geosae.experiments import (
    BASELINES,
    GATES,
    UNKNOWN,
    Baseline,
    Gate,
    Interval,
    Learner,
    Results,
    SummaryRow,
    gate_name,
)
from geosae.figures.dots import interval_dots
from geosae.figures.run.captions import (
    LABELS,
    Method,
    interval_phrase,
    method_name,
    sample_sentence,
    sheet_name,
)
from geosae.figures.run.measures import FILE_NAMES, MEASURES, Measure, learned_interval, measured_notions
from geosae.figures.save import Sheet

FAMILY = "baselines"
VALUE_LABELS: Mapping[Measure, str] = {"share": "share of concepts", "best_error": "mean error"}
DEFINITIONS: Mapping[Measure, str] = {
    "share": "Share of concepts certified as learned on held-out points.",
    "best_error": "Mean over concepts of the decisive error on held-out points; separation counts s = "
    "max(m, a) per point of the concept, silence has 1, and errors may be greater.",
}

Panel = dict[str, dict[str, Interval]]
"""Row → method → interval."""


@dataclass(frozen=True)
class Quantity:
    """What one panel shows: how well a learner learns, for one notion, by one measure."""

    notion: Notion
    learner: Learner
    measure: Measure

    def interval(self, row: SummaryRow) -> Interval:
        """Return its mean over seeds in a row of the summary."""
        return learned_interval(row, self.notion, self.learner, self.measure)

    @property
    def ends_at_one(self) -> bool:
        """Whether it lies between 0 and 1: alarms are counted per point of the concept and may exceed it."""
        return self.measure == "share" or self.notion == "detection"


def sheets(results: Results) -> list[Sheet]:
    """Return a sheet with shares and one with errors per world and gate."""
    drawn: list[Sheet] = []
    for world in results.worlds:
        by_gate: dict[Gate, list[SummaryRow]] = {}
        for row in results.compared(world):
            by_gate.setdefault(row.gate, []).append(row)
        drawn += [
            _sheet(results, world, gate, rows, measure)
            for gate, rows in by_gate.items()
            for measure in MEASURES
        ]
    return drawn


def _sheet(results: Results, world: str, gate: Gate, rows: Sequence[SummaryRow], measure: Measure) -> Sheet:
    notions = measured_notions(results, world)
    methods = _methods(results, world, measure)
    table: dict[str, Panel] = {}
    limits: dict[str, tuple[float | int, float | int]] = {}
    for learner, learner_name in LEARNER_NAMES.items():
        for notion in notions:
            title, quantity = f"{notion}, {learner_name}", Quantity(notion, learner, measure)
            table[title] = {_label(row, rows): _intervals(results, row, methods, quantity) for row in rows}
            if quantity.ends_at_one:
                limits[title] = (0, 1)
    for notion in notions:
        limits |= _common_limits({t: panel for t, panel in table.items() if t not in limits and notion in t})
    figure = interval_dots(
        table, value_label=VALUE_LABELS[measure], limits=limits, columns=len(notions), outer_labels=True
    )
    at = "; ".join(dict.fromkeys(gate_name(row.gate, row.sparsity) for row in rows))
    rivals = [BASELINES[method].words for method in methods if method in BASELINES]
    if measure == "share":
        rivals.append("the trained SAE judged on shuffled labels")
    caption = (
        f"{DEFINITIONS[measure]} At {at}: the trained SAE, {', '.join(rivals)}. Rows: the single "
        "neuron, the unit of at most four neurons and the unit of any size that are chosen for each concept. "
        "Dots: means over seeds; bars: "
        f"{interval_phrase(results)}, cut to the possible range; no bar where there is one seed. "
        f"{sample_sentence(results, world)}"
    )
    return Sheet(
        name=f"{sheet_name(FAMILY, results, world)}-{FILE_NAMES[measure]}-{gate}",
        figure=figure,
        title=f"{gate_name(gate)} beside baselines in {world}: {VALUE_LABELS[measure]}",
        caption=caption,
        alt=_alt(table),
        world=world,
    )


def _common_limits(panels: Mapping[str, Panel]) -> dict[str, tuple[float, float]]:
    """Return the same limits for the panels of one notion, so that its learners can be compared by eye."""
    intervals = [i for panel in panels.values() for row in panel.values() for i in row.values() if i.n]
    ends = [i.high if i.is_bounded else i.mean for i in intervals]
    return dict.fromkeys(panels, (0.0, max(1.0, *ends))) if ends else {}


def _label(row: SummaryRow, rows: Sequence[SummaryRow]) -> str:
    """Return the label of a row: the width, and the sparsity where there are several."""
    at = f", {GATES[row.gate].symbol} = {row.sparsity:g}" if len({r.sparsity for r in rows}) > 1 else ""
    return f"d = {row.width}{at}"


def _methods(results: Results, world: str, measure: Measure) -> list[Method]:
    """Return what is drawn, in one order, so that each has one place, colour and marker in a run."""
    stored: set[Baseline] = {
        baseline for row in results.compared(world) for baseline in results.baselines_of(row)
    }
    methods: list[Method] = ["trained", *sorted(stored, key=list(BASELINES).index)]
    return [*methods, LABELS] if measure == "share" else methods


def _intervals(
    results: Results, row: SummaryRow, methods: Sequence[Method], quantity: Quantity
) -> dict[str, Interval]:
    """Return the interval of each method by its printed name."""
    rows: Mapping[Method, SummaryRow] = {"trained": row, **results.baselines_of(row)}
    top = 1.0 if quantity.ends_at_one else math.inf
    intervals: dict[str, Interval] = {}
    for method in methods:
        if method == LABELS:
            interval = row.measures.notion(quantity.notion).floor(quantity.learner)
        else:
            interval = quantity.interval(rows[method]) if method in rows else UNKNOWN
        intervals[method_name(method)] = replace(interval, high=min(interval.high, top))
    return intervals


def _alt(table: Mapping[str, Panel]) -> str:
    panels: list[str] = []
    for title, panel in table.items():
        means: dict[str, list[float]] = {}
        for intervals in panel.values():
            for method, interval in intervals.items():
                if np.isfinite(interval.mean):
                    means.setdefault(method, []).append(interval.mean)
        averages = ", ".join(f"{method} {np.mean(numbers):.2f}" for method, numbers in means.items())
        panels.append(f"{title}: {averages or 'not defined'}")
    return "Dots with intervals; means over the rows: " + "; ".join(panels) + "."
