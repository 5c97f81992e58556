"""Files that are either whole or absent: atomic writes, JSON cards, content hashes."""

import hashlib
import json
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from geosae.errors import InvalidInput


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

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with atomic_path(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The temporary file is a neighbour: os.replace is atomic only inside one file system.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        yield Path(name)
        with Path(name).open("rb+") as file:
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


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
        return json.loads(data if isinstance(data, str) else data.decode())
    except RecursionError:
        raise InvalidInput(f"{where} is not JSON: brackets within brackets, too deep to be read") from None
    except ValueError as error:
        # Also bytes that are no UTF-8, and integers of thousands of digits.
        raise InvalidInput(f"{where} is not JSON: {error}", causes="a truncated or foreign file") from error


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
