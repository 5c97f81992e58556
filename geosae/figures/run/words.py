"""Names and caption sentences that the figures of a run share."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from geosae.experiments import Results

NOTIONS = ("detection", "separation", "approximation")
GATES = {"topk": "Top-K", "relu": "ReLU"}
SYMBOLS = {"topk": "K", "relu": "λ"}
LEARNERS = {"neurons": "single neuron", "units": "closure unit"}
BASELINES = {"untrained": "untrained", "frozen_decoder": "frozen decoder", "shuffled": "shuffled labels"}

Row = Mapping[str, Any]


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


def slug(text: str) -> str:
    """Return the text as part of a file name.

    Examples
    --------
    >>> slug("Disk in ring (n = 2)")
    'disk-in-ring-n-2'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "world"


def sheet_name(family: str, results: Results, world: str) -> str:
    """Return the name of a figure: the family's, followed by the world's where the run has several."""
    return family if len(worlds(results)) == 1 else f"{family}-{slug(world)}"


def plain(value: float | int) -> str:
    """Return a sparsity or width without needless digits.

    Examples
    --------
    >>> plain(0.01), plain(4.0), plain(12.345)
    ('.01', '4', '12.3')
    """
    text = f"{value:.3g}"
    return text[1:] if text.startswith("0.") else text


def gate_name(gate: str, sparsity: float | int) -> str:
    """Return a gate with its sparsity.

    Examples
    --------
    >>> gate_name("topk", 4), gate_name("relu", 0.1)
    ('Top-K, K = 4', 'ReLU, λ = 0.1')
    """
    return f"{GATES.get(gate, gate)}, {SYMBOLS.get(gate, 'sparsity')} = {sparsity:g}"


def setting(results: Results, world: str) -> str:
    """Return the sentence on n, N, p, d, seeds and tolerance that every caption ends with."""
    records = [r for r in results.cells if r["cell"]["world"] == world]
    cells = [r["cell"] for r in records]
    data = results.dataset(records[0])
    widths = sorted({int(c["width"]) for c in cells})
    seeds = len({int(c["seed"]) for c in cells})
    return (
        f"World {world}: n = {data.dim}, N = {data.size:,} points (half to train on, half to measure on), "
        f"p = {len(data.names)} concept{'s' if len(data.names) != 1 else ''}; d = "
        f"{', '.join(map(str, widths))}; "
        f"{seeds} seed{'s' if seeds != 1 else ''}; tolerance ε = {cells[0]['tolerance']:g}."
    )


def level(results: Results) -> str:
    """Return how the intervals over seeds are made.

    They are Student-t intervals of the mean at the summary's level.
    """
    return f"{100 * float(results.summary.get('level', 0.95)):.0f} % Student-t intervals over seeds"


def estimate(row: Row, *keys: str) -> Mapping[str, Any] | None:
    """Return the estimate at a place of a summary row, or None where nothing was measured."""
    found: Any = row
    for key in keys:
        if not isinstance(found, Mapping) or found.get(key) is None:
            return None
        found = found[key]
    return found if isinstance(found, Mapping) and found.get("mean") is not None else None


def mean(row: Row, *keys: str) -> float:
    """Return the mean at a place of a summary row; NaN where nothing was measured."""
    found = estimate(row, *keys)
    return float("nan") if found is None else float(found["mean"])
