"""What holds of every world: oracles, hierarchy, reproducibility, descriptions."""

import geosae_synthetic
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies_worlds import VARIANTS, WORLDS, few, has_regions, make

from geosae.data.storage import load_dataset, save_dataset
from geosae.geometry.regions.registry import Capsule, Union


def test_there_are_the_families_that_the_field_needs() -> None:
    wanted = {"disjoint-balls", "nested-balls", "ball-tree", "overlapping-balls", "disk-in-ring"}
    wanted |= {"ring-around-disk", "polytopes", "ball-union", "superposition", "formal-context"}
    assert wanted <= set(WORLDS)


@pytest.mark.parametrize(("name", "params"), VARIANTS)
@pytest.mark.parametrize("dim", [2, 3, 7])
def test_membership_is_what_the_regions_say_and_no_concept_is_trivial(
    name: str, params: dict, dim: int
) -> None:
    data = make(name, dim, points=600, **params)
    assert len(data.points) == 600
    assert data.dim == dim or data.dim == max(3, geosae_synthetic.describe(name).least_dim) > dim
    assert len(data.truth) == len(data.names)
    sizes = data.membership.sum(axis=0)
    assert ((sizes > 0) & (sizes < 600)).all()
    for column, region in enumerate(data.regions):
        assert region is not None
        assert np.array_equal(region.contains(data.points), data.membership[:, column])
    if name == "superposition":
        assert data.directions is not None
        assert np.allclose(np.linalg.norm(data.directions, axis=1), 1)
    assert len(data.regions) == (len(data.names) if has_regions(name, params) else 0)
    assert (data.ambient is not None) == (name != "superposition")


def closure(pairs: tuple[tuple[str, str], ...]) -> set[tuple[str, str]]:
    found = set(pairs)
    while more := {(a, d) for a, b in found for c, d in found if b == c} - found:
        found |= more
    return found


@pytest.mark.parametrize(("name", "params"), [*VARIANTS, ("superposition", {"pairs": 8, "rate": 0.2})])
def test_the_derived_hierarchy_is_the_declared_one(name: str, params: dict) -> None:
    data = make(name, 3, points=4000, **params)
    strict = data.hierarchy & ~np.eye(len(data.names), dtype=bool)
    derived = {(data.names[i], data.names[j]) for i, j in np.argwhere(strict)}
    assert derived == closure(data.declared_subsets)
    for column, truth in enumerate(data.truth):
        if truth is not None and truth.overlap_depth is not None:
            found = data.membership[data.membership[:, column]].sum(axis=1).max()
            assert found == truth.overlap_depth, data.names[column]


@few(12)
@given(st.sampled_from(WORLDS), st.integers(0, 2**32), st.integers(2, 4))
def test_same_seed_same_bytes_other_seed_other_bytes(name: str, seed: int, dim: int) -> None:
    params = {"features": 8} if name == "superposition" else {}
    one, two, other = (make(name, dim, points=400, seed=value, **params) for value in (seed, seed, seed + 1))
    assert one.content_hash == two.content_hash != other.content_hash
    assert one.seed == seed
    assert one.points.tobytes() != other.points.tobytes()


def test_a_used_generator_has_no_seed_but_its_state_draws_the_same_world_again() -> None:
    rng = np.random.default_rng(5)
    rng.random()
    data = geosae_synthetic.make("nested-balls", points=100, dim=2, rng=rng)
    assert data.seed is None
    again = np.random.default_rng(0)
    state = data.provenance["generator"]
    again.bit_generator.state = {**again.bit_generator.state, **state}
    params = dict(data.provenance["params"])
    twin = geosae_synthetic.make(data.provenance["world"], rng=again, **params)
    assert twin.points.tobytes() == data.points.tobytes()


@pytest.mark.parametrize("name", WORLDS)
def test_worlds_survive_the_disk(name: str, tmp_path) -> None:
    data = make(name, 3, points=500, seed=3)
    back = load_dataset(save_dataset(data, tmp_path / "w.npz"))
    assert back.content_hash == data.content_hash
    assert back.truth == data.truth


@pytest.mark.parametrize("name", WORLDS)
def test_descriptions_are_complete(name: str) -> None:
    world = geosae_synthetic.describe(name)
    text = str(world)
    assert all(parameter.name in text and parameter.meaning for parameter in world.parameters)
    assert len(world.steps) >= 2
    assert "μ" in text
    assert max(len(line) for line in text.split("\n")) <= 130
    assert world.admit(12, {}) == {parameter.name: parameter.default for parameter in world.parameters}


def test_the_union_is_a_capsule_less_its_balls() -> None:
    data = make("ball-union", 3, balls=4, distance=0.5)
    whole, hull = data.regions[0], data.provenance["facts"]["hull"]
    assert isinstance(whole, Union)
    capsule = Capsule(np.array(hull["center"]), hull["radius"], np.array(hull["end"]), hull["end_radius"])
    assert capsule.contains(data.concept("union")).all()
