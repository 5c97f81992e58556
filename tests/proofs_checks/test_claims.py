"""Every statement's check: it holds, its controls fail, its mutants are caught, its sources exist."""

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geosae.errors import InvalidInput
from geosae.verification import Claim, reproduce, verify, verify_all
from proofs_checks import a2_rate, claims, files
from proofs_checks.__main__ import main
from proofs_checks._balls import cap_excess, local_exponent
from proofs_checks._sampled import rows

ROOT = Path(__file__).parents[2]
EACH = pytest.mark.parametrize("claim", claims().values(), ids=list(claims()))


@EACH
def test_holds_every_control_is_refuted_and_the_tightest_instance_can_be_rebuilt(claim: Claim) -> None:
    verdict = verify(claim, 5, 1)
    assert (verdict.status, verdict.reason) == ("holds", "")
    assert verdict.tried >= 5
    assert [control.hypothesis for control in verdict.controls if not control.refuted] == []
    assert [control.hypothesis for control in verdict.controls if control.refuted < control.tried] == []
    json.dumps(verdict.to_dict(), allow_nan=False)
    assert verdict.tightest is not None
    case = reproduce(claim, index=verdict.tightest.index, requested=5, seed=1)
    assert claim.check(case) == verdict.tightest.evidence


@EACH
def test_what_it_states_is_complete(claim: Claim) -> None:
    assert claim.statement.endswith(".")
    assert claim.tex
    statements = [hypothesis.statement for hypothesis in claim.hypotheses]
    assert statements
    assert len(set(statements)) == len(statements)
    # Controls of its own for each hypothesis: one generator for two of them would break only one.
    assert len({hypothesis.control for hypothesis in claim.hypotheses}) == len(statements)
    assert claim.figure
    known = set(re.findall(r"@\w+\{([^,]+),", (ROOT / "docs/references.bib").read_text(encoding="utf-8")))
    assert set(claim.source.split(",")) <= known


def test_checks_do_not_import_one_another() -> None:
    names = [name.rsplit(".", 1)[1] for name in files().values()]
    for name in names:
        text = (ROOT / "proofs_checks" / f"{name}.py").read_text(encoding="utf-8")
        assert [other for other in names if other != name and re.search(rf"\b{other}\b", text)] == []


def test_the_command_prints_a_line_each_and_exits_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["S5", "S7", "--instances", "5"]) == 0
    out = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in out[2:4]]
    assert [(row[0], row[-2]) for row in rows] == [("S5", "holds"), ("S7", "holds")]
    assert "cannot prove" in out[-1]


def test_the_command_refuses_an_unknown_statement() -> None:
    for options in ([], ["--audit"]):
        with pytest.raises(InvalidInput, match="unknown id 'S99'"):
            main(["S99", *options])


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


@pytest.mark.slow
def test_the_default_run_holds_for_many_seeds() -> None:
    for seed in range(5):
        assert {v.id: v.reason for v in verify_all(claims(), 200, seed) if v.status != "holds"} == {}


