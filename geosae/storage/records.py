"""Records from JSON, TOML or Python: unknown words are refused with the nearest valid one, types by name."""

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Literal, Union, cast

import numpy as np

from geosae.errors import InvalidInput
from geosae.validation import as_float, plain_number, refuse_unknown


def check_fields(record: Any, of: str) -> None:
    """Check every field of a frozen dataclass against its type; called by its `__post_init__`.

    So a record made in Python passes the checks of one that is read from a file. Numpy scalars become
    numbers, lists, ranges and 1-D arrays tuples, integers floats where a float is promised first.

    Raises
    ------
    InvalidInput
        If a value is of another type than its field; of a word, the nearest valid one is named.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Wave:
    ...     count: int
    ...     shape: Literal["sine", "square"] = "sine"
    ...     def __post_init__(self) -> None:
    ...         check_fields(self, "the wave")
    >>> Wave(np.int64(3)).count
    3
    >>> Wave(3, "sinus")
    Traceback (most recent call last):
        ...
    geosae.errors.InvalidInput: the wave has an unknown shape 'sinus'; ...'sine'.
      What to do: use one of: sine, square.
    """
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    for name, value in checked_types(values, type(record), of).items():
        object.__setattr__(record, name, value)


def checked_types(record: Mapping[str, Any], owner: type, of: str) -> dict[str, Any]:
    """Return the record with each value checked against the type of the dataclass field of its name.

    An integer is taken where a float is promised, and becomes one; a bool is never taken for a number.

    Raises
    ------
    InvalidInput
        If a value is of another type than its field.
    """
    promised = {field.name: field.type for field in fields(owner)}
    return {key: _fit(value, promised[key], f"{of}: '{key}'") for key, value in record.items()}


def _fit(value: Any, promised: Any, what: str) -> Any:
    value = plain_number(value)
    choices = typing.get_args(promised) if _is_union(promised) else (promised,)
    for choice in choices:
        if choice is Any:
            return _plain(value)
        if typing.get_origin(choice) is Literal:
            if isinstance(value, str) and value in typing.get_args(choice):
                return value
        elif choice in (None, type(None)):
            if value is None:
                return None
        elif typing.get_origin(choice) is tuple:
            items = _items(value)
            if items is not None:
                return tuple(_fit(item, typing.get_args(choice)[0], what) for item in items)
        elif typing.get_origin(choice) is Mapping:
            if isinstance(value, Mapping):
                entries = cast("Mapping[str, Any]", value)
                return {
                    key: _fit(v, typing.get_args(choice)[1], f"{what}: '{key}'") for key, v in entries.items()
                }
        elif choice is float:
            if isinstance(value, int | float) and not isinstance(value, bool):
                return as_float(value)
        elif isinstance(value, choice) and (choice is bool or not isinstance(value, bool)):
            return value
    words = [
        word for choice in choices if typing.get_origin(choice) is Literal for word in typing.get_args(choice)
    ]
    if words and isinstance(value, str):
        where, _, name = what.rpartition(": ")
        refuse_unknown([value], words, where, name.strip("'"))
    raise InvalidInput(f"{what} is {value!r}, which is no {_spell(promised)}")


def _plain(value: Any) -> Any:
    """Return an entry of free form (what a world, a study or a gate is made with) without numpy in it."""
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        entries = [_plain(entry) for entry in cast("Sequence[Any]", value)]
        return entries if isinstance(value, list) else tuple(entries)
    return value.tolist() if isinstance(value, np.ndarray) else plain_number(value)


def _items(value: Any) -> Sequence[Any] | None:
    if isinstance(value, np.ndarray):
        return value.tolist() if value.ndim == 1 else None
    return cast("Sequence[Any]", value) if isinstance(value, list | tuple | range) else None


def _is_union(promised: Any) -> bool:
    return typing.get_origin(promised) in (Union, types.UnionType)


def _spell(promised: Any) -> str:
    parts = typing.get_args(promised) if _is_union(promised) else (promised,)
    names: list[str] = []
    for part in parts:
        if typing.get_origin(part) is Literal:
            names.extend(repr(choice) for choice in typing.get_args(part))
        elif typing.get_origin(part) is tuple:
            names.append(f"list of {_spell(typing.get_args(part)[0])}")
        elif part is not int or float not in parts:
            names.append("None" if part is type(None) else getattr(part, "__name__", str(part)))
    return " or ".join(names)
