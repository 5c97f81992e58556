"""The k largest of each row, with ties settled by index: what Top-K and its relatives select with."""

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from geosae.sae.gates.gate import above


def largest_positive(z: Float[torch.Tensor, "N d"], k: int) -> Float[torch.Tensor, "N d"]:
    """Mark the k largest entries of each row that are positive; among equals the lower index goes first.

    Examples
    --------
    >>> largest_positive(torch.tensor([[2.0, 2.0, 2.0]]), 2).tolist()
    [[1.0, 1.0, 0.0]]
    """
    if k >= z.shape[1]:
        return above(z, z.new_zeros(1, 1))
    least = kth_largest(z, k)
    support = above(z, _just_below(least))
    # torch.topk promises no order among equals: where more than k reach the least, the index decides.
    crowded = support.sum(dim=1) > k
    if bool(crowded.any()):
        support[crowded] = _first_of_equals(z[crowded], least[crowded], k).to(z.dtype)
    return support


def largest_positive_places(z: Float[torch.Tensor, "N d"], k: int) -> Int[torch.Tensor, " m"]:
    """Return where `largest_positive` marks, as rising places in the table read row by row; on a CPU.

    Examples
    --------
    >>> largest_positive_places(torch.tensor([[2.0, 2.0, 2.0], [0.0, -1.0, 3.0]]), 2).tolist()
    [0, 1, 5]
    """
    width = z.shape[1]
    least = kth_largest(z, k) if k < width else z.new_zeros(len(z), 1)
    # numpy finds the places of bools some ten times as fast as torch.
    support = above(z, _just_below(least), torch.bool)
    place = np.flatnonzero(support.numpy())
    crowded = torch.from_numpy(np.bincount(place // width, minlength=len(z)) > k)
    if bool(crowded.any()):
        support[crowded] = _first_of_equals(z[crowded], least[crowded], k)
        place = np.flatnonzero(support.numpy())
    return torch.from_numpy(place)


def _just_below(least: Float[torch.Tensor, "N 1"]) -> Float[torch.Tensor, "N 1"]:
    """Return the threshold above which z ≥ least and z > 0, so that one comparison does."""
    zero = torch.zeros_like(least)
    return torch.where(least > 0, torch.nextafter(least, zero), zero)


def _first_of_equals(
    z: Float[torch.Tensor, "N d"], least: Float[torch.Tensor, "N 1"], k: int
) -> Bool[torch.Tensor, "N d"]:
    """Mark the k largest of each row, of those equal to the k-th the first ones."""
    greater, equal = z > least, z == least
    room = k - greater.sum(dim=1, keepdim=True)
    return greater | (equal & (equal.cumsum(dim=1) <= room))


# Up to this width numpy's partition finds the k-th value 2 to 7 times faster than torch.topk (one CPU thread,
# 256 to 1024 rows, k from 4 to 16); far above it, 3 to 6 times slower.
PARTITION_WIDTH = 512


def kth_largest(z: Float[torch.Tensor, "N d"], k: int) -> Float[torch.Tensor, "N 1"]:
    """Return the k-th largest value of each row; the way it is found depends on the size, the value does not.

    Examples
    --------
    >>> kth_largest(torch.tensor([[5.0, 1.0, 7.0]]), 2).tolist()
    [[5.0]]
    """
    width = z.shape[1]
    if k == 1:
        return z.amax(dim=1, keepdim=True)
    if z.device.type != "cpu" or BLOCKED * k > width > PARTITION_WIDTH:
        return z.topk(k, dim=1).values[:, k - 1 :]
    candidates = z.detach() if width <= PARTITION_WIDTH else _of_largest_blocks(z.detach(), k)
    last = candidates.shape[1] - k
    column = np.partition(candidates.numpy(), last, axis=1)[:, last, None]
    return torch.from_numpy(np.ascontiguousarray(column))


BLOCKED = 16
"""Wider rows are searched block by block while at most one entry in so many is wanted."""


def blocks_for(width: int, k: int) -> int:
    """Return the number of blocks of Top-K: a power of two near √(k·width), from 16 up, at most the width.

    Fewer blocks leave longer ones to scan, k of them; more blocks take longer to bound.

    Examples
    --------
    >>> blocks_for(4096, 16), blocks_for(512, 8), blocks_for(5, 2)
    (256, 64, 5)
    """
    return min(width, max(16, 2 ** round(np.log2(np.sqrt(k * width)))))


def _of_largest_blocks(z: Float[torch.Tensor, "N d"], k: int) -> Float[torch.Tensor, "N C"]:
    """Return the entries of the k blocks with the largest maxima, among which the k largest values are.

    An entry outside has k maxima at least as large as it. Column j is in block j mod S; the columns that fill
    no block are returned too.
    """
    count = blocks_for(z.shape[1], k)
    length = z.shape[1] // count
    blocks = z[:, : count * length].unflatten(1, (length, count))
    best = blocks.amax(dim=1).topk(k, dim=1, sorted=False).indices
    inside = blocks.gather(2, best.unsqueeze(1).expand(-1, length, -1)).flatten(1)
    return torch.cat([inside, z[:, count * length :]], dim=1)


def largest_of_all(z: Float[torch.Tensor, "N d"], count: int) -> Float[torch.Tensor, "N d"]:
    """Mark the `count` largest entries of the whole table that are positive; among equals the earlier one.

    Examples
    --------
    >>> largest_of_all(torch.tensor([[3.0, 2.0], [1.0, 2.0]]), 2).tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    """
    return largest_positive(z.reshape(1, -1), count).view_as(z)
