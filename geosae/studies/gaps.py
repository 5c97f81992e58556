"""What is possible in a world, beside what trained SAEs and baselines reach."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from geosae.experiments.baselines import Baseline
from geosae.experiments.gates import Gate
from geosae.experiments.interval import Interval, mean_interval
from geosae.experiments.jobs import StudyRecord
from geosae.experiments.measures import Learner
from geosae.experiments.results import Results
from geosae.experiments.summary import Setting
from geosae.studies import feasibility
from geosae.studies.feasibility import Draw, Feasible, Possible
from geosae.studies.numbers import paired

LEARNER_WORDS: Mapping[Learner, str] = {"neurons": "one neuron", "units": "a unit"}

PerSeed = Mapping[int, float]


@dataclass(frozen=True)
class Gap:
    """What is possible in a world beside what SAEs of one gate reach, with the baselines' shares.

    Attributes
    ----------
    sparsity
        Of the sparsities that have baselines, the one at which trained SAEs reach most.
    possible
        Share of concepts that some half-space (or some unit) separates within the tolerance, by certificate
        or by a half-space found; a mean over the draws of the world.
    reached
        Share separated by trained SAEs; `gap` is the difference to `possible`, draw by draw, and `by_seed`
        these differences.
    baselines
        Each baseline's share at the sparsity at which it reaches most itself: the same freedom of choice.
    """

    world: str
    gate: Gate
    sparsity: float | int
    width: int
    learner: Learner
    possible: Interval
    reached: Interval
    gap: Interval
    baselines: Mapping[Baseline, Interval]
    by_seed: PerSeed = field(default_factory=dict[int, float])


def gaps(results: Results) -> list[Gap]:
    """Return the gap of each world, gate and learner, at the greatest width that all its gates have."""
    draws = feasibility.STUDY.records(results.studies.get(feasibility.STUDY.name, ()))
    table: list[Gap] = []
    for world in results.worlds:
        possible = {learner: possible_per_seed(draws, world, learner) for learner in LEARNER_WORDS}
        rows = results.compared(world) or results.rows_of(world, "trained")
        sparsities: dict[Gate, list[float | int]] = {}
        for row in rows:
            sparsities.setdefault(row.gate, []).append(row.sparsity)
        for gate, values in sparsities.items():
            width = shared_width(((row.gate, row.width) for row in rows), gate)
            settings = [
                Setting(world, gate, width, sparsity, "trained") for sparsity in dict.fromkeys(values)
            ]
            table += [
                _gap(results, settings, learner, possible[learner])
                for learner in LEARNER_WORDS
                if possible[learner]
            ]
    return table


def shared_width(pairs: Iterable[tuple[Gate, int]], gate: Gate) -> int:
    """Return the greatest width that all gates of (gate, width) pairs have, or else the gate's own greatest.

    Examples
    --------
    >>> pairs = [("relu", 8), ("relu", 64), ("topk", 8)]
    >>> shared_width(pairs, "relu"), shared_width(pairs[:2], "relu")
    (8, 64)
    """
    widths: dict[Gate, set[int]] = {}
    for each, width in pairs:
        widths.setdefault(each, set()).add(width)
    return max(set[int].intersection(*widths.values()) or widths[gate])


def possible_per_seed(draws: Sequence[StudyRecord[Draw, Feasible]], world: str, learner: Learner) -> PerSeed:
    """Return for each draw of a world the share of its concepts that the learner could separate."""
    return {
        draw.settings.seed: float(np.mean([_possible(concept, learner) for concept in draw.result.concepts]))
        for draw in draws
        if draw.settings.world == world
    }


def _possible(concept: Possible, learner: Learner) -> bool:
    return concept.one_within if learner == "neurons" else concept.unit_within


def shares(results: Results, setting: Setting, learner: Learner) -> PerSeed:
    """Return for each seed the share of concepts that an SAE's neurons or units separate, where known."""
    by_seed: dict[int, float] = {}
    for result in results.cells_of(setting.world, setting.baseline):
        learned = result.measures.separation.learned(learner)
        if Setting.of(result.cell) == setting and learned is not None and not math.isnan(learned.share):
            by_seed[result.cell.seed] = learned.share
    return by_seed


def _best(results: Results, settings: Sequence[Setting], learner: Learner) -> tuple[Setting, PerSeed]:
    """Return the setting with the greatest mean share, the first of equals, and its shares."""
    pairs = [(setting, shares(results, setting, learner)) for setting in settings]
    return max(pairs, key=lambda pair: float(np.mean(list(pair[1].values()))) if pair[1] else -1.0)


def _gap(results: Results, settings: Sequence[Setting], learner: Learner, possible: PerSeed) -> Gap:
    setting, reached = _best(results, settings, learner)
    # A world drawn once has one answer for all seeds.
    at_seeds = {seed: possible.get(seed, next(iter(possible.values()))) for seed in reached}
    baselines: dict[Baseline, Interval] = {}
    for baseline in results.plan.baselines:
        _, best = _best(results, [replace(s, baseline=baseline) for s in settings], learner)
        baselines[baseline] = mean_interval(list(best.values()))
    return Gap(
        setting.world,
        setting.gate,
        setting.sparsity,
        setting.width,
        learner,
        mean_interval(list(possible.values())),
        mean_interval(list(reached.values())),
        mean_interval(paired(at_seeds, reached)),
        {name: interval for name, interval in baselines.items() if interval.n},
        {seed: at_seeds[seed] - reached[seed] for seed in reached},
    )
