"""Hedging: how much the atoms mix two true directions, against the width, and beside P7's closed form."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from geosae.experiments import Results, gate_name
from geosae.experiments.interval import mean_interval
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, in_octaves, legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import MUTED, PAGE, panels, styled
from geosae.studies.hedging import (
    FEATURES,
    STUDY,
    HedgingResult,
    Records,
    mean_at,
    of_features,
    of_pairs,
    of_setting,
)
from geosae.studies.hedging_pairs import RATE, PairRecords, PairResult, at
from geosae.studies.numbers import mean_over_seeds

FAMILY = "hedging"
MEASURES: Mapping[str, Callable[[HedgingResult], float]] = {
    "mean second cosine": lambda result: result.mean_second,
    "MCC": lambda result: result.mcc,
}
ARMS: Mapping[str, Callable[[PairResult], float]] = {
    "trained": lambda result: result.trained.angle,
    "untrained": lambda result: result.untrained.angle,
    "frozen decoder": lambda result: result.frozen.angle,
}


def sheets(results: Results) -> list[Sheet]:
    """Return the sheet of each part, or none where the study was not run."""
    records = STUDY.records(results.studies.get("hedging", ()))
    features, pairs = of_features(records), of_pairs(records)
    return [*([_against_width(features)] if features else []), *([_closed_form(pairs)] if pairs else [])]


def _against_width(records: Records) -> Sheet:
    widths = sorted({r.settings.width for r in records})
    gates = dict.fromkeys(r.settings.gate for r in records)
    with styled():
        figure, grid = panels(1, 2, width=PAGE, height=2.4)
        for ax, (label, value) in zip(grid[0], MEASURES.items(), strict=True):
            series: dict[str, Series] = {}
            for gate in gates:
                for pairs, words in ((FEATURES // 2, "correlated pairs"), (0, "independent")):
                    of_gate = of_setting(records, gate, pairs)
                    series[f"{gate_name(gate)}, {words}"] = [
                        (width, mean_at(of_gate, width, value)) for width in widths
                    ]
            draw_series(ax, series, spread=0.05, within=(0.0, 1.0))
            in_octaves(ax, widths)
            ax.axvline(FEATURES, color=MUTED, lw=0.8, ls=":")
            ax.set_xlabel("width d")
            ax.set_ylabel(label)
        floor = mean_interval([r.result.floor_cosine for r in records]).mean
        grid[0][0].axhline(floor, color=MUTED, lw=0.8, ls="--", label="random atoms")
        legend_below(figure, grid[0], 3)
    caption = (
        "Left: |cosine| of an atom with what its second-nearest true direction has beyond the nearest (0: "
        "one feature; 0.71: an even mixture), mean over firing neurons. Right: mean |cosine| of features and "
        f"atoms, matched one to one. Dotted: the number of features. World superposition: n = {FEATURES}, "
        f"N = {records[0].settings.points:,} points; d = {', '.join(f'{w:g}' for w in widths)}; "
        f"{seeds_of(records)}. {INTERVALS}."
    )
    alt = "Lines of mixing and of recovery against width, with correlated and with independent features."
    return Sheet(FAMILY, figure, "Hedging against width", caption, alt)


def _closed_form(records: PairRecords) -> Sheet:
    rates = sorted({r.settings.child_rate for r in records})
    widths = sorted({r.settings.width for r in records})
    with styled():
        figure, grid = panels(1, len(rates), width=PAGE, height=2.4)
        for ax, rate in zip(grid[0], rates, strict=True):
            _panel(ax, records, rate, widths)
            ax.set_title(f"child on in {rate:.0%} of parent's points")
        grid[0][0].set_ylabel("angle to nearest feature, °")
        legend_below(figure, grid[0], 3)
    job = records[0].settings
    caption = (
        "Degrees between an atom and the nearest of two true directions, mean over firing neurons (0: one "
        "feature; 45: both alike), for Top-K with K = 1. Line: the angle t of P7's closed form for the "
        "training points, which the best SAE of one neuron has; for wider ones no bound is known, and it is "
        "drawn on, dashed, as a yardstick. World superposition: one pair of orthonormal features, n = 2, the "
        f"parent on in {RATE:.0%} of N = {job.points:,} points (half to train on), {job.steps:,} steps; d = "
        f"{', '.join(str(w) for w in widths)}; {seeds_of(records)}. {INTERVALS}."
    )
    alt = "Angles of atoms against width beside the closed form, a panel for each rate of the child."
    return Sheet("hedging-pairs", figure, "Hedging beside its closed form", caption, alt)


def _panel(ax: Axes, records: PairRecords, rate: float, widths: Sequence[int]) -> None:
    series: dict[str, Series] = {
        label: [(width, mean_over_seeds(at(records, rate, width), angle)) for width in widths]
        for label, angle in ARMS.items()
    }
    draw_series(ax, series, spread=0.06, within=(0.0, 45.0))
    in_octaves(ax, widths)
    of_rate = [r for r in records if r.settings.child_rate == rate]
    closed = mean_over_seeds(of_rate, lambda result: result.closed_form).mean
    ends = np.array([widths[0] * 0.8, widths[0] * 1.25, widths[-1] * 1.25])
    ax.plot(ends[:2], [closed, closed], color=MUTED, lw=1.4, zorder=0, label="t, closed form for d = 1")
    ax.plot(ends[1:], [closed, closed], color=MUTED, lw=0.8, ls="--", zorder=0,
            label="the same, where no bound is known")  # fmt: skip
    ax.set_ylim(0, 46)
    ax.set_xlabel("width d")
