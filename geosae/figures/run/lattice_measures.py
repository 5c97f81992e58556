"""How much of the true lattice is in the learned one, beside chance and untrained SAEs, and sizes along ε."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from geosae.analysis import NOTIONS, Notion
from geosae.experiments import CellResult, Interval, Results, gate_name, mean_interval
from geosae.experiments.cell_lattices import CellLattices, LatticeSize
from geosae.fca import LatticeComparison
from geosae.figures.dots import interval_dots
from geosae.figures.run.captions import decimals, interval_phrase, sample_sentence, sheet_name
from geosae.figures.run.cells import by_gate
from geosae.figures.save import Sheet
from geosae.figures.style import INK, PAGE, colour, line, log_scale, marker, panels, styled

MEASURES = "lattice-measures"
ALONG = "lattice-along"
PRINTED = {
    "exact_recall": "exact recall",
    "recall_at_09": "recall at Jaccard .9",
    "irreducible_recall": "irreducible recall",
    "round_trip": "round trip",
    "cophenetic": "cophenetic ρ",
    "precision": "precision (stable)",
    "soft_recall": "soft recall (stable)",
    "order_kept": "order kept (stable)",
}
"""The figures of a comparison that are drawn, and how they are printed."""
TRAINED, UNTRAINED, PERMUTED, SWAPPED = METHODS = ("trained", "untrained", "columns permuted", "margins kept")
ROOM = 6
"""So many gates stand on a sheet."""
LINEAR = 40
"""Up to so many concepts the axis is linear."""

Sizes = Mapping[Notion, Sequence[LatticeSize]]
"""Notion → the sizes of one cell's lattices along the tolerance."""


def sheets(results: Results) -> list[Sheet]:
    """Return sheets with the measures for each world and up to six gates, where they were stored."""
    drawn: list[Sheet] = []
    for world in results.worlds:
        groups = list(_widest(results, world).items())
        parts = [groups[i : i + ROOM] for i in range(0, len(groups), ROOM)]
        for number, part in enumerate(parts, start=1):
            ending = f"-{number}" if len(parts) > 1 else ""
            drawn += _sheet(results, world, dict(part), ending)
    return drawn


def along_sheets(results: Results) -> list[Sheet]:
    """Return a sheet per world with the number of concepts along the tolerance, where it was stored."""
    drawn: list[Sheet] = []
    for world in results.worlds:
        stored = {gate: _lattices(results, cells) for gate, cells in _widest(results, world).items()}
        sizes = {gate: [each.along for each in lattices if each.along] for gate, lattices in stored.items()}
        sizes = {gate: rows for gate, rows in sizes.items() if rows}
        if sizes:
            truth = next(len(each.truth) for lattices in stored.values() for each in lattices)
            drawn.append(_along_sheet(results, world, sizes, truth))
    return drawn


def _widest(results: Results, world: str) -> dict[str, list[CellResult]]:
    """Return for each gate the cells of one setting: the greatest width, at a sparsity with baselines."""
    widest: dict[str, list[CellResult]] = {}
    compared = results.plan.compared(world)
    for gate, group in by_gate(results.cells_of(world)).items():
        cells = [result for result in group if (gate, result.cell.sparsity) in compared] or group
        setting = cells[0].cell.sparsity, max(result.cell.width for result in cells)
        widest[gate_name(gate, setting[0])] = [
            result for result in cells if (result.cell.sparsity, result.cell.width) == setting
        ]
    return widest


def _lattices(results: Results, cells: Iterable[CellResult]) -> list[CellLattices]:
    return [lattices for result in cells if (lattices := results.lattices(result)) is not None]


def _comparisons(results: Results, cells: Iterable[CellResult]) -> list[LatticeComparison]:
    return [lattices.comparison for lattices in _lattices(results, cells)]


def _sheet(
    results: Results, world: str, groups: Mapping[str, Sequence[CellResult]], ending: str
) -> list[Sheet]:
    table: dict[str, dict[str, dict[str, Interval]]] = {}
    extents = 0
    for gate, cells in groups.items():
        trained = _comparisons(results, cells)
        if any(comparison.extents for comparison in trained):
            extents = extents or trained[0].extents
            table[gate] = _rows(trained, _comparisons(results, _untrained(results, world, cells[0])))
    if not table:
        return []
    means = [interval.mean for rows in table.values() for row in rows.values() for interval in row.values()]
    limits = (min(0.0, float(np.nanmin(means))), 1.0)
    figure = interval_dots(table, value_label="share, or ρ", limits=dict.fromkeys(table, limits))
    width = next(iter(groups.values()))[0].cell.width
    caption = (
        f"What the lattice of certified detection at ε = {results.plan.tolerance:g} and d = {width} keeps of "
        f"the true one, over the {extents} true extents other than ∅ and everything. Recall, round trip and "
        "ρ (order of the smallest extents that hold two concepts) need closures only; the last three are "
        "those of the Δ-stable family, θ chosen by chance. Beside each the same figure of the untrained SAE, "
        "where every neuron's crosses are dealt anew (columns permuted), and where each concept keeps its "
        "number of neurons too (margins kept). Exact "
        "recall alone says little: one clean neuron is enough. Dots: means over seeds; bars: "
        f"{interval_phrase(results)}; nothing where a family is empty or too large. "
        f"{sample_sentence(results, world)}"
    )
    parts = [
        f"{gate}: " + ", ".join(f"{name} {decimals(row[TRAINED].mean)}" for name, row in rows.items())
        for gate, rows in table.items()
    ]
    alt = "Measures of the trained SAEs. " + "; ".join(parts) + "."
    name = f"{sheet_name(MEASURES, results, world)}{ending}"
    return [Sheet(name, figure, f"Learned and true lattice compared in {world}", caption, alt, world)]


