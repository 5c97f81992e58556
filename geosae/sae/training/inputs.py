"""Training points of every kind (array, mapped file, stream, generator), made ready for training."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
import torch
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig
from geosae.sae.training.batches import (
    ArraySource,
    IteratedSource,
    MappedSource,
    Source,
    Stream,
    StreamSource,
    standardised,
)
from geosae.sae.training.spec import TrainingSpec
from geosae.sae.training.standardize import CENTRE_SAMPLES, Standardizer, fit_standardizer
from geosae.sampling import drawn_rows
from geosae.storage.files import content_hash
from geosae.validation import as_array, finite_points

# Seeds the sample of what is not in memory; of a long stream it has one run of rows in each of so many parts.
GLIMPSE_KEY = 32_768
STREAM_PARTS = 256

Points: TypeAlias = np.ndarray | Stream | Callable[[], Iterator[np.ndarray]]
AnyPoints: TypeAlias = Points | torch.Tensor | Sequence[Sequence[float]]


@dataclass(frozen=True, eq=False)
class TrainingInputs:
    """Points ready for training.

    Parameters
    ----------
    source
        Where batches come from.
    standardizer
        Fitted to all points of an array, to a sample otherwise.
    sample
        Points for the final metrics, in their own coordinates: all of an array.
    u
        The sample, standardised, on the device.
    data_hash
        SHA-256 of an array's points; of the sample's otherwise.
    """

    source: Source
    standardizer: Standardizer
    sample: Float[np.ndarray, "E n"]
    u: Float[torch.Tensor, "E n"]
    data_hash: str


def in_memory(points: AnyPoints) -> Points:
    """Return lists and torch tensors as arrays, and all other training points as they are.

    Raises
    ------
    InvalidInput
        If they are no array.
    """
    if isinstance(points, list | tuple | torch.Tensor):
        return as_array(points, "points")
    return cast("Points", points)


def sample_of(points: Points, config: TrainConfig) -> Float[np.ndarray, "E n"]:
    """Return the points that the standardizer is fitted to: all of an array, at most 32 768 otherwise.

    Those are drawn at random, the same ones for every seed of a run: rows of a mapped file; runs of 128 rows
    spread over the whole length of a stream; of blocks, any of the rows that training will read.

    Raises
    ------
    InvalidInput
        If they are not finite, or are no points.
    """
    # In one order: sums over the rows round as they are stored, and the same points are to train the same.
    return np.ascontiguousarray(finite_points(points if _in_memory(points) else _glimpse(points, config)))


def hash_of_points(points: Points, config: TrainConfig) -> str:
    """Return the SHA-256 that a run on these points records: of an array, or of what is drawn from others."""
    return content_hash(np.asarray(points) if _in_memory(points) else sample_of(points, config))


def _in_memory(points: Points) -> bool:
    return isinstance(points, np.ndarray) and not isinstance(points, np.memmap)


def prepare_inputs(
    points: Points, sample: Float[np.ndarray, "E n"], spec: TrainingSpec, seed: int
) -> TrainingInputs:
    """Return points ready for training; `sample` is what `sample_of` gave.

    Raises
    ------
    InvalidInput
        If they do not vary or do not fit float32, or cannot be shuffled.
    """
    # The standardizer depends on the points alone, not on the seed: members of a grid share it.
    rng = np.random.default_rng(0)
    shuffled, centre = spec.config.baseline == "shuffled", spec.config.pre_bias
    if isinstance(points, np.ndarray) and not isinstance(points, np.memmap):
        cloud = np.random.default_rng(seed).permuted(sample, axis=0) if shuffled else sample
        standardizer = fit_standardizer(cloud, centre, rng)
        u = standardised(cloud, standardizer, spec.device)
        return TrainingInputs(ArraySource(u), standardizer, cloud, u, content_hash(np.asarray(points)))
    if shuffled:
        raise InvalidInput(
            "the baseline 'shuffled' permutes whole columns, and so needs all points in memory",
            remedy="pass an array that is not mapped from a file",
        )
    standardizer = fit_standardizer(sample, centre, rng)
    u = standardised(sample, standardizer, spec.device)
    return TrainingInputs(
        _source(points, standardizer, spec.device), standardizer, sample, u, content_hash(sample)
    )


def _glimpse(points: Points, config: TrainConfig) -> np.ndarray:
    rng = np.random.default_rng(GLIMPSE_KEY)
    if isinstance(points, np.memmap):
        return np.asarray(points[drawn_rows(len(points), CENTRE_SAMPLES, rng)])
    if isinstance(points, Stream):
        return _across(points, rng)
    if not callable(points):
        raise InvalidInput(
            f"points are a {type(points).__name__}",
            remedy="pass an array (or a mapped file), an object with dim, len() and rows(start, stop), or a "
            "function that returns an iterator over blocks",
        )
    return _reservoir(points(), config.steps * config.batch_size, rng)


def _across(stream: Stream, rng: np.random.Generator) -> np.ndarray:
    """Return all rows of a short stream; of a longer one a run of rows at random in each of equal parts."""
    # Copies: a stream may hand out one buffer again and again.
    if len(stream) <= CENTRE_SAMPLES:
        return np.array(stream.rows(0, len(stream)))
    size = CENTRE_SAMPLES // STREAM_PARTS
    ends = np.linspace(0, len(stream), STREAM_PARTS + 1).astype(np.int64)
    starts = rng.integers(ends[:-1], ends[1:] - size, endpoint=True).tolist()
    return np.concatenate([np.array(stream.rows(start, start + size)) for start in starts])


def _reservoir(blocks: Iterator[np.ndarray], most_read: int, rng: np.random.Generator) -> np.ndarray:
    """Return a uniform sample of the first so many rows (Vitter, ACM Trans. Math. Softw. 11 (1985) 37)."""
    head: list[np.ndarray] = []
    sample: np.ndarray | None = None
    read = 0
    for given in blocks:
        block = finite_points(given)[: most_read - read]
        first = block[: max(0, CENTRE_SAMPLES - read)]
        if len(first):
            # A generator may hand out one buffer again and again.
            head.append(np.array(first))
        rest = block[len(first) :]
        if len(rest):
            sample = np.concatenate(head) if sample is None else sample
            places = rng.integers(0, np.arange(read + len(first), read + len(block)), endpoint=True)
            enters = places < CENTRE_SAMPLES
            # Of rows that enter at one place the last one stays, as if they had come one by one.
            sample[places[enters]] = rest[enters]
        read += len(block)
        if read >= most_read:
            break
    if not read:
        raise InvalidInput("the generator of points yields none")
    return np.concatenate(head) if sample is None else sample


def _source(points: Points, standardizer: Standardizer, device: torch.device) -> Source:
    if isinstance(points, np.ndarray):
        return MappedSource(points, standardizer, device)
    if isinstance(points, Stream):
        return StreamSource(points, standardizer, device)
    return IteratedSource(points, standardizer, device)
