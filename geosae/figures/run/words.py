"""Names and caption sentences that the figures of a run share."""

import re

from geosae.experiments import BASELINES, Results, Row, estimate_at

NOTIONS = ("detection", "separation", "approximation")
LEARNERS = {"neurons": "single neuron", "units": "closure unit"}
LABELS = "labels"
"""Stands among the baselines for trained SAEs judged on shuffled labels."""


def baseline_name(baseline: str) -> str:
    """Return the printed name of a baseline, of trained SAEs, or of the shuffled labels.

    Examples
    --------
    >>> baseline_name("frozen_decoder"), baseline_name("trained"), baseline_name(LABELS)
    ('frozen decoder', 'trained', 'shuffled labels')
    """
    if baseline == LABELS:
        return "shuffled labels"
    return "trained" if baseline == "trained" else BASELINES[baseline].printed


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
    return family if len(results.worlds) == 1 else f"{family}-{slug(world)}"


def plain(value: float | int) -> str:
    """Return a sparsity or width without needless digits.

    Examples
    --------
    >>> plain(0.01), plain(4.0), plain(12.345)
    ('.01', '4', '12.3')
    """
    text = f"{value:.3g}"
    return text[1:] if text.startswith("0.") else text


def setting(results: Results, world: str) -> str:
    """Return the sentence on n, N, p, d, seeds and tolerance that every caption ends with."""
    records = results.records_of(world) or [r for r in results.cells if r["cell"]["world"] == world]
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


def mean(row: Row, *keys: str) -> float:
    """Return the mean at a place of a summary row; NaN where nothing was measured."""
    found = estimate_at(row, *keys)
    return float("nan") if found is None else float(found["mean"])
