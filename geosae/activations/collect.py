"""Collecting activations: batches through a model, pooled, written by shards, resumed to the same bytes."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.activations.folder import (
    INDEX_FILE,
    RECIPE_FILE,
    SOURCES_FILE,
    Activations,
    Index,
    ModelCard,
    Pool,
    PositionNorm,
    Recipe,
    Shard,
    open_activations,
)
from geosae.activations.tensors import Precision, Tensors, decoded, encoded, map_tensors, write_tensors
from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.parallel import using_threads
from geosae.storage.arguments import checked_arguments
from geosae.storage.files import content_hash, file_hash, write_atomic
from geosae.storage.folders import output_folder
from geosae.storage.records import check_fields
from geosae.storage.structure import read_record, write_record
from geosae.validation import COUNT, as_array

Progress = Callable[[int, int], None]
POSITIONS = 16
"""Norms are noted for so many positions; the last stands for all further ones."""
SINK = 3.0
"""First tokens so many times as long as the others are flagged: they would own every sum of squares."""
CONSTANT = 1e-6
"""A channel that deviates by less than this share of the median channel is called constant."""


class Reading(NamedTuple):
    """What a model says of one text or window."""

    values: Float[np.ndarray, "T n"]
    """An activation at each position."""
    characters: Int[np.ndarray, "T 2"]
    """Each token's place in the text, (-1, -1) for none."""

    __repr__ = short_repr


@runtime_checkable
class ActivationModel(Protocol):
    """A model that can be read at one place."""

    @property
    def card(self) -> ModelCard:
        """Say which model it is and where it is read."""
        ...

    def lengths(self, batch: Any) -> list[int]:
        """Return how long each text or window is, by which they are sorted."""
        ...

    @property
    def longest(self) -> int | None:
        """Say how much of a text it reads; None for any length."""
        ...

    def read(self, batch: Any) -> list[Reading]:
        """Return the activations of some texts, or windows."""
        ...


@dataclass(frozen=True)
class Texts:
    """Texts to read, each not empty."""

    lines: tuple[str, ...]

    __repr__ = short_repr

    def __post_init__(self) -> None:
        """Refuse what is no text."""
        check_fields(self, "the texts")
        for number, line in enumerate(self.lines, start=1):
            if not line.strip():
                raise InvalidInput(
                    f"text {number} is empty", remedy="leave it out, and its row of the membership"
                )
        if not self.lines:
            raise InvalidInput("there is no text to read")

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.lines)

    def take(self, rows: Sequence[int]) -> list[str]:
        """Return some of them."""
        return [self.lines[row] for row in rows]

    @property
    def sha256(self) -> str:
        """The SHA-256 of all of them."""
        return content_hash(json.dumps(self.lines))


@dataclass(frozen=True, eq=False)
class Windows:
    """Arrays to read, by the name of the model's input, all with as many rows."""

    arrays: Mapping[str, np.ndarray]

    __repr__ = short_repr

    def __post_init__(self) -> None:
        """Refuse arrays of different lengths."""
        if not isinstance(self.arrays, Mapping):
            raise InvalidInput(
                f"arrays is {self.arrays!r}"[:80] + ", which is no mapping",
                remedy='give them by the names of the inputs: Windows({"input": array})',
            )
        arrays = {name: as_array(array, f"the input {name!r}") for name, array in self.arrays.items()}
        object.__setattr__(self, "arrays", arrays)
        sizes = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
        if len(set(sizes.values())) != 1 or 0 in sizes.values():
            raise InvalidInput(
                f"the inputs have different numbers of windows, or none: {sizes}",
                remedy="give arrays of shape (windows, …)",
            )

    def __len__(self) -> int:
        """Return how many windows there are."""
        return len(next(iter(self.arrays.values())))

    def take(self, rows: Sequence[int]) -> dict[str, np.ndarray]:
        """Return some of them."""
        return {name: array[np.asarray(rows)] for name, array in self.arrays.items()}

    @property
    def sha256(self) -> str:
        """The SHA-256 of all of them."""
        return content_hash(*(part for name, array in self.arrays.items() for part in (name, array)))


