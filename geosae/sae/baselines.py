"""Baselines that are constructed instead of trained: PCA, k-means, true half-spaces, supervised ones.

Each is returned as a `TrainedSAE` whose config names it as `baseline`. Baselines that are trained,
or that are the SAE at its random start, are settings of `TrainConfig`.
"""

import math
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.sae.config import TrainConfig
from geosae.sae.gates import AbsTopK, Gate, ReLU, SpaDE
from geosae.sae.metrics import measure
from geosae.sae.model import SparseAutoencoder
from geosae.sae.neurons import neurons_of
from geosae.sae.training.train import TrainedSAE, checked_seed
from geosae.storage.files import content_hash
from geosae.validation import as_array, as_mask, finite_points

# A SpaDE gate computes 2λz in float64; beyond this size its one-hot codes would be off by more than 1e-6.
LARGEST = 1e9


def pca(points: Float[np.ndarray, "N n"], kept: int, width: int | None = None, seed: int = 0) -> TrainedSAE:
    """Return principal components as an SAE: atoms are the directions of most variance, kept by magnitude.

    At each point the `kept` components largest in magnitude are kept with their signs (AbsTopK), of the first
    `width` in all. With kept = width all of them are, at every point: principal component analysis, which no
    linear autoencoder of that width beats in FVU (Eckart and Young, Psychometrika 1 (1936) 211). There are
    never more atoms than directions in which the points vary, so both numbers are cut to that.

    Parameters
    ----------
    kept
        How many components are kept at one point.
    width
        How many atoms there are; all by default.
    seed
        Recorded only: nothing is drawn.

    Raises
    ------
    InvalidInput
        If the points are not finite or do not vary, or a number is below 1.

    Examples
    --------
    >>> points = np.random.default_rng(0).standard_normal((100, 3)) * [3.0, 2.0, 1.0]
    >>> run = pca(points, kept=2, width=2)
    >>> variances = np.linalg.svd(points - points.mean(axis=0))[1] ** 2
    >>> bool(np.isclose(run.metrics["fvu"], variances[2] / variances.sum())), run.metrics["l0"]
    (True, 2.0)
    """
    cloud = finite_points(points)
    if kept < 1 or (width is not None and width < 1):
        raise InvalidInput(
            f"PCA that keeps {kept} of {width} components", remedy="give numbers of at least 1"
        )
    mean = cloud.mean(axis=0)
    _, lengths, directions = np.linalg.svd(cloud - mean, full_matrices=False)
    rank = int((lengths > lengths[0] * 1e-12).sum())
    if rank == 0:
        raise InvalidInput(f"the {len(cloud)} points are all equal: they have no principal directions")
    atoms = directions[: min(rank, rank if width is None else width)]
    # The sign of a direction is arbitrary: its largest coordinate is made positive.
    largest = np.take_along_axis(atoms, np.abs(atoms).argmax(axis=1)[:, None], axis=1)
    atoms = atoms * np.sign(largest)
    gate = AbsTopK(k=min(kept, len(atoms)))
    sae = SparseAutoencoder(cloud.shape[1], len(atoms), gate, torch.float64)
    sae.set_weights(W_enc=atoms, W_dec=atoms, b_dec=mean, b_pre=mean)
    config = TrainConfig(gate=gate, width=len(atoms), steps=1, decoder_norm="unit", baseline="pca")
    return _run(sae, config, seed, points)


def kmeans(points: Float[np.ndarray, "N n"], width: int, seed: int) -> TrainedSAE:
    """Return k-means as an SAE: each point activates the neuron of its nearest centroid, by 1, and it alone.

    Its reconstruction is the centroid, so FVU is the k-means objective over the variance: no SAE whose codes
    have a single entry, equal to 1, has less, up to the local optimum that Lloyd's iteration ends in (the
    best of 10 starts; Lloyd, IEEE Trans. Inf. Theory 28 (1982) 129). A Top-K SAE with K = 1 also chooses
    magnitudes and can do better. The gate is SpaDE with centroids as prototypes and a scale so large that on
    all these points the codes are one-hot; elsewhere, very near a wall between two cells, both may be active.
    Cells are the Voronoi cells of the centroids (theory G2). Equal points need no second centroid, so there
    are at most as many neurons as distinct points.

    Raises
    ------
    InvalidInput
        If the points are not finite or the width is below 1.

    Examples
    --------
    >>> run = kmeans(np.array([[0.0], [2.0], [10.0]]), width=2, seed=0)
    >>> neurons_of(run.sae).reconstruct(np.array([[0.0], [9.0]])).round(6).tolist()
    [[1.0], [10.0]]
    """
    from sklearn.cluster import KMeans

    cloud = finite_points(points)
    if width < 1:
        raise InvalidInput(f"k-means with {width} centroids", remedy="use at least 1")
    count = min(width, len(np.unique(cloud, axis=0)))
    mean = cloud.mean(axis=0)
    # (The stubs of scikit-learn know n_init as a word only.)
    lloyd = KMeans(count, n_init=10, random_state=checked_seed(seed) % 2**32)  # pyright: ignore[reportArgumentType]
    fitted = lloyd.fit(cloud - mean)
    centroids: Float[np.ndarray, "d n"] = np.asarray(fitted.cluster_centers_, dtype=np.float64)
    offsets = -0.5 * np.square(centroids).sum(axis=1)
    gate = SpaDE(scale=_hard(centroids, offsets, cloud - mean))
    sae = SparseAutoencoder(cloud.shape[1], count, gate, torch.float64)
    sae.set_weights(
        W_enc=centroids, b_enc=offsets, W_dec=centroids, b_dec=mean, b_pre=mean,
        scale=np.array([float(gate.scale)]), radius=np.ones(1),
    )  # fmt: skip
    config = TrainConfig(gate=gate, width=count, steps=1, decoder_norm="free", baseline="kmeans")
    return _run(sae, config, seed, points)


