"""Resampling: dead neurons start again at badly reconstructed points.

Bricken et al., "Towards Monosemanticity", Transformer Circuits Thread (2023), appendix on training.
"""

import math

import torch
from jaxtyping import Bool, Float

from geosae.sae.config import TrainConfig
from geosae.sae.training.adam import Adam
from geosae.sae.training.parameters import Parameters, at_start

# From the source: the new encoder row is this share of the living rows' mean norm.
RELATIVE_NORM = 0.2
# Under a relative gate so short a row would lose every comparison, and the neuron stay dead: ours.
RELATIVE_NORM_COMPARED = 1.0


def resampling_is_due(config: TrainConfig, step: int) -> bool:
    """Tell whether dead neurons are resampled after this step: every so many steps of the first half.

    Examples
    --------
    >>> from geosae.sae.gates import ReLU
    >>> config = TrainConfig(gate=ReLU(), width=8, steps=400, resample_every=100)
    >>> [step for step in range(1, 401) if resampling_is_due(config, step)]
    [100, 200]
    """
    every = config.resample_every
    return every > 0 and step % every == 0 and 2 * step <= config.steps


@torch.no_grad()
def resample(
    at: Parameters,
    adam: Adam,
    dead: Bool[torch.Tensor, " d"],
    u: Float[torch.Tensor, "E n"],
    reconstruction: Float[torch.Tensor, "E n"],
    config: TrainConfig,
    generator: torch.Generator,
) -> bool:
    """Give each dead neuron the direction of a point drawn with probability ∝ (squared error)², in place.

    Its bias becomes 0, its gate's own parameters (thresholds, gains) what they were at the start, and its
    moments are forgotten. A frozen decoder keeps its atoms, so then the encoder row returns to its atom's
    direction; a frozen encoder keeps its rows and biases, so then only the rest starts again. Returns
    whether there was anything to do.
    """
    neurons = dead.nonzero().squeeze(1)
    error = (u - reconstruction).square().sum(dim=1).square().double().cpu()
    # Nothing dead, nothing left to explain, or a diverged run, which the next log line names.
    if len(neurons) == 0 or not 0 < float(error.sum()) < math.inf:
        return False
    drawn = torch.multinomial(error, len(neurons), replacement=True, generator=generator)
    rows = u[drawn.to(u.device)] - at.b_dec
    length = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    atoms = at.W_dec[neurons]
    norms = torch.linalg.vector_norm(atoms, dim=1, keepdim=True)
    if config.baseline != "frozen_decoder":
        # A point at the bias itself has no direction: the neuron keeps its old one.
        atoms = torch.where(length > 0, rows / length * norms, atoms)
        at.W_dec[neurons] = atoms
    living = at.W_enc[~dead]
    norm = torch.linalg.vector_norm(living, dim=1).mean() if len(living) else torch.ones((), device=u.device)
    share = RELATIVE_NORM if config.gate.gating == "absolute" else RELATIVE_NORM_COMPARED
    if config.baseline != "frozen_encoder":
        at.W_enc[neurons] = atoms / norms * (share * norm)
        at.b_enc[neurons] = 0.0
    for name, parameter in config.gate.parameters.items():
        # Otherwise a neuron that its threshold had silenced would stay silent in its new direction.
        if parameter.per_neuron:
            at.extra[name][neurons] = at_start(parameter)
    adam.forget(neurons)
    return True