@checked_arguments(batch=COUNT, per_shard=COUNT, threads=COUNT)
def collect(
    model: ActivationModel,
    inputs: Texts | Windows,
    folder: Path | str,
    *,
    pool: Pool = "mean",
    skip_first: bool = False,
    precision: Precision = "fp32",
    batch: int = 32,
    per_shard: int = 1024,
    threads: int = 1,
    progress: Progress | None = None,
) -> Activations:
    """Read a model at one place, and write an activation per text (or per token) into a folder.

    Each shard holds a fixed run of the texts. They pass through the model in batches, the shortest of the
    shard first, and are written in their own order: a shard's bytes depend on nothing outside it, so that an
    interrupted collection goes on, by the same call, to the bytes of one that never was.

    Parameters
    ----------
    model
        See `geosae.activations.transformer`, `geosae.activations.onnx_graph` and
        `geosae.activations.modules`.
    inputs
        The texts, or windows of signals.
    folder
        Where to write; made unless it is there.
    pool
        "mean" over the positions, the "last" one, or all "tokens", a row each.
    skip_first
        Leave the first position out: in many language models it is a sink, hundreds of times as long.
    precision
        As what the activations are stored.
    batch, per_shard
        Texts at once, and per shard; bytes depend on them.
    threads
        Of the numerical libraries; bytes depend on it.
    progress
        Called with (texts done, texts in all).

    Raises
    ------
    InvalidInput
        If the folder holds other activations, a text has nothing to pool, or the model's answer does not fit.
    """
    folder = Path(folder)
    recipe = Recipe(
        model.card, pool, skip_first, precision, len(inputs), inputs.sha256, per_shard, batch, threads
    )
    with output_folder(folder):
        _begin(folder, recipe, inputs)
        if not (folder / INDEX_FILE).is_file():
            starts = range(0, len(inputs), per_shard)
            with using_threads(threads):
                for number, start in enumerate(starts):
                    rows = range(start, min(start + per_shard, len(inputs)))
                    path = folder / _file_of(number)
                    if not path.is_file():
                        write_tensors(path, _shard(model, inputs, rows, recipe))
                    if progress is not None:
                        progress(rows.stop, len(inputs))
            write_record(folder / INDEX_FILE, _index(folder, recipe, len(starts)))
    return open_activations(folder)


def _file_of(number: int) -> str:
    return f"shard-{number:05d}.safetensors"


def _begin(folder: Path, recipe: Recipe, inputs: Texts | Windows) -> None:
    """Write down what is to be collected, or refuse a folder in which something else is."""
    path = folder / RECIPE_FILE
    if path.is_file():
        earlier = read_record(path, Recipe)
        if earlier != recipe:
            differing = [
                name
                for name in Recipe.__dataclass_fields__
                if getattr(earlier, name) != getattr(recipe, name)
            ]
            raise InvalidInput(
                f"{folder} holds other activations: {', '.join(differing)} differ",
                causes="another model, text or setting under the same name",
                remedy="name another folder, or delete this one",
            )
    elif any(folder.glob("shard-*.safetensors")):
        raise InvalidInput(f"{folder} holds shards without a recipe", remedy="name another folder")
    if isinstance(inputs, Texts):
        lines = "".join(json.dumps(line, ensure_ascii=True) + "\n" for line in inputs.lines)
        write_atomic(folder / SOURCES_FILE, lines.encode())
    write_record(path, recipe)


def _shard(model: ActivationModel, inputs: Texts | Windows, rows: range, recipe: Recipe) -> Tensors:
    """Return the tensors of one shard: read in batches of like length, written in the order of the texts."""
    lengths = model.lengths(inputs.take(rows))
    order = sorted(range(len(rows)), key=lambda place: (lengths[place], place))
    parts: list[Tensors | None] = [None] * len(rows)
    norms, counts = np.zeros(POSITIONS), np.zeros(POSITIONS, dtype=np.int64)
    for number, first in enumerate(range(0, len(order), recipe.batch)):
        places = order[first : first + recipe.batch]
        readings = model.read(inputs.take([rows[place] for place in places]))
        for place, reading in zip(places, readings, strict=True):
            at = np.minimum(np.arange(len(reading.values)), POSITIONS - 1)
            lengths_here = np.linalg.norm(reading.values.astype(np.float64), axis=1)
            norms += np.bincount(at, lengths_here, POSITIONS)
            counts += np.bincount(at, minlength=POSITIONS)
            parts[place] = _pooled(reading, rows[place], number, recipe)
    pooled = [part for part in parts if part is not None]
    tensors = {name: np.concatenate([part[name] for part in pooled]) for name in pooled[0]}
    tensors["activations"] = encoded(tensors["activations"], recipe.precision)
    longest = model.longest
    truncated = 0 if longest is None else sum(length > longest for length in lengths)
    return {
        **tensors, "position_norms": norms, "position_counts": counts, "truncated": np.array([truncated]),
    }  # fmt: skip


