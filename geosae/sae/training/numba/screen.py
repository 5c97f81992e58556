"""The encoder's product in bfloat16 and what it leaves to compute exactly; needs numba."""

import numpy as np
import torch
from jaxtyping import Float

from geosae.sae.training.numba import _screen
from geosae.sae.training.numba.lists import Lists, blocks_for

FINER = 2
"""So many times more blocks than in float32: looking for the largest of a block costs less here."""


class Screen:
    """Exact Top-K through rounded pre-activations; the weights are rounded anew for every batch.

    With x̃ and w̃ the rounded vectors, the rounded pre-activation is off by at most
    ‖x − x̃‖‖w‖ + ‖x̃‖‖w − w̃‖ + |b − b̃| + the rounding of sums, and by half a unit in its last place. The
    bias enters the product as two more coordinates, its upper and its lower half.

    Parameters
    ----------
    W_enc, b_enc
        The encoder in float32; read again at every `renew`.
    rows
        The most points of one call.
    k
        How many neurons are kept at a point.
    """

    def __init__(
        self, W_enc: Float[torch.Tensor, "d n"], b_enc: Float[torch.Tensor, " d"], rows: int, k: int
    ) -> None:
        (width, dim), half = W_enc.shape, torch.bfloat16
        self.W_enc, self.b_enc, self.k, self.rows = W_enc, b_enc, k, rows
        self._weights, self._points = (
            torch.zeros(width, dim + 2, dtype=half),
            torch.zeros(rows, dim + 2, dtype=half),
        )
        self._points[:, dim:] = 1.0
        self._z = torch.empty(rows, width, dtype=half)
        self._row_bits = np.zeros(dim, np.int32)
        self._length, self._off = (np.empty(max(rows, width), np.float32) for _ in range(2))
        blocks = min(width, FINER * blocks_for(width, k))
        self._peaks, self._bits = np.empty(blocks, np.int16), np.zeros(blocks + 1, np.int32)
        self.renew()

    def renew(self) -> None:
        """Round the weights as they are now."""
        dim = self.W_enc.shape[1]
        self._weights[:, :dim] = self.W_enc
        self._weights[:, dim] = self.b_enc
        self._weights[:, dim + 1] = self.b_enc - self._weights[:, dim].float()
        self._longest, self._farthest = self._lengths(self.W_enc, self._weights)
        self._bias = float(self.b_enc.abs().max())

    def errors(self, inputs: Float[torch.Tensor, "R n"]) -> Float[np.ndarray, " R"]:
        """Return, for each point just rounded, how far its pre-activations may be off before rounding."""
        count, dim = inputs.shape
        self._lengths(inputs, self._points)
        length, off = self._length[:count], self._off[:count]
        # Sums of dim + 2 exact products, in any order, here and where z is computed for good.
        sums = 2.0 * (dim + 4) * 2.0**-23 * (1.01 * length * self._longest + self._bias)
        total = off * self._longest + (length + off) * self._farthest + 2.0**-16 * self._bias + sums
        # The norms themselves are float32 sums; and below 1e-30 the processor may flush to 0.
        return (1.001 * total + 1e-30).astype(np.float32)

    def rounded(self, inputs: Float[torch.Tensor, "R n"]) -> torch.Tensor:
        """Return the rounded pre-activations of the points, in a buffer that the next call overwrites."""
        count, dim = inputs.shape
        self._points[:count, :dim] = inputs
        return torch.mm(self._points[:count], self._weights.T, out=self._z[:count])

    def keep_largest(self, lists: Lists, inputs: Float[torch.Tensor, "R n"], first: int) -> None:
        """List, for the points from `first` on, the k largest positive pre-activations."""
        keys = self.rounded(inputs).view(torch.int16).numpy()
        tiny = np.nextafter(np.float32(0), np.float32(1))
        _screen.list_screened(
            keys, inputs.numpy(), self.W_enc.numpy(), self.b_enc.numpy(), self.errors(inputs), self.k, tiny,
            self._peaks, self._bits, self._bits.view(np.float32), lists.lanes, lists.near, lists.near_value,
            first, lists.start, lists.index, lists.value,
        )  # fmt: skip

    def _lengths(self, rows: torch.Tensor, halves: torch.Tensor) -> tuple[float, float]:
        """Write ‖row‖ and ‖row − rounded row‖ into the buffers; return the largest of each."""
        count = len(rows)
        length, off = self._length[:count], self._off[:count]
        halves_of = halves.view(torch.int16).numpy()
        bits = self._row_bits
        _screen.lengths(rows.numpy(), halves_of, bits, bits.view(np.float32), length, off)
        return float(length.max()), float(off.max())


def is_faster() -> bool:
    """Tell whether this processor multiplies bfloat16 faster than float32 (AVX-512 BF16 or AMX).

    False where torch does not tell. Nothing is timed, so that a machine always gives the same bytes.
    """
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    queries = (getattr(torch.cpu, name, None) for name in names)
    return any(bool(query()) for query in queries if query is not None)
