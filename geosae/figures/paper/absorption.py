"""Absorption: edge against inside, trained against untrained, over λ and K; and where L1 makes it optimal."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from geosae.experiments import GATES, Results, gate_name
from geosae.experiments.baselines import Baseline
from geosae.experiments.gates import Gate
from geosae.experiments.interval import Interval, mean_interval
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import MUTED, PAGE, colour, log_scale, marker, panels, styled
from geosae.studies.absorption import STUDY
from geosae.studies.absorption_answers import (
    pair_gates,
    position_gates,
    sparsities,
    spread_of,
    variations,
)
from geosae.studies.absorption_optimum import half_silent, pair_optimum
from geosae.studies.absorption_records import (
    PairJob,
    PairResult,
    PositionJob,
    PositionResult,
    Records,
    contrasts,
    has_no_penalty,
    hierarchy_gaps,
    pairs_of,
    position_of,
)
from geosae.studies.numbers import mean_over_seeds, of_kind
from geosae.studies.parent_child import CHILD_SHARE, TREE_DIM, TREE_POINTS, TREES

FAMILY = "absorption"
ARMS: Mapping[Baseline, tuple[str, int]] = {
    "trained": ("trained", 0),
    "untrained": ("untrained", 1),
    "frozen_decoder": ("frozen decoder", 3),
}
"""The words for an arm and the index of its colour."""
VARIATION_COLOURS = (2, 4, 6)
MEASURES: Mapping[str, Callable[[PairResult], float]] = {
    "silence of the parent's neuron": lambda result: result.silence.silent,
    "cosine(child's atom, parent)": lambda result: result.silence.cosine,
}
_CERTIFIED = 2.0


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    if not records:
        return []
    with styled():
        figure, grid = panels(2, 3, width=PAGE, height=4.6)
        _swept(grid[0][0], records, "relu")
        _swept(grid[0][1], records, "topk")
        _others(grid[0][2], records)
        for ax, (title, measure) in zip(grid[1][:2], MEASURES.items(), strict=True):
            _optimum(ax, records, measure, silence=measure is MEASURES["silence of the parent's neuron"])
            ax.set_title(title)
        _hierarchy(grid[1][2], records)
        legend_below(figure, [ax for row in grid for ax in row], 4)
    alt = "; ".join(_spoken(records, gate) for gate in ("relu", "topk") if gate in position_gates(records))
    return [
        Sheet(
            FAMILY, figure, "Absorption, beyond untrained SAEs", _caption(records), f"{alt or 'Absorption'}."
        )
    ]


def _caption(records: Records) -> str:
    position, pair = of_kind(records, PositionJob, PositionResult), of_kind(records, PairJob, PairResult)
    parts: list[str] = []
    if position:
        job = position[0].settings
        parts.append(
            "Above: share of a child's points on which the parent's neuron is silent, less the same share "
            "on its siblings; for a child at the edge minus for one inside the hull of its siblings, in the "
            "same SAE. No half-space can absorb the one inside (P2, by certificate). A magnitude scales a "
            f"whole point, its variation {variations(records, PositionJob)[0]:g} where not said. World "
            f"absorption: n = {job.dim}, d = {job.width}, N = {job.points:,}, {job.steps:,} steps. An "
            "untrained SAE has met no λ: a dashed line with the band of its interval."
        )
    if pair:
        job = pair[0].settings
        parts.append(
            f"Below: {TREES} parents with a child each, orthonormal in n = {TREE_DIM}, d = {job.width}, N = "
            f"{TREE_POINTS * job.points:,}, {job.steps:,} steps; magnitudes of parent and child vary each by "
            "itself, v their coefficient of variation. Left and middle, ReLU: dots trained SAEs, lines "
            "without dots the best two atoms for a pair under L1 (λ in data units: times the spread); at v = "
            "0 they attain P9's bound, so that total absorption is the global optimum at every λ left of the "
            "grey line. Dotted: from there on the best parent's atom is silent on half of the child. "
            "Untrained: at v = 0. Right: Top-K, v = 0, excess silence with hierarchy minus that at "
            "the same rates without."
        )
    return (
        f"{' '.join(parts)} Half of the points to train on, half to measure on; {seeds_of(records)}. "
        f"{INTERVALS}."
    )


def _swept(ax: Axes, records: Records, gate: Gate) -> None:
    """Draw edge minus inside of each arm against the gate's sparsity."""
    ax.set_title(f"{gate_name(gate)}: edge − inside")
    steps = variations(records, PositionJob)
    values = sparsities(records, PositionJob, gate)
    if not steps or not values:
        ax.set_axis_off()
        return
    ax.axhline(0, color=MUTED, lw=0.6)
    for arm, (words, index) in ARMS.items():
        series = [(s, _mean(contrasts(records, gate, s, steps[0], arm))) for s in values]
        if has_no_penalty(gate, arm):
            _flat(ax, series[0][1], index, words)
        else:
            draw_series(ax, {words: series}, first=index, within=(-2.0, 2.0))
    _axis(ax, values, GATES[gate].symbol)
    ax.set_ylim(-0.6, 1.6)


def _flat(ax: Axes, interval: Interval, index: int, words: str) -> None:
    """Draw what does not depend on the abscissa: a line, and its interval as a band."""
    ax.axhline(interval.mean, color=colour(index), ls="--", lw=1.0, label=words, zorder=0)
    if interval.is_bounded:
        ax.axhspan(interval.low, interval.high, color=colour(index), alpha=0.15, lw=0)


