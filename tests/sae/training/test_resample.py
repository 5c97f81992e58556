import pytest
import torch

from geosae.sae.config import TrainConfig
from geosae.sae.gates import ReLU, TopK
from geosae.sae.training.adam import Adam
from geosae.sae.training.batches import ArraySource
from geosae.sae.training.parameters import renormalise
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
