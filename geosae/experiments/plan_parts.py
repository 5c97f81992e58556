"""The parts of a plan's TOML that a sweep has too: gates with their sparsities, widths, seeds."""

from collections.abc import Mapping
from typing import Any, cast

from geosae.data.records import listed, refuse_unknown, typed
from geosae.experiments.gates import GATES, Gate
from geosae.experiments.plan import GateEntry
from geosae.geometry._door import InvalidInput

Table = Mapping[str, Any]


def tables(table: Table, key: str, where: str) -> list[Table]:
    """Return a list of tables, which must be there and hold at least one.

    Raises
    ------
    InvalidInput
        If it is not.
    """
    entries = typed(table, key, list, where)
    if not entries or not all(isinstance(t, dict) for t in entries):
        raise InvalidInput(f"{where}: {key} must be a list of tables", remedy=f"write [[{key}]] above each")
    return entries


def unique(names: list[Any], key: str, where: str, remedy: str) -> None:
    """Refuse names that occur twice.

    Raises
    ------
    InvalidInput
        If one does.
    """
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(f"{where} has two {key} called {name!r}", remedy=remedy)


def widths_of(table: Table, where: str) -> tuple[int, ...]:
    """Return the widths: a list of positive integers.

    Raises
    ------
    InvalidInput
        If they are none.
    """
    widths = listed(table, "widths", int, where)
    if min(widths) < 1:
        raise InvalidInput(f"{where}: widths must be positive, not {min(widths)}")
    return widths


def seeds_of(table: Table, where: str) -> tuple[int, ...]:
    """Return the seeds: a list, or a number of them counted from 0; three if nothing is said.

    Raises
    ------
    InvalidInput
        If there is none, or one is negative or occurs twice.
    """
    value = table.get("seeds", 3)
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise InvalidInput(f"{where}: seeds must be positive, not {value}")
        return tuple(range(value))
    seeds = listed(table, "seeds", int, where)
    if min(seeds) < 0:
        raise InvalidInput(f"{where}: a seed is negative ({min(seeds)})")
    return seeds


def sparsities(table: Table, key: str, gate: Gate, where: str) -> tuple[float | int, ...]:
    """Return a gate's sparsities, of the type and range that the gate takes.

    Raises
    ------
    InvalidInput
        If there is none, or one does not fit the gate.
    """
    whole = GATES[gate].whole
    values = listed(table, key, int if whole else float, where)
    if min(values) < (1 if whole else 0):
        raise InvalidInput(f"{where}: {key} holds {min(values)}, which is too small for {gate}")
    return values


def gate_called(name: str, where: str) -> Gate:
    """Return the name of a gate.

    Raises
    ------
    InvalidInput
        If there is no such gate; the nearest valid one is named.
    """
    refuse_unknown([name], GATES, where, "gate")
    return cast("Gate", name)


def gates_of(table: Table, where: str) -> tuple[GateEntry, ...]:
    """Return the gates with their sparsities and those of their baselines, each gate once.

    Raises
    ------
    InvalidInput
        If there is none, or an entry is not valid.
    """
    entries = tables(table, "gates", where)
    unique([g.get("name") for g in entries], "gates", where, "list all sparsities in one entry")
    return tuple(_gate(entry, where) for entry in entries)


def _gate(table: Table, owner: str) -> GateEntry:
    name = gate_called(typed(table, "name", str, "a gate"), owner)
    where = f"the gate {name!r}"
    refuse_unknown(table, ("name", "sparsity", "baseline_sparsity", "widths"), where)
    sparsity = sparsities(table, "sparsity", name, where)
    compared = None
    if "baseline_sparsity" in table:
        compared = sparsities(table, "baseline_sparsity", name, where)
        if not set(compared) <= set(sparsity):
            raise InvalidInput(f"{where}: baseline_sparsity must be among sparsity {list(sparsity)}")
    return GateEntry(name, sparsity, compared, widths_of(table, where) if "widths" in table else ())
