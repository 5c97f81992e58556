from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from sae.clouds import blobs
from sae.dying import dying_member

from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig
from geosae.sae.gates import BatchTopK, Gated, ReLU, TopK
from geosae.sae.training import grid
from geosae.sae.training.grid import member_bytes, train_grid, workers_that_fit
from geosae.sae.training.numba import installed
from geosae.sae.training.train import TrainingDiverged, train
from geosae.storage.folders import output_folder

CONFIGS = [
    TrainConfig(gate, width=10, steps=20, log_every=10)
    for gate in (ReLU(), TopK(k=2), BatchTopK(k=2), Gated())
]


def weights(run):
    return torch.cat([getattr(run.sae, name).detach().flatten() for name in run.sae.names])


def same(one, two):
    decided = one.config == two.config and one.data_hash == two.data_hash
    return torch.equal(weights(one), weights(two)) and one.log == two.log and decided


def test_a_member_does_not_depend_on_how_members_were_grouped():
    points = blobs(500).astype(np.float32)
    alone = [train(points, config, seed) for config in CONFIGS for seed in (0, 1)]
    done = []
    for workers in (1, 2):
        runs = train_grid(
            points, CONFIGS, [0, 1], workers=workers, progress=lambda i, total: done.append((i, total))
        )
        assert [(run.config, run.seed) for run in runs] == [(c, s) for c in CONFIGS for s in (0, 1)]
        assert all(same(one, two) for one, two in zip(alone, runs, strict=True))
    assert done == [(i, 8) for i in range(1, 9)] * 2


def test_finished_members_are_read_and_the_rest_goes_on(tmp_path, monkeypatch):
    points = blobs(500)
    first = train_grid(points, CONFIGS[:2], [0], folder=tmp_path)
    trained = []

    def watched(*args, **kwargs):
        trained.append(args[1])
        return train(*args, **kwargs)

    monkeypatch.setattr(grid, "train", watched)
    again = train_grid(points, CONFIGS, [0], folder=tmp_path)
    assert trained == CONFIGS[2:]
    assert all(same(one, two) for one, two in zip(first, again, strict=False))
    # Other points are other members.
    train_grid(points + 1.0, CONFIGS[:1], [0], folder=tmp_path)
    assert len(trained) == 3


def test_alike_members_can_be_stacked_and_the_rest_trains_alone(tmp_path):
    points, configs = blobs(500), [*CONFIGS, replace(CONFIGS[0], lr=0.01), replace(CONFIGS[1], ema=0.5)]
    runs = train_grid(points, configs, [0, 1], stack=True, folder=tmp_path)
    for run, (config, seed) in zip(runs, [(c, s) for c in configs for s in (0, 1)], strict=True):
        assert (run.config, run.seed) == (config, seed)
        alone = train(points, config, seed)
        if config in (CONFIGS[0], CONFIGS[1], configs[4]):
            assert run.log[1]["fvu"] == pytest.approx(alone.log[1]["fvu"], rel=1e-3)
        else:
            assert same(run, alone)


def test_memory_decides_how_many_members_train_at_once(monkeypatch):
    shape, config = (1000, 10), CONFIGS[0]
    need = member_bytes(shape, config)
    monkeypatch.setattr(grid, "_free_bytes", lambda: 3 * need)
    assert workers_that_fit(shape, [config], 8) == 3
    assert workers_that_fit(shape, [config], 2) == 2
    monkeypatch.setattr(grid, "_free_bytes", lambda: need - 1)
    with pytest.raises(InvalidInput, match="one member needs about"):
        workers_that_fit(shape, [config], 8)
    monkeypatch.setattr(grid, "_free_bytes", lambda: None)
    assert workers_that_fit(shape, [config], 8) == 8


@pytest.mark.parametrize(
    ("configs", "seeds"), [([], [0]), (CONFIGS, []), (CONFIGS, [1, 1]), (CONFIGS[:1] * 2, [0])]
)
def test_an_empty_or_doubled_grid_is_refused(configs, seeds):
    with pytest.raises(InvalidInput, match="configs and"):
        train_grid(np.eye(3), configs, seeds)


