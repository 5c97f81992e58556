"""The documentation: its Python runs as it stands, its words are in the code, its picture is the contract."""

import importlib
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = ["method.md", "training.md", "worlds.md", "paper.md", "superposition.md"]


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, page, "exec"), names)
    assert capsys.readouterr().out


def glossary() -> str:
    return (DOCS / "glossary.md").read_text(encoding="utf-8")


def test_the_glossary_points_to_objects_that_exist() -> None:
    """That the reference shows them is seen when the documentation is built (docs/conf.py)."""
    objects = re.findall(r"\{py:(\w+)\}`~([\w.]+)`", glossary())
    assert len(objects) > 20
    for role, path in objects:
        module, name = path.rsplit(".", 1)
        target = getattr(importlib.import_module(module), name)
        assert isinstance(target, type) == (role == "class"), path


@pytest.mark.parametrize(
    "page", ["docs/glossary.md", "docs/architecture.md", "CONTRIBUTING.md", "SECURITY.md"]
)
def test_the_paths_of_a_page_exist(page: str) -> None:
    """Paths with a word in capitals are templates: FORMAT.py."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    folders = "geosae|synthetic|proofs_checks|tests|docs|benchmarks"
    paths = re.findall(rf"`((?:{folders})/[\w./-]*)`", text if page != "docs/glossary.md" else glossary())
    assert paths
    written = {"docs/_build/html"}
    templates = re.compile(r"\b(NAME|FORMAT|LETTERnumber_name|test_NAME|g9_line)\b")
    missing = [p for p in paths if p not in written and not templates.search(p) and not (ROOT / p).exists()]
    assert missing == []


def test_every_statement_that_the_glossary_names_has_a_check() -> None:
    from proofs_checks import files

    ranges = re.findall(r"\b([NGDSAPEF])(\d+)–\1(\d+)\b", glossary())
    cited = set(re.findall(r"\b[NGDSAPEF]\d+\b", glossary())) - {"F1"}  # there it is the score, too
    cited |= {f"{letter}{k}" for letter, first, last in ranges for k in range(int(first), int(last) + 1)}
    assert {"D3", "S1", "S5", "F2"} <= cited
    # Phenomena that are measured on SAEs: no statement that a check could refute.
    assert cited - set(files()) <= {"P3", "P5", "P6"}


@pytest.fixture
def architecture(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    sys.modules.pop("architecture", None)
    return importlib.import_module("architecture")


def test_the_picture_has_every_layer_of_the_contract_and_its_labels_fit(architecture: ModuleType) -> None:
    rows = architecture.contract_rows()
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    lines = contracts["contracts"][0]["layers"]
    names = [layer.name for row in rows for layer in row]
    assert names == re.findall(r"\w+", " ".join(lines))
    figure = architecture.picture(rows, architecture.imports_by_package())
    figure.draw_without_rendering()
    (ax,) = figure.axes
    labels = {text.get_gid(): text for text in ax.texts if text.get_gid()}
    assert {gid for gid in labels if not gid.endswith(":note")} == {*names, *architecture.BESIDE}
    assert [labels[f"{name}:note"].get_text() for name in ("sae", "figures")] == ["torch", "matplotlib"]
    boxes = [text.get_window_extent() for text in labels.values() if text.get_text()]
    frames = [patch.get_window_extent() for patch in ax.patches]
    assert len(frames) == len(names) + len(architecture.BESIDE)
    for box in boxes:
        assert any(f.x0 < box.x0 and box.x1 < f.x1 and f.y0 < box.y0 and box.y1 < f.y1 for f in frames)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_there_is_a_paragraph_for_every_package(architecture: ModuleType) -> None:
    text = architecture.paragraphs(architecture.contract_rows())
    packages = {path.parent.name for path in (ROOT / "geosae").glob("*/__init__.py")}
    for package in packages:
        assert re.search(rf"### `geosae\.{package}`\n\n\w", text), package
    for package in architecture.BESIDE:
        assert f"### `{package}`\n\n" in text
