"""The exported page in a real browser, from a disk: every view opened, clicked and read; nothing is loaded.

Run by `make test-browser`, with Playwright and Debian's Chromium (`apt-get install chromium`).
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from explorer.small_run import data, results

from geosae.explorer import write_page
from geosae.explorer.records import SAERecord

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = Path(__file__).parents[2] / "geosae/explorer/frontend/node_modules/axe-core/axe.min.js"
VIEWS = ("answers", "concept", "neuron", "lattice")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: apt-get install chromium"),
]


@dataclass
class Opened:
    """A page, and what went wrong on it: requests beside its own file, and errors on the console."""

    page: Any
    address: str
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def go(self, **state: object) -> "Opened":
        """Open a state of the explorer anew, as a link would."""
        self.page.goto("about:blank")
        self.page.goto(self.address + "#" + "&".join(f"{k}={v}" for k, v in state.items()))
        self.page.wait_for_selector("#view > div")
        return self


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install playwright"
    )
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(data(), tmp_path_factory.mktemp("page") / "explorer.html")


@pytest.fixture
def opened(browser: Any, exported: Path) -> Iterator[Opened]:
    context = browser.new_context(viewport={"width": 1400, "height": 1000}, offline=True)
    one = Opened(context.new_page(), exported.as_uri())
    # A file that is saved, or an image made from a drawing, is no request of anything outside the page.
    one.page.on(
        "request",
        lambda request: (
            request.url.startswith(("blob:", "data:", one.address, "about:"))
            or one.requests.append(request.url)
        ),
    )
    one.page.on("console", lambda line: line.type in ("error", "warning") and one.errors.append(line.text))
    one.page.on("pageerror", lambda error: one.errors.append(str(error)))
    yield one
    assert one.requests == []
    assert one.errors == []
    context.close()


def sae(world: int = 0, number: int = 0) -> SAERecord:
    return data().worlds[world].saes[number]


def text_of(number: float) -> str:
    """A number as the page prints it, to three digits."""
    return f"{float(f'{number:.3g}'):g}"


def test_every_view_opens_from_a_disk_and_its_keys_switch(opened: Opened) -> None:
    opened.go()
    assert "small <b>run</b>" in opened.page.inner_text("h1")
    for key, view in enumerate(VIEWS, start=1):
        opened.page.keyboard.press(str(key))
        opened.page.wait_for_selector(f"#tab-{view}[aria-selected=true]")
        assert len(opened.page.inner_text("#view")) > 200
        assert ("view" not in opened.page.url) == (view == "answers")


def test_the_matrix_shows_the_stored_answers_and_a_click_selects(opened: Opened) -> None:
    for world in range(2):
        opened.go(world=world, learner="neurons")
        rows = sae(world).answers().separation.neurons
        for k, row in enumerate(rows):
            label = opened.page.text_content(f'[data-cell="{k}-separation"]')
            assert row.concept in label
            assert row.answer in label
        opened.page.click(f'[data-cell="{len(rows) - 1}-separation"]')
        error = text_of(rows[-1].error) if rows[-1].neurons else "–"
        # The inspector is drawn after the click: wait for it.
        opened.page.locator("#inspected-error", has_text=error).wait_for(timeout=10_000)
        assert opened.page.inner_text("#inspected-error").startswith(error)
        assert f"concept={len(rows) - 1}" in opened.page.url


def test_the_slider_of_the_tolerance_moves_the_answers(opened: Opened) -> None:
    opened.go(world=1, learner="units", eps=0.5)
    rows = sae(1).answers().separation.units
    learned = sum(row.least_tolerance <= 0.5 for row in rows)
    assert opened.page.inner_text("#summary b >> nth=0") == str(learned)
    opened.page.click("text=ε of the run")
    stored = sum(row.answer == "learned" for row in rows)
    assert opened.page.inner_text("#summary b >> nth=0") == str(stored)


def test_a_neuron_is_clicked_and_its_numbers_are_the_stored_ones(opened: Opened) -> None:
    opened.go(view="neuron", sort="-density")
    record = sae()
    fullest = max(range(record.width), key=lambda i: (record.fired[i], -i))
    first = opened.page.locator("section[aria-label='All neurons'] tbody tr >> nth=0")
    assert first.locator("th").inner_text() == f"n{fullest}"
    first.locator("th button").click()
    assert opened.page.inner_text("#neuron h2") == f"Neuron n{fullest}"
    neuron = record.neurons[fullest]
    assert opened.page.inner_text("#neuron-ablation") == text_of(neuron.ablation).replace("-", "−")
    assert opened.page.inner_text("#neuron-density").startswith(f"{float(f'{100 * neuron.density:.2g}'):g}")
    opened.page.select_option("section[aria-label='All neurons'] select", "dead")
    dead = sum(neuron.dead for neuron in record.neurons)
    assert f"{dead} neuron" in opened.page.inner_text(
        "section[aria-label='All neurons'] [role=status] >> nth=0"
    )


def test_a_node_is_clicked_and_the_keys_walk_along_covers(opened: Opened) -> None:
    opened.go(view="lattice", world=1)
    pair, names = sae(1).lattices, [concept.name for concept in data().worlds[1].concepts]
    assert pair is not None
    assert pair.learned is not None
    for side, lattice in (("t", pair.truth), ("l", pair.learned)):
        assert opened.page.locator(f'[data-node^="{side}"]').count() == len(lattice.nodes)
        for i, node in list(enumerate(lattice.nodes))[1:4]:
            opened.page.locator(f'[data-node="{side}{i}"]').dispatch_event("click")
            extent = opened.page.inner_text("#node-extent")
            assert all(names[k] in extent for k in node.extent)
            assert opened.page.inner_text("#node-stability") == text_of(node.stability)
    covers = {tuple(pair_) for pair_ in pair.truth.covers.array().tolist()}
    opened.go(view="lattice", world=1, node="t1")
    opened.page.focus('[data-node="t1"]')
    opened.page.keyboard.press("ArrowUp")
    above = [high for low, high in covers if low == 1]
    # The focus follows the selection once the drawing is there.
    opened.page.wait_for_selector(",".join(f'[data-node="t{i}"][aria-pressed=true]:focus' for i in above))
    focused = opened.page.evaluate("document.activeElement.dataset.node")
    assert f"node={focused}" in opened.page.url


def test_what_is_hidden_is_said(opened: Opened) -> None:
    opened.go(view="lattice", world=1, support=2)
    pair = sae(1).lattices
    assert pair is not None
    hidden = sum(len(node.extent) < 2 for node in pair.truth.nodes)
    assert f"Hidden: {hidden} of {len(pair.truth.nodes)}" in opened.page.inner_text("#hidden")


def test_the_state_survives_a_reload(opened: Opened) -> None:
    opened.go(view="concept", world=1)
    opened.page.select_option("#view select >> nth=0", "3")
    opened.page.select_option("#view select >> nth=2", "units")
    before = opened.page.inner_text("#view h2"), opened.page.url
    opened.page.reload()
    opened.page.wait_for_selector("#view h2")
    assert (opened.page.inner_text("#view h2"), opened.page.url) == before
    assert data().worlds[1].concepts[3].name in before[0]


def test_annotations_go_out_and_in_again(opened: Opened, tmp_path: Path) -> None:
    opened.go(view="concept", world=1, concept=2)
    opened.page.fill("#view textarea", "a ball <b>beside</b> another")
    opened.page.reload()
    opened.page.wait_for_selector("#view textarea")
    assert opened.page.input_value("#view textarea") == "a ball <b>beside</b> another"
    with opened.page.expect_download() as download:
        opened.page.click("footer >> text=Export")
    path = tmp_path / "annotations.json"
    download.value.save_as(path)
    name = data().worlds[1].concepts[2].name
    assert json.loads(path.read_text(encoding="utf-8"))["annotations"] == {
        f"balls / {name}": "a ball <b>beside</b> another"
    }
    opened.page.fill("#view textarea", "")
    assert "0 annotations" in opened.page.inner_text("footer h2")
    opened.page.set_input_files("footer input[type=file]", path)
    opened.page.wait_for_selector("footer li")
    assert opened.page.input_value("#view textarea") == "a ball <b>beside</b> another"
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    opened.page.set_input_files("footer input[type=file]", wrong)
    opened.page.wait_for_selector("footer >> text=was not read")


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_saved_as_a_table_and_as_a_drawing(view: str, opened: Opened, tmp_path: Path) -> None:
    opened.go(view=view, world=1)
    tools = opened.page.locator("#view .tools").last
    for kind in ("CSV", "SVG", "PNG"):
        button = tools.get_by_text(kind, exact=True)
        if kind != "CSV" and view == "answers":
            assert button.count() == 0
            continue
        with opened.page.expect_download() as download:
            button.click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        start = path.read_bytes()[:8]
        assert start.startswith({"CSV": b"", "SVG": b"<svg", "PNG": b"\x89PNG"}[kind])
        if kind == "CSV":
            lines = path.read_text(encoding="utf-8").splitlines()
            assert len(lines) > 3
            assert len({line.count(",") for line in lines if '"' not in line}) == 1


def test_what_is_copied_as_python_runs_and_gives_the_same(opened: Opened) -> None:
    names: dict[str, Any] = {}
    exec(sae().python, names)
    assert names["result"].cell == sae().cell
    assert tuple(names["alignment"].metrics.fired.tolist()) == sae().fired
    assert len(names["unseen"].points) == data().worlds[0].points.held_out  # pyright: ignore
    assert len(results().cells) == 8


@pytest.mark.parametrize("width", [1400, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_and_axe_finds_nothing(width: int, scheme: str, opened: Opened) -> None:
    opened.page.set_viewport_size({"width": width, "height": 900})
    opened.page.emulate_media(color_scheme=scheme)
    for view in VIEWS:
        opened.go(view=view, world=1)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width, view
        if not AXE.is_file():
            continue
        # The page's policy would refuse a script that is added to it; Playwright evaluates beside it.
        opened.page.evaluate(AXE.read_text(encoding="utf-8"))
        violations = opened.page.evaluate(
            "axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 120))]))"
        )
        assert violations == [], view
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in geosae/explorer/frontend")
