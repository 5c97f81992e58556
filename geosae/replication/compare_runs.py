"""Hold two runs of one plan against each other: every number, every setting, every answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import stdtr

from geosae.errors import InvalidInput
from geosae.experiments.cell import canonical_json
from geosae.experiments.interval import mean_interval
from geosae.experiments.jobs import StudyRecord
from geosae.experiments.store import Store
from geosae.replication.pairing import Table, table_of
from geosae.replication.per_seed import grid_values, study_values
from geosae.replication.record import AnswerPair, Pair, PartCount, Replication
from geosae.replication.relabel import Relabelled, groups, relabel
from geosae.storage.arguments import checked_arguments
from geosae.storage.structure import to_json
from geosae.studies.grid_answers import all_answers
from geosae.studies.registry import STUDIES
from geosae.studies.study import Answer, Verdict
from geosae.validation import COUNT, SEED

if TYPE_CHECKING:
    from geosae.experiments.plan import Plan
    from geosae.experiments.results import Results


LABELLINGS = 6000


@checked_arguments(labellings=COUNT, seed=SEED)
def replicate(
    first: "Results", second: "Results", *, labellings: int = LABELLINGS, seed: int = 0
) -> Replication:
    """Compare two finished runs of one plan on different seeds.

    Paired are all measures of the summary in each of its settings, all numbers that the studies stored in
    each of theirs (see `numbers_in` in per_seed.py), and all answers. Whether both runs measure the same
    thing is tested by shuffling their seeds between them, which assumes no law: the test is of the greatest
    Welch t over all pairs, and of the variance between the runs in each part (relabel.py).

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
    values = grid_values([*first.cells, *second.cells])
    shared: dict[str, list[bool]] = {}
    for name in first.studies:
        records = [STUDIES[name].records(run.studies[name]) for run in (first, second)]
        same = _same_jobs(*records)
        shared[name] = list(same.values())
        values |= study_values(name, [r for side in records for r in side if _key(r.settings) not in same])
    table = table_of(values, first.plan, second.plan)
    rng = np.random.default_rng(seed)
    relabelled = relabel(table.values, table.first, table.strata, table.parts, labellings, rng)
    pairs = _pairs(table, relabelled)
    parts = [
        _count(name, sum(pair.part == name for pair in pairs), table, relabelled, shared.get(name, []))
        for name in ("grid", *first.studies)
    ]
    return Replication(
        pairs=tuple(sorted(pairs, key=lambda pair: (pair.adjusted, pair.p))),
        parts=tuple(parts),
        answers=tuple(_answer_pairs(all_answers(first), all_answers(second))),
        labellings=relabelled.count,
        exact=relabelled.exact,
        least=relabelled.least,
    )


def _key(settings: Any) -> str:
    return canonical_json(to_json(settings))


def _same_jobs(
    first: Sequence[StudyRecord[Any, Any]], second: Sequence[StudyRecord[Any, Any]]
) -> dict[str, bool]:
    """Return the settings, seed included, that both runs have, and whether their results are the same."""
    in_first, in_second = ({_key(r.settings): _key(r.result) for r in records} for records in (first, second))
    return {key: in_first[key] == in_second[key] for key in in_first if key in in_second}


def _pairs(table: Table, relabelled: Relabelled) -> list[Pair]:
    split = groups(table.values, table.first[:, None])
    welch, freedom = split.welch[:, 0], np.nan_to_num(split.freedom[:, 0])
    p = np.where(freedom > 0, 2 * stdtr(np.maximum(freedom, 1), -np.abs(welch)), 0.0)
    return [
        Pair(
            part, setting, measure, *map(mean_interval, table.sides(i)),
            welch=float(welch[i]),
            freedom=float(freedom[i]),
            p=float(p[i]),
            adjusted=float(relabelled.pair[i]),
        )
        for i, (part, setting, measure) in enumerate(table.places)
    ]  # fmt: skip


