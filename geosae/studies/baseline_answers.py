"""Trained SAEs against each baseline of a run: paired differences over seeds, setting by setting."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from geosae.analysis import Notion
from geosae.experiments import BASELINES, Baseline, CellResult, Interval, Learner, Setting, mean_interval
from geosae.geometry.intervals import clopper_pearson
from geosae.studies.numbers import paired
from geosae.studies.study import Answer, Verdict

if TYPE_CHECKING:
    from geosae.experiments import Results

RIVAL: tuple[tuple[Notion, Learner], ...] = (("separation", "neurons"), ("separation", "units"))
"""What is compared with a floor or a rival."""
CEILING: tuple[tuple[Notion, Learner], ...] = (("detection", "units"), ("separation", "units"))
"""What is compared with a ceiling: true half-spaces may belong to more than the concepts' regions, so that
approximation has none, and single true half-spaces are no ceiling for single neurons."""
CHANCE = 0.025
"""How often the interval of a difference that is zero lies above zero."""


def baseline_answer(results: "Results", baseline: Baseline) -> Answer | None:
    """Return what a run answers to the prediction of one baseline; None where it was not compared over seeds.

    A setting is won where the interval of the paired differences over seeds lies above 0. Against a floor or a
    rival the prediction is that of the settings that differ at all trained SAEs win more than half; against a
    ceiling, that they win no more settings than chance gives them. Both shares have Clopper–Pearson intervals.
    """
    compared = CEILING if BASELINES[baseline].ceiling else RIVAL
    differences = [d for d in _differences(results, baseline, compared) if d.n > 1]
    if not differences:
        return None
    wins = sum(d.low > 0 for d in differences)
    losses = sum(d.high < 0 for d in differences)
    if BASELINES[baseline].ceiling:
        observation = (
            f"The closure units of trained SAEs detect or separate more in {wins} of {len(differences)} settings "
            f"(world × gate × width × notion), fewer in {losses} (intervals of paired differences apart from 0)."
        )
        low, high = clopper_pearson(wins, len(differences))
        verdict = _verdict(high <= CHANCE, low > CHANCE)
    else:
        observation = (
            f"Trained SAEs separate more in {wins} of {len(differences)} settings (world × gate × width × "
            f"learner), fewer in {losses} (intervals of paired differences apart from 0)."
        )
        # Of the settings that differ at all, is one side more than half, beyond chance?
        low, high = clopper_pearson(wins, wins + losses)
        verdict = _verdict(low > 0.5, high < 0.5)
    return Answer("baseline", BASELINES[baseline].expected, observation, verdict)


def _verdict(confirmed: bool, refuted: bool) -> Verdict:
    return "as predicted" if confirmed else "the prediction fails" if refuted else "undecided"


def _differences(
    results: "Results", baseline: Baseline, compared: Sequence[tuple[Notion, Learner]]
) -> list[Interval]:
    """Return trained minus baseline in the share learned, an interval for each setting and quantity."""
    cells: dict[Setting, list[CellResult]] = {}
    for result in results.cells:
        cells.setdefault(Setting.of(result.cell), []).append(result)
    differences: list[Interval] = []
    for row in (row for world in results.worlds for row in results.compared(world)):
        rival = results.baselines_of(row).get(baseline)
        if rival is not None:
            sides = cells[row.setting], cells[rival.setting]
            for notion, learner in compared:
                trained, other_sae = (_shares(side, notion, learner) for side in sides)
                differences.append(mean_interval(paired(trained, other_sae)))
    return differences


def _shares(results: Sequence[CellResult], notion: Notion, learner: Learner) -> Mapping[int, float]:
    """Return for each seed the share of concepts learned."""
    shares = {r.cell.seed: r.measures.notion(notion).learned(learner) for r in results}
    return {seed: learned.share for seed, learned in shares.items() if learned is not None}
