"""Comparisons paired over seeds: made runs with known differences, runs without any, and wrong versions."""

import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from scipy import stats

from geosae.experiments import BASELINES, Cell, CellResult, Results, gate_name
from geosae.studies.baseline_questions import baseline_questions, quantities_of
from geosae.studies.comparisons import Decision, Differences, Question, decide, least_ratio
from geosae.studies.grid_answers import grid_answers, grid_decisions

sys.path.insert(0, str(Path(__file__).parent))
from made_grids import cell_result, plan, results

WORLDS = ("balls", "features", "rings")


def against(run: Results, words: str, quantity: str) -> Decision:
    subject = f"Trained against {words}, {quantity}"
    (decision,) = (d for d in grid_decisions(run) if d.question.subject.startswith(subject))
    return decision


def counts(decision: Decision) -> tuple[int, int, int]:
    return len(decision.on("above")), len(decision.on("not apart")), len(decision.on("below"))


def different(cell: Cell) -> CellResult:
    """Training helps in one world, hurts in another by ReLU only, and changes nothing in the third."""
    rng = np.random.default_rng([cell.seed, int(cell.key[:8], 16)])
    gain = {"features": 0.6, "rings": -0.6 if cell.gate == "relu" else 0.0, "balls": 0.0}[cell.world]
    share = 0.1 + 0.6 * (gain < 0) + (gain if cell.baseline == "trained" else 0.0)
    noise = rng.normal(scale=0.02, size=3)
    return cell_result(cell, share + noise[0], 1 - share + noise[1], 0.3 + noise[2], concepts=40)


def test_known_differences_are_found_and_the_worlds_are_named():
    run = results(plan(WORLDS, seeds=5), different)
    for quantity in ("share of concepts that one neuron", "share of concepts that a unit", "mean separation"):
        decision = against(run, "untrained", quantity)
        # Three worlds × two gates: what was put in, and nothing else.
        assert counts(decision) == (2, 3, 1)
        assert decision.verdict == "undecided"  # the worlds disagree
        assert [c.differences.world for c in decision.on("above")] == ["features", "features"]
        below = decision.on("below")[0].differences
        assert (below.world, below.gate, len(below.by_seed)) == ("rings", "relu", 5)
        assert f"features, {gate_name('topk')}: 0." in decision.observation
        assert "in 2 (" in decision.observation
        assert "not apart in 3," in decision.observation


def test_no_neuron_is_worse_than_silence():
    """A dense baseline, whose errors are counted in multiples of the concept, beats nothing by 12 : 1."""

    def dense(cell: Cell) -> CellResult:
        error = 1.0 + 0.01 * cell.seed if cell.baseline == "trained" else 12.0
        return cell_result(cell, 0.0, error, 0.3)

    decision = against(results(plan(WORLDS, 5), dense), "untrained", "mean separation error")
    assert counts(decision) == (0, 6, 0)
    assert {value for c in decision.comparisons for value in c.differences.by_seed.values()} == {0.0}


def test_settings_of_one_seed_are_one_difference():
    """Ten times as many settings with the same numbers tell no more than one of them."""
    few = plan(("features",), seeds=3, baselines=("untrained",))
    many = replace(few, widths=tuple(range(4, 14)))

    def by_seed(cell: Cell) -> CellResult:
        gain = 0.1 * (1 + cell.seed) if cell.baseline == "trained" else 0.0
        return cell_result(cell, 0.2 + gain, 0.5, 0.3)

    first, second = (results(each, by_seed) for each in (few, many))
    assert len(second.cells) == 10 * len(first.cells)
    pairs = zip(grid_decisions(first), grid_decisions(second), strict=True)
    for one_width, ten_widths in pairs:
        for a, b in zip(one_width.comparisons, ten_widths.comparisons, strict=True):
            assert a.differences.p == pytest.approx(b.differences.p)
            assert a.side == b.side


