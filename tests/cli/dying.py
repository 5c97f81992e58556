"""A family of figures whose worker dies, as if memory had run out; importable by worker processes."""

import os
from pathlib import Path


def dying_family(folder: Path, name: str) -> None:
    from geosae.figures import draw

    if name == "training":
        os._exit(9)
    draw(folder, ["png"], only=[name])
