"""Numbers of single concepts: stability, its bounds, Δ, and the separation index.

Stability: S. O. Kuznetsov, On stability of a formal concept, Ann. Math. Artif. Intell. 49 (2007),
doi:10.1007/s10472-007-9053-6. Separation: M. Klimushkin, S. Obiedkov and C. Roth, Approaches to the selection
of relevant concepts in the case of noisy data, ICFCA 2010, doi:10.1007/978-3-642-11928-6_18.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from jaxtyping import Float, Int

from geosae.errors import InvalidInput
from geosae.fca._rows import lists_of, sizes_of, transpose
from geosae.fca.lattice import ConceptLattice
from geosae.fca.stable import Side
from geosae.storage.arguments import checked_arguments

LARGEST = 10_000


@checked_arguments()
def stability(lattice: ConceptLattice, *, side: Side = "objects") -> list[Fraction]:
    """Return for every concept the share of subsets of its extent (or intent) that have its intent (extent).

    Exact: each of the 2^|A| subsets of A generates A or one smaller extent, so the numbers of generating
    subsets follow from the bottom up. Quadratic in the number of concepts.

    Raises
    ------
    InvalidInput
        If there are more than 10 000 concepts: `stability_bounds` needs the covers only.

    Examples
    --------
    >>> from geosae.fca.context import FormalContext
    >>> from geosae.fca import concept_lattice
    >>> stability(concept_lattice(FormalContext.from_array([[True, True], [True, False]])))
    [Fraction(1, 1), Fraction(1, 2)]
    """
    if len(lattice) > LARGEST:
        raise InvalidInput(
            f"exact stability of {len(lattice)} concepts takes too long", remedy="use stability_bounds"
        )
    sizes, below, order = _side(lattice, side)
    smaller: list[int] = [0] * len(lattice)
    generating: list[int] = [0] * len(lattice)
    for i in order:
        remaining = 0
        for j in below[i]:
            remaining |= smaller[j] | 1 << j
        smaller[i] = remaining
        subsets = 1 << int(sizes[i])
        while remaining:
            low = remaining & -remaining
            subsets -= generating[low.bit_length() - 1]
            remaining ^= low
        generating[i] = subsets
    return [Fraction(count, 1 << int(size)) for count, size in zip(generating, sizes, strict=True)]


@checked_arguments()
def stability_bounds(
    lattice: ConceptLattice, *, side: Side = "objects"
) -> tuple[Float[np.ndarray, "m"], Float[np.ndarray, "m"]]:
    """Return a lower and an upper bound on each stability, from the covers: 1 − Σ 2^−c and 1 − max 2^−c.

    c is what each cover costs, |A| − |D|: a subset of A fails to have A's intent iff it lies within some D.

    Examples
    --------
    >>> from geosae.fca.context import FormalContext
    >>> from geosae.fca import concept_lattice
    >>> low, high = stability_bounds(concept_lattice(FormalContext.from_array(~np.eye(2, dtype=bool))))
    >>> low.tolist(), high.tolist()
    ([1.0, 0.5, 0.5, 0.0], [1.0, 0.5, 0.5, 0.5])
    """
    start, items, sizes = _costs(lattice, side)
    source = np.repeat(np.arange(len(lattice)), np.diff(start))
    share = 2.0 ** -(sizes[source] - sizes[items]).astype(np.float64)
    worst = np.zeros(len(lattice))
    np.maximum.at(worst, source, share)
    return np.maximum(0.0, 1.0 - np.bincount(source, share, minlength=len(lattice))), 1.0 - worst


@checked_arguments()
def deltas(lattice: ConceptLattice, *, side: Side = "objects") -> Int[np.ndarray, "m"]:
    """Return what each concept loses at least by a further step: |A| − |D| over its covers D.

    The one concept without such a step has its size.

    Examples
    --------
    >>> from geosae.fca.context import FormalContext
    >>> from geosae.fca import concept_lattice
    >>> crosses = [[True, True], [True, False], [True, False]]
    >>> deltas(concept_lattice(FormalContext.from_array(crosses))).tolist()
    [1, 2]
    """
    start, items, sizes = _costs(lattice, side)
    least = sizes.copy()
    source = np.repeat(np.arange(len(lattice)), np.diff(start))
    np.minimum.at(least, source, sizes[source] - sizes[items])
    return least


@checked_arguments()
def separation_index(lattice: ConceptLattice) -> Float[np.ndarray, "m"]:
    """Return |A|·|B| over the crosses of all rows of A and columns of B: 1 iff A and B have no others.

    nan where those rows and columns have no cross.

    Examples
    --------
    >>> from geosae.fca.context import FormalContext
    >>> from geosae.fca import concept_lattice
    >>> separation_index(concept_lattice(FormalContext.from_array(np.eye(2, dtype=bool)))).tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    rows = lattice.context.incidence.sum(axis=1)
    columns = lattice.context.incidence.sum(axis=0)
    area = lattice.extent_sizes * lattice.intent_sizes
    pairs = zip(lattice.extents, lattice.intents, strict=True)
    reach = np.array([int(rows[list(a)].sum() + columns[list(b)].sum()) for a, b in pairs]) - area
    return np.divide(area, reach, out=np.full(len(area), np.nan), where=reach > 0)


def _side(
    lattice: ConceptLattice, side: Side
) -> tuple[Int[np.ndarray, "m"], Sequence[tuple[int, ...]], range]:
    """Return the sizes, the covers with smaller sets, and an order from small to large sets."""
    if side == "objects":
        return lattice.extent_sizes, lattice.lower, range(len(lattice))
    return lattice.intent_sizes, lattice.upper, range(len(lattice) - 1, -1, -1)


def _costs(
    lattice: ConceptLattice, side: Side
) -> tuple[Int[np.ndarray, "m1"], Int[np.ndarray, "e"], Int[np.ndarray, "m"]]:
    upper = lists_of(lattice.upper)
    if side == "objects":
        return *transpose(*upper), sizes_of(lattice.extents)
    return *upper, sizes_of(lattice.intents)
