"""Folders that are written as a whole: one process at a time, nothing left over, whole or absent."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from geosae.errors import InvalidInput
from geosae.storage.files import (
    cannot_write,
    check_output_folder,
    remove_temporaries,
    remove_temporaries_below,
)

LOCK_FILE = ".lock"
"""An empty file that stays; who holds it knows the system, which frees it when the holder is killed."""


@contextmanager
def output_folder(folder: Path, *, lock_file: str = LOCK_FILE, wait: bool = False) -> Generator[None]:
    """Hold a folder for writing, one process at a time; what killed ones left half written is removed.

    Parameters
    ----------
    folder
        It is made unless it is there, and tried for writing.
    lock_file
        The name of the lock in it.
    wait
        Whether to wait for another process that holds it; by default it is refused.

    Raises
    ------
    InvalidInput
        If another process holds the folder, or it cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "new"
    >>> with output_folder(folder):
    ...     (folder / ".lock").is_file()
    True
    """
    check_output_folder(folder)
    lock = FileLock(folder / lock_file, timeout=-1 if wait else 0)
    try:
        lock.acquire()
    except Timeout as error:
        raise InvalidInput(
            f"another process is writing into {folder}",
            remedy="wait for it, stop it, or name another folder",
        ) from error
    except OSError as error:
        raise cannot_write(folder / lock_file, error) from error
    try:
        remove_temporaries_below(folder)
        yield
    finally:
        lock.release()


@contextmanager
def new_folder(folder: Path) -> Generator[Path]:
    """Hand out a neighbour to write to; it becomes the folder when the block ends without an error.

    Raises
    ------
    InvalidInput
        If there is such a folder that is not empty, or it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "new"
    >>> with new_folder(target) as temporary:
    ...     _ = (temporary / "a.txt").write_text("whole")
    >>> [path.name for path in target.iterdir()]
    ['a.txt']
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInput(
            f"{folder} is not an empty folder", remedy="choose a new one, so that no files are mixed"
        )
    name: str | None = None
    try:
        parent = folder.absolute().parent
        parent.mkdir(parents=True, exist_ok=True)
        remove_temporaries(folder.absolute())
        name = tempfile.mkdtemp(dir=parent, prefix=f".{folder.absolute().name}.{os.getpid()}-", suffix="~")
        check_output_folder(Path(name))
        yield Path(name)
        Path(name).chmod(0o755)
        if folder.exists():
            # It may be somebody's working directory: it stays, and is filled.
            for path in sorted(Path(name).iterdir(), key=lambda path: path.stat().st_mtime_ns):
                path.replace(folder / path.name)
        else:
            Path(name).replace(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        if name is not None:
            shutil.rmtree(name, ignore_errors=True)
