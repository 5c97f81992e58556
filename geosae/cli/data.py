"""`geosae data`: points and concepts of your own as one data set, which `geosae run` takes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geosae.cli._console import paragraph

if TYPE_CHECKING:
    from geosae.data.dataset import ConceptDataset
    from geosae.geometry.approximation.measures import Measure


def data(
    points: Annotated[Path, typer.Argument(help="Points .npy or .csv, or a folder of activations.")],
    membership: Annotated[Path, typer.Argument(help="Their concepts: .npy of booleans, or .csv with names.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The data set to write (.npz).")],
    names: Annotated[
        Path | None, typer.Option(help="Names of the concepts of a .npy, one per line of a text file.")
    ] = None,
    ambient: Annotated[
        str | None,
        typer.Option(help='ν: box or gaussian around the points, or a .json file: {"kind": …}.'),
    ] = None,
) -> None:
    """Write points and membership as one data set; a plan takes it as the world "file"."""
    from dataclasses import replace

    from geosae.cli._files import read_dataset
    from geosae.data.storage import save_dataset
    from geosae.errors import InvalidInput
    from geosae.storage.files import check_output_file

    if out.suffix != ".npz":
        raise InvalidInput(f"{out} is no .npz", remedy="name the file .npz")
    check_output_file(out)
    dataset = read_dataset(points, membership, names)
    if ambient is not None:
        dataset = replace(dataset, ambient=ambient_of(dataset, ambient))
    save_dataset(dataset, out)
    measure = "no ambient measure" if dataset.ambient is None else f"ν {dataset.ambient!r}"
    paragraph(f"{out}: {dataset!r}; {measure}"[:400])


def ambient_of(dataset: "ConceptDataset", word: str) -> "Measure":
    """Return the measure ν by its word: the points' bounding box, a normal distribution, or a file's.

    The normal distribution has the points' mean, and in every direction their mean variance.

    Raises
    ------
    InvalidInput
        If a side of the box has no length, or there is no such file.
    """
    import numpy as np

    from geosae.errors import InvalidInput
    from geosae.geometry.approximation.measures import Gaussian, UniformBox, measure_from_dict
    from geosae.storage.files import read_json

    points = dataset.points
    if word == "gaussian":
        mean = points.mean(axis=0, dtype=np.float64)
        return Gaussian(mean, float(np.sqrt(np.mean(points.var(axis=0, dtype=np.float64)))))
    if word == "box":
        low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
        flat = np.flatnonzero(low == high)
        if len(flat):
            raise InvalidInput(
                f"the points do not vary in {len(flat)} coordinates (first: {flat[0]}): the box is flat",
                remedy="leave those coordinates out, or name a measure by a file",
            )
        return UniformBox(low, high)
    if not word.endswith(".json"):
        raise InvalidInput(f"there is no measure {word!r}", remedy="use box, gaussian or a .json file")
    return measure_from_dict(read_json(Path(word)))
