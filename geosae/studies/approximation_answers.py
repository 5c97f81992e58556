"""What the errors around bodies answer: exponents, plateaus, and units beside the best polyhedra (A1, A2)."""

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from geosae.experiments.baselines import Baseline
from geosae.experiments.interval import Interval, mean_interval
from geosae.experiments.jobs import StudyRecord
from geosae.geometry.approximation.ball_bound import least_ball_excess
from geosae.studies.approximation_errors import (
    BASELINES,
    MEASURED_ABOVE,
    MISS,
    SAMPLES,
    Records,
    UnitError,
    UnitJob,
    bodies_in,
    body_of,
    facets_of,
    lower_bound,
    oracle_curve,
    plateau,
    unit_errors,
    units_of,
)
from geosae.studies.numbers import direction, of_kind, paired, per_seed
from geosae.studies.study import Answer, Verdict

UnitRecord: TypeAlias = StudyRecord[UnitJob, UnitError]

EXPONENT_ERROR = 0.05
"""A slope on m is read off where the proved bound's own exponent is within this of its limit."""
TOLERANCE = 0.1
FAR = 10**5
"""So many facets stand for the limit: more would lose digits."""


def answers(records: Records) -> list[Answer]:
    """Return what the records answer, body by body, then over all."""
    candidates: list[Answer | None] = []
    for body, dim in bodies_in(records):
        around = [_enclosed(records, dim), _exponent(records, dim)]
        if body == "ball":
            candidates += around
        else:
            exact = facets_of(body, dim) is not None
            candidates.append((_facets if exact else _plateau)(records, body, dim))
    candidates += [_against_best(records), *(_equal_size(records, b) for b in BASELINES[1:])]
    candidates += _training(records)
    return [answer for answer in candidates if answer is not None]


def slope_of(points: Sequence[tuple[float | int, float | int]]) -> float:
    """Return the least-squares slope of log y against log x.

    Examples
    --------
    >>> round(slope_of([(1, 1), (2, 0.25), (4, 0.0625), (8, 0.015625)]), 6)
    -2.0
    """
    x, y = (np.log(np.array(values, dtype=np.float64)) for values in zip(*points, strict=True))
    centred = x - x.mean()
    return float((centred @ y) / (centred @ centred))


def exponent(dim: int) -> float:
    """Return the exponent that A2 predicts for smooth bodies of a dimension.

    Examples
    --------
    >>> exponent(3)
    -1.0
    """
    return -2 / (dim - 1)


def asymptotic_sizes(sizes: Sequence[float | int], dim: int) -> list[float | int]:
    """Return the numbers of facets at which the proved bound falls as in its limit, within EXPONENT_ERROR.

    Its local exponent on m, from m to 2m, is compared with its own at FAR facets, not with a prediction.

    Examples
    --------
    >>> asymptotic_sizes([4, 16, 64], 2), asymptotic_sizes([16, 64], 3), asymptotic_sizes([512], 5)
    ([16, 64], [64], [])
    """

    def local(m: float | int) -> float:
        return math.log2(least_ball_excess(2 * int(m), dim) / least_ball_excess(int(m), dim))

    return [m for m in sizes if m > dim and abs(local(m) - local(FAR)) <= EXPONENT_ERROR]


def _enclosed(records: Records, dim: int) -> Answer | None:
    """Enclose the least excess at each number of facets: proved from below, found from above."""
    curve = _over_hull(records, dim)
    if not curve:
        return None
    sizes, errors = (np.array(values) for values in zip(*curve, strict=True))
    least = lower_bound(dim, sizes.tolist())
    worst = float((errors / least).max())
    observation = (
        f"Around the {dim}-ball the polyhedra found, of {sizes[0]:.0f} to {sizes[-1]:.0f} facets, leave at "
        f"most {worst:.2f} times what no polyhedron goes below: so closely is the least excess known."
    )
    below = bool((errors < least * (1 - 1e-6)).any())
    prediction = f"No m half-spaces around the {dim}-ball leave less than m cones over equal caps do."
    return Answer(
        "A2", prediction, observation + _measured(dim), _refutation(dim) if below else "as predicted"
    )


