"""The study of dictionaries: matching and following against enumeration, and verdicts on made records."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from geosae.analysis.certified import separation_p
from geosae.analysis.matching import mcc
from geosae.cli.sources import make_world
from geosae.errors import InvalidInput
from geosae.experiments.jobs import StudyRecord, jobs_of
from geosae.experiments.plan import StudyEntry
from geosae.studies import dictionaries
from geosae.studies.dictionaries import STUDY, followed, matched
from geosae.studies.dictionaries_records import Followed, PairJob, PairResult

ENTRY = StudyEntry("dictionaries", {})


def test_a_dictionary_agrees_with_itself_permuted_flipped_and_scaled():
    rng = np.random.default_rng(0)
    atoms, order = rng.standard_normal((12, 5)), rng.permutation(12)
    other = (atoms * rng.choice([-3.0, 1.0, 0.2], (12, 1)))[order]
    partners, cosines = matched(atoms, other)
    assert np.array_equal(order[partners], np.arange(12))
    assert cosines == pytest.approx(np.ones(12))
    assert mcc(atoms, other) == pytest.approx(1)


def test_random_dictionaries_agree_as_much_as_the_best_of_all_permutations():
    rng = np.random.default_rng(1)
    for _ in range(3):
        one, two = rng.standard_normal((2, 6, 3))
        cosine = [[abs(a @ b) / np.sqrt((a @ a) * (b @ b)) for b in two] for a in one]
        best = max(permutations(range(6)), key=lambda order: sum(cosine[i][j] for i, j in enumerate(order)))
        partners, cosines = matched(one, two)
        assert tuple(partners) == best
        assert cosines == pytest.approx([cosine[i][j] for i, j in enumerate(best)])
        assert mcc(one, two) == pytest.approx(cosines.mean())


def test_concepts_are_followed_as_in_a_loop_over_all_permutations():
    rng = np.random.default_rng(2)
    members = [rng.random((900, 4)) < 0.4 for _ in range(2)]
    errs = [0.0, 0.01, 0.0, 0.3]  # the last concept has a poor neuron
    first = [(m ^ (rng.random((900, 4)) < errs))[:, [2, 0, 3, 1]] for m in members]
    second = members[1] ^ (rng.random((900, 4)) < [0.0, 0.4, 0.02, 0.0])
    partners, cosines = np.array([1, 0, 3, 2]), np.array([0.9, 0.8, 0.7, 0.6])

    def within(neuron: int, concept: int) -> bool:
        fires, inside = second[:, neuron], members[1][:, concept]
        return max((inside & ~fires).sum(), (fires & ~inside).sum()) <= 0.1 * inside.sum()

    chosen = {0: 1, 1: 3, 2: 0, 3: 2}  # which neuron of the first reads a concept
    certain = []
    for concept, neuron in chosen.items():
        fires, inside = first[1][:, neuron], members[1][:, concept]
        counts = [np.array([n]) for n in ((inside & ~fires).sum(), (fires & ~inside).sum(), inside.sum())]
        certain += [concept] if separation_p(*counts, 0.1)[0] <= 0.05 / 4 else []
    assert certain == [0, 1, 2]
    orders = list(permutations(range(4)))
    shared = [sum(within(order[chosen[c]], c) for c in certain) for order in orders]
    result = followed(first[0], members[0], first[1], second, members[1], partners, cosines, seed=0)
    assert (result.concepts, result.certified, result.shuffled) == (4, 3, 0)
    assert result.same == sum(within(partners[chosen[c]], c) for c in certain) == 1
    assert result.permuted == pytest.approx(np.mean(shared))
    assert result.anywhere == sum(any(within(j, c) for j in range(4)) for c in certain) == 2
    assert result.cosines == pytest.approx(sum(cosines[chosen[c]] for c in certain))


def test_both_saes_of_a_pair_see_the_same_points_and_no_two_have_one_seed(monkeypatch):
    calls, train = [], dictionaries._neurons

    def noted(job, points, seed, device):
        calls.append((job.seed, seed, points))
        return train(job, points, seed, device)

    monkeypatch.setattr(dictionaries, "_neurons", noted)
    results = [
        STUDY.do(PairJob("superposition-16", "untrained", 5, 1024, s), make_world, "cpu") for s in (0, 1)
    ]
    assert len({seed for _, seed, _ in calls}) == 4
    assert np.array_equal(calls[0][2], calls[1][2])
    assert not np.array_equal(calls[0][2], calls[2][2])
    for result in results:
        assert result.agreement == pytest.approx(result.random, abs=0.1)
        assert result.followed.certified == 0
        assert result.to_truth is not None
        assert 0.3 < result.to_truth < 0.8


def test_an_unknown_world_is_refused():
    with pytest.raises(InvalidInput, match=r"ball'.*'balls'"):
        jobs_of(STUDY, StudyEntry("dictionaries", {"trained_on": ["ball"]}), (0,))


def made(trained=0.9, untrained=0.5, random=0.5, same=30):
    """Records of five seeds; only trained SAEs are certified of anything, and not in each world."""
    records: list[StudyRecord] = []
    for job in jobs_of(STUDY, ENTRY, (0, 1, 2, 3, 4)):
        settings, wobble = job.settings, 0.001 * job.settings.seed
        some = settings.arm == "trained" and settings.world == "superposition-24"
        concepts = Followed(48, 40, same + settings.seed % 2, 2.0, 36, 32.0, 0)
        if not some:
            concepts = replace(concepts, certified=0, same=0, permuted=0.0, anywhere=0, cosines=0.0)
        between = (trained if settings.arm == "trained" else untrained) + wobble
        records.append(StudyRecord(settings, PairResult(between, random, 0.9, 0, concepts)))
    return records


def verdicts(records, words):
    chosen = [answer.verdict for answer in STUDY.answers(records) if words in answer.prediction]
    assert chosen
    return set(chosen)


def test_what_is_foretold_is_read_off_records_that_have_it():
    answers = STUDY.answers(made())
    assert [answer.verdict for answer in answers] == ["as predicted"] * 3
    assert "trained 200 of 240 concepts certified" in answers[-1].observation
    assert STUDY.answers([]) == []


@pytest.mark.parametrize(
    ("words", "records"),
    [
        ("two random ones", made(trained=0.4)),
        ("two untrained ones", made(trained=0.6, untrained=0.7)),
        ("separates the same concept", made(same=0)),
    ],
)
def test_predictions_can_fail(words, records):
    assert verdicts(records, words) == {"the prediction fails"}


def test_equal_arms_are_undecided():
    same = [replace(r, result=replace(r.result, agreement=0.5 + 0.01 * (-1) ** r.settings.seed))
            for r in made()]  # fmt: skip
    assert verdicts(same, "two random ones") == {"undecided"}
    assert verdicts(same, "two untrained ones") == {"undecided"}
