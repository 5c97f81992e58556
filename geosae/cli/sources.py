"""Where data sets come from, by name: worlds of geosae_synthetic, real data, files of the user's own.

Kept light: worker processes import this module to make worlds.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from geosae_synthetic.stream import PointStream

    from geosae.data.dataset import ConceptDataset


def make_world(name: str, params: Mapping[str, Any], rng: np.random.Generator) -> "ConceptDataset":
    """Make the data set called `name`: "digits", "file" (path = …), or a world or stream of the registry.

    Of a stream that is no world ("synthsaebench-16k") the rows from `start` on are made, `points` of them;
    the same state of the generator is the same stream. Concepts may then be without points. A run adds to a
    file its `content`, the SHA-256 of its bytes, which decides the cells.

    Raises
    ------
    InvalidInput
        If there is no such world, it does not take these parameters, or a file has other bytes than it had.
    """
    from geosae.data.storage import load_dataset
    from geosae.errors import InvalidInput
    from geosae.storage.files import check_content
    from geosae.validation import refuse_unknown

    if name == "digits":
        from geosae.data.sources import digits

        refuse_unknown(params, (), "the world 'digits'", "parameter")
        return digits()
    if name == "file":
        refuse_unknown(params, ("path", "content"), "the world 'file'", "parameter")
        path = Path(str(params.get("path", "")))
        if "content" in params:
            check_content(path, str(params["content"]))
        return load_dataset(path)
    import geosae_synthetic

    streams = set(geosae_synthetic.stream_names()) - set(geosae_synthetic.names())
    refuse_unknown([name], (*geosae_synthetic.names(), *streams, "digits", "file"), "the registry", "world")
    for key in ("points", "dim"):
        if not isinstance(params.get(key), int):
            raise InvalidInput(f"the world {name!r} lacks its {key}", remedy=f"give {key} as an integer")
    if name in streams:
        return _rows_of_stream(name, params, rng)
    return geosae_synthetic.make(name, rng=rng, **params)


_LAST_STREAM: "dict[tuple[Any, ...], PointStream]" = {}
"""The stream opened last: its features, of which there may be many, are not drawn again for each block."""


def _rows_of_stream(name: str, params: Mapping[str, Any], rng: np.random.Generator) -> "ConceptDataset":
    from geosae_synthetic import stream

    from geosae.data.dataset import ConceptDataset

    world = {key: value for key, value in params.items() if key not in ("points", "start")}
    start, seed = int(params.get("start", 0)), int(rng.integers(2**31))
    key = (name, seed, *sorted(world.items()))
    if key not in _LAST_STREAM:
        _LAST_STREAM.clear()
        _LAST_STREAM[key] = stream(name, seed, points=2**62, **world)
    opened = _LAST_STREAM[key]
    block = opened.block(start, start + params["points"])
    return ConceptDataset(
        block.points,
        block.membership,
        opened.names,
        directions=opened.source.directions,
        seed=seed,
        allow_trivial=True,
    )
