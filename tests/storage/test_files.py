import errno
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geosae.errors import CannotWrite, InvalidInput
from geosae.storage.files import (
    TEMPORARY,
    atomic_path,
    check_output_file,
    check_output_folder,
    content_hash,
    read_json,
    read_json_lines,
    remove_temporaries,
    remove_temporaries_below,
    write_atomic,
    write_json,
)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path) -> None:
    target = tmp_path / "a.txt"
    write_atomic(target, b"old")

    def crash() -> None:
        with atomic_path(target) as temporary:
            temporary.write_bytes(b"half of the new")
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        crash()
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_folders_are_made_and_files_readable_by_all(tmp_path) -> None:
    target = tmp_path / "deep" / "er" / "a.bin"
    write_atomic(target, b"x")
    assert target.stat().st_mode & 0o777 == 0o644


def test_json_refuses_nan_and_names_the_wrong_line(tmp_path) -> None:
    with pytest.raises(InvalidInput, match=r"a\.json"):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    (tmp_path / "b.json").write_text('{\n"x": 1,\n')
    with pytest.raises(InvalidInput, match="line 3"):
        read_json(tmp_path / "b.json")
    with pytest.raises(InvalidInput, match="no file"):
        read_json(tmp_path / "c.json")


@given(st.lists(st.text(max_size=3), max_size=3), st.lists(st.text(max_size=3), max_size=3))
def test_hashes_differ_where_the_parts_differ(one: list[str], two: list[str]) -> None:
    assert (content_hash(*one) == content_hash(*two)) == (one == two)


def test_hash_sees_dtype_shape_and_order_of_the_values() -> None:
    array = np.arange(6.0).reshape(2, 3)
    variants = [array, array.T, array.astype(np.float32), array.reshape(3, 2), -array]
    assert len({content_hash(variant) for variant in variants}) == len(variants)
    assert content_hash(np.asfortranarray(array)) == content_hash(array)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "9" * 5000, "{", "", "\ud800".encode("utf-8", "surrogatepass")]
)
def test_what_is_not_json_is_refused_by_the_file(tmp_path, text: str | bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for read, place in ((read_json, r"a\.json is not"), (read_json_lines, r"a\.json, line 1 is not")):
        if text:
            with pytest.raises(InvalidInput, match=place):
                read(path)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_json(tmp_path)
    with pytest.raises(InvalidInput, match=r"b\.json cannot be written as UTF-8"):
        write_json(tmp_path / "b.json", ["\ud800"])


def full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_and_a_file_in_the_way_are_one_clear_error(tmp_path, monkeypatch) -> None:
    file = tmp_path / "file"
    write_atomic(file, b"old")
    for path in (file / "a.txt", file / "deep" / "a.txt"):
        with pytest.raises(InvalidInput, match=r"a.txt cannot be written: (File exists|Not a directory)"):
            write_atomic(path, b"new")
    for check in (check_output_folder, lambda path: check_output_file(path / "a.json")):
        with pytest.raises(InvalidInput, match="file cannot be written: File exists"):
            check(file)
    with pytest.raises(InvalidInput, match="is a folder"):
        check_output_file(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InvalidInput, match="file cannot be written: No space left"):
        write_atomic(file, b"new")
    with pytest.raises(InvalidInput, match="cannot be written: No space left"):
        check_output_folder(tmp_path)
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_disk_on_which_nothing_can_be_written_is_told_apart(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite):
        write_atomic(tmp_path / "a.txt", b"new")
    monkeypatch.undo()
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput) as refused:
        write_atomic(tmp_path / "file" / "a.txt", b"new")
    assert not isinstance(refused.value, CannotWrite)


def dead_process() -> int:
    """Return the number of a process that has run and runs no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_dead_processes_left_goes_and_what_living_ones_write_stays(tmp_path) -> None:
    dead, living = dead_process(), os.getppid()
    left = [
        tmp_path / f".a.txt.{dead}-x~",
        tmp_path / "deep" / f".b.json.{dead}-y~",
        tmp_path / f".c.{dead}-z~",
    ]
    stays = [
        tmp_path / f".a.txt.{living}-x~",
        tmp_path / ".hidden",
        tmp_path / "a.txt.1~",
        tmp_path / ".lock",
    ]
    (tmp_path / "deep").mkdir()
    for path in (*left[:2], *stays):
        path.touch()
    left[2].mkdir()
    (left[2] / "half.bin").touch()
    check_output_file(tmp_path / "a.txt")
    assert [path.exists() for path in left] == [False, True, True]
    remove_temporaries_below(tmp_path)
    assert [path.exists() for path in left] == [False] * 3
    assert [path.exists() for path in stays] == [True] * 4


def test_a_process_that_is_killed_leaves_a_name_that_says_whose_it_was(tmp_path) -> None:
    code = (
        "import os, pathlib, signal\nfrom geosae.storage.files import atomic_path\n"
        f"with atomic_path(pathlib.Path({str(tmp_path / 'a.txt')!r})) as path:\n"
        "    path.write_text('half')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    (name,) = [path.name for path in tmp_path.iterdir()]
    assert TEMPORARY.fullmatch(name)
    remove_temporaries(tmp_path / "other.txt")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    remove_temporaries(tmp_path / "a.txt")
    assert list(tmp_path.iterdir()) == []
