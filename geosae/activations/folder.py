"""A folder of activations: shards, an index with their hashes, and where every row comes from."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from geosae.activations.tensors import Precision, Tensors, decoded, map_tensors
from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.storage.files import file_hash, read_json_lines
from geosae.storage.structure import read_record

INDEX_FILE, RECIPE_FILE, SOURCES_FILE = "index.json", "recipe.json", "sources.jsonl"
IN_MEMORY = 2**30
"""Up to so many bytes of float32 the activations are held in memory; beyond, they are mapped or streamed."""
Pool = Literal["mean", "last", "tokens"]
POOLS: tuple[Pool, ...] = ("mean", "last", "tokens")


@dataclass(frozen=True)
class ModelCard:
    """Which model was read: its kind, its name, and the SHA-256 of its files."""

    kind: Literal["transformer", "onnx", "module"]
    name: str
    sha256: str
    site: str
    """Where in it: "block 4", a node of the graph, or a module."""
    versions: str
    """The libraries that computed: bytes depend on them."""

    __repr__ = short_repr


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the bytes of a folder; a collection goes on only under the same one."""

    model: ModelCard
    pool: Pool
    skip_first: bool
    precision: Precision
    sources: int
    """How many texts or windows there are."""
    sources_sha256: str
    per_shard: int
    """So many texts or windows give one shard."""
    batch: int
    """So many of them pass through the model at once, the shortest of the shard first."""
    threads: int

    __repr__ = short_repr


@dataclass(frozen=True)
class Shard:
    """A file of the folder, how many rows it holds, and the SHA-256 of its bytes."""

    file: str
    rows: int
    sha256: str

    __repr__ = short_repr


@dataclass(frozen=True)
class PositionNorm:
    """The mean length of activations at a position of the text, before pooling."""

    position: int
    """Counted from 0; the last entry stands for all further positions as well."""
    count: int
    mean_norm: float

    __repr__ = short_repr


@dataclass(frozen=True)
class Index:
    """What a finished folder holds."""

    recipe: Recipe
    dim: int
    rows: int
    shards: tuple[Shard, ...]
    constant_channels: tuple[int, ...]
    """Channels whose deviation is less than a millionth of the median channel's."""
    norms: tuple[PositionNorm, ...]
    first_token_sink: float | None
    """How many times as long first tokens are as the others, if that is more than `SINK` times."""
    truncated: int
    """Texts that are longer than the model reads."""

    __repr__ = short_repr


