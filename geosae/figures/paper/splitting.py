"""Splitting, tiling and families: what becomes of a concept, and of neurons, as the SAE grows."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from geosae.experiments import Results
from geosae.experiments.gates import GATES, gate_name
from geosae.experiments.jobs import Record
from geosae.figures.paper.lines import INTERVALS, draw_series, in_octaves, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import COLOURS, FAINT, MUTED, PAGE, blank, styled
from geosae.studies.numbers import Mean, mean_of, per_seed, select
from geosae.studies.splitting import TOLERANCE, WORLDS
from geosae.studies.splitting_answers import at, fates, gates_of, kinds, several

FAMILY = "splitting"
TITLES = {"separated": "four balls apart", "connected": "one ball", "shell": "one shell"}
LOOKS = {
    "clean": ("clean split: pieces lie apart", COLOURS[0], ""),
    "cut": ("cut: pieces meet", COLOURS[1], "////"),
    "tiled": ("tiled: pieces overlap", COLOURS[3], "...."),
    "whole": ("whole", COLOURS[4], "--"),
    "partial": ("partial", FAINT, ""),
}
"""Label, colour and hatch of each kind, from the bottom of a bar to its top."""


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = results.studies.get("splitting", ())
    if not records:
        return []
    gates = gates_of(records)
    with styled():
        tall = 0.75 * len(gates) + 0.75
        figure = blank(PAGE, tall + 1.85)
        halves: Any = figure.subfigures(2, 1, height_ratios=[tall, 1.85])
        top, low = halves
        _kinds(top, records)
        _lines(low, records)
    one = records[0]["settings"]
    caption = (
        "Above: what becomes of a concept at each width d, and, on the right, what becomes of the neurons of "
        "a narrower SAE in the next wider one (all concepts together). Whole: one neuron has it; partial: "
        f"some is left. Pieces may miss, and share, a tenth (tolerance {TOLERANCE:g}) of the points, and "
        "are measured on points on which they were not chosen. A split is clean where its pieces lie farther "
        "apart than the sample resolves, which no connected concept has (P1). Below, left: balls, of four, "
        "with their own neuron; the grey line is how many half-spaces could have, by certificate. Middle "
        "and right: share of the pairs of neurons that fire together beyond chance (Fisher's exact test, "
        "simultaneous over pairs at level 0.05), and neurons in the largest family, where several may "
        "fire; grey line: the "
        f"same with each neuron's points permuted. n = {one['dim']}, N = {one['points']:,} points (half to "
        f"train on), {one['steps']:,} steps; {seeds_of(records)}. {INTERVALS}."
    )
    alt = "Stacked bars of the kinds of cuts per width, concept and gate; below, own neurons and families."
    return [Sheet(FAMILY, figure, "Splitting, tiling and families against width", caption, alt)]


def _kinds(figure: SubFigure, records: Sequence[Record]) -> None:
    gates = gates_of(records)
    grid = figure.subplots(len(gates), len(WORLDS) + 1, squeeze=False, sharey=True)
    widths = [int(w) for w in records[0]["settings"]["widths"]]
    for row, (gate, sparsity) in zip(grid, gates, strict=True):
        own = select(records, gate=gate, sparsity=sparsity)
        for ax, world in zip(row, WORLDS, strict=False):
            there = select(own, world=world)
            _bars(ax, [kinds(there, place) for place in range(len(widths))], [str(w) for w in widths])
        steps = [fates(own, place) for place in range(len(widths) - 1)]
        _bars(row[-1], steps, [f"{a}\u2192{b}" for a, b in pairwise(widths)])
        row[0].set_ylabel(gate_name(gate, sparsity).replace(", ", "\n"))
    for ax, title in zip(grid[0], [*TITLES.values(), "neurons, to the next d"], strict=True):
        ax.set_title(title)
    for ax in grid[:-1].flat:
        ax.set_xticklabels([])
    for ax in grid[-1]:
        ax.set_xlabel("width d")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(LOOKS), handlelength=1.2,
                  columnspacing=1.2)  # fmt: skip


def _bars(ax: Axes, found: Sequence[Counter[str]], names: Sequence[str]) -> None:
    below = np.zeros(len(found))
    for kind, (label, tint, hatch) in LOOKS.items():
        shares = np.array([c[kind] / max(1, sum(c.values())) for c in found])
        ax.bar(np.arange(len(found)), shares, 0.78, bottom=below, color=tint, label=label, hatch=hatch,
               edgecolor="white", lw=0.3)  # fmt: skip
        below += shares
    ax.set_xticks(np.arange(len(found)), names)
    ax.set_ylim(0, 1)
    ax.set_yticks([0, 0.5, 1], ["0", "\u00bd", "1"])


def _lines(figure: SubFigure, records: Sequence[Record]) -> None:
    widths = [int(w) for w in records[0]["settings"]["widths"]]
    left, middle, right = figure.subplots(1, 3)

    def against(rows: Sequence[Record], name: str, which: str, within: str | None) -> list[tuple[int, Mean]]:
        return [(w, _mean(rows, at(name, k, which, within))) for k, w in enumerate(widths)]

    balls = select(records, world="separated")
    draw_series(
        left,
        {gate_name(g, s): against(select(balls, gate=g, sparsity=s), "owned", "trained", None)
         for g, s in gates_of(balls)},
        spread=0.05, within=(0.0, 4.0),
    )  # fmt: skip
    could = mean_of([r["result"]["isolable"] for r in balls]).value
    left.axhline(could, color=MUTED, lw=0.8, zorder=0)
    left.set_ylim(-0.1, 4.2)
    left.set_title("balls with a neuron of their own")
    rows = several(records)
    for ax, name, title in (
        (middle, "share", "pairs beyond chance, share"),
        (right, "largest", "largest family"),
    ):
        series = {
            f"{GATES[g].printed}, {which}": against(select(rows, gate=g), "families", which, name)
            for g in sorted({g for g, _ in gates_of(rows)})
            for which in ("trained", "untrained")
        }
        draw_series(ax, series, first=4, spread=0.05, within=(0.0, np.inf))
        chance = against(rows, "permuted", "trained", name)
        ax.plot([w for w, _ in chance], [m.value for _, m in chance], color=MUTED, lw=0.8, zorder=0,
                label="permuted")  # fmt: skip
        ax.set_ylim(bottom=0)
        ax.set_title(title)
    for ax in (left, middle, right):
        in_octaves(ax, widths)
        ax.set_xlabel("width d")
    handles: dict[str, Artist] = {}
    for ax in (left, middle):
        handles |= {str(label): h for h, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(
        list(handles.values()), list(handles), loc="outside lower center", ncols=5, columnspacing=1.2
    )


def _mean(records: Sequence[Record], read: Callable[[object], float | None]) -> Mean:
    return mean_of(list(per_seed(records, read).values()))
