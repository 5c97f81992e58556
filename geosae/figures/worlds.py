"""Worlds drawn: the concepts' points, and in the plane their regions as their oracles decide them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from geosae.data.dataset import ConceptDataset
from geosae.figures.plane import Window, window_of
from geosae.figures.style import COLUMN, blank, colour, legend_columns, line, marker, styled
from geosae.figures.world_view import View, view_of
from geosae.sampling import drawn_rows

MOST_COLOURED = 8
"""At most so many concepts have a colour of their own."""
MOST_POINTS = 1500
"""At most so many points are drawn, a random sample."""
_GRID = 400
_BACKGROUND, _OTHERS = "#c4c4c4", "#8a8a8a"


@dataclass(frozen=True, eq=False)
class WorldPicture:
    """A drawing of a data set, with its caption and its text for who cannot see it."""

    figure: Figure
    caption: str
    alt: str


def world_picture(
    data: ConceptDataset, *, coordinates: tuple[int, int] | None = None, width: float = COLUMN
) -> WorldPicture:
    """Draw a data set: points by the smallest concept that holds them, and regions where the world is planar.

    Each concept has a colour, a marker and a dash pattern, so that no reader depends on colour.

    Parameters
    ----------
    data
        The data set.
    coordinates
        Two coordinates from 1 to n to look at, instead of the view that `view_of` chooses.
    width
        In inches.

    Examples
    --------
    >>> corner = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    >>> world_picture(ConceptDataset(corner, corner > 0.5, ("right", "up"))).caption
    '3 of 3 points on the plane, each drawn as the smallest concept that holds it.'
    """
    view = view_of(data, coordinates)
    coloured = min(len(data.names), MOST_COLOURED)
    rows = _thin(data.size)
    owners = _owners(data, coloured)[rows]
    solid = view.points.shape[1] == 3
    columns = legend_columns([*data.names[:coloured], "in no concept"], width)
    lines = -(-_handles_count(data, coloured, owners) // columns)
    with styled():
        figure = blank(width, _height(view, width) + 0.15 * lines)
        ax: Any = figure.add_subplot(projection="3d") if solid else figure.add_subplot()
        if solid:
            _scatter_in_space(ax, view, rows, owners, coloured)
        else:
            _flat(ax, data, view, rows, owners, coloured)
        handles = _handles(data, coloured, owners)
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=columns,
            columnspacing=1.0,
        )
    where = "in space" if view.words == "space" else f"on {view.words}"
    caption = f"{len(rows)} of {data.size} points {where}, each drawn as the smallest concept that holds it."
    if data.dim == 2 and any(region is not None for region in data.regions):
        caption += " Shaded: the regions."
    if data.directions is not None and view.basis is not None and not solid:
        caption += " Arrows: directions of the concepts."
    return WorldPicture(figure, caption, _alt(data, view))


def _height(view: View, width: float) -> float:
    """Return a height in inches that leaves little room above and below, without the legend."""
    if view.basis is None or view.points.shape[1] == 3:
        return 0.9 * width
    left, right, low, high = window_of(view.points, 0.05)
    return 0.5 + (width - 0.5) * min(1.0, max(0.25, (high - low) / (right - left)))


def _thin(count: int) -> Int[np.ndarray, "m"]:
    return drawn_rows(count, MOST_POINTS, np.random.default_rng(0))


def _owners(data: ConceptDataset, coloured: int) -> Int[np.ndarray, "N"]:
    """Return for each point the smallest coloured concept that holds it; `coloured`: another; −1: none."""
    owners = np.where(data.membership.any(axis=1), coloured, -1)
    sizes = data.membership[:, :coloured].sum(axis=0)
    for k in np.argsort(-sizes, kind="stable").tolist():
        owners[data.membership[:, k]] = k
    return owners


def _flat(
    ax: Axes,
    data: ConceptDataset,
    view: View,
    rows: Int[np.ndarray, "m"],
    owners: Int[np.ndarray, "m"],
    coloured: int,
) -> None:
    points = view.points[rows]
    line_only = view.basis is None
    window = _line_window(view.points, len(data.names)) if line_only else window_of(view.points, 0.05)
    if data.dim == 2 and not line_only and data.regions:
        _shade(ax, data, window, coloured)
    size = 2.2 if len(rows) > 600 else 3.0
    for owner in [-1, coloured, *range(coloured)]:
        here = points[owners == owner]
        face, kind = _look(owner, coloured)
        ax.plot(here[:, 0], here[:, 1], kind, color=face, ms=size if owner >= 0 else 1.4, mew=0, zorder=3)
    if data.directions is not None and view.basis is not None:
        _arrows(ax, view, data.directions[:coloured], window)
    ax.set_xlim(window[0], window[1])
    ax.set_ylim(window[2], window[3])
    ax.set_xlabel(view.axes[0])
    ax.set_ylabel(view.axes[1])
    if line_only:
        ax.set_yticks(range(len(data.names) + 1), ["none", *data.names])
    else:
        ax.set_aspect("equal")
        ax.yaxis.set_major_locator(MaxNLocator(_ticks(window[2], window[3], window)))
    ax.xaxis.set_major_locator(MaxNLocator(_ticks(window[0], window[1], window)))


def _ticks(low: float, high: float, window: Window) -> int:
    """Return the number of intervals on an axis: fewer on the shorter one."""
    longest = max(window[1] - window[0], window[3] - window[2])
    return max(2, round(5 * (high - low) / longest))


def _line_window(points: Float[np.ndarray, "N 2"], concepts: int) -> Window:
    left, right = float(points[:, 0].min()), float(points[:, 0].max())
    pad = 0.05 * ((right - left) or 1.0)
    return left - pad, right + pad, -0.6, concepts + 0.6


def _look(owner: int, coloured: int) -> tuple[str, str]:
    if owner < 0:
        return _BACKGROUND, "o"
    return (_OTHERS, "o") if owner == coloured else (colour(owner), marker(owner))


def _shade(ax: Axes, data: ConceptDataset, window: Window, coloured: int) -> None:
    across, up = np.linspace(*window[:2], _GRID), np.linspace(*window[2:], _GRID)
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    for k, region in enumerate(data.regions[:coloured]):
        if region is None:
            continue
        inside = region.contains(grid).reshape(_GRID, _GRID).astype(np.float64)
        if not 0 < inside.sum() < inside.size:
            continue
        ax.contourf(across, up, inside, levels=[0.5, 1.5], colors=[to_rgba(colour(k), 0.16)], zorder=1)
        ax.contour(
            across,
            up,
            inside,
            levels=[0.5],
            colors=[colour(k)],
            linewidths=0.9,
            linestyles=[line(k)],
            zorder=2,
        )


def _arrows(ax: Axes, view: View, directions: Float[np.ndarray, "k n"], window: Window) -> None:
    if view.basis is None:
        return
    tips = directions @ view.basis
    root = -view.origin @ view.basis
    reach = 0.45 * min(window[1] - window[0], window[3] - window[2])
    longest = float(np.linalg.norm(tips, axis=1).max()) or 1.0
    for k, tip in enumerate(tips * reach / longest):
        arrow = {"arrowstyle": "-|>", "color": colour(k), "lw": 1.1, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", xy=tuple(root + tip), xytext=tuple(root), arrowprops=arrow, zorder=4)


def _scatter_in_space(
    ax: Any, view: View, rows: Int[np.ndarray, "m"], owners: Int[np.ndarray, "m"], coloured: int
) -> None:
    points = view.points[rows]
    for owner in np.unique(owners).tolist():
        here = points[owners == owner]
        face, kind = _look(owner, coloured)
        ax.scatter(*here.T, s=5 if owner >= 0 else 1.2, c=face, marker=kind, linewidths=0)
    for name, label in zip("xyz", view.axes, strict=True):
        getattr(ax, f"set_{name}label")(label, labelpad=-7)
        ax.tick_params(axis=name, pad=-3, labelsize=5.5)
    sizes = np.ptp(points, axis=0) + 1e-9
    for axis, size in zip((ax.xaxis, ax.yaxis, ax.zaxis), sizes.tolist(), strict=True):
        axis.set_major_locator(MaxNLocator(max(2, round(4 * size / float(sizes.max())))))
    ax.set_box_aspect(sizes, zoom=0.92)
    ax.view_init(elev=24, azim=-58)


def _handles_count(data: ConceptDataset, coloured: int, owners: Int[np.ndarray, "m"]) -> int:
    return coloured + bool((owners < 0).any()) + (len(data.names) > coloured)


def _handles(data: ConceptDataset, coloured: int, owners: Int[np.ndarray, "m"]) -> list[Line2D]:
    shaded = data.dim == 2 and len(data.regions) > 0
    handles = [
        Line2D([], [], color=colour(k), marker=marker(k), ms=3.5, lw=0.9, ls=line(k) if shaded else "",
               label=data.names[k])
        for k in range(coloured)
    ]  # fmt: skip
    more = len(data.names) - coloured
    if more:
        handles.append(Line2D([], [], color=_OTHERS, marker="o", ms=3, lw=0, label=f"{more} more concepts"))
    if (owners < 0).any():
        handles.append(Line2D([], [], color=_BACKGROUND, marker="o", ms=2, lw=0, label="in no concept"))
    return handles


def _alt(data: ConceptDataset, view: View) -> str:
    sizes = data.membership.sum(axis=0).tolist()
    listed = ", ".join(f"{n} ({s})" for n, s in zip(data.names[:MOST_COLOURED], sizes, strict=False))
    more = len(data.names) - MOST_COLOURED
    rest = f", and {more} more" if more > 0 else ""
    return f"Points of {len(data.names)} concepts seen on {view.words}. Points of each: {listed}{rest}."
