"""A data set on disk: one .npz without pickle, a readable .json card beside it, and a hash over both."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from geosae.data.dataset import ConceptDataset, hash_of
from geosae.data.order import cover_edges
from geosae.data.truth import truth_from_dict
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import measure_from_dict
from geosae.geometry.regions.registry import region_from_dict
from geosae.storage.files import atomic_path, read_json, write_json

_FORMAT = "geosae-concepts-1"


def save_dataset(dataset: ConceptDataset, path: str | Path) -> Path:
    """Write the data set to `path` (.npz) and its card to the same name with .json.

    The same data set gives the same bytes: entries carry no time of writing.

    Raises
    ------
    InvalidInput
        If the path does not end in .npz.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise InvalidInput(f"a data set is written to a file .npz, not {path.name}")
    text = dataset.card_text()
    digest = hash_of(dataset, text)
    meta = json.dumps({"format": _FORMAT, "content_hash": digest}, sort_keys=True)
    arrays: dict[str, np.ndarray] = {
        "format": np.frombuffer(meta.encode(), dtype=np.uint8),
        "card": np.frombuffer(text.encode(), dtype=np.uint8),
        "points": dataset.points,
        "membership": dataset.membership,
    }
    if dataset.directions is not None:
        arrays["directions"] = dataset.directions
    with atomic_path(path) as temporary:
        _write_arrays(temporary, arrays)
    write_json(path.with_suffix(".json"), _card(dataset, text, digest))
    return path


def _write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    # numpy's own writer compresses all entries or none: membership shrinks a lot, random points do not.
    with zipfile.ZipFile(path, "w", allowZip64=True) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED if array.dtype == np.bool_ else zipfile.ZIP_STORED
            with archive.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def _card(dataset: ConceptDataset, text: str, digest: str) -> dict[str, Any]:
    sizes = np.count_nonzero(dataset.membership, axis=0).tolist()
    names = dataset.names
    return json.loads(text) | {
        "format": _FORMAT,
        "content_hash": digest,
        "shapes": {"points": list(dataset.points.shape), "membership": list(dataset.membership.shape)},
        "dtype": str(dataset.points.dtype),
        "sizes": dict(zip(names, sizes, strict=True)),
        "hierarchy": [[names[child], names[parent]] for child, parent in cover_edges(dataset.hierarchy)],
        "has_directions": dataset.directions is not None,
    }


def load_dataset(path: str | Path) -> ConceptDataset:
    """Read a data set and verify its hash; the card, if it is there, must say the same.

    Raises
    ------
    InvalidInput
        If there is no such file, it is no data set of concepts, or it or its card was changed.
    """
    path = Path(path)
    arrays = _read_arrays(path)
    try:
        meta: dict[str, Any] = json.loads(arrays["format"].tobytes())
        text = arrays["card"].tobytes().decode()
        readable = meta["format"] == _FORMAT
    except (KeyError, ValueError, TypeError) as error:
        raise InvalidInput(
            f"{path} is no data set of concepts",
            causes="an .npz of another program",
            remedy="points and membership of your own come in through geosae.data.sources.from_files",
        ) from error
    if not readable:
        raise InvalidInput(f"{path} has the format {meta['format']!r}; this version reads {_FORMAT!r}")
    dataset = _rebuild(path, arrays, text)
    if hash_of(dataset, text) != meta.get("content_hash"):
        raise InvalidInput(
            f"{path} does not have the content hash that it states",
            causes="the file was changed after it was written, or damaged in a transfer",
            remedy="make or fetch it again",
        )
    _check_card(path.with_suffix(".json"), _card(dataset, text, meta["content_hash"]))
    return dataset


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        # Opened here: numpy leaves its own handle open when the archive turns out to be damaged.
        with path.open("rb") as file:
            archive: Any = np.load(file, allow_pickle=False)
            return {name: archive[name] for name in archive.files}
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {path}", remedy="check the path") from error
    except Exception as error:
        # Damaged bytes make zipfile, zlib and numpy raise a dozen kinds of errors.
        raise InvalidInput(
            f"{path} cannot be read as a data set: {error!r}", causes="a truncated or foreign file"
        ) from error


def _rebuild(path: Path, arrays: dict[str, np.ndarray], text: str) -> ConceptDataset:
    try:
        card: dict[str, Any] = json.loads(text)
        return ConceptDataset(
            points=arrays["points"],
            membership=arrays["membership"],
            names=tuple(card["names"]),
            regions=tuple(None if value is None else region_from_dict(value) for value in card["regions"]),
            ambient=None if card["ambient"] is None else measure_from_dict(card["ambient"]),
            truth=tuple(truth_from_dict(value) for value in card["truth"]),
            declared_subsets=tuple((child, parent) for child, parent in card["declared_subsets"]),
            directions=arrays.get("directions"),
            seed=card["seed"],
            provenance=card["provenance"],
            allow_trivial=card["allow_trivial"],
        )
    except (KeyError, ValueError, TypeError) as error:
        raise InvalidInput(
            f"{path} cannot be rebuilt: {error}", causes="a damaged or foreign file"
        ) from error


def _check_card(path: Path, expected: dict[str, Any]) -> None:
    if not path.exists():
        return
    card = read_json(path)
    if card == expected:
        return
    keys = sorted(expected.keys() | card.keys()) if isinstance(card, dict) else []
    wrong = [key for key in keys if card.get(key) != expected.get(key)]
    raise InvalidInput(
        f"the card {path} does not describe the data set beside it: {', '.join(wrong) or 'all'} differ",
        causes="an edited card, or the card of another data set",
        remedy="remove the card: the .npz holds all of it, and saving writes it again",
    )
