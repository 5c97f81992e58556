"""The detection lattice of a cell beside the true one, its size along ε, and the maps of F2 and F3."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.fca.context import FormalContext
from geosae.storage.files import write_json

if TYPE_CHECKING:
    from geosae.analysis import Alignment
    from geosae.analysis.round_trips import Maps
    from geosae.fca import LatticeComparison

LARGEST = 400
"""A lattice of more concepts is not drawn either."""
NULLS = 5
ALONG = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
"""The tolerances at which lattices are counted, up to `COUNTED` concepts."""
COUNTED = 2000
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
    needs no lattice and is always there, beside its floor under permuted columns. The file holds all of it,
    the sizes along ε, and where learning and interpretation lead (F2, F3).
    """
    from geosae.analysis import learning_and_interpretation
    from geosae.fca import TooManyConcepts, compare, concept_lattice

    context, truth = alignment.context("detection"), truth_context(dataset)
    true_lattice = concept_lattice(truth)
    try:
        learned = concept_lattice(context, cap=LARGEST)
    except TooManyConcepts:
        learned = None
    found = compare(truth, context, np.random.default_rng([seed, 2]), nulls=NULLS)
    maps = learning_and_interpretation(alignment, hierarchy=dataset.hierarchy)
    stored = {
        "detection": None if learned is None else learned.to_dict(),
        "truth": true_lattice.to_dict(),
        "comparison": found.to_dict(),
        "along": _along(alignment),
        "maps": _maps(maps),
    }
    write_json(folder / "lattice.json", stored)
    return {
        "concepts": None if learned is None else len(learned),
        "truth_concepts": len(true_lattice),
        **_figures(found),
        **{f"{name}_floor": value for name, value in _figures(found.floor).items()},
    }


def _figures(found: "LatticeComparison | None") -> dict[str, float | None]:
    values = {name: float("nan") if found is None else getattr(found, name) for name in FIGURES}
    return {name: value if np.isfinite(value) else None for name, value in values.items()}


def _along(alignment: "Alignment") -> dict[str, list[list[float | int | bool]]]:
    """Return for each notion that was measured (ε, concepts, whether these are all), from small ε on."""
    from geosae.analysis import along_tolerances
    from geosae.fca import sizes_along

    found: dict[str, list[list[float | int | bool]]] = {}
    for notion in ("detection", "separation", "approximation"):
        if notion == "approximation" and alignment.approximation is None:
            continue
        counts = sizes_along(along_tolerances(alignment, notion, ALONG), cap=COUNTED, seconds=float("inf"))
        pairs = zip(sorted(ALONG), reversed(counts), strict=True)
        found[notion] = [[tolerance, count.found, count.complete] for tolerance, count in pairs]
    return found


def _maps(maps: "Maps") -> dict[str, Any]:
    return {
        "mutual_rate": maps.mutual_rate if np.isfinite(maps.mutual_rate) else None,
        "closed_share": maps.closed_share,
        "concepts": [asdict(row) for row in maps.concepts],
        "neurons": [asdict(row) for row in maps.neurons],
        "violations": [[child, parent, list(neurons)] for child, parent, neurons in maps.violations],
    }