def _count(name: str, pairs: int, table: Table, relabelled: Relabelled, same: Sequence[bool]) -> PartCount:
    row = table.names.index(name) if name in table.names else None

    def at(values: np.ndarray) -> float:
        return float("nan") if row is None else float(values[row])

    return PartCount(
        part=name,
        pairs=pairs,
        constant=table.constant.get(name, 0),
        too_few=table.too_few.get(name, 0),
        same_jobs=len(same),
        same_jobs_differ=sum(not equal for equal in same),
        explained=at(relabelled.explained),
        usual=at(relabelled.usual),
        adjusted=at(relabelled.part),
    )


def _answer_pairs(
    first: Mapping[str, Sequence[Answer]], second: Mapping[str, Sequence[Answer]]
) -> Iterator[AnswerPair]:
    """Pair answers by part, id and prediction; where a prediction is made several times, by their order."""
    in_first, in_second = _numbered(first), _numbered(second)
    for key in dict.fromkeys([*in_first, *in_second]):
        yield AnswerPair(*key[:3], first=in_first.get(key), second=in_second.get(key))


def _numbered(answers: Mapping[str, Sequence[Answer]]) -> dict[tuple[str, str, str, int], Verdict]:
    verdicts: dict[tuple[str, str, str, int], Verdict] = {}
    for part, of_part in answers.items():
        for answer in of_part:
            before = sum(key[:3] == (part, answer.id, answer.prediction) for key in verdicts)
            verdicts[(part, answer.id, answer.prediction, before)] = answer.verdict
    return verdicts


def refuse_incomparable(first: "Results", second: "Results") -> None:
    """Refuse two runs of which the second is no replication of the first.

    Raises
    ------
    InvalidInput
        If a run is unfinished or has failures, the plans differ in more than their seeds (the first
        difference is named), or the runs share seeds.
    """
    runs = (first, second)
    for results in runs:
        _refuse_unfinished(results)
    differences = list(_differences(_seedless(first.plan), _seedless(second.plan), "the plan"))
    if differences:
        raise InvalidInput(
            f"the runs in {first.folder} and {second.folder} are of different plans: {differences[0]}",
            remedy="run the same plan on other seeds: geosae run PLAN --shift-seeds 100",
        )
    common = set.intersection(*({s for part in r.plan.seeds_by_part().values() for s in part} for r in runs))
    if common:
        raise InvalidInput(
            f"both runs have the seeds {', '.join(map(str, sorted(common)))}: they are not independent",
            causes="one run given twice, or a plan whose seeds were not shifted",
            remedy="run the plan again on other seeds: geosae run PLAN --shift-seeds 100",
        )


def _refuse_unfinished(results: "Results") -> None:
    card = Store(results.folder).card()
    done = sum(len(records) for records in results.studies.values())
    missing = {
        f"its status is {card.status!r}": card.status != "finished",
        f"{len(results.failures)} cells or jobs failed": bool(results.failures),
        f"it holds {len(results.cells)} of {card.cells} cells": len(results.cells) != card.cells,
        f"it holds {done} of {card.jobs} jobs of its studies": done != card.jobs,
    }
    reasons = [reason for reason, is_so in missing.items() if is_so]
    if reasons:
        raise InvalidInput(
            f"the run in {results.folder} is not finished: {'; '.join(reasons)}",
            remedy=f"finish it: geosae run {results.folder}/plan.toml",
        )


def _seedless(plan: "Plan") -> dict[str, Any]:
    """Return the plan without its seeds and its title, which names it and decides nothing."""
    bare = replace(
        plan, title="", seeds=(), checks=replace(plan.checks, seed=0),
        studies=tuple(replace(study, seeds=()) for study in plan.studies),
    )  # fmt: skip
    return bare.to_dict()


def _differences(left: Any, right: Any, name: str) -> Iterator[str]:
    """Yield where two nested values differ; lists and tuples are the same."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in dict.fromkeys([*left, *right]):
            yield from _differences(left.get(key), right.get(key), f"{name}, {key}")
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple) and len(left) == len(right):
        for position, (a, b) in enumerate(zip(left, right, strict=True), start=1):
            yield from _differences(a, b, f"{name} {position}")
    elif left != right:
        yield f"{name} is {_short(left)} in the first and {_short(right)} in the second"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
