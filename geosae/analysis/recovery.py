"""Recovery of known features: their directions, when they fire, and the points themselves.

The names and the formulas are those of SAELens' synthetic evaluation (arXiv 2602.14687), so that figures can
be held side by side; the tests hold them against it.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from geosae.analysis._neurons import prepared
from geosae.analysis.matching import best_features as best_features
from geosae.analysis.matching import mcc as mcc
from geosae.analysis.matching import mcc_floor as mcc_floor
from geosae.analysis.matching import uniqueness as uniqueness
from geosae.data.dataset import ConceptDataset
from geosae.data.fvu import RunningVariance
from geosae.data.fvu import fvu as fvu
from geosae.errors import InvalidInput
from geosae.validation import as_mask, finite_points

_NO_NORM = 1e-6  # shorter inputs are left out of the shrinkage

# Points (N, n), reconstructions (N, n), who fires (N, d), which features are present (N, p); the last two are
# bool. Shapes are not bound here: batches differ in length.
Batch = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Recovery:
    """How an SAE recovers known features, under the names that SAELens' synthetic evaluation gives."""

    true_l0: float
    """Mean number of features present in a point."""
    sae_l0: float
    """Mean number of latents active on a point."""
    dead_latents: int
    """Number of latents active on no point."""
    shrinkage: float
    """Mean of ‖x̂‖/‖x‖ over the points with ‖x‖ > 10⁻⁶."""
    explained_variance: float
    """1 − FVU = 1 − Σ‖x − x̂‖² / Σ‖x − mean‖²; nan if the points do not vary."""
    mcc: float
    uniqueness: float
    best_feature: Int[np.ndarray, "d"]
    """The feature that each latent is held against: largest |cosine| of decoder atom and direction."""
    true_positives: Int[np.ndarray, "d"]
    """Number of points with the latent active and its feature present."""
    active: Int[np.ndarray, "d"]
    """Number of points with the latent active."""
    present: Int[np.ndarray, "d"]
    """Number of points with the latent's feature present."""
    samples: int

    @property
    def precision_per_latent(self) -> Float[np.ndarray, "d"]:
        """TP / (TP + FP) of each latent; 0 where it never fires."""
        return _ratio(self.true_positives, self.active)

    @property
    def recall_per_latent(self) -> Float[np.ndarray, "d"]:
        """TP / (TP + FN) of each latent; 0 where its feature is never present."""
        return _ratio(self.true_positives, self.present)

    @property
    def f1_per_latent(self) -> Float[np.ndarray, "d"]:
        """2·precision·recall / (precision + recall) of each latent; 0 where both are."""
        return _ratio(2 * self.true_positives, self.active + self.present)

    @property
    def precision(self) -> float:
        """The mean of precision over all latents."""
        return float(self.precision_per_latent.mean())

    @property
    def recall(self) -> float:
        """The mean of recall over all latents."""
        return float(self.recall_per_latent.mean())

    @property
    def f1_score(self) -> float:
        """The mean of F1 over all latents (not the F1 of the means)."""
        return float(self.f1_per_latent.mean())

    @property
    def accuracy(self) -> float:
        """The mean over all latents of (TP + TN) / samples."""
        wrong = self.active + self.present - 2 * self.true_positives
        return float(1 - wrong.mean() / self.samples)

    @property
    def dead_share(self) -> float:
        """The share of latents active on no point."""
        return self.dead_latents / len(self.active)

    @property
    def fvu(self) -> float:
        """1 − explained variance."""
        return 1 - self.explained_variance

    def to_dict(self) -> dict[str, Any]:
        """Return the single figures, for JSON."""
        plain = {key: value for key, value in asdict(self).items() if not isinstance(value, np.ndarray)}
        names = ("precision", "recall", "f1_score", "accuracy", "dead_share", "fvu")
        return {**plain, **{name: float(getattr(self, name)) for name in names}}


