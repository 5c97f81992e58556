"""What SAEs name of what can be named: by best threshold, by their own, and within a tolerance."""

from collections.abc import Callable, Mapping

from matplotlib.axes import Axes

from geosae.experiments import GATES, Results, gate_name
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import PAGE, panels, styled
from geosae.studies.naming import STUDY
from geosae.studies.naming_records import (
    Learned,
    LearnedRecords,
    Records,
    best_share,
    learned_of,
    own_share,
    within_share,
)
from geosae.studies.numbers import mean_over_seeds

FAMILY = "naming-learned"
PANELS: Mapping[str, Callable[[Learned], float]] = {
    "named, best threshold": best_share,
    "named, own threshold": own_share,
    "separated within 0.1": within_share,
}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    trained = learned_of(records, "trained")
    if not trained:
        return []
    ks = sorted({r.settings.k for r in trained})
    with styled():
        figure, grid = panels(len(ks), len(PANELS), width=PAGE, height=1.7 * len(ks) + 0.7)
        for row, k in zip(grid, ks, strict=True):
            for ax, (label, share) in zip(row, PANELS.items(), strict=True):
                _draw(ax, records, k, share)
                ax.set_title(f"k = {k}: {label}")
            row[0].set_ylabel("share of features")
        for ax in grid[-1]:
            ax.set_xlabel("dimension n")
        legend_below(figure, [ax for row in grid for ax in row], 4)
    job = trained[0].settings
    penalties = "; ".join(
        gate_name(gate, next(r.settings.sparsity for r in trained if r.settings.gate == gate))
        for gate in _gates(records)
        if not GATES[gate].whole
    )
    caption = (
        f"Share of p = {job.p} features along random unit directions in n dimensions. Left: features that "
        "the rows of SAEs name on all codes of at most k, each row with its best threshold; nameable: by "
        "certificate (S10), at most so many by any rows. Middle: with the neurons' own thresholds (Top-K has "
        "none). Right: features that one neuron, chosen on the training half, separates within 0.1 on the "
        f"other half. N = {job.points:,} points of 1 … k active features, amplitudes 1, no noise, half to "
        f"train on; d = {job.width}, {job.steps:,} steps; K = k{'; ' + penalties if penalties else ''}; "
        f"{seeds_of(trained)}. Frozen decoders and untrained SAEs: mean over both and all gates. {INTERVALS}."
    )
    alt = "; ".join(_spoken(records, k) for k in ks)
    return [Sheet(FAMILY, figure, "What SAEs name of what can be named", caption, f"{alt}.")]


def _draw(ax: Axes, records: Records, k: int, share: Callable[[Learned], float]) -> None:
    certified = _over_n(_at(learned_of(records, "certified"), k), best_share)
    series: dict[str, Series] = {"nameable": certified if share is not within_share else []}
    series["logistic half-spaces"] = _over_n(_at(learned_of(records, "supervised"), k), share)
    for gate in _gates(records):
        series[gate_name(gate)] = _over_n(_at(learned_of(records, "trained", gate), k), share)
    baselines = [*learned_of(records, "frozen_decoder"), *learned_of(records, "untrained")]
    series["frozen or untrained"] = _over_n(_at(baselines, k), share)
    draw_series(ax, series, spread=0.008, within=(0.0, 1.0))
    ax.set_ylim(-0.04, 1.04)
    ax.set_xticks(sorted({r.settings.n for r in learned_of(records, "trained")}))


def _gates(records: Records) -> list[str]:
    """Return the gates that were trained at every setting: those with baselines."""
    return list(dict.fromkeys(r.settings.gate for r in learned_of(records, "frozen_decoder")))


def _at(records: LearnedRecords, k: int) -> LearnedRecords:
    return [r for r in records if r.settings.k == k]


def _over_n(records: LearnedRecords, share: Callable[[Learned], float]) -> Series:
    dims = sorted({r.settings.n for r in records})
    return [(n, mean_over_seeds([r for r in records if r.settings.n == n], share)) for n in dims]


def _spoken(records: Records, k: int) -> str:
    lines = {
        "nameable": _at(learned_of(records, "certified"), k),
        **{gate_name(gate): _at(learned_of(records, "trained", gate), k) for gate in _gates(records)},
    }
    return f"k = {k}, best threshold: " + ", ".join(
        f"{words} {_range(_over_n(rows, best_share))}" for words, rows in lines.items()
    )


def _range(series: Series) -> str:
    return " to ".join(f"{interval.mean:.2f} at n = {n}" for n, interval in (series[0], series[-1]))
