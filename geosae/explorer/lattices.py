"""Lattices for the explorer: the true one beside the learned one, with coordinates and matched nodes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from geosae.analysis.round_trips import ConceptRoundTrip
from geosae.experiments.cell_lattices import LARGEST, CellLattices
from geosae.explorer.blocks import Block
from geosae.fca import ConceptLattice
from geosae.fca.layout import Layout, layered, ranks_of
from geosae.fca.scores import deltas, stability
from geosae.notebook import short_repr

MOST_COVERS = 600
"""Beyond so many covers nodes stand in their ranks as they come: crossings are too costly to count."""


@dataclass(frozen=True)
class LatticeNode:
    """A formal concept.

    Attributes
    ----------
    extent, intent
        Concepts, and attributes: neurons in the learned lattice, concepts in the true one.
    stability
        The share of subsets of the extent with the same intent.
    delta
        What it loses at least by a further step.
    match
        The node of the other lattice that has the same extent; None if there is none.
    """

    extent: tuple[int, ...]
    intent: tuple[int, ...]
    stability: float
    delta: int
    match: int | None

    __repr__ = short_repr


@dataclass(frozen=True)
class LatticeRecord:
    """A lattice and where its nodes stand.

    Attributes
    ----------
    nodes
        By growing extent.
    covers
        (e, 2): pairs of a node and a next greater one.
    positions
        (m, 2).
    """

    nodes: tuple[LatticeNode, ...]
    covers: Block
    positions: Block

    __repr__ = short_repr


@dataclass(frozen=True)
class LatticePair:
    """The true lattice beside that of certified detection, at the tolerance that it is drawn at.

    `learned` is None where it is too large to be drawn: then `reason` says so. The figures are those of the
    comparison at the SAE's own tolerance, `judged_at`, each with its floor under permuted columns.
    """

    tolerance: float
    judged_at: float
    truth: LatticeRecord
    learned: LatticeRecord | None
    reason: str
    exact_recall: float
    exact_recall_floor: float
    tightness: float
    tightness_floor: float

    __repr__ = short_repr


def lattice_pair(lattices: CellLattices, judged_at: float) -> LatticePair:
    """Return the pair of lattices that a cell has stored; nodes of equal extents are matched."""
    comparison = lattices.comparison
    learned = lattices.detection
    truth_places = _by_extent(lattices.truth)
    places: Mapping[tuple[str, ...], int] = {} if learned is None else _by_extent(learned)
    truth_layout = _layout(lattices.truth)
    # Matched nodes stand where their twins do, as far as there is room.
    anchors = {
        i: float(truth_layout.positions[truth_places[e], 0]) for e, i in places.items() if e in truth_places
    }
    floor = comparison.floor
    nan = float("nan")
    return LatticePair(
        tolerance=lattices.tolerance,
        judged_at=judged_at,
        truth=_record(lattices.truth, places, truth_layout),
        learned=None if learned is None else _record(learned, truth_places, _layout(learned, anchors)),
        reason="" if learned is not None else f"it has more than {LARGEST} concepts, and was not stored",
        exact_recall=comparison.exact_recall,
        exact_recall_floor=nan if floor is None else floor.exact_recall,
        tightness=comparison.tightness,
        tightness_floor=nan if floor is None else floor.tightness,
    )


def round_trips_of(lattices: CellLattices) -> tuple[ConceptRoundTrip, ...]:
    """Return what was stored of each concept's closure and of its best neuron."""
    return lattices.round_trips.concepts


def _by_extent(lattice: ConceptLattice) -> dict[tuple[str, ...], int]:
    return {tuple(sorted(concept.extent)): i for i, concept in enumerate(lattice)}


def _record(lattice: ConceptLattice, other: Mapping[tuple[str, ...], int], layout: Layout) -> LatticeRecord:
    stable = stability(lattice)
    losses = deltas(lattice)
    nodes = tuple(
        LatticeNode(
            extent=tuple(int(g) for g in lattice.extents[i]),
            intent=tuple(int(m) for m in lattice.intents[i]),
            stability=float(stable[i]),
            delta=int(losses[i]),
            match=other.get(tuple(sorted(concept.extent))),
        )
        for i, concept in enumerate(lattice)
    )
    covers = np.array(lattice.covers, dtype=np.int64).reshape(-1, 2)
    return LatticeRecord(nodes, Block.of(covers, "int32"), Block.of(layout.positions, "float64"))


def _layout(lattice: ConceptLattice, anchors: Mapping[int, float] | None = None) -> Layout:
    if len(lattice.covers) <= MOST_COVERS:
        return layered(lattice, starts=2, anchors=anchors)
    ranks = ranks_of(lattice)
    x = np.zeros(len(lattice))
    for rank in np.unique(ranks):
        row = np.flatnonzero(ranks == rank)
        x[row] = np.arange(len(row)) - (len(row) - 1) / 2
    return Layout(np.stack([x, ranks.astype(np.float64)], axis=1), ranks, 0, 0, 0)
