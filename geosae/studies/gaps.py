"""What is possible in a world, beside what trained SAEs and baselines reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geosae.studies.numbers import Mean, mean_of, paired

if TYPE_CHECKING:
    from geosae.experiments.results import Results

LEARNERS = {"neurons": ("one_within", "one neuron"), "units": ("unit_within", "a unit")}
"""Learner in the records → (what says that it is possible, words)."""

PerSeed = Mapping[int, float]
At = tuple[str, str, float | int, int]
"""World, gate, sparsity, width."""


@dataclass(frozen=True)
class Gap:
    """What is possible in a world beside what SAEs of one gate reach, with the baselines' shares.

    Attributes
    ----------
    sparsity
        Of the sparsities that have baselines, the one at which trained SAEs reach most.
    possible
        Share of concepts that some half-space (or some unit) separates within the tolerance, by certificate
        or by a half-space found; a mean over the draws of the world.
    reached
        Share separated by trained SAEs; `gap` is the difference to `possible`, draw by draw.
    baselines
        Each baseline's share at the sparsity at which it reaches most itself: the same freedom of choice.
    """

    world: str
    gate: str
    sparsity: float | int
    width: int
    learner: str
    possible: Mean
    reached: Mean
    gap: Mean
    baselines: Mapping[str, Mean]


def gaps(results: "Results") -> list[Gap]:
    """Return the gap of each world, gate and learner, at the greatest width that all its gates have."""
    found: list[Gap] = []
    for world in results.worlds:
        rows = results.compared(world) or results.rows_of(world, "trained")
        tried = {
            gate: list(dict.fromkeys(r["sparsity"] for r in rows if r["gate"] == gate))
            for gate in dict.fromkeys(str(r["gate"]) for r in rows)
        }
        for gate, sparsities in tried.items():
            places: list[At] = [(world, gate, s, shared_width(rows, gate)) for s in sparsities]
            for learner, (key, _) in LEARNERS.items():
                possible = possible_per_seed(results, world, key)
                if possible:
                    found.append(_gap(results, places, learner, possible))
    return found


def shared_width(rows: Sequence[Mapping[str, Any]], gate: str) -> int:
    """Return the greatest width that all gates have in rows of one world, or else the gate's own greatest.

    Examples
    --------
    >>> rows = [{"gate": "relu", "width": 8}, {"gate": "relu", "width": 64}, {"gate": "topk", "width": 8}]
    >>> shared_width(rows, "relu"), shared_width(rows[:2], "relu")
    (8, 64)
    """
    widths: dict[str, set[int]] = {}
    for row in rows:
        widths.setdefault(str(row["gate"]), set()).add(int(row["width"]))
    return max(set[int].intersection(*widths.values()) or widths[gate])


def possible_per_seed(results: "Results", world: str, key: str) -> PerSeed:
    """Return for each draw of a world the share of its concepts for which something is possible."""
    records = [r for r in results.studies.get("feasibility", ()) if r["settings"]["world"] == world]
    return {
        int(r["settings"]["seed"]): float(np.mean([bool(c[key]) for c in r["result"]["concepts"]]))
        for r in records
    }


def shares(results: "Results", at: At, learner: str, baseline: str = "trained") -> PerSeed:
    """Return for each seed the share of concepts that an SAE's neurons or units separate."""
    world, gate, sparsity, width = at
    found: dict[int, float] = {}
    for record in results.records_of(world, baseline):
        cell = record["cell"]
        table = record["notions"]["separation"][learner]
        if (cell["gate"], cell["sparsity"], cell["width"]) == (gate, sparsity, width) and table:
            found[int(cell["seed"])] = float(table["share"])
    return found


def _best(results: "Results", places: list[At], learner: str, baseline: str) -> tuple[At, PerSeed]:
    """Return the place with the greatest mean share, the first of equals, and its shares."""
    found = [(at, shares(results, at, learner, baseline)) for at in places]
    return max(found, key=lambda pair: float(np.mean(list(pair[1].values()))) if pair[1] else -1.0)


def _gap(results: "Results", places: list[At], learner: str, possible: PerSeed) -> Gap:
    at, reached = _best(results, places, learner, "trained")
    # A world drawn once has one answer for all seeds.
    even = {s: possible.get(s, next(iter(possible.values()))) for s in reached}
    beside = {
        name: mean_of(list(_best(results, places, learner, name)[1].values()))
        for name in results.plan.baselines
    }
    return Gap(
        *at,
        learner,
        mean_of(list(possible.values())),
        mean_of(list(reached.values())),
        mean_of(paired(even, reached)),
        {name: mean for name, mean in beside.items() if mean.count},
    )