def test_one_seed_is_undecided_and_counts_nowhere():
    run = results(plan(WORLDS, seeds=1), different)
    assert {decision.family for decision in grid_decisions(run)} == {0}
    assert grid_answers(run)
    for answer in grid_answers(run):
        assert answer.verdict == "undecided"
        assert "one seed" in answer.observation


def test_a_cell_that_failed_takes_its_seed_alone_away():
    run = results(plan(("features",), seeds=4, baselines=("untrained",)), different)
    lost = next(r for r in run.cells if r.cell.baseline == "untrained" and r.cell.seed == 2)
    cells = tuple(r for r in run.cells if r is not lost)
    decision = against(replace(run, cells=cells), "untrained", "share of concepts that one neuron")
    # Another setting of the same gate still has the seed.
    assert [set(c.differences.by_seed) for c in decision.comparisons] == [{0, 1, 2, 3}] * 2


def test_a_ceiling_is_broken_from_above_only():
    kinds = ("untrained", "planted")

    def with_ceiling(top: float) -> Callable[[Cell], CellResult]:
        def numbers(cell: Cell) -> CellResult:
            share = {"trained": 0.5, "planted": top, "untrained": 0.5}[cell.baseline]
            return cell_result(cell, share + 0.001 * cell.seed * (cell.baseline == "trained"), 0.5, 0.3)

        return numbers

    for top, verdict in ((1.0, "as predicted"), (0.5, "undecided"), (0.0, "the prediction fails")):
        run = results(plan(WORLDS, 5, kinds), with_ceiling(top))
        decision = against(run, BASELINES["planted"].printed, "share of concepts that a unit")
        assert decision.verdict == verdict
    for baseline in BASELINES:
        assert quantities_of(baseline), baseline  # every ceiling says of what it is one


def test_p_is_that_of_scipy_and_steps_make_it_greater():
    rng = np.random.default_rng(0)
    for count in (2, 3, 5, 9):
        values = dict(enumerate(rng.normal(0.4, 1.0, size=count).tolist()))
        p = Differences("w", "topk", values).p
        assert p == pytest.approx(float(stats.ttest_1samp(list(values.values()), 0.0).pvalue))
        assert Differences("w", "topk", values, step=0.5).p > p
    assert math.isnan(Differences("w", "topk", {0: 1.0}).p)
    assert Differences("w", "topk", {0: 0.0, 1: 0.0}).p == 1.0
    # A mean of exactly so many spreads is the first of its family that is apart.
    spread = np.array([-1.0, 0.0, 1.0])
    for factor, p in ((1.0001, 0.05 / 100), (0.9999, 0.05 / 100)):
        mean = factor * least_ratio(3, 100)
        assert (Differences("w", "topk", dict(enumerate((spread + mean).tolist()))).p < p) == (factor > 1)


def exchangeable(rng: np.random.Generator, seeds: int, worlds: int) -> Results:
    """A run in which the kinds of SAEs differ by chance alone: in each seed they could be exchanged.

    All cells of one world and seed share a seed effect; shares are counts among few concepts, errors counts
    among few points, so that both agree in all seeds now and then.
    """
    names = tuple(f"world {i}" for i in range(worlds))
    sizes = {name: int(rng.integers(3, 25)) for name in names}
    chances = {name: rng.beta(0.5, 0.5, size=sizes[name]) for name in names}
    effect = {(name, seed): rng.normal() for name in names for seed in range(seeds)}

    def numbers(cell: Cell) -> CellResult:
        shift, count = effect[cell.world, cell.seed], sizes[cell.world]
        chance = np.clip(chances[cell.world] + 0.1 * shift, 0, 1)
        share, floor = (rng.random((2, count)) < chance).mean(axis=1)
        error = rng.binomial(250, np.clip(0.3 + 0.1 * shift, 0, 1), size=count).mean() / 250
        fvu = math.exp(0.2 * shift + 0.1 * rng.normal()) / 3
        return cell_result(cell, float(share), float(error), fvu, float(floor), count)

    return results(plan(names, seeds), numbers)


def any_apart(decisions: tuple[Decision, ...]) -> bool:
    return any(decision.on("above") or decision.on("below") for decision in decisions)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5])