class Provenance(NamedTuple):
    """Where a row comes from."""

    source: int
    """The number of the text or window, from 0."""
    tokens: tuple[int, int]
    """The positions that it pools, from the first to before the last: tokens, or samples of a window."""
    characters: tuple[int, int]
    """Those tokens' place in the text; (-1, -1) where it is not known, as for marks that are no text."""

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class Activations:
    """The rows of a folder, read from its mapped shards; a stream that training takes as it is.

    Attributes
    ----------
    folder
        Where they lie.
    index
        What they are: model, pooling, hashes, constant channels, norms by position.
    """

    folder: Path
    index: Index

    __repr__ = short_repr

    @property
    def dim(self) -> int:
        """The dimension n."""
        return self.index.dim

    def __len__(self) -> int:
        """Return the number N of rows."""
        return self.index.rows

    @property
    def nbytes(self) -> int:
        """What they take in float32."""
        return 4 * self.dim * len(self)

    @cached_property
    def _shards(self) -> tuple[Tensors, ...]:
        shards = tuple(map_tensors(self.folder / shard.file) for shard in self.index.shards)
        for shard, tensors in zip(self.index.shards, shards, strict=True):
            if "activations" not in tensors or tensors["activations"].shape != (shard.rows, self.dim):
                raise InvalidInput(
                    f"{self.folder / shard.file} does not hold the {shard.rows} rows of the index",
                    causes="a shard of another collection",
                )
        return shards

    @cached_property
    def _starts(self) -> Int[np.ndarray, " s"]:
        return np.cumsum([0, *(shard.rows for shard in self.index.shards)])

    def rows(self, start: int, stop: int) -> Float[np.ndarray, "k n"]:
        """Return the rows from start to before stop, in float32."""
        start, stop = max(start, 0), min(stop, len(self))
        parts = [np.zeros((0, self.dim), np.float32)]
        for first, tensors in zip(self._starts.tolist(), self._shards, strict=False):
            part = tensors["activations"][max(start - first, 0) : max(stop - first, 0)]
            if len(part):
                parts.append(decoded(part))
        return np.concatenate(parts) if len(parts) != 2 else parts[1]

    def blocks(self, size: int = 8192) -> Iterator[Float[np.ndarray, "k n"]]:
        """Yield all rows in order, so many at a time."""
        for start in range(0, len(self), size):
            yield self.rows(start, start + size)

    def array(self) -> Float[np.ndarray, "N n"]:
        """Return all rows as one float32 array: in memory up to 1 GiB, beyond in a mapped scratch file.

        The scratch file lies in the folder, takes 4 bytes a number there, and goes with the process.
        """
        if len(self.index.shards) == 1 and self.index.recipe.precision == "fp32":
            return self._shards[0]["activations"]
        if self.nbytes <= IN_MEMORY:
            return np.concatenate([decoded(shard["activations"]) for shard in self._shards])
        with tempfile.TemporaryFile(dir=self.folder) as file:
            for block in self.blocks():
                file.write(block.tobytes())
            file.flush()
            return np.memmap(file, np.float32, "r", shape=(len(self), self.dim))

    @property
    def sources(self) -> Int[np.ndarray, " N"]:
        """The number of the text or window of each row."""
        return np.concatenate([np.asarray(shard["source"]) for shard in self._shards])

    def provenance(self, row: int) -> Provenance:
        """Return where a row comes from.

        Raises
        ------
        InvalidInput
            If there is no such row.
        """
        if not 0 <= row < len(self):
            raise InvalidInput(f"there is no row {row}", remedy=f"rows are counted from 0 to {len(self) - 1}")
        shard = int(np.searchsorted(self._starts, row, "right")) - 1
        tensors, place = self._shards[shard], row - int(self._starts[shard])
        first, end = tensors["tokens"][place].tolist()
        begin, stop = tensors["characters"][place].tolist()
        return Provenance(int(tensors["source"][place]), (first, end), (begin, stop))

    @cached_property
    def texts(self) -> tuple[str, ...] | None:
        """The texts, if they were texts."""
        path = self.folder / SOURCES_FILE
        return tuple(str(line) for line in read_json_lines(path)) if path.is_file() else None

    def check(self) -> "Activations":
        """Compare every shard with the hash of the index, and return the activations.

        Raises
        ------
        InvalidInput
            If a shard is missing or has other bytes.
        """
        for shard in self.index.shards:
            if file_hash(self.folder / shard.file) != shard.sha256:
                raise InvalidInput(
                    f"{self.folder / shard.file} has not the SHA-256 that the index states",
                    causes="it was edited, or damaged in a transfer",
                    remedy="delete it and index.json: the same `geosae acts` computes it again",
                )
        return self


def is_activations(path: Path) -> bool:
    """Return whether a path is a folder of activations, finished or not."""
    return any((path / name).is_file() for name in (INDEX_FILE, RECIPE_FILE))


@checked_arguments()
def open_activations(folder: Path | str) -> Activations:
    """Open a finished folder of activations; its rows stay on disk until they are read.

    Raises
    ------
    InvalidInput
        If it is none, or its collection was interrupted.
    """
    folder = Path(folder)
    if not (folder / INDEX_FILE).is_file():
        if (folder / RECIPE_FILE).is_file():
            raise InvalidInput(
                f"the collection of {folder} is unfinished",
                causes="it was interrupted",
                remedy="give the same `geosae acts` again: it goes on",
            )
        raise InvalidInput(
            f"{folder} is no folder of activations", remedy="write one: geosae acts MODEL texts.txt -o FOLDER"
        )
    return Activations(folder, read_record(folder / INDEX_FILE, Index))
