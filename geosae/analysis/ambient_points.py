"""Choosing what approximates a concept on some ν points, and judging it on others."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from geosae.analysis._neurons import FiringNeurons
from geosae.analysis.ambient import AmbientCounts, Labelled, choose_approximation, measure_ambient
from geosae.analysis.choice import LEARNERS, Learner
from geosae.analysis.passes import Choices, Pool
from geosae.data.dataset import ConceptDataset


class Judged(NamedTuple):
    """Counts of fresh ν points: of all neurons, and of the units chosen for approximation."""

    neurons: AmbientCounts
    units: dict[Learner, AmbientCounts]


class AmbientPoints:
    """Points of ν: some to choose with, others to judge with; nothing where there is no ν or region."""

    def __init__(
        self,
        neurons: FiringNeurons,
        dataset: ConceptDataset,
        samples: int,
        chunk: int,
        rng: np.random.Generator,
    ) -> None:
        self._neurons, self._dataset, self._rng = neurons, dataset, rng
        self._samples, self._chunk = samples, chunk
        self._measured = dataset.ambient is not None and any(r is not None for r in dataset.regions)

    def choose(self, pools: Sequence[Pool], choices: Sequence[Choices]) -> list[AmbientCounts | None]:
        """Add what is chosen for approximation to the choices; return the counts it was chosen by."""
        if not self._measured:
            return [None] * len(pools)
        counted = self._measure(list(pools))
        for pool, chosen, (every, units) in zip(pools, choices, counted, strict=True):
            chosen["approximation"] = {
                learner: tuple(
                    choose_approximation(k, every, pool.units[pool.of(k)], units.at(pool.of(k)), learner)
                    for k in range(len(self._dataset.names))
                )
                for learner in LEARNERS
            }
        return [every for every, _ in counted]

    def judge(self, choices: Sequence[Choices]) -> list[Judged | None]:
        """Count what was chosen on fresh points."""
        if not self._measured:
            return [None] * len(choices)
        p = len(self._dataset.names)
        concepts = np.tile(np.arange(p), len(LEARNERS))
        chosen_units = [
            Pool(tuple(u for learner in LEARNERS for u in chosen["approximation"][learner]), concepts)
            for chosen in choices
        ]
        return [
            Judged(every, {x: units.at(slice(i * p, (i + 1) * p)) for i, x in enumerate(LEARNERS)})
            for every, units in self._measure(chosen_units)
        ]

    def _measure(self, pools: Sequence[Pool]) -> list[tuple[AmbientCounts, AmbientCounts]]:
        labelled = [Labelled(*pool, shuffled=i > 0) for i, pool in enumerate(pools)]
        return measure_ambient(
            self._neurons, self._dataset, labelled, self._samples, self._rng, chunk=self._chunk
        )
