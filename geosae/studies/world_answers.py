"""What each world of a run answers: what its SAEs reach of what is possible, and the price of detection."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.data.truth import ConceptTruth
from geosae.experiments import GATES, LEVEL, CellResult, Interval, Learner, Results, gate_name, mean_interval
from geosae.studies.numbers import paired
from geosae.studies.study import Answer, Verdict


def world_answers(results: Results, world: str) -> list[Answer]:
    """Return what a world's trained SAEs answer: S1 and S3 in closed form, and the price of detection."""
    draws = _draws(results, world)
    answers = (_reached(draws, "neurons"), _reached(draws, "units"), _price_of_detection(results, world))
    return [answer for answer in answers if answer is not None]


@dataclass(frozen=True, eq=False)
class _Draw:
    """One draw of a world with the results of the SAEs with absolute gates that were trained on it."""

    data: ConceptDataset
    cells: list[CellResult]

    def possible(self, learner: Learner) -> dict[str, bool]:
        """Return for each concept whether a learner can separate its region, where this is known."""
        truths = zip(self.data.names, self.data.truth, strict=False)
        facts = {name: _can(truth, learner) for name, truth in truths}
        return {name: fact for name, fact in facts.items() if fact is not None}

    def reached(self, learner: Learner) -> set[str]:
        """Return the concepts that at least one of the SAEs separates at the tolerance."""
        rows = (row for result in self.cells for row in result.answers.separation.of(learner))
        return {row.concept for row in rows if row.answer == "learned"}


def _can(truth: ConceptTruth | None, learner: Learner) -> bool | None:
    return None if truth is None else truth.one_neuron if learner == "neurons" else truth.unit


def _draws(results: Results, world: str) -> list[_Draw]:
    by_seed: dict[int, list[CellResult]] = {}
    for result in results.cells_of(world):
        if GATES[result.cell.gate].absolute:
            by_seed.setdefault(result.cell.seed, []).append(result)
    return [_Draw(results.dataset(cells[0]), cells) for cells in by_seed.values()]


def _reached(draws: Sequence[_Draw], learner: Learner) -> Answer | None:
    """Compare what S1 and S3 allow with what training reached, where the truth is known in closed form."""
    pairs = [(draw.possible(learner), draw.reached(learner)) for draw in draws]
    pairs = [(possible, reached) for possible, reached in pairs if possible]
    if not pairs:
        return None
    count = sum(len(possible) for possible, _ in pairs)
    able = sum(sum(possible.values()) for possible, _ in pairs)
    # The same share of each draw: of the concepts that can be separated, or else of those that cannot.
    share = mean_interval([_share(possible, reached, able > 0) for possible, reached in pairs], (0.0, 1.0))
    learner_words = "One neuron" if learner == "neurons" else "A unit"
    if able:
        prediction = (
            f"{learner_words} with an absolute gate can separate the regions of {able} of {count} concepts "
            "(draws counted); reconstruction does not ask for it, so training reaches fewer."
        )
        verdict = _side(share, 1.0)
    else:
        prediction = (
            f"{learner_words} with an absolute gate can separate the region of none of {count} concepts "
            "(draws counted), so training separates none."
        )
        verdict = "as predicted" if share.high <= 0 else "undecided"
    observation = (
        f"At tolerance {draws[0].cells[0].cell.tolerance:g}, at least one trained SAE of a seed separates a "
        f"share of {share} of these (mean over {share.n} seeds).{_beyond(pairs)}"
    )
    return Answer("S1" if learner == "neurons" else "S3", prediction, observation, verdict)


def _share(possible: Mapping[str, bool], reached: set[str], able: bool) -> float:
    concepts = {name for name, fact in possible.items() if fact == able}
    return len(concepts & reached) / len(concepts) if concepts else math.nan


