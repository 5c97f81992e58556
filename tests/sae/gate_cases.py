"""One of every gate, and random weights for it: what the tests of all gates share."""

import torch

from geosae.sae.gates import (
    AbsTopK,
    BatchTopK,
    Gated,
    JumpReLU,
    MatchingPursuit,
    Matryoshka,
    ReLU,
    SpaDE,
    TopK,
)
from geosae.sae.training.parameters import Parameters

SUPPORTING = [ReLU(l1=0.2), TopK(k=3, aux_k=2, aux_coefficient=0.5)]
ALL_GATES = [
    *SUPPORTING,
    ReLU(l1=0.1, shape="tanh"),
    ReLU(l1=0.1, shape="sqrt"),
    JumpReLU(l0=0.1, bandwidth=0.5, threshold=0.3),
    Gated(l1=0.2),
    BatchTopK(k=2),
    Matryoshka(BatchTopK(k=2), shares=(0.25, 0.5, 1.0)),
    Matryoshka(ReLU(l1=0.1)),
    MatchingPursuit(k=3),
    SpaDE(distance=0.1, scale=0.7),
    AbsTopK(k=3),
]


def random_parameters(gate, seed, width=8, dim=3):
    """Random float64 parameters with unit atoms, as descent holds them."""
    generator = torch.Generator().manual_seed(seed)
    size = len(Parameters.zeros(width, dim, gate_parameters=gate.parameters).flat)
    at = Parameters.of(0.5 * torch.randn(size, generator=generator).double(), width, dim, gate.parameters)
    at.W_dec.div_(at.W_dec.norm(dim=1, keepdim=True))
    for name, spec in gate.parameters.items():
        if not spec.trained:
            at.extra[name].fill_(spec.initial)
    return at
