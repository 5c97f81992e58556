"""What becomes of a concept as the SAE grows: whether it splits or is tiled (theory P1)."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from geosae.experiments.studies.common import gates_in, trained, two_halves
from geosae.experiments.studies.numbers import direction, mean_of, paired, per_seed, select
from geosae.experiments.studies.study import Answer, MakeWorld, Record, Settings, Study

WORLDS = {
    "separated": ("ball-union", {"dim": 2, "balls": 4, "distance": 1.5, "background": 0.1}, "union"),
    "connected": ("convex", {"dim": 2, "concepts": 1, "radius": 0.6, "background": 0.1}, 0),
    "shell": ("non-convex", {"dim": 2, "shape": "shell", "background": 0.1}, 0),
}
"""Concept by name: its world, and the concept in it."""


def _jobs(settings: Settings, seeds: Sequence[int]) -> Iterator[Settings]:
    for world in WORLDS:
        for gate, sparsity in gates_in(settings):
            for seed in seeds:
                yield {"world": world, "gate": gate, "sparsity": sparsity, "seed": seed,
                       **{k: settings[k] for k in ("widths", "steps", "points")}}  # fmt: skip


def _do(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    from geosae.analysis.phenomena import families, splits, tiling

    name, params, concept = WORLDS[s["world"]]
    seen, unseen = two_halves(make_world, name, {"points": s["points"], **params}, s["seed"])
    saes = [trained(seen.points, s["gate"], s["sparsity"], w, s["seed"], s["steps"]) for w in s["widths"]]
    cuts = [tiling(sae, unseen, concept, within=True, tolerance=0.1).to_dict() for sae in saes]
    found = [families(sae, unseen) for sae in saes]
    steps = [splits(a, b, unseen, tolerance=0.1).to_dict() for a, b in itertools.pairwise(saes)]
    return {
        "cuts": cuts,
        "splits": steps,
        "families": [f.share for f in found],
        "largest_family": [max((len(g.neurons) for g in f.found), default=0) for f in found],
    }


def kinds(records: Sequence[Record], world: str, place: int) -> Counter[str]:
    """Return how often each kind of cut of the concept was found at one width."""
    return Counter(str(r["result"]["cuts"][place]["kind"]) for r in select(records, world=world))


def shared(result: Any, place: int = -1) -> float | None:
    """Return the share of the concept's points on which several partial neurons fire, at one width."""
    return result["cuts"][place]["shared"]["value"]


def is_split(result: Any, place: int = -1) -> float:
    """Return 1 where disjoint pieces have the concept at one width, else 0."""
    return float(result["cuts"][place]["kind"] == "split")


def margin(result: Any) -> float:
    """Return the greatest margin of a split over the widths (the least of its pairs); 0 if none."""
    found = [cut["margin"] or 0.0 for cut in result["cuts"] if cut["kind"] == "split"]
    return max(found, default=0.0)


def _answers(records: Sequence[Record]) -> list[Answer]:
    if not records:
        return []
    last = [Counter(kinds(records, world, -1)) for world in WORLDS]
    apart, one, ring = last
    gaps = [per_seed(select(records, world=w), margin) for w in ("separated", "connected")]
    gap = mean_of(paired(*gaps))
    # Where the gate sets how many neurons fire, it sets how many share a point: that would answer nothing.
    free = select(records, gate="relu") or records
    spread = mean_of(
        [v for w in ("connected", "shell") for v in per_seed(select(free, world=w), shared).values()]
    )
    shares = [per_seed(select(records, world=w), is_split) for w in ("separated", "connected")]
    more = mean_of(paired(*shares))
    width = records[0]["settings"]["widths"][-1]
    margins = Answer(
        "P1",
        "Pieces of separated blobs lie apart by a positive margin; those of a connected concept cannot.",
        f"Greatest margin of a split over all widths: {mean_of(list(gaps[0].values()))} on separated blobs, "
        f"{mean_of(list(gaps[1].values()))} on one disk; paired difference {gap}.",
        direction(gap),
    )
    tiles = Answer(
        "2604.28119",
        "Reconstruction tiles a connected concept: most of its points lie in several partial regions.",
        f"At width {width} several neurons that have part of the concept fire on a share {spread} of "
        f"the points of the disk and the ring (ReLU where it was run); the disk is {_spell(one)}, the ring "
        f"{_spell(ring)}.",
        "as predicted" if spread.low > 0.5 else "the prediction fails" if spread.high < 0.5 else "undecided",
    )
    splits = Answer(
        "P1",
        "Separated blobs split more often than one connected concept does.",
        f"At width {width} the four blobs are {_spell(apart)}, the disk {_spell(one)}; paired difference of "
        f"the shares {more}.",
        direction(more),
    )
    return [splits, margins, tiles]


def _spell(found: Counter[str]) -> str:
    return (
        ", ".join(f"{kind} in {count}" for kind, count in found.most_common()) + f" of {sum(found.values())}"
    )


STUDY = Study(
    name="splitting",
    title="Splitting, families, tiling",
    question="As the SAE grows, does a concept split into disjoint pieces, or is it tiled by "
    "overlapping ones?",
    world="Four separated disks as one concept (`ball-union`), one disk (`convex`), one ring (`non-convex`), "
    "all in the plane.",
    grid="Concept × gate × sparsity × seed; in each a sweep over widths.",
    defaults={"widths": [4, 8, 16, 32], "gates": {"relu": [0.03, 0.1], "topk": [1, 2]}, "steps": 400,
              "points": 3000},
    jobs=_jobs,
    do=_do,
    answers=_answers,
)  # fmt: skip
