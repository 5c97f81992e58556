"""Real sources: the digits that scikit-learn ships, and points and membership in the user's own files."""

from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import UniformBox
from geosae.storage.arrays import read_array
from geosae.storage.tables import CROSSES, Record, decode, records

_LOOPS = (0, 6, 8, 9)
TABLES = (".csv", ".tsv", ".txt")
"""Endings of files that are read as tables of text."""


def digits() -> ConceptDataset:
    """Return the 1797 handwritten digits of 8×8 pixels that scikit-learn ships, as points of R⁶⁴.

    Source: E. Alpaydin and C. Kaynak, Optical recognition of handwritten digits (1998), UCI,
    doi:10.24432/C50P49 (its test part). Concepts: the ten classes, "even" and "odd", and "has a loop" (0, 6,
    8, 9 as usually written). Pixels lie in [0, 16]; ν is uniform on that box. No regions are known.

    Examples
    --------
    >>> data = digits()
    >>> data.points.shape, data.names[-3:], int(data.membership[:, data.index("even")].sum())
    ((1797, 64), ('even', 'odd', 'has a loop'), 891)
    """
    # Imported here: scikit-learn takes a second to load, and only this function needs it.
    from sklearn.datasets import load_digits

    source: Any = load_digits()
    label = np.asarray(source.target)
    classes = [label == digit for digit in range(10)]
    unions = {
        "even": tuple(range(0, 10, 2)),
        "odd": tuple(range(1, 10, 2)),
        "has a loop": _LOOPS,
    }
    columns = [*classes, *(np.isin(label, members) for members in unions.values())]
    return ConceptDataset(
        points=np.asarray(source.data, dtype=np.float64),
        membership=np.stack(columns, axis=1),
        names=(*(f"digit {digit}" for digit in range(10)), *unions),
        ambient=UniformBox(np.zeros(64), np.full(64, 16.0)),
        declared_subsets=tuple(
            (f"digit {digit}", name) for name, members in unions.items() for digit in members
        ),
        provenance={"source": "scikit-learn load_digits", "doi": "10.24432/C50P49"},
    )


def from_files(points: Path | str, membership: Path | str, *, allow_trivial: bool = False) -> ConceptDataset:
    """Read a data set from points and their membership, each a .npy or a table of text (.csv, .tsv, .txt).

    Parameters
    ----------
    points
        As `read_points` takes it, of shape (N, n).
    membership
        A .npy of shape (N, p), booleans or 0 and 1 (concepts are called "concept 1", …), or a table with the
        concepts' names in the header and N rows of 0/1, true/false, yes/no or X/. cells. A first column
        without a title that counts the rows is the index that pandas writes, and is left out.
    allow_trivial
        Keep concepts that hold no point or every point.

    Raises
    ------
    InvalidInput
        If a file is missing or is not what it should be; the file, row and column are named (both count from
        1, the header of a table is line 1).
    """
    points_path, table_path = Path(points), Path(membership)
    cloud = read_points(points_path)
    names, table = read_membership(table_path)
    if len(table) != len(cloud):
        raise InvalidInput(
            f"{table_path.name} has {len(table)} rows, {points_path.name} has {len(cloud)} points",
            causes="files of different samples, or a header read as a row",
        )
    try:
        return ConceptDataset(
            points=cloud,
            membership=table,
            names=names,
            provenance={"points": points_path.name, "membership": table_path.name},
            allow_trivial=allow_trivial,
        )
    except InvalidInput as error:
        raise InvalidInput(f"{points_path.name} with {table_path.name}: {error}") from error


def read_membership(path: Path) -> tuple[tuple[str, ...], Bool[np.ndarray, "N p"]]:
    """Return the names of the concepts and who belongs to them, as `from_files` takes it.

    Raises
    ------
    InvalidInput
        If the file is missing or is not what it should be; the place is named.
    """
    if path.suffix.lower() in TABLES:
        return _membership_table(path)
    table = _npy_membership(path)
    return tuple(f"concept {column + 1}" for column in range(table.shape[1])), table


def read_points(path: Path) -> np.ndarray:
    """Return the points of a .npy file, or of a table of numbers (.csv, .tsv, .txt), a point in each row.

    A table may have a header; a first column without a title that counts the rows is left out.

    Raises
    ------
    InvalidInput
        If there is no such file, or it does not hold finite numbers with two axes; the place is named.
    """
    is_table = path.suffix.lower() in TABLES
    cloud = _number_table(path) if is_table else _two_axes(read_array(path), path)
    bad = ~np.isfinite(cloud)
    if bad.any():
        row, column = np.unravel_index(int(bad.argmax()), cloud.shape)
        raise InvalidInput(
            f"{path.name}, row {row + 1}, column {column + 1}: {cloud[row, column]} "
            f"({np.count_nonzero(bad)} values in all are not finite)",
            causes="a diverged run, a division by zero, or an overflow of float16",
            remedy="drop or repair those rows",
        )
    return cloud


def _two_axes(array: np.ndarray, path: Path) -> np.ndarray:
    if array.dtype.kind not in "fiub" or array.ndim != 2:
        raise InvalidInput(
            f"{path} holds an array of shape {array.shape} and type {array.dtype}",
            remedy="two axes and a numeric type are needed",
        )
    return array


