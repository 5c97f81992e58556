"""A stop that comes where Python drops exceptions is heard a moment later."""

import subprocess
import sys

import pytest

# The command is an object whose end is where the signal arrives; what it raises there, Python ignores.
DROPPED = """
import os, signal, sys, time
from geosae import cli

class Freed:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})
        for _ in range(10**6): pass

def work():
    Freed()
    time.sleep(60)

import geosae.cli.app
geosae.cli.app.run_app = work
cli.command()
"""


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_stop_within_a_finaliser_is_not_lost(name: str, status: int):
    ended = subprocess.run(
        [sys.executable, "-c", DROPPED.format(name=name)], capture_output=True, text=True, timeout=50
    )
    assert (ended.returncode, ended.stderr) == (status, "geosae: stopped\n")
