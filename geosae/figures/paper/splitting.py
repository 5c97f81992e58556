"""Splitting, tiling and families: what becomes of a concept, and of neurons, as the SAE grows."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from geosae.experiments import Results
from geosae.experiments.gates import GATES, Gate, gate_name
from geosae.experiments.interval import mean_interval
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, in_octaves, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import COLOURS, FAINT, MUTED, PAGE, blank, styled
from geosae.studies.numbers import mean_over_seeds
from geosae.studies.splitting import STUDY, TOLERANCE, WORLDS
from geosae.studies.splitting_answers import ARMS, clean_by_seed, fates, kinds
from geosae.studies.splitting_records import (
    CutKind,
    FamilyCounts,
    Records,
    SplittingResult,
    World,
    gates_of,
    margins_of,
    of_gate,
    of_worlds,
    planted_share,
    several,
)

Value = Callable[[SplittingResult, int], float | int | None]
"""A number of the SAE at one width, by the index of the width."""

FAMILY = "splitting"
ARM_COLOURS: Mapping[str, int] = {"trained": 2, "untrained": 6, "frozen decoder": 7}
"""The index of an arm's colour, which no kind of cut has."""
TITLES: Mapping[World, str] = {"separated": "two balls apart", "connected": "one ball", "shell": "one shell"}
LOOKS: Mapping[CutKind, tuple[str, str, str]] = {
    "clean": ("clean split: pieces lie apart", COLOURS[0], ""),
    "cut": ("cut: pieces meet", COLOURS[1], "////"),
    "tiled": ("tiled: pieces overlap", COLOURS[3], "...."),
    "whole": ("whole", COLOURS[4], "--"),
    "partial": ("partial", FAINT, ""),
}
"""Label, colour and hatch of each kind, from the bottom of a bar to its top."""


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
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
    job, margins = records[0].settings, margins_of(records)
    caption = (
        f"Above: what becomes of a concept at each width d (two balls: margin {max(margins, default=0):g}), "
        "and, on the right, what becomes of the neurons of "
        "a narrower SAE in the next wider one (all concepts together). Whole: one neuron has it; partial: "
        f"some is left. Pieces may miss, and share, a tenth (tolerance {TOLERANCE:g}) of the points, and "
        "are measured on points on which they were not chosen. A split is clean where its pieces lie farther "
        "apart than the sample resolves, which no connected concept has (P1). Below, left: share of "
        "SAEs, over widths, that split two balls of radius 0.3 cleanly, against the planted distance of "
        "their surfaces, mean over gates; parts themselves: half-spaces of the balls, by certificate. Middle "
        "and right: share of the pairs of neurons that fire together beyond chance (Fisher's exact test, "
        "simultaneous over pairs at level 0.05), and neurons in the largest family, where several may "
        "fire; grey line: the "
        f"same with each neuron's points permuted. n = {job.dim}, N = {job.points:,} points (half to "
        f"train on), {job.steps:,} steps; {seeds_of(records)}. {INTERVALS}."
    )
    alt = (
        "Stacked bars of the kinds of cuts per width, concept and gate; below, clean splits against the "
        f"planted margin, and families. {_spoken(records)}"
    )
    return [Sheet(FAMILY, figure, "Splitting, tiling and families against width", caption, alt)]


def _kinds(figure: SubFigure, records: Records) -> None:
    gates = gates_of(records)
    grid = figure.subplots(len(gates), len(WORLDS) + 1, squeeze=False, sharey=True)
    widths = records[0].settings.widths
    for row, (gate, sparsity) in zip(grid, gates, strict=True):
        at_gate = of_gate(records, gate, sparsity)
        for ax, world in zip(row, WORLDS, strict=False):
            margin = max(margins_of(records), default=0.0) if world == "separated" else None
            in_world = of_worlds(at_gate, world, margin=margin)
            _bars(ax, [kinds(in_world, i) for i in range(len(widths))], [str(w) for w in widths])
        steps = [fates(at_gate, i) for i in range(len(widths) - 1)]
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


