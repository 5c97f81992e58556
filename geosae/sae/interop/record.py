"""An imported SAE: in canonical form, with its normalisation and its source."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.sae.interop.card import SILENT, Card
from geosae.sae.interop.normalisation import NONE, Normalisation
from geosae.sae.model import SparseAutoencoder
from geosae.sae.neurons import Neurons, neurons_of
from geosae.validation import finite_points


@dataclass(frozen=True)
class Source:
    """Where an SAE came from.

    Parameters
    ----------
    format
        The name of the format, as in `formats()`.
    architecture
        What the format itself calls this kind of SAE.
    files
        Name and SHA-256 of every file that was read.
    unread
        Keys of the configuration that record how it was trained and were not interpreted.
    trained_on
        The content hash of the training points, where geosae trained it.
    """

    format: str
    architecture: str
    files: tuple[tuple[str, str], ...] = ()
    unread: tuple[str, ...] = ()
    trained_on: str | None = None

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class Imported:
    """An SAE read from a foreign file; every number it needs is in `sae` and `normalisation`.

    Parameters
    ----------
    sae
        In canonical form: z = W_enc(x − b_pre) + b_enc, a = gate(z), x̂ = W_decᵀa + b_dec.
    normalisation
        What is done to points before `sae` reads them. The half-spaces of `sae` live in
        `normalisation.space`.
    source
        Format, architecture, files and their hashes.
    notes
        What a reader should know: repairs made, things the file does not say.
    card
        What the files declare: L0, FVU, place.
    """

    sae: SparseAutoencoder
    normalisation: Normalisation
    source: Source
    notes: tuple[str, ...] = ()
    card: Card = SILENT

    __repr__ = short_repr

    @property
    def neurons(self) -> Neurons:
        """The neurons, which take prepared points; the analysis refuses to use them on others."""
        unchanged = self.normalisation == NONE
        return replace(
            neurons_of(self.sae), normalisation=None if unchanged else self.normalisation.to_dict()
        )

    def prepare(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        """Return the points, in float64, in the space that the SAE reads.

        Raises
        ------
        InvalidInput
            If the points are not finite, of another dimension, or cannot be normalised.
        """
        return self.normalisation.transform(finite_points(points, dim=self.sae.dim, allow_empty=True))

    def restore(
        self, reconstructions: Float[np.ndarray, "N n"], points: Float[np.ndarray, "N n"]
    ) -> Float[np.ndarray, "N n"]:
        """Return reconstructions made in the SAE's space in the space of the points they stand for."""
        return self.normalisation.inverse_transform(
            reconstructions, finite_points(points, dim=self.sae.dim, allow_empty=True)
        )

    def fires(self, points: Float[np.ndarray, "N n"]) -> Bool[np.ndarray, "N d"]:
        """Tell which neurons are active at points of their own space."""
        return self.neurons.fires(self.prepare(points))

    def activations(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N d"]:
        """Return the activations at points of their own space."""
        return self.neurons.activations(self.prepare(points))

    def reconstruct(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        """Return the reconstructions of points, in their own space."""
        return self.restore(self.neurons.reconstruct(self.prepare(points)), points)

    def prepare_dataset(self, dataset: ConceptDataset) -> ConceptDataset:
        """Return the data set with its points in the space that the SAE reads.

        Points, names, membership and declared subsets are kept. Regions, ambient measure, directions and
        truth speak of the points' own space and are dropped, unless there is no normalisation. A data set
        that was prepared so already is returned as it is.

        Raises
        ------
        InvalidInput
            If it was prepared for an SAE that normalises otherwise, or its points cannot be normalised.
        """
        record, before = self.normalisation.to_dict(), dataset.provenance.get("normalisation")
        if self.normalisation == NONE or before == record:
            return dataset
        if before is not None:
            raise InvalidInput(
                f"the points were normalised already, by {before}, and this SAE reads points after {record}",
                remedy="start from the data set as it was",
            )
        provenance = {**dataset.provenance, "normalisation": record}
        return replace(
            dataset, points=self.prepare(dataset.points), regions=(), ambient=None, truth=(),
            directions=None, provenance=provenance,
        )  # fmt: skip
