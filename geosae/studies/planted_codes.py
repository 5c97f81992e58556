"""A planted Top-K SAE: neurons fitted with labels, so that each concept gets a set of K neurons of its own.

What so many neurons can do at least, whatever training for reconstruction makes of them. Sets and half-spaces
are sought in turns, from several random starts: given sets, the affine functions are fitted so that at each
concept's centre the neurons of its set are greatest (a logistic loss of the differences, L-BFGS); given
functions, sets are dealt out anew, each to at most one concept, at the least total loss (H. W. Kuhn, The
Hungarian method for the assignment problem, 1955, doi:10.1002/nav.3800020109). Some concepts may be given up:
they share one set. Of all tries the one counts that separates most concepts. A search, and no optimum.
"""

import math
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.geometry import _program

if TYPE_CHECKING:
    from geosae.sae import Neurons

STARTS = 3
ROUNDS = 8
OWNERS = (1.0, 0.8, 0.6, 0.4)
"""Shares of the concepts (or of the sets, where there are fewer) that may get a set of their own."""
TOLERANCE = 0.1
STEEPNESS = 8.0
"""Differences of 1/8 between a neuron in the set and one outside cost a loss of about 0.3."""
WEIGHT = 1e-3
"""Of the squared norms of the rows: among functions that all fit, those with wide margins."""


@dataclass(frozen=True, eq=False)
class Codes:
    """Affine functions, and the set of neurons that each concept was given."""

    w: Float[np.ndarray, "d n"]
    c: Float[np.ndarray, " d"]
    sets: Bool[np.ndarray, "p d"]
    separated: int
    """Concepts of which the set is greatest on all but a tenth of the points, and as rarely elsewhere."""


def planted_codes(
    points: Float[np.ndarray, "N n"],
    membership: Bool[np.ndarray, "N p"],
    width: int,
    K: int,
    rng: np.random.Generator,
) -> Codes:
    """Return the functions that separate most concepts of all tries, in the points' own coordinates.

    Parameters
    ----------
    points, membership
        Labelled points; every concept has some.
    width, K
        Neurons d, and how many of them a set has.
    rng
        Source of the starts.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.arange(600) % 6
    >>> x = np.eye(6)[labels] + 0.01 * rng.standard_normal((600, 6))
    >>> codes = planted_codes(x, labels[:, None] == np.arange(6), 4, 2, rng)
    >>> z = x @ codes.w.T + codes.c
    >>> top = np.argsort(-z, axis=1)[:, :2]
    >>> fires = np.zeros_like(z, dtype=bool)
    >>> np.put_along_axis(fires, top, True, axis=1)
    >>> bool((fires == codes.sets[labels]).all())  # six sets of two among four neurons, one for each
    True
    """
    inside = membership.astype(np.float64)
    centres = (inside.T @ points) / inside.sum(axis=0)[:, None]
    middle = centres.mean(axis=0)
    spread = float(np.sqrt(np.square(centres - middle).mean()))
    most = min(len(centres), math.comb(width, K))
    counts = list(dict.fromkeys(math.ceil(share * most) for share in OWNERS))
    tries: list[Codes] = []
    for strict, owners, _ in product((False, True), counts, range(STARTS)):
        best = max((codes.separated for codes in tries), default=0)
        if best == most or (strict and best > most / 2):
            break
        theta, sets = _one_start((centres - middle) / spread, width, K, owners, strict, rng)
        w = theta[:, :-1] / spread
        c = theta[:, -1] - w @ middle
        tries.append(Codes(w, c, sets, _separated(points @ w.T + c, membership, sets)))
    return max(tries, key=lambda codes: codes.separated)


def _separated(
    z: Float[np.ndarray, "N d"], membership: Bool[np.ndarray, "N p"], sets: Bool[np.ndarray, "p d"]
) -> int:
    """Count the concepts of which the set alone is greatest within the tolerance."""
    K = int(sets[0].sum())
    fires = z >= np.partition(z, z.shape[1] - K, axis=1)[:, z.shape[1] - K, None]
    theta = fires.astype(np.float64) @ sets.T == K
    sizes = membership.sum(axis=0)
    hits = (theta & membership).sum(axis=0)
    error = np.maximum(sizes - hits, theta.sum(axis=0) - hits)
    return int((error <= TOLERANCE * sizes).sum())


