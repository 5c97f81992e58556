"""Points and concepts from the files that a user names."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from geosae.cli._console import warn

if TYPE_CHECKING:
    from geosae.data.dataset import ConceptDataset


def read_points(path: Path) -> Float[np.ndarray, "N n"]:
    """Return the points of a data set (.npz), of an array file (.npy), or of a table of numbers (.csv).

    Raises
    ------
    InvalidInput
        If there is no such file, or it holds no finite points.
    """
    from geosae.data.sources import read_points as read_own_points
    from geosae.data.storage import load_dataset
    from geosae.validation import finite_points

    if path.suffix == ".npz":
        return load_dataset(path).points
    return finite_points(read_own_points(path), str(path))


def read_directions(path: Path) -> Float[np.ndarray, "p n"] | None:
    """Return the true feature directions of a data set, where it knows some; an array file knows none."""
    from geosae.data.storage import load_dataset

    return load_dataset(path).directions if path.suffix == ".npz" else None


def read_dataset(path: Path, membership: Path | None, names: Path | None = None) -> "ConceptDataset":
    """Return a data set (.npz), or points with their membership (each .npy or .csv) as one.

    `names` is a text file with a line for each concept, for a membership without names. Concepts that hold no
    point or all of them are kept, with a note: one rare concept is no reason to answer nothing.

    Raises
    ------
    InvalidInput
        If a file is missing, foreign or does not fit the other.
    """
    from geosae.data.storage import load_dataset
    from geosae.errors import InvalidInput

    if path.suffix == ".npz":
        if membership is not None:
            raise InvalidInput(f"{path} holds its own concepts", remedy="leave --membership out")
        if names is not None:
            raise InvalidInput(f"{path} holds the names of its concepts", remedy="leave --names out")
        return load_dataset(path)
    if membership is None:
        raise InvalidInput(f"{path} holds points only", remedy="name their concepts: --membership FILE")
    from geosae.data.sources import TABLES, from_files

    if names is not None and membership.suffix.lower() in TABLES:
        raise InvalidInput(f"{membership} holds the names of its concepts", remedy="leave --names out")
    dataset = from_files(path, membership, allow_trivial=True)
    dataset = dataset if names is None else _named(dataset, names)
    _note_trivial(dataset)
    return dataset


def _note_trivial(dataset: "ConceptDataset") -> None:
    sizes = dataset.membership.sum(axis=0).tolist()
    for name, size in zip(dataset.names, sizes, strict=True):
        if size in (0, dataset.size):
            which = "no point" if size == 0 else "every point"
            warn(f"note: the concept {name[:60]!r} holds {which}: nothing can be learned of it")


def _named(dataset: "ConceptDataset", names: Path) -> "ConceptDataset":
    from dataclasses import replace

    from geosae.errors import InvalidInput
    from geosae.storage.tables import decode

    try:
        text = decode(names.read_bytes(), names.name)
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {names}", remedy="check the path") from error
    except OSError as error:
        raise InvalidInput(f"{names} cannot be read: {error}") from error
    # Not str.splitlines: that also cuts at characters that a name may hold.
    lines = tuple(line.strip() for line in re.split(r"\r\n|\r|\n", text) if line.strip())
    if len(lines) != len(dataset.names):
        raise InvalidInput(
            f"{names} has {len(lines)} names, and there are {len(dataset.names)} concepts",
            remedy="write one name per line, in the order of the columns",
        )
    return replace(dataset, names=lines)
