"""Typed records to JSON and back: equal, strict, and refused by the name of what is wrong."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geosae.errors import InvalidInput
from geosae.storage.structure import (
    entries,
    entry,
    from_json,
    read_plain_record,
    read_record,
    to_json,
    write_record,
)

V = TypeVar("V")


@dataclass(frozen=True)
class Part(Generic[V]):
    share: V
    tested: V


@dataclass(frozen=True)
class Ball:
    radius: float
    kind: Literal["ball"] = "ball"


@dataclass(frozen=True)
class Box:
    sides: tuple[float, ...]
    kind: Literal["box"] = "box"


@dataclass(frozen=True)
class Record:
    name: str
    parts: tuple[Part[float], ...]
    shape: Ball | Box
    sparsity: float | int = 1
    seed: int | None = None
    flags: Mapping[str, bool] = field(default_factory=dict[str, bool])


numbers = st.floats(allow_nan=False, allow_infinity=False)
records = st.builds(
    Record,
    name=st.text(),
    parts=st.lists(st.builds(Part, share=numbers, tested=numbers)).map(tuple),
    shape=st.builds(Ball, radius=numbers) | st.builds(Box, sides=st.lists(numbers).map(tuple)),
    sparsity=numbers | st.integers(-(2**53), 2**53),
    seed=st.none() | st.integers(),
    flags=st.dictionaries(st.text(), st.booleans()),
)


@given(records)
def test_a_record_comes_back_equal_and_of_the_same_types(record: Record) -> None:
    back = from_json(Record, json.loads(json.dumps(to_json(record), allow_nan=False)), "the record")
    assert back == record
    assert type(back.sparsity) is type(record.sparsity)


@given(records, st.integers(0, 2**16))
def test_a_file_gives_it_back(tmp_path_factory: pytest.TempPathFactory, record: Record, number: int) -> None:
    path = tmp_path_factory.mktemp("r") / f"{number}.json"
    write_record(path, [record, record])
    assert read_record(path, tuple[Record, ...]) == (record, record)


@pytest.mark.parametrize(
    "record", [{"a": 1.5, "b": [0.1, None]}, [{"a": 1}, {"a": 2}], {"m": {1: "a", 10: "b", 2: "c"}}]
)
def test_any_edit_of_a_stored_record_is_refused_with_the_remedy(tmp_path: Path, record: Any) -> None:
    path = tmp_path / "a.json"
    write_record(path, record)
    as_read = json.loads(json.dumps(record))
    assert read_plain_record(path) == as_read
    whole = json.loads(path.read_text())
    for key in whole:
        for edited in (
            {k: v for k, v in whole.items() if k != key},
            {**whole, key: "b"},
            {**whole, "new": 1},
        ):
            path.write_text(json.dumps(edited))
            with pytest.raises(InvalidInput, match="delete it: the same command computes it again"):
                read_plain_record(path)
    for text in ("null", "[]", "{", "", "3"):
        path.write_text(text)
        with pytest.raises(InvalidInput, match="delete it: the same command computes it again"):
            read_plain_record(path)


def plain() -> dict[str, Any]:
    return to_json(Record("a", (Part(0.5, 4.0),), Box((1.0,)), 2, 3, {"odd": True}))


CASES: dict[str, tuple[list[Any], Any, str]] = {
    "unknown key": (["nmae"], "a", "the record has an unknown key 'nmae'; the nearest valid one is 'name'"),
    "unknown key below": (["parts", 0, "shares"], 1.0, "parts: 0 has an unknown key 'shares'"),
    "a string for a number": (["parts", 0, "share"], "a", "parts: 0: share is 'a'; it must be of type float"),
    "a truth value for a number": (["parts", 0, "share"], True, "share is True; it must be of type float"),
    "a truth value for an integer": (["seed"], True, "seed"),
    "a number for a truth value": (["flags", "odd"], 1, "odd is 1; it must be of type bool"),
    "a float for an integer": (["seed"], 1.5, "seed"),
    "a number for a string": (["name"], 3, "name is 3; it must be of type str"),
    "a string for a union of numbers": (
        ["sparsity"],
        "2",
        "sparsity is '2'; it must be of type float or int",
    ),
    "another kind of shape": (["shape", "kind"], "disk", "shape is of the unknown kind 'disk'"),
    "infinity": (["parts", 0, "share"], math.inf, "share is inf; it must be finite"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_fit_is_refused_by_where_it_lies(case: str) -> None:
    path, value, message = CASES[case]
    table: Any = plain()
    target = table
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(InvalidInput) as refused:
        from_json(Record, table, "the record")
    assert message in str(refused.value)
    assert from_json(Record, plain(), "the record").seed == 3


@pytest.mark.parametrize("key", ["name", "parts", "shape"])
def test_a_missing_key_is_named(key: str) -> None:
    table = plain()
    del table[key]
    with pytest.raises(InvalidInput, match=f"the record lacks the key '{key}'"):
        from_json(Record, table, "the record")


def test_what_is_not_known_is_null_and_comes_back_as_nan() -> None:
    table = to_json(Part(math.nan, 1.0))
    assert table == {"share": None, "tested": 1.0}
    assert math.isnan(from_json(Part[float], table, "it").share)


def test_scalars_of_numpy_are_written_as_pythons(tmp_path: Path) -> None:
    """A study's job computed a share in numpy and compared it with a tolerance: it was refused at the end."""
    record = Record("a", (Part(np.float64(0.5), np.float64(0.25)),), Ball(np.float64(1)))
    scalars = replace(
        record, seed=np.int64(3), flags={"within": np.float64(0.1) <= 0.2}, sparsity=np.int32(2)
    )
    write_record(tmp_path / "it.json", scalars)
    assert read_record(tmp_path / "it.json", Record) == replace(
        record, seed=3, flags={"within": True}, sparsity=2
    )


def test_entries_of_a_table() -> None:
    table = {"seeds": [1, 2], "one": 4, "twice": [1, 1], "none": []}
    assert entries(table, "seeds", int, "the plan") == (1, 2)
    assert entries(table, "one", int, "the plan") == (4,)
    assert entry(table, "absent", int, "the plan", 7) == 7
    for key, message in (
        ("twice", "the same value twice"),
        ("none", "empty list"),
        ("absent", "lacks the key"),
    ):
        with pytest.raises(InvalidInput, match=message):
            entries(table, key, int, "the plan")
    with pytest.raises(InvalidInput, match="lacks the key 'absent'"):
        entry(table, "absent", int, "the plan")
