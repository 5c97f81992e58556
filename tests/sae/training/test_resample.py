import pytest
import torch

from geosae.sae.config import TrainConfig
from geosae.sae.gates import Gated, JumpReLU, Matryoshka, ReLU, TopK
from geosae.sae.training.adam import Adam
from geosae.sae.training.batches import ArraySource
from geosae.sae.training.parameters import Parameters, at_start, renormalise
from geosae.sae.training.resample import RELATIVE_NORM, RELATIVE_NORM_COMPARED, resample
from geosae.sae.training.spec import training_spec
from geosae.sae.training.state import TrainingState

WIDTH, DIM = 6, 3


def a_run(baseline=None, gate=None):
    """A run whose points are reconstructed as 0 but for one, and whose neurons 1 and 4 are dead."""
    generator = torch.Generator().manual_seed(0)
    u = torch.randn(50, DIM, generator=generator)
    config = TrainConfig(gate=gate or ReLU(), width=WIDTH, baseline=baseline)
    run = TrainingState.begin(training_spec(config, u.shape[1]), ArraySource(u), u, 0)
    run.at.flat.copy_(torch.randn(run.at.flat.shape, generator=generator))
    renormalise(run.at.W_dec)
    run.adam.first.flat.fill_(1.0)
    run.adam.second.flat.fill_(1.0)
    dead = torch.zeros(WIDTH, dtype=torch.bool)
    dead[[1, 4]] = True
    return run, u, dead


@pytest.mark.parametrize("baseline", [None, "frozen_decoder"])
@pytest.mark.parametrize(("gate", "share"), [(ReLU(), RELATIVE_NORM), (TopK(k=2), RELATIVE_NORM_COMPARED)])
def test_dead_neurons_start_again_at_the_worst_point(baseline, gate, share):
    run, u, dead = a_run(baseline, gate)
    reconstruction = u.clone()
    reconstruction[17] += 5.0  # the only point with an error
    before = run.at.flat.clone()
    atoms = run.at.W_dec.clone()
    resample(run.at, run.adam, dead, u, reconstruction, run.spec.config, run.generator)
    direction = (u[17] - run.at.b_dec) / (u[17] - run.at.b_dec).norm()
    norm = share * run.at.W_enc[~dead].norm(dim=1).mean()
    for neuron in (1, 4):
        expected = direction if baseline is None else atoms[neuron]
        assert torch.allclose(run.at.W_dec[neuron], expected, atol=1e-6)
        assert torch.allclose(run.at.W_enc[neuron], expected * norm, atol=1e-6)
        assert float(run.at.b_enc[neuron]) == 0.0
        assert not run.adam.first.W_enc[neuron].any()
        assert not run.adam.second.W_dec[neuron].any()
    # The living are left alone.
    old = TrainingState.begin(run.spec, ArraySource(u), u, 0).at
    old.flat.copy_(before)
    for mine, theirs in zip(run.at.rows(), old.rows(), strict=True):
        assert torch.equal(mine[~dead], theirs[~dead])
    assert torch.equal(run.at.b_dec, old.b_dec)


def test_nothing_is_resampled_where_nothing_can_be_explained():
    run, u, dead = a_run()
    before = run.at.flat.clone()
    resample(run.at, run.adam, dead, u, u.clone(), run.spec.config, run.generator)
    resample(run.at, run.adam, ~(dead | ~dead), u, u + 1, run.spec.config, run.generator)
    assert torch.equal(run.at.flat, before)
    # Nor in a diverged run: naming it is the log line's task.
    resample(run.at, run.adam, dead, u, u + torch.inf, run.spec.config, run.generator)
    assert torch.equal(run.at.flat, before)


def test_all_neurons_may_be_dead():
    run, u, dead = a_run()
    resample(run.at, run.adam, dead | ~dead, u, u + 1, run.spec.config, run.generator)
    assert bool(run.at.flat.isfinite().all())
    assert torch.allclose(run.at.W_enc.norm(dim=1), torch.full((WIDTH,), RELATIVE_NORM), atol=1e-6)


