"""The passes of an analysis over the points: what is counted on the fit half, and what on the other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.analysis._neurons import FiringNeurons, codes_of, residuals_of
from geosae.analysis.choice import (
    LEARNERS,
    SMALL,
    Candidates,
    Learner,
    Rule,
    candidates,
    choose,
    contenders,
)
from geosae.analysis.counts import CountAccumulator, Counts
from geosae.analysis.firing_bits import FiringBits, Unit, members_of
from geosae.analysis.roc import ActivationLog
from geosae.analysis.unit_search import propose, shortlist
from geosae.data.codes import Codes
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
        self, rows: Int[np.ndarray, "K"], *, reconstruct: bool = False, known: Sequence[Codes] = ()
    ) -> Iterator[tuple[Int[np.ndarray, " c"], Codes]]:
        """Yield rows and who fires there, many chunks together; with their reconstruction, how strongly, too.

        `known` are the codes of the first rows, from a former pass over them.
        """
        start = 0
        for codes in known:
            yield rows[start : start + len(codes)], codes
            start += len(codes)
            self._say(len(codes))
        parts: list[Codes] = []
        size = active = 0
        for at in range(start, len(rows), self._chunk):
            points = self._points[rows[at : at + self._chunk]].astype(np.float64)
            codes = codes_of(self.neurons, points, values=reconstruct)
            if reconstruct:
                self.residuals.append(residuals_of(self.neurons, points, codes))
            parts.append(codes)
            size, active = size + len(codes), active + codes.active
            if size >= MOST_POINTS or active >= MOST_ACTIVE or start + size == len(rows):
                yield rows[start : start + size], Codes.concatenate(parts)
                start, size, active, parts = start + size, 0, 0, []
            self._say(len(codes))

    def _say(self, read: int) -> None:
        self._read += read
        if self._progress is not None:
            self._progress(self._read, self._in_all)


MOST_POINTS, MOST_ACTIVE = 2**16, 2**22
"""Lists are short: so many points or pairs of a point and a neuron are counted at once."""


def search_rows(fit_rows: Int[np.ndarray, "K"], most: int, rng: np.random.Generator) -> Int[np.ndarray, "S"]:
    """Return the rows on which units are sought: all of them, or so many at random."""
    return fit_rows[drawn_rows(len(fit_rows), most, rng)]


class Fitted(NamedTuple):
    """What the fit half gave."""

    neurons: list[CountAccumulator]
    """The counts of all neurons, under each labelling."""
    pools: list[Pool]
    """The units that were found on the sample, under each labelling."""
    bits: list[FiringBits]
    """The sample, as far as it matters for these units."""
    codes: list[Codes]
    """Who fires, chunk by chunk from the first on, as far as it was kept."""


def fit_pass(
    reader: Reader,
    labellings: Sequence[Bool[np.ndarray, "N p"]],
    rows: Int[np.ndarray, "K"],
    sample: Int[np.ndarray, "S"],
    tolerance: float,
) -> Fitted:
    """Count every neuron, and seek units on the sample of the rows."""
    counts = [CountAccumulator(labels.shape[1], reader.neurons.width) for labels in labellings]
    sampled: list[Codes] = []
    kept: list[Codes] = []
    active = 0
    for take, codes in reader.read(rows):
        for each, labels in zip(counts, labellings, strict=True):
            each.add(codes, labels[take])
        sampled.append(codes.rows(np.flatnonzero(np.isin(take, sample, assume_unique=True))))
        active += codes.active
        if active <= MOST_KEPT:
            # Not `codes` itself: it holds its transpose by now.
            kept.append(Codes(codes.indptr, codes.indices, codes.width))
    on_sample = Codes.concatenate(sampled)
    pools: list[Pool] = []
    bits: list[FiringBits] = []
    for labels, of_all in zip(labellings, counts, strict=True):
        of_sample = of_all
        if len(sample) < len(rows):
            of_sample = CountAccumulator(labels.shape[1], reader.neurons.width)
            of_sample.add(on_sample, labels[sample])
        pool, of_pool = pool_of(on_sample, labels[sample], of_sample.neurons(), tolerance)
        pools.append(pool)
        bits.append(of_pool)
    return Fitted(counts, pools, bits, kept)


MOST_KEPT = 2**26
"""Pairs of a point and a neuron that fires there, of the fit half, that are kept for the units (256 MiB)."""


def pool_of(
    codes: Codes, inside: Bool[np.ndarray, "S p"], counts: Counts, tolerance: float
) -> tuple[Pool, FiringBits]:
    """Return the units proposed for each concept from some points and their counts, and the points as bits.

    The bits hold only the neurons that may be in a unit.
    """
    shortlists = [
        shortlist(hits, fired, int(positives), len(codes), tolerance)
        for hits, fired, positives in zip(counts.hits, counts.fired, counts.positives[:, 0], strict=True)
    ]
    matters = np.zeros(codes.width, dtype=bool)
    for short in shortlists:
        matters[short.members] = True
        for unit in short.closures:
            matters[list(unit)] = True
    bits = FiringBits.of_codes(codes, inside, np.flatnonzero(matters))
    by_concept = [propose(bits, k, tolerance, short) for k, short in enumerate(shortlists)]
    concepts = np.repeat(np.arange(len(by_concept)), [len(units) for units in by_concept])
    return Pool(tuple(unit for units in by_concept for unit in units), concepts), bits


def unit_pass(
    reader: Reader,
    labellings: Sequence[Bool[np.ndarray, "N p"]],
    rows: Int[np.ndarray, "K"],
    pools: Sequence[Pool],
    known: Sequence[Codes],
) -> list[Counts]:
    """Count the proposed units on all of the fit half."""
    totals: list[Counts | None] = [None] * len(pools)
    needed = [members_of(pool.units) for pool in pools]
    for take, codes in reader.read(rows, known=known):
        for i, (labels, pool) in enumerate(zip(labellings, pools, strict=True)):
            counts = FiringBits.of_codes(codes, labels[take], needed[i]).count(*pool)
            before = totals[i]
            totals[i] = counts if before is None else before + counts
    return [total for total in totals if total is not None]


def choose_all(fit: Counts, pool: Pool, pool_counts: Counts, tolerance: float) -> Choices:
    """Return what each rule chooses for each learner and concept, from counts on the fit half."""
    rules: tuple[Rule, ...] = ("detection", "separation", "f1")
    per_concept: list[Candidates] = []
    for k in range(fit.hits.shape[0]):
        places = pool.of(k)
        among = contenders(k, fit, tolerance)
        per_concept.append(candidates(k, fit, pool.units[places], pool_counts.at(places), among))
    chosen = [[_choose_by(rule, each, tolerance) for each in per_concept] for rule in rules]
    return {
        rule: {learner: tuple(row[learner] for row in rows) for learner in LEARNERS}
        for rule, rows in zip(rules, chosen, strict=True)
    }


def _choose_by(rule: Rule, pool: Candidates, tolerance: float) -> dict[Learner, Unit]:
    """Return what a rule chooses for each learner; one with no more to choose from chooses the same."""
    sizes = {len(unit) for unit in pool.units}
    chosen: dict[Learner, Unit] = {"neurons": choose(pool, rule, "neurons", tolerance)}
    small, large = any(1 < size <= SMALL for size in sizes), any(size > SMALL for size in sizes)
    chosen["small_units"] = choose(pool, rule, "small_units", tolerance) if small else chosen["neurons"]
    chosen["units"] = choose(pool, rule, "units", tolerance) if large else chosen["small_units"]
    return chosen


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
    pairs = [_larger(chosen) for chosen in choices]
    needed = [members_of([unit for _, unit in each]) for each in pairs]
    totals = [np.zeros((2, len(each)), dtype=np.int64) for each in pairs]
    for take, codes in reader.read(rows, reconstruct=True):
        for i, labels in enumerate(labellings):
            neurons[i].add(codes, labels[take])
            if codes.values is not None:
                logs[i].add(codes)
            bits = FiringBits.of_codes(codes, labels[take], needed[i])
            concepts = np.array([k for k, _ in pairs[i]], dtype=np.int64)
            counts = bits.count([unit for _, unit in pairs[i]], concepts)
            totals[i] += np.stack([counts.hits, counts.fired])
    return [
        Tested(
            each,
            _unit_counts(chosen, each.neurons(), dict(zip(larger, total.T, strict=True))),
            _areas(log, chosen, labels[rows]),
        )
        for each, chosen, larger, total, log, labels in zip(
            neurons, choices, pairs, totals, logs, labellings, strict=True
        )
    ]


_Pair = tuple[int, Unit]
"""A concept and a unit."""


def _singles(choices: Choices) -> Int[np.ndarray, " m"]:
    """Return the neurons chosen as single ones, each once."""
    return members_of([unit for by_learner in choices.values() for unit in by_learner["neurons"]])


def _larger(choices: Choices) -> list[_Pair]:
    """Return the chosen units of two neurons or more with their concepts, each pair once."""
    return list(
        dict.fromkeys(
            (k, unit)
            for by_learner in choices.values()
            for units in by_learner.values()
            for k, unit in enumerate(units)
            if len(unit) > 1
        )
    )


def _unit_counts(
    choices: Choices, neurons: Counts, larger: Mapping[_Pair, Int[np.ndarray, "2"]]
) -> dict[Rule, dict[Learner, Counts]]:
    """Return the counts of the chosen units: of single neurons those of the table."""

    def of_unit(k: int, unit: Unit) -> tuple[int, int]:
        if len(unit) > 1:
            hits, fired = larger[k, unit].tolist()
            return hits, fired
        return (int(neurons.hits[k, unit[0]]), int(neurons.fired[k, unit[0]])) if unit else (0, 0)

    positives, negatives = neurons.positives[:, 0], neurons.negatives[:, 0]
    counts: dict[Rule, dict[Learner, Counts]] = {}
    for rule, by_learner in choices.items():
        counts[rule] = {}
        for learner, units in by_learner.items():
            both = np.array([of_unit(k, unit) for k, unit in enumerate(units)], dtype=np.int64)
            counts[rule][learner] = Counts.of_fired(both[:, 0], both[:, 1], positives, negatives)
    return counts


def _areas(
    log: ActivationLog, choices: Choices, inside: Bool[np.ndarray, "T p"]
) -> dict[Rule, Float[np.ndarray, " p"]]:
    """Return the area under the curve of each chosen neuron; rules mostly choose the same."""
    columns = np.ascontiguousarray(inside.T)
    known: dict[tuple[int, int], float] = {}
    areas: dict[Rule, Float[np.ndarray, " p"]] = {}
    for rule, by_learner in choices.items():
        areas[rule] = np.full(len(columns), np.nan)
        for k, unit in enumerate(by_learner["neurons"]):
            if unit:
                if (k, unit[0]) not in known:
                    known[k, unit[0]] = log.roc_auc(unit[0], columns[k])
                areas[rule][k] = known[k, unit[0]]
    return areas
