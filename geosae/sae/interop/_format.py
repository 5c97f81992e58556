"""A foreign format: how it is recognised and read, and how its configuration is read by name and type."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar, cast

from geosae.errors import InvalidInput
from geosae.notebook import short_text
from geosae.sae.interop._checkpoint_files import CheckpointFiles
from geosae.sae.interop.record import Imported
from geosae.validation import as_float

T = TypeVar("T", str, int, float, bool)
LARGEST = 2.0**63
"""Sizes and settings beyond this are no numbers of an SAE."""


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
    recognises: Callable[[CheckpointFiles], bool]
    read: Callable[[CheckpointFiles, Mapping[str, Any]], Imported]
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
    entry = config.get(key, default)
    if entry is None:
        raise InvalidInput(f"{of} comes without '{key}'", causes="an incomplete or foreign configuration")
    if kind is float and isinstance(entry, int) and not isinstance(entry, bool):
        entry = as_float(entry)
    if not isinstance(entry, kind) or (isinstance(entry, bool) and kind is not bool):
        raise InvalidInput(f"{of}: '{key}' is {short_text(repr(entry), 80)}, which is no {kind.__name__}")
    if not isinstance(entry, str) and not abs(entry) < LARGEST:
        raise InvalidInput(f"{of}: '{key}' is {short_text(repr(entry), 80)}, where a finite number is needed")
    return entry


def table(config: Mapping[str, Any], key: str, of: str) -> Mapping[str, Any]:
    """Return a table within a configuration, empty where there is none.

    Raises
    ------
    InvalidInput
        If something else stands there.

    Examples
    --------
    >>> table({"trainer": {"k": 4}}, "trainer", "config.json"), table({}, "trainer", "config.json")
    ({'k': 4}, {})
    """
    entry = config.get(key)
    if entry is None:
        return {}
    if not isinstance(entry, Mapping):
        raise InvalidInput(f"{of}: '{key}' is {short_text(repr(entry), 80)}, which is no table of keys")
    return cast("Mapping[str, Any]", entry)


def config_name(checkpoint: CheckpointFiles) -> str:
    """Return the name of the configuration file, for messages."""
    return "the configuration" if checkpoint.config_file is None else checkpoint.config_file.name


def whole_k(k: object, of: str, width: int) -> int:
    """Return k as a whole number between 1 and the width.

    Raises
    ------
    InvalidInput
        If it is none.
    """
    if isinstance(k, bool) or not isinstance(k, int | float) or not abs(k) < LARGEST or k != int(k):
        raise InvalidInput(f"{of}: k is {short_text(repr(k), 80)}, which is no whole number")
    if not 1 <= k <= width:
        raise InvalidInput(
            f"{of}: k is {k}, with {width} neurons",
            causes="k and width swapped, or weights of another SAE",
        )
    return int(k)
