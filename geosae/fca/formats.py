"""Text formats of formal contexts: .cxt, .csv, .json and .fimi, read tolerantly and refused by line."""

import csv
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool

from geosae.errors import InvalidInput

_CROSSES = {"x": True, "1": True, "true": True, ".": False, "0": False, "false": False, "": False}


class RawContext(NamedTuple):
    """Labels and crosses as a file states them; labels may repeat and may be empty."""

    objects: tuple[str, ...]
    attributes: tuple[str, ...]
    incidence: Bool[np.ndarray, "G M"]


def decode(data: bytes) -> str:
    """Decode text as UTF-8 (with or without byte-order mark), or as latin-1 where that fails.

    Examples
    --------
    >>> decode("Tümpel".encode("latin-1")) == decode("Tümpel".encode("utf-8")) == "Tümpel"
    True
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _split(text: str) -> list[str]:
    # Not str.splitlines: that also cuts at characters (U+0085, U+2028) which latin-1 labels may hold.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines and lines[-1] == "" else lines


def _cross(cell: str, where: str) -> bool:
    try:
        return _CROSSES[cell.strip().lower()]
    except KeyError:
        raise InvalidInput(
            f"{where} holds {cell!r}, which is neither a cross nor a blank",
            causes="a count or a text in a table of crosses",
            remedy="use X or 1 for a cross and . or 0 for a blank",
        ) from None


def _is_count(line: str) -> bool:
    return line.strip().isascii() and line.strip().isdigit()


def _counts(lines: list[str], name: str) -> tuple[int, int, int]:
    """Return the number of objects, of attributes, and the index of the first label line."""
    if not lines or lines[0].strip().upper() != "B":
        raise InvalidInput(
            f"{name}, line 1: a Burmeister context starts with the line B",
            causes="another format under the extension .cxt",
        )
    # Line 2 is the context's title, often empty; some writers leave the line out.
    for first in (2, 1):
        if len(lines) > first + 1 and _is_count(lines[first]) and _is_count(lines[first + 1]):
            start = first + 2
            blank = start < len(lines) and not lines[start].strip()
            return int(lines[first]), int(lines[first + 1]), start + int(blank)
    raise InvalidInput(
        f"{name}, line {min(len(lines), 3)}: lines 3 and 4 must number objects and attributes",
        causes="a truncated or foreign file",
    )


def parse_cxt(text: str, name: str = "context") -> RawContext:
    r"""Parse a Burmeister context; repeated, empty and non-ASCII labels are kept as they are.

    Raises
    ------
    InvalidInput
        If the text is no such context; the line is named, also where a truncated file ends.

    Examples
    --------
    >>> parse_cxt("B\n\n2\n1\n\ncat\ndog\npurrs\nX\n.\n").incidence.tolist()
    [[True], [False]]
    """
    lines = _split(text)
    objects, attributes, start = _counts(lines, name)
    rows = start + objects + attributes
    if len(lines) < rows + objects and attributes:
        missing = "labels" if len(lines) < rows else f"row {len(lines) - rows + 1} of {objects}"
        raise InvalidInput(
            f"{name}, line {len(lines) + 1}: the file ends where {missing} should stand "
            f"({objects} objects and {attributes} attributes need {rows + objects} lines)",
            causes="a truncated file, or wrong numbers on lines 3 and 4",
        )
    incidence = np.zeros((objects, attributes), dtype=bool)
    for row in range(objects if attributes else 0):
        cells = lines[rows + row].strip()
        where = f"{name}, line {rows + row + 1}"
        if len(cells) != attributes:
            raise InvalidInput(
                f"{where}: row {row + 1} has {len(cells)} crosses and blanks where {attributes} are needed",
                causes="a label line too few or too many, or a truncated row",
            )
        incidence[row] = [_cross(cell, where) for cell in cells]
    for index in range(rows + objects, len(lines)):
        if lines[index].strip():
            raise InvalidInput(f"{name}, line {index + 1}: text after the last row: {lines[index][:40]!r}")
    labels = lines[start:rows]
    return RawContext(tuple(labels[:objects]), tuple(labels[objects:]), incidence)


def render_cxt(raw: RawContext) -> str:
    """Write a Burmeister context.

    Raises
    ------
    InvalidInput
        If a label holds a line break, which the format cannot express.
    """
    labels = (*raw.objects, *raw.attributes)
    for label in labels:
        if "\n" in label or "\r" in label:
            raise InvalidInput(
                f"the label {label!r} holds a line break", remedy="write .json or .csv instead"
            )
    rows = ["".join("X" if cell else "." for cell in row) for row in raw.incidence]
    head = ["B", "", str(len(raw.objects)), str(len(raw.attributes)), ""]
    return "\n".join([*head, *labels, *rows]) + "\n"


def parse_csv(text: str, name: str = "context") -> RawContext:
    r"""Parse a table of crosses: attributes in the header after its first cell, objects in the first column.

    Raises
    ------
    InvalidInput
        If a row is not as long as the header, or a cell is no cross; line and column are named.

    Examples
    --------
    >>> parse_csv("name,purrs,barks\ncat,1,0\ndog,,X\n").objects
    ('cat', 'dog')
    """
    rows = list(csv.reader(io.StringIO(text, newline="")))
    if not rows or not rows[0]:
        raise InvalidInput(f"{name}, line 1: a header with the attributes is expected")
    attributes = tuple(rows[0][1:])
    objects: list[str] = []
    crosses: list[list[bool]] = []
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        if len(row) != len(rows[0]):
            raise InvalidInput(f"{name}, line {number}: {len(row)} cells where the header has {len(rows[0])}")
        objects.append(row[0])
        crosses.append(
            [
                _cross(cell, f"{name}, line {number}, column {title!r}")
                for title, cell in zip(attributes, row[1:], strict=True)
            ]
        )
    incidence = np.array(crosses, dtype=bool).reshape(len(objects), len(attributes))
    return RawContext(tuple(objects), attributes, incidence)


def render_csv(raw: RawContext) -> str:
    """Write a table of crosses: X for a cross, an empty cell for a blank."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["", *raw.attributes])
    for label, row in zip(raw.objects, raw.incidence, strict=True):
        writer.writerow([label, *("X" if cell else "." for cell in row)])
    return out.getvalue()


