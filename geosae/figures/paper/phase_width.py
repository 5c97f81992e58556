"""The axis d/p of the phase diagram: features by the number of neurons, with the ceiling of S5."""

from geosae.experiments import Results
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, in_octaves, legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import COLUMN, INK, panels, styled
from geosae.studies.certified_counts import TOLERANCE, Arm
from geosae.studies.numbers import mean_over_seeds
from geosae.studies.phase import STUDY
from geosae.studies.phase_answers import neurons_of
from geosae.studies.phase_records import Cells, Records, cells_of, main_dimension, main_pair, some

FAMILY = "phase-width"


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study has one number of neurons only."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    n, (p, k) = main_dimension(records), main_pair(records)
    along = some(cells_of(records), n=n, p=p, k=k, gate="batchtopk")
    return [_widths(records, along)] if len({c.settings.width for c in along}) > 1 else []


def _widths(records: Records, cells: Cells) -> Sheet:
    arms: dict[Arm, str] = {
        "trained": "trained", "untrained": "untrained", "frozen_decoder": "frozen decoder",
    }  # fmt: skip
    first = cells[0].settings
    widths = sorted({c.settings.width for c in cells})
    with styled():
        figure, grid = panels(1, 1, width=COLUMN, height=2.3)
        ax = grid[0][0]
        series: dict[str, Series] = {
            words: [(d / first.p, mean_over_seeds(some(cells, arm=arm, width=d), neurons_of)) for d in widths]
            for arm, words in arms.items()
        }
        draw_series(ax, series, spread=0.04, within=(0.0, 1.0))
        ratios = [d / first.p for d in widths]
        ax.plot(ratios, [min(1.0, r) for r in ratios], color=INK, lw=0.8, label="d/p, at most 1")
        in_octaves(ax, ratios)
        ax.set_ylim(-0.04, 1.06)
        ax.set_xlabel("neurons per feature d/p")
        ax.set_ylabel("share by one neuron")
        legend_below(figure, [ax], 2)
    job = records[0].settings
    caption = (
        f"Share of p = {first.p} features in n = {first.n} dimensions (k = K = {first.k} active, low "
        f"coherence) that one BatchTopK neuron is certified to separate within ε = {TOLERANCE:g}, against "
        f"the number d of neurons. The line is d/p: d neurons separate d features at most (S5, S12c). N = "
        f"{job.points:,} points to train on; {job.steps:,} steps; {seeds_of(records)}. {INTERVALS}."
    )
    alt = "; ".join(
        f"{words}: " + ", ".join(f"{m.mean:.2f} at d/p = {x:g}" for x, m in points)
        for words, points in series.items()
    )
    return Sheet(FAMILY, figure, "Features by the number of neurons", caption, f"{alt}.")
