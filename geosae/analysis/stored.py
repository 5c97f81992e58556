"""Chosen units as arrays of a file: ragged lists of neurons as one list and the sizes of its parts."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, cast, get_args

import numpy as np
from jaxtyping import Int

from geosae.analysis.ambient import AmbientCounts
from geosae.analysis.answers import Chosen
from geosae.analysis.certified import Correction
from geosae.analysis.choice import LEARNERS, Learner, Rule
from geosae.analysis.counts import Counts, floats, integers
from geosae.analysis.firing_bits import Unit
from geosae.errors import InvalidInput
from geosae.storage.files import content_hash
from geosae.storage.structure import from_json

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
        _units(integers(arrays, f"{prefix}.sizes"), integers(arrays, f"{prefix}.members")),
        Counts.from_arrays(arrays, prefix),
        floats(arrays, f"{prefix}.auc"),
        AmbientCounts.from_arrays(arrays, f"{prefix}.ambient") if has_ambient else None,
    )


def _units(sizes: Int[np.ndarray, " p"], members: Int[np.ndarray, " m"]) -> tuple[Unit, ...]:
    flat = sizes.ndim == members.ndim == 1
    if not flat or np.any(sizes < 0) or int(sizes.sum()) != len(members):
        raise InvalidInput("the sizes of the units do not fit their neurons", causes="a damaged file")
    ends = np.cumsum(sizes)
    return tuple(
        cast("Unit", tuple(members[end - size : end].tolist())) for size, end in zip(sizes, ends, strict=True)
    )


@dataclass(frozen=True)
class _Card:
    """What is no array of an alignment, as its file holds it."""

    kind: Literal["alignment"]
    version: int
    concepts: tuple[str, ...]
    tolerance: float
    alpha: float
    correction: Correction
    seed: int
    fit_points: int
    test_points: int
    approximation_reason: str
    metrics: Mapping[str, Any]
    floor: Mapping[str, Any] | None


def checked_card(card: Mapping[str, Any], version: int) -> dict[str, Any]:
    """Return what is no array of an alignment, each of its own type, without kind and version.

    Raises
    ------
    KeyError
        If a part is missing.
    InvalidInput
        If it is of another kind or version, a part is of another type, or no tolerance or level.
    """
    stated = [card.get(key) if isinstance(card, Mapping) else None for key in ("kind", "version")]
    if stated != ["alignment", version]:
        raise InvalidInput(
            f"this is no alignment of version {version}: kind {stated[0]!r}, version {stated[1]!r}"
        )
    plain = {field.name: card[field.name] for field in fields(_Card)}
    checked = from_json(_Card, plain, "the alignment")
    if not 0 <= checked.tolerance < 1 or not 0 < checked.alpha < 1:
        raise InvalidInput(f"an alignment at tolerance {checked.tolerance} and level {checked.alpha}")
    return {name: getattr(checked, name) for name in plain if name not in ("kind", "version")}


def check_shapes(parts: Mapping[str, Any]) -> None:
    """Refuse counts of other concepts or neurons than there are, and units of neurons that there are not.

    Raises
    ------
    KeyError
        If a rule has chosen nothing.
    InvalidInput
        If some are.
    """
    concepts, fired = len(parts["concepts"]), parts["metrics"].fired
    tables = [parts[name] for name in ("fit", "counts", "fit_ambient", "ambient") if name in parts]
    needed: tuple[Rule, ...] = ("detection", "separation", "f1")
    needed += ("approximation",) if "ambient" in parts else ()
    chosen: list[Chosen] = [each for rule in needed for each in parts["chosen"][rule].values()]
    shape = (concepts, len(fired))
    shapes = [getattr(table, "outer", table).hits.shape == shape for table in tables]
    for each in chosen:
        counts = [each.counts, *([] if each.ambient is None else [each.ambient.outer])]
        shapes += [len(each.units) == concepts, each.auc.shape == (concepts,)]
        shapes += [part.hits.shape == part.positives.shape == (concepts,) for part in counts]
        shapes += [0 <= neuron < len(fired) for unit in each.units for neuron in unit]
    if not all(shapes) or not concepts or not len(fired):
        raise InvalidInput("the counts are of other concepts or neurons", causes="a damaged or foreign file")


def listed_arrays(value: Any) -> dict[str, np.ndarray]:
    """Return arrays from lists with null for nan, as `listed` writes them.

    Raises
    ------
    InvalidInput
        If they are no lists of numbers.
    """
    try:
        wrong = {str(entry["dtype"]) for entry in value.values()} - {"int64", "float64"}
        if wrong:
            raise TypeError(f"numbers of type {sorted(wrong)[0][:40]}")
        return {name: np.asarray(entry["values"], dtype=entry["dtype"]) for name, entry in value.items()}
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise InvalidInput(f"the alignment's arrays cannot be read: {error!r}") from error


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
