"""Records from JSON or TOML: unknown keys are refused with the nearest valid one, wrong types by name."""

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Literal, TypeVar, Union, cast

from geosae.errors import InvalidInput

T = TypeVar("T")


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
    choices = typing.get_args(promised) if _is_union(promised) else (promised,)
    for choice in choices:
        if typing.get_origin(choice) is Literal:
            if value in typing.get_args(choice) and not isinstance(value, bool):
                return value
        elif choice in (None, type(None)):
            if value is None:
                return None
        elif typing.get_origin(choice) is tuple:
            if isinstance(value, list | tuple):
                items = cast("Sequence[Any]", value)
                return tuple(_fit(item, typing.get_args(choice)[0], what) for item in items)
        elif choice is float:
            if isinstance(value, int | float) and not isinstance(value, bool):
                return float(value)
        elif isinstance(value, choice) and (choice is bool or not isinstance(value, bool)):
            return value
    raise InvalidInput(f"{what} is {value!r}, which is no {_spell(promised)}")


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
            names.append("None" if part is type(None) else str(part.__name__))
    return " or ".join(names)
