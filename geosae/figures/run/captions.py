"""Printed names and sentences that the captions of a run's figures share."""

import math
from typing import Literal

from geosae.experiments import BASELINES, Baseline, Results
from geosae.storage.names import file_stems

Method = Baseline | Literal["labels"]
"""A kind of SAE that figures compare: trained, a baseline, or trained and judged on shuffled labels."""
LABELS: Literal["labels"] = "labels"
"""The method of trained SAEs judged on shuffled labels."""


def method_name(method: Method) -> str:
    """Return the printed name of a baseline, of trained SAEs, or of the shuffled labels.

    Examples
    --------
    >>> method_name("frozen_decoder"), method_name("trained"), method_name(LABELS)
    ('frozen decoder', 'trained', 'shuffled labels')
    """
    if method == LABELS:
        return "shuffled labels"
    return "trained" if method == "trained" else BASELINES[method].printed


def sheet_name(family: str, results: Results, world: str) -> str:
    """Return the name of a figure: the family's, followed by the world's where the run has several."""
    return family if len(results.worlds) == 1 else world_sheet_name(family, results, world)


def world_sheet_name(family: str, results: Results, world: str) -> str:
    """Return the name of a figure of one world: no two worlds of the plan have the same."""
    stems = file_stems([*(entry.label for entry in results.plan.worlds), *results.worlds])
    return f"{family}-{stems[world]}"


def short_number(number: float | int) -> str:
    """Return a sparsity or width without needless digits.

    Examples
    --------
    >>> short_number(0.01), short_number(4.0), short_number(12.345)
    ('.01', '4', '12.3')
    """
    text = f"{number:.3g}"
    return text[1:] if text.startswith("0.") else text


def decimals(number: float, digits: int = 2) -> str:
    """Return a number for captions and alternative texts; a dash where it is not known.

    Examples
    --------
    >>> decimals(0.125), decimals(3.7, 0), decimals(float("nan"))
    ('0.12', '4', '–')
    """
    return f"{number:.{digits}f}" if math.isfinite(number) else "–"


def sample_sentence(results: Results, world: str) -> str:
    """Return the sentence on n, N, p, d, seeds and tolerance that every caption ends with."""
    cells = results.cells_of(world) or [result for result in results.cells if result.cell.world == world]
    data = results.dataset(cells[0])
    widths = sorted({result.cell.width for result in cells})
    seeds = len({result.cell.seed for result in cells})
    return (
        f"World {world}: n = {data.dim}, N = {data.size:,} points (half to train on, half to measure on), "
        f"p = {len(data.names)} concept{'s' if len(data.names) != 1 else ''}; d = "
        f"{', '.join(map(str, widths))}; "
        f"{seeds} seed{'s' if seeds != 1 else ''}; tolerance ε = {cells[0].cell.tolerance:g}."
    )


def interval_phrase(results: Results) -> str:
    """Return how captions call the intervals over seeds: Student-t, of the mean, at the summary's level."""
    return f"{100 * results.summary.level:.0f} % Student-t intervals over seeds"
