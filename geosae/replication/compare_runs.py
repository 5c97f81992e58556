"""Hold two runs of one plan against each other: every number, every setting, every answer."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from scipy.special import erf, gammaln, stdtr, stdtrit

from geosae.errors import InvalidInput
from geosae.experiments.cell import canonical_json
from geosae.experiments.jobs import Record
from geosae.experiments.summary import LEVEL
from geosae.replication.pairing import Table, table_of
from geosae.replication.per_seed import grid_values, study_values
from geosae.replication.record import AnswerPair, Pair, PartCount, Replication
from geosae.replication.relabel import Relabelled, groups, relabel
from geosae.storage.files import read_json
from geosae.studies.grid_answers import all_answers
from geosae.studies.numbers import mean_of
from geosae.studies.study import Answer, Verdict

if TYPE_CHECKING:
    from geosae.experiments.plan import Plan
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


def refuse_incomparable(first: "Results", second: "Results") -> None:
    """Refuse two runs of which the second is no replication of the first.

    Raises
    ------
    InvalidInput
        If a run is unfinished or has failures, the plans differ in more than their seeds (the first
        difference is named), or the runs share seeds.
    """
    for results in (first, second):
        _refuse_unfinished(results)
    differences = list(_differences(_seedless(first.plan), _seedless(second.plan), "the plan"))
    if differences:
        raise InvalidInput(
            f"the runs in {first.folder} and {second.folder} are of different plans: {differences[0]}",
            remedy="run the same plan on other seeds: geosae run PLAN --shift-seeds 100",
        )
    one, other = ({s for seeds in r.plan.seeds_by_part().values() for s in seeds} for r in (first, second))
    if one & other:
        raise InvalidInput(
            f"both runs have the seeds {', '.join(map(str, sorted(one & other)))}: they are not independent",
            causes="one run given twice, or a plan whose seeds were not shifted",
            remedy="run the plan again on other seeds: geosae run PLAN --shift-seeds 100",
        )


def _refuse_unfinished(results: "Results") -> None:
    card = read_json(results.folder / "run.json")
    done = sum(len(records) for records in results.studies.values())
    missing = {
        f"its status is {card['status']!r}": card["status"] != "finished",
        f"{len(results.failures)} cells or jobs failed": bool(results.failures),
        f"it holds {len(results.cells)} of {card['cells']} cells": len(results.cells) != card["cells"],
        f"it holds {done} of {card['jobs']} jobs of its studies": done != card["jobs"],
    }
    reasons = [reason for reason, holds in missing.items() if holds]
    if reasons:
        raise InvalidInput(
            f"the run in {results.folder} is not finished: {'; '.join(reasons)}",
            remedy=f"finish it: geosae run {results.folder}/plan.toml",
        )


def _seedless(plan: "Plan") -> dict[str, Any]:
    """Return the plan without its seeds and its title, which names it and decides nothing."""
    entries = plan.to_dict()
    studies = {s["name"]: s["settings"] for s in entries["studies"]}
    checks = {key: value for key, value in entries["checks"].items() if key != "seed"}
    own = {key: value for key, value in entries.items() if key not in ("title", "seeds")}
    return {**own, "studies": studies, "checks": checks}


def _differences(one: Any, other: Any, name: str) -> Iterator[str]:
    """Yield where two nested values differ; lists and tuples are the same."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys([*one, *other]):
            yield from _differences(one.get(key), other.get(key), f"{name}, {key}")
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        for place, (a, b) in enumerate(zip(one, other, strict=True), start=1):
            yield from _differences(a, b, f"{name} {place}")
    elif one != other:
        yield f"{name} is {_short(one)} in the first and {_short(other)} in the second"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


NODES = 160


@lru_cache
def expected_overlap(first: int, second: int, level: float = LEVEL) -> float:
    """Return the probability that two Student-t intervals overlap where both runs draw from one normal law.

    With n values each, the means differ by σ √(1/n₁ + 1/n₂) Z and the half widths are t sᵢ / √nᵢ, all
    independent. Given both sᵢ the probability is an error function; over the sᵢ (chi laws) it is integrated
    by Gauss-Legendre quadrature.

    Raises
    ------
    InvalidInput
        If a run has fewer than two values, which give no interval.

    Examples
    --------
    >>> [round(expected_overlap(n, n), 4) for n in (3, 5, 8, 999)]
    [0.9952, 0.9947, 0.9945, 0.9944]
    """
    if min(first, second) < 2:
        raise InvalidInput(f"{min(first, second)} values have no interval", remedy="run two seeds or more")
    one, weight_one = _half_widths(first, level)
    other, weight_other = _half_widths(second, level)
    reach = (one[:, None] + other[None, :]) / np.sqrt(1 / first + 1 / second)
    return float(weight_one @ erf(reach / np.sqrt(2)) @ weight_other)


def _half_widths(count: int, level: float) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Return half widths of the interval of standard normal values, with their probabilities."""
    freedom = count - 1
    # Nearly all of a chi law lies within nine of its standard deviations (0.7) around √freedom.
    low, high = max(0.0, np.sqrt(freedom) - 9), np.sqrt(freedom) + 9
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    chi = low + (high - low) * (nodes + 1) / 2
    density = (freedom - 1) * np.log(chi) - chi**2 / 2 - (freedom / 2 - 1) * np.log(2) - gammaln(freedom / 2)
    quantile = float(stdtrit(freedom, 0.5 + level / 2))
    half = quantile * chi / np.sqrt(freedom * count)
    return half, weights * (high - low) / 2 * np.exp(density)
