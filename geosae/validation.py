"""What comes in is checked once, and what is refused is refused by name."""

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from jaxtyping import Bool, Float

from geosae.errors import InvalidInput

_EXACT = 2**53
"""Up to this size float64 holds every integer."""


def as_array(values: Any, name: str = "the array") -> np.ndarray:
    """Return what was handed in as a plain numpy array: lists, torch tensors (a copy of them), tables.

    Raises
    ------
    InvalidInput
        If it is a masked array, whose mask would be lost, or rows of unequal length.

    Examples
    --------
    >>> as_array([[0, 1], [2, 3]]).shape
    (2, 2)
    """
    items = list(cast("Any", values)) if isinstance(values, list | tuple) else []
    if any(isinstance(value, np.ma.MaskedArray) for value in (values, *items)):
        raise InvalidInput(
            f"{name}: this is a masked array (numpy.ma), whose mask would be lost",
            causes="missing values of a table",
            remedy="drop the rows with masked entries, or fill them: array.filled(…), array.compressed()",
        )
    try:
        if items and any(hasattr(item, "detach") for item in items):
            return np.asarray([_from_torch(item) for item in items])
        return np.asarray(_from_torch(values))
    except ValueError as error:
        raise InvalidInput(
            f"{name} are no array: {error}", causes="rows of unequal length", remedy="pass an array (N, n)"
        ) from error


def _from_torch(values: Any) -> Any:
    """Return a torch tensor as an array of its own memory, and everything else as it is."""
    if not hasattr(values, "detach"):
        return values
    tensor = values.detach().cpu()
    # numpy has no bfloat16; float32 holds it exactly.
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy().copy()


def _widened(array: np.ndarray, values: Any, name: str) -> Float[np.ndarray, "..."]:
    """Return the array in float64; refuse integers and long doubles that float64 does not hold."""
    if array.dtype == np.float64:
        # A list that mixes integers with floats is already rounded here: its own numbers are looked at.
        if not isinstance(values, list | tuple) or not np.any(np.abs(array) >= _EXACT):
            return array
        exact = np.asarray(values, dtype=object)
        lossy = any(
            isinstance(number, int | np.integer) and int(number) != float(number) for number in exact.flat
        )
    elif array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        large = array[(array > _EXACT) | (array < -_EXACT)]
        lossy = bool(np.any(large.astype(object) != large.astype(np.float64).astype(object)))
    elif array.dtype.kind == "f" and array.dtype.itemsize > 8:
        with np.errstate(over="ignore"):
            lossy = bool(np.any((array.astype(np.float64) != array) & ~np.isnan(array)))
    else:
        lossy = False
    if lossy:
        raise InvalidInput(
            f"{name} hold numbers ({array.dtype}) that float64 cannot hold, so that points would be moved",
            causes="identifiers or time stamps in integers beyond 2^53, or long doubles",
            remedy="subtract a common offset first, or leave those columns out",
        )
    return array.astype(np.float64)


def as_mask(values: Any, name: str = "the mask", *, ndim: int = 2) -> Bool[np.ndarray, "..."]:
    """Return a mask (who belongs, who fires) as a boolean array; 0 and 1 are taken, and nothing else.

    Raises
    ------
    InvalidInput
        If it is a masked array, has another number of axes, or holds anything else.

    Examples
    --------
    >>> as_mask([[1, 0], [0, 1]]).tolist()
    [[True, False], [False, True]]
    >>> as_mask([[2, 0]], "membership")
    Traceback (most recent call last):
        ...
    geosae.errors.InvalidInput: membership holds other values than true and false (dtype int64).
      Likely causes: class labels, scores or probabilities in the place of membership.
      What to do: one column per concept: membership = labels[:, None] == classes.
    """
    array = as_array(values, name)
    if array.ndim != ndim:
        raise InvalidInput(
            f"{name} has shape {array.shape}, where the number of axes must be {ndim}",
            causes="a single column or row of a table, or one axis too many",
            remedy="use mask[:, None] for one concept",
        )
    if array.dtype != np.bool_ and (array.dtype.kind not in "iuf" or not np.isin(array, (0, 1)).all()):
        raise InvalidInput(
            f"{name} holds other values than true and false (dtype {array.dtype})",
            causes="class labels, scores or probabilities in the place of membership",
            remedy="one column per concept: membership = labels[:, None] == classes",
        )
    return array.astype(np.bool_, copy=False)


