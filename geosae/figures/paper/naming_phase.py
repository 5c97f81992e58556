"""Naming: the share of nameable features over n and k, with the dimensions where theory puts the changes."""

from collections.abc import Callable, Sequence

import matplotlib.patheffects as effects
import numpy as np
from matplotlib.axes import Axes

from geosae.experiments import Results, mean_interval
from geosae.figures.heatmap import colour_bar, draw_heatmap
from geosae.figures.paper.lines import legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import COLUMN, GREAT_IS_GOOD, INK, blank, colour, styled
from geosae.studies.naming import STUDY
from geosae.studies.naming_records import (
    PossibleRecords,
    Records,
    Transitions,
    half_dimensions,
    named_share,
    phase_of,
    recovered_share,
    transitions_of,
)

FAMILY = "naming-phase"


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    phase = phase_of(records)
    if not phase:
        return []
    dims = sorted({r.settings.n for r in phase})
    ks = sorted({r.settings.k for r in phase})
    first = phase[0]
    p = first.settings.p
    shares = np.array([[_mean(phase, n, k) for k in ks] for n in dims])
    with styled():
        figure = blank(COLUMN, 0.17 * len(dims) + 1.5)
        ax = figure.subplots()
        draw_heatmap(
            ax,
            shares,
            [str(n) for n in dims],
            [str(k) for k in ks],
            column_label="active features k",
            ends_printed=False,
        )
        ax.set_ylabel("dimension n")
        colour_bar(figure, [ax], (0, 1), GREAT_IS_GOOD, "share of features nameable")
        _draw_theory(ax, records, p, dims, ks)
        _draw_measured(ax, phase, dims, ks)
        legend_below(figure, [ax], 2)
    caption = (
        f"Share of p = {p} random unit columns in n dimensions that some half-space names on all codes of at "
        f"most k features (S10, by certificate): mean over {seeds_of(phase)}; N = {first.result.asked} "
        f"features and {first.result.codes} codes of exactly k features in a draw. Lines: the statistical "
        "dimension δ, where theory puts one half for Gaussian columns, for naming and for the return of "
        "codes z ≥ 0 by basis pursuit (R2); and S11's floor, below which no columns at all let every feature "
        "be named. Circles: where one half was observed, with 95 % Student-t intervals over seeds. A cell is "
        "centred on its n; one without a number is 0 where it is light and 1 where it is dark."
    )
    alt = "Heat map, n upwards and k to the right; " + "; ".join(
        f"k = {k}: " + ", ".join(f"{share:.2f} at n = {n}" for n, share in zip(dims, column, strict=True))
        for k, column in zip(ks, shares.T.tolist(), strict=True)
    )
    return [Sheet(FAMILY, figure, "Naming and recovery: where they become possible", caption, alt + ".")]


def _mean(phase: PossibleRecords, n: int, k: int) -> float:
    cell = [r for r in phase if (r.settings.n, r.settings.k) == (n, k)]
    return mean_interval([named_share(r.result) for r in cell]).mean


def height(n: float | int, dims: Sequence[int]) -> float:
    """Return where n stands on the axis of the map: its cell's middle, between cells in proportion.

    Examples
    --------
    >>> height(8, [4, 8, 12]), height(10, [4, 8, 12]), height(2, [4, 8, 12])
    (1.5, 2.0, 0.0)
    """
    middles = np.arange(len(dims)) + 0.5
    if dims[0] <= n <= dims[-1]:
        return float(np.interp(n, dims, middles))
    # Beyond the ends at the pace of the last step.
    i = 0 if n < dims[0] else len(dims) - 2
    pace = dims[i + 1] - dims[i] if len(dims) > 1 else 1
    end = 0 if n < dims[0] else len(dims) - 1
    return float(np.clip(middles[end] + (n - dims[end]) / pace, 0, len(dims)))


def _draw_theory(ax: Axes, records: Records, p: int, dims: Sequence[int], ks: Sequence[int]) -> None:
    theory = {k: t for (size, k), t in transitions_of(records).items() if size == p and k in ks}
    kinds: list[tuple[str, Callable[[Transitions], float], str, str]] = [
        ("δ, naming", lambda t: t.naming, colour(1), "-"),
        ("δ, basis pursuit", lambda t: t.recovery, colour(1), "--"),
        ("S11: floor for all", lambda t: t.floor, INK, ":"),
    ]
    for label, value, shade, dashes in kinds:
        for i, k in enumerate(ks):
            if k in theory:
                _bar(ax, i, height(value(theory[k]), dims), shade, dashes, label if k == min(theory) else "")


def _bar(ax: Axes, i: int, y: float, shade: str, dashes: str, label: str) -> None:
    halo = [effects.Stroke(linewidth=3.0, foreground="white"), effects.Normal()]
    ax.plot([i, i + 1], [y, y], color=shade, ls=dashes, lw=1.4, label=label or "_", path_effects=halo)


def _draw_measured(ax: Axes, phase: PossibleRecords, dims: Sequence[int], ks: Sequence[int]) -> None:
    kinds = (("half named, measured", named_share, colour(1)), ("half recovered", recovered_share, "white"))
    for label, share, fill in kinds:
        for i, k in enumerate(ks):
            half = mean_interval(list(half_dimensions(phase, k, share).values()))
            if not half.n:
                continue
            low, high = (half.low, half.high) if half.is_bounded else (half.mean, half.mean)
            ends = [height(v, dims) for v in (low, half.mean, high)]
            ax.plot([i + 0.12] * 2, [ends[0], ends[2]], color=colour(1), lw=0.9)
            ax.plot(
                [i + 0.12], [ends[1]], "o", color=colour(1), mfc=fill, ms=3.2, mew=0.8,
                label=label if i == 0 else "_",
            )  # fmt: skip
