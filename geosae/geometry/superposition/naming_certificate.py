"""Proofs that one absolute neuron names a feature on all sparse codes, or that none does (theory S10).

`Named` holds a row and a threshold; its proof is two sorts. `Unnameable` holds a bounded combination of the
other columns, v with a_i = Σ v_j a_j, |v_j| ≤ ρ, Σv⁺ ≤ ρk, Σv⁻ ≤ ρ(k−1); its proof is one exact product and
two sums, and at most n+2 explicit codes can be read off it. Both are checked without a solver.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NoReturn

import numpy as np
from flint import fmpq, fmpz_mat
from jaxtyping import Float, Int

from geosae.geometry.exact import fraction, nearest_float, rational, root_above, root_below, squared_norm
from geosae.geometry.separation.certificate import (
    ForgedCertificate,
    RationalHyperplane,
    refuse_truth_value,
)
from geosae.geometry.superposition._dictionary import Question, admissible, remainder
from geosae.geometry.superposition._grid import codes_of
from geosae.notebook import html_table, short_repr, short_text

Code = tuple[int, ...]
"""The features that are on, in rising order."""


class _Verdict:
    """What both verdicts say of their question."""

    question: Question

    @property
    def A(self) -> Float[np.ndarray, "n p"]:  # noqa: N802
        """The columns of the dictionary."""
        return self.question.dictionary.columns

    @property
    def feature(self) -> int:
        """The number i of the feature."""
        return self.question.feature

    @property
    def k(self) -> int:
        """The greatest number of active features."""
        return self.question.k

    @property
    def rho(self) -> Fraction:
        """The greatest amplitude ρ; the least is 1."""
        return self.question.rho

    def __bool__(self) -> NoReturn:
        refuse_truth_value("a verdict", ".nameable")

    def _repr_html_(self) -> str:
        return html_table(repr(self))

    def _codes(self) -> str:
        rho = "" if self.rho == 1 else f" and amplitudes up to {float(self.rho):.6g}"
        p, n = self.question.dictionary.size, self.question.dictionary.dim
        return f"feature {self.feature} of {p:,} (n = {n}) on all codes of at most {self.k} active{rho}"


@dataclass(frozen=True, eq=False)
class Named(_Verdict):
    """Proof that {⟨b, x⟩ > t} holds the codes with feature i and none without it.

    Parameters
    ----------
    question
        The dictionary, the feature, k and ρ.
    b, t
        The neuron in floats. They are themselves the proof when `rational` is None. The row is one of least
        interference, not one of greatest margin.
    margin
        A proved lower bound on the distance of every code's point from the hyperplane.
    rational
        The hyperplane {⟨b, x⟩ − t = 0} in rationals where floats cannot express it.
    """

    question: Question
    b: Float[np.ndarray, " n"]
    t: float
    margin: float
    rational: RationalHyperplane | None = None

    @property
    def nameable(self) -> bool:
        """True: some absolute neuron names the feature."""
        return True

    def normal(self) -> list[fmpq]:
        """Return the row b exactly."""
        entries = self.b.tolist() if self.rational is None else self.rational.normal
        return [rational(v) for v in entries]

    def threshold(self) -> Fraction:
        """Return the threshold t exactly."""
        return Fraction(self.t) if self.rational is None else -self.rational.offset

    def thresholds(self) -> tuple[Fraction, Fraction]:
        """Return the thresholds that name the feature with this row: from the first on, below the second."""
        low, high = self.question.thresholds(self.normal())
        return fraction(low), fraction(high)

    def interference(self) -> Fraction:
        """Return ρ(T_k(c⁺) + T_{k−1}(c⁻)) / c_i: below 1 iff some threshold serves this row."""
        normal = self.normal()
        low, high = self.question.thresholds(normal)
        products, unit = self.question.products(normal)
        signal = products[self.feature] * unit
        return fraction((low + signal - high) / signal)

    def check(self) -> "Named":
        """Prove the record again by two sorts in exact arithmetic and return it.

        Raises
        ------
        ForgedCertificate
            If the neuron does not name the feature, or the margin is smaller than is said.
        """
        require_question(self.question)
        b = np.asarray(self.b)
        _require(b.shape == (self.question.dictionary.dim,), f"the row has shape {b.shape}")
        _require(bool(np.isfinite(b).all()) and math.isfinite(self.t), "the neuron is not finite")
        if self.rational is not None:
            rounded = [nearest_float(v) for v in self.rational.normal]
            _require(rounded == b.tolist(), "b is not the rounded rational row")
            _require(nearest_float(-self.rational.offset) == self.t, "t is not the rounded threshold")
        proved = proved_margin(self.question, self.normal(), rational(self.threshold()))
        _require(proved is not None, "some code is on the wrong side of the threshold")
        _require(0 <= self.margin <= (proved or 0.0), f"margin {self.margin!r} claimed, {proved!r} proved")
        return self

    def __repr__(self) -> str:
        return short_text(
            f"Named: one neuron names {self._codes()}; margin {self.margin:.6g}; proved exactly"
        )


@dataclass(frozen=True, eq=False)
class CommonCodes:
    """At most n+2 codes, with and without feature i, whose points have a common convex combination.

    Parameters
    ----------
    question
        The dictionary, the feature, k and ρ.
    firing, silent
        Codes with feature i, and without: the features that are on. Feature i has amplitude 1, all others ρ.
    firing_weights, silent_weights
        Positive rationals; each tuple sums to 1.
    """

    question: Question
    firing: tuple[Code, ...]
    firing_weights: tuple[Fraction, ...]
    silent: tuple[Code, ...]
    silent_weights: tuple[Fraction, ...]

    __repr__ = short_repr

    def check(self) -> "CommonCodes":
        """Verify codes, weights and the common point exactly and return the record.

        Raises
        ------
        ForgedCertificate
            If a code is not admissible, the weights are not convex, or the two combinations differ.
        """
        require_question(self.question)
        i, k = self.question.feature, self.question.k
        most = self.question.dictionary.dim + 2
        _require(0 < len(self.firing) + len(self.silent) <= most, "there are more than n+2 codes")
        for fires, codes, weights in (
            (True, self.firing, self.firing_weights),
            (False, self.silent, self.silent_weights),
        ):
            _require(len(codes) == len(weights) > 0, "codes and weights do not pair")
            _require(all(v > 0 for v in weights) and sum(weights) == 1, "the weights are not convex")
            for code in codes:
                inside = all(0 <= j < self.question.dictionary.size for j in code)
                _require(inside and len(set(code)) == len(code) <= k, f"the code {code} is not admissible")
                _require((i in code) is fires, f"the code {code} is on the wrong side")
        signed = [*self.firing_weights, *(-v for v in self.silent_weights)]
        total = _sum_of_codes(self.question, [*self.firing, *self.silent], [rational(v) for v in signed])
        _require(not any(total), "the two combinations differ")
        return self


@dataclass(frozen=True, eq=False)
class Unnameable(_Verdict):
    """Proof that no absolute neuron names feature i: a_i is a bounded combination of the other columns.

    Parameters
    ----------
    question
        The dictionary, the feature, k and ρ.
    support, weights
        The features j ≠ i with v_j ≠ 0, and v_j.
    grade
        "exact": a_i = Σ v_j a_j holds exactly. "certified": it holds up to a remainder, half of which bounds
        every margin (used where the exact step would be too large).
    eta
        The bound on the margin of every neuron; 0.0 for the exact grade.
    """

    question: Question
    support: Int[np.ndarray, " s"]
    weights: tuple[Fraction, ...]
    grade: Literal["exact", "certified"] = "exact"
    eta: float = 0.0

    @property
    def nameable(self) -> bool:
        """False: no absolute neuron names the feature (grade certified: none with a margin above eta)."""
        return False

    def v(self) -> tuple[Fraction, ...]:
        """Return v_1 … v_p, with 0 at feature i itself."""
        entries = [Fraction(0)] * self.question.dictionary.size
        for j, weight in zip(self.support.tolist(), self.weights, strict=True):
            entries[j] = weight
        return tuple(entries)

    def codes(self) -> CommonCodes:
        """Return at most n+2 codes whose points no half-space tells apart (exact grade only).

        The entries of v/ρ are laid end to end on a line, positive and negative ones apart; the features hit
        by the grid u + Z form a code, and as u runs through [0, 1) the lengths are the weights.
        Carathéodory's theorem leaves at most n+2 of them.

        Raises
        ------
        ForgedCertificate
            If the grade is "certified": there is no common point then.
        """
        _require(self.grade == "exact", "a certified bound on the margin has no common point")
        sides = codes_of(self.question, self.support.tolist(), self.weights)
        firing, silent = ({code: v for code, v in side.items() if v} for side in sides)
        signs = [1] * len(firing) + [-1] * len(silent)
        codes, weights = _few(self.question, [*firing, *silent], [*firing.values(), *silent.values()], signs)
        split = sum(self.question.feature in code for code in codes)
        return CommonCodes(
            self.question,
            tuple(codes[:split]),
            tuple(fraction(v) for v in weights[:split]),
            tuple(codes[split:]),
            tuple(fraction(v) for v in weights[split:]),
        )

    def check(self) -> "Unnameable":
        """Verify the combination in exact arithmetic and return the record.

        Raises
        ------
        ForgedCertificate
            If v is out of its bounds or a_i is not the combination (grade certified: the margin's bound is
            less than half the remainder).
        """
        require_question(self.question)
        support = np.asarray(self.support)
        _require(support.ndim == 1 and support.dtype.kind in "iu", "the support is no list of features")
        _require(len(support) == len(self.weights), "support and weights do not pair")
        _require(len(np.unique(support)) == len(support), "a feature occurs twice")
        inside = bool(np.all((support >= 0) & (support < self.question.dictionary.size)))
        _require(
            inside and self.feature not in support, "the support holds no other features of the dictionary"
        )
        _require(all(isinstance(v, Fraction) for v in self.weights), "a weight is no rational")
        complaint = admissible(self.question, self.weights)
        _require(complaint is None, complaint or "")
        rest = remainder(self.question, support, [rational(v) for v in self.weights])
        if self.grade == "exact":
            _require(self.eta == 0.0 and not any(rest), "the combination is not the feature's column")
        else:
            _require(self.grade == "certified", f"unknown grade {self.grade!r}")
            _require(math.isfinite(self.eta), "eta is not finite")
            _require(margin_bound(rest) <= self.eta, "half the remainder exceeds eta")
        return self

    def __repr__(self) -> str:
        proof = (
            f"its column is a bounded combination of {len(self.support):,} others, exactly"
            if self.grade == "exact"
            else f"no margin above {self.eta:.2g} is possible (certified)"
        )
        return short_text(f"Unnameable: no neuron names {self._codes()}; {proof}")


def proved_margin(question: Question, normal: Sequence[fmpq], threshold: fmpq) -> float | None:
    """Return the distance of the nearest point from the hyperplane, rounded down; None if a code is wrong."""
    low, high = question.thresholds(normal)
    if not low <= threshold < high:
        return None
    room = min(threshold - low, high - threshold)
    return root_below(room * room / squared_norm(normal))


def margin_bound(rest: Sequence[fmpq]) -> float:
    """Return half the length of a_i − Σ v_j a_j, rounded up: no neuron has a larger margin (theory S10)."""
    return root_above(squared_norm(rest) / 4)


def require_question(question: Question) -> None:
    """Refuse a question that is none."""
    columns = question.dictionary.columns
    _require(columns.ndim == 2 and bool(np.isfinite(columns).all()), "the dictionary is no finite matrix")
    _require(0 <= question.feature < columns.shape[1], "there is no such feature")
    _require(question.k >= 1 and question.rho >= 1, "k and rho are at least 1")


def _sum_of_codes(question: Question, codes: Sequence[Code], weights: Sequence[fmpq]) -> list[fmpq]:
    """Return the weighted sum of the points of codes, in units of 2**exponent."""
    rho = rational(question.rho)
    exact = question.dictionary.exact.matrix
    loads: dict[int, fmpq] = {}
    for code, weight in zip(codes, weights, strict=True):
        for j in code:
            loads[j] = loads.get(j, fmpq(0)) + (weight if j == question.feature else rho * weight)
    return [sum((fmpq(exact[r, j]) * v for j, v in loads.items()), fmpq(0)) for r in range(exact.nrows())]


def _few(
    question: Question, codes: list[Code], weights: list[fmpq], signs: list[int]
) -> tuple[list[Code], list[fmpq]]:
    """Drop codes without moving the common point until at most n+2 are left (Carathéodory)."""
    while len(codes) > question.dictionary.dim + 2:
        points = [_sum_of_codes(question, [code], [fmpq(1)]) for code in codes]
        scale = rational(question.rho).q
        rows = [
            [(point[r] * s * scale).p for point, s in zip(points, signs, strict=True)]
            for r in range(len(points[0]))
        ]
        rows += [[int(s > 0) for s in signs], [int(s < 0) for s in signs]]
        basis, _ = fmpz_mat(rows).nullspace()
        direction = [fmpq(basis[j, 0]) for j in range(len(codes))]
        share = min(x / z for x, z in zip(weights, direction, strict=True) if z > 0)
        weights = [x - share * z for x, z in zip(weights, direction, strict=True)]
        keep = [j for j, x in enumerate(weights) if x != 0]
        codes, weights, signs = [codes[j] for j in keep], [weights[j] for j in keep], [signs[j] for j in keep]
    return codes, weights


def _require(condition: bool, complaint: str) -> None:
    if not condition:
        raise ForgedCertificate(complaint)
