"""How much of a true lattice is in a learned relation: numbers that need closures, no learned lattice."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool

from geosae.data.context import FormalContext
from geosae.geometry._door import InvalidInput
from geosae.lattice.build import concept_lattice


@dataclass(frozen=True)
class LatticeComparison:
    """Figures over the E extents of the truth other than ∅ and the whole set; nan if there is none.

    cl₀ and cl₁ are the closures of sets of objects in the true and in the learned context.
    """

    extents: int
    exact_recall: float
    """Share of true extents with cl₁(E) = E. It saturates, so never show it alone."""
    tightness: float
    """Mean Jaccard index of E and cl₁(E)."""
    round_trip: float
    """Share with cl₀(cl₁(E)) = E."""
    closed_objects: float
    """Share of objects g with cl₁({g}) = {g} (F2)."""
    missing: tuple[tuple[str, ...], ...]
    """The true extents that are not closed in the learned context."""
    floor: "LatticeComparison | None" = None
    """The same figures, averaged over learned contexts with permuted columns; its `missing` is empty."""


def compare(
    truth: FormalContext,
    learned: FormalContext,
    rng: np.random.Generator | None = None,
    *,
    nulls: int = 20,
    cap: int = 20_000,
) -> LatticeComparison:
    """Compare a learned context with the true one over the same objects.

    Parameters
    ----------
    truth, learned
        Contexts with the same objects in the same order.
    rng
        If given, the floor is computed: each learned column is permuted over the objects, `nulls` times.
    nulls
        How many permuted contexts to average.
    cap
        The most true concepts to accept.

    Raises
    ------
    InvalidInput
        If the objects differ, or `nulls` is not positive.
    TooManyConcepts
        If the true context has more than `cap` concepts.

    Examples
    --------
    >>> truth = FormalContext.from_array([[True, False], [True, True], [False, False]])
    >>> compare(truth, truth).exact_recall
    1.0
    >>> blank = FormalContext.from_array([[False], [False], [False]])
    >>> compare(truth, blank).missing
    (('g1',), ('g0', 'g1'))
    """
    if truth.objects != learned.objects:
        raise InvalidInput(
            "the two contexts are not about the same objects in the same order",
            causes="another dataset, or sorted rows",
        )
    if nulls < 1:
        raise InvalidInput(f"nulls = {nulls}, where at least one permuted context is needed")
    count = len(truth.objects)
    extents = [e for e in concept_lattice(truth, cap=cap).extents if 0 < len(e) < count]
    sets = np.zeros((len(extents), count), dtype=bool)
    for row, extent in zip(sets, extents, strict=True):
        row[list(extent)] = True
    found = _figures(truth, learned, sets)
    return found if rng is None else _with_floor(found, truth, learned, sets, rng, nulls)


def _figures(
    truth: FormalContext, learned: FormalContext, sets: Bool[np.ndarray, "E G"]
) -> LatticeComparison:
    closed = _closures(learned.incidence, sets)
    same = (closed == sets).all(axis=1)
    back = _closures(truth.incidence, closed)
    singles = np.eye(len(truth.objects), dtype=bool)
    return LatticeComparison(
        extents=len(sets),
        exact_recall=_mean(same),
        # Closures only add objects, so the intersection is E and the union is cl₁(E).
        tightness=_mean(sets.sum(axis=1) / np.maximum(closed.sum(axis=1), 1)),
        round_trip=_mean((back == sets).all(axis=1)),
        closed_objects=_mean((_closures(learned.incidence, singles) == singles).all(axis=1)),
        missing=tuple(
            tuple(name for name, inside in zip(truth.objects, row, strict=True) if inside)
            for row in sets[~same]
        ),
    )


def _closures(incidence: Bool[np.ndarray, "G M"], sets: Bool[np.ndarray, "E G"]) -> Bool[np.ndarray, "E G"]:
    """Close every set of objects: the objects that have all attributes common to the set."""
    # Missing crosses counted by products: an attribute is common iff no member lacks it.
    lacking = (~incidence).astype(np.float32)
    intents = sets.astype(np.float32) @ lacking == 0
    return intents.astype(np.float32) @ lacking.T == 0


def _with_floor(
    found: LatticeComparison,
    truth: FormalContext,
    learned: FormalContext,
    sets: Bool[np.ndarray, "E G"],
    rng: np.random.Generator,
    nulls: int,
) -> LatticeComparison:
    names = ("exact_recall", "tightness", "round_trip", "closed_objects")
    runs = [
        _figures(
            truth,
            FormalContext(learned.objects, learned.attributes, rng.permuted(learned.incidence, axis=0)),
            sets,
        )
        for _ in range(nulls)
    ]
    means: dict[str, Any] = {name: float(np.mean([getattr(run, name) for run in runs])) for name in names}
    return replace(found, floor=replace(found, missing=(), **means))


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
