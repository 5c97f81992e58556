"""Who fires is decided as rationals decide it, on data made to lie on and next to every boundary."""

from contextlib import contextmanager

import numpy as np
import pytest
import torch
from exact_oracle import affine_values, largest_positive
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sae.gate_cases import ALL_GATES

from geosae.data.codes import Codes
from geosae.errors import InvalidInput
from geosae.geometry import HalfSpaces
from geosae.geometry.rounding import LEAST_SINGLE, UNIT_SINGLE, lengths, rounding_bound
from geosae.sae import firing
from geosae.sae import neurons as neurons_module
from geosae.sae.firing import Screen
from geosae.sae.gates import ReLU, TopK
from geosae.sae.model import SparseAutoencoder
from geosae.sae.neurons import neurons_of

K = 5


def adversarial(scale=1.0, offset=0.0, single=True, seed=0, width=24, dim=6, count=240):
    """Functions, three each equal or different in the last bit of c, and points near their boundaries.

    A third of the points lie within 1e-17 … 1e-4 of a hyperplane, a third as near as float64 lets them.
    """
    rng = np.random.default_rng(seed)
    w = np.repeat(rng.standard_normal((width // 3, dim)), 3, axis=0)
    c = np.repeat(rng.standard_normal(width // 3), 3)
    if single:
        w, c = w.astype(np.float32).astype(np.float64), c.astype(np.float32).astype(np.float64)
    points = rng.standard_normal((count, dim)) + offset
    of = rng.integers(width, size=count)
    c -= w.sum(axis=1) * offset
    c[2::3] = np.nextafter(c[2::3], np.inf)
    for _ in range(3):
        step = ((points * w[of]).sum(axis=1) + c[of]) / np.square(w[of]).sum(axis=1)
        points[count // 3 :] -= (step[:, None] * w[of])[count // 3 :]
    third = slice(count // 3, 2 * count // 3)
    points[third] += (10.0 ** rng.uniform(-17, -4, count) * rng.choice([-1, 1], count))[third, None] * w[
        of[third]
    ]
    order = rng.permutation(width)
    return HalfSpaces(w[order], c[order] * scale), points * scale


@contextmanager
def torch_threads(count):
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


CASES = {
    "plain": {"count": 3000},
    "small": {"scale": 1e-3},
    "large": {"scale": 1e3},
    "beyond float32": {"scale": 1e150},
    "below float32": {"scale": 1e-150},
    "far from the origin": {"offset": 100.0},
    "weights that float32 rounds": {"single": False},
}


@pytest.mark.parametrize("case", CASES)
def test_every_decision_is_that_of_rationals(case):
    functions, points = adversarial(**CASES[case])
    values = affine_values(functions.w, functions.c, points)
    screen = Screen(functions)
    assert np.array_equal(screen.positive(points).dense(), values > 0)
    assert np.array_equal(functions.contains(points), values > 0)
    for k in (K, len(functions) + 1):
        assert np.array_equal(screen.largest(points[-240:], k).dense(), largest_positive(values[-240:], k))
    # Control: on the same data float64 alone, and float32 more often, decide differently.
    computed = functions.values(points)
    double = np.count_nonzero((computed > 0) != (values > 0))
    assert double > 20
    if case == "plain":
        w, c = (torch.from_numpy(array).float() for array in (functions.w, functions.c))
        single = (torch.addmm(c, torch.from_numpy(points).float(), w.T) > 0).numpy()
        assert np.count_nonzero(single != (values > 0)) > 2 * double
    # Farther from 0 than its bound float64 is right, so nothing else has changed.
    bound = rounding_bound(lengths(points)[:, None], lengths(functions.w), np.abs(functions.c), functions.dim)
    clear = np.abs(computed) > bound
    assert clear.mean() > 0.9
    assert np.array_equal(computed[clear] > 0, (values > 0)[clear])


def test_what_float32_computes_is_within_the_bound():
    for options in CASES.values():
        functions, points = adversarial(**{**options, "scale": 1.0})
        w, c = (torch.from_numpy(array).float() for array in (functions.w, functions.c))
        x = torch.from_numpy(points).float()
        computed = torch.addmm(c, x, w.T).double().numpy()
        errors = np.abs(computed - functions.values(points))
        screen = Screen(functions)
        block = screen._rounded(points)
        bound = screen._bound(block.length[:, None], block.error[:, None], screen._sizes)
        assert 1e-3 < np.max(errors / bound) <= 1
        # The bound is stated in the module: here it is written once more.
        gamma = (functions.dim + 2) * UNIT_SINGLE / (1 - (functions.dim + 2) * UNIT_SINGLE)
        x32, w32, c32 = x.double().numpy(), w.double().numpy(), c.double().numpy()
        norm = np.linalg.norm
        stated = gamma * (norm(x32, axis=1)[:, None] * norm(w32, axis=1) + np.abs(c32))
        stated += norm(points - x32, axis=1)[:, None] * norm(functions.w, axis=1)
        stated += norm(x32, axis=1)[:, None] * norm(functions.w - w32, axis=1) + np.abs(functions.c - c32)
        assert np.all(bound >= stated + LEAST_SINGLE)


@pytest.mark.parametrize("rows", [1, 7, 256])
@pytest.mark.parametrize("threads", [1, 4])
def test_neither_blocks_nor_threads_nor_company_change_a_bit(rows, threads, monkeypatch):
    functions, points = adversarial(count=60)
    screen, order = Screen(functions), np.random.default_rng(1).permutation(len(points))
    expected = [screen.positive(points), screen.largest(points, K)]
    monkeypatch.setattr(firing, "ROWS", rows)
    with torch_threads(threads):
        again = [screen.positive(points), screen.largest(points, K)]
        shuffled = [screen.positive(points[order]), screen.largest(points[order], K)]
    for first, second, moved in zip(expected, again, shuffled, strict=True):
        assert first.indptr.tobytes() == second.indptr.tobytes()
        assert first.indices.tobytes() == second.indices.tobytes()
        assert np.array_equal(first.dense()[order], moved.dense())


def test_a_wide_layer_is_searched_in_groups():
    """Wide enough for groups, with ties within a group and across, and more of them than are looked at."""
    rng = np.random.default_rng(2)
    w = rng.standard_normal((64 * 64, 3)).astype(np.float32).astype(np.float64)
    w[5::7], w[100:140] = w[0], w[100]
    functions = HalfSpaces(w, rng.standard_normal(len(w)).astype(np.float32) * 0.1)
    functions.c[5::7], functions.c[100:140] = functions.c[0], functions.c[100]
    points = np.vstack([rng.standard_normal((20, 3)), 3 * w[[0, 100]], np.zeros((1, 3))])
    values = affine_values(functions.w, functions.c, points)
    for k in (2, 7):
        assert np.array_equal(Screen(functions).largest(points, k).dense(), largest_positive(values, k))


@pytest.mark.parametrize("count", [1, 3, 60])
def test_layers_of_equal_or_dead_neurons(count):
    """All values tie or are 0: every pair is within the bound, and the points are decided as a whole."""
    rng = np.random.default_rng(3)
    points = rng.standard_normal((30, 4))
    equal = HalfSpaces(np.tile(rng.standard_normal(4), (60, 1)), np.full(60, 0.1))
    dead = HalfSpaces(np.zeros((60, 4)), rng.integers(-1, 2, 60) * 0.1)
    for functions in (equal, dead):
        values = affine_values(functions.w, functions.c, points)
        screen = Screen(functions)
        assert np.array_equal(screen.positive(points).dense(), values > 0)
        assert np.array_equal(screen.largest(points, count).dense(), largest_positive(values, count))


def test_one_point_beyond_float32_does_not_disturb_its_block():
    functions, points = adversarial()
    points[3], points[7] = 1e200, 1e-200
    points[11] = np.where(np.arange(points.shape[1]) % 2, 3e38, -3e38)
    values = affine_values(functions.w, functions.c, points)
    assert np.array_equal(Screen(functions).positive(points).dense(), values > 0)
    assert np.array_equal(Screen(functions).largest(points, K).dense(), largest_positive(values, K))


@st.composite
def integer_layers(draw):
    numbers = st.integers(-3, 3).map(float)
    dim, width, count = draw(st.integers(1, 3)), draw(st.integers(1, 8)), draw(st.integers(0, 5))
    arrays = [
        draw(hnp.arrays(np.float64, shape, elements=numbers)) for shape in ((width, dim), width, (count, dim))
    ]
    w, c, points = (array * draw(st.sampled_from([1.0, 0.1, 1 / 3, 1e-30, 1e20])) for array in arrays)
    return HalfSpaces(w, c), points


@given(integer_layers(), st.integers(1, 9))
def test_the_screen_is_exact_on_grids(layer, k):
    functions, points = layer
    values = affine_values(functions.w, functions.c, points)
    assert np.array_equal(Screen(functions).positive(points).dense(), values > 0)
    assert np.array_equal(Screen(functions).largest(points, k).dense(), largest_positive(values, k))


def layer_of(gate, seed=0, dim=4, width=40, dtype=torch.float32):
    sae = SparseAutoencoder(dim, width, gate, dtype)
    rng = np.random.default_rng(seed)
    shapes = {name: getattr(sae, name).shape for name in sae.names}
    weights = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    weights["W_dec"] /= np.linalg.norm(weights["W_dec"], axis=1, keepdims=True)
    for name in {"threshold", "scale", "radius"} & set(weights):
        weights[name] = np.abs(weights[name]) / 2 + 0.1
    weights["W_enc"][1::2], weights["b_enc"][1::2] = weights["W_enc"][::2], weights["b_enc"][::2]
    sae.set_weights(**weights)
    return neurons_of(sae)


def near_boundaries(neurons, count=300, seed=1):
    """Points of which half are as near to a hyperplane as float64 lets them."""
    rng = np.random.default_rng(seed)
    regions = neurons.half_spaces() if neurons.gating == "absolute" else neurons.affine
    points, of = rng.standard_normal((count, neurons.dim)), rng.integers(neurons.width, size=count)
    for _ in range(2):
        step = ((points * regions.w[of]).sum(axis=1) + regions.c[of]) / np.square(regions.w[of]).sum(axis=1)
        points[::2] -= (step[:, None] * regions.w[of])[::2]
    return points


@pytest.mark.parametrize("gate", ALL_GATES, ids=repr)
def test_codes_say_what_fires_says_by_either_way(gate, monkeypatch):
    neurons = layer_of(gate)
    points = near_boundaries(neurons)
    fires, a, x_hat = neurons.fires(points), neurons.activations(points), neurons.reconstruct(points)
    monkeypatch.setattr(neurons_module, "SCREENED_WIDTH", 1)
    monkeypatch.setattr(neurons_module, "SCREENED_POINTS", 1)
    screened = neurons.codes(points, values=True)
    monkeypatch.undo()
    for codes in (screened, neurons.codes(points, values=True)):
        assert np.array_equal(codes.dense(), fires)
        table = np.zeros_like(a)
        table[fires] = codes.values
        assert np.allclose(table, a, atol=1e-6)
        assert np.all(a[~fires] == 0)
        assert np.allclose(neurons.reconstruct_from(codes), x_hat, atol=1e-12)
    assert neurons.codes(points).values is None
    assert np.array_equal(neurons.codes(points).dense(), fires)
    parts = list(neurons.in_chunks(points))
    assert np.array_equal(np.vstack([part for _, part, _ in parts]), fires)
    if gate.gating == "absolute":
        assert np.array_equal(neurons.half_spaces().contains(points), fires)


@pytest.mark.parametrize("gate", [ReLU(), TopK(k=K)])
def test_the_ways_agree_in_fires_chunks_and_reconstruction(gate, monkeypatch):
    neurons = layer_of(gate)
    points = near_boundaries(neurons)
    values = affine_values(neurons.affine.w, neurons.affine.c, points)
    exact = values > 0 if isinstance(gate, ReLU) else largest_positive(values, K)
    x_hat = neurons.reconstruct(points)
    monkeypatch.setattr(neurons_module, "SCREENED_WIDTH", 1)
    assert np.array_equal(neurons.fires(points), exact)
    assert np.allclose(neurons.reconstruct(points), x_hat, atol=1e-12)
    chunks = list(neurons.in_chunks(points))
    assert np.array_equal(np.vstack([fires for _, fires, _ in chunks]), exact)
    assert np.allclose(np.vstack([part for _, _, part in chunks]), x_hat, atol=1e-12)


@pytest.mark.parametrize("screened", [True, False])
def test_a_neuron_that_fires_is_active_even_where_its_value_rounds_to_nothing(screened, monkeypatch):
    monkeypatch.setattr(neurons_module, "SCREENED_WIDTH", 1 if screened else 2**31)
    neurons = layer_of(ReLU(), dtype=torch.float64)
    points = near_boundaries(neurons, count=2000)
    codes = neurons.codes(points, values=True)
    assert np.all(codes.values > 0)
    rounded = neurons.affine.values(points)[codes.dense()]
    assert np.count_nonzero(rounded <= 0) > 20


def test_a_coarser_matrix_product_is_not_trusted(monkeypatch):
    monkeypatch.setattr(neurons_module, "SCREENED_WIDTH", 1)
    monkeypatch.setattr(Screen, "positive", lambda screen, points: pytest.fail("screened"))
    neurons, points = layer_of(ReLU()), np.ones((100, 4))
    assert Screen.trusted()
    torch.set_float32_matmul_precision("medium")
    try:
        assert not Screen.trusted()
        assert len(neurons.codes(points)) == 100
    finally:
        torch.set_float32_matmul_precision("highest")
    with pytest.raises(pytest.fail.Exception, match="screened"):
        neurons.codes(points)


def test_codes_that_cannot_be_decoded_are_refused():
    neurons = layer_of(ReLU())
    codes = neurons.codes(np.ones((3, 4)))
    with pytest.raises(InvalidInput, match="without values"):
        neurons.reconstruct_from(codes)
    with pytest.raises(InvalidInput, match="codes of width 2"):
        neurons.reconstruct_from(Codes.from_mask(np.ones((3, 2), dtype=bool), np.ones((3, 2))))
    assert len(neurons.codes(np.zeros((0, 4)), values=True)) == 0
    with pytest.raises(InvalidInput, match="3 coordinates where 4"):
        neurons.codes(np.zeros((2, 3)))
