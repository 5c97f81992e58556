"""Known failures: recovery and reconstruction against the budget K, by gate."""

from geosae.experiments import Results, gate_name
from geosae.experiments.studies.failures import DIM, FEATURES
from geosae.experiments.studies.numbers import mean_of, per_seed, select
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

FAMILY = "failures"
MEASURES = {
    "mcc": "MCC",
    "f1_score": "F1",
    "explained_variance": "explained variance",
    "mean_second": "mean second cosine",
}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = results.studies.get("failures", ())
    if not records:
        return []
    budgets = values_of(records, "k")
    kinds = list(dict.fromkeys((str(r["settings"]["gate"]), str(r["settings"]["baseline"])) for r in records))
    true_l0 = mean_of([r["result"]["true_l0"] for r in records]).value
    with styled():
        figure, grid = panels(1, len(MEASURES), width=PAGE, height=2.2)
        for ax, (key, label) in zip(grid[0], MEASURES.items(), strict=True):
            series: dict[str, Series] = {}
            for gate, baseline in kinds:
                own = select(records, gate=gate, baseline=baseline)
                name = gate_name(gate) + ("" if baseline == "trained" else ", frozen decoder")
                series[name] = [
                    (k, mean_of(list(per_seed(select(own, k=k), lambda r, n=key: r[n]).values())))
                    for k in budgets
                ]
            draw_series(ax, series, spread=0.04, within=(0.0, 1.0))
            in_octaves(ax, budgets)
            ax.axvline(true_l0, color=MUTED, lw=0.8, ls=":")
            ax.set_xlabel("K")
            ax.set_title(label)
        legend_below(figure, grid[0])
    one = records[0]["settings"]
    caption = (
        "Recovery of true features (MCC, F1 of latents as detectors), explained variance, and how much atoms "
        "mix "
        f"two directions, against the budget K. Dotted: the true mean L0, {true_l0:.1f}. World "
        "superposition: "
        f"{FEATURES} correlated features, n = {DIM}, N = {one['points']:,} points (half to train on), "
        f"d = {one['width']}; {seeds_of(records)}. {INTERVALS}."
    )
    alt = "Four panels against K: MCC, F1, explained variance and mixing, one line per gate."
    return [Sheet(FAMILY, figure, "Known failures against the budget", caption, alt)]
