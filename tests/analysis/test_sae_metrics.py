"""The figures of an SAE as they are written and read back."""

import numpy as np
import pytest
from analysis.planted import Planted, random_dataset, random_planted, square

from geosae.analysis import AnalysisConfig, analyse
from geosae.analysis.sae_metrics import SAEMetrics
from geosae.data.split import split_rows
from geosae.errors import InvalidInput


def test_figures_are_written_as_they_are_and_come_back():
    data = random_dataset(np.random.default_rng(0), 60, 2, 2)
    metrics = analyse(square(), data, AnalysisConfig(floor=False)).metrics
    figures = metrics.to_metrics()
    assert figures == {name: getattr(metrics, name) for name in ("l0", "fvu", "dead_share", "dense_share")}
    # Of the six neurons one is dead; the one that fires everywhere is dense.
    assert figures["dead_share"] == pytest.approx(1 / 6)
    assert figures["dense_share"] == pytest.approx(np.mean(square().fires(data.points).mean(axis=0) > 0.5))
    again = SAEMetrics.from_parts(metrics.to_dict(), metrics.fired)
    assert again.to_metrics() == figures
    assert again.unexplained == metrics.unexplained


class Halving(Planted):
    def reconstruct(self, points):
        return points / 2


def test_the_unexplained_share_is_that_of_what_is_left_over():
    rng = np.random.default_rng(0)
    data, planted = random_dataset(rng, 200, 2, 2), random_planted(rng, 4, 2)
    al = analyse(Halving(planted.w, planted.c), data, AnalysisConfig(floor=False))
    x = data.points[split_rows(200, 0.5, np.random.default_rng(np.random.SeedSequence(0).spawn(4)[0]))[1]]
    assert al.fvu == pytest.approx((x**2).sum() / 4 / ((x - x.mean(axis=0)) ** 2).sum())


def test_what_is_not_defined_is_null_and_nan_again():
    parts = dict.fromkeys(analyse_parts()) | {"points": 1, "active": 2}
    one = SAEMetrics.from_parts(parts, np.array([1, 1, 0]))
    assert (one.l0, one.dense_share) == (2.0, pytest.approx(2 / 3))
    assert np.isnan(one.fvu)
    assert one.to_metrics()["fvu"] is None
    assert one.to_dict() == parts
    for damaged, match in (({"points": 0}, "more points than there are"), ({"active": 3}, "active pairs")):
        with pytest.raises(InvalidInput, match=match):
            SAEMetrics.from_parts(parts | damaged, np.array([1, 1, 0]))


def analyse_parts() -> list[str]:
    data = random_dataset(np.random.default_rng(0), 60, 2, 2)
    metrics = analyse(square(), data, AnalysisConfig(floor=False)).metrics
    return [name for name in metrics.to_dict() if name not in ("points", "active")]
