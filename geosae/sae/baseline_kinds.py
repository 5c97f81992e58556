"""The baselines that trained SAEs are compared with: what each is called and what the comparison tests."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Baseline = Literal[
    "untrained",
    "frozen_decoder",
    "soft_frozen_decoder",
    "frozen_encoder",
    "shuffled",
    "pca",
    "kmeans",
    "planted",
    "supervised",
]


class BaselineKind(NamedTuple):
    """One baseline.

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


BASELINES: Mapping[str, BaselineKind] = {
    "untrained": BaselineKind(
        "untrained", "an untrained one", "If training matters, trained SAEs beat untrained ones."
    ),
    "frozen_decoder": BaselineKind(
        "frozen decoder",
        "one trained with a frozen random decoder",
        "If training matters, trained SAEs beat those with a frozen random decoder.",
    ),
    "soft_frozen_decoder": BaselineKind(
        "soft-frozen decoder",
        "one trained with atoms held within cosine 0.8 of a random start",
        "If learned directions matter, trained SAEs beat those whose atoms stay within cosine 0.8 of a "
        "random start.",
    ),
    "frozen_encoder": BaselineKind(
        "frozen encoder",
        "one trained behind a frozen random encoder",
        "If learned regions matter, trained SAEs beat those with a frozen random encoder.",
    ),
    "shuffled": BaselineKind(
        "shuffled points",
        "one trained on points whose coordinates were shuffled each by itself",
        "If structure between coordinates matters, trained SAEs beat those trained on shuffled points.",
    ),
    "pca": BaselineKind(
        "PCA",
        "principal directions",
        "If sparse codes find more than the directions of most variance do, trained SAEs beat these.",
        constructed=True,
    ),
    "kmeans": BaselineKind(
        "k-means",
        "the cells of k-means with as many centroids as neurons",
        "If codes of several neurons find more than a partition into as many cells does, trained SAEs beat "
        "k-means.",
        constructed=True,
    ),
    "planted": BaselineKind(
        "planted",
        "the true half-spaces",
        "Units of the true half-spaces are a ceiling for detection and separation: units of trained "
        "SAEs beat them by no more than chance.",
        constructed=True,
        ceiling=True,
    ),
    "supervised": BaselineKind(
        "supervised",
        "a half-space for each concept by logistic regression on its labels",
        "What labels teach one half-space is a ceiling: single neurons of trained SAEs beat it by no more "
        "than chance.",
        constructed=True,
        ceiling=True,
    ),
}
"""The registry: every baseline by the word that configs and plans name it by."""

CONSTRUCTED: tuple[str, ...] = tuple(name for name, kind in BASELINES.items() if kind.constructed)
"""Baselines that are built, not trained: their training configs are records."""
