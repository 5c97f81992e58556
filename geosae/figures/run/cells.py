"""The cells of a run, grouped as its figures draw them."""

from collections.abc import Iterable

from geosae.experiments import CellResult, Gate


def by_gate(cells: Iterable[CellResult]) -> dict[Gate, list[CellResult]]:
    """Return the cells of each gate, in the order in which the gates first occur."""
    groups: dict[Gate, list[CellResult]] = {}
    for result in cells:
        groups.setdefault(result.cell.gate, []).append(result)
    return groups
