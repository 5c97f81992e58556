"""The list of promises names tests that there are, and leaves no case out."""

import ast
from functools import cache
from pathlib import Path

import pytest
from promises import PROMISES

TESTS = Path(__file__).parent


@cache
def functions(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("test", sorted({test for promise in PROMISES for test in promise.tests}))
def test_every_test_that_is_named_is_there(test: str):
    file, _, function = test.partition("::")
    assert function in functions(file)


def test_every_silent_wrong_result_has_its_promise():
    cases = [case for promise in PROMISES for case in promise.cases]
    numbers = [case.split()[0] for case in cases if case.startswith("K")]
    assert sorted(numbers) == sorted(f"K{number}" for number in range(1, 20))
    assert len(cases) == len(set(cases))
    assert all(promise.tests for promise in PROMISES)
