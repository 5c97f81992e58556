"""The page admits its own script and style alone; its assets are those of the sources beside it."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from cli.command import call
from explorer.small_run import data, run_folder

from geosae.explorer import ExploreData
from geosae.explorer.page import asset, page_text, policy_hash
from geosae.storage.structure import from_json, to_json

FRONTEND = Path(__file__).parents[2] / "geosae" / "explorer" / "frontend"


@pytest.fixture(scope="module")
def page() -> str:
    return page_text(data())


def test_the_policy_admits_the_one_script_and_the_one_style_by_hash(page: str) -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == f"'{policy_hash(script)}'"
    assert directives["style-src"] == f"'{policy_hash(style)}'"
    assert "connect-src" not in directives
    # The namespace of SVG is a name, not an address that is loaded.
    assert set(re.findall(r"https?://[\w./]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1998/Math/MathML",
        "http://www.w3.org/1999/xhtml",
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/XML/1998/namespace",
    }
    assert not re.search(r"<(?:link|img|iframe|object)\b|\ssrc=", page.partition("<style>")[0])


def test_the_page_holds_the_records(page: str) -> None:
    (packed,) = re.findall(r'id="explore-data">([^<]*)<', page)
    table = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert table == json.loads(json.dumps(to_json(data())))
    assert to_json(from_json(ExploreData, table, "the page")) == to_json(data())


def test_names_are_escaped(page: str) -> None:
    assert "small <b>run</b>" not in page
    assert "<title>small &lt;b&gt;run&lt;/b&gt;" in page


def test_assets_are_built_from_the_sources_beside_them() -> None:
    """`make assets` writes into each asset the hash of what it was built from."""
    sources = sorted(
        [f"src/{path.name}" for path in (FRONTEND / "src").iterdir()]
        + ["build.mjs", "package-lock.json", "package.json", "tsconfig.json"]
    )
    digest = hashlib.sha256()
    for name in sources:
        digest.update(f"{name}\0".encode() + (FRONTEND / name).read_bytes() + b"\0")
    for name in ("explorer.js", "explorer.css"):
        assert digest.hexdigest() in asset(name).partition("\n")[0], "run `make assets`"


def test_the_script_is_small() -> None:
    assert len(gzip.compress(asset("explorer.js").encode())) < 80_000


def test_the_command_writes_the_page_each_time_the_same_and_names_what_it_cannot_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "q.html"
    status, out, _ = call(monkeypatch, capsys, "explore", run_folder(), "--export", path)
    assert status == 0
    assert str(path) in out
    assert path.read_text(encoding="utf-8") == page_text(data())
    status, _, err = call(monkeypatch, capsys, "explore", tmp_path / "nowhere", "--export", path)
    assert status == 2
    assert "cannot be explored" in err
    status, _, err = call(monkeypatch, capsys, "explore", run_folder())
    assert status == 2
    assert "--export" in err
