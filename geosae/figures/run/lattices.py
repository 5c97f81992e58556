"""The learned detection lattice beside the true one, for one trained SAE per world and gate."""

from collections.abc import Sequence
from dataclasses import dataclass

from geosae.analysis.round_trips import RoundTrips
from geosae.errors import InvalidInput
from geosae.experiments import CellResult, Gate, Results, gate_name, sae_words
from geosae.fca import ConceptLattice, TooManyConcepts, implication_basis, stable_core, stable_family
from geosae.figures.concept_lattice import extents_of, lattice_pair
from geosae.figures.run.captions import sample_sentence, sheet_name
from geosae.figures.run.cells import by_gate
from geosae.figures.save import Sheet

FAMILY = "lattice"
LARGEST = 400
"""Larger lattices are counted, not drawn."""
LISTED = 3
"""A caption lists at most so many broken pairs, and rules."""
RULES = 2000
"""The search for rules is given up after so many sets."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A cell whose two lattices are small enough to be drawn, the learned one at its own tolerance."""

    result: CellResult
    true: ConceptLattice
    learned: ConceptLattice
    tolerance: float
    round_trips: RoundTrips

    @property
    def shared(self) -> int:
        """How many extents both lattices have."""
        return len(extents_of(self.true) & extents_of(self.learned))


def sheets(results: Results) -> list[Sheet]:
    """Return a sheet per world and gate whose lattices were stored and are small enough to be read."""
    drawn: list[Sheet] = []
    for world in results.worlds:
        cells = results.cells_of(world)
        # One concept has no order to compare.
        if not cells or len(results.dataset(cells[0]).names) < 2:
            continue
        for gate, group in by_gate(cells).items():
            sheet = _sheet(results, world, gate, group)
            if sheet is not None:
                drawn.append(sheet)
    return drawn


def _sheet(results: Results, world: str, gate: Gate, cells: Sequence[CellResult]) -> Sheet | None:
    candidates = [candidate for result in cells if (candidate := _candidate(results, result)) is not None]
    if not candidates:
        return None
    best = max(candidates, key=lambda candidate: (candidate.shared, -len(candidate.learned)))
    true, learned, shared = best.true, best.learned, best.shared
    try:
        figure = lattice_pair(true, learned)
    except InvalidInput:  # more covers than the layout takes
        return None
    caption = (
        "Concept lattices by line diagram: left the true one (concepts ordered by inclusion), right that of "
        f"the certified edges “neuron detects concept” at ε = {best.tolerance:g} in one trained SAE "
        f"({sae_words(best.result.cell)}){_why_greater(best)}: of "
        f"{len(cells)} trained {gate_name(gate)} SAEs the one whose lattice shares most with the true one "
        "(not a typical one). Nodes: formal concepts, larger extents higher; concept names stand below their "
        "own node, neurons above; a label ×k counts k names. Green circles: extents that both lattices have; "
        f"orange diamonds: extents of one only. {shared} of {len(true)} true extents are found among "
        f"{len(learned)} learned ones; the greatest and, where no concept has all, the empty extent are "
        f"shared for free. {_round_trips_in_words(best.round_trips)}{_rules_in_words(learned)}"
        f"{sample_sentence(results, world)}"
    )
    alt = f"Two line diagrams: {len(true)} true extents, {len(learned)} learned, {shared} in both."
    name = f"{sheet_name(FAMILY, results, world)}-{gate}"
    return Sheet(name, figure, f"True and learned lattice of {world}, {gate_name(gate)}", caption, alt, world)


def _why_greater(candidate: Candidate) -> str:
    """Say why a lattice is drawn at a greater tolerance than the run's; nothing where it is not."""
    own = candidate.result.cell.tolerance
    if candidate.tolerance <= own:
        return ""
    return f", since no edge is certified at the run's ε = {own:g}"


def _candidate(results: Results, result: CellResult) -> Candidate | None:
    """Return what can be drawn of a cell; None where a lattice is missing or too large."""
    lattices = results.lattices(result)
    if lattices is None or lattices.detection is None:
        return None
    if max(len(lattices.truth), len(lattices.detection)) > LARGEST:
        return None
    return Candidate(result, lattices.truth, lattices.detection, lattices.tolerance, lattices.round_trips)


def _round_trips_in_words(round_trips: RoundTrips) -> str:
    """Return what became of F2 and F3 in the drawn SAE."""
    broken = round_trips.violations
    mutual = sum(concept.mutual for concept in round_trips.concepts)
    closed = sum(concept.closed for concept in round_trips.concepts)
    agreeing = (
        f"The best neuron of {mutual} of the {len(round_trips.concepts)} concepts has them as its own best "
        f"concept, and {closed} alone are extents (F2). "
    )
    if not broken:
        return (
            agreeing
            + "Neurons with a certified edge to a concept have one to each within it (F3, at the run's ε). "
        )
    pairs = "; ".join(
        f"{parent} without {child}: {', '.join(neurons[:3])}"
        + (f" and {len(neurons) - 3} more" if len(neurons) > 3 else "")
        for child, parent, neurons in broken[:LISTED]
    )
    more = f"; and {len(broken) - LISTED} more pairs" if len(broken) > LISTED else ""
    return (
        f"{agreeing}Neurons with a certified edge to a concept and none to one within it, against F3: "
        f"{pairs}{more}. "
    )


def _rules_in_words(learned: ConceptLattice) -> str:
    """Return the rules with the greatest support between the neurons of the stable core."""
    try:
        core = stable_core(stable_family(learned.context))
        rules = implication_basis(core, cap=RULES, seconds=float("inf"))
    except (InvalidInput, TooManyConcepts):  # too many rules to be read, too
        return ""
    # A rule about no concept, or about one, is no rule to a reader.
    supported = sorted((rule for rule in rules if rule.support > 1), key=lambda rule: -rule.support)[:LISTED]
    if not supported:
        return ""
    return f"Rules of the stable core: {'; '.join(rule.in_words for rule in supported)}. "
