"""Every number that a run measured, by part, setting and measure, with its value for each seed."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from geosae.experiments.cell import canonical_json
from geosae.experiments.cell_result import CellResult
from geosae.experiments.jobs import StudyRecord
from geosae.experiments.measures import numbers
from geosae.experiments.summary import Setting
from geosae.storage.structure import to_json

Place: TypeAlias = tuple[str, str, str]
"""Part ("grid" or a study), setting (all but the seed), measure."""
Values: TypeAlias = dict[Place, dict[int, float]]
"""The value for each seed."""

INTERVAL = {"value", "low", "high"}
# Which neuron it is says nothing beyond this SAE; whether there is one does.
NEURON = re.compile(r"(^|[._])(neuron|keeper|whole|target)$")


def grid_values(cells: Sequence[CellResult]) -> Values:
    """Return every number that the summary averages: each measure of each setting, seed by seed."""
    values: Values = {}
    for result in cells:
        setting = _spelled(Setting.of(result.cell))
        for measure, value in numbers(result.measures):
            if math.isfinite(value):
                values.setdefault(("grid", setting, measure), {})[result.cell.seed] = float(value)
    return values


def _spelled(setting: Setting) -> str:
    parts = (setting.world, setting.gate, f"width={setting.width}", setting.sparsity, setting.baseline)
    return " ".join(map(str, parts))


def study_values(study: str, records: Sequence[StudyRecord[Any, Any]]) -> Values:
    """Return the numbers of a study's records (see `numbers_in`), grouped by their settings but the seed."""
    values: Values = {}
    seeds: dict[str, set[int]] = {}
    tables: list[dict[str, Any]] = [to_json(record.settings) for record in records]
    names = _names([{k: v for k, v in table.items() if k != "seed"} for table in tables])
    for record, table, name in zip(records, tables, names, strict=True):
        seed = int(record.settings.seed)
        seeds.setdefault(name, set()).add(seed)
        for measure, value in numbers_in(to_json(record.result), table).items():
            values.setdefault((study, name, measure), {})[seed] = value
    # A word that was not said has the share 0.
    for (_, name, measure), by_seed in values.items():
        if is_word(measure):
            by_seed.update(dict.fromkeys(seeds[name] - by_seed.keys(), 0.0))
    return values


def is_word(measure: str) -> bool:
    """Return whether a measure is the share of a word.

    Examples
    --------
    >>> is_word("cuts[widths=4].kind=split"), is_word("cuts[widths=4].off")
    (True, False)
    """
    return "=" in measure.rpartition("]")[2]


def _names(rests: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the settings as text, without those that all of them share."""
    texts = [{key: canonical_json(value) for key, value in rest.items()} for rest in rests]
    kinds: dict[str, set[str | None]] = {key: {t.get(key) for t in texts} for text in texts for key in text}
    return [" ".join(f"{k}={_plain(v)}" for k, v in text.items() if len(kinds[k]) > 1) for text in texts]


def _plain(text: str) -> str:
    value = json.loads(text)
    return value if isinstance(value, str) else text


def numbers_in(result: Any, settings: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of a study's result, each under a name.

    Truth values count as 0 and 1. Of an interval (value, low, high) the value counts. A list that is as long
    as a list among the settings is read place by place, under the settings' values. Of another list of
    tables the means of their numbers count and the shares of their words; of another list its length, and
    its mean if it holds no whole numbers, which name neurons. Where a neuron is named, it counts that there
    is one.

    Examples
    --------
    >>> numbers_in({"cuts": [{"off": 1.0}, {"off": 3.0}], "l0": 2}, {"widths": [4, 8], "seed": 0})
    {'cuts[widths=4].off': 1.0, 'cuts[widths=8].off': 3.0, 'l0': 2.0}
    >>> numbers_in({"pairs": [{"absorbed": True, "keeper": 7}, {"absorbed": False, "keeper": None}]}, {})
    {'pairs.count': 2.0, 'pairs.absorbed': 0.5, 'pairs.keeper known': 0.5}
    >>> numbers_in({"cut": {"kind": "split", "miss": {"value": 0.1, "low": 0.0, "high": 0.2}}}, {})
    {'cut.kind=split': 1.0, 'cut.miss': 0.1}
    """
    lists = [(key, value) for key, value in settings.items() if isinstance(value, list | tuple)]
    lengths = [len(value) for _, value in lists]
    places = {
        len(value): [f"{key}={canonical_json(entry)}" for entry in value]
        for key, value in lists
        if lengths.count(len(value)) == 1
    }
    return dict(_numbers(result, "", places))


def _numbers(value: Any, name: str, places: Mapping[int, list[str]]) -> Iterator[tuple[str, float]]:
    if isinstance(value, str):
        yield f"{name}={value}", 1.0
    elif isinstance(value, int | float):
        if math.isfinite(value):
            yield name, float(value)
    elif isinstance(value, Mapping):
        if value.keys() >= INTERVAL:
            yield from _numbers(value.get("value"), name, {})
            return
        counts = all(_whole(inner) for inner in value.values())
        for key, inner in value.items():
            full = f"{name}.{key}" if name else str(key)
            if NEURON.search(full) and (inner is None or _whole(inner)) and not counts:
                yield f"{full} known", float(inner is not None)
            else:
                yield from _numbers(inner, full, places)
    elif isinstance(value, list | tuple) and len(value) in places:
        for place, inner in zip(places[len(value)], value, strict=True):
            # Below a list that was read place by place another of this length is so by chance.
            yield from _numbers(inner, f"{name}[{place}]", {})
    elif isinstance(value, list | tuple):
        yield from _listed(value, name)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _listed(entries: Sequence[Any], name: str) -> Iterator[tuple[str, float]]:
    yield f"{name}.count", float(len(entries))
    if all(_whole(entry) for entry in entries):
        return
    by_measure: dict[str, list[float]] = {}
    for entry in entries:
        for measure, value in _numbers(entry, name, {}):
            by_measure.setdefault(measure, []).append(value)
    for measure, values in by_measure.items():
        # A word counts over all entries, a number over those that know it.
        yield measure, sum(values) / (len(entries) if is_word(measure) else len(values))
