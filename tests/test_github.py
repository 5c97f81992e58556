"""The files that a code host reads: they parse, and every command, path and job they name exists."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")
TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


def parsed(path: Path) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_there_are_workflows_and_forms() -> None:
    assert [path.stem for path in WORKFLOWS] == ["docs", "release", "tests"]
    assert [path.stem for path in FORMS] == ["bug", "feature", "wrong_number"]
    assert parsed(ROOT / ".github/ISSUE_TEMPLATE/config.yml") == {"blank_issues_enabled": False}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_triggers_few_rights_and_jobs_of_steps(path: Path) -> None:
    workflow = parsed(path)
    # YAML 1.1 reads the key `on` as true.
    triggers = workflow[True]
    assert set(triggers) <= {"push", "pull_request", "workflow_dispatch", "release"}
    assert workflow["permissions"] == {"contents": "read"}
    assert "not run so far" in path.read_text(encoding="utf-8").splitlines()[0]
    for name, job in workflow["jobs"].items():
        assert re.match(r"ubuntu-latest|\$\{\{ matrix.os \}\}", job["runs-on"]), name
        assert set([job["needs"]] if "needs" in job else []) <= set(workflow["jobs"])
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step), step
            assert re.fullmatch(r"[\w-]+/[\w-]+@[\w./-]+", step.get("uses", "a/b@c")), step
            for target in re.findall(r"\bmake ([\w-]+)", step.get("run", "")):
                assert target in TARGETS
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"secrets\.|password:|token: [^w]", text), "no stored secret is needed"


def test_the_tests_run_on_every_python_and_system_that_is_promised() -> None:
    matrix = parsed(ROOT / ".github/workflows/tests.yml")["jobs"]["tests"]["strategy"]["matrix"]
    assert matrix == {"os": ["ubuntu-latest", "macos-latest"], "python": ["3.11", "3.12", "3.13"]}
    assert re.search(r'requires-python = ">=3.11"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_a_release_is_published_by_trust_and_not_by_a_token() -> None:
    release = parsed(ROOT / ".github/workflows/release.yml")
    assert release[True] == {"release": {"types": ["published"]}}
    publish = release["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["environment"]["name"] == "pypi"
    assert publish["needs"] == "build"
    assert publish["steps"][-1] == {"uses": "pypa/gh-action-pypi-publish@release/v1"}


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_asks_for_what_is_needed_to_see_it_again(path: Path) -> None:
    form = parsed(path)
    assert {"name", "description", "body"} <= set(form)
    fields = {field["id"]: field for field in form["body"] if field["type"] != "markdown"}
    assert all(field["type"] in ("input", "textarea", "dropdown") for field in fields.values())
    assert all(field["attributes"]["label"] for field in fields.values())
    required = {name for name, field in fields.items() if field.get("validations", {}).get("required")}
    if path.stem != "feature":
        assert {"reproduce", "version"} <= required


def test_hooks_are_local_and_use_the_tools_of_the_project() -> None:
    (repository,) = parsed(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    entries = {hook["id"]: hook["entry"].split() for hook in repository["hooks"]}
    assert set(entries) == {"ruff-format", "ruff-check", "pyright"}
    assert all(words[0] == f".venv/bin/{hook.split('-')[0]}" for hook, words in entries.items())
    assert all(hook["language"] == "system" for hook in repository["hooks"])
