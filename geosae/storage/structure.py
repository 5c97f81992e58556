"""Typed records to and from JSON: frozen dataclasses, read strictly, refused by name.

The structuring is done by cattrs, which works on plain dataclasses, generic ones included, and forbids
unknown keys everywhere by one setting (msgspec forbids them on its own classes only, pydantic asks every
dataclass for a configuration of its own). JSON has no NaN and no infinity: a float that is not finite is
written as null, and null is read as NaN where a float is promised.

A record on disk carries the hash of what it says, so that an edited or damaged one is refused by name. What
can be computed again is then deleted and computed again; nothing is repaired.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import cattrs
import numpy as np
from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError

from geosae.errors import InvalidInput
from geosae.notebook import short_text
from geosae.storage.files import content_hash, read_json, write_json
from geosae.validation import as_float, refuse_unknown

T = TypeVar("T")


class _MismatchError(ValueError):
    """A value that is not of the promised type; the message is the whole story."""


def _exactly(kind: type[T]) -> Callable[[Any, Any], T]:
    """Return a hook that takes values of this type only, and never a bool for a number."""

    def structured(value: Any, _: Any) -> T:
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise _MismatchError(f"is {value!r}; it must be of type {kind.__name__}")
        return value

    return structured


def _float(value: Any, _: Any) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _MismatchError(f"is {value!r}; it must be of type float")
    number = as_float(value)
    # What is not known is null; a NaN or an infinity that somebody wrote is a mistake.
    if not math.isfinite(number):
        raise _MismatchError(f"is {short_text(str(value), 40)}; it must be finite")
    return number


def _plain(value: Any, union: Any) -> Any:
    """Take a value of any of the union's types as it is: an int stays one where a float may stand."""
    kinds = get_args(union)
    fits = type(value) in kinds or (type(value) is int and float in kinds)
    if not fits:
        raise _MismatchError(f"is {value!r}; it must be of type {' or '.join(k.__name__ for k in kinds)}")
    return value


def _word(value: Any, literal: Any) -> Any:
    words = get_args(literal)
    if isinstance(value, bool) or value not in words:
        raise _MismatchError(f"is {value!r}; it must be one of {', '.join(map(repr, words))}")
    return value


def _is_numpy_scalar(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, np.generic)