def test_the_audit_catches_every_mutant() -> None:
    # In a process of its own, without run-time type checks, which would take minutes here.
    command = [sys.executable, "-m", "proofs_checks", "--audit", "--instances", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert [line for line in lines if " nobody " in line] == []
    assert done.returncode == 0
    assert lines[-1].startswith(f"{len(lines) - 1} of {len(lines) - 1} wrong forms caught (bound ")


@pytest.mark.parametrize(
    ("claim_id", "module", "name", "factor"),
    [
        ("S8", "s8_rarity", "cover_count", 2),
        ("S8", "s8_rarity", "wendel", 2),
        ("S4", "s4_smallest_unit", "ring_unit_size", 2),
        ("S4", "s4_smallest_unit", "ring_points_unit_size", 2),
        ("G4", "g4_kept_sets", "ranking_cells", 2),
        ("S11", "s11_capacity", "naming_dimensions", 2),
        ("G3", "g3_cells", "cells_central", 2),
        ("G4", "g4_kept_sets", "topk_kept_sets", 2),
        ("C2", "c2_welch", "welch", 1.0000001),
        ("A3", "a3_disk", "circumscribed_polygon_area", 1.0000001),
        ("F5", "f5_dimension", "forster", 1.0000001),
    ],
)
def test_a_library_formula_that_is_wrong_is_found_out(
    claim_id: str, module: str, name: str, factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = importlib.import_module(f"proofs_checks.{module}")
    true = getattr(home, name)
    monkeypatch.setattr(home, name, lambda *args: true(*args) * factor)
    assert verify(claims()[claim_id], 3, 0).status != "holds"


def halved(function: Callable[..., float]) -> Callable[..., float]:
    return lambda *args: function(*args) / 2


@pytest.mark.parametrize(
    ("claim_id", "name", "tampered"),
    [
        # The predicate that S6 and S7 share, stuck; S5's own; E3's bounds, halved.
        ("S6", "separated", lambda _: lambda fires, concept: True),
        ("S6", "separated", lambda _: lambda fires, concept: False),
        ("S7", "separated", lambda _: lambda fires, concept: True),
        ("S7", "separated", lambda _: lambda fires, concept: False),
        ("S5", "_served", lambda _: lambda fires, concept, forgiven: True),
        ("E3", "dimension_bound", halved),
        ("E3", "error_bound", halved),
    ],
)
def test_a_tampered_check_makes_the_command_exit_1(
    claim_id: str, name: str, tampered: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = importlib.import_module(files()[claim_id])
    monkeypatch.setattr(home, name, tampered(getattr(home, name)))
    assert main([claim_id, "--instances", "5"]) == 1


@EACH
def test_a_dropped_hypothesis_makes_the_command_exit_1(claim: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    for dropped in claim.hypotheses:
        admits = replace(
            claim,
            instances=dropped.control,
            hypotheses=tuple(h for h in claim.hypotheses if h is not dropped) or claim.hypotheses,
        )
        monkeypatch.setattr("proofs_checks.__main__.claims", lambda admits=admits: {claim.id: admits})
        assert main([claim.id, "--instances", "1"]) == 1


def test_the_audit_exits_1_if_a_hypothesis_can_be_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = claims()["S5"]
    idle = replace(claim.hypotheses[0], control=claim.instances)
    loose = replace(claim, hypotheses=(idle, *claim.hypotheses[1:]))
    monkeypatch.setattr("proofs_checks.__main__.claims", lambda: {"S5": loose})
    assert main(["S5", "--instances", "3"]) == 1
    blunt = replace(claim, instances=lambda count, rng: islice(claim.instances(count, rng), 2))
    monkeypatch.setattr("proofs_checks.__main__.claims", lambda: {"S5": blunt})
    # Two instances hold, and nothing is refuted: but a stuck predicate is not noticed on them.
    assert main(["S5", "--instances", "3"]) == 0
    assert main(["S5", "--instances", "3", "--audit"]) == 1


@pytest.mark.parametrize("count", [1, 30, 200])
def test_sampled_evidence_keeps_to_its_false_alarm_budget_however_much_is_asked(count: int) -> None:
    sampled = [row.counted() for row in rows(count, np.random.default_rng(3))]
    assert len(sampled) == 2 + -(-count // 10)
    assert all(o.grade == "statistical" for o in sampled)
    assert sum(o.false_alarm for o in sampled) == pytest.approx(1e-8)


@pytest.mark.parametrize("r", a2_rate.SLOPE_SIZES)
def test_a_slope_on_m_is_read_off_only_where_the_closed_form_is_near_its_limit(r: int) -> None:
    sizes = a2_rate.SLOPE_SIZES[r]
    for low, high in pairwise(sizes):
        own = np.log(cap_excess(high, r) / cap_excess(low, r)) / np.log(high / low)
        # Its limit, from caps so small that the slope is proved: not from the law that is tried.
        assert abs(own - float(local_exponent(20, r)[0])) < a2_rate.ASYMPTOTIC
    low, high = a2_rate.slope_on_m(r, sizes)
    assert high - low < 0.06


def test_another_law_for_the_best_excess_is_refuted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(a2_rate, "exponent", lambda r: -3.0)
    assert main(["A2", "--instances", "1"]) == 1
    assert "refuted" in capsys.readouterr().out
