"""Placing labels around nodes so that no label covers a label, a node, or the edge of the page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

Box = tuple[float, float, float, float]
"""(left, bottom, right, top), in points."""


@dataclass(frozen=True)
class Request:
    """A label wanted beside a node: its texts, the fullest first, and the side it belongs to."""

    node: int
    texts: tuple[str, ...]
    side: Literal["above", "below"]


@dataclass(frozen=True)
class Placed:
    """A label that found its place; `box` holds it entirely.

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


def overlap(a: Box, b: Box) -> bool:
    """Return whether two boxes share an inner point.

    Examples
    --------
    >>> overlap((0.0, 0.0, 2.0, 2.0), (1.0, 1.0, 3.0, 3.0))
    True
    >>> overlap((0.0, 0.0, 1.0, 1.0), (1.0, 0.0, 2.0, 1.0))  # they only touch
    False
    """
    return bool(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


def place_labels(
    nodes: Float[np.ndarray, "m 2"],
    radii: Float[np.ndarray, "m"],
    requests: Sequence[Request],
    size: Callable[[str], tuple[float, float]],
    page: Box,
    edges: Float[np.ndarray, "e 2 2"] | None = None,
) -> tuple[list[Placed], list[Request]]:
    """Give each label the nearest free place on its side of its node, shortened where that helps.

    Greedy, in the order of the requests; nothing is ever placed over anything else, so a label may find no
    place at all.

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
        The labels with their boxes, and the requests that found no place.

    Examples
    --------
    >>> node = np.array([[50.0, 50.0]])
    >>> ask = [Request(0, ("a long name", "1"), "above")]
    >>> page = (0.0, 0.0, 100.0, 100.0)
    >>> placed, dropped = place_labels(node, np.array([3.0]), ask, lambda t: (5.0 * len(t), 7.0), page)
    >>> placed[0].text, placed[0].centre, dropped
    ('a long name', (50.0, 57.5), [])
    """
    centres = [(float(x), float(y)) for x, y in nodes]
    discs = [float(r) for r in radii]
    taken: list[Box] = [(x - r, y - r, x + r, y + r) for (x, y), r in zip(centres, discs, strict=True)]
    placed: dict[int, Placed] = {}
    lines = np.zeros((0, 2, 2)) if edges is None else edges
    # A place nearest to its own node first; only labels without one go where a leader line is needed.
    for led in (False, True):
        for i, request in enumerate(requests):
            if i in placed:
                continue
            node, radius = centres[request.node], discs[request.node]
            for text in request.texts:
                free = [
                    box
                    for box in _places(node, radius, request.side, size(text), led)
                    if _within(box, page)
                    and not any(overlap(box, other) for other in taken)
                    and (led or _nearest(box, centres) == request.node)
                ]
                if free:
                    # The first of those that cover the fewest edges.
                    box = min(free, key=lambda b: crossed(b, lines))
                    placed[i] = Placed(request, text, box, led)
                    taken.append(box)
                    break
    kept = [placed[i] for i in sorted(placed)]
    return kept, [request for i, request in enumerate(requests) if i not in placed]


def _places(
    node: tuple[float, float], radius: float, side: str, extent: tuple[float, float], led: bool
) -> Iterator[Box]:
    width, height = extent
    gaps = (2.0 + height, 3.0 + 2 * height, 4.0 + 3 * height) if led else (1.0, 4.0)
    for dx, dy in _offsets(width, height, radius, 1.0 if side == "above" else -1.0, gaps):
        x, y = node[0] + dx, node[1] + dy
        yield (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def crossed(box: Box, edges: Float[np.ndarray, "e 2 2"]) -> int:
    """Count the segments that meet a box (Liang and Barsky 1984).

    Examples
    --------
    >>> lines = np.array([[[0.0, 0.0], [4.0, 4.0]], [[3.0, 0.0], [4.0, 1.0]]])
    >>> crossed((1.0, 1.0, 2.0, 2.0), lines)
    1
    """
    if not len(edges):
        return 0
    start, along = edges[:, 0], edges[:, 1] - edges[:, 0]
    enter, leave = np.zeros(len(edges)), np.ones(len(edges))
    outside = np.zeros(len(edges), dtype=bool)
    for axis, (low, high) in enumerate(((box[0], box[2]), (box[1], box[3]))):
        still = along[:, axis] == 0
        outside |= still & ((start[:, axis] < low) | (start[:, axis] > high))
        step = np.where(still, 1.0, along[:, axis])
        near, far = (low - start[:, axis]) / step, (high - start[:, axis]) / step
        enter = np.where(still, enter, np.maximum(enter, np.minimum(near, far)))
        leave = np.where(still, leave, np.minimum(leave, np.maximum(near, far)))
    return int(np.count_nonzero(~outside & (enter <= leave)))


def _within(box: Box, page: Box) -> bool:
    return bool(box[0] >= page[0] and box[1] >= page[1] and box[2] <= page[2] and box[3] <= page[3])


def _nearest(box: Box, centres: Sequence[tuple[float, float]]) -> int:
    def distance(i: int) -> float:
        # From the label's middle: a wide label touches the space of many nodes, and is read as one's.
        x, y = centres[i]
        return ((box[0] + box[2]) / 2 - x) ** 2 + ((box[1] + box[3]) / 2 - y) ** 2

    return min(range(len(centres)), key=distance)


def _offsets(
    width: float, height: float, radius: float, sign: float, gaps: Sequence[float]
) -> list[tuple[float, float]]:
    """Places, the best first: straight, slid aside, beside the node, then the same a little further."""
    found: list[tuple[float, float]] = []
    for gap in gaps:
        rise = sign * (radius + gap + height / 2)
        aside = radius + gap + width / 2
        found += [(share * width, rise) for share in (0.0, 0.25, -0.25, 0.5, -0.5)]
        found += [(aside, sign * height / 2), (-aside, sign * height / 2), (aside, 0.0), (-aside, 0.0)]
    return found
