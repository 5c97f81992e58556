"""Placing labels around nodes so that no label covers a label, a node, or the edge of the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

Box = tuple[float, float, float, float]
"""(left, bottom, right, top), in points."""
MIDDLE_MARGIN = 0.9
"""The greatest share of the distance to any other node that a label's middle may have to its own."""
EDGE_MARGIN = 1.0
"""How much nearer a label's edge is to its own node than to any other, in points."""


@dataclass(frozen=True)
class Request:
    """A label for a node: its texts, the fullest first, and the side of the node it belongs to."""

    node: int
    texts: tuple[str, ...]
    side: Literal["above", "below"]


@dataclass(frozen=True)
class Placed:
    """A label that has been placed; `box` contains it entirely.

    `led` where it stands far from its node or nearer to another: then a leader line must join the two.
    """

    request: Request
    text: str
    box: Box
    led: bool = False

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the label."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2


def place_labels(
    nodes: Float[np.ndarray, "m 2"],
    radii: Float[np.ndarray, "m"],
    requests: Sequence[Request],
    size: Callable[[str], tuple[float, float]],
    page: Box,
    edges: Float[np.ndarray, "e 2 2"] | None = None,
) -> tuple[list[Placed], list[Request]]:
    """Give each label the nearest free place on its side of its node, shortened where that helps.

    Greedy, in the order of the requests; nothing is ever placed over anything else, so there may be no room
    for a label.

    Parameters
    ----------
    nodes, radii
        Centres and radii, in points.
    requests
        The labels; earlier ones choose first.
    size
        Width and height of a text, in points.
    page
        Where labels must stay.
    edges
        Segments that a label may cover but had better not.

    Returns
    -------
    placed, dropped
        The labels with their boxes, and the requests without room.

    Examples
    --------
    >>> node = np.array([[50.0, 50.0]])
    >>> ask = [Request(0, ("a long name", "1"), "above")]
    >>> page = (0.0, 0.0, 100.0, 100.0)
    >>> placed, dropped = place_labels(node, np.array([3.0]), ask, lambda t: (5.0 * len(t), 7.0), page)
    >>> placed[0].text, placed[0].centre, dropped
    ('a long name', (50.0, 57.5), [])
    """
    lines = np.zeros((0, 2, 2)) if edges is None else edges
    occupied = np.column_stack([nodes - radii[:, None], nodes + radii[:, None]])
    placed: dict[int, Placed] = {}
    # A place clearly at its own node first; only labels without one go where a leader line is needed.
    for led in (False, True):
        for i, request in enumerate(requests):
            if i in placed:
                continue
            for text in request.texts:
                boxes = _candidate_boxes(
                    nodes[request.node], float(radii[request.node]), request.side, size(text), led
                )
                free = _within(boxes, page) & ~overlaps(boxes, occupied).any(axis=1)
                if not led:
                    free &= _clearly_at(boxes, nodes, radii, request.node)
                if free.any():
                    # The first of those that cover the fewest edges.
                    box = min(boxes[free], key=lambda b: crossed(b, lines))
                    left, bottom, right, top = box.tolist()
                    placed[i] = Placed(request, text, (left, bottom, right, top), led)
                    occupied = np.vstack([occupied, box])
                    break
    in_order = [placed[i] for i in sorted(placed)]
    return in_order, [request for i, request in enumerate(requests) if i not in placed]


def overlaps(a: Float[np.ndarray, "k 4"], b: Float[np.ndarray, "m 4"]) -> Bool[np.ndarray, "k m"]:
    """Tell which boxes of a share an inner point with which of b.

    Examples
    --------
    >>> boxes = np.array([[0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 3.0, 3.0], [2.0, 0.0, 3.0, 1.0]])
    >>> overlaps(boxes[:1], boxes).tolist()  # the last one only touches
    [[True, True, False]]
    """
    first, second = a[:, None, :], b[None, :, :]
    return np.all((first[..., :2] < second[..., 2:]) & (second[..., :2] < first[..., 2:]), axis=-1)


def crossed(box: Float[np.ndarray, "4"], edges: Float[np.ndarray, "e 2 2"]) -> int:
    """Count the segments that meet a box (Liang and Barsky 1984).

    Examples
    --------
    >>> lines = np.array([[[0.0, 0.0], [4.0, 4.0]], [[3.0, 0.0], [4.0, 1.0]]])
    >>> crossed(np.array([1.0, 1.0, 2.0, 2.0]), lines)
    1
    """
    if not len(edges):
        return 0
    start, along = edges[:, 0], edges[:, 1] - edges[:, 0]
    still = along == 0
    step = np.where(still, 1.0, along)
    near, far = (box[:2] - start) / step, (box[2:] - start) / step
    enter = np.where(still, 0.0, np.minimum(near, far)).max(axis=1)
    leave = np.where(still, 1.0, np.maximum(near, far)).min(axis=1)
    aside = np.any(still & ((start < box[:2]) | (start > box[2:])), axis=1)
    return int(np.count_nonzero(~aside & (np.maximum(enter, 0.0) <= np.minimum(leave, 1.0))))


def _candidate_boxes(
    node: Float[np.ndarray, "2"], radius: float, side: str, extent: tuple[float, float], led: bool
) -> Float[np.ndarray, "k 4"]:
    """Return boxes around a node, the best first: straight above or below, slid aside, beside it, further."""
    width, height = extent
    sign = 1.0 if side == "above" else -1.0
    offsets: list[tuple[float, float]] = []
    for gap in (2.0 + height, 3.0 + 2 * height, 4.0 + 3 * height) if led else (1.0, 4.0):
        rise = sign * (radius + gap + height / 2)
        aside = radius + gap + width / 2
        offsets += [(share * width, rise) for share in (0.0, 0.25, -0.25, 0.5, -0.5)]
        offsets += [(aside, sign * height / 2), (-aside, sign * height / 2), (aside, 0.0), (-aside, 0.0)]
    centres = node + np.array(offsets)
    half = np.array([width / 2, height / 2])
    return np.hstack([centres - half, centres + half])


def _within(boxes: Float[np.ndarray, "k 4"], page: Box) -> Bool[np.ndarray, "k"]:
    low, high = np.array(page[:2]), np.array(page[2:])
    return np.all((boxes[:, :2] >= low) & (boxes[:, 2:] <= high), axis=1)


def _clearly_at(
    boxes: Float[np.ndarray, "k 4"],
    nodes: Float[np.ndarray, "m 2"],
    radii: Float[np.ndarray, "m"],
    node: int,
) -> Bool[np.ndarray, "k"]:
    """Tell which boxes a reader takes to belong to the node: nearest to it, by the middle and by the edge.

    By a margin: a label centred between two nodes belongs to neither.
    """
    if len(nodes) == 1:
        return np.ones(len(boxes), dtype=bool)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    to_middle = np.sqrt(((middles[:, None] - nodes[None]) ** 2).sum(axis=-1))
    nearest_point = np.clip(nodes[None], boxes[:, None, :2], boxes[:, None, 2:])
    to_edge = np.sqrt(((nearest_point - nodes[None]) ** 2).sum(axis=-1)) - radii[None]
    others = np.arange(len(nodes)) != node
    clear_middle = to_middle[:, node] <= MIDDLE_MARGIN * to_middle[:, others].min(axis=1)
    clear_edge = to_edge[:, node] + EDGE_MARGIN <= to_edge[:, others].min(axis=1)
    return clear_middle & clear_edge
