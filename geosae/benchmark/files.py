"""A setting as files: points, membership, regions and order, under one card with the hash of every byte.

Nothing but NumPy is needed to read them. Points lie on the grid of multiples of 2⁻¹⁶ and are float32, so that
what another machine computes differently in the last bits of a float64 is rounded to the same file, with a
chance of some 10⁻¹⁰ per coordinate that it is not; the hash says whether it was.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from jaxtyping import Bool, Float

from geosae.benchmark.possible import Possible, possibilities
from geosae.benchmark.settings import BENCHMARK, POINTS, SPLITS, Setting, Size, Split, setting
from geosae.data.dataset import ConceptDataset
from geosae.data.order import cover_edges
from geosae.data.planted import true_halfspaces
from geosae.data.truth import truth_from_dict
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import measure_from_dict
from geosae.geometry.regions.registry import region_from_dict
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.storage.arrays import read_array
from geosae.storage.files import content_hash, file_hash, read_json, write_json
from geosae.storage.folders import new_folder
from geosae.storage.structure import from_json, to_json
from geosae.storage.tables import render

MakeWorld = Callable[[str, Mapping[str, Any], np.random.Generator], ConceptDataset]
CARD = "card.json"
GRID = 2.0**16
FINE = 2.0**32
"""Of the numbers that describe regions."""
SPARE = 1.02
"""So many times the points are drawn; some are left out as they are rounded."""
REAL_SHARES = (0.5, 0.25, 0.25)
"""How the points of real data are divided, which come in one number."""


@dataclass(frozen=True)
class BenchmarkCard:
    """What stands in card.json.

    Attributes
    ----------
    format
        "geosae-bench-1".
    setting, version, size
        Which setting it is.
    hash
        SHA-256 over the names and hashes of all files: the identity of these bytes.
    asks, scope
        What the setting asks, and what a concept is there.
    world, params, seed
        From what the points were drawn.
    points, concepts
        The number of points of each split, all in dimension ``dim``, and the names of the concepts.
    possible
        For each concept what theory and the points say can be learned of it, and what is had for nothing.
    files
        The SHA-256 of every file.
    """

    format: str
    setting: str
    version: int
    size: Size
    hash: str
    asks: str
    scope: str
    world: str
    params: Mapping[str, Any]
    seed: int
    dim: int
    points: Mapping[str, int]
    concepts: tuple[str, ...]
    possible: tuple[Possible, ...]
    files: Mapping[str, str]

    __repr__ = short_repr

    @property
    def name(self) -> str:
        """The setting, its version and its size in one word, such as "balls-1-s"."""
        return f"{self.setting}-{self.version}-{self.size}"


@checked_arguments()
def make_files(setting: Setting, size: Size, folder: str | Path, make_world: MakeWorld) -> BenchmarkCard:
    """Write a setting at a size to a new folder and return its card.

    Parameters
    ----------
    setting, size
        What to write.
    folder
        A folder that is not there yet, or empty; it appears as a whole or not at all.
    make_world
        From a world's name, its parameters and a generator to the data set: `geosae.cli.sources.make_world`.

    Raises
    ------
    InvalidInput
        If the folder is not empty or cannot be written, or the world cannot be made.
    """
    dataset = _drawn(setting, size, make_world)
    rows = _splits(dataset.size, setting, size)
    params = setting.sizes[size]
    with new_folder(Path(folder)) as place:
        for split, chosen in rows.items():
            np.save(place / f"points-{split}.npy", dataset.points[chosen])
            np.save(place / f"membership-{split}.npy", dataset.membership[chosen])
            if split != "train":
                table = dataset.membership[chosen].astype(int).tolist()
                (place / f"membership-{split}.csv").write_bytes(render([dataset.names, *table]).encode())
        _write_truth(dataset, place)
        files = {path.name: file_hash(path) for path in sorted(place.iterdir())}
        judged = dataset.take(np.concatenate([rows["fit"], rows["test"]]), allow_trivial=True)
        card = BenchmarkCard(
            format=BENCHMARK,
            setting=setting.name,
            version=setting.version,
            size=size,
            hash=content_hash(*(f"{name} {digest}" for name, digest in files.items())),
            asks=setting.asks,
            scope=setting.scope,
            world=setting.world,
            params=dict(params),
            seed=setting.seed(size),
            dim=dataset.dim,
            points={split: len(chosen) for split, chosen in rows.items()},
            concepts=dataset.names,
            possible=possibilities(judged, len(rows["fit"]), params),
            files=files,
        )
        write_json(place / CARD, to_json(card))
    return card


def _drawn(setting: Setting, size: Size, make_world: MakeWorld) -> ConceptDataset:
    """Draw all points of a setting at once, on the grid.

    A few more are drawn than are asked for: a point that rounding moves over the border of a concept is left
    out, so that regions and membership agree on every point that is kept.
    """
    rng = np.random.default_rng(setting.seed(size))
    params = dict(setting.sizes[size])
    if setting.scope != "real":
        params["points"] = round(sum(POINTS[size]) * SPARE)
    drawn = make_world(setting.world, params, rng)
    points = on_grid(drawn.points)
    agree = np.ones(len(points), dtype=bool)
    for column, region in enumerate(drawn.regions):
        if region is not None:
            agree &= region.contains(points.astype(np.float64)) == drawn.membership[:, column]
    points, membership = points[agree], drawn.membership[agree]
    facts = {
        key: value for key, value in (drawn.provenance.get("facts") or {}).items() if key == "halfspaces"
    }
    return ConceptDataset(
        points,
        membership,
        drawn.names,
        regions=drawn.regions,
        ambient=drawn.ambient,
        truth=drawn.truth,
        declared_subsets=drawn.declared_subsets,
        directions=drawn.directions,
        provenance={"facts": facts},
        allow_trivial=True,
    )


def on_grid(points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
    """Return the points rounded to multiples of 2⁻¹⁶, as float32.

    Examples
    --------
    >>> on_grid(np.array([[0.1, 1 / 3]])).tolist()
    [[0.100006103515625, 0.3333282470703125]]
    """
    return (np.rint(np.asarray(points, dtype=np.float64) * GRID) / GRID).astype(np.float32)


def _splits(size: int, setting: Setting, named: Size) -> dict[Split, np.ndarray]:
    order = np.random.default_rng([setting.seed(named), 1]).permutation(size)
    counts = POINTS[named] if setting.scope != "real" else tuple(int(size * share) for share in REAL_SHARES)
    if sum(counts) > size:
        raise InvalidInput(
            f"{setting.name}: only {size} points lie on the same side of every border once they are rounded"
        )
    ends = np.cumsum(counts)
    return {
        split: np.sort(order[end - count : end])
        for split, count, end in zip(SPLITS, counts, ends, strict=True)
    }


def _write_truth(dataset: ConceptDataset, place: Path) -> None:
    """Write what is known besides points: names, order, regions, directions, half-spaces."""
    (place / "names.txt").write_bytes("".join(f"{name}\n" for name in dataset.names).encode())
    edges = cover_edges(dataset.hierarchy)
    table = [("child", "parent"), *((dataset.names[i], dataset.names[j]) for i, j in edges)]
    (place / "order.csv").write_bytes(render(table).encode())
    regions = {
        "regions": [None if region is None else region.to_dict() for region in dataset.regions],
        "ambient": None if dataset.ambient is None else dataset.ambient.to_dict(),
        "truth": [None if truth is None else truth.to_dict() for truth in dataset.truth],
        "subsets": [list(pair) for pair in dataset.declared_subsets],
    }
    text = json.dumps(_rounded(regions), sort_keys=True, allow_nan=False)
    (place / "regions.json").write_bytes(text.encode())
    if dataset.directions is not None:
        np.save(place / "directions.npy", on_grid(dataset.directions))
    sides = true_halfspaces(dataset)
    if sides is not None:
        np.save(place / "halfspaces.npy", np.column_stack([on_grid(sides.w), on_grid(sides.c[:, None])]))


def _rounded(value: Any) -> Any:
    """Return JSON with its floats on a fine grid, for the reason that the points are on theirs."""
    if isinstance(value, float):
        return round(value * FINE) / FINE
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in cast("list[Any]", value)]
    return value


@dataclass(frozen=True, eq=False)
class Benchmark:
    """A setting's files, read; arrays are mapped, not copied.

    Attributes
    ----------
    folder
        Where they are.
    card
        What card.json says; every byte of the other files is as it says.
    """

    folder: Path
    card: BenchmarkCard

    __repr__ = short_repr

    def points(self, split: Split) -> Float[np.ndarray, "N n"]:
        """Return the points of a split, mapped from the file."""
        return np.load(self.folder / f"points-{split}.npy", mmap_mode="r")

    def membership(self, split: Split) -> Bool[np.ndarray, "N p"]:
        """Return which points of a split belong to which concepts, mapped from the file."""
        return np.load(self.folder / f"membership-{split}.npy", mmap_mode="r")

    @cached_property
    def judged(self) -> ConceptDataset:
        """The points to fit and to test on, in this order, with all that is known of the concepts."""
        truth = read_json(self.folder / "regions.json")
        directions = self.folder / "directions.npy"
        sides = self.folder / "halfspaces.npy"
        facts: dict[str, Any] = {}
        if sides.is_file():
            rows = read_array(sides).astype(np.float64)
            facts["halfspaces"] = {"w": rows[:, :-1].tolist(), "c": rows[:, -1].tolist()}
        return ConceptDataset(
            np.concatenate([self.points("fit"), self.points("test")]),
            np.concatenate([self.membership("fit"), self.membership("test")]),
            self.card.concepts,
            regions=tuple(None if r is None else region_from_dict(r) for r in truth["regions"]),
            ambient=None if truth["ambient"] is None else measure_from_dict(truth["ambient"]),
            truth=tuple(truth_from_dict(t) for t in truth["truth"]),
            declared_subsets=tuple((child, parent) for child, parent in truth["subsets"]),
            directions=read_array(directions).astype(np.float64) if directions.is_file() else None,
            provenance={"benchmark": self.card.name, "facts": facts},
            allow_trivial=True,
        )

    @property
    def test_rows(self) -> np.ndarray:
        """Which points of `judged` are the held-out ones."""
        return np.arange(self.card.points["fit"], self.card.points["fit"] + self.card.points["test"])


@checked_arguments()
def load_benchmark(folder: str | Path) -> Benchmark:
    """Read a folder that `make_files` wrote, and hold every byte against its card.

    Raises
    ------
    InvalidInput
        If there is no card, it is of another format, or a file is missing or has other bytes.
    """
    place = Path(folder)
    card = from_json(BenchmarkCard, read_json(place / CARD), str(place / CARD))
    if card.format != BENCHMARK:
        raise InvalidInput(f"{place / CARD} is of the format {card.format!r}; this is {BENCHMARK}")
    for name, digest in card.files.items():
        if Path(name).name != name:
            raise InvalidInput(f"{place / CARD} names the file {name!r}, which lies in another folder")
        if not (place / name).is_file():
            raise InvalidInput(f"{place} lacks {name}", remedy="make the setting again: geosae bench make")
        if file_hash(place / name) != digest:
            raise InvalidInput(
                f"{place / name} has other bytes than its card says",
                causes="an edited or damaged file",
                remedy="make the setting again: geosae bench make",
            )
    if content_hash(*(f"{name} {digest}" for name, digest in sorted(card.files.items()))) != card.hash:
        raise InvalidInput(f"{place / CARD} contradicts itself: its hash is not that of its files")
    setting(card.setting)
    return Benchmark(place, card)
