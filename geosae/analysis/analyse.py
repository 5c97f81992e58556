"""The analysis: every concept against every neuron and against chosen units, on held-out points."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64

from geosae.analysis._neurons import FiringNeurons, activations_of, as_neurons
from geosae.analysis.alignment import Alignment
from geosae.analysis.ambient import (
    AmbientCounts,
    Labelled,
    choose_approximation,
    measure_ambient,
    why_not,
)
from geosae.analysis.answers import Chosen
from geosae.analysis.certified import CORRECTIONS, Correction
from geosae.analysis.choice import LEARNERS, Candidates, Learner, Rule, candidates, choose
from geosae.analysis.counts import CountAccumulator, Counts
from geosae.analysis.firing_bits import FiringBits, Unit, pack
from geosae.analysis.roc import ActivationLog
from geosae.analysis.sae_metrics import SAEMetrics
from geosae.analysis.unit_search import propose
from geosae.data.dataset import ConceptDataset
from geosae.data.split import split_rows
from geosae.errors import InvalidInput

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class AnalysisConfig:
    """The settings of an analysis.

    Attributes
    ----------
    tolerance
        ε in [0, 1): a notion holds where its graded errors are ≤ ε.
    alpha
        The chance that anything of one kind is wrong: the edges of one notion, the answers "learned", the
        answers "not learned", the least tolerances, the intervals.
    correction
        For the number of pairs: "holm", or "benjamini-yekutieli" for the share of wrong ones.
    test_share
        Share of the points held out; the others choose neurons and units.
    ambient_samples
        Points drawn from ν to choose with, and again to judge with.
    search_points
        Units are sought on at most so many points of the fit half, drawn at random; they are chosen on all.
    floor
        Whether the same is done under permuted labels, in the same passes.
    seed
        Of the split, of the permuted labels and of the ambient points.
    chunk
        Points taken at once; memory grows with chunk × neurons and with search_points × neurons bits.

    Raises
    ------
    InvalidInput
        If a setting is out of range.

    Examples
    --------
    >>> AnalysisConfig(tolerance=0.1).correction
    'holm'
    """

    tolerance: float = 0.05
    alpha: float = 0.05
    correction: Correction = "holm"
    test_share: float = 0.5
    ambient_samples: int = 20_000
    search_points: int = 65_536
    floor: bool = True
    seed: int = 0
    chunk: int = 8192

    def __post_init__(self) -> None:
        checks = {
            "tolerance": 0 <= self.tolerance < 1,
            "alpha": 0 < self.alpha < 1,
            "correction": self.correction in CORRECTIONS,
            "test_share": 0 < self.test_share < 1,
            "ambient_samples": self.ambient_samples >= 1,
            "search_points": self.search_points >= 1,
            "chunk": 1 <= self.chunk <= 2**20,
        }
        bad = [f"{name} = {getattr(self, name)}" for name, fine in checks.items() if not fine]
        if bad:
            raise InvalidInput(
                f"out of range: {', '.join(bad)}",
                remedy="0 ≤ tolerance < 1; 0 < alpha, test_share < 1; samples, search_points ≥ 1; "
                f"1 ≤ chunk ≤ 2^20; correction one of {CORRECTIONS}",
            )


DEFAULTS = AnalysisConfig()


def analyse(
    sae: Any,
    dataset: ConceptDataset,
    config: AnalysisConfig = DEFAULTS,
    *,
    progress: Progress | None = None,
) -> Alignment:
    """Grade detection, separation and approximation of every concept by single neurons and by units.

    The points are split at random. On the fit half the neuron, the unit of at most four neurons and the unit
    of any size are chosen for each concept and notion (`geosae.analysis.choice`); on the held-out half all
    errors are counted and the choices judged: learned, not learned, or undecided (E4). Approximation is
    judged on fresh points of ν. All that is called learned is so with probability ≥ 1 − alpha, and all that
    is called not learned likewise, if the SAE was not trained on these points.

    Parameters
    ----------
    sae
        A SparseAutoencoder, a TrainedSAE, or Neurons.
    dataset
        Points (N, n) with membership in p concepts; regions and ν, if approximation is to be measured.
    config
        Tolerance, split, seed: see `AnalysisConfig`.
    progress
        Called with (points done, points in all).

    Raises
    ------
    InvalidInput
        If the dimensions differ, or the split leaves a half empty.

    References
    ----------
    Theory §0, N1, D3, E2, E4.

    Examples
    --------
    >>> from geosae.geometry.arrangements.halfspaces import HalfSpaces
    >>> from geosae.sae import SparseAutoencoder
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(-1, 1, (2000, 2))
    >>> data = ConceptDataset(x, x[:, :1] > 0, ("right",))
    >>> sae = SparseAutoencoder.planted(HalfSpaces(np.array([[1.0, 0.0], [0.0, 1.0]]), np.zeros(2)))
    >>> al = analyse(sae, data)
    >>> right = al.answers("separation", "neurons")[0]
    >>> right.neurons, right.answer, right.error, round(right.least_tolerance, 3)
    ((0,), 'learned', 0.0, 0.008)
    >>> al.floor.answers("separation", "neurons")[0].answer
    'not learned'
    >>> al.approximation_reason
    'the dataset has no ambient measure ν'
    """
    neurons = as_neurons(sae, dataset.dim)
    # One stream per use, so that asking for more ambient points does not change the split.
    streams = np.random.SeedSequence(config.seed).spawn(4)
    for_split, for_labels, for_ambient, for_search = (np.random.default_rng(s) for s in streams)
    fit_rows, test_rows = split_rows(dataset.size, config.test_share, for_split)
    labellings = [dataset.membership]
    if config.floor:
        labellings.append(dataset.membership[for_labels.permutation(dataset.size)])
    sample = _search_rows(fit_rows, config.search_points, for_search)
    again = len(sample) < len(fit_rows)
    reader = _Reader(neurons, dataset.points, config.chunk, progress, dataset.size + again * len(fit_rows))

    fits, bits = _fit_pass(reader, labellings, fit_rows, sample)
    pools = [_pool(each, config.tolerance) for each in bits]
    if again:
        pool_counts = _unit_pass(reader, labellings, fit_rows, pools)
    else:
        pool_counts = [each.count(*pool) for each, pool in zip(bits, pools, strict=True)]
    choices = [
        _choices(fit.neurons(), pool, counts, config.tolerance)
        for fit, pool, counts in zip(fits, pools, pool_counts, strict=True)
    ]
    ambient = _Ambient(neurons, dataset, config, for_ambient)
    fit_ambient = ambient.choose(pools, choices)

    tests = _test_pass(reader, labellings, test_rows, choices)
    test_ambient = ambient.judge(choices)
    metrics = SAEMetrics(
        points=dataset.size,
        active=fits[0].active + tests[0].neurons.active,
        residual=reader.residual,
        variance=_variance(dataset.points, test_rows, config.chunk),
        fired=fits[0].fired + tests[0].neurons.fired,
    )
    alignments = [
        Alignment(
            concepts=dataset.names,
            tolerance=float(config.tolerance),
            alpha=config.alpha,
            correction=config.correction,
            seed=config.seed,
            fit_points=len(fit_rows),
            test_points=len(test_rows),
            metrics=metrics,
            fit=fit.neurons(),
            counts=test.neurons.neurons(),
            chosen=_chosen(chosen, test, judged),
            fit_ambient=on_fit,
            ambient=judged.neurons if judged is not None else None,
            approximation_reason=why_not(dataset),
        )
        for fit, test, chosen, on_fit, judged in zip(
            fits, tests, choices, fit_ambient, test_ambient, strict=True
        )
    ]
    return replace(alignments[0], floor=alignments[1] if config.floor else None)


class _Pool(NamedTuple):
    """Units that may be chosen, unit j for concept `concepts[j]`."""

    units: tuple[Unit, ...]
    concepts: Int[np.ndarray, " k"]

    def of(self, concept: int) -> slice:
        """Return where the units of a concept stand; they stand together."""
        return slice(*np.searchsorted(self.concepts, [concept, concept + 1]).tolist())


_Choices = dict[Rule, dict[Learner, tuple[Unit, ...]]]


class _Reader:
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
        self.residual = 0.0
        """Σ ‖x − x̂‖² over the points that were read with their reconstruction."""

    def read(
        self, rows: Int[np.ndarray, "K"], *, reconstruct: bool = False
    ) -> Iterator[tuple[Int[np.ndarray, " c"], Float[np.ndarray, "c n"], Bool[np.ndarray, "c d"]]]:
        """Yield rows, their points and who fires there."""
        for start in range(0, len(rows), self._chunk):
            take = rows[start : start + self._chunk]
            points = self._points[take].astype(np.float64)
            yield take, points, self.neurons.fires(points)
            if reconstruct:
                self.residual += float(np.sum((points - self.neurons.reconstruct(points)) ** 2))
            self._read += len(take)
            if self._progress is not None:
                self._progress(self._read, self._in_all)


def _search_rows(fit_rows: Int[np.ndarray, "K"], most: int, rng: np.random.Generator) -> Int[np.ndarray, "S"]:
    return fit_rows if len(fit_rows) <= most else np.sort(rng.choice(fit_rows, most, replace=False))


def _fit_pass(
    reader: _Reader,
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


def _pool(bits: FiringBits, tolerance: float) -> _Pool:
    by_concept = [propose(bits, k, tolerance) for k in range(len(bits.concepts))]
    concepts = np.repeat(np.arange(len(by_concept)), [len(units) for units in by_concept])
    return _Pool(tuple(unit for units in by_concept for unit in units), concepts)


def _unit_pass(
    reader: _Reader,
    labellings: Sequence[Bool[np.ndarray, "N p"]],
    rows: Int[np.ndarray, "K"],
    pools: Sequence[_Pool],
) -> list[Counts]:
    """Count the proposed units on all of the fit half."""
    totals: list[Counts | None] = [None] * len(pools)
    for take, _, fires in reader.read(rows):
        for i, (labels, pool) in enumerate(zip(labellings, pools, strict=True)):
            counts = FiringBits.of(fires, labels[take]).count(*pool)
            before = totals[i]
            totals[i] = counts if before is None else before + counts
    return [total for total in totals if total is not None]


def _choices(fit: Counts, pool: _Pool, pool_counts: Counts, tolerance: float) -> _Choices:
    rules: tuple[Rule, ...] = ("detection", "separation", "f1")
    per_concept: list[Candidates] = []
    for k in range(fit.hits.shape[0]):
        own = pool.of(k)
        per_concept.append(candidates(k, fit, pool.units[own], pool_counts.at(own)))
    return {
        rule: {
            learner: tuple(choose(each, rule, learner, tolerance) for each in per_concept)
            for learner in LEARNERS
        }
        for rule in rules
    }


class _Tested(NamedTuple):
    """What the held-out half gave under one labelling."""

    neurons: CountAccumulator
    units: dict[Rule, dict[Learner, Counts]]
    auc: dict[Rule, Float[np.ndarray, " p"]]


def _test_pass(
    reader: _Reader,
    labellings: Sequence[Bool[np.ndarray, "N p"]],
    rows: Int[np.ndarray, "T"],
    choices: Sequence[_Choices],
) -> list[_Tested]:
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
        _Tested(of_neurons, of_units, _areas(log, chosen, labels[rows]))
        for of_neurons, of_units, log, chosen, labels in zip(
            neurons, totals, logs, choices, labellings, strict=True
        )
    ]


def _singles(choices: _Choices) -> Int[np.ndarray, " m"]:
    """Return the neurons chosen as single ones, each once."""
    return np.unique(
        [unit[0] for by_learner in choices.values() for unit in by_learner["neurons"] if unit]
    ).astype(np.int64)


def _areas(
    log: ActivationLog, choices: _Choices, inside: Bool[np.ndarray, "T p"]
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


def _chosen(choices: _Choices, test: _Tested, judged: "_Judged | None") -> dict[Rule, dict[Learner, Chosen]]:
    nan = np.full(len(choices["f1"]["neurons"]), np.nan)
    return {
        rule: {
            learner: Chosen(
                units,
                test.units[rule][learner],
                np.where([len(unit) == 1 for unit in units], test.auc[rule], nan)
                if learner == "neurons"
                else nan,
                judged.units[learner] if judged is not None and rule == "approximation" else None,
            )
            for learner, units in by_learner.items()
        }
        for rule, by_learner in choices.items()
    }


class _Judged(NamedTuple):
    """Counts of fresh ν points: of all neurons, and of the units chosen for approximation."""

    neurons: AmbientCounts
    units: dict[Learner, AmbientCounts]


class _Ambient:
    """Points of ν: some to choose with, others to judge with; nothing where there is no ν or region."""

    def __init__(
        self,
        neurons: FiringNeurons,
        dataset: ConceptDataset,
        config: AnalysisConfig,
        rng: np.random.Generator,
    ) -> None:
        self._neurons, self._dataset, self._config, self._rng = neurons, dataset, config, rng
        self._measured = dataset.ambient is not None and any(r is not None for r in dataset.regions)

    def choose(self, pools: Sequence[_Pool], choices: Sequence[_Choices]) -> list[AmbientCounts | None]:
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

    def judge(self, choices: Sequence[_Choices]) -> list[_Judged | None]:
        """Count what was chosen on fresh points."""
        if not self._measured:
            return [None] * len(choices)
        p = len(self._dataset.names)
        concepts = np.tile(np.arange(p), len(LEARNERS))
        wanted = [
            _Pool(tuple(u for learner in LEARNERS for u in chosen["approximation"][learner]), concepts)
            for chosen in choices
        ]
        return [
            _Judged(every, {x: units.at(slice(i * p, (i + 1) * p)) for i, x in enumerate(LEARNERS)})
            for every, units in self._measure(wanted)
        ]

    def _measure(self, pools: Sequence[_Pool]) -> list[tuple[AmbientCounts, AmbientCounts]]:
        labelled = [Labelled(*pool, shuffled=i > 0) for i, pool in enumerate(pools)]
        samples, chunk = self._config.ambient_samples, self._config.chunk
        return measure_ambient(self._neurons, self._dataset, labelled, samples, self._rng, chunk=chunk)


def _variance(points: Float[np.ndarray, "N n"], rows: Int[np.ndarray, "K"], chunk: int) -> float:
    """Σ ‖x − mean‖² over the rows, in two passes of chunks."""
    starts = range(0, len(rows), chunk)
    total = sum(points[rows[s : s + chunk]].sum(axis=0, dtype=np.float64) for s in starts)
    mean = np.asarray(total) / len(rows)
    return float(sum(np.sum((points[rows[s : s + chunk]] - mean) ** 2) for s in starts))
