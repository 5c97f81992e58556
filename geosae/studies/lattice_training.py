"""How the detection lattice nears the true one while an SAE is trained, and as it grows (theory F3)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from geosae.experiments.gates import gate_name
from geosae.experiments.jobs import MakeWorld, Record, Settings
from geosae.studies.common import gates_in, trained, two_halves
from geosae.studies.numbers import direction, mean_of, paired, per_seed, select
from geosae.studies.study import Answer, Study

FIGURES = ("exact_recall", "tightness", "round_trip", "closed_objects")


def _jobs(settings: Settings, seeds: Sequence[int]) -> Iterator[Settings]:
    width, steps = settings["width"], settings["steps"]
    # Over training at one width, and over width before and after training; what is in both is run once.
    ends = sorted({min(steps), max(steps)})
    pairs = [(width, s) for s in steps] + [(w, s) for w in settings["widths"] for s in ends]
    for gate, sparsity in gates_in(settings):
        for (wide, long), seed in product(dict.fromkeys(pairs), seeds):
            yield {"gate": gate, "sparsity": sparsity, "width": wide, "steps": long, "seed": seed,
                   "points": settings["points"]}  # fmt: skip


def _do(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    from geosae.analysis import agreement, analyse
    from geosae.experiments.cell_lattices import truth_context
    from geosae.fca import compare

    params = {"points": s["points"], "dim": 4}
    seen, unseen = two_halves(make_world, "ball-tree", params, s["seed"])
    # A longer run is another run: its learning rate falls later. Each is the end of its own training.
    kind = "trained" if s["steps"] else "untrained"
    neurons = trained(
        seen.points, s["gate"], s["sparsity"], s["width"], s["seed"], max(1, s["steps"]), baseline=kind
    )
    found = analyse(neurons, unseen, ambient_samples=2000, seed=s["seed"])
    context = found.context("detection")
    compared = compare(truth_context(unseen), context, np.random.default_rng([s["seed"], 2]), nulls=5)
    values = {name: _known(getattr(compared, name)) for name in FIGURES}
    floors = {f"{name}_floor": _known(getattr(compared.floor, name)) for name in FIGURES}
    rate = agreement(found.separation).rate
    return {**values, **floors, "mutual": _known(rate), "fvu": _known(found.vitals.fvu)}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def above_floor(name: str) -> Any:
    """Return a function that reads a figure above its floor under permuted columns off a result."""

    def read(result: Any) -> float | None:
        value, floor = result[name], result[f"{name}_floor"]
        return None if value is None or floor is None else value - floor

    return read


def width_of(records: Sequence[Record]) -> int:
    """Return the width at which most records are: the one that was followed over training."""
    return Counter(int(r["settings"]["width"]) for r in records).most_common(1)[0][0]


def _answers(records: Sequence[Record]) -> list[Answer]:
    found: list[Answer | None] = []
    for gate in dict.fromkeys(str(r["settings"]["gate"]) for r in records):
        own = select(records, gate=gate)
        found += [_over_training(own, gate), _over_width(own, gate)]
    return [answer for answer in found if answer is not None]


def _over_training(records: Sequence[Record], gate: str) -> Answer | None:
    own = select(records, width=width_of(records))
    steps = sorted({int(r["settings"]["steps"]) for r in own})
    if len(steps) < 2:
        return None
    begin, end = (per_seed(select(own, steps=s), above_floor("exact_recall")) for s in (steps[0], steps[-1]))
    gain = mean_of(paired(end, begin))
    prediction = f"{gate_name(gate)}: training brings the detection lattice nearer to the true hierarchy."
    observation = (
        f"Recall of true lattice concepts above its floor: {mean_of(list(begin.values()))} after "
        f"{steps[0]} steps, {mean_of(list(end.values()))} after {steps[-1]}; paired difference {gain}."
    )
    return Answer("F3", prediction, observation, direction(gain))


def _over_width(records: Sequence[Record], gate: str) -> Answer | None:
    widths = sorted({int(r["settings"]["width"]) for r in records})
    own = select(records, steps=max(int(r["settings"]["steps"]) for r in records))
    if len(widths) < 2:
        return None
    ends = [select(own, width=w) for w in (widths[0], widths[-1])]
    thin, wide = (per_seed(rows, above_floor("exact_recall")) for rows in ends)
    plain = [mean_of(list(per_seed(rows, lambda r: r["exact_recall"]).values())) for rows in ends]
    gain = mean_of(paired(wide, thin))
    prediction = (
        f"{gate_name(gate)}: more neurons have more of the true hierarchy's lattice (F4 needs |M(L)|)."
    )
    observation = (
        f"Recall of true lattice concepts above its floor: {mean_of(list(thin.values()))} at width "
        f"{widths[0]}, {mean_of(list(wide.values()))} at width {widths[-1]}; paired difference {gain}. The "
        f"recall itself is {plain[0]} and {plain[1]}: with more neurons chance has more of it too."
    )
    return Answer("F4", prediction, observation, direction(gain))


STUDY = Study(
    name="lattice-training",
    title="The lattice over training and over width",
    question="Do training and more neurons bring the detection lattice nearer to the true one, and how soon?",
    world="World `ball-tree` in R⁴, whose hierarchy is known.",
    grid="Gate × number of steps × seed (each number of steps is a training of its own); gate × width × "
    "seed, before and after training.",
    defaults={
        "gates": {"relu": [0.03], "topk": [4]},
        "width": 32,
        "widths": [8, 16, 32, 64, 128],
        "steps": [0, 30, 100, 300, 1000],
        "points": 3000,
    },
    jobs=_jobs,
    do=_do,
    answers=_answers,
)
