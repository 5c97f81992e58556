import itertools
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest

from geosae.figures.style import OKABE_ITO, STYLE, colour, ink_on, line, marker, styled

QUIET = """
import matplotlib, sys
# Reading the setting "backend" would itself choose one.
settings = lambda: {k: matplotlib.rcParams[k] for k in matplotlib.rcParams if k != "backend"}
before = settings()
backend = matplotlib.get_backend(auto_select=False)
import geosae.figures
from geosae.figures import heatmap, render
import numpy as np
render(heatmap(np.eye(2), ["a", "b"], ["c", "d"]), "pdf")
assert settings() == before
assert matplotlib.get_backend(auto_select=False) == backend
assert "matplotlib.pyplot" not in sys.modules
print("quiet")
"""


def test_importing_and_drawing_leave_the_users_matplotlib_alone():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", QUIET], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "quiet", done.stderr


def test_the_style_is_the_same_whatever_the_user_has_set():
    with mpl.rc_context({"axes.facecolor": "pink", "lines.linewidth": 9.0}), styled():
        assert mpl.rcParams["axes.facecolor"] == "white"
        assert mpl.rcParams["lines.linewidth"] == STYLE["lines.linewidth"]


def test_settings_come_back_after_an_error():
    before = mpl.rcParams["font.size"]
    with pytest.raises(RuntimeError), styled():
        raise RuntimeError
    assert mpl.rcParams["font.size"] == before


def test_marker_and_colour_together_name_64_series():
    assert len({(colour(i), marker(i)) for i in range(64)}) == 64
    assert len({(colour(i), str(line(i))) for i in range(64)}) == 64


def grey(hexadecimal: str) -> float:
    r, g, b = (int(hexadecimal[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_neighbouring_colours_differ_in_grey_print():
    assert all(abs(grey(a) - grey(b)) > 0.04 for a, b in itertools.pairwise(OKABE_ITO))


@pytest.mark.parametrize("name", ["viridis", "cividis"])
def test_values_on_sequential_colours_can_be_read(name: str):
    for value in np.linspace(0, 1, 101):
        rgb = mpl.colormaps[name](value)[:3]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        ink = 0.0 if ink_on(rgb) == "black" else 1.0
        contrast = (max(ink, luminance) + 0.05) / (min(ink, luminance) + 0.05)
        assert contrast >= 4.5  # WCAG 2, level AA
