"""Splitting of coarse neurons into finer ones, and tiling of concepts by overlapping regions (theory P1).

Among many neurons a near-partition can be chosen of almost anything, so that pieces which miss and share
little are not yet evidence of a split. Pieces that lie apart are what no connected concept has: see
`Cut.clean`.
Splitting is described in Bricken et al., Towards Monosemanticity (2023); tiling of connected concepts in
arXiv 2604.28119 and 2606.06333.
"""

import math
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.analysis.phenomena._apart import Apart, apart, parts_of
from geosae.analysis.phenomena._pieces import Kind, choose, kind_of
from geosae.analysis.phenomena._shares import Share, counted, halves_of, open_share, read
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry.separation.certificate import Inseparable, Separated
from geosae.geometry.separation.separate import separate
from geosae.notebook import short_repr
from geosae.sampling import drawn_rows
from geosae.storage.arguments import checked_arguments
from geosae.validation import PROBABILITY, SEED, SHARE

_MOST_PAIRS = 6
_MOST_POINTS = 1000


@dataclass(frozen=True, eq=False)
class Gap:
    """Two pieces, and the certificate whether a hyperplane tells 1,000 points of each apart."""

    pieces: tuple[int, int]
    certificate: Separated | Inseparable

    __repr__ = short_repr

    @property
    def margin(self) -> float:
        """The proved margin between the two pieces' points; 0 where their hulls meet."""
        return self.certificate.margin if isinstance(self.certificate, Separated) else 0.0


@dataclass(frozen=True, eq=False)
class Cut:
    """How a target (a coarse neuron's region, or a concept) is made up of neurons' regions.

    Attributes
    ----------
    target
        The coarse neuron's index, or the concept's name.
    kind
        "whole": one neuron has the target. "split": several disjoint pieces have it. "tiled": several
        overlapping ones. "partial": the neurons within it leave part of it over.
    whole
        The neuron that has the target alone, up to the tolerance, or None.
    pieces
        The neurons chosen as its pieces (also where a whole one exists).
    off
        μ(target △ ∪pieces) / μ(target ∪ pieces).
    missing
        μ(target ∖ ∪pieces) / μ(target): the effect that decides whether pieces cover it.
    overlap
        Share of the covered points that lie in two pieces or more: the effect that distinguishes tiling
        from splitting.
    shared
        Share of the target's points on which at least two neurons fire of *all* that have a part of it, more
        than a trifle and not nearly the whole: tiling shows here even where a partition can be chosen.
    gaps
        For pairs of pieces, whether a hyperplane tells their points apart, by certificate: a split of a
        connected concept has no positive margin in the limit of many points (theory P1).
    apart
        How far apart the pieces lie, and which distances the sample can tell from none.
    """

    target: int | str
    kind: Kind
    whole: int | None
    pieces: tuple[int, ...]
    points: int
    off: Share
    missing: Share
    overlap: Share
    shared: Share
    gaps: tuple[Gap, ...]
    apart: Apart

    __repr__ = short_repr

    @property
    def clean(self) -> bool:
        """Whether the target is split into pieces that lie farther apart than the sample's resolution.

        P1 for samples: let C be connected, every point of C within ρ of a piece, and each piece in C. The
        closed ρ-neighbourhoods of the pieces are closed and cover C, so two of them meet in C, and those
        two pieces are at most 2ρ apart. A clean split has a distance above the resolution 2ρ, ρ the greatest
        of a point of the sample, and no chain of such steps through the target joins two pieces. It says
        that C is not connected, or that some points of C are farther from the pieces than every point of
        the sample was: of M independent points, at most a share −ln(alpha)/M of C, at level 1 − alpha.
        """
        return self.kind == "split" and not self.apart.bridged

    @property
    def margin(self) -> float | None:
        """The least margin between two pieces; None where no pair was examined."""
        return min((gap.margin for gap in self.gaps), default=None)

    @property
    def record(self) -> "CutRecord":
        """What is stored of it: the certificates as the least margin."""
        return CutRecord(
            target=self.target,
            kind=self.kind,
            whole=self.whole,
            pieces=self.pieces,
            points=self.points,
            off=self.off,
            missing=self.missing,
            overlap=self.overlap,
            shared=self.shared,
            margin=_or_nan(self.margin),
            distance=_or_nan(self.apart.distance),
            resolution=_or_nan(self.apart.resolution),
            bridged=self.apart.bridged,
            clean=self.clean,
        )


def _or_nan(number: float | None) -> float:
    return math.nan if number is None else number


