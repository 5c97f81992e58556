"""Text formats of formal contexts: .cxt, .csv, .json and .fimi, read tolerantly and refused by line."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool

from geosae.errors import InvalidInput
from geosae.storage.files import json_value
from geosae.storage.names import admit_names
from geosae.storage.tables import CROSSES, Record, records, render

LARGEST_COUNT = 10_000_000
"""Objects or attributes beyond which a number in a file is a mistake."""
LARGEST_WIDTH = 1_000_000
"""Attributes beyond which item numbers are codes, and their table would be all but empty."""
LARGEST_TABLE = 2**32
"""Cells, of a byte each, beyond which no dense table is made."""


class RawContext(NamedTuple):
    """Labels and crosses as a file states them; labels may repeat and may be empty."""

    objects: tuple[str, ...]
    attributes: tuple[str, ...]
    incidence: Bool[np.ndarray, "G M"]


def _split(text: str) -> list[str]:
    # Not str.splitlines: that also cuts at characters (U+0085, U+2028) which latin-1 labels may hold.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines and lines[-1] == "" else lines


def _cross(cell: str, where: str) -> bool:
    word = cell.strip().lower()
    if word and word not in CROSSES:
        raise InvalidInput(
            f"{where} holds {cell[:40]!r}, which is neither a cross nor a blank",
            causes="a count or a text in a table of crosses",
            remedy="use X or 1 for a cross and . or 0 for a blank",
        )
    return bool(word) and CROSSES[word]


def _empty_table(objects: int, attributes: int, crosses: int, name: str) -> Bool[np.ndarray, "G M"]:
    """Return a table without crosses; what would be too large is refused before memory is taken."""
    if attributes > LARGEST_WIDTH or objects * attributes > LARGEST_TABLE:
        raise InvalidInput(
            f"{name}: a table of {objects:,} objects × {attributes:,} attributes has "
            f"{objects * attributes / 2**30:.2g} GiB, and {crosses:,} crosses in it",
            causes="attributes numbered by codes with gaps between them, or very many objects",
            remedy="number the attributes from 0 without gaps, or take a sample of the objects",
        )
    return np.zeros((objects, attributes), dtype=bool)


def _is_count(line: str) -> bool:
    return line.strip().isascii() and line.strip().isdigit()


def _count(line: str, where: str) -> int:
    digits = line.strip().lstrip("0") or "0"
    if len(digits) > 8 or int(digits) > LARGEST_COUNT:
        raise InvalidInput(
            f"{where}: {digits[:12]}{'…' if len(digits) > 12 else ''} (of {len(digits)} digits) is no number "
            f"of objects or attributes",
            causes="a damaged or foreign file",
        )
    return int(digits)


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
            objects, attributes = (_count(lines[at], f"{name}, line {at + 1}") for at in (first, first + 1))
            return objects, attributes, start + int(blank)
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
    needed = rows + objects if attributes else rows
    if len(lines) < needed:
        missing = "labels" if len(lines) < rows else f"row {len(lines) - rows + 1} of {objects}"
        raise InvalidInput(
            f"{name}, line {len(lines) + 1}: the file ends where {missing} should stand "
            f"({objects} objects and {attributes} attributes need {needed} lines)",
            causes="a truncated file, or wrong numbers on lines 3 and 4",
        )
    incidence = _empty_table(objects, attributes, 0, name)
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
    labels = admit_names(lines[start:rows], name)
    return RawContext(labels[:objects], labels[objects:], incidence)


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

    Delimiters are those of `geosae.storage.tables.records`.

    Raises
    ------
    InvalidInput
        If a row is not as long as the header, a cell is no cross (line and column are named), or the first
        column holds crosses under a name: a table of membership, whose rows have no names.

    Examples
    --------
    >>> parse_csv("name,purrs,barks\ncat,1,0\ndog,,X\n").objects
    ('cat', 'dog')
    """
    header, *rows = list(records(text, name)) or [Record(1, [])]
    if not header.cells:
        raise InvalidInput(f"{name}, line 1: a header with the attributes is expected")
    attributes = admit_names(header.cells[1:], f"{name}, line {header.line}")
    _refuse_membership(header, rows, name)
    incidence = _empty_table(len(rows), len(attributes), 0, name)
    for position, (line, cells) in enumerate(rows):
        if len(cells) != len(header.cells):
            raise InvalidInput(
                f"{name}, line {line}: {len(cells)} cells where the header has {len(header.cells)}",
                causes="a delimiter within a label that is not in quotation marks, or a truncated row",
            )
        incidence[position] = [
            _cross(cell, f"{name}, line {line}, column {title[:40]!r}")
            for title, cell in zip(attributes, cells[1:], strict=True)
        ]
    return RawContext(admit_names([cells[0] for _, cells in rows], name), attributes, incidence)


