"""Settings and results of the study of capacity: concepts by d neurons, and levels of a chain."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from geosae.experiments.jobs import StudyRecord
from geosae.geometry.arrangements.counting import ranking_cells, sperner, topk_kept_sets
from geosae.studies.certified_counts import Arm, Certified


@dataclass(frozen=True)
class CountJob:
    """Top-K SAEs at several budgets K on p disjoint balls in Rⁿ, without background."""

    n: int
    p: int
    width: int
    budgets: tuple[int, ...]
    steps: int
    points: int
    """To train on."""
    per_concept: int
    """Points of each ball to choose neurons and units on, on average, and as many to judge on."""
    seed: int
    part: Literal["count"] = "count"


@dataclass(frozen=True)
class ChainJob:
    """Top-K SAEs at several budgets K on a chain of features, each present only where the one before is."""

    depth: int
    width: int
    budgets: tuple[int, ...]
    steps: int
    points: int
    held_out: int
    """Points to choose and to judge on, half for each."""
    seed: int
    part: Literal["chain"] = "chain"


@dataclass(frozen=True)
class Row:
    """What one SAE is certified to have learned."""

    k: int
    arm: Arm
    counts: Certified


@dataclass(frozen=True)
class Rows:
    """The SAEs of one draw of a world."""

    rows: tuple[Row, ...]


Job: TypeAlias = CountJob | ChainJob
Records: TypeAlias = Sequence[StudyRecord[Job, Rows]]


@dataclass(frozen=True)
class Cell:
    """Where one SAE stands; p concepts, or levels of a chain."""

    part: Literal["count", "chain"]
    n: int
    p: int
    k: int
    arm: Arm
    width: int
    seed: int

    @property
    def sets(self) -> int:
        """S6: the most disjoint concepts that units of at most K of d neurons separate."""
        return sperner(self.width, self.k)

    @property
    def patterns(self) -> int:
        """G4: the most activation patterns of a Top-K SAE, the silent one included.

        At most K neurons fire, and which ones follows from how they and 0 are ranked.
        """
        by_size = sum(topk_kept_sets(self.width, j) for j in range(self.k + 1))
        return min(by_size, ranking_cells(self.width + 1, self.n))


Cells: TypeAlias = Sequence[StudyRecord[Cell, Certified]]


def cells_of(records: Records) -> Cells:
    """Return every SAE with its settings, one by one."""
    return list(_cells(records))


def _cells(records: Records) -> Iterator[StudyRecord[Cell, Certified]]:
    for record in records:
        job = record.settings
        n, p = (job.n, job.p) if isinstance(job, CountJob) else (job.depth + 2, job.depth)
        for row in record.result.rows:
            cell = Cell(job.part, n, p, row.k, row.arm, job.width, job.seed)
            yield StudyRecord(cell, row.counts)


def some(cells: Cells, **settings: object) -> Cells:
    """Return the cells with these settings.

    Examples
    --------
    >>> cell = Cell("count", 12, 24, 3, "trained", 8, 0)
    >>> records = [StudyRecord(cell, None)]
    >>> len(some(records, k=3, arm="trained")), len(some(records, k=2)), cell.sets, cell.patterns
    (1, 0, 56, 93)
    """
    return [c for c in cells if all(getattr(c.settings, name) == value for name, value in settings.items())]


def main_dimension(cells: Cells) -> int:
    """Return the dimension that has most numbers of concepts: the axis of p."""
    return _most([(c.settings.n, c.settings.p) for c in some(cells, part="count")])


def main_concepts(cells: Cells) -> int:
    """Return the number of concepts that has most dimensions: the axis of n."""
    return _most([(c.settings.p, c.settings.n) for c in some(cells, part="count")])


def _most(pairs: Sequence[tuple[int, int]]) -> int:
    """Return the first number of the pairs that stands with most different second ones; 0 without any."""
    firsts = sorted({first for first, _ in pairs})
    return max(firsts, key=lambda value: len({b for a, b in pairs if a == value}), default=0)