def _untrained(results: Results, world: str, trained: CellResult) -> list[CellResult]:
    """Return the untrained SAEs of the same gate, sparsity and width."""
    cell = trained.cell
    setting = cell.gate, cell.sparsity, cell.width
    untrained = results.cells_of(world, "untrained")
    return [r for r in untrained if (r.cell.gate, r.cell.sparsity, r.cell.width) == setting]


def _rows(
    trained: Sequence[LatticeComparison], untrained: Sequence[LatticeComparison]
) -> dict[str, dict[str, Interval]]:
    """Return for each figure of a comparison its intervals over seeds, by method."""
    comparisons = {
        TRAINED: trained,
        UNTRAINED: untrained,
        PERMUTED: [each.floor for each in trained if each.floor is not None],
        SWAPPED: [each.swapped for each in trained if each.swapped is not None],
    }
    rows = {
        printed: {
            method: _interval(figure, [getattr(each, figure) for each in group])
            for method, group in comparisons.items()
            if group
        }
        for figure, printed in PRINTED.items()
    }
    # Concepts without any order among them have no order to keep.
    return {printed: row for printed, row in rows.items() if any(i.n for i in row.values())}


def _interval(figure: str, numbers: Sequence[float]) -> Interval:
    return mean_interval(numbers, (-1.0 if figure == "cophenetic" else 0.0, 1.0))


def _along_sheet(results: Results, world: str, sizes: Mapping[str, Sequence[Sizes]], truth: int) -> Sheet:
    notions: list[Notion] = [
        notion for notion in NOTIONS if any(notion in row for rows in sizes.values() for row in rows)
    ]
    counts = [
        size.concepts
        for rows in sizes.values()
        for row in rows
        for notion in notions
        for size in row.get(notion, ())
    ]
    most = max(truth, *counts)
    with styled():
        figure, grid = panels(1, len(notions), width=PAGE, height=2.1 + 0.14 * -(-len(sizes) // 4))
        for ax, notion in zip(grid[0], notions, strict=True):
            for i, (gate, rows) in enumerate(sizes.items()):
                _curve(ax, [row[notion] for row in rows if notion in row], i, gate)
            ax.axhline(truth, color=INK, lw=0.8)
            ax.set_title(notion)
            ax.set_xlabel("tolerance ε")
            if most > LINEAR:
                log_scale(ax, "y")
                ax.set_ylim(0.9, 1.3 * most)
            else:
                ax.set_ylim(0, 1.06 * most)
        grid[0][0].set_ylabel("formal concepts")
        handles, names = grid[0][0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=min(4, len(names)))
    caption = (
        "Size of the concept lattice of certified edges as ε grows: a neuron has a concept where held-out "
        "points show its error to be below ε, at once for all these ε (E4). "
        f"Black line: the true lattice ({truth}). Lines: means over seeds, with their range; counts stop at "
        "2 000. More concepts are not better: a relation of noise "
        f"has the most. The other figures are at ε = {results.plan.tolerance:g}. "
        f"{sample_sentence(results, world)}"
    )
    last = {gate: np.mean([row[notions[0]][-1].concepts for row in rows]) for gate, rows in sizes.items()}
    alt = f"Concepts of {notions[0]} at the greatest ε: " + "; ".join(
        f"{gate}: {decimals(float(mean), 0)}" for gate, mean in last.items()
    )
    name = sheet_name(ALONG, results, world)
    return Sheet(name, figure, f"Lattices along the tolerance in {world}", caption, alt + ".", world)


def _curve(ax: Axes, rows: Sequence[Sequence[LatticeSize]], index: int, label: str) -> None:
    if not rows:
        return
    tolerances = [size.tolerance for size in rows[0]]
    counts = np.array([[float(size.concepts) for size in row] for row in rows])
    ax.fill_between(tolerances, counts.min(axis=0), counts.max(axis=0), color=colour(index), alpha=0.15, lw=0)
    ax.plot(
        tolerances, counts.mean(axis=0), color=colour(index), ls=line(index), marker=marker(index), ms=3,
        lw=0.9, label=label,
    )  # fmt: skip
