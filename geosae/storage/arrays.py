"""Array files of a user's own (.npy): damaged and foreign ones are refused by what they are."""

import zipfile
from pathlib import Path

import numpy as np

from geosae.errors import InvalidInput


def read_array(path: Path) -> np.ndarray:
    """Read the array of a .npy file; what it declares is held against its length before memory is taken.

    Raises
    ------
    InvalidInput
        If there is no such file, it is damaged, or another kind of file; the kind is named where it is known.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "x.npy"
    >>> np.save(path, np.arange(3))
    >>> read_array(path)
    array([0, 1, 2])
    """
    try:
        with path.open("rb") as file:
            head = file.read(8)
        if head.startswith(b"\x93NUMPY"):
            # Mapped, so that a header that promises more than the file holds is refused and not allocated.
            return np.array(np.load(path, mmap_mode="r", allow_pickle=False))
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {path}", remedy="check the path") from error
    except Exception as error:
        # Mutated headers make numpy and the tokenizer behind it raise a dozen kinds of errors.
        raise InvalidInput(
            f"{path} cannot be read as .npy: {type(error).__name__}: {error}",
            causes="a truncated or damaged file, or an array of Python objects",
            remedy="write it with numpy.save from a numeric array",
        ) from error
    raise _foreign(path, head)


def _foreign(path: Path, head: bytes) -> InvalidInput:
    torch_file = InvalidInput(
        f"{path} is a file of PyTorch, or another pickle",
        causes="a tensor written with torch.save",
        remedy="write its numbers: numpy.save('points.npy', tensor.detach().cpu().numpy())",
    )
    if head.startswith(b"\x80"):
        return torch_file
    if head.startswith(b"PK"):
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, OSError):
            names = []
        if any(name.endswith(".pkl") for name in names):
            return torch_file
        return InvalidInput(
            f"{path} is an archive (.npz or .zip)",
            causes="several arrays written with numpy.savez",
            remedy="write the array alone with numpy.save",
        )
    return InvalidInput(
        f"{path} is no .npy file",
        causes="a table of text under this extension, or a file of another program",
        remedy="name a table of text .csv, or write the array with numpy.save",
    )
