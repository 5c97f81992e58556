"""Files that are either whole or absent: atomic writes, JSON cards, content hashes."""

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from geosae.errors import CannotWrite, InvalidInput

# What no other file of the same place could be written with either.
OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EPERM, errno.EACCES}
TEMPORARY = re.compile(r"\..*\.(\d+)-\w+~", flags=re.DOTALL)
"""The name of an unfinished file: a dot, the file's name, the process that writes it, random characters."""

DEEPEST = 100
"""Levels of lists and tables within one another beyond which a file is no record of anything."""


def write_atomic(path: Path, data: bytes) -> None:
    """Write the bytes so that a reader, or a crash, sees the old file or the new one and nothing between.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_atomic(folder / "a.txt", b"whole")
    >>> (folder / "a.txt").read_bytes()
    b'whole'
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def atomic_path(path: Path) -> Generator[Path]:
    """Hand out a neighbour to write to; it takes the path's place when the block ends without an error.

    Raises
    ------
    CannotWrite
        If the disk is full or read-only.
    InvalidInput
        If the file cannot be written for another reason: a file where a folder should be, say.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with atomic_path(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    # The temporary file is a neighbour: os.replace is atomic only inside one file system.
    with scratch_file(path) as temporary:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)


@contextmanager
def scratch_file(path: Path) -> Generator[Path]:
    """Hand out a neighbour of a file to write to, which is gone when the block ends.

    Raises
    ------
    InvalidInput
        As `atomic_path` does.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with scratch_file(folder / "a.txt") as temporary:
    ...     temporary.is_file()
    True
    >>> list(folder.iterdir())
    []
    """
    name: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        prefix = f".{path.name}.{os.getpid()}-"
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix="~")
        os.close(handle)
        yield Path(name)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        if name is not None:
            # What is wrong with the place is said once: by the error on its way.
            with suppress(OSError):
                Path(name).unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> InvalidInput:
    """Return what to raise where a file cannot be written: `CannotWrite` if the disk is the reason."""
    kind = CannotWrite if error.errno in OF_THE_DISK else InvalidInput
    return kind(
        f"{path} cannot be written: {error.strerror or error}",
        causes="a full or read-only disk, or a file where a folder should be",
        remedy="make room, or name another place; what is written already is whole",
    )


def remove_temporaries(path: Path) -> None:
    """Remove what processes that no longer run left of unfinished writes of a file, or of a folder."""
    with suppress(OSError):
        names = [each.name for each in path.parent.iterdir() if each.name.startswith(f".{path.name}.")]
        _remove(path.parent, names)


def remove_temporaries_below(folder: Path) -> None:
    """Remove what processes that no longer run left of unfinished writes, in a folder and all below it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / ".a.txt.999999999-x7~").touch()
    >>> remove_temporaries_below(folder)
    >>> list(folder.iterdir())
    []
    """
    for parent, folders, files in os.walk(folder):
        _remove(Path(parent), [*folders, *files])


