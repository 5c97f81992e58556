"""What the grid itself answers: the gap to what is possible, gates at matched L0, and F2."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geosae.experiments.baselines import BASELINES
from geosae.experiments.gates import gate_name
from geosae.experiments.summary import estimate_at
from geosae.geometry.intervals import clopper_pearson
from geosae.studies.gaps import LEARNERS, gaps, shares
from geosae.studies.numbers import Mean, direction, mean_of, paired
from geosae.studies.study import Answer

if TYPE_CHECKING:
    from geosae.experiments.results import Results

Setting = tuple[str, float | int, int]
"""Gate, sparsity, width."""


def matched_l0(results: "Results", world: str, learner: str, one: str = "relu", other: str = "topk") -> Mean:
    """Return the difference one − other in the mean error of separation at equal L0, over seeds.

    For each seed and width the errors of `one` are interpolated in log L0 at the L0s of `other`; where those
    lie outside of its range there is nothing to compare.
    """
    curves = {gate: _curves(results, world, learner, gate) for gate in (one, other)}
    found: dict[int, list[float]] = {}
    for place, points in curves[other].items():
        line = curves[one].get(place, [])
        if len(line) < 2:
            continue
        xs, ys = np.array(line).T
        for l0, error in points:
            if xs[0] <= l0 <= xs[-1]:
                found.setdefault(place[0], []).append(float(np.interp(l0, xs, ys)) - error)
    return mean_of([sum(v) / len(v) for _, v in sorted(found.items())])


def _curves(
    results: "Results", world: str, learner: str, gate: str
) -> dict[tuple[int, int], list[tuple[float, float]]]:
    found: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for record in results.records_of(world):
        cell, table = record["cell"], record["notions"]["separation"][learner]
        l0 = record["metrics"]["l0"]
        if cell["gate"] == gate and table and table.get("best_error") is not None and l0:
            point = (float(np.log(l0)), float(table["best_error"]))
            found.setdefault((int(cell["seed"]), int(cell["width"])), []).append(point)
    return {place: sorted(points) for place, points in found.items()}


def grid_answers(results: "Results") -> list[Answer]:
    """Return what the grid of a run answers: S1 and S3 against training, baselines, matched L0, F2."""
    found = [_forbidden(results, learner) for learner in LEARNERS]
    found += [_reached(results, learner) for learner in LEARNERS]
    found += [_baseline(results, name) for name in results.plan.baselines]
    found += [_matched(results, world) for world in results.worlds]
    found += [_mutual(results), _asymmetry(results)]
    return [answer for answer in found if answer is not None]


def _forbidden(results: "Results", learner: str) -> Answer | None:
    own = [g for g in gaps(results) if g.learner == learner and g.gap.count]
    if not own:
        return None
    over = [g for g in own if g.gap.count and g.gap.high < 0]
    words = LEARNERS[learner][1]
    observation = (
        f"In {len(own)} settings (world × gate) the share that {words} separates lies above the share found "
        f"possible in {sum(g.gap.value < 0 for g in own)}, with the interval apart in {len(over)}"
        f"{': ' + ', '.join(f'{g.world} {g.gate}' for g in over[:4]) if over else ''}."
    )
    statement = "S1" if learner == "neurons" else "S3"
    prediction = (
        f"Absolute gates do not separate by {words} more than is geometrically possible ({statement})."
    )
    absolute = [g for g in over if _absolute(g.gate)]
    verdict = "the prediction fails" if absolute else "as predicted"
    return Answer(statement, prediction, observation, verdict)


def _absolute(gate: str) -> bool:
    from geosae.experiments.gates import GATES

    return GATES[gate].absolute


def _reached(results: "Results", learner: str) -> Answer | None:
    own = [g for g in gaps(results) if g.learner == learner and g.possible.value > 0 and g.gap.count]
    if not own:
        return None
    # Gates and worlds are not draws of anything: their spread is told, and no interval over them.
    values = sorted(g.gap.value for g in own)
    clear = sum(g.gap.low > 0 for g in own)
    best = min(own, key=lambda g: g.gap.value)
    observation = (
        f"Possible minus reached: median {values[len(values) // 2]:.2f}, from {values[0]:.2f} to "
        f"{values[-1]:.2f} over {len(own)} settings, with the interval above 0 in {clear}; least in "
        f"{best.world} with {gate_name(best.gate)}: {best.reached} of {best.possible.value:.2f}."
    )
    prediction = (
        f"Reconstruction does not ask for separation: training reaches less by "
        f"{LEARNERS[learner][1]} than is possible."
    )
    verdict = "as predicted" if 2 * clear > len(own) else "undecided"
    if any(g.gap.high < 0 for g in own) and not clear:
        verdict = "the prediction fails"
    return Answer("S1" if learner == "neurons" else "S3", prediction, observation, verdict)


def _baseline(results: "Results", name: str) -> Answer | None:
    differences: list[Mean] = []
    for world in results.worlds:
        for row in results.compared(world):
            at = (world, str(row["gate"]), row["sparsity"], int(row["width"]))
            for learner in LEARNERS:
                pair = shares(results, at, learner), shares(results, at, learner, name)
                found = mean_of(paired(*pair))
                if found.count > 1:
                    differences.append(found)
    if not differences:
        return None
    wins = sum(d.low > 0 for d in differences)
    losses = sum(d.high < 0 for d in differences)
    observation = (
        f"Trained SAEs separate more in {wins} of {len(differences)} settings (world × gate × width × "
        "learner), "
        f"fewer in {losses} (intervals of paired differences apart from 0)."
    )
    # Of the settings that differ at all, is one side more than half, beyond chance?
    low, high = clopper_pearson(wins, wins + losses)
    verdict = "as predicted" if low > 0.5 else "the prediction fails" if high < 0.5 else "undecided"
    return Answer("baseline", BASELINES[name].expected, observation, verdict)


def _matched(results: "Results", world: str) -> Answer | None:
    found = {words: matched_l0(results, world, who) for who, (_, words) in LEARNERS.items()}
    if not any(m.count for m in found.values()):
        return None
    text = "; ".join(f"by {words} {m}" for words, m in found.items() if m.count)
    observation = f"{world}: error of separation, ReLU − Top-K at equal L0: {text}."
    prediction = (
        "At matched L0 the gate makes no difference to what is separated (no theory predicts either way)."
    )
    told = [direction(m) for m in found.values() if m.count]
    clear = any(t != "undecided" for t in told)
    return Answer("L0", prediction, observation, "the prediction fails" if clear else "undecided")


def reading(results: "Results", world: str, measure: str, baseline: str = "trained") -> dict[Setting, Mean]:
    """Return a measure of learning against interpretation (F2) for each setting of a world.

    Parameters
    ----------
    measure
        "mutual" (the mutual-best rate of separation), "concept_asymmetry" or "neuron_asymmetry" (see
        `geosae.analysis.agreement`), or "closed_objects" (the share of concepts closed in the detection
        context).
    """
    found: dict[Setting, Mean] = {}
    for row in results.rows_of(world, baseline):
        part = "lattice" if measure == "closed_objects" else "reading"
        known = estimate_at(row, part, measure)
        if known is not None:
            low, high = (math.nan if known[end] is None else float(known[end]) for end in ("low", "high"))
            place = (str(row["gate"]), row["sparsity"], int(row["width"]))
            found[place] = Mean(float(known["mean"]), low, high, int(known["count"]))
    return found


def _mutual(results: "Results") -> Answer | None:
    known = [m for world in results.worlds for m in reading(results, world, "mutual").values()]
    if not known:
        return None
    below = sum(m.high < 1 for m in known)
    worst = min(known, key=lambda m: m.value)
    observation = (
        f"The mutual-best rate lies below 1 (with its interval) in {below} of {len(known)} settings; mean "
        f"{sum(m.value for m in known) / len(known):.2f}, least {worst}."
    )
    prediction = (
        "Learning and interpretation need not agree: the best concept of a concept's best neuron can be "
        "another (F2)."
    )
    return Answer("F2", prediction, observation, "as predicted" if below else "undecided")


def _asymmetry(results: "Results") -> Answer | None:
    """Compare what it costs to read a concept's best neuron, and to learn a neuron's best concept."""
    sides = [
        {(w, *at): m for w in results.worlds for at, m in reading(results, w, name).items()}
        for name in ("concept_asymmetry", "neuron_asymmetry")
    ]
    both = [(sides[0][at], sides[1][at]) for at in sides[0] if at in sides[1]]
    if not both:
        return None
    clear = sum(other.low > one.high for one, other in both)
    contrary = sum(other.high < one.low for one, other in both)
    means = [sum(m.value for m in side) / len(both) for side in zip(*both, strict=True)]
    observation = (
        f"A concept's best neuron has an error on it that is {means[0]:.2f} above the neuron's least; a "
        f"neuron has an error on its best concept that is {means[1]:.2f} above the concept's least (means "
        f"over {len(both)} settings). The second is greater in {clear} settings with intervals apart, "
        f"less in {contrary}."
    )
    prediction = (
        "With more neurons than concepts a neuron's best concept has a better neuron more often than a "
        "concept's best neuron has a better concept: the scores are asymmetric (F2)."
    )
    low, high = clopper_pearson(clear, clear + contrary)
    verdict = "as predicted" if low > 0.5 else "the prediction fails" if high < 0.5 else "undecided"
    return Answer("F2", prediction, observation, verdict)


def all_answers(results: "Results") -> dict[str, Sequence[Answer]]:
    """Return the answers of the grid (under "grid", where it was compared) and of each study."""
    from geosae.studies.registry import answers_of

    found: dict[str, Sequence[Answer]] = {}
    if results.studies:
        found["grid"] = grid_answers(results)
    return {**found, **answers_of(results.studies)}


def verdict_counts(answers: Mapping[str, Sequence[Answer]]) -> dict[str, Any]:
    """Return how many answers of each verdict there are.

    Examples
    --------
    >>> verdict_counts({"x": [Answer("S1", "a.", "b 1.", "undecided")]})["undecided"]
    1
    """
    every = [a.verdict for found in answers.values() for a in found]
    return {name: every.count(name) for name in ("as predicted", "the prediction fails", "undecided")}
