"""What every campaign begins with: each command once undisturbed."""

import tempfile
from pathlib import Path

import pytest
from faults.harness import base, make_trials


@pytest.fixture(scope="session")
def trials():
    with tempfile.TemporaryDirectory(prefix="gf", dir=base()) as folder:
        yield make_trials(Path(folder))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.faults)
