"""What *any* neuron, or any unit, could do on these points: the certified answer (theory S1, S3, A1)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.experiments.jobs import MakeWorld, Record, Settings
from geosae.studies.study import Answer, Study


def _jobs(settings: Settings, seeds: Sequence[int]) -> Iterator[Settings]:
    for world in settings["worlds"]:
        own = [world["data_seed"]] if world["data_seed"] is not None else seeds
        for seed in own:
            yield {"world": world["label"], "source": world["source"], "params": world["params"],
                   "seed": seed, "tolerance": settings["tolerance"]}  # fmt: skip


def _do(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    data = make_world(s["source"], s["params"], np.random.default_rng(s["seed"]))
    concepts = [_concept(data, c, float(s["tolerance"])) for c in range(len(data.names))]
    return {"points": data.size, "dim": data.dim, "concepts": concepts}


def _concept(data: ConceptDataset, c: int, tolerance: float) -> dict[str, Any]:
    """Return what is possible for one concept, exactly and within the tolerance."""
    from geosae.geometry import UnitInseparable, separate, separate_unit

    points = np.asarray(data.points, dtype=np.float64)
    inside = data.membership[:, c]
    negatives = points[~inside]
    one = separate(points[inside], negatives).separable
    found = separate_unit(points[inside], negatives)
    held = len(found.inside) / len(negatives) if isinstance(found, UnitInseparable) else 0.0
    miss, alarms = probe(points, inside)
    return {
        "name": data.names[c],
        "one": one,
        "one_within": bool(one or max(miss, alarms) <= tolerance),
        "unit": held == 0,
        # A unit that misses nothing cannot exclude the negatives in the hull; it can exclude all others.
        "unit_within": held <= tolerance,
        "inside_hull": held,
        "irreducible": _irreducible(data, c),
    }


def _irreducible(data: ConceptDataset, c: int) -> float | None:
    """Return e_irr over ν(C) where both are known."""
    truth = data.truth[c] if data.truth else None
    region = data.regions[c] if data.regions else None
    if truth is None or truth.irreducible_error is None or region is None or data.ambient is None:
        return None
    size = float(data.ambient.of(region))
    if not np.isfinite(size) or size <= 0:
        return 0.0 if truth.irreducible_error == 0 else None
    return truth.irreducible_error / size


def probe(points: Float[np.ndarray, "N n"], inside: Bool[np.ndarray, "N"]) -> tuple[float, float]:
    """Return misses and false alarms of Fisher's half-space at its best threshold; others may do better.

    Examples
    --------
    >>> probe(np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([False, False, True, True]))
    (0.0, 0.0)
    """
    if inside.all() or not inside.any():
        raise InvalidInput("a probe needs points inside and outside the concept")
    one, other = points[inside], points[~inside]
    spread = np.cov(one.T, bias=True).reshape((points.shape[1],) * 2)
    spread = spread + np.cov(other.T, bias=True).reshape(spread.shape)
    ridge = 1e-9 * max(float(np.trace(spread)), 1e-300) * np.eye(len(spread))
    heights = points @ np.linalg.solve(spread + ridge, one.mean(axis=0) - other.mean(axis=0))
    order = np.argsort(heights, kind="stable")
    held = inside[order]
    # Cutting below position k: the points before it are outside the half-space.
    misses = np.concatenate([[0], np.cumsum(held)]) / max(1, int(held.sum()))
    alarms = 1 - np.concatenate([[0], np.cumsum(~held)]) / max(1, int((~held).sum()))
    best = int(np.argmin(np.maximum(misses, alarms)))
    return float(misses[best]), float(alarms[best])


def possible(records: Sequence[Record], world: str, key: str) -> float | None:
    """Return the share of a world's concepts for which something is possible, a mean over its draws."""
    own = [r for r in records if r["settings"]["world"] == world]
    shares = [[bool(c[key]) for c in r["result"]["concepts"]] for r in own]
    return float(np.mean([np.mean(share) for share in shares])) if shares else None


def _answers(records: Sequence[Record]) -> list[Answer]:
    """S1 implies S3, on every concept: the certificates must agree with one another."""
    concepts: list[Mapping[str, Any]] = [c for r in records for c in r["result"]["concepts"]]
    if not concepts:
        return []
    wrong = sum(bool(c["one"]) and not c["unit"] for c in concepts)
    observation = (
        f"Of {len(concepts)} concepts (draws counted), one half-space separates "
        f"{sum(c['one'] for c in concepts)} exactly and a unit "
        f"{sum(c['unit'] for c in concepts)}; {wrong} contradict S1 ⇒ S3."
    )
    prediction = "What one neuron can separate, a unit can (S1 implies S3)."
    return [Answer("S3", prediction, observation, "the prediction fails" if wrong else "as predicted")]


STUDY = Study(
    name="feasibility",
    title="What is possible",
    question="Which concepts could any neuron, or any unit, separate on these points?",
    world="The worlds of the plan's grid, all points of each draw.",
    grid="World × draw.",
    defaults={"worlds": [], "tolerance": 0.05},
    jobs=_jobs,
    do=_do,
    answers=_answers,
)
