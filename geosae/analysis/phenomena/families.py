"""Families: neurons that fire together on common points more often than chance would have it (theory P3)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import special

from geosae.analysis.phenomena._shares import Share, joint_counts, open_share, read, share_of
from geosae.data.dataset import ConceptDataset
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, PROBABILITY, as_mask


@dataclass(frozen=True, eq=False)
class Family:
    """Neurons any two of which fire together beyond chance, and all of which fire on common points.

    Attributes
    ----------
    neurons
        Their indices, in the order in which they joined.
    points
        Rows of the dataset on which all of them fire: ⋂N_l ∩ X, not empty.
    common
        μ(⋂N_l).
    expected
        Πμ(N_l), what independence would give.
    """

    neurons: tuple[int, ...]
    points: Int[np.ndarray, "k"]
    common: Share
    expected: float

    __repr__ = short_repr

    @property
    def lift(self) -> float:
        """How many times more often they fire together than independent neurons would: the effect."""
        return self.common.value / self.expected if self.expected > 0 else float("inf")


@dataclass(frozen=True, eq=False)
class Families:
    """All families found; each pair beyond chance lies in one of them unless `cut` is true.

    Attributes
    ----------
    beyond
        Pairs of neurons that fire together beyond chance, of how many were tested.
    pairs
        Pairs of neurons that were tested: those that fire on some but not all points.
    cut
        Whether the list was ended at the greatest number asked for.
    """

    found: tuple[Family, ...]
    beyond: int
    pairs: int
    alpha: float
    cut: bool

    __repr__ = short_repr

    @property
    def share(self) -> float:
        """The share of tested pairs beyond chance."""
        return self.beyond / self.pairs if self.pairs else 0.0

    @property
    def largest(self) -> int:
        """How many neurons the largest family has; 0 where none was found."""
        return max((len(family.neurons) for family in self.found), default=0)


@checked_arguments(alpha=PROBABILITY, least=COUNT, most=COUNT)
def families(
    sae: Any, dataset: ConceptDataset, *, alpha: float = 0.05, least: int = 5, most: int = 200
) -> Families:
    """Find the families of neurons of an SAE on these points (P3).

    Two neurons fire together beyond chance when Fisher's exact test (one-sided, given how often each fires)
    rejects independence at alpha / number of pairs, so that independent neurons show any such pair with
    probability at most alpha. Families grow from the pairs of greatest lift, by the neuron that keeps most
    common points, as long as all pairs are beyond chance and `least` points are common to all.

    Parameters
    ----------
    least
        How many points a family must have in common.
    most
        How many families to list.

    Examples
    --------
    >>> from geosae.geometry import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder, neurons_of
    >>> x = np.random.default_rng(0).uniform(-1, 1, (400, 2))
    >>> data = ConceptDataset(x, x[:, :1] > 0, ("right",))
    >>> near = HalfSpaces(np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]]), np.zeros(3))
    >>> family = families(neurons_of(SparseAutoencoder.planted(near)), data).found[0]
    >>> family.neurons, family.lift > 1.5
    ((0, 1), True)
    """
    return families_among(read(sae, dataset)[1], alpha=alpha, least=least, most=most)


@checked_arguments(alpha=PROBABILITY, least=COUNT, most=COUNT)
def families_among(
    fires: Bool[np.ndarray, "N d"], *, alpha: float = 0.05, least: int = 5, most: int = 200
) -> Families:
    """Find the families in a table of which neuron fires at which point, as `families` does.

    Permuting each column by itself gives the control: the neurons fire as often as before, independently.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> fires = rng.random(400) < 0.3
    >>> alike = np.column_stack([fires, fires, rng.random(400) < 0.3])
    >>> families_among(alike).beyond, families_among(rng.permuted(alike, axis=0)).beyond
    (1, 0)
    """
    alpha, fires = open_share(alpha, "alpha"), as_mask(fires, "the table of who fires")
    size = len(fires)
    fired = np.count_nonzero(fires, axis=0)
    tested = np.flatnonzero((fired > 0) & (fired < size))
    pairs = len(tested) * (len(tested) - 1) // 2
    if not pairs:
        return Families((), 0, 0, alpha, False)
    firing, counts = fires[:, tested], fired[tested]
    joint = joint_counts(firing)
    together = _beyond_chance(joint, counts, size, alpha / pairs)
    lift = joint * float(size) / np.outer(counts, counts)
    groups, cut = _grow(firing, together & (joint >= least), lift, least, most)
    level = alpha / max(1, len(groups))
    listed = tuple(_family(fires, tested[list(group)], level) for group in groups)
    return Families(listed, int(np.count_nonzero(np.triu(together, 1))), pairs, alpha, cut)


def _beyond_chance(
    joint: Int[np.ndarray, "d d"], counts: Int[np.ndarray, "d"], size: int, level: float
) -> Bool[np.ndarray, "d d"]:
    """Tell which pairs reject independence; the test needs to be run only on pairs above expectation."""
    expected = np.outer(counts, counts) / size
    rows, columns = np.nonzero(np.triu(joint > expected, 1))
    rejected = np.zeros(joint.shape, dtype=np.bool_)
    for i, j in zip(rows, columns, strict=True):
        rejected[i, j] = _tail(int(joint[i, j]), int(counts[i]), int(counts[j]), size) <= level
    return rejected | rejected.T


def _tail(both: int, first: int, second: int, size: int) -> float:
    """Return Pr[at least `both` common points] of two random subsets of these sizes (hypergeometric)."""
    k: Float[np.ndarray, " k"] = np.arange(both, min(first, second) + 1, dtype=np.float64)
    logs = _log_choose(first, k) + _log_choose(size - first, second - k)
    logs -= _log_choose(size, np.float64(second))
    top = float(logs.max())
    return float(np.exp(top) * np.exp(logs - top).sum())


def _log_choose(n: int, k: Any) -> Any:
    return special.gammaln(n + 1.0) - special.gammaln(k + 1.0) - special.gammaln(n - k + 1.0)


def _grow(
    fires: Bool[np.ndarray, "N d"],
    linked: Bool[np.ndarray, "d d"],
    lift: Float[np.ndarray, "d d"],
    least: int,
    most: int,
) -> tuple[list[tuple[int, ...]], bool]:
    """Cover all linked pairs by groups, the pairs of greatest lift first."""
    rows, columns = np.nonzero(np.triu(linked, 1))
    order = np.lexsort((columns, rows, -lift[rows, columns]))
    covered = np.zeros(linked.shape, dtype=np.bool_)
    groups: list[tuple[int, ...]] = []
    for i, j in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if covered[i, j]:
            continue
        if len(groups) == most:
            return groups, True
        group = _group(fires, linked, [i, j], least)
        covered[np.ix_(group, group)] = True
        groups.append(tuple(group))
    return groups, False


def _group(
    fires: Bool[np.ndarray, "N d"], linked: Bool[np.ndarray, "d d"], group: list[int], least: int
) -> list[int]:
    common = fires[:, group].all(axis=1)
    while True:
        friends = np.flatnonzero(linked[group].all(axis=0))
        friends = friends[~np.isin(friends, group)]
        sizes = np.count_nonzero(fires[np.ix_(common, friends)], axis=0)
        if not len(sizes) or sizes.max() < least:
            return group
        best = int(friends[np.argmax(sizes)])
        group.append(best)
        common &= fires[:, best]


def _family(fires: Bool[np.ndarray, "N d"], members: Int[np.ndarray, "k"], level: float) -> Family:
    common = np.asarray(fires[:, members].all(axis=1))
    expected = float(np.prod(fires[:, members].mean(axis=0)))
    return Family(tuple(members.tolist()), np.flatnonzero(common), share_of(common, level), expected)