def _pooled(reading: Reading, source: int, batch: int, recipe: Recipe) -> Tensors:
    values = np.asarray(reading.values, dtype=np.float32)
    count, first = len(values), int(recipe.skip_first)
    if recipe.pool == "tokens":
        spans = np.stack([np.arange(first, count), np.arange(first, count) + 1], axis=1)
        rows, characters = values[first:], reading.characters[first:]
    elif count <= first:
        raise InvalidInput(
            f"text {source + 1} has {count} token{'s' * (count != 1)}: none is left to pool",
            remedy="leave it out, or leave --skip-first out",
        )
    elif recipe.pool == "last":
        spans = np.array([[count - 1, count]])
        rows, characters = values[-1:], reading.characters[-1:]
    else:
        spans = np.array([[first, count]])
        rows = values[first:].mean(axis=0, dtype=np.float64, keepdims=True).astype(np.float32)
        of_text = reading.characters[first:]
        of_text = of_text[of_text[:, 0] >= 0]
        whole = [of_text[:, 0].min(), of_text[:, 1].max()] if len(of_text) else [-1, -1]
        characters = np.array([whole])
    return {
        "activations": rows,
        "source": np.full(len(rows), source, dtype=np.int64),
        "tokens": spans.reshape(-1, 2).astype(np.int32),
        "characters": characters.reshape(-1, 2).astype(np.int32),
        "batch": np.full(len(rows), batch, dtype=np.int32),
    }


def _index(folder: Path, recipe: Recipe, count: int) -> Index:
    """Gather what the shards say: an interrupted and an unbroken collection say the same."""
    shards: list[Shard] = []
    norms, counts, truncated = np.zeros(POSITIONS), np.zeros(POSITIONS, dtype=np.int64), 0
    moments = _ChannelMoments()
    for number in range(count):
        path = folder / _file_of(number)
        tensors = map_tensors(path)
        values = tensors["activations"]
        shards.append(Shard(path.name, len(values), file_hash(path)))
        norms, counts = norms + tensors["position_norms"], counts + tensors["position_counts"]
        truncated += int(tensors["truncated"][0])
        for start in range(0, len(values), 8192):
            moments.add(decoded(values[start : start + 8192]).astype(np.float64))
    rows = sum(shard.rows for shard in shards)
    if not rows:
        raise InvalidInput("no row is left", causes="--skip-first on texts of one token")
    means = [float(total / max(number, 1)) for total, number in zip(norms, counts.tolist(), strict=True)]
    by_position = tuple(
        PositionNorm(position, number, mean)
        for position, (number, mean) in enumerate(zip(counts.tolist(), means, strict=True))
        if number
    )
    return Index(
        recipe, moments.dim, rows, tuple(shards), tuple(np.flatnonzero(moments.constant()).tolist()),
        by_position, _sink(norms, counts), truncated,
    )  # fmt: skip


def _sink(norms: Float[np.ndarray, " P"], counts: Int[np.ndarray, " P"]) -> float | None:
    others = int(counts[1:].sum())
    if not others or not counts[0]:
        return None
    ratio = float((norms[0] / counts[0]) / max(norms[1:].sum() / others, 1e-300))
    return ratio if ratio > SINK else None


class _ChannelMoments:
    """Mean and sum of squared deviations of each channel, block by block (Chan, Golub and LeVeque 1983)."""

    def __init__(self) -> None:
        self._count, self.dim = 0, 0
        self._mean: Float[np.ndarray, " n"] = np.zeros(1)
        self._squares: Float[np.ndarray, " n"] = np.zeros(1)

    def add(self, block: Float[np.ndarray, "k n"]) -> None:
        """Take in a block of rows."""
        if not len(block):
            return
        mean = block.mean(axis=0)
        squares, self.dim = np.square(block - mean).sum(axis=0), block.shape[1]
        total = self._count + len(block)
        step = mean - self._mean
        self._squares = self._squares + squares + np.square(step) * (self._count * len(block) / total)
        self._mean, self._count = self._mean + step * (len(block) / total), total

    def constant(self) -> Bool[np.ndarray, " n"]:
        """Tell which channels hardly deviate; none of a single row."""
        deviation = np.sqrt(self._squares)
        if self._count < 2:
            return np.zeros(self.dim, dtype=bool)
        return np.asarray(deviation <= CONSTANT * np.median(deviation))
