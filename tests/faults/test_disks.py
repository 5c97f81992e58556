"""A disk that fills, becomes read-only or loses the folder, in the middle of a command.

Whoever may do everything (root) is not bound by the permissions of a folder: read-only means the immutable
flag of the file system here (chattr +i), and the injected EROFS everywhere.
"""

import errno
import os
import shutil
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from faults.harness import COMMANDS, Ended, Trials, complete, contents, finish, record, start

SEED = 1515
MODES = ("full", "full-from", "full-every", "readonly")
ENDS = {"run": (1, 2), "train": (2,), "train --sweep": (2,), "figures": (2,), "report": (2,)}
"""2 where nothing more can be written; 1 where the failure of a cell could still be recorded."""


def check_said(ended: Ended, name: str, *words: str) -> None:
    """One clear line, and an exit status that says it."""
    assert ended.status in ENDS[name], ended.stderr
    assert "Traceback" not in ended.stderr, ended.stderr
    assert any(word in ended.stderr for word in words), ended.stderr


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_write_may_fail(trials: Trials, name: str, mode: str):
    """At writes spread over the command, one after the other in the same folder; then it ends undisturbed."""
    rng = np.random.default_rng([SEED, list(COMMANDS).index(name), MODES.index(mode)])
    total, since = trials.events[name], time.monotonic()
    places = [1, *sorted(rng.integers(2, total + 1, 2).tolist())] if mode == "full" else [total // 2]
    if mode == "full-every":
        places = [int(rng.integers(3, 12))]
    failed = 0
    with trials.home(name) as home:
        for place in places:
            ended = finish(start(home, *COMMANDS[name], fault=(mode, place)))
            # The file that could not be written may be one that is only tried, or removed again.
            if ended.status != 0:
                failed += 1
                check_said(ended, name, "No space left", "Read-only file system", "out cannot be written")
                assert [path for path in contents(home / "out") if path.endswith("~")] == []
        complete(trials, name, home)
    assert failed
    record(
        what=name, how=mode, moment="injected", kills=failed, resumed=failed, seconds=time.monotonic() - since
    )


@contextmanager
def small_disk(folder: Path, size: int) -> Generator[None]:
    """Mount a file system in memory of so many bytes over a folder meanwhile."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("this machine does not let the tests mount a small tmpfs")
    try:
        yield
    finally:
        # Lazily: a process that was ended may hold a file there for a moment.
        subprocess.run(["umount", "-l", str(folder)], check=True)


def grow(folder: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


@pytest.mark.parametrize("name", ["run", "train", "train --sweep"])
def test_a_small_disk_fills_and_grows(trials: Trials, name: str):
    """A real one: a write may end in the middle of a file. It grows twice, and the command goes on."""
    needed = sum(-(-len(data) // 4096) * 4096 for data in trials.calm(name).values())
    since, sizes = time.monotonic(), (int(0.4 * needed), int(0.8 * needed))
    with trials.home(name) as home, small_disk(home / "out", sizes[0]):
        for size in sizes:
            grow(home / "out", size)
            ended = finish(start(home, *COMMANDS[name]))
            check_said(ended, name, "No space left", "out cannot be written")
        grow(home / "out", 16 * needed)
        complete(trials, name, home)
    record(
        what=name,
        how="full",
        moment="a small tmpfs",
        kills=len(sizes),
        resumed=len(sizes),
        seconds=time.monotonic() - since,
    )


@pytest.mark.parametrize("name", ["run", "train", "train --sweep"])
def test_a_folder_becomes_read_only(trials: Trials, name: str):
    rng = np.random.default_rng([SEED, 50 + list(COMMANDS).index(name)])
    since, failed = time.monotonic(), 0
    with trials.home(name) as home:
        started = start(home, *COMMANDS[name])
        started.until_main()
        (home / "out").mkdir(exist_ok=True)
        time.sleep(rng.uniform(0.2, 0.8) * trials.seconds[name])
        try:
            _immutable(home / "out", "+i")
            ended = finish(started)
        finally:
            _immutable(home / "out", "-i")
        if ended.status != 0:
            failed += 1
            check_said(ended, name, "Operation not permitted", "Permission denied")
        complete(trials, name, home)
    record(
        what=name,
        how="read-only",
        moment="chattr +i",
        kills=failed,
        resumed=failed,
        seconds=time.monotonic() - since,
    )


def _immutable(folder: Path, flag: str) -> None:
    if shutil.which("chattr") is None:
        pytest.skip("there is no chattr here")
    changed = subprocess.run(["chattr", "-R", "-f", flag, str(folder)], capture_output=True, text=True)
    if flag == "+i" and changed.returncode and not _is_immutable(folder):
        pytest.skip("this file system has no immutable flag, or the tests may not set it")


def _is_immutable(folder: Path) -> bool:
    try:
        (folder / "probe").touch()
        (folder / "probe").unlink()
    except OSError as error:
        return error.errno == errno.EPERM
    return False


@pytest.mark.parametrize("name", ["run", "train", "train --sweep"])
def test_a_folder_is_removed_meanwhile(trials: Trials, name: str):
    """The command ends, or says what it misses; it begins again where nothing is left."""
    rng = np.random.default_rng([SEED, 70 + list(COMMANDS).index(name)])
    since, failed = time.monotonic(), 0
    for _ in range(2):
        with trials.home(name) as home:
            started = start(home, *COMMANDS[name])
            started.until_main()
            time.sleep(rng.uniform(0, 1) * trials.seconds[name])
            # Files come while others go.
            while (home / "out").exists() and started.process.poll() is None:
                shutil.rmtree(home / "out", ignore_errors=True)
            ended = finish(started)
            assert "Traceback" not in ended.stderr, ended.stderr
            if ended.status != 0:
                failed += 1
                assert ended.status in (1, 2)
            if (home / "out").exists() or ended.status != 0:
                complete(trials, name, home)
    record(
        what=name,
        how="removed",
        moment="by the clock",
        kills=2,
        resumed=2,
        stopped=failed,
        seconds=time.monotonic() - since,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_in_the_way_is_refused_at_the_start(trials: Trials, name: str):
    with trials.home(name) as home:
        shutil.rmtree(home / "out", ignore_errors=True)
        (home / "out").write_text("thesis")
        ended = finish(start(home, *COMMANDS[name]))
        check_said(ended, name, "out cannot be written", "is a file", "out is not the folder of a run")
        assert (home / "out").read_text() == "thesis"
        os.unlink(home / "out")  # noqa: PTH108
