"""A buffer that shuffles what comes in order: a stream, or blocks of points."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.sae.training.batches import Stream
from geosae.validation import finite_points

# Rows of a stream that are read at a time.
READ_ROWS = 1024


def shuffled(
    points: Stream | Callable[[], Iterator[np.ndarray]], buffer: int, seed: int
) -> Callable[[], Iterator[Float[np.ndarray, "B n"]]]:
    """Return a function that yields the points in an order mixed by a buffer, the same one at every call.

    Each row that comes takes the place of a random row of the buffer, which is handed on. A row is handed on
    after `buffer` others on average, so an order is broken only where it changes within a few buffers: take
    one as large as memory allows. A stream goes round without end; blocks end with what the buffer holds.

    Parameters
    ----------
    points
        A stream, with `dim`, `len()` and `rows(start, stop)`, or a function that returns an iterator over
        blocks of points.
    buffer
        The number of rows that are held.
    seed
        Decides the order.

    Raises
    ------
    InvalidInput
        If the buffer holds fewer than two rows or the seed is negative; while it yields, if points are not
        finite.

    Examples
    --------
    >>> mixed = shuffled(lambda: iter([np.arange(6.0)[:, None]]), buffer=4, seed=0)
    >>> rows = np.concatenate(list(mixed())).ravel().tolist()
    >>> sorted(rows), rows == sorted(rows)
    ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], False)
    """
    if buffer < 2:
        raise InvalidInput(f"a buffer of {buffer} rows shuffles nothing", remedy="use at least 2 rows")
    if seed < 0:
        raise InvalidInput(f"the seed is {seed}", remedy="choose one of at least 0")

    def mixed() -> Iterator[Float[np.ndarray, "B n"]]:
        rng = np.random.default_rng(seed)
        filling: list[np.ndarray] = []
        room, held = buffer, None
        for part in _parts(points, buffer):
            # Copies: what comes may be one buffer that is filled again and again.
            if room:
                filling.append(np.array(part[:room]))
                room -= len(filling[-1])
                part = part[len(filling[-1]) :]
            if not room and len(part):
                held = np.concatenate(filling) if held is None else held
                places = rng.choice(buffer, len(part), replace=False)
                leaving = held[places]
                held[places] = part
                yield leaving
        rest = held if held is not None else np.concatenate(filling) if filling else None
        if rest is not None:
            yield rest[rng.permutation(len(rest))]

    return mixed


def _parts(points: Stream | Callable[[], Iterator[np.ndarray]], most: int) -> Iterator[np.ndarray]:
    """Yield the points in order, at most so many rows at a time."""
    for block in _read(points, most) if isinstance(points, Stream) else points():
        cloud = finite_points(block)
        for start in range(0, len(cloud), most):
            yield cloud[start : start + most]


def _read(stream: Stream, most: int) -> Iterator[np.ndarray]:
    size = min(READ_ROWS, most)
    while True:
        for start in range(0, len(stream), size):
            yield stream.rows(start, min(start + size, len(stream)))
