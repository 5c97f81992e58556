"""Trained SAEs against baselines that are built instead of trained: paired differences over seeds.

A constructed baseline has a gate and a sparsity of its own, so that it stands at another setting than the
SAEs that it is compared with; trained baselines stand at the same one (`geosae.studies.grid_answers`).
"""

from collections.abc import Mapping, Sequence

from geosae.analysis import Notion
from geosae.experiments import (
    BASELINES,
    Baseline,
    CellResult,
    Interval,
    Learner,
    Results,
    Setting,
    mean_interval,
)
from geosae.geometry.intervals import clopper_pearson
from geosae.studies.numbers import majority, paired
from geosae.studies.study import Answer, Verdict

RIVAL: tuple[tuple[Notion, Learner], ...] = (("separation", "neurons"), ("separation", "units"))
"""What is compared with a floor or a rival."""
CEILING: tuple[tuple[Notion, Learner], ...] = (("detection", "units"), ("separation", "units"))
"""What is compared with a ceiling: true half-spaces may belong to more than the concepts' regions, so that
approximation has none, and single true half-spaces are no ceiling for single neurons."""
CHANCE = 0.025
"""How often the interval of a difference that is zero lies above zero."""


def baseline_answers(results: Results) -> list[Answer]:
    """Return what a run answers to the prediction of each constructed baseline, where it has several seeds.

    A setting is won where the interval of the paired differences over seeds lies above 0. Against a rival the
    prediction is that trained SAEs win more than half of the settings that differ at all; against a ceiling,
    that they win no more settings than chance gives them. Both shares have Clopper–Pearson intervals.
    """
    answers: list[Answer] = []
    for baseline in results.plan.baselines:
        if not BASELINES[baseline].constructed:
            continue
        compared = CEILING if BASELINES[baseline].ceiling else RIVAL
        differences = [d for d in _differences(results, baseline, compared) if d.n > 1]
        if differences:
            judge = _against_ceiling if BASELINES[baseline].ceiling else _against_rival
            wins, losses = sum(d.low > 0 for d in differences), sum(d.high < 0 for d in differences)
            observation, verdict = judge(wins, losses, len(differences))
            answers.append(Answer("baseline", BASELINES[baseline].expected, observation, verdict))
    return answers


def _against_rival(wins: int, losses: int, settings: int) -> tuple[str, Verdict]:
    """Tell whether, of the settings that differ at all, one side is more than half, beyond chance."""
    observation = (
        f"Trained SAEs separate more in {wins} of {settings} settings (world × gate × width × learner), "
        f"fewer in {losses} (intervals of paired differences apart from 0)."
    )
    return observation, majority(wins, losses)


def _against_ceiling(wins: int, losses: int, settings: int) -> tuple[str, Verdict]:
    """Tell whether trained SAEs exceed a ceiling in more settings than chance gives them."""
    observation = (
        f"Closure units of trained SAEs detect or separate more in {wins} of {settings} settings (world × "
        f"gate × width × notion), fewer in {losses} (intervals of paired differences apart from 0)."
    )
    low, high = map(float, clopper_pearson(wins, settings))
    verdict = "the prediction fails" if low > CHANCE else "as predicted" if high <= CHANCE else "undecided"
    return observation, verdict


def _differences(
    results: Results, baseline: Baseline, compared: Sequence[tuple[Notion, Learner]]
) -> list[Interval]:
    """Return trained minus baseline in the share learned, an interval for each setting and quantity."""
    cells: dict[Setting, list[CellResult]] = {}
    for result in results.cells:
        cells.setdefault(Setting.of(result.cell), []).append(result)
    differences: list[Interval] = []
    for row in (row for world in results.worlds for row in results.compared(world)):
        rival = results.baselines_of(row).get(baseline)
        if rival is not None:
            for notion, learner in compared:
                sides = (_shares(cells[setting], notion, learner) for setting in (row.setting, rival.setting))
                differences.append(mean_interval(paired(*sides)))
    return differences


def _shares(results: Sequence[CellResult], notion: Notion, learner: Learner) -> Mapping[int, float]:
    """Return for each seed the share of concepts learned, where the notion was measured."""
    by_seed = {r.cell.seed: r.measures.notion(notion).learned(learner) for r in results}
    return {seed: learned.share for seed, learned in by_seed.items() if learned is not None}
