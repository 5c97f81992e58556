"""Cells of hyperplane arrangements in exact integer arithmetic, without a solver.

A hyperplane {⟨w, x⟩ + c = 0} is the integer row (w, c), a point p/q the integer column (p, q), q > 0. Adding
a hyperplane H to an arrangement cuts exactly those cells in two whose sign vectors occur on H; these are the
cells of the arrangement that the others induce in H, one dimension lower. That recursion (deletion and
restriction: T. Zaslavsky, Facing up to arrangements, 1975, doi:10.1090/memo/0154) enumerates every cell with
an interior point, in time polynomial in the size of the answer, whatever is parallel, repeated or concurrent.
"""

from math import gcd

Row = tuple[int, ...]
Point = tuple[int, ...]
# A cell: its sign vector (one True or False per row) and an interior point.
CellMap = dict[tuple[bool, ...], Point]


def enumerate_cells(rows: list[Row], required: int = 0) -> CellMap:
    """Return the cells, without those on the negative side of the first `required` rows.

    Rows without a normal (w = 0) cut nothing: their sign is that of c, False for c = 0.

    Examples
    --------
    >>> sorted(enumerate_cells([(1, 0), (1, -1)]))
    [(False, False), (True, False), (True, True)]
    """
    n = len(rows[0]) - 1 if rows else 0
    cells: CellMap = {(): (0,) * n + (1,)}
    for i, row in enumerate(rows):
        grown: CellMap = {}
        cut = _cells_on(rows[:i], row, min(i, required))
        for signs, point in cells.items():
            value = _value(row, point)
            base = cut.get(signs)
            for side in (False, True):
                if base is None and (value > 0) != side:
                    continue
                if i < required and not side:
                    continue
                keeps = base is None or (value > 0 if side else value < 0)
                grown[(*signs, side)] = point if keeps else _moved(rows[:i], row, base or point, side)
        cells = grown
    return cells


def count_cells(rows: list[Row], n: int) -> int:
    """Count the cells by the same recursion, without their sign vectors or points.

    Examples
    --------
    >>> count_cells([(1, 0, 0), (0, 1, 0), (1, 1, 0)], 2)
    6
    """
    if n == 0:
        return 1
    total = 1
    distinct = _distinct(rows)
    if n == 1:
        return 1 + len(distinct)
    for i, row in enumerate(distinct):
        pivot = _pivot(row)
        total += count_cells([_restricted(earlier, row, pivot) for earlier in distinct[:i]], n - 1)
    return total


def _distinct(rows: list[Row]) -> list[Row]:
    """Drop rows without a normal and all but one of the rows of the same hyperplane."""
    distinct: dict[Row, None] = {}
    for row in rows:
        if any(row[:-1]):
            short = _shortest(row)
            lead = next(value for value in short if value)
            distinct[short if lead > 0 else tuple(-value for value in short)] = None
    return list(distinct)


def _cells_on(rows: list[Row], through: Row, required: int) -> CellMap:
    """Return the cells that the rows induce in the hyperplane `through`, with points of it, in Rⁿ."""
    pivot = _pivot(through)
    if pivot < 0:
        return {}
    restricted = [_restricted(row, through, pivot) for row in rows]
    # A row equal to `through` up to a factor vanishes on it: then `through` cuts nothing that is not cut yet.
    if any(not any(short) for short, row in zip(restricted, rows, strict=True) if any(row[:-1])):
        return {}
    if not rows:
        return {(): _lifted((0,) * (len(through) - 2) + (1,), through, pivot)}
    lower = enumerate_cells(restricted, required)
    return {signs: _lifted(point, through, pivot) for signs, point in lower.items()}


def _pivot(row: Row) -> int:
    """Return the index of the largest normal entry, −1 if the normal is zero."""
    best = max(range(len(row) - 1), key=lambda k: abs(row[k]), default=-1)
    return best if best >= 0 and row[best] else -1


def _restricted(row: Row, through: Row, pivot: int) -> Row:
    """Eliminate the pivot coordinate from a row by the equation of `through`, keeping its sign."""
    lead, entry = through[pivot], row[pivot]
    if entry == 0:
        return row[:pivot] + row[pivot + 1 :]
    if lead < 0:
        lead, through = -lead, tuple(-value for value in through)
    return _shortest(
        tuple(lead * r - entry * t for k, (r, t) in enumerate(zip(row, through, strict=True)) if k != pivot)
    )


def _lifted(point: Point, through: Row, pivot: int) -> Point:
    """Give a point of the hyperplane its pivot coordinate back."""
    lead = through[pivot]
    rest = sum(t * p for t, p in zip(through[:pivot] + through[pivot + 1 :], point, strict=True))
    if lead < 0:
        lead, rest = -lead, -rest
    scaled = [lead * value for value in point]
    return _shortest((*scaled[:pivot], -rest, *scaled[pivot:]))


def _moved(rows: list[Row], row: Row, point: Point, side: bool) -> Point:
    """Step from a point on the row's hyperplane to one side, short of every other hyperplane."""
    step = [value if side else -value for value in row[:-1]]
    q = point[-1]
    doublings = 0
    for plane in rows:
        drift = q * abs(sum(w * s for w, s in zip(plane[:-1], step, strict=True)))
        value = abs(_value(plane, point))
        if drift and value:
            # Half the way at most: drift < value·2^doublings.
            doublings = max(doublings, drift.bit_length() - value.bit_length() + 2)
    scale = 1 << doublings
    return _shortest((*(scale * p + q * s for p, s in zip(point[:-1], step, strict=True)), scale * q))


def _value(row: Row, point: Point) -> int:
    return sum(w * p for w, p in zip(row, point, strict=True))


def _shortest(values: Row) -> Row:
    factor = gcd(*values)
    return values if factor <= 1 else tuple(value // factor for value in values)
