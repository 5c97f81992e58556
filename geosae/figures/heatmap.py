"""Heat maps with the value printed in each cell, and baselines as columns beside."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from geosae.errors import InvalidInput
from geosae.figures.glyphs import name_of_cells
from geosae.figures.style import COLUMN, GREAT_IS_GOOD, MUTED, blank, ink_on, styled
from geosae.storage.arguments import checked_arguments
from geosae.validation import INCHES, as_array, finite_points, refuse_unknown

GAP = 0.35
"""Space between the map and its baselines, in cells."""


@checked_arguments(width=INCHES)
def heatmap(
    values: Float[np.ndarray, "r c"],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    baselines: Mapping[str, Float[np.ndarray, "_"]] | None = None,
    row_label: str = "",
    column_label: str = "",
    value_label: str = "",
    limits: tuple[float | int, float | int] = (0.0, 1.0),
    colours: str = GREAT_IS_GOOD,
    width: float = COLUMN,
) -> Figure:
    """Draw one heat map, the first row at the bottom, with a column of cells beside it for each baseline.

    Parameters
    ----------
    values
        A number for each (row, column); NaN is drawn as an empty cell with a dash.
    rows, columns
        Tick labels.
    baselines
        A value per row, drawn to the right of the map on the same colour scale.
    limits
        Values of the two ends of the colour scale.
    colours
        Name of a matplotlib colour map.
    width
        In inches.

    Raises
    ------
    InvalidInput
        If the labels or a baseline do not fit the values.

    Examples
    --------
    >>> figure = heatmap(np.array([[0.1, 0.5], [0.4, 1.0]]), ["8", "16"], ["2", "4"], row_label="width d")
    >>> len(figure.axes)
    2
    """
    strips = dict(baselines or {})
    with styled():
        figure = blank(width, max(1.3, 0.26 * len(rows) + (1.1 if strips else 0.75)))
        ax = figure.subplots()
        draw_heatmap(
            ax,
            values,
            rows,
            columns,
            baselines=strips,
            column_label=column_label,
            limits=limits,
            colours=colours,
        )
        ax.set_ylabel(row_label)
        colour_bar(figure, [ax], limits, colours, value_label)
    return figure


def _known(values: Any) -> Float[np.ndarray, "r c"]:
    """Return numbers as float64, nan for those that are not known; refuse what is infinite or no number."""
    array = as_array(values, "values")
    if array.size == 0:  # what does not fit its labels is refused by `draw_heatmap`
        return np.zeros(array.shape)
    if array.dtype.kind != "f":
        return finite_points(array, "values")
    unknown = np.isnan(array)
    return np.where(unknown, np.nan, finite_points(np.where(unknown, 0, array), "values"))


def draw_heatmap(
    ax: Axes,
    values: Float[np.ndarray, "r c"],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    baselines: Mapping[str, Float[np.ndarray, "_"]] | None = None,
    column_label: str = "",
    limits: tuple[float | int, float | int] = (0.0, 1.0),
    colours: str = GREAT_IS_GOOD,
    text_size: float = 6.0,
    ends_printed: bool = True,
) -> None:
    """Draw a heat map into existing axes; see `heatmap`.

    Without `ends_printed` a cell at either limit says so by its colour alone, which leaves room for lines.

    Raises
    ------
    InvalidInput
        If the labels or a baseline do not fit the values.
    """
    values = _known(values)
    refuse_unknown([colours], colormaps, "matplotlib", "colours")
    strips = dict(baselines or {})
    if values.shape != (len(rows), len(columns)) or values.size == 0:
        raise InvalidInput(
            f"values of shape {values.shape} do not fit {len(rows)} rows × {len(columns)} columns"
        )
    for name, strip in strips.items():
        if strip.shape != (len(rows),):
            raise InvalidInput(f"baseline {name!r} has {strip.size} values for {len(rows)} rows")
    table = np.column_stack([values, *strips.values()])
    lefts = np.arange(table.shape[1]) + np.where(np.arange(table.shape[1]) >= len(columns), GAP, 0.0)
    squares: list[Rectangle] = []
    faces: list[tuple[float, float, float, float]] = []
    for i, line in enumerate(table):
        for left, value in zip(lefts, line, strict=True):
            squares.append(Rectangle((float(left), float(i)), 1, 1))
            faces.append(_face(float(value), limits, colours))
            if ends_printed or value not in limits:
                _print(ax, float(left) + 0.5, float(i) + 0.47, float(value), faces[-1], text_size)
    # A cell that is not known shows its outline, the others a white seam.
    edges = [MUTED if np.isnan(value) else "white" for value in table.ravel()]
    cells = PatchCollection(squares, facecolors=faces, edgecolors=edges, linewidths=0.4)
    cells.set_in_layout(False)
    ax.add_collection(cells)
    ax.set_xlim(0, float(lefts[-1]) + 1)
    ax.set_ylim(0, len(rows))
    ax.set_xticks(lefts + 0.5, [name_of_cells(name) for name in (*columns, *strips)])
    ax.set_yticks(np.arange(len(rows)) + 0.5, [name_of_cells(name) for name in rows])
    ax.tick_params(length=0, pad=2)
    for label in ax.get_xticklabels()[len(columns) :]:
        label.set(color=MUTED, fontstyle="italic", rotation=90, fontsize=text_size)
    # Under the map's own columns; an axis label would stand below the baselines' long names.
    drop = -12.0 - 8.0 * max(label.count("\n") for label in columns)
    ax.annotate(
        column_label, (len(columns) / 2, 0), (0, drop), textcoords="offset points", ha="center", va="top"
    )
    for spine in ax.spines.values():
        spine.set_visible(False)


def _face(
    value: float, limits: tuple[float | int, float | int], colours: str
) -> tuple[float, float, float, float]:
    if not np.isfinite(value):
        return (1.0, 1.0, 1.0, 1.0)
    red, green, blue, alpha = colormaps[colours](float(Normalize(*limits, clip=True)(value)))
    return (red, green, blue, alpha)


def _print(ax: Axes, x: float, y: float, value: float, face: Sequence[float], size: float) -> None:
    ink = ink_on(face) if np.isfinite(value) else MUTED
    text = ax.text(x, y, number(value), ha="center", va="center", color=ink, fontsize=size)
    # It lies inside the axes: measuring hundreds of them for the layout would take most of the time.
    text.set_in_layout(False)


def number(value: float) -> str:
    """Return a share or error in about four characters; a dash where it is not known.

    Examples
    --------
    >>> number(0.5), number(1.0), number(0.004), number(float("nan")), number(12.345), number(3240.0)
    ('.50', '1', '.004', '–', '12.3', '3.2k')
    """
    if not np.isfinite(value):
        return "–"
    if abs(value) >= 999.5:
        return _large(value)
    if value == round(value):
        return str(round(value))
    if abs(value) >= 1:
        return f"{value:.3g}"
    text = f"{value:.2f}" if abs(value) >= 0.01 else f"{value:.3f}"
    if float(text) in (0.0, 1.0, -1.0):
        return {0.0: "<.001", 1.0: ">.99", -1.0: "<-.99"}[float(text)]
    return text.replace("0.", ".", 1)


def _large(value: float) -> str:
    """Return a number from a thousand on with a letter for its size: it must fit into a cell."""
    for size, letter in ((1e3, "k"), (1e6, "M"), (1e9, "G")):
        scaled = abs(value) / size
        if scaled < 999.5:
            text = f"{scaled:.1f}" if scaled < 9.95 else f"{scaled:.0f}"
            return ("-" if value < 0 else "") + text + letter
    return "<-1T" if value < 0 else ">1T"


def colour_bar(
    figure: Figure,
    axes: Sequence[Axes],
    limits: tuple[float | int, float | int],
    colours: str = GREAT_IS_GOOD,
    label: str = "",
) -> None:
    """Add the shared colour scale to the right of the axes; it takes their place, not the next panel's.

    Examples
    --------
    >>> from geosae.figures.style import panels
    >>> figure, axes = panels(1, 2)
    >>> colour_bar(figure, axes[0], (0, 1), label="share")
    >>> len(figure.axes)
    3
    """
    from matplotlib.cm import ScalarMappable

    scale = ScalarMappable(Normalize(*limits), colormaps[colours])
    bar = figure.colorbar(scale, ax=list(axes), fraction=0.05, pad=0.015, aspect=30)
    bar.set_label(label)
    # An outline of a vector colour bar shows seams in some viewers; edges of its own colour hide them.
    bar.solids.set_edgecolor("face") if bar.solids is not None else None
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue, reportAttributeAccessIssue]
