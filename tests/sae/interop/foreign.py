"""Helpers: a peer library or a skip, random numbers for its weights, and agreement with what it computes."""

import warnings
from types import ModuleType

import numpy as np
import pytest
import torch

from geosae.sae.interop import Imported

DIM, WIDTH, COUNT = 6, 20, 200
CLOSE = 1e-5


def peer(name: str) -> ModuleType:
    """Import a peer library, whose own warnings are none of ours, or skip the tests that need it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name, reason=f"{name} cannot be imported (extra 'peers')")


def numbers(*shape: int, seed: int = 0, scale: float = 1.0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * scale


def points(seed: int = 1, dim: int = DIM) -> torch.Tensor:
    return numbers(COUNT, dim, seed=seed, scale=1.5)


@torch.no_grad()
def randomise(module: torch.nn.Module, seed: int = 2) -> None:
    """Fill every parameter with random numbers, positive where its name says that it must be."""
    for number, (name, parameter) in enumerate(sorted(module.named_parameters())):
        drawn = numbers(*parameter.shape, seed=seed + number, scale=0.5)
        parameter.copy_(drawn.abs() if name == "threshold" else drawn)


@torch.no_grad()
def assert_agree(imported: Imported, x: torch.Tensor, acts: torch.Tensor, out: torch.Tensor) -> None:
    """The SAE read computes what its library computes: in float64 geometry and in torch alike."""
    given = x.double().numpy()
    acts, out = acts.detach().to_dense(), out.detach()
    # A comparison of silent or constant SAEs would prove nothing.
    assert 0 < (acts != 0).double().mean() < 1
    assert out.std() > 0.1
    found = imported.activations(given)
    np.testing.assert_allclose(found, acts.numpy(), atol=CLOSE, rtol=CLOSE)
    np.testing.assert_array_equal(imported.neurons.fires(imported.prepare(given)), (acts != 0).numpy())
    np.testing.assert_allclose(imported.reconstruct(given), out.numpy(), atol=CLOSE, rtol=CLOSE)
    inside = torch.from_numpy(imported.prepare(given)).to(imported.sae.W_enc.dtype)
    torch.testing.assert_close(imported.sae.encode(inside), acts, atol=CLOSE, rtol=CLOSE, check_dtype=False)
