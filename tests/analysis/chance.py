"""Random labels, and neurons with known errors: how often they are certified (E4's level and power)."""

from dataclasses import dataclass

import numpy as np

from geosae.analysis import LEARNERS, AnalysisConfig, analyse
from geosae.data.dataset import ConceptDataset


@dataclass(frozen=True, eq=False)
class Recorded:
    """Neurons whose firing is a table: a point is the number of its row."""

    table: np.ndarray

    @property
    def width(self) -> int:
        return self.table.shape[1]

    @property
    def dim(self) -> int:
        return 1

    def fires(self, points):
        return self.table[points[:, 0].astype(np.int64)]

    def reconstruct(self, points):
        return np.zeros_like(points)


def rows_of(count: int) -> np.ndarray:
    """Return the points that name the rows of a table."""
    return np.arange(count, dtype=np.float64)[:, None]


def edges_of_random_labels(table: np.ndarray, size: int, tolerance: float, seed: int) -> dict[str, bool]:
    """Give a concept to random rows, `size` in each half on average; return by which way it was "learned"."""
    rng = np.random.default_rng([seed, size])
    inside = np.zeros((len(table), 1), dtype=bool)
    inside[rng.choice(len(table), 2 * size, replace=False)] = True
    data = ConceptDataset(rows_of(len(table)), inside, ("random",))
    al = analyse(Recorded(table), data, AnalysisConfig(tolerance=tolerance, seed=seed, floor=False))
    learned: dict[str, bool] = {}
    for notion in ("detection", "separation"):
        learned[f"{notion}, edges"] = bool(al.context(notion).incidence.any())
        learned[f"{notion}, point edges"] = bool(al.context(notion, edges="point").incidence.any())
        for learner in LEARNERS:
            learned[f"{notion}, {learner}"] = al.answers(notion, learner)[0].answer == "learned"
    return learned


def certified_of_planted(size: int, error: float, tolerance: float, seed: int, concepts: int = 6) -> int:
    """Return for how many of six concepts a neuron with m = a = error is certified, among twelve pairs.

    The concepts are disjoint, of `size` points in each half on average; each has one neuron, which misses a
    random share `error` of them and fires on as many others.
    """
    rng = np.random.default_rng([seed, size])
    count = 2 * size * (concepts + 4)
    kind = rng.integers(0, concepts + 4, count)
    inside = kind[:, None] == np.arange(concepts)
    hit = rng.random((count, concepts)) >= error
    # Alarms per concept point: the others are (concepts + 3) times as many.
    alarm = rng.random((count, concepts)) < error / (concepts + 3)
    data = ConceptDataset(rows_of(count), inside, tuple(f"c{k}" for k in range(concepts)))
    al = analyse(
        Recorded(np.where(inside, hit, alarm)),
        data,
        AnalysisConfig(tolerance=tolerance, seed=seed, floor=False),
    )
    return sum(row.answer == "learned" for row in al.answers("separation", "neurons"))
