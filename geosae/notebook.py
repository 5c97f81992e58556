"""How records show themselves: in at most 400 characters of text, or as a small HTML table in a notebook.

What a record holds is data: labels are shown literally, never as markup. The HTML has no scripts and no
colours of its own, so that it reads on a dark and on a light page.
"""

import html
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np

MOST_CHARACTERS = 400
"""Characters that a record prints in at most."""
MOST_ENTRIES = 8
"""Entries of an array or a sequence that are printed one by one."""
MOST_ROWS, MOST_COLUMNS, MOST_IN_CELL = 12, 16, 60
"""Rows and columns of a table in a notebook, and characters of one of its cells."""
MOST_BITS = 256
"""Bits beyond which an integer or a fraction is not spelled out (Python itself refuses very long ones)."""
_WIDTHS = (200, 60, 24, 12)
"""Characters that a field may take, from the first try to the last."""

Columns = dict[str, Any]
"""A table by columns: each name with a 1-D array or a list, all of one length."""


def short_repr(self: Any) -> str:
    """Return ClassName(field=value, …) of a dataclass or a named tuple in at most 400 characters.

    Large arrays are given by shape, long sequences by length, long texts by their start. Where that is not
    enough, fields at their defaults are left out, and in the end the text is cut. Classes take this function
    as their `__repr__`, hence the name of its argument.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Pair:
    ...     names: tuple[str, ...]
    ...     points: np.ndarray
    ...     __repr__ = short_repr
    >>> Pair(("a", "b"), np.zeros((1000, 2)))
    Pair(names=('a', 'b'), points=<float64 array 1000 × 2>)
    """
    entries = list(_entries(self, defaults=True))
    for width in _WIDTHS:
        text = _call(self, entries, width)
        if len(text) <= MOST_CHARACTERS:
            return text
        entries = list(_entries(self, defaults=False))
    return _call(self, entries, _WIDTHS[-1])[: MOST_CHARACTERS - 1] + "…"


def short_text(text: str, most: int = MOST_CHARACTERS) -> str:
    """Return the text, cut with an ellipsis where it has more than so many characters.

    Examples
    --------
    >>> short_text("a long name", 6)
    'a lon…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def short_list(items: Collection[str], most: int = 200) -> str:
    """Return labels joined by commas; where they are too long, the first of them and how many more there are.

    Examples
    --------
    >>> short_list(["frog", "fish"]), short_list([f"n{i}" for i in range(1000)], 12)
    ('frog, fish', 'n0, n1, n2, … (1,000)')
    """
    room, first = most, list[str]()
    for item in items:
        room -= len(item) + 2
        if room < -2:
            return ", ".join([*(first or [short_text(item, most)]), f"… ({len(items):,})"])
        first.append(item)
    return ", ".join(first)


def html_table(sentence: str, columns: Mapping[str, Any] | None = None, rows: int | None = None) -> str:
    """Return a record's sentence and the beginning of its table as HTML; every text is escaped.

    `rows` is the number of rows of the whole table, where `columns` are only the beginning of it.

    Examples
    --------
    >>> page = html_table("two labels", {"label": ["<b>", "b"], "share": np.array([0.25, np.nan])})
    >>> "&lt;b&gt;" in page, "<b>" in page, "0.25" in page, "–" in page
    (True, False, True, True)
    """
    table = _table(columns, rows) if columns else ""
    return f"<div><p>{html.escape(sentence)}</p>{table}</div>"


def distinct(names: Iterable[str], taken: Iterable[str] = (), numbered: str = "{} ({})") -> list[str]:
    """Return names, none twice and none of those taken: a repeated one gets a number, written as `numbered`.

    Examples
    --------
    >>> distinct(["a", "a", "a (2)", "object"], ["object"])
    ['a', 'a (3)', 'a (2)', 'object (2)']
    """
    wanted_names = list(names)
    used, later = set(taken), set(wanted_names)
    unique: list[str] = []
    for name in wanted_names:
        candidate, number = name, 2
        while candidate in used or (candidate != name and candidate in later):
            candidate, number = numbered.format(name, number), number + 1
        used.add(candidate)
        unique.append(candidate)
    return unique


def columns_of(rows: Sequence[Mapping[str, Any]]) -> Columns:
    """Return the columns of rows given by name; a number that a row does not have is nan.

    Examples
    --------
    >>> columns_of([{"step": 0, "fvu": 0.5}, {"step": 10}])["fvu"].tolist()
    [0.5, nan]
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: _column([row.get(name, math.nan) for row in rows]) for name in names}


