"""Families of concepts found without the whole lattice: Δ-stable ones, and icebergs.

Δ-stability, and that it can be mined column by column: A. Buzmakov, S. O. Kuznetsov and A. Napoli, Fast
generation of best interval patterns for nonmonotonic constraints, ECML PKDD 2015,
doi:10.1007/978-3-319-23525-7_10. Icebergs: G. Stumme et al., Computing iceberg concept lattices with TITANIC,
2002, doi:10.1016/S0169-023X(02)00057-5.
"""

import time
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int

from geosae.errors import InvalidInput
from geosae.fca import _enumerate_numba
from geosae.fca._stable_python import Mined, mine_ints
from geosae.fca.build import Search, TooManyConcepts
from geosae.fca.context import FormalContext
from geosae.fca.families import ConceptFamily
from geosae.fca.relations import included
from geosae.storage.arguments import checked_arguments
from geosae.validation import NATURAL, SECONDS, SEED, WIDE

Side = Literal["attributes", "objects"]
SHUFFLES = 2
"""Shuffled contexts; for more than `SMALL` cells one is enough."""
CHANCE = 0.1
"""θ is large enough when shuffled contexts yield at most so many concepts for one of the true context."""
START = 8
"""The first θ that is tried."""
CROWD = 2
"""A shuffled context is given up, as yielding too many sets, at so many times what could be right."""
SMALL = 40_000
"""Up to so many cells plain integers are fast enough, and the compiled loop is not loaded."""
LIKE = 0.5
"""A member counts for a set only if their Jaccard index is at least this: more in common than apart."""
BLOCK = 4096
"""So many rows are compared at once."""


@checked_arguments(cap=WIDE, seed=SEED)
def stable_family(
    context: FormalContext,
    theta: int | Literal["auto"] = "auto",
    *,
    side: Side = "attributes",
    grounded: bool = False,
    weights: Int[np.ndarray, "w"] | None = None,
    cap: int = 20_000,
    seed: int = 0,
) -> ConceptFamily:
    """Return all concepts for which every further step costs at least θ, without building the lattice.

    On the side of the attributes (neurons) a concept (A, B) is stable iff every object g outside A would cost
    at least θ attributes: |B| − |B ∩ g′| ≥ θ, and |B| ≥ θ. On the side of the objects, iff every attribute
    outside B would cost at least θ objects, and |A| ≥ θ. The family is exact, and an order rather than a
    lattice.

    Parameters
    ----------
    context
        Objects × attributes.
    theta
        The least cost, or "auto": see `choose_theta`.
    side
        Which side is counted.
    grounded
        Keep only concepts to which at least θ members of that side are nearest (by the Jaccard index of their
        own sets, at least a half), and the intersections of such: not what false crosses alone close.
        An automatic θ is chosen for this smaller family.
    weights
        How many each member of that side stands for, as `context.clarify()` counts them; default 1.
    cap
        The most concepts to accept, also on the way.
    seed
        Of the shuffled contexts that choose θ.

    Raises
    ------
    TooManyConcepts
        If more than `cap` concepts are stable.
    InvalidInput
        If θ is not positive, or the weights do not fit.

    Examples
    --------
    >>> rows = [[True] * 6 + [False] * 2, [True] * 6 + [False, True], [False] * 8]
    >>> family = stable_family(FormalContext.from_array(rows), theta=3)
    >>> [family.extent(i) for i in range(len(family))], family.delta.tolist()
    ([('g0', 'g1')], [6])
    """
    crosses = _counted(context, side, weights)
    if theta == "auto":
        theta = _chosen(crosses, cap, seed, grounded)
    if theta < 1:
        raise InvalidInput(f"theta = {theta}, where a step must cost at least 1")
    mined = _mine(crosses, theta, cap)
    if not mined.complete:
        raise TooManyConcepts(cap + 1, context)
    if grounded:
        mined = _grounded_part(mined, crosses, theta)
    step = "object" if side == "attributes" else "attribute"
    description = f"every further {step} costs at least {theta} {side}"
    if grounded:
        description += ", and grounded"
    return ConceptFamily(context, _extents(context, mined.sets, side), description, mined.delta, theta)