def _scalar(value: Any) -> Any:
    """Return a number or truth value as Python's own, and None for a float that is not finite."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


def _is_plain_union(kind: Any) -> bool:
    plain = {bool, int, float, str, NoneType}
    return (
        get_origin(kind) in (Union, UnionType)
        and len(set(get_args(kind)) - {NoneType}) > 1
        and (set(get_args(kind)) <= plain)
    )


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in (bool, int, str):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_structure_hook(float, _float)
    converter.register_structure_hook_func(_is_plain_union, _plain)
    converter.register_structure_hook_func(lambda kind: get_origin(kind) is Literal, _word)
    # A comparison of numpy's floats is numpy's bool, and a count its integer: JSON knows neither.
    for kind in (bool, int, float):
        converter.register_unstructure_hook(kind, _scalar)
    converter.register_unstructure_hook_func(_is_numpy_scalar, _scalar)
    return converter


CONVERTER = _converter()
"""The one converter; a record that JSON spells in its own way registers its hooks here, beside its class."""


def to_json(record: Any) -> Any:
    """Return a record as dictionaries, lists, strings and numbers.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Point:
    ...     x: float
    >>> to_json(Point(0.5)), to_json(Point(float("nan")))
    ({'x': 0.5}, {'x': None})
    """
    return CONVERTER.unstructure(record)


def from_json(kind: type[T] | Any, value: Any, where: str) -> T:
    """Return the record of this type that `to_json` wrote.

    Raises
    ------
    InvalidInput
        If a key is unknown (the nearest valid one is named) or missing, or a value is of another type.
        `where` names what was read.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Point:
    ...     x: float
    ...     label: str = ""
    >>> from_json(Point, {"x": 1}, "the point")
    Point(x=1.0, label='')
    >>> from_json(Point, {"x": 1, "lable": "a"}, "the point")
    Traceback (most recent call last):
        ...
    geosae.errors.InvalidInput: the point has an unknown key 'lable'; the nearest valid one is 'label'.
      What to do: use one of: label, x.
    """
    try:
        _check_outermost(kind, value)
        return CONVERTER.structure(value, kind)
    except (
        cattrs.BaseValidationError, ForbiddenExtraKeysError, ValueError, TypeError, KeyError, AttributeError
    ) as error:  # fmt: skip
        path, reason = _innermost(error, where)
        if isinstance(reason, ForbiddenExtraKeysError):
            refuse_unknown(sorted(reason.extra_fields), [f.name for f in fields(reason.cl)], path)
        raise _refusal(path, reason) from error


def _check_outermost(kind: Any, value: Any) -> None:
    """Refuse what is no list or table: cattrs takes keys, or the letters of a text, for entries of a list."""
    if get_origin(kind) in (tuple, list) and not isinstance(value, list | tuple):
        raise _MismatchError(f"is {short_text(repr(value), 80)}; it must be a list")
    if get_origin(kind) in (Mapping, dict) and not isinstance(value, Mapping):
        raise _MismatchError(f"is {short_text(repr(value), 80)}; it must be a table of keys")


def _innermost(error: BaseException, where: str) -> tuple[str, BaseException]:
    """Return where the first fault lies and what it is."""
    while isinstance(error, ClassValidationError | IterableValidationError) and error.exceptions:
        first = error.exceptions[0]
        # cattrs notes on each exception the attribute or index that it belongs to; a missing key is no place.
        for note in getattr(first, "__notes__", ()):
            name = getattr(note, "name", None)
            if name is None:
                name = getattr(note, "index", None)
            if isinstance(first, KeyError) and first.args == (name,):
                return where, first
            if name is not None:
                where = f"{where}: {name}"
        if isinstance(first, KeyError):
            return where, _MismatchError(f"is of the unknown kind {first}")
        error = first
    return where, error


def _refusal(where: str, reason: BaseException) -> InvalidInput:
    if isinstance(reason, KeyError):
        return InvalidInput(f"{where} lacks the key {reason}", remedy=f"add {str(reason).strip(chr(39))}")
    if isinstance(reason, _MismatchError):
        return InvalidInput(f"{where} {reason}")
    if isinstance(reason, AttributeError):
        # What has no keys() where a record is promised.
        return InvalidInput(
            f"{where} is no table of keys", causes="a record of another kind, or a damaged one"
        )
    return InvalidInput(f"{where} cannot be read: {reason}", causes="a record of another kind or version")


def entry(table: Mapping[str, Any], key: str, kind: type[T] | Any, where: str, default: T | None = None) -> T:
    """Return the entry of a table, which must be of the given type; without a default it must be there.

    Raises
    ------
    InvalidInput
        If the entry is missing and has no default, or is of another type.

    Examples
    --------
    >>> entry({"seeds": 3}, "seeds", int, "the plan"), entry({}, "title", str, "the plan", "none")
    (3, 'none')
    """
    if key not in table:
        if default is None:
            raise InvalidInput(f"{where} lacks the key {key!r}", remedy=f"add {key} = …")
        return default
    return from_json(kind, table[key], f"{where}: {key}")


def entries(table: Mapping[str, Any], key: str, kind: type[T] | Any, where: str) -> tuple[T, ...]:
    """Return a non-empty list of distinct entries of one type; a single value counts as a list of one.

    Raises
    ------
    InvalidInput
        If the key is missing, the list is empty, an entry is of another type or occurs twice.

    Examples
    --------
    >>> entries({"widths": 4}, "widths", int, "the plan")
    (4,)
    """
    if key not in table:
        raise InvalidInput(f"{where} lacks the key {key!r}", remedy=f"add {key} = …")
    value = table[key]
    items: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
    values = tuple(from_json(kind, item, f"{where}: {key}") for item in items)
    if not values:
        raise InvalidInput(f"{where}: {key} is an empty list")
    if len(set(values)) != len(values):
        raise InvalidInput(f"{where}: {key} names the same value twice: {list(values)}")
    return values


HASH, RECORDS = "content_hash", "records"
"""The keys of a stored record's hash, and of a list of records, which has no keys of its own."""
AGAIN = "delete it: the same command computes it again"
"""What to do about a stored record that is damaged."""


