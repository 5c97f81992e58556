import itertools
import subprocess
import sys
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pytest
from figures.colour_sight import contrast_on_white, difference, lab, linear, seen_apart

from geosae.figures.style import COLOURS, STYLE, colour, ink_on, line, marker, styled

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


OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")


def least_apart(colours: Sequence[str]) -> float:
    return min(itertools.starmap(seen_apart, itertools.combinations(colours, 2)))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [  # From the table of Sharma, Wu and Dalal 2005.
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ],
)
def test_the_measure_of_colour_difference_is_ciede2000(one, other, expected):
    assert difference(np.array(one, dtype=float), np.array(other, dtype=float)) == pytest.approx(
        expected, abs=1e-4
    )


def test_every_colour_can_be_seen_as_a_thin_line_on_white():
    assert all(contrast_on_white(c) >= 3 for c in COLOURS)  # WCAG 2.2, criterion 1.4.11
    assert sum(contrast_on_white(c) < 3 for c in OKABE_ITO) == 3


def test_colours_stay_apart_under_colour_blindness_better_than_okabe_and_ito():
    assert least_apart(COLOURS) > 11.5
    assert least_apart(OKABE_ITO) < 11
    assert least_apart(COLOURS[:3]) > 20
    assert seen_apart("#D55E00", "#999933") < 6  # vermillion and olive, which some mistake


def test_neighbouring_colours_differ_in_grey_print():
    lightness = [lab(linear(c))[0] for c in COLOURS]
    assert all(abs(a - b) > 8 for a, b in itertools.pairwise(lightness))


@pytest.mark.parametrize("name", ["viridis", "cividis"])
def test_values_on_sequential_colours_can_be_read(name: str):
    for value in np.linspace(0, 1, 101):
        rgb = mpl.colormaps[name](value)[:3]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        ink = 0.0 if ink_on(rgb) == "black" else 1.0
        contrast = (max(ink, luminance) + 0.05) / (min(ink, luminance) + 0.05)
        assert contrast >= 4.5  # WCAG 2, level AA
