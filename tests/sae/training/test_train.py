import dataclasses
import json

import numpy as np
import pytest
import torch
from data.test_fvu import exact_fvu
from sae.clouds import blobs, superposition
from scipy.optimize import linear_sum_assignment

from geosae.data.fvu import fvu
from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig, default_lr
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
from geosae.sae.metrics import measure
from geosae.sae.neurons import neurons_of
from geosae.sae.training.autograd import objective
from geosae.sae.training.inputs import prepare_inputs
from geosae.sae.training.spec import training_spec
from geosae.sae.training.state import TrainingDiverged, TrainingState
from geosae.sae.training.train import TrainedSAE, train

GATES = [
    ReLU(l1=0.03),
    TopK(k=2),
    ReLU(l1=0.03, shape="tanh"),
    ReLU(l1=0.03, shape="sqrt"),
    JumpReLU(l0=0.01),
    Gated(l1=0.03),
    BatchTopK(k=2),
    Matryoshka(TopK(k=2)),
    Matryoshka(BatchTopK(k=2)),
    MatchingPursuit(k=2),
    SpaDE(),
    AbsTopK(k=2),
]


def small(gate=GATES[1], **knobs):
    return TrainConfig(**{"gate": gate, "width": 12, "steps": 60, "log_every": 20, **knobs})


def bytes_of(run):
    return b"".join(getattr(run.sae, name).detach().numpy().tobytes() for name in run.sae.names)


@pytest.mark.parametrize("gate", GATES)
def test_the_same_seed_gives_the_same_bytes_whatever_the_threads_outside(gate):
    points, config = blobs(), small(gate, dead_after=2000)
    before = torch.get_num_threads()
    first = train(points, config, 3, device="cpu")
    try:
        torch.set_num_threads(2)
        torch.manual_seed(123)
        second = train(points, config, 3, device="cpu")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert bytes_of(first) == bytes_of(second)
    assert first.log == second.log
    assert first.metrics == second.metrics
    assert bytes_of(first) != bytes_of(train(points, config, 4, device="cpu"))


