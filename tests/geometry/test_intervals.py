import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from geosae.geometry import InvalidInput, clopper_pearson, ratio_interval


@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([0.2, 0.05, 1e-4, 1e-9]))
def test_against_an_independent_implementation(k: int, more: int, alpha: float) -> None:
    n = k + more
    low, high = clopper_pearson(k, n, alpha)
    if n == 0:
        assert (low, high) == (0, 1)
        return
    theirs = stats.binomtest(k, n).proportion_ci(1 - alpha, "exact")
    # Theirs bisects to an absolute accuracy of about 1e-9 only.
    assert float(low) == pytest.approx(theirs.low, abs=1e-7)
    assert float(high) == pytest.approx(theirs.high, abs=1e-7)


@pytest.mark.parametrize("alpha", [0.3, 0.05, 0.01])
def test_coverage_is_never_below_the_level(alpha: float) -> None:
    """The theorem itself: for every p the binomial probability of the k whose interval holds p."""
    for n in (1, 2, 7, 20):
        k = np.arange(n + 1)
        low, high = clopper_pearson(k, np.full(n + 1, n), alpha)
        grid = np.concatenate([np.linspace(0, 1, 501), low + 1e-12, high - 1e-12]).clip(0, 1)
        covered = (low <= grid[:, None]) & (grid[:, None] <= high)
        assert ((stats.binom.pmf(k, n, grid[:, None]) * covered).sum(axis=1) >= 1 - alpha - 1e-12).all()


def test_ratio_covers_for_every_pair_of_probabilities() -> None:
    n, alpha = 12, 0.1
    counts = [(a, b) for a in range(n + 1) for b in range(n + 1 - a) if a + b > 0]
    ones, twos = (np.array(column) for column in zip(*counts, strict=True))
    low, high = ratio_interval(ones, twos, alpha)
    for p, q in [(0.3, 0.2), (0.05, 0.5), (0.45, 0.5), (0.1, 0.02)]:
        mass = stats.multinomial.pmf(np.column_stack([ones, twos, n - ones - twos]), n, [p, q, 1 - p - q])
        held = (low <= p / q) & (p / q <= high)
        empty = (1 - p - q) ** n
        assert mass[held].sum() + empty >= 1 - alpha


def test_ends_and_refusals() -> None:
    low, high = clopper_pearson(np.array([0, 5]), np.array([5, 5]))
    assert low[0] == 0
    assert high[1] == 1
    assert 0 < high[0] < 1
    assert np.isinf(ratio_interval(3, 0)[1])
    for k, n, alpha in [(-1, 3, 0.05), (4, 3, 0.05), (1, 3, 0.0), (1, 3, 1.0)]:
        with pytest.raises(InvalidInput):
            clopper_pearson(k, n, alpha)
