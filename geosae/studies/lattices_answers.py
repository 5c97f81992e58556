"""What the study of lattices answers: recall and precision beside their floors, rules, and both maps."""

import math
from collections.abc import Callable, Sequence

from geosae.experiments.gates import gate_name
from geosae.experiments.interval import LEVEL, Interval, mean_interval
from geosae.studies.lattices_records import (
    ARM_NAMES,
    DEGREES,
    FLOORS,
    Arm,
    Compared,
    Learning,
    Reached,
    Records,
    base_of,
    over_axis,
    over_truths,
    read,
    soft_precision,
    soft_recall,
)
from geosae.studies.numbers import direction, paired, per_seed, together
from geosae.studies.study import Answer, Verdict

Value = Callable[[Compared], float | None]


def answers(records: Records) -> list[Answer]:
    """Return the predictions beside what was observed, gate by gate."""
    gates = list(dict.fromkeys(r.settings.gate for r in records))
    # Each question is put to every gate: its intervals hold together.
    level = 1 - (1 - LEVEL) / max(1, len(gates))
    candidates: list[Answer | None] = [_planted(records)]
    for gate in gates:
        base = base_of(records, gate)
        if base is None:
            continue
        at_base = [r for runs in over_truths(records, base).values() for r in runs]
        name = gate_name(gate)
        candidates += [_against(at_base, name, arm, level) for arm in FLOORS]
        candidates += [_exactly(at_base, name, arm, level) for arm in FLOORS[:2]]
        candidates += [
            _permuted(at_base, name, level),
            _over_training(records, base, name, level),
            _over_width(records, base, name, level),
            _rules(at_base, name, level),
            _maps(at_base, name, level),
            _notions(records, base, name, level),
        ]
    return [answer for answer in candidates if answer is not None]


def _mean(records: Records, value: Value, top: float = 1.0) -> Interval:
    return mean_interval(list(per_seed(records, value).values()), (0.0, top))


def _gain(records: Records, first: Value, second: Value, level: float) -> Interval:
    """Return first − second, paired by job and averaged within the seed: where both are known."""

    def difference(result: Compared) -> float | None:
        left, right = first(result), second(result)
        return None if left is None or right is None else left - right

    return mean_interval(list(per_seed(records, difference).values()), level=level)


def _planted(records: Records) -> Answer | None:
    """Hold the planted half-spaces' certified contexts against the true ones: F4, on held-out points."""
    jobs = [r for r in records if "planted" in r.result.arms and r.settings.notion == "detection"]
    if not jobs:
        return None
    arms = [r.result.arms["planted"] for r in jobs]
    short = sum(arm.exact_recall < 1 for arm in arms)
    more = sum(arm.exact_precision < 1 for arm in arms)
    observation = (
        f"In {len(jobs)} draws of {min(r.result.concepts for r in jobs)} to "
        f"{max(r.result.concepts for r in jobs)} concepts the certified context of the planted half-spaces "
        f"lacks a true extent in {short} and has another in {more}."
    )
    prediction = "The ReLU SAE of the planted half-spaces has the true lattice as its detection lattice (F4)."
    # An edge that is not certified for want of points is no counterexample, a false one is.
    verdict: Verdict = "the prediction fails" if more else "undecided" if short else "as predicted"
    return Answer("F4", prediction, observation, verdict)


def _against(records: Records, name: str, arm: Arm, level: float) -> Answer | None:
    """Compare recall and precision of trained SAEs with those of a floor, both of them shown."""
    recall, precision = (
        _gain(records, read("trained", value), read(arm, value), level)
        for value in (soft_recall, soft_precision)
    )
    if not recall.n:
        return None
    seen = [_mean(records, read(each, value)) for each in ("trained", arm) for value in _BOTH]
    observation = (
        f"Soft recall {seen[0]} trained, {seen[2]} {ARM_NAMES[arm]}, paired difference {recall}; soft "
        f"precision {seen[1]} and {seen[3]}, paired difference where both have a concept {precision} (means "
        "over truths)."
    )
    prediction = f"{name}: the stable family has more of the true lattice, and less else, than {_words(arm)}."
    # Of no family there is no precision: then recall alone decides.
    verdict = together([direction(each) for each in (recall, precision) if each.n])
    return Answer("baseline", prediction, observation, verdict)


