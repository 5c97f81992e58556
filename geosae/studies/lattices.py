"""How much of a true concept lattice is in what an SAE has learned, and how much else (theory F1–F4)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int

from geosae.analysis import Notion
from geosae.data.dataset import ConceptDataset
from geosae.data.planted import true_halfspaces
from geosae.errors import InvalidInput
from geosae.experiments.gates import Gate
from geosae.experiments.jobs import MakeWorld
from geosae.fca import FormalContext, LatticeComparison, compare, concept_lattice, implication_basis
from geosae.sae.device import Device
from geosae.studies.common import gates_in
from geosae.studies.lattices_answers import answers
from geosae.studies.lattices_records import (
    Arm,
    Compared,
    Learning,
    Reached,
    RuleCounts,
)
from geosae.studies.lattices_truths import BALL_TREE, TRUTHS, truth_and_world
from geosae.studies.study import Study

if TYPE_CHECKING:
    from geosae.analysis import Alignment

TRAIN_SHARE = 0.25
NULLS = 5
MOST_SETS = 2000
"""A learned basis of rules that takes more steps is not computed."""


def _default_gates() -> dict[Gate, tuple[float | int, ...]]:
    return {"relu": (0.1, 0.03, 0.3), "topk": (4, 2, 8)}


@dataclass(frozen=True)
class Grid:
    """What a plan may change; of each axis the first value is the base's, the others stand alone."""

    truths: tuple[str, ...] = TRUTHS
    base: str = "random-50"
    gates: Mapping[Gate, tuple[float | int, ...]] = field(default_factory=_default_gates)
    widths: tuple[int, ...] = (32, 8, 128)
    steps: tuple[int, ...] = (1000, 100)
    spreads: tuple[float, ...] = (0.5, 0.9)
    tolerances: tuple[float, ...] = (0.1, 0.2)
    points: int = 400


def _jobs(grid: Grid, seeds: Sequence[int]) -> Iterator[Learning]:
    for (gate, sparsity), seed in ((pair, seed) for seed in seeds for pair in _first(grid.gates)):
        base = Learning(
            grid.base, gate, sparsity, grid.widths[0], grid.steps[0], grid.spreads[0], grid.tolerances[0],
            "detection", seed, grid.points,
        )  # fmt: skip
        for truth in grid.truths:
            yield replace(base, truth=truth)
        axes: dict[str, Sequence[float | int]] = {
            "sparsity": grid.gates[gate],
            "width": grid.widths,
            "steps": grid.steps,
            "spread": grid.spreads,
            "tolerance": grid.tolerances,
        }
        for name, values in axes.items():
            for value in values:
                changed: dict[str, Any] = {name: value}
                yield replace(base, **changed)
        yield replace(base, notion="separation")
        if BALL_TREE in grid.truths:
            for notion in ("separation", "approximation"):
                yield replace(base, truth=BALL_TREE, notion=notion)


def _first(gates: Mapping[Gate, tuple[float | int, ...]]) -> list[tuple[Gate, float | int]]:
    return gates_in({gate: sparsities[:1] for gate, sparsities in gates.items()})


def _do(job: Learning, make_world: MakeWorld, device: Device) -> Compared:
    truth, dataset = truth_and_world(make_world, job.truth, job.points, job.spread, job.seed)
    if job.notion != "approximation":
        # What is not asked for needs no correction.
        dataset = replace(dataset, ambient=None)
    points, others = dataset.train_test_split(job.seed, TRAIN_SHARE)
    contexts: dict[Arm, tuple[FormalContext, Alignment]] = {}
    for arm in ("planted", "trained", "untrained", "frozen_decoder"):
        alignment = _analysed(job, arm, points, others, device)
        if alignment is None:
            continue
        contexts[arm] = alignment.context(job.notion), alignment
        if arm == "trained":
            assert alignment.floor is not None
            contexts["shuffled"] = alignment.floor.context(job.notion), alignment.floor
    comparisons = {arm: (compare(truth, c), compare(truth, c, theta=1)) for arm, (c, _) in contexts.items()}
    rng = np.random.default_rng([job.seed, 2])
    trained, alignment = contexts["trained"]
    theta = comparisons["trained"][0].theta
    floor = compare(truth, trained, rng, nulls=NULLS, theta=theta or "auto").floor
    assert floor is not None
    return Compared(
        concepts=len(concept_lattice(truth)),
        arms={arm: _reached(truth, *contexts[arm], *comparisons[arm], job.notion) for arm in contexts},
        permuted_recall=floor.soft_recall,
        permuted_precision=floor.soft_precision,
        permuted_exact=floor.exact_recall,
        fvu=alignment.fvu,
    )


