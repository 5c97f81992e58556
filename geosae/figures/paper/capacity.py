"""Capacity: how many of p concepts SAEs are certified to have learned, with the ceilings of the theory."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from geosae.experiments import Results
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import COLUMN, INK, MUTED, log_scale, panels, styled
from geosae.studies.capacity import RADIUS, STUDY
from geosae.studies.capacity_answers import neurons_of, units_of
from geosae.studies.capacity_records import (
    Cells,
    CountJob,
    Records,
    cells_of,
    main_dimension,
    some,
)
from geosae.studies.certified_counts import TOLERANCE, Arm
from geosae.studies.numbers import mean_over_seeds

FAMILY = "capacity"
ARMS: Mapping[Arm, str] = {
    "trained": "trained",
    "untrained": "untrained",
    "frozen_decoder": "frozen decoder",
    "planted": "planted with labels (at least)",
}
ALONE = "trained, by one neuron"


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    counted = some(cells_of(records), part="count")
    return [_concepts(records, some(counted, n=main_dimension(counted)))] if counted else []


def _concepts(records: Records, cells: Cells) -> Sheet:
    ks = sorted({c.settings.k for c in cells})
    rows = -(-len(ks) // 2)
    with styled():
        figure, grid = panels(rows, min(2, len(ks)), width=COLUMN, height=1.45 * rows + 0.75)
        axes = [ax for row in grid for ax in row]
        for ax, k in zip(axes, ks, strict=False):
            draw_arms(ax, some(cells, k=k), "p")
            ax.set_title(f"K = {k}")
        for ax in axes[len(ks) :]:
            ax.set_visible(False)
        for row in grid:
            row[0].set_ylabel("concepts learned")
        for ax in grid[-1]:
            ax.set_xlabel("concepts p")
        legend_below(figure, axes, 2)
    job = next(r.settings for r in records if isinstance(r.settings, CountJob))
    first = cells[0].settings
    caption = (
        f"Of p disjoint balls (radius {RADIUS:g}, no background) in n = {first.n} dimensions, those that "
        f"d = {first.width} Top-K neurons are certified to separate within ε = {TOLERANCE:g}, by units of "
        "any size (E4, Holm over an SAE's pairs, 95 %). Planted: the neurons fitted with labels, a set of K "
        "for each concept: the best of several tries, a lower bound. With K = 1 units are single "
        "neurons. Lines: d, which single neurons cannot pass (S5, S12c); C(d, min(K, ⌊d/2⌋)), which units "
        "cannot (S6, LYM; S12d); and the activation patterns that occur in trained SAEs, fewer than which "
        f"are separated at most (S12e). N = {job.points:,} points to train on, {job.per_concept * 2} a ball "
        f"held out, half to choose on and half to judge; {job.steps:,} steps; {seeds_of(records)}. "
        f"With permuted labels at most {max(c.result.shuffled for c in cells)} are certified. {INTERVALS}."
    )
    alt = "; ".join(spoken(some(cells, k=k), f"K = {k}", "p") for k in ks)
    return Sheet(FAMILY, figure, "Concepts that eight neurons carry", caption, f"Four panels. {alt}.")


def draw_arms(ax: Axes, cells: Cells, axis: str) -> None:
    """Draw the arms against p or n ("p", "n"), for one budget, and the ceilings."""
    first = cells[0].settings
    within = (0.0, float(first.sets))
    for i, (arm, words) in enumerate(ARMS.items()):
        draw_series(ax, {words: series_of(some(cells, arm=arm), axis)}, first=i, within=within)
    values = sorted({getattr(c.settings, axis) for c in cells})
    if first.k > 1:
        alone = series_of(some(cells, arm="trained"), axis, alone=True)
        draw_series(ax, {ALONE: alone}, first=4, within=within)
    ends = [values[0], values[-1]]
    ax.plot(ends, [first.width] * 2, color=INK, lw=0.8, label="d")
    if first.sets > first.width:
        ax.plot(ends, [first.sets] * 2, color=INK, lw=0.8, ls="--", label="C(d, min(K, ⌊d/2⌋))")
    seen = [
        mean_over_seeds(
            [c for c in some(cells, arm="trained") if getattr(c.settings, axis) == value],
            lambda r: r.patterns,
        ).mean
        for value in values
    ]
    ax.plot(values, seen, color=MUTED, lw=1.0, ls=":", label="patterns seen, trained")
    log_scale(ax, "x")
    ax.set_xticks(values, [str(v) if v in _labelled(values) else "" for v in values])
    ax.minorticks_off()
    ax.set_ylim(bottom=-0.03 * ax.get_ylim()[1])


def _labelled(values: Sequence[int]) -> list[int]:
    """Return the values that have room for a label, the last included: each 1.6 times the one before."""
    chosen = list(values[-1:])
    for value in reversed(values):
        if 1.6 * value <= chosen[-1]:
            chosen.append(value)
    return chosen


def series_of(cells: Cells, axis: str, *, alone: bool = False) -> Series:
    """Return the concepts learned by units (or by single neurons) against a field of the cells' settings."""
    values = sorted({getattr(c.settings, axis) for c in cells})
    count = neurons_of if alone else units_of
    return [(v, mean_over_seeds([c for c in cells if getattr(c.settings, axis) == v], count)) for v in values]


def spoken(cells: Cells, words: str, axis: str) -> str:
    """Return the means of every arm in words."""
    parts = [
        f"{name} "
        + ", ".join(f"{m.mean:.1f} at {axis} = {v}" for v, m in series_of(some(cells, arm=arm), axis))
        for arm, name in ARMS.items()
        if some(cells, arm=arm)
    ]
    return f"{words}: {'; '.join(parts)}"
