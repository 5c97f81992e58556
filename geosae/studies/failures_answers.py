"""What the study of known failures answers: each effect that the literature reports, by its direction."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from geosae.experiments.baselines import Baseline
from geosae.experiments.gates import GATES, Gate, gate_name
from geosae.experiments.interval import Interval, mean_interval
from geosae.experiments.jobs import StudyRecord
from geosae.studies.failures_records import (
    Absorbed,
    CrowdJob,
    CrowdRecords,
    Mixed,
    MixingJob,
    MixingRecords,
    Records,
    Recovered,
    TreesJob,
    TreesRecords,
    trees_in,
    true_l0,
)
from geosae.studies.numbers import differences, direction, of_kind, paired, per_seed
from geosae.studies.study import Answer

R = TypeVar("R")


@dataclass(frozen=True)
class Compared:
    """Two means over seeds and that of the paired differences, left − right."""

    left: Interval
    right: Interval
    difference: Interval


def compared(
    left: Sequence[StudyRecord[Any, R]], right: Sequence[StudyRecord[Any, R]], value: Callable[[R], float]
) -> Compared:
    """Return the means of a number in two groups of records, and of its difference within seeds.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> def at(seed, x):
    ...     return StudyRecord(SimpleNamespace(seed=seed), x)
    >>> means = compared([at(0, 3.0), at(1, 5.0)], [at(0, 1.0), at(1, 2.0)], lambda x: x)
    >>> means.left.mean, means.right.mean, means.difference.mean
    (4.0, 1.5, 2.5)
    """
    sides = [per_seed(records, value) for records in (left, right)]
    left_mean, right_mean = (mean_interval(list(side.values())) for side in sides)
    return Compared(left_mean, right_mean, mean_interval(paired(*sides)))


def answers(records: Records) -> list[Answer]:
    """Return the answers of all parts that were run."""
    mixing, crowd = of_kind(records, MixingJob, Mixed), of_kind(records, CrowdJob, Recovered)
    trees = of_kind(records, TreesJob, Absorbed)
    return [
        *(mixing_answers(mixing) if mixing else ()),
        *(crowd_answers(crowd) if crowd else ()),
        *(tree_answers(trees) if trees else ()),
    ]


def mixing_answers(records: MixingRecords) -> Iterator[Answer]:
    """Say whether too low an L0 mixes features, and what a frozen decoder loses."""
    budgets = sorted({r.settings.k for r in records})
    l0 = true_l0([r.result.recovery for r in records])
    right = min(budgets, key=lambda k: abs(k - l0))
    trained = [r for r in records if r.settings.baseline == "trained"]
    at_lowest = [r for r in trained if r.settings.k == budgets[0]]
    at_right = [r for r in trained if r.settings.k == right]
    frozen = [r for r in records if r.settings.baseline == "frozen_decoder" and r.settings.k == right]

    def mixes(words: str, sign: int, value: Callable[[Mixed], float]) -> Answer:
        means = compared(at_lowest, at_right, value)
        observation = (
            f"{words} {means.left} at K = {budgets[0]} and {means.right} at K = {right} (true L0 "
            f"{l0:.1f}); paired difference {means.difference}."
        )
        prediction = f"Top-K with too low an L0 mixes correlated features ({words})."
        return Answer("2508.16560", prediction, observation, direction(means.difference, sign))

    def falls_short(words: str, value: Callable[[Mixed], float]) -> Answer:
        means = compared(at_right, frozen, value)
        prediction = (
            f"A frozen random decoder stays below a trained one ({words}), if nearly so in reconstruction."
        )
        observation = (
            f"Top-K, K = {right}: {means.left} trained, {means.right} with a frozen decoder; paired "
            f"difference {means.difference}."
        )
        return Answer("2602.14111", prediction, observation, direction(means.difference))

    yield mixes("MCC", -1, lambda mixed: mixed.recovery.mcc)
    yield mixes("mean second cosine of the atoms", 1, lambda mixed: mixed.mean_second)
    yield falls_short("explained variance", lambda mixed: mixed.recovery.explained_variance)
    yield falls_short("MCC", lambda mixed: mixed.recovery.mcc)


def crowd_answers(records: CrowdRecords) -> Iterator[Answer]:
    """Say how matching pursuit and Matryoshka compare with BatchTopK where features crowd."""
    dims = sorted({r.settings.dim for r in records})
    crowded = [r for r in records if r.settings.dim == dims[0]]
    l0, job = true_l0([r.result for r in records]), records[0].settings
    features = f"K = {job.k} (true L0 {l0:.1f}), width {job.width} in R^{dims[0]}"
    gates = {r.settings.gate for r in records}
    # The predicted signs are those of arXiv 2602.14687.
    if "mp" in gates:
        yield _explains(crowded, "mp", 1, features)
        yield _recovers(crowded, "mp", -1, features)
    if "matryoshka" in gates:
        yield _explains(crowded, "matryoshka", -1, features)
        yield _recovers(crowded, "matryoshka", 1, features)
    if len(dims) > 1:
        yield _lightens(records, dims)


def _explains(records: CrowdRecords, gate: Gate, sign: int, features: str) -> Answer:
    means = compared(_of_gate(records, gate), _of_gate(records, "batchtopk"), _explained_variance)
    more = "more" if sign > 0 else "less"
    prediction = f"{gate_name(gate)} explains {more} variance than BatchTopK where features crowd."
    observation = (
        f"{features}: explained variance {means.left} against {means.right}; paired difference "
        f"{means.difference}."
    )
    return Answer("2602.14687", prediction, observation, direction(means.difference, sign))


def _recovers(records: CrowdRecords, gate: Gate, sign: int, features: str) -> Answer:
    means = compared(_of_gate(records, gate), _of_gate(records, "batchtopk"), lambda r: r.f1_score)
    better = "better" if sign > 0 else "worse"
    prediction = f"{gate_name(gate)} recovers features {better} than BatchTopK where they crowd (F1)."
    observation = f"{features}: F1 {means.left} against {means.right}; paired difference {means.difference}."
    return Answer("2602.14687", prediction, observation, direction(means.difference, sign))


def _of_gate(records: CrowdRecords, gate: Gate) -> CrowdRecords:
    return [r for r in records if r.settings.gate == gate]


def _explained_variance(recovered: Recovered) -> float:
    return recovered.explained_variance


def _lightens(records: CrowdRecords, dims: Sequence[int]) -> Answer:
    gains: list[dict[int, float]] = []
    for dim in (dims[0], dims[-1]):
        of_dim = [r for r in records if r.settings.dim == dim]
        pursuit, batchtopk = (
            per_seed(_of_gate(of_dim, gate), _explained_variance) for gate in ("mp", "batchtopk")
        )
        gains.append({seed: pursuit[seed] - batchtopk[seed] for seed in pursuit.keys() & batchtopk.keys()})
    change = mean_interval(paired(*gains))
    means = [mean_interval(list(gain.values())) for gain in gains]
    observation = (
        f"Explained variance, matching pursuit − BatchTopK: {means[0]} in R^{dims[0]} and {means[1]} in "
        f"R^{dims[-1]}; paired difference {change}."
    )
    prediction = (
        "Matching pursuit gains its explained variance from superposition: less is gained where the same "
        "features have more dimensions."
    )
    return Answer("2602.14687", prediction, observation, direction(change))


def tree_answers(records: TreesRecords) -> Iterator[Answer]:
    """Say whether hierarchy makes SAEs absorb, what the child's atom takes in, and what variance does.

    Matryoshka is the remedy of its source, so the only prediction about it is that it absorbs less. The atom
    (theory P2) and the variance (the source's toy) are predictions about L1.
    """
    variations = sorted({r.settings.variation for r in records})
    low, high = variations[0], variations[-1]
    gates = list(dict.fromkeys(r.settings.gate for r in records))
    for gate in gates:
        if gate != "matryoshka":
            yield _hierarchy(gate, [r for r in records if r.settings.gate == gate], low)
    for gate in gates:
        if GATES[gate].sparsity_parameter == "l1":
            of_gate = [r for r in records if r.settings.gate == gate]
            yield _taken_in(gate, of_gate, low)
            if len(variations) > 1:
                yield _variance(gate, of_gate, low, high)
    if {"matryoshka", "batchtopk"} <= set(gates):
        yield _less_absorbed(records, low)


def _trained(records: TreesRecords, variation: float, *, trees: bool) -> TreesRecords:
    return trees_in(records, "trained", trees=trees, variation=variation)


def _effect(absorbed: Absorbed) -> float:
    return absorbed.silence.effect


def _hierarchy(gate: Gate, records: TreesRecords, variation: float) -> Answer:
    """Judge the difference in differences: what hierarchy does to a trained SAE beyond an untrained one."""

    def gap(baseline: Baseline) -> dict[int, float]:
        hierarchy, flat = (
            per_seed(trees_in(records, baseline, trees=trees, variation=variation), _effect)
            for trees in (True, False)
        )
        return differences(hierarchy, flat)

    hierarchy, flat = (_trained(records, variation, trees=trees) for trees in (True, False))
    means = compared(hierarchy, flat, _effect)
    untrained = gap("untrained")
    change = mean_interval(paired(gap("trained"), untrained))
    observation = (
        f"Excess silence of the parent's neuron where the child fires too: {means.left} with hierarchy, "
        f"{means.right} with the same rates and none; paired difference {means.difference}, of untrained "
        f"SAEs {mean_interval(list(untrained.values()))}; trained minus untrained {change}."
    )
    name = gate_name(gate, records[0].settings.k)
    prediction = (
        f"{name}: training absorbs a child that fires only with its parent, and no independent one, beyond "
        "what untrained SAEs show."
    )
    return Answer("2409.14507", prediction, observation, direction(change))


def _taken_in(gate: Gate, records: TreesRecords, variation: float) -> Answer:
    hierarchy, flat = (_trained(records, variation, trees=trees) for trees in (True, False))
    means = compared(hierarchy, flat, lambda absorbed: absorbed.silence.cosine)
    observation = (
        f"Cosine of the child's atom with the parent's direction (0.71 for c + p): {means.left} with "
        f"hierarchy, {means.right} without; paired difference {means.difference}."
    )
    name = gate_name(gate, records[0].settings.k)
    prediction = f"{name}: under hierarchy the child's atom takes in its parent, c + δp with δ > 0."
    return Answer("P2", prediction, observation, direction(means.difference))


def _variance(gate: Gate, records: TreesRecords, low: float, high: float) -> Answer:
    steady, varying = (_trained(records, variation, trees=True) for variation in (low, high))
    means = compared(steady, varying, _effect)
    observation = (
        f"Excess silence under hierarchy {means.left} at coefficient of variation {low:g} and {means.right} "
        f"at {high:g}, parent and child varying by themselves; paired difference {means.difference}."
    )
    name = gate_name(gate, records[0].settings.k)
    prediction = (
        f"{name}: magnitudes that vary relative to each other suppress absorption (seen in toy data)."
    )
    return Answer("2409.14507", prediction, observation, direction(means.difference))


def _less_absorbed(records: TreesRecords, variation: float) -> Answer:
    hierarchy = _trained(records, variation, trees=True)
    batchtopk, matryoshka = (
        [r for r in hierarchy if r.settings.gate == gate] for gate in ("batchtopk", "matryoshka")
    )
    means = compared(batchtopk, matryoshka, _effect)
    observation = (
        f"Excess silence under hierarchy: {means.left} with BatchTopK, {means.right} with Matryoshka at the "
        f"same K; paired difference {means.difference}."
    )
    return Answer(
        "2503.17547", "Matryoshka absorbs less than BatchTopK.", observation, direction(means.difference)
    )
