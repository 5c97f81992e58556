"""Kept sets of Top-K (G2, G4) and the neurons that are not convex (A6)."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geosae.geometry import (
    InvalidInput,
    NoHalfSpace,
    TopKCells,
    UniformBox,
    irreducible_error,
)
from geosae.geometry.arrangements.power_diagram import topk_escape

entries = st.integers(-3, 3).map(float)


@st.composite
def encoders(draw, most: int = 5) -> TopKCells:
    n, d = draw(st.integers(1, 2)), draw(st.integers(1, most))
    row = st.lists(entries, min_size=n + 1, max_size=n + 1)
    table = np.array(draw(st.lists(row, min_size=d, max_size=d)))
    return TopKCells(table[:, :n], table[:, n], draw(st.integers(1, d)))


@given(encoders(), st.integers(0, 2**32 - 1))
def test_kept_sets_are_those_that_samples_show(found: TopKCells, seed: int) -> None:
    """Nothing a sample shows is missing from the list (the list may hold cells too far for the sample)."""
    listed = found.kept_sets()
    vectors = {tuple(row) for row in listed.kept.tolist()}
    assert listed.complete
    assert len(vectors) == len(listed) <= listed.ceiling
    assert (listed.kept.sum(axis=1) == found.K).all()
    rng = np.random.default_rng(seed)
    x = np.vstack([rng.standard_normal((2000, found.dim)) * scale for scale in (1.0, 10.0)])
    assert {tuple(row) for row in found.kept(x).tolist()} <= vectors


@given(encoders(4))
def test_every_listed_set_is_kept_at_its_point(found: TopKCells) -> None:
    listed = found.kept_sets()
    z = listed.points @ found.w.T + found.c
    for kept, heights in zip(listed.kept, z, strict=True):
        if kept.all():
            continue
        assert heights[kept].min() >= heights[~kept].max() - 1e-9


@given(encoders(), st.integers(0, 2**32 - 1))
def test_cells_of_one_kept_set_are_convex(found: TopKCells, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((2, 500, found.dim)) * 2
    t = rng.random((500, 1))
    same = (found.kept(x) == found.kept(y)).all(axis=1)
    between = found.kept(x + t * (y - x))
    assert (between[same] == found.kept(x)[same]).all()


@given(encoders(4))
def test_witnesses_of_nonconvexity_are_true_and_top_one_has_none(found: TopKCells) -> None:
    for neuron in range(found.width):
        witness = found.find_nonconvexity(neuron)
        if found.K in (1, found.width):
            assert witness is None
        if witness is not None:
            shares = {
                (m - a) / (b - a)
                for a, m, b in zip(witness.start, witness.between, witness.end, strict=True)
                if a != b
            }
            assert len(shares) == 1
            assert 0 < shares.pop() < 1
            x = np.array([[float(v) for v in p] for p in (witness.start, witness.between, witness.end)])
            z = x @ found.w.T + found.c
            # Floats agree unless the exact points sit closer to a tie than their rounding.
            if np.abs(z - z[:, [neuron]])[:, np.arange(found.width) != neuron].min() > 1e-9:
                assert found.fires(x)[:, neuron].tolist() == [True, False, True]


def test_the_theory_s_example() -> None:
    example = TopKCells(np.array([[0.0], [1.0], [-1.0]]), np.array([1.0, 2.0, 2.0]), 2)
    grid = np.linspace(-4, 4, 161)[:, None]
    assert (example.fires(grid)[:, 0] == (np.abs(grid[:, 0]) >= 1)).all()
    witness = example.find_nonconvexity(0)
    assert witness is not None
    assert witness.start[0] * witness.end[0] < 0
    assert abs(witness.between[0]) < Fraction(1)
    assert all(example.find_nonconvexity(i) is None for i in (1, 2))


@pytest.mark.parametrize("n", [1, 2, 5])
def test_top_k_escapes_the_irreducible_error(n: int) -> None:
    found = topk_escape(n)
    rng = np.random.default_rng(n)
    assert irreducible_error(found.concept, found.measure).value == pytest.approx(0.5)
    assert found.encoder.fires(found.concept.sample(2000, rng))[:, found.neuron].all()
    drawn = found.measure.sample(5000, rng)
    fires = found.encoder.fires(drawn)[:, found.neuron]
    assert (fires == found.concept.contains(drawn)).all()
    # Negative control: K = 1 cuts the neuron down to a convex set that misses the concept.
    control = TopKCells(found.encoder.w, found.encoder.c, 1)
    assert not control.fires(found.concept.sample(2000, rng))[:, found.neuron].all()


def test_sampled_kept_sets_state_what_they_may_have_missed() -> None:
    rng = np.random.default_rng(5)
    found = TopKCells(rng.standard_normal((40, 3)), rng.standard_normal(40), 5)
    with pytest.raises(InvalidInput, match="rank"):
        found.kept_sets()
    measure = UniformBox(np.full(3, -2.0), np.full(3, 2.0))
    listed = found.kept_sets(measure, rng, samples=4000)
    assert not listed.complete
    assert len(listed) <= listed.ceiling
    seen = {row.tobytes() for row in listed.kept}
    fresh = found.kept(measure.sample(20_000, rng))
    missing = np.mean([row.tobytes() not in seen for row in fresh])
    assert 0 < missing <= listed.unseen


def test_refusals() -> None:
    for K in (0, 4):
        with pytest.raises(InvalidInput):
            TopKCells(np.ones((3, 1)), np.zeros(3), K)
    assert issubclass(NoHalfSpace, TypeError)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_kept_sets_at_the_ends_of_the_floats(scale: float) -> None:
    w, c = np.array([[scale], [-scale]]), np.array([1.0 / scale, -1.0 / scale])
    kept = TopKCells(w, c, 1).kept_sets()
    assert sorted(map(tuple, kept.kept.tolist())) == [(False, True), (True, False)]
    assert not np.isnan(kept.points).any()
