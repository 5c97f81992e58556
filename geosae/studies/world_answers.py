"""What each world of a run answers: what its SAEs reach of what is possible, and the price of detection."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from geosae.data.dataset import ConceptDataset
from geosae.data.truth import ConceptTruth
from geosae.experiments import GATES, LEVEL, CellResult, Interval, Learner, Results, gate_name, mean_interval
from geosae.studies.comparisons import Differences
from geosae.studies.study import Answer, Verdict


def world_answers(results: Results) -> dict[str, list[Answer]]:
    """Return what each world's trained SAEs answer: S1 and S3 in closed form, and the price of detection.

    All intervals that decide one of them, in whatever world, hold at once.
    """
    draws = {world: _draws(results, world) for world in results.worlds}
    prices = {world: _prices(results, world) for world in results.worlds}
    learners: tuple[Learner, ...] = ("neurons", "units")
    shares = sum(bool(_known(of_world, each)) for of_world in draws.values() for each in learners)
    intervals = shares + sum(map(len, prices.values()))
    level = 1 - (1 - LEVEL) / max(intervals, 1)
    answers = {
        world: [*(_reached(draws[world], each, level) for each in learners), _price(prices[world], level)]
        for world in results.worlds
    }
    return {world: [each for each in of_world if each is not None] for world, of_world in answers.items()}


@dataclass(frozen=True, eq=False)
class _Draw:
    """One draw of a world with the results of the SAEs with absolute gates that were trained on it."""

    seed: int
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
    return [_Draw(seed, results.dataset(cells[0]), cells) for seed, cells in by_seed.items()]


def _known(draws: Sequence[_Draw], learner: Learner) -> dict[int, tuple[dict[str, bool], set[str]]]:
    """Return for each seed what is possible and what was reached, where the truth is known in closed form."""
    pairs = {draw.seed: (draw.possible(learner), draw.reached(learner)) for draw in draws}
    return {seed: (possible, reached) for seed, (possible, reached) in pairs.items() if possible}


def _reached(draws: Sequence[_Draw], learner: Learner, level: float) -> Answer | None:
    """Compare what S1 and S3 allow with what training reached."""
    by_seed = _known(draws, learner)
    if not by_seed:
        return None
    pairs = list(by_seed.values())
    count = sum(len(possible) for possible, _ in pairs)
    able = sum(sum(possible.values()) for possible, _ in pairs)
    # The same share of each draw: of the concepts that can be separated, or else of those that cannot.
    share = _share_over_seeds(by_seed, able > 0, level)
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


def _share_over_seeds(
    by_seed: Mapping[int, tuple[dict[str, bool], set[str]]], able: bool, level: float
) -> Interval:
    """Return the mean over seeds of the share reached, of the concepts of which this is possible or not."""
    shares = {seed: _share(*pair, able) for seed, pair in by_seed.items()}
    shares = {seed: share for seed, share in shares.items() if math.isfinite(share)}
    counts = [sum(fact == able for fact in possible.values()) for possible, _ in by_seed.values()]
    # All or none in every seed: at an end of its range a share is not rounded.
    at_end = len(set(shares.values())) == 1 and set(shares.values()) <= {0.0, 1.0}
    step = 0.0 if at_end else 1 / min(filter(None, counts))
    interval = Differences("", "", shares, step).interval(level)
    return Interval(interval.mean, max(interval.low, 0.0), min(interval.high, 1.0), interval.n)


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


def _prices(results: Results, world: str) -> "dict[str, tuple[_Detected, _Detected]]":
    """Return each gate of a world at its sparsest and at its densest, where it has both."""
    ends = {gate: _ends(results, world, gate) for gate in _gates(results, world)}
    return {gate: pair for gate, pair in ends.items() if pair is not None}


def _price(ends: "Mapping[str, tuple[_Detected, _Detected]]", level: float) -> Answer | None:
    """Compare detection at the sparsest and the densest setting of each gate, seed by seed."""
    if not ends:
        return None
    gains = {gate: _gain(sparse, dense).interval(level) for gate, (sparse, dense) in ends.items()}
    lines = [
        f"{gate_name(gate)} {sparse.mean:.2f} at {sparse.l0:.3g}, {dense.mean:.2f} at {dense.l0:.3g}, "
        f"difference {gains[gate]}"
        for gate, (sparse, dense) in ends.items()
    ]
    observation = (
        "Share of concepts that one neuron detects, at the least and the greatest mean L0 (over seeds and "
        "the widths that every sparsity of the gate has; the intervals of all worlds hold at once): "
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


def _gain(sparse: "_Detected", dense: "_Detected") -> Differences:
    seeds = [seed for seed in dense.shares if seed in sparse.shares]
    by_seed = {seed: dense.shares[seed] - sparse.shares[seed] for seed in seeds}
    return Differences("", "", by_seed, max(sparse.step, dense.step))


@dataclass(frozen=True)
class _Detected:
    """What single neurons detect at one sparsity of a gate: the mean L0, each seed's share, and its step."""

    l0: float
    shares: Mapping[int, float]
    step: float

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
    tested = [r.measures.detection.neurons.tested for r in cells if r.measures.detection.neurons is not None]
    means = {seed: float(np.mean(shares)) for seed, shares in by_seed.items()}
    return _Detected(l0, means, 1 / min(tested))
