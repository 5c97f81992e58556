"""Draw a data set a second time, from what its provenance says."""

from typing import Any

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae_synthetic.registry import make, names
from geosae_synthetic.streams import stream, stream_names


def draw_again(data: ConceptDataset) -> ConceptDataset | None:
    """Return the same data set drawn anew; None where its provenance names no world or stream.

    Raises
    ------
    InvalidInput
        If the provenance names one but is incomplete, or wrong.

    Examples
    --------
    >>> data = make("slabs", points=100, dim=3, rng=np.random.default_rng(1))
    >>> draw_again(data).content_hash == data.content_hash
    True
    """
    provenance = dict(data.provenance)
    if provenance.get("world") in names():
        state, params = provenance.get("generator"), provenance.get("params")
        if not isinstance(state, dict) or not isinstance(params, dict):
            raise InvalidInput("the provenance lacks the generator's state or the parameters")
        return make(provenance["world"], rng=_generator(state, data.seed), **params)
    if provenance.get("stream") in stream_names():
        params, rows = provenance.get("params"), provenance.get("rows")
        if not isinstance(params, dict) or not isinstance(rows, list) or len(rows) != 2 or data.seed is None:
            raise InvalidInput("the provenance lacks the parameters, the rows or the seed")
        return stream(provenance["stream"], data.seed, points=rows[1], **params).dataset(*rows)
    return None


def _generator(state: dict[str, Any], seed: int | None) -> np.random.Generator:
    # Fresh from the seed where there is one: only then does `make` record the seed again.
    rng = np.random.default_rng(0 if seed is None else seed)
    fresh = {key: rng.bit_generator.state[key] for key in ("bit_generator", "state")}
    if seed is not None:
        if state != fresh:
            raise InvalidInput(f"the generator's state is not that of the seed {seed}")
        return rng
    try:
        rng.bit_generator.state = {**rng.bit_generator.state, **state}
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(f"the provenance holds no state of a generator: {error}") from error
    return rng
