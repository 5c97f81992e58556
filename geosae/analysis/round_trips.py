"""Learning and interpretation as maps between concepts and neurons (F2), and broken hierarchy (F3)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from geosae.analysis.agreement import agreement, antitone_violations
from geosae.analysis.alignment import Alignment, Edges
from geosae.analysis.table import Notion
from geosae.fca.relations import closures
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import SHARE


@dataclass(frozen=True)
class ConceptRoundTrip:
    """What becomes of one concept: learned by its best neuron, which is interpreted as its best concept."""

    concept: str
    best_neuron: int | None
    read_back: str | None
    """The concept that the best neuron is best at."""
    mutual: bool
    """Whether that is the concept itself: g(f(C)) = C."""
    closed: bool
    """Whether the concept alone is an extent: {C}″ = {C}."""
    siblings: tuple[str, ...]
    """The other concepts that every neuron of this one learns too."""

    __repr__ = short_repr


@dataclass(frozen=True)
class NeuronRoundTrip:
    """What becomes of one neuron: interpreted as its best concept, whose best neuron is perhaps another."""

    neuron: int
    best_concept: str | None
    learned_by: int | None
    mutual: bool
    closed: bool
    """Whether the neuron alone is an intent: {i}″ = {i}."""

    __repr__ = short_repr


@dataclass(frozen=True)
class RoundTrips:
    """Both maps and their round trips, for every concept and neuron, and the violations of F3."""

    concepts: tuple[ConceptRoundTrip, ...]
    neurons: tuple[NeuronRoundTrip, ...]
    """The neurons that learn at least one concept."""
    mutual_rate: float
    """Share of the tested concepts with g(f(C)) = C; nan if none was tested."""
    closed_share: float
    """Share of the concepts with {C}″ = {C}."""
    violations: tuple[tuple[str, str, tuple[str, ...]], ...]
    """(child, parent, neurons that have the parent but not the child): none at exact detection (F3)."""

    __repr__ = short_repr


@checked_arguments(tolerance=SHARE)
def learning_and_interpretation(
    alignment: Alignment,
    notion: Notion = "detection",
    *,
    tolerance: float | None = None,
    edges: Edges = "certified",
    hierarchy: Bool[np.ndarray, "p p"] | None = None,
) -> RoundTrips:
    """Return for each concept and each neuron where learning and interpretation lead, and whether they agree.

    Parameters
    ----------
    alignment
        The analysed SAE.
    notion, tolerance, edges
        Of the context; the best neurons and concepts do not depend on the tolerance.
    hierarchy
        Which concepts lie within which; `dataset.hierarchy`. Without it no violations are sought.

    Raises
    ------
    InvalidInput
        If the notion was not measured.
    """
    best = agreement(alignment.table(notion))
    context = alignment.context(notion, tolerance, edges=edges)
    names = alignment.concepts
    singles = np.eye(len(names), dtype=bool)
    closed = closures(context.incidence, singles)
    concepts = tuple(
        ConceptRoundTrip(
            name,
            None if (f := int(best.best_neuron[k])) < 0 else f,
            None if f < 0 or (back := int(best.best_concept[f])) < 0 else names[back],
            bool(best.mutual[k]),
            bool((closed[k] == singles[k]).all()),
            tuple(names[i] for i in np.flatnonzero(closed[k] & ~singles[k]).tolist()),
        )
        for k, name in enumerate(names)
    )
    active = np.flatnonzero(context.incidence.any(axis=0))
    alone = np.zeros((len(active), len(context.attributes)), dtype=bool)
    alone[np.arange(len(active)), active] = True
    stays = closures(context.incidence.T, alone).sum(axis=1) == 1
    neurons = tuple(
        NeuronRoundTrip(
            i,
            None if (g := int(best.best_concept[i])) < 0 else names[g],
            None if g < 0 or (f := int(best.best_neuron[g])) < 0 else f,
            g >= 0 and int(best.best_neuron[g]) == i,
            bool(single),
        )
        for i, single in zip(active.tolist(), stays, strict=True)
    )
    return RoundTrips(
        concepts,
        neurons,
        best.rate,
        float(np.mean([c.closed for c in concepts])),
        () if hierarchy is None else antitone_violations(context, hierarchy),
    )
