"""Splitting and tiling: what becomes of a concept as the SAE grows."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from geosae.experiments import Results
from geosae.experiments.studies.numbers import mean_of, per_seed, select
from geosae.experiments.studies.splitting import WORLDS, kinds, shared
from geosae.experiments.studies.study import Record
from geosae.figures.paper.lines import legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import INK, PAGE, colour, panels, styled

FAMILY = "splitting"
TITLES = {"separated": "four separated disks", "connected": "one disk", "shell": "one ring"}
HATCH = {"whole": "", "split": "///", "tiled": "...", "partial": "xx"}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = results.studies.get("splitting", ())
    if not records:
        return []
    with styled():
        figure, grid = panels(1, len(WORLDS), width=PAGE, height=2.5)
        for ax, world in zip(grid[0], WORLDS, strict=True):
            _panel(ax, records, world)
        grid[0][0].set_ylabel("share of SAEs")
        legend_below(figure, grid[0], 5)
    one = records[0]["settings"]
    gates = sorted({f"{r['settings']['gate']} {r['settings']['sparsity']:g}" for r in records})
    caption = (
        "How the neurons of an SAE hold a concept of the plane: one neuron has it whole; disjoint pieces "
        "split it; "
        "overlapping ones tile it; or parts are left over (tolerance 0.1). Dots: share of the concept's "
        "points "
        "on which at least two partial neurons fire, with 95 % Student-t intervals of the mean over seeds. "
        f"n = 2, N = {one['points']:,} points (half to train on); d = {', '.join(map(str, one['widths']))}; "
        "gates "
        f"{', '.join(gates)} together; {seeds_of(records)}."
    )
    alt = "Stacked bars of whole, split, tiled and partial, per width and concept."
    return [Sheet(FAMILY, figure, "Splitting and tiling against width", caption, alt)]


def _panel(ax: Axes, records: Sequence[Record], world: str) -> None:
    widths = [int(w) for w in records[0]["settings"]["widths"]]
    found = [kinds(records, world, place) for place in range(len(widths))]
    below = np.zeros(len(widths))
    for i, kind in enumerate(HATCH):
        shares = np.array([c[kind] / max(1, sum(c.values())) for c in found])
        ax.bar(
            np.arange(len(widths)), shares, 0.75, bottom=below, color=colour(i), alpha=0.75, label=kind,
            hatch=HATCH[kind], edgecolor="white", lw=0.4,
        )  # fmt: skip
        below += shares
    own = select(records, world=world)
    means = [mean_of(list(per_seed(own, lambda r, p=p: shared(r, p)).values())) for p in range(len(widths))]
    ends = [[max(0.0, m.value - m.low) if np.isfinite(m.low) else 0.0 for m in means],
            [max(0.0, m.high - m.value) if np.isfinite(m.high) else 0.0 for m in means]]  # fmt: skip
    ax.errorbar(
        np.arange(len(widths)), [m.value for m in means], yerr=ends, color=INK, marker="o", ms=3.2, lw=0.8,
        label="shared points", mec="white", mew=0.3,
    )  # fmt: skip
    ax.set_xticks(np.arange(len(widths)), [str(w) for w in widths])
    ax.set_ylim(0, 1.02)
    ax.set_xlabel("width d")
    ax.set_title(TITLES[world])