def _refuse_membership(header: Record, rows: list[Record], name: str) -> None:
    title = header.cells[0]
    if title.strip() and rows and all(cells[0].strip().lower() in CROSSES for _, cells in rows):
        raise InvalidInput(
            f"{name}: the first column, {title[:40]!r}, holds crosses where names of objects are expected",
            causes="a table of membership, as `geosae analyse --membership` takes it: its rows have no names",
            remedy="put a column with a name for each row before it, under an empty title",
        )


def render_csv(raw: RawContext) -> str:
    """Write a table of crosses: X for a cross and . for a blank, the title of the first column empty."""
    rows = (
        [label, *("X" if cell else "." for cell in row)]
        for label, row in zip(raw.objects, raw.incidence, strict=True)
    )
    return render([["", *raw.attributes], *rows])


def parse_json(text: str, name: str = "context") -> RawContext:
    """Parse the JSON of the package `concepts`: objects, properties, and each object's property indices.

    Raises
    ------
    InvalidInput
        If the text is not JSON of that shape; what is wrong is named.
    """
    value: Any = json_value(text, name)
    keys = ("objects", "properties", "context")
    if not isinstance(value, dict) or not all(isinstance(value.get(key), list) for key in keys):
        raise InvalidInput(
            f"{name} is no context in JSON: it lacks one of the lists {', '.join(keys)}",
            remedy='its keys are "objects", "properties" and "context" (property indices per object)',
        )
    labels, properties, rows = (list[Any](value[key]) for key in keys)
    objects = admit_names(labels, f"{name}: objects")
    attributes = admit_names(properties, f"{name}: properties")
    if len(rows) != len(objects):
        raise InvalidInput(f"{name}: {len(rows)} rows for {len(objects)} objects")
    incidence = _empty_table(len(objects), len(attributes), 0, name)
    for row, indices in enumerate(rows):
        if not isinstance(indices, list):
            raise InvalidInput(
                f"{name}: the row of object {objects[row][:40]!r} is {repr(indices)[:40]}, and no list",
                remedy="give for each object the list of its property indices",
            )
        for index in list[Any](indices):
            # type(…) is int: True and False are instances of int too.
            if type(index) is not int or not 0 <= index < len(attributes):
                raise InvalidInput(
                    f"{name}: object {objects[row][:40]!r} names no property with {repr(index)[:40]}"
                )
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
        If a line holds something else than numbers from 0 to 9 999 999, or the table would be too large.

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
    incidence = _empty_table(len(rows), width, sum(map(len, rows)), name)
    for line, row in zip(incidence, rows, strict=True):
        line[row] = True
    return RawContext(tuple(map(str, range(len(rows)))), tuple(map(str, range(width))), incidence)


def render_fimi(raw: RawContext) -> str:
    """Write item sets: the numbers of each object's attributes, one line an object."""
    return "".join(" ".join(map(str, np.flatnonzero(row).tolist())) + "\n" for row in raw.incidence)


PARSERS = {
    ".cxt": parse_cxt,
    ".ctx": parse_cxt,
    ".csv": parse_csv,
    ".json": parse_json,
    ".fimi": parse_fimi,
    ".dat": parse_fimi,
}
RENDERERS = {
    ".cxt": render_cxt,
    ".ctx": render_cxt,
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
            f"{path.name}: no known format of contexts", remedy="use .cxt (.ctx), .csv, .json or .fimi"
        )
    return suffix
