"""Known failures: mixing at too low an L0, matching pursuit where features crowd, absorption under trees."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from geosae.experiments import Results, gate_name
from geosae.experiments.baselines import Baseline
from geosae.experiments.interval import Interval
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, in_octaves, seeds_of
from geosae.figures.run.captions import decimals
from geosae.figures.save import Sheet
from geosae.figures.style import MUTED, PAGE, colour, marker, panels, styled
from geosae.studies.failures import CROWD, DIM, FEATURES, STUDY
from geosae.studies.failures_records import (
    Absorbed,
    CrowdJob,
    CrowdRecords,
    Mixed,
    MixingJob,
    MixingRecords,
    Recovered,
    TreesJob,
    TreesRecords,
    trees_in,
    true_l0,
)
from geosae.studies.numbers import mean_over_seeds, of_kind
from geosae.studies.parent_child import TREE_DIM

FAMILY = "failures"
MIXING: Mapping[str, Callable[[Mixed], float]] = {
    "MCC": lambda mixed: mixed.recovery.mcc,
    "mean second cosine": lambda mixed: mixed.mean_second,
    "explained variance": lambda mixed: mixed.recovery.explained_variance,
}
CROWDED: Mapping[str, Callable[[Recovered], float]] = {
    "explained variance": lambda recovered: recovered.explained_variance,
    "F1": lambda recovered: recovered.f1_score,
    "MCC": lambda recovered: recovered.mcc,
}
ABSORBED: Mapping[str, tuple[Callable[[Absorbed], float], tuple[float, ...]]] = {
    "absorption: excess silence": (lambda absorbed: absorbed.silence.effect, (0.0,)),
    "absorption: cosine(child's atom, parent)": (lambda absorbed: absorbed.silence.cosine, (0.0, 0.5**0.5)),
}
"""A number and where its dotted lines are, by the title of its panel."""
_LIMITS = (-0.5, 1.05)
# One colour per gate in the whole figure.
_ORDER = ("topk", "mp", "batchtopk", "matryoshka", "relu")


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    if not records:
        return []
    mixing, crowd = of_kind(records, MixingJob, Mixed), of_kind(records, CrowdJob, Recovered)
    trees = of_kind(records, TreesJob, Absorbed)
    with styled():
        figure, grid = panels(3, 3, width=PAGE, height=6.0)
        if mixing:
            _mixing(mixing, grid[0])
        if crowd:
            _crowd(crowd, grid[1])
        if trees:
            _trees(trees, grid[2])
    alt = (
        "Top: recovery, mixing and explained variance against K, trained and with a frozen decoder. Middle: "
        "explained variance, F1 and MCC by gate in few and in more dimensions. Bottom: silence of the "
        "parent's neuron and direction of the child's atom, with and without hierarchy, gate by gate."
    )
    half = "Half of the points to train on, half to measure on"
    caption = (
        f"{' '.join([*_about_mixing(mixing), *_about_crowd(crowd), *_about_trees(trees)])} World "
        f"superposition. {half}; {seeds_of(records)}. {INTERVALS}."
    )
    return [Sheet(FAMILY, figure, "Known failures, reproduced", caption, alt)]


def _about_mixing(records: MixingRecords) -> list[str]:
    if not records:
        return []
    job, l0 = records[0].settings, true_l0([r.result.recovery for r in records])
    return [
        f"Top, mixing: {FEATURES} correlated features, n = {DIM}, N = {job.points:,} points, d = "
        f"{job.width}, Top-K; dotted: the true mean L0, {decimals(l0, 1)}."
    ]


def _about_crowd(records: CrowdRecords) -> list[str]:
    if not records:
        return []
    job, l0 = records[0].settings, true_l0([r.result for r in records])
    dims = sorted({r.settings.dim for r in records})
    return [
        f"Middle, crowding: {CROWD} features under the law of SynthSAEBench (arXiv 2602.14687), n = "
        f"{' and '.join(f'{n:g}' for n in dims)}, N = {10 * job.points:,}, d = "
        f"{job.width}, K = {job.k} (true mean L0 {decimals(l0, 1)})."
    ]


def _about_trees(records: TreesRecords) -> list[str]:
    if not records:
        return []
    job = records[0].settings
    low, *high = sorted({r.settings.variation for r in records})
    return [
        f"Bottom, absorption: parents with a child each, orthonormal, n = {TREE_DIM}, N = "
        f"{4 * job.points:,}, d = {job.width} = number of features. Excess silence: share of the "
        "points with parent and child where the parent's neuron is silent, less the same share where the "
        "child does not fire; 1 is absorption. Dotted: 0 and 0.71, the cosine of c + p with p. "
        f"Coefficient of variation of magnitudes {low:g}"
        + (f", or {high[-1]:g} where said." if high else ".")
    ]


def _mixing(records: MixingRecords, row: Sequence[Axes]) -> None:
    budgets = sorted({r.settings.k for r in records})
    baselines: Mapping[Baseline, str] = {"trained": "Top-K", "frozen_decoder": "Top-K, frozen decoder"}
    for ax, (label, value) in zip(row, MIXING.items(), strict=True):
        series: dict[str, Series] = {}
        for baseline, name in baselines.items():
            of_baseline = [r for r in records if r.settings.baseline == baseline]
            series[name] = [
                (k, mean_over_seeds([r for r in of_baseline if r.settings.k == k], value)) for k in budgets
            ]
        draw_series(ax, series, spread=0.04, within=(0.0, 1.0))
        in_octaves(ax, budgets)
        ax.axvline(true_l0([r.result.recovery for r in records]), color=MUTED, lw=0.8, ls=":")
        ax.set_ylim(0, 1)
        ax.set_xlabel("K")
        ax.set_title(f"mixing: {label}")
    row[1].legend(loc="upper right", frameon=True, edgecolor="none", framealpha=1.0)


def _crowd(records: CrowdRecords, row: Sequence[Axes]) -> None:
    dims = sorted({r.settings.dim for r in records})
    gates = list(dict.fromkeys(r.settings.gate for r in records))
    for ax, (label, value) in zip(row, CROWDED.items(), strict=True):
        for i, gate in enumerate(gates):
            of_gate = [r for r in records if r.settings.gate == gate]
            first = _ORDER.index(gate) if gate in _ORDER else len(_ORDER) + i
            shift = 1 + 0.05 * (i - (len(gates) - 1) / 2)
            points = [
                (n * shift, mean_over_seeds([r for r in of_gate if r.settings.dim == n], value)) for n in dims
            ]
            draw_series(ax, {gate_name(gate): points}, first=first)
        in_octaves(ax, dims)
        ax.set_xlim(dims[0] / 1.25, dims[-1] * 1.25)
        ax.set_xlabel("dimension n")
        ax.set_title(f"crowding: {label}")
    low, high = row[0].get_ylim()
    row[0].set_ylim(low, high + 0.35 * (high - low))  # room for the legend
    row[0].legend(loc="upper right")


def _trees(records: TreesRecords, row: Sequence[Axes]) -> None:
    gates = {r.settings.gate: r.settings.k for r in records}
    low, *high = sorted({r.settings.variation for r in records})
    groups = {
        "hierarchy": trees_in(records, "trained", trees=True, variation=low),
        "same rates, no hierarchy": trees_in(records, "trained", trees=False, variation=low),
        "hierarchy, untrained": trees_in(records, "untrained", trees=True, variation=low),
        "no hierarchy, untrained": trees_in(records, "untrained", trees=False, variation=low),
    }
    if high:
        words = f"hierarchy, magnitudes vary ({high[-1]:g})"
        groups[words] = trees_in(records, "trained", trees=True, variation=high[-1])
    for ax, (title, (value, dotted)) in zip(row, ABSORBED.items(), strict=False):
        rows: dict[str, dict[str, Interval]] = {}
        for gate, k in gates.items():
            rows[gate_name(gate, k)] = {
                name: mean_over_seeds([r for r in group if r.settings.gate == gate], value)
                for name, group in groups.items()
            }
        _dots(ax, rows, _LIMITS)
        ax.set_title(title)
        for x in dotted:
            ax.axvline(x, color=MUTED, lw=0.8, ls=":")
    row[1].set_yticklabels([])
    handles, labels = row[0].get_legend_handles_labels()
    row[2].set_axis_off()
    row[2].legend(handles, labels, loc="center left")


def _dots(ax: Axes, rows: Mapping[str, Mapping[str, Interval]], limits: tuple[float, float]) -> None:
    """Draw a row per gate, and in it a dot with its interval per group, cut at the limits."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    for j, name in enumerate(names):
        intervals = [row[name] for row in rows.values()]
        heights = np.arange(len(rows)) + 0.7 * ((j + 0.5) / len(names) - 0.5)
        for interval, y in zip(intervals, heights, strict=True):
            if interval.is_bounded:
                ends = np.clip([interval.low, interval.high], *limits)
                ax.plot(ends, [y, y], color=colour(j), lw=1.0)
        means = [interval.mean for interval in intervals]
        ax.plot(means, heights, marker(j), color=colour(j), ms=3.6, ls="", label=name, mec="white", mew=0.3)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlim(*limits)
