"""An SAE from a folder of plain arrays: what anyone can write who trained one with tools of their own."""

from pathlib import Path

import numpy as np

from geosae.errors import InvalidInput
from geosae.sae.gates import Gate, ReLU, TopK
from geosae.sae.model import SparseAutoencoder
from geosae.storage.arguments import checked_arguments
from geosae.storage.arrays import read_array
from geosae.validation import COUNT

NAMES = ("W_enc", "b_enc", "W_dec", "b_dec")


def is_plain_arrays(folder: Path) -> bool:
    """Return whether the folder holds W_enc.npy.

    Examples
    --------
    >>> is_plain_arrays(Path("/nowhere"))
    False
    """
    return (folder / "W_enc.npy").is_file()


@checked_arguments(k=COUNT)
def read_plain_arrays(folder: str | Path, k: int | None = None) -> SparseAutoencoder:
    """Read W_enc, b_enc, W_dec and b_dec (.npy) as a ReLU SAE, or with `k` a Top-K one.

    z = W_enc(x − b_pre) + b_enc, a = gate(z), x̂ = W_decᵀa + b_dec, with W_enc and W_dec of shape (d, n), a
    neuron in each row; b_pre.npy is taken where it is there, and 0 otherwise.

    Raises
    ------
    InvalidInput
        If an array is missing, not finite, or of another shape: transposed ones are refused, since a square
        one could not be told.
    """
    folder = Path(folder)
    missing = [name for name in NAMES if not (folder / f"{name}.npy").is_file()]
    if missing:
        raise InvalidInput(f"{folder} lacks {', '.join(f'{name}.npy' for name in missing)}")
    weights = {name: np.asarray(read_array(folder / f"{name}.npy"), dtype=np.float64) for name in NAMES}
    bias = folder / "b_pre.npy"
    shape = weights["W_enc"].shape
    if len(shape) != 2:
        raise InvalidInput(f"{folder / 'W_enc.npy'} has shape {shape}; (neurons, dimensions) is needed")
    width, dim = shape
    needed = {
        "W_enc": (width, dim),
        "b_enc": (width,),
        "W_dec": (width, dim),
        "b_dec": (dim,),
        "b_pre": (dim,),
    }
    weights["b_pre"] = np.asarray(read_array(bias), dtype=np.float64) if bias.is_file() else np.zeros(dim)
    for name, array in weights.items():
        if array.shape != needed[name]:
            raise InvalidInput(
                f"{folder / f'{name}.npy'} has shape {array.shape}; W_enc's {shape} asks for {needed[name]}",
                causes="a transposed matrix: W_enc and W_dec have a neuron in each row, (d, n)",
            )
        if not np.isfinite(array).all():
            raise InvalidInput(f"{folder / f'{name}.npy'} holds values that are not finite")
    gate: Gate = ReLU(l1=0.0) if k is None else TopK(k)
    sae = SparseAutoencoder(dim, width, gate)
    sae.set_weights(**weights)
    return sae
