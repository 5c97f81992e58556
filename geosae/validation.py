"""What comes in is checked once, and what is refused is refused by name."""

import difflib
from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Float

from geosae.errors import InvalidInput


def finite_points(
    points: Any, name: str = "points", *, dim: int | None = None, allow_empty: bool = False
) -> Float[np.ndarray, "N n"]:
    """Return the points as a finite float64 array of shape (N, n).

    Float32 input is widened exactly; nothing is copied when it already is float64.

    Raises
    ------
    InvalidInput
        If the array is not numeric, not 2-D, empty, has no columns, holds NaN or infinity, or is not of
        dimension `dim`.

    Examples
    --------
    >>> finite_points([[0, 1], [2, 3]]).dtype
    dtype('float64')
    """
    array = np.asarray(points)
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
    wide = array.astype(np.float64, copy=False)
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
    array = np.asarray(values)
    if array.ndim != 1:
        raise InvalidInput(f"{name} has shape {array.shape}; one axis (n coordinates) is needed")
    return finite_points(array[None, :], name, dim=dim)[0].copy()


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
    number = float(plain) if isinstance(plain, int | float) and not isinstance(plain, bool) else float("nan")
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
