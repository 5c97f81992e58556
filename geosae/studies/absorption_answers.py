"""What the study of absorption answers: differences in differences, judged together."""

from collections.abc import Callable, Iterator

from geosae.experiments.baselines import Baseline
from geosae.experiments.gates import GATES, Gate, gate_name
from geosae.experiments.interval import Interval, mean_interval
from geosae.studies.absorption_optimum import pair_optimum
from geosae.studies.absorption_records import (
    PairJob,
    PairResult,
    PositionJob,
    PositionResult,
    Records,
    between_worlds,
    contrasts,
    hierarchy_gaps,
    pairs_of,
    position_of,
    silence_effects,
)
from geosae.studies.comparisons import Question
from geosae.studies.judged import judge, question_by_seed
from geosae.studies.numbers import differences, of_kind, per_seed
from geosae.studies.parent_child import CHILD_SHARE
from geosae.studies.study import Answer, Verdict

Gaps = Callable[[Records, Gate, float | int, float, Baseline], dict[int, float]]
"""A difference by seed, at a gate, a sparsity and a variation, in one arm."""


def answers(records: Records) -> list[Answer]:
    """Return the predictions beside what was observed; all comparisons hold at once."""
    questions = [
        *_positions(records),
        *_common_magnitude(records),
        *_hierarchies(records),
        *_variances(records),
        *_optima(records),
    ]
    return [*_certificates(records), *judge(questions)]


def position_gates(records: Records) -> list[Gate]:
    """Return the gates of the part about the child's position, in order."""
    return list(dict.fromkeys(r.settings.gate for r in position_of(records, "trained")))


def pair_gates(records: Records) -> list[Gate]:
    """Return the gates of the part about parents with a child each, in order."""
    return list(dict.fromkeys(r.settings.gate for r in of_kind(records, PairJob, PairResult)))


def sparsities(records: Records, part: type[PositionJob] | type[PairJob], gate: Gate) -> list[float | int]:
    """Return the sparsities of a gate's trained SAEs in one part of the study."""
    return sorted(
        {
            r.settings.sparsity
            for r in records
            if isinstance(r.settings, part) and (r.settings.gate, r.settings.baseline) == (gate, "trained")
        }
    )


def variations(records: Records, part: type[PositionJob] | type[PairJob]) -> list[float]:
    """Return the variations of magnitudes of one part of the study, the least first."""
    return sorted({r.settings.variation for r in records if isinstance(r.settings, part)})


def _symbol(gate: Gate, sparsity: float | int) -> str:
    return f"{GATES[gate].symbol} = {sparsity:g}"


def pooled(
    records: Records, gaps: Gaps, gate: Gate, part: type[PositionJob] | type[PairJob], baseline: Baseline
) -> Interval:
    """Return a difference, a mean over sparsities at the least variation, with its interval over seeds."""
    by_seed: dict[int, list[float]] = {}
    least = variations(records, part)[0]
    for sparsity in sparsities(records, part, gate):
        for seed, value in gaps(records, gate, sparsity, least, baseline).items():
            by_seed.setdefault(seed, []).append(value)
    return mean_interval([sum(values) / len(values) for values in by_seed.values()])


def _beyond(
    records: Records, gaps: Gaps, gate: Gate, sparsity: float | int, variation: float
) -> dict[int, float]:
    """Return by seed a difference in trained SAEs minus the same in untrained ones."""
    arms: list[Baseline] = ["trained", "untrained"]
    return differences(*(gaps(records, gate, sparsity, variation, arm) for arm in arms))


def _steadier(
    records: Records, gaps: Gaps, gate: Gate, sparsity: float | int, ends: tuple[float, float]
) -> dict[int, float]:
    """Return by seed how much greater that is at the least variation of magnitudes than at the greatest."""
    return differences(*(_beyond(records, gaps, gate, sparsity, variation) for variation in ends))


def _positions(records: Records) -> Iterator[Question]:
    for gate in position_gates(records):
        least = variations(records, PositionJob)[0]
        rows = {
            _symbol(gate, sparsity): _beyond(records, contrasts, gate, sparsity, least)
            for sparsity in sparsities(records, PositionJob, gate)
        }
        arms: list[Baseline] = ["trained", "untrained", "frozen_decoder"]
        same = [pooled(records, contrasts, gate, PositionJob, arm) for arm in arms]
        worlds = [pooled(records, between_worlds, gate, PositionJob, arm) for arm in arms[:2]]
        lead = (
            f"Excess silence on the child at the edge minus that on the child inside, in one SAE, mean "
            f"over {GATES[gate].symbol}: trained {same[0]}, untrained {same[1]}, frozen decoder {same[2]} "
            f"(between two worlds, as the first run had it: trained {worlds[0]}, untrained {worlds[1]}). "
        )
        prediction = (
            f"{gate_name(gate)}: training silences the parent's neuron on a child at the edge more than on "
            "one inside, beyond what untrained SAEs show."
        )
        yield question_by_seed("P2", prediction, "Trained minus untrained", rows, lead)


def _common_magnitude(records: Records) -> Iterator[Question]:
    spreads = variations(records, PositionJob)
    for gate in position_gates(records):
        steady, *more = (
            {r.settings.sparsity for r in position_of(records, "trained", gate=gate, variation=variation)}
            for variation in spreads
        )
        for sparsity in sorted(steady.intersection(*more)) if more else ():
            rows = {
                _symbol(gate, sparsity): _steadier(
                    records, contrasts, gate, sparsity, (spreads[0], spreads[-1])
                )
            }
            yield question_by_seed(
                "P2",
                f"{gate_name(gate)}: a magnitude that scales the whole point leaves rays rays: how much it "
                "varies changes nothing.",
                f"The same at variation {spreads[0]:g} minus that at {spreads[-1]:g}",
                rows,
                expected="not apart",
            )


