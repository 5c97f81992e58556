"""Replications of runs whose law is known, made without any training."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geosae.errors import InvalidInput
from geosae.experiments import GateEntry, Plan, Results, WorldEntry
from geosae.replication import compare_runs, replicate
from geosae.replication.compare_runs import expected_overlap
from geosae.replication.record import AnswerPair, Replication
from geosae.storage.files import write_json
from geosae.studies.study import Answer

WIDTHS = tuple(range(4, 24))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two places where runs of `made` could lie."""
    home = tmp_path_factory.mktemp("runs")
    for name in ("one", "other"):
        write_json(home / name / "run.json", {"status": "finished", "cells": 5 * len(WIDTHS), "jobs": 0})
    return home / "one", home / "other"


def made(folder: Path, first_seed: int, rng: np.random.Generator, *, shift: float = 0.0) -> Results:
    """Return a run whose every measure is drawn anew: three normal, one share of four concepts, one fixed."""
    seeds = tuple(range(first_seed, first_seed + 5))
    gates = (GateEntry("topk", (2,)),)
    plan = Plan("made", (WorldEntry("w", "nested-balls"),), gates, WIDTHS, seeds, baselines=())
    cells = []
    for cell in plan.cells():
        a, b, c = rng.normal(shift, 1.0, 3).tolist()
        share = int(rng.binomial(4, 0.7)) / 4
        metrics = {"l0": a, "fvu": b, "mcc": None}
        notions = {"detection": {"neurons": {"best_error": c, "share": share, "tested": 4}}}
        told = {"neurons": cell.width, "metrics": metrics, "notions": notions, "lattice": {}}
        cells.append({"cell": cell.to_dict(), "key": cell.key, "seconds": 1.0, **told})
    return Results(folder, plan, tuple(cells), {}, (), {})


def two(folders: tuple[Path, Path], seed: int, shift: float = 0.0) -> tuple[Results, Results]:
    rng = np.random.default_rng(seed)
    return made(folders[0], 0, rng), made(folders[1], 100, rng, shift=shift)


def test_two_runs_of_one_law_overlap_as_often_as_expected(folders: tuple[Path, Path]):
    found = [replicate(*two(folders, seed)) for seed in range(12)]
    parts = [r.parts[0] for r in found]
    assert [p.part for p in parts] == ["grid"] * 12
    # Shares of concepts may agree for all seeds of both runs; the width and the number tested always do.
    assert all(p.pairs + p.constant == 6 * len(WIDTHS) and p.pairs >= 3 * len(WIDTHS) for p in parts)
    normal = [pair for r in found for pair in r.pairs if not pair.measure.endswith("share")]
    assert len(normal) == 12 * 3 * len(WIDTHS)
    expected = expected_overlap(5, 5)
    share = np.mean([pair.overlap for pair in normal])
    assert abs(share - expected) <= 4 * np.sqrt(expected * (1 - expected) / len(normal))
    assert all(p.expected == pytest.approx(expected) for p in parts)
    assert sum(not r.holds for r in found) <= 3  # of 12 at 5 %: more has a probability of 0.002
    assert all(r.exact and r.labellings == 252 and r.decisive for r in found)


def test_another_law_is_noticed_though_most_intervals_overlap(folders: tuple[Path, Path]):
    found = replicate(*two(folders, 1, shift=1.2))
    part = found.parts[0]
    assert part.share > 0.5
    assert found.different_parts == (part,)
    assert not found.holds
    assert part.share < part.expected
    assert found.disjoint == found.pairs[: len(found.disjoint)]
    assert len(found.disjoint) == part.pairs - part.overlapping > 0


def test_one_measure_that_differs_is_named(folders: tuple[Path, Path]):
    first, second = two(folders, 2)
    cells = copy.deepcopy(second.cells)
    for record in cells:
        if record["cell"]["width"] == 9:
            record["metrics"]["fvu"] += 80
    found = replicate(first, replace(second, cells=cells))
    assert [(p.measure, p.setting) for p in found.different_pairs] == [
        ("metrics.fvu", "w topk width=9 2 trained")
    ]
    worst = found.pairs[0]
    assert (worst.overlap, worst.width) == (False, "both")
    assert worst.second.value - worst.first.value == pytest.approx(80, abs=4)
    assert worst.welch < 0


def test_points_without_spread_are_counted_and_named(folders: tuple[Path, Path]):
    first, second = (copy.deepcopy(results) for results in two(folders, 3))
    for results, value in ((first, 1.0), (second, 0.75)):
        for record in results.cells:
            if record["cell"]["width"] == 4:
                record["notions"]["detection"]["neurons"]["share"] = value
    found = replicate(first, second)
    assert found.parts[0].points_apart == 1
    [pair] = [p for p in found.pairs if p.width == "none"]
    assert (pair.overlap, pair.welch, pair.p) == (False, np.inf, 0.0)
    # Two values that fall apart by chance prove nothing among so many measures.
    assert pair.adjusted > 0.025
    entry = next(p for p in found.to_dict()["pairs"] if p["width"] == "none")
    assert entry["welch"] is None