def _npy_membership(path: Path) -> Bool[np.ndarray, "N p"]:
    array = read_array(path)
    if array.ndim == 1:
        raise InvalidInput(
            f"{path.name} holds a label for each of {len(array)} points, not a column for each concept",
            causes="class labels in the place of membership",
            remedy="one column per concept: membership = labels[:, None] == classes",
        )
    table = _two_axes(array, path)
    bad = (table != 0) & (table != 1)
    if bad.any():
        row, column = np.unravel_index(int(bad.argmax()), table.shape)
        raise InvalidInput(
            f"{path.name}, row {row + 1}, column {column + 1}: {table[row, column]} is neither 0 nor 1",
            causes="class labels or scores in the place of membership",
            remedy="one column per concept: membership = labels[:, None] == classes",
        )
    return table.astype(bool)


def _text_of(path: Path) -> str:
    try:
        return decode(path.read_bytes(), path.name)
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {path}", remedy="check the path") from error
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error


def _membership_table(path: Path) -> tuple[tuple[str, ...], Bool[np.ndarray, "N p"]]:
    rows = records(_text_of(path), path.name)
    header = next(rows, Record(1, []))
    titles = [title.strip() for title in header.cells]
    if not any(titles):
        raise InvalidInput(f"{path.name}, line {header.line}: a header with the concepts' names is expected")
    if all(title.lower() in CROSSES for title in titles):
        raise InvalidInput(
            f"{path.name}, line {header.line}: the header holds cells, not the concepts' names"
        )
    has_index = not titles[0] and len(titles) > 1
    cells = bytearray()
    for position, (line, row) in enumerate(rows):
        _refuse_length(row, header, line, path)
        if has_index and row[0].strip() != str(position):
            raise InvalidInput(
                f"{path.name}, line {line}: the first column has no title, and {row[0][:40]!r} in it",
                causes="names of the points, or an index that does not count them from 0",
                remedy="leave that column out; pandas: table.to_csv(path, index=False)",
            )
        for title, cell in zip(titles[has_index:], row[has_index:], strict=True):
            word = cell.strip().lower()
            if word not in CROSSES:
                raise _no_membership(f"{path.name}, line {line}, column {title[:40]!r}", cell)
            cells.append(CROSSES[word])
    names = tuple(titles[has_index:])
    return names, np.frombuffer(cells, dtype=np.uint8).reshape(-1, len(names)).astype(bool)


def _no_membership(where: str, cell: str) -> InvalidInput:
    causes = "names of points, or class labels, in the place of membership"
    remedy = "leave a column of names out; of labels make a column of 0 and 1 for each class"
    if not cell.strip():
        causes, remedy = "a missing value, or a context table, whose blanks are empty", "write 0 for no"
    elif _number(cell) is not None:
        causes = "class labels or scores in the place of membership"
        remedy = "make a column of 0 and 1 for each class, or of score > threshold"
    return InvalidInput(f"{where}: {cell[:40]!r} is neither 0 nor 1", causes=causes, remedy=remedy)


def _refuse_length(row: list[str], header: Record, line: int, path: Path) -> None:
    if len(row) != len(header.cells):
        raise InvalidInput(
            f"{path.name}, line {line}: {len(row)} cells where line {header.line} has {len(header.cells)}",
            causes="a truncated row, or a decimal comma in a cell without quotation marks",
        )


def _number_table(path: Path) -> np.ndarray:
    rows = records(_text_of(path), path.name)
    first = next(rows, Record(1, []))
    if not first.cells:
        raise InvalidInput(f"{path.name} is empty", remedy="give a row of numbers for each point")
    if len(first.cells) > 1 and first.cells == [str(column) for column in range(len(first.cells))]:
        raise InvalidInput(
            f"{path.name}, line {first.line}: {', '.join(first.cells[:3])}, … may be a header or a point",
            causes="columns without names, as pandas counts them",
            remedy="give the columns names (x0, x1, …), or write a point with decimals (0.0)",
        )
    has_header = any(_number(cell) is None for cell in first.cells)
    body = rows if has_header else chain([first], rows)
    has_index = has_header and not first.cells[0].strip() and len(first.cells) > 1
    counted = has_index
    values: list[list[float]] = []
    for line, row in body:
        _refuse_length(row, first, line, path)
        numbers = [_number(cell) for cell in row]
        if None in numbers:
            column = numbers.index(None)
            raise InvalidInput(
                f"{path.name}, line {line}, column {column + 1}: {row[column][:40]!r} is no number",
                causes="a column of names or classes, a missing value, or a decimal comma",
                remedy="leave only the coordinates, with decimal points",
            )
        counted = counted and row[0].strip() == str(len(values))
        values.append([number for number in numbers if number is not None])
    cloud = np.array(values, dtype=np.float64).reshape(len(values), len(first.cells))
    if has_index and not counted:
        raise InvalidInput(
            f"{path.name}: the first column has no title and does not count the points from 0",
            causes="an index that pandas wrote",
            remedy="leave that column out (table.to_csv(path, index=False)), or give it a title",
        )
    return cloud[:, 1:] if has_index else cloud


def _number(cell: str) -> float | None:
    try:
        # Python also reads 1_000, which no table means.
        return None if "_" in cell else float(cell)
    except ValueError:
        return None
