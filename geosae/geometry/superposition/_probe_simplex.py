"""max{y_i : My = 0, ‖y‖_∞ ≤ 1, ‖y‖₁ ≤ k} in rationals, by the simplex method with bounded variables.

Bland's rule (R. G. Bland, 1977, doi:10.1287/moor.2.2.103) makes it end. Meant for small matrices, where the
floats of a solver do not tell columns apart that differ: y = 0 is a vertex, from which it starts.
"""

from collections.abc import Sequence

from flint import fmpq, fmpz, fmpz_mat


def best_by_pivots(matrix: fmpz_mat, feature: int, k: int) -> tuple[list[fmpq], list[fmpq]]:
    """Return an optimal b and an optimal y: min_b T_k(|Mᵀb − e_i|) = max y_i.

    Examples
    --------
    >>> best_by_pivots(fmpz_mat([[1, -10]]), 0, 1)
    ([1/11], [10/11, 1/11])
    """
    tableau = _Tableau(matrix, feature, k)
    while tableau.step():
        pass
    return tableau.probe(), tableau.dual()


class _Tableau:
    """y = y⁺ − y⁻ with both in [0, 1], and the slack of ‖y‖₁ ≤ k as the last variable."""

    def __init__(self, matrix: fmpz_mat, feature: int, k: int) -> None:
        self.matrix, self.feature = matrix, feature
        self.p = matrix.ncols()
        reduced, divisor, self.rank = matrix.rref()
        lines = [[fmpq(v, divisor) for v in row] for row in reduced.tolist()[: self.rank]]
        self.pivots = [next(j for j, v in enumerate(row) if v != 0) for row in lines]
        self.slack = 2 * self.p
        # The basic variables: one per independent row of M, at 0, and the slack, at k.
        self.basis = [*self.pivots, self.slack]
        self.rows = [[*row, *(-v for v in row), fmpq(0)] for row in lines]
        mass = [fmpq(1)] * (self.slack + 1)
        self.gain = [fmpq(0)] * (self.slack + 1)
        self.gain[feature], self.gain[self.p + feature] = fmpq(1), fmpq(-1)
        for pivot, row in zip(self.pivots, self.rows, strict=True):
            mass = _less(mass, mass[pivot], row)
            self.gain = _less(self.gain, self.gain[pivot], row)
        self.rows.append(mass)
        self.values = [fmpq(0)] * self.rank + [fmpq(k)]
        self.raised = [False] * (self.slack + 1)  # the nonbasic variables at 1

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
        if entering != self.slack:
            stops.append((fmpq(1), entering, None))
        for r, row in enumerate(self.rows):
            rate = -row[entering] if down else row[entering]
            if rate > 0:
                stops.append((self.values[r] / rate, self.basis[r], r))
            elif rate < 0 and self.basis[r] != self.slack:
                stops.append(((self.values[r] - 1) / rate, self.basis[r], r))
        length, _, leaving = min(stops, key=lambda stop: (stop[0], stop[1]))
        change = -length if down else length
        self.values = [v - change * row[entering] for v, row in zip(self.values, self.rows, strict=True)]
        if leaving is None:
            self.raised[entering] = not down
        else:
            self._pivot(entering, leaving, (fmpq(1) if down else fmpq(0)) + change)
        return True

    def _pivot(self, entering: int, leaving: int, value: fmpq) -> None:
        self.raised[self.basis[leaving]] = self.values[leaving] != 0
        self.raised[entering] = False
        pivot = self.rows[leaving][entering]
        row = self.rows[leaving] = [v / pivot for v in self.rows[leaving]]
        for r, line in enumerate(self.rows):
            if r != leaving and line[entering] != 0:
                self.rows[r] = _less(line, line[entering], row)
        self.gain = _less(self.gain, self.gain[entering], row)
        self.basis[leaving], self.values[leaving] = entering, value

    def dual(self) -> list[fmpq]:
        """Return y."""
        values = [fmpq(int(raised)) for raised in self.raised]
        for j, value in zip(self.basis, self.values, strict=True):
            values[j] = value
        return [values[j] - values[self.p + j] for j in range(self.p)]

    def probe(self) -> list[fmpq]:
        """Return b, with 0 in coordinates that depend on others: ⟨a_j, b⟩ = δ_ij − gain_j − τ."""
        tau = -self.gain[self.slack]
        right = [(fmpq(1) if j == self.feature else fmpq(0)) - self.gain[j] - tau for j in self.pivots]
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
