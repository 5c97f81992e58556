"""Files of settings in TOML: read whole or refused, whatever stands in them."""

import re
import tomllib
from pathlib import Path
from typing import Any

from geosae.errors import InvalidInput
from geosae.storage.files import DEEPEST, refuse_deep, too_deep

LONGEST = 2**18
"""Characters beyond which a text is no plan."""
_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
# The parser of the standard library takes a minute for a key of 30,000 parts, and the square of it for two.
_DEEP_KEY = re.compile(rf"(?<![\w-])(?:{_PART}[ \t]*\.[ \t]*){{{DEEPEST}}}")


def read_text(path: Path) -> str:
    """Return the text of a file in UTF-8.

    Raises
    ------
    InvalidInput
        If there is no such file, it cannot be read, or it is not UTF-8.
    """
    try:
        return path.read_bytes().decode()
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {path}", remedy="check the path") from error
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error}", remedy="check the path") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path} is not UTF-8 text: {error}", causes="a damaged or foreign file"
        ) from error


def toml_table(text: str, what: str) -> dict[str, Any]:
    """Return the table that a TOML text describes; `what` names it in errors.

    Raises
    ------
    InvalidInput
        If the text is not TOML, is longer than any such file, or its lists are nested too deeply.

    Examples
    --------
    >>> toml_table("widths = [4]", "the plan")
    {'widths': [4]}
    """
    if len(text) > LONGEST:
        raise InvalidInput(
            f"{what} is not TOML: {len(text):,} characters, where no plan has {LONGEST:,}",
            causes="another file under this name",
        )
    if _DEEP_KEY.search(text):
        raise too_deep(what, "TOML")
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise too_deep(what, "TOML") from None
    except ValueError as error:
        # Also integers of thousands of digits.
        raise InvalidInput(f"{what} is not TOML: {error}") from error
    refuse_deep(table, what, "TOML")
    return table