def recovery(
    decoder: Float[np.ndarray, "d n"], directions: Float[np.ndarray, "p m"], batches: Iterable[Batch]
) -> Recovery:
    """Measure recovery over batches (points, reconstructions, who fires, which features are present).

    Constant memory: the batches may come from a stream. Each latent is judged as a detector of the feature
    whose direction is nearest to its atom, in |cosine|.

    Raises
    ------
    InvalidInput
        If there is no batch, or shapes do not fit.

    Examples
    --------
    >>> x = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> figures = recovery(np.eye(2), np.eye(2), [(x, x, x > 0, x > 0)])
    >>> figures.f1_score, figures.explained_variance, figures.shrinkage, round(figures.sae_l0, 3)
    (1.0, 1.0, 1.0, 1.333)
    """
    match = best_features(decoder, directions)
    hits, active, present = (np.zeros(len(match), dtype=np.int64) for _ in range(3))
    sums = _Sums()
    for points, reconstruction, fires, features in batches:
        fires, features = as_mask(fires, "who fires"), as_mask(features, "the features present")
        if fires.shape != (len(points), len(match)) or features.shape != (len(points), len(directions)):
            raise InvalidInput(
                f"{len(points)} points come with latents {fires.shape} and features {features.shape}; "
                f"{len(match)} latents and {len(directions)} features are needed"
            )
        truth = features[:, match]
        hits += (fires & truth).sum(axis=0)
        active += fires.sum(axis=0)
        present += truth.sum(axis=0)
        sums.add(points, reconstruction, int(features.sum()))
    if not sums.samples:
        raise InvalidInput("there is no point to measure recovery on")
    return Recovery(
        true_l0=sums.features / sums.samples,
        sae_l0=int(active.sum()) / sums.samples,
        dead_latents=int((active == 0).sum()),
        shrinkage=sums.shrinkage,
        explained_variance=sums.explained_variance,
        mcc=mcc(decoder, directions),
        uniqueness=len(np.unique(match)) / len(match),
        best_feature=match,
        true_positives=hits,
        active=active,
        present=present,
        samples=sums.samples,
    )


def recovery_of(sae: Any, dataset: ConceptDataset, *, chunk: int = 8192) -> Recovery:
    """Measure how an SAE (or its neurons) recovers a world's features from the points of a dataset.

    All is measured in the points' own space. An imported SAE may normalise each row first and undo it on its
    reconstruction: that scales and shifts what its atoms add, and leaves their directions as they are.

    Raises
    ------
    InvalidInput
        If the dataset has no feature directions, or the SAE reads points of another dimension.

    Examples
    --------
    >>> from geosae.geometry import HalfSpaces
    >>> from geosae.sae.model import SparseAutoencoder
    >>> from geosae.sae.neurons import neurons_of
    >>> world = ConceptDataset(np.eye(2), np.eye(2, dtype=bool), ("a", "b"), directions=np.eye(2))
    >>> planted = SparseAutoencoder.planted(HalfSpaces(np.eye(2), np.full(2, -0.5)))
    >>> recovery_of(neurons_of(planted), world).f1_score
    1.0
    """
    if dataset.directions is None:
        raise InvalidInput(
            "the dataset has no feature directions to recover", causes="a world of sets, or real data"
        )
    neurons, inside = prepared(sae, dataset)
    restore = getattr(sae, "restore", None)
    decoder = getattr(neurons, "decoder", None)
    if decoder is None:
        raise InvalidInput(f"a {type(sae).__name__} has no decoder to compare with the directions")

    def batches() -> Iterable[Batch]:
        for start in range(0, dataset.size, chunk):
            rows = slice(start, start + chunk)
            points, read_points = finite_points(dataset.points[rows]), finite_points(inside.points[rows])
            reconstruction = np.asarray(neurons.reconstruct(read_points))
            if restore is not None:
                reconstruction = restore(reconstruction, points)
            yield points, reconstruction, neurons.fires(read_points), dataset.membership[rows]

    return recovery(np.asarray(decoder, dtype=np.float64), dataset.directions, batches())


class _Sums:
    """Running sums in float64."""

    def __init__(self) -> None:
        self.samples = self.features = self._long = 0
        self._variance = RunningVariance()
        self._residual = self._ratios = 0.0

    def add(
        self, points: Float[np.ndarray, "N n"], reconstruction: Float[np.ndarray, "N n"], features: int
    ) -> None:
        if not len(points):
            return
        x, y = finite_points(points), finite_points(reconstruction, "reconstruction", dim=points.shape[1])
        if len(x) != len(y):
            raise InvalidInput(f"{len(x)} points against {len(y)} reconstructions")
        self.samples += len(x)
        self.features += features
        self._variance.add(x)
        self._residual += float(np.square(x - y).sum())
        lengths = np.linalg.norm(x, axis=1)
        long = lengths > _NO_NORM
        self._ratios += float((np.linalg.norm(y[long], axis=1) / lengths[long]).sum())
        self._long += int(long.sum())

    @property
    def shrinkage(self) -> float:
        return self._ratios / self._long if self._long else 0.0

    @property
    def explained_variance(self) -> float:
        variance = self._variance.total
        return 1 - self._residual / variance if variance > 0 else float("nan")


def _ratio(count: Int[np.ndarray, "d"], total: Int[np.ndarray, "d"]) -> Float[np.ndarray, "d"]:
    return np.divide(count, total, out=np.zeros(len(count)), where=total > 0)