def _exponent(records: Records, dim: int) -> Answer | None:
    """Regress the least excess on m, where m is so large that its proved bound falls as in the limit."""
    curve = _over_hull(records, dim)
    if len(curve) < 3:
        return None
    predicted = exponent(dim)
    limit = f"{predicted:.2f}".replace("-", "−")
    prediction = f"Smooth bodies of dimension r = {dim}: error of order m^(−2/(r−1)), exponent {limit}."
    far = asymptotic_sizes([m for m, _ in curve], dim)
    if len(far) < 3:
        plain = f"{slope_of(curve):.2f}".replace("-", "−")
        observation = (
            f"Up to {curve[-1][0]:.0f} facets around the {dim}-ball even the proved bound is steeper than in "
            f"its limit (by more than {EXPONENT_ERROR:g} at all but {len(far)} sizes); what was found has "
            f"slope {plain} on m, which says nothing about the limit."
        )
        return Answer("A2", prediction, observation, "undecided")
    errors = np.array([error for m, error in curve if m in far])
    least = lower_bound(dim, far)
    centred = np.log(far) - np.log(far).mean()
    weights = centred / (centred**2).sum()
    low, high = np.sort([weights * np.log(least), weights * np.log(errors)], axis=0).sum(axis=1)
    low_text, high_text = (f"{v:.2f}".replace("-", "−") for v in (low, high))
    observation = (
        f"On m from {far[0]:.0f} to {far[-1]:.0f} facets around the {dim}-ball, where the proved bound falls "
        f"as in its limit within {EXPONENT_ERROR:g}, the least excess has slope [{low_text}, {high_text}]."
    )
    apart = not low - EXPONENT_ERROR <= predicted <= high + EXPONENT_ERROR
    verdict: Verdict = _refutation(dim) if apart else "as predicted"
    if not apart and high - low + 2 * EXPONENT_ERROR > 0.4 * abs(predicted):
        verdict = "undecided"
    return Answer("A2", prediction, observation + _measured(dim), verdict)


def _over_hull(records: Records, dim: int) -> list[tuple[float, float]]:
    points = oracle_curve(records, "ball", dim, lambda e: e.over_hull)
    return [(m, e) for m, e in points if m > dim and e > 0]


def _measured(dim: int) -> str:
    if dim <= MEASURED_ABOVE:
        return ""
    return f" What was found is measured on {SAMPLES:,} points, whose error is not in these numbers."


def _refutation(dim: int) -> Verdict:
    return "undecided" if dim > MEASURED_ABOVE else "the prediction fails"


def _plateau(records: Records, body: str, dim: int) -> Answer | None:
    curve, level = oracle_curve(records, body, dim), plateau(body_of(body, dim))
    units = [r.result for r in units_of(records, body, dim)]
    excesses = [unit.excess for unit in units if unit.miss <= MISS and unit.members]
    if not curve:
        return None
    least = min(error for _, error in curve)
    below = sum(excess < level * 0.97 for excess in excesses)
    nearest = f"; the least has {min(excesses):.2f}" if excesses else ""
    observation = (
        f"{body} in {dim} dimensions: the best polyhedron found stops at {least:.3f} of the concept's volume "
        f"where e_irr is {level:.3f}; of {len(excesses)} units of SAEs that miss at most 1 %, {below} "
        f"lie below it (by more than 3 %){nearest}."
    )
    fails = least < level * (1 - 1e-6) or below > 0
    prediction = (
        f"No unit that detects a non-convex concept gets below its irreducible error ({body}, r = {dim})."
    )
    return Answer("A1", prediction, observation, "the prediction fails" if fails else "as predicted")


def _facets(records: Records, body: str, dim: int) -> Answer | None:
    """Ask whether a unit with as many members as a polytope has facets comes near it."""
    facets = facets_of(body, dim)
    assert facets is not None
    errors = [e for m, e in unit_errors(records, body, dim) if m >= facets]
    fewer = [(m, e) for m, e in oracle_curve(records, body, dim) if m < facets]
    members = [m for m, _ in unit_errors(records, body, dim)]
    if not members:
        return None
    near = sum(error <= TOLERANCE for error in errors)
    earlier = f"; of {fewer[-1][0]:.0f} the best found has {fewer[-1][1]:.2f}" if fewer else ""
    observation = (
        f"{body} in {dim} dimensions: {facets} half-spaces are exact{earlier}. Of {len(errors)} units of "
        f"trained SAEs with so many members or more {near} have an error of at most {TOLERANCE:g} of its "
        f"volume{f'; the least has {min(errors):.2f}' if errors else ''} ({len(members)} units, of at most "
        f"{max(members)} members)."
    )
    prediction = (
        f"Reconstruction does not ask for facets: units with enough members for the {body} (r = {dim}) do "
        "not approximate it."
    )
    verdict: Verdict = "the prediction fails" if near else "as predicted" if errors else "undecided"
    return Answer("A2", prediction, observation, verdict)


def _equal_size(records: Records, baseline: Baseline) -> Answer | None:
    """Compare trained units with those of a baseline at equal |M|, between its sizes by interpolation."""
    gains: dict[int, list[float]] = {}
    for body, dim in bodies_in(records):
        seeds = sorted({r.settings.seed for r in units_of(records, body, dim)})
        for seed in seeds:
            trained, other = (_sizes(records, body, dim, b, seed) for b in ("trained", baseline))
            if len(other) < 2:
                continue
            log_m, log_e = np.log10(other).T
            for m, e in trained:
                if other[0][0] <= m <= other[-1][0]:
                    at = float(np.interp(np.log10(m), log_m, log_e))
                    gains.setdefault(seed, []).append(at - math.log10(e))
    gain = mean_interval([sum(values) / len(values) for _, values in sorted(gains.items())])
    if not gain.n:
        return None
    words = {"untrained": "untrained SAEs", "frozen_decoder": "SAEs with frozen decoders"}[baseline]
    observation = (
        f"At equal |M|, over {sum(map(len, gains.values()))} units of trained SAEs, log₁₀ of the error of "
        f"{words} minus theirs is {gain} (interpolated between widths, means over bodies)."
    )
    prediction = f"Of equally many members, units of trained SAEs approximate better than those of {words}."
    return Answer("baseline", prediction, observation, direction(gain))


