"""What a run does where it cannot write, loses its folder, or was killed between two of its files."""

import shutil
import sys
from pathlib import Path

import pytest

from geosae.errors import CannotWrite, InvalidInput
from geosae.experiments import run
from geosae.experiments.store import Store
from geosae.storage.files import read_json

sys.path.insert(0, str(Path(__file__).parent))
import tasks
from test_runner import NO_CHECKS, Inline, files, go

CELLS = NO_CHECKS.cells()


class Disturbed(Inline):
    """Does each task where it stands, and something else after so many of them."""

    def __init__(self, after: int, disturb) -> None:
        super().__init__()
        self.after, self.disturb = after, disturb

    def submit(self, fn, /, *args, **kwargs):
        from concurrent.futures import Future

        try:
            return super().submit(fn, *args, **kwargs)
        except (CannotWrite, InvalidInput) as error:
            future: Future = Future()
            future.set_exception(error)
            return future
        finally:
            if self.count == self.after:
                self.disturb()


def full(*_: object) -> None:
    raise CannotWrite("the disk is full")


def test_a_full_disk_stops_a_run_which_keeps_what_is_finished(tmp_path: Path, monkeypatch):
    out = tmp_path / "r"
    with monkeypatch.context() as patched:
        executor = Disturbed(2, lambda: patched.setattr(Store, "write_result", full))
        with pytest.raises(CannotWrite, match="the disk is full"):
            go(NO_CHECKS, out, executor)
    assert read_json(out / "run.json")["status"] == "interrupted"
    assert len(list(out.glob("cells/*/result.json"))) == 2
    # Nothing is blamed on the cells.
    assert list(out.glob("cells/*/error.json")) == []
    rest = Inline()
    assert len(go(NO_CHECKS, out, rest).cells) == 4
    assert rest.count == 2


def test_a_run_whose_folder_is_removed_meanwhile_says_so_and_begins_again(tmp_path: Path):
    out, whole = tmp_path / "r", tmp_path / "whole"
    go(NO_CHECKS, whole)
    with pytest.raises(InvalidInput, match=r"was removed, or lost its plan(.|\n)*same command goes on"):
        go(NO_CHECKS, out, Disturbed(2, lambda: shutil.rmtree(out)))
    # Later cells were refused, since their workers did not see the run; that made the folder again, without
    # its plan: it is no stranger's.
    assert sorted(path.name for path in out.iterdir()) == ["cells"]
    assert all("is not there" in read_json(path)["error"] for path in out.glob("cells/*/error.json"))
    rest = Inline()
    go(NO_CHECKS, out, rest)
    assert rest.count == 4
    assert files(out) == files(whole)


def test_a_cell_that_failed_and_is_killed_at_its_result_is_begun_and_has_not_failed(
    tmp_path: Path, monkeypatch
):
    store = Store(tmp_path / "r")
    result = go(NO_CHECKS, store.folder).cells[0]
    (store.cell(result.cell) / "result.json").unlink()
    store.write_error(result.cell, "out of memory", "")
    monkeypatch.setattr("geosae.experiments.store.write_record", full)
    with pytest.raises(CannotWrite):
        store.write_result(result, 1.0)
    assert (store.error(result.cell), store.finished(result.cell)) == (None, False)


def test_what_killed_writers_left_in_a_run_is_gone_when_it_goes_on(tmp_path: Path):
    out = tmp_path / "r"
    go(NO_CHECKS, out)
    before = files(out)
    (out / "figures").mkdir()
    for place in (".", "worlds", "figures", f"cells/{CELLS[0].key}"):
        (out / place / ".result.json.999999999-x~").write_text("half")
    run(NO_CHECKS, out, make_world=tasks.make_world, executor=Inline(limit=0))
    assert files(out) == before
