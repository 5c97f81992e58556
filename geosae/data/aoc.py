"""The AOC-poset: attribute concepts and object concepts only, at most |G| + |M| of them.

A. Berry, M. Huchard, A. Napoli and A. Sigayret, Hermes: an efficient algorithm for building Galois
sub-hierarchies, CLA 2012, is the reference for speed; this is the definition on arrays.
"""

import numpy as np

from geosae.data.clarify import clarified, merged
from geosae.data.context import FormalContext
from geosae.data.family import ConceptFamily


def aoc_poset(context: FormalContext) -> ConceptFamily:
    """Return the concepts of single attributes and of single objects, ordered: every name stands somewhere.

    Examples
    --------
    >>> cube = FormalContext.from_array(~np.eye(3, dtype=bool))
    >>> len(aoc_poset(cube))
    6
    """
    small = clarified(context)
    columns = small.context.incidence.T[:, small.object_class]
    # The extent of an object's concept: the objects that have all its attributes.
    lacks = (~small.context.incidence).astype(np.float32)
    objects = (small.context.incidence.astype(np.float32) @ lacks.T == 0)[:, small.object_class]
    extents = merged(np.concatenate([columns, objects]))[0]
    return ConceptFamily(context, extents, "attribute and object concepts")
