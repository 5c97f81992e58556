"""Compiled training steps for sparse codes, in numba (the extra `geosae[fast]`).

`gradients.py` and `adam.py` define what a step does; here the same step is taken on lists of who fires where.
This package imports numba only when a step is built (`geosae.sae.training.numba.sparse`).
"""

from importlib.util import find_spec

import torch

from geosae.sae.config import TrainConfig
from geosae.sae.gates import TopK
from geosae.storage.arguments import checked_arguments

__all__ = ["installed", "reason_against"]

SPARSE = 8
"""Lists pay while at most one neuron in so many is kept. Against the torch step, sizes (dimension, width)
from (2, 32) to (256, 1024): 1.5 to 2 times as fast at one in 8, 0.8 to 1.5 times at one in 4."""


def installed() -> bool:
    """Return whether numba is installed here."""
    return find_spec("numba") is not None


@checked_arguments()
def reason_against(
    config: TrainConfig, device: torch.device | str = "cpu", *, numba: bool | None = None
) -> str | None:
    """Tell why the compiled step is not for this run, or return None if it is.

    `numba` says whether numba is installed where the run is; None looks here.

    Examples
    --------
    >>> from geosae.sae.gates import ReLU
    >>> reason_against(TrainConfig(ReLU(), 64))
    'the codes of the gate relu need not be sparse'
    """
    gate = config.gate
    if not isinstance(gate, TopK):
        return f"the codes of the gate {gate.kind} need not be sparse"
    if SPARSE * gate.k > config.width:
        return f"k = {gate.k} of {config.width} neurons is not sparse enough to gain"
    if config.clip is not None or config.baseline in ("frozen_encoder", "soft_frozen_decoder"):
        return "clipping and partly frozen weights need the whole gradient before the step"
    if config.precision != "float32":
        return "the compiled step computes in float32"
    if torch.device(device).type != "cpu":
        return "the compiled step runs on the CPU"
    if not (installed() if numba is None else numba):
        return "numba is not installed (pip install 'geosae[fast]')"
    return None
