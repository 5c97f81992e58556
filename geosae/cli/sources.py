"""Where data sets come from, by name: worlds of geosae_synthetic, real data, files of the user's own.

Kept light: worker processes import this module to make worlds.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from geosae.data.dataset import ConceptDataset


def make_world(name: str, params: Mapping[str, Any], rng: np.random.Generator) -> "ConceptDataset":
    """Make the data set called `name`: "digits", "file" (path = …), or a world of the registry.

    A run adds to a file its `content`, the SHA-256 of its bytes, which decides the cells.

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

    refuse_unknown([name], (*geosae_synthetic.names(), "digits", "file"), "the registry", "world")
    for key in ("points", "dim"):
        if not isinstance(params.get(key), int):
            raise InvalidInput(f"the world {name!r} lacks its {key}", remedy=f"give {key} as an integer")
    return geosae_synthetic.make(name, rng=rng, **params)
