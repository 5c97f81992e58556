"""Every public function and class against odd arguments: a right answer, or a refusal that names them.

The table of valid calls is tests/odd_calls.py, the odd values stand in tests/odd_values.py. The cases run in
a process of their own (tests/odd_arguments.py), where no hook checks types before the library does.
"""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CASES = 800
"""So many of all cases are tried each time, drawn anew; what is SLOW is left to the long run."""
SLOW = ("geosae.figures", "geosae.run", "geosae.report", "geosae.verification.audit", "geosae.replication")
HERE = Path(__file__).parent


def outcome(folder: Path, *command: object) -> dict[str, Any]:
    """Run a script beside the tables, with its temporary files in the folder, and return what it wrote."""
    paths = [str(HERE), *[path for path in sys.path if path]]
    run = subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "TMPDIR": str(folder)},
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_odd_arguments_are_answered_rightly_or_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    seed = random.randrange(2**31)  # pytest-randomly prints the seed of this
    report = outcome(tmp_path, HERE / "odd_arguments.py", CASES, seed, *(f"-{name}" for name in SLOW))
    with capsys.disabled():
        sys.stdout.write(
            f"\n{report['cases']} odd arguments of {report['functions']} functions, seed {seed}\n"
        )
    assert report["missing"] == [], "a public callable has neither a valid call nor a reason for having none"
    assert report["unknown"] == []
    assert report["cases"] > CASES * 0.9
    assert report["faults"] == []


@pytest.mark.slow
def test_all_odd_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    report = outcome(tmp_path, HERE / "odd_arguments.py", 0, 0)
    with capsys.disabled():
        sys.stdout.write(f"\n{report['cases']} odd arguments of {report['functions']} functions\n")
    assert report["invalid"] == [], "a call of the table is not valid"
    assert report["faults"] == []


def test_a_function_that_takes_anything_is_found_out(tmp_path: Path):
    """The judge itself: a raw error, a silent answer, another answer and a nameless refusal are faults."""
    script = tmp_path / "judged.py"
    script.write_text(
        "import json, signal\n"
        "import numpy as np\n"
        "import odd_arguments as judge\n"
        "from geosae.errors import InvalidInput\n"
        "from odd_values import Odd\n"
        "def nameless(count: int) -> int:\n"
        "    raise InvalidInput('this cannot be')\n"
        "def named(count: int) -> int:\n"
        "    raise InvalidInput('count is odd')\n"
        "functions = {\n"
        "    'raw': lambda count: [][0], 'silent': lambda count: 1, 'nameless': nameless, 'named': named,\n"
        "    'other': lambda count: type(count).__name__, 'warns': lambda count: np.float64(0) / 0,\n"
        "}\n"
        "judge._table.update({n: (lambda f=f: f, lambda: {'count': 2}) for n, f in functions.items()})\n"
        "signal.signal(signal.SIGALRM, judge._alarm)\n"
        "odds = [Odd('nan', lambda v: float('nan'), 'refused'), Odd('float', float, 'same')]\n"
        "print(json.dumps({n: [judge.fault(n, 'count', odd) for odd in odds] for n in functions}))\n",
        encoding="utf-8",
    )
    faults = outcome(tmp_path, script)
    assert faults["raw"][0].startswith("IndexError")
    assert faults["silent"] == ["taken: 1.0", None]
    assert faults["other"][1].startswith("another answer")
    assert faults["nameless"][0].startswith("does not name it")
    assert faults["named"] == [None, None]
    assert faults["warns"][0].startswith("RuntimeWarning")
