"""The stored form of arrays: one .npz without pickle that holds its own card and hash, a card beside it.

The .npz is all there is to read; the .json beside it is for people, and where it lies it must say the same.
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geosae.errors import InvalidInput
from geosae.storage.arrays import read_archive, unpacked_too_far
from geosae.storage.files import atomic_path, json_value, read_json, write_json

META, CARD = "format", "card"


@dataclass(frozen=True, eq=False)
class StoredArrays:
    """What a file holds: its card as canonical text, its arrays, and the content hash that it states."""

    card: str
    arrays: Mapping[str, np.ndarray]
    digest: str


def save_arrays(path: Path, kind: str, stored: StoredArrays, readable: Mapping[str, Any]) -> None:
    """Write the arrays with their card to `path` (.npz), and the readable card beside it (.json).

    The same arrays and card give the same bytes: entries carry no time of writing. `kind` names the format
    and its version.

    Raises
    ------
    InvalidInput
        If the path does not end in .npz, or the card holds what JSON cannot express.
    """
    if path.suffix != ".npz":
        raise InvalidInput(f"{path.name} does not end in .npz", remedy="name the file something.npz")
    meta = json.dumps({"format": kind, "content_hash": stored.digest}, sort_keys=True)
    texts = {META: meta, CARD: stored.card}
    entries = {name: np.frombuffer(text.encode(), dtype=np.uint8) for name, text in texts.items()}
    with atomic_path(path) as temporary:
        _write(temporary, {**entries, **stored.arrays})
    # The card comes last: where it is present, the pair is whole.
    write_json(path.with_suffix(".json"), _stated(kind, stored, readable))


def _stated(kind: str, stored: StoredArrays, readable: Mapping[str, Any]) -> dict[str, Any]:
    return json.loads(stored.card) | {"format": kind, "content_hash": stored.digest} | dict(readable)


def _write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    _pack(path, arrays, zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(path) as archive:
        too_far = unpacked_too_far(archive, path)
    if too_far:
        # Nearly nothing but zeros: read back, it would be taken for a file made to fill the memory.
        _pack(path, arrays, zipfile.ZIP_STORED)


def _pack(path: Path, arrays: Mapping[str, np.ndarray], compress_type: int) -> None:
    # numpy's own writer compresses all entries or none: truth values and counts shrink a lot, points do not.
    with zipfile.ZipFile(path, "w", allowZip64=True) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_STORED if array.dtype.kind == "f" else compress_type
            with archive.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def load_arrays(path: Path, kind: str, what: str, remedy: str = "") -> StoredArrays:
    """Read what `save_arrays` wrote; whoever knows what the hash is of must compare it with `digest`.

    Parameters
    ----------
    kind
        The format that this version reads.
    what, remedy
        What the file should hold, in words, and where else it may come from: for the errors.

    Raises
    ------
    InvalidInput
        If there is no such file, it is damaged, or it holds something else or another version of it.
    """
    arrays = _read(path, what)
    try:
        meta: dict[str, Any] = json_value(arrays.pop(META).tobytes(), f"{path}: {META}")
        card = arrays.pop(CARD).tobytes().decode()
        stated, digest = meta["format"], str(meta["content_hash"])
    except (KeyError, ValueError, TypeError) as error:
        raise InvalidInput(
            f"{path} is no {what}", causes="an .npz of another program", remedy=remedy
        ) from error
    if stated != kind:
        raise InvalidInput(f"{path} has the format {stated!r}; this version reads {kind!r}")
    return StoredArrays(card, arrays, digest)


def _read(path: Path, what: str) -> dict[str, np.ndarray]:
    try:
        return read_archive(path)
    except InvalidInput:
        raise
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {path}", remedy="check the path") from error
    except Exception as error:
        # Damaged bytes make zipfile, zlib and numpy raise a dozen kinds of errors.
        raise InvalidInput(
            f"{path} cannot be read as a {what}: {error!r}", causes="a truncated or foreign file"
        ) from error


def check_digest(path: Path, stored: StoredArrays, digest: str) -> None:
    """Refuse a file whose content has another hash than it states.

    Raises
    ------
    InvalidInput
        If it has.
    """
    if digest != stored.digest:
        raise InvalidInput(
            f"{path} does not have the content hash that it states",
            causes="the file was changed after it was written, or damaged in a transfer",
            remedy="fetch it again, or delete it: the command that wrote it computes it again",
        )


def check_card(path: Path, kind: str, stored: StoredArrays, readable: Mapping[str, Any]) -> None:
    """Refuse a readable card beside the file that says something else; a missing one is none.

    Raises
    ------
    InvalidInput
        If it does.
    """
    card_path = path.with_suffix(".json")
    if not card_path.exists():
        return
    card, expected = read_json(card_path), _stated(kind, stored, readable)
    if card == expected:
        return
    keys = sorted(expected.keys() | card.keys()) if isinstance(card, dict) else []
    wrong = [key for key in keys if card.get(key) != expected.get(key)]
    raise InvalidInput(
        f"the card {card_path} does not describe the file beside it: {', '.join(wrong) or 'all'} differ",
        causes="an edited card, or the card of another file",
        remedy="remove the card: the .npz holds all of it, and saving writes it again",
    )
