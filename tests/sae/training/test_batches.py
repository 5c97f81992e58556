"""Training from what does not fit memory: the same draws, the same bytes where that is promised."""

import numpy as np
import pytest
import torch
from sae.clouds import blobs

from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig
from geosae.sae.gates import BatchTopK, TopK
from geosae.sae.metrics import measure
from geosae.sae.neurons import neurons_of
from geosae.sae.training.batches import IteratedSource, StreamSource
from geosae.sae.training.inputs import prepare_inputs, sample_of
from geosae.sae.training.shuffling import shuffled
from geosae.sae.training.spec import training_spec
from geosae.sae.training.standardize import CENTRE_SAMPLES, Standardizer
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
    mixed = prepare_inputs(points, sample_of(points, spec.config), spec, 0).sample
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


def alternating(count=8192):
    """Points of which every second one is twenty times nearer to the origin."""
    points = np.random.default_rng(0).normal(size=(count, 4))
    points[::2] *= 0.05
    return points


def test_a_threshold_is_right_where_rows_alternate():
    points, config = alternating(), TrainConfig(BatchTopK(k=1), width=16, steps=300)
    mixed = np.random.default_rng(1).permutation(points)
    for cloud in (points, mixed):
        run = train(cloud, config, 0, device="cpu")
        assert run.metrics["l0"] == pytest.approx(1.0, abs=0.05)
        # The log's sample stands for all points too.
        assert run.log[-1]["fvu"] == pytest.approx(run.metrics["fvu"], rel=0.1)


@pytest.mark.parametrize("count", [1023, 1024, 1025])
def test_a_threshold_is_of_the_whole_sample_and_not_a_mean_over_batches(count):
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(64, 16))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    points = ((rng.random((count, 64)) < 4 / 64) * rng.uniform(0.5, 1.5, (count, 64))) @ directions
    run = train(points, TrainConfig(BatchTopK(k=4), width=64, steps=100), 0, device="cpu")
    assert run.metrics["l0"] == pytest.approx(4.0, abs=0.005)


def test_final_metrics_are_of_all_points_in_memory():
    points = np.random.default_rng(0).normal(size=(3 * CENTRE_SAMPLES, 1))
    points[7] = 1e3
    run = train(points, TrainConfig(TopK(k=1), width=2, steps=5), 0)
    assert run.metrics == measure(neurons_of(run.sae), points)


def mapped(points, folder):
    np.save(folder / "points.npy", points)
    return np.load(folder / "points.npy", mmap_mode="r")


def of_rows(points):
    """The points as a stream, as a mapped file and as blocks that go round."""

    class Rows:
        dim = points.shape[1]

        def __len__(self):
            return len(points)

        def rows(self, start, stop):
            return points[start:stop]

    def blocks():
        while True:
            yield from np.array_split(points, 100)

    return Rows(), blocks


def test_what_is_not_in_memory_is_sampled_at_random_over_its_whole_length(tmp_path):
    """Sorted rows, and rows that alternate: a head or a stride would see another distribution."""
    count = 4 * CENTRE_SAMPLES
    ramp = np.stack([np.arange(count) / count, np.arange(count) % 2], axis=1)
    stream, blocks = of_rows(ramp)
    once_round = TrainConfig(TopK(k=1), width=2, steps=count // 256)
    for points in (mapped(ramp, tmp_path), stream, blocks):
        sample = sample_of(points, once_round)
        assert len(sample) == CENTRE_SAMPLES
        assert np.array_equal(sample, sample_of(points, once_round))
        assert sample.mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.01)
        assert np.quantile(sample[:, 0], [0.25, 0.75]) == pytest.approx([0.25, 0.75], abs=0.01)
    # Of blocks only what training will read is looked at.
    short = sample_of(blocks, TrainConfig(TopK(k=1), width=2, steps=count // 512))
    assert float(short[:, 0].max()) < 0.5
    assert short[:, 0].mean() == pytest.approx(0.25, abs=0.01)


def test_a_buffer_that_is_filled_again_and_again_is_copied():
    points = blobs()

    def copies():
        while True:
            for start in range(0, 2000, 100):
                yield points[start : start + 100].astype(np.float64)

    def refilled():
        buffer = np.empty((100, 3))
        for block in copies():
            buffer[:] = block
            yield buffer

    class Refilled(Cloud):
        buffer = np.empty((2000, 3))

        def rows(self, start, stop):
            self.buffer[: stop - start] = points[start:stop]
            return self.buffer[: stop - start]

    config = TrainConfig(TopK(k=2), width=8, steps=40, batch_size=192, log_every=20)
    pairs = [
        (copies, refilled),
        (shuffled(copies, 300, 0), shuffled(refilled, 300, 0)),
        (Cloud(), Refilled()),
        (shuffled(Cloud(), 300, 0), shuffled(Refilled(), 300, 0)),
    ]
    for apart, same in pairs:
        one, two = train(apart, config, 0), train(same, config, 0)
        assert torch.equal(weights(one), weights(two))
        assert one.metrics == two.metrics
        assert one.data_hash == two.data_hash