@checked_arguments(cap=WIDE, seed=SEED)
def choose_theta(
    context: FormalContext,
    *,
    side: Side = "attributes",
    grounded: bool = False,
    cap: int = 20_000,
    seed: int = 0,
) -> int:
    """Return the smallest θ at which contexts with shuffled columns yield almost no stable concept.

    The crosses of each member of the counted side are dealt anew over the other side, twice (once beyond
    40 000 cells). θ is large enough if these contexts yield, on average, at most a tenth as many stable
    concepts as the context itself. Concepts of one or all members of the other side do not count there: any
    context has them. A shuffled context is given up as too rich where its search passes through twice as many
    sets as the true family and the other side together have.

    Examples
    --------
    >>> rows = np.kron(np.eye(4, dtype=int), np.ones((3, 12), dtype=int)) == 1
    >>> 1 <= choose_theta(FormalContext.from_array(rows)) <= 12
    True
    """
    return _chosen(_counted(context, side, None), cap, seed, grounded)


@checked_arguments(cap=WIDE, seconds=SECONDS, min_support=NATURAL)
def iceberg(
    context: FormalContext,
    min_support: int,
    *,
    side: Side = "objects",
    cap: int = 200_000,
    seconds: float = float("inf"),
) -> ConceptFamily:
    """Return the concepts with at least so many objects (or attributes), without building the rest.

    Raises
    ------
    TooManyConcepts
        If there are more than `cap`, or the time is over.

    Examples
    --------
    >>> len(iceberg(FormalContext.from_array(~np.eye(4, dtype=bool)), 3))
    5
    """
    deadline = time.monotonic() + seconds
    search = Search.of(context, short_objects=side == "attributes")
    concepts = search.run(cap=cap, seconds=seconds, least=min_support)
    if concepts.stopped:
        raise TooManyConcepts(len(concepts), context, concepts.stopped)
    extents = _extents(context, search.members(concepts), side, deadline)
    return ConceptFamily(context, extents, f"at least {min_support} {side}")


def _extents(
    context: FormalContext, sets: Bool[np.ndarray, "k s"], side: Side, deadline: float = float("inf")
) -> Bool[np.ndarray, "k G"]:
    """Return the extents of concepts, whose sets on the side that is *not* counted are `sets`."""
    if side == "attributes":
        return sets
    extents = np.zeros((len(sets), len(context.objects)), dtype=bool)
    for extent, intent in zip(extents, sets, strict=True):
        if time.monotonic() > deadline:
            raise TooManyConcepts(len(sets), context, "time")
        extent[:] = context.extent_mask(intent)
    return extents


def _counted(
    context: FormalContext, side: Side, weights: Int[np.ndarray, "w"] | None
) -> Bool[np.ndarray, "l s"]:
    """Return the crosses with the counted side as rows, each as often as it weighs."""
    crosses = context.incidence.T if side == "attributes" else context.incidence
    if weights is None:
        return np.ascontiguousarray(crosses)
    if len(weights) != len(crosses) or (weights < 1).any():
        raise InvalidInput(f"{len(weights)} weights, or one below 1, do not fit {len(crosses)} {side}")
    return np.repeat(crosses, weights, axis=0)


def _mine(crosses: Bool[np.ndarray, "l s"], theta: int, cap: int) -> Mined:
    if crosses.size > SMALL and _enumerate_numba.available():
        from geosae.fca._stable_numba import mine_fast

        return mine_fast(crosses, theta, cap)
    return mine_ints(crosses, theta, cap)


def _grounded_part(mined: Mined, crosses: Bool[np.ndarray, "l s"], theta: int) -> Mined:
    mask = grounded_sets(mined.sets, crosses, theta)
    return Mined(mined.sets[mask], mined.delta[mask])


