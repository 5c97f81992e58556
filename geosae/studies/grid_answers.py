"""What the grid itself answers: the gap to what is possible, baselines, gates at matched L0, and F2."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from geosae.experiments.baselines import Baseline
from geosae.experiments.gates import Gate
from geosae.experiments.interval import Interval
from geosae.experiments.measures import Learner, Measures
from geosae.experiments.results import Results
from geosae.experiments.summary import Setting
from geosae.studies.baseline_questions import averaged, baseline_questions, share_step
from geosae.studies.comparisons import Decision, Differences, Question, decide
from geosae.studies.gaps import LEARNER_WORDS, Gap, gaps
from geosae.studies.registry import answers_of
from geosae.studies.study import Answer, Verdict


def matched_l0(
    results: Results, world: str, learner: Learner, left: Gate = "relu", right: Gate = "topk"
) -> dict[int, float]:
    """Return for each seed the difference left − right in the mean error of separation at equal L0.

    For each seed and width the errors of `left` are interpolated in log L0 at the L0s of `right`; where those
    lie outside of its range there is nothing to compare.
    """
    lines = _curves(results, world, learner, left)
    differences: dict[int, list[float]] = {}
    for (seed, width), points in _curves(results, world, learner, right).items():
        line = lines.get((seed, width), [])
        if len(line) < 2:
            continue
        xs, ys = np.array(line).T
        for l0, error in points:
            if xs[0] <= l0 <= xs[-1]:
                differences.setdefault(seed, []).append(float(np.interp(l0, xs, ys)) - error)
    return {seed: sum(values) / len(values) for seed, values in sorted(differences.items())}


def _curves(
    results: Results, world: str, learner: Learner, gate: Gate
) -> dict[tuple[int, int], list[tuple[float, float]]]:
    """Return (log L0, error) of a gate's SAEs, by seed and width."""
    curves: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for result in results.cells_of(world):
        learned, l0 = result.measures.separation.learned(learner), result.measures.metrics.l0
        if result.cell.gate == gate and learned is not None and l0 > 0 and math.isfinite(learned.best_error):
            points = curves.setdefault((result.cell.seed, result.cell.width), [])
            points.append((float(np.log(l0)), learned.best_error))
    return {key: sorted(points) for key, points in curves.items()}


def grid_decisions(results: Results) -> tuple[Decision, ...]:
    """Return what is compared on a run's grid, decided at one error rate for all of it.

    Baselines and shuffled labels, what is possible against what is reached (S1, S3), gates at matched L0,
    and learning against interpretation (F2).
    """
    table = gaps(results)
    return decide(
        [
            *baseline_questions(results),
            *(_gap_question(results, table, learner) for learner in LEARNER_WORDS),
            *(_matched_question(results, learner) for learner in LEARNER_WORDS),
            _mutual_question(results),
            _asymmetry_question(results),
        ]
    )


def grid_answers(results: Results) -> list[Answer]:
    """Return what the grid of a run answers: one answer per prediction, with three counts over its worlds."""
    return [decision.answer for decision in grid_decisions(results)]


def _gap_question(results: Results, table: Sequence[Gap], learner: Learner) -> Question:
    words = LEARNER_WORDS[learner]
    steps = {
        world: max((share_step(r.measures, learner) for r in results.cells_of(world)), default=0.0)
        for world in results.worlds
    }
    return Question(
        "S1" if learner == "neurons" else "S3",
        f"Geometry allows no more, and reconstruction does not ask for it: training separates fewer concepts "
        f"by {words} than is possible.",
        f"Share of concepts that {words} could separate, minus the share that trained SAEs do (at the "
        "sparsity where they separate most)",
        "more possible",
        "more reached",
        tuple(Differences(g.world, g.gate, g.by_seed, steps[g.world])
              for g in table if g.learner == learner and g.by_seed),
    )  # fmt: skip


def _matched_question(results: Results, learner: Learner) -> Question:
    differences = {world: matched_l0(results, world, learner) for world in results.worlds}
    return Question(
        "L0",
        f"At matched L0 the gate makes no difference to how well {LEARNER_WORDS[learner]} separates (no "
        "theory predicts either way).",
        f"Mean separation error of {LEARNER_WORDS[learner]}, ReLU minus Top-K at equal L0",
        "ReLU greater",
        "ReLU less",
        tuple(Differences(world, "", by_seed) for world, by_seed in differences.items() if by_seed),
        "not apart",
    )


def agreement(
    results: Results,
    world: str,
    measure: Callable[[Measures[Interval]], Interval],
    baseline: Baseline = "trained",
) -> dict[Setting, Interval]:
    """Return a measure of learning against interpretation (F2) for each setting of a world, where known.

    Parameters
    ----------
    measure
        Reads the measure off a row: one of `measures.agreement` (see `geosae.analysis.agreement`), or
        `measures.lattice.closed_objects`, the share of concepts closed in the detection context.
    """
    intervals = {row.setting: measure(row.measures) for row in results.rows_of(world, baseline)}
    return {setting: interval for setting, interval in intervals.items() if interval.n}


def _mutual_question(results: Results) -> Question:
    return Question(
        "F2",
        "Learning and interpretation need not agree: the best concept of a concept's best neuron can be "
        "another.",
        "Share of concepts whose best neuron has another best concept",
        "above 0",
        "below 0",
        _of_agreement(results, lambda m: 1 - m.agreement.mutual, lambda m: share_step(m, "neurons")),
    )


def _asymmetry_question(results: Results) -> Question:
    return Question(
        "F2",
        "With more neurons than concepts a neuron's best concept has a better neuron more often than a "
        "concept's best neuron has a better concept: the scores are asymmetric.",
        "Error of a neuron on its best concept above that concept's least, minus the error of a concept's "
        "best neuron above that neuron's least",
        "neurons greater",
        "concepts greater",
        _of_agreement(results, lambda m: m.agreement.neuron_asymmetry - m.agreement.concept_asymmetry),
    )


def _of_agreement(
    results: Results,
    value: Callable[[Measures[float]], float],
    step: Callable[[Measures[float]], float] = lambda _: 0.0,
) -> tuple[Differences, ...]:
    """Return a number of each trained SAE as a difference from 0, a mean over the settings of each gate."""
    differences: list[Differences] = []
    for world in results.worlds:
        cells = results.cells_of(world)
        by_gate: dict[Gate, dict[int, list[float]]] = {}
        for result in cells:
            by_seed = by_gate.setdefault(result.cell.gate, {})
            by_seed.setdefault(result.cell.seed, []).append(value(result.measures))
        differences += averaged(world, by_gate, max((step(r.measures) for r in cells), default=0.0))
    return tuple(differences)


def all_answers(results: Results) -> dict[str, Sequence[Answer]]:
    """Return the answers of the grid (under "grid", of a run with studies or baselines) and of each study."""
    answers: dict[str, Sequence[Answer]] = {}
    if results.studies or results.plan.baselines:
        answers["grid"] = grid_answers(results)
    return {**answers, **answers_of(results)}


def verdict_counts(answers: Mapping[str, Sequence[Answer]]) -> dict[Verdict, int]:
    """Return how many answers of each verdict there are.

    Examples
    --------
    >>> verdict_counts({"x": [Answer("S1", "a.", "b 1.", "undecided")]})["undecided"]
    1
    """
    verdicts: tuple[Verdict, ...] = ("as predicted", "the prediction fails", "undecided")
    every = [answer.verdict for group in answers.values() for answer in group]
    return {verdict: every.count(verdict) for verdict in verdicts}
