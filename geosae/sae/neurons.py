"""The customs post: torch weights become float64 geometry; nothing above this file knows torch.

In which arithmetic firing is decided. Weights are widened exactly to float64, and c_i = b_enc,i − ⟨w_i,
b_pre⟩ is computed in float64. A neuron with an absolute gate fires at x when `HalfSpaces.values` at x is
positive, the very expression that `half_spaces().contains` uses; a relative gate is applied to the same
values, in float64. So fires() and half_spaces().contains() are one decision, not two. It differs from the
float32 model in `SparseAutoencoder` only at points within float32 rounding of a boundary. Float64 rounding
remains: a point within a few units in the last place of a hyperplane may be called either way.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float

from geosae.geometry._door import InvalidInput, finite_points
from geosae.geometry.halfspaces import HalfSpaces
from geosae.sae.gates import Gate, Gating, activate, half_spaces_of
from geosae.sae.model import WEIGHTS, SparseAutoencoder

# Rows per chunk are chosen so that one (rows, d) float64 array takes at most 32 MiB.
CHUNK_CELLS = 2**22


@dataclass(frozen=True, eq=False)
class Neurons:
    """The neurons of an SAE in numpy and float64: where they fire, how strongly, what they reconstruct.

    Parameters
    ----------
    gate
        The rule from pre-activations to activations.
    affine
        The affine functions z_i(x) = ⟨w_i, x⟩ + c_i. Their positive sides are the activation regions only
        under an absolute gate: ask `half_spaces`, which refuses where they are not.
    decoder, b_dec
        Atoms, one per row, and the bias of x̂ = decoderᵀ a + b_dec.
    """

    gate: Gate
    affine: HalfSpaces
    decoder: Float[np.ndarray, "d n"]
    b_dec: Float[np.ndarray, " n"]

    @property
    def width(self) -> int:
        """The number d of neurons."""
        return len(self.affine)

    @property
    def dim(self) -> int:
        """The input dimension n."""
        return self.affine.dim

    @property
    def gating(self) -> Gating:
        """Whether each neuron is decided by itself (absolute) or against the others (relative)."""
        return self.gate.gating

    @property
    def sparsity(self) -> int | None:
        """The largest number of neurons active at one point, where the gate sets one (K of Top-K)."""
        return self.gate.sparsity

    def half_spaces(self) -> HalfSpaces:
        """Return the activation regions N_i as open half-spaces (theory G1).

        Raises
        ------
        NoHalfSpace
            If the gating is relative.
        """
        return half_spaces_of(self.gate, self.affine.w, self.affine.c)

    def fires(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, "N d"]:
        """Tell at which points which neurons are active: x ∈ N_i."""
        cloud = self._at_the_door(points)
        out = np.empty((len(cloud), self.width), dtype=np.bool_)
        for rows, z in self._pre_activations(cloud):
            out[rows] = self.gate.support(torch.from_numpy(z)).numpy() > 0
        return out

    def activations(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N d"]:
        """Return the activations, computed in float64 and rounded to float32."""
        cloud = self._at_the_door(points)
        out = np.empty((len(cloud), self.width), dtype=np.float32)
        for rows, z in self._pre_activations(cloud):
            out[rows] = activate(self.gate, torch.from_numpy(z)).numpy()
        return out

    def reconstruct(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        """Return the reconstructions x̂ in float64."""
        cloud = self._at_the_door(points)
        out = np.empty((len(cloud), self.dim))
        for rows, z in self._pre_activations(cloud):
            out[rows] = activate(self.gate, torch.from_numpy(z)).numpy() @ self.decoder + self.b_dec
        return out

    def _at_the_door(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        return finite_points(points, dim=self.dim, allow_empty=True)

    def _pre_activations(
        self, cloud: Float[np.ndarray, "N n"]
    ) -> Iterator[tuple[slice, Float[np.ndarray, "rows d"]]]:
        chunk = max(1, CHUNK_CELLS // self.width)
        for start in range(0, len(cloud), chunk):
            rows = slice(start, start + chunk)
            yield rows, self.affine.values(cloud[rows])


def neurons_of(sae: SparseAutoencoder) -> Neurons:
    """Return the neurons of an SAE, widened exactly to float64.

    Raises
    ------
    InvalidInput
        If a weight is NaN or infinite.

    Examples
    --------
    >>> right = HalfSpaces(np.array([[1.0, 0.0]]), np.array([-2.0]))
    >>> neurons = neurons_of(SparseAutoencoder.planted(right))
    >>> neurons.fires(np.array([[3.0, 0.0], [1.0, 0.0]])).ravel().tolist()
    [True, False]
    """
    weights: dict[str, np.ndarray] = {}
    for name in WEIGHTS:
        tensor: torch.Tensor = getattr(sae, name)
        weights[name] = tensor.detach().to("cpu", torch.float64, copy=True).numpy()
        if not np.isfinite(weights[name]).all():
            raise InvalidInput(
                f"weight {name} of the SAE holds NaN or infinite values",
                causes="a diverged run or a damaged file",
                remedy="train again with a smaller learning rate, or fetch the weights again",
            )
    offsets = weights["b_enc"] - weights["W_enc"] @ weights["b_pre"]
    return Neurons(sae.gate, HalfSpaces(weights["W_enc"], offsets), weights["W_dec"], weights["b_dec"])
