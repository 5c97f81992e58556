"""Training from what does not fit memory: the same draws, the same bytes where that is promised."""

import numpy as np
import pytest
import torch
from sae.clouds import blobs

from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig
from geosae.sae.gates import TopK
from geosae.sae.training.batches import IteratedSource, StreamSource
from geosae.sae.training.inputs import prepare_inputs, sample_of
from geosae.sae.training.spec import training_spec
from geosae.sae.training.standardize import Standardizer
from geosae.sae.training.train import train

CPU = torch.device("cpu")
PLAIN = Standardizer(np.zeros(2), 1.0)
CONFIG = TrainConfig(TopK(k=2), width=8, steps=40, batch_size=64, log_every=20)


class Counted:
    """A stream whose points are their own positions."""

    def __init__(self, count, dim=2):
        self.count, self.dim = count, dim

    def __len__(self):
        return self.count

    def rows(self, start, stop):
        return np.repeat(np.arange(start, stop, dtype=float)[:, None], self.dim, axis=1)


class Cloud:
    dim = 3

    def __len__(self):
        return 2000

    def rows(self, start, stop):
        return blobs()[start:stop]


def weights(run):
    return torch.cat([getattr(run.sae, name).detach().flatten() for name in run.sae.names])


def test_a_stream_is_read_in_order_and_goes_round():
    source, generator = StreamSource(Counted(10), PLAIN, CPU), torch.Generator()
    seen = [source.batch(step, 4, generator)[:, 0].tolist() for step in range(4)]
    assert seen == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 1], [2, 3, 4, 5]]
    assert source.batch(1, 4, generator)[:, 0].tolist() == [4, 5, 6, 7]
    assert source.batch(0, 23, generator)[:, 0].tolist() == [i % 10 for i in range(23)]


def test_blocks_are_passed_on_whole_and_skipped_to():
    def blocks():
        for start in range(0, 30, 3):
            yield Counted(30).rows(start, start + 3)

    source, generator = IteratedSource(blocks, PLAIN, CPU), torch.Generator()
    assert source.batch(0, 4, generator)[:, 0].tolist() == [0, 1, 2, 3]
    assert source.batch(3, 4, generator)[:, 0].tolist() == [12, 13, 14, 15]
    with pytest.raises(InvalidInput, match="ended after 30 points"):
        source.batch(7, 4, generator)


def test_a_mapped_file_trains_on_the_same_draws_as_an_array(tmp_path):
    points = blobs()
    np.save(tmp_path / "points.npy", points)
    mapped = np.load(tmp_path / "points.npy", mmap_mode="r")
    assert isinstance(mapped, np.memmap)
    # 2000 points are within the sample, so frame and metrics agree too.
    assert torch.equal(weights(train(points, CONFIG, 5)), weights(train(mapped, CONFIG, 5)))


def test_a_stream_and_its_blocks_are_the_same_points():
    def blocks():
        while True:
            for start in range(0, 2000, 300):
                yield Cloud().rows(start, min(start + 300, 2000))

    one, two = train(Cloud(), CONFIG, 1), train(blocks, CONFIG, 1)
    assert one.log[-1]["fvu"] == pytest.approx(two.log[-1]["fvu"], abs=0.05)
    assert one.log[-1]["fvu"] < 0.5 * one.log[0]["fvu"]
    whole = train(Cloud(), TrainConfig(TopK(k=2), width=8, steps=10, batch_size=5000), 1)
    assert np.isfinite(whole.metrics["fvu"])


def test_shuffling_keeps_marginals_and_breaks_what_holds_between():
    points = blobs()
    points[:, 1] = points[:, 0]
    spec = training_spec(TrainConfig(TopK(k=2), width=8, baseline="shuffled"), points.shape[1])
    mixed = prepare_inputs(points, sample_of(points), spec, 0).sample
    assert np.array_equal(np.sort(mixed, axis=0), np.sort(points, axis=0))
    assert abs(np.corrcoef(mixed[:, 0], mixed[:, 1])[0, 1]) < 0.1
    structured = train(points, CONFIG, 0)
    shuffled = train(points, TrainConfig.from_dict(CONFIG.to_dict() | {"baseline": "shuffled"}), 0)
    assert structured.data_hash == shuffled.data_hash
    assert structured.metrics["fvu"] < shuffled.metrics["fvu"]


@pytest.mark.parametrize(
    ("points", "match"),
    [
        (lambda: iter(()), "yields none"),
        (lambda: iter([np.array([[np.nan, 1.0]])]), "not finite|NaN|finite"),
    ],
)
def test_unusable_points_are_refused_by_name(points, match):
    with pytest.raises(InvalidInput, match=match):
        train(points, CONFIG, 0)


def test_a_stream_cannot_be_shuffled():
    config = TrainConfig(TopK(k=2), width=8, baseline="shuffled")
    with pytest.raises(InvalidInput, match="needs all points in memory"):
        train(Cloud(), config, 0)
