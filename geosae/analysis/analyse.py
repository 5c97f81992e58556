"""The analysis: every concept against every neuron and against its closure unit, on held-out points."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.analysis._neurons import FiringNeurons, as_neurons
from geosae.analysis.alignment import Alignment
from geosae.analysis.ambient import measure_ambient, why_not
from geosae.analysis.counts import CountAccumulator
from geosae.analysis.sae_metrics import SAEMetrics
from geosae.analysis.units import closure_units
from geosae.data.dataset import ConceptDataset
from geosae.data.split import split_rows
from geosae.errors import InvalidInput

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class AnalysisConfig:
    """The settings of an analysis, shared by `analyse` and `analyse_shuffled`.

    Attributes
    ----------
    tolerance
        ε in [0, 1): a notion holds where its graded errors are ≤ ε.
    unit_tolerance
        ε of the closure units; `tolerance` if None, 0 for the exact closure unit of D3.
    alpha
        The chance that any interval misses.
    test_share
        Share of the points held out.
    ambient_samples
        Points drawn from ν.
    seed
        Of the split and of the ambient points.
    chunk
        Points taken at once; memory grows with chunk × neurons, never with points × neurons.

    Raises
    ------
    InvalidInput
        If a setting is out of range.

    Examples
    --------
    >>> AnalysisConfig(tolerance=0.1).unit_errors
    0.1
    """

    tolerance: float = 0.05
    unit_tolerance: float | None = None
    alpha: float = 0.05
    test_share: float = 0.5
    ambient_samples: int = 20_000
    seed: int = 0
    chunk: int = 8192

    def __post_init__(self) -> None:
        checks = {
            "tolerance": 0 <= self.tolerance < 1,
            "unit_tolerance": self.unit_tolerance is None or 0 <= self.unit_tolerance < 1,
            "alpha": 0 < self.alpha < 1,
            "test_share": 0 < self.test_share < 1,
            "ambient_samples": self.ambient_samples >= 1,
            "chunk": 1 <= self.chunk <= 2**20,
        }
        bad = [f"{name} = {getattr(self, name)}" for name, fine in checks.items() if not fine]
        if bad:
            raise InvalidInput(
                f"out of range: {', '.join(bad)}",
                remedy="0 ≤ tolerances < 1; 0 < alpha, test_share < 1; samples ≥ 1; 1 ≤ chunk ≤ 2^20",
            )

    @property
    def unit_errors(self) -> float:
        """The largest miss on the fit half with which a neuron belongs to a concept's unit."""
        return float(self.tolerance if self.unit_tolerance is None else self.unit_tolerance)


DEFAULTS = AnalysisConfig()


def analyse(
    sae: Any,
    dataset: ConceptDataset,
    config: AnalysisConfig = DEFAULTS,
    *,
    progress: Progress | None = None,
) -> Alignment:
    """Grade detection, separation and approximation of every concept by every neuron and by its closure unit.

    The points are split at random. Closure units M_ε(C) are chosen on the fit half (`closure_units`), all
    errors are counted on the held-out half. Ambient errors come from points drawn from ν and from within the
    regions. All intervals hold at once with probability ≥ 1 − alpha if the SAE was not trained on these
    points.

    Parameters
    ----------
    sae
        A SparseAutoencoder, a TrainedSAE, or Neurons.
    dataset
        Points (N, n) with membership in p concepts; regions and ν, if approximation is to be measured.
    config
        Tolerances, split, seed: see `AnalysisConfig`.
    progress
        Called with (points done, points in all).

    Raises
    ------
    InvalidInput
        If the dimensions differ, or the split leaves a half empty.

    References
    ----------
    Theory D3, E2 and §0.

    Examples
    --------
    >>> from geosae.geometry.arrangements.halfspaces import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(-1, 1, (400, 2))
    >>> data = ConceptDataset(x, x[:, :1] > 0, ("right",))
    >>> sae = SparseAutoencoder.planted(HalfSpaces(np.array([[1.0, 0.0], [0.0, 1.0]]), np.zeros(2)))
    >>> al = analyse(sae, data, AnalysisConfig(tolerance=0.1))
    >>> al.separation.best.tolist(), al.separation.holds.tolist()
    ([0], [[True, False]])
    >>> al.approximation_reason
    'the dataset has no ambient measure ν'
    """
    return _run(as_neurons(sae, dataset.dim), dataset, config, progress, shuffle=False)


