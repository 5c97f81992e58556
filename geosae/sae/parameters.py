"""The trained numbers of an SAE: one flat vector with four views, so that an Adam step is a few calls."""

from dataclasses import dataclass

import torch
from jaxtyping import Float

from geosae.sae.config import TrainConfig
from geosae.sae.gates import activate


@dataclass(frozen=True, eq=False)
class Parameters:
    """W_enc, b_enc, W_dec and b_dec as views of one flat vector; a gradient is one of these too."""

    flat: Float[torch.Tensor, " P"]
    W_enc: Float[torch.Tensor, "d n"]
    b_enc: Float[torch.Tensor, " d"]
    W_dec: Float[torch.Tensor, "d n"]
    b_dec: Float[torch.Tensor, " n"]

    @classmethod
    def zeros(cls, width: int, dim: int, device: torch.device | str = "cpu") -> "Parameters":
        """Return zeros of a width and dimension.

        Examples
        --------
        >>> p = Parameters.zeros(width=3, dim=2)
        >>> p.b_enc.fill_(1.0).sum() == p.flat.sum()
        tensor(True)
        """
        sizes = [width * dim, width, width * dim, dim]
        flat = torch.zeros(sum(sizes), device=device)
        w_enc, b_enc, w_dec, b_dec = flat.split(sizes)
        return cls(flat, w_enc.view(width, dim), b_enc, w_dec.view(width, dim), b_dec)

    def rows(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the views that have one row per neuron."""
        return self.W_enc, self.b_enc, self.W_dec


def initial(config: TrainConfig, u: Float[torch.Tensor, "N n"], generator: torch.Generator) -> Parameters:
    """Return the weights at the start: random unit atoms, the encoder their transpose, biases 0.

    The atoms are drawn on the CPU, so a seed gives the same start on every device.
    """
    dim = u.shape[1]
    start = Parameters.zeros(config.width, dim, u.device)
    atoms = torch.randn(config.width, dim, generator=generator)
    start.W_dec.copy_(atoms / torch.linalg.vector_norm(atoms, dim=1, keepdim=True))
    # With zero biases the norm does not change who fires; it would only weaken the untrained baseline's FVU.
    matched = config.init_norm == "matched" or config.baseline == "untrained"
    norm = _matched_norm(config, start, u) if matched else float(config.init_norm)
    start.W_enc.copy_(start.W_dec).mul_(norm)
    if config.decoder_norm == "free":
        start.W_dec.mul_(norm)
    return start


def _matched_norm(config: TrainConfig, start: Parameters, u: Float[torch.Tensor, "N n"]) -> float:
    # The reconstruction of unit encoder rows is y; scaling the rows by t scales it to t·y (t²·y when the
    # decoder is free, as it takes the factor too), and ‖u − s·y‖² is least at s = ⟨u, y⟩ / ‖y‖².
    z = u @ start.W_dec.T
    y = activate(config.gate, z) @ start.W_dec
    length = float((y * y).sum())
    scale = float((u * y).sum()) / length if length > 0 else 1.0
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
