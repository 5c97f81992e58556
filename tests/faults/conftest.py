"""What every campaign begins with: each command once undisturbed."""

import tempfile
import time
from pathlib import Path

import pytest

pytest.register_assert_rewrite("faults.harness")
from faults.harness import base, make_trials, record  # noqa: E402

BEGUN = time.monotonic()


@pytest.fixture(scope="session")
def trials():
    with tempfile.TemporaryDirectory(prefix="gf", dir=base()) as folder:
        yield make_trials(Path(folder))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.faults)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Say how long the campaign took: once, by the process that hands the tests out."""
    if not hasattr(session.config, "workerinput"):
        record(minutes=(time.monotonic() - BEGUN) / 60)
