"""A GPU against the CPU, for every gate: who fires, activations, reconstruction, a training step, a run.

Each comparison takes two places, a device and a precision. Those marked `gpu` hold a GPU against float64 on
the CPU and need a card; the others hold float32 on the CPU against it, so that the code is run everywhere and
the tolerances are known to be what rounding needs. `pytest -m gpu tests/sae/test_gpu.py` runs the marked.
"""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from sae.clouds import superposition
from sae.gate_cases import ALL_GATES, random_parameters

from geosae.sae.config import TrainConfig
from geosae.sae.gates import BatchTopK, Gated, MatchingPursuit, ReLU, SpaDE, TopK, largest
from geosae.sae.model import SparseAutoencoder
from geosae.sae.training.adam import Adam
from geosae.sae.training.grid import train_grid
from geosae.sae.training.parameters import Parameters
from geosae.sae.training.spec import training_spec, written_out
from geosae.sae.training.step import TorchStep
from geosae.sae.training.train import train

WIDTH, DIM, POINTS, BATCH = 24, 8, 600, 64
# Largest difference, as a share of the largest number compared. Float32 on a CPU needs 6·10⁻⁷ in these cases;
# products in TF32, which torch does not use unless asked, would need some 10⁻³.
SHARE = {torch.float32: 1e-5, torch.float64: 1e-12}
# A firing set is certain where moving the point so far, in many directions, does not change it.
WIGGLE = 1e-4
LR = 0.01


@dataclass(frozen=True)
class Place:
    """Where something is computed, and how precisely."""

    device: str
    dtype: torch.dtype

    def put(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.device, self.dtype)


HERE = Place("cpu", torch.float64)
OTHERS = [
    pytest.param(Place("cpu", torch.float32), id="cpu-float32"),
    pytest.param(Place("cuda", torch.float32), id="cuda-float32", marks=pytest.mark.gpu),
    pytest.param(Place("cuda", torch.float64), id="cuda-float64", marks=pytest.mark.gpu),
]
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]
# What these gates do with z is to compare and to multiply: exact where z is.
EXACT = [gate for gate in ALL_GATES if not isinstance(gate, Gated | SpaDE | MatchingPursuit)]


@pytest.fixture(autouse=True)
def the_way_of_a_gpu(monkeypatch: pytest.MonkeyPatch):
    """Find the k-th largest as on a GPU, not by numpy; products on a GPU must be in full precision."""
    monkeypatch.setattr(largest, "PARTITION_WIDTH", 0)
    assert torch.get_float32_matmul_precision() == "highest"


def drawn(gate, seed: int) -> tuple[Parameters, torch.Tensor]:
    """Random weights and points, which float32 holds exactly."""
    at = random_parameters(gate, seed, WIDTH, DIM)
    at.flat.copy_(at.flat.float())
    generator = torch.Generator().manual_seed(seed + 1)
    return at, torch.randn(POINTS, DIM, generator=generator).double()


def model(gate, at: Parameters, points: torch.Tensor, place: Place) -> SparseAutoencoder:
    """The SAE of these weights, its thresholds calibrated on the points."""
    weights = at.weights(gate)
    tensors = {"W_enc": weights.W_enc, "b_enc": weights.b_enc, "W_dec": weights.W_dec, "b_dec": weights.b_dec}
    tensors |= {"b_pre": torch.zeros(DIM), **weights.extra, **gate.calibrate(weights, points)}
    sae = SparseAutoencoder(DIM, WIDTH, gate, place.dtype)
    sae.set_weights(**{name: tensor.float().numpy() for name, tensor in tensors.items()})
    return sae.to(place.device)


@torch.no_grad()
def outcome(sae: SparseAutoencoder, points: torch.Tensor, place: Place) -> tuple[torch.Tensor, torch.Tensor]:
    """Activations and reconstructions, widened and brought home."""
    a = sae.encode(place.put(points))
    assert (a.device.type, a.dtype) == (place.device, place.dtype)
    return HERE.put(a), HERE.put(sae.decode(a))


