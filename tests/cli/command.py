"""The command line as a user meets it: in a process of its own, or in this one where that is enough."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from geosae.cli import main

GEOSAE = str(Path(sys.executable).parent / "geosae")
PLAN = """
widths = [4, 8]
seeds = 2
baselines = []
train = {steps = 300}
analysis = {ambient_samples = 300}
checks = {claims = ["S5"], instances = 2}
[[worlds]]
name = "nested-balls"
points = 400
dim = 2
[[gates]]
name = "topk"
sparsity = [1, 2]
"""


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "TERM": "dumb"}


def geosae(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [GEOSAE, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=300)


def start(*arguments: object, cwd: Path) -> subprocess.Popen[str]:
    command = [GEOSAE, *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # A group of its own, as a shell gives it, so that Ctrl-C can be sent to all of it.
    return subprocess.Popen(command, cwd=cwd, env=environment(), text=True, start_new_session=True, **pipes)


def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object):
    """Run the command line in this process; return its exit status, output and errors."""
    monkeypatch.setattr(sys, "argv", ["geosae", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    shown = capsys.readouterr()
    return ended.value.code or 0, shown.out, shown.err