def _hard(
    centroids: Float[np.ndarray, "d n"], offsets: Float[np.ndarray, " d"], cloud: Float[np.ndarray, "N n"]
) -> float:
    """Return a λ at which sparsemax(2λz) is one-hot at each point that is not equally near two centroids."""
    z = cloud @ centroids.T + offsets
    size = max(float(np.abs(z).max()), 1e-300)
    if z.shape[1] == 1:
        return LARGEST / size
    best = np.partition(z, -2, axis=1)[:, -2:]
    gaps = best[:, 1] - best[:, 0]
    # One-hot exactly where 2λ·gap ≥ 1, the radius of the simplex.
    return min(1.0 / float(gaps[gaps > 0].min(initial=math.inf)) + 1.0 / size, LARGEST / size)


def planted(points: Float[np.ndarray, "N n"], halfspaces: HalfSpaces, seed: int = 0) -> TrainedSAE:
    """Return the ReLU SAE with these half-spaces, its decoder fitted to the points by least squares.

    A ceiling for detection and separation where the half-spaces are true ones; see
    `geosae.data.planted.true_halfspaces`.

    Raises
    ------
    InvalidInput
        If there is no half-space, or points and half-spaces are of different dimensions.

    Examples
    --------
    >>> sides = HalfSpaces(np.array([[1.0], [-1.0]]), np.zeros(2))
    >>> run = planted(np.array([[-1.0], [2.0], [5.0]]), sides)
    >>> run.config.baseline, round(run.metrics["fvu"], 9), run.metrics["l0"]
    ('planted', 0.0, 1.0)
    """
    cloud = finite_points(points)
    sae = SparseAutoencoder.planted(halfspaces, cloud)
    gate: Gate = ReLU(l1=0.0)
    config = TrainConfig(gate=gate, width=len(halfspaces), steps=1, decoder_norm="free", baseline="planted")
    return _run(sae, config, seed, points)


def supervised(
    points: Float[np.ndarray, "N n"], membership: Bool[np.ndarray, "N p"], seed: int = 0
) -> TrainedSAE:
    """Return the ReLU SAE with one half-space for each concept, taught by the labels of these points.

    The direction is that of a logistic regression on standardised points; the threshold has the least
    separation error s on the points. What it separates one neuron can separate; what it does not, another
    half-space may. A concept that holds all or none of the points gets a neuron that never fires.

    Raises
    ------
    InvalidInput
        If the numbers of points and of labels differ.

    References
    ----------
    D. R. Cox, The regression analysis of binary sequences, Journal of the Royal Statistical Society B 20
    (1958) 215–242.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 41)[:, None]
    >>> run = supervised(x, x > 0.5)
    >>> fires = neurons_of(run.sae).fires(x)
    >>> run.config.baseline, bool(np.array_equal(fires, x > 0.5))
    ('supervised', True)
    """
    cloud, membership = finite_points(points), as_mask(membership, "the labels")
    if len(membership) != len(cloud):
        raise InvalidInput(f"{len(membership)} labels for {len(cloud)} points")
    sides = [_half_space(cloud, inside) for inside in membership.T]
    halfspaces = HalfSpaces(np.array([w for w, _ in sides]), np.array([c for _, c in sides]))
    sae = SparseAutoencoder.planted(halfspaces, cloud)
    gate: Gate = ReLU(l1=0.0)
    config = TrainConfig(gate=gate, width=len(sides), steps=1, decoder_norm="free", baseline="supervised")
    return _run(sae, config, seed, points)


def _half_space(
    cloud: Float[np.ndarray, "N n"], inside: Bool[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, " n"], float]:
    # Imported here: scikit-learn takes a second to load, and only this baseline needs it.
    from sklearn.linear_model import LogisticRegression

    if inside.all() or not inside.any():
        return np.zeros(cloud.shape[1]), -1.0
    scale = cloud.std(axis=0)
    scale[scale == 0] = 1.0
    # Little regularisation: classes that can be told apart are to be told apart.
    model: Any = LogisticRegression(C=100.0, max_iter=2000).fit((cloud - cloud.mean(axis=0)) / scale, inside)
    w = np.asarray(model.coef_[0], dtype=np.float64) / scale
    return w, -least_error_threshold(cloud @ w, inside)


def least_error_threshold(heights: Float[np.ndarray, " N"], inside: Bool[np.ndarray, " N"]) -> float:
    """Return t for which {height > t} has the least separation error s on these points.

    Examples
    --------
    >>> least_error_threshold(np.array([0.0, 1.0, 2.0]), np.array([False, False, True]))
    1.5
    """
    order = np.argsort(-heights, kind="stable")
    hits = np.cumsum(inside[order])
    alarms = np.arange(1, len(order) + 1) - hits
    error = np.maximum(inside.sum() - hits, alarms)
    # Between two different heights only: a threshold cannot divide points of one height.
    cut = np.append(heights[order][:-1] > heights[order][1:], True)
    last = int(np.argmin(np.where(cut, error, len(order) + 1)))
    top, below = heights[order[last]], heights[order[min(last + 1, len(order) - 1)]]
    return float((top + below) / 2 if last + 1 < len(order) else top - 1.0)


def _run(
    sae: SparseAutoencoder, config: TrainConfig, seed: int, points: Float[np.ndarray, "N n"]
) -> TrainedSAE:
    seed = checked_seed(seed)
    metrics = measure(neurons_of(sae), points)
    line: dict[str, float | int] = {"step": 0, **{key: metrics[key] for key in ("fvu", "l0", "dead_share")}}
    return TrainedSAE(sae, config, seed, (line,), metrics, content_hash(as_array(points, "points")))
