"""Dimensions of read-out, coherence and Welch's bound, against Fractions."""

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies_dictionaries import dictionaries

from geosae.errors import InvalidInput
from geosae.geometry import feature_dimensions, frame_of, least_coherence, welch
from geosae.geometry.superposition import frames


def exact_dimensions(A: np.ndarray, B: np.ndarray) -> list[Fraction]:
    """Return D_ii²/Σ_j D_ij² in rationals."""
    columns = [[Fraction(float(x)) for x in column] for column in A.T]
    probes = [[Fraction(float(x)) for x in column] for column in B.T]
    D = [[sum((u * v for u, v in zip(b, a, strict=True)), Fraction(0)) for a in columns] for b in probes]
    return [row[i] ** 2 / sum(x * x for x in row) if any(row) else Fraction(0) for i, row in enumerate(D)]


@given(dictionaries(), st.integers(-900, 900))
def test_dimensions_are_those_of_rationals_at_any_scale(A: np.ndarray, exponent: int) -> None:
    exact = exact_dimensions(A, A)
    frame = frame_of(np.ldexp(A, exponent))
    values = frame.dimensions.values
    assert values == pytest.approx([float(x) for x in exact], abs=1e-9)
    assert abs(sum(exact) - sum(map(Fraction, values.tolist()))) <= frame.dimensions.eta
    lengths = np.linalg.norm(A, axis=0)
    if lengths.max() < 2.0**10 * lengths[lengths > 0].min(initial=np.inf):
        # Beside a column 2⁴⁰ times as long a short one's products are mostly rounding, and eta says so.
        assert frame.dimensions.eta < 1e-9


@given(dictionaries(least=3, most=3), dictionaries(least=3, most=3))
def test_probes_get_the_dimensions_of_rationals(A: np.ndarray, B: np.ndarray) -> None:
    n = min(len(A), len(B))
    exact = exact_dimensions(A[:n], B[:n])
    dimensions = feature_dimensions(A[:n], B[:n])
    assert dimensions.values == pytest.approx([float(x) for x in exact], abs=1e-9)
    assert abs(sum(exact) - Fraction(dimensions.total)) <= dimensions.eta


@given(dictionaries())
def test_coherence_is_the_largest_cosine_and_not_below_welch(A: np.ndarray) -> None:
    live = [[Fraction(float(x)) for x in column] for column in A.T if column.any()]
    squares = [
        sum(x * y for x, y in zip(a, b, strict=True)) ** 2 / (sum(x * x for x in a) * sum(y * y for y in b))
        for a, b in combinations(live, 2)
    ]
    frame = frame_of(A)
    assert frame.size == len(live)
    assert frame.coherence == pytest.approx(math.sqrt(max(squares, default=Fraction(0))), abs=1e-12)
    assert frame.coherence >= frame.welch - frame.eta


def test_a_column_beyond_the_square_root_of_the_floats_keeps_its_dimension() -> None:
    # ‖a‖⁴ is no float here; orthogonal columns have a dimension each, whatever their lengths.
    frame = frame_of(np.diag([1e-300, 1.0, 1e300]))
    assert frame.dimensions.values.tolist() == [1.0, 1.0, 1.0]
    assert frame.coherence == 0.0
    assert frame.over_welch is None


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    A = np.random.default_rng(0).normal(size=(5, 23))
    whole = frame_of(A)
    monkeypatch.setattr(frames, "BLOCK", 4)
    parts = frame_of(A)
    assert parts.dimensions.values == pytest.approx(whole.dimensions.values, rel=1e-12)
    assert parts.coherence == pytest.approx(whole.coherence, rel=1e-12)


def test_welch_is_attained_by_the_simplex_and_by_28_lines() -> None:
    for n in range(1, 9):
        assert welch(n + 1, n) == Fraction(1, n * n)
    assert welch(28, 7) == Fraction(1, 9)
    # Many lines in few dimensions: a higher order says more.
    assert least_coherence(1000, 4) > math.sqrt(welch(1000, 4))
    assert least_coherence(7, 1) == 1.0


def test_it_refuses_what_has_no_answer() -> None:
    with pytest.raises(InvalidInput, match="one vector has no coherence"):
        welch(1, 3)
    with pytest.raises(InvalidInput, match="B holds 2 probes"):
        feature_dimensions(np.eye(3), np.eye(3)[:, :2])
    with pytest.raises(InvalidInput, match="A hold 1 NaN"):
        frame_of(np.array([[np.nan]]))


def test_it_reads_well() -> None:
    assert repr(frame_of(np.eye(2))) == (
        "Frame: 2 directions in 2 dimensions, tightness 1, coherence 0 (no bound)"
    )
    assert "1 times Welch's bound" in repr(
        frame_of(np.array([[1.0, -0.5, -0.5], [0, 0.75**0.5, -(0.75**0.5)]]))
    )
