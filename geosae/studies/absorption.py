"""Absorption by trained SAEs, where geometry allows it and where not (theory P2; arXiv 2409.14507).

A magnitude scales a whole point, its parent's part and its child's alike, so that concepts stay thickened
rays with a certificate. What happens where the two vary relative to each other is asked by `failures`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from geosae.experiments.gates import GATES, gate_name
from geosae.experiments.jobs import MakeWorld, Record, Settings
from geosae.studies.common import gates_in, l0_of, trained, two_halves
from geosae.studies.numbers import direction, mean_of, paired, per_seed, select
from geosae.studies.study import Answer, Study, Verdict

POSITIONS = ("extreme", "inside")


def _jobs(settings: Settings, seeds: Sequence[int]) -> Iterator[Settings]:
    for position in POSITIONS:
        for variation in settings["variations"]:
            for gate, sparsity in gates_in(settings):
                for seed in seeds:
                    yield {
                        "position": position, "variation": variation, "gate": gate, "sparsity": sparsity,
                        "seed": seed, **{k: settings[k] for k in ("steps", "width", "points", "dim")},
                    }  # fmt: skip


def _do(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    from geosae.analysis.phenomena import absorption

    params = {"points": s["points"], "dim": s["dim"], "parents": 2, "children": 2,
              "position": s["position"], "variation": s["variation"]}  # fmt: skip
    seen, unseen = two_halves(make_world, "absorption", params, s["seed"])
    neurons = trained(seen.points, s["gate"], s["sparsity"], s["width"], s["seed"], s["steps"])
    # The child in question: the one inside the hull of its siblings where there is one, else the first.
    which = 3 if s["position"] == "inside" else 1
    pairs = [(f"parent {f}", f"child {f}.{which}") for f in (1, 2)]
    found = [absorption(neurons, unseen, parent, child, seed=s["seed"]).to_dict() for parent, child in pairs]
    return {"l0": l0_of(neurons, unseen.points), "absolute": GATES[s["gate"]].absolute, "pairs": found}


def mean_silence(result: Any) -> float | None:
    """Return the mean share of a child's points on which its parent's neuron is silent."""
    values = [pair["silent"]["value"] for pair in result["pairs"]]
    return sum(values) / len(values) if None not in values else None


def mean_effect(result: Any) -> float | None:
    """Return the mean excess of that silence over the silence on the child's siblings."""
    values = [pair["effect"]["value"] for pair in result["pairs"]]
    return sum(values) / len(values) if None not in values else None


def share_absorbed(result: Any) -> float:
    """Return the share of pairs that are absorbed up to the tolerance."""
    return sum(bool(pair["absorbed"]) for pair in result["pairs"]) / len(result["pairs"])


def _answers(records: Sequence[Record]) -> list[Answer]:
    if not records:
        return []
    return [_forbidden(records), *_relative(records), *_position(records)]


def _forbidden(records: Sequence[Record]) -> Answer:
    pairs = [(r, pair) for r in records if r["result"]["absolute"] for pair in r["result"]["pairs"]]
    closed = [pair for _, pair in pairs if not pair["can"]]
    inside = [pair for r, pair in pairs if r["settings"]["position"] == "inside"]
    exact = sum(bool(pair["exact"]) for pair in closed)
    near = sum(bool(pair["absorbed"]) for pair in closed)
    can = sum(bool(pair["can"]) for _, pair in pairs)
    possible = sum(bool(pair["absorbed"]) for _, pair in pairs if pair["can"])
    observation = (
        f"Of {len(pairs)} parent–child pairs in SAEs with absolute gates, certificates exclude exact "
        f"absorption in {len(closed)} ({sum(not p['can'] for p in inside)} of {len(inside)} with an interior "
        f"child): {exact} of these were absorbed exactly and {near} within the tolerance; where it is "
        f"possible, {possible} of {can} were absorbed."
    )
    verdict: Verdict = "the prediction fails" if exact else "as predicted" if closed else "undecided"
    prediction = (
        "By one neuron with an absolute gate, a child in the hull of its siblings cannot be absorbed "
        "exactly; at the edge it can."
    )
    return Answer("P2", prediction, observation, verdict)


def _relative(records: Sequence[Record]) -> Iterator[Answer]:
    pairs = [
        pair
        for r in select(records, position="inside")
        if r["settings"]["gate"] == "topk" and r["settings"]["sparsity"] >= 2
        for pair in r["result"]["pairs"]
    ]
    if not pairs:
        return
    done = sum(bool(pair["absorbed"]) for pair in pairs)
    exact = sum(bool(pair["exact"]) for pair in pairs)
    observation = (
        f"Top-K with K ≥ 2 absorbed {done} of {len(pairs)} interior children within the tolerance, "
        f"{exact} exactly."
    )
    verdict: Verdict = "as predicted" if done else "undecided"
    prediction = "Top-K neurons with K ≥ 2 can absorb an interior child, which no half-space can (P2, G2)."
    yield Answer("P2", prediction, observation, verdict)


def _position(records: Sequence[Record]) -> Iterator[Answer]:
    for gate in dict.fromkeys(str(r["settings"]["gate"]) for r in records):
        own = select(records, gate=gate)
        sides = [per_seed(select(own, position=p), mean_effect) for p in POSITIONS]
        found = mean_of(paired(*sides))
        means = [mean_of(list(side.values())) for side in sides]
        prediction = (
            f"{gate_name(gate)}: the parent's neuron is silent on a child (beyond its siblings) more where "
            "the child is at the edge than where it lies inside."
        )
        observation = (
            f"Excess silence {means[0]} on an extreme child, {means[1]} on an interior one; "
            f"paired difference over {found.count} seeds {found}."
        )
        yield Answer("P2", prediction, observation, direction(found))


STUDY = Study(
    name="absorption",
    title="Absorption",
    question="Does training absorb a child concept where geometry allows it, and only there?",
    world="World `absorption`: two parents as thickened rays, exclusive children at the edge, or one more "
    "inside the hull of its siblings.",
    grid="Child position × variation of magnitudes × gate × sparsity × seed.",
    defaults={
        "variations": [0.05, 0.2, 0.4],
        "gates": {"relu": [0.01, 0.1, 0.3], "topk": [1, 2, 4], "batchtopk": [2], "jumprelu": [0.01]},
        "steps": 400,
        "width": 16,
        "points": 3000,
        "dim": 8,
    },
    jobs=_jobs,
    do=_do,
    answers=_answers,
)
