"""Means over seeds with Student-t intervals, one row per world × gate × width × sparsity × baseline."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import stdtrit

KEYS = ("world", "gate", "width", "sparsity", "baseline")
LEVEL = 0.95


def interval(values: Sequence[float], level: float = LEVEL) -> tuple[float, float, float]:
    """Return the mean of values and the ends of its Student-t interval; with one value these are infinite.

    Exact at the given level for independent normal values, and approximately otherwise.

    Examples
    --------
    >>> mean, low, high = interval([1.0, 2.0, 3.0])
    >>> round(mean, 3), round(low, 3), round(high, 3)
    (2.0, -0.484, 4.484)
    """
    array: Float[np.ndarray, " s"] = np.asarray(values, dtype=np.float64)
    mean = float(array.mean())
    if array.size < 2:
        return mean, -math.inf, math.inf
    quantile = float(stdtrit(array.size - 1, 0.5 + level / 2))
    half = quantile * float(array.std(ddof=1)) / math.sqrt(array.size)
    return mean, mean - half, mean + half


def estimate(values: Sequence[float | int | None], bounds: tuple[float, float]) -> dict[str, Any] | None:
    """Return mean, interval and count of the values that are known, or None where none is.

    The interval is cut to the range of the quantity; an end that is not known is None.

    Examples
    --------
    >>> estimate([1.0, 1.0, None], (0.0, 1.0))
    {'mean': 1.0, 'low': 1.0, 'high': 1.0, 'count': 2}
    """
    known = [float(v) for v in values if v is not None]
    if not known:
        return None
    mean, low, high = interval(known)
    ends = [max(low, bounds[0]), min(high, bounds[1])]
    low_end, high_end = [end if math.isfinite(end) else None for end in ends]
    return {"mean": mean, "low": low_end, "high": high_end, "count": len(known)}


def estimate_at(row: Mapping[str, Any], *keys: str) -> Mapping[str, Any] | None:
    """Return the estimate at a place of a summary row, or None where nothing was measured.

    Examples
    --------
    >>> row = {"metrics": {"fvu": {"mean": 0.5, "low": 0.4, "high": 0.6, "count": 3}, "mcc": None}}
    >>> estimate_at(row, "metrics", "fvu")["mean"], estimate_at(row, "metrics", "mcc")
    (0.5, None)
    """
    found: Any = row
    for key in keys:
        if not isinstance(found, Mapping) or found.get(key) is None:
            return None
        found = found[key]
    return found if isinstance(found, Mapping) and found.get("mean") is not None else None


# The range of each quantity; what is not named lies in [0, 1].
RANGES: Mapping[str, tuple[float, float]] = dict.fromkeys(
    ("l0", "fvu", "best_error", "tested"), (0.0, math.inf)
)


def estimate_range(name: str, values: Sequence[float | int | None]) -> dict[str, Any] | None:
    """Return the estimate of a quantity that is known by name, its interval cut to the quantity's range.

    Examples
    --------
    >>> estimate_range("l0", [1.0, 3.0])["low"], estimate_range("mcc", [None])
    (0.0, None)
    """
    return estimate(values, RANGES.get(name, (0.0, math.inf if "concepts" in name else 1.0)))


def summarise(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the rows of the summary for the results of cells, in the order in which they first occur."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for result in results:
        groups.setdefault(tuple(result["cell"][key] for key in KEYS), []).append(result)
    rows = [_row(dict(zip(KEYS, key, strict=True)), group) for key, group in groups.items()]
    return {"level": LEVEL, "interval": "student-t over seeds", "rows": rows}


def _row(head: dict[str, Any], group: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        **head,
        "seeds": len(group),
        # A constructed baseline may have fewer neurons, or more, than the SAEs it stands beside.
        "neurons": estimate([g.get("neurons") for g in group], (0.0, math.inf)),
        "metrics": _over([g["metrics"] for g in group]),
        "notions": _over([g["notions"] for g in group]),
        # Results stored by earlier versions have none.
        "reading": _over([g.get("reading") for g in group]),
        "lattice": _over([g["lattice"] for g in group]),
    }


def _over(tables: Sequence[Any]) -> dict[str, Any]:
    """Estimates of all numbers of nested tables, place by place; lists (per concept) are left out."""
    found: dict[str, Any] = {}
    for key in dict.fromkeys(k for table in tables for k in table or {}):
        values = [(table or {}).get(key) for table in tables]
        if any(isinstance(v, Mapping) for v in values):
            found[key] = _over(values)
        elif all(v is None or isinstance(v, int | float) for v in values):
            found[key] = estimate_range(key, values)
    return found