def test_a_member_that_fails_in_its_process_does_not_stop_the_others(tmp_path):
    points, diverging = blobs(500), replace(CONFIGS[0], lr=1e30)
    with pytest.raises(TrainingDiverged, match="stopped being finite"):
        train_grid(points, [diverging, CONFIGS[1]], [0, 1], workers=2, folder=tmp_path)
    assert len(list(tmp_path.glob("*/card.json"))) == 2
    runs = train_grid(points, CONFIGS[1:2], [0, 1], folder=tmp_path)
    assert all(same(run, train(points, CONFIGS[1], seed)) for seed, run in enumerate(runs))


def test_a_process_that_dies_is_tried_again_alone_and_named(tmp_path, monkeypatch):
    monkeypatch.setattr(grid, "train_member", dying_member)
    with pytest.raises(RuntimeError, match=r"topk, width 10, seed 1.* died"):
        train_grid(blobs(500), CONFIGS[1:2], [0, 1, 2], workers=2, folder=tmp_path)
    assert len(list(tmp_path.glob("*/card.json"))) == 2
    monkeypatch.undo()
    train_grid(blobs(500), CONFIGS[1:2], [0, 1, 2], workers=2, folder=tmp_path)
    assert len(list(tmp_path.glob("*/card.json"))) == 3
    assert not list(tmp_path.glob("*/error.json"))


@pytest.mark.skipif(not installed(), reason="numba is not installed")
def test_members_of_another_kernel_are_others(tmp_path, monkeypatch):
    """A folder that a machine with numba filled is not read as that of one without."""
    points, config = blobs(500), TrainConfig(TopK(k=1), width=16, steps=20)
    (compiled,) = train_grid(points, [config], [0], device="cpu", folder=tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("geosae.sae.training.numba.find_spec", lambda name: None)
        (plain,) = train_grid(points, [config], [0], device="cpu", folder=tmp_path)
    assert (compiled.kernel, plain.kernel) == ("numba", "torch")
    assert len(list(tmp_path.glob("*/card.json"))) == 2
    (again,) = train_grid(points, [config], [0], device="cpu", folder=tmp_path)
    assert same(again, compiled)


def test_a_grid_leaves_nothing_but_its_members_and_clears_what_a_killed_one_left(tmp_path):
    points = blobs(500)

    def again():
        train_grid(points, CONFIGS[:2], [0, 1], workers=2, folder=tmp_path)
        return {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}

    before = again()
    assert {path.name for path in before} == {".lock", "card.json", "log.jsonl", "sae.safetensors"}
    member = next(tmp_path.glob("*/card.json")).parent
    for left in (
        tmp_path / ".points.npy.999999999-x~",
        member / ".card.json.999999999-x~",
        member / "state.safetensors",
    ):
        left.touch()
    assert again() == before


def test_one_process_at_a_time_trains_into_the_folder_of_a_grid(tmp_path):
    with output_folder(tmp_path), pytest.raises(InvalidInput, match="another process is writing into"):
        train_grid(blobs(500), CONFIGS[:1], [0], folder=tmp_path)


def test_an_executor_needs_a_folder_and_workers_of_the_same_kernel(tmp_path, monkeypatch):
    points, config = blobs(500), TrainConfig(TopK(k=1), width=512, steps=2)
    with ThreadPoolExecutor(1) as executor:
        with pytest.raises(InvalidInput, match="an executor without a folder"):
            train_grid(points, [config], [0], executor=executor)
        member = partial(train_grid, points, [config], [0], executor=executor, device="cpu", folder=tmp_path)
        with monkeypatch.context() as patched:
            patched.setattr(grid, "resolve_kernel", Mock(side_effect=["numba", "torch"]))
            with pytest.raises(InvalidInput, match="'numba', and the machine of a worker has 'torch'"):
                member()
        assert same(*member(), train(points, config, 0, device="cpu"))
