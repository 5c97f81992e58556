"""Known failures of sparse autoencoders, reproduced by direction of effect over seeds.

Too low an L0 mixes features (arXiv 2508.16560); matching pursuit reconstructs best and recovers worse
(SynthSAEBench, arXiv 2602.14687); a frozen random decoder comes near in reconstruction (arXiv 2602.14111).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from geosae.experiments.studies.common import trained, two_halves
from geosae.experiments.studies.numbers import direction, mean_of, paired, per_seed, select
from geosae.experiments.studies.study import Answer, MakeWorld, Record, Settings, Study

FEATURES, DIM, RATE = 32, 20, 0.12
_FIGURES = ("mcc", "f1_score", "explained_variance", "uniqueness", "sae_l0", "true_l0", "dead_share")


def _jobs(settings: Settings, seeds: Sequence[int]) -> Iterator[Settings]:
    rest = {k: settings[k] for k in ("steps", "points", "width")}
    for seed in seeds:
        for k in settings["budgets"]:
            for gate in ("topk", "batchtopk", "mp"):
                yield {"gate": gate, "k": k, "baseline": "trained", "seed": seed, **rest}
            yield {"gate": "topk", "k": k, "baseline": "frozen_decoder", "seed": seed, **rest}


def _do(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    from geosae.analysis.phenomena import hedging
    from geosae.analysis.recovery import recovery_of

    params = {"points": s["points"], "dim": DIM, "features": FEATURES, "rate": RATE, "rank": 4,
              "correlation": 0.4}  # fmt: skip
    seen, unseen = two_halves(make_world, "superposition", params, s["seed"])
    neurons = trained(
        seen.points, s["gate"], s["k"], s["width"], s["seed"], s["steps"], baseline=s["baseline"]
    )
    found = recovery_of(neurons, unseen).to_dict()
    mixed = hedging(neurons, unseen, seed=s["seed"])
    values = {name: float(found[name]) for name in _FIGURES}
    return {**values, "mean_second": mixed.mean_second if mixed.mixtures else None}


def _answers(records: Sequence[Record]) -> list[Answer]:
    if not records:
        return []
    budgets = sorted({int(r["settings"]["k"]) for r in records})
    true_l0 = mean_of([r["result"]["true_l0"] for r in records]).value
    right = min(budgets, key=lambda k: abs(k - true_l0))
    own = select(records, baseline="trained")

    def compared(key: str, one: dict[str, Any], other: dict[str, Any], pool: Sequence[Record] = own) -> Any:
        read: Callable[[Any], float | None] = lambda r: r[key]  # noqa: E731
        sides = [per_seed(select(pool, **wanted), read) for wanted in (one, other)]
        return mean_of(list(sides[0].values())), mean_of(list(sides[1].values())), mean_of(paired(*sides))

    found: list[Answer] = []
    low, high = {"gate": "topk", "k": budgets[0]}, {"gate": "topk", "k": right}
    for key, sign, words in (("mcc", -1, "MCC"), ("mean_second", 1, "mean second cosine of the atoms")):
        a, b, gain = compared(key, low, high)
        prediction = f"Top-K with too low an L0 mixes correlated features ({words})."
        observation = (
            f"{words} {a} at K = {budgets[0]} and {b} at K = {right} (true L0 {true_l0:.1f}); paired "
            f"difference {gain}."
        )
        found.append(Answer("2508.16560", prediction, observation, direction(gain, sign)))
    for key, sign, words in (("explained_variance", 1, "more variance"), ("f1_score", -1, "at a lower F1")):
        a, b, gain = compared(key, {"gate": "mp", "k": right}, {"gate": "batchtopk", "k": right})
        prediction = f"Matching pursuit explains more variance than BatchTopK at a lower F1: {words}."
        observation = f"At K = {right}: {a} against {b}; paired difference {gain}."
        found.append(Answer("2602.14687", prediction, observation, direction(gain, sign)))
    frozen = {"baseline": "frozen_decoder", "gate": "topk", "k": right}
    for key, words in (("explained_variance", "explained variance"), ("mcc", "MCC")):
        a, b, gain = compared(key, {"baseline": "trained", "gate": "topk", "k": right}, frozen, records)
        prediction = (
            f"A frozen random decoder stays below a trained one ({words}), if nearly so in reconstruction."
        )
        observation = f"Top-K, K = {right}: {a} trained, {b} with a frozen decoder; paired difference {gain}."
        found.append(Answer("2602.14111", prediction, observation, direction(gain)))
    return found


STUDY = Study(
    name="failures",
    title="Known failures",
    question="Do the failures that the literature reports occur here, in the same direction?",
    world=f"World `superposition`: {FEATURES} correlated features in R^{DIM}. Absorption and hedging have "
    "studies of their own.",
    grid="Gate × K × seed, with a frozen decoder beside Top-K.",
    defaults={"budgets": [1, 2, 4, 8], "width": 40, "steps": 400, "points": 4000},
    jobs=_jobs,
    do=_do,
    answers=_answers,
)
