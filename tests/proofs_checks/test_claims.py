"""Every statement's check: it holds, its controls fail, its mutants are caught, its sources exist."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from geosae.verification import Claim, audit, verify
from proofs_checks import claims, files
from proofs_checks.__main__ import main

ROOT = Path(__file__).parents[2]
EACH = pytest.mark.parametrize("claim", claims().values(), ids=list(claims()))


@EACH
def test_holds_and_every_control_is_refuted(claim: Claim) -> None:
    verdict = verify(claim, 12, 1)
    assert (verdict.status, verdict.reason) == ("holds", "")
    assert verdict.tried >= 12
    assert verdict.controls_refuted == verdict.controls_tried > 0
    json.dumps(verdict.to_dict(), allow_nan=False)


@EACH
@pytest.mark.slow
def test_every_mutant_is_caught(claim: Claim) -> None:
    table = audit({claim.id: claim}, 12, 0)
    assert [m.mutant for m in table if not m.caught] == []
    assert len(table) >= 2


@EACH
def test_what_it_states_is_complete(claim: Claim) -> None:
    assert claim.statement.endswith(".")
    assert claim.tex
    assert claim.hypotheses
    assert claim.figure
    known = set(re.findall(r"@\w+\{([^,]+),", (ROOT / "docs/references.bib").read_text(encoding="utf-8")))
    assert set(claim.source.split(",")) <= known


@EACH
def test_the_same_seed_gives_the_same_evidence(claim: Claim) -> None:
    first, again = (verify(claim, 1, 5).to_dict() | {"seconds": 0} for _ in range(2))
    assert first == again


def test_checks_do_not_import_one_another() -> None:
    names = [name.rsplit(".", 1)[1] for name in files().values()]
    for name in names:
        text = (ROOT / "proofs_checks" / f"{name}.py").read_text(encoding="utf-8")
        assert [other for other in names if other != name and re.search(rf"\b{other}\b", text)] == []


def test_the_command_prints_a_line_each_and_exits_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["S5", "S7", "--instances", "5"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in out[1:3]] == [["S5", "holds"], ["S7", "holds"]]
    assert "cannot prove" in out[-1]


def test_a_perturbed_bound_makes_the_command_exit_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import proofs_checks.s6_units as s6

    true = s6.sperner
    monkeypatch.setattr(s6, "sperner", lambda d, K=None: true(d, K) - 1)
    assert main(["S6", "--instances", "5"]) == 1
    assert "refuted" in capsys.readouterr().out
    monkeypatch.setattr(s6, "sperner", lambda d, K=None: true(d, K) + 1)
    assert main(["S6", "--instances", "5"]) == 1
    assert "broken" in capsys.readouterr().out


def test_the_audit_command_catches_every_mutant_of_every_claim() -> None:
    # In a process of its own, without run-time type checks, which would take minutes here.
    command = [sys.executable, "-m", "proofs_checks", "--audit", "--instances", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert [line for line in lines if " nobody " in line or " error " in line] == []
    assert done.returncode == 0
    assert lines[-1] == f"{len(lines) - 1} of {len(lines) - 1} mutants caught"
