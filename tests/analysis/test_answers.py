"""What is said of chosen units, on counts made by hand: families of pairs, verdicts, which row is given."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geosae.analysis.ambient import AmbientCounts
from geosae.analysis.answers import ANSWERS, Chosen, ConceptAnswer, Judgement, answer_all, closest
from geosae.analysis.certified import (
    approximation_p,
    certified,
    detection_p,
    least_approximation_tolerance,
    least_detection_tolerance,
    least_separation_tolerance,
    not_approximation_p,
    not_separation_p,
    positives_for_power,
    positives_needed,
    separation_p,
)
from geosae.analysis.choice import LEARNERS
from geosae.analysis.counts import Counts
from geosae.analysis.grades import graded_odds, graded_share

POSITIVES, NEGATIVES = 400, 600


def made(*pairs, positives=POSITIVES, negatives=NEGATIVES):
    """A unit per concept, with its misses and alarms."""
    units, misses, alarms = zip(*pairs, strict=True)
    size = len(pairs)
    positives = np.broadcast_to(positives, size).astype(np.int64)
    negatives = np.broadcast_to(negatives, size).astype(np.int64)
    counts = Counts(positives - np.array(misses), np.array(alarms), positives, negatives)
    return Chosen(units, counts, np.full(size, np.nan))


def same(chosen):
    return dict.fromkeys(LEARNERS, chosen)


GOOD, BAD, MIDDLING = ((0,), 0, 0), ((1, 2), 200, 0), ((3,), 16, 16)


def answers_of(chosen, tolerance=0.05, alpha=0.05, correction="holm"):
    size = len(next(iter(next(iter(chosen.values())).values())).units)
    return answer_all([f"c{k}" for k in range(size)], chosen, tolerance, alpha, correction)


def test_a_unit_that_learners_share_is_one_pair_and_what_cannot_be_tested_is_none():
    by_learner = {
        "neurons": made(GOOD, GOOD, ((), 0, 0), GOOD),
        "small_units": made(GOOD, BAD, ((), 0, 0), GOOD),
        "units": made(GOOD, BAD, ((), 0, 0), GOOD),
    }
    assert answers_of({"separation": by_learner})[1].pairs == 4
    assert answers_of({"separation": by_learner, "detection": by_learner})[1].pairs == 8
    nobody = made(((0,), 0, 0), positives=0)
    everybody = made(((0,), 0, 0), negatives=0)
    for untested in (nobody, everybody):
        answers, judgement = answers_of({"separation": same(untested)})
        assert judgement.pairs == 0
        assert answers["separation"]["units"][0].answer == "undecided"
    one_of_each = made(((0,), 0, 0), positives=1, negatives=1)
    assert answers_of({"separation": same(one_of_each)})[1].pairs == 1
    assert Judgement(0.05, 0.3, "holm", 1).level == Judgement(0.05, 0.3, "holm", 0).level == 0.3
    assert Judgement(0.05, 0.3, "holm", 3).level == pytest.approx(0.1)


def test_each_notion_is_answered_whichever_others_there_are():
    for notions in (["separation"], ["detection"], ["detection", "separation"]):
        answers, _ = answers_of({notion: same(made(GOOD, BAD, MIDDLING)) for notion in notions})
        assert list(answers) == notions
        for notion in notions:
            for learner in LEARNERS:
                assert [row.answer for row in answers[notion][learner]] == [
                    "learned",
                    "not learned",
                    "undecided",
                ]
                assert [row.neurons for row in answers[notion][learner]] == [(0,), (1, 2), (3,)]


def test_what_fewer_neurons_have_learned_more_have_and_only_then_their_row_is_given():
    by_learner = {
        "neurons": made(GOOD, BAD),
        "small_units": made(BAD, MIDDLING),
        "units": made(BAD, MIDDLING),
    }
    answers, _ = answers_of({"separation": by_learner})
    for learner in LEARNERS:
        assert answers["separation"][learner][0].neurons == (0,)
        assert answers["separation"][learner][0].answer == "learned"
    assert [answers["separation"][learner][1].neurons for learner in LEARNERS] == [(1, 2), (3,), (3,)]
    # Where both are certified, each learner keeps its own.
    own = {"neurons": made(GOOD), "small_units": made(((4, 5), 0, 1)), "units": made(((4, 6), 1, 0))}
    answers, _ = answers_of({"separation": own})
    assert [answers["separation"][learner][0].neurons for learner in LEARNERS] == [(0,), (4, 5), (4, 6)]


def test_what_is_certified_to_separate_detects():
    detecting, separating = made(BAD, GOOD, MIDDLING), made(((4,), 1, 2), ((4,), 0, 300), ((4,), 0, 300))
    answers, _ = answers_of({"detection": same(detecting), "separation": same(separating)})
    rows = answers["detection"]["neurons"]
    # The first is shown with its own numbers as a detection: the decisive error is the miss.
    assert (rows[0].neurons, rows[0].answer, rows[0].error) == ((4,), "learned", 1 / POSITIVES)
    assert (rows[1].neurons, rows[1].answer) == ((0,), "learned")
    assert (rows[2].neurons, rows[2].answer) == ((3,), "undecided")
    # Where the detecting unit is certified itself, its row stays.
    answers, _ = answers_of({"detection": same(made(GOOD)), "separation": same(made(((4,), 1, 2)))})
    assert answers["detection"]["units"][0].neurons == (0,)


COUNTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=5)


@given(COUNTS, st.sampled_from([0.02, 0.1]), st.sampled_from(["holm", "benjamini-yekutieli"]))
def test_verdicts_are_the_corrected_tests_of_the_family(errors, tolerance, correction):
    chosen = made(*(((k,), m, a) for k, (m, a) in enumerate(errors)))
    misses, alarms = np.array(errors).T
    answers, judgement = answers_of({"separation": same(chosen)}, tolerance, 0.2, correction)
    counts = misses, alarms, np.full(len(errors), POSITIVES)
    learned = certified(separation_p(*counts, tolerance), 0.2, correction)
    refuted = certified(not_separation_p(*counts, tolerance), 0.2, correction)
    assert judgement.pairs == len(errors)
    for row, yes, no in zip(answers["separation"]["units"], learned, refuted, strict=True):
        assert row.answer == ("learned" if yes else "not learned" if no else "undecided")
        assert row.answer != "learned" or row.least_tolerance <= tolerance


@given(COUNTS, st.sampled_from([0.02, 0.1]))
def test_detection_looks_at_the_misses_and_at_the_complement(errors, tolerance):
    # The alarms are scaled so that some units fire nearly everywhere.
    chosen = made(*(((k,), m, 10 * a) for k, (m, a) in enumerate(errors)))
    misses, alarms = np.array(errors).T
    answers, _ = answers_of({"detection": same(chosen)}, tolerance, 0.2)
    ones = np.ones(len(errors), dtype=np.int64)
    p = detection_p(misses, POSITIVES * ones, NEGATIVES - 10 * alarms, NEGATIVES * ones, tolerance)
    for row, yes in zip(answers["detection"]["units"], certified(p, 0.2, "holm"), strict=True):
        assert (row.answer == "learned") == yes


@given(COUNTS)
def test_two_intervals_a_pair_share_its_level(errors):
    chosen = made(*(((k,), m, a) for k, (m, a) in enumerate(errors)))
    answers, judgement = answers_of({"separation": same(chosen), "detection": same(chosen)})
    assert judgement.level == pytest.approx(0.05 / (2 * len(errors)))
    for k, (misses, alarms) in enumerate(errors):
        m, n, a = np.array([misses]), np.array([POSITIVES]), np.array([alarms])
        miss, odds = graded_share(m, n, judgement.level / 2), graded_odds(a, n, judgement.level / 2)
        row = answers["separation"]["units"][k]
        assert row.error == max(misses, alarms) / POSITIVES
        assert (row.low, row.high) == (max(miss.low, odds.low)[0], max(miss.high, odds.high)[0])
        other = answers["detection"]["units"][k]
        if other.answer != "learned" or row.answer != "learned":
            assert (other.error, other.low, other.high) == (misses / POSITIVES, miss.low[0], miss.high[0])


@given(COUNTS)
def test_the_columns_are_ratios_of_the_counts(errors):
    chosen = made(*(((k,), m, a) for k, (m, a) in enumerate(errors)))
    answers, judgement = answers_of({"separation": same(chosen)})
    for row, (misses, alarms) in zip(answers["separation"]["units"], errors, strict=True):
        hits = POSITIVES - misses
        assert (row.miss, row.alarm) == (misses / POSITIVES, alarms / POSITIVES)
        assert (row.recall, row.price) == (hits / POSITIVES, (hits + alarms) / POSITIVES)
        assert row.precision == hits / (hits + alarms)
        assert row.f1 == 2 * hits / (POSITIVES + hits + alarms)
        assert row.false_alarm_rate == alarms / NEGATIVES
        assert row.needed == positives_needed(0.05, judgement.level, alarms=True)
        assert row.needed_here == positives_for_power(row.miss, row.alarm, 0.05, judgement.level)


@pytest.mark.parametrize(
    ("misses", "alarms", "positives", "negatives", "trivial"),
    [
        (4, 0, 4, 6, True),  # silence: s = 1
        (3, 0, 4, 6, False),
        (0, 6, 6, 6, True),  # everywhere: s = (1 − μ(C))/μ(C)
        (0, 5, 6, 6, False),
        (0, 3, 9, 3, True),
        (0, 2, 9, 3, False),
        (4, 5, 9, 5, True),
        (4, 0, 9, 5, False),
        (5, 0, 9, 5, True),  # no better than firing everywhere
    ],
)
def test_a_unit_is_trivial_where_silence_or_firing_everywhere_separates_as_well(
    misses, alarms, positives, negatives, trivial
):
    chosen = made(((0,), misses, alarms), positives=positives, negatives=negatives)
    assert answers_of({"separation": same(chosen)})[0]["separation"]["units"][0].trivial == trivial


@given(COUNTS)
def test_the_least_tolerance_stated_is_the_notions_own_or_epsilon_where_that_is_certified(errors):
    misses, alarms = np.array(errors).T
    n, outside = np.full(len(errors), POSITIVES), np.full(len(errors), NEGATIVES)
    for notion in ("detection", "separation"):
        # Ten times the alarms: then some units miss the complement no more than the concept.
        often = 10 * alarms if notion == "detection" else alarms
        chosen = made(*(((k,), m, a) for k, (m, a) in enumerate(zip(misses, often, strict=True))))
        answers, judgement = answers_of({notion: same(chosen)})
        least = (
            least_detection_tolerance(misses, n, outside - often, outside, judgement.level)
            if notion == "detection"
            else least_separation_tolerance(misses, often, n, judgement.level)
        )
        for row, own in zip(answers[notion]["units"], least, strict=True):
            if row.answer == "learned":
                assert row.least_tolerance == min(own, 0.05)
            else:
                assert row.least_tolerance == own or (math.isinf(own) and math.isnan(row.least_tolerance))
            if notion == "detection":
                assert row.needed_here == positives_for_power(row.miss, None, 0.05, judgement.level)
                assert row.needed == positives_needed(0.05, judgement.level, alarms=False)


def ambient(misses, alarms, positives, size=1000, mass=math.nan):
    """A unit's counts on ν points, and the same share of misses within the concept."""
    n = np.array([positives])
    outer = Counts(n - misses, np.array([alarms]), n, size - n)
    plain = made(((0,), 0, 0))
    return replace(
        plain, ambient=AmbientCounts(outer, np.array([200 - misses]), np.array([200]), np.array([mass]))
    )


