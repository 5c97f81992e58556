"""How much of a true lattice is in a learned relation, compared with chance and with an untrained SAE.

Measures on closures need no learned lattice; those on families take the learned context's Δ-stable concepts.
Conceptual scaling error: T. Hanika and J. Hirth, ICFCA 2021, doi:10.1007/978-3-030-86982-3_8; soft recall and
precision: A. Prelić et al., Bioinformatics 22 (2006), doi:10.1093/bioinformatics/btl060.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool

from geosae.errors import InvalidInput
from geosae.fca import _measures as measure
from geosae.fca._measures import NAN
from geosae.fca.build import TooManyConcepts, concept_lattice
from geosae.fca.context import FormalContext, labels_where
from geosae.fca.null_models import permuted, swapped
from geosae.fca.relations import closures, irreducible, merged
from geosae.fca.stable import stable_family
from geosae.notebook import Columns, html_table, short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import NATURAL, WIDE

Extent = tuple[str, ...]
FIGURES = (
    "exact_recall", "recall_at_09", "irreducible_recall", "tightness", "round_trip", "closed_objects",
    "cophenetic", "precision", "stable_recall", "soft_recall", "soft_precision", "order_kept",
    "order_reflected",
)  # fmt: skip
FIRST_FIGURES = ("exact_recall", "tightness", "soft_recall", "soft_precision", "order_kept")
"""The figures that a comparison prints; exact recall never stands alone."""


@dataclass(frozen=True)
class LatticeComparison:
    """Figures over the E extents of the truth other than ∅ and the whole set; nan if there is none.

    cl₀ and cl₁ are the closures of sets of objects in the true and in the learned context; F₁ is the learned
    context's Δ-stable family, without ∅ and the whole set.
    """

    extents: int
    exact_recall: float
    """Share of true extents with cl₁(E) = E. It saturates under noise, so never show it alone."""
    tightness: float
    """Mean Jaccard index of E and cl₁(E)."""
    round_trip: float
    """Share with cl₀(cl₁(E)) = E."""
    closed_objects: float
    """Share of objects g with cl₁({g}) = {g} (F2)."""
    missing: tuple[Extent, ...]
    """The true extents that are not closed in the learned context."""
    recall_at_09: float = NAN
    """Share with a Jaccard index of E and cl₁(E) of at least 0.9."""
    irreducible_recall: float = NAN
    """Share closed in the learned context of the extents of irreducible true attributes, which make all."""
    cophenetic: float = NAN
    """Spearman's ρ over pairs of objects of the size of the smallest extent with both."""
    theta: int | None = None
    """The least Δ of F₁; None if it was too large to be mined."""
    family: int = 0
    """The number of concepts in F₁."""
    precision: float = NAN
    """Share of F₁ that are true extents."""
    stable_recall: float = NAN
    """Share of the true extents that are in F₁."""
    soft_recall: float = NAN
    """Mean over true extents of the best Jaccard index with a member of F₁."""
    soft_precision: float = NAN
    """Mean over F₁ of the best Jaccard index with a true extent."""
    order_kept: float = NAN
    """Share of pairs E ⊂ E′ whose best matches in F₁ are in that order."""
    order_reflected: float = NAN
    """Share of other pairs whose best matches are not in that order."""
    matched: tuple[Extent, ...] = ()
    """The true extents in F₁."""
    spurious: tuple[Extent, ...] = ()
    """The members of F₁ that are no true extents."""
    floor: "LatticeComparison | None" = None
    """The figures averaged over learned contexts with permuted columns; lists are empty."""
    swapped: "LatticeComparison | None" = None
    """The same with row sums kept too. Where margins determine the context it equals the learned figures."""
    untrained: "LatticeComparison | None" = None
    """The figures of the untrained SAE's context, at the same θ."""

    __repr__ = short_repr

    def columns(self) -> Columns:
        """Return all figures as columns: found, permuted, swapped, untrained; nan where there is none."""
        records = {
            "found": self,
            "permuted": self.floor,
            "swapped": self.swapped,
            "untrained": self.untrained,
        }
        figures = {
            name: np.array([NAN if each is None else float(getattr(each, f)) for f in FIGURES])
            for name, each in records.items()
        }
        return {"figure": list(FIGURES), **figures}

    def to_dict(self) -> dict[str, Any]:
        """Return everything JSON-ready, null for nan."""
        record: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, LatticeComparison):
                record[field.name] = value.to_dict()
            elif isinstance(value, float):
                record[field.name] = value if np.isfinite(value) else None
            else:
                record[field.name] = [list(v) for v in value] if isinstance(value, tuple) else value
        return record

    def table(self, figures: Sequence[str] = FIGURES) -> str:
        """Return the figures as lines of text; "–" where there is none."""
        columns = self.columns()
        lines = [f"{'':19}found permuted swapped untrained"]
        for name in figures:
            at = FIGURES.index(name)
            values = (columns[c][at] for c in ("found", "permuted", "swapped", "untrained"))
            cells = ["–" if np.isnan(v) else f"{v:.3f}" for v in values]
            lines.append(f"{name:19}{cells[0]:>5}{cells[1]:>9}{cells[2]:>8}{cells[3]:>10}")
        return "\n".join([*lines, self._sentence()])

    def __str__(self) -> str:
        return f"{self.table(FIRST_FIGURES)}; all figures: .columns()"

    def _repr_html_(self) -> str:
        return html_table(self._sentence(), self.columns())

    def _sentence(self) -> str:
        return f"{self.extents} true extents, {self.family} stable at θ = {self.theta}"


