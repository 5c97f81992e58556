"""Absorption: which children one neuron can absorb, how often they fire, who excludes whom."""

import geosae_synthetic
import numpy as np
import pytest
from geosae_synthetic.absorption import farther
from hypothesis import given
from hypothesis import strategies as st
from strategies_worlds import few

from geosae.data.dataset import ConceptDataset
from geosae.geometry import clopper_pearson
from geosae.geometry.separation.separate import separate

RARE = 1e-9


def make(dim: int = 4, points: int = 3000, seed: int = 0, **params) -> ConceptDataset:
    return geosae_synthetic.make(
        "absorption", points=points, dim=dim, rng=np.random.default_rng(seed), **params
    )


@few(6)
@given(
    st.sampled_from(["extreme", "inside"]),
    st.sampled_from(["exclusive", "independent"]),
    st.integers(2, 3),
    st.floats(0, 0.3),
    st.floats(0.5, 2.0),
    st.integers(0, 99),
)
def test_a_child_can_be_absorbed_iff_it_lies_outside_of_its_siblings_hull(
    position: str, siblings: str, children: int, variation: float, reach: float, seed: int
) -> None:
    data = make(4, 300, seed, position=position, siblings=siblings, children=children, variation=variation,
                reach=reach, noise=0.02, frequency=0.2)  # fmt: skip
    absorbable = data.provenance["facts"]["absorbable"]
    inside = [name for name in absorbable if name.endswith(f".{children + 1}")]
    assert len(inside) == (position == "inside")
    for name, verdict in absorbable.items():
        if name in inside:
            assert verdict is False
        elif siblings == "exclusive":
            assert verdict is True


@pytest.mark.parametrize("position", ["extreme", "inside"])
def test_declared_absorbability_is_the_engines_verdict_on_the_points(position: str) -> None:
    data = make(3, 4000, position=position, noise=0.1)
    parent = data.membership[:, 0]
    for column, name in enumerate(data.names):
        if name == "parent 1":
            continue
        child = data.membership[:, column]
        kept, silent = data.points[parent & ~child], data.points[child | ~parent]
        assert separate(kept, silent).check().separable is data.provenance["facts"]["absorbable"][name]


@few(6)
@given(
    st.floats(0.05, 0.3),
    st.floats(0.1, 0.8),
    st.sampled_from(["exclusive", "independent"]),
    st.integers(0, 99),
)
def test_children_fire_at_their_rate_and_exclude_one_another_where_asked(
    frequency: float, background: float, siblings: str, seed: int
) -> None:
    data = make(4, 3000, seed, children=3, frequency=frequency, background=background, siblings=siblings)
    parent, children = data.membership[:, 0], data.membership[:, 1:]
    low, high = clopper_pearson(int(parent.sum()), 3000, RARE)
    assert low <= 1 - background <= high
    low, high = clopper_pearson(children.sum(axis=0), np.full(3, int(parent.sum())), RARE)
    assert ((low <= frequency) & (frequency <= high)).all()
    together = children.sum(axis=1)
    assert not (together > 0)[~parent].any()
    if siblings == "exclusive":
        assert together.max() == 1
    else:
        low, high = clopper_pearson(int((together > 1).sum()), int(parent.sum()), RARE)
        expected = 3 * frequency**2 * (1 - frequency) + frequency**3
        assert low <= expected <= high


@pytest.mark.parametrize("variation", [0.0, 0.1, 0.4])
def test_magnitudes_have_the_variation_that_was_asked_for(variation: float) -> None:
    data = make(4, 20_000, variation=variation, noise=0.01)
    assert data.directions is not None
    heights = data.points[data.membership[:, 0]] @ data.directions[0]
    assert np.isclose(heights.mean(), 1, atol=0.02)
    # The noise of radius 0.01 in four dimensions adds 0.01²/6 to the variance.
    assert np.isclose(heights.std(), np.hypot(variation, 0.01 / np.sqrt(6)), rtol=0.03)


def test_an_absorbing_atom_is_cheaper_on_the_childs_points() -> None:
    # The incentive that the description states: cost of parent and child atoms on a child's point p + c.
    def cost(delta: float) -> float:
        parent, child = np.eye(2)
        atoms = np.stack([parent, (child + delta * parent) / np.hypot(1, delta)])
        return float(np.abs(np.linalg.solve(atoms.T, parent + child)).sum())

    for delta in np.linspace(0, 1, 11):
        assert np.isclose(cost(delta), 1 - delta + np.sqrt(1 + delta**2))


def test_distances_are_decided_by_certificate() -> None:
    square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    assert farther(square, square + np.array([3.0, 0.0]), 1.999) is True
    assert farther(square, square + np.array([3.0, 0.0]), 2.001) is False
    assert farther(square, square + 0.5, 0.1) is False
