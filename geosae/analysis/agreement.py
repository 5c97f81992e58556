"""Learning against interpretation (F2), and the hierarchy in the detection context (F3)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.analysis.table import NotionTable
from geosae.errors import InvalidInput
from geosae.fca.context import FormalContext
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import as_mask


@dataclass(frozen=True, eq=False)
class Agreement:
    """f(C) = best neuron of each concept, g(i) = best concept of each neuron, −1 where there is none."""

    best_neuron: Int[np.ndarray, "p"]
    best_concept: Int[np.ndarray, "d"]
    mutual: Bool[np.ndarray, "p"]
    """Whether g(f(C)) = C."""
    concept_asymmetry: Float[np.ndarray, "p"]
    """err(C, f(C)) − err(g(f(C)), f(C)): what reading the best neuron as C costs; nan if untested.

    Not negative on the fit half; on held-out points it may be, by chance.
    """
    neuron_asymmetry: Float[np.ndarray, "d"]
    """err(g(i), i) − err(g(i), f(g(i))): what learning g(i) by neuron i costs; nan if untested."""

    __repr__ = short_repr

    @property
    def rate(self) -> float:
        """The share of tested concepts with g(f(C)) = C; nan if none was tested."""
        tested = self.best_neuron >= 0
        return float(self.mutual[tested].mean()) if tested.any() else float("nan")

    @property
    def mean_concept_asymmetry(self) -> float:
        """The mean over tested concepts of what reading their best neuron costs; nan if none was tested."""
        return _finite_mean(self.concept_asymmetry)

    @property
    def mean_neuron_asymmetry(self) -> float:
        """The mean over neurons of what learning their best concept costs; nan if none was tested."""
        return _finite_mean(self.neuron_asymmetry)


def _finite_mean(values: Float[np.ndarray, " k"]) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")


@checked_arguments()
def agreement(table: NotionTable) -> Agreement:
    """Compare learning and interpretation: f(C), g(i) are named on the fit half, errors are held out (F2).

    Both maps prefer the least error and then the fewest alarms, so that a neuron that detects a parent and
    its child is read as the parent; what is still tied goes to the lowest index: one order of all pairs.

    Examples
    --------
    >>> from geosae.analysis.counts import Counts
    >>> hits, alarms = np.array([[4, 4], [2, 2]]), np.array([[1, 0], [3, 2]])  # child within parent
    >>> counts = Counts(hits, alarms, np.array([[4], [2]]), np.array([[6], [8]]))
    >>> names = ("parent", "child")
    >>> both = agreement(NotionTable("detection", 0.0, names, 0.05, "holm", counts, counts))
    >>> both.best_neuron.tolist(), both.best_concept.tolist(), both.rate
    ([1, 1], [0, 0], 0.5)
    >>> both = agreement(NotionTable("separation", 0.0, names, 0.05, "holm", counts, counts))
    >>> both.concept_asymmetry.tolist()  # neuron 1 also fires on 2 points outside the child, which has 2
    [0.0, 1.0]
    """
    neuron, concept = table.best, table.best_concept
    mutual = (neuron >= 0) & (concept[np.maximum(neuron, 0)] == np.arange(len(neuron)))
    learned = table.worst[np.arange(len(neuron)), np.maximum(neuron, 0)]
    read = table.worst[np.maximum(concept, 0), np.arange(len(concept))]
    of_concepts = np.where(neuron >= 0, learned - read[np.maximum(neuron, 0)], np.nan)
    of_neurons = np.where(concept >= 0, read - learned[np.maximum(concept, 0)], np.nan)
    return Agreement(neuron, concept, mutual, of_concepts, of_neurons)


@checked_arguments()
def antitone_violations(
    context: FormalContext, hierarchy: Bool[np.ndarray, "p p"]
) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """List (child, parent, neurons): child ⊆ parent, and these neurons have the parent but not the child.

    Exact detection on one sample has none (F3): what detects the parent detects the child. At a tolerance, or
    where the child is rare, they occur: the parent's miss may lie within the child.

    Raises
    ------
    InvalidInput
        If the hierarchy is no mask of the context's objects against themselves.

    Examples
    --------
    >>> context = FormalContext(("cat", "animal"), ("n0", "n1"), np.array([[True, False], [True, True]]))
    >>> antitone_violations(context, np.array([[True, True], [False, True]]))
    (('cat', 'animal', ('n1',)),)
    """
    within, size = as_mask(hierarchy, "the hierarchy"), len(context.objects)
    if within.shape != (size, size):
        raise InvalidInput(f"the hierarchy has shape {within.shape}, the context {size} objects (concepts)")
    violations: list[tuple[str, str, tuple[str, ...]]] = []
    for child, parent in np.argwhere(within):
        lost = np.flatnonzero(context.incidence[parent] & ~context.incidence[child])
        if len(lost):
            names = tuple(context.attributes[i] for i in lost)
            violations.append((context.objects[child], context.objects[parent], names))
    return tuple(violations)
