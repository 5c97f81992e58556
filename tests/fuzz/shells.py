"""The outer shells of files, right in lengths and hashes, around what a fuzzer changed.

A fuzzer that flips bytes never gets past a checksum. Here a file is described by a value of JSON; the
description may lie (about a shape, a type, a place in the file), the shell around it does not, unless the
description says so.
"""

import io
import json
import math
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from geosae.storage import structure

LARGEST = 1 << 16
"""Bytes that are written for an array, whatever shape it claims."""
SIZES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "U8": 1, "BOOL": 1, "C64": 8}
CODES = {
    "F64": "<f8",
    "I64": "<i8",
    "U64": "<u8",
    "F32": "<f4",
    "I32": "<i4",
    "F16": "<f2",
    "U8": "|u1",
    "BOOL": "|b1",
}
TORCH = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "U8": torch.uint8,
    "BOOL": torch.bool,
    "C64": torch.complex64,
    "F8": torch.float8_e4m3fn,
}


class NoDescription(Exception):  # noqa: N818
    """What was changed describes no file any more: nothing was read, and nothing is learned."""


def described(array: np.ndarray | torch.Tensor, most: int = 10**6) -> dict[str, Any]:
    """Return type, shape and numbers; of more than `most` numbers only the first, which are then repeated."""
    plain = array.numpy() if isinstance(array, torch.Tensor) else array
    codes = {np.dtype(code).str: name for name, code in CODES.items()}
    values = plain.reshape(-1).tolist()
    return {"dtype": codes[plain.dtype.str], "shape": list(plain.shape), "values": values[:most]}


def _count(shape: Any, size: int) -> int:
    """Return how many bytes a claimed shape would take, but never more than may be written."""
    if not isinstance(shape, list) or not all(isinstance(axis, int) and axis >= 0 for axis in shape):
        return size
    return min(math.prod(shape) * size, LARGEST)


def raw(entry: Any) -> bytes:
    """Return the numbers of a described array, repeated up to the length that its shape claims."""
    if not isinstance(entry, dict):
        return b""
    name = entry.get("dtype")
    name = name if isinstance(name, str) and name in SIZES else "F32"
    length = _count(entry.get("shape"), SIZES[name])
    try:
        with np.errstate(all="ignore"):
            values = (
                np.asarray(entry.get("values", 0), dtype=np.float64).astype(CODES.get(name, "<f4")).tobytes()
            )
    except (ValueError, TypeError, OverflowError):
        values = b""
    values = values or b"\0"
    return (values * (length // len(values) + 1))[:length]


def text_of(value: Any) -> str:
    """Return a text as it is, and any other value as JSON."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value)
    except RecursionError:
        return "[" * 2000


def utf8(text: str) -> bytes:
    """Encode a text; half of a surrogate pair becomes what no decoder takes."""
    return text.encode("utf-8", "surrogatepass")


def safetensors_file(tensors: Any, metadata: Any = None) -> bytes:
    """Return a safetensors file; an entry may state `offsets` of its own, and `head` another header."""
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    data = b""
    for name, entry in tensors.items() if isinstance(tensors, dict) else ():
        body = raw(entry)
        table = entry if isinstance(entry, dict) else {}
        place = table.get("offsets", [len(data), len(data) + len(body)])
        header[name] = {"dtype": table.get("dtype"), "shape": table.get("shape"), "data_offsets": place}
        data += body
    head = utf8(json.dumps(header))
    return struct.pack("<Q", len(head)) + head + data


def npy_file(entry: Any) -> bytes:
    """Return a .npy file; `descr` overrides the type that its header states."""
    table = entry if isinstance(entry, dict) else {}
    shape = table.get("shape")
    axes = tuple(shape) if isinstance(shape, list) else shape
    code = table.get("descr", CODES.get(str(table.get("dtype")), "<f4"))
    header = repr({"descr": code, "fortran_order": bool(table.get("fortran")), "shape": axes})
    head = utf8(header + "\n")[:60_000]
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + raw(entry)


def npz_file(members: Any) -> bytes:
    """Return an .npz: described arrays as .npy, texts and all else as arrays of bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, entry in members.items() if isinstance(members, dict) else ():
            if isinstance(entry, dict) and "shape" in entry:
                body = npy_file(entry)
            else:
                text = np.frombuffer(utf8(text_of(entry)), dtype=np.uint8)
                holder = io.BytesIO()
                np.lib.format.write_array(holder, text)
                body = holder.getvalue()
            archive.writestr(zipfile.ZipInfo(f"{name[:200]}.npy".replace("\0", "")), body)
    return buffer.getvalue()


def tensor(entry: Mapping[str, Any]) -> torch.Tensor:
    """Return a described tensor; a shape larger than its data is claimed with strides of 0."""
    dtype = TORCH.get(str(entry.get("dtype")), torch.float32)
    body = torch.frombuffer(bytearray(raw({**entry, "dtype": "F32"}) or b"\0\0\0\0"), dtype=torch.float32)
    shape = entry.get("shape")
    axes = shape if isinstance(shape, list) and all(type(axis) is int for axis in shape) else [1]
    count = math.prod(axes)
    if 0 <= count <= len(body) and all(axis >= 0 for axis in axes):
        made = body[:count].to(dtype).reshape(axes)
    else:
        axes = [min(max(axis, 0), 2**40) for axis in axes][:2]
        made = body[:1].to(dtype).expand(axes or [1])
    if entry.get("layout") == "sparse":
        return (
            made.contiguous().to_sparse() if made.numel() < LARGEST and made.dtype == torch.float32 else made
        )
    return made.to("meta") if entry.get("layout") == "meta" else made


def torch_file(tensors: Any, entries: Any) -> bytes:
    """Return what torch.save makes of described tensors and of plain entries."""
    buffer = io.BytesIO()
    try:
        weights = {
            name: tensor(entry) if isinstance(entry, dict) and "shape" in entry else entry
            for name, entry in (tensors.items() if isinstance(tensors, dict) else ())
        }
        torch.save({**weights, **entries} if isinstance(entries, dict) else entries, buffer)
    except (TypeError, ValueError, RuntimeError, OverflowError, NotImplementedError) as error:
        # A RecursionError is a RuntimeError. What torch cannot write is no file.
        raise NoDescription from error
    return buffer.getvalue()


def hashed(record: Any) -> str:
    """Return a stored record as text, with the hash that belongs to it."""
    if not isinstance(record, dict):
        return text_of(record)
    table = {key: value for key, value in record.items() if key != structure.HASH}
    try:
        return json.dumps({**table, structure.HASH: structure._hash_of(table)})  # pyright: ignore[reportPrivateUsage]
    except (ValueError, RecursionError):
        # The reader cannot compute it either; it must say so.
        return json.dumps({**table, structure.HASH: "0" * 64})
