"""The least dimension in which a context can be realised: bounds, and a realisation (theory F4, F5).

The least dimension is the sign-rank of the ±1 matrix less one, or one above that, and hard to find; here are
a lower bound that is proved and an upper bound that a verified realisation proves.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from geosae.fca.context import FormalContext
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.geometry.arrangements.sign_rank import least_dimension as forster_dimension
from geosae.storage.arguments import checked_arguments
from geosae_synthetic.lowdim import search
from geosae_synthetic.planted import planted_halfspaces, realises

UpperBy = Literal["line", "circle", "affine rank", "search"]
LowerBy = Literal["one", "no order of a line", "Forster"]


@dataclass(frozen=True, eq=False)
class Realisation:
    """A verified realisation of a context in few dimensions, and a proved bound on how few there can be.

    Parameters
    ----------
    points, halfspaces
        Point g lies in half-space m iff object g has attribute m, in exact arithmetic.
    lower, lower_by
        No realisation has fewer dimensions: every one has one; the objects have no order in which each
        attribute holds a beginning or an end (so a line is excluded); Forster's bound on the sign-rank.
    upper_by
        How the realisation was found: on a line, on a circle, from the affine rank of the rows, or by search.
    """

    points: Float[np.ndarray, "G n"]
    halfspaces: HalfSpaces
    lower: int
    lower_by: LowerBy
    upper_by: UpperBy

    @property
    def dim(self) -> int:
        """The dimension of the realisation."""
        return self.points.shape[1]

    @property
    def proved_least(self) -> bool:
        """Whether no realisation has fewer dimensions, proved."""
        return self.lower == self.dim


@checked_arguments()
def realise(context: FormalContext, rng: np.random.Generator) -> Realisation:
    """Realise a context in the least dimension that is found, and say whether it is proved least.

    A line is decided exactly; then a circle is tried, which fits the plane where some order of the objects
    makes every attribute an arc (two orders are tried). Otherwise the affine rank of the rows gives a first
    realisation, and a search tries one dimension less until it fails, which proves nothing, or the lower
    bound is reached.

    Examples
    --------
    >>> from geosae_synthetic.contexts import context_named
    >>> least = realise(context_named("boolean-5"), np.random.default_rng(0))
    >>> least.dim, least.lower, least.proved_least, least.upper_by
    (2, 2, True, 'circle')
    """
    on_line = line_order(context)
    if on_line is not None:
        points, halfspaces = _on_line(context, on_line)
        return Realisation(points, halfspaces, 1, "one", "line")
    lower, lower_by = lower_bound(context)
    on_circle = circle_order(context)
    if on_circle is not None and realises(context, *_on_circle(context, on_circle)):
        points, halfspaces = _on_circle(context, on_circle)
        return Realisation(points, halfspaces, lower, lower_by, "circle")
    points, halfspaces = planted_halfspaces(context)
    upper_by: UpperBy = "affine rank"
    while points.shape[1] > lower:
        lower_dim = search(context, points.shape[1] - 1, rng)
        if lower_dim is None or not realises(context, *lower_dim):
            break
        (points, halfspaces), upper_by = lower_dim, "search"
    return Realisation(points, halfspaces, lower, lower_by, upper_by)


def lower_bound(context: FormalContext) -> tuple[int, LowerBy]:
    """Return a proved lower bound on the dimension of every realisation, and what proves it.

    Examples
    --------
    >>> from geosae_synthetic.contexts import context_named
    >>> lower_bound(context_named("boolean-3")), lower_bound(context_named("chain-5"))
    ((2, 'no order of a line'), (1, 'one'))
    """
    least = forster_dimension(context.incidence)
    if least > 2:
        return least, "Forster"
    return (2, "no order of a line") if line_order(context) is None else (1, "one")


def line_order(context: FormalContext) -> list[int] | None:
    """Return an order of the objects in which each attribute holds a beginning or an end, if there is one.

    If object g comes first, the attributes without g hold ends; their complements then are beginnings, and
    beginnings of one order are nested. So each choice of g is decided by whether these sets are a chain.

    Examples
    --------
    >>> from geosae_synthetic.contexts import context_named
    >>> line_order(context_named("chain-4")), line_order(context_named("M3"))
    ([0, 1, 2], None)
    """
    for first in range(len(context.objects)):
        starts = np.where(context.incidence[first], context.incidence, ~context.incidence)
        # Along the order of a chain of sets, the objects in more of them come earlier.
        ranked = starts[:, np.argsort(starts.sum(axis=0), kind="stable")]
        if np.all(ranked[:, :-1] <= ranked[:, 1:]):
            return np.argsort(-starts.sum(axis=1), kind="stable").tolist()
    return None


def _on_line(context: FormalContext, order: list[int]) -> tuple[Float[np.ndarray, "G 1"], HalfSpaces]:
    position = np.empty(len(order))
    # Objects with the same attributes may share a position; an attribute's border lies halfway between two.
    position[order] = np.arange(len(order))
    w, c = np.zeros((len(context.attributes), 1)), np.zeros(len(context.attributes))
    for m, column in enumerate(context.incidence.T):
        inside = position[column]
        if column.all() or not column.any():
            c[m] = 1.0 if column.all() else -1.0
        elif inside.min() == 0 and inside.max() == len(inside) - 1:
            w[m], c[m] = -1.0, inside.max() + 0.5
        else:
            w[m], c[m] = 1.0, 0.5 - inside.min()
    points = position[:, None]
    return points, HalfSpaces(w, c)


def circle_order(context: FormalContext) -> list[int] | None:
    """Return a cyclic order of the objects in which each attribute holds an arc, if one of two tries is it.

    Tried are the given order and that of the second eigenvector of the Laplacian of shared attributes
    (Atkins, Boman and Hendrickson 1998, doi:10.1137/S0097539795285771), after complementing the attributes of
    the first object, so that arcs become intervals.

    Examples
    --------
    >>> from geosae_synthetic.contexts import context_named
    >>> circle_order(context_named("M3"))
    [0, 1, 2]
    """
    intervals = np.where(context.incidence[0], ~context.incidence, context.incidence).astype(np.float64)
    shared = intervals @ intervals.T
    _, vectors = np.linalg.eigh(np.diag(shared.sum(axis=1)) - shared)
    spectral = np.argsort(vectors[:, min(1, len(vectors) - 1)], kind="stable").tolist()
    for order in (list(range(len(context.objects))), spectral):
        rows = context.incidence[order]
        if np.all((rows != np.roll(rows, 1, axis=0)).sum(axis=0) <= 2):
            return order
    return None


def _on_circle(context: FormalContext, order: list[int]) -> tuple[Float[np.ndarray, "G 2"], HalfSpaces]:
    count, half = len(order), np.pi / len(order)
    points = np.empty((count, 2))
    points[order] = _circle(2 * half * np.arange(count))
    w, c = np.zeros((len(context.attributes), 2)), np.zeros(len(context.attributes))
    for m, column in enumerate(context.incidence[order].T):
        size = int(column.sum())
        if size in (0, count):
            c[m] = 1.0 if size else -1.0
            continue
        first = int(np.flatnonzero(column & ~np.roll(column, 1))[0])
        # The border of an arc of k places lies k half-steps from its middle.
        w[m], c[m] = _circle(np.array([half * (2 * first + size - 1)]))[0], -np.cos(half * size)
    return points, HalfSpaces(w, c)


def _circle(angles: Float[np.ndarray, " N"]) -> Float[np.ndarray, "N 2"]:
    return np.column_stack([np.cos(angles), np.sin(angles)])


def dimension_facts(context: FormalContext, used: int) -> dict[str, Any]:
    """Return what is known of the dimension of a context's realisations, ready for JSON.

    Examples
    --------
    >>> from geosae_synthetic.contexts import context_named
    >>> dimension_facts(context_named("M3"), 2)
    {'used': 2, 'lower': 2, 'lower_by': 'no order of a line', 'proved_least': True}
    """
    lower, by = lower_bound(context)
    return {"used": used, "lower": lower, "lower_by": by, "proved_least": used == lower}
