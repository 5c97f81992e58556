"""Trained SAEs against baselines and shuffled labels: what is compared in each world, gate by gate.

Few quantities are compared, because each makes the correction for all of them dearer: the certified shares
of concepts that one neuron (S1) and that a unit (S3) separates, which are the question; and the mean
separation error of neurons, which differs even where nothing is certified (none counts as worse than
silence). Not among them are the unexplained variance, which training is told to lower; detection, which can
be bought by firing everywhere (D1, D5); and approximation, which is measured only where an ambient measure
is known.

A trained baseline has the sparsity setting of the SAE beside it, which need not give it the same L0. A
constructed one has a gate and a sparsity of its own.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from geosae.experiments import (
    BASELINES,
    Baseline,
    CellResult,
    Gate,
    Learner,
    Measures,
    Results,
    Setting,
)
from geosae.studies.comparisons import Differences, Question
from geosae.studies.gaps import LEARNER_WORDS

Value = Callable[[CellResult], float]

CEILINGS: Mapping[str, Learner] = {"planted": "units", "supervised": "neurons"}
"""Of what a baseline is a ceiling: single true half-spaces are none for single neurons."""


@dataclass(frozen=True)
class Quantity:
    """A number of an SAE that trained ones and others are compared in.

    Attributes
    ----------
    words, better, worse
        What it is, and how the trained SAE's side of a difference is called.
    value
        Reads it off the result of a cell, greater where it is better; nan where it is not known.
    step
        The least step between two of its values.
    """

    words: str
    better: str
    worse: str
    value: Value
    step: Value


def share_of(learner: Learner) -> Quantity:
    """Return the share of concepts that a learner is certified to separate."""

    def share(result: CellResult) -> float:
        learned = result.measures.separation.learned(learner)
        return math.nan if learned is None else learned.share

    return Quantity(
        f"share of concepts that {LEARNER_WORDS[learner]} separates",
        "trained more",
        "trained fewer",
        share,
        lambda result: share_step(result.measures, learner),
    )


def share_step(measures: Measures[float], learner: Learner) -> float:
    """Return by how much a share moves with one concept; 0 where none was tested."""
    learned = measures.separation.learned(learner)
    return 1 / learned.tested if learned is not None and learned.tested > 0 else 0.0


def _error(result: CellResult) -> float:
    """Return minus the mean separation error of single neurons, where none is worse than silence.

    Without the limit the mean would be that of neurons which fire everywhere: their error is about 1/μ(C).
    """
    rows = result.answers.separation.neurons
    errors = [1.0 if not row.neurons else min(row.error, 1.0) for row in rows if row.positives]
    return -sum(errors) / len(errors) if errors else math.nan


SHARES = (share_of("neurons"), share_of("units"))
ERROR = Quantity(
    "mean separation error of one neuron, at most 1 each",
    "trained less",
    "trained greater",
    _error,
    lambda _: 0.0,
)


def baseline_questions(results: Results) -> list[Question]:
    """Return what a run asks of its trained SAEs and each of its baselines, and of shuffled labels."""
    questions = [
        _against(results, baseline, quantity)
        for baseline in results.plan.baselines
        for quantity in quantities_of(baseline)
    ]
    return [*questions, *(_against_shuffled_labels(results, learner) for learner in LEARNER_WORDS)]


def quantities_of(baseline: Baseline) -> tuple[Quantity, ...]:
    """Return in what trained SAEs are compared with a baseline: a ceiling in what it is a ceiling of.

    Examples
    --------
    >>> [len(quantities_of(baseline)) for baseline in ("untrained", "pca", "planted")]
    [3, 3, 1]
    """
    kind = BASELINES[baseline]
    if kind.ceiling:
        return (share_of(CEILINGS[baseline]),)
    return (*SHARES, ERROR)


def _against(results: Results, baseline: Baseline, quantity: Quantity) -> Question:
    kind = BASELINES[baseline]
    return Question(
        "baseline",
        f"{kind.expected.rstrip('.')} ({quantity.words}).",
        f"Trained against {kind.printed}, {quantity.words}",
        quantity.better,
        quantity.worse,
        _differences(results, baseline, quantity),
        "not above" if kind.ceiling else "above",
    )


def _beside(
    results: Results, world: str, baseline: Baseline
) -> Iterator[tuple[Gate, CellResult, CellResult]]:
    """Yield the trained cells of a world that have this baseline, each with it, seed by seed."""
    cells: dict[Setting, dict[int, CellResult]] = {}
    for result in results.cells:
        cells.setdefault(Setting.of(result.cell), {})[result.cell.seed] = result
    for row in results.compared(world):
        rival = results.baselines_of(row).get(baseline)
        if rival is not None:
            trained, rivals = cells[row.setting], cells[rival.setting]
            yield from ((row.gate, trained[seed], rivals[seed]) for seed in trained if seed in rivals)


def _against_shuffled_labels(results: Results, learner: Learner) -> Question:
    quantity = share_of(learner)

    def under_shuffled_labels(world: str) -> dict[Gate, dict[int, list[float]]]:
        values: dict[Gate, dict[int, list[float]]] = {}
        for result in results.cells_of(world):
            separation = result.measures.separation
            difference = quantity.value(result) - separation.floor(learner)
            values.setdefault(result.cell.gate, {}).setdefault(result.cell.seed, []).append(difference)
        return values

    differences = [
        each
        for world in results.worlds
        for each in averaged(world, under_shuffled_labels(world), _step(results.cells_of(world), quantity))
    ]
    return Question(
        "baseline",
        f"If what is certified is no chance, {LEARNER_WORDS[learner]} of trained SAEs separates more "
        "concepts than under shuffled labels.",
        f"Trained against shuffled labels, {quantity.words}",
        quantity.better,
        quantity.worse,
        tuple(differences),
    )


def _differences(results: Results, baseline: Baseline, quantity: Quantity) -> tuple[Differences, ...]:
    differences: list[Differences] = []
    for world in results.worlds:
        values: dict[Gate, dict[int, list[float]]] = {}
        cells: list[CellResult] = []
        for gate, trained, rival in _beside(results, world, baseline):
            cells += [trained, rival]
            difference = quantity.value(trained) - quantity.value(rival)
            values.setdefault(gate, {}).setdefault(trained.cell.seed, []).append(difference)
        differences += averaged(world, values, _step(cells, quantity))
    return tuple(differences)


def _step(cells: Sequence[CellResult], quantity: Quantity) -> float:
    return max((quantity.step(result) for result in cells), default=0.0)


def averaged(
    world: str, by_gate: Mapping[Gate, Mapping[int, Sequence[float]]], step: float = 0.0
) -> list[Differences]:
    """Return one difference per seed for each gate: the mean over what shares the seed, where it is known.

    Examples
    --------
    >>> each, = averaged("plane", {"topk": {0: [0.5, 1.0], 1: [math.nan, 0.25], 2: [math.nan]}, "relu": {}})
    >>> each.gate, dict(each.by_seed)
    ('topk', {0: 0.75, 1: 0.25})
    """
    differences: list[Differences] = []
    for gate, by_seed in by_gate.items():
        finite = {seed: [v for v in values if math.isfinite(v)] for seed, values in by_seed.items()}
        means = {seed: sum(values) / len(values) for seed, values in finite.items() if values}
        if means:
            differences.append(Differences(world, gate, means, step))
    return differences
