"""Absorption: the parent's neuron stays silent on a child that has a neuron of its own (theory P2).

The phenomenon is that of arXiv 2409.14507. Beside what an SAE does stands what any absolute neuron could do:
fire on C_p∖C_c and stay silent on C_c and on X∖C_p. It can iff Conv(C_p∖C_c) ∩ Conv(C_c ∪ (X∖C_p)) = ∅, which
the geometry decides by certificate.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from geosae.analysis.phenomena._shares import (
    Difference,
    Share,
    absolute,
    difference,
    halves_of,
    open_share,
    read,
    share_of,
)
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.geometry.separation.certificate import Inseparable, Separated
from geosae.geometry.separation.separate import separate
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import PROBABILITY, SEED, SHARE


@dataclass(frozen=True, eq=False)
class Absorption:
    """What the parent's neuron does on a child, and what a half-space could do.

    Attributes
    ----------
    parent_neuron
        The neuron that best tells C_p∖C_c from X∖C_p (children's points left out, so that the choice does
        not favour either answer; of equally good ones, that which fires more on the child); None if no neuron
        fires.
    child_neuron
        The neuron, another one, that best tells C_c from the rest of the parent; None if there is none.
    keeper
        A neuron that has the parent with the child up to the tolerance on all three parts; None if there is
        none, as absorption demands.
    silent
        Share of the child's points on which the parent's neuron is silent.
    missed
        The same share on C_p∖C_c, its other points.
    alarms
        Share of X∖C_p on which it fires.
    child_hits
        Share of the child's points on which the child's neuron fires.
    effect
        silent − missed: how much more the neuron is silent on the child than on its siblings.
    feasible
        The certificate whether one absolute neuron can do it exactly on these points (theory P2).
    exact
        The neurons that do it exactly on these points: with an absolute gate there is none unless `feasible`
        is `Separated`.
    absolute
        Whether the SAE's gate is absolute; None where it does not say.
    mixed
        Cosine of the child neuron's atom with the parent neuron's, None without a decoder: absorption puts
        the parent's direction into the child's atom.
    """

    parent: str
    child: str
    parent_neuron: int | None
    child_neuron: int | None
    keeper: int | None
    silent: Share
    missed: Share
    alarms: Share
    child_hits: Share
    effect: Difference
    feasible: Separated | Inseparable
    exact: tuple[int, ...]
    absolute: bool | None
    mixed: float | None
    tolerance: float

    __repr__ = short_repr

    @property
    def can(self) -> bool:
        """Whether one absolute neuron can fire on all of C_p∖C_c and on nothing else, on these points."""
        return self.feasible.separable

    @property
    def absorbed(self) -> bool:
        """Whether the SAE does it up to the tolerance.

        The parent's neuron is silent on the child and fires on the rest of the parent and not outside, a
        neuron of the child's own fires there, and no neuron has the parent with the child.
        """
        if self.parent_neuron is None or self.child_neuron is None or self.keeper is not None:
            return False
        most = self.tolerance
        return bool(
            self.silent.value >= 1 - most
            and self.missed.value <= most
            and self.alarms.value <= most
            and self.child_hits.value >= 1 - most
        )

    @property
    def record(self) -> "AbsorptionRecord":
        """What is stored of it: the certificate as a truth value with its margin."""
        return AbsorptionRecord(
            parent=self.parent,
            child=self.child,
            parent_neuron=self.parent_neuron,
            child_neuron=self.child_neuron,
            keeper=self.keeper,
            silent=self.silent,
            missed=self.missed,
            alarms=self.alarms,
            child_hits=self.child_hits,
            effect=self.effect,
            absorbed=self.absorbed,
            mixed=float("nan") if self.mixed is None else self.mixed,
            can=self.can,
            margin=self.feasible.margin if isinstance(self.feasible, Separated) else float("nan"),
            exact=self.exact,
            absolute=self.absolute,
            tolerance=self.tolerance,
        )


@dataclass(frozen=True)
class AbsorptionRecord:
    """What is stored of an `Absorption`, with what its certificate says: see there for each field."""

    parent: str
    child: str
    parent_neuron: int | None
    child_neuron: int | None
    keeper: int | None
    silent: Share
    missed: Share
    alarms: Share
    child_hits: Share
    effect: Difference
    absorbed: bool
    mixed: float
    can: bool
    margin: float
    exact: tuple[int, ...]
    absolute: bool | None
    tolerance: float


@checked_arguments(tolerance=SHARE, alpha=PROBABILITY, seed=SEED)
def absorption(
    sae: Any,
    dataset: ConceptDataset,
    parent: str | int,
    child: str | int,
    *,
    tolerance: float = 0.1,
    alpha: float = 0.05,
    seed: int = 0,
) -> Absorption:
    """Measure whether an SAE absorbs a child concept, and decide whether a half-space could (P2).

    The neurons are chosen on one half of the points and measured on the other; the four shares hold at once
    with probability ≥ 1 − alpha for an SAE that was fixed before.

    Raises
    ------
    InvalidInput
        If there is no such concept, the child is not a proper part of the parent on these points, or a half
        has no point of one of the three parts.

    Examples
    --------
    >>> from geosae.geometry import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder, neurons_of
    >>> x = np.concatenate([np.linspace(a, a + 1, 40) for a in (0.0, 2.0, 4.0)])[:, None]
    >>> member = np.column_stack([x[:, 0] > 1.5, x[:, 0] > 3.5])
    >>> data = ConceptDataset(x, member, ("parent", "child"))
    >>> plain = HalfSpaces(np.array([[1.0], [1.0]]), np.array([-1.5, -3.5]))
    >>> result = absorption(neurons_of(SparseAutoencoder.planted(plain)), data, "parent", "child")
    >>> result.absorbed, result.can, result.silent.value
    (False, False, 0.0)
    """
    tolerance = open_share(tolerance, "the tolerance")
    p, c = dataset.index(parent), dataset.index(child)
    parts = _parts(dataset, p, c)
    neurons, fires, points = read(sae, dataset)
    fit, test = halves_of(dataset.size, seed)
    for mask, words in zip((parts.child, parts.rest, parts.outside), _WORDS, strict=True):
        if not (mask[fit].any() and mask[test].any()):
            raise InvalidInput(f"a half of the points has none {words}", remedy="hand in more points")
    on_child, on_rest, outside = (
        fires[fit][mask[fit]].mean(axis=0) for mask in (parts.child, parts.rest, parts.outside)
    )
    parent_neuron = _teller(on_rest, outside, on_child, None)
    child_neuron = _teller(on_child, on_rest, on_child, parent_neuron)
    level = alpha / 4
    parent_fires, child_fires = _column(fires, parent_neuron), _column(fires, child_neuron)
    silent = share_of(~parent_fires[test][parts.child[test]], level)
    missed = share_of(~parent_fires[test][parts.rest[test]], level)
    return Absorption(
        parent=dataset.names[p],
        child=dataset.names[c],
        parent_neuron=parent_neuron,
        child_neuron=child_neuron,
        keeper=_keeper(on_child, on_rest, outside, tolerance),
        silent=silent,
        missed=missed,
        alarms=share_of(parent_fires[test][parts.outside[test]], level),
        child_hits=share_of(child_fires[test][parts.child[test]], level),
        effect=difference(silent, missed),
        feasible=separate(points[parts.rest], points[~parts.rest]),
        exact=tuple(np.flatnonzero((fires == parts.rest[:, None]).all(axis=0)).tolist()),
        absolute=absolute(neurons),
        mixed=_cosine(getattr(neurons, "decoder", None), parent_neuron, child_neuron),
        tolerance=tolerance,
    )


_WORDS = ("of the child", "of the parent without the child", "outside the parent")


@dataclass(frozen=True, eq=False)
class _Parts:
    child: Bool[np.ndarray, "N"]
    rest: Bool[np.ndarray, "N"]
    outside: Bool[np.ndarray, "N"]


def _parts(dataset: ConceptDataset, p: int, c: int) -> _Parts:
    whole, part = dataset.membership[:, p], dataset.membership[:, c]
    rest, outside = whole & ~part, ~whole
    if np.any(part & ~whole) or not (part.any() and rest.any() and outside.any()):
        raise InvalidInput(
            f"{dataset.names[c]!r} is no proper part of {dataset.names[p]!r} on these points, or the parent "
            "is everything",
            causes="child and parent swapped, or concepts that only overlap",
            remedy="name a child all of whose points are the parent's, and a parent with points outside it",
        )
    return _Parts(part, rest, outside)


def _teller(
    hits: Float[np.ndarray, " d"],
    alarms: Float[np.ndarray, " d"],
    on_child: Float[np.ndarray, " d"],
    excluded: int | None,
) -> int | None:
    """Return the neuron with the least balanced error, of those that fire inside at all.

    Of equally good ones the one that fires more on the child: absorption is not to be an accident of order.
    """
    error: Float[np.ndarray, " d"] = np.where(hits > 0, (1 - hits + alarms) / 2, np.inf)
    if excluded is not None:
        error[excluded] = np.inf
    best = int(np.lexsort((-on_child, error))[0])
    return best if np.isfinite(error[best]) else None


def _keeper(
    on_child: Float[np.ndarray, " d"],
    on_rest: Float[np.ndarray, " d"],
    outside: Float[np.ndarray, " d"],
    tolerance: float,
) -> int | None:
    """Return the neuron that has the whole parent with the least worst error, if within the tolerance."""
    worst = np.maximum(np.maximum(1 - on_child, 1 - on_rest), outside)
    best = int(np.argmin(worst))
    return best if worst[best] <= tolerance else None


def _column(fires: Bool[np.ndarray, "N d"], neuron: int | None) -> Bool[np.ndarray, "N"]:
    return np.zeros(len(fires), dtype=np.bool_) if neuron is None else fires[:, neuron]


def _cosine(decoder: Any, one: int | None, other: int | None) -> float | None:
    if decoder is None or one is None or other is None:
        return None
    a, b = np.asarray(decoder[one], dtype=np.float64), np.asarray(decoder[other], dtype=np.float64)
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length > 0 else None
