"""P8 against grids and random covers, and on SAEs with one active neuron: planted, trained, forged."""

import math
from fractions import Fraction
from typing import Any

import geosae_synthetic
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

import geosae
from geosae.data.dataset import ConceptDataset
from geosae.sae import AbsTopK, ReLU, SparseAutoencoder, TopK, TrainConfig, neurons_of
from geosae.verification import Evidence, TrainedInstance
from proofs_checks import claims
from proofs_checks._one_active import least_worst
from proofs_checks._round import least_cover, mean_error, worst_error
from proofs_checks.p8_round_features import Case, observe

CIRCLE = np.linspace(0, 1, 20_000, endpoint=False)


@given(st.lists(st.integers(0, 359), min_size=1, max_size=6))
def test_worst_and_mean_error_are_those_of_a_fine_grid(degrees: list[int]) -> None:
    turns = tuple(Fraction(d, 360) for d in degrees)
    away = np.abs(CIRCLE[:, None] - np.array(degrees) / 360) % 1
    nearest = np.minimum(away, 1 - away).min(axis=1)
    errors = np.where(nearest < 0.25, np.sin(2 * np.pi * nearest) ** 2, 1.0)
    worst = float(observe(Case("worst", "atoms", turns)).value)
    assert errors.max() - 1e-9 <= worst <= errors.max() + 1e-3
    assert float(mean_error(turns)) == pytest.approx(errors.mean(), abs=1e-4)


@given(st.integers(0, 10**6), st.integers(2, 4))
def test_the_farthest_point_of_a_sphere_is_a_facets_normal(seed: int, dim: int) -> None:
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1, 1], size=(dim, dim))
    # Twice an orthogonal frame: small integers of one length that surround the origin.
    frame = np.eye(dim, dtype=int) * signs
    atoms = np.vstack([frame, -frame])
    exact = float(worst_error([tuple(v) for v in atoms.tolist()]))
    hull = ConvexHull(atoms)
    cosines = -hull.equations[:, -1]
    assert exact == pytest.approx(1 - float(cosines.min()) ** 2)
    x = rng.normal(size=(4000, dim))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    assert (1 - np.maximum(x @ atoms.T, 0).max(axis=1) ** 2).max() <= exact + 1e-12


@given(st.lists(st.integers(0, 71), min_size=1, max_size=9, unique=True), st.integers(1, 4))
def test_the_least_cover_is_that_of_all_starts(steps: list[int], arcs: int) -> None:
    angles = np.array(steps) * np.pi / 36

    def covered(span: int) -> bool:
        for start in steps:
            left = sorted((s - start) % 72 for s in steps)
            for _ in range(arcs):
                left = [s for s in left if s > left[0] + span] if left else left
            if not left:
                return True
        return False

    least = next(span for span in range(73) if covered(span))
    assert least_cover(angles, arcs) == pytest.approx(least * np.pi / 36, abs=1e-9)


def circle(count: int = 720, radius: float = 1.0) -> ConceptDataset:
    angles = 2 * np.pi * np.arange(count) / count
    points = radius * np.column_stack([np.cos(angles), np.sin(angles)])
    return ConceptDataset(points, points[:, :1] > 0.3, ("right",))


def polygon(count: int, gate: Any = None) -> Any:
    angles = 2 * np.pi * (np.arange(count) + 0.25) / count
    rows = np.column_stack([np.cos(angles), np.sin(angles)])
    sae = SparseAutoencoder(2, count, gate or TopK(1), dtype=torch.float64)
    sae.set_weights(W_enc=rows, W_dec=rows)
    return neurons_of(sae)


def evidence(neurons: Any, data: ConceptDataset) -> list[Evidence]:
    check = claims()["P8"].check_run
    assert check is not None
    return list(check(TrainedInstance(neurons, data, None, "sae")))


@pytest.mark.parametrize("count", [3, 4, 8, 12])
def test_a_polygon_of_rays_from_the_centre_attains_the_bound(count: int) -> None:
    (found,) = evidence(polygon(count), circle(720 * count, radius=3.0))
    assert found.holds
    assert not found.vacuous
    assert found.observed == pytest.approx(math.sin(math.pi / count) ** 2, rel=1e-2)
    assert 1 <= found.observed / found.bound < 1.02
    assert f"worst error of {count} atoms" in found.instance


def test_trained_saes_keep_the_bound_and_leave_the_centre() -> None:
    for name in ("week", "disk-in-ring"):
        data = geosae_synthetic.make(name, points=800, dim=2, rng=np.random.default_rng(0))
        (found,) = evidence(
            neurons_of(geosae.train(data.points, TrainConfig(TopK(1), 8, steps=800), 0).sae), data
        )
        assert found.holds
        assert not found.vacuous
        away = float(found.instance.split("b_dec ")[1].split(" spreads")[0])
        assert away > 0.5


def test_two_active_signed_or_absolute_neurons_say_nothing() -> None:
    assert evidence(polygon(4, TopK(2)), circle()) == []
    assert evidence(polygon(4, AbsTopK(1)), circle()) == []
    assert evidence(polygon(4, ReLU(0.0)), circle()) == []
    line = ConceptDataset(np.linspace(-1, 1, 9)[:, None], np.arange(9)[:, None] > 4, ("right",))
    one = neurons_of(geosae.train(line.points, TrainConfig(TopK(1), 2, steps=5), 0).sae)
    assert evidence(one, line) == []


def test_a_perfect_reconstruction_by_four_rays_is_found_out() -> None:
    honest = polygon(4)

    class Perfect(type(honest)):
        def reconstruct(self, points: np.ndarray) -> np.ndarray:
            return points.copy()

    (found,) = evidence(
        Perfect(**{name: getattr(honest, name) for name in honest.__dataclass_fields__}), circle()
    )
    assert (found.holds, found.vacuous) == (False, False)


def test_points_near_the_centre_are_left_out_of_the_bound() -> None:
    data = circle(400)
    with_centre = np.vstack([data.points, np.full((10, 2), 1e-6)])
    assert least_worst(with_centre, 4) == pytest.approx(least_worst(data.points, 4), rel=0.05)
    assert least_worst(data.points, 1000) == 0
