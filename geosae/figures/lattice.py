"""Line diagrams of concept lattices with reduced labels: an attribute above, an object below its own node.

Conventions of formal concept analysis (Ganter and Wille 1999): a node's upper half is filled where an
attribute has its attribute concept, the lower half where an object has its object concept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

from geosae.errors import InvalidInput
from geosae.figures.glyphs import printable
from geosae.figures.labels import Request, place_labels
from geosae.figures.style import INK, PAGE, styled
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.storage.records import check_fields
from geosae.validation import INCHES, finite_points

LARGE_UP_TO = 60
"""Up to so many nodes these are drawn large."""
NAMES_UP_TO = 200
"""Up to so many nodes labels are names; beyond, counts."""
COUNTS_UP_TO = 400
"""Beyond so many nodes there are no labels."""
LABEL_SIZE = 5.8
WIDEST = 200
"""Characters beyond which no line of a label fits across a page."""
EDGE = 0.8
"""Width of a node's edge, in points."""
PLAIN, MATCHED, OTHER = "#0072B2", "#009E73", "#D55E00"

Mark = Literal["plain", "matched", "other"]


@dataclass(frozen=True, eq=False)
class Diagram:
    """A drawn order: where its nodes lie, what covers what, and the reduced labels.

    Attributes
    ----------
    positions
        A point per node; larger y is higher in the order.
    covers
        Pairs (lower, upper) of node indices.
    above, below
        Names of the attributes and objects that belong to each node.
    weights
        A share in [0, 1] per node, shown as its size (for example the share of objects in its extent).
    marks
        "plain" nodes, or nodes that another diagram has too ("matched") or has not ("other").
    """

    positions: Float[np.ndarray, "m 2"]
    covers: Sequence[tuple[int, int]]
    above: Sequence[Sequence[str]] = ()
    below: Sequence[Sequence[str]] = ()
    weights: Sequence[float] | None = None
    marks: Sequence[Mark] | None = None

    __repr__ = short_repr

    def __post_init__(self) -> None:
        check_fields(self, "the diagram")
        object.__setattr__(self, "positions", finite_points(self.positions, "positions", dim=2))
        count = len(self.positions)
        for name in ("above", "below"):
            if not len(getattr(self, name)):
                object.__setattr__(self, name, ((),) * count)
        lengths = [len(x) for x in (self.above, self.below, self.weights or (), self.marks or ()) if len(x)]
        if count == 0 or any(length != count for length in lengths):
            raise InvalidInput(
                f"labels above or below, weights or marks do not fit {count} positions of nodes"
            )
        if any(not (0 <= a < count and 0 <= b < count) for a, b in self.covers):
            raise InvalidInput(f"a cover names a node outside 0…{count - 1}")


@checked_arguments(width=INCHES, height=INCHES)
def line_diagram(
    diagram: Diagram, *, title: str = "", width: float = PAGE, height: float | None = None
) -> Figure:
    """Draw one ordered set with its reduced labels, none of which overlaps another or a node.

    Names are drawn up to 200 nodes; up to 400 what stands alone keeps its name, and objects do while there
    are at most 60, others are counted; then nothing. A label without room beside its node is led to it by a
    line, shortened, and at last left out; how many were left out is printed.

    Examples
    --------
    >>> chain = Diagram(np.array([[0.0, 0.0], [0.0, 1.0]]), [(0, 1)], above=[["n1"], []], below=[[], ["dog"]])
    >>> [text.get_text() for text in line_diagram(chain).axes[0].texts]
    ['dog', 'n1']
    """
    return line_diagrams([diagram], [title], width=width, height=height)


@checked_arguments(width=INCHES, height=INCHES)
def line_diagrams(
    diagrams: Sequence[Diagram],
    titles: Sequence[str],
    *,
    width: float = PAGE,
    height: float | None = None,
) -> Figure:
    """Draw several ordered sets side by side.

    Raises
    ------
    InvalidInput
        If there is none, or there are more titles than diagrams or fewer.
    """
    if not diagrams or len(diagrams) != len(titles):
        raise InvalidInput(f"{len(diagrams)} diagrams with {len(titles)} titles cannot be drawn")
    tall = (
        max(_tallness(diagram, width / len(diagrams)) for diagram in diagrams) if height is None else height
    )
    with styled():
        figure = Figure(figsize=(width, tall))
        # Extents in points are only right once the canvas can measure text.
        FigureCanvasAgg(figure)
        share = 1.0 / len(diagrams)
        for i, (diagram, title) in enumerate(zip(diagrams, titles, strict=True)):
            ax = figure.add_axes((i * share, 0.0, share, 1.0))
            draw_diagram(ax, diagram, title)
    return figure


