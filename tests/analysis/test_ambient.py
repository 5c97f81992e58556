import numpy as np
import pytest
from analysis.planted import Planted, square

from geosae.analysis import AnalysisConfig, analyse
from geosae.analysis.ambient import fills_uniformly
from geosae.data.dataset import ConceptDataset
from geosae.geometry.approximation.measures import Gaussian, UniformBall, UniformBox
from geosae.geometry.regions.registry import Ball, Box

LOW, HIGH = np.full(2, -2.0), np.full(2, 2.0)


def _dataset(regions, ambient, seed=0, size=800):
    points = np.random.default_rng(seed).uniform(-2, 2, (size, 2))
    right = points[:, 0] > 0
    membership = np.stack([right if r is None else r.contains(points) for r in regions], axis=1)
    names = tuple(f"c{k}" for k in range(len(regions)))
    return ConceptDataset(
        points, membership, names, regions=tuple(regions), ambient=ambient, allow_trivial=True
    )


def test_a_polygon_is_approximated_exactly_by_its_edges():
    data = _dataset([Box(np.full(2, -1.0), np.full(2, 1.0))], UniformBox(LOW, HIGH))
    al = analyse(square(), data)
    row = al.answers("approximation", "units")[0]
    assert (row.neurons, row.answer, row.error) == ((0, 1, 2, 3), "learned", 0.0)
    assert 0 < row.high < 0.05
    assert row.least_tolerance < 0.01
    assert al.context("approximation").incidence.sum() == 0
    # One edge alone: {x > -1} keeps the square and adds 12 − 4 = 8 to its area 4.
    assert al.approximation.values["shortfall"][0, 0] == 0.0
    assert al.approximation.errors["excess"].low[0, 0] <= 2.0 <= al.approximation.errors["excess"].high[0, 0]
    # The dead neuron loses all of it and adds nothing; the ever-firing one adds the other 12.
    assert al.approximation.values["difference"][0, 4] == 1.0
    assert al.approximation.values["excess"][0, 5] == pytest.approx(3.0, rel=0.05)


def test_a_region_that_holds_none_of_the_concept_is_no_model_concept():
    # The dead neuron's error is 1, less than that of any edge (2): it is not chosen all the same.
    data = _dataset([Box(np.full(2, -1.0), np.full(2, 1.0))], UniformBox(LOW, HIGH))
    row = analyse(square(), data).answers("approximation", "neurons")[0]
    assert row.neurons in ((0,), (1,), (2,), (3,))
    assert row.answer == "not learned"
    away = Planted(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([-1.5, -1.0]))
    nothing = analyse(away, data).answers("approximation", "units")[0]
    assert (nothing.neurons, nothing.answer) == ((), "no unit")


@pytest.mark.parametrize(
    "ambient", [UniformBox(LOW, HIGH), UniformBall(np.zeros(2), 3.0), Gaussian(np.zeros(2), 1.0)]
)
@pytest.mark.parametrize("known", [True, False])
def test_the_three_errors_are_covered_with_and_without_a_known_mass(ambient, known, monkeypatch):
    # C: the unit disk. θ: {x > 0.5}. Truth by sums on a fine grid, independent of any sampling.
    if not known:
        monkeypatch.setattr(
            "geosae.analysis.ambient.masses", lambda regions, _: np.full(len(regions), np.nan)
        )
    disk = Ball(np.zeros(2), 1.0)
    in_c, in_both, in_theta = _truth(ambient)
    excess, shortfall = (in_theta - in_both) / in_c, (in_c - in_both) / in_c
    failures = 0
    for seed in range(20):
        al = analyse(
            Planted(np.array([[1.0, 0.0]]), np.array([-0.5])),
            _dataset([disk], ambient),
            AnalysisConfig(seed=seed),
        )
        e = al.approximation.errors
        truth = {"excess": excess, "shortfall": shortfall, "difference": excess + shortfall}
        failures += any(not e[k].low[0, 0] <= truth[k] <= e[k].high[0, 0] for k in truth)
        for k in truth:
            assert al.approximation.values[k][0, 0] == pytest.approx(truth[k], rel=0.2)
            assert e[k].value[0, 0] == pytest.approx(al.approximation.values[k][0, 0])
    assert failures <= 3  # 20 runs at 1 − 0.05: more than 3 failures have probability < 0.02


