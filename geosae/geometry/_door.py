"""The door: what comes in is checked once, and what is refused is refused by name."""

from typing import Any

import numpy as np
from jaxtyping import Float


class InvalidInput(ValueError):  # noqa: N818
    """Input that cannot be used; the message says what happened, likely causes, and what to do.

    Examples
    --------
    >>> raise InvalidInput("points hold 3 NaN values", causes="a failed log", remedy="drop those rows")
    Traceback (most recent call last):
        ...
    geosae.geometry._door.InvalidInput: points hold 3 NaN values.
      Likely causes: a failed log.
      What to do: drop those rows.
    """

    def __init__(self, what: str, *, causes: str = "", remedy: str = "") -> None:
        lines = [what.rstrip(".") + "."]
        if causes:
            lines.append(f"  Likely causes: {causes.rstrip('.')}.")
        if remedy:
            lines.append(f"  What to do: {remedy.rstrip('.')}.")
        super().__init__("\n".join(lines))


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
    number = float(value)
    if not np.isfinite(number) or number < 0 or (number == 0 and not zero):
        raise InvalidInput(f"{name} is {value!r}, where a finite number {'≥' if zero else '>'} 0 is needed")
    return number
