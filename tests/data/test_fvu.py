"""One FVU: in float64, about the mean, of matching shapes; beside it the trimmed one and a warning."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geosae.analysis
from geosae.analysis import AnalysisConfig, analyse
from geosae.analysis.recovery import recovery
from geosae.data.dataset import ConceptDataset
from geosae.data.fvu import RunningVariance, Unexplained, fvu, unexplained, unexplained_by
from geosae.errors import InvalidInput
from geosae.geometry import HalfSpaces
from geosae.sae import SparseAutoencoder, neurons_of
from geosae.sae.metrics import measure


def exact_fvu(x: np.ndarray, y: np.ndarray) -> float:
    """The same quotient of the same numbers, in fractions."""
    points = [[Fraction(float(v)) for v in row] for row in x]
    means = [sum(column) / len(points) for column in zip(*points, strict=True)]
    variance = sum((v - m) ** 2 for row in points for v, m in zip(row, means, strict=True))
    guesses = [[Fraction(float(v)) for v in row] for row in y]
    pairs = zip(points, guesses, strict=True)
    return float(sum((v - w) ** 2 for a, b in pairs for v, w in zip(a, b, strict=True)) / variance)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("offset", [0.0, 1e4, 1e8])
def test_an_offset_costs_no_digits(offset: float, dtype: type) -> None:
    if offset > float(np.finfo(dtype).max) or offset * np.finfo(dtype).eps > 1:
        pytest.skip("the points would be rounded to one another")
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(500, 3)) + offset).astype(dtype)
    y = (x + 0.3 * rng.normal(size=x.shape)).astype(dtype)
    assert fvu(x, y) == pytest.approx(exact_fvu(x, y), rel=1e-12)
    for chunk in (1, 7, 10_000):
        residuals = np.square(x.astype(float) - y).sum(axis=1)
        assert unexplained(x, residuals, chunk=chunk).fvu == pytest.approx(exact_fvu(x, y), rel=1e-7)


def test_integers_are_widened_before_they_are_subtracted() -> None:
    x = np.array([[0], [200], [100]], dtype=np.uint8)
    y = np.array([[100], [100], [100]], dtype=np.uint8)
    assert fvu(x, y) == 1.0


def test_other_shapes_are_refused_and_never_broadcast() -> None:
    x = np.arange(6.0).reshape(3, 2)
    for wrong in (x[:, :1], x[:1], x[:2]):
        with pytest.raises(InvalidInput):
            fvu(x, wrong)
    with pytest.raises(InvalidInput, match="2 residuals"):
        unexplained(x, np.zeros(2))


def test_equal_points_have_no_fvu() -> None:
    for value in (0.1, 1e8 + 0.1, 1e-300):
        assert np.isnan(fvu(np.full((7, 3), value), np.zeros((7, 3))))


@given(st.integers(0, 1000), st.integers(1, 40))
def test_blocks_of_any_size_give_the_variance_of_the_whole(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(40, 2)) * 10.0 ** rng.integers(-3, 4) + 10.0 ** rng.integers(0, 6)
    running = RunningVariance()
    for start in range(0, 40, size):
        running.add(x[start : start + size])
    running.add(x[:0])
    assert running.count == 40
    assert running.mean == pytest.approx(x.mean(axis=0))
    assert running.total == pytest.approx(np.square(x - x.mean(axis=0)).sum(), rel=1e-6)


def far_row() -> tuple[np.ndarray, np.ndarray]:
    """2 000 points of which one is × 1 000 and reconstructed nearly; the others keep four fifths."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 4))
    x[0] *= 1000
    y = x - np.sqrt(0.8) * x
    y[0] = 0.999 * x[0]
    return x, y


def test_one_far_row_is_named_and_the_trimmed_fvu_speaks_of_the_others() -> None:
    x, y = far_row()
    left = unexplained_by(x, y)
    assert left.fvu == pytest.approx(exact_fvu(x, y), rel=1e-12)
    assert left.fvu < left.trimmed / 50
    assert left.trimmed == pytest.approx(fvu(x[1:], y[1:]), abs=0.01)
    assert left.trimmed == pytest.approx(0.8, abs=0.01)
    others = x[1:] - x.mean(axis=0)
    assert left.carried > 1 - np.square(others).sum() / left.variance
    assert left.warning is not None
    assert "that of the others is 0.8" in left.warning


def test_the_analysis_and_the_metrics_show_it_too() -> None:
    x, _ = far_row()
    sae = SparseAutoencoder.planted(HalfSpaces(np.eye(4), np.zeros(4)), x)
    dataset = ConceptDataset(x, x[:, :1] > 0, ("right",))
    # Where the far row is held out, it carries the variance of that half.
    of_seeds = [analyse(sae, dataset, AnalysisConfig(seed=seed, floor=False)).metrics for seed in range(4)]
    assert {metrics.warning is None for metrics in of_seeds} == {True, False}
    for metrics in of_seeds:
        assert (metrics.warning is None) == (metrics.unexplained.carried < 0.5)
        assert (metrics.warning or "L0") in repr(metrics)
    neurons = neurons_of(sae)
    assert measure(neurons, x)["trimmed_fvu"] == unexplained_by(x, neurons.reconstruct(x)).trimmed


def test_ordinary_points_raise_no_warning() -> None:
    rng = np.random.default_rng(0)
    for size in (2, 19, 20, 500):
        x = rng.normal(size=(size, 3))
        left = unexplained_by(x, 0.5 * x)
        assert left.warning is None
        assert left.trimmed == pytest.approx(left.fvu, rel=0.2)
    assert unexplained_by(x[:5], 0 * x[:5]).trimmed == pytest.approx(fvu(x[:5], 0 * x[:5]))
    assert Unexplained(0.0, 0.0, np.nan, np.nan).warning is None


def test_there_is_one_fvu() -> None:
    assert geosae.analysis.fvu is fvu
    x = np.random.default_rng(0).normal(size=(100, 2)) + 1e6
    y = x + 0.1
    sae = SparseAutoencoder.planted(HalfSpaces(np.eye(2), np.zeros(2)))
    dataset = ConceptDataset(x, x[:, :1] > 1e6, ("right",))
    rows = recovery(
        np.eye(2),
        np.eye(2),
        [(x[:30], y[:30], x[:30] > 0, x[:30] > 0), (x[30:], y[30:], x[30:] > 0, x[30:] > 0)],
    )
    assert rows.fvu == pytest.approx(fvu(x, y), rel=1e-9)
    neurons = neurons_of(sae)
    assert measure(neurons, x)["fvu"] == fvu(x, neurons.reconstruct(x))
    assert np.isfinite(analyse(sae, dataset).fvu)
