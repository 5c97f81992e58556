"""Truths with intervals: kept on disk, held against what excludes them, invisible where nothing is said."""

import json

import pytest

from geosae.data.truth import ConceptTruth, truth_from_dict
from geosae.errors import InvalidInput

WHOLE = ConceptTruth(
    convex=False, unit=True, error_interval=(0.25, 0.5), unit_interval=(2, None), overlap_depth=3
)


def test_intervals_survive_json() -> None:
    text = json.dumps(WHOLE.to_dict())
    assert truth_from_dict(json.loads(text)) == WHOLE


def test_cards_without_intervals_are_as_they_were() -> None:
    assert list(ConceptTruth(convex=True).to_dict()) == [
        "convex",
        "irreducible_error",
        "one_neuron",
        "unit",
        "smallest_unit",
    ]
    assert truth_from_dict(ConceptTruth(convex=True).to_dict()) == ConceptTruth(convex=True)


@pytest.mark.parametrize(
    "fields",
    [
        {"error_interval": (0.5, 0.25)},
        {"error_interval": (-0.1, 0.25)},
        {"error_interval": (0.5, 1.5)},
        {"error_interval": (0.1, 0.2), "convex": True},
        {"error_interval": (0.1, 0.2), "irreducible_error": 0.3},
        {"unit_interval": (0, 2)},
        {"unit_interval": (3, 2)},
        {"unit_interval": (2, None), "one_neuron": True},
        {"unit_interval": (2, 3), "unit": False},
        {"unit_interval": (2, 3), "smallest_unit": 4},
        {"unit_interval": (2, None), "smallest_unit": 1},
        {"overlap_depth": 0},
    ],
)
def test_what_contradicts_is_refused(fields: dict) -> None:
    with pytest.raises(InvalidInput):
        ConceptTruth(**fields)