def analyse_shuffled(
    sae: Any,
    dataset: ConceptDataset,
    config: AnalysisConfig = DEFAULTS,
    *,
    progress: Progress | None = None,
) -> Alignment:
    """Return the floor of `analyse`: the same figures with the rows of the labels permuted.

    Each point keeps its coordinates and gets another point's concepts, so sizes, overlaps and hierarchy stay
    and every tie between concepts and geometry is cut. The labels of ambient points are permuted likewise.

    Examples
    --------
    >>> from geosae.geometry.arrangements.halfspaces import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder
    >>> x = np.random.default_rng(0).uniform(-1, 1, (400, 2))
    >>> data = ConceptDataset(x, x[:, :1] > 0, ("right",))
    >>> sae = SparseAutoencoder.planted(HalfSpaces(np.array([[1.0, 0.0]]), np.zeros(1)))
    >>> analyse(sae, data).separation.holds.tolist(), analyse_shuffled(sae, data).separation.holds.tolist()
    ([[True]], [[False]])
    """
    return _run(as_neurons(sae, dataset.dim), dataset, config, progress, shuffle=True)


def _run(
    neurons: FiringNeurons,
    dataset: ConceptDataset,
    config: AnalysisConfig,
    progress: Progress | None,
    *,
    shuffle: bool,
) -> Alignment:
    # One stream per use, so that asking for more ambient points does not change the split.
    for_split, for_labels, for_ambient = (
        np.random.default_rng(s) for s in np.random.SeedSequence(config.seed).spawn(3)
    )
    fit_rows, test_rows = split_rows(dataset.size, config.test_share, for_split)
    labels = dataset.membership
    if shuffle:
        labels = labels[for_labels.permutation(dataset.size)]
    count = _Counter(neurons, dataset.points, labels, config.chunk, progress)

    fit = CountAccumulator(len(dataset.names), neurons.width)
    count.run(fit, fit_rows)
    members = closure_units(fit.neurons(), config.unit_errors)
    test = CountAccumulator(len(dataset.names), neurons.width, members)
    residual = count.run(test, test_rows, reconstruct=True)

    reason, ambient, unit_ambient = why_not(dataset), None, None
    if dataset.ambient is not None and any(r is not None for r in dataset.regions):
        ambient, unit_ambient = measure_ambient(
            neurons,
            dataset,
            members,
            config.ambient_samples,
            for_ambient,
            chunk=config.chunk,
            shuffle=shuffle,
        )
    return Alignment(
        concepts=dataset.names,
        tolerance=float(config.tolerance),
        alpha=config.alpha,
        seed=config.seed,
        fit_points=fit.points,
        test_points=test.points,
        metrics=SAEMetrics(
            points=dataset.size,
            active=fit.active + test.active,
            residual=residual,
            variance=_variance(dataset.points, test_rows, config.chunk),
            fired=fit.fired + test.fired,
        ),
        counts=test.neurons(),
        members=members,
        unit_tolerance=config.unit_errors,
        unit_counts=test.units(),
        ambient=ambient,
        unit_ambient=unit_ambient,
        approximation_reason=reason,
        shuffled=shuffle,
    )


class _Counter:
    """Runs the points through the neurons in chunks and says how far it has come."""

    def __init__(
        self,
        neurons: FiringNeurons,
        points: Float[np.ndarray, "N n"],
        labels: Bool[np.ndarray, "N p"],
        chunk: int,
        progress: Progress | None,
    ) -> None:
        self._neurons, self._points, self._labels = neurons, points, labels
        self._chunk, self._progress, self._done = chunk, progress, 0

    def run(
        self, counts: CountAccumulator, rows: Int[np.ndarray, "K"], *, reconstruct: bool = False
    ) -> float:
        """Count over the rows; return Σ ‖x − x̂‖² over them if asked to reconstruct, else 0."""
        residual = 0.0
        for start in range(0, len(rows), self._chunk):
            take = rows[start : start + self._chunk]
            points = self._points[take].astype(np.float64)
            counts.add(self._neurons.fires(points), self._labels[take])
            if reconstruct:
                residual += float(np.sum((points - self._neurons.reconstruct(points)) ** 2))
            self._done += len(take)
            if self._progress is not None:
                self._progress(self._done, len(self._points))
        return residual


def _variance(points: Float[np.ndarray, "N n"], rows: Int[np.ndarray, "K"], chunk: int) -> float:
    """Σ ‖x − mean‖² over the rows, in two passes of chunks."""
    starts = range(0, len(rows), chunk)
    total = sum(points[rows[s : s + chunk]].sum(axis=0, dtype=np.float64) for s in starts)
    mean = np.asarray(total) / len(rows)
    return float(sum(np.sum((points[rows[s : s + chunk]] - mean) ** 2) for s in starts))