def _analysed(
    job: Learning, arm: Arm, points: ConceptDataset, others: ConceptDataset, device: Device
) -> "Alignment | None":
    """Return the analysis of one arm on what it was not trained on; None where nothing is planted."""
    from geosae.analysis import AnalysisConfig, analyse
    from geosae.experiments.sae_config import config_of
    from geosae.sae.baselines import planted
    from geosae.sae.training.train import train

    if arm == "planted":
        halfspaces = true_halfspaces(points) if job.truth != BALL_TREE else None
        if halfspaces is None:
            return None
        run = planted(points.points, halfspaces, job.seed)
    else:
        settings = {"steps": job.steps, "log_every": job.steps}
        config = config_of(job.gate, job.sparsity, job.width, arm, settings)
        run = train(points.points, config, job.seed, device=device)
    analysis = AnalysisConfig(
        tolerance=job.tolerance, ambient_samples=4000, floor=arm == "trained", seed=job.seed
    )
    return analyse(run.sae, others, analysis)


def _reached(
    truth: FormalContext,
    context: FormalContext,
    alignment: "Alignment",
    comparison: LatticeComparison,
    whole: LatticeComparison,
    notion: Notion,
) -> Reached:
    from geosae.analysis import learning_and_interpretation

    maps = learning_and_interpretation(alignment, notion)
    return Reached(
        edges=int(np.count_nonzero(context.incidence)),
        theta=comparison.theta,
        family=comparison.family,
        soft_recall=comparison.soft_recall,
        soft_precision=comparison.soft_precision,
        exact_recall=comparison.exact_recall,
        concepts=whole.family,
        whole_recall=whole.soft_recall,
        whole_precision=whole.soft_precision,
        exact_precision=whole.precision,
        stable_recall=comparison.stable_recall,
        order_kept=comparison.order_kept,
        mutual=maps.mutual_rate,
        closed=maps.closed_share,
        neurons_per_concept=degree_counts(context.incidence.sum(axis=1)),
        concepts_per_neuron=degree_counts(context.incidence.sum(axis=0)),
        rules=rule_counts(truth, context),
    )


def degree_counts(degrees: Int[np.ndarray, " k"]) -> tuple[int, ...]:
    """Return how many degrees are 0, 1, 2 to 3, 4 to 7, and 8 or more.

    Examples
    --------
    >>> degree_counts(np.array([0, 1, 3, 7, 8, 30]))
    (1, 1, 1, 1, 2)
    """
    classes = np.searchsorted([1, 2, 4, 8], degrees, side="right")
    return tuple(np.bincount(classes, minlength=5).tolist())


def rule_counts(truth: FormalContext, learned: FormalContext) -> RuleCounts:
    """Return how many rules between objects of the truth hold in the learned context, and the reverse.

    A rule is of the Duquenne–Guigues basis of the context turned round, with a case: an attribute (a neuron)
    that has all objects of the premise. "Silent", "baseless": none has them in the other context.

    Examples
    --------
    >>> truth = FormalContext.from_array([[True, True], [True, False]])
    >>> rule_counts(truth, truth)  # one rule: every attribute has g0
    RuleCounts(kept=1, broken=0, silent=0, true=1, false=0, baseless=0)
    """
    of_truth = _held_in(_rules(truth), learned)
    try:
        of_learned: tuple[int | None, ...] = _held_in(_rules(learned, MOST_SETS), truth)
    except InvalidInput:
        of_learned = (None, None, None)
    return RuleCounts(*of_truth, *of_learned)


Rule = tuple[tuple[int, ...], tuple[int, ...]]


def _rules(context: FormalContext, cap: int = 10_000) -> list[Rule]:
    numbered = tuple(str(i) for i in range(len(context.objects)))
    turned = FormalContext(context.attributes, numbered, context.incidence.T)
    return [
        (tuple(int(i) for i in rule.premise), tuple(int(i) for i in rule.conclusion))
        for rule in implication_basis(turned, cap=cap, seconds=float("inf"))
        if rule.support
    ]


def _held_in(rules: Sequence[Rule], context: FormalContext) -> tuple[int, int, int]:
    confirmed = broken = silent = 0
    for premise, conclusion in rules:
        cases = context.incidence[list(premise)].all(axis=0)
        if not cases.any():
            silent += 1
        elif context.incidence[list(conclusion)][:, cases].all():
            confirmed += 1
        else:
            broken += 1
    return confirmed, broken, silent


STUDY = Study(
    name="lattices",
    title="True lattices and learned ones",
    question="How much of a true concept lattice has the certified, Δ-stable family of an SAE, how much "
    "else, and how much of both do untrained SAEs have?",
    world="Worlds `formal-context` (a ball for each object: random contexts of 10 to 200 concepts, "
    "taxonomies, contexts from the literature), and `ball-tree`.",
    design="Truth × gate × seed at a base; width, sparsity, steps, spread of the balls and ε one at a time "
    "around it at one truth; trained, untrained, frozen decoder, shuffled labels and planted in every job.",
    grid=Grid,
    settings=Learning,
    result=Compared,
    jobs=_jobs,
    do=_do,
    answers=answers,
)
