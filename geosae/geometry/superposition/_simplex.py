"""Linear programs over the kernel of a matrix in rationals, by the simplex method with bounded variables.

max Σ gain_j y_j over My = 0, Σ mass_j|y_j| ≤ limit and −fall_j ≤ y_j ≤ rise_j. Bland's rule (R. G. Bland,
1977, doi:10.1287/moor.2.2.103) makes it end, and y = 0 is a vertex, from which it starts. Meant for small
matrices, where the floats of a solver do not tell columns apart that differ.
"""

from collections.abc import Sequence
from typing import NamedTuple

from flint import fmpq, fmpz, fmpz_mat


class KernelProgram(NamedTuple):
    """What is asked of the kernel: an entry for each column; None where y_j has no bound of its own."""

    gains: tuple[int, ...]
    masses: tuple[int, ...]
    rises: tuple[int | None, ...]
    falls: tuple[int | None, ...]
    limit: int


def optimum(matrix: fmpz_mat, program: KernelProgram) -> tuple[list[fmpq], list[fmpq]]:
    """Return the multipliers b of My = 0, and y. The program must have an optimum.

    Examples
    --------
    >>> ones = (1, 1)
    >>> optimum(fmpz_mat([[1, -10]]), KernelProgram((1, 0), ones, ones, ones, 1))
    ([1/11], [10/11, 1/11])
    """
    tableau = _Tableau(matrix, program)
    while tableau.step():
        pass
    return tableau.multipliers(), tableau.point()


class _Tableau:
    """y = y⁺ − y⁻ with both ≥ 0 and bounded, and the slack of the mass as the last variable."""

    def __init__(self, matrix: fmpz_mat, program: KernelProgram) -> None:
        self.matrix, self.program = matrix, program
        self.p = matrix.ncols()
        self.ends = [None if v is None else fmpq(v) for v in (*program.rises, *program.falls, None)]
        reduced, divisor, rank = matrix.rref()
        lines = [[fmpq(v, divisor) for v in row] for row in reduced.tolist()[:rank]]
        self.pivots = [next(j for j, v in enumerate(row) if v != 0) for row in lines]
        self.slack = 2 * self.p
        # The basic variables: one per independent row of M, at 0, and the slack, at the limit.
        self.basis = [*self.pivots, self.slack]
        self.rows = [[*row, *(-v for v in row), fmpq(0)] for row in lines]
        mass = [fmpq(v) for v in (*program.masses, *program.masses, 1)]
        self.gain = [fmpq(v) for v in (*program.gains, *(-v for v in program.gains), 0)]
        for pivot, row in zip(self.pivots, self.rows, strict=True):
            mass = _less(mass, mass[pivot], row)
            self.gain = _less(self.gain, self.gain[pivot], row)
        self.rows.append(mass)
        self.values = [fmpq(0)] * rank + [fmpq(program.limit)]
        self.raised = [False] * (self.slack + 1)  # the nonbasic variables at their upper ends

    def step(self) -> bool:
        """Move along the first improving variable; tell whether there was one."""
        basic = set(self.basis)
        entering = next(
            (
                j
                for j, gain in enumerate(self.gain)
                if j not in basic and (gain < 0 if self.raised[j] else gain > 0)
            ),
            None,
        )
        if entering is None:
            return False
        down = self.raised[entering]
        # Length of the step, variable, and row of what leaves: None where the entering one goes to its end.
        stops: list[tuple[fmpq, int, int | None]] = []
        end_of_entering = self.ends[entering]
        if end_of_entering is not None:
            stops.append((end_of_entering, entering, None))
        for r, row in enumerate(self.rows):
            rate, end = -row[entering] if down else row[entering], self.ends[self.basis[r]]
            if rate > 0:
                stops.append((self.values[r] / rate, self.basis[r], r))
            elif rate < 0 and end is not None:
                stops.append(((self.values[r] - end) / rate, self.basis[r], r))
        length, _, leaving = min(stops, key=lambda stop: (stop[0], stop[1]))
        change = -length if down else length
        self.values = [v - change * row[entering] for v, row in zip(self.values, self.rows, strict=True)]
        if leaving is None:
            self.raised[entering] = not down
        else:
            start = end_of_entering if down and end_of_entering is not None else fmpq(0)
            self._pivot(entering, leaving, start + change)
        return True

    def _pivot(self, entering: int, leaving: int, value: fmpq) -> None:
        self.raised[self.basis[leaving]] = self.values[leaving] != 0  # else it leaves at 0
        self.raised[entering] = False
        pivot = self.rows[leaving][entering]
        row = self.rows[leaving] = [v / pivot for v in self.rows[leaving]]
        for r, line in enumerate(self.rows):
            if r != leaving and line[entering] != 0:
                self.rows[r] = _less(line, line[entering], row)
        self.gain = _less(self.gain, self.gain[entering], row)
        self.basis[leaving], self.values[leaving] = entering, value

    def point(self) -> list[fmpq]:
        """Return y."""
        ends = [fmpq(0) if end is None else end for end in self.ends]
        values = [end if raised else fmpq(0) for end, raised in zip(ends, self.raised, strict=True)]
        for j, value in zip(self.basis, self.values, strict=True):
            values[j] = value
        return [values[j] - values[self.p + j] for j in range(self.p)]

    def multipliers(self) -> list[fmpq]:
        """Return b: ⟨M_j, b⟩ = gain_j − reduced gain_j − τ·mass_j, 0 where coordinates depend on others."""
        tau, gains, masses = -self.gain[self.slack], self.program.gains, self.program.masses
        right = [gains[j] - self.gain[j] - tau * masses[j] for j in self.pivots]
        b = [fmpq(0)] * self.matrix.nrows()
        if not self.pivots:
            return b
        columns = self.matrix.transpose().tolist()
        table = fmpz_mat([columns[j] for j in self.pivots])
        reduced, _, rank = table.rref()
        lines = [next(i for i, v in enumerate(row) if v != 0) for row in reduced.tolist()[:rank]]
        common = fmpz(1)
        for value in right:
            common = common.lcm(value.q)
        square = fmpz_mat([[columns[j][i] for i in lines] for j in self.pivots])
        solution = square.solve(fmpz_mat(len(right), 1, [v.p * (common // v.q) for v in right]))
        for r, i in enumerate(lines):
            b[i] = solution[r, 0] / common
        return b


def _less(row: Sequence[fmpq], factor: fmpq, other: Sequence[fmpq]) -> list[fmpq]:
    return [v - factor * u for v, u in zip(row, other, strict=True)] if factor != 0 else list(row)
