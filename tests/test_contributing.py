"""The templates of CONTRIBUTING.md: what is made from them passes what all of its kind must pass."""

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import geosae_synthetic
import numpy as np
import pytest
from geosae_synthetic import registry

from geosae.cli.sources import make_world
from geosae.experiments import parse_plan
from geosae.experiments.jobs import do_job, jobs_of, study_records, write_job_list
from geosae.experiments.plan import StudyEntry
from geosae.figures import render
from geosae.verification import audit, verify

ROOT = Path(__file__).parent.parent
PLAN = """
widths = [4]
seeds = 2
[[worlds]]
name = "disk-in-ring"
points = 100
dim = 2
[[gates]]
name = "topk"
sparsity = [1]
[[studies]]
name = "dead"
"""
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TEMPLATES = dict(re.findall(r"<!-- template: ([\w-]+) -->\n```python\n(.*?)```", TEXT, flags=re.DOTALL))


def test_there_is_a_section_for_every_kind_of_contribution() -> None:
    kinds = ("world", "theorem", "gate", "foreign checkpoint format", "study", "figure")
    assert all(f"\n## A {kind}\n" in TEXT for kind in kinds)
    assert set(TEMPLATES) == {"world", "theorem", "gate", "format", "study", "figure"}


@pytest.fixture
def module(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ModuleType]:
    """Write a template to a file and import it: dataclasses look for the module they stand in."""
    name = f"template_{request.param}"
    path = tmp_path / f"{name}.py"
    path.write_text(TEMPLATES[request.param], encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[name]


@pytest.mark.parametrize("module", ["world"], indirect=True)
def test_the_world_is_made_and_its_declared_truth_holds(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world,) = module.WORLDS
    monkeypatch.setitem(registry._WORLDS, world.name, world)
    assert len(world.steps) >= 2
    assert all(parameter.meaning for parameter in world.parameters)
    for dim in (1, 2, 3):
        data = geosae_synthetic.make(world.name, points=400, dim=dim, rng=np.random.default_rng(0))
        assert data.regions[0] is not None
        assert np.array_equal(data.regions[0].contains(data.points), data.membership[:, 0])
        checks = geosae_synthetic.verify(data)
        assert len(checks) >= 5
        assert [check.name for check in checks if check.status == "fails"] == []


@pytest.mark.parametrize("module", ["theorem"], indirect=True)
def test_the_theorem_holds_its_controls_fail_and_its_mutants_are_caught(module: ModuleType) -> None:
    verdict = verify(module.CLAIM, 20, 0)
    assert (verdict.status, verdict.reason) == ("holds", "")
    assert verdict.controls_refuted == verdict.controls_tried > 0
    mutations = audit({module.CLAIM.id: module.CLAIM}, 5, 0)
    assert mutations
    assert all(mutation.caught for mutation in mutations)
    bibliography = (ROOT / "docs/references.bib").read_text(encoding="utf-8")
    assert f"{{{module.CLAIM.source}," in bibliography


@pytest.mark.parametrize("module", ["figure"], indirect=True)
def test_the_figure_draws_the_numbers_it_is_given(module: ModuleType) -> None:
    sheet = module.sheet("plane", {"left": 30, "right": 12})
    (ax,) = sheet.figure.axes
    assert [bar.get_width() for bar in ax.patches] == [30, 12]
    assert sheet.name.startswith(module.FAMILY)
    assert "left 30" in sheet.alt
    assert render(sheet.figure, "png") == render(
        module.sheet("plane", {"left": 30, "right": 12}).figure, "png"
    )


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_a_template_imports_exists(name: str) -> None:
    for node in ast.walk(ast.parse(TEMPLATES[name])):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            home = importlib.import_module(node.module)
            assert all(hasattr(home, alias.name) for alias in node.names), node.module


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_keep_the_width_of_a_line(name: str) -> None:
    assert max(map(len, TEMPLATES[name].splitlines())) <= 110
    assert ast.get_docstring(ast.parse(TEMPLATES[name]))


@pytest.mark.parametrize("module", ["study"], indirect=True)
def test_the_study_runs_is_stored_and_answers(module: ModuleType, tmp_path: Path) -> None:
    study = module.STUDY
    jobs = jobs_of(study, StudyEntry("dead", {"widths": [4]}), (0, 1))
    plan = parse_plan(PLAN)
    write_job_list(tmp_path, jobs)
    for job in jobs:
        assert do_job(str(tmp_path), job, make_world, lambda: {"dead": study}) is None
    records = study.records(study_records(tmp_path, plan)["dead"])
    assert [record.settings for record in records] == [job.settings for job in jobs]
    assert all(0 <= record.result.dead_share <= 1 for record in records)
    (answer,) = study.answers(records)
    assert answer.verdict in ("as predicted", "undecided", "the prediction fails")
    assert study.answers([]) == []
