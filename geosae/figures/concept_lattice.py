"""Concept lattices drawn: one, or the learned one beside the true one with the extents they share marked."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from geosae.figures.lattice import MATCHED, OTHER, Diagram, Mark, line_diagram, line_diagrams
from geosae.figures.style import PAGE, styled
from geosae.lattice import ConceptLattice, layered


def diagram_of(
    lattice: ConceptLattice, marks: Sequence[Mark] | None = None, *, attributes: bool = True
) -> Diagram:
    """Return the line diagram of a lattice: layered, with reduced labels, nodes sized by their extents.

    Raises
    ------
    InvalidInput
        If the lattice has more covers than can be laid out.

    Examples
    --------
    >>> import numpy as np
    >>> from geosae.data.context import FormalContext
    >>> from geosae.lattice import concept_lattice
    >>> animals = FormalContext.from_array([[True, True], [True, False]], ["frog", "fish"], ["swims", "legs"])
    >>> diagram = diagram_of(concept_lattice(animals))
    >>> diagram.above, diagram.below, diagram.covers
    ((('legs',), ('swims',)), (('frog',), ('fish',)), ((0, 1),))
    """
    objects = max(1, len(lattice.context.objects))
    return Diagram(
        positions=layered(lattice).positions,
        covers=lattice.covers,
        above=lattice.attribute_labels if attributes else (),
        below=lattice.object_labels,
        weights=[len(extent) / objects for extent in lattice.extents],
        marks=marks,
    )


def lattice_diagram(lattice: ConceptLattice, *, title: str = "", width: float = PAGE) -> Figure:
    """Draw a concept lattice with reduced labels: attributes above, objects below their own node.

    Raises
    ------
    InvalidInput
        If the lattice has more covers than can be laid out.
    """
    return line_diagram(diagram_of(lattice), title=title, width=width)


def lattice_pair(true: ConceptLattice, learned: ConceptLattice, *, width: float = PAGE) -> Figure:
    """Draw the true lattice beside the learned one, marking the extents (by object names) that both have.

    The true lattice of a hierarchy has the concepts as objects and as attributes: each stands at one node,
    so only the objects are written.

    Raises
    ------
    InvalidInput
        If a lattice has more covers than can be laid out.
    """
    shared = extents_of(true) & extents_of(learned)
    sides = [
        diagram_of(true, marks_of(true, shared), attributes=true.context.objects != true.context.attributes),
        diagram_of(learned, marks_of(learned, shared)),
    ]
    titles = [f"true ({len(true)})", f"learned ({len(learned)}, {len(shared)} of them shared)"]
    figure = line_diagrams(sides, titles, width=width)
    with styled():
        handles = [
            Line2D([], [], marker="o", ls="", ms=5, mfc="white", mec=MATCHED, label="extent in both"),
            Line2D([], [], marker="D", ls="", ms=4, mfc="white", mec=OTHER, label="in this one only"),
        ]
        figure.legend(handles=handles, loc="lower center", ncols=2, fontsize=6.5, borderaxespad=0.1)
    return figure


def extents_of(lattice: ConceptLattice) -> set[frozenset[str]]:
    """Return the extents as sets of object names."""
    return {frozenset(concept.extent) for concept in lattice}


def marks_of(lattice: ConceptLattice, shared: set[frozenset[str]]) -> list[Mark]:
    """Return for each concept whether its extent is among the shared ones."""
    return ["matched" if frozenset(concept.extent) in shared else "other" for concept in lattice]
