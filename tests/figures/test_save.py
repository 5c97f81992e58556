import hashlib
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

from geosae.errors import InvalidInput
from geosae.figures import Sheet, heatmap, render, save
from geosae.figures.save import save_sheet


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
