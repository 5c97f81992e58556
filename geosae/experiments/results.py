"""What a run left on disk, read back: for figures, reports and notebooks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geosae.data.dataset import ConceptDataset
from geosae.data.storage import load_dataset
from geosae.errors import InvalidInput
from geosae.experiments.baselines import Baseline, place_of
from geosae.experiments.cell import Cell
from geosae.experiments.cell_lattices import CellLattices
from geosae.experiments.cell_result import CellResult
from geosae.experiments.jobs import study_failures, study_records
from geosae.experiments.measures import numbers
from geosae.experiments.plan import Plan
from geosae.experiments.store import Store
from geosae.experiments.summary import Setting, Summary, SummaryRow
from geosae.experiments.theorem_checks import CheckedClaim, failed_checks
from geosae.notebook import Columns, columns_of, html_table, short_repr, short_text
from geosae.storage.arguments import checked_arguments
from geosae.storage.files import read_json_lines
from geosae.storage.structure import from_json, read_record

CELL_COLUMNS = ("world", "gate", "sparsity", "width", "seed", "baseline", "tolerance")
"""The fields of a cell that are columns of the results."""

if TYPE_CHECKING:
    from geosae.analysis import Alignment
    from geosae.sae import Neurons


@dataclass(frozen=True)
class LogLine:
    """What training logs at a step, of the SAE as it is then, on one fixed sample of the points.

    A number that was not logged is nan.
    """

    step: int
    """Steps done; 0 is the start."""
    lr: float = math.nan
    """The learning rate."""
    loss: float = math.nan
    """The training loss: error, penalty and auxiliary loss together."""
    error: float = math.nan
    penalty: float = math.nan
    aux: float = math.nan
    fvu: float = math.nan
    """The fraction of variance unexplained."""
    l0: float = math.nan
    """The mean number of active neurons per point."""
    dead_share: float = math.nan
    """The share of neurons that fire on no point."""
    probed: Mapping[str, float] = field(default_factory=dict[str, float])
    """Further columns, by name, where training was asked to probe the SAE at each line."""

    __repr__ = short_repr


def log_line(entries: Any, where: str) -> LogLine:
    """Return a line of a training log from the table that the trainer writes.

    Raises
    ------
    InvalidInput
        If they are no table, a number is none, or there is no step; `where` names the log.

    Examples
    --------
    >>> line = log_line({"step": 10, "fvu": 0.25, "recovered": 1.0}, "the log")
    >>> line.step, line.fvu, line.l0, dict(line.probed)
    (10, 0.25, nan, {'recovered': 1.0})
    """
    table = from_json(Mapping[str, Any], entries, where)
    columns = {column.name for column in fields(LogLine)} - {"probed"}
    logged = {name: number for name, number in table.items() if name in columns}
    probed = {name: number for name, number in table.items() if name not in columns}
    return from_json(LogLine, {**logged, "probed": probed}, where)


@dataclass(frozen=True, eq=False)
class Results:
    """The stored results of a run; nothing is recomputed.

    Attributes
    ----------
    folder
        Where the run lies.
    plan
        The plan as used.
    cells
        The result of each finished cell of the plan, in the plan's order, labelled as in the plan.
    failures
        Why cells failed, by their names.
    verdicts
        The theorem checks on constructed instances, each with the statement it checks.
    summary
        Means and intervals over seeds.
    studies
        The finished records of each study of the plan, as they stand in JSON: their types are the studies'
        own, and `geosae.studies.Study.records` returns them in these.
    failed_checks
        Why theorem checks could not be done, by the ids of their statements.
    """

    folder: Path
    plan: Plan
    cells: tuple[CellResult, ...]
    failures: Mapping[str, str]
    verdicts: tuple[CheckedClaim, ...]
    summary: Summary
    studies: Mapping[str, tuple[Mapping[str, Any], ...]] = field(
        default_factory=dict[str, tuple[Mapping[str, Any], ...]]
    )
    failed_checks: Mapping[str, str] = field(default_factory=dict[str, str])

    def __repr__(self) -> str:
        return short_text(
            f"Results of “{short_text(self.plan.title, 80)}” in {short_text(str(self.folder), 80)}: "
            f"{len(self.cells):,} of {len(self.plan.cells()):,} cells are finished, {len(self.failures):,} "
            f"jobs failed; {len(self.summary.rows):,} rows of the summary, {len(self.worlds):,} worlds"
        )

    def _repr_html_(self) -> str:
        return html_table(repr(self), self.summary.shares())

    def columns(self) -> Columns:
        """Return the finished cells as columns: what decides each SAE, then every measure by its dotted name.

        The means over seeds, with their intervals, are the columns of `summary`.
        """
        return columns_of(
            [
                {name: getattr(result.cell, name) for name in CELL_COLUMNS} | dict(numbers(result.measures))
                for result in self.cells
            ]
        )

    @property
    def worlds(self) -> list[str]:
        """The worlds that have finished cells, in the order of the plan."""
        return list(dict.fromkeys(result.cell.world for result in self.cells))

    def rows_of(self, world: str, baseline: Baseline | None = None) -> list[SummaryRow]:
        """Return the rows of the summary for a world, or for one of its baselines."""
        return [r for r in self.summary.rows if r.world == world and baseline in (None, r.baseline)]

    def cells_of(self, world: str, baseline: Baseline = "trained") -> list[CellResult]:
        """Return the finished cells of a world."""
        return [r for r in self.cells if r.cell.world == world and r.cell.baseline == baseline]

    def compared(self, world: str) -> list[SummaryRow]:
        """Return the rows of a world's trained SAEs that have a baseline to be compared with."""
        settings = self.plan.compared(world)
        rows = self.rows_of(world, "trained")
        return [r for r in rows if (r.gate, r.sparsity) in settings and self.baselines_of(r)]

    def ranked(self, world: str) -> list[SummaryRow]:
        """Return the trained rows of a world that have baselines, or all where none has: the best ones first.

        By the share of concepts separated by single neurons, then by units, then by the least mean error of
        neurons; of equals the narrowest.
        """
        rows = self.compared(world) or self.rows_of(world, "trained")
        return sorted(rows, key=_rank, reverse=True)

    def baselines_of(self, row: SummaryRow) -> dict[Baseline, SummaryRow]:
        """Return the rows of the baselines that a row of trained SAEs is compared with, by baseline."""
        settings: dict[Baseline, Setting] = {}
        for baseline in self.plan.baselines:
            stands = place_of(baseline, row.gate, row.sparsity, row.width)
            if stands is not None:
                gate, sparsity, width = stands
                settings[baseline] = Setting(row.world, gate, width, sparsity, baseline)
        return {b: self._by_setting[s] for b, s in settings.items() if s in self._by_setting}

    @cached_property
    def _by_setting(self) -> dict[Setting, SummaryRow]:
        return {row.setting: row for row in self.summary.rows}

    def dataset(self, result: CellResult) -> ConceptDataset:
        """Return the data set that a cell was trained and analysed on."""
        return load_dataset(Store(self.folder).world(result.cell))

    def alignment(self, result: CellResult) -> "Alignment":
        """Return the alignment of a cell."""
        from geosae.analysis import Alignment

        return Alignment.load(Store(self.folder).cell(result.cell) / "alignment.npz")

    def sae_neurons(self, result: CellResult) -> "Neurons":
        """Return the neurons of a cell's SAE."""
        from geosae.sae import neurons_of
        from geosae.sae.checkpoint import load

        return neurons_of(load(Store(self.folder).cell(result.cell)).sae)

    def log(self, result: CellResult) -> tuple[LogLine, ...]:
        """Return the training log of a cell (empty for an untrained SAE)."""
        path = Store(self.folder).cell(result.cell) / "log.jsonl"
        values = read_json_lines(path) if path.is_file() else []
        return tuple(log_line(value, f"{path}, line {i}") for i, value in enumerate(values, start=1))

    def lattices(self, result: CellResult) -> CellLattices | None:
        """Return the detection lattice of a cell and the true one; None if none were stored."""
        path = Store(self.folder).cell(result.cell) / "lattice.json"
        return read_record(path, CellLattices) if path.is_file() else None