def _column(entries: list[Any]) -> Any:
    is_numeric = all(isinstance(entry, int | float | np.number) for entry in entries)
    return np.array(entries) if is_numeric else entries


def _entries(record: Any, *, defaults: bool) -> Iterable[tuple[str, Any]]:
    if not is_dataclass(record):
        return [(name, getattr(record, name)) for name in record._fields]
    pairs = [(each, getattr(record, each.name)) for each in fields(record) if each.repr]
    return [(each.name, value) for each, value in pairs if defaults or not _is_default(each, value)]


def _is_default(field: Field[Any], value: Any) -> bool:
    if isinstance(value, np.ndarray) or field.default is MISSING:
        return False
    return type(value) is type(field.default) and bool(value == field.default)


def _call(record: Any, entries: list[tuple[str, Any]], width: int) -> str:
    return f"{type(record).__name__}({', '.join(f'{name}={_short(v, width)}' for name, v in entries)})"


def _short(value: Any, width: int) -> str:
    """Return a value in about so many characters, without ever spelling a large one out."""
    if isinstance(value, str):
        # A little more than fits is enough to see that it does not fit.
        text = repr(value[: width + 1])
        return text if len(text) <= width else repr(value[: width - 3] + "…")
    if isinstance(value, int | Fraction) and (bits := _bits(value)) > MOST_BITS:
        return f"<{type(value).__name__} of {bits:,} bits>"
    if isinstance(value, float) and len(repr(value)) > width:
        return f"{value:.4g}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return _short_array(value)
    if isinstance(value, Mapping):
        pairs = [
            f"{_short(k, width)}: {_short(v, width)}" for k, v in islice(value.items(), MOST_ENTRIES + 1)
        ]
        return _bracketed(value, pairs, "{}", width)
    if isinstance(value, tuple | list | set | frozenset) and not hasattr(value, "_fields"):
        parts = [_short(part, width) for part in islice(value, MOST_ENTRIES + 1)]
        ends = "()" if isinstance(value, tuple) else "[]" if isinstance(value, list) else "{}"
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return _bracketed(value, [f"{part}{comma}" for part in parts], ends, width)
    name = getattr(value, "__qualname__", None)
    text = repr(value) if name is None else str(name)
    if len(text) <= width:
        return text
    return f"{type(value).__name__}(…)" if is_dataclass(value) else short_text(text, width)


def _bits(number: int | Fraction) -> int:
    return max(number.numerator.bit_length(), number.denominator.bit_length())


def _bracketed(value: Any, parts: list[str], ends: str, width: int) -> str:
    text = f"{ends[0]}{', '.join(parts)}{ends[1]}"
    if len(value) <= MOST_ENTRIES and len(text) <= width:
        return text
    return f"<{type(value).__name__} of {len(value):,}>"


def _short_array(array: Any) -> str:
    shape, kind = tuple(array.shape), str(array.dtype)
    if isinstance(array, np.ndarray) and len(shape) == 1 and array.size <= MOST_ENTRIES and kind != "object":
        return f"[{', '.join(_number(entry) for entry in array.tolist())}]"
    if not shape:
        return short_text(str(array), 30)
    return f"<{kind} array {' × '.join(map(str, shape))}>"


def _number(entry: Any) -> str:
    return f"{entry:.6g}" if isinstance(entry, float) else str(entry)


def _table(columns: Mapping[str, Any], whole: int | None) -> str:
    names = list(columns)[:MOST_COLUMNS]
    rows = len(columns[names[0]])
    cell = "text-align:left;padding:2px 8px;color:inherit;background:none"
    head = "".join(f'<th style="{cell}">{html.escape(short_text(n, MOST_IN_CELL))}</th>' for n in names)
    body = "".join(
        "<tr>" + "".join(f'<td style="{cell}">{_cell(columns[n][i])}</td>' for n in names) + "</tr>"
        for i in range(min(rows, MOST_ROWS))
    )
    left_out = [
        f"{more:,} more {what}{'s' if more > 1 else ''}"
        for more, what in (((whole or rows) - MOST_ROWS, "row"), (len(columns) - MOST_COLUMNS, "column"))
        if more > 0
    ]
    rest = f"<p>… and {' and '.join(left_out)}: see .columns()</p>" if left_out else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def _cell(entry: Any) -> str:
    if isinstance(entry, bool | np.bool_):
        return "×" if entry else ""
    if entry is None or (isinstance(entry, float) and math.isnan(entry)):
        return "–"
    if isinstance(entry, float):
        return f"{entry:.4g}"
    text = short_list([str(part) for part in entry], 50) if isinstance(entry, tuple | list) else str(entry)
    return html.escape(short_text(text, MOST_IN_CELL))
