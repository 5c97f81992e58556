"""Training points of every kind (array, mapped file, stream, generator), made ready for training."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias, cast

import numpy as np
import torch
from jaxtyping import Float

from geosae.errors import InvalidInput
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
from geosae.storage.files import content_hash
from geosae.validation import as_array, finite_points

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


def sample_of(points: Points) -> Float[np.ndarray, "E n"]:
    """Return the points that the standardizer is fitted to: all of an array, at most 32 768 otherwise.

    Raises
    ------
    InvalidInput
        If they are not finite, or are no points.
    """
    held = isinstance(points, np.ndarray) and not isinstance(points, np.memmap)
    return finite_points(points if held else _glimpse(points))


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


def _glimpse(points: Points) -> np.ndarray:
    if isinstance(points, np.memmap):
        return np.asarray(points[:: -(-len(points) // CENTRE_SAMPLES)])
    if isinstance(points, Stream):
        return points.rows(0, min(len(points), CENTRE_SAMPLES))
    if not callable(points):
        raise InvalidInput(
            f"points are a {type(points).__name__}",
            remedy="pass an array (or a mapped file), an object with dim, len() and rows(start, stop), or a "
            "function that returns an iterator over blocks",
        )
    blocks: list[np.ndarray] = []
    for block in islice(points(), CENTRE_SAMPLES):
        blocks.append(finite_points(block).copy())  # a generator may refill its buffer
        if sum(map(len, blocks)) >= CENTRE_SAMPLES:
            break
    if not blocks:
        raise InvalidInput("the generator of points yields none")
    return np.concatenate(blocks)[:CENTRE_SAMPLES]


def _source(points: Points, standardizer: Standardizer, device: torch.device) -> Source:
    if isinstance(points, np.ndarray):
        return MappedSource(points, standardizer, device)
    if isinstance(points, Stream):
        return StreamSource(points, standardizer, device)
    return IteratedSource(points, standardizer, device)
