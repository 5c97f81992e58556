"""Shards: files of the safetensors format that are mapped into memory, in float32, float16 or bfloat16.

The format is a length, a JSON header and the bytes of the tensors (https://github.com/huggingface/safetensors);
it is written here by hand because numpy has no bfloat16, and read here because a shard is mapped, not loaded.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.storage.files import json_value, write_atomic

Precision = Literal["fp32", "fp16", "bf16"]
TAGS: dict[Precision, str] = {"fp32": "F32", "fp16": "F16", "bf16": "BF16"}
STORED = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "F64": "<f8", "I64": "<i8", "I32": "<i4"}
"""The types of a shard's tensors; numpy has no bfloat16, whose bits are read as whole numbers."""
Tensors: TypeAlias = dict[str, np.ndarray]
LONGEST = 2**20
"""No header of a shard is longer."""


def encoded(values: Float[np.ndarray, "k n"], precision: Precision) -> np.ndarray:
    """Return the values as a shard stores them; bfloat16 is rounded to the nearest, ties to even.

    Raises
    ------
    InvalidInput
        If a value is not finite, or leaves the range of the type.

    Examples
    --------
    >>> encoded(np.array([[1.0, 3.14159]]), "bf16").tolist()
    [[16256, 16457]]
    """
    wide = np.ascontiguousarray(values, dtype=np.float32)
    if not np.isfinite(wide).all():
        raise InvalidInput(
            "the model answers with what is not finite", causes="an overflow in the model, or a damaged input"
        )
    if precision == "fp32":
        return wide
    if precision == "bf16":
        bits = wide.view(np.uint32)
        even = (bits >> np.uint32(16)) & np.uint32(1)
        stored = ((bits + np.uint32(0x7FFF) + even) >> np.uint32(16)).astype(np.uint16)
        overflows = not np.isfinite(decoded(stored)).all()
    else:
        with np.errstate(over="ignore"):
            stored = wide.astype(np.float16)
        overflows = not np.isfinite(stored).all()
    if overflows:
        raise InvalidInput(
            f"activations reach {np.abs(wide).max():.3g}, beyond {precision}",
            causes="a first-token sink, or a massive channel",
            remedy="store them in fp32 (or bf16), or leave first tokens out: --skip-first",
        )
    return stored


def decoded(stored: np.ndarray) -> Float[np.ndarray, "k n"]:
    """Return what is stored as float32; every value of the three types has one.

    Examples
    --------
    >>> decoded(np.array([[16256, 16457]], dtype=np.uint16)).tolist()
    [[1.0, 3.140625]]
    """
    if stored.dtype == np.uint16:
        return (stored.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return stored.astype(np.float32)


def write_tensors(path: Path, tensors: Tensors) -> str:
    """Write the tensors as one safetensors file, whole or not at all, and return its SHA-256.

    The same tensors give the same bytes. Unsigned 16-bit numbers are the bits of bfloat16.
    """
    tag_of = {np.dtype(stored): tag for tag, stored in STORED.items()}
    header: dict[str, Any] = {}
    start = 0
    for name, array in tensors.items():
        end = start + array.nbytes
        tag = tag_of[array.dtype]
        header[name] = {"dtype": tag, "shape": list(array.shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    body = b"".join(np.ascontiguousarray(array).tobytes() for array in tensors.values())
    data = len(text).to_bytes(8, "little") + text + body
    write_atomic(path, data)
    return hashlib.sha256(data).hexdigest()


def map_tensors(path: Path) -> Tensors:
    """Map the tensors of a shard into memory; nothing is loaded until it is read.

    Raises
    ------
    InvalidInput
        If there is no such file, or it is no shard of the length that its header states.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            text = file.read(min(length, LONGEST))
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise InvalidInput(f"there is no file {path}", causes="an incomplete copy of the folder") from error
    header = json_value(text, f"the header of {path}") if length <= LONGEST else None
    if not isinstance(header, Mapping):
        raise _no_shard(path)
    tensors: Tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            tensors[name] = _mapped(path, entry, 8 + length, size)
    return tensors


def _mapped(path: Path, entry: Any, offset: int, size: int) -> np.ndarray:
    try:
        dtype, shape = np.dtype(STORED[entry["dtype"]]), tuple(int(side) for side in entry["shape"])
        start, end = (int(place) for place in entry["data_offsets"])
    except (KeyError, TypeError, ValueError) as error:
        raise _no_shard(path) from error
    if min(shape, default=0) < 0 or end - start != math.prod(shape) * dtype.itemsize:
        raise _no_shard(path)
    if not 0 <= start <= end <= size - offset:
        raise _no_shard(path)
    if start == end:
        return np.zeros(shape, dtype)
    return np.memmap(path, dtype, "r", offset + start, shape)


def _no_shard(path: Path) -> InvalidInput:
    return InvalidInput(
        f"{path} is no shard of activations",
        causes="a truncated or damaged file, or one of another program",
        remedy="delete it: the same `geosae acts` computes it again",
    )
