"""What the study of training answers: whether separation follows the loss, over steps and over rates."""

from collections.abc import Callable
from itertools import product

from geosae.experiments.interval import LEVEL, Interval, mean_interval
from geosae.studies.dynamics_records import (
    LEARNERS,
    WORLDS,
    Learner,
    Records,
    TrainedState,
    at_rate,
    best_rate,
    of_arm,
    of_world,
    over_rates,
    over_steps,
    rank_correlation,
    share_of,
    steps_of,
    worlds_of,
)
from geosae.studies.numbers import direction, paired, per_seed, together
from geosae.studies.study import Answer, Verdict

NAMES: dict[Learner, str] = {"neuron": "one neuron", "unit": "a unit"}


def answers(records: Records) -> list[Answer]:
    """Return the predictions beside what was observed, world by world."""
    worlds = worlds_of(records)
    # One question is put to several worlds: its intervals hold together.
    level = 1 - (1 - LEVEL) / max(1, len(worlds))
    questions = (_since_the_start, _against_frozen, _turn, _guide, _rates)
    candidates = [ask(of_world(records, world), world, level) for ask, world in product(questions, worlds)]
    return [*(answer for answer in candidates if answer is not None), *_shuffled(records)]


def _loss(state: TrainedState) -> float:
    return state.loss


def _fvu(state: TrainedState) -> float:
    return state.fvu


def _difference(
    later: Records, earlier: Records, value: Callable[[TrainedState], float], level: float
) -> Interval:
    return mean_interval(paired(per_seed(later, value), per_seed(earlier, value)), level=level)


def _since_the_start(records: Records, world: str, level: float) -> Answer | None:
    """Compare untrained SAEs with those at the end, at the rate that the loss chooses."""
    start, steps = of_arm(records, "untrained"), steps_of(records)
    if not start or not steps:
        return None
    rate, learner = best_rate(records, _loss), WORLDS[world].learner
    end = at_rate(records, rate, steps[-1])
    share = share_of(learner)
    left = _difference(end, start, _fvu, level)
    gain = _difference(end, start, share, level)
    lost = learner == "unit"
    observation = (
        f"From 0 to {steps[-1]:,} steps at rate {rate:g} FVU goes from {_mean(start, _fvu)} to "
        f"{_mean(end, _fvu)} (paired difference {left}), the share certified by {NAMES[learner]} from "
        f"{_mean(start, share)} to {_mean(end, share)} (paired difference {gain})."
    )
    prediction = f"{WORLDS[world].label}: training lowers FVU and " + (
        "takes separation by units away." if lost else "makes neurons separate."
    )
    verdict = together([direction(left, -1), direction(gain, -1 if lost else 1)])
    return Answer("baseline", prediction, observation, verdict)


def _mean(records: Records, value: Callable[[TrainedState], float], digits: int = 2) -> str:
    return f"{mean_interval(list(per_seed(records, value).values())).mean:.{digits}f}"


def _against_frozen(records: Records, world: str, level: float) -> Answer | None:
    steps = steps_of(records)
    frozen = of_arm(records, "frozen_decoder")
    if not steps or not frozen:
        return None
    rate, learner = best_rate(records, _loss), WORLDS[world].learner
    end = at_rate(records, rate, steps[-1])
    share = share_of(learner)
    left, gain = (_difference(end, frozen, value, level) for value in (_fvu, share))
    observation = (
        f"After {steps[-1]:,} steps at rate {rate:g}, trained minus frozen decoder: FVU {left}, "
        f"share certified by {NAMES[learner]} {gain} (frozen, rate {WORLDS[world].rate:g}: "
        f"FVU {_mean(frozen, _fvu)}, share {_mean(frozen, share)})."
    )
    prediction = (
        f"{WORLDS[world].label}: trained atoms reconstruct better and separate more than random ones."
    )
    return Answer("baseline", prediction, observation, together([direction(left, -1), direction(gain)]))


