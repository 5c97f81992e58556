"""`geosae worlds verify`, `card` and `gallery` as a user meets them."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from command import call

import geosae.cli.worlds as pages


@pytest.fixture
def made(tmp_path: Path, monkeypatch, capsys) -> Path:
    monkeypatch.chdir(tmp_path)
    arguments = ("worlds", "make", "nested-balls", "--points", 400, "--dim", 3, "--set", "depth=2")
    status, _, _ = call(monkeypatch, capsys, *arguments, "-o", "w.npz")
    assert status == 0
    return tmp_path / "w.npz"


def test_a_file_that_is_as_it_was_made_passes(made: Path, monkeypatch, capsys) -> None:
    status, out, _ = call(monkeypatch, capsys, "worlds", "verify", "w.npz")
    assert status == 0
    assert "w.npz: 10 checks, 0 failed, 0 open" in out
    assert "FAILS" not in out
    for name in ("content hash", "drawn again, byte by byte", "rows of the true context"):
        assert f"\n{name}" in out


def test_a_tampered_file_fails_with_status_one(made: Path, monkeypatch, capsys) -> None:
    with np.load(made, allow_pickle=False) as held:
        arrays = {key: held[key].copy() for key in held.files}
    arrays["points"][0, 0] += 1e-9
    np.savez(made, **arrays)
    status, out, _ = call(monkeypatch, capsys, "worlds", "verify", "w.npz")
    assert status == 1
    assert "1 checks, 1 failed, 0 open" in out
    assert "changed after it was written" in out
    status, _, err = call(monkeypatch, capsys, "worlds", "verify", "none.npz")
    assert status != 0
    assert "there is no file" in err


def test_a_card_is_written_beside_the_file(made: Path, monkeypatch, capsys) -> None:
    status, out, _ = call(monkeypatch, capsys, "worlds", "card", "w.npz", "--coordinates", "1,3")
    assert (status, out) == (0, "w.html\n")
    page = made.with_suffix(".html").read_text(encoding="utf-8")
    assert "coordinates 1 and 3" in page
    assert "data:image/png;base64,iVBOR" in page
    status, _, err = call(monkeypatch, capsys, "worlds", "card", "w.npz", "--coordinates", "1")
    assert status != 0
    assert "not two numbers" in err


def test_the_gallery_is_written(tmp_path: Path, monkeypatch, capsys) -> None:
    import geosae_synthetic.showcase as showcase

    # All worlds are drawn in the slow test of tests/explorer; here the way to the file.
    one = showcase.FAMILIES[0]
    monkeypatch.setattr(showcase, "FAMILIES", (showcase.Family(one.name, one.words, one.shown[:1]),))
    monkeypatch.chdir(tmp_path)
    status, out, err = call(monkeypatch, capsys, "worlds", "gallery", "-o", "g.html", "--seed", 3)
    assert status == 0
    assert re.match(r"g\.html: 0\.\d MB", out)
    assert "1/1" in err
    page = (tmp_path / "g.html").read_text(encoding="utf-8")
    assert page == pages.make_gallery(3) != pages.make_gallery(4)
