"""Chosen units as arrays of a file: ragged lists of neurons as one list and the sizes of its parts."""

from collections.abc import Mapping
from typing import Any, cast, get_args

import numpy as np
from jaxtyping import Int

from geosae.analysis.ambient import AmbientCounts
from geosae.analysis.answers import Chosen
from geosae.analysis.choice import LEARNERS, Learner, Rule
from geosae.analysis.counts import Counts
from geosae.analysis.firing_bits import Unit
from geosae.errors import InvalidInput
from geosae.storage.files import content_hash

RULES: tuple[Rule, ...] = get_args(Rule)


def chosen_arrays(chosen: Mapping[Rule, Mapping[Learner, Chosen]]) -> dict[str, np.ndarray]:
    """Name the arrays of all chosen units for a file."""
    arrays: dict[str, np.ndarray] = {}
    for rule, by_learner in chosen.items():
        for learner, each in by_learner.items():
            prefix = f"chosen.{rule}.{learner}"
            arrays[f"{prefix}.sizes"] = np.array([len(unit) for unit in each.units], dtype=np.int64)
            arrays[f"{prefix}.members"] = np.array([i for unit in each.units for i in unit], dtype=np.int64)
            arrays[f"{prefix}.auc"] = each.auc
            arrays |= each.counts.arrays(prefix)
            if each.ambient is not None:
                arrays |= each.ambient.arrays(f"{prefix}.ambient")
    return arrays


def chosen_from(arrays: Mapping[str, np.ndarray]) -> dict[Rule, dict[Learner, Chosen]]:
    """Read the chosen units back from a mapping of names to arrays.

    Raises
    ------
    KeyError
        If a part is missing.
    InvalidInput
        If the sizes do not fit the members.
    """
    chosen: dict[Rule, dict[Learner, Chosen]] = {}
    for rule in RULES:
        if f"chosen.{rule}.{LEARNERS[0]}.sizes" not in arrays:
            continue
        chosen[rule] = {learner: _chosen(arrays, f"chosen.{rule}.{learner}") for learner in LEARNERS}
    return chosen


def _chosen(arrays: Mapping[str, np.ndarray], prefix: str) -> Chosen:
    has_ambient = f"{prefix}.ambient.mass" in arrays
    return Chosen(
        _units(arrays[f"{prefix}.sizes"], arrays[f"{prefix}.members"]),
        Counts.from_arrays(arrays, prefix),
        np.asarray(arrays[f"{prefix}.auc"], dtype=np.float64),
        AmbientCounts.from_arrays(arrays, f"{prefix}.ambient") if has_ambient else None,
    )


def _units(sizes: Int[np.ndarray, " p"], members: Int[np.ndarray, " m"]) -> tuple[Unit, ...]:
    if np.any(sizes < 0) or int(sizes.sum()) != len(members):
        raise InvalidInput("the sizes of the units do not fit their neurons", causes="a damaged file")
    ends = np.cumsum(sizes)
    return tuple(
        cast("Unit", tuple(members[end - size : end].tolist())) for size, end in zip(sizes, ends, strict=True)
    )


def hash_of_parts(card: str, arrays: Mapping[str, np.ndarray]) -> str:
    """Return the content hash of a card and named arrays, whatever the order of the arrays."""
    return content_hash(card, *(part for name in sorted(arrays) for part in (name, arrays[name])))


def listed(array: np.ndarray) -> list[Any]:
    """Return nested lists with null for nan."""
    if array.dtype.kind != "f":
        return array.tolist()
    plain = array.astype(object)
    plain[np.isnan(array)] = None
    return plain.tolist()
