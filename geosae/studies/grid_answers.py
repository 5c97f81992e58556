"""What the grid itself answers: the gap to what is possible, baselines, gates at matched L0, and F2."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from geosae.experiments.baselines import BASELINES, Baseline
from geosae.experiments.gates import GATES, Gate, gate_name
from geosae.experiments.interval import Interval, mean_interval
from geosae.experiments.measures import Learner, Measures
from geosae.experiments.results import Results
from geosae.experiments.summary import Setting
from geosae.studies.baseline_answers import baseline_answers
from geosae.studies.gaps import LEARNER_WORDS, Gap, gaps, shares
from geosae.studies.numbers import direction, majority, paired
from geosae.studies.registry import answers_of
from geosae.studies.study import Answer, Verdict


def matched_l0(
    results: Results, world: str, learner: Learner, left: Gate = "relu", right: Gate = "topk"
) -> Interval:
    """Return the difference left − right in the mean error of separation at equal L0, over seeds.

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
    return mean_interval([sum(values) / len(values) for _, values in sorted(differences.items())])


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


def grid_answers(results: Results) -> list[Answer]:
    """Return what the grid of a run answers: S1 and S3 against training, baselines, matched L0, F2."""
    table = gaps(results)
    answers = [_forbidden(table, learner) for learner in LEARNER_WORDS]
    answers += [_reached(table, learner) for learner in LEARNER_WORDS]
    answers += [_baseline(results, b) for b in results.plan.baselines if not BASELINES[b].constructed]
    answers += baseline_answers(results)
    answers += [_matched(results, world) for world in results.worlds]
    answers += [_mutual(results), _asymmetry(results)]
    return [answer for answer in answers if answer is not None]


def _forbidden(table: Sequence[Gap], learner: Learner) -> Answer | None:
    settings = [g for g in table if g.learner == learner and g.gap.n]
    if not settings:
        return None
    over = [g for g in settings if g.gap.high < 0]
    words = LEARNER_WORDS[learner]
    observation = (
        f"In {len(settings)} settings (world × gate) the share that {words} separates lies above the share "
        f"found possible in {sum(g.gap.mean < 0 for g in settings)}, with the interval apart in {len(over)}"
        f"{': ' + ', '.join(f'{g.world} {g.gate}' for g in over[:4]) if over else ''}."
    )
    statement = "S1" if learner == "neurons" else "S3"
    prediction = (
        f"Absolute gates do not separate by {words} more than is geometrically possible ({statement})."
    )
    absolute = any(GATES[g.gate].absolute for g in over)
    return Answer(statement, prediction, observation, "the prediction fails" if absolute else "as predicted")


def _reached(table: Sequence[Gap], learner: Learner) -> Answer | None:
    settings = [g for g in table if g.learner == learner and g.possible.mean > 0 and g.gap.n]
    if not settings:
        return None
    # Gates and worlds are not draws of anything: their spread is given, and no interval over them.
    values = sorted(g.gap.mean for g in settings)
    clear = sum(g.gap.low > 0 for g in settings)
    best = min(settings, key=lambda g: g.gap.mean)
    observation = (
        f"Possible minus reached: median {values[len(values) // 2]:.2f}, from {values[0]:.2f} to "
        f"{values[-1]:.2f} over {len(settings)} settings, with the interval above 0 in {clear}; least in "
        f"{best.world} with {gate_name(best.gate)}: {best.reached} of {best.possible.mean:.2f}."
    )
    prediction = (
        f"Reconstruction does not ask for separation: training reaches less by "
        f"{LEARNER_WORDS[learner]} than is possible."
    )
    verdict: Verdict = "as predicted" if 2 * clear > len(settings) else "undecided"
    if any(g.gap.high < 0 for g in settings) and not clear:
        verdict = "the prediction fails"
    return Answer("S1" if learner == "neurons" else "S3", prediction, observation, verdict)


def _baseline(results: Results, baseline: Baseline) -> Answer | None:
    """Count the settings in which trained SAEs and a baseline are apart, and on which side."""
    differences: list[Interval] = []
    for world in results.worlds:
        for row in results.compared(world):
            rival = Setting(world, row.gate, row.width, row.sparsity, baseline)
            for learner in LEARNER_WORDS:
                pair = shares(results, row.setting, learner), shares(results, rival, learner)
                difference = mean_interval(paired(*pair))
                if difference.n > 1:
                    differences.append(difference)
    if not differences:
        return None
    wins = sum(d.low > 0 for d in differences)
    losses = sum(d.high < 0 for d in differences)
    observation = (
        f"Trained SAEs separate more in {wins} of {len(differences)} settings (world × gate × width × "
        f"learner), fewer in {losses} (intervals of paired differences apart from 0)."
    )
    return Answer("baseline", BASELINES[baseline].expected, observation, majority(wins, losses))


def _matched(results: Results, world: str) -> Answer | None:
    pairs = [(words, matched_l0(results, world, learner)) for learner, words in LEARNER_WORDS.items()]
    differences = [(words, interval) for words, interval in pairs if interval.n]
    if not differences:
        return None
    text = "; ".join(f"by {words} {interval}" for words, interval in differences)
    observation = f"{world}: error of separation, ReLU − Top-K at equal L0: {text}."
    prediction = (
        "At matched L0 the gate makes no difference to what is separated (no theory predicts either way)."
    )
    clear = any(direction(interval) != "undecided" for _, interval in differences)
    return Answer("L0", prediction, observation, "the prediction fails" if clear else "undecided")


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


def _mutual(results: Results) -> Answer | None:
    rates = [
        rate
        for world in results.worlds
        for rate in agreement(results, world, lambda m: m.agreement.mutual).values()
    ]
    if not rates:
        return None
    below = sum(rate.high < 1 for rate in rates)
    least = min(rates, key=lambda rate: rate.mean)
    observation = (
        f"The mutual-best rate lies below 1 (with its interval) in {below} of {len(rates)} settings; mean "
        f"{sum(rate.mean for rate in rates) / len(rates):.2f}, least {least}."
    )
    prediction = (
        "Learning and interpretation need not agree: the best concept of a concept's best neuron can be "
        "another (F2)."
    )
    return Answer("F2", prediction, observation, "as predicted" if below else "undecided")


def _asymmetry(results: Results) -> Answer | None:
    """Compare what it costs to read a concept's best neuron, and to learn a neuron's best concept."""
    pairs: list[tuple[Interval, Interval]] = []
    for world in results.worlds:
        of_concepts = agreement(results, world, lambda m: m.agreement.concept_asymmetry)
        of_neurons = agreement(results, world, lambda m: m.agreement.neuron_asymmetry)
        pairs += [(of_concepts[s], of_neurons[s]) for s in of_concepts if s in of_neurons]
    if not pairs:
        return None
    clear = sum(neurons.low > concepts.high for concepts, neurons in pairs)
    contrary = sum(neurons.high < concepts.low for concepts, neurons in pairs)
    concept_mean, neuron_mean = (
        sum(interval.mean for interval in side) / len(pairs) for side in zip(*pairs, strict=True)
    )
    observation = (
        f"A concept's best neuron has an error on it that is {concept_mean:.2f} above the neuron's least; a "
        f"neuron has an error on its best concept that is {neuron_mean:.2f} above the concept's least (means "
        f"over {len(pairs)} settings). The second is greater in {clear} settings with intervals apart, "
        f"less in {contrary}."
    )
    prediction = (
        "With more neurons than concepts a neuron's best concept has a better neuron more often than a "
        "concept's best neuron has a better concept: the scores are asymmetric (F2)."
    )
    return Answer("F2", prediction, observation, majority(clear, contrary))


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
