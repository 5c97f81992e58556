"""Proofs that basis pursuit returns a sparse code, or every one, and proofs that it does not (theory R2).

`Recovered`: some y has ⟨y, a_j⟩ = sign z_j on the support S of z and |⟨y, a_j⟩| < 1 off it, and the columns
of S are independent; so z is the only minimiser of ‖z′‖₁ subject to Az′ = Az. `Unrecovered`: some h ≠ 0 with
Ah = 0 has Σ_S sign(z_j)·h_j + Σ_off |h_j| ≤ 0; so z + th is as short for small t > 0. `AllRecovered` holds
probes that say so for every code of k non-zeros, `NotAllRecovered` an h whose k largest entries carry half of
‖h‖₁. All are checked in exact arithmetic, without a solver.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from typing import NoReturn

import numpy as np
from flint import fmpq, fmpz_mat
from jaxtyping import Float, Int

from geosae.geometry.exact import fraction, nearest_float, rational
from geosae.geometry.separation.certificate import ForgedCertificate, refuse_truth_value
from geosae.geometry.superposition._dictionary import Dictionary
from geosae.geometry.superposition._largest import largest_sum
from geosae.notebook import short_repr, short_text

Signs = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class SignedCode:
    """What basis pursuit sees of a code: where it is not zero, and its signs there.

    Parameters
    ----------
    dictionary
        The columns a_1 … a_p.
    signs
        An entry per feature: the sign of z_j, 0 off the support.
    nonnegative
        Whether the codes that compete are those ≥ 0 alone (then z is one of them).
    """

    dictionary: Dictionary
    signs: Signs
    nonnegative: bool

    __repr__ = short_repr

    @property
    def support(self) -> list[int]:
        """The features at which the code is not zero."""
        return [j for j, s in enumerate(self.signs) if s]

    def injective(self) -> bool:
        """Tell whether the columns of the support are independent."""
        columns = [[row[j] for j in self.support] for row in self.dictionary.exact.matrix.tolist()]
        return not self.support or fmpz_mat(columns).rank() == len(self.support)

    def rise(self, h: Sequence[fmpq]) -> fmpq:
        """Return how fast ‖z + th‖₁ rises at t = 0."""
        rise = fmpq(0)
        for s, v in zip(self.signs, h, strict=True):
            rise += s * v if s else v if self.nonnegative else abs(v)
        return rise

    def __str__(self) -> str:
        codes = "codes ≥ 0" if self.nonnegative else "codes"
        support = len(self.support)
        return f"among {codes}, a code of {support} of {self.dictionary.size:,} (n = {self.dictionary.dim})"


@dataclass(frozen=True, eq=False)
class Recovered:
    """Proof that a code is the only minimiser of ‖z′‖₁ subject to Az′ = Az.

    Parameters
    ----------
    code
        The dictionary and the signs of the code.
    y
        ⟨y, a_j⟩ = sign z_j on the support, which is injective, and less than 1 in size (for codes ≥ 0: less
        than 1) off it.
    """

    code: SignedCode
    y: tuple[Fraction, ...]

    @property
    def recovered(self) -> bool:
        """True: basis pursuit returns the code."""
        return True

    def __bool__(self) -> NoReturn:
        refuse_truth_value("a verdict", ".recovered")

    def __repr__(self) -> str:
        return short_text(f"Recovered: {self.code}, is the only shortest one; proved exactly")

    def check(self) -> "Recovered":
        """Prove it again in exact arithmetic, and return the record.

        Raises
        ------
        ForgedCertificate
            If y does not have the signs of the code, or reaches 1 off its support, or A is not injective on
            the support.
        """
        code = self.code
        _require_signs(code)
        _require(len(self.y) == code.dictionary.dim, "y has another dimension")
        _require(code.injective(), "the columns of the support are dependent")
        products = code.dictionary.products([rational(v) for v in self.y])
        for j, (s, c) in enumerate(zip(code.signs, products, strict=True)):
            size = c if code.nonnegative else abs(c)
            _require(c == s if s else size < 1, f"⟨y, a_{j}⟩ is not as it must be")
        return self


@dataclass(frozen=True, eq=False)
class Unrecovered:
    """Proof that a code is not the only minimiser of ‖z′‖₁ subject to Az′ = Az.

    Parameters
    ----------
    code
        The dictionary and the signs of the code.
    places, weights
        The non-zero entries of h: Ah = 0, and ‖z + th‖₁ does not rise with t.
    """

    code: SignedCode
    places: Int[np.ndarray, " s"]
    weights: tuple[Fraction, ...]

    @property
    def recovered(self) -> bool:
        """False: another code is as short, or shorter."""
        return False

    def __bool__(self) -> NoReturn:
        refuse_truth_value("a verdict", ".recovered")

    def __repr__(self) -> str:
        h = self._h()
        than = "shorter" if self.code.rise(h) < 0 else "as short"
        return short_text(f"Unrecovered: {self.code}, and another is {than}; proved exactly")

    def rival(self, z: Float[np.ndarray, " p"]) -> tuple[Fraction, ...]:
        """Return another code of the same Az that is not longer than z, whose signs must be the record's.

        Raises
        ------
        ForgedCertificate
            If z has other signs.
        """
        exact = [rational(v) for v in z.tolist()]
        _require([int(np.sign(v)) for v in z.tolist()] == list(self.code.signs), "z has other signs")
        h = self._h()
        shrinking = [-v / step for v, step in zip(exact, h, strict=True) if v * step < 0]
        length = min(shrinking, default=fmpq(1))
        return tuple(fraction(v + length * step) for v, step in zip(exact, h, strict=True))

    def check(self) -> "Unrecovered":
        """Prove it again in exact arithmetic, and return the record.

        Raises
        ------
        ForgedCertificate
            If h is zero, Ah is not, or ‖z + th‖₁ rises; or h has negative entries where codes are ≥ 0.
        """
        code = self.code
        _require_signs(code)
        h = self._h()
        _require(code.dictionary.in_kernel(h), "Ah is not 0")
        _require(code.rise(h) <= 0, "‖z + th‖₁ rises")
        negative = any(v < 0 for s, v in zip(code.signs, h, strict=True) if not s)
        _require(not (code.nonnegative and negative), "h is negative off the support")
        return self

    def _h(self) -> list[fmpq]:
        return _dense(self.places, self.weights, self.code.dictionary.size)


@dataclass(frozen=True, eq=False)
class Undecided:
    """No proof either way: floats do not show one, and the dictionary is too large for rationals."""

    code: SignedCode | None = None

    __repr__ = short_repr

    @property
    def recovered(self) -> None:
        """None: not known."""

    def check(self) -> "Undecided":
        """Return the record, which claims nothing."""
        return self

    def __bool__(self) -> NoReturn:
        refuse_truth_value("a verdict", ".recovered")


@dataclass(frozen=True, eq=False)
class AllRecovered:
    """Proof that basis pursuit returns every code of at most k non-zeros.

    Parameters
    ----------
    dictionary
        The columns a_1 … a_p.
    k
        The greatest number of non-zeros.
    probes
        One per feature with ε_i = ‖Aᵀb_i − e_i‖_∞, if the k largest ε_i sum to less than ½: |h_i| ≤ ε_i‖h‖₁
        on ker A. Otherwise one for each set S of k features and signs s on it, ‖Aᵀb − s_S‖_∞ < ½.
    by_features
        Which of the two.
    """

    dictionary: Dictionary
    k: int
    probes: tuple[tuple[Fraction, ...], ...]
    by_features: bool

    @property
    def recovered(self) -> bool:
        """True: basis pursuit returns all of them."""
        return True

    def __bool__(self) -> NoReturn:
        refuse_truth_value("a verdict", ".recovered")

    def __repr__(self) -> str:
        how = "features" if self.by_features else "supports and signs"
        return short_text(
            f"AllRecovered: every code of at most {self.k} of {self.dictionary.size:,} (n = "
            f"{self.dictionary.dim}) is the only shortest one; proved by {len(self.probes):,} {how}"
        )

    def check(self) -> "AllRecovered":
        """Prove it again in exact arithmetic, and return the record.

        Raises
        ------
        ForgedCertificate
            If a probe is missing or leaves more than it may.
        """
        p = self.dictionary.size
        targets = [_unit(i, p) for i in range(p)] if self.by_features else list(signed_sets(p, self.k))
        _require(len(self.probes) == len(targets), "the probes are not one for each case")
        errors: list[fmpq] = []
        for probe, target in zip(self.probes, targets, strict=True):
            _require(len(probe) == self.dictionary.dim, "a probe has another dimension")
            products = self.dictionary.products([rational(v) for v in probe])
            errors.append(max(abs(c - t) for c, t in zip(products, target, strict=True)))
        half = fmpq(1, 2)
        if self.by_features:
            _require(largest_sum(errors, self.k) < half, "the k largest errors sum to ½ or more")
        else:
            _require(all(error < half for error in errors), "a probe errs by ½ or more")
        return self


@dataclass(frozen=True, eq=False)
class NotAllRecovered:
    """Proof that some code of k non-zeros is not returned: h in ker A, half of it on k features.

    Parameters
    ----------
    dictionary
        The columns a_1 … a_p.
    k
        The number of non-zeros.
    places, weights
        The non-zero entries of h. Minus its k largest entries is a code, and the rest one of the same Az that
        is not longer.
    """

    dictionary: Dictionary
    k: int
    places: Int[np.ndarray, " s"]
    weights: tuple[Fraction, ...]

    @property
    def recovered(self) -> bool:
        """False: some code is not returned."""
        return False

    def __bool__(self) -> NoReturn:
        refuse_truth_value("a verdict", ".recovered")

    @property
    def share(self) -> Fraction:
        """The share of ‖h‖₁ on its k largest entries: at least ½."""
        h = _dense(self.places, self.weights, self.dictionary.size)
        return fraction(largest_sum(h, self.k) / sum((abs(v) for v in h), fmpq(0)))

    def __repr__(self) -> str:
        return short_text(
            f"NotAllRecovered: {self.k} of {self.dictionary.size:,} features (n = {self.dictionary.dim}) "
            f"carry {nearest_float(self.share):.4g} of a vector of the kernel; proved exactly"
        )

    def check(self) -> "NotAllRecovered":
        """Prove it again in exact arithmetic, and return the record.

        Raises
        ------
        ForgedCertificate
            If h is zero, Ah is not, or its k largest entries carry less than half of it.
        """
        h = _dense(self.places, self.weights, self.dictionary.size)
        _require(self.dictionary.in_kernel(h), "Ah is not 0")
        _require(2 * self.share >= 1, f"its {self.k} largest entries carry less than half of it")
        return self


def signed_sets(p: int, k: int) -> Iterator[Signs]:
    """Yield the sign vectors of min(k, p) non-zeros, one of each and its negative.

    Examples
    --------
    >>> list(signed_sets(2, 2))
    [(1, 1), (1, -1)]
    """
    for support in combinations(range(p), min(k, p)):
        for rest in product((1, -1), repeat=len(support) - 1):
            signs = dict(zip(support, (1, *rest), strict=True))
            yield tuple(signs.get(j, 0) for j in range(p))


def _unit(i: int, p: int) -> Signs:
    return tuple(int(j == i) for j in range(p))


def _dense(places: Int[np.ndarray, " s"], weights: Sequence[Fraction], p: int) -> list[fmpq]:
    """Return h, which must not be zero."""
    rows = places.tolist()
    fits = len(rows) == len(weights) == len(set(rows)) and all(0 <= j < p for j in rows)
    _require(fits, "the entries of h are not at different features")
    _require(any(weights), "h is 0")
    h = [fmpq(0)] * p
    for j, weight in zip(rows, weights, strict=True):
        h[j] = rational(weight)
    return h


def _require_signs(code: SignedCode) -> None:
    signs = code.signs
    fits = len(signs) == code.dictionary.size and set(signs) <= {-1, 0, 1}
    _require(fits and not (code.nonnegative and -1 in signs), "the signs are none of a code")


def _require(condition: bool, complaint: str) -> None:
    if not condition:
        raise ForgedCertificate(complaint)
