"""The sparse autoencoder: encoder, gate and decoder, composed (theory §0)."""

import numpy as np
import torch
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.notebook import short_text
from geosae.sae.gates import Gate, ReLU, Weights, pre_activations
from geosae.storage.records import fitted
from geosae.validation import finite_points, whole_number

WEIGHTS = ("W_enc", "b_enc", "W_dec", "b_dec", "b_pre")


class SparseAutoencoder(torch.nn.Module):
    """z = W_enc(x − b_pre) + b_enc;  a = gate(z);  x̂ = W_decᵀ a + b_dec  (theory §0).

    A gate's own parameters (thresholds and the like) are weights too, by their own names. Weights are zero
    until they are loaded, trained or planted.

    Parameters
    ----------
    dim, width
        Input dimension n and number of neurons d.
    gate
        The rule from pre-activations to activations.
    dtype
        float32 (trained autoencoders) or float64 (planted ones, so that half-spaces are kept exactly).

    Examples
    --------
    >>> sae = SparseAutoencoder(dim=2, width=3, gate=ReLU())
    >>> sae(torch.ones(5, 2)).shape
    torch.Size([5, 2])
    """

    def __init__(self, dim: int, width: int, gate: Gate, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        dim = whole_number(dim, "the dimension dim of an SAE", least=1, most=2**31)
        width = whole_number(width, "the width of an SAE", least=1, most=2**31)
        gate, dtype = fitted(gate, Gate, "an SAE: 'gate'"), fitted(dtype, torch.dtype, "an SAE: 'dtype'")
        self.gate = gate
        self.W_enc = _weight((width, dim), dtype)
        self.b_enc = _weight((width,), dtype)
        self.W_dec = _weight((width, dim), dtype)
        self.b_dec = _weight((dim,), dtype)
        self.b_pre = _weight((dim,), dtype)
        for name, parameter in gate.parameters.items():
            self.register_parameter(name, _weight((width if parameter.per_neuron else 1,), dtype))

    def extra_repr(self) -> str:
        """Return what torch prints between the brackets."""
        return short_text(f"dim={self.dim}, width={self.width}, gate={self.gate!r}", 350)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all weights: the five of every SAE, then the gate's own."""
        return (*WEIGHTS, *self.gate.parameters)

    @property
    def weights(self) -> Weights:
        """The numbers as the gate sees them."""
        extra: dict[str, torch.Tensor] = {name: getattr(self, name) for name in self.gate.parameters}
        return Weights(self.W_enc, self.b_enc, self.W_dec, self.b_dec, extra)

    @property
    def dim(self) -> int:
        """The input dimension n."""
        return self.W_enc.shape[1]

    @property
    def width(self) -> int:
        """The number d of neurons."""
        return self.W_enc.shape[0]

    def encode(self, x: Float[torch.Tensor, "N n"]) -> Float[torch.Tensor, "N d"]:
        """Return the activations a of the points x."""
        return self.gate.encode(pre_activations(self.weights, x - self.b_pre), self.weights)

    def decode(self, a: Float[torch.Tensor, "N d"]) -> Float[torch.Tensor, "N n"]:
        """Return W_decᵀ a + b_dec."""
        return torch.addmm(self.b_dec, a, self.W_dec)

    def forward(self, x: Float[torch.Tensor, "N n"]) -> Float[torch.Tensor, "N n"]:
        """Return the reconstruction x̂ of the points x."""
        return self.decode(self.encode(x))

    @classmethod
    def planted(
        cls, halfspaces: HalfSpaces, points: Float[np.ndarray, "N n"] | None = None
    ) -> "SparseAutoencoder":
        """Return a ReLU SAE whose activation regions are exactly these open half-spaces.

        Weights are float64 and the pre-bias is 0, so W_enc and b_enc are the given numbers, bit for bit.
        Given points, the decoder (with its bias) reconstructs them with the least squared error that these
        activations allow; without, its atoms are the unit normals and b_dec = 0.

        Raises
        ------
        InvalidInput
            If there is no half-space, or the points are of another dimension.

        Examples
        --------
        >>> right = HalfSpaces(np.array([[2.0, 0.0]]), np.array([-1.0]))
        >>> sae = SparseAutoencoder.planted(right)
        >>> sae.encode(torch.tensor([[3.0, 7.0], [0.5, 7.0]], dtype=torch.float64)).tolist()
        [[5.0], [0.0]]
        >>> sae.W_dec.tolist()
        [[1.0, 0.0]]
        """
        sae = cls(halfspaces.dim, len(halfspaces), ReLU(l1=0.0), torch.float64)
        lengths = np.linalg.norm(halfspaces.w, axis=1, keepdims=True)
        atoms = np.divide(halfspaces.w, lengths, out=np.zeros_like(halfspaces.w), where=lengths > 0)
        bias = np.zeros(halfspaces.dim)
        if points is not None:
            cloud = finite_points(points, dim=halfspaces.dim)
            active = np.maximum(halfspaces.values(cloud), 0.0)
            design = np.hstack([active, np.ones((len(cloud), 1))])
            solution = np.linalg.lstsq(design, cloud, rcond=None)[0]
            atoms, bias = solution[:-1], solution[-1]
        sae.set_weights(W_enc=halfspaces.w, b_enc=halfspaces.c, W_dec=atoms, b_dec=bias)
        return sae

    @torch.no_grad()
    def set_weights(self, **weights: np.ndarray) -> None:
        """Overwrite the named weights with numpy arrays of the same shapes.

        Raises
        ------
        InvalidInput
            If a name is unknown or a shape differs.
        """
        for name, value in weights.items():
            if name not in self.names:
                raise InvalidInput(
                    f"an SAE behind the gate '{self.gate.kind}' has no weight '{name}'",
                    remedy=f"use one of {', '.join(self.names)}",
                )
            target: torch.Tensor = getattr(self, name)
            if tuple(target.shape) != value.shape:
                raise InvalidInput(f"{name} has shape {value.shape}; {tuple(target.shape)} is needed")
            target.copy_(torch.from_numpy(np.ascontiguousarray(value)))


def _weight(shape: tuple[int, ...], dtype: torch.dtype) -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.zeros(shape, dtype=dtype))
