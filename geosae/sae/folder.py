"""SAEs in folders of geosae's own: one `save` and one `load` for trained and for imported ones."""

from pathlib import Path

from geosae.errors import InvalidInput
from geosae.sae import checkpoint
from geosae.sae.interop.own import RECORD_FILE, keep, read_own
from geosae.sae.interop.record import Imported
from geosae.sae.model import SparseAutoencoder
from geosae.sae.training.train import TrainedSAE
from geosae.storage.arguments import checked_arguments


@checked_arguments()
def save(sae: TrainedSAE | Imported | SparseAutoencoder, folder: Path | str) -> None:
    """Write a trained SAE, or one read from another library with its normalisation, into a folder.

    Raises
    ------
    InvalidInput
        If it is a bare SparseAutoencoder, which does not say how it was trained or what its points pass
        through first; or if a file cannot be written.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from geosae.geometry import HalfSpaces
    >>> from geosae.sae.interop import NONE, Source
    >>> planted = SparseAutoencoder.planted(HalfSpaces(np.array([[1.0, 0.0]]), np.array([-2.0])))
    >>> folder = tempfile.mkdtemp()
    >>> save(Imported(planted, NONE, Source("hand", "relu")), folder)
    >>> load(folder).sae.width
    1
    """
    if isinstance(sae, SparseAutoencoder):
        raise InvalidInput(
            "a bare SparseAutoencoder cannot be saved: its training, or normalisation and source, is missing",
            causes="run.sae or imported.sae in the place of run or imported",
            remedy="save the result of geosae.train or of geosae.sae.interop.read as a whole",
        )
    if isinstance(sae, Imported):
        keep(sae, folder)
    else:
        checkpoint.save(sae, folder)


@checked_arguments()
def load(folder: Path | str) -> TrainedSAE | Imported:
    """Return what `save`, `geosae train` or `geosae convert --to geosae` wrote into a folder.

    Raises
    ------
    InvalidInput
        If a file is missing, damaged, or of another schema.
    """
    if (Path(folder) / RECORD_FILE).is_file():
        return read_own(Path(folder))
    return checkpoint.load(folder)
