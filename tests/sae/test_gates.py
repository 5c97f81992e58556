import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sae.strategies_sae import grid_tensors

from geosae.geometry._door import InvalidInput
from geosae.geometry.halfspaces import NoHalfSpace
from geosae.sae.gates import GATES, ReLU, TopK, activate, gate_from_dict, half_spaces_of, largest_positive
from geosae.sae.gates import topk as topk_module

ALL_GATES = [ReLU(l1=0.2), TopK(k=3, aux_k=2, aux_coefficient=0.5)]


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
        patch.setattr(topk_module, "PARTITION_WIDTH", limit)
        found = topk_module.kth_largest(z, k)
    assert found.tolist() == [[sorted(row, reverse=True)[k - 1]] for row in z.tolist()]


@given(grid_tensors())
def test_relu_is_positivity(z):
    assert torch.equal(activate(ReLU(), z), torch.relu(z))


@pytest.mark.parametrize("gate", ALL_GATES)
@given(z=grid_tensors())
def test_active_means_positive_and_activations_keep_z(gate, z):
    support, a = gate.support(z) > 0, activate(gate, z)
    assert bool((z[support] > 0).all())
    assert torch.equal(a > 0, support)
    assert torch.equal(a[support], z[support])
    assert gate.sparsity is None or int(support.sum(dim=1).max()) <= gate.sparsity


def test_every_gate_is_tested():
    assert {gate.kind for gate in ALL_GATES} == set(GATES)


@pytest.mark.parametrize("gate", ALL_GATES)
def test_gates_come_back_from_json(gate):
    assert gate_from_dict(gate.to_dict()) == gate


def test_an_absolute_gate_has_half_spaces_and_a_relative_one_refuses():
    w, c = np.eye(2), np.array([1.0, -1.0])
    assert np.array_equal(half_spaces_of(ReLU(), w, c).w, w)
    with pytest.raises(NoHalfSpace, match="relative"):
        half_spaces_of(TopK(k=1), w, c)


@pytest.mark.parametrize(
    ("record", "match"),
    [
        ({"k": 3}, "no gate of kind None"),
        ({"kind": "topp", "k": 3}, "no gate of kind 'topp'"),
        ({"kind": "topk"}, "without its k"),
        ({"kind": "topk", "k": 3, "aux": 2}, "nearest one is 'aux_k'"),
        ({"kind": "topk", "k": 2.5}, "'k' is 2.5, which is no int"),
        ({"kind": "topk", "k": True}, "'k' is True"),
        ({"kind": "topk", "k": 0}, "at least one neuron"),
        ({"kind": "topk", "k": 1, "aux_k": 0}, "aux_k is 0"),
        ({"kind": "topk", "k": 1, "aux_coefficient": -1}, "aux_coefficient is -1"),
        ({"kind": "relu", "l1": float("nan")}, "L1 weight is nan"),
    ],
)
def test_unusable_gates_are_refused_by_name(record, match):
    with pytest.raises(InvalidInput, match=match):
        gate_from_dict(record)
