"""The detection lattice of a cell beside the true one."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from geosae.data.context import FormalContext
from geosae.data.dataset import ConceptDataset
from geosae.data.files import write_json

if TYPE_CHECKING:
    from geosae.analysis import Alignment


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


def store_lattices(alignment: "Alignment", dataset: ConceptDataset, folder: Path) -> dict[str, Any]:
    """Write lattice.json with the detection lattice and the true one, and return how many concepts each has."""
    from geosae.lattice import concept_lattice

    learned = concept_lattice(alignment.context("detection"))
    truth = concept_lattice(truth_context(dataset))
    write_json(folder / "lattice.json", {"detection": learned.to_dict(), "truth": truth.to_dict()})
    return {"concepts": len(learned), "truth_concepts": len(truth)}
