"""Whether the k largest of the scores Dz are those of the active features, for every code (theory R3).

For codes with exactly k entries in [1, ρ] on a set S, score i exceeds score j for all i in S and j outside,
for all of them, iff for all i ≠ j: e_i + (sum of the k−1 smallest e_l, l ≠ i, j) > 0, e_l = min(w_l, ρw_l),
w_l = D_il − D_jl. (Minimise score_i − score_j entry by entry, then over S.) Decided in integers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.geometry.exact import fraction, integers, nearest_float, power_of_two
from geosae.geometry.separation.certificate import ForgedCertificate, refuse_truth_value
from geosae.geometry.superposition._dictionary import amplitude
from geosae.notebook import short_text
from geosae.storage.arguments import checked_arguments
from geosae.validation import COUNT, finite_points, finite_vector

Table = list[list[int]]
# Beyond this sums of products of integers could leave 64 bits.
_WIDE = 2**62
# For greater amplitudes floats are not asked which pairs to look at.
_FAR = 2**60


@dataclass(frozen=True, eq=False)
class OneShot:
    """Whether Top-k of the scores Dz + c keeps exactly the active features of every code (theory R3).

    Parameters
    ----------
    D
        Score i of the code z is Σ_l D_il z_l + c_i. Row i < p is to read feature i, further rows read none.
    offsets
        The c_i.
    k
        The number of active features, which is the number of scores kept.
    rho
        Amplitudes are from [1, ρ].
    margin
        The least of score_i − score_j over all codes, active i, inactive j: positive iff all are read right.
    feature, rival
        An active i and an inactive j where it is attained.
    code
        A code where it is attained: an entry per feature, 0, 1 or ρ.
    least_score
        The least score of an active feature over all codes.
    """

    D: Float[np.ndarray, "d p"]
    offsets: Float[np.ndarray, " d"]
    k: int
    rho: Fraction
    margin: Fraction
    feature: int
    rival: int
    code: tuple[Fraction, ...]
    least_score: Fraction

    @property
    def right(self) -> bool:
        """Whether all codes are read right, whatever the signs of the scores."""
        return self.margin > 0

    def __bool__(self) -> NoReturn:
        refuse_truth_value("a verdict", ".right")

    def __repr__(self) -> str:
        rows, features = self.D.shape
        codes = f"{features:,} features, amplitudes up to {nearest_float(self.rho):.6g}"
        verdict = "reads every code right" if self.right else "reads some code wrong"
        pair = f"active feature {self.feature} over row {self.rival}: {nearest_float(self.margin):.4g}"
        return short_text(
            f"OneShot: Top-{self.k} of {rows:,} scores, {codes}, {verdict}; least score of {pair}; exact"
        )

    def check(self) -> "OneShot":
        """Prove again, in integers, that the code attains the margin and that no pair has a smaller one.

        Raises
        ------
        ForgedCertificate
            If either is not so, or the least score is another.
        """
        scores = _Scores(self.D, self.offsets, self.k, self.rho)
        active = [m for m, z in enumerate(self.code) if z != 0]
        fits = len(self.code) == scores.p and len(active) == self.k and set(self.code) <= {0, 1, self.rho}
        _require(fits, "the code is none of k entries 1 or ρ")
        _require(self.feature in active and self.rival not in active, "the pair is not active and inactive")
        exact = [[Fraction(v) for v in row.tolist()] for row in (self.D[self.feature], self.D[self.rival])]
        first, second = (
            sum((v * z for v, z in zip(row, self.code, strict=True)), Fraction(0)) for row in exact
        )
        gap = first - second + Fraction(self.offsets[self.feature]) - Fraction(self.offsets[self.rival])
        _require(gap == self.margin, "the code has another margin")
        least = min(scores.margin(i, j) for i, j in scores.pairs())
        _require(fraction(least * scores.unit) == self.margin, "another pair has a smaller margin")
        _require(scores.least_score() == self.least_score, "the least score is another")
        return self


@checked_arguments(k=COUNT)
def one_shot_recovery(
    D: Float[np.ndarray, "d p"],
    k: int,
    rho: int | float | Fraction = 1,
    *,
    offsets: Float[np.ndarray, " m"] | None = None,
) -> OneShot:
    """Decide whether the k largest scores are the active ones for all codes of k entries in [1, ρ] (R3).

    Parameters
    ----------
    D
        Scores as combinations of the code: for probes B and features A, D = BᵀA. One row per neuron, one
        column per feature; row i reads feature i. Rows beyond the features read none, and compete.
    k
        The number of active features.
    rho
        The greatest amplitude ρ ≥ 1, the least being 1; a float is the rational that it is.
    offsets
        What is added to each score, 0 by default.

    Raises
    ------
    InvalidInput
        If D is no finite matrix or has more columns than rows, k is not below the number of rows or exceeds
        that of columns, rho is below 1 or not finite, or the offsets are not one per row.

    Examples
    --------
    >>> close = np.array([[1.0, 0.4, 0.4], [0.4, 1.0, 0.4], [0.4, 0.4, 1.0]])
    >>> one_shot_recovery(close, 2).check().right, one_shot_recovery(close, 2, 3).margin > 0
    (True, True)
    >>> opposed = np.array([[1.0, -0.6, 0.6], [-0.6, 1.0, 0.6], [0.6, 0.6, 1.0]])
    >>> lost = one_shot_recovery(opposed, 2)
    >>> lost.right, lost.feature, lost.rival, [int(z) for z in lost.code]
    (False, 0, 2, [1, 1, 0])
    """
    table = finite_points(D, "the scores D").copy()
    d, p = table.shape
    if p > d or k >= d or k > p:
        raise InvalidInput(
            f"the scores D are of {d} rows for {p} features, and k is {k}",
            causes="features in rows, or all of them active",
            remedy="pass a row for each feature, rows that read none last, and fewer active than rows",
        )
    added = np.zeros(d) if offsets is None else finite_vector(offsets, "offsets", dim=d)
    for array in (table, added):
        array.setflags(write=False)
    scores = _Scores(table, added, k, amplitude(rho))
    i, j, margin = scores.least()
    return OneShot(
        table,
        added,
        k,
        scores.rho,
        fraction(margin * scores.unit),
        i,
        j,
        scores.code(i, j),
        scores.least_score(),
    )


class _Scores:
    """D and the offsets in integers, in units of 2**exponent over ρ's denominator."""

    def __init__(
        self, D: Float[np.ndarray, "d p"], offsets: Float[np.ndarray, " d"], k: int, rho: Fraction
    ) -> None:
        self.D, self.offsets, self.k, self.rho = D, offsets, k, rho
        self.d, self.p = D.shape
        exact = integers(np.column_stack([D, offsets]))
        self.rows: Table = [[int(v) for v in row] for row in exact.matrix.tolist()]
        self.low, self.high = rho.denominator, rho.numerator
        self.unit = power_of_two(exact.exponent) / self.low

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield each feature with each row that can be inactive beside it."""
        for i in range(self.p):
            for j in range(self.d):
                # With all features active only rows that read none are left.
                if j != i and (j >= self.p or self.k < self.p):
                    yield i, j

    def entries(self, i: int, j: int) -> list[tuple[int, int]]:
        """Return e_m and m of every feature m but i and j, the smallest first."""
        first, second = self.rows[i], self.rows[j]
        return sorted((self.least_of(first[m] - second[m]), m) for m in range(self.p) if m not in (i, j))

    def least_of(self, w: int) -> int:
        """Return min(w, ρw)."""
        return w * (self.low if w >= 0 else self.high)

    def margin(self, i: int, j: int) -> int:
        """Return the least score_i − score_j over codes with i and without j."""
        first, second = self.rows[i], self.rows[j]
        offset = (first[self.p] - second[self.p]) * self.low
        return (
            self.least_of(first[i] - second[i]) + offset + sum(e for e, _ in self.entries(i, j)[: self.k - 1])
        )

    def code(self, i: int, j: int) -> tuple[Fraction, ...]:
        """Return a code with i and without j where score_i − score_j is least."""
        first, second = self.rows[i], self.rows[j]
        active = {i, *(m for _, m in self.entries(i, j)[: self.k - 1])}
        return tuple(
            Fraction(0) if m not in active else Fraction(1) if first[m] >= second[m] else self.rho
            for m in range(self.p)
        )

    def least_score(self) -> Fraction:
        """Return the least score of an active feature over all codes."""
        least: list[int] = []
        for i in range(self.p):
            others = sorted(self.least_of(self.rows[i][m]) for m in range(self.p) if m != i)
            own_score = self.least_of(self.rows[i][i]) + self.rows[i][self.p] * self.low
            least.append(own_score + sum(others[: self.k - 1]))
        return fraction(min(least) * self.unit)

    def least(self) -> tuple[int, int, int]:
        """Return a pair of the least margin, and the margin."""
        reach = max(abs(v) for row in self.rows for v in row)
        if 2 * reach * max(self.low, self.high) * (self.k + 2) < _WIDE:
            margins, _ = self._all_margins(np.array(self.rows, dtype=np.int64), self.low, self.high)
            i, j = np.unravel_index(int(margins.argmin()), margins.shape)
            return int(i), int(j), int(margins[i, j])
        pairs = self.pairs() if self.rho > _FAR else self._candidates()
        margin, i, j = min((self.margin(i, j), i, j) for i, j in pairs)
        return i, j, margin

    def _candidates(self) -> list[tuple[int, int]]:
        """Return the pairs whose margin in floats is the least up to rounding."""
        table = np.column_stack([self.D, self.offsets])
        table = np.ldexp(table, -int(np.frexp(np.abs(table).max())[1]))
        margins, sizes = self._all_margins(table, 1.0, float(self.rho))
        errors = (self.k + 8) * float(np.finfo(np.float64).eps) * sizes + 2.0**-1000
        near = margins - errors <= float((margins + errors).min())
        return [(int(i), int(j)) for i, j in zip(*np.nonzero(near), strict=True)]

    def _all_margins(self, table: Any, low: Any, high: Any) -> tuple[Any, Any]:
        """Return all margins, exactly for integers, and the sums of the sizes of their terms."""
        far = np.iinfo(np.int64).max if table.dtype.kind == "i" else np.inf
        margins = np.full((self.p, self.d), far, dtype=table.dtype)
        sizes = np.zeros((self.p, self.d))
        rows = np.arange(self.d)
        allowed = (rows >= self.p) | (self.k < self.p)
        for i in range(self.p):
            w = table[i] - table
            least = np.where(w >= 0, w * low, w * high)
            own_score, offset = least[:, i].copy(), w[:, self.p] * low
            others = least[:, : self.p]
            others[:, i] = far
            others[rows[: self.p], rows[: self.p]] = far
            smallest = np.partition(others, min(self.k, self.p) - 1, axis=1)[:, : self.k - 1]
            use = allowed & (rows != i)
            margins[i, use] = (own_score + offset + smallest.sum(axis=1))[use]
            sizes[i, use] = (np.abs(own_score) + np.abs(offset) + np.abs(smallest).sum(axis=1))[use]
        return margins, sizes


def _require(condition: bool, complaint: str) -> None:
    if not condition:
        raise ForgedCertificate(complaint)