def test_whole_runs_without_a_difference_are_apart_no_more_often_than_the_level(seeds: int):
    rng = np.random.default_rng(seeds)
    wrong = sum(any_apart(grid_decisions(exchangeable(rng, seeds, worlds=2))) for _ in range(400))
    assert wrong <= 0.05 * 400


Kind = Literal["shares of few concepts", "errors", "both"]


def exchanged(rng: np.random.Generator, kind: Kind, seeds: int, worlds: int = 12) -> tuple[Question, ...]:
    """Two kinds of SAEs of one law in each world; a coin for each seed says which is called trained."""
    sizes = rng.integers(2, 9, size=worlds)
    coin = rng.choice([-1.0, 1.0], size=(worlds, seeds))
    pairs = rng.binomial(sizes[:, None, None], rng.beta(0.5, 0.5, size=(worlds, 1, 1)), (worlds, seeds, 2))
    shares = coin * (pairs[..., 0] - pairs[..., 1]) / sizes[:, None]
    errors = coin * rng.normal(size=(worlds, seeds)) * rng.lognormal(size=(worlds, 1))
    by_kind = {"shares of few concepts": (shares, 1 / sizes), "errors": (errors, 0 * sizes)}
    return tuple(
        Question(
            "baseline", "None.", name, "more", "fewer",
            tuple(
                Differences(f"world {i}", "topk", dict(enumerate(values.tolist())), float(step))
                for i, (values, step) in enumerate(zip(*by_kind[name], strict=True))
            ),
        )
        for name in by_kind if kind in (name, "both")
    )  # fmt: skip


def without_steps(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    """A wrong version: shares taken for real numbers."""
    return tuple(
        replace(q, differences=tuple(replace(d, step=0.0) for d in q.differences)) for q in questions
    )


@pytest.mark.parametrize("seeds", [3, 5])
def test_exchanged_labels_are_apart_no_more_often_than_the_level(seeds: int):
    rng = np.random.default_rng(seeds)
    draws = 400
    runs = [exchanged(rng, "both", seeds) for _ in range(draws)]
    assert sum(any_apart(decide(run)) for run in runs) <= 0.05 * draws
    # The negative controls. Without the correction nearly every other run has something apart, and without
    # the steps shares that agree by chance in all of three seeds are.
    assert sum(any(d.p <= 0.05 for q in run for d in q.differences) for run in runs) > 0.4 * draws
    if seeds == 3:
        assert sum(any_apart(decide(without_steps(run))) for run in runs) > 0.1 * draws
    # And the errors alone, which have no steps, use the level up: the test is not merely cautious.
    errors = [exchanged(rng, "errors", seeds) for _ in range(draws)]
    assert sum(any_apart(decide(run)) for run in errors) > 0.01 * draws


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 4, 5])
@pytest.mark.parametrize("kind", ["shares of few concepts", "errors", "both"])
def test_exchanged_labels_at_length(seeds: int, kind: Kind):
    rng = np.random.default_rng(99 + seeds)
    draws = 3000
    wrong = sum(any_apart(decide(exchanged(rng, kind, seeds))) for _ in range(draws))
    # Errors use the level up, so that their share lies about it; three standard errors of the count.
    assert wrong / draws <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / draws)


def test_exchanging_the_labels_of_a_run_that_differs_takes_its_answers_away():
    """Each seed for itself: where the coins disagree, what training did can no longer be told."""
    run = results(plan(("features",), 5, ("untrained",)), different)
    assert any_apart(grid_decisions(run))
    questions = [q for q in baseline_questions(run) if "untrained" in q.subject]
    coins = {0: 1, 1: -1, 2: 1, 3: -1, 4: 1}
    flipped = [
        replace(
            q,
            differences=tuple(
                replace(d, by_seed={seed: coins[seed] * value for seed, value in d.by_seed.items()})
                for d in q.differences
            ),
        )
        for q in questions
    ]
    assert not any_apart(decide(flipped))
