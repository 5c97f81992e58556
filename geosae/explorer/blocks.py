"""Arrays as text that a browser unpacks by itself, with its own `DecompressionStream`."""

import base64
import gzip
import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from geosae.errors import InvalidInput
from geosae.notebook import short_repr

BlockType = Literal["float64", "float32", "int32", "uint8"]


@dataclass(frozen=True)
class Block:
    """An array as text: its numbers in C order, little-endian, packed by gzip, written in base64."""

    dtype: BlockType
    shape: tuple[int, ...]
    data: str

    __repr__ = short_repr

    @classmethod
    def of(cls, array: Any, dtype: BlockType) -> "Block":
        """Pack an array.

        Examples
        --------
        >>> Block.of(np.eye(2), "uint8").array().tolist()
        [[1, 0], [0, 1]]
        """
        plain = np.ascontiguousarray(array, dtype=np.dtype(dtype).newbyteorder("<"))
        packed = gzip.compress(plain.tobytes(), compresslevel=9, mtime=0)
        return cls(dtype, plain.shape, base64.b64encode(packed).decode("ascii"))

    def array(self) -> np.ndarray:
        """Unpack the array.

        Raises
        ------
        InvalidInput
            If the bytes are not those of such an array.
        """
        try:
            content = gzip.decompress(base64.b64decode(self.data, validate=True))
        except (ValueError, OSError, EOFError) as error:
            raise InvalidInput(f"an array of shape {self.shape} cannot be unpacked: {error}") from error
        kind = np.dtype(self.dtype).newbyteorder("<")
        if len(content) != math.prod(self.shape) * kind.itemsize:
            raise InvalidInput(
                f"an array of shape {self.shape} and type {self.dtype} holds {len(content):,} bytes",
                causes="a damaged file",
            )
        return np.frombuffer(content, dtype=kind).reshape(self.shape)