def _exactly(records: Records, name: str, arm: Arm, level: float) -> Answer | None:
    """Compare the whole certified contexts: true extents that are closed, and other concepts."""
    values = _exact, _exact_precision
    recall, precision = (_gain(records, read("trained", v), read(arm, v), level) for v in values)
    if not recall.n:
        return None
    seen = [_mean(records, read(each, value)) for each in ("trained", arm) for value in values]
    counts = [
        _mean(records, read(each, lambda reached: reached.concepts), math.inf).mean
        for each in ("trained", arm)
    ]
    observation = (
        f"All concepts of the certified context ({counts[0]:.0f} trained, {counts[1]:.0f} {ARM_NAMES[arm]}): "
        f"a share {seen[0]} of the true extents is among them, {ARM_NAMES[arm]} {seen[2]}, paired difference "
        f"{recall}; a share {seen[1]} of them is true, {ARM_NAMES[arm]} {seen[3]}, paired difference "
        f"{precision}."
    )
    prediction = f"{name}: the certified context has more true extents, and fewer others, than {_words(arm)}."
    verdict = together([direction(each) for each in (recall, precision) if each.n])
    return Answer("baseline", prediction, observation, verdict)


def _exact_precision(reached: Reached) -> float:
    return reached.exact_precision


_BOTH: Sequence[Callable[[Reached], float]] = (soft_recall, soft_precision)


def _words(arm: Arm) -> str:
    return {
        "untrained": "that of untrained SAEs",
        "frozen_decoder": "that of SAEs with frozen decoders",
        "shuffled": "under shuffled labels",
    }[arm]


def _permuted(records: Records, name: str, level: float) -> Answer | None:
    """Compare with contexts of permuted columns: what the sizes of the firing sets alone bring."""
    recall = _gain(records, read("trained", soft_recall), lambda c: c.permuted_recall, level)
    precision = _gain(records, read("trained", soft_precision), lambda c: c.permuted_precision, level)
    if not recall.n:
        return None
    observation = (
        f"With the columns of the trained context permuted, at the same θ, soft recall is "
        f"{_mean(records, lambda c: c.permuted_recall)}, soft precision "
        f"{_mean(records, lambda c: c.permuted_precision)}; found minus permuted {recall} and {precision}."
    )
    prediction = f"{name}: recall and precision are not those of the sizes of firing sets alone."
    return Answer("F3", prediction, observation, together([direction(recall), direction(precision)]))


def _over_training(records: Records, base: Learning, name: str, level: float) -> Answer | None:
    curve = over_axis(records, base, "steps")
    if not curve:
        return None
    end = curve[-1][1]
    start: Arm = "untrained"
    recall, precision, exact = (
        _gain(end, read("trained", value), read(start, value), level) for value in (*_BOTH, _exact)
    )
    floors = _mean(end, lambda c: c.permuted_recall)
    stages = "; ".join(
        f"{steps:,.0f} steps {_plain(runs, soft_recall)} and {_plain(runs, soft_precision)}, exact "
        f"{_plain(runs, _exact)}"
        for steps, runs in curve
    )
    observation = (
        f"At {base.truth}, soft recall and precision: untrained {_plain(end, soft_recall, start)} and "
        f"{_plain(end, soft_precision, start)}, exact recall {_plain(end, _exact, start)}; {stages}. From "
        f"untrained to the end {recall}, {precision}, exact recall {exact}; permuted columns {floors}."
    )
    prediction = f"{name}: training brings the detection lattice nearer to the true one."
    verdict = together([direction(each) for each in (recall, precision) if each.n])
    return Answer("F3", prediction, observation, verdict)


def _exact(reached: Reached) -> float:
    return reached.exact_recall


def _plain(records: Records, value: Callable[[Reached], float], arm: Arm = "trained") -> str:
    mean = _mean(records, read(arm, value))
    return f"{mean.mean:.2f}" if mean.n else "none"


def _over_width(records: Records, base: Learning, name: str, level: float) -> Answer | None:
    curve = over_axis(records, base, "width")
    if len(curve) < 2:
        return None
    parts: list[str] = []
    gains: list[Interval] = []
    for value, word in ((soft_recall, "soft recall"), (soft_precision, "soft precision")):
        ends = [per_seed(runs, read("trained", value)) for runs in (curve[-1][1], curve[0][1])]
        gain = mean_interval(paired(*ends), level=level)
        seen = ", ".join(
            f"{_plain(runs, value)} at {width:g} (untrained {_plain(runs, value, 'untrained')})"
            for width, runs in curve
        )
        parts.append(f"{word} {seen}: from narrowest to widest {gain}")
        gains.append(gain)
    prediction = f"{name}: more neurons have more of the true lattice (F4 needs as many as irreducibles)."
    observation = f"At {base.truth}: {'; '.join(parts)}."
    return Answer("F4", prediction, observation, direction(gains[0]))


