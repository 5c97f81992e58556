import json

import pytest

from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig, default_lr
from geosae.sae.gates import BatchTopK, ReLU, SpaDE, TopK


@pytest.mark.parametrize(
    "config",
    [
        TrainConfig(gate=ReLU(l1=0.5), width=3),
        TrainConfig(gate=TopK(k=2, aux_k=4), width=8, lr=0.5, init_norm=0.1, tied_bias=False),
        TrainConfig(gate=TopK(k=2), width=8, schedule="cosine", baseline="untrained"),
    ],
)
def test_a_config_survives_json(config):
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize("gate", [ReLU(l1=0.1), TopK(k=2)])
def test_the_rate_falls_with_the_width_and_never_jumps(gate):
    widths = [1, 64, 128, 129, 400, 768, 769, 10**6]
    rates = [default_lr(width) for width in widths]
    assert rates == sorted(rates, reverse=True)
    assert (rates[2], rates[-1]) == (0.03, 0.005)
    assert all(abs(default_lr(w + 1) - default_lr(w)) < 0.03 / 128 for w in range(1, 2000))
    assert TrainConfig(gate, width=400).peak_lr == default_lr(400)
    assert TrainConfig(gate, width=400, lr=0.5).peak_lr == 0.5


@pytest.mark.parametrize(
    ("gate", "width", "baseline", "norm"),
    [
        (TopK(k=2), 127, None, "unit"),
        (TopK(k=2), 128, None, "free"),
        (TopK(k=2), 128, "untrained", "free"),
        (TopK(k=2), 128, "frozen_encoder", "free"),
        (TopK(k=2), 128, "frozen_decoder", "unit"),
        (TopK(k=2), 128, "soft_frozen_decoder", "unit"),
        (BatchTopK(k=2), 128, None, "unit"),
        (ReLU(l1=0.1), 4096, None, "unit"),
        (SpaDE(), 8, None, "free"),
    ],
)
def test_whose_atoms_are_free_when_nothing_is_said(gate, width, baseline, norm):
    config = TrainConfig(gate, width, baseline=baseline)
    assert config.decoder_norm == norm
    assert TrainConfig.from_dict(config.to_dict()) == config


def test_absent_knobs_take_their_defaults():
    assert TrainConfig.from_dict({"gate": {"kind": "topk", "k": 2}, "width": 8}) == TrainConfig(TopK(2), 8)


GOOD = {"gate": {"kind": "topk", "k": 4}, "width": 8}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"widht": 9}, "'widht'; the nearest valid one is 'width'"),
        ({"learning_rate": 0.1}, "unknown key 'learning_rate'"),
        ({"lr": "0.1"}, "'lr' is '0.1', which is no float"),
        ({"width": 8.0}, "'width' is 8.0, which is no int"),
        ({"width": 3}, "k = 4 neurons of a width of 3"),
        ({"width": 0}, "width is 0"),
        ({"schedule": "cosin"}, "unknown schedule 'cosin'; the nearest valid one is 'cosine'"),
        ({"steps": 0}, "steps is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"lr": 0.0}, "lr is 0.0"),
        ({"lr": float("inf")}, "lr is inf"),
        ({"warmup": 1.5}, "warmup is 1.5"),
        ({"beta2": 1.0}, "beta2 is 1.0"),
        ({"resample_every": -1}, "resample_every is -1"),
        ({"init_norm": 0.0}, "init_norm is 0.0"),
        ({"init_norm": "mached"}, "unknown init_norm 'mached'; the nearest valid one is 'matched'"),
        ({"tied_bias": 1}, "'tied_bias' is 1, which is no bool"),
        ({"baseline": "frozen"}, "unknown baseline 'frozen'"),
    ],
)
def test_unusable_configs_are_refused_by_name(change, match):
    with pytest.raises(InvalidInput, match=match):
        TrainConfig.from_dict(GOOD | change)


@pytest.mark.parametrize("missing", ["gate", "width"])
def test_a_config_needs_gate_and_width(missing):
    with pytest.raises(InvalidInput, match=f"without its {missing}"):
        TrainConfig.from_dict({key: value for key, value in GOOD.items() if key != missing})
