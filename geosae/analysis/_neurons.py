"""What the analysis needs of an SAE: who fires where, and what is reconstructed; numpy in, numpy out."""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from geosae.data.codes import Codes
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.validation import as_mask, finite_points


@runtime_checkable
class FiringNeurons(Protocol):
    """Anything with firing sets N_i = {x : a_i(x) > 0} and a reconstruction; `geosae.sae.Neurons` is one."""

    @property
    def width(self) -> int:
        """The number d of neurons."""
        ...

    @property
    def dim(self) -> int:
        """The dimension n of the input space."""
        ...

    def fires(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, "N d"]:
        """Tell whether each point lies in each activation region N_i."""
        ...

    def reconstruct(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        """Return what the SAE makes of each point."""
        ...


def codes_of(neurons: FiringNeurons, points: Float[np.ndarray, "N n"], *, values: bool = False) -> Codes:
    """Return who fires at the points, as lists; with `values`, how strongly, if these neurons say it.

    Raises
    ------
    InvalidInput
        If the neurons answer in another shape, or say true or false by anything else.
    """
    as_lists = getattr(neurons, "codes", None)
    if as_lists is None:
        fires = firing_of(neurons, points)
        activations = getattr(neurons, "activations", None) if values else None
        return Codes.from_mask(fires, None if activations is None else activations(points))
    codes: Codes = as_lists(points, values=values)
    if (len(codes), codes.width) != (len(points), neurons.width):
        raise InvalidInput(
            f"codes() returns {len(codes)} points and {codes.width} neurons; {len(points)} and "
            f"{neurons.width} are needed"
        )
    return codes


def firing_of(neurons: FiringNeurons, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, "N d"]:
    """Return who fires at the points, as true and false.

    Raises
    ------
    InvalidInput
        If the neurons answer anything else, or in another shape.
    """
    fires = as_mask(neurons.fires(points), "what fires() returns")
    if fires.shape != (len(points), neurons.width):
        raise InvalidInput(
            f"fires() returns the shape {fires.shape}; {len(points)} points and {neurons.width} neurons need "
            f"{(len(points), neurons.width)}"
        )
    return fires


def residuals_of(
    neurons: FiringNeurons, points: Float[np.ndarray, "N n"], codes: Codes
) -> Float[np.ndarray, " N"]:
    """Return ‖x − x̂‖² of the points, whose codes are given: neurons that can, decode them.

    Raises
    ------
    InvalidInput
        If the neurons answer in another shape, or with what is not finite.
    """
    decode = getattr(neurons, "reconstruct_from", None)
    if decode is None or codes.values is None:
        return np.square(points - reconstruction_of(neurons, points)).sum(axis=1)
    residuals = np.empty(len(points))
    for start in range(0, len(points), _ROWS):
        rows = slice(start, start + _ROWS)
        decoded = finite_points(decode(codes.rows(rows)), "reconstructions", dim=points.shape[1])
        residuals[rows] = np.square(points[rows] - decoded).sum(axis=1)
    return residuals


_ROWS = 1024
"""Points that are decoded at once."""


def reconstruction_of(neurons: FiringNeurons, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
    """Return the reconstructions of the points, in float64.

    Raises
    ------
    InvalidInput
        If the neurons answer in another shape, or with what is not finite.
    """
    reconstruction = finite_points(neurons.reconstruct(points), "reconstructions", dim=points.shape[1])
    if len(reconstruction) != len(points):
        raise InvalidInput(f"reconstruct() returns {len(reconstruction)} rows for {len(points)} points")
    return reconstruction


def prepared(sae: Any, dataset: ConceptDataset) -> tuple[FiringNeurons, ConceptDataset]:
    """Return the neurons, and the data set with its points as they read them.

    An imported SAE may normalise its points first; then neurons, regions and FVU live in that space.

    Raises
    ------
    InvalidInput
        If the object is no SAE or reads points of another dimension, or if they are the neurons of an
        imported SAE, whose points must have been normalised, and those of the data set were not.
    """
    prepares: Callable[[ConceptDataset], ConceptDataset] | None = getattr(sae, "prepare_dataset", None)
    inner = sae if prepares is None else sae.neurons
    neurons = inner if isinstance(inner, FiringNeurons) else _through_customs(inner)
    if neurons.dim != dataset.dim:
        raise InvalidInput(
            f"the SAE reads points of dimension {neurons.dim}; the dataset's points have dimension "
            f"{dataset.dim}",
            causes="an SAE trained on another dataset or layer",
            remedy="analyse it on points of the space it was trained on",
        )
    if prepares is not None:
        return neurons, prepares(dataset)
    refuse_unprepared(neurons, dataset)
    return neurons, dataset


def refuse_unprepared(neurons: FiringNeurons, dataset: ConceptDataset) -> None:
    """Refuse the neurons of an imported SAE on points that its normalisation was not applied to.

    Raises
    ------
    InvalidInput
        If they are such.
    """
    needed = getattr(neurons, "normalisation", None)
    if needed is not None and dataset.provenance.get("normalisation") != needed:
        raise InvalidInput(
            f"these neurons read normalised points ({needed['kind']}), and the data set's are not",
            causes="imported.neurons, whose SAE was trained on normalised activations",
            remedy="pass the imported SAE itself, or prepare the points: imported.prepare_dataset(dataset)",
        )


def _through_customs(sae: Any) -> FiringNeurons:
    inner = getattr(sae, "sae", sae)
    if not hasattr(inner, "W_enc"):
        raise InvalidInput(
            f"a {type(sae).__name__} is no SAE",
            remedy="pass a SparseAutoencoder, the result of geosae.train, or neurons with fires() and "
            "reconstruct()",
        )
    # Torch is loaded only here, when something that needs it has come in.
    from geosae.sae.neurons import neurons_of

    return neurons_of(inner)
