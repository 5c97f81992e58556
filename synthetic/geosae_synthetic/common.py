"""What several families share: the ambient box, the background parameter, the truth of a convex concept."""

import numpy as np

from geosae.data.truth import ConceptTruth
from geosae.geometry.approximation.measures import UniformBox
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