def grounded_sets(
    sets: Bool[np.ndarray, "k s"], crosses: Bool[np.ndarray, "l s"], theta: int
) -> Bool[np.ndarray, "k"]:
    """Tell which sets are nearest to at least θ rows, or are intersections of sets that are.

    Δ-stability counts the members of a concept's intent whatever else they are about. Where the concepts of a
    hierarchy are objects themselves, a parent {g} alone is closed by its false crosses with neurons that
    belong elsewhere, and a few of these make it stable. So each member is counted for the sets nearest to its
    own: those with which it has the greatest Jaccard index, if that is at least a half. The intersection of
    no set is everything.

    Examples
    --------
    >>> rows = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 1, 1], [1, 0, 0]]) == 1
    >>> sets = np.array([[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 0]]) == 1
    >>> grounded_sets(sets, rows, 2).tolist()  # only one row is nearest to {0}
    [True, True, True, True, False]
    """
    grounded = nearest_row_counts(sets, crosses) >= theta
    base = sets[grounded]
    for start in range(0, len(sets), BLOCK):
        part = sets[start : start + BLOCK]
        # In the intersection of the base sets above lies what none of them lacks; a base set is its own.
        meet = included(included(part, base), base.T)
        grounded[start : start + BLOCK] = (meet == part).all(axis=1)
    return grounded


def nearest_row_counts(
    sets: Bool[np.ndarray, "k s"], crosses: Bool[np.ndarray, "l s"]
) -> Int[np.ndarray, "k"]:
    """Count for each set the rows that are nearest to it.

    Examples
    --------
    >>> sets, rows = np.array([[1, 1], [1, 0]]) == 1, np.array([[1, 0], [1, 1], [0, 0]]) == 1
    >>> nearest_row_counts(sets, rows)
    array([1, 1])
    """
    counts = np.zeros(len(sets), dtype=np.int64)
    members, sizes = sets.astype(np.float32), sets.sum(axis=1, dtype=np.float32)
    if not len(sets):
        return counts
    for start in range(0, len(crosses), BLOCK):
        rows = crosses[start : start + BLOCK]
        # Counts are exact in float32 below 2^24, and equal fractions are equal after rounding.
        common = members @ rows.T.astype(np.float32)
        union = sizes[:, None] + rows.sum(axis=1, dtype=np.float32) - common
        like = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
        counts += ((like >= LIKE) & (like >= like.max(axis=0))).sum(axis=1)
    return counts


def _chosen(crosses: Bool[np.ndarray, "l s"], cap: int, seed: int, grounded: bool) -> int:
    rng = np.random.default_rng(seed)
    shuffled = [rng.permuted(crosses, axis=1) for _ in range(SHUFFLES if crosses.size <= SMALL else 1)]
    # No concept can cost more than the most members that one element of the other side has.
    high = int(crosses.sum(axis=0).max(initial=0)) + 1
    low, theta = 1, min(START, high)
    while low < high:
        least = _least(crosses, shuffled, theta, cap, grounded)
        if least is None:
            low = theta + 1
        elif least > theta:
            return least
        else:
            high = theta
        # Upwards by doubling until the families can be mined, downwards by halving the gap.
        theta = min(2 * theta, high) if high > 2 * theta else (low + high) // 2
    return high


def _least(
    crosses: Bool[np.ndarray, "l s"],
    shuffled: list[Bool[np.ndarray, "l s"]],
    theta: int,
    cap: int,
    grounded: bool,
) -> int | None:
    """Return the smallest cost from θ on that chance hardly reaches, or None where there is too much at θ.

    One search at θ yields the families of every greater cost too.
    """
    mined = _mine(crosses, theta, cap)
    if not mined.complete:
        return None
    room = min(cap, CROWD * (len(mined.sets) + crosses.shape[1] + 16))
    by_chance: list[Mined] = []
    for null in shuffled:
        by_chance.append(_mine(null, theta, room))
        if not by_chance[-1].complete:
            return None
    least = theta
    while True:
        true = len(_at(mined, crosses, least, grounded))
        pairs = zip(by_chance, shuffled, strict=True)
        sizes = np.concatenate([_at(m, null, least, grounded).sum(axis=1) for m, null in pairs])
        chance = np.count_nonzero((sizes > 1) & (sizes < crosses.shape[1]))
        if chance <= CHANCE * len(shuffled) * true:
            return least
        least += 1


def _at(
    mined: Mined, crosses: Bool[np.ndarray, "l s"], theta: int, grounded: bool
) -> Bool[np.ndarray, "k s"]:
    """Return the sets that a search at this greater θ would yield."""
    stable = mined.delta >= theta
    part = Mined(mined.sets[stable], mined.delta[stable])
    return (_grounded_part(part, crosses, theta) if grounded else part).sets
