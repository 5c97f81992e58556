"""The neurons of an SAE as float64 geometry: where they fire, how strongly, what they reconstruct.

Weights are widened exactly to float64, and c_i = b_enc,i − ⟨w_i, b_pre⟩ is computed in float64, once. For
these stored numbers firing is decided exactly. A neuron with an absolute gate fires at x where the real
number ⟨w_i, x⟩ + c_i − θ_i is positive (c_i − θ_i is rounded once too): what `half_spaces().contains` says.
Behind Top-K it fires where ⟨w_i, x⟩ + c_i is positive and among the K largest, of equal ones the lower index
first. So neither depends on the order of summation, the number of threads, the other points or the machine.
They differ from the float32 model in `SparseAutoencoder` only at points within its rounding of a boundary.

How strongly a neuron fires is computed in float64, and it is 0 where the neuron is silent. The other relative
gates (AbsTopK, SpaDE, matching pursuit) are applied to values computed in float64, whose rounding remains: a
point within a few units in the last place of a boundary may be called either way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy import sparse

from geosae.data.codes import Codes
from geosae.errors import InvalidInput
from geosae.geometry.arrangements.halfspaces import HalfSpaces, NoHalfSpace
from geosae.geometry.arrangements.sides import sides_by_values
from geosae.geometry.rounding import pair_values
from geosae.notebook import Columns, html_table, short_text
from geosae.sae.firing import CROWDED, ROWS, Screen, largest_at
from geosae.sae.gates import Gate, Gating, Matryoshka, TopK, Weights
from geosae.sae.model import WEIGHTS, SparseAutoencoder
from geosae.storage.arguments import checked_arguments
from geosae.validation import finite_points

# Rows per chunk are chosen so that one (rows, d) float64 array takes at most 32 MiB.
CHUNK_CELLS = 2**22
# From this width on, and for no fewer points, half the cost of float32 is worth its bookkeeping.
SCREENED_WIDTH, SCREENED_POINTS = 1024, 64


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

    @property
    def codes_follow_decoder(self) -> bool:
        """Whether the decoder itself makes the codes (matching pursuit): then they move when it does."""
        gate = self.gate.inner if isinstance(self.gate, Matryoshka) else self.gate
        return not gate.own_encoder

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

    @checked_arguments()
    def codes(self, points: Float[np.ndarray, "N n"], values: bool = False) -> Codes:
        """List for each point the neurons that are active there: x ∈ N_i, and on demand how strongly.

        For Top-K and absolute gates this takes little longer than encoding the points in float32
        (`geosae.sae.firing`), and memory for what is active alone.

        Parameters
        ----------
        points
            The points.
        values
            Whether to compute the activations, in float64.

        Raises
        ------
        InvalidInput
            If the points are no finite points of Rⁿ, or values are asked for that are beyond the floats.

        Examples
        --------
        >>> right = HalfSpaces(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([-2.0, 0.0]))
        >>> neurons = neurons_of(SparseAutoencoder.planted(right))
        >>> codes = neurons.codes(np.array([[3.0, 0.5], [1.0, 0.0]]), values=True)
        >>> codes.indptr.tolist(), codes.indices.tolist(), codes.values.tolist()
        ([0, 2, 2], [0, 1], [1.0, 0.5])
        """
        cloud = self._checked(points)
        if self._screened(len(cloud)):
            codes = self._decided(cloud)
            return self._with_values(codes, cloud) if values else codes
        parts = [Codes.from_mask(np.zeros((0, self.width), dtype=np.bool_), np.zeros((0, self.width)))]
        parts += [Codes.from_mask(fired, a) for _, fired, a in self._tables(cloud)]
        codes = Codes.concatenate(parts)
        return codes if values else Codes(codes.indptr, codes.indices, codes.width)

    def fires(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, "N d"]:
        """Tell at which points which neurons are active: x ∈ N_i."""
        cloud = self._checked(points)
        if self._screened(len(cloud)):
            return self._decided(cloud).dense()
        if self.gating == "absolute":
            return self.half_spaces().contains(cloud)
        out = np.empty((len(cloud), self.width), dtype=np.bool_)
        for rows, fired, _ in self._tables(cloud):
            out[rows] = fired
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
        for rows, _, a in self._tables(cloud):
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
        for rows, _, part in self.in_chunks(cloud):
            out[rows] = part
        return out

    @checked_arguments()
    def reconstruct_from(self, codes: Codes) -> Float[np.ndarray, "N n"]:
        """Return the reconstructions x̂ of the points that were encoded as these codes with values.

        Raises
        ------
        InvalidInput
            If the codes are of another width, or have no values.

        Examples
        --------
        >>> right = HalfSpaces(np.array([[1.0, 0.0]]), np.array([-2.0]))
        >>> neurons = neurons_of(SparseAutoencoder.planted(right))
        >>> neurons.reconstruct_from(neurons.codes(np.array([[3.0, 7.0]]), values=True)).tolist()
        [[1.0, 0.0]]
        """
        if codes.width != self.width or codes.values is None:
            values = "without" if codes.values is None else "with"
            raise InvalidInput(
                f"codes of width {codes.width}, {values} values, cannot be decoded by {self.width} neurons",
                remedy="make them by codes(points, values=True) of these neurons",
            )
        # Neuron by neuron: each atom is read once for all the points, in half the time of point by point. The
        # sums are the same, for in both orders the atoms of a point are added from the first to the last.
        active = sparse.csr_array((codes.values, codes.indices, codes.indptr), shape=(len(codes), self.width))
        return active.tocsc() @ self.decoder + self.b_dec

    def in_chunks(
        self, points: Float[np.ndarray, "N n"]
    ) -> Iterator[tuple[slice, Bool[np.ndarray, "rows d"], Float[np.ndarray, "rows n"]]]:
        """Yield rows, who fires there and their reconstruction, for all points, some rows at a time."""
        cloud = self._checked(points)
        if not self._screened(len(cloud)):
            for rows, fired, a in self._tables(cloud):
                yield rows, fired, a @ self.decoder + self.b_dec
            return
        for rows in self._chunks(len(cloud)):
            codes = self._decided(cloud[rows])
            fired = codes.dense()
            if self._is_dense(codes):
                a = np.where(fired, self._strengths(self.affine.values(cloud[rows])), 0.0)
                yield rows, fired, a @ self.decoder + self.b_dec
            else:
                yield rows, fired, self.reconstruct_from(self._with_values(codes, cloud[rows]))

    def _checked(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        return finite_points(points, dim=self.dim, allow_empty=True)

    def _chunks(self, count: int) -> Iterator[slice]:
        step = max(ROWS if self.width >= SCREENED_WIDTH else 1, CHUNK_CELLS // self.width)
        return (slice(start, start + step) for start in range(0, count, step))

    @property
    def _largest(self) -> int | None:
        """K where the gate keeps the K largest pre-activations, as far as they are positive."""
        gate = self.gate.inner if isinstance(self.gate, Matryoshka) else self.gate
        return gate.k if isinstance(gate, TopK) else None

    @cached_property
    def _thresholds(self) -> Float[np.ndarray, " d"]:
        thresholds = self.gate.thresholds(self.weights)
        return np.zeros(self.width) if thresholds is None else thresholds.numpy()

    @cached_property
    def _screen(self) -> Screen:
        """What decides who fires; half_spaces() without thresholds would be a second copy of the encoder."""
        return Screen(self.half_spaces() if self._thresholds.any() else self.affine)

    def _screened(self, count: int) -> bool:
        if self.width < SCREENED_WIDTH or count < SCREENED_POINTS or not Screen.trusted():
            return False
        return self.gating == "absolute" or self._largest is not None

    def _decided(self, cloud: Float[np.ndarray, "N n"]) -> Codes:
        """Return who fires, by float32 and its bound."""
        k = self._largest
        return self._screen.positive(cloud) if k is None else self._screen.largest(cloud, k)

    def _is_dense(self, codes: Codes) -> bool:
        return codes.active > CROWDED * len(codes) * self.width

    def _with_values(self, codes: Codes, cloud: Float[np.ndarray, "N n"]) -> Codes:
        """Return the codes with the activations."""
        if self._is_dense(codes):
            parts = [
                self.affine.values(cloud[rows])[codes.rows(rows).dense()] for rows in self._chunks(len(codes))
            ]
            z = np.concatenate(parts)
        else:
            rows = np.repeat(np.arange(len(codes)), np.diff(codes.indptr))
            z = pair_values(self.affine.w, self.affine.c, cloud, rows, codes.indices)
            if not np.isfinite(z).all():
                self.affine.values(cloud)  # raises
        return Codes(codes.indptr, codes.indices, codes.width, self._strengths(z[None], codes.indices)[0])

    def _tables(
        self, cloud: Float[np.ndarray, "N n"]
    ) -> Iterator[tuple[slice, Bool[np.ndarray, "rows d"], Float[np.ndarray, "rows d"]]]:
        """Yield rows, who fires there and how strongly."""
        k = self._largest
        # Without thresholds the values that are computed anyway are those of the half-spaces.
        regions = self.half_spaces() if self.gating == "absolute" and self._thresholds.any() else None
        for rows in self._chunks(len(cloud)):
            if k is not None:
                z, fired = largest_at(self.affine, cloud[rows], k)
            else:
                z, fired = self.affine.values(cloud[rows]), None
                if regions is not None:
                    fired = regions.contains(cloud[rows])
                elif self.gating == "absolute":
                    fired = sides_by_values(z, self.affine.w, self.affine.c, cloud[rows])
            if fired is None:
                with torch.no_grad():
                    a = self.gate.encode(torch.from_numpy(z), self.weights).numpy()
                yield rows, a != 0, a
            else:
                yield rows, fired, np.where(fired, self._strengths(z), 0.0)

    def _strengths(
        self, z: Float[np.ndarray, "N m"], neurons: Int[np.ndarray, " m"] | None = None
    ) -> Float[np.ndarray, "N m"]:
        """Return the activations of neurons that are known to fire: one per column, all if none are named.

        A value that its rounding took to the threshold or below counts as the least float above it.
        """
        columns = slice(None) if neurons is None else neurons
        least = np.nextafter(self._thresholds[columns], np.inf)
        z = np.maximum(z, least)
        if self._largest is not None:
            return z
        extra = {
            name: self.weights.extra[name][columns] if parameter.per_neuron else self.weights.extra[name]
            for name, parameter in self.gate.parameters.items()
        }
        weights = self.weights._replace(b_enc=self.weights.b_enc[columns], extra=extra)
        with torch.no_grad():
            return self.gate.encode(torch.from_numpy(z), weights).numpy()


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
    affine = HalfSpaces(w_enc.numpy(), offsets)
    # The half-spaces hold a copy of the encoder; two would be hundreds of megabytes at the size of real SAEs.
    gate_weights = Weights(torch.from_numpy(affine.w), b_enc, w_dec, b_dec, weights)
    return Neurons(sae.gate, affine, w_dec.numpy(), b_dec.numpy(), gate_weights)