def _tallness(diagram: Diagram, width: float) -> float:
    levels = np.unique(np.round(diagram.positions[:, 1], 6), return_counts=True)[1]
    # Crowded levels need more room between them, since their labels must move up or down.
    crowd = min(1.0, 0.55 * float(levels.max()) / max(width, 1.0) / 2.5)
    return float(np.clip(0.75 + len(levels) * (0.36 + 0.3 * crowd), 1.6, 8.5))


def draw_diagram(ax: Axes, diagram: Diagram, title: str = "") -> int:
    """Draw an ordered set into axes that are to stay where they are; return how many labels found no room."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    ax.set_axis_off()
    page = ax.get_window_extent()
    to_points = 72.0 / figure.dpi
    across, up = page.width * to_points, page.height * to_points
    ax.set_xlim(0, across)
    ax.set_ylim(0, up)
    nodes = _fitted(diagram.positions, across, up, 14.0 if title else 0.0)
    radii = _apart(nodes, _radii(diagram, len(nodes)))
    lines = [nodes[list(pair)] for pair in diagram.covers]
    thin = 0.6 if len(nodes) <= LARGE_UP_TO else 0.35
    ax.add_collection(LineCollection(lines, colors="#9a9a9a", linewidths=thin, zorder=1), autolim=False)
    for i, (x, y) in enumerate(nodes):
        _node(ax, float(x), float(y), float(radii[i]), diagram, i)
    if title:
        ax.text(3, up - 3, title, va="top", ha="left", fontsize=8)
    requests = _requests(diagram)
    box = (2.0, 2.0, across - 2.0, up - (14.0 if title else 2.0))
    # In a dense diagram every place covers some edge, and labels that all sit alike are read more easily.
    sparse = len(lines) <= 1.5 * len(nodes)
    edges = np.array(lines).reshape(-1, 2, 2) if sparse else None
    placed, dropped = place_labels(nodes, radii, requests, _ruler(ax), box, edges)
    halo = [withStroke(linewidth=1.6, foreground="white")]
    for label in placed:
        # Objects are what people named: they stand in black; neurons in the colour of the nodes.
        tint = INK if label.request.side == "below" else "#005a8e"
        x, y = label.centre
        if label.led:
            near = nodes[label.request.node]
            foot = np.clip(near, label.box[:2], label.box[2:])
            ax.plot([near[0], foot[0]], [near[1], foot[1]], color=tint, lw=0.4, zorder=2)
        ax.text(
            x, y, label.text, ha="center", va="center", fontsize=LABEL_SIZE, color=tint,
            path_effects=halo, zorder=4, linespacing=1.0,
        )  # fmt: skip
    if dropped:
        note = f"{len(dropped)} labels left out for want of room"
        ax.text(across - 3, up - 3, note, va="top", ha="right", fontsize=5.5, color="#767676")
    return len(dropped)


def _fitted(
    positions: Float[np.ndarray, "m 2"], across: float, up: float, head: float
) -> Float[np.ndarray, "m 2"]:
    low, span = positions.min(axis=0), np.ptp(positions, axis=0)
    shares = np.where(span > 0, (positions - low) / np.where(span > 0, span, 1.0), 0.5)
    edge = np.array([min(34.0, 0.16 * across), 18.0])
    return edge + shares * (np.array([across, up - head]) - 2 * edge)


def _radii(diagram: Diagram, count: int) -> Float[np.ndarray, "m"]:
    base = 3.2 if count <= LARGE_UP_TO else 2.0 if count <= COUNTS_UP_TO else 1.0
    shares = np.zeros(count) if diagram.weights is None else np.clip(np.asarray(diagram.weights), 0, 1)
    return base * (0.75 + 0.5 * np.sqrt(shares))


def _apart(nodes: Float[np.ndarray, "m 2"], radii: Float[np.ndarray, "m"]) -> Float[np.ndarray, "m"]:
    """Shrink all radii alike until no two nodes overlap, or they have a third of their size."""
    if not 1 < len(nodes) <= COUNTS_UP_TO:
        return radii
    between = np.sqrt(((nodes[:, None] - nodes[None]) ** 2).sum(axis=-1))
    np.fill_diagonal(between, np.inf)
    room = (between - EDGE) / (radii[:, None] + radii[None])
    return radii * float(np.clip(room.min(), 1 / 3, 1.0))


def _node(ax: Axes, x: float, y: float, radius: float, diagram: Diagram, i: int) -> None:
    mark = diagram.marks[i] if diagram.marks is not None else "plain"
    tint = {"plain": PLAIN, "matched": MATCHED, "other": OTHER}[mark]
    # Shape as well as colour tells the marks apart.
    shape = "D" if mark == "other" else "o"
    style: dict[str, object] = {"ms": 2 * radius * (0.85 if shape == "D" else 1.0), "ls": "", "zorder": 3}
    ax.plot([x], [y], shape, color="white", mec=tint, mew=EDGE, **style)  # pyright: ignore[reportArgumentType]
    if diagram.above[i]:
        ax.plot([x], [y], shape, color=tint, mfcalt="none", fillstyle="top", mec=tint, mew=EDGE, **style)  # pyright: ignore[reportArgumentType]
    if diagram.below[i]:
        ax.plot([x], [y], shape, color=INK, mfcalt="none", fillstyle="bottom", mec=tint, mew=EDGE, **style)  # pyright: ignore[reportArgumentType]


def _requests(diagram: Diagram) -> list[Request]:
    count = len(diagram.positions)
    if count > COUNTS_UP_TO:
        return []
    requests: list[Request] = []
    objects = sum(len(names) for names in diagram.below)
    for side, labels in (("below", diagram.below), ("above", diagram.above)):
        for node, names in enumerate(labels):
            if not names:
                continue
            # Objects are few and carry the meaning: they keep their names for as long as these fit.
            has_room = count <= NAMES_UP_TO or (side == "below" and objects <= LARGE_UP_TO)
            # A count of one would say less than the name, and that there is a label the filled half says.
            is_named = has_room or len(names) == 1
            # A blank label would leave a node that seems to have none; rules call it so too.
            words = [printable(name) if name.strip() else "(no name)" for name in names]
            texts = label_texts(words) if is_named else (f"×{len(names)}",)
            requests.append(Request(node, texts, "below" if side == "below" else "above"))
    return requests


def label_texts(names: Sequence[str], line: int = 16, lines: int = 3) -> tuple[str, ...]:
    """Return a label's texts from the fullest to the shortest: all names, the first with a count, a count.

    Examples
    --------
    >>> label_texts(["n1", "n2", "n3"])
    ('n1, n2, n3', 'n1 +2', '×3')
    >>> label_texts([f"n{i}" for i in range(40)])
    ('n0 +39', '×40')
    >>> label_texts(["ball"])
    ('ball',)
    """
    rows = [""]
    for name in names:
        joined = f"{rows[-1]}, {name}" if rows[-1] else name
        if rows[-1] and len(joined) > line:
            rows[-1] += ","
            rows.append(name)
        else:
            rows[-1] = joined
    # What is wider than a page has no place on it, and is not worth measuring.
    has_place = len(rows) <= lines and max(map(len, rows)) <= WIDEST
    full = ("\n".join(rows),) if has_place else ()
    clipped = names[0] if len(names[0]) <= 12 else names[0][:11] + "…"
    if len(names) == 1:
        return tuple(dict.fromkeys((*full, clipped)))
    first = names[0] if len(names[0]) <= WIDEST else clipped
    return (*full, f"{first} +{len(names) - 1}", f"×{len(names)}")


def _ruler(ax: Axes) -> "_Ruler":
    figure = ax.get_figure(root=True)
    assert figure is not None
    return _Ruler(figure)


class _Ruler:
    """Measures texts in points, each once."""

    def __init__(self, figure: Figure) -> None:
        self._figure = figure
        self._sizes: dict[str, tuple[float, float]] = {}

    def __call__(self, text: str) -> tuple[float, float]:
        if text not in self._sizes:
            probe = Text(0, 0, text, fontsize=LABEL_SIZE, linespacing=1.0, figure=self._figure)
            canvas = self._figure.canvas
            assert isinstance(canvas, FigureCanvasAgg)
            box = probe.get_window_extent(canvas.get_renderer())
            scale = 72.0 / self._figure.dpi
            # A point of air, since hinting makes texts a little wider at other resolutions.
            self._sizes[text] = (box.width * scale + 1.5, box.height * scale + 0.8)
        return self._sizes[text]