def test_global_generators_are_left_alone():
    torch_state, numpy_state = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    train(blobs(), small(), 0)
    assert torch.equal(torch.random.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002


def test_how_often_is_logged_does_not_change_the_weights():
    points = blobs()
    assert bytes_of(train(points, small(log_every=7), 0)) == bytes_of(train(points, small(log_every=60), 0))


@pytest.mark.parametrize("baseline", [None, "frozen_decoder", "untrained"])
@pytest.mark.parametrize("gate", GATES)
def test_atoms_have_unit_norm_and_at_most_k_neurons_fire(gate, baseline):
    points = blobs()
    run = train(points, small(gate, baseline=baseline, dead_after=2000), 0)
    norms = torch.linalg.vector_norm(run.sae.W_dec.detach().double(), dim=1)
    if gate.decoder == "unit":
        # A float32 division leaves a few units in the last place.
        assert float((norms - 1).abs().max()) < 4 * np.finfo(np.float32).eps
    if gate.sparsity is not None:
        assert int(neurons_of(run.sae).fires(points).sum(axis=1).max()) <= gate.sparsity


def test_a_free_decoder_is_free():
    norms = torch.linalg.vector_norm(train(blobs(), small(decoder_norm="free"), 0).sae.W_dec.detach(), dim=1)
    assert float((norms - 1).abs().max()) > 0.01


@pytest.mark.parametrize("gate", GATES)
def test_training_beats_its_baselines(gate):
    points, _ = superposition(1500)
    runs = {
        name: train(points, small(gate, width=16, steps=120, baseline=name), 0)
        for name in (None, "frozen_decoder", "untrained")
    }
    # By the loss that the gate minimises: a penalised gate can buy FVU with more active neurons.
    score = {name: run.log[-1]["loss"] for name, run in runs.items()}
    # (Of Matryoshka's loss most is what its narrow prefixes must miss, however well they are trained.)
    assert score[None] < (1.0 if isinstance(gate, Matryoshka) else 0.9) * score["frozen_decoder"]
    assert score["frozen_decoder"] < score["untrained"]


def test_baselines_are_what_they_are_called():
    points = blobs()
    start = train(points, small(baseline="untrained"), 0)
    frozen = train(points, small(baseline="frozen_decoder"), 0)
    trained = train(points, small(), 0)
    assert [line["step"] for line in start.log] == [0]
    assert torch.equal(start.sae.W_dec, frozen.sae.W_dec)
    assert not torch.equal(start.sae.W_enc, frozen.sae.W_enc)
    assert not torch.equal(start.sae.W_dec, trained.sae.W_dec)
    # All start at the same atoms; what is trained starts at init_norm, what is not at the best norm.
    assert frozen.log[0] == trained.log[0]
    assert start.log[0]["l0"] == trained.log[0]["l0"]
    assert start.log[0]["fvu"] < trained.log[0]["fvu"]
    for norm in (0.3, 0.6, 0.9, 1.2):
        assert start.log[0]["fvu"] <= train(points, small(init_norm=norm, steps=1), 0).log[0]["fvu"]
    # Decoder = encoder transposed at the start, up to one factor.
    ratio = (start.sae.W_enc / start.sae.W_dec).detach().numpy()
    assert np.allclose(ratio, ratio[0, 0], rtol=1e-5)


@pytest.mark.parametrize("wrapped", [False, True])
def test_the_weight_of_jumprelu_acts_at_a_customary_learning_rate(wrapped):
    points, _ = superposition(1500)
    active: list[float] = []
    for l0 in (0.01, 0.1, 1):
        gate = JumpReLU(l0=l0)
        config = TrainConfig(Matryoshka(gate) if wrapped else gate, width=24, steps=800, lr=3e-4)
        active.append(train(points, config, 0, device="cpu").metrics["l0"])
    # Without a rate of its own θ stays near its start, and all three have about 12 active neurons.
    assert active[0] > 1.5 * active[1]
    assert active[1] > 1.5 * active[2]


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_run_too_short_for_the_thresholds_says_so(wrapped):
    points, _ = superposition(1500)

    def run(steps: int, l0: float = 0.1, **knobs: str) -> TrainedSAE:
        gate = JumpReLU(l0=l0)
        config = TrainConfig(Matryoshka(gate) if wrapped else gate, width=24, steps=steps, lr=3e-4, **knobs)
        return train(points, config, 0, device="cpu")

    short, cheap, long = run(50), run(50, 1e-3), run(800)
    # The claim of the warning: a hundredfold price changes nothing there.
    assert short.metrics["l0"] == pytest.approx(cheap.metrics["l0"], rel=0.14)
    for warned in (short, cheap):
        (text,) = warned.warnings
        assert "L0 is that of the start, not of the price λ" in text
        assert text[:40] in repr(warned)
    assert long.warnings == ()
    assert long.metrics["threshold_moved"] > 0.1
    # Where there is no price, or no training, thresholds need not move.
    assert run(50, 0).warnings == ()
    assert run(50, baseline="untrained").warnings == ()
    theta = short.sae.threshold.detach().numpy() / spread_of(points)
    assert short.metrics["threshold_moved"] == pytest.approx(np.median(np.abs(theta - 0.01)) / 0.3, rel=1e-4)


def test_a_run_whose_neurons_are_mostly_dead_says_so():
    points, _ = superposition(1500)

    def run(lr: float | None, **knobs: str) -> TrainedSAE:
        return train(points, TrainConfig(TopK(k=4), 40, steps=100, lr=lr, **knobs), 0, device="cpu")

    hot, mild = run(1.0), run(1e-3)
    assert hot.metrics["dead_share"] > 0.5 > mild.metrics["dead_share"]
    (text,) = hot.warnings
    assert "the learning rate (1) may be too high" in text
    assert mild.warnings == ()
    assert run(None, baseline="untrained").warnings == ()


@pytest.mark.parametrize("kernel", ["numba", "torch", "autograd"])
def test_the_decoder_has_a_rate_of_its_own_in_every_kernel(kernel):
    points, _ = superposition(1500)
    free = {"decoder_norm": "free", "init_norm": 1.0, "decay": 0.0}
    config = TrainConfig(TopK(k=2), 40, steps=1, lr=1e-3, kernel=kernel, **free)
    still, plain, turned = (
        train(points, dataclasses.replace(config, decoder_lr=multiple), 0, device="cpu").sae.W_dec.detach()
        for multiple in (1e-9, 1.0, 4.0)
    )
    # The first step of Adam goes as far as the rate, whatever the gradient.
    assert torch.allclose(turned - still, 4 * (plain - still), atol=1e-6)
    assert float((plain - still).abs().max()) == pytest.approx(1e-3, rel=1e-3)


def test_the_rate_left_open_is_that_of_the_width_and_recorded_in_the_log():
    points, _ = superposition(1500)
    config = TrainConfig(TopK(k=2), 40, steps=20, warmup=0.0, decay=0.0, log_every=20)
    assert config.lr is None
    run = train(points, config, 0, device="cpu")
    assert run.log[-1]["lr"] == default_lr(40)
    same = train(points, dataclasses.replace(config, lr=default_lr(40)), 0, device="cpu")
    assert torch.equal(run.sae.W_dec, same.sae.W_dec)


def spread_of(points: np.ndarray) -> float:
    return float(np.sqrt(np.square(points - points.mean(axis=0)).sum(axis=1).mean()))


@pytest.mark.parametrize("pre_bias", ["zero", "mean"])
def test_the_fvu_of_the_log_is_the_one_fvu_at_an_offset(pre_bias):
    """Points 5,000 spreads from the origin, at 1e8: exact sums over the very numbers that the log sees."""
    points = 1e8 + 2e4 * np.random.default_rng(0).normal(size=(300, 3))
    config = TrainConfig(TopK(k=2), 8, steps=30, log_every=10, pre_bias=pre_bias)
    spec = training_spec(config, 3, "cpu")
    inputs = prepare_inputs(points, points, spec, 0)
    state = TrainingState.begin(spec, inputs.source, inputs.u, 0)
    state.run()
    u = inputs.u.double().numpy()
    a = objective(spec, state.at, inputs.u).a
    guess = torch.addmm(state.at.b_dec, a, state.at.W_dec).detach().double().numpy()
    assert state.log[-1]["fvu"] == pytest.approx(exact_fvu(u, guess), rel=1e-12)


@pytest.mark.parametrize("seed", [0, *(pytest.param(s, marks=pytest.mark.slow) for s in (1, 2))])
def test_planted_directions_are_recovered(seed):
    """An easy case: 12 directions with small overlaps, 1.4 active on average, 24 atoms to find them."""
    points, directions = superposition()
    run = train(points, TrainConfig(gate=TopK(k=2), width=24, steps=1000), seed)
    atoms = neurons_of(run.sae).decoder
    cosine = np.abs(directions @ atoms.T) / np.linalg.norm(atoms, axis=1)
    rows, columns = linear_sum_assignment(-cosine)
    assert cosine[rows, columns].mean() >= 0.9


def test_the_log_has_a_line_per_block_and_every_line_is_json():
    seen = []
    run = train(blobs(), small(steps=50), 0, progress=lambda done, total: seen.append((done, total)))
    assert [line["step"] for line in run.log] == [0, 20, 40, 50]
    assert seen == [(20, 50), (40, 50), (50, 50)]
    for line in run.log:
        assert json.loads(json.dumps(line, allow_nan=False)) == line
        assert set(line) == {"step", "lr", "loss", "error", "penalty", "aux", "fvu", "l0", "dead_share"}
        assert line["loss"] == pytest.approx(line["error"] + line["penalty"] + line["aux"])
    # The sample of the log is here the whole cloud: the last line agrees with the final metrics.
    for key in ("fvu", "l0", "dead_share"):
        assert run.log[-1][key] == pytest.approx(run.metrics[key], rel=1e-4)


@pytest.mark.parametrize("gate", GATES)
def test_scale_and_place_of_the_points_do_not_matter(gate):
    points = blobs()
    here = train(points, small(gate), 0)
    there = train(points * 1024.0 + 300.0, small(gate), 0)
    assert there.metrics["fvu"] == pytest.approx(here.metrics["fvu"], rel=0.02)
    assert there.metrics["l0"] == pytest.approx(here.metrics["l0"], rel=0.02)


def test_folding_back_is_exact_where_arithmetic_is():
    """Scaling centred points by a power of two scales the biases and nothing else, bitwise."""
    points = blobs()
    points = points - points.mean(axis=0)
    one, two = train(points, small(pre_bias="zero"), 0), train(points * 4.0, small(pre_bias="zero"), 0)
    for name in ("W_enc", "W_dec"):
        assert torch.equal(getattr(one.sae, name), getattr(two.sae, name))
    for name in ("b_enc", "b_dec", "b_pre"):
        assert torch.equal(getattr(one.sae, name) * 4.0, getattr(two.sae, name))


@pytest.mark.parametrize("pre_bias", ["geometric_median", "mean", "zero"])
@pytest.mark.parametrize("tied", [True, False])
def test_the_pre_bias_is_where_the_config_says(pre_bias, tied):
    points = blobs()
    start = train(points, small(pre_bias=pre_bias, tied_bias=tied, baseline="untrained"), 0).sae
    run = train(points, small(pre_bias=pre_bias, tied_bias=tied), 0).sae
    if pre_bias == "mean":
        assert np.allclose(start.b_pre.detach().numpy(), points.mean(axis=0), atol=1e-5)
    if pre_bias == "zero":
        assert not start.b_pre.detach().any()
    assert torch.equal(run.b_pre, run.b_dec) == tied
    assert torch.equal(run.b_pre, start.b_pre) != tied


def test_the_auxiliary_loss_counts_from_the_first_death_on_and_can_be_switched_off():
    points, knobs = blobs(), {"width": 32, "steps": 200, "dead_after": 2000, "log_every": 10}
    with_aux = train(points, small(TopK(k=1), **knobs), 0).log
    without = train(points, small(TopK(k=1, aux_coefficient=0), **knobs), 0).log
    assert {line["aux"] for line in without} == {0.0}
    assert with_aux[0]["aux"] == 0.0
    assert with_aux[-1]["aux"] > 0.0
    alive = [line for line in with_aux if line["aux"] == 0.0]
    # Until a neuron is dead both runs are the same run.
    assert with_aux[: len(alive)] == without[: len(alive)]
    assert len(alive) >= 1


def test_divergence_is_named_with_its_likely_causes():
    with pytest.raises(TrainingDiverged, match=r"stopped being finite by step .*\n.*learning rate") as caught:
        train(blobs(), small(ReLU(), lr=1e25, decoder_norm="free"), 0)
    assert "What to do" in str(caught.value)


@pytest.mark.parametrize(
    ("points", "knobs"),
    [
        (blobs(5), {"batch_size": 256}),
        (blobs(2), {}),
        (blobs(), {"width": 1, "gate": TopK(k=1)}),
        (blobs(), {"width": 1, "gate": ReLU()}),
        (blobs(dim=1), {}),
        (blobs(), {"width": 12, "gate": TopK(k=12)}),
        (blobs(), {"batch_size": 1, "dead_after": 1}),
        (blobs().astype(np.float32), {"schedule": "cosine"}),
        (np.repeat([[0.0, 1.0], [1.0, 0.0]], 50, axis=0), {"dead_after": 100}),
    ],
)
def test_extreme_sizes_train(points, knobs):
    run = train(points, small(**knobs), 0)
    assert run.metrics["fvu"] < 1.5
    assert neurons_of(run.sae).reconstruct(points).shape == points.shape


@pytest.mark.parametrize(
    ("points", "arguments", "match"),
    [
        (np.ones((7, 2)), {}, "all equal"),
        (np.zeros((0, 2)), {}, "empty"),
        (np.array([[0.0], [np.nan]]), {}, "NaN"),
        (blobs(), {"device": "tpu"}, "unknown device 'tpu'"),
        (blobs(), {"seed": -1}, "'seed' is -1, where a number ≥ 0"),
    ],
)
def test_what_cannot_be_trained_is_refused_by_name(points, arguments, match):
    with pytest.raises(InvalidInput, match=match):
        train(points, small(), **{"seed": 0, **arguments})


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_gpu_that_is_not_there_is_refused_by_name():
    with pytest.raises(InvalidInput, match="'cuda' was asked for and torch sees none"):
        train(blobs(), small(), 0, device="cuda")


def test_fvu_divides_sums_about_the_mean_once():
    points = np.array([[10.0], [12.0], [14.0]])
    reconstruction = np.array([[10.0], [13.0], [14.0]])
    assert fvu(points, reconstruction) == 1.0 / 8.0
    assert fvu(points, np.full((3, 1), 12.0)) == 1.0
    assert np.isnan(fvu(np.ones((2, 1)), np.ones((2, 1))))


def test_fvu_is_computed_in_float64_from_every_type():
    rng = np.random.default_rng(0)
    far = (1e4 + rng.normal(size=(500, 3))).astype(np.float32)
    guess = (far + 0.3 * rng.normal(size=far.shape)).astype(np.float32)
    expected = fvu(far.astype(np.float64), guess.astype(np.float64))
    assert fvu(far, guess) == expected == pytest.approx(0.09, abs=0.01)
    # A shift by 1e8 moves nothing: the numbers are exact there.
    grid = rng.integers(0, 50, (400, 2)).astype(np.float64)
    assert fvu(grid + 1e8, grid + 1e8 + 1) == pytest.approx(fvu(grid, grid + 1), rel=1e-12)
    halves = (100 * rng.normal(size=(4000, 8))).astype(np.float16)
    assert fvu(halves, np.zeros_like(halves)) == pytest.approx(1.0, abs=0.01)
    bytes_, other = rng.integers(0, 256, (2, 400, 2)).astype(np.uint8)
    assert fvu(bytes_, other) == fvu(bytes_.astype(np.float64), other.astype(np.float64)) > 1.5
    # 0.1 summed seven times and divided by seven is not 0.1.
    assert np.isnan(fvu(np.full((7, 1), 0.1), np.zeros((7, 1))))


@pytest.mark.parametrize("shape", [(5, 1), (1, 3), (5,), (4, 3)])
def test_fvu_refuses_shapes_that_numpy_would_broadcast(shape):
    with pytest.raises(InvalidInput, match=r"reconstruction|against"):
        fvu(np.eye(5, 3), np.ones(shape))


def test_metrics_count_what_fires():
    points = blobs()
    run = train(points, small(), 0)
    neurons = neurons_of(run.sae)
    fires = neurons.fires(points)
    assert measure(neurons, points) == run.metrics
    assert run.metrics["l0"] == pytest.approx(fires.sum(axis=1).mean())
    assert run.metrics["dead_share"] == np.mean(~fires.any(axis=0))


def test_a_run_keeps_what_decided_it():
    config = small()
    run = train(blobs(), config, 5)
    assert (run.config, run.seed, run.device) == (config, 5, "cpu")
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.seed = 6
    assert run.data_hash != train(blobs(seed=1), config, 5).data_hash


@pytest.mark.parametrize("gate", [TopK(k=2), ReLU(l1=0.03), BatchTopK(k=2)], ids=str)
def test_kernels_agree_at_the_first_steps_and_the_run_says_which_it_was(gate):
    points = blobs()
    runs = {
        kernel: train(points, small(gate, steps=5, log_every=1, kernel=kernel), 0, device="cpu")
        for kernel in ("autograd", "torch", "auto")
    }
    assert {name: run.kernel for name, run in runs.items() if name != "auto"} == {
        "autograd": "autograd",
        "torch": "torch",
    }
    for run in runs.values():
        for mine, theirs in zip(run.log, runs["autograd"].log, strict=True):
            assert mine == pytest.approx(theirs, rel=1e-4, abs=1e-5)


def test_a_kernel_that_cannot_do_a_run_is_refused_with_the_reason():
    with pytest.raises(InvalidInput, match="not for this run: the codes of the gate gated"):
        train(blobs(), small(Gated(), kernel="numba"), 0)
    with pytest.raises(InvalidInput, match="no gradient is written out"):
        train(blobs(), small(Gated(), kernel="torch"), 0)
    with pytest.raises(InvalidInput, match="computes in float32"):
        small(kernel="torch", precision="bfloat16")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_case_a_recovers_its_directions(seed):
    """256 directions in 64 dimensions, 8 active on average, 512 neurons, k = 8, 500 steps of 1024 points."""
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((256, 64))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    on = rng.random((200_000, 256)) < 8 / 256
    points = ((on * rng.uniform(0.5, 1.5, on.shape)) @ directions).astype(np.float32)
    run = train(points, TrainConfig(TopK(k=8), width=512, steps=500, batch_size=1024), seed)
    atoms = neurons_of(run.sae).decoder
    cosine = np.abs(directions @ atoms.T) / np.linalg.norm(atoms, axis=1)
    assert cosine[linear_sum_assignment(-cosine)].mean() >= 0.98
