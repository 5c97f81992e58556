"""T_k: the sum of the k largest, which measures what k features at once can do to a reading."""

from collections.abc import Sequence
from heapq import nlargest

from flint import fmpq


def largest_sum(values: Sequence[fmpq], k: int) -> fmpq:
    """Return T_k(|v|), the sum of the k largest sizes (of all, if there are fewer).

    Examples
    --------
    >>> largest_sum([fmpq(1), fmpq(-3), fmpq(2)], 2)
    5
    """
    return sum(nlargest(k, (abs(v) for v in values)), fmpq(0))
