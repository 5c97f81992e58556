"""Levels of one relation in one context: detection ⊇ separation ⊇ approximation, or tolerances that grow.

Ordinal scaling: B. Ganter and R. Wille, Formal Concept Analysis, Springer 1999, section 1.3. Theory F1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geosae.errors import InvalidInput
from geosae.fca.build import Count, count_concepts
from geosae.fca.context import FormalContext
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import SECONDS, WIDE


@dataclass(frozen=True, eq=False)
class NestedContext:
    """One context with an attribute "neuron:level" for every neuron and level, and a view of each level.

    Examples
    --------
    >>> wide = FormalContext.from_array([[True, True], [True, False]])
    >>> narrow = FormalContext.from_array([[True, False], [False, False]])
    >>> both = nested({"detection": wide, "separation": narrow})
    >>> both.context.attributes
    ('m0:detection', 'm1:detection', 'm0:separation', 'm1:separation')
    >>> both.view("separation").incidence.tolist()
    [[True, False], [False, False]]
    """

    context: FormalContext
    levels: tuple[str, ...]
    """From the weakest level, which holds most often, to the strongest."""
    attributes: tuple[str, ...]

    __repr__ = short_repr

    def view(self, level: str) -> FormalContext:
        """Return the context of one level.

        Raises
        ------
        InvalidInput
            If there is no such level.
        """
        if level not in self.levels:
            raise InvalidInput(f"there is no level {level!r}", remedy=f"known: {', '.join(self.levels)}")
        first = self.levels.index(level) * len(self.attributes)
        part = self.context.incidence[:, first : first + len(self.attributes)]
        return FormalContext(self.context.objects, self.attributes, part)

    @cached_property
    def crosses(self) -> tuple[int, ...]:
        """How many crosses each level has: they grow from strong to weak."""
        return tuple(int(self.view(level).incidence.sum()) for level in self.levels)


@checked_arguments()
def nested(levels: Mapping[str, FormalContext]) -> NestedContext:
    """Join contexts over the same objects and attributes, each contained in the one before, into one.

    Raises
    ------
    InvalidInput
        If there is no level, they are about other things, or one is not contained in the one before; the
        first such cross is named. (Separation lies in detection by definition; approximation lies in
        separation only as far as the ambient measure weighs the support, theory F1.)
    """
    names, contexts = tuple(levels), tuple(levels.values())
    if not contexts:
        raise InvalidInput("there is no level to join")
    first = contexts[0]
    for weak, strong, name in zip(contexts, contexts[1:], names[1:], strict=False):
        if (strong.objects, strong.attributes) != (first.objects, first.attributes):
            raise InvalidInput(f"level {name!r} is about other objects or attributes")
        extra = np.argwhere(strong.incidence & ~weak.incidence)
        if len(extra):
            g, m = extra[0].tolist()
            raise InvalidInput(
                f"level {name!r} is not contained in the one before: ({first.objects[g]}, "
                f"{first.attributes[m]}) and {len(extra) - 1} more",
                causes="levels in another order, or errors that are graded in two measures (F1)",
                remedy="order them from weak to strong, or intersect each with the one before",
            )
    attributes = tuple(f"{m}:{name}" for name in names for m in first.attributes)
    incidence = np.concatenate([context.incidence for context in contexts], axis=1)
    return NestedContext(FormalContext(first.objects, attributes, incidence), names, first.attributes)


@checked_arguments(cap=WIDE, seconds=SECONDS)
def sizes_along(levels: NestedContext, *, cap: int = 20_000, seconds: float = 10.0) -> tuple[Count, ...]:
    """Return the number of concepts at each level, or "at least N": the lattice along ε, ready to plot.

    Examples
    --------
    >>> wide = FormalContext.from_array(~np.eye(3, dtype=bool))
    >>> narrow = FormalContext.from_array(np.zeros((3, 3), dtype=bool))
    >>> [count.found for count in sizes_along(nested({"0.2": wide, "0.1": narrow}))]
    [8, 2]
    """
    return tuple(count_concepts(levels.view(level), cap=cap, seconds=seconds) for level in levels.levels)
