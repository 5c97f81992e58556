"""Replications of runs whose law is known, made without any training."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measure_trees import cell_result, changed

from geosae.errors import InvalidInput
from geosae.experiments import GateEntry, Plan, Results, Summary, WorldEntry, numbers
from geosae.experiments.store import RunCard
from geosae.replication import compare_runs, replicate
from geosae.replication.record import AnswerPair, Replication
from geosae.storage.structure import write_record
from geosae.studies.study import Answer

WIDTHS = tuple(range(4, 24))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two places where runs of `made` could lie."""
    home = tmp_path_factory.mktemp("runs")
    for name in ("one", "other"):
        write_card(home / name, 5 * len(WIDTHS))
    return home / "one", home / "other"


def write_card(folder: Path, cells: int, status: str = "finished") -> Path:
    """Say that a run in this folder has so many cells, and no job of a study."""
    write_record(folder / "run.json", RunCard("key", cells, 0, 0, {}, status))
    return folder


def made(folder: Path, first_seed: int, rng: np.random.Generator, *, shift: float = 0.0) -> Results:
    """Return a run whose every measure is drawn anew: three normal, one share of four concepts, one fixed."""
    seeds = tuple(range(first_seed, first_seed + 5))
    gates = (GateEntry("topk", (2,)),)
    plan = Plan("made", (WorldEntry("w", "nested-balls"),), gates, WIDTHS, seeds, baselines=())
    cells = []
    for cell in plan.cells():
        a, b, c = rng.normal(shift, 1.0, 3).tolist()
        share = int(rng.binomial(4, 0.7)) / 4
        learned = {"best_error": c, "share": share, "tested": 4.0}
        numbers = {"neurons": float(cell.width), "metrics.l0": a, "agreement.mutual": b}
        numbers |= {f"detection.neurons.{name}": number for name, number in learned.items()}
        cells.append(cell_result(cell, numbers))
    return Results(folder, plan, tuple(cells), {}, (), Summary(()))


def with_number(results: Results, width: int, name: str, number: Callable[[float], float]) -> Results:
    """Return a run in which one number of the cells of one width is another."""
    cells = [
        replace(r, measures=changed(r.measures, name.split("."), number(dict(numbers(r.measures))[name])))
        if r.cell.width == width
        else r
        for r in results.cells
    ]
    return replace(results, cells=tuple(cells))


def two(folders: tuple[Path, Path], seed: int, shift: float = 0.0) -> tuple[Results, Results]:
    rng = np.random.default_rng(seed)
    return made(folders[0], 0, rng), made(folders[1], 100, rng, shift=shift)


def test_two_runs_of_one_law_are_seldom_called_different(folders: tuple[Path, Path]):
    replications = [replicate(*two(folders, seed)) for seed in range(12)]
    parts = [r.parts[0] for r in replications]
    assert [p.part for p in parts] == ["grid"] * 12
    # Shares of concepts may agree for all seeds of both runs; the width and the number tested always do.
    assert all(p.pairs + p.constant == 6 * len(WIDTHS) and p.pairs >= 3 * len(WIDTHS) for p in parts)
    # The measures of F2 are compared like all others: no list of them is kept by hand.
    assert all({p.measure for p in r.pairs} >= {"agreement.mutual", "metrics.l0"} for r in replications)
    assert sum(not r.holds for r in replications) <= 3  # of 12 at 5 %: more has a probability of 0.002
    assert all(r.exact and r.labellings == 252 and r.decisive for r in replications)


def test_another_law_is_noticed(folders: tuple[Path, Path]):
    replication = replicate(*two(folders, 1, shift=1.2))
    part = replication.parts[0]
    assert replication.different_parts == (part,)
    assert part.explained > part.usual
    assert not replication.holds
    p = [pair.adjusted for pair in replication.pairs]
    assert p == sorted(p)


@pytest.mark.parametrize("measure", ["metrics.l0", "agreement.mutual"])
def test_one_measure_that_differs_is_named(folders: tuple[Path, Path], measure: str):
    first, second = two(folders, 2)
    replication = replicate(first, with_number(second, 9, measure, lambda number: number + 80))
    assert [(p.measure, p.setting) for p in replication.different_pairs] == [
        (measure, "w topk width=9 2 trained")
    ]
    worst = replication.pairs[0]
    assert worst.second.mean - worst.first.mean == pytest.approx(80, abs=4)
    assert worst.welch < 0


def test_values_without_spread_prove_nothing_alone(folders: tuple[Path, Path]):
    share = "detection.neurons.share"
    first, second = (
        with_number(results, 4, share, lambda _, value=value: value)
        for results, value in zip(two(folders, 3), (1.0, 0.75), strict=True)
    )
    replication = replicate(first, second)
    [pair] = [p for p in replication.pairs if p.measure == share and "width=4 " in p.setting]
    assert (pair.welch, pair.p) == (np.inf, 0.0)
    # Two values that fall apart by chance prove nothing among so many measures.
    assert pair.adjusted > 0.025
    entry = next(
        p for p in replication.to_dict()["pairs"] if (p["measure"], p["setting"]) == (share, pair.setting)
    )
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
        assert pair.adjusted == pytest.approx(other.adjusted)


def test_too_few_seeds_are_told(folders: tuple[Path, Path]):
    runs = []
    for results in two(folders, 4, shift=50):
        seeds = results.plan.seeds[:3]
        cells = tuple(r for r in results.cells if r.cell.seed in seeds)
        folder = write_card(results.folder.with_name(f"{results.folder.name} few"), len(cells))
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
    stopped = replace(second, folder=write_card(folders[1] / "stopped", 100, "interrupted"))
    assert "its status is 'interrupted'" in refusal(first, stopped)
