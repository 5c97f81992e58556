import numpy as np
import pytest

from geosae.data.fvu import fvu
from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig
from geosae.sae.gates import TopK
from geosae.sae.neurons import neurons_of
from geosae.sae.training.shuffling import shuffled
from geosae.sae.training.train import train


def in_order(count, block):
    return lambda: (np.arange(start, min(start + block, count))[:, None] for start in range(0, count, block))


class Numbers:
    dim = 1

    def __len__(self):
        return 2500

    def rows(self, start, stop):
        return np.arange(start, stop, dtype=float)[:, None]


@pytest.mark.parametrize(
    ("count", "block", "buffer"), [(100, 7, 20), (100, 50, 20), (10, 3, 20), (20, 20, 20)]
)
def test_every_row_comes_once_in_another_order(count, block, buffer):
    mixed = shuffled(in_order(count, block), buffer, 0)
    rows = np.concatenate(list(mixed())).ravel()
    assert sorted(rows.tolist()) == list(range(count))
    assert not np.array_equal(rows, np.arange(count))
    assert np.array_equal(rows, np.concatenate(list(mixed())).ravel())
    other = np.concatenate(list(shuffled(in_order(count, block), buffer, 1)())).ravel()
    assert not np.array_equal(rows, other)


def test_no_rows_stay_no_rows():
    assert list(shuffled(lambda: iter(()), 5, 0)()) == []


def test_a_row_waits_for_as_many_others_as_the_buffer_holds():
    rows = np.concatenate(list(shuffled(in_order(40_000, 10), 500, 0)())).ravel()
    waits = np.argsort(rows)[:30_000] + 500 - np.arange(30_000)
    # Exponential with mean 500: the mean of 30,000 is within five standard errors.
    assert waits.mean() == pytest.approx(500, abs=5 * 500 / 30_000**0.5 + 10)


def test_a_stream_goes_round():
    blocks = shuffled(Numbers(), 800, 0)()
    seen = np.concatenate([next(blocks) for _ in range(40)]).ravel()
    assert len(seen) > 3 * 2500
    assert set(seen.tolist()) == set(range(2500))


def test_sorted_blocks_train_badly_without_a_buffer():
    """Three clusters, one after another: without a buffer the last one is all that is remembered."""
    rng = np.random.default_rng(0)
    centres = 3 * np.eye(3)
    points = np.concatenate([rng.normal(centre, 0.3, (8000, 3)) for centre in centres])

    def blocks():
        return iter(np.array_split(points, 100))

    config = TrainConfig(TopK(k=1), width=6, steps=200, batch_size=100)
    scores = {
        name: fvu(points, neurons_of(train(given, config, 0).sae).reconstruct(points))
        for name, given in {"sorted": blocks, "mixed": shuffled(blocks, 16_000, 0)}.items()
    }
    assert scores["mixed"] < 0.5 * scores["sorted"]


@pytest.mark.parametrize(("buffer", "seed", "match"), [(1, 0, "shuffles nothing"), (8, -1, "seed is -1")])
def test_what_shuffles_nothing_is_refused(buffer, seed, match):
    with pytest.raises(InvalidInput, match=match):
        shuffled(in_order(10, 2), buffer, seed)
