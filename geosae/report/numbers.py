"""Numbers of a run as words: estimates with intervals, names of gates, and rows of the summary."""

import math
from collections.abc import Mapping
from typing import Any

from geosae.experiments import BASELINES, Results, Row, estimate_at, gate_name

NOTIONS = ("detection", "separation", "approximation")
SHUFFLED = {"neurons": "shuffled", "units": "shuffled_units"}


def sae_name(row: Row) -> tuple[str, str]:
    """Return how a row of the summary is called: its gate with sparsity, and the kind of SAE.

    Constructed baselines have no gate to name but what they keep.

    Examples
    --------
    >>> sae_name({"gate": "topk", "sparsity": 4, "baseline": "frozen_decoder"})
    ('Top-K, K = 4', 'frozen decoder')
    >>> sae_name({"gate": "abstopk", "sparsity": 4, "baseline": "pca"})
    ('K = 4', 'PCA')
    """
    gate, sparsity, baseline = str(row["gate"]), row["sparsity"], str(row["baseline"])
    if baseline == "trained":
        return gate_name(gate, sparsity), "trained"
    known = BASELINES[baseline]
    if not known.constructed:
        return gate_name(gate, sparsity), known.printed
    return f"K = {sparsity:g}" if baseline == "pca" else "–", known.printed


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


def mean(row: Row, *keys: str) -> float | None:
    """Return the mean at a place of a summary row, or None."""
    found = estimate_at(row, *keys)
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


def evidence_of(results: Results) -> dict[str, list[Mapping[str, Any]]]:
    """Return the evidence on the SAEs of the run, by claim id."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for record in results.cells:
        for claim, items in (record.get("evidence") or {}).items():
            found.setdefault(claim, []).extend(items)
    return found
