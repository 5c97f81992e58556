"""The passes of an analysis over the points: what is counted on the fit half, and what on the other."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from geosae.analysis._neurons import FiringNeurons, activations_of, firing_of, reconstruction_of
from geosae.analysis.choice import LEARNERS, Candidates, Learner, Rule, candidates, choose
from geosae.analysis.counts import CountAccumulator, Counts
from geosae.analysis.firing_bits import FiringBits, Unit, pack
from geosae.analysis.roc import ActivationLog
from geosae.analysis.unit_search import propose
from geosae.sampling import drawn_rows

Progress = Callable[[int, int], None]


class Pool(NamedTuple):
    """Units that may be chosen, unit j for concept `concepts[j]`."""

    units: tuple[Unit, ...]
    concepts: Int[np.ndarray, " k"]

    def of(self, concept: int) -> slice:
        """Return where the units of a concept stand; they stand together."""
        return slice(*np.searchsorted(self.concepts, [concept, concept + 1]).tolist())


Choices = dict[Rule, dict[Learner, tuple[Unit, ...]]]


class Reader:
    """Runs points through the neurons in chunks and says how far it has come."""

    def __init__(
        self,
        neurons: FiringNeurons,
        points: Float[np.ndarray, "N n"],
        chunk: int,
        progress: Progress | None,
        in_all: int,
    ) -> None:
        self.neurons, self._points, self._chunk = neurons, points, chunk
        self._progress, self._in_all, self._read = progress, in_all, 0
        self.residuals: list[Float[np.ndarray, " c"]] = []
        """‖x − x̂‖² of the points that were read with their reconstruction, chunk by chunk."""

    def read(
        self, rows: Int[np.ndarray, "K"], *, reconstruct: bool = False
    ) -> Iterator[tuple[Int[np.ndarray, " c"], Float[np.ndarray, "c n"], Bool[np.ndarray, "c d"]]]:
        """Yield rows, their points and who fires there."""
        for start in range(0, len(rows), self._chunk):
            take = rows[start : start + self._chunk]
            points = self._points[take].astype(np.float64)
            yield take, points, firing_of(self.neurons, points)
            if reconstruct:
                away = points - reconstruction_of(self.neurons, points)
                self.residuals.append(np.square(away).sum(axis=1))
            self._read += len(take)
            if self._progress is not None:
                self._progress(self._read, self._in_all)


def search_rows(fit_rows: Int[np.ndarray, "K"], most: int, rng: np.random.Generator) -> Int[np.ndarray, "S"]:
    """Return the rows on which units are sought: all of them, or so many at random."""
    return fit_rows[drawn_rows(len(fit_rows), most, rng)]


def fit_pass(
    reader: Reader,
    labellings: Sequence[Bool[np.ndarray, "N p"]],
    rows: Int[np.ndarray, "K"],
    sample: Int[np.ndarray, "S"],
) -> tuple[list[CountAccumulator], list[FiringBits]]:
    """Count every neuron, and keep as bits who fires on the sample of the rows."""
    counts = [CountAccumulator(labels.shape[1], reader.neurons.width) for labels in labellings]
    # Chunks are packed into whole words: the padding of each holds no point, and counts as none.
    words: list[UInt64[np.ndarray, "d W"]] = []
    labels_words: list[list[UInt64[np.ndarray, "p W"]]] = [[] for _ in labellings]
    for take, _, fires in reader.read(rows):
        for each, labels in zip(counts, labellings, strict=True):
            each.add(fires, labels[take])
        within = np.isin(take, sample, assume_unique=True)
        words.append(pack(fires[within]))
        for each, labels in zip(labels_words, labellings, strict=True):
            each.append(pack(labels[take[within]]))
    neurons = np.concatenate(words, axis=1)
    bits = [FiringBits(neurons, np.concatenate(each, axis=1), len(sample)) for each in labels_words]
    return counts, bits


def pool_of(bits: FiringBits, tolerance: float) -> Pool:
    """Return the units that are proposed for each concept."""
    by_concept = [propose(bits, k, tolerance) for k in range(len(bits.concepts))]
    concepts = np.repeat(np.arange(len(by_concept)), [len(units) for units in by_concept])
    return Pool(tuple(unit for units in by_concept for unit in units), concepts)


def unit_pass(
    reader: Reader,
    labellings: Sequence[Bool[np.ndarray, "N p"]],
    rows: Int[np.ndarray, "K"],
    pools: Sequence[Pool],
) -> list[Counts]:
    """Count the proposed units on all of the fit half."""
    totals: list[Counts | None] = [None] * len(pools)
    for take, _, fires in reader.read(rows):
        for i, (labels, pool) in enumerate(zip(labellings, pools, strict=True)):
            counts = FiringBits.of(fires, labels[take]).count(*pool)
            before = totals[i]
            totals[i] = counts if before is None else before + counts
    return [total for total in totals if total is not None]


def choose_all(fit: Counts, pool: Pool, pool_counts: Counts, tolerance: float) -> Choices:
    """Return what each rule chooses for each learner and concept, from counts on the fit half."""
    rules: tuple[Rule, ...] = ("detection", "separation", "f1")
    per_concept: list[Candidates] = []
    for k in range(fit.hits.shape[0]):
        places = pool.of(k)
        per_concept.append(candidates(k, fit, pool.units[places], pool_counts.at(places)))
    return {
        rule: {
            learner: tuple(choose(each, rule, learner, tolerance) for each in per_concept)
            for learner in LEARNERS
        }
        for rule in rules
    }


class Tested(NamedTuple):
    """What the held-out half gave under one labelling."""

    neurons: CountAccumulator
    units: dict[Rule, dict[Learner, Counts]]
    auc: dict[Rule, Float[np.ndarray, " p"]]


def test_pass(
    reader: Reader,
    labellings: Sequence[Bool[np.ndarray, "N p"]],
    rows: Int[np.ndarray, "T"],
    choices: Sequence[Choices],
) -> list[Tested]:
    """Count neurons and chosen units on the held-out half, and note the activations of chosen neurons."""
    logs = [ActivationLog(_singles(chosen)) for chosen in choices]
    neurons = [CountAccumulator(labels.shape[1], reader.neurons.width) for labels in labellings]
    totals: list[dict[Rule, dict[Learner, Counts]]] = [{} for _ in choices]
    for take, points, fires in reader.read(rows, reconstruct=True):
        activations = activations_of(reader.neurons, points)
        for i, (labels, chosen) in enumerate(zip(labellings, choices, strict=True)):
            neurons[i].add(fires, labels[take])
            if activations is not None:
                logs[i].add(activations)
            bits = FiringBits.of(fires, labels[take])
            for rule, by_learner in chosen.items():
                of_rule = totals[i].setdefault(rule, {})
                for learner, units in by_learner.items():
                    counts = bits.count(units, np.arange(len(units)))
                    of_rule[learner] = of_rule[learner] + counts if learner in of_rule else counts
    return [
        Tested(of_neurons, of_units, _areas(log, chosen, labels[rows]))
        for of_neurons, of_units, log, chosen, labels in zip(
            neurons, totals, logs, choices, labellings, strict=True
        )
    ]


def _singles(choices: Choices) -> Int[np.ndarray, " m"]:
    """Return the neurons chosen as single ones, each once."""
    return np.unique(
        [unit[0] for by_learner in choices.values() for unit in by_learner["neurons"] if unit]
    ).astype(np.int64)


def _areas(
    log: ActivationLog, choices: Choices, inside: Bool[np.ndarray, "T p"]
) -> dict[Rule, Float[np.ndarray, " p"]]:
    return {
        rule: np.array(
            [
                log.roc_auc(unit[0], inside[:, k]) if unit else np.nan
                for k, unit in enumerate(by_learner["neurons"])
            ]
        )
        for rule, by_learner in choices.items()
    }
