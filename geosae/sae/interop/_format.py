"""What a format is to the index, and how its configuration is read: by name, with its type, or not at all."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from geosae.errors import InvalidInput
from geosae.sae.interop._found import Found
from geosae.sae.interop.record import Imported

T = TypeVar("T", str, int, float, bool)


class Format(NamedTuple):
    """One foreign format.

    Parameters
    ----------
    name, title
        The name to ask for it by, and what people call it.
    recognises
        Whether the files look like it.
    read
        From files and settings to the SAE.
    settings
        What a user can say that its files do not: name and meaning.
    """

    name: str
    title: str
    recognises: Callable[[Found], bool]
    read: Callable[[Found, Mapping[str, Any]], Imported]
    settings: Mapping[str, str]


def value(config: Mapping[str, Any], key: str, kind: type[T], of: str, default: T | None = None) -> T:
    """Return a value of a configuration, of the given type; a whole number is taken for a float.

    Raises
    ------
    InvalidInput
        If it is absent without a default, or of another type.

    Examples
    --------
    >>> value({"k": 4}, "k", int, "cfg.json")
    4
    """
    held = config.get(key, default)
    if held is None:
        raise InvalidInput(f"{of} comes without '{key}'", causes="an incomplete or foreign configuration")
    if kind is float and isinstance(held, int) and not isinstance(held, bool):
        held = float(held)
    if not isinstance(held, kind) or (isinstance(held, bool) and kind is not bool):
        raise InvalidInput(f"{of}: '{key}' is {held!r}, which is no {kind.__name__}")
    return held


def config_name(found: Found) -> str:
    """Return the name of the configuration file, for messages."""
    return "the configuration" if found.config_file is None else found.config_file.name


def whole_k(held: object, of: str, width: int) -> int:
    """Return k as a whole number between 1 and the width.

    Raises
    ------
    InvalidInput
        If it is none.
    """
    if isinstance(held, bool) or not isinstance(held, int | float) or held != int(held):
        raise InvalidInput(f"{of}: k is {held!r}, which is no whole number")
    if not 1 <= held <= width:
        raise InvalidInput(
            f"{of}: k is {held}, with {width} neurons",
            causes="k and width swapped, or weights of another SAE",
        )
    return int(held)
