"""Points and concepts from the files that a user names."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

if TYPE_CHECKING:
    from geosae.data.dataset import ConceptDataset


def read_points(path: Path) -> Float[np.ndarray, "N n"]:
    """Return the points of a data set (.npz) or of an array file (.npy).

    Raises
    ------
    InvalidInput
        If there is no such file, or it holds no finite points.
    """
    from geosae.data.storage import load_dataset
    from geosae.errors import InvalidInput
    from geosae.validation import finite_points

    if path.suffix == ".npz":
        return load_dataset(path).points
    if path.suffix != ".npy":
        raise InvalidInput(f"{path} is neither .npz nor .npy", remedy="save points with numpy.save")
    try:
        return finite_points(np.load(path, allow_pickle=False), str(path))
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {path}", remedy="check the path") from error
    except (OSError, EOFError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(f"{path} is no .npy file of numbers: {error}") from error


def read_directions(path: Path) -> Float[np.ndarray, "p n"] | None:
    """Return the true feature directions of a data set, where it knows some; an array file knows none."""
    from geosae.data.storage import load_dataset

    return load_dataset(path).directions if path.suffix == ".npz" else None


def read_dataset(path: Path, membership: Path | None, names: Path | None = None) -> "ConceptDataset":
    """Return a data set (.npz), or points (.npy) with their membership (.npy or .csv) as one.

    `names` is a text file with a line for each concept, for a membership without names.

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
    from geosae.data.sources import from_files

    if names is not None and membership.suffix.lower() == ".csv":
        raise InvalidInput(f"{membership} holds the names of its concepts", remedy="leave --names out")
    dataset = from_files(path, membership)
    return dataset if names is None else _named(dataset, names)


def _named(dataset: "ConceptDataset", names: Path) -> "ConceptDataset":
    from dataclasses import replace

    from geosae.errors import InvalidInput

    try:
        lines = tuple(line.strip() for line in names.read_text(encoding="utf-8").splitlines() if line.strip())
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {names}", remedy="check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{names} cannot be read as text: {error}") from error
    if len(lines) != len(dataset.names):
        raise InvalidInput(
            f"{names} has {len(lines)} names, and there are {len(dataset.names)} concepts",
            remedy="write one name per line, in the order of the columns",
        )
    return replace(dataset, names=lines)
