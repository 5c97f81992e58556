"""The settings: enough of them, each at three sizes, none twice."""

import pytest

from geosae.benchmark.settings import POINTS, SETTINGS, SIZES, setting
from geosae.errors import InvalidInput


def test_there_are_enough_and_each_has_its_own_seeds() -> None:
    assert len(SETTINGS) >= 16
    seeds = [each.seed(size) for each in SETTINGS.values() for size in SIZES]
    assert len(set(seeds)) == len(seeds)
    assert all(set(each.sizes) == set(SIZES) and each.asks.endswith((".", "?")) for each in SETTINGS.values())


def test_sizes_grow() -> None:
    small, medium, large = (sum(POINTS[size]) for size in SIZES)
    assert small < medium < large


def test_an_unknown_setting_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidInput, match="superposition-1"):
        setting("superpositon-1")


def test_superposition_is_posed_where_features_outnumber_dimensions() -> None:
    for name in ("superposition-1", "superposition-2"):
        for params in SETTINGS[name].sizes.values():
            assert 4 * params["active"] < 4 * params["dim"] < 4 * params["features"]
            assert params["active"] <= params["dim"] // 4
