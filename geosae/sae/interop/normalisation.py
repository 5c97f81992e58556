"""Normalisations: what is done to points before an SAE reads them, and undone on its reconstructions.

Half-spaces, pre-activations and decoder of a normalised SAE live in the space of the normalised points. Where
the normalisation depends on the row (layer norm, constant norm) they are no half-spaces of the points' own
space; a constant factor only scales it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.notebook import short_text
from geosae.storage.records import check_fields
from geosae.validation import positive_number


@dataclass(frozen=True)
class Normalisation(ABC):
    """A map from points to the points that an SAE reads, and its inverse for reconstructions."""

    kind: ClassVar[str]
    space: ClassVar[str]
    """The space that the SAE's half-spaces live in, in words."""

    @abstractmethod
    def transform(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        """Return the points as the SAE reads them."""

    @abstractmethod
    def inverse_transform(
        self, reconstructions: Float[np.ndarray, "N n"], points: Float[np.ndarray, "N n"]
    ) -> Float[np.ndarray, "N n"]:
        """Return reconstructions of the points in the points' own space."""

    def to_dict(self) -> dict[str, Any]:
        """Return the kind and its numbers, ready for JSON."""
        return {"kind": self.kind}


@dataclass(frozen=True)
class Unchanged(Normalisation):
    """No normalisation: the SAE reads the points as they are."""

    kind: ClassVar[str] = "none"
    space: ClassVar[str] = "the points' own space"

    def transform(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        """Return the points."""
        return points

    def inverse_transform(
        self, reconstructions: Float[np.ndarray, "N n"], points: Float[np.ndarray, "N n"]
    ) -> Float[np.ndarray, "N n"]:
        """Return the reconstructions."""
        return reconstructions


@dataclass(frozen=True)
class LayerNorm(Normalisation):
    """Per row: (x − mean) / (std + eps) with the unbiased std; in the inverse · std + mean, without eps.

    As in openai/sparse_autoencoder, in SAELens' "layer_norm" and in the BatchTopK scripts' "input_unit_norm".

    Examples
    --------
    >>> LayerNorm(eps=0.0).transform(np.array([[1.0, 2.0, 3.0]])).tolist()
    [[-1.0, 0.0, 1.0]]
    """

    kind: ClassVar[str] = "layer_norm"
    space: ClassVar[str] = "the space of rows with mean 0 and standard deviation 1, one row at a time"

    eps: float | int = 1e-5

    def __post_init__(self) -> None:
        check_fields(self, "the layer norm")
        positive_number(self.eps, "eps", zero=True)

    def _moments(self, points: Float[np.ndarray, "N n"]) -> tuple[np.ndarray, np.ndarray]:
        if points.shape[1] < 2:
            raise InvalidInput("points of one coordinate have no standard deviation per row")
        return points.mean(axis=1, keepdims=True), points.std(axis=1, ddof=1, keepdims=True)

    def transform(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        """Return the rows with mean 0 and standard deviation (just below) 1."""
        mean, std = self._moments(points)
        return np.divide(points - mean, std + self.eps, out=np.zeros_like(points), where=std + self.eps > 0)

    def inverse_transform(
        self, reconstructions: Float[np.ndarray, "N n"], points: Float[np.ndarray, "N n"]
    ) -> Float[np.ndarray, "N n"]:
        """Return reconstructions · std + mean, with the moments of the points' rows."""
        mean, std = self._moments(points)
        return reconstructions * std + mean

    def to_dict(self) -> dict[str, Any]:
        """Return kind and eps."""
        return {"kind": self.kind, "eps": self.eps}


@dataclass(frozen=True)
class ConstantNorm(Normalisation):
    """Per row: x · √n / ‖x‖; in the inverse divided by the same factor (SAELens' "constant_norm_rescale").

    Examples
    --------
    >>> ConstantNorm().transform(np.array([[0.0, 5.0]])).round(3).tolist()
    [[0.0, 1.414]]
    """

    kind: ClassVar[str] = "constant_norm"
    space: ClassVar[str] = "the sphere of radius √n, onto which each row is scaled"

    def _factors(self, points: Float[np.ndarray, "N n"]) -> np.ndarray:
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        if not (lengths > 0).all():
            raise InvalidInput(
                f"{int((lengths == 0).sum())} points are 0 and cannot be scaled to norm √n",
                remedy="leave them out",
            )
        return np.sqrt(points.shape[1]) / lengths

    def transform(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        """Return the rows scaled to norm √n."""
        return points * self._factors(points)

    def inverse_transform(
        self, reconstructions: Float[np.ndarray, "N n"], points: Float[np.ndarray, "N n"]
    ) -> Float[np.ndarray, "N n"]:
        """Return the reconstructions at the points' own scale."""
        return reconstructions / self._factors(points)


@dataclass(frozen=True)
class ConstantFactor(Normalisation):
    """Every point times one factor; reconstructions are divided by it.

    Examples
    --------
    >>> ConstantFactor(2.0).inverse_transform(np.array([[4.0]]), np.array([[2.0]])).tolist()
    [[2.0]]
    """

    kind: ClassVar[str] = "constant_factor"
    space: ClassVar[str] = "the points' own space, scaled by the factor"

    factor: float | int

    def __post_init__(self) -> None:
        check_fields(self, "the normalisation")
        positive_number(self.factor, "the factor of the normalisation")

    def transform(self, points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "N n"]:
        """Return the points times the factor."""
        return points * self.factor

    def inverse_transform(
        self, reconstructions: Float[np.ndarray, "N n"], points: Float[np.ndarray, "N n"]
    ) -> Float[np.ndarray, "N n"]:
        """Return the reconstructions divided by the factor."""
        return reconstructions / self.factor

    def to_dict(self) -> dict[str, Any]:
        """Return kind and factor."""
        return {"kind": self.kind, "factor": self.factor}


NONE = Unchanged()


def normalisation_from_dict(record: Mapping[str, Any]) -> Normalisation:
    """Return the normalisation of a record written by `Normalisation.to_dict`.

    Raises
    ------
    InvalidInput
        If the kind is unknown or its numbers are missing.

    Examples
    --------
    >>> normalisation_from_dict({"kind": "layer_norm", "eps": 0.5})
    LayerNorm(eps=0.5)
    """
    kinds: dict[str, type[Normalisation]] = {
        each.kind: each for each in (Unchanged, LayerNorm, ConstantNorm, ConstantFactor)
    }
    kind = record.get("kind") if isinstance(record, Mapping) else None
    numbers = {key: value for key, value in record.items() if key != "kind"} if kind else {}
    expected = {"layer_norm": {"eps"}, "constant_factor": {"factor"}}
    if not isinstance(kind, str) or kind not in kinds or set(numbers) != expected.get(kind, set()):
        raise InvalidInput(
            f"{short_text(repr(record), 80)} is no normalisation", remedy=f"use one of {', '.join(kinds)}"
        )
    return kinds[kind](**numbers)
