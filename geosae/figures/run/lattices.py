"""The learned detection lattice beside the true one, for one trained SAE per world and gate."""

from typing import Any

from geosae.experiments import Results, gate_name, sae_words
from geosae.figures.concept_lattice import extents_of, lattice_pair
from geosae.figures.run.words import setting, sheet_name
from geosae.figures.save import Sheet
from geosae.geometry._door import InvalidInput
from geosae.lattice import ConceptLattice

FAMILY = "lattice"
LARGEST = 400
"""Larger lattices are counted, not drawn."""


def sheets(results: Results) -> list[Sheet]:
    """Return a sheet per world and gate whose lattices were stored and are small enough to be read."""
    found: list[Sheet] = []
    for world in results.worlds:
        records = results.records_of(world)
        # One concept has no order to compare.
        if not records or len(results.dataset(records[0]).names) < 2:
            continue
        for gate in dict.fromkeys(str(r["cell"]["gate"]) for r in records):
            sheet = _sheet(results, world, gate, [r for r in records if r["cell"]["gate"] == gate])
            if sheet is not None:
                found.append(sheet)
    return found


def _sheet(results: Results, world: str, gate: str, records: list[dict[str, Any]]) -> Sheet | None:
    drawable = [(r, pair) for r in records if (pair := _pair(results, r)) is not None]
    if not drawable:
        return None
    record, (true, learned) = max(drawable, key=_merit)
    try:
        figure = lattice_pair(true, learned)
    except InvalidInput:  # more covers than the layout takes
        return None
    cell = record["cell"]
    shared = len(extents_of(true) & extents_of(learned))
    which = sae_words(cell)
    caption = (
        "Concept lattices by line diagram: left the true one (concepts ordered by inclusion), right that "
        "of the "
        f"relation “neuron detects concept” at ε in one trained SAE ({which}): of {len(records)} trained "
        f"{gate_name(gate)} SAEs the one whose lattice shares most with the true one (not a typical "
        "one). "
        "Nodes: formal concepts, larger extents higher; concept names stand below their own node, neurons "
        "above; "
        "a label ×k counts k names. Green circles: extents that both lattices have; orange diamonds: "
        "extents of "
        f"one only. {shared} of {len(true)} true extents are found among {len(learned)} learned ones; the "
        "greatest "
        f"and, where no concept has all, the empty extent are shared for free. {setting(results, world)}"
    )
    alt = f"Two line diagrams: {len(true)} true extents, {len(learned)} learned, {shared} in both."
    name = f"{sheet_name(FAMILY, results, world)}-{gate}"
    return Sheet(name, figure, f"True and learned lattice of {world}, {gate_name(gate)}", caption, alt, world)


def _pair(results: Results, record: dict[str, Any]) -> tuple[ConceptLattice, ConceptLattice] | None:
    stored = results.lattice(record)
    if not stored or not stored.get("detection") or not stored.get("truth"):
        return None
    true, learned = (ConceptLattice.from_dict(stored[key]) for key in ("truth", "detection"))
    return (true, learned) if max(len(true), len(learned)) <= LARGEST else None


def _merit(item: tuple[dict[str, Any], tuple[ConceptLattice, ConceptLattice]]) -> tuple[int, int]:
    true, learned = item[1]
    return len(extents_of(true) & extents_of(learned)), -len(learned)
