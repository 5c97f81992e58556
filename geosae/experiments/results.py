"""What a run left on disk, read back: for figures, reports and notebooks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from geosae.data.dataset import ConceptDataset
from geosae.data.storage import load_dataset
from geosae.errors import InvalidInput
from geosae.experiments.baselines import place_of
from geosae.experiments.cell import Cell
from geosae.experiments.jobs import Record, study_failures, study_records
from geosae.experiments.plan import Plan
from geosae.experiments.store import Store
from geosae.storage.files import read_json

if TYPE_CHECKING:
    from geosae.analysis import Alignment
    from geosae.sae import Neurons


Row: TypeAlias = Mapping[str, Any]
"""A row of the summary."""


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
        One dictionary per finished cell of the plan, in the plan's order: what result.json holds, its label
        as in the plan, "key", and "seconds".
    failures
        Why cells failed, by their names.
    verdicts
        The theorem checks on constructed instances, each with the statement it checks.
    summary
        Means and intervals over seeds.
    studies
        The finished records of each study of the plan.
    """

    folder: Path
    plan: Plan
    cells: tuple[dict[str, Any], ...]
    failures: Mapping[str, str]
    verdicts: tuple[dict[str, Any], ...]
    summary: dict[str, Any]
    studies: Mapping[str, tuple[Record, ...]] = field(default_factory=dict[str, tuple[Record, ...]])

    @staticmethod
    def load(folder: str | Path) -> "Results":
        """Read the folder of a run.

        Raises
        ------
        InvalidInput
            If it is not the folder of a run, or no cell of it is finished.
        """
        store = Store(Path(folder))
        plan = store.plan()
        cells = plan.cells()
        found = tuple(_record(store, cell) for cell in cells if store.finished(cell))
        if not found:
            raise InvalidInput(
                f"no cell of the run in {folder} is finished", remedy="run it again to resume it"
            )
        failures = {cell.name: error for cell in cells if (error := _failure(store, cell)) is not None}
        failures |= study_failures(store.folder, plan)
        verdicts = store.folder / "verdicts.json"
        summary = store.folder / "summary.json"
        return Results(
            folder=store.folder,
            plan=plan,
            cells=found,
            failures=failures,
            verdicts=tuple(read_json(verdicts)) if verdicts.is_file() else (),
            summary=read_json(summary) if summary.is_file() else {},
            studies=study_records(store.folder, plan),
        )

    @property
    def worlds(self) -> list[str]:
        """The worlds that have finished cells, in the order of the plan."""
        return list(dict.fromkeys(str(record["cell"]["world"]) for record in self.cells))

    def rows_of(self, world: str, baseline: str | None = None) -> list[Row]:
        """Return the rows of the summary for a world, or for one of its baselines."""
        rows: Sequence[Row] = self.summary.get("rows", ())
        return [r for r in rows if r["world"] == world and baseline in (None, r["baseline"])]

    def records_of(self, world: str, baseline: str = "trained") -> list[dict[str, Any]]:
        """Return the finished cells of a world."""
        return [r for r in self.cells if r["cell"]["world"] == world and r["cell"]["baseline"] == baseline]

    def compared(self, world: str) -> list[Row]:
        """Return the rows of a world's trained SAEs that have a baseline beside them."""
        settings = self.plan.compared(world)
        rows = self.rows_of(world, "trained")
        return [r for r in rows if (r["gate"], r["sparsity"]) in settings and self.beside(r)]

    def beside(self, row: Row) -> dict[str, Row]:
        """Return the rows of the baselines that stand beside a row of trained SAEs, by baseline."""
        places = {b: place_of(b, row["gate"], row["sparsity"], row["width"]) for b in self.plan.baselines}
        keys = {b: (row["world"], b, *place) for b, place in places.items() if place is not None}
        return {b: self._placed[key] for b, key in keys.items() if key in self._placed}

    @cached_property
    def _placed(self) -> dict[tuple[Any, ...], Row]:
        heads = ("world", "baseline", "gate", "sparsity", "width")
        return {tuple(row[head] for head in heads): row for row in self.summary.get("rows", ())}

    def dataset(self, cell: Mapping[str, Any]) -> ConceptDataset:
        """Return the data set that a cell was trained and analysed on."""
        return load_dataset(Store(self.folder).world(_cell(cell)))

    def alignment(self, cell: Mapping[str, Any]) -> "Alignment":
        """Return the alignment of a cell."""
        from geosae.analysis import Alignment

        return Alignment.load(Store(self.folder).cell(_cell(cell)) / "alignment.npz")

    def sae_neurons(self, cell: Mapping[str, Any]) -> "Neurons":
        """Return the neurons of a cell's SAE."""
        from geosae.sae import neurons_of
        from geosae.sae.checkpoint import load

        return neurons_of(load(Store(self.folder).cell(_cell(cell))).sae)

    def log(self, cell: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        """Return the training log of a cell (empty for an untrained SAE)."""
        import json

        path = Store(self.folder).cell(_cell(cell)) / "log.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return tuple(json.loads(line) for line in lines)

    def lattice(self, cell: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the detection lattice of a cell and the true one, as stored; None if there is none."""
        path = Store(self.folder).cell(_cell(cell)) / "lattice.json"
        return read_json(path) if path.is_file() else None


def _cell(record: Mapping[str, Any]) -> Cell:
    return Cell.from_dict(record["cell"])


def _failure(store: Store, cell: Cell) -> str | None:
    return None if store.finished(cell) else store.error(cell)


def _record(store: Store, cell: Cell) -> dict[str, Any]:
    record: dict[str, Any] = read_json(store.cell(cell) / "result.json")
    timing = store.cell(cell) / "timing.json"
    seconds = read_json(timing)["seconds"] if timing.is_file() else None
    # The label is the plan's to give: another plan may call the same cell's world otherwise.
    return {**record, "cell": cell.to_dict(), "key": cell.key, "seconds": seconds}
