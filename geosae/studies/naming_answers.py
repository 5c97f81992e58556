"""What the study of naming answers from its records."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from geosae.experiments.gates import GATES, gate_name
from geosae.experiments.interval import LEVEL, Interval, mean_interval
from geosae.experiments.jobs import StudyRecord
from geosae.geometry import clopper_pearson, naming_dimensions
from geosae.studies.naming_records import (
    Arm,
    Columns,
    Learned,
    LearnedJob,
    LearnedRecords,
    Possible,
    PossibleJob,
    PossibleRecords,
    Records,
    Share,
    best_share,
    half_dimensions,
    learned_of,
    named_share,
    own_share,
    phase_of,
    possible_of,
    recovered_share,
    transitions_of,
    within_share,
)
from geosae.studies.numbers import direction, mean_over_seeds, paired, per_seed
from geosae.studies.study import Answer, Verdict

KINDS: dict[Columns, str] = {"gaussian": "Gaussian", "unit": "unit"}


def answers(records: Records) -> list[Answer]:
    """Return the predictions beside what was observed."""
    possible = [
        _one_way(records),
        _floor(records),
        _earlier(records),
        *(_transition(records, columns) for columns in KINDS),
        _ceiling(records),
        *_directions(records),
        *_thresholds(records),
        _graded(records),
    ]
    return [answer for answer in possible if answer is not None]


def _one_way(records: Records) -> Answer | None:
    cells = possible_of(records)
    if not cells:
        return None
    whole = [r for r in cells if r.result.every]
    against = sum(r.result.recovered < r.result.codes for r in whole)
    gap = [r for r in cells if r.result.nameable == 0 and r.result.recovered == r.result.codes]
    observation = (
        f"Of {len(cells)} draws all p features are nameable in {len(whole)}; basis pursuit loses a code in "
        f"{against} of these. In {len(gap)} draws it returns every code tried and none of the features asked "
        f"about is nameable{_bounds(gap)}."
    )
    prediction = (
        "Where all features can be named, basis pursuit returns every code (S11e); the converse fails (R5)."
    )
    verdict: Verdict = "as predicted" if whole and gap else "undecided"
    return Answer("R5", prediction, observation, "the prediction fails" if against else verdict)


def _bounds(gap: PossibleRecords) -> str:
    """Return what the counts of the smallest sample say of the shares, in words; exact intervals."""
    if not gap:
        return ""
    features, codes = min(r.result.asked for r in gap), min(r.result.codes for r in gap)
    nameable, returned = clopper_pearson(0, features)[1], clopper_pearson(codes, codes)[0]
    return (
        f" (in a draw, with 95 % confidence each: a share of at most {float(nameable):.2f} of its features "
        f"nameable, at least {float(returned):.2f} of its codes returned)"
    )


def _floor(records: Records) -> Answer | None:
    cells = [r for r in possible_of(records) if r.result.nameable]
    if not cells:
        return None
    rooms = [r.settings.n - naming_dimensions(_number(r), r.settings.k) for r in cells]
    below = sum(room < 0 for room in rooms)
    observation = (
        f"In {len(cells)} draws with nameable features n falls below the floor for their number in "
        f"{below}; the nearest lies {min(rooms):+d} from it."
    )
    prediction = "No fewer dimensions than S11's floor let so many features be named at once."
    return Answer("S11", prediction, observation, "the prediction fails" if below else "as predicted")


def _number(record: StudyRecord[PossibleJob, Possible]) -> int:
    """Return how many features are known to be nameable."""
    return record.settings.p if record.result.every else record.result.nameable


def _earlier(records: Records) -> Answer | None:
    """Compare the dimensions where half is named and where half is recovered, pooled over k by seed."""
    phase = phase_of(records)
    differences: dict[int, list[float]] = {}
    for k in _sparsities(phase):
        naming, recovery = (half_dimensions(phase, k, share) for share in (named_share, recovered_share))
        for seed in naming.keys() & recovery.keys():
            differences.setdefault(seed, []).append(naming[seed] - recovery[seed])
    if not differences:
        return None
    gap = mean_interval([sum(d) / len(d) for _, d in sorted(differences.items())])
    ks = _sparsities(phase)
    observation = (
        f"At p = {phase[0].settings.p}, k = {', '.join(map(str, ks))}, unit columns, half of the features "
        f"are nameable {gap} dimensions after half of the codes are returned (mean over k and seeds)."
    )
    prediction = "Naming needs more dimensions than recovery: the amortisation gap."
    return Answer("R5", prediction, observation, direction(gap))


def _sparsities(records: PossibleRecords) -> list[int]:
    return sorted({r.settings.k for r in records})


def _transition(records: Records, columns: Columns) -> Answer | None:
    """Judge whether both transitions lie within a step of the grid of where theory puts them."""
    phase, theory = phase_of(records, columns), transitions_of(records)
    dims = sorted({r.settings.n for r in phase})
    if len(dims) < 2:
        return None
    p, step = phase[0].settings.p, max(high - low for low, high in pairwise(dims))
    shifts: dict[str, list[tuple[int, Interval]]] = {}
    measured: list[tuple[str, Share, Callable[[int], float]]] = [
        ("half of the features", named_share, lambda k: theory[p, k].naming),
        ("half of the codes", recovered_share, lambda k: theory[p, k].recovery),
    ]
    tried = [k for k in _sparsities(phase) if (p, k) in theory]
    level = 1 - (1 - LEVEL) / max(1, 2 * len(tried))
    for words, share, delta in measured:
        for k in tried:
            halves = half_dimensions(phase, k, share)
            if halves:
                shift = mean_interval([half - delta(k) for half in halves.values()], level=level)
                shifts.setdefault(words, []).append((k, shift))
    if not shifts:
        return None
    parts = [
        f"{words}: " + ", ".join(f"{shift} at k = {k}" for k, shift in rows) for words, rows in shifts.items()
    ]
    observation = (
        f"Dimension where a share passes one half, minus δ, at p = {p} (intervals hold together at 95 %): "
        f"{'; '.join(parts)}. The grid's step is {step}."
    )
    law = "" if columns == "gaussian" else " (for unit columns no theorem)"
    prediction = (
        f"{KINDS[columns]} columns: features come to be nameable, and codes to be returned, within one step "
        f"of the grid from the statistical dimensions δ{law}."
    )
    verdict = within([shift for rows in shifts.values() for _, shift in rows], step)
    return Answer("S11", prediction, observation, verdict)


def within(shifts: Sequence[Interval], step: float | int) -> Verdict:
    """Tell whether all intervals lie within ±step, or one of them lies outside altogether.

    Examples
    --------
    >>> from geosae.experiments.interval import mean_interval
    >>> near, wide, far = (mean_interval(v) for v in ([0.1, 0.2], [-9.0, 9.0], [7.0, 7.1]))
    >>> within([near], 2), within([near, wide], 2), within([near, far], 2)
    ('as predicted', 'undecided', 'the prediction fails')
    """
    if any(shift.low > step or shift.high < -step for shift in shifts):
        return "the prediction fails"
    inside = all(shift.is_bounded and -step <= shift.low and shift.high <= step for shift in shifts)
    return "as predicted" if inside else "undecided"


def _ceiling(records: Records) -> Answer | None:
    """Hold every SAE's rows against the certificates of the same directions: exact, no sample."""
    able = {_cell(r): r.result.best for r in learned_of(records, "certified")}
    rows = [
        r
        for arm in ("trained", "untrained", "frozen_decoder", "supervised")
        for r in learned_of(records, arm)
        if _cell(r) in able
    ]
    if not rows:
        return None
    over = sum(r.result.best > able[_cell(r)] for r in rows)
    reached = sum(0 < r.result.best == able[_cell(r)] for r in rows)
    observation = (
        f"Of {len(rows)} SAEs and probes the rows of {over} name more features than are nameable, of "
        f"{reached} as many."
    )
    prediction = "No encoder's rows name more features than certificates allow (S10)."
    return Answer("S10", prediction, observation, "the prediction fails" if over else "as predicted")


