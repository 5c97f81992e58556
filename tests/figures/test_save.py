import hashlib
import io
import struct
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from geosae.errors import InvalidInput
from geosae.figures import Sheet, heatmap, render, save
from geosae.figures.save import FLAT, PNG_DPI, save_sheet, with_palette
from geosae.figures.style import styled


def picture():
    return heatmap(np.array([[0.1, 0.9]]), ["8"], ["1", "2"], column_label="λ", value_label="share ε")


SCRIPT = """
import hashlib, numpy as np
from geosae.figures import heatmap, render
figure = heatmap(np.array([[0.1, 0.9]]), ["8"], ["1", "2"], column_label="λ", value_label="share ε")
for format in ("pdf", "png", "svg"):
    print(hashlib.sha256(render(figure, format)).hexdigest())
"""


def test_equal_figures_give_equal_bytes_in_other_processes_at_other_times():
    ours = [hashlib.sha256(render(picture(), f)).hexdigest() for f in ("pdf", "png", "svg")]
    # Another order of hashes, and a date in another decade, in case one enters the file.
    environment = {"PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1000000000", "PATH": ""}
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.split() == ours


def test_saving_again_in_another_format_changes_nothing():
    figure = picture()
    first = render(figure, "png")
    render(figure, "pdf")
    assert render(figure, "png") == first


def test_a_users_settings_do_not_change_the_bytes():
    ours = render(picture(), "pdf")
    with mpl.rc_context({"pdf.fonttype": 3, "font.size": 20.0, "savefig.bbox": "tight", "axes.grid": True}):
        assert render(picture(), "pdf") == ours


def test_other_values_give_other_bytes():
    other = heatmap(np.array([[0.2, 0.9]]), ["8"], ["1", "2"], column_label="λ", value_label="share ε")
    assert render(other, "pdf") != render(picture(), "pdf")


def test_fonts_are_embedded_as_truetype_and_no_date_is_written():
    data = render(picture(), "pdf")
    assert b"/FontFile2" in data
    assert b"/Type3" not in data
    assert b"CreationDate" not in data


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path: Path):
    with pytest.raises(InvalidInput, match="jpeg"):
        save(picture(), tmp_path / "a", ["png", "jpeg"])
    assert list(tmp_path.iterdir()) == []


def test_a_sheet_comes_with_its_words(tmp_path: Path):
    sheet = Sheet("a", picture(), "Title", "n = 2", "two cells", "plane")
    paths = save_sheet(sheet, tmp_path, ["png"], family="maps", position=3)
    assert [p.name for p in paths] == ["a.png"]
    text = (tmp_path / "a.json").read_text()
    assert all(word in text for word in ("Title", "n = 2", "two cells", "maps", "plane"))


def drawn(figure) -> bytes:
    """The PNG as matplotlib writes it, with all its colours."""
    buffer = io.BytesIO()
    with styled():
        figure.savefig(buffer, format="png", dpi=PNG_DPI, metadata={"Software": None})
    return buffer.getvalue()


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def chunks(png: bytes) -> list[str]:
    names, at = [], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        names.append(png[at + 4 : at + 8].decode())
        at += 12 + length
    return names


def shades(count: int):
    """A heat map of so many rows and columns, each cell of its own value, with a bar of all colours."""
    names = [str(i) for i in range(count)]
    values = np.linspace(0, 1, count**2).reshape(count, count)
    return heatmap(values, names, names, column_label="λ", value_label="share ε")


def test_a_palette_takes_half_of_the_bytes_and_moves_no_flat_colour():
    figure = shades(6)
    small = render(figure, "png")
    whole = drawn(figure)
    assert Image.open(io.BytesIO(small)).mode == "P"
    assert len(small) < len(whole) / 2
    before, after = pixels(whole), pixels(small)
    colours, place, counts = np.unique(before.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    assert len(colours) > 1000
    flat = (counts >= FLAT * counts.sum())[place.ravel()]
    # All 36 cells, the paper, the ink: as they were.
    assert len(np.unique(before.reshape(-1, 3)[flat], axis=0)) >= 36
    assert np.array_equal(before.reshape(-1, 3)[flat], after.reshape(-1, 3)[flat])
    # And of the mixtures nobody sees the difference: on average less than one of 255 steps.
    assert np.abs(before - after).mean() < 1


def test_a_picture_with_too_many_flat_colours_keeps_them_all():
    figure = shades(20)
    assert np.array_equal(pixels(render(figure, "png")), pixels(drawn(figure)))


def test_few_colours_are_kept_exactly():
    picture = Image.new("RGB", (64, 64), "white")
    for shade in range(255):
        picture.putpixel((shade % 64, shade // 64), (shade, 255 - shade, 128))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    assert np.array_equal(pixels(with_palette(buffer.getvalue())), np.asarray(picture))


def test_a_transparent_picture_stays_as_it_is():
    buffer = io.BytesIO()
    Image.new("RGBA", (4, 4), (255, 0, 0, 128)).save(buffer, format="PNG")
    assert with_palette(buffer.getvalue()) == buffer.getvalue()


def test_a_palette_brings_no_metadata_and_keeps_the_resolution():
    figure = picture()
    small, whole = render(figure, "png"), drawn(figure)
    assert {*chunks(small)} - {*chunks(whole)} == {"PLTE"}
    assert {*chunks(whole)} <= {*chunks(small)}
    resolutions = [Image.open(io.BytesIO(png)).info["dpi"] for png in (small, whole)]
    assert resolutions[0] == resolutions[1]
