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
from geosae.fca._grounded import grounded as _grounded
from geosae.fca._stable_python import Mined, mine_ints
from geosae.fca.build import Search, TooManyConcepts
from geosae.fca.context import FormalContext
from geosae.fca.families import ConceptFamily

Side = Literal["attributes", "objects"]
SHUFFLES = 2
"""Shuffled contexts; for more than `SMALL` cells one is enough."""
CHANCE = 0.1
"""θ is large enough when shuffled contexts yield at most so many concepts for one of the true context."""
START = 8
"""The first θ that is tried."""
CROWD = 2
"""A shuffled context is given up, as yielding too much, with so many times the sets that could be right."""
SMALL = 40_000
"""Up to so many cells plain integers are fast enough to leave the compiled loop unloaded."""


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
        own sets, at least a half), and the intersections of such: what is closed by false crosses alone goes.
        θ is then chosen for that.
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
        mined = _kept(mined, crosses, theta)
    if side == "attributes":
        extents = mined.sets
    else:
        extents = np.zeros((len(mined.sets), len(context.objects)), dtype=bool)
        for line, intent in zip(extents, mined.sets, strict=True):
            line[:] = context.extent_mask(intent)
    step = "object" if side == "attributes" else "attribute"
    what = f"every further {step} costs at least {theta} {side}" + (", and grounded" if grounded else "")
    return ConceptFamily(context, extents, what, mined.delta, theta)


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
    40 000 cells). θ is large
    enough if these contexts yield, on average, at most a tenth as many stable concepts as the context
    itself. Concepts of one or all members of the other side do not count there: any context has them. A
    shuffled context is given up as too rich where its search passes through twice as many sets as
    the true family and the other side together have.

    Examples
    --------
    >>> rows = np.kron(np.eye(4, dtype=int), np.ones((3, 12), dtype=int)) == 1
    >>> 1 <= choose_theta(FormalContext.from_array(rows)) <= 12
    True
    """
    return _chosen(_counted(context, side, None), cap, seed, grounded)


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
    search = Search.of(context, short_objects=side == "attributes")
    started = time.monotonic()
    found = search.run(cap=cap, seconds=seconds, least=min_support)
    if found.stopped:
        raise TooManyConcepts(len(found), context, found.stopped)
    short = search.members(found)
    if side == "attributes":
        extents = short
    else:
        extents = np.zeros((len(short), len(context.objects)), dtype=bool)
        for line, intent in zip(extents, short, strict=True):
            if time.monotonic() - started > seconds:
                raise TooManyConcepts(len(found), context, "time")
            line[:] = context.extent_mask(intent)
    return ConceptFamily(context, extents, f"at least {min_support} {side}")


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


def _kept(mined: Mined, crosses: Bool[np.ndarray, "l s"], theta: int) -> Mined:
    stays = _grounded(mined.sets, crosses, theta)
    return Mined(mined.sets[stays], mined.delta[stays])


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

    One search at θ tells what there is at every greater cost.
    """
    found = _mine(crosses, theta, cap)
    if not found.complete:
        return None
    room = min(cap, CROWD * (len(found.sets) + crosses.shape[1] + 16))
    by_chance: list[Mined] = []
    for other in shuffled:
        by_chance.append(_mine(other, theta, room))
        if not by_chance[-1].complete:
            return None
    least = theta
    while True:
        true = len(_at(found, crosses, least, grounded))
        pairs = zip(by_chance, shuffled, strict=True)
        sizes = np.concatenate([_at(m, other, least, grounded).sum(axis=1) for m, other in pairs])
        chance = np.count_nonzero((sizes > 1) & (sizes < crosses.shape[1]))
        if chance <= CHANCE * len(shuffled) * true:
            return least
        least += 1


def _at(
    mined: Mined, crosses: Bool[np.ndarray, "l s"], theta: int, grounded: bool
) -> Bool[np.ndarray, "k s"]:
    """Return the sets that a search at this greater θ would have found."""
    stable = mined.delta >= theta
    part = Mined(mined.sets[stable], mined.delta[stable])
    return (_kept(part, crosses, theta) if grounded else part).sets
