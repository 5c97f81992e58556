"""The half-spaces that bound a data set's concepts, where they are recorded or follow from its regions."""

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.regions.registry import Box, Polytope, Region


def true_halfspaces(dataset: ConceptDataset) -> HalfSpaces | None:
    """Return the half-spaces that bound a data set's concepts, or None where there are none to be had.

    Those that a world was planted with, if its provenance holds some; otherwise the facets of all concepts
    whose regions are polytopes or boxes: a unit of them is such a concept exactly (theory A1).

    Examples
    --------
    >>> points, box = np.array([[0.5], [2.0]]), Box(np.zeros(1), np.ones(1))
    >>> data = ConceptDataset(points, np.array([[True], [False]]), ("unit interval",), regions=(box,))
    >>> true_halfspaces(data).contains(points).tolist()
    [[True, True], [True, False]]
    """
    facts = dataset.provenance.get("facts") or {}
    planted = facts.get("halfspaces")
    if planted:
        return HalfSpaces(
            np.asarray(planted["w"], dtype=np.float64), np.asarray(planted["c"], dtype=np.float64)
        )
    facets = [sides for region in dataset.regions if (sides := _facets(region)) is not None]
    if not facets:
        return None
    rows = np.vstack([np.column_stack([f.w, f.c]) for f in facets])
    rows = rows[np.sort(np.unique(rows, axis=0, return_index=True)[1])]
    return HalfSpaces(rows[:, :-1], rows[:, -1])


def _facets(region: Region | None) -> HalfSpaces | None:
    if isinstance(region, Polytope):
        return region.facets()
    if isinstance(region, Box):
        axes = np.eye(region.dim)
        return HalfSpaces(np.vstack([axes, -axes]), np.concatenate([-region.low, region.high]))
    return None
