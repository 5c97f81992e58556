"""Hold two runs of one plan against each other: every number, every setting, every answer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtr

from geosae.experiments.cell import canonical_json
from geosae.experiments.replication.comparable import refuse_incomparable
from geosae.experiments.replication.overlap import expected_overlap
from geosae.experiments.replication.pairing import Table, table_of
from geosae.experiments.replication.per_seed import grid_values, study_values
from geosae.experiments.replication.record import AnswerPair, Pair, PartCount, Replication
from geosae.experiments.replication.relabel import Relabelled, relabel
from geosae.experiments.replication.two_groups import groups
from geosae.experiments.studies.grid_answers import all_answers
from geosae.experiments.studies.numbers import mean_of
from geosae.experiments.studies.study import Answer, Record, Verdict

if TYPE_CHECKING:
    from geosae.experiments.results import Results

LABELLINGS = 6000


def replicate(
    first: "Results", second: "Results", *, labellings: int = LABELLINGS, seed: int = 0
) -> Replication:
    """Compare two finished runs of one plan on different seeds.

    Paired are all measures of the summary in each of its rows, all numbers that the studies stored in each
    of their settings (see `numbers_in` in per_seed.py), and all answers. A pair counts as overlapping where
    its Student-t intervals meet. How many would, if both runs measured the same thing, is told twice: for
    normal values (overlap.py), and for these very values with their seeds shuffled between the runs, which
    assumes no law. Shuffling is also the test of a difference, of the greatest Welch t over all pairs and of
    the variance between the runs in each part (relabel.py).

    A world with a data_seed of its own has the same points in both runs: what is said of it holds for these
    points.

    Parameters
    ----------
    first, second
        The runs.
    labellings
        How often seeds are shuffled between the runs; where there are no more ways than that, all are tried.
    seed
        Of the shuffling.

    Raises
    ------
    InvalidInput
        If a run is unfinished, the plans differ in more than their seeds, the runs share seeds, or no
        measure has two seeds in each run.
    """
    refuse_incomparable(first, second)
    same = {name: _same_jobs(first.studies[name], second.studies[name]) for name in first.studies}
    values = grid_values([*first.cells, *second.cells])
    for name, known in same.items():
        records = [*first.studies[name], *second.studies[name]]
        values |= study_values(name, [r for r in records if canonical_json(r["settings"]) not in known])
    table = table_of(values, first.plan, second.plan)
    rng = np.random.default_rng(seed)
    found = relabel(table.values, table.first, table.strata, table.parts, labellings, rng)
    pairs = _pairs(table, found)
    parts = [
        _count(name, [pair for pair in pairs if pair.part == name], table, found, same.get(name, {}))
        for name in ("grid", *first.studies)
    ]
    return Replication(
        # Of pairs that stand out alike the disjoint come first.
        pairs=tuple(sorted(pairs, key=lambda pair: (pair.overlap, pair.adjusted, pair.p))),
        parts=tuple(parts),
        answers=tuple(_answer_pairs(all_answers(first), all_answers(second))),
        labellings=found.count,
        exact=found.exact,
        least=found.least,
    )


def _same_jobs(first: Sequence[Record], second: Sequence[Record]) -> dict[str, bool]:
    """Return the settings, seed included, that both runs have, and whether their results are the same."""
    one, other = (
        {canonical_json(r["settings"]): canonical_json(r["result"]) for r in records}
        for records in (first, second)
    )
    return {settings: one[settings] == other[settings] for settings in one if settings in other}


def _pairs(table: Table, found: Relabelled) -> list[Pair]:
    told = groups(table.values, table.first[:, None])
    welch, freedom = told.welch[:, 0], np.nan_to_num(told.freedom[:, 0])
    p = np.where(freedom > 0, 2 * stdtr(np.maximum(freedom, 1), -np.abs(welch)), 0.0)
    widths = told.width_first[:, 0].astype(int) + told.width_second[:, 0].astype(int)
    pairs: list[Pair] = []
    for i, (part, setting, measure) in enumerate(table.places):
        first, second = map(mean_of, table.sides(i))
        pairs.append(
            Pair(
                part, setting, measure, first, second,
                width=("none", "one", "both")[widths[i]],
                overlap=bool(told.overlaps[i, 0] > 0),
                welch=float(welch[i]),
                freedom=float(freedom[i]),
                p=float(p[i]),
                adjusted=float(found.pair[i]),
            )
        )  # fmt: skip
    return pairs


def _count(
    name: str, pairs: Sequence[Pair], table: Table, found: Relabelled, same: Mapping[str, bool]
) -> PartCount:
    place = table.names.index(name) if name in table.names else None
    wide = [expected_overlap(p.first.count, p.second.count) for p in pairs if p.width != "none"]

    def at(values: np.ndarray) -> float:
        return float("nan") if place is None else float(values[place])

    return PartCount(
        part=name,
        pairs=len(pairs),
        overlapping=sum(pair.overlap for pair in pairs),
        points_apart=sum(pair.width == "none" for pair in pairs),
        constant=table.constant.get(name, 0),
        too_few=table.too_few.get(name, 0),
        same_jobs=len(same),
        same_jobs_differ=sum(not equal for equal in same.values()),
        expected=sum(wide) / len(wide) if wide else float("nan"),
        shuffled=at(found.overlap),
        low=at(found.low),
        high=at(found.high),
        explained=at(found.explained),
        usual=at(found.usual),
        adjusted=at(found.part),
    )


def _answer_pairs(
    first: Mapping[str, Sequence[Answer]], second: Mapping[str, Sequence[Answer]]
) -> Iterator[AnswerPair]:
    """Pair answers by part, id and prediction; where a prediction is made several times, by their order."""
    one, other = _numbered(first), _numbered(second)
    for key in dict.fromkeys([*one, *other]):
        yield AnswerPair(*key[:3], first=one.get(key), second=other.get(key))


def _numbered(answers: Mapping[str, Sequence[Answer]]) -> dict[tuple[str, str, str, int], Verdict]:
    found: dict[tuple[str, str, str, int], Verdict] = {}
    for part, told in answers.items():
        for answer in told:
            many = sum(key[:3] == (part, answer.id, answer.prediction) for key in found)
            found[(part, answer.id, answer.prediction, many)] = answer.verdict
    return found