def certain(sae: SparseAutoencoder, points: torch.Tensor) -> torch.Tensor:
    """The points whose firing set stays the same when they are moved a little: away from all thresholds."""
    generator = torch.Generator().manual_seed(7)
    active = outcome(sae, points, HERE)[0] != 0
    steady = torch.ones(len(points), dtype=torch.bool)
    for _ in range(16):
        moved = points + WIGGLE * torch.randn(points.shape, generator=generator).double()
        steady &= ((outcome(sae, moved, HERE)[0] != 0) == active).all(dim=1)
    return steady


def near(one: torch.Tensor, other: torch.Tensor, dtype: torch.dtype) -> bool:
    return float((one - other).abs().max()) <= SHARE[dtype] * float(other.abs().max())


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("gate", ALL_GATES, ids=str)
def test_the_same_neurons_fire_as_strongly_and_reconstruct_the_same(gate, other: Place):
    at, points = drawn(gate, 0)
    reference = model(gate, at, points, HERE)
    steady = certain(reference, points)
    assert steady.double().mean() > 0.9
    (a, x_hat), (b, y_hat) = (
        outcome(sae, points, place)
        for sae, place in ((model(gate, at, points, other), other), (reference, HERE))
    )
    assert torch.equal((a != 0)[steady], (b != 0)[steady])
    assert 0 < float((b != 0).double().mean()) < 1
    assert near(a[steady], b[steady], other.dtype)
    assert near(x_hat[steady], y_hat[steady], other.dtype)
    assert not near(x_hat[steady] * 1.0001, y_hat[steady], other.dtype), "the check can fail"


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("gate", EXACT, ids=str)
def test_where_arithmetic_is_exact_every_bit_is_the_same_ties_too(gate, other: Place):
    at, _ = drawn(gate, 0)
    generator = torch.Generator().manual_seed(3)
    # Quarters: sums of products have few binary digits, and many of them are equal.
    at.flat.copy_(torch.randint(-4, 5, at.flat.shape, generator=generator) / 4)
    for name, parameter in gate.parameters.items():
        if parameter.positive:
            at.extra[name].zero_()
    points = torch.randint(-3, 4, (POINTS, DIM), generator=generator).double()
    z = points @ at.W_enc.T + at.b_enc
    assert any(len(row.unique()) < WIDTH for row in z)
    (a, x_hat), (b, y_hat) = (
        outcome(model(gate, at, points, place), points, place) for place in (other, HERE)
    )
    assert torch.equal(a, b)
    assert torch.equal(x_hat, y_hat)
    if hasattr(gate, "support"):
        one, two = (HERE.put(gate.support(place.put(z))) for place in (other, HERE))
        assert torch.equal(one, two)


def step(gate, kernel: str, place: Place) -> dict[str, torch.Tensor]:
    """Losses, gradient and weights of one step on a batch with some neurons dead.

    Adam's ε is 1, so that a step depends on the gradient smoothly, not only on its sign.
    """
    at64, points = drawn(gate, 5)
    at = Parameters.of(place.put(at64.flat), WIDTH, DIM, gate.parameters)
    start = Parameters.of(at.flat.clone(), WIDTH, DIM, gate.parameters)
    config = TrainConfig(gate, WIDTH, kernel=kernel, decoder_norm=gate.decoder)
    adam = Adam(at, config.beta1, config.beta2, 1.0)
    taker = TorchStep(training_spec(config, DIM, place.device), at, adam, start)
    dead = (torch.arange(WIDTH) % 3 == 0).to(place.device)
    losses = taker.take(place.put(points[:BATCH]), LR, dead)
    assert at.flat.device.type == place.device
    parts = {"error": losses.error, "penalty": losses.penalty, "aux": losses.aux}
    moved = {"gradient": adam.first.flat, "weights": at.flat, "fired": losses.fired}
    return {name: HERE.put(tensor) for name, tensor in (parts | moved).items()}


