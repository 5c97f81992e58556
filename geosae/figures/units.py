"""A panel per concept: the set its unit carves out, beside the concept's hull and what is wrongly inside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon

from geosae.errors import InvalidInput
from geosae.figures.halfplanes import check_plane, draw_boundaries, draw_hull, frame, thin
from geosae.figures.plane import Window, corners, cut, window_of
from geosae.figures.style import FAINT, INK, PAGE, panels, styled
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.storage.records import check_fields
from geosae.validation import COUNT, INCHES

Fires = Callable[[Float[np.ndarray, "N 2"]], Bool[np.ndarray, "N d"]]
"""Which neurons fire where: what is known of a relative gate, which has no half-planes."""
GRID = 320
"""Resolution, per axis, of sets that are known only point by point."""
TINT = "#56B4E9"
WRONG = "#D55E00"


PAD = 0.12
"""Inches above and below a panel."""


@dataclass(frozen=True)
class UnitPicture:
    """A concept and the unit of neurons drawn with it; an empty one is no unit: nothing is shaded."""

    concept: int
    neurons: tuple[int, ...]
    title: str = ""

    __repr__ = short_repr

    def __post_init__(self) -> None:
        check_fields(self, "the picture of a unit")


@checked_arguments(columns=COUNT, width=INCHES)
def units_in_plane(
    neurons: HalfSpaces | Fires,
    pictures: Sequence[UnitPicture],
    points: Float[np.ndarray, "N 2"],
    membership: Bool[np.ndarray, "N p"],
    names: Sequence[str],
    *,
    columns: int = 4,
    width: float = PAGE,
) -> Figure:
    """Draw for each concept its hull, its unit's set θ_M, the points it misses and those it wrongly holds.

    Half-planes are cut exactly; other gates are evaluated on a grid, so their borders are true up to a
    pixel (1/320 of the window).

    Raises
    ------
    InvalidInput
        If there is nothing to draw, or the inputs do not agree or do not lie in the plane.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> right = HalfSpaces(np.array([[1.0, 0.0]]), np.array([-0.5]))
    >>> figure = units_in_plane(right, [UnitPicture(0, (0,))], square, square[:, :1] > 0.5, ["right"])
    >>> figure.axes[0].get_title(loc="left")
    'right'
    """
    points, membership = check_plane(points, membership, names)
    if not isinstance(neurons, HalfSpaces) and not callable(neurons):
        raise InvalidInput(
            f"a {type(neurons).__name__} is neither half-spaces nor a function that tells who fires",
            remedy="pass neurons.half_spaces(), or the function fires of neurons or of an imported SAE",
        )
    if not pictures:
        raise InvalidInput("there is no unit to draw: no pictures are given")
    window = window_of(points)
    across = min(columns, len(pictures))
    down = -(-len(pictures) // across)
    with styled():
        # Panels keep the size they would have in a full row, so that one panel is not blown up.
        side = width / max(across, min(columns, 3))
        shape = (window[3] - window[2]) / (window[1] - window[0])
        lines = 1 + max(picture.title.count("\n") for picture in pictures)
        height = down * (side * min(shape, 1.6) + 2 * PAD + 0.16 + 0.1 * lines) + 0.45
        figure, grid = panels(down, across, width=width, height=height)
        # The layout does not see all of a title of several lines: room for one more.
        engine = figure.get_layout_engine()
        if isinstance(engine, ConstrainedLayoutEngine):
            engine.set(h_pad=PAD)
        axes = [ax for row in grid for ax in row]
        for ax, picture in zip(axes, pictures, strict=False):
            _panel(ax, neurons, picture, points, membership, window)
            ax.set_title(shortened(picture.title or names[picture.concept], side), fontsize=6.5)
        for ax in axes[len(pictures) :]:
            ax.set_axis_off()
        figure.legend(handles=_handles(), loc="outside lower center", ncols=3)
    return figure


def shortened(title: str, width: float) -> str:
    r"""Return each line of a panel's title cut to what fits above a panel of that width in inches.

    Examples
    --------
    >>> shortened("a concept with a long name\nlearned", 1.0)
    'a concept with a…\nlearned'
    """
    most = max(4, int(width / 0.057))
    return "\n".join(x if len(x) <= most else x[: most - 1].rstrip() + "…" for x in title.split("\n"))


def _panel(
    ax: Axes,
    neurons: HalfSpaces | Fires,
    picture: UnitPicture,
    points: Float[np.ndarray, "N 2"],
    membership: Bool[np.ndarray, "N p"],
    window: Window,
) -> None:
    unit = list(picture.neurons)
    member = membership[:, picture.concept]
    if not unit:
        inside = np.zeros(len(points), dtype=bool)
    elif isinstance(neurons, HalfSpaces):
        half = neurons.take(unit)
        inside = half.common(points)
        shape = cut(corners(window), half.w, half.c)
        if len(shape) >= 3:
            ax.add_patch(Polygon(shape, closed=True, facecolor=TINT, alpha=0.3, lw=0, zorder=0.5))
        draw_boundaries(ax, half, window, weight=0.5)
    else:
        inside = neurons(points)[:, unit].all(axis=1)
        draw_region(ax, lambda x: np.all(neurons(x)[:, unit], axis=1), window)
    _dots(ax, points[~member & ~inside], ".", "#b9b9b9", 1.6)
    _dots(ax, points[member & inside], ".", INK, 1.8)
    _dots(ax, points[~member & inside], "x", WRONG, 1.8)
    _dots(ax, points[member & ~inside], "o", WRONG, 2.2)
    if member.any():
        draw_hull(ax, points[member], INK, shade=0.0)
    frame(ax, window)


def draw_region(
    ax: Axes, holds: Callable[[Float[np.ndarray, "N 2"]], Bool[np.ndarray, "N"]], window: Window
) -> None:
    """Shade the part of the window where a condition on points holds, evaluated on a grid."""
    xs, ys = np.linspace(window[0], window[1], GRID), np.linspace(window[2], window[3], GRID)
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    values = holds(grid).reshape(GRID, GRID).astype(float)
    # A contour needs both sides to exist; a constant field is drawn as all or nothing.
    if values.min() == values.max():
        if values.max() == 1.0:
            ax.add_patch(Polygon(corners(window), facecolor=TINT, alpha=0.3, lw=0, zorder=0.5))
        return
    ax.contourf(xs, ys, values, levels=[0.5, 1.5], colors=[TINT], alpha=0.3, zorder=0.5)
    ax.contour(xs, ys, values, levels=[0.5], colors=["#767676"], linewidths=0.5, zorder=3)


def _dots(ax: Axes, points: Float[np.ndarray, "N 2"], shape: str, tint: str, size: float) -> None:
    some = thin(points)
    ax.plot(
        some[:, 0], some[:, 1], shape, color=tint, ms=size, mew=0.4 if shape == "x" else 0, ls="", zorder=2
    )


def _handles() -> list[Patch | Line2D]:
    return [
        Patch(facecolor=TINT, alpha=0.3, label="θ: all neurons of the unit fire"),
        Line2D([], [], color=INK, lw=0.9, label="hull of the concept"),
        Line2D([], [], color=INK, marker=".", ls="", ms=4, label="in the concept"),
        Line2D([], [], color=WRONG, marker="o", ls="", ms=2.5, label="missed"),
        Line2D([], [], color=WRONG, marker="x", ls="", ms=3, mew=0.7, label="false alarm"),
        Line2D([], [], color=FAINT, marker=".", ls="", ms=4, label="other"),
    ]
