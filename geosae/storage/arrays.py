"""Array files (.npy, .npz): what they declare is held against what they are before memory is taken."""

import math
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from geosae.errors import InvalidInput

ROOM, RATIO = 2**26, 200
"""An archive may unpack to so many bytes, and to so many times its own length beyond them."""


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
            with _without_remarks():
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


def _without_remarks() -> warnings.catch_warnings:
    """Let nothing be said about how a header is written: the file is read or refused."""
    return warnings.catch_warnings(action="ignore")


def read_archive(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of an .npz by name; whoever calls names what other errors of a damaged file mean.

    Raises
    ------
    InvalidInput
        If it would unpack to far more than its own length, or a member is no array of the length it declares.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "x.npz"
    >>> np.savez(path, x=np.arange(3))
    >>> read_archive(path)
    {'x': array([0, 1, 2])}
    """
    with path.open("rb") as file, zipfile.ZipFile(file) as archive, _without_remarks():
        refuse_bomb(archive, path)
        return {
            entry.filename.removesuffix(".npy"): _member(archive, entry, path) for entry in archive.infolist()
        }


def unpacked_too_far(archive: zipfile.ZipFile, path: Path) -> bool:
    """Return whether an archive unpacks to more than its length makes likely."""
    total = sum(entry.file_size for entry in archive.infolist())
    return total > ROOM + RATIO * path.stat().st_size


def refuse_bomb(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse an archive that is small on disk and would fill the memory, before anything of it is unpacked.

    Raises
    ------
    InvalidInput
        If it is one, or is packed in another way than numpy and torch pack.
    """
    if unpacked_too_far(archive, path):
        total = sum(entry.file_size for entry in archive.infolist())
        raise InvalidInput(
            f"{path} has {path.stat().st_size:,} bytes and would unpack to {total:,}",
            causes="a file made to fill the memory, or a damaged one",
            remedy="where it is your own, write it again without compression: numpy.savez",
        )
    for entry in archive.infolist():
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InvalidInput(f"{path}: {entry.filename[:40]!r} is packed in a way that is not read here")


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> np.ndarray:
    with archive.open(entry) as file:
        declared = _declared_size(file) + file.tell()
    if declared != entry.file_size:
        raise InvalidInput(
            f"{path}: {entry.filename[:40]!r} declares an array of {declared:,} bytes with its header and "
            f"holds {entry.file_size:,}",
            causes="a truncated or damaged file",
        )
    with archive.open(entry) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _declared_size(file: Any) -> int:
    """Read the header of an array and return how many bytes should follow."""
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    version = np.lib.format.read_magic(file)
    if version not in readers:
        raise ValueError(f"version {version} of the format of arrays")
    shape, _, dtype = readers[version](file)
    if dtype.hasobject:
        raise ValueError("an array of Python objects")
    return math.prod(shape) * dtype.itemsize


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