def _cell(record: StudyRecord[LearnedJob, Learned]) -> tuple[int, int, int, int]:
    settings = record.settings
    return settings.n, settings.p, settings.k, settings.seed


def _gates(records: Records) -> list[str]:
    """Return the gates that have baselines, and so every setting."""
    return list(dict.fromkeys(r.settings.gate for r in learned_of(records, "frozen_decoder")))


def _share(records: LearnedRecords, share: Callable[[Learned], float]) -> Interval:
    """Return a share of the features, mean over n and k, with its interval over seeds."""
    return mean_interval(list(per_seed(records, share).values()), (0.0, 1.0))


def _directions(records: Records) -> list[Answer]:
    answered: list[Answer] = []
    for gate in _gates(records):
        arms: list[Arm] = ["trained", "frozen_decoder", "untrained"]
        shares = [per_seed(learned_of(records, arm, gate), best_share) for arm in arms]
        gain = mean_interval(paired(shares[0], shares[1]))
        means = [_share(learned_of(records, arm, gate), best_share) for arm in arms]
        observation = (
            f"Rows name, each with its best threshold, a share of {means[0]} of the features; with frozen "
            f"decoders {means[1]}, untrained {means[2]} (mean over n and k); paired difference to frozen "
            f"{gain}."
        )
        prediction = f"{gate_name(gate)}: training turns rows into the directions that name features."
        answered.append(Answer("S10", prediction, observation, direction(gain)))
    return answered


def _thresholds(records: Records) -> list[Answer]:
    answered: list[Answer] = []
    for gate in _gates(records):
        rows = learned_of(records, "trained", gate)
        if not GATES[gate].absolute or not rows:
            continue
        lost = mean_over_seeds(rows, lambda r: best_share(r) - own_share(r))
        observation = (
            f"With their own thresholds neurons name a share of {_share(rows, own_share)} of the "
            f"features, {lost} fewer than the same rows with their best thresholds (mean over n and k)."
        )
        prediction = f"{gate_name(gate)}: rows that could name a feature have thresholds that do not."
        answered.append(Answer("S10", prediction, observation, direction(lost)))
    return answered


def _graded(records: Records) -> Answer | None:
    """Compare what a logistic half-space separates within 0.1 with what can be named without error."""
    probes, able = learned_of(records, "supervised"), learned_of(records, "certified")
    if not probes or not able:
        return None
    beyond = mean_interval(paired(per_seed(probes, within_share), per_seed(able, best_share)))
    trained = ", ".join(
        f"{gate_name(gate)} {_share(learned_of(records, 'trained', gate), within_share)}"
        for gate in _gates(records)
    )
    observation = (
        f"Logistic half-spaces separate a share of {_share(probes, within_share)} of the features "
        f"within 0.1 on held-out points, {_share(able, best_share)} are nameable; paired difference "
        f"{beyond}. Neurons of SAEs: {trained}."
    )
    prediction = (
        "S10 is no ceiling within a tolerance: half-spaces separate more features than can be named exactly."
    )
    return Answer("S10", prediction, observation, direction(beyond))
