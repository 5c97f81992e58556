"""How many concepts an SAE is certified to have learned by separation, alone and among others (theory E4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Bool

from geosae.data.dataset import ConceptDataset
from geosae.geometry import _program

if TYPE_CHECKING:
    from geosae.analysis import Alignment, ConceptAnswer
    from geosae.sae import Neurons

TOLERANCE, STRICT = 0.1, 0.05
ALPHA = 0.05
SEPARATION: Literal["separation"] = "separation"
Arm = Literal["trained", "untrained", "frozen_decoder", "planted", "supervised"]
"""An SAE as it is trained, two baselines, and two that are built with the labels."""


@dataclass(frozen=True)
class Certified:
    """Numbers of concepts, counted on held-out points.

    Attributes
    ----------
    neurons, small_units, units
        Certified to be separated within 0.1 by one neuron, by a unit of at most four, by a unit of any size;
        Holm over all pairs of the SAE at level 0.05.
    strict
        By units of any size within 0.05, judged alike.
    within, exact
        By units whose error on the held-out points is at most 0.1, and 0: certified or not.
    not_learned
        Whose chosen unit is certified to have an error above 0.1.
    shuffled
        Certified as `units` are, where the labels of the points are permuted.
    patterns, most_active
        Activation patterns on the held-out points, and the most neurons that fire at one of them.
    demand, load
        S12(f), over the concepts that have a neuron of their own with a miss of at most 0.1: their held-out
        points added up, and the neurons that fire on them all in all.
    fvu
        The fraction of variance unexplained.
    """

    neurons: int
    small_units: int
    units: int
    strict: int
    within: int
    exact: int
    not_learned: int
    shuffled: int
    patterns: int
    most_active: int
    demand: int
    load: int
    fvu: float


def certified_counts(neurons: "Neurons", data: ConceptDataset, seed: int) -> Certified:
    """Choose neurons and units on half of some points that no SAE was trained on, and judge on the others.

    Examples
    --------
    >>> from geosae.geometry.arrangements.halfspaces import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder, neurons_of
    >>> x = np.random.default_rng(0).uniform(-1, 1, (2000, 2))
    >>> data = ConceptDataset(x, np.stack([x[:, 0] > 0, (x > 0).all(axis=1)], axis=1), ("right", "corner"))
    >>> sae = SparseAutoencoder.planted(HalfSpaces(np.eye(2), np.zeros(2)))
    >>> counts = certified_counts(neurons_of(sae), data, 0)
    >>> counts.neurons, counts.units, counts.exact, counts.shuffled, counts.patterns
    (1, 2, 2, 0, 4)
    """
    from geosae.analysis import AnalysisConfig, analyse

    # Regions and ν would have approximation measured, which is not asked.
    plain = replace(data, regions=(), ambient=None, truth=())
    held_out = np.random.default_rng([seed, 2]).permutation(data.size)[: data.size // 2]
    alignment = analyse(
        neurons, plain, AnalysisConfig(tolerance=TOLERANCE, alpha=ALPHA, seed=seed), held_out=held_out
    )
    assert alignment.floor is not None
    alone, few, units = _judged(alignment, TOLERANCE)
    fires = neurons.fires(data.points[held_out])
    demand, load = _demand_and_load(alignment, fires, data.membership[held_out])
    return Certified(
        neurons=learned(alone),
        small_units=learned(few),
        units=learned(units),
        strict=learned(_judged(alignment, STRICT)[-1]),
        within=sum(row.error <= TOLERANCE for row in units),
        exact=sum(row.error == 0 for row in units),
        not_learned=sum(row.answer == "not learned" for row in units),
        shuffled=learned(_judged(alignment.floor, TOLERANCE)[-1]),
        patterns=len(np.unique(np.packbits(fires, axis=1), axis=0)),
        most_active=int(fires.sum(axis=1).max()),
        demand=demand,
        load=load,
        fvu=alignment.fvu,
    )


def learned(rows: "Sequence[ConceptAnswer]") -> int:
    """Return of how many concepts the chosen neuron or unit is certified."""
    return sum(row.answer == "learned" for row in rows)


def _judged(alignment: "Alignment", tolerance: float) -> "list[tuple[ConceptAnswer, ...]]":
    """Judge what was chosen for separation in one family: pairs of other notions would make it larger.

    A table for single neurons, for units of at most four neurons, and for units of any size.
    """
    from geosae.analysis import LEARNERS, Learner, Notion
    from geosae.analysis.answers import Chosen, answer_all

    chosen: dict[Notion, Mapping[Learner, Chosen]] = {SEPARATION: alignment.chosen[SEPARATION]}
    answers, _ = answer_all(alignment.concepts, chosen, tolerance, ALPHA, "holm")
    return [answers[SEPARATION][learner] for learner in LEARNERS]


def _demand_and_load(
    alignment: "Alignment", fires: Bool[np.ndarray, "T d"], inside: Bool[np.ndarray, "T p"]
) -> tuple[int, int]:
    """Match as many concepts as can be with distinct neurons that miss few of them; count both sides."""
    counts = alignment.counts
    able = counts.hits >= (1 - TOLERANCE) * counts.positives
    concepts, matched = _program.assignment(-able.astype(np.float64))
    served = concepts[able[concepts, matched]]
    return int(inside[:, served].sum()), int(fires[inside[:, served].any(axis=1)].sum())
