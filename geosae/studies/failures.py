"""Known failures of sparse autoencoders, reproduced by direction of effect over seeds.

Three parts, each in the world its source describes, scaled down:

- *mixing*: too low an L0 mixes features (arXiv 2508.16560); a frozen random decoder comes near in
  reconstruction (arXiv 2602.14111).
- *crowd*: where many features share few dimensions, matching pursuit reconstructs best and recovers worse
  (SynthSAEBench, arXiv 2602.14687). Its 16 384 features, 768 dimensions, 4 096 latents and L0 25 (true: 34)
  become 512 features, 64 dimensions, 128 latents and K = 6 (true: 7.8); the law of the features is kept: Zipf
  rates, trees of exclusive siblings, correlation of rank 25. The same features in 192 dimensions are the
  light case.
- *trees*: a child that fires only with its parent is absorbed by it (arXiv 2409.14507; theory P2), less so
  where both magnitudes vary by themselves. Orthonormal features, width = number of features; beside it the
  same rates without the trees. Half the width: `hedging` asks.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geosae.experiments.jobs import MakeWorld, Settings
from geosae.studies.common import l0_of, two_halves
from geosae.studies.failures_answers import answers
from geosae.studies.study import Study

if TYPE_CHECKING:
    from geosae.data.dataset import ConceptDataset
    from geosae.sae import Neurons

FEATURES, DIM, RATE = 32, 20, 0.12
CROWD, CROWD_K = 512, 6
TREES, TREE_DIM, TREE_DECAY, TREE_RATE = 4, 16, 0.3, 0.25
# Points of a draw, as multiples of the setting `points`.
CROWD_POINTS, TREE_POINTS = 10, 4
# Fewer points with parent and child are too few to measure silence on.
_LEAST_POINTS = 20
_FIGURES = ("mcc", "f1_score", "explained_variance", "uniqueness", "sae_l0", "true_l0", "dead_share")


def _jobs(settings: Settings, seeds: Sequence[int]) -> Iterator[Settings]:
    rest = {k: settings[k] for k in ("steps", "points", "lr")}
    for seed in seeds:
        for job in (*_mixing_jobs(settings), *_crowd_jobs(settings), *_tree_jobs(settings)):
            yield {"baseline": "trained", **job, "seed": seed, **rest}


def _mixing_jobs(settings: Settings) -> Iterator[dict[str, Any]]:
    for k in settings["budgets"]:
        for baseline in ("trained", "frozen_decoder"):
            yield {"part": "mixing", "gate": "topk", "k": k, "baseline": baseline, "width": settings["width"]}


def _crowd_jobs(settings: Settings) -> Iterator[dict[str, Any]]:
    first, *more = settings["dims"]
    for dim in (first, *more):
        for gate in settings["crowd_gates"]:
            if gate == "matryoshka" and dim != first:
                continue  # the slowest; what is asked of it is asked where features crowd
            yield {"part": "crowd", "gate": gate, "k": CROWD_K, "dim": dim, "width": settings["crowd_width"]}


def _tree_jobs(settings: Settings) -> Iterator[dict[str, Any]]:
    low, *high = settings["variations"]
    for gate, sparsity in settings["tree_gates"].items():
        own = {"part": "trees", "gate": gate, "k": sparsity, "width": 2 * TREES}
        for trees, variation in ((True, low), (False, low), *((True, v) for v in high)):
            yield {**own, "trees": trees, "variation": variation}
        yield {**own, "trees": True, "variation": low, "baseline": "untrained"}


def _do(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    if s["part"] == "trees":
        return _do_trees(s, make_world)
    params = _mixing_world(s) if s["part"] == "mixing" else crowd_world(s)
    seen, unseen = two_halves(make_world, "superposition", params, s["seed"])
    neurons = _trained(seen, s)
    return {**_recovered(neurons, unseen), **(_mixed(neurons, unseen, s) if s["part"] == "mixing" else {})}


def _trained(seen: "ConceptDataset", s: Settings) -> "Neurons":
    from geosae.experiments.sae_config import config_of
    from geosae.sae import neurons_of
    from geosae.sae.training.train import train

    knobs = {"steps": s["steps"], "log_every": s["steps"], "lr": s["lr"]}
    config = config_of(s["gate"], s["k"], s["width"], s["baseline"], knobs)
    return neurons_of(train(seen.points, config, s["seed"], device="cpu").sae)


def _recovered(neurons: "Neurons", unseen: "ConceptDataset") -> dict[str, Any]:
    from geosae.analysis.recovery import recovery_of

    found = recovery_of(neurons, unseen).to_dict()
    return {name: float(found[name]) for name in _FIGURES}


def _mixed(neurons: "Neurons", unseen: "ConceptDataset", s: Settings) -> dict[str, Any]:
    from geosae.analysis.phenomena import hedging

    found = hedging(neurons, unseen, seed=s["seed"])
    return {"mean_second": found.mean_second if found.mixtures else None}


def _mixing_world(s: Settings) -> dict[str, Any]:
    return {"points": s["points"], "dim": DIM, "features": FEATURES, "rate": RATE, "rank": 4,
            "correlation": 0.4}  # fmt: skip


def crowd_world(s: Settings) -> dict[str, Any]:
    """Return the law of SynthSAEBench: rates 0.4·i^(−1/2), trees of exclusive siblings, correlation.

    Examples
    --------
    >>> world = crowd_world({"points": 100, "dim": 64})
    >>> world["features"], world["points"], world["roots"]
    (512, 1000, 4)
    """
    rate = 0.399 * float((np.arange(1, CROWD + 1) ** -0.5).mean())
    law = {"rate": rate, "law": "zipf", "zipf": 0.5, "rank": 25, "correlation": 0.1, "directions": "tight"}
    trees = {"roots": CROWD // 128, "branching": 4, "depth": 3, "exclusive": 1.0, "compensate": "yes"}
    size = {"magnitudes": "normal", "magnitude": 1.0, "spread": 0.11, "noise": 0.0}
    points = CROWD_POINTS * s["points"]
    return {"points": points, "dim": s["dim"], "features": CROWD, **law, **trees, **size}


def tree_world(s: Settings) -> dict[str, Any]:
    """Return pairs of a parent and its child, or as many independent features with the same rates.

    Examples
    --------
    >>> [tree_world({"points": 1, "variation": 0.0, "trees": t})["roots"] for t in (True, False)]
    [4, 0]
    """
    rate = TREE_RATE * float(((1 - TREE_DECAY) ** np.arange(2 * TREES)).mean())
    reach = 3**0.5 * s["variation"]  # a uniform magnitude of mean 1 with this coefficient of variation
    law = {"law": "geometric", "decay": TREE_DECAY, "rate": rate, "compensate": "yes", "branching": 1}
    size = {"low": 1 - reach, "high": 1 + reach, "directions": "orthonormal"}
    roots = TREES if s["trees"] else 0
    points = TREE_POINTS * s["points"]
    return {"points": points, "dim": TREE_DIM, "features": 2 * TREES, "roots": roots, **law, **size}


def _do_trees(s: Settings, make_world: MakeWorld) -> dict[str, Any]:
    seen, unseen = two_halves(make_world, "superposition", tree_world(s), s["seed"])
    neurons = _trained(seen, s)
    pairs = [pair_silence(neurons, unseen, i, s["seed"]) for i in range(TREES)]
    held: dict[str, Any] = {
        key: _mean([pair[key] for pair in pairs if pair is not None])
        for key in ("effect", "silent", "cosine")
    }
    pairs_measured = sum(pair is not None for pair in pairs)
    return {
        **held,
        "pairs": pairs_measured,
        **_recovered(neurons, unseen),
        "l0": l0_of(neurons, unseen.points),
    }


def pair_silence(
    neurons: "Neurons", data: "ConceptDataset", i: int, seed: int
) -> Mapping[str, float | None] | None:
    """Measure what parent i's neuron does where its child fires too; None with too few such points.

    The child's concept is "child and parent": in the world without trees the child fires alone as well.
    "effect" is `Absorption.effect`, "silent" its share; "cosine" is that of the child's atom with the
    parent's direction: 0 for the child's own direction c, 1/√2 for c + p.

    Examples
    --------
    >>> from geosae.data.dataset import ConceptDataset
    >>> few = ConceptDataset(np.eye(8), np.eye(8, dtype=bool), tuple("abcdefgh"), directions=np.eye(8))
    >>> pair_silence(None, few, 0, seed=0) is None  # no point has both
    True
    """
    from geosae.analysis.phenomena import absorption
    from geosae.data.dataset import ConceptDataset

    parent = data.membership[:, i]
    both = parent & data.membership[:, TREES + i]
    if np.count_nonzero(both) < _LEAST_POINTS:
        return None
    two = ConceptDataset(data.points, np.column_stack([parent, both]), ("parent", "child"))
    found = absorption(neurons, two, "parent", "child", seed=seed)
    cosine = None
    if found.child_neuron is not None and data.directions is not None:
        atom = neurons.decoder[found.child_neuron]
        length = float(np.linalg.norm(atom))
        cosine = float(atom @ data.directions[i]) / length if length > 0 else None
    return {"effect": found.effect.value, "silent": found.silent.value, "cosine": cosine}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return sum(known) / len(known) if known else None


STUDY = Study(
    name="failures",
    title="Known failures",
    question="Do the failures that the literature reports occur here, in the same direction?",
    world=f"World `superposition`: {FEATURES} correlated features in R^{DIM} (mixing); the law of "
    f"SynthSAEBench with {CROWD} features in few and in more dimensions (crowd); {TREES} parents with a "
    f"child each, orthonormal in R^{TREE_DIM}, beside the same rates without hierarchy (trees). Hedging has "
    "a study of its own.",
    grid="Gate × K × seed with frozen decoders; gate × dimension × seed; gate × hierarchy × variation of "
    "magnitudes × seed, with untrained SAEs.",
    defaults={
        "budgets": [1, 2, 4, 8],
        "width": 40,
        "dims": [64, 192],
        "crowd_width": 128,
        "crowd_gates": ["mp", "batchtopk", "matryoshka"],
        "variations": [0.0, 0.4],
        # ReLU at λ = 0.1; the others at the K nearest to the true L0 of 0.8, Top-K with room for both.
        "tree_gates": {"relu": 0.1, "topk": 2, "batchtopk": 1, "matryoshka": 1},
        "lr": 0.01,
        "steps": 800,
        "points": 4000,
    },
    jobs=_jobs,
    do=_do,
    answers=answers,
)
