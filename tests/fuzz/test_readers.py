"""Every reader of files reads what it is given or refuses it by name (`make fuzz` tries more).

The hook of the tests would refuse a wrong type before the library does, so the readers run in processes
without it.
"""

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fuzz.bombs import BOMBS
from fuzz.findings import FINDINGS
from fuzz.readers import READERS

from geosae.sae.interop import FORMATS

HERE = Path(__file__).parent
CHANGES = 20
"""Changed inputs of each reader in the everyday tests."""


@cache
def alone(what: str) -> dict[str, Any]:
    root = HERE.parents[1]
    paths = [str(root), str(root / "synthetic"), str(root / "tests")]
    run = subprocess.run(
        [sys.executable, str(HERE / "alone.py")],
        input=json.dumps({"what": what, "count": CHANGES}), capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip
    return json.loads(run.stdout) if run.returncode == 0 else {"crashed": run.stderr[-3000:]}


@pytest.mark.parametrize("name", BOMBS)
def test_what_asks_for_all_memory_or_time_is_refused_by_name_within_512_mib(name: str) -> None:
    """Each file is small; the process may take half a gibibyte more than it has."""
    assert "crashed" not in alone("bombs"), alone("bombs")
    kind, message, seconds = alone("bombs")[name]
    assert kind == "refused", message
    assert re.search(BOMBS[name].message, message)
    assert "MemoryError" not in message
    assert seconds < 10


@pytest.mark.parametrize("name", FINDINGS)
def test_what_fuzzing_found_is_refused_by_name(name: str) -> None:
    assert "crashed" not in alone("found"), alone("found")
    kind, message = alone("found")[name]
    assert kind == "refused", message
    assert re.search(FINDINGS[name].message, message)


@pytest.mark.parametrize("name", READERS)
def test_changed_files_are_read_or_refused(name: str) -> None:
    assert "crashed" not in alone("changes"), alone("changes")
    answer = alone("changes")[name]
    assert answer["wrong"] == []
    assert "no file" not in answer["seeds"]
    # Neither would be tried if no seed were whole, or if no change did anything.
    assert "read" in answer["seeds"]
    assert "refused" in answer["kinds"]


def test_all_foreign_formats_have_a_reader_here() -> None:
    assert set(FORMATS) <= set(READERS)
