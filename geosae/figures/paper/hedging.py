"""Hedging: how much the atoms mix two true directions, against the width."""

from geosae.experiments import Results, gate_name
from geosae.figures.paper.lines import (
    INTERVALS,
    Series,
    draw_series,
    in_octaves,
    legend_below,
    seeds_of,
    values_of,
)
from geosae.figures.save import Sheet
from geosae.figures.style import MUTED, PAGE, panels, styled
from geosae.studies.hedging import FEATURES
from geosae.studies.numbers import mean_of, per_seed, select

FAMILY = "hedging"
MEASURES = {"mean_second": "mean second cosine", "mcc": "MCC"}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = results.studies.get("hedging", ())
    if not records:
        return []
    widths = values_of(records, "width")
    with styled():
        figure, grid = panels(1, 2, width=PAGE, height=2.4)
        for ax, (key, label) in zip(grid[0], MEASURES.items(), strict=True):
            series: dict[str, Series] = {}
            for gate in dict.fromkeys(str(r["settings"]["gate"]) for r in records):
                for pairs, words in ((FEATURES // 2, "correlated pairs"), (0, "independent")):
                    own = select(records, gate=gate, pairs=pairs)
                    series[f"{gate_name(gate)}, {words}"] = [
                        (w, mean_of(list(per_seed(select(own, width=w), lambda r, k=key: r[k]).values())))
                        for w in widths
                    ]
            draw_series(ax, series, spread=0.05, within=(0.0, 1.0))
            in_octaves(ax, widths)
            ax.axvline(FEATURES, color=MUTED, lw=0.8, ls=":")
            if key == "mean_second":
                floor = mean_of([r["result"]["floor_cosine"] for r in records]).value
                ax.axhline(floor, color=MUTED, lw=0.8, ls="--", label="random atoms")
            ax.set_xlabel("width d")
            ax.set_ylabel(label)
        legend_below(figure, grid[0], 3)
    one = records[0]["settings"]
    caption = (
        "Left: |cosine| of an atom with what its second-nearest true direction has beyond the nearest (0: "
        "one "
        "feature; 0.71: an even mixture), mean over firing neurons. Right: mean |cosine| of features and "
        "atoms, "
        f"matched one to one. Dotted: the number of features. World superposition: n = {FEATURES}, N = "
        f"{one['points']:,} points; d = {', '.join(f'{w:g}' for w in widths)}; {seeds_of(records)}. "
        f"{INTERVALS}."
    )
    alt = "Lines of mixing and of recovery against width, with correlated and with independent features."
    return [Sheet(FAMILY, figure, "Hedging against width", caption, alt)]
