"""Concept lattices drawn: one, or the learned one beside the true one with the extents they share marked."""

from collections.abc import Sequence
from typing import Literal

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from geosae.errors import InvalidInput
from geosae.fca import ConceptLattice, Layout, additive, layered
from geosae.fca.layout import Drawn
from geosae.figures.lattice import MATCHED, OTHER, Diagram, Mark, line_diagram, line_diagrams
from geosae.figures.style import PAGE, styled
from geosae.storage.arguments import checked_arguments
from geosae.validation import INCHES


def diagram_of(
    lattice: Drawn,
    marks: Sequence[Mark] | None = None,
    *,
    attributes: bool = True,
    layout: Layout | None = None,
) -> Diagram:
    """Return the line diagram of a lattice or family with reduced labels, nodes sized by their extents.

    Layered, unless a layout is given.

    Raises
    ------
    InvalidInput
        If the lattice has more covers than can be laid out.

    Examples
    --------
    >>> import numpy as np
    >>> from geosae.fca.context import FormalContext
    >>> from geosae.fca import concept_lattice
    >>> animals = FormalContext.from_array([[True, True], [True, False]], ["frog", "fish"], ["swims", "legs"])
    >>> diagram = diagram_of(concept_lattice(animals))
    >>> diagram.above, diagram.below, diagram.covers
    ((('legs',), ('swims',)), (('frog',), ('fish',)), ((0, 1),))
    """
    objects = max(1, len(lattice.context.objects))
    if isinstance(lattice, ConceptLattice):
        sizes = lattice.extent_sizes.tolist()
    else:
        sizes = lattice.extents.sum(axis=1).tolist()
    return Diagram(
        positions=(layered(lattice) if layout is None else layout).positions,
        covers=lattice.covers,
        above=lattice.attribute_labels if attributes else (),
        below=lattice.object_labels,
        weights=[size / objects for size in sizes],
        marks=marks,
    )


@checked_arguments(width=INCHES)
def lattice_diagram(
    lattice: Drawn,
    *,
    title: str = "",
    width: float = PAGE,
    style: Literal["layered", "additive"] = "layered",
) -> Figure:
    """Draw a lattice or a family with reduced labels: attributes above, objects below their own node.

    Additive drawings, of lattices of up to 80 concepts, make parallel what is the same attribute.

    Raises
    ------
    InvalidInput
        If there are more covers or concepts than can be laid out, or a family is to be drawn additively.
    """
    if style == "layered":
        return line_diagram(diagram_of(lattice), title=title, width=width)
    if not isinstance(lattice, ConceptLattice):
        raise InvalidInput("a family has no sums of attributes", remedy="draw it layered")
    return line_diagram(diagram_of(lattice, layout=additive(lattice)), title=title, width=width)


@checked_arguments(width=INCHES)
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
    has_own_attributes = true.context.objects != true.context.attributes
    first = layered(true)
    # What both have stands at the same place across, as far as there is room.
    across = {
        frozenset(concept.extent): float(x) for concept, x in zip(true, first.positions[:, 0], strict=True)
    }
    extents = [frozenset(concept.extent) for concept in learned]
    anchors = {i: across[extent] for i, extent in enumerate(extents) if extent in shared}
    sides = [
        diagram_of(true, marks_of(true, shared), attributes=has_own_attributes, layout=first),
        diagram_of(learned, marks_of(learned, shared), layout=layered(learned, anchors=anchors)),
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
