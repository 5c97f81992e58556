"""The study of capacity: counts against an independent computation, ceilings, verdicts on made records."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from math import comb

import numpy as np
import pytest
from jaxtyping import Bool
from scipy.stats import binom

from geosae.cli.sources import make_world
from geosae.data.dataset import ConceptDataset
from geosae.experiments.jobs import StudyRecord, jobs_of
from geosae.experiments.plan import StudyEntry
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.sae import SparseAutoencoder, neurons_of
from geosae.studies.capacity import STUDY
from geosae.studies.capacity_records import Cell, CountJob, Records, Row, Rows, cells_of
from geosae.studies.certified_counts import Certified, certified_counts
from geosae.studies.planted_codes import planted_codes

GRID = {
    "width": 4, "dim": 6, "concepts": [4, 12, 16, 40], "other_dims": [3], "dim_concepts": 12,
    "budgets": [1, 2], "depth": 6, "chain_budgets": [1, 4],
}  # fmt: skip


def corners(noise: float = 0.02) -> tuple[HalfSpaces, ConceptDataset]:
    """Six concepts in the square, of which three half-spaces tell some apart; labels with a little noise."""
    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, (3000, 2))
    sides = HalfSpaces(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.array([0.0, 0.0, 0.3]))
    fires = sides.contains(x)
    concepts = np.stack(
        [fires[:, 0], fires[:, :2].all(axis=1), fires.all(axis=1), x[:, 0] > 0.06, ~fires[:, 0],
         fires[:, 1] & ~fires[:, 0]], axis=1,
    )  # fmt: skip
    return sides, ConceptDataset(x, concepts ^ (rng.random(concepts.shape) < noise), tuple("abcdef"))


def exhaustive(fires: Bool[np.ndarray, "N d"], inside: Bool[np.ndarray, "N p"], largest: int) -> list:
    """For each concept the unit of least s within the tolerance, or of greatest F1: all are tried."""
    chosen = []
    for concept in inside.T:
        tried = []
        for size in range(1, largest + 1):
            for unit in combinations(range(fires.shape[1]), size):
                theta = fires[:, unit].all(axis=1)
                hits, fired, positives = (theta & concept).sum(), theta.sum(), concept.sum()
                s = max(positives - hits, fired - hits) / positives
                tried.append((s, -2 * hits / (positives + fired), size, unit))
        near = [t for t in tried if t[0] <= 0.1]
        chosen.append(min(near or tried, key=lambda t: (t[0] if near else t[1], t[2], t[3]))[3])
    return chosen


def p_value(theta: Bool[np.ndarray, " T"], concept: Bool[np.ndarray, " T"]) -> float:
    misses, alarms, size = (concept & ~theta).sum(), (theta & ~concept).sum(), concept.sum()
    return max(binom.cdf(misses, size, 0.1), binom.cdf(alarms, size + alarms, 0.1 / 1.1))


def test_counts_are_those_of_trying_every_unit_and_holm_by_hand():
    sides, data = corners()
    counts = certified_counts(neurons_of(SparseAutoencoder.planted(sides)), data, 7)
    held_out = np.random.default_rng([7, 2]).permutation(data.size)[: data.size // 2]
    fit = np.setdiff1d(np.arange(data.size), held_out)
    fires = sides.contains(data.points)
    inside = data.membership
    units = {largest: exhaustive(fires[fit], inside[fit], largest) for largest in (1, 3)}
    pairs = {(k, unit) for chosen in units.values() for k, unit in enumerate(chosen)}
    p = {(k, unit): p_value(fires[held_out][:, unit].all(axis=1), inside[held_out, k]) for k, unit in pairs}
    certified = set()
    for rank, pair in enumerate(sorted(p, key=lambda pair: p[pair])):
        if p[pair] > 0.05 / (len(p) - rank):
            break
        certified.add(pair)
    alone = {k for k, unit in enumerate(units[1]) if (k, unit) in certified}
    by_unit = alone | {k for k, unit in enumerate(units[3]) if (k, unit) in certified}
    assert counts.neurons == len(alone)
    assert counts.units == counts.small_units == len(by_unit)
    assert 0 < len(alone) < len(by_unit) < 6
    assert counts.patterns == len(np.unique(fires[held_out], axis=0))
    assert counts.most_active == fires[held_out].sum(axis=1).max()
    assert counts.shuffled == 0
    assert counts.exact == 0
    assert counts.not_learned + counts.units <= 6
    # S12(f) on the same points: of "a" and "b" one neuron alone can be a's, and so on.
    assert 0 < 0.9 * counts.demand <= counts.load


def test_without_noise_the_same_units_have_no_error():
    sides, data = corners(noise=0.0)
    counts = certified_counts(neurons_of(SparseAutoencoder.planted(sides)), data, 7)
    assert counts.exact == 3  # a, b and c are the half-spaces' own
    assert counts.strict >= 3


def test_eight_functions_are_planted_for_as_many_concepts_as_there_are_sets():
    rng = np.random.default_rng(3)
    centres = rng.standard_normal((6, 8))
    labels = np.arange(900) % 6
    points = centres[labels] + 0.02 * rng.standard_normal((900, 8))
    membership = labels[:, None] == np.arange(6)
    codes = planted_codes(points, membership, 4, 2, np.random.default_rng(0))
    assert codes.separated == 6
    assert sorted(map(tuple, codes.sets.tolist())) == sorted(set(map(tuple, codes.sets.tolist())))
    # Fewer sets than concepts: one set is shared, and all of its concepts are given up.
    few = planted_codes(points, membership, 4, 1, np.random.default_rng(0))
    assert few.separated == 3
    assert len({tuple(row) for row in few.sets.tolist()}) == 4
    z = points @ few.w.T + few.c
    top = z.argmax(axis=1)
    alone = [len(set(labels[top == i])) == 1 and (top[labels == labels[top == i][0]] == i).all()
             for i in range(4) if (top == i).any()]  # fmt: skip
    assert sum(alone) == 3


def test_a_job_counts_every_arm_at_every_budget():
    job = CountJob(6, 6, 4, (1, 2), 20, 300, 100, 0)
    rows = STUDY.do(job, make_world, "cpu").rows
    assert [(row.k, row.arm) for row in rows] == [
        (k, arm) for k in (1, 2) for arm in ("trained", "untrained", "frozen_decoder", "planted")
    ]
    for row in rows:
        cell = Cell("count", 6, 6, row.k, row.arm, 4, 0)
        assert row.counts.most_active <= row.k
        assert row.counts.within <= min(cell.sets, row.counts.patterns)
        assert row.counts.patterns <= cell.patterns == sum(comb(4, j) for j in range(row.k + 1))
    planted = rows[-1].counts
    assert planted.units == planted.within == 6 > cell.width  # more than there are neurons: six sets of two


def made(counts: Callable[[Cell], Certified], seeds: tuple[int, ...] = (0, 1, 2, 3, 4)) -> Records:
    """The grid's records with these counts."""
    records: list[StudyRecord] = []
    for job in jobs_of(STUDY, StudyEntry("capacity", GRID), seeds):
        settings, count = job.settings, isinstance(job.settings, CountJob)
        arms = ("trained", "untrained", "frozen_decoder", *(["planted"] if count else []))
        n, p = (settings.n, settings.p) if count else (settings.depth + 2, settings.depth)
        rows = tuple(
            Row(k, arm, counts(Cell(settings.part, n, p, k, arm, settings.width, settings.seed)))
            for k in settings.budgets
            for arm in arms
        )
        records.append(StudyRecord(settings, Rows(rows)))
    return records


