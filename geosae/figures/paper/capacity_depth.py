"""Depth: levels of a chain that SAEs are certified to have learned, against the budget K."""

import numpy as np

from geosae.experiments import Results
from geosae.figures.paper.capacity import ALONE, ARMS, series_of, spoken
from geosae.figures.paper.lines import INTERVALS, draw_series, legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import COLUMN, INK, log_scale, panels, styled
from geosae.studies.capacity import RATE, STUDY
from geosae.studies.capacity_records import Cells, ChainJob, Records, cells_of, some
from geosae.studies.certified_counts import TOLERANCE

FAMILY = "capacity-depth"


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    chains = some(cells_of(records), part="chain")
    return [_levels(records, chains)] if chains else []


def _levels(records: Records, chains: Cells) -> Sheet:
    job = next(r.settings for r in records if isinstance(r.settings, ChainJob))
    ks = sorted({c.settings.k for c in chains})
    with styled():
        figure, grid = panels(1, 1, width=COLUMN, height=2.6)
        ax = grid[0][0]
        for i, (arm, words) in enumerate(ARMS.items()):
            draw_series(ax, {words: series_of(some(chains, arm=arm), "k")}, first=i, within=(0.0, np.inf))
        alone = series_of(some(chains, arm="trained"), "k", alone=True)
        draw_series(ax, {ALONE: alone}, first=4, within=(0.0, np.inf))
        ax.plot(ks, ks, color=INK, lw=0.8, label="K")
        log_scale(ax, "x")
        ax.set_xticks(ks, [str(k) for k in ks])
        ax.minorticks_off()
        ax.set_yticks(range(0, job.depth + 1, max(1, job.depth // 4)))
        ax.set_xlabel("budget K")
        ax.set_ylabel("levels learned")
        legend_below(figure, [ax], 2)
    caption = (
        f"Levels of a chain of {job.depth} orthonormal features, each present with probability {RATE:g} "
        f"where the one before is (n = {job.depth + 2}), that d = {job.width} Top-K neurons are certified to "
        f"separate within ε = {TOLERANCE:g}, by units of any size. The line is K: exact separation cannot "
        f"pass it (S7); within a tolerance there is no such bound (S12). N = {job.points:,} points to train "
        f"on, {job.held_out:,} held out, half to choose on and half to judge; {job.steps:,} steps; "
        f"{seeds_of(records)}. With permuted labels at most {max(c.result.shuffled for c in chains)} are "
        f"certified. {INTERVALS}."
    )
    alt = spoken(chains, "Levels", "k")
    return Sheet(FAMILY, figure, "Levels of a hierarchy that a budget carries", caption, f"{alt}.")