def test_a_run_resamples_the_neurons_that_are_silent_long_enough():
    generator = torch.Generator().manual_seed(1)
    u = torch.randn(200, DIM, generator=generator)
    config = TrainConfig(gate=ReLU(), width=WIDTH, steps=20, batch_size=50, dead_after=400, resample_every=10)
    run = TrainingState.begin(training_spec(config, u.shape[1]), ArraySource(u), u, 0)
    run.at.b_enc[2] = -100.0  # silent at every point
    run.run()
    assert float(run.at.b_enc[2]) > -10.0
    assert isinstance(run.adam, Adam)
    unrevived = TrainConfig(ReLU(), WIDTH, steps=20, batch_size=50, resample_every=0)
    never = TrainingState.begin(training_spec(unrevived, DIM), ArraySource(u), u, 0)
    never.at.b_enc[2] = -100.0
    never.run()
    assert float(never.at.b_enc[2]) == -100.0


# What silences a neuron behind each gate, whatever its weights are.
SILENCED = [
    (JumpReLU(l0=0.001), "threshold", 5.0),
    (Gated(l1=0.001), "b_mag", -100.0),
    (Matryoshka(JumpReLU(l0=0.001)), "threshold", 5.0),
]


@pytest.mark.parametrize(("gate", "name", "value"), SILENCED)
def test_parameters_of_the_gate_start_again_too(gate, name, value):
    run, u, dead = a_run(gate=gate)
    run.at.extra[name].fill_(value)
    assert resample(run.at, run.adam, dead, u, u + 1, run.spec.config, run.generator)
    assert run.at.extra[name][dead].tolist() == pytest.approx([at_start(gate.parameters[name])] * 2)
    assert run.at.extra[name][~dead].tolist() == [value] * (WIDTH - 2)
    assert not run.adam.first.extra[name][dead].any()
    assert run.adam.first.extra[name][~dead].all()


@pytest.mark.parametrize(("gate", "name", "value"), SILENCED)
@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_neurons_that_their_gate_silenced_are_revived(gate, name, value, ema):
    u = torch.randn(200, DIM, generator=torch.Generator().manual_seed(1))

    def rate(resample_every):
        config = TrainConfig(
            gate, WIDTH, steps=40, batch_size=50, dead_after=400, resample_every=resample_every, ema=ema
        )
        run = TrainingState.begin(training_spec(config, DIM), ArraySource(u), u, 0)
        run.at.extra[name][2] = value
        run.run()
        weights = run.result().weights(gate)
        return float((gate.encode(u @ weights.W_enc.T + weights.b_enc, weights)[:, 2] != 0).float().mean())

    assert rate(0) == 0.0
    assert rate(10) > 0.02


def test_a_moving_average_begins_anew_with_the_neuron():
    u = torch.randn(200, DIM, generator=torch.Generator().manual_seed(1))
    config = TrainConfig(ReLU(), WIDTH, steps=20, batch_size=50, dead_after=400, resample_every=10, ema=0.9)
    run = TrainingState.begin(training_spec(config, DIM), ArraySource(u), u, 0)
    run.average.fill_(7.0)
    run.step, run.silent[2] = 10, 400
    run.revive()
    mean = run.result()
    assert torch.allclose(mean.W_enc[2], run.at.W_enc[2], atol=1e-6)
    assert float(mean.b_enc[2]) == float(run.at.b_enc[2])
    average = Parameters.of(run.average, WIDTH, DIM)
    assert (average.W_enc[[0, 1, 3, 4, 5]] == 7.0).all()
    assert (average.b_dec == 7.0).all()


def test_a_frozen_encoder_stays_frozen():
    run, u, dead = a_run("frozen_encoder", JumpReLU())
    rows, biases = run.at.W_enc.clone(), run.at.b_enc.clone()
    run.at.extra["threshold"].fill_(5.0)
    assert resample(run.at, run.adam, dead, u, u + 1, run.spec.config, run.generator)
    assert torch.equal(run.at.W_enc, rows)
    assert torch.equal(run.at.b_enc, biases)
    assert float(run.at.extra["threshold"][dead].max()) < 0.0
