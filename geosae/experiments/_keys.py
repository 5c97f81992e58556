"""Tables of a plan read strictly: an unknown key is refused with the nearest valid one."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from geosae.geometry._door import InvalidInput

T = TypeVar("T")


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """Return the valid word closest in spelling, or None where the list is empty.

    Examples
    --------
    >>> nearest("widhts", ["widths", "seeds"])
    'widths'
    """
    words = list(valid)
    lowered = {w.lower(): w for w in words}
    matches = difflib.get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.0)
    return lowered[matches[0]] if matches else None


def refuse_unknown(keys: Iterable[str], valid: Iterable[str], where: str, what: str = "key") -> None:
    """Refuse the first key that is not a valid one, naming the nearest valid one and the whole list.

    Raises
    ------
    InvalidInput
        If a key is unknown.

    Examples
    --------
    >>> refuse_unknown(["widhts"], ["widths", "seeds"], "the plan")
    Traceback (most recent call last):
        ...
    geosae.geometry._door.InvalidInput: the plan has an unknown key 'widhts'; ...'widths'.
      What to do: use one of: seeds, widths.
    """
    allowed = sorted(valid)
    for key in keys:
        if key not in allowed:
            raise InvalidInput(
                f"{where} has an unknown {what} {key!r}; the nearest valid one is {nearest(key, allowed)!r}",
                remedy=f"use one of: {', '.join(allowed)}",
            )


def typed(table: Mapping[str, Any], key: str, kind: type[T], where: str, default: T | None = None) -> T:
    """Return the entry of a table, which must be of the given type; without a default it must be there.

    An integer is taken where a float is asked for, and a truth value never counts as a number.

    Raises
    ------
    InvalidInput
        If the entry is missing and has no default, or is of another type.
    """
    if key not in table:
        if default is None:
            raise InvalidInput(f"{where} lacks the key {key!r}", remedy=f"add {key} = …")
        return default
    value: Any = table[key]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise InvalidInput(f"{where}: {key} is {value!r}; it must be of type {kind.__name__}")
    return value


def listed(table: Mapping[str, Any], key: str, kind: type[T], where: str) -> tuple[T, ...]:
    """Return a non-empty list of distinct entries of one type; a single value counts as a list of one.

    Raises
    ------
    InvalidInput
        If the key is missing, the list is empty, an entry is of another type or occurs twice.
    """
    if key not in table:
        raise InvalidInput(f"{where} lacks the key {key!r}", remedy=f"add {key} = …")
    value = table[key]
    items: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
    entries = tuple(typed({key: item}, key, kind, where) for item in items)
    if not entries:
        raise InvalidInput(f"{where}: {key} is an empty list")
    if len(set(entries)) != len(entries):
        raise InvalidInput(f"{where}: {key} names the same value twice: {list(entries)}")
    return entries
