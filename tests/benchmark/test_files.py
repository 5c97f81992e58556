"""The files: the released bytes, here and on other machines; read with NumPy alone; edited ones refused."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmark_folders import benchmark_of, folder_of

from geosae.benchmark import RELEASED, SETTINGS, load_benchmark, make_files, setting
from geosae.benchmark.files import GRID, on_grid
from geosae.cli.sources import make_world
from geosae.errors import InvalidInput

QUICK = [
    "balls",
    "polytopes",
    "union",
    "week",
    "absorption-edge",
    "superposition-1",
    "lattice-tree",
    "clusters",
]
# What numpy and OpenBLAS compute on a processor without AVX: last bits of sums and sines differ.
OLD_PROCESSOR = {
    "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX2 FMA3",
    "OPENBLAS_CORETYPE": "Nehalem",
}
HASH_OF = """
import sys
from pathlib import Path
import geosae.benchmark.files as files
from geosae.benchmark.settings import setting
from geosae.cli.sources import make_world
files.possibilities = lambda *_: ()  # not among the bytes
for place, name in enumerate(sys.argv[2:]):
    print(files.make_files(setting(name), "s", Path(sys.argv[1]) / name, make_world).hash)
"""


@pytest.mark.parametrize("name", QUICK)
def test_the_bytes_are_those_of_the_release(name: str) -> None:
    card = benchmark_of(name).card
    assert card.hash == RELEASED[card.name]


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("size", ["s", "m"])
def test_all_bytes_are_those_of_the_release(name: str, size: str, tmp_path: Path) -> None:
    card = make_files(setting(name), size, tmp_path / "new", make_world)  # pyright: ignore[reportArgumentType]
    assert card.hash == RELEASED[card.name]


def test_another_processor_makes_the_same_bytes(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HASH_OF, str(tmp_path), *QUICK]
    environment = os.environ | OLD_PROCESSOR
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [RELEASED[f"{name}-1-s"] for name in QUICK]


def test_every_setting_and_size_has_a_released_hash() -> None:
    assert {f"{each.name}-{each.version}-{size}" for each in SETTINGS.values() for size in each.sizes} == set(
        RELEASED
    )


def test_the_files_are_read_with_numpy_alone() -> None:
    folder = folder_of("lattice-tree")
    points, membership = np.load(folder / "points-test.npy"), np.load(folder / "membership-test.npy")
    card = json.loads((folder / "card.json").read_text())
    assert points.shape == (card["points"]["test"], card["dim"])
    assert membership.dtype == bool
    with (folder / "membership-test.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == card["concepts"]
    assert np.array_equal(np.array(rows) == "1", membership)
    column = {name: k for k, name in enumerate(header)}
    with (folder / "order.csv").open(newline="") as file:
        _, *order = csv.reader(file)
    assert order
    for child, parent in order:
        assert not (membership[:, column[child]] & ~membership[:, column[parent]]).any()


@pytest.mark.parametrize("name", ["union", "lattice-tree", "polytopes", "week"])
def test_regions_and_membership_agree_on_every_point(name: str) -> None:
    judged = benchmark_of(name).judged
    for region, inside in zip(judged.regions, judged.membership.T, strict=True):
        assert region is not None
        assert np.array_equal(region.contains(judged.points.astype(np.float64)), inside)


def test_points_lie_on_the_grid_and_no_point_is_in_two_splits() -> None:
    benchmark = benchmark_of("balls")
    rows = [np.asarray(benchmark.points(split)) for split in ("train", "fit", "test")]
    together = np.concatenate(rows)
    assert together.dtype == np.float32
    assert np.array_equal(on_grid(together), together)
    assert np.array_equal(together * GRID, np.rint(together * GRID))
    assert len(np.unique(together, axis=0)) == len(together)


@pytest.mark.parametrize("name", ["balls", "superposition-1", "lattice-tree", "union"])
def test_what_is_possible_agrees_with_what_is_known(name: str) -> None:
    """A half-space that separates the region separates its points; S10's features are separable."""
    for row in benchmark_of(name).card.possible:
        if row.neuron or row.nameable:
            assert row.separable == "neuron"
        if row.unit:
            assert row.separable in ("neuron", "unit")
        if row.unit is False:
            assert row.separable == "neither"
        assert row.test_points >= row.needed


def test_superposition_is_nameable_in_one_setting_and_in_the_other_not() -> None:
    verdicts = [
        {row.nameable for row in benchmark_of(name).card.possible}
        for name in ("superposition-1", "superposition-2", "hedging")
    ]
    assert verdicts == [{True}, {False}, {None}]


@pytest.mark.parametrize("change", ["edited", "missing", "card", "elsewhere"])
def test_other_bytes_are_refused(change: str, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(folder_of("balls"), folder)
    card = json.loads((folder / "card.json").read_text())
    if change == "edited":
        membership = np.load(folder / "membership-test.npy")
        membership[0] ^= True
        np.save(folder / "membership-test.npy", membership)
        match = "other bytes"
    elif change == "missing":
        (folder / "order.csv").unlink()
        match = "lacks order.csv"
    elif change == "card":
        card["hash"] = "0" * 64
        match = "contradicts itself"
    else:
        card["files"]["../secret"] = "0" * 64
        match = "another folder"
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(InvalidInput, match=match):
        load_benchmark(folder)


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="not an empty folder"):
        make_files(setting("ring"), "s", tmp_path, make_world)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
