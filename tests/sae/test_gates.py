import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sae.gate_cases import ALL_GATES, SUPPORTING, random_parameters
from sae.strategies_sae import grid_tensors

from geosae.errors import InvalidInput
from geosae.sae.gates import (
    GATES,
    AbsTopK,
    BatchTopK,
    MatchingPursuit,
    Weights,
    gate_from_dict,
    largest_positive,
    pre_activations,
)
from geosae.sae.gates import largest as largest_module
from geosae.sae.gates.spade import projected


def by_sorting(row, k):
    """The Top-K rule, written as it is said: larger first, lower index first among equals, positive only."""
    order = sorted(range(len(row)), key=lambda i: (-row[i], i))
    return [i in order[:k] and row[i] > 0 for i in range(len(row))]


@given(grid_tensors(), st.integers(1, 7))
def test_top_k_is_the_rule_as_it_is_said(z, k):
    assert (largest_positive(z, k) > 0).tolist() == [by_sorting(row, k) for row in z.tolist()]


@pytest.mark.parametrize("limit", [0, 512])
@given(z=grid_tensors(), k=st.integers(1, 6))
def test_however_the_kth_value_is_found_it_is_the_same(limit, z, k):
    k = min(k, z.shape[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(largest_module, "PARTITION_WIDTH", limit)
        found = largest_module.kth_largest(z, k)
    assert found.tolist() == [[sorted(row, reverse=True)[k - 1]] for row in z.tolist()]


@pytest.mark.parametrize("gate", SUPPORTING)
@given(z=grid_tensors())
def test_active_means_positive_and_activations_keep_z(gate, z):
    support, a = gate.support(z) > 0, gate.encode(z, Weights(z, z[0], z, z[0], {}))
    assert bool((z[support] > 0).all())
    assert torch.equal(a > 0, support)
    assert torch.equal(a[support], z[support])
    assert gate.sparsity is None or int(support.sum(dim=1).max()) <= gate.sparsity


@given(grid_tensors(), st.integers(1, 4))
def test_batch_top_k_keeps_the_largest_of_the_batch(z, k):
    kept = BatchTopK(k=k).support(z) > 0
    flat = z.reshape(-1).tolist()
    assert kept.reshape(-1).tolist() == by_sorting(flat, k * len(z))


@given(grid_tensors(), st.integers(1, 6))
def test_abs_top_k_keeps_the_largest_magnitudes(z, k):
    kept = AbsTopK(k=k).support(z) > 0
    assert kept.tolist() == [by_sorting([abs(v) for v in row], k) for row in z.tolist()]


@given(grid_tensors(), st.integers(1, 4))
def test_sparsemax_is_the_nearest_point_of_the_simplex(z, radius):
    """The variational inequality ⟨v − a, b − a⟩ ≤ 0 at the vertices b of the simplex, which decides."""
    a = projected(z, torch.tensor([float(radius)]).double())
    assert bool((a >= 0).all())
    assert torch.allclose(a.sum(dim=1), torch.full((len(z),), float(radius)).double())
    inner = ((z - a) * a).sum(dim=1, keepdim=True)
    assert bool((radius * (z - a) <= inner + 1e-9).all())


def test_matching_pursuit_is_the_loop_over_residuals():
    """Against the definition: residual, best atom, subtract; not a word about Gram matrices."""
    generator = torch.Generator().manual_seed(0)
    atoms = torch.randn(9, 4, generator=generator, dtype=torch.float64)
    atoms /= atoms.norm(dim=1, keepdim=True)
    x = torch.randn(30, 4, generator=generator, dtype=torch.float64)
    weights = Weights(atoms, torch.zeros(9).double(), atoms, torch.zeros(4).double(), {})
    found = MatchingPursuit(k=5).encode(x @ atoms.T, weights)
    for point, a in zip(x, found, strict=True):
        residual, by_hand = point.clone(), torch.zeros(9).double()
        for _ in range(5):
            products = atoms @ residual
            best = int(products.argmax())
            by_hand[best] += max(float(products[best]), 0.0)
            residual = residual - max(float(products[best]), 0.0) * atoms[best]
        assert torch.allclose(a, by_hand)


def test_every_gate_is_tested():
    assert {gate.kind for gate in ALL_GATES} == set(GATES)


@pytest.mark.parametrize("gate", ALL_GATES)
def test_gates_come_back_from_json(gate):
    assert gate_from_dict(json.loads(json.dumps(gate.to_dict()))) == gate


def random_weights(gate, seed):
    weights = random_parameters(gate, seed).weights(gate)
    calibrated = gate.calibrate(
        weights, torch.randn(9, 3, generator=torch.Generator().manual_seed(seed)).double()
    )
    return weights._replace(**{name: value for name, value in calibrated.items() if name in Weights._fields})


@pytest.mark.parametrize("gate", ALL_GATES)
@pytest.mark.parametrize("factor", [0.25, 8.0])
def test_gates_are_positively_homogeneous(gate, factor):
    """On this the way from the frame of training to the data's own coordinates rests."""
    weights = random_weights(gate, 1)
    z = torch.randn(20, 8, generator=torch.Generator().manual_seed(2)).double()
    extra = {n: v * factor if gate.parameters[n].scales else v for n, v in weights.extra.items()}
    grown = weights._replace(b_enc=weights.b_enc * factor, extra=extra)
    assert torch.allclose(gate.encode(factor * z, grown), factor * gate.encode(z, weights))


@pytest.mark.parametrize("gate", ALL_GATES)
def test_the_bar_is_where_an_absolute_gate_opens(gate):
    weights = random_weights(gate, 3)
    z = torch.randn(200, 8, generator=torch.Generator().manual_seed(4)).double()
    bar = gate.thresholds(weights)
    assert (bar is None) == (gate.gating == "relative")
    if bar is not None:
        assert torch.equal(gate.encode(z, weights) > 0, z > bar)


def test_batch_top_k_is_calibrated_to_k_active_neurons():
    gate = BatchTopK(k=2)
    weights = random_weights(gate, 5)
    inputs = torch.randn(4096, 3, generator=torch.Generator().manual_seed(6)).double()
    calibrated = weights._replace(extra=gate.calibrate(weights, inputs))
    a = gate.encode(pre_activations(calibrated, inputs), calibrated)
    assert float((a > 0).double().sum(dim=1).mean()) == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize(
    ("record", "match"),
    [
        ({"k": 3}, "the kind None, which is none of a gate"),
        ({"kind": "topp", "k": 3}, "the kind 'topp', which is none of a gate"),
        ({"kind": "topk"}, "without its k"),
        ({"kind": "topk", "k": 3, "aux": 2}, "nearest valid one is 'aux_k'"),
        ({"kind": "topk", "k": 2.5}, "'k' is 2.5, which is no int"),
        ({"kind": "topk", "k": True}, "'k' is True"),
        ({"kind": "topk", "k": 0}, "at least one neuron"),
        ({"kind": "matryoshka"}, "without its inner"),
        ({"kind": "matryoshka", "inner": {"kind": "spade"}}, "sum to the same number"),
        ({"kind": "matryoshka", "inner": {"kind": "topk", "k": 1}, "shares": [0.5, 0.2, 1.0]}, "must rise"),
        ({"kind": "matryoshka", "inner": {"kind": "matryoshka", "inner": {"kind": "relu"}}}, "within a"),
        ({"kind": "jumprelu", "bandwidth": 0}, "bandwidth is 0"),
        ({"kind": "relu", "shape": "l2"}, "unknown shape 'l2'"),
        ({"kind": "mp", "k": 0}, "at least one neuron"),
        ({"kind": "topk", "k": 1, "aux_k": 0}, "aux_k is 0"),
        ({"kind": "topk", "k": 1, "aux_coefficient": -1}, "aux_coefficient is -1"),
        ({"kind": "relu", "l1": float("nan")}, "weight l1 is nan"),
    ],
)
def test_unusable_gates_are_refused_by_name(record, match):
    with pytest.raises(InvalidInput, match=match):
        gate_from_dict(record)
