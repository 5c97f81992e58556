"""The neurons of an SAE as float64 geometry: where they fire, how strongly, what they reconstruct.

Firing is decided in float64. Weights are widened exactly to float64, and c_i = b_enc,i − ⟨w_i,
b_pre⟩ is computed in float64. A neuron with an absolute gate fires at x when `HalfSpaces.values` at x is
positive, the expression that `half_spaces().contains` uses (a threshold is subtracted from c_i beforehand); a
relative gate is applied to the same values, in float64. So fires() and half_spaces().contains() are one
decision, not two, and activations are 0 where it says so. It differs from the
float32 model in `SparseAutoencoder` only at points within float32 rounding of a boundary. Float64 rounding
remains: a point within a few units in the last place of a hyperplane may be called either way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.geometry.arrangements.halfspaces import HalfSpaces, NoHalfSpace
from geosae.notebook import Columns, html_table, short_text
from geosae.sae.gates import Gate, Gating, Weights
from geosae.sae.model import WEIGHTS, SparseAutoencoder
from geosae.storage.arguments import checked_arguments
from geosae.validation import finite_points

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
    weights
        All weights in float64, as the gate sees them; b_enc is the model's own, before b_pre is folded in.
    normalisation
        The record of what points must have passed through before, for neurons of an SAE that was imported
        with one; all methods take points that have.
    """

    gate: Gate
    affine: HalfSpaces
    decoder: Float[np.ndarray, "d n"]
    b_dec: Float[np.ndarray, " n"]
    weights: Weights
    normalisation: Mapping[str, Any] | None = None

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

    def __repr__(self) -> str:
        return short_text(
            f"Neurons: {self.width:,} neurons over {self.dim:,} dimensions behind {self.gate!r}, "
            f"gating {self.gating}"
        )

    def _repr_html_(self) -> str:
        return html_table(repr(self), self.columns())

    def columns(self) -> Columns:
        """Return the neurons as columns: number, ‖w_i‖, c_i, and the length of the decoder's atom.

        Examples
        --------
        >>> right = HalfSpaces(np.array([[3.0, 4.0]]), np.array([-2.0]))
        >>> columns = neurons_of(SparseAutoencoder.planted(right)).columns()
        >>> columns["encoder_norm"].tolist(), columns["c"].tolist()
        ([5.0], [-2.0])
        """
        return {
            "neuron": np.arange(self.width),
            "encoder_norm": np.linalg.norm(self.affine.w, axis=1),
            "c": np.array(self.affine.c, dtype=np.float64),
            "decoder_norm": np.linalg.norm(self.decoder, axis=1),
        }

    def half_spaces(self) -> HalfSpaces:
        """Return the activation regions N_i as open half-spaces {⟨w_i, x⟩ + c_i > θ_i} (theory G1).

        Raises
        ------
        NoHalfSpace
            If the gating is relative.
        """
        thresholds = self.gate.thresholds(self.weights)
        if self.gating == "relative" or thresholds is None:
            raise NoHalfSpace(
                f"neurons behind the gate '{self.gate.kind}' have no half-space: its gating is relative, so "
                "whether a neuron fires depends on the other neurons' pre-activations too. Its activation "
                "region may be smaller than {⟨w_i, x⟩ + c_i > 0} and need not be convex (theory G1, G2). "
                "Ask fires()."
            )
        return HalfSpaces(self.affine.w, self.affine.c - thresholds.numpy())

    def fires(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, "N d"]:
        """Tell at which points which neurons are active: x ∈ N_i."""
        cloud = self._checked(points)
        out = np.empty((len(cloud), self.width), dtype=np.bool_)
        for rows, a, fired in self._activations(cloud):
            out[rows] = a != 0 if fired is None else fired
        return out

    def activations(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N d"]:
        """Return the activations, computed in float64 and rounded to float32.

        Raises
        ------
        InvalidInput
            If the points are no finite points of Rⁿ, or an activation is beyond float32.
        """
        cloud = self._checked(points)
        out = np.empty((len(cloud), self.width), dtype=np.float32)
        for rows, a, _ in self._activations(cloud):
            with np.errstate(over="ignore"):
                out[rows] = a
        if not np.isfinite(out).all():
            raise InvalidInput(
                f"for points as large as {np.max(np.abs(cloud)):.2g} activations are beyond float32",
                remedy="scale the points as those of the training were scaled",
            )
        return out

    def reconstruct(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        """Return the reconstructions x̂ in float64."""
        cloud = self._checked(points)
        out = np.empty((len(cloud), self.dim))
        for rows, a, _ in self._activations(cloud):
            out[rows] = a @ self.decoder + self.b_dec
        return out

    def in_chunks(
        self, points: Float[np.ndarray, "N n"]
    ) -> Iterator[tuple[slice, Bool[np.ndarray, "rows d"], Float[np.ndarray, "rows n"]]]:
        """Yield rows, who fires there and their reconstruction, for all points, some rows at a time."""
        for rows, a, fired in self._activations(self._checked(points)):
            yield rows, a != 0 if fired is None else fired, a @ self.decoder + self.b_dec

    def _checked(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        return finite_points(points, dim=self.dim, allow_empty=True)

    def _activations(
        self, cloud: Float[np.ndarray, "N n"]
    ) -> Iterator[tuple[slice, Float[np.ndarray, "rows d"], Bool[np.ndarray, "rows d"] | None]]:
        """Yield rows, activations in float64 and, under absolute gating, the decision who fires."""
        regions = self.half_spaces() if self.gating == "absolute" else None
        chunk = max(1, CHUNK_CELLS // self.width)
        for start in range(0, len(cloud), chunk):
            rows = slice(start, start + chunk)
            z = self.affine.values(cloud[rows])
            with torch.no_grad():
                a = self.gate.encode(torch.from_numpy(z), self.weights).numpy()
            if regions is None:
                yield rows, a, None
                continue
            same = np.array_equal(regions.c, self.affine.c)
            fired = (z if same else regions.values(cloud[rows])) > 0
            yield rows, np.where(fired, a, 0.0), fired


@checked_arguments()
def neurons_of(sae: SparseAutoencoder) -> Neurons:
    """Return the neurons of an SAE, widened exactly to float64.

    Raises
    ------
    InvalidInput
        If it is no SparseAutoencoder, or a weight is NaN or infinite.

    Examples
    --------
    >>> right = HalfSpaces(np.array([[1.0, 0.0]]), np.array([-2.0]))
    >>> neurons = neurons_of(SparseAutoencoder.planted(right))
    >>> neurons.fires(np.array([[3.0, 0.0], [1.0, 0.0]])).ravel().tolist()
    [True, False]
    """
    if not isinstance(sae, SparseAutoencoder):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInput(
            f"a {type(sae).__name__} is no SparseAutoencoder",
            causes="a result of geosae.train, or an imported SAE, which may normalise its points first",
            remedy="pass run.sae; for an imported SAE take imported.neurons and imported.prepare(points)",
        )
    weights: dict[str, torch.Tensor] = {}
    for name in sae.names:
        tensor: torch.Tensor = getattr(sae, name)
        weights[name] = tensor.detach().to("cpu", torch.float64, copy=True)
        if not bool(weights[name].isfinite().all()):
            raise InvalidInput(
                f"weight {name} of the SAE holds NaN or infinite values",
                causes="a diverged run or a damaged file",
                remedy="train again with a smaller learning rate, or fetch the weights again",
            )
    w_enc, b_enc, w_dec, b_dec, b_pre = (weights.pop(name) for name in WEIGHTS)
    offsets = b_enc.numpy() - w_enc.numpy() @ b_pre.numpy()
    gate_weights = Weights(w_enc, b_enc, w_dec, b_dec, weights)
    return Neurons(sae.gate, HalfSpaces(w_enc.numpy(), offsets), w_dec.numpy(), b_dec.numpy(), gate_weights)
