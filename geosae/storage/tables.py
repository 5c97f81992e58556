"""Tables as text: read in whatever encoding and with whatever delimiter, written so that any cell is kept.

Spreadsheets run a cell that begins with =, +, - or @ as a formula (OWASP, CSV injection). Such a text is
written with an apostrophe before it, as spreadsheets themselves mark a text; reading takes it away again.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from geosae.errors import InvalidInput

DELIMITERS = (",", ";", "\t", "|")
"""What may stand between cells, the usual one first."""
CROSSES = {
    "1": True, "true": True, "x": True, "yes": True, "1.0": True,
    "0": False, "false": False, ".": False, "no": False, "0.0": False,
}  # fmt: skip
"""How a cell says yes or no, in lower case."""
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"),
)  # fmt: skip
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_GUARDED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")
_QUOTED = re.compile(r"[\",;|\t\r\n]|^\s|\s$")
_SAMPLE = 100
MOST_COLUMNS = 1_000_000
"""Columns beyond which no table is one."""


class Record(NamedTuple):
    """A row of a table, and the line on which it begins (the first line is 1)."""

    line: int
    cells: list[str]


def decode(data: bytes, name: str = "file") -> str:
    """Return text by its byte-order mark (UTF-8, UTF-16, UTF-32), else as UTF-8, else as latin-1.

    Raises
    ------
    InvalidInput
        If the mark promises what the bytes are not, or there are null bytes: the file is no text.

    Examples
    --------
    >>> decode("Tümpel".encode("latin-1")) == decode("Tümpel".encode("utf-16")) == "Tümpel"
    True
    """
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    try:
        text = data.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding is not None:
            raise InvalidInput(
                f"{name} begins as {encoding} and is not: {error}", causes="a truncated or foreign file"
            ) from error
        text = data.decode("latin-1")
    if "\0" in text:
        raise InvalidInput(
            f"{name}, line {text.count(chr(10), 0, text.index(chr(0))) + 1}: a null character",
            causes="UTF-16 without a byte-order mark, or a binary file under this extension",
            remedy="save it as text in UTF-8",
        )
    return text


def records(text: str, name: str = "table") -> Iterator[Record]:
    r"""Yield the rows of a table, blank lines left out; the delimiter is told by a line sep=, or by the rows.

    Of , ; tab and | the first is taken with which the header has several cells and the rows have as many.

    Raises
    ------
    InvalidInput
        If a quotation mark is not closed, or stands inside a cell, or there are more columns than any table
        has; the line is named.

    Examples
    --------
    >>> list(records("name;a\ncat;1\n"))
    [Record(line=1, cells=['name', 'a']), Record(line=2, cells=['cat', '1'])]
    """
    head = text[: text.find("\n")] if "\n" in text else text
    if max(map(head.count, DELIMITERS)) >= MOST_COLUMNS:
        raise InvalidInput(
            f"{name}, line 1: more than {MOST_COLUMNS:,} columns",
            causes="a table turned on its side, or another file under this extension",
            remedy="put points or objects into rows; write very wide points with numpy.save",
        )
    declared = re.match(r"(?:sep=([^\"\r\n])|\"sep=([^\"\r\n])\")(?:\r\n|\r|\n)", text)
    if declared is None:
        return _records(text, _delimiter(text, name), 1, name)
    return _records(text[declared.end() :], declared[1] or declared[2], 2, name)


def _delimiter(text: str, name: str) -> str:
    widths: dict[str, int] = {}
    for delimiter in DELIMITERS:
        try:
            sample = [len(record.cells) for record in islice(_records(text, delimiter, 1, name), _SAMPLE)]
        except InvalidInput:
            continue
        if sample and sample[0] > 1 and set(sample) == {sample[0]}:
            return delimiter
        widths[delimiter] = sample[0] if sample else 0
    return max(DELIMITERS, key=lambda delimiter: widths.get(delimiter, 0))


def _records(text: str, delimiter: str, first: int, name: str) -> Iterator[Record]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = first
    while True:
        # The limit on a cell's length belongs to the whole process: it is raised for one row at a time.
        limit = csv.field_size_limit(max(len(text), 131_072))
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise InvalidInput(
                f"{name}, line {line}: {error}",
                causes="a quotation mark that is not closed, or a truncated file",
                remedy='write a cell that holds " in quotation marks, and each " in it twice',
            ) from error
        finally:
            csv.field_size_limit(limit)
        if row is None:
            return
        if row:
            yield Record(line, [cell[1:] if _GUARDED.match(cell) else cell for cell in row])
        line = first + rows.line_num


def render(rows: Iterable[Iterable[Any]]) -> str:
    r"""Return rows as CSV that `records` reads back; None is empty, and a text is no formula.

    Examples
    --------
    >>> render([["name", "share"], ["=HYPERLINK(1)", -0.5], ["a\rb", None]])
    'name,share\n\'=HYPERLINK(1),-0.5\n"a\rb",\n'
    """
    lines: list[str] = []
    for row in rows:
        cells = [_cell(value) for value in row]
        # A row of one empty cell would be a blank line.
        lines.append('""' if cells == [""] else ",".join(cells))
    return "".join(f"{line}\n" for line in lines)


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    if isinstance(value, str) and _FORMULA.match(text):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
