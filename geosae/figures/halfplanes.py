"""Neurons' half-planes over concept sets in the plane: what the theory of §1 and §3 looks like."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from geosae.errors import InvalidInput
from geosae.figures.plane import Window, edges_in, hull, window_of
from geosae.figures.style import (
    COLUMN,
    FAINT,
    INK,
    MUTED,
    blank,
    colour,
    legend_columns,
    line,
    marker,
    styled,
)
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.sampling import drawn_rows
from geosae.storage.arguments import checked_arguments
from geosae.validation import INCHES, as_mask, finite_points

MOST_POINTS = 500
"""At most so many points of each concept are drawn, a random sample."""
MOST_NAMES = 12
"""With more concepts than this the legend counts them."""


@checked_arguments(width=INCHES)
def halfplanes(
    halfspaces: HalfSpaces,
    points: Float[np.ndarray, "N 2"],
    membership: Bool[np.ndarray, "N p"],
    names: Sequence[str],
    *,
    highlight: Sequence[int] | None = None,
    width: float = COLUMN,
) -> Figure:
    """Draw the concepts' points and hulls, and every neuron's boundary with ticks on the side where it fires.

    Parameters
    ----------
    halfspaces
        The neurons, in the plane.
    points, membership, names
        The concept sets.
    highlight
        For each concept the index of a neuron to draw strongly in its colour, or −1.
    width
        In inches.

    Raises
    ------
    InvalidInput
        If dimension is not 2, or names, membership and highlight do not agree.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> member = square[:, :1] > 0.5
    >>> right = HalfSpaces(np.array([[1.0, 0.0]]), np.array([-0.5]))
    >>> figure = halfplanes(right, square, member, ["right"], highlight=[0])
    >>> len(figure.axes)
    1
    """
    points, membership = check_plane(points, membership, names)
    if halfspaces.dim != 2:
        raise InvalidInput(f"half-spaces of dimension {halfspaces.dim} cannot be drawn in the plane")
    chosen = [-1] * len(names) if highlight is None else list(highlight)
    if len(chosen) != len(names) or any(not -1 <= i < len(halfspaces) for i in chosen):
        raise InvalidInput(f"highlight needs one neuron below {len(halfspaces)}, or −1, per concept")
    with styled():
        handles = concept_handles(names)
        handles.append(Line2D([], [], color=MUTED, lw=0.8, label="neuron (ticks: fires)"))
        if any(neuron >= 0 for neuron in chosen):
            handles.append(Line2D([], [], color=INK, lw=1.8, label="a concept's neuron"))
        columns = legend_columns([str(handle.get_label()) for handle in handles], width)
        figure = blank(width, width * 0.93 + 0.15 * (-(-len(handles) // columns) + 0.5))
        ax = figure.subplots()
        window = window_of(points)
        draw_concepts(ax, points, membership)
        draw_boundaries(ax, halfspaces, window)
        for k, neuron in enumerate(chosen):
            if neuron >= 0:
                draw_boundaries(ax, halfspaces.take([neuron]), window, colour(k), 1.6, line(k))
        frame(ax, window)
        figure.legend(handles=handles, loc="outside lower center", ncols=columns, columnspacing=1.0)
    return figure


def check_plane(
    points: Any, membership: Any, names: Sequence[str]
) -> tuple[Float[np.ndarray, "N 2"], Bool[np.ndarray, "N p"]]:
    """Return points and membership of concept sets that can be drawn in the plane.

    Raises
    ------
    InvalidInput
        If the points are not planar or beyond 1e150, or points, membership and names do not agree.
    """
    cloud, mask = finite_points(points), as_mask(membership, "membership")
    window_of(cloud)
    if mask.shape != (len(cloud), len(names)):
        raise InvalidInput(
            f"membership of shape {mask.shape} does not fit {len(cloud)} points and {len(names)} names"
        )
    largest = float(np.max(np.abs(cloud)))
    if largest > 1e150:
        raise InvalidInput(
            f"points as large as {largest:.2g} cannot be drawn", remedy="scale them below 1e150"
        )
    return cloud, mask


def draw_concepts(
    ax: Axes,
    points: Float[np.ndarray, "N 2"],
    membership: Bool[np.ndarray, "N p"],
    only: int | None = None,
) -> None:
    """Draw points in no concept (grey), each concept's points, and its hull; `only` greys all but one."""
    rest = ~membership.any(axis=1) if only is None else ~membership[:, only]
    some = thin(points[rest])
    ax.plot(some[:, 0], some[:, 1], ".", color=FAINT if only is None else "#b9b9b9", ms=1.6, zorder=1)
    # Large concepts first, so that those inside them stay visible.
    for k in np.argsort(-membership.sum(axis=0), kind="stable").tolist():
        if only is not None and k != only:
            continue
        inside = points[membership[:, k]]
        if len(inside) == 0:
            continue
        some = thin(inside)
        ax.plot(some[:, 0], some[:, 1], marker(k), ms=1.7, color=colour(k), alpha=0.6, mew=0, ls="", zorder=2)
        draw_hull(ax, inside, colour(k))