def write_record(path: Path, record: Any) -> None:
    """Write a record as JSON with its hash, whole or not at all; a list stands under "records".

    Raises
    ------
    InvalidInput
        If JSON cannot express the record, or the file cannot be written.
    """
    plain = to_json(record)
    table: dict[str, Any] = dict(plain) if isinstance(plain, Mapping) else {RECORDS: plain}
    write_json(path, {**table, HASH: _hash_of(table)})


def _hash_of(table: Mapping[str, Any]) -> str:
    # As it is read back, with text for keys; what JSON cannot express is refused where it is written.
    as_read = json.loads(json.dumps(table, default=str))
    return content_hash(json.dumps(as_read, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def read_plain_record(path: Path) -> Any:
    """Return what `write_record` wrote as it stands in JSON, without its hash, which must be the right one.

    Raises
    ------
    InvalidInput
        If there is no such file, its text is not JSON, or it says something else than when it was written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "point.json"
    >>> write_record(path, {"x": 0.5})
    >>> read_plain_record(path)
    {'x': 0.5}
    >>> _ = path.write_text(path.read_text().replace("0.5", "0.6"))
    >>> read_plain_record(path)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    geosae.errors.InvalidInput: .../point.json does not have the content hash that it states.
      Likely causes: it was edited after it was written, or damaged in a transfer.
      What to do: delete it: the same command computes it again.
    """
    if not path.is_file():
        raise InvalidInput(f"there is no file {path}", remedy="check the path")
    try:
        table = read_json(path)
    except InvalidInput as error:
        raise InvalidInput(
            str(error).partition("\n")[0], causes="it was edited or damaged", remedy=AGAIN
        ) from error
    if not isinstance(table, dict) or HASH not in table:
        raise InvalidInput(
            f"{path} does not state its content hash",
            causes="it was edited, or another version of geosae wrote it",
            remedy=AGAIN,
        )
    entries: dict[str, Any] = table
    stated = entries.pop(HASH)
    try:
        content = _hash_of(entries)
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"{path} holds half of a surrogate pair, which is no text", causes="damaged bytes", remedy=AGAIN
        ) from error
    if stated != content:
        raise InvalidInput(
            f"{path} does not have the content hash that it states",
            causes="it was edited after it was written, or damaged in a transfer",
            remedy=AGAIN,
        )
    return entries[RECORDS] if set(entries) == {RECORDS} else entries


def read_record(path: Path, kind: type[T] | Any) -> T:
    """Read a record of this type.

    Raises
    ------
    InvalidInput
        If there is no such file, its text is not JSON, it says something else than when it was written, or it
        does not hold such a record.

    Examples
    --------
    >>> import tempfile
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Point:
    ...     x: float
    >>> path = Path(tempfile.mkdtemp()) / "point.json"
    >>> write_record(path, Point(0.5))
    >>> read_record(path, Point)
    Point(x=0.5)
    """
    return from_json(kind, read_plain_record(path), str(path))


def from_table(kind: type[T] | Any, table: Mapping[str, Any], where: str) -> T:
    """Return the record that a table of a TOML file describes; the same checks as for JSON.

    Raises
    ------
    InvalidInput
        As `from_json` does.
    """
    return from_json(kind, dict(table), where)
