"""What geosae promises about faults, the tests behind each promise and how many cases they run.

    PYTHONPATH=tests python -P benchmarks/promises.py

Collects the tests of tests/promises.py without running them and writes docs/measured/promises.md.
"""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from promises import PROMISES, Promise

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "measured" / "promises.md"

TEXT = """# What is promised

    PYTHONPATH=tests python -P benchmarks/promises.py

Each promise about faults, what once broke it, and the tests that hold geosae to it: `make test` runs
them all. K1 to K19 are results that were silently wrong; B tracebacks and lost work; C names; D thin
bodies; E messages that mislead. A case is one set of arguments of a test; a property counts once here
and is tried on {examples} examples by the gate. Counted on {day}: {cases:,} cases and {properties}
properties in {tests} tests.

| promise | broke it | tests | cases |
|---|---|---|---|
{rows}

What is tried at random beside them, kill by kill and byte by byte, stands in [](reliability.md).
"""


class Collected:
    """A plugin of pytest that keeps what is collected."""

    def __init__(self) -> None:
        self.items: list[pytest.Item] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep the items."""
        self.items = session.items


def main() -> None:
    """Collect, count and write the page."""
    tests = sorted({test for promise in PROMISES for test in promise.tests})
    plugin = Collected()
    command = [
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        *(str(ROOT / "tests" / test) for test in tests),
    ]
    if status := pytest.main(command, plugins=[plugin]):
        sys.exit(int(status))
    counts = dict.fromkeys(tests, 0)
    properties = set[str]()
    for item in plugin.items:
        test = item.nodeid.partition("[")[0].removeprefix("tests/")
        counts[test] += 1
        if getattr(getattr(item, "function", None), "is_hypothesis_test", False):
            properties.add(test)
    rows = "\n".join(row(promise, counts, properties) for promise in PROMISES)
    text = TEXT.format(
        day=f"{date.today():%-d %B %Y}", rows=rows, tests=len(tests), properties=len(properties),
        cases=sum(counts.values()), examples=examples_of_the_gate(),
    )  # fmt: skip
    PAGE.write_text(text, encoding="utf-8")
    print(PAGE)


def row(promise: Promise, counts: dict[str, int], properties: set[str]) -> str:
    """Return one promise as a row of the table."""
    cases = sum(counts[test] for test in promise.tests)
    random = sum(test in properties for test in promise.tests)
    names = "<br>".join(f"`{test}`" for test in promise.tests)
    broken = "; ".join(promise.cases).replace("|", "\\|")
    return f"| {promise.text} | {broken} | {names} | {cases}{f', {random} properties' * bool(random)} |"


def examples_of_the_gate() -> int:
    """Return how many examples a property is tried on under the profile that .ci/run names."""
    code = "import conftest; from hypothesis import settings; print(settings.get_profile('ci').max_examples)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "tests", capture_output=True, text=True, check=True
    )
    return int(run.stdout)


if __name__ == "__main__":
    main()
