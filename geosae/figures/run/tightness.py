"""How near trained SAEs come to each bound, across width and sparsity: the distance is the result."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from geosae.experiments import CellResult, Results, gate_name, mean_interval
from geosae.figures.run.captions import interval_phrase, sample_sentence, sheet_name
from geosae.figures.save import Sheet
from geosae.figures.style import INK, PAGE, colour, line, log_scale, marker, panels, styled
from geosae.verification import Evidence

FAMILY = "tightness"
CLAIMS = ("D4", "S6", "S7", "A1", "A2", "F5")
# These bound from below: observed over bound is at least 1. The others bound from above: at most 1.
LOWER = ("D4", "A1", "A2", "F5")
# From here on a linear axis would hide what is near the bound.
FAR = 20
Curve = Mapping[int, Sequence[float]]
"""Width → the tightness of each seed."""


def sheets(results: Results) -> list[Sheet]:
    """Return a sheet per world with a panel per statement; none for a world where all bounds are zero."""
    drawn: list[Sheet] = []
    for world in results.worlds:
        cells = results.cells_of(world)
        table = {claim: curves for claim in CLAIMS if (curves := _curves(cells, claim))}
        if table:
            drawn.append(_sheet(results, world, table))
    return drawn


def nearest(evidence: Sequence[Evidence]) -> float | None:
    """Return observed over bound of the instance that comes nearest to its bound; None where there is none.

    Instances that could not violate their bound, and those whose bound is zero, are left out.

    Examples
    --------
    >>> from geosae.verification import Observed, compare
    >>> nearest([compare(Observed(value, "an instance"), 4, "upper") for value in (1, 2)])
    0.5
    """
    ratios = [each.tightness for each in evidence if each.tightness is not None and not each.vacuous]
    # Nearest as a ratio: a lower bound is approached from above, an upper bound from below.
    return min(ratios, key=lambda t: abs(math.log(t)) if t > 0 else math.inf, default=None)


def _curves(cells: Sequence[CellResult], claim: str) -> dict[str, dict[int, list[float]]]:
    """Return the curve of each gate and sparsity, by its printed name."""
    curves: dict[str, dict[int, list[float]]] = {}
    for result in cells:
        ratio = nearest(result.evidence.get(claim, ()))
        if ratio is not None:
            label = gate_name(result.cell.gate, result.cell.sparsity)
            curves.setdefault(label, {}).setdefault(result.cell.width, []).append(ratio)
    return curves


def _sheet(results: Results, world: str, table: Mapping[str, Mapping[str, Curve]]) -> Sheet:
    labels = list(dict.fromkeys(label for curves in table.values() for label in curves))
    across = min(3, len(table))
    down = -(-len(table) // across)
    with styled():
        figure, grid = panels(down, across, width=PAGE, height=1.9 * down + 0.2 + 0.14 * -(-len(labels) // 4))
        axes = [ax for row in grid for ax in row]
        for ax, (claim, curves) in zip(axes, table.items(), strict=False):
            for i, label in enumerate(labels):
                _draw(ax, claim, curves.get(label, {}), i, len(labels), label)
            if any(max(seeds) > FAR for curve in curves.values() for seeds in curve.values()):
                log_scale(ax, "y")
            widths = sorted({width for curve in curves.values() for width in curve})
            log_scale(ax, "x", 2.0)
            ax.set_xticks(widths, [str(w) for w in widths])
            ax.set_xticks([], minor=True)
            ax.axhline(1, color=INK, lw=0.8)
            ax.set_title(claim)
            ax.set_xlabel("width d")
        for ax in axes[len(table) :]:
            ax.set_axis_off()
        for row in grid:
            row[0].set_ylabel("observed / bound")
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=min(4, len(names)))
    caption = (
        "For each statement the instance of a trained SAE that comes nearest to its bound: observed over "
        "bound, 1 (the line) where the bound is attained. Marks: means over seeds, set side by side within a "
        f"width; bars: {interval_phrase(results)}, cut at 0 and at the line, which no SAE can cross. "
        "Left out: instances that could not violate their bound (vacuous), and those whose bound is zero. "
        f"{sample_sentence(results, world)}"
    )
    alt = (
        f"{len(table)} panels ({', '.join(table)}): observed over bound against width, by gate and sparsity."
    )
    return Sheet(
        sheet_name(FAMILY, results, world), figure, f"Tightness of the bounds in {world}", caption, alt, world
    )


def _draw(ax: Axes, claim: str, curve: Curve, index: int, count: int, label: str) -> None:
    widths = sorted(curve)
    intervals = [mean_interval(curve[width]) for width in widths]
    # Side by side around the width, so that bars do not hide one another.
    positions = [w * 2 ** (0.35 * ((index + 0.5) / count - 0.5)) for w in widths]
    least, most = (1.0, math.inf) if claim in LOWER else (0.0, 1.0)
    # A violation lies beyond the line, and then so does its bar.
    bars = [
        [i.mean - min(max(i.low, least), i.mean) if i.is_bounded else 0.0 for i in intervals],
        [max(min(i.high, most), i.mean) - i.mean if i.is_bounded else 0.0 for i in intervals],
    ]
    ax.errorbar(
        positions, [i.mean for i in intervals], yerr=bars if widths else None, color=colour(index),
        marker=marker(index), ls=line(index), lw=0.8, ms=3, elinewidth=0.7, label=label,
    )  # fmt: skip
