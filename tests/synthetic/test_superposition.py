"""Features that fire together, under one another and against one another: rates, correlations, hierarchy."""

from itertools import combinations

import geosae_synthetic
import numpy as np
import pytest
from geosae_synthetic.coherence import low_coherence, overlaps, tight, unit_rows
from geosae_synthetic.copula import Coins, Copula, from_correlation, independent, low_rank
from geosae_synthetic.features import Features, subsets
from geosae_synthetic.forest import Forest, compensated, flat, grown
from geosae_synthetic.magnitudes import LAWS, Magnitudes, alike
from geosae_synthetic.stream import keyed
from geosae_synthetic.synthsaebench import synthsaebench, zipf_between
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import chisquare, multivariate_normal

from geosae.data.dataset import ConceptDataset
from geosae.geometry import InvalidInput
from geosae.geometry.intervals import clopper_pearson

N = 40_000
SURE = 1e-7  # chance that an interval misses, per feature


def thrown(coins: Coins, count: int, size: int = N, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows, columns = coins.everywhere(np.arange(count), coins.shared(size, rng), rng)
    shown = np.zeros((size, count), dtype=bool)
    assert len(set(zip(rows.tolist(), columns.tolist(), strict=True))) == len(rows), "a coin shows once"
    shown[rows, columns] = True
    return shown


def within(counts: np.ndarray, rates: np.ndarray, size: int = N) -> bool:
    low, high = clopper_pearson(counts, np.full(len(counts), size), SURE)
    return bool(((low <= rates) & (rates <= high)).all())


@pytest.mark.parametrize("rank", [0, 3])
def test_coins_show_at_their_rates_on_both_sides_of_the_cut(rank: int) -> None:
    rates = np.array([0.0, 1e-4, 1e-3, 0.005, 0.012, 0.0123, 0.02, 0.1, 0.5, 0.97, 1.0])
    copula = low_rank(len(rates), rank, 0.4, np.random.default_rng(1)) if rank else independent(len(rates))
    shown = thrown(Coins(rates, copula), len(rates), 4 * N)
    assert within(shown.sum(axis=0), rates, 4 * N)
    assert not shown[:, 0].any()
    assert shown[:, -1].all()
    assert not within(shown.sum(axis=0), rates * 1.2 + 1e-3, 4 * N), "the check can fail"


def both(rate: float, other: float, rho: float) -> float:
    """The chance that two coins show together, by the bivariate normal distribution."""
    corner = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([ndtri(rate), ndtri(other)])
    return float(corner)


@pytest.mark.parametrize("rho", [-0.7, 0.3, 0.9])
@pytest.mark.parametrize("rates", [(0.3, 0.1), (0.02, 0.004)])
def test_pairs_show_together_as_the_bivariate_normal_says(rho: float, rates: tuple[float, float]) -> None:
    given_matrix = np.array([[1, rho], [rho, 1]])
    for copula in (
        from_correlation(given_matrix),
        Copula(np.sqrt(abs(rho)) * np.array([[1.0], [np.sign(rho)]]), np.full(2, 1 - abs(rho))),
    ):
        assert np.allclose(copula.correlation, given_matrix)
        shown = thrown(Coins(np.array(rates), copula), 2, 4 * N)
        assert within(np.array([shown.all(axis=1).sum()]), np.array([both(*rates, rho)]), 4 * N)
        independently = np.array([rates[0] * rates[1]])
        if abs(rho) > 0.5 and rates[0] > 0.1:
            assert not within(np.array([shown.all(axis=1).sum()]), independently, 4 * N)


def test_single_coins_and_coins_everywhere_are_the_same_coins() -> None:
    rates, rho = np.array([0.2, 0.3]), 0.8
    coins = Coins(rates, from_correlation(np.array([[1, rho], [rho, 1]])))
    rng = np.random.default_rng(0)
    shared = coins.shared(N, rng)
    rows, _ = coins.everywhere(np.array([0]), shared, rng)
    other = coins.at(rows, np.ones(len(rows), dtype=int), shared, rng)
    assert within(np.array([other.sum()]), np.array([both(*rates, rho)]))


@settings(max_examples=40)
@given(st.integers(2, 12), st.integers(0, 2**32))
def test_correlation_matrices_are_factorised_as_given(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = unit_rows(rng.standard_normal((count, count + 2)))
    assert np.allclose(from_correlation(rows @ rows.T).correlation, rows @ rows.T)
    drawn = low_rank(count, 6, 0.6, rng)
    assert np.allclose(np.diag(drawn.correlation), 1)
    assert (drawn.remainder >= 0.01 - 1e-12).all()


def world(forest: Forest, rates: np.ndarray, law: str = "normal", rank: int = 0) -> Features:
    count = len(rates)
    copula = low_rank(count, rank, 0.3, np.random.default_rng(2)) if rank else independent(count)
    return Features(np.eye(count), rates, copula, forest, alike(law, count, 1.0, 0.5))


@settings(max_examples=30)
@given(
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 3),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.integers(0, 99),
)
def test_children_fire_under_parents_and_exclusive_siblings_alone(
    roots: int, branching: int, depth: int, exclusive: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    count = roots * sum(branching**level for level in range(depth + 1)) + 2
    forest = grown(count, roots, branching, depth, exclusive, rng)
    assert forest.depth == depth
    assert len(forest.edges) == count - roots - 2
    fires = world(forest, np.full(count, 0.7), rank=2).coefficients(300, rng).toarray() > 0
    for child, parent in forest.edges:
        assert not (fires[:, child] & ~fires[:, parent]).any()
    for parent in np.flatnonzero(forest.exclusive):
        assert fires[:, forest.parent == parent].sum(axis=1).max() <= 1
    open_parents = [p for p in range(count) if (forest.parent == p).sum() > 2 and not forest.exclusive[p]]
    if open_parents:
        assert max(fires[:, forest.parent == p].sum(axis=1).max() for p in open_parents) > 1


def test_gated_and_excluded_rates_are_the_products_and_shares() -> None:
    # Root 0 with children 1 and 2 (exclusive); 1 has child 3. Magnitudes cannot fall to 0.
    forest = Forest(np.array([-1, 0, 0, 1]), np.array([True, False, False, False]))
    rates = np.array([0.5, 0.6, 0.3, 0.8])
    coefficients = world(forest, rates, "uniform").coefficients(N, np.random.default_rng(0))
    wins_1 = 0.6 * (0.7 + 0.3 / 2)
    wins_2 = 0.3 * (0.4 + 0.6 / 2)
    expected = 0.5 * np.array([1, wins_1, wins_2, wins_1 * 0.8])
    assert within((coefficients.toarray() > 0).sum(axis=0), expected)


def test_a_magnitude_of_zero_is_no_firing_and_closes_the_gate() -> None:
    forest = Forest(np.array([-1, 0]), np.zeros(2, dtype=bool))
    flat_law = Magnitudes("normal", np.array([1e-9, 1.0]), np.array([1.0, 0.0]))
    dull = Features(np.eye(2), np.ones(2), independent(2), forest, flat_law)
    coefficients = dull.coefficients(N, np.random.default_rng(0))
    assert (coefficients.data > 0).all()
    fires = coefficients.toarray() > 0
    assert within(fires.sum(axis=0), np.array([0.5, 0.5]))
    assert (fires[:, 0] == fires[:, 1]).all()


def test_compensation_restores_rates_where_nothing_is_capped() -> None:
    forest = Forest(np.array([-1, 0, 0, -1]), np.zeros(4, dtype=bool))
    rates = np.array([0.5, 0.2, 0.1, 0.05])
    raised = compensated(rates, forest)
    fires = world(forest, raised, "constant").coefficients(N, np.random.default_rng(0)).toarray() > 0
    assert within(fires.sum(axis=0), rates)
    assert (compensated(np.array([0.1, 0.5]), Forest(np.array([-1, 0]), np.zeros(2, dtype=bool))) <= 1).all()


@pytest.mark.parametrize("law", LAWS)
def test_magnitudes_have_the_mean_and_spread_that_are_named(law: str) -> None:
    drawn = alike(law, 3, 2.0, 0.25).draw(np.full(N, 1), np.random.default_rng(0)).astype(float)
    spread = 0.0 if law == "constant" else 0.25
    assert drawn.min() > 0
    assert abs(drawn.mean() - 2) < 6 * 0.25 / N**0.5
    assert abs(drawn.std() - spread) < 0.01
    if law == "uniform":
        assert drawn.min() >= np.float32(2 - 0.25 * 3**0.5)
        assert drawn.max() <= np.float32(2 + 0.25 * 3**0.5)


def test_points_are_the_sums_that_the_coefficients_say() -> None:
    rng = np.random.default_rng(0)
    quiet = synthsaebench(rng, features=512, dim=32, roots=3)
    bias = np.arange(32.0)
    points, coefficients = Features(
        **{**{k: getattr(quiet, k) for k in quiet.__dataclass_fields__}, "bias": bias}
    ).draw(200, rng)
    dense = coefficients.toarray() @ quiet.directions.astype(float)
    assert points.dtype == np.float32
    assert np.allclose(points, dense + bias, atol=1e-4)
    assert not np.allclose(points, dense, atol=1e-4)


def test_the_published_setting_has_its_published_statistics() -> None:
    bench = synthsaebench(np.random.default_rng(0), steps=1)
    assert bench.directions.shape == (16_384, 768)
    assert len(bench.forest.edges) == 128 * (4 + 16 + 64)
    assert bench.forest.exclusive.sum() == 128 * (1 + 4 + 16)
    base = zipf_between(16_384, 0.5, 5e-4, 0.4)
    assert (base[0], base[-1]) == pytest.approx((0.4, 5e-4))
    active = bench.coefficients(2000, np.random.default_rng(1)).nnz / 2000
    assert 32 < active < 37, "about 34 features fire in a point"
    some = bench.directions[::16]
    others = np.abs(some @ bench.directions.T)
    others[np.arange(len(some)), np.arange(0, 16_384, 16)] = 0
    assert 0.135 < others.max(axis=1).mean() < 0.155, "mean max overlap about 0.15"


def test_tight_and_low_coherence_frames_beat_random_ones() -> None:
    drawn = unit_rows(np.random.default_rng(0).standard_normal((24, 8)))
    even, low = tight(drawn, 300), low_coherence(drawn)
    assert np.allclose(np.linalg.norm(low, axis=1), 1)
    assert np.allclose(even.T @ even, 3 * np.eye(8))
    assert overlaps(low).max() < min(overlaps(drawn).max(), overlaps(even).max())
    assert overlaps(low).max() >= np.sqrt((24 - 8) / (8 * 23)), "Welch's bound holds"
    data = geosae_synthetic.make(
        "superposition",
        points=2000,
        dim=8,
        rng=np.random.default_rng(0),
        features=24,
        rate=0.1,
        directions="low-coherence",
    )
    assert data.provenance["facts"]["largest_overlap"] < overlaps(drawn).max()


def test_the_world_knows_all_its_parts() -> None:
    data = geosae_synthetic.make(
        "superposition",
        points=20_000,
        dim=16,
        rng=np.random.default_rng(0),
        features=20,
        law="geometric",
        decay=0.1,
        rate=0.3,
        rank=2,
        correlation=0.4,
        roots=2,
        branching=3,
        depth=1,
        exclusive=1.0,
        compensate="yes",
        magnitudes="exponential",
        spread=1.0,
        directions="tight",
    )
    assert len(data.declared_subsets) == 6
    assert data.membership[:, 2:5].sum(axis=1).max() == 1
    rates = np.array(data.provenance["facts"]["rates"])
    assert np.allclose(rates[1:] / rates[:-1], 0.9)
    high = geosae_synthetic.make(
        "superposition", points=9000, dim=4, rng=np.random.default_rng(0), rate=0.2, above=1.0, noise=0.0
    )
    low = geosae_synthetic.make(
        "superposition", points=9000, dim=4, rng=np.random.default_rng(0), rate=0.2, noise=0.0
    )
    assert high.membership.sum() == pytest.approx(low.membership.sum() / 2, rel=0.05)
    assert (low.membership | ~high.membership).all()


def drawn(points: int = N, dim: int = 4, seed: int = 0, **params) -> ConceptDataset:
    return geosae_synthetic.make(
        "superposition", points=points, dim=dim, rng=np.random.default_rng(seed), **params
    )


@pytest.mark.parametrize(("of", "size"), [(1, 1), (5, 0), (5, 1), (6, 3), (6, 5), (4, 4)])
def test_subsets_of_a_size_are_drawn_evenly(of: int, size: int) -> None:
    sets = subsets(N, of, size, np.random.default_rng(1))
    assert sets.shape == (N, size)
    numbers = {subset: place for place, subset in enumerate(combinations(range(of), size))}
    counts = np.bincount([numbers[tuple(row)] for row in np.sort(sets, axis=1)], minlength=len(numbers))
    if len(numbers) > 1:
        assert chisquare(counts).pvalue > 1e-3


@settings(max_examples=25)
@given(st.integers(2, 12), st.data(), st.sampled_from(["constant", "uniform"]), st.integers(0, 99))
def test_exactly_so_many_features_fire_as_are_active(count: int, data, law: str, seed: int) -> None:
    active = data.draw(st.integers(1, count - 1))
    world = drawn(300, features=count, active=active, magnitudes=law, seed=seed)
    assert (world.membership.sum(axis=1) == active).all()
    assert np.allclose(world.provenance["facts"]["rates"], active / count)
    assert "rate" not in world.provenance["params"]


def test_active_features_and_their_pairs_are_even() -> None:
    fires = drawn(features=10, active=3).membership
    pairs = (fires.T.astype(int) @ fires)[np.triu_indices(10, 1)]
    assert within(fires.sum(axis=0), np.full(10, 3 / 10))
    assert within(pairs, np.full(45, 3 * 2 / (10 * 9)))
    assert not within(pairs, np.full(45, 0.3**2)), "features that fire by themselves would be independent"


def test_points_with_active_features_are_the_sums_of_so_many_directions() -> None:
    world = drawn(500, dim=12, features=20, active=2, noise=0.0, magnitudes="constant", magnitude=2.0)
    assert world.directions is not None
    assert np.allclose(world.points, 2.0 * world.membership @ world.directions)


def test_a_stream_of_active_features_has_the_law_of_the_world() -> None:
    params = {"features": 9, "active": 2, "magnitudes": "constant", "noise": 0.0}
    source = geosae_synthetic.stream("superposition", 5, points=10**9, dim=6, **params)
    block = source.block(10**8, 10**8 + N)
    assert (block.membership.sum(axis=1) == 2).all()
    assert within(block.membership.sum(axis=0), np.full(9, 2 / 9))
    # The same generator builds the same directions.
    values = geosae_synthetic.describe("superposition").admit(6, params)
    whole = geosae_synthetic.describe("superposition").build(N, 6, keyed(5, 0), values)
    assert whole.directions is not None
    assert np.allclose(block.points, block.membership @ whole.directions, atol=1e-5)
    means = whole.points.mean(axis=0) - block.points.mean(axis=0)
    assert (np.abs(means) < 6 * whole.points.std(axis=0) * np.sqrt(2 / N)).all()


@settings(max_examples=20)
@given(st.integers(2, 4), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2), st.data())
def test_one_path_fires_in_each_of_so_many_trees(
    roots: int, branching: int, depth: int, free: int, data
) -> None:
    count = roots * sum(branching**level for level in range(depth + 1)) + free
    paths = data.draw(st.integers(1, roots + free - 1))
    # A leaf fires at one point in about (roots + free)·branching^depth: each is to fire somewhere.
    points = max(400, 40 * (roots + free) * branching**depth)
    world = drawn(
        points, features=count, paths=paths, roots=roots, branching=branching, depth=depth, seed=count
    )
    forest = grown(count, roots, branching, depth, 1.0, np.random.default_rng(0))
    fires = world.membership
    assert (fires[:, forest.roots].sum(axis=1) == paths).all()
    for parent in np.flatnonzero(np.bincount(forest.parent[forest.parent >= 0], minlength=count)):
        assert (fires[:, forest.parent == parent].sum(axis=1) == fires[:, parent]).all()


def test_paths_are_even_and_those_of_one_path_are_the_true_context() -> None:
    world = drawn(features=14, paths=1, roots=3, branching=3, depth=1)
    forest = grown(14, 3, 3, 1, 1.0, np.random.default_rng(0))
    rates = 1 / 5 * 3.0**-forest.level  # three trees, two features that are left over
    assert np.allclose(world.provenance["facts"]["rates"], rates)
    assert within(world.membership.sum(axis=0), rates)
    context = geosae_synthetic.true_context(world)
    assert context is not None
    assert {tuple(row) for row in context.incidence} == {tuple(row) for row in world.membership}
    assert geosae_synthetic.true_context(drawn(300, features=14, paths=2, roots=3, branching=3)) is None
    assert geosae_synthetic.true_context(drawn(300, features=5, active=1, above=0.9)) is None
    alone = geosae_synthetic.true_context(drawn(300, features=5, active=1))
    assert alone is not None
    assert np.array_equal(alone.incidence, np.eye(5, dtype=bool))


REFUSED = [
    (lambda: Coins(np.array([0.5, 1.5]), independent(2)), "rate of feature 1"),
    (lambda: Coins(np.array([0.5]), independent(2)), "1 rates against"),
    (lambda: Copula(np.array([[1.0]]), np.array([0.5])), "variance 1.5"),
    (lambda: Copula(np.array([[1.0]]), np.array([0.0])), "remainder above 0"),
    (lambda: from_correlation(np.array([[1, 1.0], [1.0, 1]])), "not positive definite"),
    (lambda: from_correlation(np.array([[1, 0.2], [0.3, 1]])), "symmetric"),
    (lambda: Forest(np.array([1, 0]), np.zeros(2, dtype=bool)), "circle"),
    (lambda: Forest(np.array([0]), np.zeros(1, dtype=bool)), "circle"),
    (lambda: Forest(np.array([5]), np.zeros(1, dtype=bool)), "no feature"),
    (lambda: grown(8, 3, 2, 2, 0.0, np.random.default_rng(0)), "hold 21 features"),
    (lambda: compensated(np.zeros(2), Forest(np.array([-1, 0]), np.zeros(2, dtype=bool))), "rate 0"),
    (lambda: alike("uniform", 2, 1.0, 0.9), "negative"),
    (lambda: alike("exponential", 2, 1.0, 1.1), "negative"),
    (lambda: alike("normal", 2, 0.0, 1.0), "above 0"),
    (
        lambda: Features(np.eye(2), np.ones(2), independent(2), flat(3), alike("normal", 2, 1.0, 1.0)),
        "different",
    ),
    (
        lambda: Features(np.zeros((1, 2)), np.ones(1), independent(1), flat(1), alike("normal", 1, 1.0, 1.0)),
        "direction 0 is zero",
    ),
    (lambda: subsets(1, 2, 3, np.random.default_rng(0)), "no subsets of 3"),
    (
        lambda: Features(
            np.eye(2), np.ones(2), independent(2), flat(2), alike("constant", 2, 1.0, 0.0), active=3
        ),
        "there are 2 features without a parent",
    ),
    (
        lambda: Features(
            np.eye(2),
            np.ones(2),
            low_rank(2, 1, 0.1, np.random.default_rng(0)),
            flat(2),
            alike("constant", 2, 1.0, 0.0),
            active=1,
        ),
        "not correlated",
    ),
    (lambda: tight(np.ones((1, 2))), "span"),
    (lambda: low_coherence(np.ones((5000, 1))), "at most 4096"),
    (lambda: zipf_between(4, 1.0, 0.5, 0.1), "least ≤ most"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_bad_parts_are_refused_by_name(call, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        call()


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"pairs": 2, "roots": 2}, "use one"),
        ({"roots": 9, "branching": 4}, "hold 45 features"),
        ({"magnitudes": "exponential", "spread": 2.0}, "negative"),
        ({"law": "geometric", "decay": 0.9, "rate": 0.5}, "first feature"),
        ({"directions": "tight"}, "span"),
        ({"rank": -1}, "rank = -1"),
        ({"exclusive": 2.0}, "exclusive = 2.0"),
        ({"active": 33}, "active = 33 of 32 features cannot fire"),
        ({"active": 0}, "active = 0: an integer in .1, 65536. or None"),
        ({"active": True}, "active = True"),
        ({"active": 2.0}, r"active = 2\.0"),
        ({"active": 2, "rate": 0.05}, "active = 2 excludes rate"),
        ({"active": 2, "rank": 3}, "active = 2 excludes rank"),
        ({"active": 2, "roots": 2, "depth": 2}, "active = 2 excludes roots, depth"),
        ({"active": 2, "pairs": 2}, "active = 2 excludes pairs"),
        ({"active": 2, "paths": 1}, "active = 2 excludes paths"),
        ({"active": 2, "magnitudes": "normal"}, "normal magnitudes can be 0"),
        ({"active": 2, "magnitudes": "folded-normal"}, "folded-normal magnitudes can be 0"),
        ({"active": 2, "magnitudes": "exponential", "spread": 1.0}, "exponential magnitudes can be 0"),
        ({"paths": 1}, "1 paths need as many trees; roots = 0"),
        ({"paths": 3, "roots": 2, "features": 6}, "3 paths need as many trees; roots = 2"),
        ({"paths": 1, "roots": 2, "rate": 0.1}, "paths = 1 excludes rate"),
        ({"paths": 1, "roots": 2, "exclusive": 1.0}, "paths = 1 excludes exclusive"),
    ],
)
def test_bad_parameters_of_the_world_are_refused_by_name(params: dict, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        geosae_synthetic.make("superposition", points=100, dim=64, rng=np.random.default_rng(0), **params)
