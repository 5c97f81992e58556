"""Distributions that a stream draws from: sums of features, mixtures of regions, mixtures of Gaussians."""

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import csr_array

from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.geometry.approximation.measures import Measure, UniformBox
from geosae.geometry.regions.registry import Ball, Region
from geosae_synthetic.features import Features
from geosae_synthetic.stream import Source

_PACE = 1 << 17  # coordinates in a block of generation, about: half a megabyte stays in cache
_EPS = np.finfo(np.float32).eps


def pace(dim: int) -> int:
    """Return the rows of a block of generation in dimension `dim`, a power of two between 2⁹ and 2¹³.

    Examples
    --------
    >>> pace(2), pace(32), pace(768)
    (8192, 4096, 512)
    """
    return 1 << max(9, min(13, (_PACE // dim).bit_length() - 1))


class FeatureSource(Source):
    """Sums of sparse features; concept i holds where the coefficient of feature i is above `above`."""

    def __init__(self, world: Features, above: float = 0.0, truth: tuple[ConceptTruth, ...] = ()) -> None:
        self.world = world
        self.above = above
        self.dim = world.directions.shape[1]
        self.rows = pace(self.dim)
        self.directions = world.directions
        self.truth = truth
        self.names = tuple(f"feature {i + 1}" for i in range(len(world.rates)))
        # A child above the height may stand under a parent that fires below it.
        edges = world.forest.edges if above == 0 else []
        self.subsets = tuple((self.names[child], self.names[parent]) for child, parent in edges)

    def points(self, size: int, rng: np.random.Generator) -> Float[np.ndarray, "k n"]:
        """Draw float32 points."""
        return self.world.draw(size, rng)[0]

    def block(self, size: int, rng: np.random.Generator) -> tuple[Float[np.ndarray, "k n"], csr_array]:
        """Draw points with the features' magnitudes."""
        return self.world.draw(size, rng)

    def holds(self, coefficients: csr_array) -> csr_array:
        """Say which features fire above the height."""
        return csr_array(coefficients > self.above)


class RegionSource(Source):
    """A share `background` from the ambient measure, the rest evenly from the concepts' regions."""

    def __init__(
        self,
        names: tuple[str, ...],
        regions: tuple[Region, ...],
        ambient: Measure,
        background: float,
        *,
        truth: tuple[ConceptTruth, ...] = (),
        subsets: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.names, self.regions, self.ambient, self.background = names, regions, ambient, background
        self.truth, self.subsets = truth, subsets
        self.dim = ambient.dim
        self.rows = pace(self.dim)
        self._balls = _balls(regions)

    def points(self, size: int, rng: np.random.Generator) -> Float[np.ndarray, "k n"]:
        """Draw float32 points."""
        stratum = rng.integers(0, len(self.regions), size, dtype=np.int32)
        if self._balls is not None:
            # All rows as if in balls, then the background over some: faster than two scattered writes.
            drawn = in_balls(*self._balls, stratum, rng)
            outside = np.flatnonzero(rng.random(size, dtype=np.float32) < self.background)
            drawn[outside] = self._background(len(outside), rng)
            return drawn
        stratum[rng.random(size, dtype=np.float32) < self.background] = -1
        drawn = np.empty((size, self.dim), dtype=np.float32)
        outside = np.flatnonzero(stratum < 0)
        drawn[outside] = self._background(len(outside), rng)
        for index, region in enumerate(self.regions):
            here = np.flatnonzero(stratum == index)
            drawn[here] = region.sample(len(here), rng)
        return drawn

    def _background(self, count: int, rng: np.random.Generator) -> Float[np.ndarray, "k n"]:
        if not isinstance(self.ambient, UniformBox):
            return self.ambient.sample(count, rng).astype(np.float32)
        drawn = rng.random((count, self.dim), dtype=np.float32)
        drawn *= (self.ambient.high - self.ambient.low).astype(np.float32)
        drawn += self.ambient.low.astype(np.float32)
        return drawn

    def block(self, size: int, rng: np.random.Generator) -> tuple[Float[np.ndarray, "k n"], csr_array]:
        """Draw points, with the membership of the rounded points in every region."""
        drawn = self.points(size, rng)
        return drawn, _ones(self._inside(drawn))

    def holds(self, coefficients: csr_array) -> csr_array:
        """Say which regions hold the points."""
        return coefficients.astype(bool)

    def _inside(self, points: Float[np.ndarray, "k n"]) -> Bool[np.ndarray, "k p"]:
        if self._balls is None:
            wide = points.astype(np.float64)
            return np.stack([region.contains(wide) for region in self.regions], axis=1)
        # Squared distances to all centres in one product, a row per ball; near surfaces the oracle decides.
        centres, radii = self._balls
        lengths = np.einsum("ij,ij->i", points, points)
        far = np.einsum("ij,ij->i", centres, centres)[:, None]
        squares = (radii**2)[:, None]
        beyond = np.ascontiguousarray((points @ (-2 * centres).T).T)
        beyond += lengths
        beyond += far - squares
        inside = beyond < 0
        # Sums of n terms err by at most nε of their size; the centres and radii were rounded by ε.
        doubt = np.float32(8 * (self.dim + 8) * _EPS) * (lengths + (far + squares))
        unsure = np.abs(beyond, out=beyond) <= doubt
        for index, region in enumerate(self.regions):
            near = np.flatnonzero(unsure[index])
            if near.size:
                inside[index, near] = region.contains(points[near].astype(np.float64))
        return np.ascontiguousarray(inside.T)


class ClusterSource(Source):
    """Gaussian clusters, drawn evenly; concept k is "drawn from cluster k", an event and not a set.

    Cluster k is mean_k + A_k·ξ with ξ standard normal in its intrinsic dimension; a number for A_k means
    A_k = number·I.
    """

    def __init__(
        self,
        means: Float[np.ndarray, "p n"],
        shapes: list[np.ndarray] | Float[np.ndarray, "q"],
        names: tuple[str, ...] | None = None,
    ) -> None:
        if len(means) != len(shapes):
            raise InvalidInput(f"{len(means)} means against {len(shapes)} shapes of clusters")
        self.means, self.shapes = means.astype(np.float32), shapes
        self.dim = means.shape[1]
        self.rows = pace(self.dim)
        self.names = names or tuple(f"cluster {k + 1}" for k in range(len(means)))

    def points(self, size: int, rng: np.random.Generator) -> Float[np.ndarray, "k n"]:
        """Draw float32 points."""
        return self._draw(size, rng)[0]

    def block(self, size: int, rng: np.random.Generator) -> tuple[Float[np.ndarray, "k n"], csr_array]:
        """Draw points and the cluster of each."""
        drawn, cluster = self._draw(size, rng)
        ones, ends = np.ones(size, dtype=np.float32), np.arange(size + 1)
        return drawn, csr_array((ones, cluster, ends), shape=(size, len(self.means)))

    def holds(self, coefficients: csr_array) -> csr_array:
        """Say from which cluster the points come."""
        return coefficients.astype(bool)

    def _draw(
        self, size: int, rng: np.random.Generator
    ) -> tuple[Float[np.ndarray, "k n"], Int[np.ndarray, "k"]]:
        cluster = rng.integers(0, len(self.means), size)
        if isinstance(self.shapes, np.ndarray):
            drawn = rng.standard_normal((size, self.dim), dtype=np.float32)
            drawn *= self.shapes.astype(np.float32)[cluster][:, None]
        else:
            drawn = np.empty((size, self.dim), dtype=np.float32)
            for index, shape in enumerate(self.shapes):
                here = np.flatnonzero(cluster == index)
                inner = rng.standard_normal((len(here), shape.shape[1]), dtype=np.float32)
                drawn[here] = inner @ shape.T.astype(np.float32)
        drawn += self.means.take(cluster, axis=0)
        return drawn, cluster


def in_balls(
    centres: Float[np.ndarray, "p n"],
    radii: Float[np.ndarray, "p"],
    which: Int[np.ndarray, "k"],
    rng: np.random.Generator,
) -> Float[np.ndarray, "k n"]:
    """Draw float32 points, uniform on ball `which[i]` for row i: a normal direction at radius r·υ^(1/n).

    Examples
    --------
    >>> balls = np.zeros((1, 3), dtype=np.float32), np.ones(1, dtype=np.float32)
    >>> drawn = in_balls(*balls, np.zeros(9, dtype=np.int64), np.random.default_rng(0))
    >>> bool((np.linalg.norm(drawn, axis=1) <= 1 + 1e-6).all())
    True
    """
    dim = centres.shape[1]
    drawn = rng.standard_normal((len(which), dim), dtype=np.float32)
    reach = radii[which] * rng.random(len(which), dtype=np.float32) ** np.float32(1 / dim)
    drawn *= (reach / np.sqrt(np.einsum("ij,ij->i", drawn, drawn)))[:, None]
    drawn += centres.take(which, axis=0)
    return drawn


def _balls(regions: tuple[Region, ...]) -> tuple[Float[np.ndarray, "p n"], Float[np.ndarray, "p"]] | None:
    """Return centres and radii where all regions are balls."""
    balls = [region for region in regions if isinstance(region, Ball)]
    if len(balls) < len(regions):
        return None
    centres = np.stack([np.asarray(ball.center) for ball in balls]).astype(np.float32)
    return centres, np.array([ball.radius for ball in balls], dtype=np.float32)


def _ones(inside: Bool[np.ndarray, "k p"]) -> csr_array:
    """Return a sparse matrix with a one wherever the dense one is true."""
    rows, columns = np.divmod(np.flatnonzero(inside), inside.shape[1])
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(inside)))])
    return csr_array((np.ones(len(columns), dtype=np.float32), columns, ends), shape=inside.shape)