def parse_json(text: str, name: str = "context") -> RawContext:
    """Parse the JSON of the package `concepts`: objects, properties, and each object's property indices.

    Raises
    ------
    InvalidInput
        If the text is not JSON of that shape; what is wrong is named.
    """
    try:
        value: Any = json.loads(text)
        objects, attributes = tuple(value["objects"]), tuple(value["properties"])
        rows = list(value["context"])
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"{name} is not a context in JSON: {error!r}",
            remedy='its keys are "objects", "properties" and "context" (property indices per object)',
        ) from error
    if len(rows) != len(objects) or not all(isinstance(label, str) for label in (*objects, *attributes)):
        raise InvalidInput(f"{name}: {len(rows)} rows for {len(objects)} objects, or labels that are no text")
    incidence = np.zeros((len(objects), len(attributes)), dtype=bool)
    for row, indices in enumerate(rows):
        for index in indices:
            # type(…) is int: True and False are instances of int too.
            if type(index) is not int or not 0 <= index < len(attributes):
                raise InvalidInput(f"{name}: object {objects[row]!r} names no property with {index!r}")
            incidence[row, index] = True
    return RawContext(objects, attributes, incidence)


def render_json(raw: RawContext) -> str:
    """Write the JSON that the package `concepts` reads."""
    context = [[int(index) for index in np.flatnonzero(row)] for row in raw.incidence]
    value = {"objects": list(raw.objects), "properties": list(raw.attributes), "context": context}
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def parse_fimi(text: str, name: str = "context") -> RawContext:
    r"""Parse item sets: one object a line, the numbers of its attributes with blanks between.

    An empty line is an object with none. Objects are named by their line from 0, attributes by their number.

    Raises
    ------
    InvalidInput
        If a line holds something else than numbers from 0 to 9 999 999.

    Examples
    --------
    >>> parse_fimi("0 2\n\n1\n").incidence.astype(int).tolist()
    [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    """
    rows: list[list[int]] = []
    for number, line in enumerate(_split(text), start=1):
        items = line.split()
        if not all(item.isascii() and item.isdigit() and len(item) <= 7 for item in items):
            raise InvalidInput(
                f"{name}, line {number}: {line[:40]!r} is no list of item numbers",
                remedy="one object a line, its attributes as numbers from 0 with blanks between",
            )
        rows.append([int(item) for item in items])
    width = max((max(row) + 1 for row in rows if row), default=0)
    incidence = np.zeros((len(rows), width), dtype=bool)
    for line, row in zip(incidence, rows, strict=True):
        line[row] = True
    return RawContext(tuple(map(str, range(len(rows)))), tuple(map(str, range(width))), incidence)


def render_fimi(raw: RawContext) -> str:
    """Write item sets: the numbers of each object's attributes, one line an object."""
    return "".join(" ".join(map(str, np.flatnonzero(row).tolist())) + "\n" for row in raw.incidence)


PARSERS = {".cxt": parse_cxt, ".csv": parse_csv, ".json": parse_json, ".fimi": parse_fimi, ".dat": parse_fimi}
RENDERERS = {
    ".cxt": render_cxt,
    ".csv": render_csv,
    ".json": render_json,
    ".fimi": render_fimi,
    ".dat": render_fimi,
}


def format_of(path: Path) -> str:
    """Return the path's extension if it names a format of contexts.

    Raises
    ------
    InvalidInput
        If it names none.
    """
    suffix = path.suffix.lower()
    if suffix not in PARSERS:
        raise InvalidInput(
            f"{path.name}: no known format of contexts", remedy="use .cxt, .csv, .json or .fimi"
        )
    return suffix
