from dataclasses import make_dataclass

import pytest
from measure_trees import cell_result

from geosae.experiments import Cell, numbers, summarise
from geosae.experiments.jobs import StudyRecord
from geosae.replication.per_seed import grid_values, numbers_in, study_values


def record(result: dict, **settings: object) -> StudyRecord:
    return StudyRecord(
        make_dataclass("Settings", [(key, type(value)) for key, value in settings.items()])(**settings),
        result,
    )


def test_a_study_is_grouped_by_its_settings_without_the_seed():
    records = [
        record({"share": k + s / 10}, gate="topk", k=k, steps=4, seed=s) for k in (1, 2) for s in (0, 7)
    ]
    assert study_values("s", records) == {
        ("s", "k=1", "share"): {0: 1.0, 7: 1.7},
        ("s", "k=2", "share"): {0: 2.0, 7: 2.7},
    }


def test_a_word_that_was_not_said_has_the_share_zero_and_a_number_not_known_none():
    records = [
        record({"kind": kind, "margin": m}, seed=s) for s, (kind, m) in enumerate([("a", 1.0), ("b", None)])
    ]
    assert study_values("s", records) == {
        ("s", "", "kind=a"): {0: 1.0, 1: 0.0},
        ("s", "", "kind=b"): {0: 0.0, 1: 1.0},
        ("s", "", "margin"): {0: 1.0},
    }


def test_names_of_neurons_are_no_numbers_and_counts_are():
    found = numbers_in({"whole": 3, "found": True, "kinds": {"whole": 4, "split": 0}, "pieces": [5, 9]}, {})
    assert found == {
        "whole known": 1.0,
        "found": 1.0,
        "kinds.whole": 4.0,
        "kinds.split": 0.0,
        "pieces.count": 2.0,
    }


def test_lists_are_read_by_place_only_where_the_settings_say_what_the_places_are():
    result = {"shares": [0.1, 0.3], "others": [0.1, 0.2, 0.3]}
    assert numbers_in(result, {"widths": (4, 8)}) == {
        "shares[widths=4]": 0.1,
        "shares[widths=8]": 0.3,
        "others.count": 3.0,
        "others": pytest.approx(0.2),
    }
    # Two lists of that length: nothing tells which of them it follows.
    assert numbers_in({"shares": [0.1, 0.3]}, {"widths": [4, 8], "ks": [1, 2]}) == {
        "shares.count": 2.0,
        "shares": 0.2,
    }


def test_the_grid_gives_what_the_summary_averages():
    cell = Cell("w", "nested-balls", {}, 0, "topk", 2, 8, 3)
    known = {"neurons": 8.0, "metrics.l0": 2.0, "detection.neurons.share": 1.0, "agreement.mutual": 0.5}
    assert grid_values([cell_result(cell, known)]) == {
        ("grid", "w topk width=8 2 trained", measure): {3: value} for measure, value in known.items()
    }
    row = summarise([cell_result(cell, known)]).rows[0]
    assert {name for name, interval in numbers(row.measures) if interval.n} == set(known)
