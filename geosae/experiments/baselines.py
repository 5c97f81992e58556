"""The baselines that plans name: what each is called, what is expected beside it, where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from geosae.experiments.gates import GATES, Gate

Baseline = Literal[
    "trained",
    "untrained",
    "frozen_decoder",
    "soft_frozen_decoder",
    "frozen_encoder",
    "shuffled",
    "pca",
    "kmeans",
    "planted",
]


@dataclass(frozen=True)
class KnownBaseline:
    """A baseline as plans name it.

    Attributes
    ----------
    printed
        Its name in tables and figures.
    words
        What it is, for captions: "an untrained one".
    expected
        What a comparison with trained SAEs tests.
    constructed
        Whether it is built from the points (or the truth) instead of trained; see `geosae.sae.baselines`.
    ceiling
        Whether its units are what training could reach at best; all others are floors or rivals.
    """

    printed: str
    words: str
    expected: str
    constructed: bool = False
    ceiling: bool = False


BASELINES: Mapping[str, KnownBaseline] = {
    "untrained": KnownBaseline(
        "untrained", "an untrained one", "If training matters, trained SAEs beat untrained ones."
    ),
    "frozen_decoder": KnownBaseline(
        "frozen decoder",
        "one trained with a frozen random decoder",
        "If training matters, trained SAEs beat those with a frozen random decoder.",
    ),
    "soft_frozen_decoder": KnownBaseline(
        "soft-frozen decoder",
        "one trained with atoms held within cosine 0.8 of a random start",
        "If learned directions matter, trained SAEs beat those whose atoms stay within cosine 0.8 of a "
        "random start.",
    ),
    "frozen_encoder": KnownBaseline(
        "frozen encoder",
        "one trained behind a frozen random encoder",
        "If learned regions matter, trained SAEs beat those with a frozen random encoder.",
    ),
    "shuffled": KnownBaseline(
        "shuffled points",
        "one trained on points whose coordinates were shuffled each by itself",
        "If structure between coordinates matters, trained SAEs beat those trained on shuffled points.",
    ),
    "pca": KnownBaseline(
        "PCA",
        "principal directions",
        "If sparse codes find more than the directions of most variance do, trained SAEs beat these.",
        constructed=True,
    ),
    "kmeans": KnownBaseline(
        "k-means",
        "the cells of k-means with as many centroids as neurons",
        "If codes of several neurons find more than a partition into as many cells does, trained SAEs beat "
        "k-means.",
        constructed=True,
    ),
    "planted": KnownBaseline(
        "planted",
        "the true half-spaces",
        "Units of the true half-spaces are a ceiling for detection and separation: closure units of trained "
        "SAEs beat them by no more than chance.",
        constructed=True,
        ceiling=True,
    ),
}

USUAL: tuple[Baseline, ...] = ("untrained", "frozen_decoder")
"""What a plan has that names none."""


def place_of(
    baseline: str, gate: Gate, sparsity: float | int, width: int
) -> tuple[Gate, float | int, int] | None:
    """Return the (gate, sparsity, width) under which a baseline stands beside a trained SAE; None if nowhere.

    Trained baselines have the gate, sparsity and width of the SAE itself; matching pursuit has no encoder to
    freeze. Constructed ones have their own: PCA keeps as many components as the gate keeps neurons, or all
    where it sets no number; k-means has one active neuron; the planted SAE a ReLU without penalty. The width
    of a constructed baseline says which SAEs it stands beside: it may have fewer neurons.

    Examples
    --------
    >>> place_of("pca", "batchtopk", 4, 64), place_of("kmeans", "relu", 0.1, 64)
    (('abstopk', 4, 64), ('topk', 1, 64))
    >>> place_of("frozen_encoder", "mp", 4, 64)
    """
    if baseline == "pca":
        return "abstopk", int(sparsity) if GATES[gate].whole else width, width
    if baseline == "kmeans":
        return "topk", 1, width
    if baseline == "planted":
        return "relu", 0.0, width
    if baseline == "frozen_encoder" and not GATES[gate].own_encoder:
        return None
    return gate, sparsity, width
