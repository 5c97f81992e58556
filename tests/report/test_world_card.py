"""Dataset cards and the gallery as pages: everything said, nothing loaded, no name that becomes code."""

import html
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import geosae_synthetic
import numpy as np
import pytest

from geosae.cli.worlds import _construction, _pair, make_gallery
from geosae.data.dataset import ConceptDataset
from geosae.data.truth import ConceptTruth
from geosae.errors import InvalidInput
from geosae.report.gallery import Exhibit, gallery_page
from geosae.report.world_card import Construction, Picture, card_page, truth_cells

PIXEL = Picture(b"\x89PNG", "A caption.", "An alternative.")


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, name: str, attrs) -> None:
        if name not in ("img", "meta", "br", "hr"):
            self.open.append(name)
        self.found += [value for key, value in attrs if key in ("src", "href")]
        self.ids += [value for key, value in attrs if key == "id"]

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name


def read(page: str) -> Links:
    links = Links()
    links.feed(page)
    assert not links.open
    return links


def make(name: str, dim: int = 2, **params) -> ConceptDataset:
    return geosae_synthetic.make(name, points=400, dim=dim, rng=np.random.default_rng(7), **params)


def test_a_card_says_everything_and_loads_nothing() -> None:
    data = make("nested-balls", depth=3, radius=0.8)
    page = card_page("nested-balls", data, _construction(data), PIXEL)
    links = read(page)
    assert all(link.startswith("data:image/png;base64,") for link in links.found)
    assert "http" not in page.replace("http-equiv", "")
    world = geosae_synthetic.describe("nested-balls")
    text = html.unescape(re.sub(r"<[^>]+>", "", page))
    for words in (*world.steps, world.distribution, world.truth, *(one.meaning for one in world.parameters)):
        assert words.replace("`", "") in text
    assert data.content_hash in text
    assert "seed: 7" in text
    assert "box half-widths" in text
    assert "<td>0.8</td>" in page
    assert "level 3 ⊂ level 2" in text
    assert "level 3 ⊂ level 1" not in text  # the cover relation, not all pairs
    assert "An alternative." in page


def test_a_card_of_foreign_data_is_escaped_and_says_what_is_unknown() -> None:
    points = np.arange(6.0).reshape(3, 2)
    held = np.array([[True, True], [True, False], [False, False]])
    data = ConceptDataset(points, held, ("<script>x</script>", "b & c"))
    page = card_page("mine", data, None, PIXEL)
    read(page)
    assert "<script" not in page
    assert "b &amp; c ⊂ &lt;script&gt;" in page
    assert "(on the sample)" in page
    assert "not recorded" in page


@pytest.mark.parametrize(
    ("truth", "cells"),
    [
        (None, ["–"] * 6),
        (ConceptTruth(True, 0.0, False, True, 4, None, None, 2), ["yes", "0", "no", "yes", "4", "2"]),
        (
            ConceptTruth(error_interval=(0.25, 0.5), unit_interval=(2, 3)),
            ["–", "0.25 … 0.5", "–", "–", "2 … 3", "–"],
        ),
    ],
)
def test_what_is_known_is_shown_and_what_is_not_is_a_dash(truth, cells: list[str]) -> None:
    assert truth_cells(truth) == cells


def test_long_lists_are_cut_and_said_to_be() -> None:
    points = np.arange(160.0).reshape(80, 2)
    held = np.tril(np.ones((80, 80), dtype=bool))
    data = ConceptDataset(points, held, tuple(f"c{k}" for k in range(80)), allow_trivial=True)
    page = card_page("chain", data, None, PIXEL)
    assert "The first 64 of 80 concepts." in page
    assert "79 inclusions, the first 64 of them" in page
    assert "c79" not in page


def test_coordinates_are_two_numbers() -> None:
    assert _pair(None) is None
    assert _pair("3, 1") == (3, 1)
    for wrong in ("3", "a,b", "1,2,3", "1,-2"):
        with pytest.raises(InvalidInput, match="not two numbers"):
            _pair(wrong)


def exhibits() -> list[Exhibit]:
    data = make("disjoint-balls")
    words = _construction(data)
    assert isinstance(words, Construction)
    return [Exhibit(f"Number {k}", "disjoint-balls", data, words, PIXEL) for k in range(2)]


def test_a_gallery_counts_what_it_shows_and_its_contents_lead_somewhere() -> None:
    page = gallery_page([("One", "First.", exhibits()), ("Two", "Second.", [])])
    links = read(page)
    inner = [link[1:] for link in links.found if link.startswith("#")]
    assert inner == links.ids == ["family-1", "family-2"]
    assert "1 worlds in 2 families, 2 pictures" in page
    assert page.count("<article>") == page.count("<summary>Card</summary>") == 2


BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")
def test_a_browser_shows_the_whole_gallery_narrow_and_wide_with_all_cards_open(tmp_path: Path) -> None:
    assert BROWSER is not None
    page = make_gallery(0)
    assert page.count("<article>") == page.count("<img ") >= 40
    probe = (
        "<script>addEventListener('load',()=>{const d=document;"
        "d.querySelectorAll('details').forEach(x=>x.open=true);"
        "d.title=JSON.stringify({w:d.documentElement.scrollWidth,i:[...d.images].every(x=>x.naturalWidth>0)})})</script>"
    )
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    copy = tmp_path / "probe.html"
    copy.write_text(text.replace("</body>", probe + "</body>"), encoding="utf-8")
    for width in (500, 1300):
        command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
        command += [f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},2000"]
        command += ["--virtual-time-budget=5000", copy.as_uri()]
        run = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
        title = re.search(r"<title>(.*?)</title>", run.stdout)
        assert title is not None
        found = re.fullmatch(r'\{"w":(\d+),"i":(true|false)\}', title[1].replace("&quot;", '"'))
        assert found is not None
        assert int(found[1]) <= width
        assert found[2] == "true"
