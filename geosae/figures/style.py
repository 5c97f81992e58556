"""One style for every figure: widths of a paper, colours that survive colour blindness and grey print.

Categorical colours: blue, vermillion, green, purple and black of Okabe and Ito 2008, "Color Universal
Design" (https://jfly.uni-koeln.de/color/), with wine, indigo and dark green of Tol, "Colour Schemes",
SRON/EPS/TN/09-002 (https://sronpersonalpages.nl/~pault/). Okabe and Ito's yellow, orange and sky blue are
left out: thin lines of them fade on white (contrast 1.3, 2.2 and 2.3; WCAG 2.2, criterion 1.4.11, asks 3).
Sequential colours: one scale for shares and errors, so laid that dark blue is good and pale is not.
Nothing here touches the global state of matplotlib: figures are `Figure` objects made inside `styled()`.
"""

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation

COLUMN = 3.3
"""Width of a column figure, in inches."""
PAGE = 6.8
"""Width of a page figure, in inches."""

INK = "#1a1a1a"
MUTED = "#767676"
FAINT = "#d4d4d4"

COLOURS = ("#0072B2", "#D55E00", "#882255", "#009E73", "#332288", "#CC79A7", "#225522", "#000000")
"""The eight colours: each at least 3:1 on white, any two apart by ΔE₀₀ > 11 under each colour blindness.

Neighbours also differ in lightness, for grey print."""
GREAT_IS_GOOD, SMALL_IS_GOOD = "Blues", "Blues_r"
"""Colour maps for shares learned, and for errors: the same colour always means good."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
RAISED = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (7, 2, 1, 2)))

STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 7.5,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 4.0,
    "axes.titlesize": 8.0,
    "figure.dpi": 100.0,
    "figure.facecolor": "white",
    "font.family": ["DejaVu Sans"],
    "font.size": 7.5,
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "image.cmap": "Blues",
    "image.interpolation": "nearest",
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "mathtext.fontset": "dejavusans",
    "pdf.compression": 6,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "savefig.bbox": "standard",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    # Element ids of an SVG are hashed with this salt; without one they are random.
    "svg.hashsalt": "geosae",
    "text.color": INK,
    # Names are data: a $ in a label is a $.
    "text.parse_math": False,
    "xtick.color": INK,
    "xtick.labelsize": 6.5,
    "xtick.major.size": 2.5,
    "xtick.major.width": 0.6,
    "ytick.color": INK,
    "ytick.labelsize": 6.5,
    "ytick.major.size": 2.5,
    "ytick.major.width": 0.6,
}
"""Every setting a figure of geosae differs in from matplotlib's own defaults."""


@contextmanager
def styled() -> Generator[None]:
    """Work in geosae's style, starting from matplotlib's defaults; the caller's settings come back after it.

    Examples
    --------
    >>> before = mpl.rcParams["pdf.fonttype"]
    >>> with styled():
    ...     mpl.rcParams["pdf.fonttype"]
    42
    >>> mpl.rcParams["pdf.fonttype"] == before
    True
    """
    # Defaults first: otherwise a user's matplotlibrc would change the bytes of our figures.
    settings: dict[Any, Any] = {
        key: value
        for key, value in mpl.rcParamsDefault.items()
        if key != "backend" and not key.startswith(("webagg", "interactive", "toolbar", "timezone"))
    }
    settings.update(STYLE)
    with mpl.rc_context(settings):
        yield


def blank(width: float = COLUMN, height: float = 2.4) -> Figure:
    """Return an empty figure of that size in inches, laid out so that labels are not clipped.

    Examples
    --------
    >>> float(blank(PAGE, 2.0).get_figwidth())
    6.8
    """
    return Figure(figsize=(width, height), layout="constrained")


def panels(
    rows: int, columns: int, *, width: float = PAGE, height: float = 2.4
) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure and its grid of axes, as nested lists even where there is one row or column.

    Examples
    --------
    >>> figure, axes = panels(1, 2)
    >>> len(axes), len(axes[0])
    (1, 2)
    """
    figure = blank(width, height)
    grid = figure.subplots(rows, columns, squeeze=False)
    return figure, [list(row) for row in grid]


def log_scale(ax: Axes, letters: Literal["x", "y", "xy"], base: float = 10.0, **options: Any) -> None:
    """Scale axes logarithmically, their powers in plain characters, since no text is set as mathematics.

    Options are those of matplotlib's logarithmic scale.

    Examples
    --------
    >>> with styled():
    ...     figure, [[ax]] = panels(1, 1)
    ...     log_scale(ax, "x")
    ...     ax.set_xlim(0.001, 10)
    ...     [label.get_text() for label in ax.get_xticklabels()][1:-1]
    (0.001, 10)
    ['10⁻³', '10⁻²', '10⁻¹', '10⁰', '10¹']
    """
    for letter in letters:
        getattr(ax, f"set_{letter}scale")("log", base=base, **options)
        axis: Axis = getattr(ax, f"{letter}axis")
        axis.set_major_formatter(_PlainPowers(base))
        axis.set_minor_formatter(_PlainPowers(base, labelOnlyBase=base != 10))


class _PlainPowers(LogFormatterSciNotation):
    """Powers as 10³ in place of mathematics."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        text = super().__call__(x, pos)
        text = text.removeprefix(r"$\mathdefault{").removesuffix("}$").replace(r"\times", "×")
        return re.sub(r"\^\{(.*?)\}", lambda power: power[1].translate(RAISED), text)


def colour(index: int) -> str:
    """Return the categorical colour of an index; they repeat after eight, when the marker still differs.

    Examples
    --------
    >>> colour(0) == colour(8)
    True
    """
    return COLOURS[index % len(COLOURS)]


def marker(index: int) -> str:
    """Return the marker of an index, so that no reader depends on colour alone.

    The pair (colour, marker) repeats only after 64.

    Examples
    --------
    >>> marker(0), marker(8)
    ('o', 's')
    """
    return MARKERS[(index + index // len(COLOURS)) % len(MARKERS)]


def line(index: int) -> Any:
    """Return the dash pattern of an index.

    Examples
    --------
    >>> line(1)
    '--'
    """
    return LINES[(index + index // len(COLOURS)) % len(LINES)]


def ink_on(rgb: Sequence[float]) -> str:
    """Return black or white, whichever contrasts more with a background colour (WCAG 2 relative luminance).

    Parameters
    ----------
    rgb
        Red, green, blue in [0, 1]; a fourth value is ignored.

    Examples
    --------
    >>> ink_on((1.0, 1.0, 0.9)), ink_on((0.2, 0.0, 0.3))
    ('black', 'white')
    """
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in list(rgb)[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    # 0.179 is where the contrast ratios (L + 0.05) / 0.05 and 1.05 / (L + 0.05) are equal.
    return "black" if luminance > 0.179 else "white"


def legend_columns(labels: Sequence[str], width: float, most: int = 4) -> int:
    """Return how many columns of a legend fit into a width in inches, by its longest label.

    Examples
    --------
    >>> legend_columns(["left", "right"], COLUMN), legend_columns(["a label of many words"], COLUMN)
    (4, 2)
    """
    longest = max(len(label) for label in labels)
    return max(1, min(most, int(width / (0.33 + 0.062 * longest))))
