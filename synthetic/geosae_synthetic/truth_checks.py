"""The declared truth of one concept, compared with certificates and intervals of the geometry engine."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from geosae.data.dataset import ConceptDataset
from geosae.data.truth import ConceptTruth
from geosae.geometry.approximation.irreducible_error import irreducible_error
from geosae.geometry.separation.certificate import Separated
from geosae.geometry.separation.separate import separate
from geosae.geometry.separation.separate_unit import separate_unit
from geosae.geometry.separation.smallest_unit import SmallestUnit, smallest_unit
from geosae.geometry.separation.unit_certificate import UnitSeparated
from geosae.sampling import drawn_rows

ROUNDING = 1e-9
"""Two closed forms of one number may differ by so much of it."""
FALSE_ALARM = 1e-9
"""Chance that a true e_irr lies outside the interval of the samples."""
FEW = 60
"""Smallest units are bounded on at most so many points: what they need, all points need."""


@dataclass(frozen=True)
class Finding:
    """The outcome of one check for one concept."""

    status: Literal["holds", "fails", "open"]
    detail: str


def concept_checks(data: ConceptDataset, column: int, truth: ConceptTruth, points: int) -> dict[str, Finding]:
    """Check every kind of statement that is declared of a concept, and return the outcome of each.

    Statements speak of the regions and certificates of a sample, so three outcomes are possible: a
    certificate shows it, a certificate refutes it, or the sample is too small to show it. A statement that
    something is separable is refuted by any sample that is not; that it is not, by none.

    Examples
    --------
    >>> from geosae.data.truth import ConceptTruth
    >>> rows = np.array([[0.0], [1.0], [2.0]])
    >>> middle = ConceptDataset(rows, rows == 1.0, ("middle",), truth=(ConceptTruth(one_neuron=True),))
    >>> [finding.status for finding in concept_checks(middle, 0, middle.truth[0], 10).values()]
    ['fails']
    """
    name = data.names[column]
    rows = drawn_rows(data.size, points, np.random.default_rng(0))
    members = data.membership[rows, column]
    inside, outside = data.points[rows][members], data.points[rows][~members]
    findings: dict[str, Finding] = {}
    if len(inside) and len(outside):
        if truth.one_neuron is not None:
            separable = isinstance(separate(inside, outside).check(), Separated)
            findings["one neuron (S1), certified"] = _separable(name, truth.one_neuron, separable)
        if truth.unit is not None:
            separable = isinstance(separate_unit(inside, outside).check(), UnitSeparated)
            findings["a unit (S3), certified"] = _separable(name, truth.unit, separable)
        if _most_neurons(truth) is not None:
            findings["smallest unit (S4), lower bound"] = _size(name, truth, _few(inside), _few(outside))
    if truth.overlap_depth is not None:
        deepest = int(data.membership[data.membership[:, column]].sum(axis=1).max(initial=0))
        findings["overlap depth (S7)"] = _depth(name, deepest, truth.overlap_depth)
    findings |= _of_region(data, column, truth)
    return findings


def _few(points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "M n"]:
    return points[drawn_rows(len(points), FEW, np.random.default_rng(1))]


def _separable(name: str, declared: bool, certified: bool) -> Finding:
    if declared == certified:
        return Finding("holds", "the certificates say what is declared")
    if declared:
        return Finding("fails", f"{name}: declared separable, and a certificate refutes it")
    return Finding("open", f"{name}: declared inseparable, and this sample is separable still")


def _most_neurons(truth: ConceptTruth) -> int | None:
    if truth.smallest_unit is not None or truth.unit_interval is None:
        return truth.smallest_unit
    return truth.unit_interval[1]


def _size(
    name: str, truth: ConceptTruth, inside: Float[np.ndarray, "Na n"], outside: Float[np.ndarray, "Nb n"]
) -> Finding:
    most = _most_neurons(truth)
    if most is None:
        return Finding("open", f"{name}: no upper bound is declared")
    unit = smallest_unit(inside, outside).check()
    if not isinstance(unit, SmallestUnit):
        return Finding("fails", f"{name}: m* ≤ {most} is declared, and no unit separates")
    if unit.lower > most:
        return Finding("fails", f"{name}: m* ≤ {most} is declared, and {unit.lower} are needed")
    return Finding("holds", f"{len(inside)} + {len(outside)} points need no more neurons than is declared")


def _depth(name: str, deepest: int, declared: int) -> Finding:
    if deepest > declared:
        return Finding("fails", f"{name}: points lie in {deepest} concepts, {declared} are declared")
    if deepest < declared:
        return Finding("open", f"{name}: points lie in at most {deepest} concepts, {declared} are declared")
    return Finding("holds", "attained and not exceeded")


def _of_region(data: ConceptDataset, column: int, truth: ConceptTruth) -> dict[str, Finding]:
    region = data.regions[column] if data.regions else None
    if region is None:
        return {}
    findings: dict[str, Finding] = {}
    name = data.names[column]
    if truth.convex is not None and region.is_convex is not None:
        same = truth.convex == region.is_convex
        words = "the region's own word" if same else f"{name}: declared {truth.convex}, the region disagrees"
        findings["convex"] = Finding("holds" if same else "fails", words)
    declared = truth.error_interval
    if truth.irreducible_error is not None:
        declared = (truth.irreducible_error, truth.irreducible_error)
    if declared is None or data.ambient is None or data.ambient.dim != region.dim:
        return findings
    # A fixed generator: verifying the same file twice gives the same answer.
    rng = np.random.default_rng(0)
    estimate = irreducible_error(region, data.ambient, rng, samples=1000, alpha=FALSE_ALARM)
    low, high = (bound + sign * ROUNDING for bound, sign in zip(declared, (-1, 1), strict=True))
    meets = low <= estimate.high and estimate.low <= high
    how = "closed forms agree" if estimate.exact else f"in the interval of {estimate.samples} samples"
    wrong = f"{name}: {declared[0]:.6g} is declared, [{estimate.low:.6g}, {estimate.high:.6g}] was found"
    findings["irreducible error (A1)"] = Finding("holds" if meets else "fails", how if meets else wrong)
    return findings
