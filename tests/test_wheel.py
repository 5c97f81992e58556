"""The wheel, looked into: all of the three packages and nothing else (`make wheel` installs and runs it)."""

import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

import geosae

ROOT = Path(__file__).parent.parent
FOLDERS = {"geosae": ROOT, "geosae_synthetic": ROOT / "synthetic", "proofs_checks": ROOT}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("dist")))
    assert Path(path).name == f"geosae-{geosae.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(path) as wheel:
        assert wheel.testzip() is None
        return set(wheel.namelist())


@pytest.mark.parametrize("package", FOLDERS)
def test_every_file_of_a_package_is_in_it(package: str, names: set[str]) -> None:
    """Presets, templates and py.typed with the code: a file that is left behind is missed only by users."""
    root = FOLDERS[package]
    expected = {
        path.relative_to(root).as_posix()
        for path in (root / package).rglob("*")
        if path.is_file() and not {"__pycache__", "frontend"} & set(path.parts)
    }
    assert f"{package}/py.typed" in expected
    assert {name for name in names if name.startswith(f"{package}/")} == expected


def test_what_users_miss_first_is_in_it(names: set[str]) -> None:
    for preset in ("quickstart", "digits", "paper"):
        assert f"geosae/experiments/presets/{preset}.toml" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert any(name.endswith(".dist-info/entry_points.txt") for name in names)


def test_there_is_nothing_else_in_it(names: set[str]) -> None:
    metadata = f"geosae-{geosae.__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {*FOLDERS, metadata}