@settings(max_examples=8)
@given(
    seed=st.integers(0, 1000), shift=st.sampled_from([0.0, 0.5, 2.0]), labellings=st.sampled_from([40, 300])
)
def test_the_order_of_the_runs_does_not_matter(
    folders: tuple[Path, Path], seed: int, shift: float, labellings: int
):
    first, second = two(folders, seed, shift)
    there, back = (replicate(*pair, labellings=labellings) for pair in ((first, second), (second, first)))
    assert there.exact == (labellings == 300)
    for one, other in zip(there.parts, back.parts, strict=True):
        counts, mirrored = ({k: v for k, v in vars(p).items() if k != "part"} for p in (one, other))
        assert one.part == other.part
        assert counts == pytest.approx(mirrored, rel=1e-9)
    turned = {(p.setting, p.measure): p for p in back.pairs}
    for pair in there.pairs:
        other = turned[pair.setting, pair.measure]
        assert (pair.first, pair.second) == (other.second, other.first)
        assert pair.welch == pytest.approx(-other.welch, rel=1e-9)
        assert (pair.overlap, pair.adjusted) == (other.overlap, pytest.approx(other.adjusted))


def test_too_few_seeds_are_told(folders: tuple[Path, Path]):
    runs = []
    for results in two(folders, 4, shift=50):
        seeds = results.plan.seeds[:3]
        cells = tuple(r for r in results.cells if r["cell"]["seed"] in seeds)
        write_json(results.folder.with_name(f"{results.folder.name} few") / "run.json",
                   {"status": "finished", "cells": len(cells), "jobs": 0})  # fmt: skip
        folder = results.folder.with_name(f"{results.folder.name} few")
        runs.append(replace(results, folder=folder, plan=replace(results.plan, seeds=seeds), cells=cells))
    found = replicate(*runs)
    assert found.least == pytest.approx(2 / 20)
    assert not found.decisive
    assert found.holds  # nothing can be told, however far apart


PREDICTED, FAILS, OPEN = "as predicted", "the prediction fails", "undecided"


def test_answers_are_paired_by_what_they_predict(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch):
    first, second = two(folders, 5)
    told = {
        first.folder: [
            ("S1", PREDICTED),
            ("S3", OPEN),
            ("L0", OPEN),
            ("L0", FAILS),
            ("P1", PREDICTED),
            ("A2", FAILS),
        ],
        second.folder: [("S1", PREDICTED), ("S3", FAILS), ("L0", OPEN), ("L0", FAILS), ("P1", FAILS)],
    }

    def answers(results: Results) -> dict[str, list[Answer]]:
        return {
            "grid": [Answer(name, f"about {name}", "seen", verdict) for name, verdict in told[results.folder]]
        }

    monkeypatch.setattr(compare_runs, "all_answers", answers)
    found = replicate(first, second)
    assert [a.agreement for a in found.answers] == [
        "agree", "one undecided", "agree", "agree", "contradict", "in one run only",
    ]  # fmt: skip
    assert found.counts() == {"agree": 3, "one undecided": 1, "contradict": 1, "in one run only": 1}
    assert found.contradicted == (AnswerPair("grid", "P1", "about P1", PREDICTED, FAILS),)
    assert not found.holds


def refusal(first: Results, second: Results) -> str:
    with pytest.raises(InvalidInput) as refused:
        replicate(first, second)
    return str(refused.value)


def test_runs_that_are_not_comparable_are_refused_by_name(folders: tuple[Path, Path]):
    first, second = two(folders, 6)
    assert "both runs have the seeds 0, 1, 2, 3, 4" in refusal(first, first)
    other = replace(second, plan=replace(second.plan, tolerance=0.2))
    assert "the plan, tolerance is 0.05 in the first and 0.2 in the second" in refusal(first, other)
    other = replace(second, plan=replace(second.plan, worlds=(WorldEntry("w", "digits"),)))
    assert "the plan, worlds 1, source is 'nested-balls'" in refusal(first, other)
    assert isinstance(
        replicate(first, replace(second, plan=replace(second.plan, title="again"))), Replication
    )
    assert "holds 99 of 100 cells" in refusal(first, replace(second, cells=second.cells[1:]))
    assert "1 cells or jobs failed" in refusal(replace(first, failures={"w": "no"}), second)
    write_json(folders[1] / "stopped" / "run.json", {"status": "interrupted", "cells": 100, "jobs": 0})
    stopped = replace(second, folder=folders[1] / "stopped")
    assert "its status is 'interrupted'" in refusal(first, stopped)
