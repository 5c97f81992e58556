"""The error against the number of half-spaces: at best, and in trained units (theory A1, A2)."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.special import stdtrit

from geosae.experiments.studies.common import trained
from geosae.experiments.studies.numbers import mean_of, per_seed, select
from geosae.experiments.studies.study import Answer, MakeWorld, Record, Settings, Study, Verdict
from geosae.geometry.sets import Ball, Box, Region, Shell, Union

SIZES = {
    2: (4, 6, 8, 12, 16, 24, 32, 48, 64),
    3: (6, 8, 12, 16, 24, 32, 48, 64),
    4: (8, 12, 16, 24, 32, 48),
    5: (12, 16, 24, 32, 64, 128, 256, 512),
}
"""Numbers of facets that the oracle is asked for, by dimension."""
_HALF = 1.4
_MISS = 0.01


def body_of(name: str, dim: int) -> Region:
    """Return a body by name: "ball", "shell" or "two-balls", all within [−1, 1] in every coordinate.

    Examples
    --------
    >>> body_of("two-balls", 2).is_convex
    False
    """
    zero = np.zeros(dim)
    if name == "ball":
        return Ball(zero, 1.0)
    if name == "shell":
        return Shell(zero, 0.5, 1.0)
    side = np.zeros(dim)
    side[0] = 0.6
    return Union((Ball(-side, 0.4), Ball(side, 0.4)), disjoint=True)


def plateau(body: Region) -> float:
    """Return e_irr relative to the body's volume: vol(Conv(C)∖C) / vol(C)."""
    return max(0.0, body.hull_volume / body.volume - 1)


def _jobs(settings: Settings, seeds: Sequence[int]) -> Iterator[Settings]:
    named = [str(name).rsplit(" ", 1) for name in settings["non_convex"]]
    bodies = [("ball", r) for r in settings["dims"]] + [(body, int(dim)) for body, dim in named]
    for body, dim in bodies:
        for m in SIZES[dim]:
            yield {"part": "oracle", "body": body, "dim": dim, "m": m, "seed": 0}
        for width in settings["widths"]:
            for seed in seeds:
                yield {"part": "trained", "body": body, "dim": dim, "width": width, "seed": seed,
                       **{k: settings[k] for k in ("steps", "points", "l1")}}  # fmt: skip


