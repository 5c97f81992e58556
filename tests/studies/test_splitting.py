from dataclasses import replace

import numpy as np
import pytest

from geosae.cli.sources import make_world
from geosae.data.dataset import ConceptDataset
from geosae.experiments.jobs import StudyRecord, jobs_of
from geosae.experiments.plan import StudyEntry
from geosae.studies.splitting import STUDY, concept_of, isolable, owned
from geosae.studies.splitting_answers import answers, fates, kinds
from geosae.studies.splitting_records import FamilyCounts, clean_share, kind_of_cut

SMALL = {"widths": [4, 8], "gates": {"relu": [0.1], "topk": [1]}, "steps": 20, "points": 300}


@pytest.fixture(scope="module")
def records():
    jobs = jobs_of(STUDY, StudyEntry("splitting", SMALL), (0,))
    return [StudyRecord(job.settings, STUDY.do(job.settings, make_world, "cpu")) for job in jobs]


def test_a_job_counts_each_neuron_once_and_each_width(records):
    assert len(records) == 3 * 2
    for record in records:
        result = record.result
        assert len(result.trained) == len(result.untrained) == len(result.permuted) == 2
        assert len(result.splits) == 1
        step = result.splits[0]
        counts = fates([record], 0)
        assert sum(counts.values()) == step.total == step.whole + step.split + step.tiled + step.partial
        assert 0 <= step.clean <= step.split <= 4
        for sae in result.trained + result.untrained:
            assert (sae.owned is None) == (record.settings.world != "separated")
            if record.settings.gate == "topk":
                assert sae.families == FamilyCounts(
                    share=0.0,
                    largest=0,
                    beyond=0,
                    pairs=sae.families.pairs,
                )
    assert sum(kinds(records, 0).values()) == len(records)


def test_answers_can_fail_and_say_what_was_stored(records):
    expected = [_with(r, clean=r.settings.world == "separated") for r in records]
    verdicts = {a.prediction.split()[0] + a.prediction.split()[1]: a.verdict for a in answers(expected)}
    assert verdicts["Aconnected"] == "as predicted"
    assert verdicts["Fourballs"] != "the prediction fails"
    turned = [_with(r, clean=r.settings.world != "separated") for r in records]
    failed = answers(turned)
    assert failed[0].verdict == "the prediction fails"
    assert "cleanly by 4 of 4 SAEs" in failed[0].observation
    assert failed[1].verdict != "as predicted"
    assert [clean_share(r.result.trained) for r in turned] == [
        float(r.settings.world != "separated") for r in turned
    ]
    single = [r for r in records if r.settings.gate == "topk"]
    assert answers(single)[3].verdict == "undecided"  # no gate left in which neurons may overlap
    assert answers([]) == []


def _with(record, *, clean):
    saes = tuple(
        replace(sae, cut=replace(sae.cut, kind="split", clean=clean)) for sae in record.result.trained
    )
    return StudyRecord(record.settings, replace(record.result, trained=saes))


def test_parts_are_told_from_the_whole_and_a_row_leaves_its_inner_parts_no_half_space():
    rng = np.random.default_rng(0)
    row = make_world("ball-union", {"points": 400, "dim": 2, "balls": 4}, rng)
    data, parts = concept_of(row)
    assert parts.shape[1] == 4
    assert np.array_equal(parts.any(axis=1), data.membership[:, 0])
    assert isolable(data, parts) == 2
    corners = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]]).repeat(20, axis=0) + rng.uniform(
        -0.1, 0.1, (80, 2)
    )
    square = ConceptDataset(corners, np.eye(4, dtype=bool).repeat(20, axis=0), ("a", "b", "c", "d"))
    assert isolable(*concept_of(square)) == 4
    data, parts = concept_of(ConceptDataset(corners, corners[:, :1] > 0, ("right",)))
    assert data.membership.sum() == 40
    assert parts.shape[1] == 0


def test_a_neuron_is_a_parts_own_only_if_it_has_it_and_leaves_the_others():
    parts = np.eye(2, dtype=bool).repeat(10, axis=0)
    first, both = parts[:, 0].copy(), np.ones(20, dtype=bool)
    assert owned(np.column_stack([first, both]), parts) == 1
    first[10:12] = True  # a fifth of the other part
    assert owned(np.column_stack([first, both]), parts) == 0
    assert owned(parts, parts) == 2


def test_a_split_is_clean_or_a_cut():
    assert [kind_of_cut("split", c) for c in (True, False)] == ["clean", "cut"]
