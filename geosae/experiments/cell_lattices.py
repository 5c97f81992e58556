"""The detection lattice of a cell beside the true one, its size along ε, and the maps of F2 and F3."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geosae.analysis import NOTIONS, Alignment, Notion, along_tolerances, learning_and_interpretation
from geosae.analysis.round_trips import RoundTrips
from geosae.data.dataset import ConceptDataset
from geosae.experiments.measures import LatticeMeasures
from geosae.fca import (
    ConceptLattice,
    LatticeComparison,
    TooManyConcepts,
    compare,
    concept_lattice,
    sizes_along,
)
from geosae.fca.context import FormalContext
from geosae.storage.structure import CONVERTER, write_record

LARGEST = 400
"""A lattice of more concepts is not drawn either."""
NULLS = 5
ALONG = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
"""The tolerances at which lattices are counted, up to `COUNTED` concepts."""
COUNTED = 2000


@dataclass(frozen=True)
class LatticeSize:
    """How many concepts the lattice has at a tolerance; at least so many where the count is not complete."""

    tolerance: float
    concepts: int
    complete: bool


@dataclass(frozen=True, eq=False)
class CellLattices:
    """What lattice.json holds of one cell.

    Attributes
    ----------
    detection
        The lattice of certified detection; None if it has more than `LARGEST` concepts.
    tolerance
        Its ε: the cell's own, or a greater one where nothing is certified at that (`drawn_context`).
    truth
        The lattice of the true hierarchy.
    comparison
        How the two compare, beside their floors.
    along
        The sizes along growing tolerances, for each notion that was measured.
    round_trips
        Where learning and interpretation lead (F2, F3).
    """

    detection: ConceptLattice | None
    tolerance: float
    truth: ConceptLattice
    comparison: LatticeComparison
    along: Mapping[Notion, tuple[LatticeSize, ...]]
    round_trips: RoundTrips


# A lattice has a JSON form of its own, which is checked against its context as it is read.
CONVERTER.register_unstructure_hook(ConceptLattice, ConceptLattice.to_dict)
CONVERTER.register_structure_hook(ConceptLattice, lambda value, _: ConceptLattice.from_dict(value))


def truth_context(dataset: ConceptDataset) -> FormalContext:
    """Return the context (concepts, concepts, ⊂): its lattice is the completion of the true hierarchy.

    Examples
    --------
    >>> import numpy as np
    >>> membership = np.array([[True, True], [False, True], [False, False]])
    >>> data = ConceptDataset(np.zeros((3, 1)), membership, ("small", "large"))
    >>> truth_context(data).incidence.tolist()
    [[True, True], [False, True]]
    """
    return FormalContext(dataset.names, dataset.names, dataset.hierarchy)


def store_lattices(
    alignment: Alignment, dataset: ConceptDataset, folder: Path, seed: int
) -> LatticeMeasures[float]:
    """Write lattice.json with the detection lattice and the true one, and return how they compare.

    Edges are certified ones. The comparison is at the cell's tolerance, also where the lattice that is stored
    for drawing is at a greater one; it stands beside its floor under permuted columns. A learned lattice of
    more than `LARGEST` concepts is neither counted nor stored (null). The file holds also the sizes along ε,
    and where learning and interpretation lead (F2, F3).
    """
    context, truth = alignment.context("detection"), truth_context(dataset)
    true_lattice = concept_lattice(truth)
    tolerance, drawn = alignment.drawn_context("detection")
    try:
        learned = concept_lattice(drawn, cap=LARGEST)
    except TooManyConcepts:
        learned = None
    comparison = compare(truth, context, np.random.default_rng([seed, 2]), nulls=NULLS)
    round_trips = learning_and_interpretation(alignment, hierarchy=dataset.hierarchy)
    write_record(
        folder / "lattice.json",
        CellLattices(learned, tolerance, true_lattice, comparison, _along(alignment), round_trips),
    )
    floor = comparison.floor
    return LatticeMeasures(
        concepts=math.nan if learned is None else float(len(learned)),
        edges=float(np.count_nonzero(context.incidence)),
        truth_concepts=float(len(true_lattice)),
        exact_recall=comparison.exact_recall,
        tightness=comparison.tightness,
        round_trip=comparison.round_trip,
        closed_objects=comparison.closed_objects,
        exact_recall_floor=math.nan if floor is None else floor.exact_recall,
        tightness_floor=math.nan if floor is None else floor.tightness,
        round_trip_floor=math.nan if floor is None else floor.round_trip,
        closed_objects_floor=math.nan if floor is None else floor.closed_objects,
    )


def _along(alignment: Alignment) -> dict[Notion, tuple[LatticeSize, ...]]:
    """Return for each notion that was measured the sizes of its lattices, from small ε on."""
    sizes: dict[Notion, tuple[LatticeSize, ...]] = {}
    for notion in NOTIONS:
        if notion == "approximation" and alignment.approximation is None:
            continue
        counts = sizes_along(along_tolerances(alignment, notion, ALONG), cap=COUNTED, seconds=float("inf"))
        pairs = zip(sorted(ALONG), reversed(counts), strict=True)
        sizes[notion] = tuple(LatticeSize(t, count.found, count.complete) for t, count in pairs)
    return sizes
