"""Proofs of how far linear probes err on sparse codes, and of how little the best one must (theory R1).

`ReadoutError` holds the greatest error of each of p probes and a code on which the worst of them errs so far.
`BestProbe` holds a probe b for one feature and a y with Ay = 0, ‖y‖_∞ ≤ 1, ‖y‖₁ ≤ k: its error T_k(|Aᵀb −
e_i|) is an upper bound on the least possible, y_i a lower one. Both are checked by sorting and one exact
product, without a solver.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from flint import fmpq
from jaxtyping import Float, Int

from geosae.geometry.exact import fraction, nearest_float, rational
from geosae.geometry.separation.certificate import ForgedCertificate
from geosae.geometry.superposition._dictionary import Dictionary
from geosae.geometry.superposition._largest import largest_sum
from geosae.notebook import short_text


@dataclass(frozen=True, eq=False)
class ReadoutError:
    """The greatest error of Bᵀx as a reading of z, x = Az, over all codes of at most k non-zeros (R1).

    Parameters
    ----------
    dictionary
        The columns a_1 … a_p.
    B
        The probes, one per feature, as columns.
    k
        The greatest number of non-zeros of a code.
    boolean
        Whether codes are Boolean; otherwise they are from [−1, 1].
    errors
        The greatest error of each probe: the sum of the k largest entries of its row of |D − I|, D = BᵀA; for
        Boolean codes the greater of the sums of the positive and of the negative entries.
    code
        A code on which the worst probe errs so far: its entries are −1, 0 or 1.
    """

    dictionary: Dictionary
    B: Float[np.ndarray, "n p"]
    k: int
    boolean: bool
    errors: tuple[Fraction, ...]
    code: Int[np.ndarray, " p"]

    @property
    def A(self) -> Float[np.ndarray, "n p"]:  # noqa: N802
        """The columns of the dictionary."""
        return self.dictionary.columns

    @property
    def feature(self) -> int:
        """The feature whose probe errs most, the first of equal ones."""
        return self.errors.index(self.error)

    @property
    def error(self) -> Fraction:
        """The greatest error of all probes."""
        return max(self.errors)

    def __repr__(self) -> str:
        codes = f"{'Boolean codes' if self.boolean else 'codes from [−1, 1]'} of at most {self.k} active"
        return short_text(
            f"ReadoutError: {nearest_float(self.error):.6g} on {codes}, by the probe of feature "
            f"{self.feature} of {len(self.errors):,}; exact"
        )

    def check(self) -> "ReadoutError":
        """Prove again that no code makes a probe err by more, and that the code makes the worst err so far.

        Raises
        ------
        ForgedCertificate
            If either is not so.
        """
        p = self.dictionary.size
        _require(self.B.shape == self.A.shape and len(self.errors) == p, "the shapes do not agree")
        for i, claimed in enumerate(self.errors):
            true = greatest_error(self.row(i), self.k, boolean=self.boolean)
            _require(fraction(true) == claimed, f"the greatest error of probe {i} is another")
        code = self.code.tolist()
        _require(len(code) == p and set(code) <= ({0, 1} if self.boolean else {-1, 0, 1}), "the code is none")
        _require(sum(map(abs, code)) <= self.k, f"the code has more than {self.k} entries")
        row = self.row(self.feature)
        error = sum((v * z for v, z in zip(row, code, strict=True)), fmpq(0))
        _require(fraction(abs(error)) == self.error, "the code makes the worst probe err by another number")
        return self

    def row(self, i: int) -> list[fmpq]:
        """Return row i of D − I exactly."""
        errors = self.dictionary.products([rational(v) for v in self.B[:, i].tolist()])
        errors[i] -= 1
        return errors


@dataclass(frozen=True, eq=False)
class BestProbe:
    """A best linear probe of one feature, and the proof that no other errs less by more than eta (R1).

    Parameters
    ----------
    dictionary
        The columns a_1 … a_p.
    feature
        The number i of the feature.
    k
        The greatest number of non-zeros of a code.
    b
        The probe, in rationals.
    support, weights
        The non-zero entries of y: Ay = 0, ‖y‖_∞ ≤ 1, ‖y‖₁ ≤ k. Every probe errs by at least y_i.
    upper
        The greatest error of b on codes from [−1, 1]: T_k(|Aᵀb − e_i|).
    lower
        y_i.
    """

    dictionary: Dictionary
    feature: int
    k: int
    b: tuple[Fraction, ...]
    support: Int[np.ndarray, " s"]
    weights: tuple[Fraction, ...]
    upper: Fraction
    lower: Fraction

    @property
    def A(self) -> Float[np.ndarray, "n p"]:  # noqa: N802
        """The columns of the dictionary."""
        return self.dictionary.columns

    @property
    def grade(self) -> Literal["exact", "certified"]:
        """Exact where both bounds agree; certified where the least error is known to within `eta`."""
        return "exact" if self.upper == self.lower else "certified"

    @property
    def eta(self) -> float:
        """How far apart the two bounds are."""
        return nearest_float(self.upper - self.lower)

    @property
    def row(self) -> Float[np.ndarray, " n"]:
        """The probe b, rounded to floats."""
        return np.array([nearest_float(v) for v in self.b])

    def __repr__(self) -> str:
        known = "exactly" if self.grade == "exact" else f"to within {self.eta:.2g}"
        return short_text(
            f"BestProbe: feature {self.feature} of {self.dictionary.size:,} (n = {self.dictionary.dim}), "
            f"least error {nearest_float(self.upper):.6g} on codes of at most {self.k} active, known {known}"
        )

    def check(self) -> "BestProbe":
        """Prove both bounds again in exact arithmetic, and return the record.

        Raises
        ------
        ForgedCertificate
            If the error of b, or an equation or inequality of y, is not as it is said to be.
        """
        dictionary, p = self.dictionary, self.dictionary.size
        _require(len(self.b) == dictionary.dim, "the probe has another dimension")
        errors = dictionary.products([rational(v) for v in self.b])
        errors[self.feature] -= 1
        _require(fraction(largest_sum(errors, self.k)) == self.upper, "the probe errs by another number")
        rows = self.support.tolist()
        fits = len(rows) == len(self.weights) == len(set(rows)) and all(0 <= j < p for j in rows)
        _require(fits, "the entries of y are not at different features")
        y = [fmpq(0)] * p
        for j, weight in zip(rows, self.weights, strict=True):
            y[j] = rational(weight)
        _require(dictionary.in_kernel(y), "Ay is not 0")
        _require(all(abs(v) <= 1 for v in y), "an entry of y exceeds 1")
        _require(sum((abs(v) for v in y), fmpq(0)) <= self.k, f"the sizes of y sum to more than {self.k}")
        _require(fraction(y[self.feature]) == self.lower, "y_i is another number")
        return self


def greatest_error(row: Sequence[fmpq], k: int, *, boolean: bool) -> fmpq:
    """Return the greatest |⟨row, z⟩| over codes z with at most k non-zeros, Boolean or from [−1, 1].

    Examples
    --------
    >>> row = [fmpq(3), fmpq(-2), fmpq(-2)]
    >>> greatest_error(row, 2, boolean=False), greatest_error(row, 2, boolean=True)
    (5, 4)
    """
    if not boolean:
        return largest_sum(row, k)
    sides = ([v for v in row if v > 0], [v for v in row if v < 0])
    return max(largest_sum(side, k) for side in sides)


def _require(condition: bool, complaint: str) -> None:
    if not condition:
        raise ForgedCertificate(complaint)