STEPS = [
    (gate, k) for gate in ALL_GATES for k in ("autograd", "torch") if k == "autograd" or written_out(gate)
]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize(("gate", "kernel"), STEPS, ids=str)
def test_one_training_step_is_the_same(gate, kernel: str, other: Place):
    one, two = (step(gate, kernel, place) for place in (other, HERE))
    assert torch.equal(one["fired"], two["fired"])
    for name in ("error", "penalty", "aux", "gradient", "weights"):
        assert near(one[name], two[name], other.dtype), name
    before, _ = drawn(gate, 5)
    assert float((two["weights"] - before.flat).abs().max()) > 1e-4, "it moves"


class Stray(ReLU):
    """A gate that makes a tensor and does not say where."""

    def encode(self, z, weights):
        return super().encode(z, weights) * torch.ones(z.shape[1], dtype=z.dtype)


@pytest.mark.parametrize(("gate", "kernel"), STEPS, ids=str)
def test_nothing_is_made_on_the_default_device(gate, kernel: str):
    """Everything made without a device would land beside the GPU's tensors; here it lands on "meta"."""
    at, points = drawn(gate, 0)
    sae = model(gate, at, points, HERE)
    with torch.device("meta"):
        assert sae(points).device.type == "cpu"
        step_outside_of_the_default(gate, kernel)


def step_outside_of_the_default(gate, kernel: str) -> None:
    with torch.device("cpu"):
        at, points = drawn(gate, 5)
        config = TrainConfig(gate, WIDTH, kernel=kernel, decoder_norm=gate.decoder)
        start = Parameters.of(at.flat.clone(), WIDTH, DIM, gate.parameters)
        taker = TorchStep(training_spec(config, DIM), at, Adam(at, 0.9, 0.999, 1.0), start)
        dead = torch.arange(WIDTH) % 3 == 0
    losses = taker.take(points[:BATCH], LR, dead)
    assert {losses.error.device.type, losses.fired.device.type, at.flat.device.type} == {"cpu"}


def test_a_tensor_on_the_default_device_would_be_noticed():
    at, points = drawn(ReLU(), 0)
    sae = model(Stray(), at, points, HERE)
    with torch.device("meta"), pytest.raises((RuntimeError, AssertionError)):
        assert sae(points).device.type == "cpu"


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("gate", ALL_GATES, ids=str)
def test_a_run_has_the_same_first_steps(gate, device: str):
    points, _ = superposition(800)
    settings = {"steps": 5, "log_every": 1, "batch_size": 128, "kernel": "autograd"}
    config = TrainConfig(gate, 16, decoder_norm=gate.decoder, **settings)
    cpu, other = (train(points, config, 0, device=where) for where in ("cpu", device))
    assert other.device == device
    for mine, theirs in zip(cpu.log, other.log, strict=True):
        assert mine == pytest.approx(theirs, rel=1e-3, abs=1e-4)
    assert cpu.metrics == pytest.approx(other.metrics, rel=1e-2, abs=1e-2)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("gate", [TopK(k=2), ReLU(l1=0.1)], ids=str)
def test_a_stacked_grid_takes_the_steps_that_its_members_take_alone(gate, device: str):
    points, _ = superposition(800)
    configs = [TrainConfig(gate, 16, steps=6, batch_size=128, log_every=2, lr=lr) for lr in (0.003, 0.01)]
    stacked = train_grid(points, configs, [0, 1], device=device, stack=True)
    alone = [train(points, config, seed, device="cpu") for config in configs for seed in (0, 1)]
    for one, two in zip(stacked, alone, strict=True):
        assert (one.device, one.config, one.seed) == (device, two.config, two.seed)
        for mine, theirs in zip(one.log, two.log, strict=True):
            assert mine == pytest.approx(theirs, rel=1e-3, abs=1e-4)


@pytest.mark.gpu
def test_a_run_on_a_gpu_that_was_stopped_goes_on(tmp_path):
    points, _ = superposition(800)
    config = TrainConfig(BatchTopK(k=2), 16, steps=40, log_every=10)

    def stop(done: int, total: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(points, config, 0, device="cuda", folder=tmp_path, progress=stop)
    again = train(points, config, 0, device="cuda", folder=tmp_path)
    whole = train(points, config, 0, device="cuda")
    assert np.allclose([line["fvu"] for line in again.log], [line["fvu"] for line in whole.log], rtol=1e-2)
