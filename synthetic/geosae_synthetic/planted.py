"""Points and half-spaces that realise a formal context exactly (theory F4).

Point g lies in the open half-space m iff object g has attribute m. The dimension is the affine rank of the
context's rows, at most the number of objects less one: points take r of the 0/1 columns as coordinates, every
other column is an affine function of these, and so is the half-space that it asks for.
"""

import math
from fractions import Fraction

import numpy as np
from flint import fmpz_mat
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.fca.context import FormalContext
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.exact import integers
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT
from geosae_synthetic.lowdim import search


@checked_arguments(dim=COUNT)
def planted_halfspaces(
    context: FormalContext, dim: int | None = None, rng: np.random.Generator | None = None
) -> tuple[Float[np.ndarray, "G n"], HalfSpaces]:
    """Return a point per object and a half-space per attribute that realise the context exactly.

    Left out, the dimension is the affine rank of the rows (at least 1), which needs no search. A larger one
    is filled with zero coordinates. A smaller one is searched for with `rng` (seed 0 if left out); the least
    possible dimension is a sign-rank less one, which no fast method finds (theory F5). The answer is
    verified in exact arithmetic.

    Raises
    ------
    InvalidInput
        If the context is empty, or no realisation was found in so low a dimension.

    Examples
    --------
    >>> from geosae_synthetic.contexts import context_named
    >>> points, halfspaces = planted_halfspaces(context_named("boolean-3"))
    >>> points.shape, halfspaces.contains(points).tolist() == context_named("boolean-3").incidence.tolist()
    ((3, 2), True)
    """
    if not context.objects or not context.attributes:
        raise InvalidInput("a context without objects or without attributes has nothing to realise")
    points, halfspaces = _by_rank(context)
    rank = points.shape[1]
    if dim is not None and dim > rank:
        points = np.pad(points, ((0, 0), (0, dim - rank)))
        halfspaces = HalfSpaces(np.pad(halfspaces.w, ((0, 0), (0, dim - rank))), halfspaces.c)
    elif dim is not None and dim < rank:
        realisation = search(context, dim, np.random.default_rng(0) if rng is None else rng)
        if realisation is None or not realises(context, *realisation):
            raise InvalidInput(
                f"no realisation of this context ({len(context.objects)} objects, {len(context.attributes)} "
                f"attributes) was found in dimension {dim}",
                remedy=f"dim ≥ {rank} always works",
            )
        points, halfspaces = realisation
    if not realises(context, points, halfspaces):
        raise InvalidInput(
            "the half-spaces of this context do not fit into floats",
            causes="a context whose columns depend on one another through huge coefficients",
        )
    return points, halfspaces


def realises(context: FormalContext, points: Float[np.ndarray, "G n"], halfspaces: HalfSpaces) -> bool:
    """Tell whether point g lies in half-space m iff object g has attribute m, in exact arithmetic.

    No point may lie on a hyperplane.

    Examples
    --------
    >>> context = FormalContext.from_array([[True]])
    >>> realises(context, np.zeros((1, 1)), HalfSpaces(np.ones((1, 1)), np.zeros(1)))
    False
    """
    if points.shape[0] != len(context.objects) or len(halfspaces) != len(context.attributes):
        return False
    # An offset is one more coordinate: ⟨(w, c), (x, 1)⟩.
    lifted = integers(np.column_stack([points, np.ones(len(points))]))
    normals = integers(np.column_stack([halfspaces.w, halfspaces.c]))
    values = (lifted.matrix * normals.matrix.transpose()).table()
    # The common power of two is positive, so signs are those of the integers.
    return all(
        value != 0 and (value > 0) == has
        for row, crosses in zip(values, context.incidence.tolist(), strict=True)
        for value, has in zip(row, crosses, strict=True)
    )


def least_dimension(context: FormalContext, rng: np.random.Generator) -> int:
    """Return the least dimension in which a realisation was found: an upper bound on the least possible.

    Examples
    --------
    >>> from geosae_synthetic.contexts import context_named
    >>> least_dimension(context_named("chain-4"), np.random.default_rng(0))
    1
    """
    best = planted_halfspaces(context)[0].shape[1]
    while best > 1:
        realisation = search(context, best - 1, rng)
        if realisation is None or not realises(context, *realisation):
            break
        best -= 1
    return best


def _by_rank(context: FormalContext) -> tuple[Float[np.ndarray, "G n"], HalfSpaces]:
    rows = context.incidence.astype(np.int64)
    steps = rows - rows[0]
    reduced, denominator, rank = fmpz_mat(steps.tolist()).rref()
    table = [
        [Fraction(int(entry), int(denominator)) for entry in row] for row in reduced.table()[: int(rank)]
    ]
    pivots = [next(column for column, entry in enumerate(row) if entry) for row in table]
    # Column m of steps is Σ_p table[p][m] · (pivot column p); the half-space says rows[:, m] − ½ > 0,
    # multiplied by 2·scale.
    points = steps[:, pivots].astype(np.float64)
    w, c = np.zeros((rows.shape[1], max(1, len(pivots)))), np.zeros(rows.shape[1])
    for m in range(rows.shape[1]):
        column = [row[m] for row in table]
        scale = math.lcm(*(entry.denominator for entry in column)) if column else 1
        w[m, : len(column)] = [float(2 * scale * entry) for entry in column]
        c[m] = float(scale * (2 * int(rows[0, m]) - 1))
    return (points if pivots else np.zeros((len(rows), 1))), HalfSpaces(w, c)
