"""Characters that the figures' font cannot draw, spelled out so that two labels never look alike.

Figures are set in DejaVu Sans, which comes with matplotlib: the same font, and so the same bytes, everywhere.
"""

import re
from functools import cache

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.text import Text
from matplotlib.ticker import Formatter, FuncFormatter

from geosae.notebook import short_text

LONGEST_LINE = 300
"""Characters beyond which a line leaves every page, and is cut there with an ellipsis."""
LONGEST_TICK = 40
"""Characters of a tick's label beyond which it would leave no room for the axes."""
LONGEST_OF_CELLS = 20
"""The same for the names of a heat map's rows and columns, of which several share a page's width."""


def printable(text: str) -> str:
    r"""Return the text with characters that the font lacks as their code points in brackets, as Unicode does.

    Line breaks stay what they are.

    Examples
    --------
    >>> printable("α costs $1 \\foo"), printable("日本 a\tb")
    ('α costs $1 \\foo', '⟨U+65E5 U+672C⟩ a⟨U+0009⟩b')
    """
    drawn = _drawn()
    if all(ord(character) in drawn for character in text):
        return text
    pattern = "".join(character if ord(character) in drawn else "\0" for character in text)
    return "".join(
        f"⟨{' '.join(f'U+{ord(c):04X}' for c in text[m.start() : m.end()])}⟩" if m[0][0] == "\0" else m[0]
        for m in re.finditer(r"\0+|[^\0]+", pattern)
    )


@cache
def _drawn() -> frozenset[int]:
    font = get_font(findfont(FontProperties(family="DejaVu Sans"), fallback_to_default=False))
    # Control characters have blank glyphs in some fonts; blank is not drawn.
    return frozenset(code for code in font.get_charmap() if code >= 0x20) | {ord("\n")}


def set_literally(figure: Figure) -> None:
    r"""Let every text of a figure stand as it is: no mathematics, and nothing that the font leaves blank.

    Only lines that leave no room are cut, with an ellipsis.

    Examples
    --------
    >>> figure = Figure()
    >>> text = figure.text(0, 0, "$x^2$ 日")
    >>> set_literally(figure)
    >>> text.get_text(), text.get_parse_math()
    ('$x^2$ ⟨U+65E5⟩', False)
    """
    for ax in figure.findobj(Axes):
        assert isinstance(ax, Axes)
        for axis in (ax.xaxis, ax.yaxis):
            _label_literally(axis)
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
        text.set_text(_cut(printable(text.get_text()), LONGEST_LINE))


def _label_literally(axis: Axis) -> None:
    labels = [label.get_text() for label in axis.get_ticklabels()]
    if any(_cut(printable(label), LONGEST_TICK) != label for label in labels):
        # Tick labels are made anew at every drawing: what makes them is changed, not they.
        axis.set_major_formatter(_spelling(axis.get_major_formatter()))


def _spelling(formatter: Formatter) -> FuncFormatter:
    def spelled(value: float, position: int | None = None) -> str:
        return _cut(printable(formatter(value, position)), LONGEST_TICK)

    return FuncFormatter(spelled)


def name_of_cells(text: str) -> str:
    """Return the name of a row or column of cells, in so few characters that the cells keep room.

    Examples
    --------
    >>> name_of_cells("K = 4"), name_of_cells("a name of many characters")
    ('K = 4', 'a name of many char…')
    """
    return _cut(printable(text), LONGEST_OF_CELLS)


def _cut(text: str, most: int) -> str:
    return "\n".join(short_text(line, most) for line in text.split("\n"))