def _rules(records: Records, name: str, level: float) -> Answer | None:
    shares: dict[Arm, Interval] = {arm: _mean(records, read(arm, _kept)) for arm in ("trained", "untrained")}
    gain = _gain(records, read("trained", _kept), read("untrained", _kept), level)
    if not gain.n:
        return None
    true = [_mean(records, read(arm, _true)) for arm in ("trained", "untrained")]
    silent = [_mean(records, read(arm, _silent)) for arm in ("trained", "untrained")]
    observation = (
        f"Of the true rules between concepts a share {shares['trained']} holds with a case in trained "
        f"contexts, {shares['untrained']} in untrained ones (paired difference {gain}); no neuron has the "
        f"premise of {silent[0]} and {silent[1]}. Of the learned rules {true[0]} and {true[1]} are true."
    )
    prediction = f"{name}: the implications learned are more of the true ones than those of untrained SAEs."
    return Answer("F3", prediction, observation, direction(gain))


def _kept(reached: Reached) -> float:
    rules = reached.rules
    count = rules.kept + rules.broken + rules.silent
    return rules.kept / count if count else float("nan")


def _silent(reached: Reached) -> float:
    rules = reached.rules
    count = rules.kept + rules.broken + rules.silent
    return rules.silent / count if count else float("nan")


def _true(reached: Reached) -> float:
    rules = reached.rules
    if rules.true is None or rules.false is None or rules.baseless is None:
        return float("nan")
    count = rules.true + rules.false + rules.baseless
    return rules.true / count if count else float("nan")


def _maps(records: Records, name: str, level: float) -> Answer | None:
    """Describe learning and interpretation as relations: how many neurons, how many concepts."""
    if not records:
        return None
    several = _mean(records, read("trained", _several_concepts))
    untrained = _mean(records, read("untrained", _several_concepts))
    parts = [f"{ARM_NAMES[arm]}: {_degrees(records, arm)}" for arm in ("planted", "trained", "untrained")]
    gain = _gain(records, read("trained", _several_concepts), read("untrained", _several_concepts), level)
    observation = (
        f"Of the neurons that detect a concept a share {several} detects several, untrained {untrained} "
        f"(paired difference {gain}). {'; '.join(parts)}."
    )
    prediction = f"{name}: training makes interpretation a map, fewer neurons standing for several concepts."
    return Answer("F2", prediction, observation, direction(gain, -1))


def _several_concepts(reached: Reached) -> float:
    some = sum(reached.concepts_per_neuron[1:])
    return sum(reached.concepts_per_neuron[2:]) / some if some else float("nan")


def _degrees(records: Records, arm: Arm) -> str:
    def spoken(counts: Callable[[Reached], Sequence[int]]) -> str:
        rows = [counts(r.result.arms[arm]) for r in records if arm in r.result.arms]
        whole = sum(map(sum, rows))
        shares = [sum(row[i] for row in rows) / max(1, whole) for i in range(len(DEGREES))]
        return ", ".join(f"{share:.2f} {word}" for share, word in zip(shares, DEGREES, strict=True))

    return (
        f"concepts with so many neurons {spoken(lambda r: r.neurons_per_concept)}, neurons with so many "
        f"concepts {spoken(lambda r: r.concepts_per_neuron)}"
    )


def _notions(records: Records, base: Learning, name: str, level: float) -> Answer | None:
    """Compare the recall of the two stricter notions with that of detection, at the same settings."""
    at = {
        (r.settings.truth, r.settings.seed): r
        for r in records
        if r.settings.gate == base.gate and _as(r.settings, base)
    }
    lost: dict[int, list[float]] = {}
    seen: dict[str, list[float]] = {}
    for r in records:
        twin = at.get((r.settings.truth, r.settings.seed))
        if r.settings.gate != base.gate or r.settings.notion == "detection" or twin is None:
            continue
        stricter, plain = (each.result.arms["trained"].whole_recall for each in (r, twin))
        lost.setdefault(r.settings.seed, []).append(plain - stricter)
        seen.setdefault(f"{r.settings.notion} at {r.settings.truth}", []).append(stricter)
        seen.setdefault(f"detection at {r.settings.truth}", []).append(plain)
    if not lost:
        return None
    gap = mean_interval([sum(values) / len(values) for _, values in sorted(lost.items())], level=level)
    means = ", ".join(f"{words} {sum(values) / len(values):.2f}" for words, values in sorted(seen.items()))
    observation = f"Soft recall of all certified concepts: {means}; lost to the stricter notions {gap}."
    prediction = f"{name}: the stricter notions have less of the lattice than detection (F1)."
    return Answer("F1", prediction, observation, direction(gap))


def _as(job: Learning, base: Learning) -> bool:
    return job.notion == "detection" and (job.sparsity, job.width, job.steps, job.spread, job.tolerance) == (
        base.sparsity, base.width, base.steps, base.spread, base.tolerance,
    )  # fmt: skip
