"""The circuits of a dictionary: vectors of its kernel of least support, found by trying all sets of columns.

Every vector of the kernel is a sum of circuits without cancellation, all with its signs (R. T. Rockafellar,
The elementary vectors of a subspace, 1969). So what is linear on each orthant, as ‖z + h‖₁ is for small h, is
decided by the circuits, without a linear program.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

import numpy as np
from flint import fmpz_mat
from jaxtyping import Int

Circuit = tuple[int, ...]
"""p integers."""


def circuits(features: Int[np.ndarray, "p n"]) -> list[Circuit]:
    """Return one circuit of each support, in integers.

    Examples
    --------
    >>> circuits(np.array([[1], [2], [0]]))
    [(0, 0, 1), (2, -1, 0)]
    """
    rows, p = features.T.tolist(), len(features)
    matrix = fmpz_mat(rows)
    rank = matrix.rank()
    if rank == p:
        return []
    if rank == p - 1:
        return [_circuit(matrix, range(p), p)]
    found: list[Circuit] = []
    for size in range(1, rank + 2):
        for places in combinations(range(p), size):
            part = fmpz_mat([[row[j] for j in places] for row in rows])
            if part.rank() == size - 1:
                circuit = _circuit(part, places, p)
                if all(circuit[j] for j in places):
                    found.append(circuit)
    return found


def _circuit(part: fmpz_mat, places: Sequence[int], p: int) -> Circuit:
    basis, _ = part.nullspace()
    entries = dict(zip(places, (int(basis[r, 0]) for r in range(len(places))), strict=True))
    return tuple(entries.get(j, 0) for j in range(p))


def greatest_share(found: Sequence[Circuit], k: int) -> Fraction:
    """Return the greatest share of ‖h‖₁ that k entries of a vector of the kernel carry; 0 for a trivial one.

    Among vectors of one norm it is greatest at a circuit: T_k(|h|) is convex.
    """
    return max(
        (Fraction(sum(sorted(map(abs, h), reverse=True)[:k]), sum(map(abs, h))) for h in found),
        default=Fraction(0),
    )


def only_shortest(found: Sequence[Circuit], signs: Sequence[int], *, nonnegative: bool = False) -> bool:
    """Tell whether a code of these signs is the only minimiser of ‖z′‖₁ subject to Az′ = Az.

    With `nonnegative`, among codes z′ ≥ 0: then the vectors added are those with entries ≥ 0 off the support.
    """
    for circuit in found:
        for h in (circuit, tuple(-v for v in circuit)):
            off = [v for s, v in zip(signs, h, strict=True) if not s]
            rise = sum(s * v for s, v in zip(signs, h, strict=True)) + sum(map(abs, off))
            if rise <= 0 and not (nonnegative and any(v < 0 for v in off)):
                return False
    return True