def finite_points(
    points: Any, name: str = "points", *, dim: int | None = None, allow_empty: bool = False
) -> Float[np.ndarray, "N n"]:
    """Return the points as a finite float64 array of shape (N, n).

    Lists, tables and torch tensors (with gradients too) are taken. Everything is widened exactly, or refused;
    nothing is copied when it already is a float64 array.

    Raises
    ------
    InvalidInput
        If the array is masked, not numeric, not 2-D, empty, has no columns, holds NaN or infinity, or numbers
        that float64 does not hold, or is not of dimension `dim`.

    Examples
    --------
    >>> finite_points([[0, 1], [2, 3]]).dtype
    dtype('float64')
    """
    array = as_array(points, name)
    if array.dtype.kind not in "fiub":
        raise InvalidInput(
            f"{name} have dtype {array.dtype}, which is not real-valued",
            causes="text columns, complex numbers, or rows of unequal length",
            remedy="pass a numeric array of shape (N, n)",
        )
    if array.ndim != 2:
        raise InvalidInput(
            f"{name} have shape {array.shape}; two axes (N points, n coordinates) are needed",
            causes="a single point or a 1-D column",
            remedy="use x[None, :] for one point in n dimensions, x[:, None] for N points on a line",
        )
    if array.shape[1] == 0:
        raise InvalidInput(f"{name} have no coordinates (shape {array.shape})")
    if array.shape[0] == 0 and not allow_empty:
        raise InvalidInput(f"{name} are empty (shape {array.shape})", causes="an empty concept or mask")
    if dim is not None and array.shape[1] != dim:
        raise InvalidInput(f"{name} have {array.shape[1]} coordinates where {dim} are needed")
    wide = _widened(array, points, name)
    bad = int(wide.size - np.count_nonzero(np.isfinite(wide)))
    if bad:
        raise InvalidInput(
            f"{name} hold {bad} NaN or infinite values",
            causes="a diverged run, a division by zero, or an overflow of float16",
            remedy="drop or repair those rows before the analysis",
        )
    return wide


def finite_vector(values: Any, name: str, *, dim: int | None = None) -> Float[np.ndarray, " n"]:
    """Return the values as a finite float64 vector of its own memory, shape (n,).

    Raises
    ------
    InvalidInput
        If the values are not numeric, not 1-D, empty, not finite, or not of length `dim`.

    Examples
    --------
    >>> finite_vector([0, 1], "center")
    array([0., 1.])
    """
    array = as_array(values, name)
    if array.ndim != 1:
        raise InvalidInput(f"{name} has shape {array.shape}; one axis (n coordinates) is needed")
    wide = _widened(array, values, name) if array.dtype.kind in "iuf" else array
    return finite_points(wide[None, :], name, dim=dim)[0].copy()


def plain_number(value: Any) -> Any:
    """Return a numpy scalar as Python's number, bool or text, and everything else as it is.

    Raises
    ------
    InvalidInput
        If it is a long double that float64 does not hold.

    Examples
    --------
    >>> plain_number(np.int64(2)), plain_number("a")
    (2, 'a')
    """
    if not isinstance(value, np.generic):
        return value
    if value.dtype == np.longdouble and float(value) != value and not np.isnan(value):
        raise InvalidInput(f"{value!r} is a long double that float64 does not hold", remedy="round it first")
    return float(value) if value.dtype == np.longdouble else value.item()


def as_float(number: int | float) -> float:
    """Return a number as a float; an integer beyond all floats is infinite, as 1e400 is.

    Examples
    --------
    >>> as_float(2), as_float(-(10**400))
    (2.0, -inf)
    """
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def whole_number(value: Any, name: str, *, least: int = 0, most: int | None = None) -> int:
    """Return an integer within bounds, numpy's included, as Python's; a bool and 2.0 are none.

    Raises
    ------
    InvalidInput
        If the value is no integer or out of bounds.

    Examples
    --------
    >>> whole_number(np.int64(2), "the seed")
    2
    """
    number = plain_number(value)
    if not isinstance(number, int) or isinstance(number, bool):
        raise InvalidInput(
            f"{name} is {number!r}, which is no integer", remedy="use int(…) where it is meant"
        )
    if number < least or (most is not None and number > most):
        bounds = f"at least {least}" if most is None else f"between {least} and {most}"
        raise InvalidInput(f"{name} is {number}; it must be {bounds}")
    return number


