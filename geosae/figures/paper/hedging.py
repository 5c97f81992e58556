"""Hedging: how much the atoms mix two true directions, against the width."""

from collections.abc import Callable, Mapping

from geosae.experiments import Results, gate_name
from geosae.experiments.interval import mean_interval
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, in_octaves, legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import MUTED, PAGE, panels, styled
from geosae.studies.hedging import FEATURES, STUDY, HedgingResult, mean_at, of_setting

FAMILY = "hedging"
MEASURES: Mapping[str, Callable[[HedgingResult], float]] = {
    "mean second cosine": lambda result: result.mean_second,
    "MCC": lambda result: result.mcc,
}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get("hedging", ()))
    if not records:
        return []
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
    return [Sheet(FAMILY, figure, "Hedging against width", caption, alt)]
