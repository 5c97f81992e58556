"""One atom on one pair mixes as P7 says; the study can say that it does not; wider SAEs are not judged."""

import math
from dataclasses import replace

import numpy as np
import pytest

from geosae.cli.sources import make_world
from geosae.data.dataset import ConceptDataset
from geosae.experiments.jobs import StudyRecord, jobs_of
from geosae.experiments.plan import StudyEntry
from geosae.studies.hedging import STUDY, of_features, of_pairs
from geosae.studies.hedging_pairs import PairRecords, closed_form_angle, pair_answers

SMALL = {"widths": [3], "gates": {}, "child_rates": [0.6], "pair_widths": [1, 2], "points": 1200}


@pytest.fixture(scope="module")
def records() -> PairRecords:
    jobs = jobs_of(STUDY, StudyEntry("hedging", SMALL), (0, 1, 2))
    records = [StudyRecord(job.settings, STUDY.do(job.settings, make_world, "cpu")) for job in jobs]
    assert not of_features(records)
    return of_pairs(records)


def test_one_trained_atom_has_the_angle_of_the_closed_form(records: PairRecords):
    assert len(records) == 6
    for record in records:
        result = record.result
        if record.settings.width == 1:
            assert abs(result.trained.angle - result.closed_form) < 2
            assert abs(result.trained.angle - result.frozen.angle) > 2
            # The principal line is the best that one atom can do, whatever it is trained to.
            assert all(arm.excess >= -1e-9 for arm in (result.trained, result.untrained, result.frozen))
            assert result.trained.excess < min(result.untrained.excess, result.frozen.excess)
        else:
            assert 1 <= result.trained.firing <= 2
            assert min(r.result.trained.excess for r in records) < 0  # two atoms can do better than any one


def test_the_closed_form_is_the_principal_line_of_the_points():
    rng = np.random.default_rng(0)
    parent = rng.random(400) < 0.4
    for rate in (0.1, 0.5, 0.95):
        members = np.column_stack([parent, parent & (rng.random(400) < rate)])
        axis = np.linalg.eigh(np.cov(members.T + 0.0))[1][:, 1]
        angle = math.degrees(math.atan2(abs(axis[1]), abs(axis[0])))
        data = ConceptDataset(members + 0.0, members, ("parent", "child"))
        assert closed_form_angle(data) == pytest.approx(angle)


def test_answers_can_fail_and_wider_saes_are_not_judged(records: PairRecords):
    one, wider = pair_answers(records)
    assert one.id == wider.id == "P7"
    assert "2 neurons" in wider.observation
    assert "no bound known" in wider.prediction
    assert wider.verdict == "undecided"
    assert one.verdict != "the prediction fails"
    # Trained and frozen exchanged: training would then lead away from the closed form.
    turned = [
        replace(r, result=replace(r.result, trained=replace(r.result.frozen, angle=r.result.closed_form + s),
                                  frozen=replace(r.result.trained, angle=r.result.closed_form)))
        for r, s in zip(records, np.linspace(20, 22, len(records)).tolist(), strict=True)
    ]  # fmt: skip
    assert pair_answers(turned)[0].verdict == "the prediction fails"
    assert pair_answers([]) == []
