"""Rows of truth values packed into 64-bit words: entry j of a row is bit j % 64 of word j // 64."""

import sys

import numpy as np
from jaxtyping import Bool, Int, UInt64

_CHUNK = 1 << 24
"""At most so many truth values are unpacked at once."""


def pack_words(matrix: Bool[np.ndarray, "r c"]) -> UInt64[np.ndarray, "r w"]:
    """Return the rows as words; w = ⌈c / 64⌉, and the bits beyond c are zero.

    Examples
    --------
    >>> pack_words(np.array([[True, False, True]])).tolist()
    [[5]]
    """
    rows, columns = matrix.shape
    words = np.zeros((rows, -(-columns // 64)), dtype="<u8")
    octets = words.view(np.uint8).reshape(rows, 8 * words.shape[1])
    packed = np.packbits(matrix, axis=1, bitorder="little")
    octets[:, : packed.shape[1]] = packed
    return words.astype(np.uint64, copy=False)


def unpack_words(words: UInt64[np.ndarray, "r w"], columns: int) -> Bool[np.ndarray, "r c"]:
    """Return the rows as truth values.

    Examples
    --------
    >>> unpack_words(np.array([[5]], dtype=np.uint64), 3).tolist()
    [[True, False, True]]
    """
    plain = np.ascontiguousarray(words, dtype="<u8")
    octets = plain.view(np.uint8).reshape(len(words), 8 * words.shape[1])
    return np.unpackbits(octets, axis=1, count=columns, bitorder="little").astype(bool)


def select_columns(
    words: UInt64[np.ndarray, "r w"], columns: int, which: Int[np.ndarray, "k"]
) -> UInt64[np.ndarray, "r v"]:
    """Return words whose bit j is bit which[j] of the words passed in, a part of the rows at a time.

    Examples
    --------
    >>> select_columns(np.array([[2]], dtype=np.uint64), 2, np.array([1, 0, 1])).tolist()
    [[5]]
    """
    out = np.zeros((len(words), -(-len(which) // 64)), dtype=np.uint64)
    step = max(1, _CHUNK // max(1, len(which), columns))
    for start in range(0, len(words), step):
        rows = slice(start, start + step)
        out[rows] = pack_words(unpack_words(words[rows], columns)[:, which])
    return out


def as_integer(row: Bool[np.ndarray, "c"]) -> int:
    """Return the integer whose bit j is entry j.

    Examples
    --------
    >>> as_integer(np.array([True, False, True]))
    5
    """
    return int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little")


def word_integers(words: UInt64[np.ndarray, "r w"]) -> list[int]:
    """Return each row of words as one integer.

    Examples
    --------
    >>> word_integers(np.array([[1, 1]], dtype=np.uint64)) == [2**64 + 1]
    True
    """
    width = 8 * words.shape[1]
    data = words.astype("<u8" if sys.byteorder == "big" else np.uint64, copy=False).tobytes()
    return [int.from_bytes(data[i * width : (i + 1) * width], "little") for i in range(len(words))]
