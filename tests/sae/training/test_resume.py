"""An interrupted run goes on to the bytes of one that was never interrupted."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from sae.clouds import blobs

from geosae.errors import InvalidInput
from geosae.sae.checkpoint import save
from geosae.sae.config import TrainConfig
from geosae.sae.gates import BatchTopK, Gated, JumpReLU, Matryoshka, ReLU, TopK
from geosae.sae.training.checkpoint_state import STATE_FILE
from geosae.sae.training.shuffling import shuffled
from geosae.sae.training.train import train

GATES = [ReLU(), TopK(k=2, aux_k=2), JumpReLU(), BatchTopK(k=2), Gated(), Matryoshka(JumpReLU())]


class Stop(KeyboardInterrupt):
    pass


def config_of(gate, **knobs):
    settings = {"steps": 90, "batch_size": 32, "log_every": 10, "ema": 0.9, "resample_every": 30, "clip": 1.0}
    return TrainConfig(gate, width=12, dead_after=500, **settings, **knobs)


def weights(run):
    return torch.cat([getattr(run.sae, name).detach().flatten() for name in run.sae.names])


def interrupted(points, config, folder, at):
    def stop(done, total):
        if done == at:
            raise Stop

    with pytest.raises(Stop):
        train(points, config, 3, folder=folder, progress=stop)


@pytest.mark.parametrize("gate", GATES, ids=str)
def test_an_interrupted_run_goes_on_bit_for_bit(gate, tmp_path):
    points, config = blobs(), config_of(gate)
    whole = train(points, config, 3)
    interrupted(points, config, tmp_path, 40)
    # The interrupt came before the state of step 40 was kept: that of step 30 stands.
    assert (tmp_path / STATE_FILE).is_file()
    interrupted(points, config, tmp_path, 70)
    steps = []
    again = train(points, config, 3, folder=tmp_path, progress=lambda done, total: steps.append(done))
    assert steps == [70, 80, 90]
    assert torch.equal(weights(whole), weights(again))
    assert whole.log == again.log
    # The state outlives the training; once the result is on disk it goes, with what kills left of its writes.
    assert (tmp_path / STATE_FILE).is_file()
    (tmp_path / f".{STATE_FILE}.999999999-x~").write_bytes(b"half")
    (tmp_path / ".mine").write_bytes(b"not of geosae")
    save(again, tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"sae.safetensors", "log.jsonl", "card.json", ".mine"}


def test_a_stream_goes_on_where_it_was_left(tmp_path):
    class Cloud:
        dim = 3

        def __len__(self):
            return 10**6

        def rows(self, start, stop):
            assert stop <= 10**6
            return np.random.default_rng(start).normal(size=(stop - start, 3))

    config = config_of(TopK(k=2))
    whole = train(Cloud(), config, 3)
    interrupted(Cloud(), config, tmp_path, 50)
    assert torch.equal(weights(whole), weights(train(Cloud(), config, 3, folder=tmp_path)))


def test_shuffled_blocks_go_on_where_they_were_left(tmp_path):
    blocks = shuffled(lambda: iter(np.array_split(np.tile(blobs(), (3, 1)), 70)), 300, 0)
    config = config_of(TopK(k=2))
    whole = train(blocks, config, 3)
    interrupted(blocks, config, tmp_path, 50)
    assert torch.equal(weights(whole), weights(train(blocks, config, 3, folder=tmp_path)))


def test_the_state_of_another_run_is_refused(tmp_path):
    points, config = blobs(), config_of(ReLU())
    interrupted(points, config, tmp_path, 40)
    for other, seed in ((points + 1.0, 3), (points, 4)):
        with pytest.raises(InvalidInput, match="holds another run"):
            train(other, config, seed, folder=tmp_path)
    with pytest.raises(InvalidInput, match="holds another run"):
        train(points, config_of(ReLU(), lr=0.1), 3, folder=tmp_path)
    data = bytearray((tmp_path / STATE_FILE).read_bytes())
    data[-1] ^= 1
    (tmp_path / STATE_FILE).write_bytes(data)
    with pytest.raises(
        InvalidInput, match=r"does not have the content hash(.|\n)*delete it: the same command"
    ):
        train(points, config, 3, folder=tmp_path)
    (tmp_path / STATE_FILE).write_bytes(b"not a state")
    with pytest.raises(InvalidInput, match="is damaged"):
        train(points, config, 3, folder=tmp_path)


def test_the_moving_average_is_what_is_returned():
    points = blobs()
    lines = []

    def probe(sae):
        lines.append(sae.W_enc.detach().clone())
        return {"mark": 1.0}

    knobs = {"steps": 20, "batch_size": 32, "log_every": 1, "ema": 0.8, "decoder_norm": "free"}
    config = TrainConfig(TopK(k=2), width=8, **knobs)
    run = train(points, config, 0, probe=probe)
    weights_at = [0.8 ** (20 - t) * 0.2 for t in range(1, 21)]
    mean = sum(w * at.double() for w, at in zip(weights_at, lines[1:], strict=True)) / (1 - 0.8**20)
    assert torch.allclose(run.sae.W_enc.detach().double(), mean, atol=1e-6)
    assert all(line["mark"] == 1.0 for line in run.log)
    assert json.dumps(run.log)


def test_training_ends_at_its_target():
    points = blobs()
    long = train(points, TrainConfig(TopK(k=2), width=12, steps=400, log_every=10), 0)
    target = (long.log[0]["fvu"] + long.log[-1]["fvu"]) / 2
    run = train(points, TrainConfig(TopK(k=2), width=12, steps=400, log_every=10, target_fvu=target), 0)
    assert run.log[-1]["fvu"] <= target < run.log[-2]["fvu"]
    assert run.log[-1]["step"] < 400
    assert list(run.log) == list(long.log[: len(run.log)])


def test_clipping_leaves_short_gradients_alone_and_changes_long_ones():
    points, plain = blobs(), TrainConfig(TopK(k=2), width=8, steps=30, kernel="torch")
    free, loose, tight = (train(points, replace(plain, clip=clip), 0) for clip in (None, 1e6, 1e-2))
    assert torch.equal(weights(free), weights(loose))
    assert not torch.equal(weights(free), weights(tight))


def test_a_soft_frozen_decoder_stays_near_its_start():
    points = blobs()
    config = {"gate": TopK(k=2), "width": 12, "steps": 200}
    start = train(points, TrainConfig(**config, baseline="untrained"), 0).sae.W_dec.detach()
    soft = train(points, TrainConfig(**config, baseline="soft_frozen_decoder"), 0).sae.W_dec.detach()
    free = train(points, TrainConfig(**config), 0).sae.W_dec.detach()
    assert float((start * soft).sum(dim=1).min()) > 0.8 - 1e-6
    assert float((start * soft).sum(dim=1).min()) < 0.99
    assert float((start * free).sum(dim=1).min()) < 0.8
    assert torch.allclose(soft.norm(dim=1), torch.ones(12))


def test_a_frozen_encoder_trains_the_decoder_alone():
    points = blobs()
    config = {"gate": TopK(k=2), "width": 12, "steps": 50, "pre_bias": "zero", "tied_bias": False}
    start = train(points, TrainConfig(**config, lr=1e-12), 0)
    frozen = train(points, TrainConfig(**config, baseline="frozen_encoder"), 0)
    assert torch.allclose(start.sae.W_enc.detach(), frozen.sae.W_enc.detach(), atol=1e-6)
    assert float((start.sae.W_dec - frozen.sae.W_dec).detach().abs().max()) > 0.01