def _do(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    body = body_of(s["body"], s["dim"])
    return _oracle(body, s) if s["part"] == "oracle" else _trained(body, s)


def _oracle(body: Region, s: Settings) -> dict[str, Any]:
    from geosae.geometry.approximation import approximate

    found = approximate(body, s["m"], np.random.default_rng(s["seed"]), restarts=1, steps=60, samples=200_000)
    hull = max(0.0, found.hull_excess)
    return {"excess": found.excess.value / body.volume, "over_hull": hull / body.volume, "best": found.best}


def _trained(body: Region, s: Settings) -> dict[str, Any]:
    """Train on the body and a box around it; choose and measure the body's closure unit on fresh draws."""
    rng = np.random.default_rng([s["seed"], 5])
    box = Box(np.full(s["dim"], -_HALF), np.full(s["dim"], _HALF))
    half = s["points"] // 2
    cloud = np.vstack([body.sample(half, rng), box.sample(half, rng)])
    neurons = trained(cloud, "relu", s["l1"], s["width"], s["seed"], s["steps"])
    members = np.flatnonzero(1 - neurons.fires(body.sample(4000, rng)).mean(axis=0) <= _MISS)
    inside, around = body.sample(20_000, rng), box.sample(40_000, rng)
    missed = float(1 - neurons.fires(inside)[:, members].all(axis=1).mean())
    alarms = float((neurons.fires(around)[:, members].all(axis=1) & ~body.contains(around)).mean())
    ratio = box.volume / body.volume
    return {"members": len(members), "miss": missed, "excess": alarms * ratio, "nothing": ratio - 1}


def slope_of(points: Sequence[tuple[float | int, float | int]]) -> tuple[float, float, float]:
    """Return the slope of log y against log x with its 95 % interval (of the scatter about the line).

    Examples
    --------
    >>> [round(v, 6) for v in slope_of([(1, 1), (2, 0.25), (4, 0.0625), (8, 0.015625)])]
    [-2.0, -2.0, -2.0]
    """
    x, y = (np.log(np.array(values, dtype=np.float64)) for values in zip(*points, strict=True))
    centred = x - x.mean()
    slope = float((centred @ y) / (centred @ centred))
    residual = y - y.mean() - slope * centred
    free = len(x) - 2
    if free < 1:
        return slope, -math.inf, math.inf
    error = math.sqrt(float(residual @ residual) / free / float(centred @ centred))
    half = float(stdtrit(free, 0.975)) * error
    return slope, slope - half, slope + half


def oracle_curve(
    records: Sequence[Record], body: str, dim: int, key: str = "excess"
) -> list[tuple[float, float]]:
    """Return (m, error) of the oracle, relative to the body's volume."""
    own = select(records, part="oracle", body=body, dim=dim)
    return sorted((float(r["settings"]["m"]), float(r["result"][key])) for r in own)


def trained_curve(records: Sequence[Record], body: str, dim: int) -> list[tuple[float, Any, Any]]:
    """Return for each width d the mean size of the body's unit and its mean error, over seeds."""
    own = select(records, part="trained", body=body, dim=dim)
    found: list[tuple[float, Any, Any]] = []
    for width in sorted({int(r["settings"]["width"]) for r in own}):
        rows = select(own, width=width)
        members = mean_of(list(per_seed(rows, lambda r: r["members"]).values()))
        error = mean_of(list(per_seed(rows, lambda r: r["excess"] + r["miss"]).values()))
        found.append((float(width), members, error))
    return found


def bodies_in(records: Sequence[Record]) -> list[tuple[str, int]]:
    """Return the (body, dimension) pairs that were run."""
    return list(dict.fromkeys((str(r["settings"]["body"]), int(r["settings"]["dim"])) for r in records))


def _answers(records: Sequence[Record]) -> list[Answer]:
    found: list[Answer | None] = []
    for body, dim in bodies_in(records):
        found += [_slope(records, dim)] if body == "ball" else [_plateau(records, body, dim)]
    return [answer for answer in found if answer is not None] + _training(records)


def _slope(records: Sequence[Record], dim: int) -> Answer | None:
    curve = [(m, e) for m, e in oracle_curve(records, "ball", dim, "over_hull") if e > 0]
    tail = curve[len(curve) // 2 - 1 :]
    if len(tail) < 3:
        return None
    slope, low, high = slope_of(tail)
    predicted = -2 / (dim - 1)
    text = f"{slope:.2f} [{low:.2f}, {high:.2f}]".replace("-", "−")
    observation = (
        f"The best polyhedra found around the {dim}-ball lose error at slope {text} between m = "
        f"{tail[0][0]:.0f} and {tail[-1][0]:.0f} facets"
    )
    # A2 is an order for large m: at these sizes the terms left out make the slope steeper, never flatter.
    steeper = high < predicted - 0.1 * abs(predicted)
    observation += "; steeper than the limit, which these sizes have not reached." if steeper else "."
    near = low <= predicted <= high or abs(slope - predicted) <= 0.1 * abs(predicted)
    verdict: Verdict = "as predicted" if near else "the prediction fails" if low > predicted else "undecided"
    limit = f"{predicted:.2f}".replace("-", "−")
    prediction = (
        f"Smooth bodies of dimension r = {dim}: error of order m^(−2/(r−1)), in the limit slope {limit}."
    )
    return Answer("A2", prediction, observation, verdict)


def _plateau(records: Sequence[Record], body: str, dim: int) -> Answer | None:
    curve, level = oracle_curve(records, body, dim), plateau(body_of(body, dim))
    trained_values = [
        r["result"]["excess"]
        for r in select(records, part="trained", body=body, dim=dim)
        if r["result"]["miss"] <= _MISS
    ]
    if not curve:
        return None
    least = min(error for _, error in curve)
    below = sum(value < level * 0.97 for value in trained_values)
    observation = (
        f"{body} in {dim} dimensions: the best polyhedron found stops at {least:.3f} of the concept's volume "
        f"where e_irr is {level:.3f}; of {len(trained_values)} trained units that miss at most 1 %, {below} "
        "lie below it (by more than 3 %)."
    )
    fails = least < level * (1 - 1e-6) or below > 0
    prediction = (
        f"No unit that detects a non-convex concept gets below its irreducible error ({body}, r = {dim})."
    )
    return Answer("A1", prediction, observation, "the prediction fails" if fails else "as predicted")


def _training(records: Sequence[Record]) -> list[Answer]:
    ratios: list[float] = []
    for body, dim in bodies_in(records):
        oracle = oracle_curve(records, body, dim)
        for width, _, error in trained_curve(records, body, dim):
            near = [(abs(math.log(m / width)), e) for m, e in oracle]
            if near and error.count and min(near)[1] > 0:
                ratios.append(error.value / min(near)[1])
    units = [r["result"]["members"] for r in select(records, part="trained")]
    if not ratios:
        return []
    ratios.sort()
    middle = ratios[len(ratios) // 2]
    observation = (
        f"With d neurons, the closure units of trained ReLU SAEs have {middle:.1f} times the error of the "
        "best "
        f"polyhedra of about d facets (median over {len(ratios)} settings; least {ratios[0]:.1f}, greatest "
        f"{ratios[-1]:.0f}); in {sum(m == 0 for m in units)} of {len(units)} SAEs no neuron detects the "
        "body, and "
        "its unit is empty."
    )
    prediction = (
        "Reconstruction does not place hyperplanes around one concept: trained units stay above the best "
        "polyhedra."
    )
    verdict: Verdict = (
        "as predicted" if ratios[0] > 1 else "undecided" if middle > 1 else "the prediction fails"
    )
    return [Answer("A2", prediction, observation, verdict)]


STUDY = Study(
    name="approximation",
    title="Approximation against unit size",
    question="How fast does the approximation error fall with the number of neurons in a unit, and where "
    "does it stop?",
    world="A body (ball, shell, two balls) in a box, half of the points uniform on either.",
    grid="Dimension r × number of facets for the oracle; body × width × seed for ReLU SAEs.",
    defaults={
        "dims": [2, 3, 4, 5],
        "non_convex": ["shell 2", "two-balls 2", "two-balls 3"],
        "widths": [8, 16, 32, 64],
        "steps": 400,
        "points": 4000,
        "l1": 0.01,
    },
    jobs=_jobs,
    do=_do,
    answers=_answers,
)