@checked_arguments(nulls=NATURAL, cap=WIDE)
def compare(
    truth: FormalContext,
    learned: FormalContext,
    rng: np.random.Generator | None = None,
    *,
    nulls: int = 20,
    cap: int = 20_000,
    theta: int | Literal["auto"] = "auto",
    untrained: FormalContext | None = None,
) -> LatticeComparison:
    """Compare a learned context with the true one over the same objects.

    Parameters
    ----------
    truth, learned
        Contexts with the same objects in the same order.
    rng
        If given, both nulls are computed, `nulls` contexts each, at the same θ.
    nulls
        How many contexts of each null to average.
    cap
        The most true, and the most stable learned, concepts to accept. A family that is larger leaves its
        figures nan.
    theta
        Of the stable family.
    untrained
        The context of an untrained SAE of the same shape, if there is one.

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
    for context in (learned, untrained):
        if context is not None and truth.objects != context.objects:
            raise InvalidInput(
                "the two contexts are not about the same objects in the same order",
                causes="another dataset, or sorted rows",
            )
    if nulls < 1:
        raise InvalidInput(f"nulls = {nulls}, where at least one permuted context is needed")
    lattice = concept_lattice(truth, cap=cap)
    inner = [i for i, size in enumerate(lattice.extent_sizes.tolist()) if 0 < size < len(truth.objects)]
    sets = np.zeros((len(inner), len(truth.objects)), dtype=bool)
    for row, i in zip(sets, inner, strict=True):
        row[list(lattice.extents[i])] = True
    comparison = _figures(truth, learned, sets, theta, cap)
    at = comparison.theta if comparison.theta is not None else theta
    if untrained is not None:
        comparison = replace(comparison, untrained=_figures(truth, untrained, sets, at, cap))
    if rng is None:
        return comparison

    def null(draw: Callable[[FormalContext, np.random.Generator], FormalContext]) -> LatticeComparison:
        runs = [_figures(truth, draw(learned, rng), sets, at, cap) for _ in range(nulls)]
        means: dict[str, Any] = {name: _finite_mean([getattr(run, name) for run in runs]) for name in FIGURES}
        sizes = [run.family for run in runs if run.theta is not None]
        return LatticeComparison(
            extents=len(sets),
            missing=(),
            theta=comparison.theta,
            family=round(float(np.mean(sizes))) if sizes else 0,
            **means,
        )

    return replace(comparison, floor=null(permuted), swapped=null(swapped))


def _figures(
    truth: FormalContext,
    learned: FormalContext,
    sets: Bool[np.ndarray, "E G"],
    theta: int | Literal["auto"],
    cap: int,
) -> LatticeComparison:
    closed = closures(learned.incidence, sets)
    same = (closed == sets).all(axis=1)
    # Closures only add objects, so the intersection is E and the union is cl₁(E).
    tight = sets.sum(axis=1) / np.maximum(closed.sum(axis=1), 1)
    back = closures(truth.incidence, closed)
    singles = np.eye(len(truth.objects), dtype=bool)
    irreducible_extents = _inner(_irreducible_extents(truth))
    comparison = LatticeComparison(
        extents=len(sets),
        exact_recall=measure.mean(same),
        tightness=measure.mean(tight),
        round_trip=measure.mean((back == sets).all(axis=1)),
        closed_objects=measure.mean((closures(learned.incidence, singles) == singles).all(axis=1)),
        missing=_label_sets(truth, sets[~same]),
        recall_at_09=measure.mean(tight >= 0.9),
        irreducible_recall=measure.mean(
            (closures(learned.incidence, irreducible_extents) == irreducible_extents).all(axis=1)
        ),
        cophenetic=measure.cophenetic(truth.incidence, learned.incidence, np.random.default_rng(0)),
    )
    try:
        family = stable_family(learned, theta, cap=cap)
    except TooManyConcepts:
        return comparison
    assert family.theta is not None
    return _with_family(comparison, truth, sets, _inner(family.extents), family.theta)


def _with_family(
    comparison: LatticeComparison,
    truth: FormalContext,
    sets: Bool[np.ndarray, "E G"],
    family: Bool[np.ndarray, "F G"],
    theta: int,
) -> LatticeComparison:
    true_extents = {row.tobytes() for row in sets}
    mined_extents = {row.tobytes() for row in family}
    true = np.array([row.tobytes() in true_extents for row in family], dtype=bool)
    hit = np.array([row.tobytes() in mined_extents for row in sets], dtype=bool)
    comparison = replace(
        comparison,
        theta=theta,
        family=len(family),
        precision=measure.mean(true),
        stable_recall=measure.mean(hit),
        matched=_label_sets(truth, sets[hit]),
        spurious=_label_sets(truth, family[~true]),
    )
    if not len(sets) or not len(family):
        # Nothing to match: no true extent has a counterpart at all.
        return replace(comparison, soft_recall=0.0 if len(sets) else NAN)
    best, match, reverse = np.zeros(len(sets)), np.zeros(len(sets), dtype=np.int64), np.zeros(len(family))
    for start in range(0, len(sets), 1024):
        part = measure.jaccard(sets[start : start + 1024], family)
        best[start : start + len(part)] = part.max(axis=1)
        match[start : start + len(part)] = part.argmax(axis=1)
        reverse = np.maximum(reverse, part.max(axis=0))
    sample = np.arange(len(sets))
    if len(sets) > measure.PAIRS:
        sample = np.sort(np.random.default_rng(0).choice(len(sets), measure.PAIRS, replace=False))
    order_kept, order_reflected = measure.order(sets[sample], family[match[sample]])
    return replace(
        comparison,
        soft_recall=measure.mean(best),
        soft_precision=measure.mean(reverse),
        order_kept=order_kept,
        order_reflected=order_reflected,
    )


def _irreducible_extents(truth: FormalContext) -> Bool[np.ndarray, "k G"]:
    """Return the extents of the irreducible attributes: every other extent is an intersection of these."""
    distinct = merged(truth.incidence.T)[0]
    return distinct[irreducible(distinct)]


def _inner(sets: Bool[np.ndarray, "E G"]) -> Bool[np.ndarray, "F G"]:
    """Return the sets other than ∅ and the whole set."""
    sizes = sets.sum(axis=1)
    return sets[(sizes > 0) & (sizes < sets.shape[1])]


def _label_sets(context: FormalContext, sets: Bool[np.ndarray, "E G"]) -> tuple[Extent, ...]:
    return tuple(labels_where(context.objects, row) for row in sets)


def _finite_mean(values: list[float]) -> float:
    return measure.mean(np.array([value for value in values if not np.isnan(value)]))
