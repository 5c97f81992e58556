from dataclasses import replace

import numpy as np
import pytest

from geosae.data.dataset import ConceptDataset, admit_directions, admit_membership, admit_points
from geosae.data.storage import load_dataset, save_dataset
from geosae.data.truth import ConceptTruth, truth_from_dict
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import Gaussian
from geosae.geometry.regions.registry import Ball

POINTS = np.arange(12.0).reshape(6, 2)
TABLE = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 1]], dtype=bool)
NAMES = ("a", "b", "c")


def data(**changes) -> ConceptDataset:
    return ConceptDataset(**({"points": POINTS, "membership": TABLE, "names": NAMES} | changes))


def test_plain_properties() -> None:
    found = data()
    assert (found.size, found.dim) == (6, 2)
    assert found.hierarchy.tolist() == [[True, True, False], [False, True, False], [False, False, True]]
    assert np.array_equal(found.concept("c"), POINTS[2:])
    assert np.array_equal(found.concept(2), POINTS[2:])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"points": np.full((6, 2), np.nan)}, "hold 12 NaN"),
        ({"membership": TABLE[:, :0], "names": ()}, "p ≥ 1"),
        ({"names": ("a", "b")}, "2 names for 3"),
        ({"names": ("a", "a", "b")}, "two concepts are called 'a'"),
        ({"names": ("a", " ", "b")}, "concept 1 has no name"),
        ({"membership": TABLE & [True, False, True]}, "'b' holds no point"),
        ({"membership": TABLE | [True, False, False]}, "'a' holds all 6 points"),
        ({"declared_subsets": (("b", "a"),)}, "'b' ⊂ 'a' is declared, but 2 points"),
        ({"declared_subsets": (("b", "z"),)}, "no concept here"),
        ({"regions": (None,)}, "regions has 1 entries for 3"),
        ({"regions": (None, Ball(np.zeros(3), 1.0), None)}, "region of 'b' has dimension 3"),
        ({"truth": (None,) * 4}, "truth has 4"),
        ({"ambient": Gaussian(np.zeros(3), 1.0)}, "ambient measure has dimension 3"),
        ({"provenance": {"x": np.float32(1)}}, "provenance cannot be written"),
        ({"provenance": {"x": float("inf")}}, "provenance cannot be written"),
    ],
)
def test_refusals_name_what_is_wrong(changes: dict, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        data(**changes)


def test_shapes_that_do_not_fit_are_refused() -> None:
    # Asked directly: in tests the run-time shape check of the constructor speaks first.
    with pytest.raises(InvalidInput, match=r"\(5, 3\) where \(6, p\)"):
        admit_membership(TABLE[:5], 6)
    with pytest.raises(InvalidInput, match="2 directions for 3"):
        admit_directions(np.ones((2, 2)), 2, 3)
    with pytest.raises(InvalidInput, match="have 2 coordinates where 3"):
        admit_directions(np.ones((2, 2)), 3, 2)


def test_trivial_concepts_are_kept_where_it_is_allowed() -> None:
    table = TABLE & [True, False, True]
    found = data(membership=table, allow_trivial=True)
    assert found.hierarchy[1].all()  # the empty set is a subset of all


def test_float32_is_kept_and_other_types_are_widened() -> None:
    assert data(points=POINTS.astype(np.float32)).points.dtype == np.float32
    assert admit_points(POINTS.astype(np.int8)).dtype == np.float64
    assert admit_points(POINTS.astype(np.float16)).dtype == np.float64
    assert admit_points(POINTS.astype(np.float32).T[:1]).flags.c_contiguous
    with pytest.raises(InvalidInput, match="NaN or infinite"):
        admit_points(np.array([[np.inf, -np.inf]], np.float32))


def test_membership_takes_zeros_and_ones_only() -> None:
    assert np.array_equal(admit_membership(TABLE.astype(np.int32), 6), TABLE)
    assert np.array_equal(admit_membership(TABLE.astype(np.float64), 6), TABLE)
    for wrong in (TABLE * 2, TABLE * 0.5, TABLE.astype(str)):
        with pytest.raises(InvalidInput, match="other values than true and false"):
            admit_membership(wrong, 6)


def test_the_share_to_train_on_is_the_first_parts() -> None:
    whole = ConceptDataset(np.arange(20.0)[:, None], np.arange(20)[:, None] < 10, ("low",))
    sizes = [(a.size, b.size) for a, b in (whole.train_test_split(0, share) for share in (0.2, 0.5, 0.9))]
    assert sizes == [(4, 16), (10, 10), (18, 2)]


def test_take_and_split_partition_the_points() -> None:
    rng = np.random.default_rng(0)
    whole = data(
        points=np.random.default_rng(1).random((6, 2)), truth=(ConceptTruth(convex=True), None, None)
    )
    fit, test = whole.split(0.5, rng, allow_trivial=True)
    assert (fit.size, test.size) == (3, 3)
    rows = {tuple(row) for row in (*fit.points.tolist(), *test.points.tolist())}
    assert rows == {tuple(row) for row in whole.points.tolist()}
    assert fit.truth == whole.truth
    again = whole.split(0.5, np.random.default_rng(0), allow_trivial=True)
    assert again[0].content_hash == fit.content_hash
    with pytest.raises(InvalidInput, match="leaves one part empty"):
        whole.split(0.01, rng)
    with pytest.raises(InvalidInput, match="'a' holds no point"):
        whole.take(np.array([2, 3, 4]))


def test_unknown_concepts_are_refused() -> None:
    for wrong in ("z", 3, -1):
        with pytest.raises(InvalidInput, match="no concept"):
            data().concept(wrong)


def test_the_hash_sees_every_field() -> None:
    base = data()
    ball = Ball(np.zeros(2), 1.0)
    moved = POINTS.copy()
    moved[0, 0] = np.nextafter(0.0, 1.0)
    changes = [
        {"points": moved},
        {"points": POINTS.astype(np.float32)},
        {"membership": TABLE ^ np.eye(6, 3, -3, dtype=bool)},
        {"names": ("a", "b", "d")},
        {"regions": (ball, None, None)},
        {"ambient": Gaussian(np.zeros(2), 1.0)},
        {"truth": (ConceptTruth(convex=True), None, None)},
        {"declared_subsets": (("a", "b"),)},
        {"directions": np.ones((3, 2))},
        {"seed": 1},
        {"provenance": {"x": 1}},
        {"allow_trivial": True},
    ]
    hashes = [replace(base, **change).content_hash for change in changes]
    assert len({base.content_hash, *hashes}) == len(changes) + 1
    assert data().content_hash == base.content_hash


@pytest.mark.parametrize(
    "statements",
    [
        {"irreducible_error": 1.5},
        {"irreducible_error": -0.1},
        {"convex": True, "irreducible_error": 0.1},
        {"one_neuron": True, "unit": False},
        {"smallest_unit": 0},
        {"smallest_unit": 3, "unit": False},
        {"smallest_unit": 2, "one_neuron": True},
    ],
)
def test_contradictory_truths_are_refused(statements: dict) -> None:
    with pytest.raises(InvalidInput):
        ConceptTruth(**statements)


def test_truth_round_trip_and_unknown_statements() -> None:
    truth = ConceptTruth(False, 0.25, one_neuron=False, unit=True, smallest_unit=4)
    assert truth_from_dict(truth.to_dict()) == truth
    assert truth_from_dict(None) is None
    with pytest.raises(InvalidInput, match="'round'"):
        truth_from_dict({"round": True})


def test_names_of_any_characters_are_kept_and_what_no_file_holds_is_refused(tmp_path) -> None:
    points, table = np.zeros((2, 1)), np.eye(2, dtype=bool)
    names = ("$x^2$ =1+1 日\r\n", "\u200b")
    dataset = ConceptDataset(points, table, names)
    assert load_dataset(save_dataset(dataset, tmp_path / "d.npz")).names == names
    for wrong in ("\ud800", "a\0b"):
        with pytest.raises(InvalidInput, match="the concepts: name 2"):
            ConceptDataset(points, table, ("a", wrong))
