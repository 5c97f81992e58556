"""The study of lattices: truths, what a job measures, an independent enumeration, and verdicts."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from geosae.cli.sources import make_world
from geosae.errors import InvalidInput
from geosae.experiments.jobs import StudyRecord, jobs_of
from geosae.experiments.plan import StudyEntry
from geosae.fca import FormalContext, concept_lattice
from geosae.fca.interop_concepts import oracle
from geosae.studies.lattices import STUDY, degree_counts, rule_counts
from geosae.studies.lattices_records import (
    Arm,
    Compared,
    Learning,
    Reached,
    RuleCounts,
    base_of,
    over_axis,
    over_truths,
)
from geosae.studies.lattices_truths import RANDOM, TRUTHS, random_context, truth_and_world

GRID = {
    "truths": ["random-10", "random-25"], "base": "random-10", "gates": {"relu": [0.1, 0.3]},
    "widths": [8, 4, 16], "steps": [100, 10], "spreads": [0.5], "tolerances": [0.1], "points": 400,
}  # fmt: skip


def agrees_with_concepts(context: FormalContext) -> bool:
    lattice = concept_lattice(context)
    assert len(lattice) <= 500
    pairs = {
        (tuple(sorted(e)), tuple(sorted(i))) for e, i in zip(lattice.extents, lattice.intents, strict=True)
    }
    return pairs == oracle(context)


@pytest.mark.parametrize("name", TRUTHS)
def test_every_true_lattice_is_that_of_concepts_and_the_world_has_its_objects(name: str):
    truth, dataset = truth_and_world(make_world, name, 20, 0.5, 1)
    assert agrees_with_concepts(truth)
    assert truth.objects == dataset.names
    if name in RANDOM:
        assert len(concept_lattice(truth)) == pytest.approx(int(name.removeprefix("random-")), rel=0.1)


@pytest.mark.parametrize("size", [10, 50, 200])
def test_random_contexts_are_drawn_anew_by_seed_and_have_no_twins(size: int):
    one, two = random_context(size, 0), random_context(size, 1)
    assert not np.array_equal(one.incidence, two.incidence)
    assert np.array_equal(one.incidence, random_context(size, 0).incidence)
    assert len(np.unique(one.incidence, axis=0)) == len(one.objects)


def test_an_unknown_truth_is_refused():
    with pytest.raises(InvalidInput, match="random-11"):
        truth_and_world(make_world, "random-11", 20, 0.5, 0)


def job(truth: str = "random-10", **changes) -> Learning:
    base = Learning(truth, "relu", 0.1, 12, 60, 0.5, 0.1, "detection", 0, 400)
    return replace(base, **changes)


@pytest.fixture(scope="module")
def compared() -> Compared:
    return STUDY.do(job(), make_world, "cpu")


def test_the_planted_half_spaces_have_the_true_lattice_on_points_never_seen(compared: Compared):
    planted, trained = compared.arms["planted"], compared.arms["trained"]
    assert (planted.exact_recall, planted.exact_precision) == (1, 1)
    assert (planted.whole_recall, planted.whole_precision) == (1, 1)
    assert planted.rules.kept > 0
    assert planted.rules.broken == planted.rules.silent == planted.rules.false == 0
    assert planted.concepts == compared.concepts - 2  # without ∅ and the whole set
    for arm, reached in compared.arms.items():
        assert sum(reached.neurons_per_concept) == 6, arm
    assert sum(trained.concepts_per_neuron) == 12
    assert compared.arms["shuffled"].edges == 0
    assert compared.arms["shuffled"].soft_recall == 0


def test_learned_lattices_are_those_of_concepts(monkeypatch):
    contexts: list[FormalContext] = []

    def compare(truth: FormalContext, learned: FormalContext, *rest, **options):
        contexts.append(learned)
        raise StopIteration

    from geosae.studies import lattices

    monkeypatch.setattr(lattices, "compare", compare)
    for truth in ("random-25", "ball-tree"):
        with pytest.raises((StopIteration, RuntimeError)):
            STUDY.do(job(truth, width=8, steps=20), make_world, "cpu")
    assert len(contexts) == 2
    assert all(agrees_with_concepts(context) for context in contexts)


def test_rules_hold_fail_or_have_no_case():
    truth = FormalContext.from_array([[True, True], [True, False], [False, True]])
    # Whoever has g1 has g0, and whoever has g2 has g0; g1 and g2 never meet.
    everything = rule_counts(truth, truth)
    assert (everything.kept, everything.broken, everything.silent) == (1, 0, 0)  # always g0
    other = FormalContext.from_array([[True, False], [True, False], [False, True]])
    assert rule_counts(truth, other).broken == 1
    silent = FormalContext.from_array(np.zeros((3, 1), dtype=bool))
    # The premise of "always g0" needs nothing: everything is a case of it.
    assert rule_counts(silent, truth) == RuleCounts(0, 0, 0, 0, 1, 0)
    # Whoever has g0 has g1, and the reverse: nothing true has either.
    assert rule_counts(silent, other) == RuleCounts(0, 0, 0, 0, 0, 2)
    assert degree_counts(np.array([2, 4, 4])) == (0, 0, 1, 2, 0)


def reached(recall: float, precision: float = 0.9, several: int = 4, kept: int = 2) -> Reached:
    return Reached(
        edges=9, theta=1, family=3, soft_recall=recall, soft_precision=precision, exact_recall=recall,
        concepts=8, whole_recall=recall, whole_precision=precision, exact_precision=precision,
        stable_recall=recall, order_kept=0.5, mutual=0.5, closed=0.5, neurons_per_concept=(0, 2, 4, 0, 0),
        concepts_per_neuron=(0, 8 - several, several, 0, 0), rules=RuleCounts(kept, 4 - kept, 0, 1, 1, 0),
    )  # fmt: skip


def as_predicted(settings: Learning) -> Compared:
    """Trained SAEs are nearer to the truth in every respect, wider ones more so."""
    wobble = 0.001 * settings.seed
    recall = (0.5 + 0.01 * settings.width + wobble) * (0.5 if settings.notion == "separation" else 1)
    arms: dict[Arm, Reached] = {
        "planted": reached(1.0, 1.0),
        "trained": reached(recall, 0.9, 1, 3),
        "untrained": reached(0.3, 0.7 + wobble, 4, 1),
        "frozen_decoder": reached(0.2, 0.6 - wobble),
        "shuffled": reached(0.0, float("nan")),
    }
    return Compared(10, arms, 0.2, 0.5, 0.1, 0.01)


def records(result: Callable[[Learning], Compared] = as_predicted) -> list[StudyRecord[Learning, Compared]]:
    jobs = jobs_of(STUDY, StudyEntry("lattices", GRID), (0, 1, 2))
    return [StudyRecord(j.settings, result(j.settings)) for j in jobs]


def test_one_setting_at_a_time_around_a_base():
    made = records()
    base = base_of(made, "relu")
    assert base is not None
    assert (base.truth, base.width, base.steps, base.sparsity) == ("random-10", 8, 100, 0.1)
    assert list(over_truths(made, base)) == ["random-10", "random-25"]
    for axis, values in {
        "width": [4, 8, 16],
        "steps": [10, 100],
        "sparsity": [0.1, 0.3],
        "spread": [0.5],
    }.items():
        curve = over_axis(made, base, axis)
        assert [value for value, _ in curve] == values
        assert {len(runs) for _, runs in curve} == {3}
    assert base_of(made, "topk") is None


def test_what_is_predicted_is_found_in_records_that_have_it():
    judged = STUDY.answers(records())
    assert {a.verdict for a in judged} == {"as predicted"}
    assert len(judged) == 12
    (shuffled,) = [a for a in judged if "shuffled" in a.prediction]
    assert "paired difference where both have a concept none" in shuffled.observation


@pytest.mark.parametrize(
    ("words", "arm", "change", "expected"),
    [
        ("planted half-spaces has", "planted", {"exact_precision": 0.5}, "the prediction fails"),
        ("planted half-spaces has", "planted", {"exact_recall": 0.5}, "undecided"),
        ("less else, than that of untrained", "trained", {"soft_precision": 0.5}, "the prediction fails"),
        ("less else, than that of untrained", "trained", {"soft_recall": 0.3}, "undecided"),
        ("fewer others, than that of untrained", "trained", {"exact_recall": 0.1}, "the prediction fails"),
        ("sizes of firing sets", "trained", {"soft_recall": 0.1}, "the prediction fails"),
        ("brings the detection lattice nearer", "trained", {"soft_recall": 0.1}, "the prediction fails"),
        ("more neurons", "trained", {"soft_recall": 0.4}, "undecided"),
        ("implications", "trained", {"rules": RuleCounts(0, 4, 0, 1, 1, 0)}, "the prediction fails"),
        ("interpretation a map", "trained", {"concepts_per_neuron": (0, 0, 8, 0, 0)}, "the prediction fails"),
        ("stricter notions", "trained", {"whole_recall": 0.5}, "undecided"),
    ],
)
def test_predictions_can_fail(words: str, arm: Arm, change: dict, expected: str):
    def broken(settings: Learning) -> Compared:
        whole = as_predicted(settings)
        return replace(whole, arms={**whole.arms, arm: replace(whole.arms[arm], **change)})

    (one,) = [a for a in STUDY.answers(records(broken)) if words in a.prediction]
    assert one.verdict == expected


def test_parts_of_the_records_answer_what_they_can():
    made = [r for r in records() if r.settings.width == 8 and r.settings.notion == "detection"]
    judged = STUDY.answers(made)
    assert not [a for a in judged if "more neurons" in a.prediction or "stricter" in a.prediction]
    assert STUDY.answers([]) == []