@checked_arguments()
def load_results(folder: str | Path) -> Results:
    """Read the folder of a run.

    Raises
    ------
    InvalidInput
        If it is not the folder of a run, another version of geosae made it, or no cell of it is finished.
    """
    store = Store(Path(folder))
    plan = store.plan()
    cells = plan.cells(numba=store.had("numba"), mkl=store.had("mkl"))
    finished = tuple(_result(store, cell) for cell in cells if store.finished(cell))
    if not finished:
        raise InvalidInput(f"no cell of the run in {folder} is finished", remedy="run it again to resume it")
    failures = {cell.name: error for cell in cells if (error := _failure(store, cell)) is not None}
    verdicts = store.folder / "verdicts.json"
    summary = store.folder / "summary.json"
    return Results(
        folder=store.folder,
        plan=plan,
        cells=finished,
        failures=failures | study_failures(store.folder, plan),
        verdicts=read_record(verdicts, tuple[CheckedClaim, ...]) if verdicts.is_file() else (),
        summary=read_record(summary, Summary) if summary.is_file() else Summary(()),
        studies=study_records(store.folder, plan),
        failed_checks=failed_checks(store, plan.checks),
    )


def _failure(store: Store, cell: Cell) -> str | None:
    return None if store.finished(cell) else store.error(cell)


def _result(store: Store, cell: Cell) -> CellResult:
    # The label is the plan's to give: another plan may call the same cell's world otherwise.
    return replace(read_record(store.cell(cell) / "result.json", CellResult), cell=cell)


def _rank(row: SummaryRow) -> tuple[float, float, float, int]:
    neurons, units = row.measures.separation.neurons, row.measures.separation.units
    if neurons is None or units is None:
        return -1.0, -1.0, -math.inf, -row.width
    numbers = neurons.share.mean, units.share.mean, -neurons.best_error.mean
    by_neurons, by_units, error = (-math.inf if math.isnan(number) else number for number in numbers)
    return by_neurons, by_units, error, -row.width
