"""How many distinct instances a statement has: in all, in each part, and where its bound is attained."""

from collections import defaultdict
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from geosae.verification import Claim


@dataclass(frozen=True)
class Distinct:
    """Distinct instances of one claim, and the least numbers among its parts and its equality cases."""

    id: str
    instances: int
    least_part: int
    least_attained: int | None
    """Of the parts that have instances whose bound must be met with equality; None where none has."""


def distinct(claim: Claim[Any], count: int) -> Distinct:
    """Count the instances of a claim that differ in more than their labels."""
    parts: defaultdict[str, set[Any]] = defaultdict(set)
    attained: defaultdict[str, set[Any]] = defaultdict(set)
    for case in claim.instances(count, np.random.default_rng(0)):
        part, content = str(getattr(case, "part", "")), content_of(case)
        parts[part].add(content)
        if (claim.observe(case).kind or claim.kind) == "tight":
            attained[part].add(content)
    return Distinct(
        claim.id,
        sum(len(contents) for contents in parts.values()),
        min(len(contents) for contents in parts.values()),
        min((len(contents) for contents in attained.values()), default=None),
    )


def content_of(value: Any) -> Any:
    """Return all that an instance holds but its label, to be compared.

    Examples
    --------
    >>> content_of(np.zeros(1)) == content_of(np.zeros(1)), content_of([1, "a"])
    (True, (1, 'a'))
    """
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if is_dataclass(value):
        names = [f.name for f in fields(value) if f.name != "label"]
        return type(value).__name__, tuple((name, content_of(getattr(value, name))) for name in names)
    if isinstance(value, tuple | list):
        return tuple(content_of(v) for v in value)
    if isinstance(value, dict):
        return tuple((content_of(k), content_of(v)) for k, v in value.items())
    if isinstance(value, set | frozenset):
        return tuple(sorted(repr(v) for v in value))
    if type(value).__repr__ is object.__repr__:
        return type(value).__name__, content_of(vars(value))
    return value if isinstance(value, str | int | float | None) else repr(value)
