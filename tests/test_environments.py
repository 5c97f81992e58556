"""What geosae may be installed beside: pyproject.toml, both files of constraints and the workflow agree."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def release(text: str) -> tuple[int, ...]:
    """Return the leading numbers of a release without the zeros at their end: 1.15 and 1.15.0 are one."""
    numbers = [int(number) for number in re.findall(r"\d+", re.split(r"[a-z]", text)[0])]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def pinned(name: str) -> dict[str, tuple[int, ...]]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert len({canonical(package) for package, _ in pins}) == len(pins)
    return {canonical(package): release(number) for package, number in pins}


def lower_bounds(*extras: str) -> dict[str, tuple[int, ...]]:
    """Return the lower bound of everything that the package and some extras ask for; each has one."""
    requirements = [*PROJECT["dependencies"]]
    for extra in extras:
        requirements += PROJECT["optional-dependencies"][extra]
    bounds: dict[str, tuple[int, ...]] = {}
    for requirement in requirements:
        match = re.match(r"([\w.-]+)(?:\[\w+\])?>=([\d.]+)", requirement)
        assert match is not None, requirement
        bounds[canonical(match[1])] = release(match[2])
    return bounds


def test_the_lowest_constraints_are_the_declared_bounds() -> None:
    declared, lowest = lower_bounds("fast", "test"), pinned("constraints-lowest.txt")
    assert {name: lowest.get(name) for name in declared} == declared
    # What geosae does not ask for itself stands there with a reason.
    assert set(lowest) - set(declared) == {"click", "pyparsing"}


def test_the_pinned_releases_are_within_the_declared_bounds() -> None:
    newer = pinned("constraints.txt")
    for name, bound in lower_bounds("fast", "test", "docs", "lint").items():
        assert newer[name] >= bound, name


def test_bounds_that_were_false_are_not_declared_again() -> None:
    """Each of these was tried and failed; see constraints-lowest.txt."""
    bounds = lower_bounds("fast", "test")
    for name, failing in {
        "typer": "0.18",
        "scipy": "1.14.1",
        "matplotlib": "3.9.4",
        "beartype": "0.22.1",
    }.items():
        assert bounds[name] > release(failing), name


def test_the_workflow_tries_the_lowest_and_the_newest() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))["jobs"]
    for job in ("lowest", "newest"):
        commands = [step["run"] for step in jobs[job]["steps"] if "run" in step]
        assert commands == [f"make test-{job} PYTHON=python"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipes = {job: makefile.split(f"\ntest-{job}:\n")[1].split("\n\n")[0] for job in ("lowest", "newest")}
    assert "--constraint constraints-lowest.txt --editable '.[fast,test]'" in recipes["lowest"]
    assert "--constraint" not in recipes["newest"]
    assert all("-m pytest" in recipe for recipe in recipes.values())


def test_every_python_of_the_workflow_is_in_the_classifiers() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))["jobs"]
    versions = jobs["tests"]["strategy"]["matrix"]["python"]
    prefix = "Programming Language :: Python :: "
    assert [c.removeprefix(prefix) for c in PROJECT["classifiers"] if c.startswith(prefix)] == versions
    assert PROJECT["requires-python"] == f">={versions[0]}"


def test_the_readme_says_what_an_install_weighs_and_names_the_index_of_the_workflow() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    index = "https://download.pytorch.org/whl/cpu"
    assert f"pip install torch --index-url {index}\npip install .\n" in readme
    assert re.search(r"weighs about \d+ GB", readme)
    assert index in (ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8")
    versions = [c.split(" :: ")[-1] for c in PROJECT["classifiers"] if "Python :: 3." in c]
    assert f"Python {', '.join(versions[:-1])} or {versions[-1]}" in readme