def foretold(cell: Cell) -> Certified:
    most = min(cell.sets, cell.p)
    units = {"trained": 5, "planted": most, "untrained": 1, "frozen_decoder": 2}[cell.arm]
    if cell.part == "chain":
        units = cell.k + 1 if cell.arm == "trained" and cell.k < 5 else 0
    elif cell.k == 1:
        units = 4 if cell.arm in ("trained", "planted") else 0
    else:
        # In few dimensions, and of very many, fewer.
        units -= (cell.n == 3) + (cell.p == 40)
    units = max(0, min(units, most, cell.sets))
    neurons = units if cell.k == 1 or cell.part == "chain" else 1
    patterns = cell.patterns if cell.part == "count" else 9
    exact = cell.k if cell.part == "chain" else 0
    # A quarter of seeds differ by nothing: the spread is that of rounding.
    return Certified(
        neurons, units, units, 0, units, exact, 0, 0, patterns, cell.k, 10, 10, 0.1 + cell.seed / 100
    )


def verdicts(records: Records) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for answer in STUDY.answers(records):
        found.setdefault(answer.prediction, []).append(answer.verdict)
    return found


def verdict(records: Records, words: str) -> str:
    (each,) = [v for prediction, v in verdicts(records).items() if words in prediction]
    assert len(set(each)) == 1
    return each[0]


def test_what_is_foretold_is_found_in_records_that_have_it():
    given = verdicts(made(foretold))
    assert len(given) == 18
    assert all(v == "as predicted" for each in given.values() for v in each if v != "undecided")
    undecided = [words for words, each in given.items() if "undecided" in each]
    # Nothing is separated at random in the records, so that these ceilings are not reached.
    assert all("p = d" in words or "patterns occur" in words for words in undecided)


@pytest.mark.parametrize(
    ("words", "broken"),
    [
        ("one by one", lambda c, r: replace(r, neurons=5) if c.part == "count" else r),
        ("C(d, min(K", lambda c, r: replace(r, within=c.sets + 1) if c.part == "count" else r),
        ("activation patterns occur", lambda c, r: replace(r, within=r.patterns + 1)),
        ("rankings of its neurons", lambda c, r: replace(r, patterns=c.patterns + 1)),
        ("L active neurons", lambda c, r: replace(r, exact=c.k + 1) if c.part == "chain" else r),
        ("(1−ε)Σμ", lambda c, r: replace(r, demand=12, load=10)),
        ("they have neurons", lambda c, r: replace(r, units=2)),
        ("p > d concepts than in untrained", lambda c, r: replace(r, units=0 if c.arm == "trained" else 3)),
        ("planted with labels", lambda c, r: replace(r, units=3 if c.arm == "trained" else 1)),
        ("crowd one another", lambda c, r: replace(r, units=5 if c.p == 40 else 1)),
        ("In more dimensions", lambda c, r: replace(r, units=5 if c.n == 3 else 1)),
        ("more levels of a hierarchy be", lambda c, r: replace(r, units=5 - c.k, neurons=5 - c.k)),
    ],
)  # fmt: skip
def test_predictions_can_fail(words: str, broken: Callable):
    assert verdict(made(lambda cell: broken(cell, foretold(cell))), words) == "the prediction fails"


def test_one_seed_decides_no_interval_and_parts_answer_what_they_can():
    single = made(foretold, (0,))
    for answer in STUDY.answers(single):
        if "(Holm)" in answer.observation:
            assert answer.verdict == "undecided"
    chains = [r for r in made(foretold) if r.settings.part == "chain"]
    assert {c.settings.part for c in cells_of(chains)} == {"chain"}
    assert len(STUDY.answers(chains)) == 6
    assert STUDY.answers([]) == []
