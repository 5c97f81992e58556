"""What the study of known failures answers: each effect that the literature reports, by its direction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from geosae.experiments.gates import GATES, gate_name
from geosae.experiments.jobs import Record
from geosae.studies.numbers import Mean, direction, mean_of, paired, per_seed, select
from geosae.studies.study import Answer

Value = Callable[[Mapping[str, Any]], float | None]


class Compared(NamedTuple):
    """Two means over seeds and that of the paired differences, one − other."""

    one: Mean
    other: Mean
    gain: Mean


def compared(one: Sequence[Record], other: Sequence[Record], key: str) -> Compared:
    """Return the means of a figure in two groups of records, and of its difference within seeds.

    Examples
    --------
    >>> def at(seed, x):
    ...     return {"settings": {"seed": seed}, "result": {"x": x}}
    >>> found = compared([at(0, 3.0), at(1, 5.0)], [at(0, 1.0), at(1, 2.0)], "x")
    >>> found.one.value, found.other.value, found.gain.value
    (4.0, 1.5, 2.5)
    """
    sides = [per_seed(records, lambda r: r[key]) for records in (one, other)]
    first, second = (mean_of(list(side.values())) for side in sides)
    return Compared(first, second, mean_of(paired(*sides)))


def answers(records: Sequence[Record]) -> list[Answer]:
    """Return the answers of all parts that were run."""
    parts = {"mixing": mixing_answers, "crowd": crowd_answers, "trees": tree_answers}
    own = {part: select(records, part=part) for part in parts}
    return [answer for part, found in own.items() if found for answer in parts[part](found)]


def mixing_answers(records: Sequence[Record]) -> Iterator[Answer]:
    """Say whether too low an L0 mixes features, and what a frozen decoder loses."""
    budgets = sorted({int(r["settings"]["k"]) for r in records})
    true_l0 = mean_of([r["result"]["true_l0"] for r in records]).value
    right = min(budgets, key=lambda k: abs(k - true_l0))
    own = select(records, baseline="trained")
    for key, sign, words in (("mcc", -1, "MCC"), ("mean_second", 1, "mean second cosine of the atoms")):
        found = compared(select(own, k=budgets[0]), select(own, k=right), key)
        observation = (
            f"{words} {found.one} at K = {budgets[0]} and {found.other} at K = {right} (true L0 "
            f"{true_l0:.1f}); paired difference {found.gain}."
        )
        prediction = f"Top-K with too low an L0 mixes correlated features ({words})."
        yield Answer("2508.16560", prediction, observation, direction(found.gain, sign))
    frozen = select(records, baseline="frozen_decoder", k=right)
    for key, words in (("explained_variance", "explained variance"), ("mcc", "MCC")):
        found = compared(select(own, k=right), frozen, key)
        prediction = (
            f"A frozen random decoder stays below a trained one ({words}), if nearly so in reconstruction."
        )
        observation = (
            f"Top-K, K = {right}: {found.one} trained, {found.other} with a frozen decoder; paired "
            f"difference {found.gain}."
        )
        yield Answer("2602.14111", prediction, observation, direction(found.gain))


_FIGURES = {"explained_variance": "explained variance", "f1_score": "F1"}
# Gate beside BatchTopK, figure, predicted sign; the signs are those of arXiv 2602.14687.
_CROWD = (
    ("mp", "explained_variance", 1),
    ("mp", "f1_score", -1),
    ("matryoshka", "explained_variance", -1),
    ("matryoshka", "f1_score", 1),
)


def crowd_answers(records: Sequence[Record]) -> Iterator[Answer]:
    """Say how matching pursuit and Matryoshka compare with BatchTopK where features crowd."""
    dims = sorted({int(r["settings"]["dim"]) for r in records})
    features = _features(records)
    for gate, key, sign in _CROWD:
        if not select(records, gate=gate):
            continue
        crowded = select(records, dim=dims[0])
        found = compared(select(crowded, gate=gate), select(crowded, gate="batchtopk"), key)
        more = "more" if sign > 0 else "less"
        prediction = (
            f"{gate_name(gate)} explains {more} variance than BatchTopK where features crowd."
            if key == "explained_variance"
            else f"{gate_name(gate)} recovers features {'better' if sign > 0 else 'worse'} than BatchTopK "
            "where they crowd (F1)."
        )
        observation = (
            f"{features} in R^{dims[0]}: {_FIGURES[key]} {found.one} against {found.other}; paired "
            f"difference {found.gain}."
        )
        yield Answer("2602.14687", prediction, observation, direction(found.gain, sign))
    if len(dims) > 1:
        yield _lightens(records, dims)


def _lightens(records: Sequence[Record], dims: Sequence[int]) -> Answer:
    gains: list[dict[int, float]] = []
    for dim in (dims[0], dims[-1]):
        mp, other = (
            per_seed(select(records, gate=g, dim=dim), lambda r: r["explained_variance"])
            for g in ("mp", "batchtopk")
        )
        gains.append({seed: mp[seed] - other[seed] for seed in mp.keys() & other.keys()})
    change = mean_of(paired(*gains))
    means = [mean_of(list(gain.values())) for gain in gains]
    observation = (
        f"Explained variance, matching pursuit − BatchTopK: {means[0]} in R^{dims[0]} and {means[1]} in "
        f"R^{dims[-1]}; paired difference {change}."
    )
    prediction = (
        "Matching pursuit gains its explained variance from superposition: less is gained where the same "
        "features have more dimensions."
    )
    return Answer("2602.14687", prediction, observation, direction(change))


def _features(records: Sequence[Record]) -> str:
    one = records[0]["settings"]
    true_l0 = mean_of([r["result"]["true_l0"] for r in records]).value
    return f"K = {one['k']} (true L0 {true_l0:.1f}), width {one['width']}"


def tree_answers(records: Sequence[Record]) -> Iterator[Answer]:
    """Say whether hierarchy makes SAEs absorb, what the child's atom takes in, and what variance does.

    Matryoshka is the remedy of its source, so it is asked only whether it absorbs less. The atom (theory P2)
    and the variance (the source's toy) are predictions about L1.
    """
    variations = sorted({float(r["settings"]["variation"]) for r in records})
    low = select(records, variation=variations[0])
    gates = list(dict.fromkeys(str(r["settings"]["gate"]) for r in records))
    for gate in gates:
        if gate != "matryoshka":
            yield _hierarchy(gate, select(low, gate=gate))
    for gate in gates:
        if GATES[gate].sparsity_parameter == "l1":
            yield _taken_in(gate, select(low, gate=gate, baseline="trained"))
            own = select(records, gate=gate, trees=True, baseline="trained")
            if len(variations) > 1:
                yield _variance(gate, own, variations[0], variations[-1])
    if {"matryoshka", "batchtopk"} <= set(gates):
        yield _less_absorbed(select(low, trees=True, baseline="trained"))


def _hierarchy(gate: str, records: Sequence[Record]) -> Answer:
    trained = select(records, baseline="trained")
    blank = mean_of(list(per_seed(select(records, baseline="untrained"), lambda r: r["effect"]).values()))
    found = compared(select(trained, trees=True), select(trained, trees=False), "effect")
    observation = (
        f"Excess silence of the parent's neuron where the child fires too: {found.one} with hierarchy, "
        f"{found.other} with the same rates and none; paired difference {found.gain} (untrained, with "
        f"hierarchy: {blank})."
    )
    name = gate_name(gate, records[0]["settings"]["k"])
    prediction = f"{name}: a child that fires only with its parent is absorbed; an independent one is not."
    return Answer("2409.14507", prediction, observation, direction(found.gain))


def _taken_in(gate: str, records: Sequence[Record]) -> Answer:
    found = compared(select(records, trees=True), select(records, trees=False), "cosine")
    observation = (
        f"Cosine of the child's atom with the parent's direction (0.71 for c + p): {found.one} with "
        f"hierarchy, {found.other} without; paired difference {found.gain}."
    )
    name = gate_name(gate, records[0]["settings"]["k"])
    prediction = f"{name}: under hierarchy the child's atom takes in its parent, c + δp with δ > 0."
    return Answer("P2", prediction, observation, direction(found.gain))


def _variance(gate: str, records: Sequence[Record], low: float, high: float) -> Answer:
    found = compared(select(records, variation=low), select(records, variation=high), "effect")
    observation = (
        f"Excess silence under hierarchy {found.one} at coefficient of variation {low:g} and {found.other} "
        f"at {high:g}, parent and child varying by themselves; paired difference {found.gain}."
    )
    name = gate_name(gate, records[0]["settings"]["k"])
    prediction = (
        f"{name}: magnitudes that vary relative to each other suppress absorption (seen in toy data)."
    )
    return Answer("2409.14507", prediction, observation, direction(found.gain))


def _less_absorbed(records: Sequence[Record]) -> Answer:
    found = compared(select(records, gate="batchtopk"), select(records, gate="matryoshka"), "effect")
    observation = (
        f"Excess silence under hierarchy: {found.one} with BatchTopK, {found.other} with Matryoshka at the "
        f"same K; paired difference {found.gain}."
    )
    return Answer("2503.17547", "Matryoshka absorbs less than BatchTopK.", observation, direction(found.gain))
