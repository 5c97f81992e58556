"""Top-K through bfloat16: the error bound holds, and the kept set is that of exact numbers."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from geosae.sae.gates import largest_positive

pytest.importorskip("numba", reason="numba is not installed")

from geosae.sae.training.numba.lists import Lists
from geosae.sae.training.numba.screen import Screen


def screened(x, w, b, k):
    """The kept set, as a mask, and the kept values."""
    rows, width = len(x), len(w)
    lists = Lists(rows, width, rows * k, np.dtype(np.float32))
    Screen(w, b, rows, k).keep_largest(lists, x, 0)
    mask = torch.zeros(rows, width)
    for row, neurons in enumerate(lists.rows()):
        mask[row, neurons] = 1.0
    return mask, lists


def drawn(seed, rows, width, dim, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    x, w = torch.randn(rows, dim, generator=generator), torch.randn(width, dim, generator=generator)
    return x * scale, w, torch.randn(width, generator=generator)


@st.composite
def integer_cases(draw):
    """Integers that bfloat16 holds, so that z is exact in float32 and ties are ties."""
    rows, width, dim = draw(st.integers(1, 6)), draw(st.integers(2, 90)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    span = draw(st.integers(1, 3))
    x, w = (rng.integers(-span, span + 1, (count, dim)) for count in (rows, width))
    b = rng.integers(-span, span + 1, width)
    return (*(torch.from_numpy(part.astype(np.float32)) for part in (x, w, b)), draw(st.integers(1, width)))


@given(integer_cases())
def test_ties_are_settled_as_by_the_gate(case):
    x, w, b, k = case
    z = x @ w.T + b
    mask, lists = screened(x, w, b, k)
    assert torch.equal(mask, largest_positive(z, k))
    kept = np.concatenate([z[row, neurons].numpy() for row, neurons in enumerate(lists.rows())])
    assert np.array_equal(lists.value[: lists.start[-1]], kept)


@pytest.mark.parametrize(("width", "k", "dim"), [(40, 3, 7), (512, 8, 64), (1000, 16, 33), (128, 60, 16)])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_k_largest_of_random_products(width, k, dim, scale):
    x, w, b = drawn(width, 200, width, dim, scale)
    z = x.double() @ w.double().T + b.double()
    mask, _ = screened(x, w, b, k)
    expected = largest_positive(z, k)
    # Where float32 cannot tell two numbers apart, either may be kept: the sets may differ by such pairs only.
    for row in torch.nonzero((mask != expected).any(dim=1)).flatten():
        apart = z[row][(mask[row] != expected[row])]
        assert float(apart.max() - apart.min()) < 1e-5 * float(x[row].norm() * w.norm(dim=1).max())
    assert float((mask != expected).any(dim=1).double().mean()) < 0.05


@pytest.mark.parametrize("outlier", [1.0, 100.0])
def test_the_error_bound_holds_and_is_not_idle(outlier):
    x, w, b = drawn(5, 300, 400, 64)
    w[7] *= outlier
    screen = Screen(w, b, 300, 8)
    rounded, bound = screen.rounded(x).double(), torch.from_numpy(screen.errors(x)).double()
    off = (rounded - (x.double() @ w.double().T + b.double())).abs() - rounded.abs() * 2**-8
    share = off.max(dim=1).values / bound
    assert float(share.max()) < 1.0
    assert float(share.max()) > 0.1 / outlier


def test_weights_are_looked_at_again():
    x, w, b = drawn(6, 20, 64, 8)
    screen, lists = Screen(w, b, 20, 4), Lists(20, 64, 80, np.dtype(np.float32))
    w.neg_()
    b.add_(1.0)
    screen.renew()
    screen.keep_largest(lists, x, 0)
    assert lists.rows() == screened(x, w, b, 4)[1].rows()


def test_numbers_that_only_the_rounding_brings_together():
    """All pre-activations are equal in bfloat16 and different in float32: the exact order decides."""
    w = (
        torch.ones(300, 1)
        + torch.randperm(300, generator=torch.Generator().manual_seed(0))[:, None] * 2.0**-20
    )
    assert len(w.bfloat16().unique()) == 1
    mask, _ = screened(torch.ones(2, 1), w, torch.zeros(300), 5)
    assert torch.equal(mask, largest_positive(w.T.expand(2, -1).contiguous(), 5))


def test_nothing_positive_and_not_a_number():
    x, w = torch.tensor([[1.0], [float("nan")], [float("inf")]]), torch.linspace(-3, -1, 50)[:, None]
    mask, _ = screened(x, w, torch.zeros(50), 5)
    assert mask.sum() == 0
