"""What re-fitting the decoder gains (theory O1), against least squares and a convex programme."""

import sys
from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geosae.analysis.refit import AtomGains, Refit, atom_gains, random_decoder, refit
from geosae.data.codes import Codes
from geosae.errors import InvalidInput
from geosae.geometry import HalfSpaces
from geosae.sae import SparseAutoencoder, neurons_of

Problem = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@st.composite
def problems(draw, most_dim: int = 3) -> Problem:
    """Draw codes (N, d), points, atoms and a bias: dead, equal, zero atoms, and more of them than points."""
    count, width, dim = draw(st.integers(1, 7)), draw(st.integers(1, 5)), draw(st.integers(1, most_dim))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    a = rng.integers(0, 4, (count, width)) * (rng.random((count, width)) < 0.7)
    w = rng.integers(-3, 4, (width, dim)).astype(float)
    if width > 1 and draw(st.booleans()):
        a[:, 1] = a[:, 0] * draw(st.integers(0, 2))
    return a.astype(float), rng.normal(size=(count, dim)) * 3, w, rng.normal(size=dim)


def codes_of(a: np.ndarray) -> Codes:
    return Codes.from_mask(a != 0, a)


def loss(a: np.ndarray, x: np.ndarray, w: np.ndarray, b: np.ndarray, l1: float = 0.0) -> float:
    return float(np.square(x - a @ w - b).sum() / len(x) + l1 * (a.mean(axis=0) @ np.linalg.norm(w, axis=1)))


def with_atom(w: np.ndarray, j: int, atom: np.ndarray) -> np.ndarray:
    out = w.copy()
    out[j] = atom
    return out


@given(problems())
def test_a_free_gain_is_that_of_least_squares(problem: Problem) -> None:
    a, x, w, b = problem
    gains = atom_gains(codes_of(a), x, w, b)
    assert gains.error == pytest.approx(loss(a, x, w, b))
    assert gains.fired.tolist() == (a != 0).sum(axis=0).tolist()
    for j in range(len(w)):
        target = x - a @ w - b + np.outer(a[:, j], w[j])
        atom = np.linalg.lstsq(a[:, [j]], target, rcond=None)[0][0] if a[:, j].any() else w[j]
        gain = loss(a, x, w, b) - loss(a, x, with_atom(w, j, atom), b)
        assert gains.free[j] == pytest.approx(gain, abs=1e-9)


@given(problems(most_dim=2))
def test_with_the_norm_held_no_angle_gains_more(problem: Problem) -> None:
    a, x, w, b = problem
    gains = atom_gains(codes_of(a), x, w, b).norm_held
    angles = np.linspace(0, 2 * np.pi, 721)
    circle = (
        np.column_stack([np.cos(angles), np.sin(angles)]) if w.shape[1] == 2 else np.array([[1.0], [-1.0]])
    )
    for j, gain in enumerate(gains):
        losses = [loss(a, x, with_atom(w, j, np.linalg.norm(w[j]) * u), b) for u in circle]
        best = loss(a, x, w, b) - min(losses)
        # Along the circle the loss is a cosine, and the grid misses its least value by a quarter of a degree.
        missed = (max(losses) - min(losses)) / 2 * (1 - np.cos(np.pi / 720))
        assert best - 1e-9 <= gain <= best + 1.01 * missed + 1e-9


@settings(max_examples=25)
@given(problems(), st.sampled_from([0.0, 0.5, 3.0, 50.0]))
def test_a_penalised_gain_is_that_of_a_convex_programme(problem: Problem, l1: float) -> None:
    a, x, w, b = problem
    gains = atom_gains(codes_of(a), x, w, b, l1=l1)
    j = 0
    atom = cp.Variable(w.shape[1])
    rest = x - b - a @ w + np.outer(a[:, j], w[j])
    error = cp.sum_squares(rest - cp.reshape(a[:, j], (len(a), 1), "C") @ cp.reshape(atom, (1, len(b)), "C"))
    others = l1 * (np.delete(a.mean(axis=0), j) @ np.linalg.norm(np.delete(w, j, axis=0), axis=1))
    least = cp.Problem(cp.Minimize(error / len(a) + l1 * a[:, j].mean() * cp.norm(atom))).solve(
        solver="CLARABEL"
    )
    assert gains.penalised is not None
    expected = loss(a, x, w, b, l1) - others - float(least)  # pyright: ignore[reportArgumentType]
    assert gains.penalised[j] == pytest.approx(expected, abs=1e-5 * (1 + loss(a, x, w, b, l1)))
    if l1 == 0:
        assert gains.penalised == pytest.approx(gains.free, abs=1e-9)


@given(problems())
def test_the_whole_decoder_is_that_of_least_squares(problem: Problem) -> None:
    a, x, w, b = problem
    fit = refit(codes_of(a), x, w, b)
    design = np.hstack([a, np.ones((len(a), 1))])
    best = np.linalg.lstsq(design, x, rcond=None)[0]
    least = loss(design, x, best, 0 * b)
    assert fit.gain == pytest.approx(loss(a, x, w, b) - least, abs=1e-7 * fit.before.error)
    assert loss(a, x, fit.decoder, fit.b_dec) == pytest.approx(least, abs=1e-7 * fit.before.error)
    assert (fit.before.free <= fit.gain + 1e-7 * fit.before.error).all()
    assert (fit.after.free <= 1e-9 * fit.before.error).all()
    dead = fit.before.fired == 0
    assert (fit.decoder[dead] == w[dead]).all()


