"""What re-fitting the decoder would gain while the codes stay: atom by atom, and all at once (theory O1).

With residuals e = x − x̂, r_j = E a_j e, s_j = E a_j² and q_j = r_j + s_j w_j, the loss is a quadratic in each
atom, and what its best value gains has a closed form. Every gain is at least 0, and is what training left: a
lower bound, and no proof of an optimum, since the encoder is not examined. The codes must not depend on the
decoder: those of matching pursuit do, and so do those of an encoder that is tied to it.

A gain on a sample is partly chance: an atom that helps nothing gains about E‖e‖²/N, for it has n numbers to
fit to N points. `AtomGains.chance` says what that comes to; points held out say it better.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse

from geosae.analysis._least_squares import LARGEST_SYSTEM as LARGEST_SYSTEM
from geosae.analysis._least_squares import least_squares
from geosae.data.codes import Codes
from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import SECONDS, finite_points, finite_vector

Form = Literal["free", "norm held", "penalised"]
"""How an atom may move: freely; on the sphere of its own norm; freely, at the price λ E Σ a_i‖w_i‖."""
FORMS: tuple[Form, ...] = get_args(Form)
TOLERANCE = 1e-6
"""A refit that misses its own figures by this share of the error is refused."""


@dataclass(frozen=True)
class Shares:
    """The gains of the live atoms over the error E‖x − x̂‖²; nan where the error is 0 or no atom is alive."""

    total: float
    greatest: float
    median: float

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class AtomGains:
    """By how much the loss falls when one atom is fitted anew, in squared units of the data; 0 if it is dead.

    Attributes
    ----------
    points
        The number N of points.
    fired
        Number of points on which each atom is active.
    error
        E‖x − x̂‖².
    free
        ‖r_j‖²/s_j: among all atoms; a penalty, if there is one, does not see their norms.
    norm_held
        2(‖w_j‖‖q_j‖ − ⟨w_j, q_j⟩): among the atoms of the same norm.
    penalised
        −2⟨w_j, q_j⟩ + s_j‖w_j‖² + λA_j‖w_j‖ + (‖q_j‖ − λA_j/2)₊²/s_j with A_j = E a_j: among all atoms, where
        the loss has the term λ E Σ a_i‖w_i‖; None where no λ is given.
    """

    points: int
    fired: Int[np.ndarray, " d"]
    error: float
    free: Float[np.ndarray, " d"]
    norm_held: Float[np.ndarray, " d"]
    penalised: Float[np.ndarray, " d"] | None = None

    __repr__ = short_repr

    @property
    def alive(self) -> int:
        """The number of atoms that are active on some point."""
        return int(np.count_nonzero(self.fired))

    @property
    def chance(self) -> float:
        """The sum of the free gains over the error that is pure noise: about 1/N for each live atom."""
        return self.alive / self.points

    def shares(self, form: Form = "free") -> Shares:
        """Return sum, greatest and median of the gains over the error.

        Raises
        ------
        InvalidInput
            If they are those under a penalty, and none was given.
        """
        gains = {"free": self.free, "norm held": self.norm_held, "penalised": self.penalised}[form]
        if gains is None:
            raise InvalidInput(
                "no penalised gains were computed", remedy="give the weight of the penalty, l1"
            )
        if not self.alive or not self.error > 0:
            return Shares(math.nan, math.nan, math.nan)
        alive = gains[self.fired > 0] / self.error
        return Shares(float(alive.sum()), float(alive.max()), float(np.median(alive)))


@dataclass(frozen=True, eq=False)
class Refit:
    """What the best decoder for these codes gains over the one there is, on these points.

    Attributes
    ----------
    before
        The gains of single atoms, for the decoder as it is.
    gain
        What the whole free decoder with its bias gains: tr(RᵀG⁺R), the second moments G being those of the
        codes and a 1, and R theirs with the residuals. No free gain of an atom is greater (by more than
        `ridge` of it).
    decoder, b_dec
        That decoder: the least-squares fit of the points to their codes.
    after
        The gains of single atoms for that decoder: 0 in the form "free", up to rounding.
    ridge
        Combinations of the codes whose variance, over that of one code, is below this count as constant.
    """

    before: AtomGains
    gain: float
    decoder: Float[np.ndarray, "d n"]
    b_dec: Float[np.ndarray, " n"]
    after: AtomGains
    ridge: float

    __repr__ = short_repr

    def left(self, form: Form = "free") -> Shares:
        """Return what single atoms still gain, over the error before the refit."""
        return replace(self.after, error=self.before.error).shares(form)

    @property
    def share(self) -> float:
        """The gain over the error E‖x − x̂‖²; nan where that is 0."""
        return self.gain / self.before.error if self.before.error > 0 else math.nan

    def check(self, codes: Codes, points: Float[np.ndarray, "N n"]) -> "Refit":
        """Decode the codes by the new decoder; compare the error, and what one atom or the bias would gain.

        No system is solved: the loss is convex in the decoder, so residuals at right angles to all the codes
        prove the fit.

        Raises
        ------
        InvalidInput
            If a figure of the record is off by more than a millionth of the error.
        """
        again = _decoding(codes, points, self.decoder, self.b_dec)
        gains = _atom_gains(again, None)
        slack = TOLERANCE * max(self.before.error, again.scale * 2.0**-52)
        of_bias = float(np.square(again.residuals.mean(axis=0)).sum())
        left = max(float(gains.free.max(initial=0.0)), of_bias)
        if left > slack:
            raise InvalidInput(
                "a decoder that is said to be the best one is not",
                causes="codes or points that are not those of the refit, or a changed record",
            )
        if abs(self.before.error - self.gain - gains.error) > slack:
            raise InvalidInput(
                f"an error of {gains.error:.6g} is left, and {self.before.error - self.gain:.6g} is claimed",
                causes="codes or points that are not those of the refit, or a changed record",
            )
        return self


@checked_arguments(l1=SECONDS)
def atom_gains(
    codes: Codes,
    points: Float[np.ndarray, "N n"],
    decoder: Float[np.ndarray, "d n"],
    b_dec: Float[np.ndarray, " n"],
    *,
    l1: float | None = None,
) -> AtomGains:
    """Return what re-fitting each atom alone would gain while the codes and the other atoms stay (O1).

    Parameters
    ----------
    codes
        The codes of the points, with values; they must not depend on the decoder.
    points
        The points, in the space that the SAE reads.
    decoder, b_dec
        x̂ = Σ a_j w_j + b_dec; the atoms w_j are rows.
    l1
        λ of a penalty λ E Σ a_i‖w_i‖, in units of the data; None for no such penalty. (One on the codes alone
        does not change with the atoms: nothing is to be given for it.)

    Raises
    ------
    InvalidInput
        If shapes do not fit, a number is not finite, or the codes have no values.

    Examples
    --------
    One atom that is half as long as it should be, on two points:

    >>> codes = Codes.from_mask(np.ones((2, 1), dtype=bool), np.array([[1.0], [2.0]]))
    >>> gains = atom_gains(codes, np.array([[1.0], [2.0]]), np.array([[0.5]]), np.zeros(1))
    >>> gains.error, gains.free.tolist(), gains.norm_held.tolist()
    (0.625, [0.625], [0.0])
    """
    return _atom_gains(_decoding(codes, points, decoder, b_dec), l1)


@checked_arguments(l1=SECONDS)
def refit(
    codes: Codes,
    points: Float[np.ndarray, "N n"],
    decoder: Float[np.ndarray, "d n"],
    b_dec: Float[np.ndarray, " n"],
    *,
    l1: float | None = None,
) -> Refit:
    """Fit the whole decoder and its bias anew to the same codes, and say what that gains (O1).

    Arguments are those of `atom_gains`. With as many live atoms as points any residual can be fitted: then
    the gain is all of the error and says nothing; hold points out.

    Raises
    ------
    InvalidInput
        If shapes do not fit, a number is not finite, the codes have no values, or both the points and the
        live atoms outnumber `LARGEST_SYSTEM`.

    Examples
    --------
    >>> codes = Codes.from_mask(np.ones((3, 1), dtype=bool), np.array([[1.0], [2.0], [3.0]]))
    >>> fit = refit(codes, np.array([[3.0], [5.0], [7.0]]), np.array([[2.0]]), np.zeros(1))
    >>> round(fit.share, 9), fit.decoder.round(6).tolist(), fit.b_dec.round(6).tolist()
    (1.0, [[2.0]], [1.0])
    """
    start = _decoding(codes, points, decoder, b_dec)
    before = _atom_gains(start, l1)
    alive = before.fired > 0
    steps, ridge = least_squares(start.table[:, alive], start.residuals)
    atoms = start.atoms.copy()
    atoms[alive] += steps[:-1]
    end = replace(start, atoms=atoms, bias=start.bias + steps[-1])
    after = _atom_gains(end, l1)
    fit = Refit(before, before.error - after.error, end.atoms, end.bias, after, ridge)
    return fit.check(codes, points)


@checked_arguments()
def random_decoder(
    codes: Codes,
    points: Float[np.ndarray, "N n"],
    decoder: Float[np.ndarray, "d n"],
    rng: np.random.Generator,
) -> tuple[Float[np.ndarray, "d n"], Float[np.ndarray, " n"]]:
    """Return atoms of random directions, of the same lengths up to one factor, and a bias: both fit best.

    What these codes do with directions that were never trained: a floor for every figure of a decoder.

    Raises
    ------
    InvalidInput
        If shapes do not fit, a number is not finite, or the codes have no values.

    Examples
    --------
    >>> codes = Codes.from_mask(np.ones((2, 1), dtype=bool), np.array([[1.0], [2.0]]))
    >>> rng = np.random.default_rng(0)
    >>> atoms, bias = random_decoder(codes, np.array([[1.0], [2.0]]), np.full((1, 1), 5.0), rng)
    >>> atoms.round(6).tolist(), bias.round(6).tolist()
    ([[1.0]], [0.0])
    """
    cloud = finite_points(points)
    start = _decoding(codes, cloud, decoder, np.zeros(cloud.shape[1]))
    atoms = rng.standard_normal(start.atoms.shape)
    atoms *= (np.linalg.norm(start.atoms, axis=1) / np.linalg.norm(atoms, axis=1))[:, None]
    decoded = np.asarray(start.table @ atoms)
    centre, mean = decoded.mean(axis=0), cloud.mean(axis=0)
    spread = float(np.square(decoded - centre).sum())
    factor = float(((decoded - centre) * (cloud - mean)).sum()) / spread if spread > 0 else 0.0
    return factor * atoms, mean - factor * centre


@dataclass(frozen=True, eq=False)
class _Decoding:
    """Codes as a table, points and a decoder, all in float64 and fitting each other."""

    table: sparse.csr_array
    points: Float[np.ndarray, "N n"]
    atoms: Float[np.ndarray, "d n"]
    bias: Float[np.ndarray, " n"]

    @cached_property
    def residuals(self) -> Float[np.ndarray, "N n"]:
        return self.points - self.bias - np.asarray(self.table @ self.atoms)

    @property
    def scale(self) -> float:
        """The squares that x − x̂ is summed from, by which rounding is measured, and those of the codes."""
        lengths = np.asarray(abs(self.table) @ np.linalg.norm(self.atoms, axis=1))
        points = np.square(self.points).sum(axis=1).mean() + np.square(lengths).mean()
        return float(points + np.square(self.bias).sum() + np.square(self.table.data).sum())


def _decoding(codes: Codes, points: Any, decoder: Any, b_dec: Any) -> _Decoding:
    """Return the four as arrays that fit each other, or refuse them."""
    cloud, atoms = finite_points(points), finite_points(decoder, "the decoder")
    bias = finite_vector(b_dec, "b_dec")
    if not cloud.shape[1] == atoms.shape[1] == len(bias):
        raise InvalidInput(
            f"points of dimension {cloud.shape[1]}, a decoder with atoms of dimension {atoms.shape[1]} and "
            f"b_dec of dimension {len(bias)}"
        )
    if codes.values is None or codes.width != len(atoms) or len(codes) != len(cloud):
        values = "without" if codes.values is None else "with"
        raise InvalidInput(
            f"codes of {len(codes)} points and {codes.width} neurons, {values} values, do not go with "
            f"{len(cloud)} points and a decoder of {len(atoms)} atoms",
            remedy="make them by codes(points, values=True) of the SAE's neurons",
        )
    if not np.isfinite(codes.values).all():
        raise InvalidInput("the codes hold NaN or infinite values", causes="a diverged run")
    table = sparse.csr_array((codes.values, codes.indices, codes.indptr), shape=(len(codes), codes.width))
    decoding = _Decoding(table, cloud, atoms, bias)
    with np.errstate(over="ignore", invalid="ignore"):
        scale = decoding.scale
    if not math.isfinite(scale):
        raise InvalidInput(
            "points, codes or decoder are so large that their squares leave the floats",
            causes="a diverged run",
            remedy="divide points, codes and b_dec by one number: gains over the error have no unit",
        )
    return decoding


def _atom_gains(decoding: _Decoding, l1: float | None) -> AtomGains:
    """Return the gains as sums of squares, so that rounding leaves none below 0.

    ‖w‖‖q‖ − ⟨w, q⟩ = ‖w‖‖q‖·‖w/‖w‖ − q/‖q‖‖²/2. With h = λA/2 the penalised gain is, for ‖q‖ > h,
    s‖w − (1 − h/‖q‖)q/s‖² + 2h(‖w‖ − ⟨w, q⟩/‖q‖), else s‖w‖² + 2(h‖w‖ − ⟨w, q⟩).
    """
    table, residuals, w = decoding.table, decoding.residuals, decoding.atoms
    count = len(residuals)
    r = np.asarray(table.T @ residuals) / count
    squares = table.copy()
    squares.data = np.square(squares.data)
    s = np.asarray(squares.sum(axis=0)).ravel() / count
    q = r + s[:, None] * w
    w_length, q_length = np.linalg.norm(w, axis=1), np.linalg.norm(q, axis=1)
    turn = np.square(_divided(w, w_length) - _divided(q, q_length)).sum(axis=1)
    free = np.divide(np.square(r).sum(axis=1), s, out=np.zeros_like(s), where=s > 0)
    penalised = None
    if l1 is not None:
        half = l1 / 2 * np.asarray(table.sum(axis=0)).ravel() / count
        shorter = _divided(_divided(q, q_length) * np.maximum(q_length - half, 0.0)[:, None], s)
        far = s * np.square(w - shorter).sum(axis=1) + half * w_length * turn
        near = s * np.square(w_length) + 2 * np.maximum(half * w_length - (w * q).sum(axis=1), 0.0)
        penalised = np.where(q_length > half, far, near)
    fired = np.bincount(table.indices, minlength=len(w))
    error = float(np.square(residuals).sum()) / count
    return AtomGains(count, fired, error, free, w_length * q_length * turn, penalised)


def _divided(rows: Float[np.ndarray, "d n"], by: Float[np.ndarray, " d"]) -> Float[np.ndarray, "d n"]:
    """Return each row over its number; 0 where that is 0."""
    return np.divide(rows, by[:, None], out=np.zeros_like(rows), where=by[:, None] > 0)
