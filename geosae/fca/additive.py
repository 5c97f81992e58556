"""Additive line diagrams: every irreducible attribute is one step, and a concept is the sum of its steps.

Parallel edges then mean the same attribute. Only the bottom, which has every step, is lifted where it would
hang far below the rest. B. Ganter and R. Wille, Formal Concept Analysis, Springer 1999, section 2.2; the
steps are found by annealing the quality of the drawing (S. Kirkpatrick, C. Gelatt and M. Vecchi, Science 220
(1983), doi:10.1126/science.220.4598.671).
"""

import numpy as np
from jaxtyping import Float, Int

from geosae.errors import InvalidInput
from geosae.fca.lattice import ConceptLattice
from geosae.fca.layout import Layout, apart, cross, layered, near_misses, ranks_of
from geosae.storage.arguments import checked_arguments
from geosae.validation import NATURAL, SEED

LARGEST = 80
GRID = 0.5
"""Steps have coordinates on this grid, so that equal ones are exactly parallel."""


@checked_arguments(seed=SEED, rounds=NATURAL)
def additive(lattice: ConceptLattice, *, seed: int = 0, rounds: int = 600) -> Layout:
    """Lay a lattice of up to 80 concepts out additively, by annealing crossings + 2 × near misses.

    Parameters
    ----------
    lattice
        At most 80 concepts: beyond, sums of steps come too close to each other to be read.
    seed
        Of the annealing.
    rounds
        How many changes are tried.

    Raises
    ------
    InvalidInput
        If there are more than 80 concepts, or no round.

    Examples
    --------
    >>> from geosae.fca.context import FormalContext
    >>> from geosae.fca import concept_lattice
    >>> print(additive(concept_lattice(FormalContext.from_array(~np.eye(3, dtype=bool)))))
    8 nodes, 2 crossings, 0 near misses, 3 directions
    """
    if len(lattice) > LARGEST:
        raise InvalidInput(f"{len(lattice)} concepts are too many to add up", remedy="use the layered layout")
    if rounds < 1:
        raise InvalidInput(f"rounds = {rounds}, where at least one is needed")
    edges = np.array(lattice.covers, dtype=np.int64).reshape(-1, 2)
    parts, first = _steps(lattice, layered(lattice, seed=seed, starts=4))
    score = _Score(edges)
    rng = np.random.default_rng(seed)
    steps, cost = first, score(_lifted(parts @ first))
    best, least = steps, cost
    for turn in range(rounds if len(first) else 0):
        tried = _changed(steps, rng)
        tried_cost = score(_lifted(parts @ tried))
        heat = max(1e-9, 2.0 * (1.0 - turn / rounds) ** 2)
        if tried_cost <= cost or rng.random() < np.exp((cost - tried_cost) / heat):
            steps, cost = tried, tried_cost
        if cost < least:
            best, least = steps, cost
    points = _unit(_lifted(parts @ best))
    points[:, 0] -= (points[:, 0].min() + points[:, 0].max()) / 2
    return Layout.of(points, ranks_of(lattice), edges)


def _steps(
    lattice: ConceptLattice, start: Layout
) -> tuple[Float[np.ndarray, "m k"], Float[np.ndarray, "k 2"]]:
    """Return which steps each concept has, and first steps that lean as the layered drawing does."""
    irreducible = [i for i, above in enumerate(lattice.upper) if len(above) == 1]
    parts = np.array(
        [[lattice.leq(i, j) for j in irreducible] for i in range(len(lattice))], dtype=np.float64
    )
    lean = [start.positions[i, 0] - start.positions[lattice.upper[i][0], 0] for i in irreducible]
    steps = np.array([[np.clip(round(x / GRID) * GRID, -4.0, 4.0), -1.0] for x in lean], dtype=np.float64)
    return parts.reshape(len(lattice), len(irreducible)), steps.reshape(len(irreducible), 2)


def _lifted(points: Float[np.ndarray, "m 2"]) -> Float[np.ndarray, "m 2"]:
    """Bring the bottom up to half the height of the rest below them, if it is lower than that."""
    if len(points) > 2:
        low, high = points[1:, 1].min(), points[1:, 1].max()
        share = 0.5 * (high - low) / max(low - points[0, 1], 1e-9)
        if share < 1.0:
            centre = (points[1:, 0].min() + points[1:, 0].max()) / 2
            points[0] = centre + share * (points[0, 0] - centre), low - 0.5 * (high - low)
    return points


def _changed(steps: Float[np.ndarray, "k 2"], rng: np.random.Generator) -> Float[np.ndarray, "k 2"]:
    tried = steps.copy()
    i = int(rng.integers(len(steps)))
    kind = rng.random()
    if kind < 0.25:
        j = int(rng.integers(len(steps)))
        tried[[i, j]] = tried[[j, i]]
    elif kind < 0.85:
        tried[i, 0] = np.clip(tried[i, 0] + GRID * rng.integers(-4, 5), -5.0, 5.0)
    else:
        tried[i, 1] = -float(rng.choice([1.0, 1.5, 2.0]))
    return tried


def _unit(points: Float[np.ndarray, "m 2"]) -> Float[np.ndarray, "m 2"]:
    """Scale a drawing so that its closest nodes are 1 apart."""
    gaps = _distances(points)
    return points / max(float(gaps.min(initial=np.inf)), 1e-3) if len(gaps) else points.copy()


def _distances(points: Float[np.ndarray, "m 2"]) -> Float[np.ndarray, "p"]:
    return np.linalg.norm(points[:, None] - points[None], axis=2)[np.triu_indices(len(points), 1)]


class _Score:
    """Crossings + 2 × near misses, with the pairs of edges listed once; nodes that coincide cost most."""

    def __init__(self, edges: Int[np.ndarray, "e 2"]) -> None:
        self.edges = edges
        first, second = np.triu_indices(len(edges), 1)
        disjoint = apart(edges[first], edges[second])
        self.first, self.second = edges[first[disjoint]], edges[second[disjoint]]

    def __call__(self, points: Float[np.ndarray, "m 2"]) -> float:
        gaps = _distances(points)
        together = int(np.count_nonzero(gaps < GRID / 2))
        # A wide drawing of crowded nodes is a bad one too.
        width = float(np.ptp(points[:, 0])) / max(1.0, float(np.ptp(points[:, 1])))
        penalty = 20.0 * together + max(0.0, width - 2.0)
        crossed = cross(points, self.first, self.second)
        close = near_misses(points if together else _unit(points), self.edges)
        return float(np.count_nonzero(crossed)) + 2.0 * close + penalty
