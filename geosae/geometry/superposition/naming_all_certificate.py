"""Proofs that single neurons name all features of a dictionary at once, or that they cannot (theory S11a).

`AllNamed` holds a row for each feature; its proof is two maxima a row. `NotAllNamed` holds a vector h of the
dictionary's kernel with too little mass for one of its entries; its proof is one exact product and two sums.
Both are checked without a solver, in rationals.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn

import numpy as np
from flint import fmpq, fmpz, fmpz_mat
from jaxtyping import Float, Int

from geosae.geometry.exact import fraction, integers, nearest_float, rational
from geosae.geometry.separation.certificate import ForgedCertificate, refuse_truth_value
from geosae.geometry.superposition._dictionary import Dictionary, Question
from geosae.geometry.superposition._naming_proofs import neuron_of
from geosae.geometry.superposition.naming_certificate import Named, Unnameable
from geosae.notebook import html_table, short_repr, short_text

AT_ONCE = 256
"""Rows whose products with all columns are computed at once."""


class _Verdict:
    """What both verdicts say of their question."""

    dictionary: Dictionary
    k: int
    rho: Fraction

    @property
    def A(self) -> Float[np.ndarray, "n p"]:  # noqa: N802
        """The columns of the dictionary."""
        return self.dictionary.columns

    def __bool__(self) -> NoReturn:
        refuse_truth_value("a verdict", ".all_named")

    def _repr_html_(self) -> str:
        return html_table(repr(self))

    def _codes(self) -> str:
        rho = "" if self.rho == 1 else f" and amplitudes up to {float(self.rho):.6g}"
        n = self.dictionary.dim
        return f"{self.dictionary.size:,} features (n = {n}) on all codes of at most {self.k} active{rho}"

    def _require_question(self) -> None:
        columns = self.dictionary.columns
        _require(columns.ndim == 2 and bool(np.isfinite(columns).all()), "the dictionary is no finite matrix")
        _require(self.k >= 1 and self.rho >= 1, "k and rho are at least 1")


@dataclass(frozen=True, eq=False)
class ExactRow:
    """The row of one feature in rationals, where floats cannot express one that serves."""

    feature: int
    row: tuple[Fraction, ...]

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class AllNamed(_Verdict):
    """Proof that single neurons name all features: ρ(k·max c⁺ + (k−1)·max c⁻) < c_i for every row.

    c_j = ⟨b_i, a_j⟩, and the maxima are over j ≠ i, and at least 0.

    Parameters
    ----------
    dictionary, k, rho
        The question.
    B
        The rows in floats, shape (p, n): row i names feature i.
    rational
        Rows in rationals, in rising order of their features, for which B holds the nearest floats.
    """

    dictionary: Dictionary
    k: int
    rho: Fraction
    B: Float[np.ndarray, "p n"]
    rational: tuple[ExactRow, ...] = ()

    @property
    def all_named(self) -> bool:
        """True: every feature is named by some neuron."""
        return True

    def row(self, i: int) -> tuple[Fraction, ...]:
        """Return the row of feature i exactly."""
        for exact in self.rational:
            if exact.feature == i:
                return exact.row
        return tuple(Fraction(v) for v in self.B[i].tolist())

    def interference(self) -> tuple[Fraction, ...]:
        """Return ρ(k·max c⁺ + (k−1)·max c⁻)/c_i of every feature's row: below 1.

        It bounds what any k features do to the row's reading; S10's sorts may say less.
        """
        return tuple(
            fraction(rational(self.rho) * load / signal) for load, signal in self._loads_and_signals()
        )

    def neuron(self, i: int) -> Named:
        """Return the neuron of feature i, with the threshold midway, as a proof of S10."""
        question = Question(self.dictionary, i, self.k, self.rho)
        neuron = neuron_of(question, [rational(v) for v in self.row(i)])
        if neuron is None:
            raise ForgedCertificate(f"the row does not name feature {i}")
        return neuron

    def check(self) -> "AllNamed":
        """Prove the record again, by two maxima a row in exact arithmetic, and return it.

        Raises
        ------
        ForgedCertificate
            If some row may be misled by k features.
        """
        self._require_question()
        p, n = self.dictionary.size, self.dictionary.dim
        B = np.asarray(self.B)
        _require(B.shape == (p, n), f"the rows have shape {B.shape}, where {(p, n)} is needed")
        _require(bool(np.isfinite(B).all()), "a row is not finite")
        numbers = [exact.feature for exact in self.rational]
        _require(numbers == sorted(set(numbers)), "the rational rows are not in order")
        _require(all(0 <= i < p for i in numbers), "a rational row is of no feature")
        for exact in self.rational:
            rounded = [nearest_float(v) for v in exact.row]
            _require(rounded == B[exact.feature].tolist(), "B does not hold the rounded rational row")
        rho = rational(self.rho)
        for i, (load, signal) in enumerate(self._loads_and_signals()):
            _require(rho * load < signal, f"the row of feature {i} may be misled by {self.k} features")
        return self

    def _loads_and_signals(self) -> Iterator[tuple[fmpq, fmpq]]:
        """Yield k·max c⁺ + (k−1)·max c⁻ and c_i of every feature's row, in a unit of the row."""
        exact = {row.feature: row.row for row in self.rational}
        for i, (load, signal) in enumerate(loads_and_signals(self.dictionary, self.k, self.B)):
            if i in exact:
                products, _ = self.dictionary.integer_products([rational(v) for v in exact[i]])
                load, signal = load_and_signal(products, i, self.k)
            yield fmpq(load), fmpq(signal)

    def __repr__(self) -> str:
        return short_text(f"AllNamed: one neuron each names all {self._codes()}; proved exactly")


