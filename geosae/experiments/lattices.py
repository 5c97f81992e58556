"""The detection lattice of a cell beside the true one."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geosae.data.context import FormalContext
from geosae.data.dataset import ConceptDataset
from geosae.data.files import write_json

if TYPE_CHECKING:
    from geosae.analysis import Alignment
    from geosae.lattice import LatticeComparison

LARGEST = 400
"""A lattice of more concepts is not drawn either."""
NULLS = 5
FIGURES = ("exact_recall", "tightness", "round_trip", "closed_objects")


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
    alignment: "Alignment", dataset: ConceptDataset, folder: Path, seed: int
) -> dict[str, Any]:
    """Write lattice.json with the detection lattice and the true one, and return how they compare.

    A learned lattice of more than `LARGEST` concepts is neither counted nor stored (null); the comparison
    needs closures only and is always there, beside its floor under permuted columns.
    """
    from geosae.lattice import TooManyConcepts, compare, concept_lattice

    context, truth = alignment.context("detection"), truth_context(dataset)
    true_lattice = concept_lattice(truth)
    try:
        learned = concept_lattice(context, cap=LARGEST)
    except TooManyConcepts:
        learned = None
    stored = {"detection": None if learned is None else learned.to_dict(), "truth": true_lattice.to_dict()}
    write_json(folder / "lattice.json", stored)
    found = compare(truth, context, np.random.default_rng([seed, 2]), nulls=NULLS)
    return {
        "concepts": None if learned is None else len(learned),
        "truth_concepts": len(true_lattice),
        **_figures(found),
        **{f"{name}_floor": value for name, value in _figures(found.floor).items()},
    }


def _figures(found: "LatticeComparison | None") -> dict[str, float | None]:
    values = {name: float("nan") if found is None else getattr(found, name) for name in FIGURES}
    return {name: value if np.isfinite(value) else None for name, value in values.items()}
