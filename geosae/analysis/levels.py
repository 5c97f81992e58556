"""The notions, or growing tolerances, as levels of one context (theory F1)."""

from collections.abc import Iterable

import numpy as np

from geosae.analysis.alignment import Alignment, Edges
from geosae.analysis.table import Notion
from geosae.fca.context import FormalContext
from geosae.fca.nested import NestedContext, nested
from geosae.storage.arguments import checked_arguments
from geosae.validation import SHARE


@checked_arguments(tolerance=SHARE)
def levels_of(
    alignment: Alignment, tolerance: float | None = None, *, edges: Edges = "certified"
) -> NestedContext:
    """Return the three notions of an alignment as one nested context; each also asks for the ones before.

    Approximation is left out where it was not measured.
    """
    levels: dict[str, FormalContext] = {}
    within = np.ones((len(alignment.concepts), alignment.width), dtype=bool)
    for notion in alignment.notions:
        context = alignment.context(notion, tolerance, edges=edges)
        within = within & context.incidence
        levels[notion] = FormalContext(context.objects, context.attributes, within)
    return nested(levels)


@checked_arguments()
def along_tolerances(
    alignment: Alignment, notion: Notion, tolerances: Iterable[float], *, edges: Edges = "certified"
) -> NestedContext:
    """Return the contexts of a notion at several tolerances as one nested context, the largest first.

    Raises
    ------
    InvalidInput
        If there is no tolerance, or the notion was not measured.
    """
    contexts = alignment.contexts_along(notion, tuple(tolerances), edges=edges)
    return nested({f"{t:g}": context for t, context in contexts.items()})