def draw_hull(ax: Axes, points: Float[np.ndarray, "N 2"], tint: str, shade: float = 0.10) -> None:
    """Draw the convex hull of points: a polygon, a segment or a dot."""
    outline = hull(points)
    if len(outline) >= 3:
        ax.add_patch(Polygon(outline, closed=True, facecolor=tint, alpha=shade, lw=0, zorder=1.5))
    closed = np.vstack([outline, outline[:1]])
    ax.plot(closed[:, 0], closed[:, 1], color=tint, lw=0.9, zorder=2.5)


def draw_boundaries(
    ax: Axes,
    halfspaces: HalfSpaces,
    window: Window,
    tint: str = MUTED,
    weight: float = 0.6,
    dashes: object = "-",
    ticks: int = 9,
) -> int:
    """Draw the boundary lines that cross the window, ticked on the firing side; return how many do not."""
    segments, crossing = edges_in(window, halfspaces.w, halfspaces.c)
    if not len(segments):
        return int((~crossing).sum())
    lines = LineCollection(list(segments), colors=tint, linewidths=weight, zorder=3, linestyles=[dashes])  # pyright: ignore[reportArgumentType]
    ax.add_collection(lines, autolim=False)
    side = max(window[1] - window[0], window[3] - window[2])
    normals = halfspaces.w[crossing] / np.linalg.norm(halfspaces.w[crossing], axis=1, keepdims=True)
    combs: list[Float[np.ndarray, "2 2"]] = []
    for (start, end), normal in zip(segments, normals, strict=True):
        # Ticks at equal distances: a line that only clips a corner gets one, or none.
        count = round(float(np.linalg.norm(end - start)) / side * ticks)
        for share in (np.arange(count) + 0.5) / max(count, 1):
            foot = start + share * (end - start)
            combs.append(np.stack([foot, foot + 0.016 * side * normal]))
    if combs:
        ax.add_collection(
            LineCollection(combs, colors=tint, linewidths=weight * 0.8, zorder=3), autolim=False
        )
    return int((~crossing).sum())


def thin(points: Float[np.ndarray, "N 2"], most: int = MOST_POINTS) -> Float[np.ndarray, "m 2"]:
    """Return at most so many of the points, a random sample in their order, the same one at every call.

    Examples
    --------
    >>> thin(np.arange(20.0).reshape(10, 2), 2).shape
    (2, 2)
    """
    return points[drawn_rows(len(points), most, np.random.default_rng(0))]


def concept_handles(names: Sequence[str]) -> list[Line2D]:
    """Return legend entries for concepts: their marker and colour, or a count beyond a dozen."""
    handles = [
        Line2D([], [], color=colour(k), marker=marker(k), ls="", ms=4, label=name)
        for k, name in enumerate(names[:MOST_NAMES])
    ]
    if len(names) > MOST_NAMES:
        handles.append(Line2D([], [], ls="", label=f"and {len(names) - MOST_NAMES} more"))
    return handles


def frame(ax: Axes, window: Window) -> None:
    """Show the window without distortion and without tick labels: the plane has no units."""
    ax.set_xlim(window[0], window[1])
    ax.set_ylim(window[2], window[3])
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(True)
        spine.set_color(FAINT)
    ax.title.set_color(INK)
