"""The folder of a run: where each file lies, and when a cell counts as finished."""

import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from geosae.errors import InvalidInput
from geosae.experiments.cell import FORMAT, Cell
from geosae.experiments.cell_result import CellResult
from geosae.experiments.plan import Plan
from geosae.experiments.plan_file import parse_plan, plan_toml
from geosae.sae.device import Device
from geosae.storage.files import read_json, write_atomic, write_json
from geosae.storage.folders import LOCK_FILE, output_folder
from geosae.storage.structure import read_record, write_record
from geosae.storage.toml_file import read_text


@dataclass(frozen=True)
class CellError:
    """Why a cell failed, as error.json holds it."""

    name: str
    cell: Cell
    error: str
    traceback: str


@dataclass(frozen=True)
class RunCard:
    """What run.json says of a run as a whole; what depends on the clock stands here and nowhere else."""

    plan: str
    """The key of the plan."""
    cells: int
    checks: int
    jobs: int
    machine: Mapping[str, str | int | None]
    status: Literal["running", "interrupted", "finished", "failed cells", "failed checks"]
    failures: Mapping[str, str] = field(default_factory=dict[str, str])
    seconds: float = math.nan
    format: str = FORMAT
    device: Device = "cpu"
    """Where SAEs were trained."""


PARTS = {
    "cells",
    "worlds",
    "checks",
    "studies",
    "figures",
    "tables",
    "verdicts.json",
    "summary.json",
    "run.json",
}
"""What lies in the folder of a run beside its plan."""


class Store:
    """The files of a run below one folder; every file is written atomically.

    A cell is finished once its result.json is there, which is written after all its other files. The folder
    of a cell bears the hash of the cell's configuration, so that runs of several plans into one folder share
    the cells that they have in common and cannot mix up the others.

    Examples
    --------
    >>> import tempfile
    >>> store = Store(Path(tempfile.mkdtemp()))
    >>> store.finished(Cell("w", "nested-balls", {}, 0, "topk", 4, 16, 0))
    False
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def cell(self, cell: Cell) -> Path:
        """Return the folder of a cell."""
        return self.folder / "cells" / cell.key

    def world(self, cell: Cell) -> Path:
        """Return the file of a cell's data set."""
        return self.folder / "worlds" / f"{cell.data_key}.npz"

    def check(self, key: str) -> Path:
        """Return the file of a theorem check."""
        return self.folder / "checks" / f"{key}.json"

    def finished(self, cell: Cell) -> bool:
        """Return whether the cell's result is there."""
        return (self.cell(cell) / "result.json").is_file()

    def write_result(self, result: CellResult, seconds: float) -> None:
        """Write the timing, forget an earlier failure, and write the result last."""
        folder = self.cell(result.cell)
        write_json(folder / "timing.json", {"seconds": round(seconds, 4)})
        # In this order: a cell that is killed in between counts as begun, not as failed and finished.
        (folder / "error.json").unlink(missing_ok=True)
        write_record(folder / "result.json", result)

    def write_error(self, cell: Cell, error: str, trace: str) -> None:
        """Record by name that a cell failed."""
        write_record(self.cell(cell) / "error.json", CellError(cell.name, cell, error, trace))

    def error(self, cell: Cell) -> str | None:
        """Return why a cell failed, or None where no failure is recorded."""
        path = self.cell(cell) / "error.json"
        return read_record(path, CellError).error if path.is_file() else None

    def write_plan(self, plan: Plan) -> None:
        """Write the plan as used."""
        write_atomic(self.folder / "plan.toml", plan_toml(plan).encode())

    def write_card(self, card: RunCard) -> None:
        """Write what is known of the run as a whole."""
        write_record(self.folder / "run.json", card)

    def card(self) -> RunCard:
        """Return what is known of the run as a whole.

        Raises
        ------
        InvalidInput
            If another version of geosae made the run.
        """
        path = self.folder / "run.json"
        entries = read_json(path)
        # The version first: a card of another one is whole, and may have no hash.
        written = _format_of(entries)
        if written != FORMAT:
            raise InvalidInput(
                f"the run in {self.folder} was made by {written}; this is {FORMAT}, which reads its own only",
                causes="a run of an earlier version",
                remedy="run the plan again into a new folder with --out, or read it with that version",
            )
        return read_record(path, RunCard)

    def had(self, package: Literal["numba", "mkl"]) -> bool | None:
        """Return whether the run's machine had numba, or MKL in torch; None where run.json does not say."""
        machine = self.card().machine if (self.folder / "run.json").is_file() else {}
        return machine[package] is not None if package in machine else None

    @property
    def has_plan(self) -> bool:
        """Whether the folder is that of a run."""
        return (self.folder / "plan.toml").is_file()

    def plan(self) -> Plan:
        """Return the plan of the run.

        Raises
        ------
        InvalidInput
            If the folder holds no run.
        """
        if not self.has_plan:
            raise InvalidInput(
                f"{self.folder} is not the folder of a run: it has no plan.toml",
                remedy="make one with `geosae run quickstart --out FOLDER`",
            )
        if (self.folder / "run.json").is_file():
            self.card()
        return parse_plan(read_text(self.folder / "plan.toml"))

    def foreign_cells(self, cells: Sequence[Cell]) -> int:
        """Return how many finished cells of other plans the folder holds."""
        keys = {cell.key for cell in cells}
        return sum(path.parent.name not in keys for path in (self.folder / "cells").glob("*/result.json"))

    @contextmanager
    def lock(self) -> Generator[None]:
        """Hold the folder for one run at a time; what killed ones left half written is removed.

        Raises
        ------
        InvalidInput
            If another run holds the folder, it is in use for something else, or it cannot be written to.
        """
        self._refuse_foreign_folder()
        with output_folder(self.folder):
            yield

    @contextmanager
    def drawing(self) -> Generator[None]:
        """Hold what is drawn and written from the results for one process at a time; the others wait.

        Raises
        ------
        InvalidInput
            If the folder holds no run, or it cannot be written to.
        """
        self.plan()
        with output_folder(self.folder, lock_file=".drawing.lock", wait=True):
            yield

    def _refuse_foreign_folder(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise InvalidInput(f"{self.folder} is a file, not a folder")
        names = {path.name for path in self.folder.iterdir()} if self.folder.exists() else set[str]()
        # Parts alone are what a run wrote whose folder was removed meanwhile.
        if names and not names & {"plan.toml", LOCK_FILE} and not names <= PARTS:
            raise InvalidInput(
                f"{self.folder} is not empty and is not the folder of a run",
                remedy="name a new folder with --out",
            )


def _format_of(entries: Any) -> str:
    """Return which version wrote a run.json: 0.1.0 said so among the machine's packages only."""
    if not isinstance(entries, dict):
        return "another program"
    card: Mapping[str, Any] = entries
    machine: Any = card.get("machine")
    packages: Mapping[str, Any] = machine if isinstance(machine, dict) else {}
    return str(card.get("format") or f"geosae {packages.get('geosae', 'of an unknown version')}")
