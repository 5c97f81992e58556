"""A record on disk: an npz of arrays without pickle, and a readable JSON card that holds their hash."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from geosae.errors import InvalidInput
from geosae.storage.files import content_hash, read_json, write_atomic, write_json


def save_record(path: Path, card: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write the arrays to `path` (.npz) and the card beside it (.json), each atomically.

    Raises
    ------
    InvalidInput
        If the path does not end in .npz, or the card holds what JSON cannot express.
    """
    if path.suffix != ".npz":
        raise InvalidInput(f"{path.name} does not end in .npz", remedy="name the file something.npz")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **dict(arrays))
    write_atomic(path, buffer.getvalue())
    # The card comes last: where it is present and its hash agrees, the pair is whole.
    write_json(path.with_suffix(".json"), dict(card) | {"arrays_hash": _hash(arrays)})


def load_record(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read the card and the arrays back.

    Raises
    ------
    InvalidInput
        If a file is missing or damaged, or the two do not belong together.
    """
    card = read_json(path.with_suffix(".json"))
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise InvalidInput(f"{path} cannot be read: {error}", causes="a missing or truncated file") from error
    if not isinstance(card, dict) or card.pop("arrays_hash", None) != _hash(arrays):
        raise InvalidInput(f"{path} and its card do not belong together", causes="one of them was replaced")
    return card, arrays


def _hash(arrays: Mapping[str, np.ndarray]) -> str:
    return content_hash(*(part for name in sorted(arrays) for part in (name, arrays[name])))
