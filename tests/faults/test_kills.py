"""Commands are killed at random moments, again and again; then the same command ends with the same bytes."""

import os
import signal
import time

import numpy as np
import pytest
from faults.harness import (
    COMMANDS,
    Started,
    Trials,
    check_whole,
    complete,
    contents,
    finish,
    record,
    send,
    start,
    until,
    workers,
)

SEED = 15
SIGNALS = ("KILL", "TERM", "INT")
ENDS = {"KILL": (-signal.SIGKILL,), "TERM": (128 + signal.SIGTERM,), "INT": (128 + signal.SIGINT,)}
# Kills of the command, by the clock and at a write; together with those of workers they are 100.
BY_CLOCK = {"run": 5, "train": 3, "train --sweep": 4, "figures": 2, "report": 2}
AT_A_WRITE = {"run": 4, "train": 3, "train --sweep": 3, "figures": 1, "report": 1}
OF_WORKERS = {"run": 8, "train --sweep": 8}


def test_there_are_a_hundred_kills():
    assert 3 * (sum(BY_CLOCK.values()) + sum(AT_A_WRITE.values())) + sum(OF_WORKERS.values()) == 100


@pytest.mark.parametrize("how", SIGNALS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_killed_by_the_clock_goes_on(trials: Trials, name: str, how: str):
    rng = np.random.default_rng([SEED, list(COMMANDS).index(name), SIGNALS.index(how)])

    def strike(started: Started) -> bool:
        started.until_main()
        wait, to_all = rng.uniform(0, trials.seconds[name]), bool(rng.integers(2))
        end = time.monotonic() + wait
        while time.monotonic() < end:
            if started.process.poll() is not None:
                return False
            time.sleep(0.005)
        if started.process.poll() is not None:
            return False
        send(started, how, to_all)
        return True

    _campaign(trials, name, how, BY_CLOCK[name], strike, lambda: None, "by the clock")


@pytest.mark.parametrize("how", SIGNALS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_killed_at_a_write_goes_on(trials: Trials, name: str, how: str):
    rng = np.random.default_rng([SEED, 100 + list(COMMANDS).index(name), SIGNALS.index(how)])

    def strike(started: Started) -> bool:
        return started.process.wait(timeout=240) != 0

    def fault() -> tuple[str, int]:
        return f"owner-{how}", int(rng.integers(1, trials.events[name] + 1))

    _campaign(trials, name, how, AT_A_WRITE[name], strike, fault, "at a write")


def _campaign(trials: Trials, name: str, how: str, kills: int, strike, fault, moment: str) -> None:
    """Kill the command so often, starting it again in the same folder each time; then let it end."""
    killed = attempts = 0
    since = time.monotonic()
    while killed < kills:
        with trials.home(name) as home:
            while killed < kills:
                attempts += 1
                assert attempts < 20 * kills, "the command ends before it can be killed"
                started = start(home, *COMMANDS[name], fault=fault())
                struck = strike(started)
                ended = finish(started)
                # A worker that has just been forked when its owner is gone ends in Python's own words.
                assert how == "KILL" or "Traceback" not in ended.stderr, ended.stderr
                if ended.status == 0:
                    # It was done before the signal came.
                    check_whole(trials, name, home)
                    break
                assert struck
                assert ended.status in ENDS[how], ended.stderr
                killed += 1
            else:
                complete(trials, name, home)
    record(what=name, how=how, moment=moment, kills=killed, resumed=killed, seconds=time.monotonic() - since)


@pytest.mark.parametrize("name", OF_WORKERS)
def test_a_command_whose_workers_are_killed_ends_or_says_so_and_goes_on(trials: Trials, name: str):
    rng = np.random.default_rng([SEED, 200 + list(COMMANDS).index(name)])
    killed = alone = attempts = commands = 0
    since = time.monotonic()
    while killed < OF_WORKERS[name]:
        attempts += 1
        assert attempts < 40
        with trials.home(name) as home:
            started = start(home, *COMMANDS[name])
            until_workers(started)
            time.sleep(rng.uniform(0, trials.seconds[name] / 4))
            before = killed
            for worker in rng.permutation(workers(started.process.pid))[: int(rng.integers(1, 3))]:
                try:
                    os.kill(int(worker), signal.SIGKILL if rng.integers(2) else signal.SIGTERM)
                    killed += 1
                except ProcessLookupError:
                    continue
            ended = finish(started)
            assert "Traceback" not in ended.stderr, ended.stderr
            # One that was done before a worker could be killed counts for nothing.
            commands += killed > before
            if ended.status == 0:
                alone += killed > before
                check_whole(trials, name, home)
            else:
                assert killed > before
                assert ended.status == 1
                assert "died" in ended.stderr
                complete(trials, name, home)
    record(
        what=name, how="KILL or TERM", moment="a worker", kills=killed, resumed=killed,
        seconds=time.monotonic() - since, ended_by_itself=alone, commands=commands,
    )  # fmt: skip


def until_workers(started: Started) -> None:
    until(lambda: len(workers(started.process.pid)) >= 2 or started.process.poll() is not None)


def test_the_comparison_sees_a_changed_byte_and_a_stray_file(trials: Trials):
    """A check that cannot fail is worth nothing."""
    with trials.home("report") as home:
        before = contents(home / "out")
        (home / "out" / ".plan.toml.1-x").touch()
        assert contents(home / "out") != before