def _beyond(pairs: Sequence[tuple[Mapping[str, bool], set[str]]]) -> str:
    """Say which concepts were separated within the tolerance although no region of theirs can be."""
    excluded = {name for possible, reached in pairs for name in reached if possible.get(name) is False}
    if not excluded:
        return ""
    return (
        " Separated within the tolerance although theory excludes it exactly: "
        f"{', '.join(sorted(excluded)[:5])}{' and more' if len(excluded) > 5 else ''}."
    )


def _side(interval: Interval, limit: float) -> Verdict:
    """Say whether an interval lies below a limit, as predicted, or reaches it throughout."""
    if interval.high < limit:
        return "as predicted"
    return "the prediction fails" if interval.low >= limit else "undecided"


def _price_of_detection(results: Results, world: str) -> Answer | None:
    """Compare detection at the sparsest and the densest setting of each gate, seed by seed."""
    ends = {
        gate: pair for gate in _gates(results, world) if (pair := _ends(results, world, gate)) is not None
    }
    if not ends:
        return None
    # The prediction speaks of every gate: their intervals hold at once.
    level = 1 - (1 - LEVEL) / len(ends)
    gains = {
        g: mean_interval(paired(dense.shares, sparse.shares), level=level)
        for g, (sparse, dense) in ends.items()
    }
    lines = [
        f"{gate_name(gate)} {sparse.mean:.2f} at {sparse.l0:.3g}, {dense.mean:.2f} at {dense.l0:.3g}, "
        f"difference {gains[gate]}"
        for gate, (sparse, dense) in ends.items()
    ]
    observation = (
        "Share of concepts that one neuron detects, at the least and the greatest mean L0 (over seeds and "
        "the widths that every sparsity of the gate has; the intervals of the differences hold at once): "
        f"{'; '.join(lines)}."
    )
    prediction = (
        "Only sparsity gives detection a price: with more neurons active, single neurons of a gate detect "
        "at least as many concepts."
    )
    contrary = any(gain.high < 0 for gain in gains.values())
    confirmed = all(gain.low >= 0 for gain in gains.values())
    verdict = "the prediction fails" if contrary else "as predicted" if confirmed else "undecided"
    return Answer("D1", prediction, observation, verdict)


@dataclass(frozen=True)
class _Detected:
    """What single neurons detect at one sparsity of a gate: the mean L0, and each seed's mean share."""

    l0: float
    shares: Mapping[int, float]

    @property
    def mean(self) -> float:
        return float(np.mean(list(self.shares.values())))


def _gates(results: Results, world: str) -> list[str]:
    return list(dict.fromkeys(result.cell.gate for result in results.cells_of(world)))


def _ends(results: Results, world: str, gate: str) -> tuple[_Detected, _Detected] | None:
    """Return a gate at its sparsest and at its densest; None where it has one sparsity only."""
    cells = [result for result in results.cells_of(world) if result.cell.gate == gate]
    widths: dict[float | int, set[int]] = {}
    for result in cells:
        widths.setdefault(result.cell.sparsity, set()).add(result.cell.width)
    # Only wide SAEs can be dense: widths that some sparsity lacks would be compared with narrower ones.
    shared = set[int].intersection(*widths.values())
    cells = [result for result in cells if result.cell.width in shared]
    sparsities = dict.fromkeys(result.cell.sparsity for result in cells)
    settings = [_detected([r for r in cells if r.cell.sparsity == sparsity]) for sparsity in sparsities]
    in_order = sorted((s for s in settings if s is not None), key=lambda setting: setting.l0)
    return (in_order[0], in_order[-1]) if len(in_order) > 1 else None


def _detected(cells: Sequence[CellResult]) -> _Detected | None:
    by_seed: dict[int, list[float]] = {}
    for result in cells:
        neurons = result.measures.detection.neurons
        if neurons is not None and math.isfinite(neurons.share):
            by_seed.setdefault(result.cell.seed, []).append(neurons.share)
    l0 = mean_interval([result.measures.metrics.l0 for result in cells]).mean
    if not by_seed or math.isnan(l0):
        return None
    return _Detected(l0, {seed: float(np.mean(shares)) for seed, shares in by_seed.items()})