def test_approximation_is_judged_on_fresh_points():
    for misses, alarms in ((0, 0), (0, 40), (100, 0), (5, 6), (0, 8), (8, 0)):
        chosen = ambient(misses, alarms, 200)
        answers, judgement = answers_of({"approximation": same(chosen)}, tolerance=0.1)
        row = answers["approximation"]["units"][0]
        counts = np.array([misses]), np.array([alarms]), np.array([200])
        yes, no = approximation_p(*counts, 0.1)[0] <= 0.05, not_approximation_p(*counts, 0.1)[0] <= 0.05
        assert row.answer == ("learned" if yes else "not learned" if no else "undecided")
        assert (row.miss, row.alarm) == (misses / 200, alarms / 200)
        assert row.error == pytest.approx((misses + alarms) / 200)
        assert row.low <= row.error <= row.high
        least = float(least_approximation_tolerance(*counts, 0.05)[0])
        assert row.least_tolerance == (min(least, 0.1) if yes else least)
        assert judgement.pairs == 1


def test_a_region_that_no_ambient_point_met_is_judged_by_alarms_alone():
    assert answers_of({"approximation": same(ambient(0, 1, 0))})[1].pairs == 1
    assert answers_of({"approximation": same(ambient(0, 0, 1))})[1].pairs == 1
    assert answers_of({"approximation": same(ambient(0, 0, 0))})[1].pairs == 0
    answers, _ = answers_of({"approximation": same(ambient(0, 900, 0))})
    row = answers["approximation"]["units"][0]
    assert row.answer == "not learned"
    # No ratio to an unseen event, so no number of points is named.
    assert (row.needed_here, math.isnan(row.high), math.isnan(row.alarm)) == (0, True, True)