def planted_topk(
    points: Float[np.ndarray, "N n"],
    membership: Bool[np.ndarray, "N p"],
    width: int,
    K: int,
    rng: np.random.Generator,
) -> "Neurons":
    """Return the neurons of a Top-K SAE with the planted functions; its decoder is of no use.

    All neurons are raised by the same constant, so that whatever is among the K greatest fires.
    """
    from geosae.sae import SparseAutoencoder, TopK, neurons_of

    codes = planted_codes(points, membership, width, K, rng)
    z = points @ codes.w.T + codes.c
    sae = SparseAutoencoder(points.shape[1], width, TopK(k=K))
    sae.set_weights(W_enc=codes.w, b_enc=codes.c - 2 * min(float(z.min()), 0.0) + 1.0)
    return neurons_of(sae)


def _one_start(
    centres: Float[np.ndarray, "p n"], width: int, K: int, owners: int, strict: bool, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "d m"], Bool[np.ndarray, "p d"]]:
    table = _all_sets(width, K)
    theta = rng.standard_normal((width, centres.shape[1] + 1)) / np.sqrt(centres.shape[1])
    given = np.zeros(0, dtype=np.int64)
    for _ in range(ROUNDS):
        dealt = _dealt(_losses(centres, theta, table), owners, strict)
        if np.array_equal(dealt, given):
            break
        given = dealt
        theta = _fitted(centres, table[given], theta)
    return theta, table[given]


def _all_sets(width: int, K: int) -> Bool[np.ndarray, "S d"]:
    table = np.zeros((0, width), dtype=bool)
    rows = [np.isin(np.arange(width), chosen) for chosen in combinations(range(width), K)]
    return np.array(rows) if rows else table


def _losses(
    centres: Float[np.ndarray, "p n"], theta: Float[np.ndarray, "d m"], table: Bool[np.ndarray, "S d"]
) -> Float[np.ndarray, "p S"]:
    """Return what each set would cost each concept: Σ over pairs (in, out) of log(1 + e^(−β·difference))."""
    z = centres @ theta[:, :-1].T + theta[:, -1]
    pairs = np.logaddexp(0.0, -STEEPNESS * (z[:, :, None] - z[:, None, :]))
    apart = (table[:, :, None] & ~table[:, None, :]).reshape(len(table), -1)
    return pairs.reshape(len(z), -1) @ apart.T.astype(np.float64)


def _dealt(losses: Float[np.ndarray, "p S"], owners: int, strict: bool) -> Int[np.ndarray, " p"]:
    """Deal each set to at most one concept, but one set to all concepts that are not among the owners.

    `strict`: there are no more owners than said; otherwise more where that is cheaper.
    """
    p, count = losses.shape
    if owners >= p:
        return _program.assignment(losses)[1]
    given_up = p - owners + 1
    shared = int(np.sort(losses, axis=0)[:given_up].sum(axis=0).argmin())
    others = np.delete(np.arange(count), shared)
    if not strict:
        # Copies of the shared set make the problem an assignment again.
        columns = np.concatenate([others, np.full(given_up, shared)])
        return columns[_program.assignment(losses[:, columns])[1]]
    concepts, columns = _program.assignment(losses[:, others] - losses[:, [shared]])
    gains = losses[concepts, others[columns]] - losses[concepts, shared]
    chosen = np.argsort(gains, kind="stable")[: owners - 1]
    dealt = np.full(p, shared)
    dealt[concepts[chosen]] = others[columns[chosen]]
    return dealt


def _fitted(
    centres: Float[np.ndarray, "p n"], sets: Bool[np.ndarray, "p d"], theta: Float[np.ndarray, "d m"]
) -> Float[np.ndarray, "d m"]:
    x = np.column_stack([centres, np.ones(len(centres))])
    apart = (sets[:, :, None] & ~sets[:, None, :]).astype(np.float64)

    def loss_and_gradient(flat: Float[np.ndarray, " q"]) -> tuple[float, Float[np.ndarray, " q"]]:
        rows = flat.reshape(theta.shape)
        z = x @ rows.T
        steep = STEEPNESS * (z[:, :, None] - z[:, None, :])
        loss = float((np.logaddexp(0.0, -steep) * apart).sum()) + WEIGHT * float(np.square(rows).sum())
        slope = -STEEPNESS * apart / (1.0 + np.exp(np.minimum(steep, 500.0)))
        by_z = slope.sum(axis=2) - slope.sum(axis=1)
        return loss, (by_z.T @ x + 2 * WEIGHT * rows).ravel()

    # As fine as scipy's own limits: sets are dealt out anew after every fit.
    fit = _program.minimise(
        loss_and_gradient, theta.ravel(), steps=100, least_gain=2.220446049250313e-09, least_slope=1e-5
    )
    return theta if fit.point is None else fit.point.reshape(theta.shape)
