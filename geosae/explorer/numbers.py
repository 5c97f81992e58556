"""Numbers of a run as words: estimates with intervals, names of gates, and rows of the summary."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from geosae.experiments import Results

NOTIONS = ("detection", "separation", "approximation")
GATES = {"topk": "Top-K", "relu": "ReLU"}
SYMBOLS = {"topk": "K", "relu": "λ"}
BASELINES = {"trained": "trained", "untrained": "untrained", "frozen_decoder": "frozen decoder"}
SHUFFLED = {"neurons": "shuffled", "units": "shuffled_units"}

Row = Mapping[str, Any]


def gate_name(gate: str, sparsity: float | int | None = None) -> str:
    """Return a gate's name, with its sparsity if given.

    Examples
    --------
    >>> gate_name("topk", 4), gate_name("relu")
    ('Top-K, K = 4', 'ReLU')
    """
    name = GATES.get(gate, gate)
    return name if sparsity is None else f"{name}, {SYMBOLS.get(gate, 'sparsity')} = {sparsity:g}"


def number(value: float | int | None, digits: int = 3) -> str:
    """Return a number with so many significant digits; a dash where it is not known.

    Examples
    --------
    >>> number(0.12345), number(None), number(1234567), number(0), number(1.5e-12)
    ('0.123', '–', '1,234,567', '0', '1.5e-12')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{int(value):,}"
    return f"{value:.{digits}g}"


def plural(count: int, word: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "concept"), plural(1200, "concept")
    ('1 concept', '1,200 concepts')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def estimate(row: Row, *keys: str) -> Mapping[str, Any] | None:
    """Return the estimate at a place of a summary row, or None where nothing was measured."""
    found: Any = row
    for key in keys:
        if not isinstance(found, Mapping) or found.get(key) is None:
            return None
        found = found[key]
    return found if isinstance(found, Mapping) and found.get("mean") is not None else None


def mean(row: Row, *keys: str) -> float | None:
    """Return the mean at a place of a summary row, or None."""
    found = estimate(row, *keys)
    return None if found is None else float(found["mean"])


def spread(found: Mapping[str, Any] | None) -> str:
    """Return an estimate as mean and interval.

    Examples
    --------
    >>> spread({"mean": 0.5, "low": 0.25, "high": 0.75, "count": 3})
    '0.5 [0.25, 0.75]'
    >>> spread({"mean": 0.5, "low": 0.0, "high": 1.0, "count": 1}), spread(None)
    ('0.5', '–')
    """
    if found is None:
        return "–"
    # One seed has no interval; what is stored then are the ends of the possible range.
    if found["low"] is None or found["high"] is None or found["count"] < 2:
        return number(found["mean"], 2)
    return f"{number(found['mean'], 2)} [{number(found['low'], 2)}, {number(found['high'], 2)}]"


def worlds(results: Results) -> list[str]:
    """Return the worlds that have finished cells, in the order of the plan."""
    return list(dict.fromkeys(str(record["cell"]["world"]) for record in results.cells))


def rows_of(results: Results, world: str, baseline: str | None = None) -> list[Row]:
    """Return the rows of the summary for a world, or for one of its baselines."""
    rows: Sequence[Row] = results.summary.get("rows", ())
    return [r for r in rows if r["world"] == world and baseline in (None, r["baseline"])]


def records_of(results: Results, world: str, baseline: str = "trained") -> list[dict[str, Any]]:
    """Return the finished cells of a world."""
    return [r for r in results.cells if r["cell"]["world"] == world and r["cell"]["baseline"] == baseline]


def evidence_of(results: Results) -> dict[str, list[Mapping[str, Any]]]:
    """Return the evidence on the SAEs of the run, by claim id."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for record in results.cells:
        for claim, items in (record.get("evidence") or {}).items():
            found.setdefault(claim, []).extend(items)
    return found
