"""What several families share: the ambient box, the background parameter, the truth of a convex concept."""

import numpy as np
from jaxtyping import Float

from geosae.data.truth import ConceptTruth
from geosae.geometry.approximation.measures import UniformBox
from geosae_synthetic.placing import hull_distance
from geosae_synthetic.spec import Parameter

BOX = "the box [−1, 1]ⁿ"


def unit_box(dim: int) -> UniformBox:
    """Return the uniform measure on [−1, 1]ⁿ, the ambient measure of most worlds.

    Examples
    --------
    >>> unit_box(2).high.tolist()
    [1.0, 1.0]
    """
    return UniformBox(-np.ones(dim), np.ones(dim))


def background(*, required: bool) -> Parameter:
    """Return the parameter that says which share of the points is drawn from the ambient measure.

    Examples
    --------
    >>> background(required=True).range
    'a number in (0, 1)'
    """
    return Parameter(
        "background",
        0.25,
        "share of the points drawn from the ambient measure ν, wherever they fall",
        unit="share of N",
        low=0.0,
        high=1.0,
        open_low=required,
        open_high=True,
    )


PRECISION = Parameter(
    "precision",
    "double",
    "float64, or float32 drawn several times as fast from another stream of the same seed",
    choices=("double", "single"),
)


def convex_in_background(depth: int, facets: int | None = None) -> ConceptTruth:
    """Return the truth of a convex body inside the box, of that overlap depth, with background everywhere.

    Conv(X∖C) is the whole box, so no half-space separates, and X∖C meets Conv(C) = C nowhere; m* is the
    number of facets, where it is finite (theory A1, A4).

    Examples
    --------
    >>> convex_in_background(1, facets=4).smallest_unit
    4
    """
    return ConceptTruth(
        convex=True,
        irreducible_error=0.0,
        one_neuron=False,
        unit=True,
        smallest_unit=facets,
        overlap_depth=depth,
    )


def convex_among_balls(
    others: Float[np.ndarray, "k n"], centre: Float[np.ndarray, "n"], radius: float, core: float = 1.0
) -> ConceptTruth:
    """Return the truth of a convex body where all other points lie in bodies that do not meet it.

    Every body lies in the ball of this radius around its centre and holds that of radius core·radius (a ball:
    core = 1). The hull of balls of one radius is the hull of their centres, grown by it: so the two hulls are
    disjoint if the centre is farther than two radii from the hull of the other centres, and meet if it is not
    farther than two core radii.

    Examples
    --------
    >>> convex_among_balls(np.array([[3.0], [-3.0]]), np.zeros(1), 1.0).one_neuron
    False
    """
    low, high = hull_distance(centre, others)
    one_neuron = True if low > 2 * radius else (False if high <= 2 * radius * core else None)
    return ConceptTruth(
        True,
        0.0,
        one_neuron=one_neuron,
        unit=True,
        smallest_unit=1 if one_neuron else None,
        unit_interval=(2, None) if one_neuron is False else None,
        overlap_depth=1,
    )
