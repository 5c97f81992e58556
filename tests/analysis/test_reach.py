import numpy as np
import pytest
from analysis.planted import Planted, random_dataset, random_planted, square

from geosae.analysis import AnalysisConfig, analyse
from geosae.analysis.reach import least_excess, reach
from geosae.analysis.separability import separabilities
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import UniformBall, UniformBox
from geosae.geometry.approximation.polyhedra_around import disk_excess
from geosae.geometry.regions.registry import Ball, Box
from geosae.geometry.separation.certificate import Separated

BOX = UniformBox(np.full(2, -3.0), np.full(2, 3.0))


def _disk_and_square() -> ConceptDataset:
    points = np.random.default_rng(0).uniform(-3, 3, (1500, 2))
    regions = (Ball(np.zeros(2), 1.0), Box(np.full(2, -1.0), np.full(2, 1.0)), None)
    membership = np.stack(
        [regions[0].contains(points), regions[1].contains(points), points[:, 0] > 0], axis=1
    )
    return ConceptDataset(points, membership, ("disk", "square", "right"), regions=regions, ambient=BOX)


def test_the_enclosure_holds_the_least_excess_of_the_disk_and_zero_for_the_square():
    data = _disk_and_square()
    disk, box = reach(analyse(square(), data, AnalysisConfig(floor=False)), data, np.random.default_rng(0))
    assert (disk.concept, disk.size, box.concept, box.size) == ("disk", 4, "square", 4)
    # Known: four half-planes leave 4 − π at least (A3), and a square's own four leave nothing (A4).
    assert disk.least_low <= disk_excess(4) / np.pi <= disk.least_high + 1e-9
    assert disk.least_high == pytest.approx(disk_excess(4) / np.pi)
    assert (box.least_low, box.least_high) == (0.0, pytest.approx(0.0, abs=1e-12))
    assert disk.out_of_reach
    assert not box.out_of_reach
    assert disk.excess == pytest.approx(4 / np.pi - 1, rel=0.1)
    misses, alarms = disk.curve.misses, disk.curve.false_alarms
    assert np.all(np.diff(misses) >= 0)
    assert np.all(np.diff(alarms) < 0)


def test_a_square_is_within_reach_of_its_own_facets_at_no_tolerance_at_all():
    data = _disk_and_square()
    alignment = analyse(square(), data, AnalysisConfig(tolerance=0.0, floor=False))
    disk, box = reach(alignment, data, np.random.default_rng(0))
    assert (disk.out_of_reach, box.out_of_reach) == (True, False)


def test_the_faces_of_the_box_count_as_half_spaces():
    # One half-plane through the middle: within the box its excess is finite, and the bound stays below it.
    low = least_excess(Ball(np.zeros(2), 1.0), BOX, 1)
    assert 0 < low < (36 / 2 - np.pi) / np.pi
    tight = UniformBox(np.full(2, -1.0), np.full(2, 1.0))
    # The box itself is a square around the disk: no half-plane is needed for an excess of 4 − π.
    assert least_excess(Ball(np.zeros(2), 1.0), tight, 1) <= disk_excess(4) / np.pi


def test_no_bound_is_claimed_where_none_is_known():
    assert least_excess(Ball(np.zeros(2), 1.0), UniformBall(np.zeros(2), 3.0), 4) == 0.0
    assert least_excess(Box(np.zeros(2), np.ones(2)), BOX, 4) == 0.0
    assert least_excess(Ball(np.zeros(2), 1.0), BOX, 0) == 0.0


def test_reach_without_approximation_is_refused():
    rng = np.random.default_rng(0)
    data = random_dataset(rng, 60, 2, 2)
    with pytest.raises(InvalidInput, match="not measured"):
        reach(analyse(random_planted(rng, 3, 2), data), data, rng)


def test_separability_is_asked_of_at_most_so_many_points_and_trivial_concepts_are_left_out():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((400, 2))
    membership = np.stack([points[:, 0] > 0, np.ones(400, dtype=bool)], axis=1)
    data = ConceptDataset(points, membership, ("right", "all"), allow_trivial=True)
    right, everything = separabilities(data, rng, most=50)
    assert everything is None
    assert right.check().possible == "neuron"
    assert len(right.one_neuron.A) + len(right.one_neuron.B) == 50
    assert right.warning == ""
    few = separabilities(data, rng, most=5)[0]
    assert few is None or "says little" in few.warning
    with pytest.raises(InvalidInput):
        separabilities(data, rng, most=1)


def test_a_unit_of_one_neuron_is_reached_by_no_bounded_set():
    data = _disk_and_square()
    one = Planted(np.array([[1.0, 0.0]]), np.array([1.0]))
    disk = reach(analyse(one, data, AnalysisConfig(floor=False)), data, np.random.default_rng(0))[0]
    assert (disk.size, disk.least_high) == (1, np.inf)


def test_a_separable_concept_stands_beside_random_labels_and_is_tried_on_other_points() -> None:
    rng = np.random.default_rng(3)
    points = rng.normal(size=(400, 30))
    # A few points can be cut off in thirty dimensions, whatever they are; half of them cannot.
    few = np.zeros(400, dtype=bool)
    few[:6] = True
    data = ConceptDataset(points, np.stack([points[:, 0] > 0, few], axis=1), ("half", "few"))
    half, some = separabilities(data, np.random.default_rng(1), most=200, draws=5)
    assert half is not None
    assert half.random is not None
    assert half.held_out is not None
    assert half.check().one_neuron.separable
    assert (half.vacuous, half.random.separated, half.random.size) == (False, 0, 90)
    proof = half.one_neuron
    assert isinstance(proof, Separated)
    assert half.random.exceeded_by(proof.margin) == 0
    assert max(half.held_out.miss, half.held_out.alarm) < 0.2
    assert half.held_out.points == 200
    assert some is not None
    assert some.vacuous
    assert some.held_out is not None
    assert some.held_out.hits == 0 < some.held_out.fired
    nothing, _ = separabilities(data, np.random.default_rng(1), most=200)
    assert nothing is not None
    assert nothing.random is None