@dataclass(frozen=True)
class CutRecord:
    """What is stored of a `Cut`: see there and in `Apart` for each field; nan where a number is not known."""

    target: int | str
    kind: Kind
    whole: int | None
    pieces: tuple[int, ...]
    points: int
    off: Share
    missing: Share
    overlap: Share
    shared: Share
    margin: float
    distance: float
    resolution: float
    bridged: bool
    clean: bool


@dataclass(frozen=True, eq=False)
class Splits:
    """What became of each coarse neuron in the finer SAE; neurons silent on the fit half are left out."""

    cuts: tuple[Cut, ...]
    tolerance: float
    alpha: float

    __repr__ = short_repr

    @property
    def kinds(self) -> dict[str, int]:
        """How many coarse neurons were kept whole, split, tiled, or only partly found again."""
        counts = Counter(cut.kind for cut in self.cuts)
        return {kind: counts.get(kind, 0) for kind in ("whole", "split", "tiled", "partial")}

    @property
    def clean(self) -> int:
        """How many coarse neurons were split into pieces that lie apart (see `Cut.clean`)."""
        return sum(cut.clean for cut in self.cuts)


@checked_arguments(tolerance=SHARE, alpha=PROBABILITY, seed=SEED)
def splits(
    coarse: Any,
    fine: Any,
    dataset: ConceptDataset,
    *,
    tolerance: float = 0.1,
    alpha: float = 0.05,
    seed: int = 0,
    certify: bool = True,
) -> Splits:
    """Tell for each neuron of a coarse SAE whether a finer one keeps, splits or tiles its region (P1).

    Pieces are chosen on one half of the points and measured on the other; all intervals hold at once with
    probability ≥ 1 − alpha for SAEs that were fixed before.

    Parameters
    ----------
    coarse, fine
        SAEs of the same space, geosae's or others (see `geosae.analysis.analyse`).
    tolerance
        Which share of a piece may lie outside the target, and of the target outside the pieces.
    certify
        Decide for pairs of pieces by certificate whether a hyperplane tells them apart.

    Raises
    ------
    InvalidInput
        If an SAE reads points of another dimension, no coarse neuron fires, or the two normalise their
        points differently.

    Examples
    --------
    >>> from geosae.geometry import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder, neurons_of
    >>> points = np.concatenate([np.linspace(1, 2, 60), np.linspace(4, 5, 60), np.linspace(-2, -1, 60)])
    >>> data = ConceptDataset(points[:, None], points[:, None] > 0, ("positive",))
    >>> coarse = neurons_of(SparseAutoencoder.planted(HalfSpaces(np.array([[1.0]]), np.array([0.0]))))
    >>> cut, = splits(coarse, coarse, data).cuts
    >>> cut.kind, cut.whole
    ('whole', 0)
    """
    tolerance = open_share(tolerance, "the tolerance")
    _, regions, points = read(coarse, dataset)
    _, finer, finer_points = read(fine, dataset)
    if not np.array_equal(points, finer_points):
        raise InvalidInput(
            "the two SAEs normalise their points differently, so that no hyperplane can be asked of both",
            remedy="compare SAEs that read the same points",
        )
    fit, test = halves_of(dataset.size, seed)
    targets = np.flatnonzero(np.count_nonzero(regions[fit], axis=0) >= 2)
    if not len(targets):
        raise InvalidInput("no neuron of the coarse SAE fires on these points")
    level = alpha / (4 * len(targets))
    cuts = [
        _cut(int(i), regions[:, i], finer, (fit, test), points, tolerance, level, certify) for i in targets
    ]
    return Splits(tuple(cuts), tolerance, alpha)


@checked_arguments(tolerance=SHARE, alpha=PROBABILITY, seed=SEED)
def tiling(
    sae: Any,
    dataset: ConceptDataset,
    concept: str | int,
    *,
    tolerance: float = 0.1,
    alpha: float = 0.05,
    seed: int = 0,
    within: bool = False,
    certify: bool = True,
) -> Cut:
    """Tell whether one neuron has a concept whole, or several split it or tile it (P1).

    Parameters
    ----------
    within
        Look at the points of the concept only: a neuron may then fire elsewhere too, and is a piece by the
        part of the concept on which it fires.

    Raises
    ------
    InvalidInput
        If there is no such concept, or it has too few points in one of the halves.

    Examples
    --------
    >>> from geosae.geometry import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder, neurons_of
    >>> points = np.concatenate([np.linspace(1, 2, 60), np.linspace(-2, -1, 60)])
    >>> data = ConceptDataset(points[:, None], points[:, None] > -9, ("both",), allow_trivial=True)
    >>> sides = HalfSpaces(np.array([[1.0], [-1.0]]), np.zeros(2))
    >>> cut = tiling(neurons_of(SparseAutoencoder.planted(sides)), data, "both")
    >>> cut.kind, sorted(cut.pieces), cut.margin > 0.9, cut.clean
    ('split', [0, 1], True, True)
    """
    tolerance = open_share(tolerance, "the tolerance")
    _, fires, points = read(sae, dataset)
    name = dataset.names[dataset.index(concept)]
    target = dataset.membership[:, dataset.index(concept)]
    if within:
        points, fires, target = points[target], fires[target], target[target]
    fit, test = halves_of(len(points), seed)
    if min(np.count_nonzero(target[fit]), np.count_nonzero(target[test])) < 2:
        raise InvalidInput(f"the concept {name!r} has too few points to be halved")
    return _cut(name, target, fires, (fit, test), points, tolerance, alpha / 4, certify)


