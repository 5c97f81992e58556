"""Which two runs may be held against each other: the same plan, finished, on seeds of their own."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from geosae.data.files import read_json
from geosae.experiments.studies.jobs import plan_jobs
from geosae.geometry._door import InvalidInput

if TYPE_CHECKING:
    from geosae.experiments.plan import Plan
    from geosae.experiments.results import Results


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
    wanted = plan_jobs(results.plan)
    done = sum(len(records) for records in results.studies.values())
    missing = {
        f"its status is {card['status']!r}": card["status"] != "finished",
        f"{len(results.failures)} cells or jobs failed": bool(results.failures),
        f"it holds {len(results.cells)} of {card['cells']} cells": len(results.cells) != card["cells"],
        f"it holds {done} of {len(wanted)} jobs of its studies": done != len(wanted),
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
