"""Capacity against the dimension: how many of as many concepts SAEs are certified to have learned."""

from geosae.experiments import Results
from geosae.figures.paper.capacity import draw_arms, spoken
from geosae.figures.paper.lines import INTERVALS, legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import COLUMN, panels, styled
from geosae.studies.capacity import RADIUS, STUDY
from geosae.studies.capacity_records import Cells, CountJob, Records, cells_of, main_concepts, some
from geosae.studies.certified_counts import TOLERANCE
from geosae.studies.phase_records import can_be_identity

FAMILY = "capacity-dimension"


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study has one dimension only."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    counted = some(cells_of(records), part="count")
    along = some(counted, p=main_concepts(counted))
    return [_dimensions(records, along)] if len({c.settings.n for c in along}) > 1 else []


def _dimensions(records: Records, cells: Cells) -> Sheet:
    ks = [k for k in sorted({c.settings.k for c in cells}) if k > 1][-2:] or [cells[0].settings.k]
    with styled():
        figure, grid = panels(1, len(ks), width=COLUMN, height=2.4)
        for ax, k in zip(grid[0], ks, strict=True):
            draw_arms(ax, some(cells, k=k), "n")
            ax.set_title(f"K = {k}")
            ax.set_xlabel("dimension n")
        grid[0][0].set_ylabel("concepts learned")
        legend_below(figure, grid[0], 2)
    job = next(r.settings for r in records if isinstance(r.settings, CountJob))
    first = cells[0].settings
    patterns = ", ".join(
        f"{low} at K = {k}" if low == high else f"{low} to {high} at K = {k}"
        for k in ks
        for low, high in [_ends(some(cells, k=k))]
    )
    caption = (
        f"Of p = {first.p} disjoint balls (radius {RADIUS:g}), those that d = {first.width} Top-K neurons "
        f"are certified to separate within ε = {TOLERANCE:g} by units of any size, against the dimension; "
        f"arms and lines as in the figure before. G4 admits {patterns} activation patterns, the silent one "
        f"included. {_identity(cells)}N = {job.points:,} points to train on; {job.steps:,} steps; "
        f"{seeds_of(records)}. "
        f"{INTERVALS}."
    )
    alt = "; ".join(spoken(some(cells, k=k), f"K = {k}", "n") for k in ks)
    return Sheet(FAMILY, figure, "Concepts that eight neurons carry, by dimension", caption, f"{alt}.")


def _identity(cells: Cells) -> str:
    """Say where the SAE can be the identity, and what is unexplained there."""
    free = [
        c for c in some(cells, arm="trained") if can_be_identity(c.settings.n, c.settings.width, c.settings.k)
    ]
    if not free:
        return ""
    where = ", ".join(sorted({f"n = {c.settings.n}, K = {c.settings.k}" for c in free}))
    return f"At {where} the SAE can be the identity (FVU at most {max(c.result.fvu for c in free):.4f}). "


def _ends(cells: Cells) -> tuple[int, int]:
    """Return the least and the greatest of G4's ceilings on activation patterns."""
    ceilings = [c.settings.patterns for c in cells]
    return min(ceilings), max(ceilings)
