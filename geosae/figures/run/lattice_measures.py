"""How much of the true lattice is in the learned one, beside chance and untrained SAEs, and sizes along ε."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from geosae.experiments import Results, gate_name
from geosae.experiments.summary import interval
from geosae.fca import ConceptLattice
from geosae.figures.dots import Estimate, interval_dots
from geosae.figures.run.words import NOTIONS, level, setting, sheet_name
from geosae.figures.save import Sheet
from geosae.figures.style import INK, PAGE, colour, line, marker, panels, styled

MEASURES = "lattice-measures"
ALONG = "lattice-along"
SHOWN = {
    "exact_recall": "exact recall",
    "recall_at_09": "recall at Jaccard .9",
    "irreducible_recall": "irreducible recall",
    "round_trip": "round trip",
    "cophenetic": "cophenetic ρ",
    "precision": "precision (stable)",
    "soft_recall": "soft recall (stable)",
    "order_kept": "order kept (stable)",
}
METHODS = {"": "trained", "floor": "columns permuted", "swapped": "margins kept", "untrained": "untrained"}
ROOM = 6
"""So many gates stand on a sheet."""
LINEAR = 40
"""Up to so many concepts the axis is linear."""
Record = Mapping[str, Any]


def sheets(results: Results) -> list[Sheet]:
    """Return sheets with the measures for each world and up to six gates, where they were stored."""
    found: list[Sheet] = []
    for world in results.worlds:
        groups = list(_widest(results, world).items())
        parts = [groups[i : i + ROOM] for i in range(0, len(groups), ROOM)]
        for number, part in enumerate(parts, start=1):
            ending = f"-{number}" if len(parts) > 1 else ""
            found += _sheet(results, world, dict(part), ending)
    return found


def along_sheets(results: Results) -> list[Sheet]:
    """Return a sheet per world with the number of concepts along the tolerance, where it was stored."""
    found: list[Sheet] = []
    for world in results.worlds:
        stored = {gate: _stored(results, records) for gate, records in _widest(results, world).items()}
        curves = {gate: [s["along"] for s in rows if s.get("along")] for gate, rows in stored.items()}
        curves = {gate: rows for gate, rows in curves.items() if rows}
        if curves:
            truth = len(ConceptLattice.from_dict(next(s["truth"] for rows in stored.values() for s in rows)))
            found.append(_along_sheet(results, world, curves, truth))
    return found


def _widest(results: Results, world: str) -> dict[str, Sequence[Record]]:
    """Return for each gate the cells of one setting: the greatest width, at a sparsity with baselines."""
    found: dict[str, Sequence[Record]] = {}
    records = results.records_of(world)
    compared = results.plan.compared(world)
    for gate in dict.fromkeys(str(r["cell"]["gate"]) for r in records):
        cells = [r for r in records if r["cell"]["gate"] == gate]
        beside = [r for r in cells if (gate, r["cell"]["sparsity"]) in compared] or cells
        sparsity, width = beside[0]["cell"]["sparsity"], max(int(r["cell"]["width"]) for r in beside)
        here = [r for r in beside if (r["cell"]["sparsity"], r["cell"]["width"]) == (sparsity, width)]
        found[gate_name(gate, sparsity)] = here
    return found


def _stored(results: Results, records: Sequence[Record]) -> list[dict[str, Any]]:
    return [found for r in records if (found := results.lattice(r))]


def _sheet(results: Results, world: str, groups: Mapping[str, Sequence[Record]], ending: str) -> list[Sheet]:
    table: dict[str, dict[str, dict[str, Estimate]]] = {}
    for gate, records in groups.items():
        found = [s["comparison"] for s in _stored(results, records) if s.get("comparison")]
        if found and any(c["extents"] for c in found):
            bare = _stored(results, _untrained(results, world, records[0]))
            table[gate] = _rows(found, [s["comparison"] for s in bare if s.get("comparison")])
    if not table:
        return []
    means = [e.mean for rows in table.values() for row in rows.values() for e in row.values()]
    limits = (min(0.0, float(np.nanmin(means))), 1.0)
    figure = interval_dots(table, value_label="share, or ρ", limits=dict.fromkeys(table, limits))
    known = next(s["comparison"] for records in groups.values() for s in _stored(results, records))
    width = next(iter(groups.values()))[0]["cell"]["width"]
    caption = (
        f"What the detection lattice at d = {width} keeps of the true one, over the {known['extents']} true "
        "extents other than ∅ and everything. Recall, round trip and ρ (order of the smallest extents that "
        "hold two concepts) need closures only; the last three are those of the Δ-stable family, θ chosen by "
        "chance. Beside each the same figure where every neuron's crosses are dealt anew (columns permuted), "
        "where each concept keeps its number of neurons too (margins kept), and of the untrained SAE. Exact "
        "recall alone says little: one clean neuron is enough. Dots: means over seeds; bars: "
        f"{level(results)}; nothing where a family is empty or too large. {setting(results, world)}"
    )
    words = [
        f"{gate}: " + ", ".join(f"{name} {row['trained'].mean:.2f}" for name, row in rows.items())
        for gate, rows in table.items()
    ]
    alt = "Measures of the trained SAEs. " + "; ".join(words).replace("nan", "not known") + "."
    name = f"{sheet_name(MEASURES, results, world)}{ending}"
    return [Sheet(name, figure, f"Learned and true lattice compared in {world}", caption, alt, world)]


def _untrained(results: Results, world: str, record: Record) -> list[dict[str, Any]]:
    keys = ("gate", "sparsity", "width")
    bare = results.records_of(world, "untrained")
    return [r for r in bare if all(r["cell"][k] == record["cell"][k] for k in keys)]


def _rows(
    found: Sequence[Mapping[str, Any]], untrained: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, Estimate]]:
    sources = {
        METHODS[""]: found,
        METHODS["floor"]: [c["floor"] for c in found if c.get("floor")],
        METHODS["swapped"]: [c["swapped"] for c in found if c.get("swapped")],
        METHODS["untrained"]: untrained,
    }
    rows = {
        words: {method: _estimate(key, [c[key] for c in cells]) for method, cells in sources.items() if cells}
        for key, words in SHOWN.items()
    }
    # Concepts without any order among them have no order to keep.
    known = {w: any(np.isfinite(e.mean) for e in row.values()) for w, row in rows.items()}
    return {words: row for words, row in rows.items() if known[words]}


def _estimate(key: str, values: Sequence[float | None]) -> Estimate:
    known = [float(v) for v in values if v is not None]
    if not known:
        return Estimate(float("nan"))
    mean, low, high = interval(known)
    least = -1.0 if key == "cophenetic" else 0.0
    return Estimate(mean, max(low, least), min(high, 1.0)) if len(known) > 1 else Estimate(mean)


def _along_sheet(
    results: Results, world: str, curves: Mapping[str, Sequence[Mapping[str, Any]]], truth: int
) -> Sheet:
    notions = [n for n in NOTIONS if any(n in row for rows in curves.values() for row in rows)]
    most = max([truth, *(s[1] for rows in curves.values() for row in rows for n in notions for s in row[n])])
    with styled():
        figure, grid = panels(1, len(notions), width=PAGE, height=2.1 + 0.14 * -(-len(curves) // 4))
        for ax, notion in zip(grid[0], notions, strict=True):
            for i, (gate, rows) in enumerate(curves.items()):
                _curve(ax, [row[notion] for row in rows if notion in row], i, gate)
            ax.axhline(truth, color=INK, lw=0.8)
            ax.set_title(notion)
            ax.set_xlabel("tolerance ε")
            if most > LINEAR:
                ax.set_yscale("log")
                ax.set_ylim(0.9, 1.3 * most)
            else:
                ax.set_ylim(0, 1.06 * most)
        grid[0][0].set_ylabel("formal concepts")
        handles, names = grid[0][0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=min(4, len(names)))
    at = results.plan.tolerance
    caption = (
        "Size of the concept lattice as ε grows: a neuron has a concept if its error is at most ε. "
        f"Black line: the true lattice ({truth}). Lines: means over seeds, with their range; counts stop at "
        "2 000. More concepts are not better: a relation of noise "
        f"has the most. The other figures are at ε = {at:g}. {setting(results, world)}"
    )
    last = {gate: np.mean([row[notions[0]][-1][1] for row in rows]) for gate, rows in curves.items()}
    alt = f"Concepts of {notions[0]} at the greatest ε: " + "; ".join(
        f"{g}: {n:.0f}" for g, n in last.items()
    )
    name = sheet_name(ALONG, results, world)
    return Sheet(name, figure, f"Lattices along the tolerance in {world}", caption, alt + ".", world)


def _curve(ax: Axes, rows: Sequence[Sequence[Sequence[Any]]], index: int, label: str) -> None:
    if not rows:
        return
    tolerances = [float(step[0]) for step in rows[0]]
    counts = np.array([[float(step[1]) for step in row] for row in rows])
    ax.fill_between(tolerances, counts.min(axis=0), counts.max(axis=0), color=colour(index), alpha=0.15, lw=0)
    ax.plot(
        tolerances, counts.mean(axis=0), color=colour(index), ls=line(index), marker=marker(index), ms=3,
        lw=0.9, label=label,
    )  # fmt: skip