def _bars(ax: Axes, counts: Sequence[Counter[CutKind]], names: Sequence[str]) -> None:
    below = np.zeros(len(counts))
    for kind, (label, tint, hatch) in LOOKS.items():
        shares = np.array([c[kind] / max(1, sum(c.values())) for c in counts])
        ax.bar(np.arange(len(counts)), shares, 0.78, bottom=below, color=tint, label=label, hatch=hatch,
               edgecolor="white", lw=0.3)  # fmt: skip
        below += shares
    ax.set_xticks(np.arange(len(counts)), names)
    ax.set_ylim(0, 1)
    ax.set_yticks([0, 0.5, 1], ["0", "\u00bd", "1"])


def _lines(figure: SubFigure, records: Records) -> None:
    widths = records[0].settings.widths
    left, middle, right = figure.subplots(1, 3)
    _clean(left, records)
    with_several = several(records)
    _family_lines(middle, widths, with_several, lambda counts: counts.share)
    middle.set_title("pairs beyond chance, share")
    _family_lines(right, widths, with_several, lambda counts: counts.largest)
    right.set_title("largest family")
    for ax in (middle, right):
        in_octaves(ax, widths)
        ax.set_xlabel("width d")
    handles: dict[str, Artist] = {}
    for ax in (left, middle):
        handles |= {str(label): h for h, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(
        list(handles.values()), list(handles), loc="outside lower center", ncols=5, columnspacing=1.2
    )


def _against_width(widths: Sequence[int], records: Records, value: Value) -> Series:
    """Return the mean over seeds at each width."""
    return [(width, mean_over_seeds(records, lambda r, i=i: value(r, i))) for i, width in enumerate(widths)]


def _clean(ax: Axes, records: Records) -> None:
    """Draw the share of clean splits against the planted margin."""
    margins = margins_of(records)
    for arm, index in ARM_COLOURS.items():
        draw_series(ax, {arm: _against_margin(records, arm)}, first=index, within=(0.0, 1.0))
    parts = [planted_share(of_worlds(records, "separated", margin=m)).mean for m in margins]
    ax.plot(margins, parts, color=MUTED, lw=0.8, zorder=0, label="the parts themselves")
    ax.set_ylim(-0.04, 1.04)
    ax.set_xticks(margins, [f"{m:g}" for m in margins])
    ax.set_xlabel("planted margin")
    ax.set_title("clean splits, share")


def _against_margin(records: Records, arm: str) -> Series:
    return [
        (
            margin,
            mean_interval(list(clean_by_seed(of_worlds(records, "separated", margin=margin), arm).values())),
        )
        for margin in margins_of(records)
    ]


def _spoken(records: Records) -> str:
    arms: list[str] = []
    for arm in ARMS:
        means = [f"{interval.mean:.2f} at {margin:g}" for margin, interval in _against_margin(records, arm)]
        arms.append(f"{arm} {', '.join(means)}")
    return f"Clean splits, mean over gates and widths, by margin: {'; '.join(arms)}."


def _family_lines(
    ax: Axes, widths: Sequence[int], records: Records, count: Callable[[FamilyCounts], float | int]
) -> None:
    gates: list[Gate] = sorted({r.settings.gate for r in records})
    for gate, dashes in zip(gates, ("-", ":"), strict=False):
        for arm in ("trained", "untrained"):
            series = _against_width(
                widths, of_gate(records, gate), lambda r, i, arm=arm: count(ARMS[arm](r)[i].families)
            )
            label = f"{GATES[gate].printed}, {arm}"
            draw_series(ax, {label: series}, first=ARM_COLOURS[arm], within=(0.0, np.inf))
            ax.containers[-1][0].set_linestyle(dashes)
    permuted = _against_width(widths, records, lambda r, i: count(r.permuted[i]))
    ax.plot([width for width, _ in permuted], [interval.mean for _, interval in permuted], color=MUTED,
            lw=0.8, zorder=0, label="permuted")  # fmt: skip
    ax.set_ylim(bottom=0)
