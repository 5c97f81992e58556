"""Δ-stable concepts on plain Python integers: the reference for `step` in `_kernels.py`."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from geosae.fca.bitsets import as_integer


@dataclass(frozen=True, eq=False)
class Mined:
    """The stable sets A of long elements, by the short elements common to them, and what each step costs."""

    sets: Bool[np.ndarray, "k s"]
    delta: Int[np.ndarray, "k"]
    complete: bool = True


def mine_ints(crosses: Bool[np.ndarray, "l s"], theta: int, cap: int) -> Mined:
    """Return all closed A with |A| − |A ∩ j′| ≥ theta for every j outside A′, and |A| ≥ theta.

    Short elements are added one by one. A set that is stable in the end has at every stage a stable closure,
    which the next element leaves alone or cuts; so what is not stable may be dropped at once.

    Examples
    --------
    >>> mine_ints(~np.eye(3, dtype=bool), 1, 100).sets.sum(axis=1).tolist()
    [0, 1, 1, 2, 1, 2, 2]
    """
    columns = [as_integer(column) for column in crosses.T]
    whole = (1 << len(crosses)) - 1
    stable = {whole: len(crosses)} if len(crosses) >= theta else dict[int, int]()
    for j, column in enumerate(columns):
        new: dict[int, int] = {}
        for a, delta in stable.items():
            cut = a & column
            cost = (a ^ cut).bit_count()
            if cost == 0:
                new[a] = delta
                continue
            if min(delta, cost) >= theta:
                new[a] = min(delta, cost)
            if cut not in stable and cut not in new:
                least = _delta(cut, columns[: j + 1], theta)
                if least >= theta:
                    new[cut] = least
        stable = new
        if len(stable) > cap:
            return Mined(np.zeros((0, len(columns)), dtype=bool), np.zeros(0, dtype=np.int64), complete=False)
    sets = np.array([[not a & ~column for column in columns] for a in stable], dtype=bool)
    return Mined(sets.reshape(len(stable), len(columns)), np.array(list(stable.values()), dtype=np.int64))


def _delta(a: int, columns: list[int], theta: int) -> int:
    """Return the least cost of a further column, or the first that is below theta."""
    least = a.bit_count()
    for column in columns:
        lost = a & ~column
        if lost:
            least = min(least, lost.bit_count())
        if least < theta:
            break
    return least
