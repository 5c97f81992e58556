"""Records from JSON, TOML or Python: unknown words are refused with the nearest valid one, types by name."""

import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, cast

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
    return {key: fitted(value, promised[key], f"{of}: '{key}'") for key, value in record.items()}


def fitted(value: Any, promised: Any, what: str) -> Any:
    """Return a value in the form of a promised type: numpy scalars as numbers, sequences as tuples.

    Arrays are returned as they are: what they must hold is not said by their type alone.

    Raises
    ------
    InvalidInput
        If the value is of another type; of a word, the nearest valid one is named.

    Examples
    --------
    >>> fitted([np.int64(1), 2], tuple[float, ...], "the widths")
    (1.0, 2.0)
    """
    value = plain_number(value)
    choices = typing.get_args(promised) if _is_union(promised) else (promised,)
    if Path in choices and isinstance(value, str | Path) and "\0" in str(value):
        raise InvalidInput(f"{what} is {_short(value)}, which is no path: it holds the character NUL")
    for choice in choices:
        if choice is Any:
            return _plain(value)
        fits, form = _fit(value, choice, what)
        if fits:
            return form
    words = [
        word for choice in choices if typing.get_origin(choice) is Literal for word in typing.get_args(choice)
    ]
    if words and isinstance(value, str):
        where, _, name = what.rpartition(": ")
        refuse_unknown([value], words, where, name.strip("'"))
    raise InvalidInput(f"{what} is {_short(value)}, which is no {_spell(promised)}")


_NO = (False, None)


def _fit(value: Any, choice: Any, what: str) -> tuple[bool, Any]:
    """Tell whether the value is of one type, and return it in that type's form."""
    origin = typing.get_origin(choice)
    if isinstance(choice, TypeVar) or hasattr(choice, "array_type"):
        return True, value
    if origin is Literal:
        return (isinstance(value, str) and value in typing.get_args(choice)), value
    if choice in (None, type(None)):
        return value is None, None
    if origin in (tuple, Sequence, Iterable):
        items = _items(value) if origin is tuple else _many(value)
        of = typing.get_args(choice)
        # Types of the entries: tuple[int, int] has one for each, the others one for all.
        fixed = origin is tuple and Ellipsis not in of
        if items is None or (fixed and len(items) != len(of)):
            return _NO
        kinds: Sequence[Any] = of if fixed else [of[0]] * len(items)
        return True, tuple(fitted(item, kind, what) for item, kind in zip(items, kinds, strict=True))
    if origin is Mapping:
        if not isinstance(value, Mapping):
            return _NO
        entries = cast("Mapping[Any, Any]", value)
        return True, {
            key: fitted(v, typing.get_args(choice)[1], f"{what}: '{key}'") for key, v in entries.items()
        }
    if origin is Callable:
        return callable(value), value
    if choice is float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number, as_float(value) if is_number else None
    if getattr(choice, "_is_protocol", False):
        names = [name for name in {**vars(choice), **choice.__annotations__} if not name.startswith("_")]
        return not isinstance(value, type) and all(hasattr(value, name) for name in names), value
    kind = origin or choice
    is_kind = not isinstance(kind, type) or isinstance(value, kind)
    return is_kind and (choice is bool or not isinstance(value, bool)), value


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


def _many(value: Any) -> Sequence[Any] | None:
    """Return the entries of what is no text, no mapping and no set: lists, arrays, generators."""
    if isinstance(value, str | bytes | Mapping | set | frozenset) or not isinstance(value, Iterable):
        return None
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return None
    return list(cast("Iterable[Any]", value))


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        text = f"a {type(value).__name__}"
    return text if len(text) <= 200 else f"{text[:199]}…"


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