@dataclass(frozen=True, eq=False)
class NotAllNamed(_Verdict):
    """Proof that single neurons do not name all features: h ≠ 0 with Ah = 0 and little mass.

    For ρ = 1: max(Σh⁺, Σh⁻) ≤ k‖h‖_∞, and no neuron names the feature f of its largest entry. In general the
    entries of f's sign sum to at most (ρ(k−1) + 1)|h_f|, the others to at most ρk|h_f|, and no entry exceeds
    ρ|h_f|.

    Parameters
    ----------
    dictionary, k, rho
        The question.
    feature
        A feature f that no neuron names.
    support, weights
        The features j with h_j ≠ 0 in rising order, f among them, and h_j.
    """

    dictionary: Dictionary
    k: int
    rho: Fraction
    feature: int
    support: Int[np.ndarray, " s"]
    weights: tuple[Fraction, ...]

    @property
    def all_named(self) -> bool:
        """False: some feature is named by no neuron."""
        return False

    def h(self) -> tuple[Fraction, ...]:
        """Return h_1 … h_p."""
        entries = [Fraction(0)] * self.dictionary.size
        for j, weight in zip(self.support.tolist(), self.weights, strict=True):
            entries[j] = weight
        return tuple(entries)

    def unnameable(self) -> Unnameable:
        """Return what h says of its feature alone: a_f is a bounded combination of the others (S10)."""
        entries = dict(zip(self.support.tolist(), self.weights, strict=True))
        diagonal = entries.pop(self.feature)
        question = Question(self.dictionary, self.feature, self.k, self.rho)
        return Unnameable(
            question, np.array(list(entries), dtype=np.int64), tuple(-v / diagonal for v in entries.values())
        )

    def check(self) -> "NotAllNamed":
        """Verify the vector in exact arithmetic and return the record.

        Raises
        ------
        ForgedCertificate
            If h is not in the kernel, or has more mass, or larger entries, than is said.
        """
        self._require_question()
        p, support = self.dictionary.size, np.asarray(self.support)
        _require(support.ndim == 1 and support.dtype.kind in "iu", "the support is no list of features")
        _require(len(support) == len(self.weights), "support and weights do not pair")
        _require(bool(np.all(np.diff(support) > 0)), "the support is not in rising order")
        _require(bool(np.all((support >= 0) & (support < p))), "the support holds no features")
        _require(all(isinstance(v, Fraction) for v in self.weights), "a weight is no rational")
        _require(self.feature in support.tolist(), "the feature is not in the support")
        h = self.h()
        size, sign = abs(h[self.feature]), 1 if h[self.feature] > 0 else -1
        _require(size > 0, "the entry of the feature is 0")
        _require(self.dictionary.in_kernel([rational(v) for v in h]), "h is not in the kernel")
        with_it = sum((abs(v) for v in self.weights if v * sign > 0), Fraction(0))
        against = sum((abs(v) for v in self.weights if v * sign < 0), Fraction(0))
        _require(with_it <= (self.rho * (self.k - 1) + 1) * size, "the entries of f's sign have more mass")
        _require(against <= self.rho * self.k * size, "the entries against f have more mass")
        _require(all(abs(v) <= self.rho * size for v in self.weights), "an entry exceeds rho·|h_f|")
        return self

    def __repr__(self) -> str:
        proof = (
            f"none names feature {self.feature}: a kernel vector of {len(self.support):,} entries, exactly"
        )
        return short_text(f"NotAllNamed: single neurons cannot name all {self._codes()}; {proof}")


def loads_and_signals(
    dictionary: Dictionary, k: int, rows: Float[np.ndarray, "p n"]
) -> Iterator[tuple[fmpz, fmpz]]:
    """Yield k·max c⁺ + (k−1)·max c⁻ over j ≠ i, and c_i, of row i for every feature i, in some unit."""
    for start in range(0, len(rows), AT_ONCE):
        # Each row times the power of two that makes it about 1: no products of needless length.
        some = rows[start : start + AT_ONCE]
        some = np.ldexp(some, -np.frexp(np.abs(some).max(axis=1, keepdims=True))[1])
        products: fmpz_mat = integers(some).matrix * dictionary.exact.matrix
        for r, row in enumerate(products.tolist()):
            yield load_and_signal(row, start + r, k)


def load_and_signal(products: Sequence[fmpz], i: int, k: int) -> tuple[fmpz, fmpz]:
    """Return k·max c⁺ + (k−1)·max c⁻ over j ≠ i, and c_i: two maxima.

    Examples
    --------
    >>> load_and_signal([fmpz(7), fmpz(1), fmpz(-2)], 0, 3)
    (7, 7)
    """
    zero = fmpz(0)
    others = [*products[:i], *products[i + 1 :], zero]
    return k * max(others) - (k - 1) * min(others), products[i]


def _require(condition: bool, complaint: str) -> None:
    if not condition:
        raise ForgedCertificate(complaint)