def _turn(records: Records, world: str, level: float) -> Answer | None:
    """Compare the number of steps with most separation, chosen on the other seeds, with the most steps."""
    rate, learner = best_rate(records, _loss), WORLDS[world].learner
    curve = [(steps, runs) for steps, runs in over_steps(records, rate) if runs]
    share = share_of(learner)
    tables = {steps: (per_seed(runs, share), per_seed(runs, _fvu)) for steps, runs in curve}
    if len(tables) < 2:
        return None
    last = max(tables)
    chosen: list[int] = []
    lost: list[float] = []
    left: list[float] = []
    seeds = sorted(tables[last][0])
    for seed in seeds:
        others = [s for s in seeds if s != seed] or seeds
        # The last of equals: separation turns only where less is left of it.
        best = max(tables, key=lambda steps: (sum(tables[steps][0][s] for s in others), steps))
        chosen.append(best)
        lost.append(tables[best][0][seed] - tables[last][0][seed])
        left.append(tables[best][1][seed] - tables[last][1][seed])
    fall, gain = (mean_interval(values, level=level) for values in (lost, left))
    at = ", ".join(f"{steps:,}" for steps in sorted(set(chosen)))
    observation = (
        f"At rate {rate:g} the share certified by {NAMES[learner]} is greatest after {at} steps (chosen for "
        f"each seed on the others); from there to {last:,} steps it falls by {fall}, FVU by {gain}."
    )
    prediction = f"{WORLDS[world].label}: reconstruction still improves when separation has turned."
    if set(chosen) == {last}:
        return Answer("baseline", prediction, observation, "the prediction fails")
    return Answer("baseline", prediction, observation, together([direction(fall), direction(gain)]))


def _guide(records: Records, world: str, level: float) -> Answer | None:
    """Rank all trained SAEs of a seed by loss and by what they separate."""
    trained = of_arm(records, "trained")
    count = len({(r.settings.steps, r.settings.rate) for r in trained})
    if count < 3:
        return None
    learner = WORLDS[world].learner
    correlation = mean_interval(list(rank_correlation(records, learner).values()), (-1.0, 1.0), level)
    observation = (
        f"Over {count} trained SAEs of a seed (steps × rates) Spearman's ρ of the loss and the share "
        f"certified by {NAMES[learner]} is {correlation} (mean over {correlation.n} seeds in which shares "
        "differ)."
    )
    prediction = f"{WORLDS[world].label}: of two SAEs the one with the lower loss separates more."
    return Answer("baseline", prediction, observation, direction(correlation, -1))


def _rates(records: Records, world: str, level: float) -> Answer | None:
    """Compare the rate of least loss with that of most separation, both chosen on the other seeds."""
    rates = over_rates(records)
    seeds = sorted({r.settings.seed for r in of_arm(records, "trained")})
    if len(rates) < 2 or len(seeds) < 2:
        return None
    learner = WORLDS[world].learner
    share = share_of(learner)
    by_rate = {rate: per_seed(runs, share) for rate, runs in rates}
    gaps: list[float] = []
    for seed in seeds:
        others = [s for s in seeds if s != seed]
        by_loss = best_rate(records, _loss, others)
        by_share = best_rate(records, lambda state: -share(state), others)
        gaps.append(by_rate[by_share][seed] - by_rate[by_loss][seed])
    gap = mean_interval(gaps, level=level)
    spoken = ", ".join(
        f"{rate:g}: loss {_mean(runs, _loss, 3)}, dead {_mean(runs, lambda s: s.dead)}, share "
        f"{_mean(runs, share)}"
        for rate, runs in rates
    )
    observation = (
        f"After {steps_of(records)[-1]:,} steps, by rate, the share certified by {NAMES[learner]}: {spoken}. "
        f"The rate chosen for separation has {gap} more of it than the one chosen for the loss (each chosen "
        "for a seed on the others)."
    )
    prediction = f"{WORLDS[world].label}: a rate chosen on the loss is not the one that separates most."
    return Answer("baseline", prediction, observation, direction(gap))


def _shuffled(records: Records) -> list[Answer]:
    if not records:
        return []
    shares = {
        learner: [
            r.result.neuron_shuffled if learner == "neuron" else r.result.unit_shuffled for r in records
        ]
        for learner in LEARNERS
    }
    count = sum(value > 0 for values in shares.values() for value in values)
    observation = (
        f"With the labels of the points permuted, {count} of {2 * len(records):,} shares (SAEs × neuron and "
        f"unit) are above 0; the greatest is {max(max(values) for values in shares.values()):.2f}."
    )
    # Each family of pairs errs with probability 0.05 at most.
    prediction = (
        "What is certified is not chance: in at most 5 % of the SAEs anything is certified of labels "
    )
    prediction += "that say nothing (E4)."
    verdict: Verdict = "the prediction fails" if count > 0.05 * 2 * len(records) else "as predicted"
    return [Answer("E4", prediction, observation, verdict)]
