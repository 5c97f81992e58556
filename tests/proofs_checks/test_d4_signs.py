"""Statement D4 where activations may be negative: the others then reach their span, not their cone."""

import numpy as np
import pytest

from geosae.analysis import AnalysisConfig, analyse
from geosae.data.dataset import ConceptDataset
from geosae.sae import TrainConfig, neurons_of
from geosae.sae.gates import gate_from_dict
from geosae.sae.training.train import train
from geosae.verification import TrainedInstance
from proofs_checks import d4_reconstruction


@pytest.mark.parametrize("seed", range(3))
def test_the_price_of_signed_activations_holds_and_its_doubt_is_never_negative(seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((400, 4))
    data = ConceptDataset(x, x[:, :2] > 0.5, ("a", "b"))
    config = TrainConfig(gate=gate_from_dict({"kind": "abstopk", "k": 1}), width=12, steps=40)
    neurons = neurons_of(train(x, config, seed, device="cpu").sae)
    assert np.any(neurons.activations(x) < 0)
    instance = TrainedInstance(neurons, data, analyse(neurons, data, AnalysisConfig(seed=seed)), "signed")
    found = d4_reconstruction.check_run(instance)
    assert all(e.holds and e.eta >= 0 for e in found)
    for priced in (np.zeros(12, dtype=bool), np.arange(12) < 6):
        price, doubt = d4_reconstruction._price(instance, x[:50], priced)
        others = neurons.decoder[~priced]
        rest = x[:50] - neurons.b_dec
        span = others.T @ np.linalg.lstsq(others.T, rest.T, rcond=None)[0]
        assert price - doubt <= ((rest - span.T) ** 2).sum() + 1e-9
        assert doubt >= 0
