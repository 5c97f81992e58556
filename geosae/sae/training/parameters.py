"""The trained numbers of an SAE: one flat vector with named views, so that an Adam step is a few calls."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.sae.baseline_kinds import CONSTRUCTED
from geosae.sae.config import TrainConfig
from geosae.sae.gates import Batch, Gate, GateParameter, Weights


@dataclass(frozen=True, eq=False)
class Parameters:
    """W_enc, b_enc, W_dec, b_dec and a gate's own parameters as views of one flat vector; gradients too.

    `extra` holds what training moves: the logarithm of a gate parameter that is positive, the parameter
    itself otherwise.
    """

    flat: Float[torch.Tensor, " P"]
    W_enc: Float[torch.Tensor, "d n"]
    b_enc: Float[torch.Tensor, " d"]
    W_dec: Float[torch.Tensor, "d n"]
    b_dec: Float[torch.Tensor, " n"]
    extra: Mapping[str, torch.Tensor] = field(default_factory=dict[str, torch.Tensor])

    @classmethod
    def zeros(
        cls,
        width: int,
        dim: int,
        device: torch.device | str = "cpu",
        gate_parameters: Mapping[str, GateParameter] | None = None,
    ) -> "Parameters":
        """Return zeros of a width and dimension, with room for a gate's own parameters.

        Examples
        --------
        >>> p = Parameters.zeros(width=3, dim=2)
        >>> p.b_enc.fill_(1.0).sum() == p.flat.sum()
        tensor(True)
        """
        more = sum(width if parameter.per_neuron else 1 for parameter in (gate_parameters or {}).values())
        flat = torch.zeros(2 * width * dim + width + dim + more, device=device)
        return cls.of(flat, width, dim, gate_parameters)

    @classmethod
    def of(
        cls,
        flat: Float[torch.Tensor, " P"],
        width: int,
        dim: int,
        gate_parameters: Mapping[str, GateParameter] | None = None,
    ) -> "Parameters":
        """Return the views of a flat vector."""
        sizes = {name: width if p.per_neuron else 1 for name, p in (gate_parameters or {}).items()}
        return cls._split(flat, width, dim, sizes)

    @classmethod
    def _split(
        cls, flat: Float[torch.Tensor, " P"], width: int, dim: int, sizes: Mapping[str, int]
    ) -> "Parameters":
        w_enc, b_enc, w_dec, b_dec, *more = flat.split(
            [width * dim, width, width * dim, dim, *sizes.values()]
        )
        extra = dict(zip(sizes, more, strict=True))
        return cls(flat, w_enc.view(width, dim), b_enc, w_dec.view(width, dim), b_dec, extra)

    def zeroed(self) -> "Parameters":
        """Return zeros of the same layout."""
        width, dim = self.W_enc.shape
        sizes = {name: len(view) for name, view in self.extra.items()}
        return Parameters._split(torch.zeros_like(self.flat), width, dim, sizes)

    def view(self, name: str) -> torch.Tensor:
        """Return the view of a name: an array of weights, or a parameter of the gate."""
        return self.extra[name] if name in self.extra else getattr(self, name)

    def rows(self) -> tuple[torch.Tensor, ...]:
        """Return the views that have one row per neuron."""
        width = len(self.b_enc)
        per_neuron = tuple(view for view in self.extra.values() if len(view) == width)
        return self.W_enc, self.b_enc, self.W_dec, *per_neuron

    def weights(self, gate: Gate) -> Weights:
        """Return the numbers as a gate sees them: positive parameters out of their logarithms."""
        extra = {
            name: self.extra[name].exp() if parameter.positive else self.extra[name]
            for name, parameter in gate.parameters.items()
        }
        return Weights(self.W_enc, self.b_enc, self.W_dec, self.b_dec, extra)


def initial(config: TrainConfig, u: Float[torch.Tensor, "N n"], generator: torch.Generator) -> Parameters:
    """Return the weights at the start: random unit atoms, the encoder their transpose, biases 0.

    Prototypes start at random points instead, encoder and decoder alike. What is random is drawn on
    the CPU, so a seed gives the same start on every device.

    Raises
    ------
    InvalidInput
        If the config is that of a baseline which is constructed, not trained.
    """
    if config.baseline in CONSTRUCTED:
        raise InvalidInput(
            f"the baseline '{config.baseline}' is constructed, not trained",
            remedy=f"use geosae.sae.baselines.{config.baseline}",
        )
    dim, width, gate = u.shape[1], config.width, config.gate
    start = Parameters.zeros(width, dim, u.device, gate.parameters)
    for name, parameter in gate.parameters.items():
        start.extra[name].fill_(at_start(parameter))
    if gate.prototypes:
        chosen = torch.randint(len(u), (width,), generator=generator)
        start.W_enc.copy_(u[chosen.to(u.device)])
        start.W_dec.copy_(start.W_enc)
        return start
    atoms = torch.randn(width, dim, generator=generator)
    start.W_dec.copy_(atoms / torch.linalg.vector_norm(atoms, dim=1, keepdim=True))
    # With zero biases the norm does not change who fires; it would only weaken the untrained baseline's FVU.
    matched = config.init_norm == "matched" or config.baseline == "untrained"
    norm = _matched_norm(config, start, u) if matched else float(config.init_norm)
    start.W_enc.copy_(start.W_dec).mul_(norm)
    if config.decoder_norm == "free":
        start.W_dec.mul_(norm)
    return start


def at_start(parameter: GateParameter) -> float:
    """Return the number that training starts from: the logarithm of a positive parameter.

    Examples
    --------
    >>> at_start(GateParameter(1.0)), at_start(GateParameter(1.0, positive=True))
    (1.0, 0.0)
    """
    return math.log(parameter.initial) if parameter.positive else parameter.initial


@torch.no_grad()
def _matched_norm(config: TrainConfig, start: Parameters, u: Float[torch.Tensor, "N n"]) -> float:
    # The reconstruction of unit encoder rows is y; scaling the rows by t scales it to t·y (t²·y when the
    # decoder is free, as it takes the factor too), and ‖u − s·y‖² is least at s = ⟨u, y⟩ / ‖y‖². (Exact
    # where the gate has no thresholds at the start.)
    start.W_enc.copy_(start.W_dec)
    y = config.gate.objective(start.weights(config.gate), Batch(u, u)).a @ start.W_dec
    length = float((y * y).sum())
    scale = float((u * y).sum()) / length if length > 0 else 1.0
    scale = scale if scale > 0 else 1.0
    return scale**0.5 if config.decoder_norm == "free" else scale


@torch.no_grad()
def renormalise(atoms: Float[torch.Tensor, "d n"]) -> None:
    """Scale the atoms (rows) to unit norm, in place."""
    atoms.div_(torch.linalg.vector_norm(atoms, dim=1, keepdim=True))


@torch.no_grad()
def remove_parallel(gradient: Float[torch.Tensor, "d n"], atoms: Float[torch.Tensor, "d n"]) -> None:
    """Subtract from each row of the gradient its part along the (unit) atom of that row, in place.

    Examples
    --------
    >>> gradient = torch.tensor([[3.0, 4.0]])
    >>> remove_parallel(gradient, torch.tensor([[1.0, 0.0]]))
    >>> gradient.tolist()
    [[0.0, 4.0]]
    """
    gradient.addcmul_(atoms, (gradient * atoms).sum(dim=1, keepdim=True), value=-1.0)
