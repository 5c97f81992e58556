"""Adam on a flat vector (Kingma and Ba, arXiv 1412.6980), and the learning rate's course.

Our own because the first optimizer that torch.optim constructs imports for 1.3–3.3 s.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType

import torch
from jaxtyping import Int

from geosae.sae.config import TrainConfig
from geosae.sae.training.parameters import Parameters

NONE: Mapping[str, float] = MappingProxyType({})


class Adam:
    """Adam with bias correction; its two moments have the shape of the parameters."""

    def __init__(self, like: Parameters, beta1: float, beta2: float, eps: float) -> None:
        self.first, self.second = like.zeroed(), like.zeroed()
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.steps = 0

    def step(
        self, parameters: Parameters, gradient: Parameters, lr: float, multiples: Mapping[str, float] = NONE
    ) -> None:
        """Take one step down the gradient, in place; `multiples` names what learns at a multiple of lr."""
        self.steps += 1
        first, second = self.first.flat, self.second.flat
        first.lerp_(gradient.flat, 1.0 - self.beta1)
        second.mul_(self.beta2).addcmul_(gradient.flat, gradient.flat, value=1.0 - self.beta2)
        correction1 = 1.0 - self.beta1**self.steps
        correction2 = 1.0 - self.beta2**self.steps
        scale = second.sqrt().div_(math.sqrt(correction2)).add_(self.eps)
        parameters.flat.addcdiv_(first, scale, value=-lr / correction1)
        for name, multiple in multiples.items():
            moved, first, second = (p.view(name) for p in (parameters, self.first, self.second))
            scale = second.sqrt().div_(math.sqrt(correction2)).add_(self.eps)
            moved.addcdiv_(first, scale, value=-(multiple - 1.0) * lr / correction1)

    def forget(self, neurons: Int[torch.Tensor, " k"]) -> None:
        """Set the moments of these neurons' weights to 0."""
        for moments in (self.first, self.second):
            for rows in moments.rows():
                rows[neurons] = 0.0


def learning_rate(config: TrainConfig, step: int) -> float:
    """Return the learning rate of step 1, 2, …, `config.steps`.

    Examples
    --------
    >>> from geosae.sae.gates import ReLU
    >>> config = TrainConfig(ReLU(), 8, steps=10, lr=1.0, warmup=0.2, decay=0.4, schedule="linear")
    >>> [round(learning_rate(config, step), 2) for step in (1, 2, 6, 7, 9, 10)]
    [0.5, 1.0, 1.0, 0.8, 0.4, 0.2]
    """
    warm = math.ceil(config.warmup * config.steps)
    rise = min(1.0, step / warm) if warm else 1.0
    falling = config.decay * config.steps
    if config.schedule == "constant" or falling == 0:
        return config.peak_lr * rise
    # The last step still moves: the share that is left counts the step itself.
    left = min(1.0, (config.steps - step + 1) / (falling + 1))
    fall = left if config.schedule == "linear" else 0.5 - 0.5 * math.cos(math.pi * left)
    return config.peak_lr * rise * fall
