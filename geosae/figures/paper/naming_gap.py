"""The amortisation gap against the number of features: what is recovered, read at once, and nameable."""

from collections.abc import Callable, Mapping

from geosae.experiments import Results
from geosae.experiments.interval import Interval
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, in_octaves, legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import COLUMN, panels, styled
from geosae.geometry import most_named
from geosae.studies.naming import STUDY
from geosae.studies.naming_records import (
    Possible,
    PossibleRecords,
    axis_of,
    named_share,
    one_shot_share,
    recovered_share,
)
from geosae.studies.numbers import mean_over_seeds

FAMILY = "naming-gap"
READINGS: Mapping[str, Callable[[Possible], float]] = {
    "codes that basis pursuit returns": recovered_share,
    "codes that one look reads": one_shot_share,
    "features that a neuron can name": named_share,
}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    axis = axis_of(STUDY.records(results.studies.get(STUDY.name, ())))
    if not axis:
        return []
    table = _table(axis)
    with styled():
        figure, grid = panels(1, 1, width=COLUMN, height=2.6)
        (ax,) = grid[0]
        series: dict[str, Series] = {
            words: [(p, row[words]) for p, row in table.items()] for words in READINGS
        }
        draw_series(ax, series, spread=0.04, within=(0.0, 1.0))
        in_octaves(ax, list(table))
        ax.set_ylim(-0.04, 1.04)
        ax.set_xlabel("features p")
        ax.set_ylabel("share")
        legend_below(figure, [ax], 1)
    first = axis[0]
    n, k = first.settings.n, first.settings.k
    most = most_named(n, k)
    caption = (
        f"Random unit columns in n = {n} dimensions, k = {k}, against their number p. Of N = "
        f"{first.result.codes} codes of k features: the share that basis pursuit returns (R2, by "
        "certificate), and that whose k active features have the k largest ⟨a_i, x⟩ (R3). Of the "
        f"features (at most {max(r.result.asked for r in axis)} a draw): the share that a half-space names "
        "on all codes of at most k (S10, by certificate). "
        + (f"No columns let all be named beyond p = {most:,} (S11). " if most else "")
        + f"{seeds_of(axis)}. {INTERVALS}."
    )
    alt = "; ".join(
        f"p = {p}: " + ", ".join(f"{words} {interval.mean:.2f}" for words, interval in row.items())
        for p, row in table.items()
    )
    return [Sheet(FAMILY, figure, "The amortisation gap", caption, f"Three lines. {alt}.")]


def _table(axis: PossibleRecords) -> dict[int, dict[str, Interval]]:
    sizes = sorted({r.settings.p for r in axis})
    return {
        p: {
            words: mean_over_seeds([r for r in axis if r.settings.p == p], share)
            for words, share in READINGS.items()
        }
        for p in sizes
    }
