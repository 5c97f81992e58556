import os
import subprocess
import sys
from pathlib import Path

import pytest

from geosae.errors import InvalidInput
from geosae.storage.folders import new_folder, output_folder

HOLDER = """
import pathlib, sys
from geosae.storage.folders import output_folder
with output_folder(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_held_by_one_process_and_freed_when_that_is_killed(tmp_path: Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path / "out")], text=True, **pipes)
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == "held\n"
    with (
        pytest.raises(InvalidInput, match="another process is writing into"),
        output_folder(tmp_path / "out"),
    ):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    holder.stdin.close()
    with output_folder(tmp_path / "out"), output_folder(tmp_path / "out", lock_file=".other.lock"):
        assert (tmp_path / "out" / ".lock").is_file()


def test_a_folder_that_cannot_be_locked_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / ".lock").mkdir()
    with pytest.raises(InvalidInput, match=r"\.lock cannot be written"), output_folder(tmp_path):
        pass


def fill(folder: Path) -> None:
    for name in ("weights", "card"):
        (folder / name).write_text(name)


def test_a_new_folder_is_whole_or_absent(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"

    def crash() -> None:
        with new_folder(out) as folder:
            fill(folder)
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        crash()
    assert list(out.parent.iterdir()) == []
    with new_folder(out) as folder:
        fill(folder)
        assert not out.exists()
    assert sorted(path.name for path in out.iterdir()) == ["card", "weights"]
    assert out.stat().st_mode & 0o777 == 0o755
    with pytest.raises(InvalidInput, match="is not an empty folder"), new_folder(out):
        pass


def test_an_empty_folder_that_is_there_stays_the_same_folder(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    before = os.stat(".").st_ino  # noqa: PTH116
    with new_folder(Path()) as folder:
        fill(folder)
    assert sorted(path.name for path in Path().absolute().iterdir()) == ["card", "weights"]
    assert os.stat(".").st_ino == before  # noqa: PTH116
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="is not an empty folder"), new_folder(tmp_path / "file"):
        pass
    with pytest.raises(InvalidInput, match="cannot be written"), new_folder(tmp_path / "file" / "x"):
        pass
