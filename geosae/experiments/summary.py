"""Means over seeds with Student-t intervals, one row per world × gate × width × sparsity × baseline."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from geosae.experiments.baselines import Baseline
from geosae.experiments.cell import FORMAT, Cell
from geosae.experiments.cell_result import CellResult
from geosae.experiments.gates import Gate
from geosae.experiments.interval import LEVEL, Interval, mean_interval
from geosae.experiments.measures import Measures, fold, numbers
from geosae.notebook import Columns, columns_of, html_table, short_repr
from geosae.storage.arguments import checked_arguments


@dataclass(frozen=True)
class Setting:
    """What the cells of one row share: all that decides them but the seed."""

    world: str
    gate: Gate
    width: int
    sparsity: float | int
    baseline: Baseline

    __repr__ = short_repr

    @staticmethod
    def of(cell: Cell) -> "Setting":
        """Return the setting of a cell."""
        return Setting(cell.world, cell.gate, cell.width, cell.sparsity, cell.baseline)


@dataclass(frozen=True)
class SummaryRow:
    """The means over the seeds of one setting; `row.measures.separation.units.share.mean`, say."""

    setting: Setting
    seeds: int
    measures: Measures[Interval]

    __repr__ = short_repr

    @property
    def world(self) -> str:
        """The world's label in the plan."""
        return self.setting.world

    @property
    def gate(self) -> Gate:
        """The gate."""
        return self.setting.gate

    @property
    def width(self) -> int:
        """The number of neurons asked for."""
        return self.setting.width

    @property
    def sparsity(self) -> float | int:
        """The gate's sparsity."""
        return self.setting.sparsity

    @property
    def baseline(self) -> Baseline:
        """Trained, or which baseline took its place."""
        return self.setting.baseline


@dataclass(frozen=True)
class Summary:
    """The rows of a run, in the order in which their settings first occur among its cells."""

    rows: tuple[SummaryRow, ...]
    level: float = LEVEL
    interval: str = "student-t over seeds"
    format: str = FORMAT

    __repr__ = short_repr

    def columns(self) -> Columns:
        """Return the rows as columns: the setting, then each measure's mean NAME, NAME.low and NAME.high."""
        return columns_of([_flat(row) for row in self.rows])

    def _repr_html_(self) -> str:
        return html_table(repr(self), self.shares())

    def shares(self) -> Columns:
        """Return the columns of the setting and of the measures that are shares, without their limits."""
        columns = self.columns()
        return {name: columns[name] for name in columns if "." not in name or name.endswith(("share", "fvu"))}


def _flat(row: SummaryRow) -> dict[str, Any]:
    entries: dict[str, Any] = {each.name: getattr(row.setting, each.name) for each in fields(row.setting)}
    entries["seeds"] = row.seeds
    for name, interval in numbers(row.measures):
        entries |= {name: interval.mean, f"{name}.low": interval.low, f"{name}.high": interval.high}
    return entries


@checked_arguments()
def summarise(results: Sequence[CellResult]) -> Summary:
    """Return the summary of the results of cells."""
    groups: dict[Setting, list[CellResult]] = {}
    for result in results:
        groups.setdefault(Setting.of(result.cell), []).append(result)
    rows = (
        SummaryRow(setting, len(group), fold([r.measures for r in group], mean_interval))
        for setting, group in groups.items()
    )
    return Summary(tuple(rows))
