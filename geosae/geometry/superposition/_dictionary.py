"""One question about a dictionary: feature i against the others, at sparsity k and amplitudes in [1, ρ]."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from jaxtyping import Float, Int

from geosae.errors import InvalidInput
from geosae.geometry.exact import Integers, combination, integers, power_of_two, rational
from geosae.validation import finite_points


@dataclass(frozen=True, eq=False)
class Dictionary:
    """The columns a_1 … a_p, once in floats and once as integers."""

    columns: Float[np.ndarray, "n p"]

    @property
    def dim(self) -> int:
        """The dimension n."""
        return self.columns.shape[0]

    @property
    def size(self) -> int:
        """The number p of features."""
        return self.columns.shape[1]

    @cached_property
    def exact(self) -> Integers:
        """The columns in integers: `matrix * 2**exponent`."""
        return integers(self.columns)

    @cached_property
    def spread(self) -> Float[np.ndarray, "n n"]:
        """The Gram matrix of the coordinates, scaled to largest entry 1 and slightly raised."""
        scaled = self.columns / max(float(np.abs(self.columns).max()), 2.0**-1000)
        gram = scaled @ scaled.T
        return gram + (1e-9 * float(np.trace(gram)) + 2.0**-1000) * np.eye(self.dim)

    def integer_products(self, row: Sequence[fmpq]) -> tuple[list[fmpz], fmpq]:
        """Return ⟨row, a_j⟩ of every feature as integers, and the unit in which they are."""
        common = fmpz(1)
        for entry in row:
            common = common.lcm(entry.q)
        numerators = fmpz_mat(1, len(row), [entry.p * (common // entry.q) for entry in row])
        unit = power_of_two(self.exact.exponent) / fmpq(common)
        return (numerators * self.exact.matrix).entries(), unit

    def products(self, row: Sequence[fmpq]) -> list[fmpq]:
        """Return ⟨row, a_j⟩ of every feature, exactly."""
        values, unit = self.integer_products(row)
        return [v * unit for v in values]

    def in_kernel(self, y: Sequence[fmpq]) -> bool:
        """Tell whether Σ y_j a_j = 0 exactly."""
        common = fmpz(1)
        for entry in y:
            common = common.lcm(entry.q)
        column = fmpz_mat(len(y), 1, [entry.p * (common // entry.q) for entry in y])
        return not any(v != 0 for v in (self.exact.matrix * column).entries())


def dictionary_of(A: Any) -> Dictionary:
    """Check a dictionary, one column per feature, and keep a copy of it that nobody can write to.

    Raises
    ------
    InvalidInput
        If it is no finite matrix.
    """
    columns = finite_points(A, "the dictionary A").copy()
    columns.setflags(write=False)
    return Dictionary(columns)


@dataclass(frozen=True, eq=False)
class Question:
    """Whether one absolute neuron names feature i on all codes of at most k entries in [1, ρ]."""

    dictionary: Dictionary
    feature: int
    k: int
    rho: Fraction

    @cached_property
    def others(self) -> Int[np.ndarray, " q"]:
        """The numbers of the other features."""
        return np.delete(np.arange(self.dictionary.size), self.feature)

    def shares(self, *, boxed: bool) -> tuple[fmpq, fmpq]:
        """Return how much of Σv⁺ and of Σv⁻ one feature may take: ρ in S10's box, else all (S11a)."""
        rho = rational(self.rho)
        return (rho, rho) if boxed else (rho * self.k, rho * max(1, self.k - 1))

    @property
    def target(self) -> Float[np.ndarray, " n"]:
        """The column a_i."""
        return self.dictionary.columns[:, self.feature]

    def products(self, normal: Sequence[fmpq]) -> tuple[list[fmpz], fmpq]:
        """Return ⟨b, a_j⟩ of every feature as integers, and the unit in which they are."""
        return self.dictionary.integer_products(normal)

    def thresholds(self, normal: Sequence[fmpq]) -> tuple[fmpq, fmpq]:
        """Return the greatest ⟨b, x⟩ of the codes without feature i, and the least of those with it (S10).

        They are ρT_k(c⁺) and c_i − ρT_{k−1}(c⁻), c_j = ⟨b, a_j⟩ over j ≠ i, as long as c_i > 0.
        """
        products, unit = self.products(normal)
        signal = products.pop(self.feature)
        rho = rational(self.rho)
        products.sort()
        below = sum((-c for c in products[: self.k - 1] if c < 0), fmpz(0))
        above = sum((c for c in products[-self.k :] if c > 0), fmpz(0))
        return rho * above * unit, (signal - rho * below) * unit


def amplitude(rho: int | float | Fraction) -> Fraction:
    """Return the greatest amplitude ρ exactly; the least is 1.

    Raises
    ------
    InvalidInput
        If rho is below 1 or not finite.
    """
    if not rho >= 1 or rho == math.inf:
        raise InvalidInput(
            f"rho is {rho!r}, where a finite number ≥ 1 is needed",
            causes="amplitudes whose least is not 1",
            remedy="scale the columns so that the least amplitude is 1",
        )
    return Fraction(rho)


def admissible(question: Question, weights: Sequence[Fraction], *, boxed: bool = True) -> str | None:
    """Return what S10's bounds on v are broken: |v_j| ≤ ρ, Σv⁺ ≤ ρk, Σv⁻ ≤ ρ(k−1); None if none is.

    Without the box the first of them is left out (S11a).
    """
    rho, k = question.rho, question.k
    if boxed and any(abs(v) > rho for v in weights):
        return "an entry of v exceeds rho"
    if sum((v for v in weights if v > 0), Fraction(0)) > rho * k:
        return "the positive entries of v sum to more than rho·k"
    if sum((-v for v in weights if v < 0), Fraction(0)) > rho * (k - 1):
        return "the negative entries of v sum to more than rho·(k − 1)"
    return None


def remainder(question: Question, support: Int[np.ndarray, " s"], weights: Sequence[fmpq]) -> list[fmpq]:
    """Return a_i − Σ v_j a_j exactly."""
    points = question.dictionary.columns[:, [question.feature, *support.tolist()]].T
    return combination(points, [fmpq(1), *(-v for v in weights)])
