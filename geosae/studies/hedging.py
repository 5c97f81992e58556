"""Hedging: an SAE narrower than the feature count mixes features (theory P5; arXiv 2505.11756)."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from geosae.experiments.gates import gate_name
from geosae.experiments.jobs import MakeWorld, Record, Settings
from geosae.studies.common import gates_in, l0_of, trained, two_halves
from geosae.studies.numbers import direction, mean_of, paired, per_seed, select
from geosae.studies.study import Answer, Study

FEATURES = 12


def _jobs(settings: Settings, seeds: Sequence[int]) -> Iterator[Settings]:
    for pairs in (0, FEATURES // 2):
        for gate, sparsity in gates_in(settings):
            for width in settings["widths"]:
                for seed in seeds:
                    yield {
                        "pairs": pairs, "gate": gate, "sparsity": sparsity, "width": width, "seed": seed,
                        **{k: settings[k] for k in ("steps", "points")},
                    }  # fmt: skip


def _do(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    from geosae.analysis import mcc
    from geosae.analysis.phenomena import hedging

    params = {"points": s["points"], "dim": FEATURES, "features": FEATURES, "rate": 0.15,
              "pairs": s["pairs"], "child_rate": 0.6, "directions": "orthonormal"}  # fmt: skip
    seen, unseen = two_halves(make_world, "superposition", params, s["seed"])
    neurons = trained(seen.points, s["gate"], s["sparsity"], s["width"], s["seed"], s["steps"])
    found = hedging(neurons, unseen, seed=s["seed"])
    directions = np.asarray(unseen.directions)
    mixed = [m for m in found.mixtures if m.correlation > 0.3]
    towards = [m.second_cosine for m in found.hedged if m.correlation > 0.3]
    return {
        "share": found.share if found.mixtures else None,
        "mean_second": found.mean_second if found.mixtures else None,
        "floor": found.floor,
        "floor_cosine": found.floor_cosine,
        "firing": len(found.mixtures),
        "towards_partner": len(towards),
        "second_is_partner": len(mixed),
        "l0": l0_of(neurons, unseen.points),
        "mcc": float(mcc(neurons.decoder, directions)),
    }


def _answers(records: Sequence[Record]) -> list[Answer]:
    found: list[Answer] = []
    for gate in dict.fromkeys(str(r["settings"]["gate"]) for r in records):
        own = select(records, gate=gate, pairs=FEATURES // 2)
        widths = sorted({int(r["settings"]["width"]) for r in own})
        narrow = [w for w in widths if w < FEATURES]
        wide = [w for w in widths if w >= FEATURES]
        if not (narrow and wide):
            continue
        few, many = (per_seed(select(own, width=w), lambda r: r["mean_second"]) for w in (narrow[0], wide[0]))
        by_width = mean_of(paired(few, many))
        prediction = (
            f"{gate_name(gate)}: an SAE narrower than the {FEATURES} true features hedges, so its atoms mix "
            "two directions more."
        )
        observation = (
            f"Mean second cosine {mean_of(list(few.values()))} at width {narrow[0]} and "
            f"{mean_of(list(many.values()))} at width {wide[0]}; paired difference {by_width}."
        )
        found.append(Answer("P5", prediction, observation, direction(by_width)))
        alone = per_seed(select(records, gate=gate, pairs=0, width=narrow[0]), lambda r: r["mean_second"])
        by_pairs = mean_of(paired(few, alone))
        prediction = f"{gate_name(gate)}: what is mixed when the SAE is too narrow is what is correlated."
        observation = (
            f"At width {narrow[0]}, mean second cosine {mean_of(list(few.values()))} with correlated pairs "
            f"and {mean_of(list(alone.values()))} with independent features; paired difference {by_pairs}."
        )
        found.append(Answer("P5", prediction, observation, direction(by_pairs)))
    return found


STUDY = Study(
    name="hedging",
    title="Hedging",
    question="Does an SAE that is narrower than the number of features mix correlated ones?",
    world=f"World `superposition`: {FEATURES} orthonormal features, in parent–child pairs or independent.",
    grid="Correlated or not × gate × sparsity × width × seed.",
    defaults={
        "widths": [3, 6, 12, 24],
        "gates": {"relu": [0.03], "topk": [2]},
        "steps": 400,
        "points": 3000,
    },
    jobs=_jobs,
    do=_do,
    answers=_answers,
)
