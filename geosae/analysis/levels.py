"""The notions, or growing tolerances, as levels of one context (theory F1)."""

from collections.abc import Iterable

import numpy as np

from geosae.analysis.alignment import Alignment
from geosae.analysis.table import Notion
from geosae.fca.context import FormalContext
from geosae.fca.nested import NestedContext, nested


def levels_of(alignment: Alignment, tolerance: float | None = None) -> NestedContext:
    """Return the three notions of an alignment as one nested context; each also asks for the ones before.

    Approximation is left out where it was not measured.
    """
    levels: dict[str, FormalContext] = {}
    within = np.ones((len(alignment.concepts), alignment.width), dtype=bool)
    notions: tuple[Notion, ...] = ("detection", "separation", "approximation")
    for notion in notions:
        if notion == "approximation" and alignment.approximation is None:
            continue
        context = alignment.context(notion, tolerance)
        within = within & context.incidence
        levels[notion] = FormalContext(context.objects, context.attributes, within)
    return nested(levels)


def along_tolerances(alignment: Alignment, notion: Notion, tolerances: Iterable[float]) -> NestedContext:
    """Return the contexts of a notion at several tolerances as one nested context, the largest first.

    Raises
    ------
    InvalidInput
        If there is no tolerance, or the notion was not measured.
    """
    steps = sorted({float(t) for t in tolerances}, reverse=True)
    return nested({f"{t:g}": alignment.context(notion, t) for t in steps})
