"""The folder of a run: where each file lies, and when a cell counts as finished."""

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from geosae.errors import InvalidInput
from geosae.experiments.cell import Cell
from geosae.experiments.plan import Plan
from geosae.experiments.plan_file import parse_plan, plan_toml
from geosae.storage.files import read_json, write_atomic, write_json


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

    def write_result(self, cell: Cell, result: dict[str, Any], seconds: float) -> None:
        """Write the timing, then the result, and forget an earlier failure."""
        folder = self.cell(cell)
        write_json(folder / "timing.json", {"seconds": round(seconds, 4)})
        write_json(folder / "result.json", result)
        (folder / "error.json").unlink(missing_ok=True)

    def write_error(self, cell: Cell, error: str, trace: str) -> None:
        """Record by name that a cell failed."""
        entries = {"name": cell.name, "cell": cell.to_dict(), "error": error, "traceback": trace}
        write_json(self.cell(cell) / "error.json", entries)

    def error(self, cell: Cell) -> str | None:
        """Return why a cell failed, or None where no failure is recorded."""
        path = self.cell(cell) / "error.json"
        return str(read_json(path)["error"]) if path.is_file() else None

    def write_plan(self, plan: Plan) -> None:
        """Write the plan as used."""
        write_atomic(self.folder / "plan.toml", plan_toml(plan).encode())

    def plan(self) -> Plan:
        """Return the plan of the run.

        Raises
        ------
        InvalidInput
            If the folder holds no run.
        """
        path = self.folder / "plan.toml"
        if not path.is_file():
            raise InvalidInput(
                f"{self.folder} is not the folder of a run: it has no plan.toml",
                remedy="make one with `geosae run quickstart --out FOLDER`",
            )
        return parse_plan(path.read_text(encoding="utf-8"))

    def strangers(self, cells: Sequence[Cell]) -> int:
        """Return how many finished cells of other plans the folder holds."""
        known = {cell.key for cell in cells}
        found = (self.folder / "cells").glob("*/result.json")
        return sum(path.parent.name not in known for path in found)

    @contextmanager
    def lock(self) -> Generator[None]:
        """Hold the folder for one run at a time; the system frees the lock when a run is killed.

        Raises
        ------
        InvalidInput
            If another run holds the folder, or the folder is in use for something else.
        """
        self._refuse_foreign_folder()
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _hold(handle, self.folder)
            yield
        finally:
            os.close(handle)

    def _refuse_foreign_folder(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise InvalidInput(f"{self.folder} is a file, not a folder")
        ours = {"plan.toml", ".lock"}
        names = {path.name for path in self.folder.iterdir()} if self.folder.exists() else set[str]()
        if names and not names & ours:
            raise InvalidInput(
                f"{self.folder} is not empty and is not the folder of a run",
                remedy="name a new folder with --out",
            )


def _hold(handle: int, folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows has no flock; two runs at once then only waste work.
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise InvalidInput(
            f"another run is writing into {folder}", remedy="wait for it, stop it, or name another folder"
        ) from error
