from dataclasses import replace

import numpy as np
import pytest

from geosae.cli.sources import make_world
from geosae.data.dataset import ConceptDataset
from geosae.experiments.jobs import StudyRecord, jobs_of
from geosae.experiments.plan import StudyEntry
from geosae.studies.splitting import STUDY, concept_of, isolable, owned, planted_cut
from geosae.studies.splitting_answers import answers, fates, kinds
from geosae.studies.splitting_records import FamilyCounts, clean_share, kind_of_cut

SMALL = {
    "margins": [0.4], "widths": [4, 8], "gates": {"relu": [0.1], "topk": [1]}, "steps": 20, "points": 300,
}  # fmt: skip


@pytest.fixture(scope="module")
def records():
    jobs = jobs_of(STUDY, StudyEntry("splitting", SMALL), (0,))
    return [StudyRecord(job.settings, STUDY.do(job.settings, make_world, "cpu")) for job in jobs]


def test_a_job_counts_each_neuron_once_and_each_width(records):
    assert len(records) == 3 * 2
    for record in records:
        result = record.result
        assert len(result.trained) == len(result.untrained) == len(result.frozen) == 2
        assert len(result.permuted) == 2
        assert (result.planted is None) == (record.settings.world != "separated")
        assert len(result.splits) == 1
        step = result.splits[0]
        counts = fates([record], 0)
        assert sum(counts.values()) == step.total == step.whole + step.split + step.tiled + step.partial
        assert 0 <= step.clean <= step.split <= 4
        for sae in result.trained + result.untrained + result.frozen:
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
    def clean(record):
        return record.settings.world == "separated"

    expected = seeded(records, trained=clean)
    by_words = {a.prediction: a.verdict for a in answers(expected)}
    apart = {
        words: verdict for words, verdict in by_words.items() if "splits cleanly what lies apart" in words
    }
    assert len(apart) == 4  # two gates, against untrained SAEs and frozen decoders
    assert set(apart.values()) == {"as predicted"}
    assert answers(expected)[0].verdict == "as predicted"
    turned = seeded(records, trained=lambda record: not clean(record))
    failed = answers(turned)
    assert failed[0].verdict == "the prediction fails"
    assert "cleanly by 20 of 60 SAEs" in failed[0].observation
    verdicts = {a.verdict for a in failed if "splits cleanly what lies apart" in a.prediction}
    assert verdicts == {"the prediction fails"}
    assert {clean_share(r.result.trained) for r in turned if clean(r)} == {0.0}


def test_what_untrained_saes_split_as_well_is_no_work_of_training(records):
    both = seeded(records, trained=lambda r: r.settings.world == "separated", others=True)
    verdicts = {a.verdict for a in answers(both) if "splits cleanly what lies apart" in a.prediction}
    assert verdicts == {"undecided"}


def test_parts_nearer_than_the_sample_resolves_are_not_compared(records):
    hidden = seeded(records, trained=lambda r: r.settings.world == "separated", resolved=False)
    assert not [a for a in answers(hidden) if "splits cleanly what lies apart" in a.prediction]
    assert "are split cleanly by 20 of 60" in answers(hidden)[0].observation


def test_without_absolute_gates_tiling_is_not_asked(records):
    single = [r for r in records if r.settings.gate == "topk"]
    assert not [a for a in answers(single) if a.id == "2604.28119"]
    assert answers([]) == []


def seeded(records, *, trained, others=False, resolved=True):
    """Five seeds of the same records, where the trained SAEs (or all) of some worlds split cleanly."""
    made = []
    for seed in range(5):
        for record in records:
            result = record.result
            mark = trained(record)
            arms = {
                arm: tuple(
                    as_split(sae, clean=mark and (others or arm == "trained")) for sae in getattr(result, arm)
                )
                for arm in ("trained", "untrained", "frozen")
            }
            planted = None if result.planted is None else replace(result.planted, clean=resolved)
            settings = replace(record.settings, seed=seed)
            made.append(StudyRecord(settings, replace(result, planted=planted, **arms)))
    return made


def as_split(sae, *, clean):
    return replace(sae, cut=replace(sae.cut, kind="split", clean=clean))


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


def test_parts_are_split_cleanly_by_their_half_spaces_from_the_margin_on_that_the_sample_resolves():
    cuts = {}
    for gap in (0.01, 0.5):
        params = {"points": 1500, "dim": 3, "concepts": 2, "radius": 0.3, "arrangement": "touching",
                  "gap": gap, "background": 0.1}  # fmt: skip
        cuts[gap] = planted_cut(*concept_of(make_world("convex", params, np.random.default_rng(0))))
    assert {gap: cut.clean for gap, cut in cuts.items()} == {0.01: False, 0.5: True}
    assert all(cut.distance >= gap for gap, cut in cuts.items())
    assert cuts[0.01].distance < cuts[0.01].resolution
    row = make_world("ball-union", {"points": 400, "dim": 2, "balls": 4}, np.random.default_rng(0))
    assert planted_cut(*concept_of(row)) is None  # the inner parts have no half-space


def test_a_split_is_clean_or_a_cut():
    assert [kind_of_cut("split", c) for c in (True, False)] == ["clean", "cut"]
