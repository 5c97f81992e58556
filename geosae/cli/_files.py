"""Points and concepts from the files that a user names."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from geosae.cli._console import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from geosae.activations import Activations
    from geosae.data.dataset import ConceptDataset


def read_points(path: Path) -> Float[np.ndarray, "N n"]:
    """Return the points of a data set (.npz), an array (.npy), a table (.csv), or a folder of activations.

    Raises
    ------
    InvalidInput
        If there is no such file, or it holds no finite points.
    """
    from geosae.data.sources import read_points as read_own_points
    from geosae.data.storage import load_dataset
    from geosae.validation import finite_points

    activations = read_activations(path)
    if activations is not None:
        return activations.array()
    if path.suffix == ".npz":
        return load_dataset(path).points
    return finite_points(read_own_points(path), str(path))


def read_activations(path: Path) -> "Activations | None":
    """Return the activations of a folder, compared with their hashes; None if the path is no folder.

    Raises
    ------
    InvalidInput
        If it is a folder of something else, is unfinished, or a shard was changed.
    """
    if not path.is_dir():
        return None
    from geosae.activations import open_activations

    return open_activations(path).check()


def read_training_points(
    path: Path, test_share: float | None, seed: int
) -> "Float[np.ndarray, 'N n'] | Callable[[], Iterator[np.ndarray]]":
    """Return points to train on: an array, or activations that do not fit into memory, shuffled by a buffer.

    Without a test share these are all points; with one, those that an analysis of the same seed and share
    chooses by, so that what it judges on is new to the SAE.

    Raises
    ------
    InvalidInput
        As `read_points` does.
    """
    activations = read_activations(path)
    if activations is None or activations.nbytes <= _in_memory():
        return training_array(path, test_share, seed)
    from geosae.data.split import seeded_split
    from geosae.sae.training.shuffling import shuffled

    chosen = np.ones(len(activations), dtype=bool)
    if test_share is not None:
        chosen[seeded_split(len(activations), test_share, seed)[1]] = False

    def rounds() -> "Iterator[np.ndarray]":
        while True:
            start = 0
            for block in activations.blocks():
                yield block[chosen[start : start + len(block)]]
                start += len(block)

    buffer = min(len(activations), max(2, _in_memory() // (8 * activations.dim)))
    warn(f"note: {activations.nbytes / 2**30:.1f} GiB are streamed, shuffled by a buffer of {buffer:,} rows")
    return shuffled(rounds, buffer, seed)


def training_array(path: Path, test_share: float | None, seed: int) -> Float[np.ndarray, "N n"]:
    """Return the points to train on as one array, for a sweep, whose SAEs share it.

    Raises
    ------
    InvalidInput
        As `read_points` does.
    """
    from geosae.data.split import seeded_split

    points = read_points(path)
    return points if test_share is None else points[seeded_split(len(points), test_share, seed)[0]]


def _in_memory() -> int:
    from geosae.activations import folder

    return folder.IN_MEMORY


def read_directions(path: Path) -> Float[np.ndarray, "p n"] | None:
    """Return the true feature directions of a data set, where it knows some; an array file knows none."""
    from geosae.data.storage import load_dataset

    return load_dataset(path).directions if path.suffix == ".npz" else None


def read_dataset(path: Path, membership: Path | None, names: Path | None = None) -> "ConceptDataset":
    """Return a data set (.npz), or points with their membership (each .npy or .csv) as one.

    Points may be a folder of activations; membership then has a row for each of them, or for each text, which
    hands its concepts down to its tokens.

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

    activations = read_activations(path)
    if names is not None and membership.suffix.lower() in TABLES:
        raise InvalidInput(f"{membership} holds the names of its concepts", remedy="leave --names out")
    if activations is not None:
        dataset = _of_activations(activations, membership)
    else:
        dataset = from_files(path, membership, allow_trivial=True)
    dataset = dataset if names is None else _named(dataset, names)
    _note_trivial(dataset)
    return dataset


def _of_activations(activations: "Activations", membership: Path) -> "ConceptDataset":
    from geosae.data.dataset import ConceptDataset
    from geosae.data.sources import read_membership
    from geosae.errors import InvalidInput

    names, table = read_membership(membership)
    texts = activations.index.recipe.sources
    if len(table) == texts != len(activations):
        warn(f"note: each of the {texts:,} texts hands its concepts down to its rows")
        table = table[activations.sources]
    if len(table) != len(activations):
        raise InvalidInput(
            f"{membership.name} has {len(table)} rows; {activations.folder} has {len(activations)} rows of "
            f"{texts} texts",
            causes="concepts of other texts, or a header read as a row",
            remedy="write one row for each text, or for each row of the activations",
        )
    card = activations.index.recipe.model
    return ConceptDataset(
        points=activations.array(),
        membership=table,
        names=names,
        provenance={
            "activations": activations.folder.name, "model": card.name, "site": card.site,
            "model_sha256": card.sha256, "membership": membership.name,
        },
        allow_trivial=True,
    )  # fmt: skip


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
