"""Fast draws of float32 points: an SFC64 stream, in blocks that stay in the cache."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.geometry.regions.registry import Ball

_ROWS = 8192  # of 32 float32 coordinates: one MiB, which second-level caches hold
_EPS = float(np.finfo(np.float32).eps)


class FastSampler:
    """Draws from an SFC64 stream that a generator's next word seeds: the same generator, the same points.

    Examples
    --------
    >>> first, second = (FastSampler(np.random.default_rng(0)) for _ in range(2))
    >>> centres, labels = np.zeros((1, 3)), np.zeros(4, dtype=np.int64)
    >>> bool((first.normals(labels, centres, 1.0) == second.normals(labels, centres, 1.0)).all())
    True
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = np.random.Generator(np.random.SFC64(int(rng.integers(0, 2**63))))

    def normals(
        self, labels: Int[np.ndarray, " N"], centres: Float[np.ndarray, "k n"], scale: float
    ) -> Float[np.ndarray, "N n"]:
        """Draw for each label a normal point around its center."""
        out = np.empty((len(labels), centres.shape[1]), dtype=np.float32)
        middles = centres.astype(np.float32)
        for start in range(0, len(labels), _ROWS):
            block = out[start : start + _ROWS]
            self._rng.standard_normal(dtype=np.float32, out=block)
            block *= np.float32(scale)
            block += middles[labels[start : start + _ROWS]]
        return out

    def balls(
        self, labels: Int[np.ndarray, " N"], balls: Sequence[Ball], half_width: float
    ) -> tuple[Float[np.ndarray, "N n"], Bool[np.ndarray, "N p"]]:
        """Draw a point uniform in its ball for each label (balls of one radius, disjoint), with membership.

        The label p, the number of balls, asks for a point uniform on the cube [−half_width, half_width]ⁿ.
        Membership is what the balls' own `contains` says of the float32 points: they are evaluated wherever
        rounding could matter; elsewhere the construction decides.
        """
        centres = np.stack([ball.center for ball in balls])
        radius, dim = balls[0].radius, balls[0].dim
        out = np.empty((len(labels), dim), dtype=np.float32)
        membership = np.zeros((len(labels), len(balls)), dtype=bool)
        buffer = np.empty((_ROWS, dim), dtype=np.float32)
        scale = half_width + float(np.abs(centres).max())
        for start in range(0, len(labels), _ROWS):
            rows = slice(start, start + _ROWS)
            chosen = labels[rows]
            drawn = np.flatnonzero(chosen < len(balls))
            block, lengths = self._ball_block(buffer[: len(drawn)], radius)
            block += centres.astype(np.float32)[chosen[drawn]]
            free = np.flatnonzero(chosen == len(balls))
            # 8ε per coordinate covers the rounding of sums and products on the way to each of them.
            doubt = drawn[lengths > radius - 8 * _EPS * dim * scale]
            out[rows][drawn] = block
            membership[rows][drawn, chosen[drawn]] = True
            if free.size:
                cube = self._cube_block(len(free), half_width, dim)
                out[rows][free] = cube
                doubt = np.concatenate([doubt, free[_near_any(cube, centres, radius)]])
            if doubt.size:
                exact = out[rows][doubt].astype(np.float64)
                membership[rows][doubt] = np.stack([ball.contains(exact) for ball in balls], axis=1)
        return out, membership

    def _ball_block(
        self, block: Float[np.ndarray, "m n"], radius: float
    ) -> tuple[Float[np.ndarray, "m n"], Float[np.ndarray, " m"]]:
        """Fill a block with points uniform in the ball around the origin; return their lengths too."""
        self._rng.standard_normal(dtype=np.float32, out=block)
        sizes = np.sqrt(np.einsum("ij,ij->i", block, block))
        lengths = np.float32(radius) * self._rng.random(len(block), dtype=np.float32) ** np.float32(
            1.0 / block.shape[1]
        )
        block *= (lengths / np.maximum(sizes, np.float32(1e-30)))[:, None]
        return block, lengths

    def _cube_block(self, count: int, half_width: float, dim: int) -> Float[np.ndarray, "count n"]:
        block = self._rng.random((count, dim), dtype=np.float32)
        block *= np.float32(2 * half_width)
        block -= np.float32(half_width)
        return block


def _near_any(
    points: Float[np.ndarray, "N n"], centres: Float[np.ndarray, "p n"], radius: float
) -> Bool[np.ndarray, " N"]:
    """Tell which points are not certain to lie outside of all balls, from squared distances in float32."""
    middles = centres.astype(np.float32)
    squares = np.einsum("ij,ij->i", points, points)
    sizes = np.einsum("ij,ij->i", middles, middles)
    # |x − c|² as a matrix product; each of its three sums of n terms errs by at most nε of its size.
    least = squares + np.min(sizes - 2 * (points @ middles.T), axis=1)
    slack = 8 * (points.shape[1] + 2) * _EPS * (squares + sizes.max())
    return least <= radius * radius + slack
