"""A member of a grid whose process dies, as if memory had run out; importable by the processes."""

import os

from geosae.sae.training.grid import train_member


def dying_member(file, config, seed, device, folder, kernel):
    folder.mkdir(parents=True, exist_ok=True)
    if seed == 1:
        os._exit(1)
    train_member(file, config, seed, device, folder, kernel)
