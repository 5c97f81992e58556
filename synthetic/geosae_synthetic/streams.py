"""The worlds that can be streamed, by name: those whose points are independent draws."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from geosae.errors import InvalidInput
from geosae.storage.arguments import checked_arguments
from geosae.validation import SEED, plain_number, refuse_unknown, whole_number
from geosae_synthetic.placing import frame
from geosae_synthetic.registry import describe, names
from geosae_synthetic.spec import Parameter, admit_all
from geosae_synthetic.stream import PointStream, Source, keyed
from geosae_synthetic.stream_sources import ClusterSource, FeatureSource, RegionSource
from geosae_synthetic.superposition import features_of, truth_of
from geosae_synthetic.synthsaebench import synthsaebench

# Worlds that scatter their points evenly over the regions of their concepts, and a share over the box.
_BODIES = ("disjoint-balls", "nested-balls", "ball-tree", "polytopes", "non-convex")
_SCATTERED = (*_BODIES, "two-moons", "two-spirals", "checkerboard")
_ENOUGH = 4096  # points with which a world is built for the sake of its regions

_BENCH = (
    Parameter("features", 16_384, "number of features", low=1),
    Parameter("roots", 128, "number of trees", low=0),
    Parameter("compensate", "yes", "whether children's rates are raised", choices=("no", "yes")),
    Parameter("steps", 5, "steps towards a tight frame", low=0),
)


@checked_arguments(seed=SEED)
def stream(name: str, seed: int, *, points: int, dim: int, **params: Any) -> PointStream:
    """Open a stream of `points` points in Rⁿ, n = `dim`; nothing but the world itself is drawn yet.

    The bytes of a row depend on the name, the seed, the dimension and the parameters, not on how the rows are
    read nor on `points`. Besides worlds of `names()` there is "synthsaebench-16k", the published setting for
    dim = 768. Where a world puts a fixed number of points into each of its parts, a stream draws the part of
    each point; both have the same law.

    Raises
    ------
    InvalidInput
        If there is no such stream, or a parameter is wrong.

    Examples
    --------
    >>> million = stream("superposition", 0, points=10**6, dim=16, features=64)
    >>> len(million), million.rows(999_990, 10**6).shape
    (1000000, (10, 16))
    """
    if name in names() and name not in _STREAMS:
        raise InvalidInput(
            f"the world {name!r} has no stream",
            causes="its points are not independent draws",
            remedy=f"make it whole with geosae_synthetic.make, or use one of: {', '.join(_STREAMS)}",
        )
    refuse_unknown([name], _STREAMS, "the registry", "stream")
    seed = whole_number(seed, "the stream's seed")
    dim = whole_number(dim, "the stream's dim", least=1, most=2**31)
    points = whole_number(points, "the stream's number of points")
    source = _STREAMS[name](name, dim, keyed(seed, 0), params)
    return PointStream(
        source,
        seed,
        points,
        {"stream": name, "params": {"dim": dim, **{k: plain_number(v) for k, v in params.items()}}},
    )


def stream_names() -> tuple[str, ...]:
    """Return the names of the streams.

    Examples
    --------
    >>> "synthsaebench-16k" in stream_names()
    True
    """
    return tuple(_STREAMS)


def _features(name: str, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> Source:
    values = describe(name).admit(dim, params)
    world = features_of(values, dim, rng)
    single = replace(world, directions=world.directions.astype(np.float32))
    return FeatureSource(single, float(values["above"]), (truth_of(values),) * len(world.rates))


def _bench(name: str, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> Source:
    values: dict[str, Any] = dict(admit_all(name, _BENCH, params))
    values["compensate"] = values["compensate"] == "yes"
    return FeatureSource(synthsaebench(rng, dim=dim, **values))


def _regions(name: str, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> Source:
    world = describe(name)
    values = world.admit(dim, params)
    drawn = world.build(_ENOUGH, dim, rng, values)
    regions = tuple(region for region in drawn.regions if region is not None)
    truth = tuple(t for t in drawn.truth if t is not None)
    if drawn.ambient is None:
        raise InvalidInput(f"{name} has no ambient measure to draw a background from")
    share = float(values.get("background", 0.0))
    return RegionSource(drawn.names, regions, drawn.ambient, share, truth=truth, subsets=drawn.subsets)


def _clusters(name: str, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> Source:
    world = describe(name)
    values = world.admit(dim, params)
    if values.get("truncate"):
        raise InvalidInput(f"a stream of {name} draws whole Gaussians", remedy="leave truncate = 0")
    drawn = world.build(_ENOUGH, dim, rng, values)
    means, deviation = np.array(drawn.facts["centers"]), float(values["deviation"])
    ranks = drawn.facts.get("intrinsic_dimensions")
    if ranks is None:
        return ClusterSource(means, np.full(len(means), deviation), drawn.names)
    # The flats are not among the facts: the stream draws its own, of the same dimensions.
    noise = float(values["noise"]) * np.eye(dim)
    shapes = [np.hstack([deviation / rank**0.5 * frame(dim, rng)[:rank].T, noise]) for rank in ranks]
    return ClusterSource(means, shapes, drawn.names)


_Open = Callable[[str, int, np.random.Generator, Mapping[str, Any]], Source]
_STREAMS: dict[str, _Open] = {
    "superposition": _features,
    "synthsaebench-16k": _bench,
    "gaussian-clusters": _clusters,
    "heterogeneous-clusters": _clusters,
    **dict.fromkeys(_SCATTERED, _regions),
}