def _axis(ax: Axes, values: Sequence[float | int], symbol: str) -> None:
    log_scale(ax, "x")
    ticks = [values[0]]
    for value in values[1:]:
        if value >= 1.9 * ticks[-1]:  # nearer labels would touch
            ticks.append(value)
    ax.set_xticks([float(v) for v in ticks], [f"{v:g}" for v in ticks])
    ax.minorticks_off()
    ax.set_xlabel(symbol)


def _mean(by_seed: Mapping[int, float]) -> Interval:
    return mean_interval(list(by_seed.values()))


def _others(ax: Axes, records: Records) -> None:
    """Draw the gates at one setting, and the two swept ones where magnitudes vary more."""
    steps = variations(records, PositionJob)
    rows: list[tuple[str, Gate, float | int, float]] = []
    for gate in position_gates(records):
        for variation in steps:
            jobs = position_of(records, "trained", gate=gate, variation=variation)
            values = sorted({r.settings.sparsity for r in jobs})
            if len(values) == 1:
                more = f"\nvariation {variation:g}" if variation > steps[0] else ""
                rows.append((f"{gate_name(gate, values[0])}{more}", gate, values[0], variation))
    ax.set_title("one setting: edge − inside")
    if not rows:
        ax.set_axis_off()
        return
    ax.axvline(0, color=MUTED, lw=0.6)
    for j, (arm, (words, index)) in enumerate(ARMS.items()):
        heights = np.arange(len(rows)) + 0.25 * (j - 1)
        means = [_mean(contrasts(records, gate, s, v, arm)) for _, gate, s, v in rows]
        for interval, y in zip(means, heights, strict=True):
            if interval.is_bounded:
                ax.plot([interval.low, interval.high], [y, y], color=colour(index), lw=0.8)
        ax.plot(
            [m.mean for m in means], heights, marker(index), color=colour(index), ms=3.4, ls="",
            label=words, mec="white", mew=0.3,
        )  # fmt: skip
    ax.set_yticks(range(len(rows)), [words for words, *_ in rows])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlim(-0.6, 1.6)


def _optimum(ax: Axes, records: Records, measure: Callable[[PairResult], float], *, silence: bool) -> None:
    """Draw a number of trained ReLU SAEs against λ, beside that of the best two atoms."""
    values = sparsities(records, PairJob, "relu")
    if not values:
        ax.set_axis_off()
        return
    grid = np.geomspace(min(values), max(values), 9).tolist()
    for index, variation in zip(VARIATION_COLOURS, variations(records, PairJob), strict=False):
        rows = pairs_of(records, "trained", "relu", trees=True, variation=variation)
        series: Series = [
            (s, mean_over_seeds([r for r in rows if r.settings.sparsity == s], measure)) for s in values
        ]
        draw_series(ax, {f"v = {variation:g}": series}, first=index, within=(-1.0, 1.0))
        spread = spread_of(records, variation)
        best = [pair_optimum(l1 * spread, variation, CHILD_SHARE) for l1 in grid]
        heights = [optimum.silent if silence else optimum.cosine for optimum in best]
        ax.plot(grid, heights, color=colour(index), lw=0.8, ls="-", alpha=0.6)
        half = half_silent(variation, CHILD_SHARE) / spread
        if 0 < half < _CERTIFIED / spread:
            ax.axvline(half, color=colour(index), lw=0.8, ls=":")
    ax.axvline(_CERTIFIED / spread_of(records, variations(records, PairJob)[0]), color=MUTED, lw=0.8)
    words, index = ARMS["untrained"]
    floor = pairs_of(records, "untrained", "relu", trees=True, variation=variations(records, PairJob)[0])
    _flat(ax, mean_over_seeds(floor, measure), index, words)
    _axis(ax, values, "λ")
    ax.set_ylim(*((-0.1, 1.1) if silence else (-0.4, 0.8)))


def _hierarchy(ax: Axes, records: Records) -> None:
    ax.set_title("Top-K: hierarchy − none")
    if "topk" not in pair_gates(records):
        ax.set_axis_off()
        return
    least = variations(records, PairJob)[0]
    values = sparsities(records, PairJob, "topk")
    ax.axhline(0, color=MUTED, lw=0.6)
    for arm in ("trained", "untrained"):
        words, index = ARMS[arm]
        series = [(k, _mean(hierarchy_gaps(records, "topk", k, least, arm))) for k in values]
        draw_series(ax, {words: series}, first=index)
    ax.set_xticks(values)
    ax.set_xlabel("K")


def _spoken(records: Records, gate: Gate) -> str:
    """Return the numbers of a panel in words."""
    steps = variations(records, PositionJob)
    arms: list[str] = []
    for arm, (words, _) in ARMS.items():
        means = [
            f"{_mean(contrasts(records, gate, s, steps[0], arm)).mean:.2f} at {GATES[gate].symbol} = {s:g}"
            for s in sparsities(records, PositionJob, gate)
        ]
        arms.append(f"{words} {', '.join(means[:1] if has_no_penalty(gate, arm) else means)}")
    return f"{gate_name(gate)}, edge minus inside: {'; '.join(arms)}"