def _remove(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        temporary = TEMPORARY.fullmatch(name)
        if temporary is None or _is_running(int(temporary[1])):
            continue
        # Another process may be tidying up as well; what cannot be removed is in nobody's way.
        if (folder / name).is_dir():
            shutil.rmtree(folder / name, ignore_errors=True)
        else:
            with suppress(OSError):
                (folder / name).unlink()


def _is_running(process: int) -> bool:
    """Return whether it runs; this process begins, and what bears its number is of one before it."""
    if process == os.getpid() or os.name != "posix":
        # Elsewhere a process cannot be asked without being stopped: there leftovers stay.
        return process != os.getpid()
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def check_output_folder(folder: Path) -> None:
    """Make a folder unless it is there, and try to write into it: before long work, not after it.

    Raises
    ------
    InvalidInput
        If it cannot be made or written to.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "new"
    >>> check_output_folder(folder)
    >>> folder.is_dir(), list(folder.iterdir())
    (True, [])
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise cannot_write(folder, error) from error


def check_output_file(path: Path | None) -> None:
    """Try whether a file could be written, before long work; None is no file.

    What killed processes left of earlier writes of it is removed.

    Raises
    ------
    InvalidInput
        If it could not.
    """
    if path is None:
        return
    check_output_folder(path.parent)
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder", remedy="name a file")
    remove_temporaries(path)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically: sorted keys, two spaces, and no NaN (JSON has none).

    Raises
    ------
    InvalidInput
        If the value holds NaN, infinity or something JSON cannot express.
    """
    try:
        text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"{path.name} cannot be written as JSON: {error}") from error
    try:
        data = (text + "\n").encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"{path.name} cannot be written as UTF-8: {error}", causes="half of a surrogate pair in a name"
        ) from error
    write_atomic(path, data)


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    InvalidInput
        If there is no such file, it cannot be read, or its text is not JSON; the line is named.
    """
    return json_value(_bytes_of(path), str(path))


def read_json_lines(path: Path) -> list[Any]:
    """Read a file with a JSON value on each line.

    Raises
    ------
    InvalidInput
        If there is no such file, it cannot be read, or a line is not JSON; the line is named.
    """
    lines = _bytes_of(path).splitlines()
    return [json_value(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1)]


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {path}", remedy="check the path") from error
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error}", remedy="check the path") from error


def json_value(data: str | bytes, where: str) -> Any:
    """Return the value of a JSON text; `where` names it in errors.

    Raises
    ------
    InvalidInput
        If it is not JSON, is no UTF-8, or is nested too deeply to be read.

    Examples
    --------
    >>> json_value("[1, 2]", "the list")
    [1, 2]
    """
    try:
        value = json.loads(data if isinstance(data, str) else data.decode())
    except RecursionError:
        raise too_deep(where, "JSON") from None
    except ValueError as error:
        # Also bytes that are no UTF-8, and integers of thousands of digits.
        raise InvalidInput(f"{where} is not JSON: {error}", causes="a truncated or foreign file") from error
    refuse_deep(value, where, "JSON")
    return value


def refuse_deep(value: Any, where: str, what: str) -> None:
    """Refuse lists and tables within one another beyond `DEEPEST`: what reads them goes as deep as they do.

    Raises
    ------
    InvalidInput
        If they are nested deeper.

    Examples
    --------
    >>> refuse_deep({"a": [[0]]}, "the card", "JSON")
    """
    level: list[Any] = [[value]]
    for _ in range(DEEPEST + 1):
        level = [
            entry
            for node in level
            for entry in (node.values() if isinstance(node, dict) else node)
            if isinstance(entry, dict | list)
        ]
        if not level:
            return
    raise too_deep(where, what)


def too_deep(where: str, what: str) -> InvalidInput:
    """Return the error of a text that is nested too deeply; `what` is its format."""
    return InvalidInput(f"{where} is not {what}: brackets within brackets, too deep to be read")


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes.

    Raises
    ------
    InvalidInput
        If there is no such file, or it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "empty"
    >>> file.touch()
    >>> file_hash(file)[:16]
    'e3b0c44298fc1c14'
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {path}", remedy="check the path") from error
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error


def check_content(path: Path, digest: str) -> None:
    """Refuse a file whose bytes have another SHA-256 than they had.

    Raises
    ------
    InvalidInput
        If it has another one, or there is no such file.
    """
    if file_hash(path) != digest:
        raise InvalidInput(
            f"{path} no longer has the content that the plan names ({digest[:16]}…)",
            causes="the file was replaced after the run began",
            remedy="put it back, or leave `content` out of the plan: what depends on it is computed anew",
        )


def content_hash(*parts: bytes | str | np.ndarray) -> str:
    """SHA-256 over the parts; an array counts with its dtype, its shape and its C-ordered bytes.

    Examples
    --------
    >>> content_hash("a", np.zeros(2)) == content_hash("a", np.zeros((2, 1)))
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            head = f"{part.dtype.str}{part.shape}".encode()
            body: bytes | memoryview = np.ascontiguousarray(part).data.cast("B") if part.size else b""
        else:
            head, body = b"", part.encode() if isinstance(part, str) else part
        # Lengths first, so that ("ab", "c") and ("a", "bc") differ.
        digest.update(f"{len(head)}:{len(body)}:".encode() + head)
        digest.update(body)
    return digest.hexdigest()
