"""Odd values by kind of argument, each with what must come of it (used by tests/odd_arguments.py).

An odd value either means the same as a plain one (the answer must then be that of the plain one, or a named
refusal), or means nothing (it must be refused by name), or is merely extreme (an answer without warnings, or
a named refusal).
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

Fate = Literal["same", "refused", "free"]


@dataclass(frozen=True)
class Odd:
    """A way to make an odd value of a valid one; `plain` makes the plain value that means the same."""

    name: str
    make: Callable[[Any], Any]
    fate: Fate
    plain: Callable[[Any], Any] = lambda value: value


def _first(value: np.ndarray, entry: float) -> np.ndarray:
    copy = np.array(value, dtype=np.float64)
    copy.flat[0] = entry
    return copy


def _memory_mapped(value: np.ndarray) -> np.ndarray:
    path = Path(tempfile.mkdtemp(prefix="odd-")) / "points.npy"
    np.save(path, value)
    return np.load(path, mmap_mode="r")


def _read_only(value: np.ndarray) -> np.ndarray:
    copy = np.array(value)
    copy.flags.writeable = False
    return copy


def _strided(value: np.ndarray) -> np.ndarray:
    """Return the same entries with negative strides."""
    return np.ascontiguousarray(value[::-1])[::-1]


def _masked(value: np.ndarray) -> np.ndarray:
    mask = np.zeros(np.shape(value), dtype=bool)
    mask.flat[0] = True
    return np.ma.array(value, mask=mask)


def _structured(value: np.ndarray) -> np.ndarray:
    return np.zeros(np.shape(value), dtype=[("x", "f8"), ("y", "f8")])


def _small(value: np.ndarray) -> np.ndarray:
    """Return whole numbers below 100 of about the same arrangement."""
    return np.round(np.abs(np.asarray(value, dtype=np.float64)) * 8) % 100


def _as(dtype: Any, *, small: bool = False) -> dict[str, Any]:
    """Return the maker of another dtype, and of the float64 array that holds the same numbers."""

    def make(value: np.ndarray) -> np.ndarray:
        return (_small(value) if small else np.asarray(value, dtype=np.float64)).astype(dtype)

    return {"make": make, "fate": "same", "plain": lambda value: make(value).astype(np.float64)}


def _bfloat(value: np.ndarray) -> torch.Tensor:
    return torch.tensor(np.asarray(value, dtype=np.float64)).bfloat16()


def _filled(value: Sequence[Any], entry: Any) -> list[Any]:
    """Return as many of one entry; of an empty list there is no odd form."""
    if not len(value):
        raise ValueError("no entries")
    return [entry] * len(value)


def _like_arrays() -> list[Odd]:
    """What is odd about any array of real numbers."""
    return [
        Odd("None", lambda v: None, "refused"),
        Odd("text", lambda v: "points", "refused"),
        Odd("a number", lambda v: 3.0, "refused"),
        Odd("a mapping", lambda v: {"points": v}, "refused"),
        Odd("0-d", lambda v: np.array(1.0), "refused"),
        Odd("an axis more", lambda v: v[None], "refused"),
        Odd("no rows", lambda v: v[:0], "free"),
        Odd("text entries", lambda v: v.astype(str), "refused"),
        Odd("bytes entries", lambda v: v.astype(str).astype("S8"), "refused"),
        Odd("complex", lambda v: v + 1j, "refused"),
        Odd("masked", _masked, "refused"),
        Odd("structured", _structured, "refused"),
        Odd("dates", lambda v: _small(v).astype("datetime64[s]"), "refused"),
        Odd("durations", lambda v: _small(v).astype("timedelta64[s]"), "refused"),
        Odd("a generator", lambda v: (row for row in v), "refused"),
        Odd("a set", lambda v: {1.0, 2.0}, "refused"),
        Odd("Fractions", lambda v: np.vectorize(Fraction, otypes=[object])(_small(v)), "same", _small),
        Odd("object dtype", lambda v: v.astype(object), "same"),
        Odd("Fortran order", np.asfortranarray, "same"),
        Odd("negative strides", _strided, "same"),
        Odd("read-only", _read_only, "same"),
        Odd("memory-mapped", _memory_mapped, "same"),
        Odd("a list", lambda v: v.tolist(), "same"),
        Odd("a tuple of rows", lambda v: tuple(v), "same"),
        Odd("torch with gradients", lambda v: torch.tensor(v, requires_grad=v.dtype.kind == "f"), "same"),
    ]


FLOATS = [
    *_like_arrays(),
    Odd("nan", lambda v: _first(v, np.nan), "refused"),
    Odd("inf", lambda v: _first(v, np.inf), "refused"),
    Odd("-inf", lambda v: _first(v, -np.inf), "refused"),
    Odd("zeros", np.zeros_like, "free"),
    Odd("-0.0", lambda v: -np.zeros_like(v), "same", np.zeros_like),
    Odd("constant", np.ones_like, "free"),
    Odd("subnormal", lambda v: v * 2.0**-1060, "free"),
    Odd("1e-300", lambda v: v * 1e-300, "free"),
    Odd("1e-160", lambda v: v * 1e-160, "free"),
    Odd("1e160", lambda v: v * 1e160, "free"),
    Odd("1e300", lambda v: v * 1e300, "free"),
    Odd("one at 1e300", lambda v: _first(v, 1e300), "free"),
    Odd("one at -1e308", lambda v: _first(v, -1e308), "free"),
    Odd("uint8", **_as(np.uint8, small=True)),
    Odd("int8", **_as(np.int8, small=True)),
    Odd("int64", **_as(np.int64, small=True)),
    Odd("uint64", **_as(np.uint64, small=True)),
    Odd("bool", lambda v: v > 0, "same", lambda v: (v > 0).astype(np.float64)),
    Odd("float16", **_as(np.float16)),
    Odd("float32", **_as(np.float32)),
    Odd("longdouble", lambda v: v.astype(np.longdouble), "same"),
    Odd("big endian", lambda v: v.astype(">f8"), "same"),
    Odd("bfloat16", _bfloat, "same", lambda v: _bfloat(v).double().numpy()),
    Odd("integers beyond 2^53", lambda v: np.full(np.shape(v), 2**53 + 1), "refused"),
    Odd("lossy longdouble", lambda v: (v + 1).astype(np.longdouble) / 3, "refused"),
    Odd("ragged", lambda v: [*v.tolist()[:-1], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]], "refused"),
]  # fmt: skip
MATRIX = [
    *FLOATS,
    Odd("one axis less", lambda v: v[0], "refused"),
    Odd("no columns", lambda v: v[:, :0], "free"),
    Odd("a column more", lambda v: np.hstack([v, v[:, :1]]), "free"),
    Odd("one row", lambda v: v[:1], "free"),
]
VECTOR = [*FLOATS, Odd("one more", lambda v: np.append(v, v[0]), "free")]
MASK = [
    *[odd for odd in _like_arrays() if odd.name not in ("dates", "durations", "Fractions")],
    Odd("one axis less", lambda v: v[0], "refused"),
    Odd("no columns", lambda v: v[:, :0], "free"),
    Odd("all", np.ones_like, "free"),
    Odd("nobody", np.zeros_like, "free"),
    Odd("0 and 1", lambda v: v.astype(np.int64), "same"),
    Odd("0 and 1 in uint8", lambda v: v.astype(np.uint8), "same"),
    Odd("0.0 and 1.0", lambda v: v.astype(np.float64), "same"),
    Odd("torch bool", torch.tensor, "same"),
    Odd("0 and 2", lambda v: v.astype(np.int64) * 2, "refused"),
    Odd("0 and -1", lambda v: -v.astype(np.int64), "refused"),
    Odd("probabilities", lambda v: v * 0.5, "refused"),
    Odd("nan", lambda v: _first(v, np.nan), "refused"),
    Odd("ragged", lambda v: [*v.tolist()[:-1], [True] * 7], "refused"),
]
COUNTS = [
    Odd("None", lambda v: None, "refused"),
    Odd("text", lambda v: "3", "refused"),
    Odd("negative", lambda v: -np.asarray(v) - 1, "refused"),
    Odd("nan", lambda v: np.asarray(v) * np.nan, "refused"),
    Odd("halves", lambda v: np.asarray(v) + 0.5, "refused"),
    Odd("complex", lambda v: np.asarray(v) + 1j, "refused"),
    Odd("masked", lambda v: np.ma.array(v, mask=True), "refused"),
    Odd("uint8", lambda v: np.asarray(v).astype(np.uint8), "same"),
    Odd("a list", lambda v: np.asarray(v).tolist(), "same"),
]

_NO_SCALAR = [
    Odd("True", lambda v: True, "refused"),
    Odd("'3'", lambda v: "3", "refused"),
    Odd("''", lambda v: "", "refused"),
    Odd("bytes", lambda v: b"3", "refused"),
    Odd("a list of it", lambda v: [v], "refused"),
    Odd("nan", lambda v: float("nan"), "refused"),
    Odd("numpy nan", lambda v: np.float64("nan"), "refused"),
    Odd("complex", lambda v: complex(v), "refused"),
    Odd("a mapping", lambda v: {}, "refused"),
    Odd("an object", lambda v: object(), "refused"),
    Odd("2-d array", lambda v: np.full((2, 2), v), "refused"),
    Odd("Fraction", Fraction, "same"),
    Odd("Decimal", Decimal, "same"),
    Odd("0-d array", np.array, "same"),
    Odd("torch scalar", torch.tensor, "same"),
]
NONE = Odd("None", lambda v: None, "refused")
WHOLE = [
    *_NO_SCALAR,
    Odd("inf", lambda v: float("inf"), "refused"),
    Odd("a half", lambda v: v + 0.5, "refused"),
    Odd("-1", lambda v: -1, "free"),
    Odd("-2**70", lambda v: -(2**70), "free"),
    Odd("0", lambda v: 0, "free"),
    Odd("1", lambda v: 1, "free"),
    Odd("2**70", lambda v: 2**70, "free"),
    Odd("numpy int64", np.int64, "same"),
    Odd("numpy uint8", np.uint8, "same"),
    Odd("a whole float", float, "same"),
]
NUMBER = [
    *_NO_SCALAR,
    Odd("inf", lambda v: 1e400, "free"),
    Odd("-inf", lambda v: -1e400, "free"),
    Odd("-1", lambda v: -1.0, "free"),
    Odd("0", lambda v: 0, "free"),
    Odd("-0.0", lambda v: -0.0, "same", lambda v: 0.0),
    Odd("2", lambda v: 2, "free"),
    Odd("1e300", lambda v: 1e300, "free"),
    Odd("1e-300", lambda v: 1e-300, "free"),
    Odd("subnormal", lambda v: 5e-324, "free"),
    Odd("2**70", lambda v: 2**70, "free"),
    Odd("10**400", lambda v: 10**400, "free"),
    Odd("numpy float64", np.float64, "same"),
    Odd("numpy float32", np.float32, "same", lambda v: float(np.float32(v))),
    Odd("longdouble", np.longdouble, "same"),
]
FLAG = [
    Odd("numpy bool", np.bool_, "same"),
    Odd("0 or 1", int, "same"),
    Odd("2", lambda v: 2, "refused"),
    Odd("text", lambda v: "yes", "refused"),
    Odd("''", lambda v: "", "refused"),
    Odd("nan", lambda v: float("nan"), "refused"),
    Odd("a list", lambda v: [v], "refused"),
]
WORD = [
    Odd("one letter less", lambda v: v[:-1], "refused"),
    Odd("one letter more", lambda v: v + "x", "refused"),
    Odd("capitals", str.upper, "refused"),
    Odd("''", lambda v: "", "refused"),
    Odd("bytes", lambda v: v.encode(), "refused"),
    Odd("a number", lambda v: 3, "refused"),
    Odd("a list of it", lambda v: [v], "refused"),
    Odd("an object", lambda v: object(), "refused"),
    Odd("numpy text", np.str_, "same"),
]
TEXT = [
    Odd("bytes", lambda v: v.encode(), "refused"),
    Odd("a number", lambda v: 3, "refused"),
    Odd("a list of it", lambda v: [v], "refused"),
    Odd("nan", lambda v: float("nan"), "refused"),
    Odd("''", lambda v: "", "free"),
    Odd("one letter less", lambda v: v[:-1], "free"),
    Odd("numpy text", np.str_, "same"),
]
PATH = [
    Odd("None", lambda v: None, "refused"),
    Odd("a number", lambda v: 3, "refused"),
    Odd("bytes", lambda v: b"here", "refused"),
    Odd("a list of it", lambda v: [v], "refused"),
    Odd("NUL inside", lambda v: "a\0b", "refused"),
    Odd("very long", lambda v: "a" * 5000, "refused"),
    Odd("missing", lambda v: str(v) + "-missing/deep", "free"),
    Odd("text", str, "same"),
]
RECORD = [
    Odd("a number", lambda v: 3, "refused"),
    Odd("text", lambda v: "it", "refused"),
    Odd("an object", lambda v: object(), "refused"),
    Odd("its class", type, "refused"),
    Odd("a list of it", lambda v: [v], "refused"),
    Odd("a mapping", lambda v: {}, "refused"),
]
RNG = [
    Odd("a seed", lambda v: 0, "refused"),
    Odd("the module", lambda v: np.random, "refused"),
    Odd("RandomState", lambda v: np.random.RandomState(0), "refused"),
    Odd("text", lambda v: "0", "refused"),
]
CALLABLE = [
    Odd("a number", lambda v: 3, "refused"),
    Odd("text", lambda v: "f", "refused"),
    Odd("a list", lambda v: [v], "refused"),
]
NAMES = [
    Odd("a single text", lambda v: "ab", "refused"),
    Odd("numbers", lambda v: _filled(v, 1), "refused"),
    Odd("bytes", lambda v: _filled(v, b"a"), "refused"),
    Odd("a number", lambda v: 3, "refused"),
    Odd("Nones", lambda v: _filled(v, None), "refused"),
    Odd("an array of text", lambda v: np.array(list(v)), "same"),
    Odd("a list", list, "same"),
    Odd("a tuple", tuple, "same"),
]
NUMBERS = [
    Odd("a number", lambda v: 3, "refused"),
    Odd("text", lambda v: "12", "refused"),
    Odd("texts", lambda v: _filled(v, "1"), "refused"),
    Odd("nans", lambda v: _filled(v, float("nan")), "free"),
    Odd("Nones", lambda v: _filled(v, None), "free"),
    Odd("empty", lambda v: [], "free"),
    Odd("an array", np.array, "same"),
    Odd("a list", list, "same"),
    Odd("a tuple", tuple, "same"),
]
MAPPING = [
    Odd("a number", lambda v: 3, "refused"),
    Odd("text", lambda v: "it", "refused"),
    Odd("a list of its keys", list, "refused"),
    Odd("empty", lambda v: {}, "free"),
]
SEQUENCE = [
    Odd("a number", lambda v: 3, "refused"),
    Odd("an object", lambda v: object(), "refused"),
    Odd("empty", lambda v: [], "free"),
    Odd("numbers", lambda v: _filled(v, 3), "refused"),
    Odd("a list", list, "same"),
    Odd("a tuple", tuple, "same"),
]
KINDS = {
    "matrix": MATRIX, "vector": VECTOR, "mask": MASK, "counts": COUNTS, "whole": WHOLE, "number": NUMBER,
    "flag": FLAG, "word": WORD, "text": TEXT, "path": PATH, "record": RECORD, "rng": RNG,
    "callable": CALLABLE, "names": NAMES, "numbers": NUMBERS, "mapping": MAPPING, "sequence": SEQUENCE,
}  # fmt: skip
