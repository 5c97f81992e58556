"""The learned detection lattice beside the true one, for one trained SAE per world and gate."""

from typing import Any

from geosae.errors import InvalidInput
from geosae.experiments import Results, gate_name, sae_words
from geosae.fca import ConceptLattice, TooManyConcepts, implication_basis, stable_core, stable_family
from geosae.figures.concept_lattice import extents_of, lattice_pair
from geosae.figures.run.words import setting, sheet_name
from geosae.figures.save import Sheet

FAMILY = "lattice"
LARGEST = 400
"""Larger lattices are counted, not drawn."""
SHOWN = 3
"""So many broken pairs and rules are told."""
RULES = 2000
"""The search for rules is given up after so many sets."""


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
        f"and, where no concept has all, the empty extent are shared for free. "
        f"{_maps_in_words(results, record)}{_rules_in_words(learned)}{setting(results, world)}"
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


def _maps_in_words(results: Results, record: dict[str, Any]) -> str:
    """Return what became of F2 and F3 in the drawn SAE; nothing for runs that did not store it."""
    maps = (results.lattice(record) or {}).get("maps")
    if not maps:
        return ""
    concepts, broken = maps["concepts"], maps["violations"]
    mutual, closed = (sum(bool(c[key]) for c in concepts) for key in ("mutual", "closed"))
    found = (
        f"The best neuron of {mutual} of the {len(concepts)} concepts has them as its own best concept, and "
        f"{closed} alone are extents (F2). "
    )
    if not broken:
        return found + "No neuron has a concept and lacks one within it (F3). "
    shown = "; ".join(
        f"{parent} without {child}: {', '.join(neurons[:3])}"
        + (f" and {len(neurons) - 3} more" if len(neurons) > 3 else "")
        for child, parent, neurons in broken[:SHOWN]
    )
    more = f"; and {len(broken) - SHOWN} more pairs" if len(broken) > SHOWN else ""
    return f"{found}Neurons that have a concept and lack one within it, against F3: {shown}{more}. "


def _rules_in_words(learned: ConceptLattice) -> str:
    """Return the rules with the greatest support between the neurons of the stable core."""
    try:
        core = stable_core(stable_family(learned.context))
        rules = implication_basis(core, cap=RULES, seconds=float("inf"))
    except (InvalidInput, TooManyConcepts):  # too many rules to be read, too
        return ""
    # A rule about no concept, or about one, is no rule to a reader.
    told = sorted((r for r in rules if r.support > 1), key=lambda r: -r.support)[:SHOWN]
    if not told:
        return ""
    return f"Rules of the stable core: {'; '.join(rule.in_words for rule in told)}. "