def _cut(
    name: int | str,
    target: Bool[np.ndarray, "N"],
    sets: Bool[np.ndarray, "N d"],
    halves: tuple[Int[np.ndarray, "fit"], Int[np.ndarray, "test"]],
    points: Float[np.ndarray, "N n"],
    tolerance: float,
    level: float,
    certify: bool,
) -> Cut:
    fit, test = halves
    chosen = choose(target[fit], sets[fit], tolerance, parts=parts_of(points[fit][target[fit]]))
    goal, pieces = target[test], sets[test][:, list(chosen.members)]
    times = np.count_nonzero(pieces, axis=1)
    union = times > 0
    size = int(np.count_nonzero(goal))
    missing = counted(np.count_nonzero(goal & ~union), size, level)
    overlap = counted(np.count_nonzero(times > 1), np.count_nonzero(union), level)
    both = np.count_nonzero(goal | union)
    off = counted(np.count_nonzero(goal ^ union), both, level)
    shared = counted(np.count_nonzero(_crowd(target, sets, halves, tolerance) > 1), size, level)
    whole = chosen.whole
    if whole is not None and not _has(goal, sets[test, whole], tolerance):
        whole = None
    double = overlap.value if overlap.trials else 0.0
    kind = kind_of(whole is not None, len(chosen.members), missing.value, double, tolerance)
    inside = pieces & goal[:, None]
    gaps = _gaps(chosen.members, inside, points[test]) if certify else ()
    far = apart(inside, points[test], points[target])
    return Cut(name, kind, whole, chosen.members, size, off, missing, overlap, shared, gaps, far)


def _crowd(
    target: Bool[np.ndarray, "N"],
    sets: Bool[np.ndarray, "N d"],
    halves: tuple[Int[np.ndarray, "fit"], Int[np.ndarray, "test"]],
    tolerance: float,
) -> Int[np.ndarray, "goal"]:
    """Return for each test point of the target how many neurons that have a proper part of it fire."""
    fit, test = halves
    shares = sets[fit][target[fit]].mean(axis=0) if target[fit].any() else np.zeros(sets.shape[1])
    proper = (shares > tolerance / 10) & (shares < 1 - tolerance)
    return np.count_nonzero(sets[test][target[test]][:, proper], axis=1)


def _has(goal: Bool[np.ndarray, "N"], fires: Bool[np.ndarray, "N"], tolerance: float) -> bool:
    """Tell whether a neuron chosen on the fit half has the target on the test half too."""
    return bool(np.count_nonzero(goal ^ fires) <= tolerance * np.count_nonzero(goal))


def _gaps(
    members: tuple[int, ...], pieces: Bool[np.ndarray, "N r"], points: Float[np.ndarray, "N n"]
) -> tuple[Gap, ...]:
    """Decide for the first pairs of pieces, on what each has alone, whether a hyperplane separates them."""
    gaps: list[Gap] = []
    for a, b in combinations(range(len(members)), 2):
        only_a, only_b = pieces[:, a] & ~pieces[:, b], pieces[:, b] & ~pieces[:, a]
        if len(gaps) == _MOST_PAIRS or not (only_a.any() and only_b.any()):
            continue
        certificate = separate(_some(points[only_a]), _some(points[only_b]))
        gaps.append(Gap((members[a], members[b]), certificate))
    return tuple(gaps)


def _some(points: Float[np.ndarray, "N n"]) -> Float[np.ndarray, "M n"]:
    """Return at most 1,000 of the points, drawn at random, the same ones at every call."""
    return points[drawn_rows(len(points), _MOST_POINTS, np.random.default_rng(0))]
