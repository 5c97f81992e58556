"""Real sources: the digits that scikit-learn ships, and points and membership in the user's own files."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import UniformBox

_LOOPS = (0, 6, 8, 9)
_CELLS = {"1": True, "true": True, "x": True, "0": False, "false": False, ".": False}


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
    """Read a data set from a .npy of points and a .npy or .csv of membership.

    Parameters
    ----------
    points
        A .npy file of shape (N, n), numeric.
    membership
        A .npy of shape (N, p), booleans or 0 and 1 (concepts are called "concept 1", …), or a .csv with the
        concepts' names in the header and N rows of 0/1, true/false or X/. cells.
    allow_trivial
        Keep concepts that hold no point or every point.

    Raises
    ------
    InvalidInput
        If a file is missing or is not what it should be; the file, row and column are named (both count from
        1, the header of a .csv is line 1).
    """
    points_path, table_path = Path(points), Path(membership)
    cloud = _array(points_path)
    _check_points(cloud, points_path)
    if table_path.suffix.lower() == ".csv":
        names, table = _csv_table(table_path)
    else:
        table = _npy_table(table_path)
        names = tuple(f"concept {column + 1}" for column in range(table.shape[1]))
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


def _array(path: Path) -> np.ndarray:
    try:
        array: Any = np.load(path, allow_pickle=False)
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {path}", remedy="check the path") from error
    except (OSError, ValueError, EOFError) as error:
        raise InvalidInput(
            f"{path} cannot be read as .npy: {error}",
            causes="a truncated file, another format, or an array of Python objects",
            remedy="write it with numpy.save from a numeric array",
        ) from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise InvalidInput(f"{path} is an archive (.npz)", remedy="write the array alone with numpy.save")
    if array.dtype.kind not in "fiub" or array.ndim != 2:
        raise InvalidInput(
            f"{path} holds an array of shape {array.shape} and type {array.dtype}",
            remedy="two axes and a numeric type are needed",
        )
    return array


def _check_points(cloud: np.ndarray, path: Path) -> None:
    bad = ~np.isfinite(cloud)
    if bad.any():
        row, column = np.unravel_index(int(bad.argmax()), cloud.shape)
        raise InvalidInput(
            f"{path.name}, row {row + 1}, column {column + 1}: {cloud[row, column]} "
            f"({np.count_nonzero(bad)} values in all are not finite)",
            causes="a diverged run, a division by zero, or an overflow of float16",
            remedy="drop or repair those rows",
        )


def _npy_table(path: Path) -> Bool[np.ndarray, "N p"]:
    table = _array(path)
    bad = (table != 0) & (table != 1)
    if bad.any():
        row, column = np.unravel_index(int(bad.argmax()), table.shape)
        raise InvalidInput(
            f"{path.name}, row {row + 1}, column {column + 1}: {table[row, column]} is neither 0 nor 1",
            causes="class labels or scores in the place of membership",
            remedy="one column per concept: membership = labels[:, None] == classes",
        )
    return table.astype(bool)


def _csv_table(path: Path) -> tuple[tuple[str, ...], Bool[np.ndarray, "N p"]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            names = tuple(name.strip() for name in next(rows, []))
            if not names:
                raise InvalidInput(f"{path.name}, line 1: a header with the concepts' names is expected")
            if all(name.lower() in _CELLS for name in names):
                raise InvalidInput(f"{path.name}, line 1: the header holds cells, not the concepts' names")
            cells = bytearray(cell for row in _rows(rows, names, path) for cell in row)
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {path}", remedy="check the path") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path} cannot be read as .csv: {error}") from error
    return names, np.frombuffer(cells, dtype=np.uint8).reshape(-1, len(names)).astype(bool)


def _rows(rows: Any, names: tuple[str, ...], path: Path) -> Iterator[list[bool]]:
    for row in rows:
        if not row:
            continue
        if len(row) != len(names):
            raise InvalidInput(
                f"{path.name}, line {rows.line_num}: {len(row)} cells where the header has {len(names)}"
            )
        for name, cell in zip(names, row, strict=True):
            if cell.strip().lower() not in _CELLS:
                raise InvalidInput(
                    f"{path.name}, line {rows.line_num}, column {name!r}: {cell!r} is neither 0 nor 1",
                    causes="class labels or scores in the place of membership",
                )
        yield [_CELLS[cell.strip().lower()] for cell in row]
