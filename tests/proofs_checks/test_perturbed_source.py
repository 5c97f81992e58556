"""One bound changed in the source, and the command must refuse: for every statement, in both directions."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from geosae.verification import Claim
from proofs_checks import claims, files

ROOT = Path(__file__).parents[2]
PERTURBED = "bound=lambda case: {change},"


def changes(claim: Claim) -> tuple[str, str]:
    """Return the bound made smaller and greater: by one, or by what the claim's file says it notices."""
    scales = claim.scales
    if isinstance(scales, dict):
        # Integer parts are shifted by the audit; here one factor serves all parts of the statement.
        scales = tuple(factor for factors in scales.values() for factor in factors or ())
    if not scales:
        return "bound(case) - 1", "bound(case) + 1"
    return f"float(bound(case)) * {min(scales)}", f"float(bound(case)) * {max(scales)}"


def status_with(change: str, claim_id: str, folder: Path) -> int:
    """Run `python -m proofs_checks` on a copy of the checks in which one line is changed."""
    shutil.copytree(ROOT / "proofs_checks", folder / "proofs_checks")
    file = folder / Path(*files()[claim_id].split(".")).with_suffix(".py")
    source = file.read_text(encoding="utf-8")
    assert source.count("\n    bound=bound,\n") == 1
    file.write_text(source.replace("bound=bound,", PERTURBED.format(change=change)), encoding="utf-8")
    command = [sys.executable, "-m", "proofs_checks", claim_id, "--instances", "20"]
    path = os.pathsep.join((str(folder), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    row = done.stdout.splitlines()[2].split()
    assert row[0] == claim_id
    assert not re.search(r"(instance|control) \d+ raised", done.stdout), "an error is no refusal"
    assert (row[-2] == "holds") == (done.returncode == 0)
    return done.returncode


def test_the_copy_itself_is_accepted(tmp_path: Path) -> None:
    assert status_with("bound(case)", "S7", tmp_path) == 0


@pytest.mark.parametrize(
    "claim_id", [name if name == "S6" else pytest.param(name, marks=pytest.mark.slow) for name in claims()]
)
def test_a_bound_perturbed_in_the_source_is_refused(claim_id: str, tmp_path: Path) -> None:
    statuses = [
        status_with(change, claim_id, tmp_path / str(i))
        for i, change in enumerate(changes(claims()[claim_id]))
    ]
    assert statuses == [1, 1]
