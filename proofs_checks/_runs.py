"""What the checks read off a trained SAE: which neurons fire on which points, and units for its concepts."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.geometry.intervals import clopper_pearson
from geosae.sampling import drawn_rows
from geosae.storage.files import content_hash
from geosae.verification import TrainedInstance

# Every statement that is checked here holds for any finite X, so a part of the sample serves as X.
MOST_POINTS = 4096


class SampleView(NamedTuple):
    """The part of a data set that serves as X, the neurons firing on it, and its concepts (not ∅, not X)."""

    points: Float[np.ndarray, "N n"]
    fires: Bool[np.ndarray, "N d"]
    concepts: Bool[np.ndarray, "N p"]
    names: tuple[str, ...]
    tolerance: float


def sample_view(instance: TrainedInstance) -> SampleView:
    """Return points of the data set, at most `MOST_POINTS` drawn at random, with firing and concepts."""
    data = instance.dataset
    rows = drawn_rows(data.size, MOST_POINTS, np.random.default_rng(0))
    points = data.points[rows].astype(np.float64)
    concepts = data.membership[rows]
    nontrivial = np.flatnonzero(concepts.any(axis=0) & ~concepts.all(axis=0))
    names = tuple(data.names[k] for k in nontrivial)
    return SampleView(
        points, instance.neurons.fires(points), concepts[:, nontrivial], names, _tolerance(instance)
    )


def some_rows(count: int, most: int) -> Int[np.ndarray, "k"]:
    """Return at most so many of the rows of a view, drawn at random, the same ones at every call."""
    return drawn_rows(count, most, np.random.default_rng(1))


def _tolerance(instance: TrainedInstance) -> float:
    # An alignment records the tolerance of its run; 0.05 is the default of `geosae.analyse`.
    return 0.05 if instance.alignment is None else float(instance.alignment.tolerance)


def share_at_most(hits: int, trials: int, false_alarm: float) -> float:
    """Return the upper Clopper–Pearson end for a share: it lies below the truth so seldom (theory E2).

    Examples
    --------
    >>> round(share_at_most(0, 100, 0.05), 4)
    0.0295
    """
    # The library's interval misses on either side with half its level.
    return float(clopper_pearson(hits, trials, 2 * false_alarm)[1])


class Labelled:
    """Points in and out of a concept, equal by content: a key for results that do not depend on the SAE."""

    def __init__(self, inside: Float[np.ndarray, "Na n"], outside: Float[np.ndarray, "Nb n"]) -> None:
        self.inside, self.outside = inside, outside
        self._hash = content_hash(inside, outside)

    def __hash__(self) -> int:
        return hash(self._hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Labelled) and self._hash == other._hash


def separable_concepts(view: SampleView, question: Callable[[Labelled], bool], most: int) -> int:
    """Count the concepts of which a question holds on at most so many random points (trivial ones count)."""
    rows = some_rows(len(view.points), most)
    points, labels = view.points[rows], view.concepts[rows].T
    return sum(bool(C.all()) or not C.any() or question(Labelled(points[C], points[~C])) for C in labels)


# The cells of a run have few data sets among them.
remembered = lru_cache(maxsize=256)


def pair_errors(view: SampleView) -> tuple[Float[np.ndarray, "p d"], Float[np.ndarray, "p d"]]:
    """Return misses and alarms of every neuron (column), per point of every concept (row) (N1)."""
    inside, fires = view.concepts.astype(np.float64), view.fires.astype(np.float64)
    sizes = inside.sum(axis=0)[:, None]
    hits = inside.T @ fires
    alarms = fires.sum(axis=0)[None, :] - hits
    return 1 - hits / sizes, alarms / sizes


def closure_separates(view: SampleView) -> list[int]:
    """Return the concepts that some unit separates without any error on X: those whose closure unit does."""
    inside = (view.concepts[:, k] for k in range(view.concepts.shape[1]))
    thetas = (np.all(view.fires[:, np.all(view.fires[C], axis=0)], axis=1) == C for C in inside)
    return [k for k, same in enumerate(thetas) if same.all()]


class Fitted(NamedTuple):
    """A unit fitted to a concept: the points of the concept it misses, and its false alarms, as counts."""

    concept: int
    unit: Bool[np.ndarray, " d"]
    misses: int
    alarms: int


def fitted_units(view: SampleView, most: int = 12) -> list[Fitted]:
    """Fit two units to every concept: neurons enter one by one while error rates, or error counts, fall.

    Any unit will do for the graded statements, which speak of the misses and alarms it has. Rates suit small
    concepts, counts large ones.
    """
    return [
        _fit(view, k, most, by_rate=by_rate)
        for k in range(view.concepts.shape[1])
        for by_rate in (True, False)
    ]


def _fit(view: SampleView, concept: int, most: int, *, by_rate: bool) -> Fitted:
    inside = view.concepts[:, concept]
    unit = np.zeros(view.fires.shape[1], dtype=np.bool_)
    theta = np.ones(len(inside), dtype=np.bool_)
    positives, negatives = int(inside.sum()), int((~inside).sum())
    miss, alarm = (1 / positives, 1 / negatives) if by_rate else (1.0, 1.0)
    errors = alarm * negatives
    for _ in range(most):
        hits = view.fires[theta & inside].sum(axis=0)
        trial = miss * (positives - hits) + alarm * view.fires[theta & ~inside].sum(axis=0)
        best = int(np.argmin(trial))
        if float(trial[best]) >= errors:
            break
        unit[best], theta, errors = True, theta & view.fires[:, best], float(trial[best])
    return Fitted(concept, unit, int((inside & ~theta).sum()), int((theta & ~inside).sum()))