def _sizes(records: Records, body: str, dim: int, baseline: Baseline, seed: int) -> list[tuple[float, float]]:
    """Return (|M|, error) of one seed's units, by |M|; the geometric mean of the errors of equal |M|."""
    by_size: dict[int, list[float]] = {}
    for r in units_of(records, body, dim, baseline):
        if r.settings.seed == seed and r.result.members and r.result.error > 0:
            by_size.setdefault(r.result.members, []).append(math.log(r.result.error))
    return [(float(m), math.exp(sum(logs) / len(logs))) for m, logs in sorted(by_size.items())]


def _against_best(records: Records) -> Answer | None:
    """Compare units with what no polyhedron of as many facets goes below, and with the best found.

    Errors are measured in the box, whose 2r faces cut the unit too.
    """
    ratios: list[float] = []
    around_balls = below = 0
    for body, dim in bodies_in(records):
        oracle = oracle_curve(records, body, dim)
        for members, error in unit_errors(records, body, dim):
            within = [e for m, e in oracle if m <= members + 2 * dim]
            if within and min(within) > 0:
                ratios.append(error / min(within))
        if body == "ball":
            pairs = [pair for b in BASELINES for pair in unit_errors(records, body, dim, b)]
            least = lower_bound(dim, [members + 2 * dim for members, _ in pairs])
            around_balls += len(pairs)
            # A unit may miss 1 % of the ball, and its error is measured on points.
            below += sum(error < 0.97 * low for (_, error), low in zip(pairs, least, strict=True))
    if not ratios or not around_balls:
        return None
    ratios.sort()
    units = [r for r in of_kind(records, UnitJob, UnitError) if r.settings.baseline == "trained"]
    observation = (
        f"Of {around_balls} units around balls {below} lie below what no polyhedron of as many facets goes "
        f"below (by more than 3 %). The error of {len(ratios)} units of trained ReLU SAEs is "
        f"{ratios[len(ratios) // 2]:.0f} times that of the best polyhedra found (median; least "
        f"{ratios[0]:.1f}, greatest {ratios[-1]:.0f}); "
        f"{sum(r.result.members == 0 for r in units)} of {len(units)} units are empty."
    )
    prediction = (
        "No unit of m members, cut to the box, is nearer to its concept than the best polyhedra of m + 2r "
        "facets."
    )
    return Answer("A2", prediction, observation, "the prediction fails" if below else "as predicted")


def _training(records: Records) -> list[Answer | None]:
    """Compare units of trained SAEs with untrained ones, and wide SAEs with narrow ones."""
    units = of_kind(records, UnitJob, UnitError)
    widths = sorted({r.settings.width for r in units})
    return [_against_untrained(units, widths[-1]), _more_neurons(units, widths)] if widths else []


def _log_errors(units: Sequence[UnitRecord], baseline: Baseline, width: int) -> dict[int, float]:
    """Return log10 of the units' errors by seed; that of the empty unit is the whole box's."""
    at_width = [r for r in units if (r.settings.baseline, r.settings.width) == (baseline, width)]
    return per_seed(at_width, lambda unit: math.log10(max(unit.error, 1e-9)))


def _against_untrained(units: Sequence[UnitRecord], width: int) -> Answer | None:
    after, before = (_log_errors(units, baseline, width) for baseline in BASELINES[:2])
    gain = mean_interval(paired(before, after))
    if not gain.n:
        return None
    observation = (
        f"At width {width} log₁₀ of the error is {mean_interval(list(after.values()))} trained and "
        f"{mean_interval(list(before.values()))} untrained (means over bodies); untrained minus trained "
        f"{gain}."
    )
    prediction = "If training matters, closure units of trained SAEs approximate better than untrained ones."
    return Answer("baseline", prediction, observation, direction(gain))


def _more_neurons(units: Sequence[UnitRecord], widths: Sequence[int]) -> Answer | None:
    if len(widths) < 2:
        return None
    after, before = (_gain_by_width(units, baseline, widths) for baseline in BASELINES[:2])
    observation = (
        f"From width {widths[0]} to {widths[-1]} log₁₀ of the error falls by {after} in trained SAEs and "
        f"by {before} in untrained ones."
    )
    prediction = "More neurons give units more half-spaces, and a smaller error, in trained SAEs too."
    return Answer("A2", prediction, observation, direction(after))


def _gain_by_width(units: Sequence[UnitRecord], baseline: Baseline, widths: Sequence[int]) -> Interval:
    narrow, wide = (_log_errors(units, baseline, width) for width in (widths[0], widths[-1]))
    return mean_interval(paired(narrow, wide))
