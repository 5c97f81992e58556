"""What becomes of a concept as the SAE grows: whether it splits or is tiled, and which neurons go together.

Theory P1 and P3. A near-partition can be chosen of almost any concept among many neurons; a *clean* split,
into pieces that lie farther apart than the sample resolves, is what no connected concept has (`Cut.clean`).
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool

from geosae.data.dataset import ConceptDataset
from geosae.experiments.jobs import MakeWorld, Settings
from geosae.studies.common import gates_in, l0_of, trained, two_halves
from geosae.studies.splitting_answers import answers
from geosae.studies.study import Study

if TYPE_CHECKING:
    from geosae.analysis.phenomena import Families
    from geosae.sae import Neurons

WORLDS = {
    "separated": ("disjoint-balls", {"concepts": 4, "radius": 0.3, "gap": 0.6}),
    "connected": ("convex", {"concepts": 1, "radius": 0.6}),
    "shell": ("non-convex", {"shape": "shell"}),
}
"""The concept is all points inside; its parts, where it has several, are the balls."""

TOLERANCE = 0.1


def _jobs(settings: Settings, seeds: Sequence[int]) -> Iterator[Settings]:
    for world in WORLDS:
        for gate, sparsity in gates_in(settings):
            for seed in seeds:
                yield {"world": world, "gate": gate, "sparsity": sparsity, "seed": seed,
                       **{k: settings[k] for k in ("widths", "steps", "points", "dim")}}  # fmt: skip


def _do(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    from geosae.analysis.phenomena import splits

    name, params = WORLDS[s["world"]]
    seen, unseen = two_halves(
        make_world, name, {**params, "points": s["points"], "dim": s["dim"], "background": 0.1}, s["seed"]
    )
    data, parts = concept_of(unseen)
    saes = [trained(seen.points, s["gate"], s["sparsity"], w, s["seed"], s["steps"]) for w in s["widths"]]
    raw = [
        trained(seen.points, s["gate"], s["sparsity"], w, s["seed"], s["steps"], baseline="untrained")
        for w in s["widths"]
    ]
    steps = [splits(a, b, data, tolerance=TOLERANCE, certify=False) for a, b in itertools.pairwise(saes)]
    return {
        "trained": [{**_seen(sae, data, parts), "permuted": _alone(sae, data, s["seed"])} for sae in saes],
        "untrained": [_seen(sae, data, parts) for sae in raw],
        "splits": [{**step.kinds, "clean": step.clean} for step in steps],
        "isolable": isolable(data, parts),
    }


def concept_of(data: ConceptDataset) -> tuple[ConceptDataset, Bool[np.ndarray, "N r"]]:
    """Return a world's points with the union of its concepts as the one concept, and its disjoint parts."""
    held = data.membership
    union = held.any(axis=1)
    parts = np.compress(np.count_nonzero(held, axis=0) < np.count_nonzero(union), held, axis=1)
    return ConceptDataset(data.points, np.expand_dims(union, 1), ("all",), allow_trivial=True), parts


def isolable(data: ConceptDataset, parts: Bool[np.ndarray, "N r"]) -> int:
    """Return how many of a concept's parts a half-space tells from the other parts, by certificate (S1)."""
    from geosae.geometry.separation.separate import separate

    points = np.asarray(data.points, dtype=np.float64)
    found = 0
    for k in range(parts.shape[1]):
        others = np.delete(parts, k, axis=1).any(axis=1)
        found += separate(points[parts[:, k]], points[others]).separable
    return found


def owned(
    fires: Bool[np.ndarray, "N d"], parts: Bool[np.ndarray, "N r"], tolerance: float = TOLERANCE
) -> int:
    """Return how many parts have a neuron of their own, which has this part and none of the others.

    Examples
    --------
    >>> parts = np.array([[1, 1, 0, 0], [0, 0, 1, 1]], dtype=bool).T
    >>> owned(np.array([[1, 1, 0, 0], [1, 1, 1, 1]], dtype=bool).T, parts)
    1
    """
    shares = np.array([fires[part].mean(axis=0) for part in parts.T])
    has, free = shares >= 1 - tolerance, shares <= tolerance
    return sum(bool(np.any(has[k] & np.delete(free, k, axis=0).all(axis=0))) for k in range(len(shares)))


def _seen(sae: "Neurons", data: ConceptDataset, parts: Bool[np.ndarray, "N r"]) -> dict[str, Any]:
    from geosae.analysis.phenomena import families_among, tiling

    fires = sae.fires(data.points)
    return {
        "cut": tiling(sae, data, 0, within=True, tolerance=TOLERANCE, certify=False).to_dict(),
        "owned": owned(fires, parts) if parts.shape[1] else None,
        "families": _slim(families_among(fires)),
        "l0": l0_of(sae, data.points),
        "fvu": _fvu(sae, data),
    }


def _alone(sae: "Neurons", data: ConceptDataset, seed: int) -> dict[str, Any]:
    """Return the families of the same neurons, each permuted by itself: what independence gives."""
    from geosae.analysis.phenomena import families_among

    return _slim(families_among(np.random.default_rng([seed, 3]).permuted(sae.fires(data.points), axis=0)))


def _slim(found: "Families") -> dict[str, Any]:
    return {"share": found.share, "largest": found.largest, "beyond": found.beyond, "pairs": found.pairs}


def _fvu(sae: "Neurons", data: ConceptDataset) -> float:
    from geosae.analysis.recovery import fvu

    return float(fvu(data.points, sae.reconstruct(data.points)))


STUDY = Study(
    name="splitting",
    title="Splitting, families, tiling",
    question="As the SAE grows, does a concept split into pieces that lie apart, or is it tiled by "
    "pieces that meet or overlap?",
    world="One concept: four balls apart (`disjoint-balls`), one ball (`convex`), one shell (`non-convex`).",
    grid="Concept × gate × sparsity × seed; in each a sweep over widths, with untrained SAEs beside.",
    defaults={"dim": 6, "widths": [4, 8, 16, 32, 64], "gates": {"relu": [0.03, 0.1], "topk": [1, 2]},
              "steps": 600, "points": 3000},
    jobs=_jobs,
    do=_do,
    answers=answers,
)  # fmt: skip
