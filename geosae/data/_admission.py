"""The door of ConceptDataset: arrays are brought into shape, and what cannot be used is refused by name."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from geosae.geometry._door import InvalidInput, finite_points

if TYPE_CHECKING:
    from geosae.data.dataset import ConceptDataset


def admit(dataset: "ConceptDataset") -> None:
    """Check a data set and bring its fields into their exact types.

    Raises
    ------
    InvalidInput
        If anything in it is not as its docstring promises.
    """
    points = admit_points(dataset.points)
    membership = admit_membership(dataset.membership, points.shape[0])
    names = _names(tuple(dataset.names), membership.shape[1])
    _fit(dataset, points, names)
    if not dataset.allow_trivial:
        _refuse_trivial(membership, names)
    _check_subsets(dataset, membership, names)
    changed: dict[str, Any] = {
        "points": points,
        "membership": membership,
        "names": names,
        "directions": None
        if dataset.directions is None
        else admit_directions(dataset.directions, points.shape[1], len(names)),
        "provenance": _plain(dataset.provenance),
    }
    for name, value in changed.items():
        object.__setattr__(dataset, name, value)


def admit_points(points: Any) -> Float[np.ndarray, "N n"]:
    """Return points as float32 or float64, C-ordered; float32 is kept without a wide copy."""
    narrow = isinstance(points, np.ndarray) and points.dtype == np.float32
    if narrow and points.ndim == 2 and points.size and np.isfinite(points).all():
        return np.ascontiguousarray(points)
    return np.ascontiguousarray(finite_points(points))


def admit_membership(membership: Any, size: int) -> Bool[np.ndarray, "N p"]:
    """Return membership as a C-ordered boolean array of `size` rows."""
    array = np.asarray(membership)
    if array.ndim != 2 or array.shape[0] != size or array.shape[1] == 0:
        raise InvalidInput(
            f"membership has shape {array.shape} where ({size}, p) with p ≥ 1 concepts is needed",
            causes="a transposed table, or points and membership from different samples",
        )
    if array.dtype == np.bool_:
        return np.ascontiguousarray(array)
    if array.dtype.kind not in "iuf" or not np.isin(array, (0, 1)).all():
        raise InvalidInput(
            f"membership holds other values than true and false (dtype {array.dtype})",
            causes="class labels, scores or probabilities in the place of membership",
            remedy="one column per concept: membership = labels[:, None] == classes",
        )
    return array.astype(bool)


def _names(names: tuple[str, ...], concepts: int) -> tuple[str, ...]:
    if len(names) != concepts:
        raise InvalidInput(f"{len(names)} names for {concepts} concepts")
    seen: set[str] = set()
    for position, name in enumerate(names):
        if not name.strip():
            raise InvalidInput(f"concept {position} has no name")
        if name in seen:
            raise InvalidInput(f"two concepts are called {name!r}")
        seen.add(name)
    return names


def _fit(dataset: "ConceptDataset", points: Float[np.ndarray, "N n"], names: tuple[str, ...]) -> None:
    for what, entries in (("regions", dataset.regions), ("truth", dataset.truth)):
        if entries and len(entries) != len(names):
            raise InvalidInput(f"{what} has {len(entries)} entries for {len(names)} concepts")
    for name, region in zip(names, dataset.regions, strict=False):
        if region is not None and region.dim != points.shape[1]:
            raise InvalidInput(
                f"the region of {name!r} has dimension {region.dim}, the points have {points.shape[1]}"
            )
    if dataset.ambient is not None and dataset.ambient.dim != points.shape[1]:
        raise InvalidInput(
            f"the ambient measure has dimension {dataset.ambient.dim}, the points have {points.shape[1]}"
        )


def _refuse_trivial(membership: Bool[np.ndarray, "N p"], names: tuple[str, ...]) -> None:
    sizes = np.count_nonzero(membership, axis=0)
    for name, size in zip(names, sizes.tolist(), strict=True):
        if size in (0, membership.shape[0]):
            raise InvalidInput(
                f"the concept {name!r} holds {'no point' if size == 0 else f'all {size} points'}",
                causes="a sample too small for a rare concept, or a column that says nothing",
                remedy="draw more points, leave the concept out, or pass allow_trivial=True",
            )


def _check_subsets(
    dataset: "ConceptDataset", membership: Bool[np.ndarray, "N p"], names: tuple[str, ...]
) -> None:
    column = {name: position for position, name in enumerate(names)}
    for child, parent in dataset.declared_subsets:
        if child not in column or parent not in column:
            raise InvalidInput(f"{child!r} ⊂ {parent!r} is declared, and one of them is no concept here")
        outside = membership[:, column[child]] & ~membership[:, column[parent]]
        if outside.any():
            raise InvalidInput(
                f"{child!r} ⊂ {parent!r} is declared, but {np.count_nonzero(outside)} points of {child!r} "
                f"lie outside (first: row {int(outside.argmax())})"
            )


def admit_directions(directions: Any, dim: int, concepts: int) -> Float[np.ndarray, "p n"]:
    """Return ground-truth directions as float64, one row per concept."""
    array = finite_points(directions, "directions", dim=dim)
    if array.shape[0] != concepts:
        raise InvalidInput(f"{array.shape[0]} directions for {concepts} concepts")
    return np.ascontiguousarray(array)


def _plain(provenance: Any) -> dict[str, Any]:
    # Through JSON and back, so that what is in memory equals what a file gives back.
    try:
        return json.loads(json.dumps(dict(provenance), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InvalidInput(
            f"the provenance cannot be written as JSON: {error}",
            causes="numpy scalars, arrays, paths, NaN",
            remedy="convert with float(), int(), str() or .tolist()",
        ) from error
