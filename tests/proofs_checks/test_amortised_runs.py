"""P10 against convex programmes, and on SAEs of a run: what their encoders leave on their own pattern."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geosae
from geosae.data.dataset import ConceptDataset
from geosae.geometry import HalfSpaces
from geosae.sae import AbsTopK, ReLU, SparseAutoencoder, TopK, TrainConfig, neurons_of
from geosae.verification import Evidence, TrainedInstance
from proofs_checks import _amortised, claims
from proofs_checks._fits import beside_the_atoms, random_fit
from proofs_checks._losses import Fit
from proofs_checks._nonnegative import nonnegative_codes
from proofs_checks.p10_partial_minima import Case, bound, excess, observe


def arrays(fit: Fit) -> tuple[np.ndarray, ...]:
    return tuple(
        np.array([[float(v) for v in row] for row in rows])
        for rows in (fit.points, fit.codes, fit.atoms, (fit.b_dec,))
    )


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 8))
def test_the_excess_is_that_of_a_convex_programme(seed: int, quarters: int) -> None:
    rng = np.random.default_rng(seed)
    fit, l1 = random_fit(rng), Fraction(quarters, 4)
    x, a, w, b = arrays(fit)
    allowed = rng.random(a.shape) < 0.7
    pattern = tuple(tuple(map(bool, row)) for row in allowed)
    codes = tuple(
        tuple(v * p for v, p in zip(r, q, strict=True)) for r, q in zip(fit.codes, pattern, strict=True)
    )
    case = Case("gap", replace(fit, codes=codes), "drawn", l1, pattern)
    least = 0.0
    for target, row in zip(x - b, allowed, strict=True):
        z = cp.Variable(int(row.sum()), nonneg=True) if row.any() else np.zeros(0)
        loss = cp.sum_squares(target - w[row].T @ z) + float(l1) * cp.sum(z)
        solved = cp.Problem(cp.Minimize(loss)).solve(solver="CLARABEL") if row.any() else target @ target
        least += float(solved) / len(x)  # pyright: ignore[reportArgumentType]
    here = (np.square(x - b - (a * allowed) @ w).sum() + float(l1) * (a * allowed).sum()) / len(x)
    assert float(excess(case)) == pytest.approx(here - least, abs=1e-5)
    assert excess(case) <= bound(case)


def test_a_partial_minimum_stops_alternation_and_need_not_be_the_least() -> None:
    fit = beside_the_atoms(np.random.default_rng(4))
    assert observe(Case("partial", fit, "beside", free_bias=True)).value == 1
    x, a, w, b = arrays(fit)
    loss = np.square(x - b - a @ w).sum()
    assert loss > 0
    codes = nonnegative_codes(x - b, w, start=a, rounds=2000)
    atoms = np.linalg.lstsq(a, x - b, rcond=None)[0]
    assert np.square(x - b - codes @ w).sum() == pytest.approx(loss, rel=1e-9)
    assert np.square(x - b - a @ atoms).sum() == pytest.approx(loss, rel=1e-9)


def test_under_a_penalty_of_codes_alone_no_atom_of_a_partial_minimum_fires() -> None:
    # The best code of a unit atom is ½; the atom then wants to be longer, and again, without end.
    one, half = Fraction(1), Fraction(1, 2)
    fit = Fit(((one,),), ((half,),), ((one,),), (Fraction(0),))
    assert observe(Case("codes", fit, "code", one)).value == 1
    assert observe(Case("partial", fit, "both", one)).value == 0
    assert observe(Case("partial", fit, "by norms", one, by_norms=True)).value == 1
    a, w, losses = 0.5, 1.0, []
    for _ in range(40):
        w = 1 / a
        a = max(1 / w - 0.5 / w**2, 0)
        losses.append((1 - a * w) ** 2 + a)
    assert losses[-1] < 0.1 < losses[0]


def data() -> ConceptDataset:
    points = np.random.default_rng(0).normal(size=(700, 4)) * [3.0, 2.0, 1.0, 1.0]
    return ConceptDataset(points, points[:, :1] > 0.5, ("right",))


def evidence(neurons: Any) -> list[Evidence]:
    check = claims()["P10"].check_run
    assert check is not None
    return list(check(TrainedInstance(neurons, data(), None, "sae")))


def trained(gate: Any, steps: int = 400) -> Any:
    return neurons_of(geosae.train(data().points, TrainConfig(gate, 12, steps=steps), 0).sae)


@pytest.mark.parametrize("gate", [TopK(2), ReLU(0.05)], ids=["topk", "relu"])
def test_what_better_codes_save_is_at_most_their_violations(gate: Any) -> None:
    (found,) = evidence(trained(gate))
    assert found.holds
    assert not found.vacuous
    assert found.eta < 1e-9
    assert 0 < found.observed <= found.bound
    # With the exact best codes the bound is between the gap and twice the gap.
    assert found.bound < 2.2 * found.observed
    assert "of the loss" in found.instance


def test_training_makes_the_encoder_better() -> None:
    early, late = evidence(trained(TopK(2), 5))[0], evidence(trained(TopK(2), 1500))[0]
    assert late.observed < early.observed


def test_an_orthonormal_dictionary_with_its_own_encoder_leaves_nothing() -> None:
    sae = SparseAutoencoder.planted(HalfSpaces(np.eye(4), np.zeros(4)))
    (found,) = evidence(neurons_of(sae))
    assert found.holds
    assert found.vacuous
    assert found.observed == pytest.approx(0, abs=1e-12)
    assert evidence(trained(AbsTopK(2), 5)) == []


@pytest.mark.parametrize(
    ("gate", "right", "wrong"),
    [
        (TopK(2), "price - 2 * rest @ w.T", "price - rest @ w.T"),
        (TopK(2), "(a - best)", "(best - a)"),
        (ReLU(0.05), "(a - best)", "(best - a)"),
        (ReLU(0.05), "price - 2 *", "0 * price - 2 *"),
    ],
)
def test_a_wrong_slope_in_the_source_is_found_out(gate: Any, right: str, wrong: str) -> None:
    source = Path(_amortised.__file__).read_text(encoding="utf-8")
    assert source.count(right) == 1
    names: dict[str, Any] = {}
    exec(compile(source.replace(right, wrong), "amortised", "exec"), names)
    (found,) = names["amortisation"](TrainedInstance(trained(gate), data()))
    assert (found.holds, found.vacuous) == (False, False)