@given(problems(), st.sampled_from([None, 0.3]))
def test_gains_are_not_negative_and_nothing_is_left_to_gain(problem: Problem, l1: float | None) -> None:
    a, x, w, b = problem
    gains = atom_gains(codes_of(a), x, w, b, l1=l1)
    forms = (gains.free, gains.norm_held, *([] if gains.penalised is None else [gains.penalised]))
    assert all((form >= 0).all() for form in forms)
    assert all((form[gains.fired == 0] == 0).all() for form in forms)
    # The free optimum of one atom: nothing is left for it, and no form that holds more gains more.
    for j in np.flatnonzero(gains.fired):
        r = a[:, j] @ (x - a @ w - b) / len(a)
        best = with_atom(w, int(j), w[j] + r / np.square(a[:, j]).mean())
        assert atom_gains(codes_of(a), x, best, b).free[j] == pytest.approx(0, abs=1e-12 * (1 + gains.error))
        assert gains.norm_held[j] <= gains.free[j] + 1e-9 * (1 + gains.error)


def trained() -> tuple[Codes, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3))
    neurons = neurons_of(
        SparseAutoencoder.planted(HalfSpaces(rng.normal(size=(6, 3)), rng.normal(size=6)), x)
    )
    return neurons.codes(x, values=True), x, neurons.decoder, neurons.b_dec


def test_a_decoder_fitted_by_least_squares_has_nothing_to_gain_until_an_atom_is_turned() -> None:
    codes, x, w, b = trained()
    assert atom_gains(codes, x, w, b).shares().greatest < 1e-12
    assert abs(refit(codes, x, w, b).share) < 1e-12
    cosine, sine = np.cos(np.radians(10)), np.sin(np.radians(10))
    turned = w.copy()
    turned[2, :2] = turned[2, :2] @ np.array([[cosine, sine], [-sine, cosine]])
    gains = atom_gains(codes, x, turned, b)
    assert gains.free[2] / gains.error > 1e-4
    assert gains.norm_held[2] / gains.error > 1e-4
    assert refit(codes, x, turned, b).decoder == pytest.approx(w, abs=1e-9)


def test_noise_gains_what_chance_says() -> None:
    rng = np.random.default_rng(3)
    a = rng.random((500, 40)) * (rng.random((500, 40)) < 0.3)
    x = rng.normal(size=(500, 20))
    gains = atom_gains(codes_of(a), x, np.zeros((40, 20)), np.zeros(20))
    assert gains.chance == 40 / 500
    assert gains.shares().total == pytest.approx(gains.chance, rel=0.25)
    assert refit(codes_of(a), x, np.zeros((40, 20)), x.mean(axis=0)).share == pytest.approx(0.08, rel=0.25)


def test_random_atoms_are_at_their_best_scale() -> None:
    codes, x, w, _ = trained()
    atoms, bias = random_decoder(codes, x, w, np.random.default_rng(1))
    lengths = np.linalg.norm(atoms, axis=1) / np.linalg.norm(w, axis=1)
    assert lengths == pytest.approx(np.full(len(w), lengths[0]))
    assert codes.values is not None
    table = np.zeros((len(codes), codes.width))
    table[codes.dense()] = codes.values
    decoded = table @ atoms
    errors = [
        np.square(x - bias - s * decoded - d).sum() for s in (0.99, 1.0, 1.01) for d in (-0.01, 0.0, 0.01)
    ]
    assert int(np.argmin(errors)) == 4
    assert refit(codes, x, atoms, bias).share > 0.1


def test_an_error_of_zero_has_no_shares() -> None:
    one = np.ones((2, 1))
    gains = atom_gains(codes_of(one), one, one[:1], np.zeros(1), l1=0.5)
    assert np.isnan([gains.shares().total, gains.shares("penalised").median]).all()
    assert np.isnan(refit(codes_of(one), one, one[:1], np.zeros(1)).share)
    assert gains.penalised is not None
    assert gains.penalised[0] == pytest.approx(1 / 16)  # to w = 3/4: 1/16 of error for 1/8 of penalty


def test_a_forged_record_is_refused() -> None:
    codes, x, w, b = trained()
    fit: Refit = refit(codes, x, w * 1.1, b)
    assert fit.check(codes, x) is fit
    with pytest.raises(InvalidInput, match="said to be the best one is not"):
        replace(fit, decoder=w * 1.1).check(codes, x)
    with pytest.raises(InvalidInput, match="said to be the best one is not"):
        replace(fit, b_dec=b + 0.1).check(codes, x)
    with pytest.raises(InvalidInput, match="is left, and"):
        replace(fit, gain=fit.gain * 1.01).check(codes, x)


def test_what_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    codes, x, w, b = trained()
    with pytest.raises(InvalidInput, match="400 points and 6 neurons, with values"):
        atom_gains(codes, x[:9], w, b)
    with pytest.raises(InvalidInput, match="without values"):
        refit(Codes(codes.indptr, codes.indices, codes.width), x, w, b)
    with pytest.raises(InvalidInput, match="NaN or infinite"):
        atom_gains(Codes(codes.indptr, codes.indices, 6, np.full(codes.active, np.nan)), x, w, b)
    with pytest.raises(InvalidInput, match="leave the floats"):
        atom_gains(codes, x * 1e200, w, b)
    with pytest.raises(InvalidInput, match="give the weight of the penalty"):
        atom_gains(codes, x, w, b).shares("penalised")
    monkeypatch.setattr(sys.modules["geosae.analysis._least_squares"], "LARGEST_SYSTEM", 5)
    with pytest.raises(InvalidInput, match="at most 5 of the points"):
        refit(codes, x, w, b)
    assert isinstance(atom_gains(codes, x, w, b), AtomGains)
