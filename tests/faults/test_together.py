"""Two processes on one folder, and one worker against two: the same bytes, or a refusal."""

import time

import numpy as np
import pytest
from faults.harness import (
    COMMANDS,
    NEED_A_RUN,
    Trials,
    check_whole,
    contents,
    finish,
    record,
    start,
)

REFUSED = "another process is writing into"


@pytest.mark.parametrize("name", COMMANDS)
def test_two_processes_on_one_folder(trials: Trials, name: str):
    """The later one is refused by name, or waits, or finds everything done."""
    rng = np.random.default_rng([3, list(COMMANDS).index(name)])
    since, refused = time.monotonic(), 0
    with trials.home(name) as home:
        first = start(home, *COMMANDS[name])
        first.until_main()
        time.sleep(rng.uniform(0, 0.5) * trials.seconds[name])
        # Its words into another file: these processes share the folder that they start in.
        (home / "other").mkdir()
        second = start(home / "other", *_from_within(COMMANDS[name]), tmp=home / "tmp")
        endings = [finish(first), finish(second)]
        assert 0 in [ended.status for ended in endings]
        for ended in endings:
            assert "Traceback" not in ended.stderr, ended.stderr
            if ended.status != 0:
                assert ended.status == 2
                assert REFUSED in ended.stderr, ended.stderr
                assert name not in NEED_A_RUN, "those wait"
                refused += 1
        check_whole(trials, name, home)
    record(
        what=name,
        how="two at once",
        moment="by the clock",
        kills=1,
        resumed=1,
        refused=refused,
        seconds=time.monotonic() - since,
    )


def _from_within(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the arguments as they are called from a folder below."""
    files = ("my.toml", "w.npz", "sweep.toml", "out")
    return tuple(f"../{argument}" if argument in files else argument for argument in arguments)


@pytest.mark.parametrize("name", ["run", "train --sweep"])
def test_one_worker_gives_the_bytes_of_two(trials: Trials, name: str):
    with trials.home(name) as home:
        ended = finish(start(home, *COMMANDS[name][:-1], "1"))
        assert ended.status == 0, ended.stderr
        check_whole(trials, name, home)


def test_what_is_drawn_does_not_depend_on_the_number_of_workers(trials: Trials):
    """All figures and the report of a run, drawn by one process after the other and by two."""
    drawn = []
    for workers in ("1", "2"):
        with trials.home("report") as home:
            ended = finish(start(home, *COMMANDS["run"][:4], "--workers", workers))
            assert ended.status == 0, ended.stderr
            files = contents(home / "out")
            # The report says how long the run took.
            drawn.append({path: data for path, data in files.items() if path != "report.html"})
            assert len(files) > len(drawn[-1]) > 40
    assert drawn[0] == drawn[1]
