"""Soft recall and precision of learned lattices, and exact recall, against the size of the true one."""

from collections.abc import Callable, Mapping, Sequence

from geosae.experiments import Results, gate_name
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, in_octaves, legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import PAGE, panels, styled
from geosae.studies.lattices import STUDY
from geosae.studies.lattices_records import (
    ARM_NAMES,
    Arm,
    Compared,
    Learning,
    Reached,
    Records,
    base_of,
    over_truths,
    read,
    soft_precision,
    soft_recall,
)
from geosae.studies.lattices_truths import RANDOM
from geosae.studies.numbers import mean_over_seeds

FAMILY = "lattices-sizes"
DRAWN: Sequence[Arm] = ("trained", "untrained", "frozen_decoder", "shuffled")
MEASURES: Mapping[str, Callable[[Reached], float]] = {
    "soft recall": soft_recall,
    "soft precision": soft_precision,
    "exact recall": lambda reached: reached.exact_recall,
}
PERMUTED: Mapping[str, Callable[[Compared], float]] = {
    "soft recall": lambda result: result.permuted_recall,
    "soft precision": lambda result: result.permuted_precision,
    "exact recall": lambda result: result.permuted_exact,
}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run on random contexts."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    gates = list(dict.fromkeys(r.settings.gate for r in records))
    bases = [base for gate in gates if (base := base_of(records, gate)) is not None]
    if not bases or not any(name in RANDOM for name in over_truths(records, bases[0])):
        return []
    with styled():
        figure, grid = panels(len(bases), len(MEASURES), width=PAGE, height=1.6 * len(bases) + 0.6)
        for row, base in zip(grid, bases, strict=True):
            truths = random_truths(records, base)
            for ax, name in zip(row, MEASURES, strict=True):
                draw_series(ax, arm_series(truths, name), spread=0.03, within=(0.0, 1.0))
                in_octaves(ax, [size for size, _ in truths])
                ax.set_ylim(-0.04, 1.04)
                ax.set_title(f"{gate_name(base.gate)}: {name}")
        for ax in grid[-1]:
            ax.set_xlabel("concepts of the true lattice")
        legend_below(figure, [ax for row in grid for ax in row], 5)
    caption = (
        "Random contexts, each object a ball, its attributes half-spaces (F4), by the number of their "
        "concepts. Soft recall: mean over true extents of the best Jaccard index with a concept of the "
        "certified, Δ-stable family; soft precision: mean over the family of the best with a true extent "
        "(of no family there is none); exact recall: true extents closed in the whole certified context. "
        f"{sizes(bases, records)} permuted columns: of the trained context, same θ. {seeds_of(records)}. "
        f"{INTERVALS}."
    )
    alt = "; ".join(_spoken(random_truths(records, base), base) for base in bases)
    return [Sheet(FAMILY, figure, "Learned lattices beside true ones, by size", caption, f"{alt}.")]


def random_truths(records: Records, base: Learning) -> list[tuple[float, Records]]:
    """Return (concepts asked for, records) of the random contexts at the base."""
    truths = over_truths(records, base)
    return sorted(
        (float(name.removeprefix("random-")), runs) for name, runs in truths.items() if name in RANDOM
    )


def arm_series(points: Sequence[tuple[float, Records]], name: str) -> dict[str, Series]:
    """Return a line for each arm and for permuted columns, of one measure."""
    series: dict[str, Series] = {
        ARM_NAMES[arm]: [(x, mean_over_seeds(runs, read(arm, MEASURES[name]))) for x, runs in points]
        for arm in DRAWN
    }
    return {
        **series,
        "permuted columns": [(x, mean_over_seeds(runs, PERMUTED[name])) for x, runs in points],
    }


def sizes(bases: Sequence[Learning], records: Records) -> str:
    """Return the setting of the bases in words."""
    first = bases[0]
    gates = ", ".join(gate_name(base.gate, base.sparsity) for base in bases)
    dims = sorted({r.settings.truth for r in records})
    return (
        f"{gates}; d = {first.width}, {first.steps:,} steps, ε = {first.tolerance:g}, balls of "
        f"{first.spread:g} of the largest safe radius, n the rank of the context, p its objects, "
        f"N = {first.points} points an object, a quarter to train on; {len(dims)} truths in all."
    )


def _spoken(points: Sequence[tuple[float, Records]], base: Learning) -> str:
    parts = [
        f"{name}, {ARM_NAMES[arm]}: "
        + ", ".join(
            f"{mean_over_seeds(runs, read(arm, value)).mean:.2f} at {size:g}" for size, runs in points
        )
        for name, value in MEASURES.items()
        for arm in ("trained", "untrained")
    ]
    return f"{gate_name(base.gate)}: {'; '.join(parts)}"
