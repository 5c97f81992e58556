"""How many concepts d neurons and a budget K carry, and how deep a hierarchy (theory S5–S7, G3)."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from geosae.experiments.jobs import MakeWorld, Record, Settings
from geosae.studies.common import gates_in, trained, two_halves
from geosae.studies.numbers import direction, mean_of, paired, per_seed, select
from geosae.studies.study import Answer, Study, Verdict


def _jobs(settings: Settings, seeds: Sequence[int]) -> Iterator[Settings]:
    rest = {k: settings[k] for k in ("steps", "points")}
    for seed in seeds:
        for (gate, sparsity), width in product(gates_in(settings), settings["widths"]):
            yield {"part": "neurons", "gate": gate, "sparsity": sparsity, "width": width, "seed": seed,
                   "concepts": settings["concepts"], **rest}  # fmt: skip
        for width in settings["widths"]:
            for k in settings["budgets"]:
                if k <= width:
                    yield {"part": "count", "width": width, "k": k, "seed": seed,
                           "concepts": settings["concepts"], **rest}  # fmt: skip
        for depth in settings["depths"]:
            for k in settings["budgets"]:
                yield {"part": "depth", "depth": depth, "k": k, "width": 48, "seed": seed, **rest}
        for width in settings["cell_widths"]:
            for k in (0, 2):
                yield {"part": "cells", "width": width, "k": k, "seed": seed, **rest}


def _do(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    parts = {"neurons": _neurons, "count": _count, "depth": _depth, "cells": _cells}
    return parts[s["part"]](s, make_world)


def _separated(s: Settings, make_world: MakeWorld, world: str, params: dict[str, Any]) -> dict[str, Any]:
    from geosae.analysis import analyse

    seen, unseen = two_halves(make_world, world, {"points": s["points"], **params}, s["seed"])
    gate, sparsity = (s["gate"], s["sparsity"]) if "gate" in s else ("topk", s["k"])
    neurons = trained(seen.points, gate, sparsity, s["width"], s["seed"], s["steps"])
    found = analyse(neurons, unseen, 0.1, unit_tolerance=0.02, ambient_samples=2000, seed=s["seed"])
    one = found.separation
    # Exact statements (S5, S7) need exact separation, a tolerant one is counted beside it.
    exact = (found.counts.misses == 0) & (found.counts.alarms == 0)
    units = (found.unit_counts.misses == 0) & (found.unit_counts.alarms == 0)
    return {
        "neurons": int(one.holds.any(axis=1).sum()),
        "neurons_exact": int(exact.any(axis=1).sum()),
        "units": int(found.units.separation.holds.sum()),
        "units_exact": int(units.sum()),
        "most_active": int(neurons.fires(unseen.points).sum(axis=1).max()),
    }


def _neurons(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    features = {"features": s["concepts"], "dim": s["concepts"], "directions": "orthonormal", "rate": 0.1}
    return _separated(s, make_world, "superposition", {**features, "low": 0.8, "high": 1.2})


def _count(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    return _separated(s, make_world, "disjoint-balls", {"dim": 3, "concepts": s["concepts"]})


def _depth(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    depth = s["depth"]
    chain = {"features": depth, "roots": 1, "branching": 1, "depth": depth - 1, "rate": 0.7}
    levels = {**chain, "dim": depth + 2, "directions": "orthonormal", "low": 0.8, "high": 1.2}
    return _separated(s, make_world, "superposition", levels)


def _cells(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    from geosae.geometry.arrangements.counting import cells, topk_kept_sets

    seen, unseen = two_halves(make_world, "disjoint-balls", {"points": s["points"], "dim": 2}, s["seed"])
    gate, sparsity = ("topk", s["k"]) if s["k"] else ("relu", 0.01)
    neurons = trained(seen.points, gate, sparsity, s["width"], s["seed"], s["steps"])
    low, high = unseen.points.min(axis=0), unseen.points.max(axis=0)
    grid = np.random.default_rng([s["seed"], 3]).uniform(2 * low, 2 * high, (40_000, 2))
    patterns = len(np.unique(neurons.fires(grid), axis=0))
    # A kept neuron whose value is not positive is silent: patterns are sets of at most K neurons.
    kept = sum(topk_kept_sets(s["width"], j) for j in range(1, s["k"] + 1)) + 1
    bound = kept if s["k"] else cells(s["width"], 2)
    return {"patterns": patterns, "bound": int(bound)}


def _answers(records: Sequence[Record]) -> list[Answer]:
    if not records:
        return []
    found = [
        _single(records),
        _shared_units(records),
        _chains(records),
        _budget(records),
        *_patterns(records),
    ]
    return [answer for answer in found if answer is not None]


def _single(records: Sequence[Record]) -> Answer | None:
    own = select(records, part="neurons")
    if not own:
        return None
    over = sum(r["result"]["neurons_exact"] > r["settings"]["width"] for r in own)
    attained = sum(r["result"]["neurons_exact"] == r["settings"]["width"] for r in own)
    short = [r for r in own if r["settings"]["width"] < r["settings"]["concepts"]]
    observation = (
        f"In {len(own)} SAEs on {own[0]['settings']['concepts']} orthonormal features the concepts that "
        f"single neurons separate exactly outnumber the neurons in {over}; the bound is attained in "
        f"{attained} of the {len(short)} with fewer neurons than concepts."
    )
    prediction = "d neurons separate at most d distinct concepts one by one (S5)."
    # Where nothing is separated exactly, the bound was not touched: that is no support for it.
    held: Verdict = "as predicted" if any(r["result"]["neurons_exact"] for r in own) else "undecided"
    return Answer("S5", prediction, observation, "the prediction fails" if over else held)


def _shared_units(records: Sequence[Record]) -> Answer | None:
    """Compare the numbers of concepts that units and single neurons separate with few neurons."""
    own = select(records, part="count")
    if not own:
        return None
    short = [r for r in own if r["settings"]["width"] < r["settings"]["concepts"]] or own
    gain = mean_of(paired(per_seed(short, lambda r: r["units"]), per_seed(short, lambda r: r["neurons"])))
    beyond = max(r["result"]["units"] - r["settings"]["width"] for r in short)
    observation = (
        f"Of {own[0]['settings']['concepts']} balls, SAEs with fewer neurons separate {gain} more by units "
        f"than by single neurons (within 0.1); units carry at most {max(0, beyond)} concepts more than "
        "there are neurons."
    )
    prediction = "Units share neurons: they separate more concepts than single neurons do (S6)."
    return Answer("S6", prediction, observation, direction(gain))


def _chains(records: Sequence[Record]) -> Answer | None:
    own = select(records, part="depth")
    if not own:
        return None
    over = [r for r in own if r["result"]["units_exact"] > r["result"]["most_active"]]
    near = max(r["result"]["units_exact"] - r["result"]["most_active"] for r in own)
    within = sum(r["result"]["units"] > r["result"]["most_active"] for r in own)
    observation = (
        f"In {len(own)} SAEs on chains of features, exactly separated levels exceed the greatest number of "
        f"active neurons in {len(over)} (nearest: {near:+d}); levels separated within 0.1 exceed it in "
        f"{within}."
    )
    prediction = "A chain of L concepts separated by units needs L active neurons at once: L ≤ K (S7)."
    return Answer("S7", prediction, observation, "the prediction fails" if over else "as predicted")


def _budget(records: Sequence[Record]) -> Answer | None:
    own = select(records, part="depth")
    budgets = sorted({int(r["settings"]["k"]) for r in own})
    deepest = max((int(r["settings"]["depth"]) for r in own), default=0)
    if len(budgets) < 2:
        return None
    sides = [
        per_seed(select(own, depth=deepest, k=k), lambda r: r["units"]) for k in (budgets[-1], budgets[0])
    ]
    gain = mean_of(paired(*sides))
    observation = (
        f"On chains of {deepest} features, units separate {mean_of(list(sides[1].values()))} levels at "
        f"K = {budgets[0]} and {mean_of(list(sides[0].values()))} at K = {budgets[-1]} (within 0.1); paired "
        f"difference {gain}."
    )
    prediction = "A larger budget K lets units separate more levels of a hierarchy (S7)."
    return Answer("S7", prediction, observation, direction(gain))


def _patterns(records: Sequence[Record]) -> list[Answer]:
    own = select(records, part="cells")
    found: list[Answer] = []
    for name, rows, claim in (
        ("ReLU", [r for r in own if not r["settings"]["k"]], "G3"),
        ("Top-K", [r for r in own if r["settings"]["k"]], "G4"),
    ):
        if not rows:
            continue
        over = sum(r["result"]["patterns"] > r["result"]["bound"] for r in rows)
        shares = [r["result"]["patterns"] / r["result"]["bound"] for r in rows]
        observation = (
            f"{len(rows)} trained {name} SAEs in the plane show {min(shares):.0%} to {max(shares):.0%} of "
            f"the bound on 40 000 points; {over} exceed it."
        )
        kind = "cells of an arrangement" if name == "ReLU" else "sets of at most K neurons"
        prediction = f"No more activation patterns than {kind} ({name})."
        found.append(
            Answer(claim, prediction, observation, "the prediction fails" if over else "as predicted")
        )
    return found


STUDY = Study(
    name="capacity",
    title="Capacity and depth",
    question="How many concepts do d neurons with a budget K carry, and how deep a hierarchy?",
    world="Worlds `superposition` (orthonormal features) for single neurons, `disjoint-balls` (R³) for "
    "units, `superposition` (a chain of features, each present only where the one before is) for the "
    "depth, balls in the plane for the cells.",
    grid="Gate × width × seed; width × K × seed; depth × K × seed; width × gate × seed.",
    defaults={
        "gates": {"relu": [0.3], "jumprelu": [0.1]},
        "widths": [4, 8, 16, 32],
        "budgets": [1, 2, 4, 8],
        "depths": [3, 6],
        "concepts": 12,
        "cell_widths": [4, 8, 16],
        "steps": 1000,
        "points": 3000,
    },
    jobs=_jobs,
    do=_do,
    answers=_answers,
)
