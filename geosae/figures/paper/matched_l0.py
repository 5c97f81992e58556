"""Error of separation against the measured L0: gates compared at equal sparsity."""

import math
from collections.abc import Mapping

import numpy as np

from geosae.experiments import Gate, Learner, Results, gate_name, mean_interval
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, legend_below, sizes_of
from geosae.figures.save import Sheet
from geosae.figures.style import PAGE, log_scale, panels, styled
from geosae.studies.gaps import shared_width

FAMILY = "matched-l0"
LEARNER_NAMES: Mapping[Learner, str] = {"neurons": "one neuron", "units": "a unit"}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet of a run with studies, or none."""
    worlds = results.worlds
    if not results.studies:
        return []
    # Any gate serves: where all share a width, it is the same for each.
    pairs = {w: [(row.gate, row.width) for row in results.rows_of(w, "trained")] for w in worlds}
    widths = {w: shared_width(pairs[w], pairs[w][0][0]) for w in worlds}
    with styled():
        figure, grid = panels(len(LEARNER_NAMES), len(worlds), width=PAGE, height=3.6)
        for row, (learner, words) in zip(grid, LEARNER_NAMES.items(), strict=True):
            for ax, world in zip(row, worlds, strict=True):
                draw_series(ax, _series(results, world, learner, widths[world]), within=(0.0, math.inf))
                log_scale(ax, "x")
                ax.set_ylim(bottom=0)
                if learner == "neurons":
                    ax.set_title(world, fontsize=7)
                else:
                    ax.set_xlabel("mean L0")
                if world == worlds[0]:
                    ax.set_ylabel(f"error, {words}")
        legend_below(figure, [ax for row in grid for ax in row], 6)
    sizes = ", ".join(f"{w}: d = {d}" for w, d in widths.items())
    caption = (
        "Mean over concepts of the separation error s = max(misses, alarms), per point of the concept, on "
        "held-out points (silence has 1), against the measured "
        f"mean L0, at the greatest width that all gates have ({sizes}); each point a sparsity of the gate. "
        f"{sizes_of(results, worlds)} {INTERVALS}. Gates are to be compared at equal L0."
    )
    alt = "Error of separation against L0 per gate and world, for the chosen neuron and the chosen unit."
    return [Sheet(FAMILY, figure, "Gates at matched L0", caption, alt)]


def _series(results: Results, world: str, learner: Learner, width: int) -> dict[str, Series]:
    """Return (mean L0, mean error) of each sparsity, gate by gate."""
    pairs: dict[Gate, dict[float, list[tuple[float, float]]]] = {}
    for result in results.cells_of(world):
        cell, l0 = result.cell, result.measures.metrics.l0
        learned = result.measures.separation.learned(learner)
        if cell.width == width and learned is not None and math.isfinite(learned.best_error) and l0 > 0:
            by_sparsity = pairs.setdefault(cell.gate, {})
            by_sparsity.setdefault(float(cell.sparsity), []).append((l0, learned.best_error))
    return {gate_name(gate): _points(by_sparsity) for gate, by_sparsity in pairs.items()}


def _points(by_sparsity: Mapping[float, list[tuple[float, float]]]) -> Series:
    points = [
        (float(np.mean([l0 for l0, _ in pairs])), mean_interval([error for _, error in pairs]))
        for pairs in by_sparsity.values()
    ]
    return sorted(points, key=lambda point: point[0])
