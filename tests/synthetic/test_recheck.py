"""Data sets checked again: what was made holds, what was tampered with fails, hash repaired or not."""

from dataclasses import replace
from pathlib import Path

import geosae_synthetic
import numpy as np
import pytest
from geosae_synthetic import redraw
from strategies_worlds import VARIANTS, make

from geosae.data.dataset import ConceptDataset
from geosae.data.storage import save_dataset
from geosae.data.truth import ConceptTruth
from geosae.geometry import InvalidInput
from geosae.geometry.regions.registry import Ball

PLAIN = [v for v in VARIANTS if not v[1]]
OTHERS = [pytest.param(*v, marks=pytest.mark.slow) for v in VARIANTS if v[1]]


@pytest.mark.parametrize(("name", "params"), [*PLAIN, *OTHERS])
def test_every_world_passes(name: str, params: dict) -> None:
    checks = geosae_synthetic.verify(make(name, 2, points=200, **params), concepts=2)
    assert [check for check in checks if check.status == "fails"] == []
    assert checks[0].name.startswith("drawn again")
    assert checks[0].status == "holds"


def failing(source: Path | ConceptDataset) -> set[str]:
    return {check.name for check in geosae_synthetic.verify(source) if check.status == "fails"}


def write_changed(path: Path, name: str, change) -> None:
    """Change one array of a file and leave the rest, the stated hash included, as it is."""
    with np.load(path, allow_pickle=False) as held:
        arrays = {key: held[key].copy() for key in held.files}
    arrays[name] = change(arrays[name])
    np.savez(path, **arrays)


def flip_last_bit(points: np.ndarray) -> np.ndarray:
    points.view(np.uint64)[7, 0] ^= 1
    return points


def flip_member(membership: np.ndarray) -> np.ndarray:
    membership[7, 1] ^= True
    return membership


def swap_truth(card: np.ndarray) -> np.ndarray:
    text = card.tobytes()
    assert b'"one_neuron": false' in text
    return np.frombuffer(text.replace(b'"one_neuron": false', b'"one_neuron": true', 1), dtype=np.uint8)


@pytest.mark.parametrize(
    ("array", "change"), [("points", flip_last_bit), ("membership", flip_member), ("card", swap_truth)]
)
@pytest.mark.parametrize("with_card", [True, False])
def test_a_tampered_file_fails(array: str, change, with_card: bool, tmp_path: Path) -> None:
    path = save_dataset(make("disjoint-balls", 3, points=400), tmp_path / "w.npz")
    assert failing(path) == set()
    if not with_card:
        path.with_suffix(".json").unlink()
    write_changed(path, array, change)
    assert failing(path) == {"content hash"}


def forgeries() -> list[tuple[str, ConceptDataset, set[str]]]:
    data = make("nested-balls", 3, points=300, depth=2, background=0.7)
    drawn, oracle = "drawn again, byte by byte", "membership is what the regions say"
    bit = replace(data, points=flip_last_bit(data.points.copy()))
    column = data.membership.copy()
    # The farthest point from the balls: its hull with them holds other points of the background.
    outside = int(np.linalg.norm(data.points, axis=1).argmax())
    column[outside, 0] = True
    inner = column.copy()
    inner[outside] = [False, True]  # in the inner ball and not in the outer one
    truth = list(data.truth)
    assert truth[0] is not None
    facts = dict(data.provenance["facts"])
    ball = data.regions[0]
    assert isinstance(ball, Ball)
    shifted = Ball(ball.center + 0.4, ball.radius)

    def told(**changes) -> ConceptDataset:
        return replace(data, truth=(replace(truth[0], **changes), truth[1]))

    return [
        ("one coordinate by its last bit", bit, {drawn}),
        ("a concept more", replace(data, membership=column), {drawn, oracle, "a unit (S3), certified"}),
        (
            "no inclusion",
            replace(data, membership=inner, declared_subsets=()),
            {drawn, oracle, "rows of the true context", "a unit (S3), certified"},
        ),
        ("separable", told(one_neuron=True), {drawn, "one neuron (S1), certified"}),
        ("not convex", told(convex=False), {drawn, "convex"}),
        ("some error", told(convex=None, irreducible_error=0.2), {drawn, "irreducible error (A1)"}),
        ("one neuron is enough", told(smallest_unit=1), {drawn, "smallest unit (S4), lower bound"}),
        ("never two at once", told(overlap_depth=1), {drawn, "overlap depth (S7)"}),
        ("another region", replace(data, regions=(shifted, data.regions[1])), {drawn, oracle}),
        (
            "a row less",
            replace(data, provenance={**data.provenance, "facts": {**facts, "rows": [[0], [0, 1]]}}),
            {drawn, "rows of the true context"},
        ),
        ("another seed", replace(data, seed=1), {drawn}),
        ("no parameters", replace(data, provenance={"world": "nested-balls"}), {drawn}),
    ]


def test_a_forgery_with_a_hash_of_its_own_fails(tmp_path: Path) -> None:
    for what, data, wanted in forgeries():
        assert failing(save_dataset(data, tmp_path / "w.npz")) == wanted, what


def test_a_unit_declared_where_none_separates_is_refuted_by_a_certificate() -> None:
    data = make("ring-around-disk", 2, points=300)
    forged = replace(data, truth=tuple(ConceptTruth(unit=True) for _ in data.truth), provenance={})
    assert failing(forged) == {"a unit (S3), certified"}


def test_what_a_sample_cannot_show_is_open_and_said() -> None:
    data = make("nested-balls", 8, points=12, depth=1)
    found = {check.name: check for check in geosae_synthetic.verify(data)}
    assert found["one neuron (S1), certified"].status == "open"
    assert "separable still" in found["one neuron (S1), certified"].detail
    foreign = replace(data, provenance={"source": "elsewhere"})
    assert geosae_synthetic.verify(foreign)[0].status == "open"


def test_a_world_from_a_used_generator_and_a_slice_of_a_stream_are_drawn_again() -> None:
    rng = np.random.default_rng(3)
    rng.random()
    used = geosae_synthetic.make("slabs", points=200, dim=3, rng=rng)
    assert used.seed is None
    assert geosae_synthetic.verify(used, concepts=0)[0].status == "holds"
    points = geosae_synthetic.stream("nested-balls", 4, points=10**6, dim=3, depth=2)
    piece = points.dataset(9_000, 9_600)
    checks = geosae_synthetic.verify(piece, concepts=1)
    assert checks[0].status == "holds"
    moved = replace(piece, provenance={**piece.provenance, "rows": [9_001, 9_601]})
    assert geosae_synthetic.verify(moved, concepts=0)[0].status == "fails"


def test_bad_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no file"):
        geosae_synthetic.verify(tmp_path / "none.npz")
    with pytest.raises(InvalidInput, match="'points' is 0, where a number ≥ 1"):
        geosae_synthetic.verify(make("slabs"), points=0)
    data = make("slabs", 2, points=100)
    broken = {**data.provenance, "generator": {"bit_generator": "PCG64", "state": {"state": "x"}}}
    with pytest.raises(InvalidInput, match="no state of a generator"):
        redraw.draw_again(replace(data, seed=None, provenance=broken))