def _truth(ambient):
    """ν of the disk, of the disk cut with {x > 1/2}, and of {x > 1/2}, by midpoint sums on a fine grid."""
    step = 0.005
    axis = np.arange(-6, 6, step) + step / 2
    x, y = np.meshgrid(axis, axis)
    if isinstance(ambient, UniformBox):
        density = ((abs(x) < 2) & (abs(y) < 2)) / 16
    elif isinstance(ambient, UniformBall):
        density = (x**2 + y**2 < 9) / (9 * np.pi)
    else:
        density = np.exp(-(x**2 + y**2) / 2) / (2 * np.pi)
    disk, right = x**2 + y**2 < 1, x > 0.5
    return tuple(float((density * s).sum() * step**2) for s in (disk, disk & right, right))


def test_a_region_too_small_to_be_hit_is_still_measured_from_within():
    tiny = Ball(np.array([1.5, 1.5]), 1e-6)
    data = _dataset([tiny, Ball(np.zeros(2), 1.0)], UniformBox(LOW, HIGH))
    al = analyse(square(), data, AnalysisConfig(tolerance=0.0, ambient_samples=500))
    assert al.ambient.outer.positives[0, 0] == 0
    shortfall = al.approximation.errors["shortfall"]
    assert shortfall.value[0].tolist() == [0.0, 1.0, 0.0, 1.0, 1.0, 0.0]
    assert shortfall.high[0, 0] < 0.05


def test_points_from_within_are_used_only_where_they_are_distributed_like_the_measure():
    box, ball = UniformBox(LOW, HIGH), UniformBall(np.zeros(2), 1.0)
    assert fills_uniformly(box, Ball(np.ones(2), 1.0))
    assert not fills_uniformly(box, Ball(np.ones(2), 1.001)), "the region leaves the box"
    assert fills_uniformly(ball, Ball(np.array([0.5, 0.0]), 0.5))
    assert not fills_uniformly(ball, Ball(np.array([0.6, 0.0]), 0.5))
    assert not fills_uniformly(Gaussian(np.zeros(2), 1.0), Ball(np.zeros(2), 1.0))
    assert not fills_uniformly(box, None)


def test_missing_regions_are_said_and_their_concepts_stay_untested():
    data = _dataset([Ball(np.zeros(2), 1.0), None], UniformBox(LOW, HIGH))
    al = analyse(square(), data, AnalysisConfig(tolerance=0.9))
    assert al.approximation_reason == "no region is known of c1"
    assert np.isnan(al.approximation.worst[1]).all()
    assert not al.approximation.within[1].any()
    assert al.answers("approximation")[1].answer == "no unit"
    assert al.approximation.errors["difference"].high[1, 0] == np.inf
    assert al.approximation.best[1] == -1
    bare = ConceptDataset(data.points, data.membership, data.names, ambient=data.ambient)
    lacking = analyse(square(), bare)
    assert lacking.approximation is None
    assert lacking.approximation_reason == "the dataset gives no concept a region"


def test_shuffled_ambient_labels_are_the_floor_of_approximation():
    data = _dataset([Box(np.full(2, -1.0), np.full(2, 1.0))], UniformBox(LOW, HIGH))
    floor = analyse(square(), data).floor
    # {x > -1} has share 3/4 of the box; without its tie to C it misses 1/4 of C and adds 3/4 of the rest.
    assert floor.approximation.values["shortfall"][0, 0] == pytest.approx(0.25, abs=0.03)
    assert floor.approximation.values["excess"][0, 0] == pytest.approx(0.75 * 3, abs=0.1)
    assert floor.answers("approximation", "units")[0].answer == "not learned"


def test_alarms_alone_refute_the_approximation_of_a_region_too_small_to_be_hit():
    data = _dataset([Ball(np.zeros(2), 1e-6)], UniformBox(LOW, HIGH))
    row = analyse(square(), data).answers("approximation", "units")[0]
    assert (row.answer, row.positives) == ("not learned", 0)
    assert np.isnan(row.least_tolerance)
