"""Parents with a child each, and what a parent's neuron does where its child fires too."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geosae.data.dataset import ConceptDataset

if TYPE_CHECKING:
    from geosae.sae import Neurons

TREES, TREE_DIM, TREE_DECAY, TREE_RATE = 4, 16, 0.3, 0.25
TREE_POINTS = 4
"""Points of a draw, as a multiple of the setting `points`."""
CHILD_SHARE = (1 - TREE_DECAY) ** TREES
"""The share of its parent's points on which a child fires."""
# Fewer points with parent and child are too few to measure silence on.
_LEAST_POINTS = 20


@dataclass(frozen=True)
class PairSilence:
    """What a parent's neuron does where its child fires too."""

    effect: float
    """`Absorption.effect`: the excess of that silence over the silence on the rest of the parent."""
    silent: float
    """The share of the points with parent and child at which the parent's neuron is silent."""
    cosine: float
    """That of the child's atom with the parent's direction: 0 for the direction c of the child, 1/√2 for
    c + p; nan where it is not known."""


def tree_world(points: int, variation: float, *, trees: bool) -> dict[str, Any]:
    """Return pairs of a parent and its child, or as many independent features with the same rates.

    Examples
    --------
    >>> [tree_world(1, 0.0, trees=trees)["roots"] for trees in (True, False)]
    [4, 0]
    """
    rate = TREE_RATE * float(((1 - TREE_DECAY) ** np.arange(2 * TREES)).mean())
    reach = 3**0.5 * variation  # a uniform magnitude of mean 1 with this coefficient of variation
    law = {"law": "geometric", "decay": TREE_DECAY, "rate": rate, "compensate": "yes", "branching": 1}
    size = {"low": 1 - reach, "high": 1 + reach, "directions": "orthonormal"}
    counts = {"dim": TREE_DIM, "features": 2 * TREES, "roots": TREES if trees else 0}
    return {"points": TREE_POINTS * points, **counts, **law, **size}


def pair_silence(neurons: "Neurons", data: ConceptDataset, i: int, seed: int) -> PairSilence | None:
    """Measure what parent i's neuron does where its child fires too; None with too few such points.

    The child's concept is "child and parent": in the world without trees the child fires alone as well.

    Examples
    --------
    >>> few = ConceptDataset(np.eye(8), np.eye(8, dtype=bool), tuple("abcdefgh"), directions=np.eye(8))
    >>> pair_silence(None, few, 0, seed=0) is None  # no point has both
    True
    """
    from geosae.analysis.phenomena import absorption

    parent = data.membership[:, i]
    both = parent & data.membership[:, TREES + i]
    if np.count_nonzero(both) < _LEAST_POINTS:
        return None
    pair = ConceptDataset(data.points, np.column_stack([parent, both]), ("parent", "child"))
    absorbed = absorption(neurons, pair, "parent", "child", seed=seed)
    cosine = math.nan
    if absorbed.child_neuron is not None and data.directions is not None:
        atom = neurons.decoder[absorbed.child_neuron]
        length = float(np.linalg.norm(atom))
        cosine = float(atom @ data.directions[i]) / length if length > 0 else math.nan
    return PairSilence(absorbed.effect.value, absorbed.silent.value, cosine)


def mean_silence(neurons: "Neurons", data: ConceptDataset, seed: int) -> tuple[PairSilence, int]:
    """Return the means over the pairs with points enough, nan where there is none, and their number."""
    silences = [pair_silence(neurons, data, i, seed) for i in range(TREES)]
    measured = [pair for pair in silences if pair is not None]
    means = PairSilence(
        effect=_mean([pair.effect for pair in measured]),
        silent=_mean([pair.silent for pair in measured]),
        cosine=_mean([pair.cosine for pair in measured]),
    )
    return means, len(measured)


def _mean(values: Sequence[float]) -> float:
    """Return the mean of the values that are known; nan if none is."""
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) / len(finite) if finite else math.nan
