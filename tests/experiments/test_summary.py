import json
import math
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from figures.made_runs import result
from scipy import stats

from geosae.experiments import UNKNOWN, Cell, CellResult, Interval, Summary, mean_interval, numbers, summarise
from geosae.storage.structure import from_json, to_json


def test_the_interval_is_scipys_student_t():
    values = np.random.default_rng(0).normal(size=7).tolist()
    interval = mean_interval(values)
    expected = stats.t.interval(0.95, 6, loc=np.mean(values), scale=stats.sem(values))
    assert interval.mean == pytest.approx(np.mean(values))
    assert (interval.low, interval.high) == pytest.approx(expected)
    assert interval.n == 7
    assert interval.is_bounded


def test_the_interval_covers_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    intervals = (mean_interval(rng.normal(size=3).tolist()) for _ in range(2000))
    hits = sum(interval.low <= 0 <= interval.high for interval in intervals)
    # 2000 trials at 0.95: a binomial of standard deviation 9.7.
    assert abs(hits - 1900) < 50


def test_one_seed_gives_no_interval_and_unknown_values_do_not_count():
    assert mean_interval([2.0]) == Interval(2.0, -math.inf, math.inf, 1)
    assert mean_interval([2.0], (0.0, math.inf)) == Interval(2.0, 0.0, math.inf, 1)
    assert not mean_interval([2.0], (0.0, 3.0)).is_bounded
    assert mean_interval([2.0, None, math.nan, 2.0]) == Interval(2.0, 2.0, 2.0, 2)
    assert mean_interval([None, None], (0.0, 1.0)) is UNKNOWN


@pytest.mark.parametrize("values", [[], [2.0], [1.0, 2.0]])
def test_an_interval_in_json_is_the_same_interval(values: list[float]):
    interval = mean_interval(values, (0.0, math.inf))
    text = json.dumps(to_json(interval), allow_nan=False)
    # As text, since nan equals itself there.
    assert repr(from_json(Interval, json.loads(text), "the interval")) == repr(interval)


def of(seed: int, share: float, *, width: int = 4) -> CellResult:
    """The result of a cell of this seed, with this share of concepts that neurons detect."""
    made = result(Cell("w", "nowhere", {}, 0, "topk", 2, width, seed), ("c",))
    learned = replace(made.measures.detection.neurons, share=share)
    measures = replace(
        made.measures,
        detection=replace(made.measures.detection, neurons=learned),
        lattice=replace(made.measures.lattice, concepts=3.0 + seed),
    )
    return replace(made, measures=measures)


def test_one_row_per_group_with_the_means_of_all_numbers():
    rows = summarise([of(0, 0.5), of(1, 1.0), of(0, 0.1, width=8)]).rows
    assert [(row.width, row.seeds) for row in rows] == [(4, 2), (8, 1)]
    share = rows[0].measures.detection.neurons.share
    assert share.mean == 0.75
    assert share.high == 1.0  # cut to the range of a share
    assert rows[0].measures.metrics.mcc is UNKNOWN
    assert rows[0].measures.lattice.concepts.mean == 3.5
    # What was not measured stays so, and every other number of a cell has its mean.
    assert rows[0].measures.approximation.neurons is None
    assert [name for name, _ in numbers(rows[0].measures)] == [
        name for name, _ in numbers(of(0, 0.5).measures)
    ]
    assert all(isinstance(interval, Interval) for _, interval in numbers(rows[0].measures))


def test_no_number_of_a_cell_is_passed_over_by_the_walkers():
    measures = of(0, 0.5).measures
    assert {name for name, _ in numbers(measures)} == set(_floats(measures, ""))


def _floats(tree: Any, prefix: str) -> list[str]:
    """The dotted names of all floats of a tree, found by their type and not by what they are marked as."""
    if is_dataclass(tree):
        return [
            name
            for each in fields(tree)
            for name in _floats(getattr(tree, each.name), f"{prefix}.{each.name}".strip("."))
        ]
    return [prefix] if isinstance(tree, float) else []


def test_a_summary_in_json_is_the_same_summary_and_holds_no_errors_of_single_concepts():
    summary = summarise([of(0, 0.5), of(1, 1.0)])
    text = json.dumps(to_json(summary), allow_nan=False)
    assert repr(from_json(Summary, json.loads(text), "the summary")) == repr(summary)
    assert "errors" not in text


def test_errors_and_their_differences_are_not_cut_at_one():
    """Alarms are counted per point of the concept: an error can be 3, and one less another −2."""
    trees = []
    for seed, (error, difference) in enumerate([(2.5, -2.0), (3.5, -3.0)]):
        measures = of(seed, 0.5).measures
        learned = replace(measures.separation.neurons, best_error=error)
        trees.append(
            replace(
                measures,
                separation=replace(measures.separation, neurons=learned),
                agreement=replace(measures.agreement, neuron_asymmetry=difference),
            )
        )
    cells = [replace(of(seed, 0.5), measures=tree) for seed, tree in enumerate(trees)]
    (row,) = summarise(cells).rows
    half = 12.7062 * 0.5  # t(0.975, 1) times the standard error of two values one apart
    error = row.measures.separation.neurons.best_error
    assert (error.mean, error.low, error.high) == pytest.approx((3.0, 0.0, 3.0 + half), abs=1e-3)
    difference = row.measures.agreement.neuron_asymmetry
    assert (difference.mean, difference.low, difference.high) == pytest.approx(
        (-2.5, -2.5 - half, -2.5 + half), abs=1e-3
    )