def _hierarchies(records: Records) -> Iterator[Question]:
    for gate in pair_gates(records):
        least = variations(records, PairJob)[0]
        rows = {
            _symbol(gate, sparsity): _beyond(records, hierarchy_gaps, gate, sparsity, least)
            for sparsity in sparsities(records, PairJob, gate)
        }
        trained, untrained = (
            pooled(records, hierarchy_gaps, gate, PairJob, arm) for arm in ("trained", "untrained")
        )
        lead = (
            f"Excess silence where the child fires, with hierarchy minus the same rates without, mean over "
            f"{GATES[gate].symbol}: trained {trained}, untrained {untrained}. "
        )
        prediction = (
            f"{gate_name(gate)}: training absorbs a child that fires only with its parent, and no "
            "independent one, beyond what untrained SAEs show."
        )
        yield question_by_seed("2409.14507", prediction, "Trained minus untrained", rows, lead)


def _variances(records: Records) -> Iterator[Question]:
    steps = variations(records, PairJob)
    for gate in pair_gates(records):
        if len(steps) < 2 or GATES[gate].sparsity_parameter != "l1":
            continue

        rows = {
            _symbol(gate, sparsity): _steadier(
                records, silence_effects, gate, sparsity, (steps[0], steps[-1])
            )
            for sparsity in sparsities(records, PairJob, gate)
        }
        yield question_by_seed(
            "2409.14507",
            f"{gate_name(gate)}: magnitudes of parent and child that vary by themselves suppress absorption.",
            f"Excess silence at coefficient of variation {steps[0]:g} minus that at {steps[-1]:g}, trained "
            "minus untrained",
            rows,
        )


def spread_of(records: Records, variation: float) -> float:
    """Return the mean spread of the points of pairs: λ in data units is λ times this."""
    rows = [
        r
        for r in of_kind(records, PairJob, PairResult)
        if r.settings.variation == variation and r.settings.trees
    ]
    return mean_interval([r.result.spread for r in rows]).mean


def _optima(records: Records) -> Iterator[Question]:
    for gate in pair_gates(records):
        if GATES[gate].sparsity_parameter != "l1":
            continue
        for variation in variations(records, PairJob):
            rows: dict[str, dict[int, float]] = {}
            best: list[str] = []
            spread = spread_of(records, variation)
            for sparsity in sparsities(records, PairJob, gate):
                optimum = pair_optimum(sparsity * spread, variation, CHILD_SHARE)
                best.append(f"{optimum.silent:.2f}")
                trained = per_seed(
                    pairs_of(records, "trained", gate, trees=True, sparsity=sparsity, variation=variation),
                    lambda result: result.silence.silent,
                )
                rows[_symbol(gate, sparsity)] = {
                    seed: optimum.silent - silent for seed, silent in trained.items()
                }
            certain = variation == 0
            attained = " (attains the bound of P9)" if certain else ""
            lead = (
                f"Silence of the parent's atom in the best two atoms{attained}, by "
                f"{GATES[gate].symbol}: {', '.join(best)}. "
            )
            prediction = (
                f"{gate_name(gate)}, coefficient of variation {variation:g}: training reaches "
                + (
                    "the global optimum, total absorption at every λ below 2 in data units"
                    if certain
                    else "the best two atoms"
                )
                + ": the parent's neuron is no less silent."
            )
            yield question_by_seed("P9", prediction, "Optimum minus trained", rows, lead, "not above")


def _certificates(records: Records) -> list[Answer]:
    rows = [r for r in of_kind(records, PositionJob, PositionResult) if r.settings.baseline == "trained"]
    absolute = [pair for r in rows if r.result.absolute for pair in (*r.result.edge, *r.result.inside)]
    if not absolute:
        return []
    closed, free = [pair for pair in absolute if not pair.can], [pair for pair in absolute if pair.can]
    exact = sum(bool(pair.exact) for pair in closed)
    relative = [r for r in of_kind(records, PositionJob, PositionResult) if not r.result.absolute]
    inside = [
        [pair for r in relative if r.settings.baseline == arm for pair in r.result.inside]
        for arm in ("trained", "untrained")
    ]
    observation = (
        f"Of {len(absolute)} parent–child pairs in trained SAEs with absolute gates, certificates exclude "
        f"exact absorption in {len(closed)}: {exact} of these were absorbed exactly, "
        f"{sum(pair.absorbed for pair in closed)} within the tolerance; where it is possible, "
        f"{sum(pair.absorbed for pair in free)} of {len(free)} within the tolerance. Relative gates absorbed "
        f"{sum(pair.absorbed for pair in inside[0])} of {len(inside[0])} interior children, untrained "
        f"{sum(pair.absorbed for pair in inside[1])} of {len(inside[1])}."
    )
    verdict: Verdict = "the prediction fails" if exact else "as predicted" if closed else "undecided"
    prediction = (
        "By one neuron with an absolute gate, a child in the hull of its siblings cannot be absorbed "
        "exactly; at the edge it can."
    )
    return [Answer("P2", prediction, observation, verdict)]
