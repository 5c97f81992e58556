"""What a world answers: what training reaches of what is possible, and the price of detection."""

from collections.abc import Callable
from dataclasses import replace

import geosae_synthetic
import numpy as np
import pytest
from figures.made_runs import concept_answers, learned, write_run

from geosae.analysis import ConceptAnswer
from geosae.data.storage import save_dataset
from geosae.experiments import CellResult, Results, load_results
from geosae.experiments.cell_result import NotionAnswers
from geosae.studies.study import Answer
from geosae.studies.world_answers import world_answers


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A made run of six seeds on two nested balls: units can separate them, one neuron cannot."""
    folder = write_run(tmp_path_factory.mktemp("run"), seeds=tuple(range(6)))
    data = geosae_synthetic.make("nested-balls", points=200, dim=2, depth=2, rng=np.random.default_rng(0))
    for path in folder.glob("worlds/*.npz"):
        save_dataset(data, path)
    return with_answers(load_results(folder), lambda seed: set())


def with_answers(results: Results, reached: Callable[[int], set[str]]) -> Results:
    """Let all trained SAEs separate, by seed, these of the two balls: by neurons and by units."""

    def answers(seed: int) -> tuple[ConceptAnswer, ...]:
        rows = concept_answers(0.5, [f"level {k}" for k in (1, 2)], (0,), "undecided")
        return tuple(replace(r, answer="learned") if r.concept in reached(seed) else r for r in rows)

    cells: list[CellResult] = []
    for each in results.cells:
        separation = NotionAnswers(*[answers(each.cell.seed)] * 3)
        cells.append(replace(each, answers=replace(each.answers, separation=separation)))
    return replace(results, cells=tuple(cells))


def answer(results: Results, id: str) -> Answer:
    (only,) = [a for a in world_answers(results)["plane"] if a.id == id]
    return only


@pytest.mark.parametrize(
    ("reached", "units", "neurons", "share"),
    [
        (lambda seed: set(), "as predicted", "as predicted", "0.00 [0.00, 0.00]"),
        (lambda seed: {"level 1"}, "as predicted", "undecided", "0.50 [0.29, 0.71]"),
        (lambda seed: {"level 1", "level 2"}, "the prediction fails", "undecided", "1.00 [1.00, 1.00]"),
        (
            lambda seed: {"level 1", "level 2"} if seed else {"level 2"},
            "undecided",
            "undecided",
            "0.92 [0.56, 1.00]",
        ),
    ],
)
def test_what_is_reached_of_what_is_possible_is_judged_from_its_interval(
    results, reached, units, neurons, share
):
    varied = with_answers(results, reached)
    assert "can separate the regions of 12 of 12 concepts" in answer(varied, "S3").prediction
    assert f"share of {share} of these (mean over 6 seeds)" in answer(varied, "S3").observation
    assert answer(varied, "S3").verdict == units
    # S1 excludes both balls: what neurons separate within the tolerance refutes nothing, and it is named.
    assert "can separate the region of none of 12 concepts" in answer(varied, "S1").prediction
    assert answer(varied, "S1").verdict == neurons
    assert ("theory excludes it exactly: level" in answer(varied, "S1").observation) == (
        neurons == "undecided"
    )


def test_only_absolute_gates_are_asked(results):
    relative = replace(results, cells=tuple(r for r in results.cells if r.cell.gate == "topk"))
    assert {a.id for a in world_answers(relative)["plane"]} == {"D1"}


def detecting(results: Results, shares: Callable[[CellResult], float]) -> Results:
    cells = [
        replace(
            each,
            measures=replace(
                each.measures,
                metrics=replace(each.measures.metrics, l0=float(each.cell.sparsity)),
                detection=replace(each.measures.detection, neurons=learned(shares(each), 0.1, 20.0)),
            ),
        )
        for each in results.cells
    ]
    return replace(results, cells=tuple(cells))


@pytest.mark.parametrize(
    ("gain", "verdict", "difference"),
    [
        (lambda seed: 0.5, "as predicted", "0.50 [0.48, 0.52]"),
        # Nothing gained or lost by one concept or less: the step of a share is one of 20 concepts.
        (lambda seed: 0.0, "undecided", "0.00 [−0.02, 0.02]"),
        (lambda seed: -0.25, "the prediction fails", "−0.25 [−0.27, −0.23]"),
        (lambda seed: 0.5 * (seed % 2), "undecided", "0.25 [−0.15, 0.65]"),
    ],
)
def test_the_price_of_detection_is_judged_from_paired_differences(results, gain, verdict, difference):
    varied = detecting(results, lambda r: 0.25 + gain(r.cell.seed) * (r.cell.sparsity == 2))
    price = answer(varied, "D1")
    assert price.verdict == verdict
    dense = 0.25 + np.mean([gain(seed) for seed in range(6)])
    assert f"Top-K 0.25 at 1, {dense:.2f} at 2, difference {difference}" in price.observation
    # ReLU has one sparsity: nothing to compare.
    assert "ReLU" not in price.observation


def test_widths_that_a_sparsity_lacks_are_left_out(results):
    """Only wide SAEs may be dense: detection by them must not count for density."""
    cells = tuple(r for r in results.cells if (r.cell.sparsity, r.cell.width) != (2, 2))
    varied = detecting(replace(results, cells=cells), lambda r: 0.25 if r.cell.width == 2 else 0.75)
    assert "Top-K 0.75 at 1, 0.75 at 2, difference 0.00 [−0.02, 0.02]" in answer(varied, "D1").observation


def test_intervals_of_all_worlds_hold_at_once(results):
    """The same world twice: each answer's interval is wider than it was alone."""
    again = tuple(replace(r, cell=replace(r.cell, world="plane again")) for r in results.cells)
    both = replace(results, cells=(*results.cells, *again))

    def width(run: Results) -> float:
        observation = answer(with_answers(run, lambda seed: {"level 1"}), "S3").observation
        low, high = observation.split("[")[1].split("]")[0].split(", ")
        return float(high) - float(low)

    assert width(both) > width(results)
    assert set(world_answers(both)) == {"plane", "plane again"}