@dataclass(frozen=True)
class Range:
    """The numbers from `low` to `high`, an end left out where it is open; nan is in none.

    Examples
    --------
    >>> Range(0, 1, open_low=True, open_high=True).check(1, "alpha")
    Traceback (most recent call last):
        ...
    geosae.errors.InvalidInput: alpha is 1, where a number > 0 and < 1 is needed.
    """

    low: float | int
    high: float | int
    open_low: bool = False
    open_high: bool = False

    def check(self, value: float | int, name: str) -> None:
        """Refuse a number out of the range.

        Raises
        ------
        InvalidInput
            If the number is out of the range, or nan.
        """
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        if not (above and below):
            ends = [f"{'>' if self.open_low else '≥'} {self.low}"] if self.low > -math.inf else []
            if self.high < math.inf:
                ends.append(f"{'<' if self.open_high else '≤'} {self.high}")
            elif self.open_high:
                ends.append("finite")
            raise InvalidInput(f"{name} is {value!r}, where a number {' and '.join(ends)} is needed")


COUNT = Range(1, 2**31)
"""How many, at least one; more would neither be held in memory nor ever be done."""
NATURAL = Range(0, 2**31)
"""How many, or none."""
WIDE = Range(1, 2**63 - 1)
"""A cap, which may be as good as none."""
SEED = Range(0, 2**63 - 1)
PROBABILITY = Range(0, 1, open_low=True, open_high=True)
SHARE = Range(0, 1)
POSITIVE = Range(0, math.inf, open_low=True, open_high=True)
INCHES = Range(0.5, 100)
"""The width or height of a figure."""
SECONDS = Range(0, math.inf)
"""A limit of time, which may be infinite."""


def as_counts(values: Any, name: str) -> np.ndarray:
    """Return one or many counts, whole numbers ≥ 0, as an array of integers.

    Raises
    ------
    InvalidInput
        If they are no whole numbers, or below 0.

    Examples
    --------
    >>> as_counts([3, 4], "successes").tolist()
    [3, 4]
    """
    array = as_array(values, name)
    if array.dtype.kind not in "iu" or np.any(array < 0):
        raise InvalidInput(
            f"{name} (dtype {array.dtype}) must be whole numbers ≥ 0",
            causes="shares or weights in the place of counts",
        )
    return array


def positive_number(value: Any, name: str, *, zero: bool = False) -> float:
    """Return the value as a positive finite float (zero too, where `zero` allows it).

    Raises
    ------
    InvalidInput
        If the value is not a finite number above zero.

    Examples
    --------
    >>> positive_number(2, "radius")
    2.0
    """
    plain = plain_number(value)
    number = as_float(plain) if isinstance(plain, int | float) and not isinstance(plain, bool) else math.nan
    if not np.isfinite(number) or number < 0 or (number == 0 and not zero):
        raise InvalidInput(f"{name} is {value!r}, where a finite number {'≥' if zero else '>'} 0 is needed")
    return number


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """Return the valid word closest in spelling, or None where the list is empty.

    Examples
    --------
    >>> nearest("widhts", ["widths", "seeds"])
    'widths'
    """
    words = list(valid)
    lowered = {w.lower(): w for w in words}
    matches = difflib.get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.0)
    return lowered[matches[0]] if matches else None


def refuse_unknown(keys: Iterable[str], valid: Iterable[str], where: str, what: str = "key") -> None:
    """Refuse the first key that is not a valid one, naming the nearest valid one and the whole list.

    Raises
    ------
    InvalidInput
        If a key is unknown.

    Examples
    --------
    >>> refuse_unknown(["widhts"], ["widths", "seeds"], "the plan")
    Traceback (most recent call last):
        ...
    geosae.errors.InvalidInput: the plan has an unknown key 'widhts'; ...'widths'.
      What to do: use one of: seeds, widths.
    """
    allowed = sorted(valid)
    for key in keys:
        if key not in allowed:
            close = nearest(str(key), allowed)
            raise InvalidInput(
                f"{where} has an unknown {what} {key!r}"
                + (f"; the nearest valid one is {close!r}" if close else f"; it takes no {what}"),
                remedy=f"use one of: {', '.join(allowed)}" if allowed else "leave it out",
            )