def test_the_units_of_greatest_f1_are_not_judged():
    rows = closest(["c0", "c1"], same(made(GOOD, ((), 0, 0))), Judgement(0.05, 0.05, "holm", 2))
    assert [row.answer for row in rows["units"]] == ["not judged", "no unit"]
    assert rows["units"][1].positives == POSITIVES
    assert not rows["units"][1].trivial
    assert rows["units"][1].needed == rows["units"][0].needed > 0 == rows["units"][1].needed_here


def test_at_no_tolerance_is_nan_and_a_learned_unit_is_certified_within_its_own():
    # A unit that never fires on C is certified at no tolerance below 1, one that fires everywhere at none.
    answers, _ = answers_of({"detection": same(made(((0,), 0, NEGATIVES), (*GOOD,)))})
    everywhere, good = answers["detection"]["units"]
    assert math.isnan(everywhere.least_tolerance)
    assert 0 < good.least_tolerance <= 0.05
    assert set(ANSWERS) >= {everywhere.answer, good.answer}


def row_of(neurons, name="c0") -> ConceptAnswer:
    answers, _ = answer_all([name], {"detection": same(made((neurons, 0, 0)))}, 0.05, 0.05, "holm")
    return answers["detection"]["units"][0]


def test_a_row_prints_its_unit_and_how_surely():
    text = repr(row_of((3, 5)))
    assert text.startswith("c0: learned by {3, 5}, error 0 [0, ")
    assert "certified within 0.00" in text
    assert repr(row_of(())) == "c0: – (no unit was chosen)"
    assert "{0, 1, 2, 3, 4, 5, 6, 7}" in repr(row_of(tuple(range(8))))
    assert "{0, 1, 2, 3, 4, 5, 6, 7, …}" in repr(row_of(tuple(range(9))))
    everywhere = answer_all(["c0"], {"detection": same(made(((0,), 0, NEGATIVES)))}, 0.05, 0.05, "holm")[0]
    assert "certified at no tolerance" in repr(everywhere["detection"]["units"][0])
