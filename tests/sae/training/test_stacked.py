"""Stacked members against the same members trained alone: equal at the first steps, up to rounding."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sae.clouds import superposition

from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig
from geosae.sae.gates import BatchTopK, ReLU, TopK
from geosae.sae.training.stacked import stackable, train_stacked
from geosae.sae.training.train import train

TOPK = TrainConfig(TopK(k=2), width=16, steps=12, batch_size=64, log_every=4)
CONFIGS = [
    TOPK,
    replace(TOPK, gate=TopK(k=3, aux_k=4, aux_coefficient=1.0), dead_after=128),
    replace(TOPK, gate=ReLU(l1=0.1)),
    replace(TOPK, gate=ReLU(l1=0.1), decoder_norm="free", tied_bias=False),
    replace(TOPK, baseline="frozen_decoder"),
    replace(TOPK, batch_size=10_000),
    replace(TOPK, decoder_lr=3.0),
]


def weights(run):
    return torch.cat([getattr(run.sae, name).detach().flatten() for name in run.sae.names])


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_stacked_members_take_the_steps_they_take_alone(config):
    points, _ = superposition()
    members = [(config, 0), (replace(config, lr=0.01), 1), (config, 2)]
    if isinstance(config.gate, ReLU):
        members.append((replace(config, gate=ReLU(l1=0.3)), 1))
    for (own, seed), stacked in zip(members, train_stacked(points, members, device="cpu"), strict=True):
        alone = train(points, own, seed, device="cpu")
        assert torch.allclose(weights(stacked), weights(alone), atol=2e-4)
        assert stacked.config == own
        assert [line["step"] for line in stacked.log] == [line["step"] for line in alone.log]
        for one, two in zip(stacked.log, alone.log, strict=True):
            assert one == pytest.approx(two, rel=1e-3, abs=1e-4)


def test_the_auxiliary_loss_acts_in_the_stack():
    points, _ = superposition()
    with_aux, without = (
        replace(TOPK, gate=TopK(k=1, aux_k=4, aux_coefficient=c), dead_after=64, steps=30) for c in (1.0, 0.0)
    )
    one, two = (train_stacked(points, [(config, 0)])[0] for config in (with_aux, without))
    assert max(line["aux"] for line in one.log) > 0
    assert not torch.equal(weights(one), weights(two))


@pytest.mark.parametrize(
    "other",
    [
        replace(TOPK, width=8),
        replace(TOPK, gate=TopK(k=3)),
        replace(TOPK, gate=BatchTopK(k=2)),
        replace(TOPK, ema=0.9),
        replace(TOPK, baseline="untrained"),
        replace(TOPK, precision="bfloat16"),
    ],
    ids=str,
)
def test_what_cannot_be_stacked_is_refused(other):
    assert not stackable([TOPK, other])
    with pytest.raises(InvalidInput, match="cannot be stacked"):
        train_stacked(np.eye(3), [(TOPK, 0), (other, 0)])


def test_an_empty_stack_is_refused():
    with pytest.raises(InvalidInput, match="no member"):
        train_stacked(np.eye(3), [])
