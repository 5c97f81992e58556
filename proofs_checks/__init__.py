"""The statements of the theory as claims to refute, one file each: instances to try, controls that must fail.

`claims()` returns them all, and `python -m proofs_checks` (or `geosae verify`) tries them. A check can refute
a statement; it cannot prove it.
"""

import importlib
import pkgutil
import re
from functools import cache
from pathlib import Path
from typing import Any

from geosae.verification import Claim

# g1_convex_units, s6_units, …: a letter of the theory's sections, a number, a name.
_STATEMENT = re.compile(r"([ngdsapefcro])(\d+)_\w+")
_SECTIONS = "NGDSAPEFCRO"


def files() -> dict[str, str]:
    """Return the module name of every statement's file by its id, in the order of the theory.

    Examples
    --------
    >>> files()["S6"]
    'proofs_checks.s6_units'
    """
    modules: dict[str, str] = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        match = _STATEMENT.fullmatch(module.name)
        if match is not None:
            modules[match[1].upper() + match[2]] = f"{__name__}.{module.name}"
    return dict(sorted(modules.items(), key=lambda item: (_SECTIONS.index(item[0][0]), int(item[0][1:]))))


@cache
def claims() -> dict[str, Claim[Any]]:
    """Return the registry: every claim by its id, in the order of the theory.

    Raises
    ------
    ImportError
        If a file's claim does not carry the id that the file's name promises.

    Examples
    --------
    >>> claims()["S5"].kind
    'upper'
    """
    registry: dict[str, Claim[Any]] = {}
    for claim_id, name in files().items():
        claim: Claim[Any] = importlib.import_module(name).CLAIM
        if claim.id != claim_id:
            raise ImportError(f"{name} holds the claim {claim.id}")
        registry[claim_id] = claim
    return registry
