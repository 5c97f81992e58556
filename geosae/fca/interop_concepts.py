"""The package `concepts`: hand a finished lattice to it, or let it enumerate small contexts as an oracle."""

from collections import Counter
from typing import Any

from geosae.fca.context import FormalContext
from geosae.fca.lattice import ConceptLattice
from geosae.storage.arguments import checked_arguments


@checked_arguments()
def to_concepts(lattice: ConceptLattice) -> Any:
    """Return a `concepts.Context` whose `.lattice` is this lattice, not computed again.

    Labels that `concepts` would refuse are changed: empty and repeated ones are numbered, and where objects
    and attributes share a name, attributes get the prefix "n:".

    Examples
    --------
    >>> from geosae.fca import concept_lattice
    >>> animals = FormalContext.from_array([[True, True], [True, False]], ["frog", "fish"], ["swims", "legs"])
    >>> to_concepts(concept_lattice(animals)).lattice.supremum.extent
    ('frog', 'fish')
    """
    import concepts

    objects, attributes = plain_labels(lattice.context)
    return concepts.Context.fromdict(
        {
            "objects": objects,
            "properties": attributes,
            "context": [tuple(row.nonzero()[0].tolist()) for row in lattice.context.incidence],
            "lattice": list(zip(lattice.extents, lattice.intents, lattice.upper, lattice.lower, strict=True)),
        },
        raw=True,
    )


def plain_labels(context: FormalContext) -> tuple[list[str], list[str]]:
    """Return labels that `concepts` accepts: non-empty, different, and not shared by objects and attributes.

    Examples
    --------
    >>> import numpy as np
    >>> plain_labels(FormalContext(("a", "a"), ("a", ""), np.eye(2, dtype=bool)))
    (['a', 'a#1'], ['n:a', 'n:m1'])
    """
    objects = _distinct(context.objects, "g")
    attributes = _distinct(context.attributes, "m")
    if set(objects) & set(attributes):
        object_labels, prefix = set(objects), "n:"
        while any(prefix + name in object_labels for name in attributes):
            prefix += ":"
        attributes = [prefix + name for name in attributes]
    return objects, attributes


def _distinct(labels: tuple[str, ...], letter: str) -> list[str]:
    names = [name or f"{letter}{i}" for i, name in enumerate(labels)]
    counts = Counter(names)
    used: set[str] = set()
    distinct: list[str] = []
    for i, name in enumerate(names):
        fresh = name if name not in used else f"{name}#{i}"
        while fresh in used or (fresh != name and counts[fresh]):
            fresh += "'"
        used.add(fresh)
        distinct.append(fresh)
    return distinct


def oracle(context: FormalContext) -> set[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return all (extent, intent) index pairs as `concepts` enumerates them; for tests on small contexts.

    The package keeps every context in memory: do not call this in a loop over thousands.
    """
    import concepts

    objects = [f"o{i}" for i in range(len(context.objects))]
    attributes = [f"a{i}" for i in range(len(context.attributes))]
    lattice: Any = concepts.Context(objects, attributes, context.incidence.tolist()).lattice
    return {
        (tuple(sorted(int(o[1:]) for o in c.extent)), tuple(sorted(int(a[1:]) for a in c.intent)))
        for c in lattice
    }
