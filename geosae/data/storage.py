"""A data set on disk: one .npz without pickle, a readable .json card beside it, and a hash over both."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geosae.data.dataset import ConceptDataset, hash_of
from geosae.data.order import cover_edges
from geosae.data.truth import truth_from_dict
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import measure_from_dict
from geosae.geometry.regions.registry import region_from_dict
from geosae.storage.arguments import checked_arguments
from geosae.storage.files import json_value
from geosae.storage.npz_card import StoredArrays, check_card, check_digest, load_arrays, save_arrays
from geosae.storage.structure import from_json

_FORMAT = "geosae-concepts-1"


@dataclass(frozen=True)
class _Card:
    """What is no array, as the file holds it; regions, measure and truth are read by what they are."""

    names: tuple[str, ...]
    regions: tuple[Any, ...]
    ambient: Any
    truth: tuple[Any, ...]
    declared_subsets: tuple[tuple[str, str], ...]
    seed: int | None
    provenance: Mapping[str, Any]
    allow_trivial: bool


@checked_arguments()
def save_dataset(dataset: ConceptDataset, path: str | Path) -> Path:
    """Write the data set to `path` (.npz) and its card to the same name with .json; return the .npz's path.

    The same data set gives the same bytes: entries carry no time of writing.

    Raises
    ------
    InvalidInput
        If the path does not end in .npz.
    """
    path = Path(path)
    text = dataset.card_text()
    arrays = {"points": dataset.points, "membership": dataset.membership}
    if dataset.directions is not None:
        arrays["directions"] = dataset.directions
    stored = StoredArrays(text, arrays, hash_of(dataset, text))
    save_arrays(path, _FORMAT, stored, _readable(dataset))
    return path


def _readable(dataset: ConceptDataset) -> dict[str, Any]:
    """Return what a reader of the card wants to know and the arrays hold."""
    sizes = np.count_nonzero(dataset.membership, axis=0).tolist()
    names = dataset.names
    return {
        "shapes": {"points": list(dataset.points.shape), "membership": list(dataset.membership.shape)},
        "dtype": str(dataset.points.dtype),
        "sizes": dict(zip(names, sizes, strict=True)),
        "hierarchy": [[names[child], names[parent]] for child, parent in cover_edges(dataset.hierarchy)],
        "has_directions": dataset.directions is not None,
    }


@checked_arguments()
def load_dataset(path: str | Path) -> ConceptDataset:
    """Read a data set and verify its hash; the card, if it is there, must say the same.

    Raises
    ------
    InvalidInput
        If there is no such file, it is no data set of concepts, or it or its card was changed.
    """
    path = Path(path)
    elsewhere = "points and membership of your own come in through geosae.data.sources.from_files"
    stored = load_arrays(path, _FORMAT, "data set of concepts", elsewhere)
    dataset = _rebuild(path, stored.arrays, stored.card)
    check_digest(path, stored, hash_of(dataset, stored.card))
    check_card(path, _FORMAT, stored, _readable(dataset))
    return dataset


def _rebuild(path: Path, arrays: Mapping[str, np.ndarray], text: str) -> ConceptDataset:
    card = from_json(_Card, json_value(text, f"{path}: the card"), f"{path}: the card")
    try:
        return ConceptDataset(
            points=arrays["points"],
            membership=arrays["membership"],
            names=card.names,
            regions=tuple(None if value is None else region_from_dict(value) for value in card.regions),
            ambient=None if card.ambient is None else measure_from_dict(card.ambient),
            truth=tuple(truth_from_dict(value) for value in card.truth),
            declared_subsets=card.declared_subsets,
            directions=arrays.get("directions"),
            seed=card.seed,
            provenance=card.provenance,
            allow_trivial=card.allow_trivial,
        )
    except (KeyError, ValueError) as error:
        raise InvalidInput(
            f"{path} cannot be rebuilt: {error}", causes="a damaged or foreign file"
        ) from error
