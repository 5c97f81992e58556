"""Statistical dimensions: wedges of known angles, projections by a quadratic program, simulated columns."""

import math

import cvxpy
import numpy as np
import pytest

from geosae.errors import InvalidInput
from geosae.geometry import name_features, naming_transition, recover_code, recovery_transition
from geosae.geometry.superposition.transitions import squared_projections


def rng(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    ("p", "k", "delta"),
    [
        (1, 1, 0.5),  # a half-line
        (2, 1, 0.75),  # a wedge of 45°: 2/8 + 1/2
        (2, 2, 1.0),  # a right angle
        (2, 9, 1.0),
    ],
)
def test_wedges_have_the_statistical_dimension_of_their_angle(p: int, k: int, delta: float):
    transition = naming_transition(p, k, rng(1), draws=20_000)
    assert abs(transition.dimension - delta) < 4 * transition.error
    assert transition.error < 0.012


def test_larger_amplitudes_open_the_wedge():
    # |h_2| ≤ 2t on one side, both sides at k = 2: angles atan 2 and 2·atan 2.
    for k, angle in ((1, math.atan(2)), (2, 2 * math.atan(2))):
        transition = naming_transition(2, k, rng(2), 2, draws=20_000)
        assert abs(transition.dimension - (2 * angle / (2 * math.pi) + 0.5)) < 4 * transition.error


@pytest.mark.parametrize(("p", "k", "rho"), [(1, 1, 1.0), (5, 1, 1.0), (7, 2, 1.0), (9, 3, 1.5), (6, 8, 2.0)])
def test_projections_are_those_of_a_quadratic_program(p: int, k: int, rho: float):
    g = rng(p, k).standard_normal((6, p))
    for row, square in zip(g, squared_projections(g, k, rho), strict=True):
        h = cvxpy.Variable(p)
        t = -h[0]
        bounds: list[cvxpy.Constraint] = [t >= 0]
        if p > 1:
            rest = h[1:]
            bounds += [cvxpy.abs(rest) <= rho * t, cvxpy.sum(cvxpy.pos(rest)) <= rho * k * t,
                       cvxpy.sum(cvxpy.neg(rest)) <= rho * (k - 1) * t]  # fmt: skip
        cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(row - h)), bounds).solve(solver=cvxpy.CLARABEL)
        assert h.value is not None
        assert square == pytest.approx(float((h.value**2).sum()), abs=1e-5)


def test_half_of_the_features_of_gaussian_columns_are_named_near_delta():
    p, k = 24, 3
    delta = naming_transition(p, k, rng(3)).dimension

    def share(n: int) -> float:
        verdicts = [v for s in range(4) for v in name_features(rng(4, n, s).standard_normal((n, p)), k)]
        return float(np.mean([v.nameable for v in verdicts]))

    assert share(math.floor(delta) - 5) < 0.3
    assert share(math.ceil(delta) + 5) > 0.7


@pytest.mark.parametrize("nonnegative", [False, True])
def test_codes_come_back_above_the_transition_and_not_below(nonnegative: bool):
    p, k = 40, 4
    n = recovery_transition(p, k, nonnegative=nonnegative)

    def share(dim: int) -> float:
        hits = 0
        for s in range(30):
            draw = rng(5, dim, s)
            z = np.zeros(p)
            z[draw.choice(p, k, replace=False)] = 1 if nonnegative else draw.choice((-1, 1), k)
            hits += recover_code(draw.standard_normal((dim, p)), z, nonnegative=nonnegative).recovered is True
        return hits / 30

    assert share(math.floor(n) - 5) < 0.3
    assert share(math.ceil(n) + 5) > 0.7


def test_the_formula_of_recovery_is_a_minimum_over_thresholds():
    p, k, taus = 50, 3, np.linspace(0, 5, 2001)
    g = rng(6).standard_normal(200_000)
    tails = np.array([np.mean(np.maximum(g - tau, 0) ** 2) for tau in taus[::40]])
    least = float((k * (1 + taus[::40] ** 2) + (p - k) * 2 * tails).min())
    assert recovery_transition(p, k) == pytest.approx(least, rel=0.02)
    assert recovery_transition(5, 5) == recovery_transition(5, 9) == pytest.approx(5)
    assert recovery_transition(64, 2, nonnegative=True) < recovery_transition(64, 2)


def test_more_active_features_and_larger_amplitudes_need_more_dimensions():
    deltas = [naming_transition(20, k, rng(7), draws=200).dimension for k in (1, 2, 4, 8)]
    assert deltas == sorted(deltas)
    assert naming_transition(20, 2, rng(7), 3, draws=200).dimension > deltas[1]


@pytest.mark.parametrize(
    ("p", "k", "rho", "draws"),
    [(0, 2, 1, 9), (4, 0, 1, 9), (4, 2, 1, 1), (4, 2, 0.5, 9), (4, 2, math.inf, 9)],
)
def test_what_is_out_of_range_is_refused(p: int, k: int, rho: float, draws: int):
    with pytest.raises(InvalidInput):
        naming_transition(p, k, rng(0), rho, draws=draws)


def test_directions_give_what_gaussian_vectors_give():
    g = rng(8).standard_normal((4000, 64))
    squares = squared_projections(g, 4, 1.0)
    direct, error = float(squares.mean()), float(squares.std()) / math.sqrt(len(g))
    assert abs(naming_transition(64, 4, rng(9)).dimension - direct) < 4 * error
